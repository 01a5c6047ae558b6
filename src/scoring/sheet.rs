//! The forms in which people keep judgements: one score per row, or one column per criterion.

use crate::calendar::parse_day;
use crate::money::NumberFormat;
use crate::outputs::locale::Language;
use crate::outputs::markdown::Catalogue;
use crate::pipeline::diagnostics::{Located, Problems, did_you_mean};
use crate::sources::{Error, Format, Source, SourceFile, Stored, TextRow};
use icu_normalizer::DecomposingNormalizer;
use std::sync::Arc;

/// The columns of a sheet beside those of criteria.
pub const ROLES: [&str; 7] = ["account", "criterion", "score", "rater", "date", "expires", "note"];
const ACCOUNT: usize = 0;
const CRITERION: usize = 1;
const SCORE: usize = 2;
const RATER: usize = 3;
const DATE: usize = 4;
const EXPIRES: usize = 5;
const NOTE: usize = 6;

/// Decimal places of a score.
pub const SCORE_PLACES: u32 = 4;

const ISO: &str = "%Y-%m-%d";

/// A name as people write it: case, accents, blanks and signs do not count.
pub fn fold(text: &str) -> String {
    let decomposed = DecomposingNormalizer::new_nfd().normalize(text);
    decomposed.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What names mean: those of criteria and roles, and what the report calls them in any language.
pub struct Vocabulary {
    criteria: Vec<(String, Vec<String>)>,
    roles: Vec<Vec<String>>,
}

impl Vocabulary {
    pub fn of(criteria: &[&str]) -> Self {
        let catalogues: Vec<Catalogue> =
            Language::ALL.into_iter().filter_map(|language| Catalogue::of(language).ok()).collect();
        let forms = |kind: &str, name: &str| -> Vec<String> {
            let labels = catalogues.iter().map(|catalogue| fold(&catalogue.label(kind, name)));
            std::iter::once(fold(name)).chain(labels).collect()
        };
        let criteria = criteria.iter().map(|name| ((*name).to_owned(), forms("criterion", name)));
        Self { criteria: criteria.collect(), roles: ROLES.iter().map(|role| forms("sheet", role)).collect() }
    }

    /// The criterion that a text names; an exact name before a similar one.
    pub fn criterion(&self, text: &str) -> Option<&str> {
        let text = text.trim();
        let exact = self.criteria.iter().find(|(name, _)| name == text);
        let folded = fold(text);
        let similar = || self.criteria.iter().find(|(_, forms)| forms.contains(&folded));
        exact.or_else(similar).map(|(name, _)| name.as_str())
    }

    /// Which of [`ROLES`] a text names.
    pub fn role(&self, text: &str) -> Option<usize> {
        let folded = fold(text);
        self.roles.iter().position(|forms| forms.contains(&folded))
    }

    /// The criterion that a text probably means: a slip of a letter or two.
    fn nearly(&self, text: &str) -> Option<&str> {
        let folded = fold(text);
        let near = |form: &String| form.len() > 4 && (1..=2).contains(&strsim::levenshtein(form, &folded));
        self.criteria.iter().find(|(_, forms)| forms.iter().any(near)).map(|(name, _)| name.as_str())
    }

    fn names(&self) -> Vec<&str> {
        self.criteria.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// A column that a sheet is read by.
#[derive(Debug, Clone)]
struct Column {
    name: String,
    /// As a spreadsheet calls it: `D`.
    letters: String,
    is_text: bool,
}

/// One file of judgements, and which of its columns mean what.
#[derive(Debug, Clone)]
struct Layout {
    source: Source,
    columns: Vec<Column>,
    /// Of each role, its place in `columns`.
    roles: [Option<usize>; ROLES.len()],
    /// Of a wide sheet: the columns of criteria; empty for a long one.
    criteria: Vec<(String, usize)>,
}

/// The files of a `read` stage as sheets of judgements.
#[derive(Clone)]
pub struct Sheet {
    files: Vec<Layout>,
    vocabulary: Arc<Vocabulary>,
}

/// One score as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub account: String,
    /// The criterion's own name where it is known, else as in the sheet.
    pub criterion: String,
    pub rater: String,
    pub note: String,
    /// In ten-thousandths. Nothing where the cell is empty; within, nothing where it cannot be read.
    pub score: Option<Option<i64>>,
    pub date: Option<Option<i32>>,
    pub expires: Option<Option<i32>>,
    pub file: String,
    pub line: u64,
    pub cells: Cells,
    /// Whether the row as a whole cannot be read.
    pub broken: bool,
}

/// Where the parts of an entry stand, such as `D17`; empty for files that no spreadsheet opens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells {
    pub account: String,
    pub criterion: String,
    pub score: String,
    pub date: String,
    pub expires: String,
}

impl Sheet {
    /// Finds out which columns of the files mean what, and reports what is missing or not clear.
    pub fn bind(reference: &Located<String>, source: &Source, judged: &[&str], problems: &Problems) -> Option<Self> {
        let vocabulary = Vocabulary::of(judged);
        let files: Vec<Option<Layout>> =
            source.files.iter().map(|file| Layout::bind(reference, source, file, &vocabulary, problems)).collect();
        let files = files.into_iter().collect::<Option<Vec<Layout>>>()?;
        Some(Self { files, vocabulary: Arc::new(vocabulary) })
    }

    /// All scores of all files, in the order of files, rows and columns.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        for file in &self.files {
            let names: Vec<&str> = file.columns.iter().map(|column| column.name.as_str()).collect();
            for row in file.source.text_rows(&names)? {
                file.entries(&row, &self.vocabulary, &mut entries);
            }
        }
        Ok(entries)
    }
}

