//! Writes frames: only the cells that changed, as one write, and nothing when nothing changed.
//!
//! Each frame is put together in memory first, wrapped in synchronized output, so that a terminal
//! never shows half of one and a slow link gets a single packet.

use std::io::{self, Write};

use crossterm::clipboard::CopyToClipboard;
use crossterm::queue;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use super::model::Model;
use super::theme::Theme;
use super::view;

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// Resets colours and empties the screen, before a frame that is drawn from nothing.
const CLEAR: &[u8] = b"\x1b[m\x1b[2J";

/// A frame that was drawn and not yet sent.
pub struct Frame {
    bytes: Vec<u8>,
    next: Buffer,
}

/// Draws models on a terminal.
pub struct Painter<W> {
    out: W,
    theme: Theme,
    /// What the terminal shows; of another size than the screen when that is not known.
    shown: Buffer,
    /// What it showed before, to be drawn over: a frame is some hundred kilobytes of cells.
    spare: Buffer,
    /// The furthest line with which the page drawn last can begin, if it was one that scrolls.
    page_end: Option<usize>,
}

impl<W: Write> Painter<W> {
    /// Makes a painter for a terminal of which nothing is known yet.
    pub fn new(out: W, theme: Theme) -> Self {
        let nothing = Buffer::empty(Rect::ZERO);
        Self { out, theme, shown: nothing.clone(), spare: nothing, page_end: None }
    }

    /// Returns the furthest line with which the page drawn last can begin, if it was one that scrolls.
    pub const fn page_end(&self) -> Option<usize> {
        self.page_end
    }

    /// Forgets what the terminal shows: the next frame is drawn from nothing.
    pub fn forget(&mut self) {
        self.shown = Buffer::empty(Rect::ZERO);
    }

    /// Draws the model; `None` when the terminal shows it already.
    pub fn frame(&mut self, model: &Model) -> Option<Frame> {
        let area = Rect::new(0, 0, model.size.0, model.size.1);
        let mut next = std::mem::take(&mut self.spare);
        next.resize(area);
        next.reset();
        if !area.is_empty() {
            self.page_end = view::draw(model, self.theme, &mut next);
            cells::undress_blanks(&mut next);
        }
        let from_nothing = self.shown.area != area;
        if from_nothing {
            self.shown = Buffer::empty(area);
        }
        let changed = self.shown.diff(&next);
        if changed.is_empty() && !from_nothing {
            self.spare = next;
            return None;
        }
        let mut bytes = Vec::with_capacity(16 * 1024);
        if self.theme.synchronized {
            bytes.extend_from_slice(BEGIN);
        }
        if from_nothing {
            bytes.extend_from_slice(CLEAR);
        }
        cells::write(&mut bytes, &next, changed);
        if self.theme.synchronized {
            bytes.extend_from_slice(END);
        }
        Some(Frame { bytes, next })
    }

