//! The sheets of a team as people keep them: who manages accounts, what each of them can do, and what accounts ask for.
//!
//! A row that cannot be used is told with its reason; of two rows about the same thing the first one counts.

use crate::outputs::locale::Language;
use crate::outputs::markdown::Catalogue;
use crate::scoring::sheet::{SCORE_PLACES, fold};
use crate::sources::written::Written;
use crate::sources::{Source, TextRow};
use crate::table::{Table, TableBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// The columns of each sheet, in the order in which they are read, and how many of the first must be there.
pub const MANAGERS: ([&str; 4], usize) = (["manager", "capacity", "languages", "region"], 2);
pub const SKILLS: ([&str; 3], usize) = (["manager", "skill", "level"], 3);
pub const REQUIREMENTS: ([&str; 4], usize) = (["skill", "level", "segment", "account"], 2);

/// What a key account asks of its manager where no sheet says: the article's list, in ten-thousandths of a level.
const DEFAULTS: [(&str, i64); 4] =
    [("selling", 70_000), ("planning", 60_000), ("finance", 50_000), ("soft_skills", 70_000)];

/// The lowest and the highest level, in ten-thousandths.
const LEVELS: std::ops::RangeInclusive<i64> = 10_000..=100_000;

/// More accounts than this nobody looks after; a larger number is a slip.
const LARGEST_CAPACITY: i64 = 1_000_000;

/// Levels by skill, in ten-thousandths.
pub type Levels = BTreeMap<String, i64>;

/// Somebody who looks after key accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    pub name: String,
    /// How many key accounts there is time for.
    pub capacity: i64,
    /// As [`key`] has them; none where the sheet says nothing.
    pub languages: BTreeSet<String>,
    pub regions: BTreeSet<String>,
    pub levels: Levels,
}

/// What accounts ask of their manager.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    general: Levels,
    /// By the key of the segment, and by account.
    segments: BTreeMap<String, Levels>,
    accounts: BTreeMap<String, Levels>,
}

impl Requirements {
    /// The article's list.
    pub fn defaults() -> Self {
        let general = DEFAULTS.iter().map(|(skill, level)| ((*skill).to_owned(), *level)).collect();
        Self { general, ..Self::default() }
    }

    /// What one account asks for: what is said of all, of its segment where that says something else, and of itself.
    pub fn of(&self, account: &str, segment: Option<&str>) -> BTreeMap<&str, i64> {
        let of_segment = segment.and_then(|segment| self.segments.get(&key(segment)));
        let layers = [Some(&self.general), of_segment, self.accounts.get(account)];
        layers.into_iter().flatten().flatten().map(|(skill, level)| (skill.as_str(), *level)).collect()
    }

    /// The skills that any account asks for.
    fn skills(&self) -> BTreeSet<&str> {
        let levels = std::iter::once(&self.general).chain(self.segments.values()).chain(self.accounts.values());
        levels.flat_map(Levels::keys).map(String::as_str).collect()
    }
}

/// A row that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    pub sheet: &'static str,
    pub file: String,
    pub line: u64,
    pub manager: String,
    pub skill: String,
    /// The capacity or the level, as written.
    pub value: String,
    pub reason: &'static str,
}

/// How each file writes its numbers.
pub type Forms<'s> = BTreeMap<&'s str, Written>;

/// The form of a column of numbers in each file.
pub fn forms<'s>(source: &'s Source, column: &str) -> Forms<'s> {
    source.files.iter().map(|file| (file.name.as_str(), Written::of(source, &file.name, column))).collect()
}

/// A name as it is compared: case, accents, blanks and signs do not count, unless there is nothing else.
pub fn key(name: &str) -> String {
    let folded = fold(name);
    if folded.is_empty() { name.trim().to_owned() } else { folded }
}

/// Names in one cell: `es; pt`.
pub fn names(cell: &str) -> BTreeSet<String> {
    let names = cell.split([';', ',', '/', '|']).map(str::trim);
    names.filter(|name| !name.is_empty()).map(key).collect()
}

/// What skills are called: those of the article in any language of the report, others as the requirements call them first.
#[derive(Debug, Clone)]
pub struct Skills {
    called: BTreeMap<String, String>,
}

impl Skills {
    pub fn of_the_article() -> Self {
        let catalogues = Language::ALL.into_iter().filter_map(|language| Catalogue::of(language).ok());
        let labels =
            catalogues.flat_map(|catalogue| DEFAULTS.map(|(skill, _)| (key(&catalogue.label("skill", skill)), skill)));
        let called = labels.chain(DEFAULTS.map(|(skill, _)| (key(skill), skill)));
        Self { called: called.map(|(key, skill)| (key, skill.to_owned())).collect() }
    }

    fn name(&mut self, text: &str) -> String {
        self.called.entry(key(text)).or_insert_with(|| text.to_owned()).clone()
    }
}

/// One row of a sheet while it is judged.
struct Row<'r> {
    row: &'r TextRow,
    form: &'r Written,
}

impl Row<'_> {
    fn cell(&self, place: usize) -> &str {
        self.row.cells.get(place).and_then(Option::as_deref).unwrap_or_default().trim()
    }

    /// A level in ten-thousandths.
    fn level(&self, place: usize) -> Result<i64, &'static str> {
        let level = self.form.number(self.cell(place), SCORE_PLACES).map_err(|_| "unreadable_level")?;
        i64::try_from(level).ok().filter(|level| LEVELS.contains(level)).ok_or("level_out_of_range")
    }

    fn unused(&self, sheet: &'static str, [manager, skill, value]: [&str; 3], reason: &'static str) -> Unused {
        let (file, line) = (self.row.file.clone(), self.row.line);
        let [manager, skill, value] = [manager, skill, value].map(str::to_owned);
        Unused { sheet, file, line, manager, skill, value, reason }
    }
}

