//! Large texts divided at the ends of records, so that several threads can read one file.
//!
//! Whether a line feed ends a record depends on all quotes before it: a field in quotes may hold line feeds. So the text
//! is looked through in chunks side by side, each under both assumptions: that it begins with a record, or within a
//! quoted field. One look at all chunks in their order then tells which assumption holds for each.

#![expect(clippy::disallowed_methods, reason = "reads a source")]

use super::encoding::is_utf8;
use super::records::Places;
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes looked at together; most such blocks of most files have no quote.
const BLOCK: usize = 1 << 12;

/// Bytes read at a time.
const PIECE: usize = 1 << 18;

/// A text whose lines are longer is left whole, for its reader to refuse.
const LONGEST: u64 = 1 << 24;

/// What a reader that begins with it takes for none of the text: no part of a file may.
pub const MARK: &[u8] = b"\xef\xbb\xbf";

/// A part of a text that begins and ends with whole records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// In bytes of the file.
    pub start: u64,
    pub length: u64,
    /// The line feeds of the text before it, from where the division began.
    pub lines: u64,
}

/// What stands where in a file to be divided.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Where the first record begins, and the end of the file.
    pub start: u64,
    pub end: u64,
    pub delimiter: u8,
    /// Whether the first letter beyond ASCII decides about the encoding of the file.
    pub undecided: bool,
}

/// Divides a text of UTF-8 into parts of about so many bytes. Nothing where it has to be read as a whole.
///
/// # Errors
/// Where the file cannot be read.
pub fn divide(path: &Path, extent: Extent, bytes: u64) -> io::Result<Vec<Part>> {
    let bytes = bytes.max(1);
    let count = (extent.end - extent.start) / bytes;
    let chunk = |number: u64| look(path, extent, extent.start + number * bytes, bytes, number + 1 == count);
    let chunks = (0..count).into_par_iter().map(chunk).collect::<io::Result<Option<Vec<Chunk>>>>()?;
    let Some(chunks) = chunks else { return Ok(Vec::new()) };
    let letter = chunks.iter().map(|chunk| chunk.letter.as_slice()).find(|letter| !letter.is_empty());
    if extent.undecided && letter.is_some_and(|letter| !is_utf8(letter)) {
        return Ok(Vec::new());
    }
    let mut parts: Vec<Part> = Vec::new();
    let (mut quoted, mut lines) = (false, 0);
    for chunk in chunks.iter().filter(|chunk| chunk.length > 0) {
        match parts.last_mut() {
            Some(part) if quoted || chunk.head == MARK => part.length += chunk.length,
            _ => parts.push(Part { start: chunk.start, length: chunk.length, lines }),
        }
        quoted = if quoted { chunk.from_quoted } else { chunk.from_record } == State::Quoted;
        lines += chunk.lines;
    }
    Ok(if parts.len() > 1 { parts } else { Vec::new() })
}

/// What stands between two line feeds near the ends of a chunk.
#[derive(Debug)]
struct Chunk {
    start: u64,
    length: u64,
    lines: u64,
    /// Where a reader is at the end that was at the start of a record, or within a quoted field, at the beginning.
    from_record: State,
    from_quoted: State,
    /// Up to four bytes from the first one on that is not ASCII.
    letter: Vec<u8>,
    /// The first three bytes.
    head: Vec<u8>,
}

/// Where a reader of records is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a field or record.
    Start,
    Field,
    Quoted,
    /// Behind a quote within a quoted field: its end, or the first half of a quote.
    Closed,
}

