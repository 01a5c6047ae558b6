//! The end of a Parquet file, in which the orders of its columns stand.

use ::parquet::errors::ParquetError;
use std::io::{self, Write};

/// The orders of a column in the footer: the field of a union, an empty struct, the end of the union.
const BY_TYPE: [u8; 3] = [0x1C, 0, 0];
const BY_IEEE_754: [u8; 3] = [0x2C, 0, 0];

/// Holds the last bytes of a file back, which are patched before they leave.
pub struct Tail<W> {
    file: W,
    held: Vec<u8>,
    columns: usize,
}

impl<W: Write> Tail<W> {
    pub fn of(file: W, columns: usize) -> Self {
        Self { file, held: Vec::new(), columns }
    }

    /// Gives back where the file went, which is whole then.
    ///
    /// # Errors
    /// Where the file does not end as expected, or cannot be written.
    pub fn finish(self) -> Result<W, ParquetError> {
        let Self { mut file, mut held, columns } = self;
        declare_familiar_orders(&mut held, columns)?;
        file.write_all(&held)?;
        Ok(file)
    }
}

impl<W: Write> Write for Tail<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let leaves = (self.held.len() + bytes.len()).saturating_sub(tail_length(self.columns));
        let of_held = leaves.min(self.held.len());
        self.file.write_all(&self.held[..of_held])?;
        self.held.drain(..of_held);
        let (leaves, stays) = bytes.split_at(leaves - of_held);
        self.file.write_all(leaves)?;
        self.held.extend_from_slice(stays);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The file ends with the orders of its columns, three bytes each, the end of the footer, its length, and the magic
/// number.
fn tail_length(columns: usize) -> usize {
    BY_TYPE.len() * columns + 1 + 4 + 4
}

/// Declares the statistics of every column to be in the order of its type, as all writers did before 2026.
///
/// The `parquet` crate declares doubles to be in the total order of IEEE 754, and cannot be told otherwise. Readers
/// that do not know this order refuse the file (Polars 1) or ignore its statistics (Arrow 26 and before). Without NaN
/// and negative zero, which do not leave, both orders are the same.
fn declare_familiar_orders(file: &mut [u8], columns: usize) -> Result<(), ParquetError> {
    let end = file.len().saturating_sub(tail_length(0));
    let (orders, _) = file[end.saturating_sub(BY_TYPE.len() * columns)..end].as_chunks_mut();
    for order in orders {
        match *order {
            BY_TYPE => {}
            BY_IEEE_754 => *order = BY_TYPE,
            _ => {
                return Err(ParquetError::General("the footer does not end with the orders of the columns".to_owned()));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_end_is_refused() {
        let mut tail = Tail::of(Vec::new(), 2);
        tail.write_all(&[7; 40]).unwrap();
        let refused = tail.finish().unwrap_err().to_string();
        assert_eq!(refused, "Parquet error: the footer does not end with the orders of the columns");
    }
}