impl Layout {
    fn bind(
        reference: &Located<String>,
        source: &Source,
        file: &SourceFile,
        vocabulary: &Vocabulary,
        problems: &Problems,
    ) -> Option<Self> {
        let mut bound = Self {
            source: Source { config: Arc::clone(&source.config), files: vec![file.clone()] },
            columns: Vec::new(),
            roles: [None; ROLES.len()],
            criteria: Vec::new(),
        };
        let report = |message: String, hint: Option<String>| problems.report(&reference.span, message, hint);
        let mut sound = true;
        for (place, column) in file.columns.iter().enumerate() {
            let role = vocabulary.role(&column.name);
            let criterion = vocabulary.criterion(&column.name).filter(|_| role.is_none());
            let taken = match (role, criterion) {
                (Some(role), _) => bound.roles.get(role).copied().flatten(),
                (None, Some(name)) => {
                    bound.criteria.iter().find(|(earlier, _)| earlier == name).map(|(_, place)| *place)
                }
                (None, None) => continue,
            };
            if let Some(earlier) = taken.and_then(|place| bound.columns.get(place)) {
                let meaning = role.and_then(|role| ROLES.get(role).copied()).or(criterion).unwrap_or_default();
                let message = format!(
                    "`{}` has two columns for `{meaning}`: `{}` and `{}`",
                    file.name, earlier.name, column.name
                );
                report(message, Some("rename one of the two".to_owned()));
                sound = false;
                continue;
            }
            if let Some(slot) = role.and_then(|role| bound.roles.get_mut(role)) {
                *slot = Some(bound.columns.len());
            }
            bound.criteria.extend(criterion.map(|name| (name.to_owned(), bound.columns.len())));
            bound.columns.push(Column {
                name: column.name.clone(),
                letters: letters(place),
                is_text: column.stored == Stored::Text,
            });
        }
        let names: Vec<&str> = file.columns.iter().map(|column| column.name.as_str()).collect();
        let mut lacks = |role: usize| {
            let role = ROLES.get(role).copied().unwrap_or_default();
            let message = format!("the sheet of judgements `{}` has no column `{role}`", file.name);
            report(message, did_you_mean(role, names.iter().copied()));
            sound = false;
        };
        let [has_account, has_criterion, has_score] =
            [ACCOUNT, CRITERION, SCORE].map(|role| bound.roles.get(role).copied().flatten().is_some());
        if !has_account {
            lacks(ACCOUNT);
        }
        if has_criterion || (has_score && bound.criteria.is_empty()) {
            // One score per row: columns that are named as criteria are none of ours.
            bound.criteria.clear();
            for (role, is_there) in [(CRITERION, has_criterion), (SCORE, has_score)] {
                if !is_there {
                    lacks(role);
                }
            }
        } else if bound.criteria.is_empty() {
            let message = format!(
                "the sheet of judgements `{}` has neither a column `criterion` nor one for a judged criterion",
                file.name
            );
            let judged: Vec<String> = vocabulary.names().iter().map(|name| format!("`{name}`")).collect();
            let hint = match judged.is_empty() {
                true => "no criterion is declared `judged: true`".to_owned(),
                false => format!("judged are: {}", judged.join(", ")),
            };
            report(message, Some(hint));
            sound = false;
        } else {
            for name in
                names.iter().filter(|name| vocabulary.role(name).or(vocabulary.criterion(name).map(|_| 0)).is_none())
            {
                let Some(meant) = vocabulary.nearly(name) else { continue };
                if bound.criteria.iter().all(|(known, _)| known != meant) {
                    let message = format!("the column `{name}` of the sheet `{}` is no judged criterion", file.name);
                    report(message, Some(format!("did you mean `{meant}`?")));
                    sound = false;
                }
            }
        }
        sound.then_some(bound)
    }

