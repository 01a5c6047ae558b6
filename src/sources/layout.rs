//! Where the header of a text stands, and what divides its fields.

use super::division::MARK;
use super::form::{DELIMITERS, Form, Header, delimiter_name};
use super::headers::alike;
use super::stream::{LineEnd, Text};
use super::{Error, SourceColumn, Stored, cannot_read, records};

/// How many lines, and how many bytes, are searched for a header.
pub const SEARCHED: usize = 100;
const BEGINNINGS: [usize; 2] = [1 << 16, 1 << 22];

/// The layout of one text.
#[derive(Debug, Clone)]
pub struct Layout {
    pub delimiter: u8,
    /// The line of the header, from 1.
    pub header_line: u64,
    /// The bytes of decoded text before it.
    pub offset: usize,
    pub line_end: LineEnd,
    pub columns: Vec<SourceColumn>,
}

/// Finds the header of a text.
///
/// # Errors
/// Where the text cannot be read, has no such header, or one that can be divided in several ways.
pub fn find(text: &mut Text, name: &str, form: &Form) -> Result<Layout, Error> {
    for length in BEGINNINGS {
        let beginning = text.beginning(length).map_err(|error| cannot_read(name, &error))?;
        let sought = Sought { beginning, whole: beginning.len() < length, name, form };
        if let Some(layout) = sought.header()? {
            return Ok(layout);
        }
    }
    Err(Error::new(format!("the header of `{name}` is not within its first 4 MB")))
}

/// The beginning of a text that is searched for its header.
struct Sought<'a> {
    beginning: &'a [u8],
    /// Whether that is all of the text.
    whole: bool,
    name: &'a str,
    form: &'a Form,
}

/// A line, its number and where it begins.
struct Line<'a> {
    number: u64,
    offset: usize,
    text: &'a [u8],
}

impl Line<'_> {
    /// Whether no field of the line has anything in it, whatever divides them.
    fn is_empty(&self) -> bool {
        self.text.iter().all(|byte| byte.is_ascii_whitespace() || b",;|\"".contains(byte))
    }
}

