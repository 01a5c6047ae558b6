//! Delimited text: records of fields.

use super::division::{Extent, Part, divide};
use super::encoding::{Declared, Encoding};
use super::facts::{Facts, Seen};
use super::form::Form;
use super::layout::{self, Layout};
use super::stream::{self, BATCH_BYTES, LineEnd, Text};
use super::{Batch, Defect, Error, Lines, Origin, SourceColumn, SourceFile, cannot_read};
use crate::dates::DateFormats;
use crate::money::NumberFormat;
use crate::notation::{Credit, Notation};
use ::csv::{ByteRecord, Reader, ReaderBuilder};
use arrow::array::{ArrayRef, StringArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use std::path::Path;
use std::sync::Arc;

/// Rows per batch: enough to spread the cost of a batch, few enough to stay in the cache.
const BATCH_ROWS: usize = 16_384;

/// How numbers and dates in text are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    pub numbers: NumberFormat,
    /// What `CR` beside an amount means, where it is declared.
    pub credit: Option<Credit>,
    pub dates: DateFormats,
}

impl CsvOptions {
    /// How amounts are written.
    pub fn notation(&self) -> Notation {
        Notation { numbers: self.numbers, credit: self.credit }
    }
}

/// What is needed to read a text again.
#[derive(Debug, Clone)]
pub struct Known {
    encoding: Declared,
    delimiter: u8,
    header_line: u64,
    offset: usize,
    line_end: LineEnd,
    /// Where the text begins, if it is in UTF-8 as far as its beginning shows and not packed: then it can be divided.
    divisible: Option<usize>,
    /// The parts that it is read in; none where it is read as a whole.
    parts: Arc<[Part]>,
}

impl Known {
    pub fn parts(&self) -> usize {
        self.parts.len().max(1)
    }

    /// The same for reading in parts of about so many bytes, where the text can be divided. What is read is the same.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn divided(&self, file: &SourceFile, bytes: u64) -> Result<Self, Error> {
        let Some(mark) = self.divisible else { return Ok(self.clone()) };
        let start = u64::try_from(mark + self.offset).unwrap_or_default();
        // A mark says what the text is in, and so does the pipeline.
        let undecided = self.encoding == Declared::Auto && mark == 0;
        let extent = Extent { start, end: file.bytes.max(start), delimiter: self.delimiter, undecided };
        let parts = divide(&file.path, extent, bytes).map_err(|error| cannot_read(&file.name, &error))?;
        Ok(Self { parts: parts.into(), ..self.clone() })
    }
}

/// Learns the layout and the columns of a text.
///
/// # Errors
/// Where the file cannot be read or has no header.
pub fn open(path: &Path, name: &str, form: &Form) -> Result<(Vec<SourceColumn>, Known, Facts), Error> {
    let mut opened = stream::open(path, name, form.encoding)?;
    let Layout { delimiter, header_line, offset, line_end, columns } = layout::find(&mut opened.text, name, form)?;
    let facts = Facts {
        format: "csv",
        compression: opened.compression.map(|compression| compression.name()),
        delimiter: Some(delimiter),
        header_line: Some(header_line),
        ..Facts::default()
    };
    let plain = opened.compression.is_none() && opened.text.encoding() == Encoding::Utf8 && line_end == LineEnd::Feed;
    let divisible = plain.then_some(opened.mark);
    let parts = Arc::default();
    Ok((columns, Known { encoding: form.encoding, delimiter, header_line, offset, line_end, divisible, parts }, facts))
}

fn not_csv(name: &str, error: &::csv::Error) -> Error {
    match error.kind() {
        ::csv::ErrorKind::Io(error) => cannot_read(name, error),
        _ => Error::new(format!("`{name}` is not valid CSV: {error}")),
    }
}

