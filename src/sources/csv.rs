//! Delimited text: records of fields.

use super::division::{Extent, MARK, Part, divide};
use super::encoding::{Declared, Encoding};
use super::facts::{Facts, Seen};
use super::form::Form;
use super::layout::{self, Layout};
use super::records::{Found, Records};
use super::stream::{self, LineEnd, Text};
use super::{Batch, Defect, Error, Lines, Origin, SourceColumn, SourceFile, cannot_read};
use crate::dates::DateFormats;
use crate::money::NumberFormat;
use crate::notation::{Credit, Notation};
use arrow::array::{ArrayRef, StringArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use std::cmp::Ordering;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Rows per batch: enough to spread the cost of a batch, few enough to stay in the cache.
const BATCH_ROWS: usize = 8_192;

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

/// The text of a part.
fn text_of(file: &SourceFile, known: &Known, part: usize) -> Result<Text, Error> {
    let within = known.parts.get(part);
    if let (Some(within), 1..) = (within, part) {
        return stream::open_part(&file.path, &file.name, within.start, within.length);
    }
    let text = stream::open(&file.path, &file.name, known.encoding)?.text;
    let mut text = text.with_lines_ended_by(known.line_end);
    if let Some(within) = within {
        text = text.ending_after(u64::try_from(known.offset).unwrap_or_default() + within.length);
    }
    let failed = |error: io::Error| cannot_read(&file.name, &error);
    text.beginning(known.offset).map_err(failed)?;
    text.forget(known.offset);
    // A mark that stands before the header once more.
    if text.beginning(MARK.len()).map_err(failed)?.starts_with(MARK) {
        text.forget(MARK.len());
    }
    Ok(text)
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
    let failed = |error: io::Error| cannot_read(&file.name, &error);
    let own = file.own_columns();
    let mut text = text_of(file, known, part)?;
    let lines_before = known.parts.get(part).map_or(0, |part| part.lines);
    let mut records = Records::new(known.delimiter, known.header_line + lines_before);
    if part == 0 {
        // The header.
        records.read(&mut text, 1).map_err(failed)?;
    }
    let mut lines: Vec<u64> = Vec::new();
    while records.read(&mut text, BATCH_ROWS).map_err(failed)? {
        refuse_unclosed(records.found(text.kept()), known.delimiter, own.len(), &file.name)?;
        records.leave_out_empty(text.kept());
        let found = records.found(text.kept());
        lines.clear();
        lines.extend(found.lines());
        if found.count() > 0 {
            visit(batch(found, &lines, columns, own, (known.delimiter, text.encoding()))?)?;
        }
    }
    Ok(Seen { encoding: Some(text.encoding().name()), rows_empty: records.empty() })
}

/// Refuses a quote that was opened and not closed where it should be, so that its field holds whole lines, each with as
/// many delimiters as a line of the file. Such lines are in no count, so nothing less than the file can be refused.
fn refuse_unclosed(found: Found, delimiter: u8, columns: usize, name: &str) -> Result<(), Error> {
    if columns < 3 {
        return Ok(());
    }
    let is_line = |text: &&[u8]| text.iter().filter(|byte| **byte == delimiter).count() + 1 >= columns;
    for (row, line) in found.spanning() {
        let texts = found.record(row).flat_map(|field| field.split(|byte| *byte == b'\n').skip(1));
        let lines = texts.filter(is_line).count();
        if lines > 0 {
            let plural = if lines == 1 { "line" } else { "lines" };
            return Err(Error::with_hint(
                format!("`{name}`, line {line}: a quote is opened here that swallows {lines} {plural} behind it"),
                "close the quote, or write a quote inside a field twice",
            ));
        }
    }
    Ok(())
}

fn batch<'a>(
    records: Found<'a>,
    lines: &'a [u64],
    columns: &[usize],
    own: &'a [SourceColumn],
    (delimiter, encoding): (u8, Encoding),
) -> Result<Batch<'a>, Error> {
    // Where all is valid so is each field, as what stands around it is ASCII.
    let valid = delimiter.is_ascii() && std::str::from_utf8(records.text).is_ok();
    let defect = |(row, width)| {
        wrong_width(width, own.len())
            .or_else(|| if valid { None } else { broken(records.record(row), encoding) })
            .map(|(reason, detail)| Defect { row, reason, detail })
    };
    let defects: Vec<Defect> = records.widths().enumerate().filter_map(defect).collect();
    let cells = columns.iter().map(|column| cells(records, *column, &defects)).collect::<Result<_, _>>()?;
    Ok(Batch {
        columns: cells,
        rows: records.count(),
        defects,
        lines: Lines::Numbered(lines),
        origin: Origin::Records { records, columns: own },
    })
}

fn wrong_width(fields: usize, expected: usize) -> Option<(&'static str, String)> {
    let reason = match fields.cmp(&expected) {
        Ordering::Less => "too_few_fields",
        Ordering::Equal => return None,
        Ordering::Greater => "too_many_fields",
    };
    let counted = if fields == 1 { "field" } else { "fields" };
    Some((reason, format!("{fields} {counted} where the header has {expected}")))
}

fn broken<'a>(mut record: impl Iterator<Item = &'a [u8]>, encoding: Encoding) -> Option<(&'static str, String)> {
    let place = record.position(|field| std::str::from_utf8(field).is_err())?;
    Some((encoding.reason(), format!("field {} is not valid {}", place + 1, encoding.title())))
}

/// Longer fields are rare.
const SHORT: usize = 16;

/// A column of some records.
fn cells(records: Found, column: usize, defects: &[Defect]) -> Result<ArrayRef, Error> {
    let mut places: Vec<(usize, usize)> = records.column(column).collect();
    for defect in defects {
        places.get_mut(defect.row).into_iter().for_each(|place| *place = (0, 0));
    }
    let lengths = places.iter().map(|(start, end)| end - start);
    let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
    let length = offsets.last() as usize;
    // A short field is copied with what stands behind it, which the next one overwrites: so many bytes always, which
    // is one step.
    let mut values = vec![0; length + SHORT];
    let mut at = 0;
    for (start, end) in places {
        let from = records.text.get(start..).unwrap_or_default();
        let to = values.get_mut(at..).unwrap_or_default();
        match (from.first_chunk::<SHORT>(), to.first_chunk_mut::<SHORT>()) {
            (Some(from), Some(to)) if end - start <= SHORT => *to = *from,
            _ => to.iter_mut().zip(from).take(end - start).for_each(|(to, from)| *to = *from),
        }
        at += end - start;
    }
    values.truncate(length);
    let empty = offsets.lengths().any(|length| length == 0);
    let present = empty.then(|| offsets.lengths().map(|length| length > 0).collect::<NullBuffer>());
    // Records that are not UTF-8 are defects.
    let texts = StringArray::try_new(offsets, values.into(), present);
    Ok(Arc::new(texts.map_err(|error| Error::new(error.to_string()))?))
}

/// The fields of a record as a JSON object under the names of the header; surplus fields are numbered.
pub fn json<'a>(record: impl Iterator<Item = &'a [u8]>, columns: &[SourceColumn]) -> String {
    let named = record.enumerate().map(|(index, field)| {
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
