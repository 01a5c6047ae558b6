//! Encodings of text: what a file is in, and its bytes as UTF-8.

use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// An encoding that a pipeline declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Declared {
    /// UTF-8, and windows-1252 from the first letter on that is not.
    #[default]
    Auto,
    Utf8,
    Utf16,
    Windows1252,
    Latin1,
}

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16LittleEndian,
    Utf16BigEndian,
    Windows1252,
    Latin1,
}

/// What stands in decoded text for what could not be decoded: a byte that UTF-8 does not have, so that the line with
/// it is known.
const BROKEN: u8 = 0xff;

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16LittleEndian => "utf-16le",
            Self::Utf16BigEndian => "utf-16be",
            Self::Windows1252 => "windows-1252",
            Self::Latin1 => "latin-1",
        }
    }

    /// Why a line is quarantined that is not in this encoding.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Utf8 => "not_utf8",
            Self::Utf16LittleEndian | Self::Utf16BigEndian => "not_utf16",
            Self::Windows1252 => "not_windows_1252",
            Self::Latin1 => "not_latin_1",
        }
    }

    /// As a person writes it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16LittleEndian | Self::Utf16BigEndian => "UTF-16",
            Self::Windows1252 => "windows-1252",
            Self::Latin1 => "latin-1",
        }
    }
}

/// Turns the bytes of a file into UTF-8, piece by piece.
pub struct Decoder {
    state: State,
    /// Bytes of a letter whose other bytes have not come yet.
    held: Vec<u8>,
}

enum State {
    /// Nothing but ASCII so far: UTF-8 or windows-1252.
    Undecided,
    /// As it is: whoever looks at a line sees whether it is valid.
    Utf8,
    SingleBytes(Encoding, Box<Letters>),
    Utf16(Encoding, Box<encoding_rs::Decoder>),
}

/// How a file begins: its decoder and the length of its byte order mark. Nothing where it is UTF-16 of an order that
/// nothing shows.
pub fn begin(declared: Declared, start: &[u8]) -> Option<(Decoder, usize)> {
    let utf16 = |encoding| {
        let little = encoding == Encoding::Utf16LittleEndian;
        let decoder = if little { UTF_16LE } else { UTF_16BE }.new_decoder_without_bom_handling();
        State::Utf16(encoding, Box::new(decoder))
    };
    // A mark decides, whatever is declared: no text begins with these letters.
    let (state, mark) = match start {
        [0xef, 0xbb, 0xbf, ..] => (State::Utf8, 3),
        [0xff, 0xfe, ..] => (utf16(Encoding::Utf16LittleEndian), 2),
        [0xfe, 0xff, ..] => (utf16(Encoding::Utf16BigEndian), 2),
        _ => {
            let state = match declared {
                Declared::Auto => State::Undecided,
                Declared::Utf8 => State::Utf8,
                Declared::Utf16 => utf16(byte_order(start)?),
                Declared::Windows1252 => single_bytes_of(Encoding::Windows1252),
                Declared::Latin1 => single_bytes_of(Encoding::Latin1),
            };
            (state, 0)
        }
    };
    Some((Decoder { state, held: Vec::new() }, mark))
}

/// The order of the bytes of UTF-16 without a mark. A header has delimiters and a line end at the least, and of such
/// letters the upper byte is zero.
fn byte_order(start: &[u8]) -> Option<Encoding> {
    let zeros = |first: usize| start.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    match zeros(0).cmp(&zeros(1)) {
        std::cmp::Ordering::Less => Some(Encoding::Utf16LittleEndian),
        std::cmp::Ordering::Greater => Some(Encoding::Utf16BigEndian),
        std::cmp::Ordering::Equal => start.is_empty().then_some(Encoding::Utf16LittleEndian),
    }
}

/// Whether the first letter beyond ASCII, of which these are the bytes and perhaps some behind it, is one of UTF-8.
pub fn is_utf8(letter: &[u8]) -> bool {
    !matches!(std::str::from_utf8(letter), Err(error) if error.valid_up_to() == 0)
}

impl Decoder {
    /// Of text that is known to be UTF-8.
    pub fn utf8() -> Self {
        Self { state: State::Utf8, held: Vec::new() }
    }

