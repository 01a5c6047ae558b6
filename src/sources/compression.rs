//! Compressed files, told by how they begin and not by their names.

use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, Read};

/// How the bytes of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// Of a file that begins so.
    pub fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The bytes that were packed. A file may hold several packed parts, one behind the other; one that ends before
    /// its end, or does not fit its checksum, is an error and never taken for what of it can be read.
    ///
    /// # Errors
    /// Where no memory is left for unpacking.
    pub fn unpacked<'a>(self, packed: impl BufRead + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Self::Gzip => Box::new(Unpacked { from: MultiGzDecoder::new(packed), compression: self }),
            Self::Zstd => Box::new(Unpacked { from: zstd::Decoder::with_buffer(packed)?, compression: self }),
        })
    }
}

/// Says of a damaged file that it is damaged.
struct Unpacked<R> {
    from: R,
    compression: Compression,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.from.read(bytes).map_err(|error| {
            // What the disk reports has a number of the operating system; what the unpacking finds has none.
            if error.raw_os_error().is_some() {
                return error;
            }
            let name = self.compression.name();
            let message = if error.kind() == io::ErrorKind::UnexpectedEof {
                format!("its {name} data is cut off")
            } else {
                format!("its {name} data is damaged: {error}")
            };
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(packed: &[u8]) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let compression = Compression::of(packed).ok_or("not packed")?;
        let read = compression.unpacked(packed).and_then(|mut reader| reader.read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn parts_behind_one_another_are_one_file() {
        for pack in [gzip, zstd] {
            let packed = [pack(b"one\n"), pack(b""), pack(b"two\n")].concat();
            assert_eq!(unpacked(&packed), Ok(b"one\ntwo\n".to_vec()));
        }
    }

    #[test]
    fn a_file_cut_off_anywhere_is_an_error() {
        let text: Vec<u8> = (0..2000u32).flat_map(|number| format!("{number},").into_bytes()).collect();
        for pack in [gzip, zstd] {
            let packed = pack(&text);
            for length in (4..packed.len()).step_by(7).chain([packed.len() - 1]) {
                assert!(unpacked(&packed[..length]).is_err(), "{length} of {} bytes", packed.len());
            }
        }
    }

    #[test]
    fn a_changed_byte_is_an_error_or_changes_nothing() {
        let text: Vec<u8> = (0..500u32).flat_map(|number| format!("{number},").into_bytes()).collect();
        for pack in [gzip, zstd] {
            let packed = pack(&text);
            for place in 10..packed.len() {
                let mut damaged = packed.clone();
                damaged[place] ^= 0x10;
                assert!(unpacked(&damaged).is_err_and(|_| true) || unpacked(&damaged) == Ok(text.clone()), "{place}");
            }
        }
    }

    #[test]
    fn what_lies_behind_the_packed_parts_is_no_part_of_them() {
        assert!(unpacked(&[gzip(b"one\n"), b"two\n".to_vec()].concat()).is_err());
        assert!(unpacked(&[zstd(b"one\n"), b"two\n".to_vec()].concat()).is_err());
    }
}