impl State {
    /// As the reader of records steps: a quote opens a field only where the field begins, and elsewhere is a letter.
    fn step(self, byte: u8, delimiter: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::Closed,
            (Self::Quoted, _) | (Self::Start | Self::Closed, b'"') => Self::Quoted,
            (_, b'\n' | b'\r') => Self::Start,
            (_, byte) if byte == delimiter => Self::Start,
            _ => Self::Field,
        }
    }

    /// Past bytes that are no signs.
    fn letters(self) -> Self {
        if self == Self::Quoted { self } else { Self::Field }
    }

    fn pass(self, text: &[u8], delimiter: u8) -> Self {
        text.chunks(Places::BLOCK).fold(self, |state, block| {
            let (mut state, mut next) = (state, 0);
            for place in Places::of(block, delimiter) {
                if place > next {
                    state = state.letters();
                }
                state = block.get(place).map_or(state, |sign| state.step(*sign, delimiter));
                next = place + 1;
            }
            if next < block.len() { state.letters() } else { state }
        })
    }

    /// Past a text without quotes.
    fn pass_unquoted(self, text: &[u8], delimiter: u8) -> Self {
        match text.last() {
            Some(last) if self != Self::Quoted => Self::Field.step(*last, delimiter),
            _ => self,
        }
    }
}

/// Looks at what stands between the first line feed from `from` on and the first one `bytes` later; the first chunk
/// begins where it is told, the last one ends with the file. Nothing where a line has no end.
fn look(path: &Path, extent: Extent, from: u64, bytes: u64, is_last: bool) -> io::Result<Option<Chunk>> {
    let to = if is_last { extent.end } else { from + bytes };
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut rest = file.take(extent.end - from);
    let mut chunk = Chunk {
        start: from,
        length: 0,
        lines: 0,
        from_record: State::Start,
        from_quoted: State::Quoted,
        letter: Vec::new(),
        head: Vec::new(),
    };
    let (mut begun, mut at, mut piece) = (from == extent.start, from, Vec::with_capacity(PIECE));
    loop {
        piece.clear();
        (&mut rest).take(PIECE as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            return Ok(Some(chunk));
        }
        let mut text = piece.as_slice();
        let end = at + piece.len() as u64;
        if !begun {
            let Some(feed) = text.iter().position(|byte| *byte == b'\n') else {
                if end > to + LONGEST {
                    return Ok(None);
                }
                (at, chunk.start) = (end, end);
                continue;
            };
            text = text.get(feed + 1..).unwrap_or_default();
            (begun, at) = (true, at + feed as u64 + 1);
            chunk.start = at;
        }
        // A chunk whose first line feed lies behind its end is empty: the one before it reaches up to there.
        if chunk.start > to {
            return Ok(Some(chunk));
        }
        let before = usize::try_from(to.saturating_sub(at)).unwrap_or(usize::MAX).min(text.len());
        let feed = text.get(before..).unwrap_or_default().iter().position(|byte| *byte == b'\n');
        let ends = feed.filter(|_| !is_last);
        if let Some(feed) = ends {
            text = text.get(..before + feed + 1).unwrap_or_default();
        } else if !is_last && end > to + LONGEST {
            return Ok(None);
        }
        chunk.pass(text, extent.delimiter);
        if ends.is_some() {
            return Ok(Some(chunk));
        }
        at = end;
    }
}

impl Chunk {
    fn pass(&mut self, text: &[u8], delimiter: u8) {
        let head = text.iter().take(MARK.len() - self.head.len());
        self.head.extend(head);
        self.length += text.len() as u64;
        for block in text.chunks(BLOCK) {
            self.lines += count(block, b'\n');
            let pass = if block.contains(&b'"') { State::pass } else { State::pass_unquoted };
            // Both assumptions soon come to the same, as a quote within a field is a letter.
            let same = self.from_record == self.from_quoted;
            self.from_record = pass(self.from_record, block, delimiter);
            self.from_quoted = if same { self.from_record } else { pass(self.from_quoted, block, delimiter) };
        }
        if self.letter.len() < 4 && !(self.letter.is_empty() && text.is_ascii()) {
            let known = !self.letter.is_empty();
            let letter = text.iter().skip_while(|byte| !known && byte.is_ascii()).take(4 - self.letter.len());
            self.letter.extend(letter);
        }
    }
}

/// How often a byte stands in a text. Few bytes at a time, so that one byte holds their number, and many are added
/// together.
fn count(text: &[u8], wanted: u8) -> u64 {
    let few = |text: &[u8]| text.iter().map(|byte| u8::from(*byte == wanted)).sum::<u8>();
    text.chunks(128).map(|text| u64::from(few(text))).sum()
}
