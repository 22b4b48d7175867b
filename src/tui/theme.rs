//! Defines how things look: five tones, two glyph sets, and nothing carried by colour alone.
//!
//! Blue and orange stand apart for every kind of colour vision, so there is no red-against-green
//! anywhere. Without colour each tone is `Color::Reset`, because crossterm's own handling of
//! `NO_COLOR` resets bold and reverse in mid-line; a selection then still has its text marker.

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
}

impl Theme {
    /// Decides the look from what the environment says. Nothing is asked of the terminal itself:
    /// an answer could take seconds over a slow link.
    pub fn detect(terminal: &Terminal) -> Self {
        let poor = matches!(terminal.term.as_str(), "linux" | "dumb" | "");
        let locale = terminal.locale.to_ascii_lowercase();
        let depth = if terminal.no_color || terminal.term == "dumb" {
            Depth::Mono
        } else if terminal.term.contains("256color") {
            Depth::Indexed
        } else {
            Depth::Ansi
        };
        Self {
            depth,
            ascii: poor || !(locale.contains("utf-8") || locale.contains("utf8")),
            synchronized: !poor,
        }
    }

    /// Returns the style of a tone.
    pub fn style(self, tone: Tone) -> Style {
        let style = Style::new();
        match tone {
            Tone::Plain => style,
            Tone::Dim => match self.depth {
                Depth::Mono => style,
                Depth::Ansi => style.fg(Color::Gray),
                Depth::Indexed => style.fg(Color::Indexed(245)),
            },
            Tone::Strong => style.add_modifier(Modifier::BOLD),
            Tone::Good => self.colour(style, Color::LightBlue, Color::Indexed(75)),
            Tone::Active => self
                .colour(style, Color::LightCyan, Color::Indexed(81))
                .add_modifier(Modifier::BOLD),
            Tone::Warn => self.colour(style, Color::Yellow, Color::Indexed(179)),
            Tone::Bad => self
                .colour(style, Color::LightYellow, Color::Indexed(208))
                .add_modifier(Modifier::BOLD),
            Tone::Live => self.style(Tone::Bad).add_modifier(Modifier::BOLD | Modifier::REVERSED),
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

    const fn colour(self, style: Style, ansi: Color, indexed: Color) -> Style {
        match self.depth {
            Depth::Mono => style,
            Depth::Ansi => style.fg(ansi),
            Depth::Indexed => style.fg(indexed),
        }
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
        Theme::detect(&Terminal { term: term.into(), locale: locale.into(), no_color })
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