impl Sought<'_> {
    /// The layout, or nothing where more of the text is needed to tell.
    fn header(&self) -> Result<Option<Layout>, Error> {
        let mut lines = self.lines();
        let found = match &self.form.header {
            Header::First => {
                let first = lines.find(|line| !line.is_empty());
                // What Excel writes and reads above the header, and hides.
                match (first.as_ref().map(|line| line.text), self.form.delimiter) {
                    (Some([b's', b'e', b'p', b'=', sign]), None) => {
                        lines.find(|line| !line.is_empty()).map(|line| (line, vec![*sign]))
                    }
                    _ => first.map(|line| (line, self.delimiters())),
                }
            }
            Header::Line(number) => match lines.find(|line| line.number == *number) {
                Some(line) if line.is_empty() => {
                    let message = format!("line {number} of `{}`, where its header is declared, is empty", self.name);
                    return Err(Error::with_hint(message, "lines are counted from 1, empty ones too"));
                }
                line => line.map(|line| (line, self.delimiters())),
            },
            // A record that is looked for at an empty line would be the one behind it.
            Header::Has(names) => lines.take(SEARCHED).filter(|line| !line.is_empty()).find_map(|line| {
                let has = |delimiter: &u8| {
                    let fields = self.fields(line.offset, *delimiter).0;
                    names.iter().all(|name| fields.iter().any(|field| is_called(field, name)))
                };
                let delimiters: Vec<u8> = self.delimiters().into_iter().filter(has).collect();
                (!delimiters.is_empty()).then_some((line, delimiters))
            }),
        };
        let Some((line, delimiters)) = found else {
            let searched = matches!(self.form.header, Header::Has(_)) && self.lines().nth(SEARCHED).is_some();
            return if self.whole || searched { Err(self.missing()) } else { Ok(None) };
        };
        let delimiter = self.divided_by(&line, &delimiters)?;
        let (fields, complete) = self.fields(line.offset, delimiter);
        if !complete {
            return Ok(None);
        }
        let columns = self.columns(&fields)?;
        Ok(Some(Layout {
            delimiter,
            header_line: line.number,
            offset: line.offset,
            line_end: self.line_end(),
            columns,
        }))
    }

    /// What ends the lines: where there is a line feed, a return alone is a slip of whatever wrote the text.
    fn line_end(&self) -> LineEnd {
        let has = |sign: u8| self.beginning.contains(&sign);
        if has(b'\r') && !has(b'\n') { LineEnd::Return } else { LineEnd::Feed }
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let sign = if self.line_end() == LineEnd::Return { b'\r' } else { b'\n' };
        let mut offset = 0;
        let lines = self.beginning.split_inclusive(move |byte| *byte == sign);
        (1..).zip(lines).map(move |(number, line)| {
            let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
            let text = line.get(..end).unwrap_or_default();
            offset += line.len();
            Line { number, offset: offset - line.len(), text }
        })
    }

    fn delimiters(&self) -> Vec<u8> {
        self.form.delimiter.map_or_else(|| DELIMITERS.map(|(_, sign)| sign).to_vec(), |sign| vec![sign])
    }

    /// The fields of the record that begins at a place, and whether its end is in sight.
    fn fields(&self, offset: usize, delimiter: u8) -> (Vec<Vec<u8>>, bool) {
        let rest = self.beginning.get(offset..).unwrap_or_default();
        let (fields, ended) = records::first(rest.strip_prefix(MARK).unwrap_or(rest), delimiter);
        let complete = !fields.is_empty() && (self.whole || ended);
        (fields, complete)
    }

    /// The one delimiter that divides a line; a line that none divides has one field.
    fn divided_by(&self, line: &Line, delimiters: &[u8]) -> Result<u8, Error> {
        let widths: Vec<(u8, usize)> =
            delimiters.iter().map(|sign| (*sign, self.fields(line.offset, *sign).0.len())).collect();
        let dividing: Vec<&(u8, usize)> = widths.iter().filter(|(_, fields)| *fields > 1).collect();
        match (dividing.as_slice(), self.form.delimiter) {
            ([(sign, _)], _) => Ok(*sign),
            ([], None) => Ok(b','),
            ([], Some(declared)) => self.not_divided(line, declared),
            (several, _) => {
                let ways: Vec<String> = several
                    .iter()
                    .map(|(sign, fields)| format!("by `{}` into {fields}", delimiter_name(*sign)))
                    .collect();
                let message =
                    format!("the header of `{}` can be divided in several ways: {}", self.name, ways.join(", "));
                Err(Error::with_hint(message, "declare the `delimiter`"))
            }
        }
    }

    /// Refuses a header that the declared delimiter does not divide and another would.
    fn not_divided(&self, line: &Line, declared: u8) -> Result<u8, Error> {
        let others = DELIMITERS.iter().filter(|(_, sign)| *sign != declared);
        match others.into_iter().find(|(_, sign)| self.fields(line.offset, *sign).0.len() > 1) {
            None => Ok(declared),
            Some((other, _)) => {
                let only = String::from_utf8_lossy(line.text).replace('\t', " ");
                let message = format!("the header of `{}` is a single column, `{only}`", self.name);
                let hint = format!("if those are several, declare `delimiter: \"{other}\"`");
                Err(Error::with_hint(message, hint))
            }
        }
    }

    fn columns(&self, fields: &[Vec<u8>]) -> Result<Vec<SourceColumn>, Error> {
        let not_text = |_| {
            Error::with_hint(
                format!("the header of `{}` is not valid UTF-8", self.name),
                "save the file as UTF-8, or declare its `encoding`",
            )
        };
        let names: Vec<&str> =
            fields.iter().map(|field| std::str::from_utf8(field)).collect::<Result<_, _>>().map_err(not_text)?;
        named(self.name, &names)
    }

    /// Why there is no header.
    fn missing(&self) -> Error {
        let name = self.name;
        let lines = self.lines().count();
        match &self.form.header {
            Header::Line(number) if lines > 0 => {
                Error::new(format!("`{name}` has {lines} lines, and its header is declared in line {number}"))
            }
            Header::Has(names) if lines > 0 => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let message = format!(
                    "none of the first {} lines of `{name}` has the columns {}",
                    lines.min(SEARCHED),
                    names.join(", ")
                );
                Error { message, hint: self.nearest() }
            }
            _ => Error::with_hint(format!("`{name}` is empty"), "a CSV file starts with a line that names its columns"),
        }
    }

    /// The line that has most of the names looked for, and what it lacks.
    fn nearest(&self) -> Option<String> {
        let Header::Has(names) = &self.form.header else { return None };
        let lacking = |line: &Line| {
            let lacked = |delimiter: u8| {
                let fields = self.fields(line.offset, delimiter).0;
                let lacks = |name: &&String| !fields.iter().any(|field| is_called(field, name));
                names.iter().filter(lacks).map(|name| format!("`{name}`")).collect::<Vec<_>>()
            };
            self.delimiters().into_iter().map(lacked).min_by_key(Vec::len).unwrap_or_default()
        };
        let (number, lacked) = self
            .lines()
            .take(SEARCHED)
            .filter(|line| !line.is_empty())
            .map(|line| (line.number, lacking(&line)))
            .min_by_key(|(_, lacked)| lacked.len())
            .filter(|(_, lacked)| lacked.len() < names.len())?;
        Some(format!("line {number} has all but {}", lacked.join(", ")))
    }
}

/// Whether a field of a header is meant by a name.
fn is_called(field: &[u8], name: &str) -> bool {
    std::str::from_utf8(field).is_ok_and(|field| alike(field, name))
}

/// The columns of a header, all of them text. A column without a name is called by its place, such as `field 4`:
/// exports leave a delimiter at the end, and sheets a column empty.
///
/// # Errors
/// Where two columns have the same name.
pub fn named(name: &str, header: &[&str]) -> Result<Vec<SourceColumn>, Error> {
    let mut columns: Vec<SourceColumn> = Vec::with_capacity(header.len());
    for (place, column) in header.iter().enumerate() {
        let column = if column.trim().is_empty() { format!("field {}", place + 1) } else { (*column).to_owned() };
        if columns.iter().any(|earlier| earlier.name == column) {
            return Err(Error::with_hint(
                format!("`{name}` names the column `{column}` twice"),
                "rename one of the two in the header",
            ));
        }
        columns.push(SourceColumn { name: column, stored: Stored::Text });
    }
    Ok(columns)
}
