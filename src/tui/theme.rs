//! Defines how things look: five tones, two glyph sets, and nothing carried by colour alone.
//!
//! By default blue stands against orange, which are apart for every kind of colour vision; other palettes
//! are chosen by whoever wants them. Without colour each tone is `Color::Reset`, because crossterm's own handling of
//! `NO_COLOR` resets bold and reverse in mid-line; a selection then still has its text marker.

use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

/// How many colours may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None; `NO_COLOR`, `--no-color` or a dumb terminal.
    Mono,
    /// The sixteen every terminal has.
    Ansi,
    /// The palette of 256, for a true orange.
    Indexed,
    /// Any colour.
    True,
}

/// Which colours, and for which ground.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// Blue against orange on a dark ground: apart for every kind of colour vision.
    #[default]
    Safe,
    /// Green against red on a dark ground, for those who are used to it.
    Dark,
    /// Blue against red on a light ground.
    Light,
}

impl FromStr for Palette {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "safe" => Ok(Self::Safe),
            "dark" => Ok(Self::Dark),
            "light" => Ok(Self::Light),
            _ => Err("a theme is safe, dark or light"),
        }
    }
}

/// One colour in each depth.
#[derive(Clone, Copy, Debug)]
struct Hue {
    ansi: Color,
    indexed: u8,
    rgb: (u8, u8, u8),
}

const fn hue(ansi: Color, indexed: u8, rgb: (u8, u8, u8)) -> Hue {
    Hue { ansi, indexed, rgb }
}

impl Palette {
    /// Returns the colour of a tone; what has none is drawn as the terminal draws plain text.
    const fn hue(self, tone: Tone) -> Option<Hue> {
        Some(match (self, tone) {
            (_, Tone::Plain | Tone::Strong) => return None,
            (Self::Safe | Self::Dark, Tone::Dim) => hue(Color::Gray, 246, (150, 150, 150)),
            (Self::Safe, Tone::Good) => hue(Color::LightBlue, 75, (86, 180, 233)),
            (Self::Safe | Self::Dark, Tone::Active) => hue(Color::LightCyan, 81, (120, 220, 232)),
            (Self::Safe, Tone::Warn) => hue(Color::Yellow, 179, (223, 190, 100)),
            (Self::Safe, Tone::Bad | Tone::Live) => hue(Color::LightYellow, 208, (255, 140, 0)),
            (Self::Dark, Tone::Good) => hue(Color::LightGreen, 114, (135, 215, 135)),
            (Self::Dark, Tone::Warn) => hue(Color::LightYellow, 221, (255, 215, 95)),
            (Self::Dark, Tone::Bad | Tone::Live) => hue(Color::LightRed, 203, (255, 95, 95)),
            (Self::Light, Tone::Dim) => hue(Color::DarkGray, 241, (98, 98, 98)),
            (Self::Light, Tone::Good) => hue(Color::Blue, 25, (0, 90, 170)),
            (Self::Light, Tone::Active) => hue(Color::Magenta, 90, (120, 0, 130)),
            (Self::Light, Tone::Warn) => hue(Color::Red, 94, (150, 80, 0)),
            (Self::Light, Tone::Bad | Tone::Live) => hue(Color::Red, 124, (170, 0, 0)),
        })
    }
}

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    Plain,
    /// Present, but not what one looks for.
    Dim,
    /// A heading, or a figure that matters.
    Strong,
    /// As it should be.
    Good,
    /// Under way.
    Active,
    /// Somebody may want to look.
    Warn,
    /// Failed, or dangerous.
    Bad,
    /// The word LIVE wherever it stands.
    Live,
}

/// The look of one screen session, decided once at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// How many colours.
    pub depth: Depth,
    /// Which.
    pub palette: Palette,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
    /// Whether frames are wrapped in synchronized output.
    pub synchronized: bool,
}

/// What the environment says about the terminal.
#[derive(Clone, Debug, Default)]
pub struct Terminal {
    /// `TERM`.
    pub term: String,
    /// The first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set and not empty.
    pub locale: String,
    /// Whether `NO_COLOR` is set and not empty, or `--no-color` was given.
    pub no_color: bool,
    /// `COLORTERM`.
    pub colorterm: String,
    /// How many colours the settings say it has, instead of what it says itself.
    pub depth: Option<Depth>,
    /// Which colours.
    pub palette: Palette,
    /// Whether tmux stands between: it passes on only what is wrapped for it.
    pub tmux: bool,
}