    /// Sends a frame as one write and returns its bytes.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn send(&mut self, frame: Frame) -> io::Result<usize> {
        self.out.write_all(&frame.bytes)?;
        self.out.flush()?;
        self.spare = std::mem::replace(&mut self.shown, frame.next);
        Ok(frame.bytes.len())
    }

    /// Draws the model and returns how many bytes that took.
    #[cfg(test)]
    fn paint(&mut self, model: &Model) -> io::Result<usize> {
        self.frame(model).map_or(Ok(0), |frame| self.send(frame))
    }

    /// Puts text on the clipboard of the person's own terminal (OSC 52); one that does not know
    /// the sequence ignores it. tmux passes on only what is wrapped for it, each escape doubled.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn copy(&mut self, text: &str, through_tmux: bool) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
        if through_tmux {
            let mut wrapped = b"\x1bPtmux;".to_vec();
            for byte in bytes {
                wrapped.extend(std::iter::repeat_n(byte, if byte == 0x1b { 2 } else { 1 }));
            }
            wrapped.extend_from_slice(b"\x1b\\");
            bytes = wrapped;
        }
        self.say(&bytes)
    }

    /// Sends a sequence that draws nothing.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::tui::event::Event;
    use crate::tui::fixture;
    use crate::tui::theme::{Depth, Palette};
    use crate::tui::update::update;

    const THEME: Theme =
        Theme { depth: Depth::Indexed, palette: Palette::Safe, ascii: false, synchronized: true };

    /// Counts writes as the kernel would.
    #[derive(Default)]
    struct Counting {
        writes: usize,
        bytes: Vec<u8>,
    }

    impl Write for &mut Counting {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            self.bytes.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_first_frame_is_one_write_of_at_most_9_kb_at_120_by_36() {
        for (snapshot, most) in [(fixture::troubled(), 7_000), (fixture::overfull(), 9_000)] {
            let mut wire = Counting::default();
            let model = fixture::model(snapshot, (120, 36));
            let bytes = Painter::new(&mut wire, THEME).paint(&model).unwrap();
            assert!(bytes <= most, "{bytes}");
            assert_eq!((wire.writes, wire.bytes.len()), (1, bytes));
        }
    }

    #[test]
    fn an_unchanged_screen_writes_nothing_even_when_a_newer_picture_came() {
        let mut wire = Counting::default();
        let mut model = fixture::model(fixture::troubled(), (120, 36));
        let mut painter = Painter::new(&mut wire, THEME);
        painter.paint(&model).unwrap();
        let newer = crate::app::snapshot::Snapshot {
            wall_at: fixture::NOW.plus_ms(300),
            ..fixture::troubled()
        };
        update(&mut model, Event::Snapshot(Arc::new(newer)));
        assert_eq!(painter.paint(&model).unwrap(), 0);
        assert_eq!(wire.writes, 1);
    }

    #[test]
    fn a_counter_and_a_clock_tick_cost_little() {
        let mut wire = Counting::default();
        let mut model = fixture::model(fixture::troubled(), (120, 36));
        let mut painter = Painter::new(&mut wire, THEME);
        painter.paint(&model).unwrap();
        let mut newer = fixture::troubled();
        newer.worlds.dry.waiting += 1;
        update(&mut model, Event::Snapshot(Arc::new(newer)));
        let counter = painter.paint(&model).unwrap();
        assert!(counter <= 60, "one counter: {counter}");
        update(&mut model, Event::Tick(fixture::NOW.plus_ms(1_000)));
        let tick = painter.paint(&model).unwrap();
        assert!(tick <= 80, "a second of a quiet run: {tick}");
    }

    #[test]
    fn without_colour_no_colour_is_written_and_the_selection_still_is() {
        let theme = Theme { depth: Depth::Mono, ..THEME };
        let mut wire = Counting::default();
        let model = fixture::model(fixture::troubled(), (120, 36));
        Painter::new(&mut wire, theme).paint(&model).unwrap();
        let text = String::from_utf8(wire.bytes).unwrap();
        for sgr in text.split("\x1b[").filter_map(|rest| rest.split_once('m').map(|(sgr, _)| sgr)) {
            let set = sgr.split(';').filter_map(|n| n.parse::<u8>().ok());
            for n in set {
                assert!(!matches!(n, 30..=49 | 90..=107), "{sgr:?}");
            }
        }
        assert!(text.contains("\x1b[7m"), "the selected row is reversed");
    }

    #[test]
    fn a_copy_goes_to_the_terminal_and_through_tmux_in_its_wrapping() {
        let copied = |through_tmux| {
            let mut wire = Counting::default();
            Painter::new(&mut wire, THEME).copy("hello", through_tmux).unwrap();
            assert_eq!(wire.writes, 1);
            String::from_utf8(wire.bytes).unwrap()
        };
        assert_eq!(copied(false), "\x1b]52;c;aGVsbG8=\x1b\\");
        assert_eq!(copied(true), "\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\x1b\x1b\\\x1b\\");
    }

    #[test]
    fn the_first_frame_asks_the_terminal_nothing_and_takes_no_mouse() {
        let mut wire = Counting::default();
        let model = fixture::model(fixture::troubled(), (120, 36));
        Painter::new(&mut wire, THEME).paint(&model).unwrap();
        let text = String::from_utf8(wire.bytes).unwrap();
        for query in ["\x1b[c", "\x1b[>", "6n", "5n", "?u", "\x1b]", "\x1bP", "$p", "?100"] {
            assert!(!text.contains(query), "{query:?}");
        }
    }

    #[test]
    fn a_frame_is_closed_before_it_leaves() {
        let mut wire = Counting::default();
        let model = fixture::model(fixture::troubled(), (80, 24));
        Painter::new(&mut wire, THEME).paint(&model).unwrap();
        assert!(wire.bytes.starts_with(BEGIN) && wire.bytes.ends_with(END));
        let mut plain = Counting::default();
        let theme = Theme { synchronized: false, ..THEME };
        Painter::new(&mut plain, theme).paint(&model).unwrap();
        assert!(!String::from_utf8(plain.bytes).unwrap().contains("?2026"));
    }
}