/// Takes every row that `judge` finds nothing wrong with; the others come back with their reasons.
fn take(
    rows: &[TextRow],
    forms: &Forms,
    mut judge: impl FnMut(&Row) -> Result<(), &'static str>,
    told: impl Fn(&Row, &'static str) -> Unused,
) -> Vec<Unused> {
    let plain = Written::plain();
    let mut unused = Vec::new();
    for row in rows {
        let row = Row { row, form: forms.get(row.file.as_str()).unwrap_or(&plain) };
        let judged = if row.row.defect.is_some() { Err("unreadable_row") } else { judge(&row) };
        unused.extend(judged.err().map(|reason| told(&row, reason)));
    }
    unused
}

/// The managers, by name.
pub fn managers(rows: &[TextRow], forms: &Forms) -> (Vec<Manager>, Vec<Unused>) {
    let mut managers: BTreeMap<String, Manager> = BTreeMap::new();
    let judge = |row: &Row| {
        let name = row.cell(0);
        if name.is_empty() {
            return Err("missing_manager");
        }
        let capacity = row.form.whole(row.cell(1)).ok_or("unreadable_capacity")?;
        if !(0..=LARGEST_CAPACITY).contains(&capacity) {
            return Err("capacity_out_of_range");
        }
        if managers.contains_key(&key(name)) {
            return Err("duplicate");
        }
        let (languages, regions) = (names(row.cell(2)), names(row.cell(3)));
        let manager = Manager { name: name.to_owned(), capacity, languages, regions, levels: Levels::new() };
        managers.insert(key(name), manager);
        Ok(())
    };
    let unused = take(rows, forms, judge, |row, reason| row.unused("managers", [row.cell(0), "", row.cell(1)], reason));
    let mut managers: Vec<Manager> = managers.into_values().collect();
    managers.sort_by(|a, b| a.name.cmp(&b.name));
    (managers, unused)
}

/// What requirements are judged against.
pub struct Known<'a> {
    pub accounts: &'a BTreeSet<&'a str>,
    /// By their keys.
    pub segments: &'a BTreeSet<String>,
}

/// What accounts ask for; new skills get their names.
pub fn requirements(
    rows: &[TextRow],
    forms: &Forms,
    known: &Known,
    skills: &mut Skills,
) -> (Requirements, Vec<Unused>) {
    let mut requirements = Requirements::default();
    let judge = |row: &Row| {
        let [skill, segment, account] = [0, 2, 3].map(|place| row.cell(place));
        if skill.is_empty() {
            return Err("missing_skill");
        }
        let level = row.level(1)?;
        let levels = match (segment, account) {
            (_, account) if !account.is_empty() => {
                let account = known.accounts.get(account).ok_or("unknown_account")?;
                requirements.accounts.entry((*account).to_owned()).or_default()
            }
            ("", _) => &mut requirements.general,
            (segment, _) if !known.segments.contains(&key(segment)) => return Err("unknown_segment"),
            (segment, _) => requirements.segments.entry(key(segment)).or_default(),
        };
        let skill = skills.name(skill);
        if levels.contains_key(&skill) {
            return Err("duplicate");
        }
        levels.insert(skill, level);
        Ok(())
    };
    let told = |row: &Row, reason| row.unused("requirements", ["", row.cell(0), row.cell(1)], reason);
    let unused = take(rows, forms, judge, told);
    (requirements, unused)
}

/// Adds to each manager what the sheet of skills says.
pub fn add_levels(
    rows: &[TextRow],
    forms: &Forms,
    managers: &mut [Manager],
    requirements: &Requirements,
    skills: &mut Skills,
) -> Vec<Unused> {
    let required = requirements.skills();
    let places: BTreeMap<String, usize> =
        managers.iter().enumerate().map(|(place, manager)| (key(&manager.name), place)).collect();
    let judge = |row: &Row| {
        let [name, skill] = [0, 1].map(|place| row.cell(place));
        if name.is_empty() {
            return Err("missing_manager");
        }
        let place = places.get(&key(name)).ok_or("unknown_manager")?;
        let manager = managers.get_mut(*place).ok_or("unknown_manager")?;
        if skill.is_empty() {
            return Err("missing_skill");
        }
        let (level, skill) = (row.level(2)?, skills.name(skill));
        if !required.contains(skill.as_str()) {
            return Err("not_required");
        }
        if manager.levels.contains_key(&skill) {
            return Err("duplicate");
        }
        manager.levels.insert(skill, level);
        Ok(())
    };
    take(rows, forms, judge, |row, reason| row.unused("skills", [row.cell(0), row.cell(1), row.cell(2)], reason))
}

/// The rows that do not count, by sheet, file and line.
pub fn table(name: &str, unused: &[Unused]) -> Table {
    let mut sorted: Vec<&Unused> = unused.iter().collect();
    sorted.sort_by_key(|row| (row.sheet, &row.file, row.line));
    let texts = |value: fn(&Unused) -> &str| sorted.iter().map(|row| value(row)).collect::<Vec<&str>>();
    TableBuilder::new(name, sorted.len())
        .text("sheet", texts(|row| row.sheet))
        .text("file", texts(|row| &row.file))
        .integers("line", sorted.iter().map(|row| i64::try_from(row.line).ok()).collect::<Vec<_>>())
        .text("manager", texts(|row| &row.manager))
        .text("skill", texts(|row| &row.skill))
        .text("value", texts(|row| &row.value))
        .text("reason", texts(|row| row.reason))
        .build()
}
