//! How a `read` stage says that its files are laid out: encoding, delimiter, header, sheet.

use super::encoding::Declared;
use crate::pipeline::fields::{Fields, whole};
use crate::pipeline::node::{Node, Value};

/// The declared form of files; what is not declared is found in each file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    pub encoding: Declared,
    /// Between the fields of a line of text.
    pub delimiter: Option<u8>,
    pub header: Header,
    pub sheet: Sheet,
}

/// Where the names of the columns stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Header {
    /// In the first line that is not empty.
    #[default]
    First,
    /// In the line of this number, from 1.
    Line(u64),
    /// In the first line that has all these names.
    Has(Vec<String>),
}

/// Which sheets of a workbook are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Sheet {
    /// The only one that is not empty.
    #[default]
    Only,
    Named(String),
    /// By its place, from 1.
    Number(usize),
    /// All that are not empty.
    All,
}

/// The signs that can stand between fields, and how a pipeline writes them.
pub const DELIMITERS: [(&str, u8); 4] = [(",", b','), (";", b';'), ("tab", b'\t'), ("|", b'|')];

/// How a pipeline writes a delimiter.
pub fn delimiter_name(sign: u8) -> &'static str {
    DELIMITERS.iter().find(|(_, known)| *known == sign).map_or("", |(name, _)| name)
}

impl Form {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let encodings = [
            ("auto", Declared::Auto),
            ("utf-8", Declared::Utf8),
            ("utf-16", Declared::Utf16),
            ("windows-1252", Declared::Windows1252),
            ("latin-1", Declared::Latin1),
        ];
        let encoding = fields.choice("encoding", &encodings, Declared::Auto);
        let mut delimiters: Vec<(&'static str, Option<u8>)> = vec![("auto", None), ("\t", Some(b'\t'))];
        delimiters.extend(DELIMITERS.map(|(name, sign)| (name, Some(sign))));
        let delimiter = fields.choice("delimiter", &delimiters, None);
        let header = match fields.optional("header") {
            None => Some(Header::First),
            Some(node) => header(node, fields),
        };
        let sheet = match fields.optional("sheet") {
            None => Some(Sheet::Only),
            Some(node) => sheet(node, fields),
        };
        Some(Self { encoding: encoding?, delimiter: delimiter?, header: header?, sheet: sheet? })
    }
}

fn header(node: &Node, fields: &Fields) -> Option<Header> {
    match &node.value {
        Value::Map(_) => {
            let mut names = Fields::open(node, &node.span, "`header`", fields.problems)?;
            let has = names.texts("has");
            names.finish();
            Some(Header::Has(has?.into_iter().map(|name| name.value).collect()))
        }
        Value::Integer(_) => {
            let line = whole(node, "header", 1..=1_000_000, fields.problems)?;
            Some(Header::Line(u64::try_from(line).ok()?))
        }
        _ => {
            let message = format!("`header` should be the number of a line or `has`, found {}", node.describe());
            let hint = "such as `header: 4`, or `header: {has: [customer, amount]}`".to_owned();
            fields.problems.report(&node.span, message, hint);
            None
        }
    }
}

fn sheet(node: &Node, fields: &Fields) -> Option<Sheet> {
    match &node.value {
        Value::Integer(_) => {
            let number = whole(node, "sheet", 1..=10_000, fields.problems)?;
            Some(Sheet::Number(usize::try_from(number).ok()?))
        }
        _ => {
            let name = crate::pipeline::fields::text(node, "sheet", fields.problems)?.value;
            Some(if name == "all" { Sheet::All } else { Sheet::Named(name) })
        }
    }
}
