//! Lays out pages: text and shapes flow down an A4 page and go on on the next one.
//!
//! Positions count from the top left here and are turned into the PDF's own on writing.

use pdf_writer::{Content as Stream, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::text::{Font, encode, width, wrap};

/// A4 in points.
pub(super) const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;

/// The margin at the left and right.
pub(super) const MARGIN: f32 = 54.0;

/// Where a page's text begins, below its header, and where it has to end, above its footer.
const TOP: f32 = 84.0;
const BOTTOM: f32 = HEIGHT - 62.0;

/// How wide the text is.
pub(super) const ROOM: f32 = WIDTH - 2.0 * MARGIN;

/// Leading, in sizes of the type.
const LEADING: f32 = 1.4;

/// A colour: red, green, blue, 0–1.
pub(super) type Colour = [f32; 3];

/// Text.
pub(super) const INK: Colour = [0.13, 0.16, 0.20];
/// What is less important.
pub(super) const GREY: Colour = [0.42, 0.46, 0.52];
/// Rules and grids.
pub(super) const PALE: Colour = [0.86, 0.88, 0.91];
/// The ground of heads and tiles.
pub(super) const GROUND: Colour = [0.955, 0.965, 0.975];
/// Bars, lines and what catches the eye.
pub(super) const ACCENT: Colour = [0.08, 0.38, 0.55];
/// What is not the whole world: rehearsals.
pub(super) const WARN: Colour = [0.72, 0.33, 0.05];

/// Where a line of text is aligned at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// It begins there.
    Left,
    /// It ends there.
    Right,
    /// It lies around there.
    Centre,
}

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) font: Font,
    pub(super) size: f32,
    pub(super) colour: Colour,
}

impl Style {
    pub(super) const fn plain(size: f32) -> Self {
        Self { font: Font::Plain, size, colour: INK }
    }

    pub(super) const fn bold(size: f32) -> Self {
        Self { font: Font::Bold, size, colour: INK }
    }

    pub(super) const fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    pub(super) const fn leading(self) -> f32 {
        self.size * LEADING
    }
}

/// What stands at the top and bottom of each page.
pub(super) struct Frame {
    pub(super) left: String,
    pub(super) right: String,
    pub(super) foot: String,
}

/// A document in the making.
pub(super) struct Pages {
    done: Vec<Stream>,
    current: Stream,
    /// Where the next thing goes, from the top.
    pub(super) y: f32,
}

impl Pages {
    pub(super) fn new() -> Self {
        Self { done: Vec::new(), current: Stream::new(), y: TOP }
    }

    /// Begins a new page unless `height` points are left on this one; returns whether it did.
    pub(super) fn need(&mut self, height: f32) -> bool {
        let is_full = self.y + height > BOTTOM;
        if is_full {
            self.done.push(std::mem::replace(&mut self.current, Stream::new()));
            self.y = TOP;
        }
        is_full
    }

    pub(super) fn skip(&mut self, height: f32) {
        self.y += height;
    }

    /// Writes one line with its base `y` points from the top.
    pub(super) fn line(&mut self, text: &str, x: f32, y: f32, style: Style, align: Align) {
        write(&mut self.current, text, x, y, style, align);
    }

    /// Writes a paragraph at `x` that is at most `room` wide, over as many pages as it takes.
    pub(super) fn paragraph(&mut self, text: &str, x: f32, room: f32, style: Style) {
        for line in wrap(text, style.font, style.size, room) {
            self.need(style.leading());
            self.y += style.leading();
            self.line(&line, x, self.y - style.size * 0.3, style, Align::Left);
        }
    }

    /// Writes a heading that stays with what follows it.
    pub(super) fn heading(&mut self, text: &str) {
        self.skip(18.0);
        self.need(90.0);
        self.paragraph(text, MARGIN, ROOM, Style::bold(13.0));
        self.skip(5.0);
    }