/// A reader of records of a part, behind the header, and the lines before the text it reads.
fn reader(file: &SourceFile, known: &Known, part: usize) -> Result<(Reader<Text>, u64), Error> {
    let failed = |error: std::io::Error| cannot_read(&file.name, &error);
    let within = known.parts.get(part);
    let lines = known.header_line - 1 + within.map_or(0, |part| part.lines);
    // Rows of the wrong length are this program's to report, so the reader lets them through.
    let mut builder = ReaderBuilder::new();
    builder.delimiter(known.delimiter).has_headers(false).flexible(true).buffer_capacity(1 << 18);
    if let (Some(within), 1..) = (within, part) {
        let text = stream::open_part(&file.path, &file.name, within.start, within.length)?;
        return Ok((builder.from_reader(text), lines));
    }
    let text = stream::open(&file.path, &file.name, known.encoding)?.text;
    let mut text = text.with_lines_ended_by(known.line_end);
    if let Some(within) = within {
        text = text.ending_after(u64::try_from(known.offset).unwrap_or_default() + within.length);
    }
    text.beginning(known.offset).map_err(failed)?;
    text.skip(known.offset);
    let mut reader = builder.from_reader(text);
    let header = &mut ByteRecord::new();
    reader.read_byte_record(header).map_err(|error| not_csv(&file.name, &error))?;
    Ok((reader, lines))
}

/// Reads a part of the file in batches of text columns; an empty field is null.
///
/// # Errors
/// Where the file cannot be read or `visit` fails.
pub fn scan<E: From<Error>>(
    file: &SourceFile,
    known: &Known,
    part: usize,
    columns: &[usize],
    visit: &mut dyn FnMut(Batch<'_>) -> Result<(), E>,
) -> Result<Seen, E> {
    let (mut reader, lines_before) = reader(file, known, part)?;
    let own = file.own_columns();
    // As many as the file needs: most of many small files are shorter than a batch.
    let mut records: Vec<ByteRecord> = Vec::new();
    let mut lines: Vec<u64> = Vec::new();
    let mut rows_empty = 0;
    let mut ended = false;
    while !ended {
        lines.clear();
        let start = reader.position().byte();
        reader.get_mut().forget_before(start);
        while lines.len() < BATCH_ROWS {
            if records.len() == lines.len() {
                records.push(ByteRecord::new());
            }
            let Some(record) = records.get_mut(lines.len()) else { break };
            ended = !reader.read_byte_record(record).map_err(|error| not_csv(&file.name, &error))?;
            // The reader goes over line ends before a record, and only the text itself tells how many there are.
            let (byte, line) = record.position().map_or((0, 0), |position| (position.byte(), position.line()));
            let ends = reader.get_ref().line_ends_at(byte);
            rows_empty += ends.blank;
            if ended {
                break;
            }
            let line = lines_before + line + ends.feeds;
            if let Some(swallowed) = swallowed(record, known.delimiter, own.len()) {
                return Err(E::from(unclosed(&file.name, line, swallowed)));
            }
            if record.as_slice().iter().all(u8::is_ascii_whitespace) {
                rows_empty += 1;
            } else {
                lines.push(line);
            }
            if byte - start > BATCH_BYTES as u64 {
                break;
            }
        }
        let records = records.get(..lines.len()).unwrap_or_default();
        if !records.is_empty() {
            visit(batch(records, &lines, columns, own, reader.get_ref().encoding())?)?;
        }
    }
    Ok(Seen { encoding: Some(reader.get_ref().encoding().name()), rows_empty })
}

/// How many lines a quote has swallowed that was opened and not closed where it should be: a field that holds
/// whole lines, each with as many delimiters as a line of the file. Such lines are in no count, so nothing less
/// than the file can be refused.
fn swallowed(record: &ByteRecord, delimiter: u8, columns: usize) -> Option<usize> {
    if columns < 3 || !record.as_slice().contains(&b'\n') {
        return None;
    }
    let is_line = |text: &[u8]| text.iter().filter(|byte| **byte == delimiter).count() + 1 >= columns;
    let lines =
        record.iter().flat_map(|field| field.split(|byte| *byte == b'\n').skip(1)).filter(|text| is_line(text)).count();
    (lines > 0).then_some(lines)
}

fn unclosed(name: &str, line: u64, lines: usize) -> Error {
    let plural = if lines == 1 { "line" } else { "lines" };
    Error::with_hint(
        format!("`{name}`, line {line}: a quote is opened here that swallows {lines} {plural} behind it"),
        "close the quote, or write a quote inside a field twice",
    )
}

fn batch<'a>(
    records: &'a [ByteRecord],
    lines: &'a [u64],
    columns: &[usize],
    own: &'a [SourceColumn],
    encoding: Encoding,
) -> Result<Batch<'a>, Error> {
    let defects: Vec<Defect> =
        records.iter().enumerate().filter_map(|(row, record)| defect(row, record, own.len(), encoding)).collect();
    let cells = columns.iter().map(|column| cells(records, *column, &defects)).collect::<Result<_, _>>()?;
    Ok(Batch {
        columns: cells,
        rows: records.len(),
        defects,
        lines: Lines::Numbered(lines),
        origin: Origin::Records { records, columns: own },
    })
}