    /// What the file is in, as far as it has been read.
    pub fn encoding(&self) -> Encoding {
        match self.state {
            State::Undecided | State::Utf8 => Encoding::Utf8,
            State::SingleBytes(encoding, _) | State::Utf16(encoding, _) => encoding,
        }
    }

    /// Decodes what stands in `text` from a place on; `last` where nothing follows.
    pub fn decode(&mut self, text: &mut Vec<u8>, from: usize, last: bool) {
        match &mut self.state {
            // The way of nearly all files: nothing is copied.
            State::Utf8 => {}
            State::Undecided => self.decide(text, from, last),
            State::SingleBytes(_, letters) => {
                let bytes = text.split_off(from);
                single_bytes(&bytes, letters, text);
            }
            State::Utf16(_, decoder) => {
                let bytes = text.split_off(from);
                utf16(decoder, &bytes, last, text);
            }
        }
    }

    /// The first letter that is not ASCII decides: where it is valid UTF-8, the file is; where it is not, it is
    /// windows-1252, which is the same up to here.
    fn decide(&mut self, text: &mut Vec<u8>, from: usize, last: bool) {
        if !self.held.is_empty() {
            text.splice(from..from, self.held.drain(..));
        }
        let piece = text.get(from..).unwrap_or_default();
        // Many bytes at a time, which a search for the place does not do.
        if piece.is_ascii() {
            return;
        }
        let Some(place) = piece.iter().position(|byte| !byte.is_ascii()).map(|place| from + place) else { return };
        let letter = text.get(place..).unwrap_or_default();
        let letter = letter.get(..letter.len().min(4)).unwrap_or_default();
        match std::str::from_utf8(letter) {
            Err(error) if error.valid_up_to() == 0 && error.error_len().is_none() && !last => {
                self.held = text.split_off(place);
            }
            Err(_) if !is_utf8(letter) => {
                self.state = single_bytes_of(Encoding::Windows1252);
                self.decode(text, place, last);
            }
            _ => self.state = State::Utf8,
        }
    }
}

/// The letter of each byte; nothing for one that the encoding does not have.
type Letters = [Option<char>; 256];

fn single_bytes_of(encoding: Encoding) -> State {
    let letters = std::array::from_fn(|byte| {
        let byte = u8::try_from(byte).unwrap_or_default();
        let letter = match encoding {
            Encoding::Windows1252 => WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next(),
            _ => Some(char::from(byte)),
        };
        // The control characters between 0x80 and 0x9f are in no text; they tell that it is in another encoding.
        letter.filter(|letter| byte.is_ascii() || !letter.is_control())
    });
    State::SingleBytes(encoding, Box::new(letters))
}

fn single_bytes(mut bytes: &[u8], letters: &Letters, text: &mut Vec<u8>) {
    text.reserve(bytes.len() + bytes.len() / 8);
    while let Some(place) = bytes.iter().position(|byte| !byte.is_ascii()) {
        let (ascii, rest) = bytes.split_at(place);
        text.extend_from_slice(ascii);
        let Some((byte, rest)) = rest.split_first() else { return };
        match letters.get(usize::from(*byte)).copied().flatten() {
            Some(letter) => text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            None => text.push(BROKEN),
        }
        bytes = rest;
    }
    text.extend_from_slice(bytes);
}

