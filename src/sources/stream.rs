//! The text of a file as one stream of UTF-8: unpacked, decoded, and remembered for as long as its lines are looked at.

#![expect(clippy::disallowed_methods, reason = "reads a source")]

use super::compression::Compression;
use super::encoding::{self, Declared, Decoder, Encoding};
use super::{Error, cannot_read};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

/// Text that is kept at most before the rest of it is forgotten, but for its last line.
pub const BATCH_BYTES: usize = 1 << 24;

/// Bytes read at a time.
const PIECE: u64 = 1 << 18;

/// How much of a file is looked at before anything is decided.
const START: u64 = 4096;

/// The longest line. A longer one is of a file that unpacks to no end, or holds no text.
const LONGEST: usize = 1 << 24;

/// The text of a file. What has been read is kept until it is forgotten.
pub struct Text {
    bytes: Box<dyn Read + Send>,
    decoder: Decoder,
    ended: bool,
    /// What is kept: decoded text.
    kept: Vec<u8>,
    line_end: LineEnd,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineEnd {
    /// A line feed, with a carriage return before it or without.
    #[default]
    Feed,
    /// A carriage return alone, as the Macintosh wrote it.
    Return,
}

/// What is known of a text before it is read.
pub struct Opened {
    pub text: Text,
    pub compression: Option<Compression>,
    /// The length of its byte order mark.
    pub mark: usize,
}

/// Opens a file of text.
///
/// # Errors
/// Where the file cannot be read, is damaged, or holds no text.
pub fn open(path: &Path, name: &str, declared: Declared) -> Result<Opened, Error> {
    let file = File::open(path).map_err(|error| cannot_read(name, &error))?;
    let failed = |error: io::Error| cannot_read(name, &error);
    let (start, packed) = peeked(file, 4).map_err(failed)?;
    let compression = Compression::of(&start);
    let bytes: Box<dyn Read + Send> = match compression {
        Some(compression) => compression.unpacked(BufReader::new(packed)).map_err(failed)?,
        None => Box::new(packed),
    };
    let (start, mut bytes) = peeked(bytes, START).map_err(failed)?;
    refuse_other_formats(name, &start)?;
    let (decoder, mark) = encoding::begin(declared, &start).ok_or_else(|| {
        Error::with_hint(
            format!("`{name}` does not look like UTF-16"),
            "let `encoding` be found, or write the file with a byte order mark",
        )
    })?;
    let is_utf16 = matches!(decoder.encoding(), Encoding::Utf16LittleEndian | Encoding::Utf16BigEndian);
    if start.contains(&0) && !is_utf16 {
        return Err(Error::with_hint(
            format!("`{name}` holds zero bytes, which no text has"),
            "if it is UTF-16 without a byte order mark, declare `encoding: utf-16`",
        ));
    }
    io::copy(&mut (&mut bytes).take(u64::try_from(mark).unwrap_or_default()), &mut io::sink()).map_err(failed)?;
    Ok(Opened { text: Text::of(Box::new(bytes), decoder), compression, mark })
}

/// Opens so many bytes of a file of UTF-8, from a place in it on.
///
/// # Errors
/// Where the file cannot be read.
pub fn open_part(path: &Path, name: &str, start: u64, length: u64) -> Result<Text, Error> {
    let failed = |error: io::Error| cannot_read(name, &error);
    let mut file = File::open(path).map_err(failed)?;
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    Ok(Text::of(Box::new(file.take(length)), Decoder::utf8()))
}

/// A stream of which the first bytes have been read and stand before the rest again.
type Peeked<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// The first bytes of a stream, and the whole of it.
fn peeked<R: Read>(mut stream: R, length: u64) -> io::Result<(Vec<u8>, Peeked<R>)> {
    let mut start = Vec::new();
    (&mut stream).take(length).read_to_end(&mut start)?;
    Ok((start.clone(), Cursor::new(start).chain(stream)))
}

/// Files that are called text and are something else.
fn refuse_other_formats(name: &str, start: &[u8]) -> Result<(), Error> {
    let (found, hint) = match start {
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            ("a workbook or an archive", "for a workbook declare `format: workbook`; unpack an archive first")
        }
        [b'P', b'A', b'R', b'1', ..] => ("Parquet", "declare `format: parquet`"),
        [b'%', b'P', b'D', b'F', ..] => ("a PDF", "export the table itself"),
        _ => return Ok(()),
    };
    Err(Error::with_hint(format!("`{name}` is no text but {found}"), hint))
}

impl Text {
    /// Of bytes, and what tells what they are in.
    pub fn of(bytes: Box<dyn Read + Send>, decoder: Decoder) -> Self {
        let (kept, line_end) = (Vec::new(), LineEnd::Feed);
        Self { bytes, decoder, ended: false, kept, line_end }
    }

    /// Ends the text after so many bytes of the file, its mark aside.
    pub fn ending_after(self, bytes: u64) -> Self {
        Self { bytes: Box::new(self.bytes.take(bytes)), ..self }
    }

    /// What the text is in, as far as it has been read.
    pub fn encoding(&self) -> Encoding {
        self.decoder.encoding()
    }

    /// Makes line feeds of the line ends from here on, so that lines are counted in one way.
    pub fn with_lines_ended_by(mut self, line_end: LineEnd) -> Self {
        self.line_end = line_end;
        self
    }

    /// The beginning of the text: so many bytes, or all of it where it has fewer.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn beginning(&mut self, length: usize) -> io::Result<&[u8]> {
        while self.kept.len() < length && !self.ended {
            self.read_on()?;
        }
        Ok(&self.kept)
    }

    /// What has been read and not forgotten.
    pub fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// The same, to move its letters about.
    pub fn kept_mut(&mut self) -> &mut [u8] {
        &mut self.kept
    }

    /// Whether nothing follows what is kept.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Keeps so many of the first bytes no more.
    pub fn forget(&mut self, count: usize) {
        self.kept.drain(..count.min(self.kept.len()));
    }

    /// Reads more of the text.
    ///
    /// # Errors
    /// Where the file cannot be read, is damaged, or a line is too long to be one.
    pub fn read_on(&mut self) -> io::Result<()> {
        // What is kept is a batch and the line behind it.
        if self.kept.len() > BATCH_BYTES + LONGEST {
            let message = format!("it has a line of more than {} MB", LONGEST >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let length = self.kept.len();
        let read = (&mut self.bytes).take(PIECE).read_to_end(&mut self.kept)?;
        self.ended = read == 0;
        self.decoder.decode(&mut self.kept, length, self.ended);
        if self.line_end == LineEnd::Return {
            let piece = self.kept.iter_mut().skip(length);
            piece.filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        }
        Ok(())
    }
}