fn defect(row: usize, record: &ByteRecord, expected: usize, encoding: Encoding) -> Option<Defect> {
    let fields = record.len();
    if fields != expected {
        let reason = if fields < expected { "too_few_fields" } else { "too_many_fields" };
        return Some(Defect { row, reason, detail: counted(fields, expected) });
    }
    let bytes = record.as_slice();
    if bytes.is_ascii() {
        return None;
    }
    let broken = record.iter().position(|field| std::str::from_utf8(field).is_err())?;
    let detail = format!("field {} is not valid {}", broken + 1, encoding.title());
    Some(Defect { row, reason: encoding.reason(), detail })
}

fn counted(fields: usize, expected: usize) -> String {
    format!("{fields} {} where the header has {expected}", if fields == 1 { "field" } else { "fields" })
}

/// A column of some records; its bytes are looked at as one text, which is quicker than cell by cell.
fn cells(records: &[ByteRecord], column: usize, defects: &[Defect]) -> Result<ArrayRef, Error> {
    let mut defects = defects.iter().map(|defect| defect.row).peekable();
    let fields: Vec<Option<&[u8]>> = records
        .iter()
        .enumerate()
        .map(|(row, record)| {
            let defective = defects.next_if_eq(&row).is_some();
            record.get(column).filter(|field| !defective && !field.is_empty())
        })
        .collect();
    let mut bytes = Vec::with_capacity(records.len() * 12);
    fields.iter().flatten().for_each(|field| bytes.extend_from_slice(field));
    let lengths = OffsetBuffer::from_lengths(fields.iter().map(|field| field.map_or(0, <[u8]>::len)));
    let present: NullBuffer = fields.iter().map(Option::is_some).collect();
    // Records that are not UTF-8 are defects.
    let texts = StringArray::try_new(lengths, bytes.into(), Some(present));
    Ok(Arc::new(texts.map_err(|error| Error::new(error.to_string()))?))
}

