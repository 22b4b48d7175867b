//! Sets text in the two base fonts that every PDF reader has, so that nothing has to be embedded.
//!
//! Their encoding (`WinAnsi`) covers English and German. A letter beyond it is written without its
//! accent where that is how people read it, and as `?` otherwise: a name is never silently shortened.

/// A font that every reader has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Font {
    /// Helvetica.
    Plain,
    /// Helvetica-Bold.
    Bold,
}

/// Widths of the characters from blank to `~`, in thousandths of the size, as Adobe publishes them.
const PLAIN: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

/// Characters of `WinAnsi` between its two halves, with their codes.
const BETWEEN: [(char, u8); 14] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('„', 0x84),
    ('…', 0x85),
    ('Š', 0x8a),
    ('Ž', 0x8e),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('š', 0x9a),
];

/// Letters beyond the encoding and how people write them without their marks.
const PLAINER: [(&str, &str); 16] = [
    ("ĀĂĄ", "A"),
    ("āăą", "a"),
    ("ĆČ", "C"),
    ("ćč", "c"),
    ("ĎĐ", "D"),
    ("ďđ", "d"),
    ("ĒĖĘĚ", "E"),
    ("ēėęě", "e"),
    ("ŁĽ", "L"),
    ("łľ", "l"),
    ("ńň", "n"),
    ("őø", "o"),
    ("śşș", "s"),
    ("űů", "u"),
    ("ŹŻ", "Z"),
    ("źż", "z"),
];

/// Returns the bytes of `text` in the fonts' encoding.
pub(super) fn encode(text: &str) -> Vec<u8> {
    text.chars().map(code).collect()
}

fn code(c: char) -> u8 {
    if c.is_control() {
        return b' ';
    }
    match u32::from(c) {
        0x20..=0x7e | 0xa0..=0xff => u8::try_from(u32::from(c)).unwrap_or(b'?'),
        _ => BETWEEN
            .iter()
            .find(|(known, _)| *known == c)
            .map(|(_, code)| *code)
            .or_else(|| {
                let (_, plain) = PLAINER.iter().find(|(letters, _)| letters.contains(c))?;
                plain.bytes().next()
            })
            .unwrap_or(b'?'),
    }
}

/// Returns how wide `text` is, in points.
pub(super) fn width(text: &str, font: Font, size: f32) -> f32 {
    encode(text).into_iter().map(|code| f32::from(advance(code, font))).sum::<f32>() * size / 1000.0
}

/// The width of one encoded character: an accent does not change its letter's.
fn advance(code: u8, font: Font) -> u16 {
    let (table, quote) = match font {
        Font::Plain => (&PLAIN, 222),
        Font::Bold => (&BOLD, 278),
    };
    let of = |letter: u8| table[usize::from(letter - b' ')];
    match code {
        b' '..=b'~' => of(code),
        0x85 | 0x97 | 0xc6 => 1000,
        0x82 | 0x91 | 0x92 => quote,
        0x84 | 0x93 | 0x94 => of(b'r'),
        0x95 => 350,
        0x8a => of(b'S'),
        0x8e => of(b'Z'),
        0x9a => of(b's'),
        0xa0 | 0xb7 | 0xec..=0xef => 278,
        0xb0 => 400,
        0xb1 | 0xd7 | 0xf7 => 584,
        0xc0..=0xc5 => of(b'A'),
        0xc7 => of(b'C'),
        0xc8..=0xcb => of(b'E'),
        0xcc..=0xcf => of(b'I'),
        0xd0 => of(b'D'),
        0xd1 => of(b'N'),
        0xd2..=0xd6 | 0xd8 => of(b'O'),
        0xd9..=0xdc => of(b'U'),
        0xdd => of(b'Y'),
        0xdf | 0xf8 => 611,
        0xe0..=0xe5 => of(b'a'),
        0xe6 => 889,
        0xe7 => of(b'c'),
        0xe8..=0xeb => of(b'e'),
        0xf1 => of(b'n'),
        0xf0 | 0xf2..=0xf6 => of(b'o'),
        0xf9..=0xfc => of(b'u'),
        0xfd | 0xff => of(b'y'),
        _ => 556,
    }
}

/// Breaks `text` into lines of at most `room` points; a word that is wider than that is broken too.
pub(super) fn wrap(text: &str, font: Font, size: f32, room: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        for piece in pieces(word, font, size, room) {
            let longer = if line.is_empty() { piece.clone() } else { format!("{line} {piece}") };
            if width(&longer, font, size) <= room {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, piece));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn pieces(word: &str, font: Font, size: f32, room: f32) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for c in word.chars() {
        piece.push(c);
        if piece.chars().count() > 1 && width(&piece, font, size) > room {
            piece.pop();
            pieces.push(std::mem::take(&mut piece));
            piece.push(c);
        }
    }
    pieces.push(piece);
    pieces
}

/// Cuts `text` so that it fits into `room` points, with a mark where something is missing.
pub(super) fn cut(text: &str, font: Font, size: f32, room: f32) -> String {
    if width(text, font, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if width(&format!("{kept}{c}…"), font, size) > room {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn german_is_written_as_it_is_and_other_letters_visibly() {
        assert_eq!(encode("Zähne für 5 €"), b"Z\xe4hne f\xfcr 5 \x80");
        assert_eq!(encode("Łódź 日本\u{1b}"), b"L\xf3dz ?? ");
    }

    #[test]
    fn widths_are_the_published_ones() {
        assert!((width("Hello", Font::Plain, 1000.0) - 2278.0).abs() < 0.1);
        assert!((width("Ä", Font::Bold, 10.0) - width("A", Font::Bold, 10.0)).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_room_and_no_word_is_lost(
            text in "[a-zäöü ]{0,200}", room in 40.0_f32..300.0
        ) {
            let lines = wrap(&text, Font::Plain, 9.0, room);
            for line in &lines {
                prop_assert!(width(line, Font::Plain, 9.0) <= room, "{line}");
            }
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
            prop_assert!(width(&cut(&text, Font::Bold, 9.0, room), Font::Bold, 9.0) <= room);
        }
    }
}
