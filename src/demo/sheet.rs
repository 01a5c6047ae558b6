//! Files being written: rows, fields and what went wrong.

use super::{Error, Made};
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file being written: its bytes are counted, and its path is named when it fails.
pub(super) struct Sheet {
    pub(super) path: PathBuf,
    pub(super) out: BufWriter<File>,
    pub(super) row: Vec<u8>,
    pub(super) bytes: u64,
}

impl Sheet {
    pub(super) fn create(path: PathBuf, header: &str) -> Result<Self, Error> {
        let file = File::create(&path).map_err(|source| failed(&path, source))?;
        let (out, row, bytes) = (BufWriter::with_capacity(1 << 16, file), Vec::new(), 0);
        let mut sheet = Self { path, out, row, bytes };
        sheet.row(&[&header])?;
        Ok(sheet)
    }

    pub(super) fn row(&mut self, fields: &[&dyn Display]) -> Result<(), Error> {
        self.row.clear();
        for field in fields {
            write!(self.row, "{field},").map_err(|source| failed(&self.path, source))?;
        }
        self.row.pop();
        self.row.push(b'\n');
        self.bytes += self.row.len() as u64;
        self.out.write_all(&self.row).map_err(|source| failed(&self.path, source))
    }

    /// A row whose first letter is an accented one, as Windows used to write it.
    pub(super) fn row_in_another_encoding(&mut self, fields: &[&dyn Display]) -> Result<(), Error> {
        let row: Vec<u8> = fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(",").into_bytes();
        // A letter in UTF-8 and the same in windows-1252: the file is in the one, and this line is not.
        let row = [&[0xC3, 0x89, 0xC9], row.get(1..).unwrap_or_default(), b"\n"].concat();
        self.bytes += row.len() as u64;
        self.out.write_all(&row).map_err(|source| failed(&self.path, source))
    }

    pub(super) fn finish(mut self, made: &mut Made) -> Result<(), Error> {
        made.files += 1;
        made.bytes += self.bytes;
        self.out.flush().map_err(|source| failed(&self.path, source))
    }
}

pub(super) fn failed(path: &Path, source: io::Error) -> Error {
    let path = path.to_path_buf();
    Error::Write { path, source }
}

/// A text as a CSV field: quoted only if it must be.
pub(super) fn field(text: &str) -> String {
    match text.contains(['"', ',']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    }
}

/// A number with a fixed count of decimals, held as a whole number of its smallest steps.
pub(super) struct Fixed(pub(super) i64, pub(super) u32);

impl Display for Fixed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (steps, unit) = (self.0.unsigned_abs(), 10_u64.pow(self.1));
        let (sign, width) = (if self.0 < 0 { "-" } else { "" }, self.1 as usize);
        match width {
            0 => write!(out, "{sign}{steps}"),
            _ => write!(out, "{sign}{}.{:0width$}", steps / unit, steps % unit),
        }
    }
}