impl Theme {
    /// Decides the look from what the environment says. Nothing is asked of the terminal itself:
    /// an answer could take seconds over a slow link.
    pub fn detect(terminal: &Terminal) -> Self {
        let poor = matches!(terminal.term.as_str(), "linux" | "dumb" | "");
        let locale = terminal.locale.to_ascii_lowercase();
        let depth = if terminal.no_color {
            Depth::Mono
        } else if let Some(depth) = terminal.depth {
            depth
        } else if terminal.term == "dumb" {
            Depth::Mono
        } else if matches!(terminal.colorterm.as_str(), "truecolor" | "24bit") {
            Depth::True
        } else if terminal.term.contains("256color") {
            Depth::Indexed
        } else {
            Depth::Ansi
        };
        Self {
            depth,
            palette: terminal.palette,
            ascii: poor || !(locale.contains("utf-8") || locale.contains("utf8")),
            synchronized: !poor,
        }
    }

    /// Returns the style of a tone.
    pub fn style(self, tone: Tone) -> Style {
        let style = match (self.palette.hue(tone), self.depth) {
            (None, _) | (_, Depth::Mono) => Style::new(),
            (Some(hue), Depth::Ansi) => Style::new().fg(hue.ansi),
            (Some(hue), Depth::Indexed) => Style::new().fg(Color::Indexed(hue.indexed)),
            (Some(Hue { rgb: (r, g, b), .. }), Depth::True) => Style::new().fg(Color::Rgb(r, g, b)),
        };
        match tone {
            Tone::Plain | Tone::Dim | Tone::Good | Tone::Warn => style,
            Tone::Strong | Tone::Active | Tone::Bad => style.add_modifier(Modifier::BOLD),
            Tone::Live => style.add_modifier(Modifier::BOLD | Modifier::REVERSED),
        }
    }

    /// Returns the style of the selected row; the row also carries a marker.
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Returns the glyph set.
    pub const fn glyphs(self) -> &'static Glyphs {
        if self.ascii { &ASCII } else { &UNICODE }
    }
}

/// The signs that differ between terminals. No layout depends on their widths being equal.
#[derive(Debug)]
pub struct Glyphs {
    /// The name of the figure.
    pub phi: &'static str,
    /// Between facts on one line.
    pub dot: &'static str,
    /// From one to another.
    pub arrow: &'static str,
    /// Between the steps of a breadcrumb.
    pub crumb: &'static str,
    /// The full part of a gauge.
    pub full: &'static str,
    /// The empty part of a gauge.
    pub empty: &'static str,
    /// Bars of a trend, the lowest first.
    pub bars: [&'static str; 8],
    /// No figure: never 0.
    pub none: &'static str,
    /// The end of a text field.
    pub caret: &'static str,
    /// Horizontal rule.
    pub rule: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    phi: "Φ",
    dot: "·",
    arrow: "→",
    crumb: "›",
    full: "█",
    empty: "░",
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    none: "—",
    caret: "▏",
    rule: "─",
};

const ASCII: Glyphs = Glyphs {
    phi: "Phi",
    dot: "|",
    arrow: ">",
    crumb: ">",
    full: "#",
    empty: "-",
    bars: ["_", ".", ".", ":", ":", "-", "=", "#"],
    none: "-",
    caret: "_",
    rule: "-",
};

/// The set whose bars can be measured in bytes.
pub const PLAIN_BAR: &Glyphs = &ASCII;

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(term: &str, locale: &str, no_color: bool) -> Theme {
        let (term, locale) = (term.into(), locale.into());
        Theme::detect(&Terminal { term, locale, no_color, ..Terminal::default() })
    }