fn utf16(decoder: &mut encoding_rs::Decoder, mut bytes: &[u8], last: bool, text: &mut Vec<u8>) {
    loop {
        let length = text.len();
        // At most three bytes for two, and a few for what the decoder holds.
        let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len() * 4);
        text.resize(length + room, 0);
        let free = text.get_mut(length..).unwrap_or_default();
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(bytes, free, last);
        text.truncate(length + written);
        bytes = bytes.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(_, _) => text.push(BROKEN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Decodes a file that comes in pieces of one length.
    fn decoded(declared: Declared, bytes: &[u8], piece: usize) -> (Encoding, Vec<u8>) {
        let (mut decoder, mark) = begin(declared, bytes).unwrap();
        let (mut text, pieces) = (Vec::new(), bytes[mark..].chunks(piece));
        for piece in pieces {
            let from = text.len();
            text.extend_from_slice(piece);
            decoder.decode(&mut text, from, false);
        }
        let from = text.len();
        decoder.decode(&mut text, from, true);
        (decoder.encoding(), text)
    }

    fn utf16_of(text: &str, little: bool) -> Vec<u8> {
        let unit = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn a_mark_decides_whatever_is_declared() {
        for declared in [Declared::Auto, Declared::Utf8, Declared::Utf16, Declared::Windows1252, Declared::Latin1] {
            for (mark, little) in [("\u{feff}", true), ("\u{feff}", false)] {
                let bytes = utf16_of(&format!("{mark}a;€\n"), little);
                let (encoding, text) = decoded(declared, &bytes, 3);
                assert_eq!((encoding.title(), text), ("UTF-16", "a;€\n".into()));
            }
            let utf8 = decoded(declared, "\u{feff}a;€\n".as_bytes(), 3);
            assert_eq!(utf8, (Encoding::Utf8, "a;€\n".into()));
        }
    }

    #[test]
    fn the_first_letter_that_is_not_ascii_decides() {
        for piece in 1..6 {
            let auto = |bytes: &[u8]| decoded(Declared::Auto, bytes, piece);
            assert_eq!(auto(b"plain\n"), (Encoding::Utf8, b"plain\n".to_vec()));
            assert_eq!(auto(b"caf\xe9;\x80\n"), (Encoding::Windows1252, "café;€\n".into()));
            assert_eq!(auto("café;€\n".as_bytes()), (Encoding::Utf8, "café;€\n".into()));
            // Once a letter was UTF-8, what is not is broken and stays so.
            assert_eq!(auto(b"\xc3\xa9 caf\xe9\n"), (Encoding::Utf8, b"\xc3\xa9 caf\xe9\n".to_vec()));
            // What begins like UTF-8 at the end of the file is none.
            assert_eq!(auto(b"caf\xc3"), (Encoding::Windows1252, "cafÃ".into()));
            assert_eq!(auto("😀".as_bytes()), (Encoding::Utf8, "😀".into()));
        }
    }

    #[test]
    fn what_an_encoding_does_not_have_is_broken() {
        assert_eq!(decoded(Declared::Windows1252, b"\x81\x80", 1).1, b"\xff\xe2\x82\xac");
        assert_eq!(decoded(Declared::Latin1, b"\x80\xe9", 1).1, b"\xff\xc3\xa9");
        // A high half without its low half, and a last byte alone.
        let halves = [0x61, 0, 0x3d, 0xd8, 0x62, 0, 0x63];
        assert_eq!(decoded(Declared::Utf16, &halves, 2).1, b"a\xffb\xff");
    }

    #[test]
    fn the_order_of_utf16_shows_in_its_zeros() {
        for little in [true, false] {
            let bytes = utf16_of("Кунде;Datum\n", little);
            assert_eq!(decoded(Declared::Utf16, &bytes, 7).1, "Кунде;Datum\n".as_bytes());
        }
        assert!(begin(Declared::Utf16, b"no zeros").is_none());
    }

    proptest! {
        #[test]
        fn utf16_reads_back_in_any_pieces(text in ".*", piece in 1..9usize, little: bool) {
            let bytes = utf16_of(&format!("\u{feff}{text}"), little);
            prop_assert_eq!(decoded(Declared::Auto, &bytes, piece).1, text.into_bytes());
        }

        #[test]
        fn utf8_reads_back_in_any_pieces(text in ".*", piece in 1..9usize) {
            prop_assume!(!text.starts_with('\u{feff}'));
            prop_assert_eq!(decoded(Declared::Auto, text.as_bytes(), piece).1, text.clone().into_bytes());
        }

        #[test]
        fn windows_1252_reads_back_in_any_pieces(text in "[ -~€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¡-ÿ]*", piece in 1..9usize) {
            let (bytes, _, missing) = WINDOWS_1252.encode(&text);
            prop_assert!(!missing);
            prop_assert_eq!(decoded(Declared::Windows1252, &bytes, piece).1, text.clone().into_bytes());
        }
    }
}