/// A record as a JSON object under the names of the header; surplus fields are numbered.
pub fn json(record: &ByteRecord, columns: &[SourceColumn]) -> String {
    let named = record.iter().enumerate().map(|(index, field)| {
        let name = columns.get(index).map_or_else(|| format!("field {}", index + 1), |column| column.name.clone());
        (name, String::from_utf8_lossy(field).into_owned().into())
    });
    serde_json::Value::Object(named.collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::form::Header;
    use crate::sources::{Format, facts::Facts, scan};
    use arrow::array::{Array, AsArray};
    use proptest::prelude::*;
    use std::io::Write;

    /// What a person has in mind: the fields of each row, some rows with nothing in them.
    fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
        // Letters of windows-1252, and every sign that has a meaning in some text.
        let field = prop_oneof![4 => "[a-z0-9 éßÑ]{0,6}", 1 => "[a-zé,;|\t\"=\r\n€ ]{0,5}"];
        proptest::collection::vec(proptest::collection::vec(field, 2), 0..12)
    }

    /// How it is written down.
    #[derive(Debug, Clone)]
    struct Written {
        delimiter: char,
        line_end: &'static str,
        encoding: usize,
        packed: usize,
        preamble: usize,
        blank_lines: bool,
    }

    fn written() -> impl Strategy<Value = Written> {
        let ways = (0..4usize, 0..2usize, 0..5usize, 0..3usize, 0..3usize, any::<bool>());
        ways.prop_map(|(delimiter, line_end, encoding, packed, preamble, blank_lines)| Written {
            delimiter: [',', ';', '\t', '|'][delimiter],
            line_end: ["\n", "\r\n"][line_end],
            encoding,
            packed,
            preamble,
            blank_lines,
        })
    }

    /// The text, and the line on which each row that is not empty begins.
    fn text_of(rows: &[Vec<String>], written: &Written) -> (String, Vec<u64>, i64) {
        let (mut text, mut lines, mut empty) = (String::new(), Vec::new(), 0);
        for number in 0..written.preamble {
            text.push_str(&format!("Export {number}, \"of; sales{0}{0}", written.line_end));
        }
        text.push_str(&format!("id{}näme{}", written.delimiter, written.line_end));
        for row in rows {
            if written.blank_lines {
                text.push_str(written.line_end);
                empty += 1;
            }
            if row.iter().all(|field| field.bytes().all(|byte| byte.is_ascii_whitespace())) {
                empty += 1;
            } else {
                lines.push(text.matches('\n').count() as u64 + 1);
            }
            let quoted: Vec<String> = row.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
            text.push_str(&quoted.join(&written.delimiter.to_string()));
            text.push_str(written.line_end);
        }
        (text, lines, empty)
    }

    fn bytes_of(text: &str, written: &Written) -> (Declared, Vec<u8>) {
        let utf16 = |mark: &str| format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let (declared, bytes) = match written.encoding {
            0 => (Declared::Auto, text.as_bytes().to_vec()),
            1 => (Declared::Auto, format!("\u{feff}{text}").into_bytes()),
            2 => (Declared::Auto, utf16("\u{feff}")),
            3 => (Declared::Utf16, utf16("")),
            _ => (Declared::Auto, encoding_rs::WINDOWS_1252.encode(text).0.into_owned()),
        };
        let packed = match written.packed {
            0 => bytes,
            1 => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(&bytes).unwrap();
                encoder.finish().unwrap()
            }
            _ => zstd::encode_all(bytes.as_slice(), 1).unwrap(),
        };
        (declared, packed)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_is_written_down_in_any_way_is_read_back(rows in rows(), written in written()) {
            let (text, lines, empty) = text_of(&rows, &written);
            let (encoding, bytes) = bytes_of(&text, &written);
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&bytes).unwrap();
            let header = Header::Has(vec!["ID".to_owned(), "näme".to_owned()]);
            let form = Form { encoding, header, ..Form::default() };
            let (columns, known, facts) = open(file.path(), "x", &form).unwrap();
            prop_assert_eq!(facts.header_line, Some(2 * written.preamble as u64 + 1));
            prop_assert_eq!(facts.delimiter.map(char::from), Some(written.delimiter));
            let path = file.path().to_owned();
            let (name, folders) = ("x".to_owned(), Vec::new());
            let file = SourceFile { path, name, bytes: 0, columns, folders, format: Format::Csv(known), facts: Facts::default() };
            let mut read: Vec<(u64, Vec<String>)> = Vec::new();
            let seen = scan(&file, 0, &[0, 1], &mut |batch| -> Result<(), Error> {
                assert!(batch.defects.is_empty(), "{:?}", batch.defects);
                for row in 0..batch.rows {
                    let cell = |column: &ArrayRef| {
                        let column = column.as_string::<i32>();
                        if column.is_null(row) { String::new() } else { column.value(row).to_owned() }
                    };
                    read.push((batch.line(row), batch.columns.iter().map(cell).collect()));
                }
                Ok(())
            });
            prop_assert_eq!(seen.unwrap().rows_empty, empty);
            let is_empty = |row: &&Vec<String>| !row.iter().all(|field| field.bytes().all(|byte| byte.is_ascii_whitespace()));
            let expected: Vec<(u64, Vec<String>)> = lines.into_iter().zip(rows.iter().filter(is_empty).cloned()).collect();
            prop_assert_eq!(read, expected);
        }
    }
    /// All rows of a file with their lines and defects, and how many rows are empty.
    fn all(file: &SourceFile) -> (Vec<(u64, String, Option<Defect>)>, i64) {
        let (mut rows, mut empty) = (Vec::new(), 0);
        for part in 0..file.parts() {
            let seen = scan(file, part, &[0, 1], &mut |batch| -> Result<(), Error> {
                for (row, raw) in batch.raw(&(0..batch.rows).collect::<Vec<_>>())?.into_iter().enumerate() {
                    let defect = batch.defects.iter().find(|defect| defect.row == row).cloned();
                    rows.push((batch.line(row), raw, defect.map(|defect| Defect { row: 0, ..defect })));
                }
                Ok(())
            });
            empty += seen.unwrap().rows_empty;
        }
        (rows, empty)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Quotes where they open a field and where they are letters, line ends within fields and between them, marks
        /// in the middle, broken letters: a text read in parts is the text.
        #[test]
        fn a_text_in_parts_is_the_text(
            pieces in proptest::collection::vec(prop_oneof![
                3 => "[ab,]{0,5}\n", 2 => "[a\",]{0,4}", 1 => "\"[ab,\n\r]{0,6}\"[,\n]", 1 => "[\r\n]{1,3}",
                1 => Just("\u{feff}".to_owned()), 1 => "é?",
            ], 0..20),
            (mark, broken, bytes) in (any::<bool>(), proptest::option::weighted(0.2, 0..60usize), 1..40u64),
        ) {
            let mut text = if mark { "\u{feff}x,y\n" } else { "x,y\n" }.as_bytes().to_vec();
            text.extend(pieces.concat().bytes());
            if let Some(place) = broken.filter(|place| *place > 8 && *place < text.len()) {
                text[place] = 0xe9;
            }
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&text).unwrap();
            let (columns, known, facts) = open(file.path(), "x", &Form::default()).unwrap();
            let (path, bytes_of_file) = (file.path().to_owned(), text.len() as u64);
            let (name, folders, format) = ("x".to_owned(), Vec::new(), Format::Csv(known));
            let whole = SourceFile { path, name, bytes: bytes_of_file, columns, folders, format, facts };
            let parts = crate::sources::divided(std::slice::from_ref(&whole), bytes).unwrap().remove(0);
            prop_assert_eq!(all(&parts), all(&whole));
        }
    }

    #[test]
    fn a_text_of_many_records_has_parts() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"x,y\n").unwrap();
        (0..1000).for_each(|row| writeln!(file, "{row},\"a\nb\"").unwrap());
        let parts = |declared: Declared| {
            let form = Form { encoding: declared, ..Form::default() };
            let (columns, known, facts) = open(file.path(), "x", &form).unwrap();
            let (path, bytes) = (file.path().to_owned(), file.as_file().metadata().unwrap().len());
            let (name, folders, format) = ("x".to_owned(), Vec::new(), Format::Csv(known));
            let whole = SourceFile { path, name, bytes, columns, folders, format, facts };
            crate::sources::divided(&[whole], 997).unwrap()[0].parts()
        };
        // Where a chunk would begin within a field, it stays with the one before.
        assert_eq!([parts(Declared::Auto), parts(Declared::Latin1)], [3, 1]);
    }
}