    /// The grounds that a palette is made for: black, a dark grey, Solarized; white and Solarized.
    const fn grounds(palette: Palette) -> &'static [(u8, u8, u8)] {
        match palette {
            Palette::Safe | Palette::Dark => &[(0, 0, 0), (0x1e, 0x1e, 0x1e), (0, 0x2b, 0x36)],
            Palette::Light => &[(255, 255, 255), (0xfd, 0xf6, 0xe3)],
        }
    }

    const COLOURED: [Tone; 6] =
        [Tone::Dim, Tone::Good, Tone::Active, Tone::Warn, Tone::Bad, Tone::Live];

    fn linear((r, g, b): (u8, u8, u8)) -> [f64; 3] {
        [r, g, b].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// The contrast of WCAG 2: 1 for none, 21 for black on white.
    fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
        let luminance = |rgb| {
            let [r, g, b] = linear(rgb);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// What the palette of 256 means by an index of its cube or its greys.
    fn of_index(index: u8) -> (u8, u8, u8) {
        let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
        if index >= 232 {
            return [8 + 10 * (index - 232); 3].into();
        }
        let n = index - 16;
        (level(n / 36), level(n / 6 % 6), level(n % 6))
    }

    #[test]
    fn every_tone_can_be_read_on_the_grounds_its_palette_is_made_for() {
        for palette in [Palette::Safe, Palette::Dark, Palette::Light] {
            for tone in COLOURED {
                let hue = palette.hue(tone).unwrap();
                for ground in grounds(palette) {
                    for colour in [hue.rgb, of_index(hue.indexed)] {
                        let contrast = contrast(colour, *ground);
                        assert!(
                            contrast >= 4.5,
                            "{palette:?} {tone:?} {contrast:.2} on {ground:?}"
                        );
                    }
                }
            }
        }
    }

    /// How a colour looks to somebody who lacks the red or the green cones (Viénot, Brettel, Mollon 1999).
    fn dichromat(rgb: (u8, u8, u8), lacks_green: bool) -> [f64; 3] {
        let [r, g, b] = linear(rgb);
        let rows = if lacks_green {
            [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]
        } else {
            [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]
        };
        rows.map(|[x, y, z]| (x * r + y * g + z * b).clamp(0.0, 1.0).powf(1.0 / 2.2))
    }

    #[test]
    fn good_and_bad_of_the_safe_palette_are_apart_for_every_kind_of_colour_vision() {
        let apart = |palette: Palette, lacks_green: bool| {
            let of = |tone| dichromat(palette.hue(tone).unwrap().rgb, lacks_green);
            let squares =
                of(Tone::Good).into_iter().zip(of(Tone::Bad)).map(|(a, b)| (a - b).powi(2));
            squares.sum::<f64>().sqrt()
        };
        for lacks_green in [false, true] {
            for palette in [Palette::Safe, Palette::Light] {
                let distance = apart(palette, lacks_green);
                assert!(distance > 0.4, "{palette:?} {lacks_green} {distance:.2}");
            }
        }
    }

    #[test]
    fn the_terminal_says_how_many_colours_it_has_unless_the_settings_do() {
        let of = |term: &str, colorterm: &str, depth: Option<Depth>, no_color: bool| {
            let (term, colorterm) = (term.to_owned(), colorterm.to_owned());
            let terminal = Terminal { term, no_color, colorterm, depth, ..Terminal::default() };
            Theme::detect(&terminal).depth
        };
        assert_eq!(of("xterm-256color", "truecolor", None, false), Depth::True);
        assert_eq!(of("xterm-256color", "24bit", None, false), Depth::True);
        assert_eq!(of("tmux-256color", "", None, false), Depth::Indexed);
        assert_eq!(of("screen", "", None, false), Depth::Ansi);
        assert_eq!(of("dumb", "", None, false), Depth::Mono);
        assert_eq!(of("screen", "", Some(Depth::True), false), Depth::True);
        assert_eq!(of("xterm-256color", "truecolor", Some(Depth::Ansi), false), Depth::Ansi);
        assert_eq!(of("xterm-256color", "truecolor", Some(Depth::True), true), Depth::Mono);
    }

    #[test]
    fn a_terminal_without_utf_8_gets_ascii() {
        assert!(!detect("xterm-256color", "en_US.UTF-8", false).ascii);
        assert!(!detect("xterm-256color", "C.utf8", false).ascii);
        for (term, locale) in
            [("xterm", "C"), ("linux", "C.UTF-8"), ("dumb", "C.UTF-8"), ("xterm", "")]
        {
            assert!(detect(term, locale, false).ascii, "{term} {locale}");
        }
    }

    #[test]
    fn without_colour_no_tone_sets_one() {
        let theme = detect("xterm-256color", "C.UTF-8", true);
        for tone in [
            Tone::Plain,
            Tone::Dim,
            Tone::Strong,
            Tone::Good,
            Tone::Active,
            Tone::Warn,
            Tone::Bad,
            Tone::Live,
        ] {
            let style = theme.style(tone);
            assert_eq!((style.fg, style.bg), (None, None), "{tone:?}");
        }
    }
}