    fn entries(&self, row: &TextRow, vocabulary: &Vocabulary, entries: &mut Vec<Entry>) {
        let csv = &self.source.config.csv;
        let text = |place: Option<usize>| place.and_then(|place| row.cells.get(place)).and_then(Option::as_deref);
        let trimmed = |place: Option<usize>| text(place).map(str::trim).filter(|text| !text.is_empty());
        let role = |role: usize| self.roles.get(role).copied().flatten();
        let column = |place: Option<usize>| place.and_then(|place| self.columns.get(place));
        let spreadsheet = self.source.files.iter().all(|file| !matches!(file.format, Format::Parquet(_)));
        let cell = |place: Option<usize>| match column(place) {
            Some(column) if spreadsheet => format!("{}{}", column.letters, row.line),
            _ => String::new(),
        };
        // The declared form is that of text; what is typed reads plainly.
        let numbers = |place: Option<usize>| match column(place) {
            Some(column) if column.is_text => csv.numbers,
            _ => NumberFormat::PLAIN,
        };
        let score =
            |place: Option<usize>| trimmed(place).map(|text| numbers(place).parse(text.as_bytes(), SCORE_PLACES).ok());
        let day =
            |place: Option<usize>| trimmed(place).map(|text| csv.dates.day(text).or_else(|| parse_day(text, ISO)));
        let owned = |place: Option<usize>| trimmed(place).unwrap_or_default().to_owned();
        let entry = |criterion: String, criterion_place: Option<usize>, score_place: Option<usize>| Entry {
            account: owned(role(ACCOUNT)),
            criterion,
            rater: owned(role(RATER)),
            note: owned(role(NOTE)),
            score: score(score_place),
            date: day(role(DATE)),
            expires: day(role(EXPIRES)),
            file: row.file.clone(),
            line: row.line,
            cells: Cells {
                account: cell(role(ACCOUNT)),
                criterion: cell(criterion_place),
                score: cell(score_place),
                date: cell(role(DATE)),
                expires: cell(role(EXPIRES)),
            },
            broken: row.defect.is_some(),
        };
        if self.criteria.is_empty() {
            let written = owned(role(CRITERION));
            let criterion = vocabulary.criterion(&written).map_or(written.clone(), str::to_owned);
            entries.push(entry(criterion, role(CRITERION), role(SCORE)));
        } else if row.defect.is_some() {
            entries.push(entry(String::new(), None, None));
        } else {
            let filled = self.criteria.iter().filter(|(_, place)| trimmed(Some(*place)).is_some());
            entries.extend(filled.map(|(name, place)| entry(name.clone(), Some(*place), Some(*place))));
        }
    }
}

/// The name of a column in a spreadsheet, from 0: `A`, …, `Z`, `AA`, ….
pub fn letters(place: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = place + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_called_as_in_a_spreadsheet() {
        let names: Vec<String> = [0, 3, 25, 26, 51, 52, 701, 702].into_iter().map(letters).collect();
        assert_eq!(names, ["A", "D", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn names_are_forgiven_their_case_blanks_and_accents_in_either_language() {
        let vocabulary = Vocabulary::of(&["long_term_orientation", "corporate_reputation", "trust", "Trust"]);
        for text in ["long_term_orientation", "Long-term orientation", " LONG TERM ORIENTATION ", "longTermOrientation"]
        {
            assert_eq!(vocabulary.criterion(text), Some("long_term_orientation"), "{text}");
        }
        let spanish = Catalogue::of(Language::Spanish).unwrap().label("criterion", "corporate_reputation");
        assert_ne!(spanish, "Corporate reputation");
        assert_eq!(vocabulary.criterion(&spanish.to_uppercase()), Some("corporate_reputation"));
        // A letter and its accent apart, as some systems write them.
        assert_eq!(fold("Reputacio\u{301}n corporativa"), "reputacioncorporativa");
        // Exactly so called comes before similarly so called.
        assert_eq!(vocabulary.criterion("Trust"), Some("Trust"));
        assert_eq!(vocabulary.criterion("TRUST"), Some("trust"));
        assert_eq!(vocabulary.criterion("loyalty"), None);
        assert_eq!(vocabulary.role("Fecha"), Some(DATE));
        assert_eq!(vocabulary.nearly("corporate reputtion"), Some("corporate_reputation"));
        assert_eq!(vocabulary.nearly("revenue"), None);
    }
}