    pub(super) fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        let [red, green, blue] = colour;
        self.current
            .set_fill_rgb(red, green, blue)
            .rect(x, HEIGHT - y - height, width, height)
            .fill_nonzero();
    }

    pub(super) fn rule(&mut self, from: (f32, f32), to: (f32, f32), weight: f32, colour: Colour) {
        self.path(&[from, to], weight, colour);
    }

    /// Draws a line through points.
    pub(super) fn path(&mut self, points: &[(f32, f32)], weight: f32, colour: Colour) {
        let [red, green, blue] = colour;
        self.current.set_stroke_rgb(red, green, blue).set_line_width(weight);
        for (at, &(x, y)) in points.iter().enumerate() {
            if at == 0 {
                self.current.move_to(x, HEIGHT - y);
            } else {
                self.current.line_to(x, HEIGHT - y);
            }
        }
        self.current.stroke();
    }

    /// Writes the document: the same pages are the same bytes.
    pub(super) fn finish(mut self, frame: &Frame, title: &str) -> Vec<u8> {
        self.done.push(self.current);
        let n_pages = self.done.len();
        let mut ids = (1..).map(Ref::new);
        let mut id = || ids.next().unwrap_or(Ref::new(1));
        let (catalog, tree, info, plain, bold) = (id(), id(), id(), id(), id());
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree).lang(TextStr("en"));
        pdf.document_info(info).title(TextStr(title)).producer(TextStr("CEP Machine"));
        for (font, name) in [(plain, "Helvetica"), (bold, "Helvetica-Bold")] {
            pdf.type1_font(font)
                .base_font(Name(name.as_bytes()))
                .encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        let kids: Vec<(Ref, Ref)> = self.done.iter().map(|_| (id(), id())).collect();
        let count = i32::try_from(n_pages).unwrap_or(i32::MAX);
        pdf.pages(tree).kids(kids.iter().map(|(page, _)| *page)).count(count);
        for (number, (mut stream, (page, content))) in self.done.into_iter().zip(kids).enumerate() {
            frame.write(&mut stream, number + 1, n_pages);
            let mut dict = pdf.page(page);
            dict.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(content);
            dict.resources().fonts().pair(Name(b"F1"), plain).pair(Name(b"F2"), bold);
            dict.finish();
            pdf.stream(content, &stream.finish());
        }
        pdf.finish()
    }
}

impl Frame {
    fn write(&self, stream: &mut Stream, number: usize, of: usize) {
        let style = Style::plain(8.0).coloured(GREY);
        let right = WIDTH - MARGIN;
        write(stream, &self.left, MARGIN, 44.0, Style::bold(8.0).coloured(ACCENT), Align::Left);
        write(stream, &self.right, right, 44.0, style, Align::Right);
        let [red, green, blue] = PALE;
        for y in [52.0, HEIGHT - 48.0] {
            stream.set_stroke_rgb(red, green, blue).set_line_width(0.6);
            stream.move_to(MARGIN, HEIGHT - y).line_to(right, HEIGHT - y).stroke();
        }
        write(stream, &self.foot, MARGIN, HEIGHT - 34.0, style, Align::Left);
        let page = format!("Page {number} of {of}");
        write(stream, &page, right, HEIGHT - 34.0, style, Align::Right);
    }
}

fn write(stream: &mut Stream, text: &str, x: f32, y: f32, style: Style, align: Align) {
    let long = width(text, style.font, style.size);
    let x = match align {
        Align::Left => x,
        Align::Right => x - long,
        Align::Centre => x - long / 2.0,
    };
    let font: &[u8] = match style.font {
        Font::Plain => b"F1",
        Font::Bold => b"F2",
    };
    let [red, green, blue] = style.colour;
    stream
        .set_fill_rgb(red, green, blue)
        .begin_text()
        .set_font(Name(font), style.size)
        .next_line(x, HEIGHT - y)
        .show(Str(&encode(text)))
        .end_text();
}
