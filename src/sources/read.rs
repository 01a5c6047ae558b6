//! The stage kind `read`: which files, and how they are written.

use super::csv::CsvOptions;
use super::encoding::Declared;
use super::form::{Form, Header, Sheet};
use super::{Error, Format, Source, SourceFile, headers, open, typed};
use crate::dates::DateFormats;
use crate::money::NumberFormat;
use crate::notation::Credit;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, Problems, Span, did_you_mean};
use crate::pipeline::fields::{Fields, distinct, text};
use crate::pipeline::node::Value;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub const MANUAL: &str = include_str!("../../docs/stages/read.md");

/// The formats that files can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    Csv,
    Parquet,
    Workbook,
}

/// What the values of a text column are, where an expression needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextType {
    Text,
    Number,
    Date,
}

/// The declaration of a `read` stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// Paths or globs below the pipeline's root.
    pub paths: Vec<Located<String>>,
    /// By the ending of each file's name where not declared.
    pub format: Option<FileFormat>,
    pub form: Form,
    pub csv: CsvOptions,
    /// Declared types of text columns.
    pub types: Vec<(Located<String>, TextType)>,
    /// The table that the stage makes of the files, where it declares one.
    pub table: Option<typed::Declared>,
}

impl Read {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let paths = fields.texts("path");
        let format = match fields.optional("format") {
            None => Some(None),
            Some(_) => {
                let formats =
                    [("csv", FileFormat::Csv), ("parquet", FileFormat::Parquet), ("workbook", FileFormat::Workbook)];
                fields.choice("format", &formats, FileFormat::Csv).map(Some)
            }
        };
        let form = Form::decode(fields);
        let decimal = fields.choice("decimal", &[(".", b'.'), (",", b',')], b'.');
        let separators = [("none", None), (".", Some(b'.')), (",", Some(b',')), ("'", Some(b'\'')), (" ", Some(b' '))];
        let thousands = fields.choice("thousands", &separators, None);
        let credits = [("none", None), ("negative", Some(Credit::Negative)), ("positive", Some(Credit::Positive))];
        let credit = fields.choice("credit_sign", &credits, None);
        let dates = date_formats(fields);
        let types = types(fields);
        let table = typed::decode(fields);
        let (decimal, thousands) = (decimal?, thousands?);
        if thousands == Some(decimal) {
            let message = "`decimal` and `thousands` are the same sign";
            fields.problems.report(&fields.span, message, "a number can use each sign for one thing only".to_owned());
            return None;
        }
        let numbers = NumberFormat { decimal, thousands };
        let csv = CsvOptions { numbers, credit: credit?, dates: dates? };
        Some(Self { paths: paths?, format: format?, form: form?, csv, types: types?, table: table? })
    }

    /// The format of a file.
    ///
    /// # Errors
    /// Where none is declared and the file's name ends in none of the known ones.
    pub fn format_of(&self, name: &str) -> Result<FileFormat, Error> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let name_of_format = name.to_lowercase();
        let unpacked = name_of_format.strip_suffix(".gz").or_else(|| name_of_format.strip_suffix(".zst"));
        let packed = unpacked.is_some();
        let ending = Path::new(unpacked.unwrap_or(&name_of_format)).extension().map(|ending| ending.to_string_lossy());
        match ending.as_deref() {
            Some("csv" | "txt" | "tsv") => Ok(FileFormat::Csv),
            Some("parquet" | "pq") if !packed => Ok(FileFormat::Parquet),
            Some("xlsx" | "xlsm" | "xlsb" | "xls" | "ods") if !packed => Ok(FileFormat::Workbook),
            _ => Err(Error::with_hint(
                format!("the name of `{name}` does not tell its format"),
                "declare `format: csv`, `format: parquet` or `format: workbook`",
            )),
        }
    }

    /// The declared type of a text column.
    pub fn type_of(&self, column: &str) -> Option<TextType> {
        let exact = self.types.iter().find(|(name, _)| name.value == column);
        let found = exact.or_else(|| self.types.iter().find(|(name, _)| headers::alike(&name.value, column)));
        found.map(|(_, text_type)| *text_type)
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let source = self.find(&scope.settings.root, scope.problems)?;
        let Some(declared) = self.table.clone() else {
            let signature = Signature::Source { source, table: None };
            return Some(Bound::of(signature, |_| Ok(Product::Declared)));
        };
        let table = declared.spec(&id.value, &source, scope.problems)?;
        let (name, decimals, files) = (id.value.clone(), scope.settings.decimals, source.clone());
        let job = move |_: &Inputs| Ok(Product::Tables(vec![declared.read(&name, &files, decimals)?]));
        Some(Bound::of(Signature::Source { source, table: Some(table) }, job))
    }

    /// Finds the files and learns their columns, reporting everything that is in the way.
    fn find(&self, root: &Path, problems: &Problems) -> Option<Source> {
        let mut found: Vec<(PathBuf, String)> = Vec::new();
        let mut complete = true;
        for path in &self.paths {
            match matches(root, &path.value) {
                Ok(matched) => found.extend(matched),
                Err(error) => {
                    problems.report(&path.span, error.message, error.hint);
                    complete = false;
                }
            }
        }
        found.sort_by(|a, b| a.1.cmp(&b.1));
        let span = &self.paths.first()?.span;
        let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
        for (path, name) in &found {
            // `lines.csv` and `./lines.csv` are one file, and so is what a link leads to.
            if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                let hint = "its lines would count twice; let each path match other files".to_owned();
                problems.report(span, format!("`{name}` is matched twice"), hint);
                complete = false;
            }
        }
        let opened: Vec<Result<Vec<SourceFile>, Error>> =
            found.into_par_iter().map(|(path, name)| open(&path, &name, self)).collect();
        let mut files = Vec::with_capacity(opened.len());
        for file in opened {
            match file {
                Ok(sheets) => files.extend(sheets),
                Err(error) => {
                    problems.report(span, error.message, error.hint);
                    complete = false;
                }
            }
        }
        self.check_types(&files, problems);
        if complete {
            self.check_form(&files, span, problems);
        }
        complete.then(|| Source { config: Arc::new(self.clone()), files })
    }

    /// Reports what is declared about the form of files of which there are none.
    fn check_form(&self, files: &[SourceFile], span: &Span, problems: &Problems) {
        let has = |of_format: fn(&Format) -> bool| files.iter().any(|file| of_format(&file.format));
        let (text, sheets) =
            (has(|format| matches!(format, Format::Csv(_))), has(|format| matches!(format, Format::Sheet(_))));
        for (key, declared, used, what) in [
            ("encoding", self.form.encoding != Declared::Auto, text, "text"),
            ("delimiter", self.form.delimiter.is_some(), text, "text"),
            ("header", self.form.header != Header::First, text || sheets, "text or a workbook"),
            ("sheet", self.form.sheet != Sheet::Only, sheets, "a workbook"),
        ] {
            if declared && !used {
                let message = format!("`{key}` is declared, but no file is {what}");
                problems.report(span, message, format!("leave `{key}` out, or declare the `format`"));
            }
        }
    }

    fn check_types(&self, files: &[SourceFile], problems: &Problems) {
        for (column, _) in &self.types {
            if !files.iter().any(|file| file.column(&column.value).is_some()) && !files.is_empty() {
                let names: Vec<&str> =
                    files.iter().flat_map(|file| file.columns.iter().map(|column| column.name.as_str())).collect();
                let message = format!("no file has the column `{}`", column.value);
                problems.report(&column.span, message, did_you_mean(&column.value, names));
            }
        }
    }
}

fn date_formats(fields: &mut Fields) -> Option<DateFormats> {
    if fields.optional("date_format").is_none() {
        return Some(DateFormats::iso());
    }
    let formats = fields.optional_texts("date_format")?;
    let texts: Vec<&str> = formats.iter().map(|format| format.value.as_str()).collect();
    let wrong = match DateFormats::parse(&texts) {
        Ok(dates) => return Some(dates),
        Err(place) => formats.get(place)?,
    };
    let message = format!("`{}` is no date format that names day, month and year", wrong.value);
    let hint = "for 31/12/2025 write `%d/%m/%Y`, for the day numbers of a spreadsheet `excel`".to_owned();
    fields.problems.report(&wrong.span, message, hint);
    None
}

fn types(fields: &mut Fields) -> Option<Vec<(Located<String>, TextType)>> {
    let Some(node) = fields.optional("types") else { return Some(Vec::new()) };
    let Value::Map(entries) = &node.value else {
        fields.problems.report(
            &node.span,
            format!("`types` should be a map of columns, found {}", node.describe()),
            None,
        );
        return None;
    };
    distinct(entries.iter().map(|(column, _)| column), "`types`", fields.problems);
    entries
        .iter()
        .map(|(column, node)| {
            let declared = text(node, &column.value, fields.problems)?;
            let text_type = match declared.value.as_str() {
                "text" => TextType::Text,
                "number" => TextType::Number,
                "date" => TextType::Date,
                other => {
                    let message = format!("unknown type `{other}` of column `{}`", column.value);
                    fields.problems.report(&declared.span, message, did_you_mean(other, ["text", "number", "date"]));
                    return None;
                }
            };
            Some((column.clone(), text_type))
        })
        .collect()
}

/// The files that a path or glob matches, with their names below the root.
fn matches(root: &Path, pattern: &str) -> Result<Vec<(PathBuf, String)>, Error> {
    let full = root.join(pattern);
    let is_glob = pattern.contains(['*', '?', '[']);
    if !is_glob {
        return if full.is_file() {
            Ok(vec![(full, pattern.to_owned())])
        } else {
            Err(missing(root, format!("there is no file `{}`", full.display())))
        };
    }
    // The root is a place and no pattern: signs in it that globs use must match themselves.
    let escaped = Path::new(&glob::Pattern::escape(&root.to_string_lossy())).join(pattern);
    let paths = glob::glob(&escaped.to_string_lossy())
        .map_err(|error| Error::new(format!("`{pattern}` is no valid glob: {error}")))?;
    let mut found = Vec::new();
    for path in paths {
        let path =
            path.map_err(|error| Error::new(format!("cannot read `{}`: {}", error.path().display(), error.error())))?;
        if path.is_file() {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            found.push((path, name));
        }
    }
    if found.is_empty() {
        return Err(missing(root, format!("no file matches `{}`", full.display())));
    }
    Ok(found)
}

fn missing(root: &Path, message: String) -> Error {
    let hint = format!("paths start at the root `{}`; point it elsewhere with `--set root=…`", root.display());
    Error::with_hint(message, hint)
}
