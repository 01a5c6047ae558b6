//! What differs between two runs, for a person at a terminal.

use super::Sides;
use crate::calendar::iso;
use crate::decisions::compare::changes::{Kind, Standing};
use crate::decisions::compare::restated::Restated;
use crate::decisions::compare::tables::{Change, Found};
use crate::failure::Failure;
use crate::outputs::locale::{Language, Locale, NOTHING};
use crate::outputs::markdown::Catalogue;
use crate::outputs::terminal::{fitted, plain, wrapped};
use std::collections::BTreeMap;
use std::fmt::Arguments;

/// How many accounts that enter or leave are shown, and how many rows of the other lists.
const CHANGES: usize = 50;
const ROWS: usize = 10;

/// Columns of a name, and of an amount.
const NAME: usize = 34;
const AMOUNT: usize = 15;

/// What is less than this is shown as no change of a score.
const SHOWN: f64 = 0.005;

const BOLD: &str = "\u{1b}[1m";
const RESET: &str = "\u{1b}[0m";

struct Page<'a> {
    found: &'a Found<'a>,
    names: BTreeMap<&'a str, &'a str>,
    /// Why the later run selected accounts or did not, where it has a selection.
    selected: Option<BTreeMap<&'a str, &'a str>>,
    locale: Locale,
    catalogue: Catalogue,
    decimals: u32,
    color: bool,
    text: String,
}

/// The text for a terminal, in lines of at most 80 columns where names and amounts allow it.
///
/// # Errors
/// Where the words of the program cannot be loaded.
pub fn as_text(sides: &Sides, found: &Found, color: bool) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::run(error.to_string());
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for accounts in [&sides.was, &sides.is].into_iter().filter_map(|side| side.tables.accounts.as_ref()) {
        if accounts.spec.column("name").is_some() {
            names.extend(accounts.text("account").into_iter().zip(accounts.text("name")));
        }
    }
    let mut page = Page {
        found,
        names,
        selected: selected(sides),
        locale: Locale::new(Language::English).map_err(|error| failed(&error))?,
        catalogue: Catalogue::of(Language::English).map_err(|error| failed(&error))?,
        decimals: sides.is.declared.decimals.parse().unwrap_or(2),
        color,
        text: String::new(),
    };
    for (word, side) in [("was", &sides.was), ("is", &sides.is)] {
        let as_of = side.as_of.map_or_else(|| NOTHING.to_owned(), iso);
        let run = plain(side.run.as_deref().unwrap_or_default());
        page.line(format_args!("{word:<4} {} as of {as_of}, run {run}", plain(&side.pipeline)));
    }
    page.list();
    page.scores();
    page.classes();
    page.accounts();
    page.restated("Closed years that are no longer what was published", &found.restatements);
    page.restated("By file", &found.restated_files);
    page.judgements();
    page.facts();
    Ok(page.text)
}

fn selected(sides: &Sides) -> Option<BTreeMap<&str, &str>> {
    let selection = sides.is.tables.selection.as_ref()?;
    selection.spec.column("reasons")?;
    Some(selection.text("account").into_iter().zip(selection.text("reasons")).collect())
}

impl<'a> Page<'a> {
    fn line(&mut self, arguments: Arguments) {
        self.text.push_str(arguments.to_string().trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, heading: Arguments) {
        let (on, off) = if self.color { (BOLD, RESET) } else { ("", "") };
        self.text.push_str(&format!("\n{on}{heading}{off}\n"));
    }

    fn words(&mut self, indent: usize, words: &str) {
        self.text.push_str(&wrapped(words, indent));
    }

    fn more(&mut self, found: usize, shown: usize) {
        if found > shown {
            self.line(format_args!("  and {} more", found - shown));
        }
    }

    fn name(&self, account: &str) -> String {
        match self.names.get(account).filter(|name| !name.trim().is_empty()) {
            Some(name) => fitted(&format!("{account} {name}"), NAME),
            None => fitted(account, NAME),
        }
    }

    fn points(&self, score: Option<f64>) -> String {
        score.map_or_else(|| NOTHING.to_owned(), |score| self.locale.decimal(score, 2))
    }

    fn of_kind(&self, kind: Kind) -> Vec<&'a Change<'a>> {
        let mut found: Vec<&Change> = self.found.changes.iter().filter(|change| change.kind == kind).collect();
        let rank = |standing: Option<Standing>| standing.and_then(|standing| standing.rank).unwrap_or(i64::MAX);
        found.sort_by_key(|change| (rank(change.is), rank(change.was), change.account));
        found
    }

    fn list(&mut self) {
        let listed = |is_key: fn(&Change) -> Option<bool>| {
            self.found.changes.iter().filter(|change| is_key(change) == Some(true)).count()
        };
        let is_told =
            |is_key: fn(&Change) -> Option<bool>| self.found.changes.iter().any(|change| is_key(change).is_some());
        if !is_told(|change| change.key_was()) || !is_told(|change| change.key_is()) {
            self.heading(format_args!("Who is on the list cannot be compared"));
            return;
        }
        let (before, now) = (listed(|change| change.key_was()), listed(|change| change.key_is()));
        self.heading(format_args!("The list: {before} account{}, now {now}", if before == 1 { "" } else { "s" }));
        let (entered, left) = (self.of_kind(Kind::Entered), self.of_kind(Kind::Left));
        let stayed = |change: &&Change| {
            change.key_was() == Some(true)
                && change.key_is() == Some(true)
                && change.delta.is_some_and(|delta| delta.abs() >= SHOWN)
        };
        let mut moved: Vec<&Change> = self.found.changes.iter().filter(stayed).collect();
        let size = |change: &Change| change.delta.unwrap_or_default().abs();
        moved.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| a.account.cmp(b.account)));
        for (word, found, most) in
            [("entered", entered, CHANGES), ("left", left, CHANGES), ("stayed and moved", moved, ROWS)]
        {
            self.heading(format_args!("{} {word}", found.len()));
            found.iter().take(most).for_each(|change| self.change(change));
            self.more(found.len(), most);
        }
    }

    /// How many of the scores that both runs know moved, and for which of the two reasons.
    fn scores(&mut self) {
        let of = |part: fn(&Change) -> Option<f64>| {
            self.found.changes.iter().filter(|change| part(change).is_some_and(|part| part.abs() >= SHOWN)).count()
        };
        let (delta, customer, weights) =
            (of(|change| change.delta), of(|change| change.customer()), of(|change| change.weights()));
        let scored = self.found.changes.iter().filter(|change| change.delta.is_some()).count();
        if scored == 0 {
            return;
        }
        self.heading(format_args!("{delta} of {scored} scores moved"));
        if self.found.changes.iter().any(|change| change.drivers.is_some()) && delta > 0 {
            let words = format!(
                "{customer} by what is known of the customer, {weights} by how it is weighed; one can be both."
            );
            self.words(2, &words);
        }
    }

    fn change(&mut self, change: &Change) {
        let score = |standing: Option<Standing>| self.points(standing.and_then(|standing| standing.score));
        let rank = |standing: Option<Standing>| {
            standing.and_then(|standing| standing.rank).map_or_else(|| NOTHING.to_owned(), |rank| rank.to_string())
        };
        let line = format!(
            "  {}  {:>7} → {:<7}  rank {:>4} → {}",
            self.name(change.account),
            score(change.was),
            score(change.is),
            rank(change.was),
            rank(change.is)
        );
        self.line(format_args!("{line}"));
        if matches!(change.kind, Kind::Entered | Kind::Left) {
            let delta = change.delta.unwrap_or_default();
            let why = match &self.selected {
                Some(selected) => selected.get(change.account).map(|reasons| plain(reasons)),
                None if change.kind == Kind::Entered && change.delta.is_some() && delta < SHOWN => {
                    Some("others fell behind it: its own score did not rise".to_owned())
                }
                None if change.kind == Kind::Left && change.delta.is_some() && delta > -SHOWN => {
                    Some("others passed it: its own score did not fall".to_owned())
                }
                None => None,
            };
            why.into_iter().filter(|why| !why.is_empty()).for_each(|why| self.words(6, &why));
        }
        match (change.data_was(), change.data_is(), &change.reasons) {
            (false, true, _) => self.words(6, "a new account"),
            // A selection has said so.
            (true, false, _) if change.is.is_some() => {}
            (true, false, _) => self.words(6, "it has no lines any more"),
            (_, _, Some(reasons)) => self.words(6, &plain(reasons)),
            _ => {}
        }
    }

    fn classes(&mut self) {
        let class = |standing: Option<Standing<'a>>| standing.and_then(|standing| standing.class);
        let classes = |change: &'a Change<'a>| class(change.was).zip(class(change.is)).map(|classes| (change, classes));
        let changed: Vec<_> =
            self.found.changes.iter().filter_map(classes).filter(|(_, (was, is))| was != is).collect();
        if changed.is_empty() {
            return;
        }
        self.heading(format_args!("{} of another class", changed.len()));
        for (change, (was, is)) in changed.iter().take(ROWS) {
            let name = self.name(change.account);
            self.line(format_args!("  {name}  {:>7} → {}", plain(was), plain(is)));
        }
        self.more(changed.len(), ROWS);
    }

    fn accounts(&mut self) {
        let of = |is_meant: fn(&&Change) -> bool| -> Vec<&'a Change<'a>> {
            self.found.changes.iter().filter(|change| is_meant(change)).collect()
        };
        let (new, gone) =
            (of(|change| change.data_is() && !change.data_was()), of(|change| change.data_was() && !change.data_is()));
        for (heading, found) in [("New accounts", new), ("Accounts that are gone", gone)] {
            if found.is_empty() {
                continue;
            }
            self.heading(format_args!("{heading}: {}", found.len()));
            for change in found.iter().take(ROWS) {
                let name = self.name(change.account);
                self.line(format_args!("  {name}"));
            }
            self.more(found.len(), ROWS);
        }
    }

    fn restated(&mut self, heading: &str, rows: &[Restated]) {
        if rows.is_empty() {
            return;
        }
        let mut sorted: Vec<&Restated> = rows.iter().collect();
        sorted.sort_by_key(|row| (std::cmp::Reverse(row.difference().unsigned_abs()), row.name, row.fiscal_year));
        self.heading(format_args!("{heading}: {}", rows.len()));
        let amount = |minor: Option<i64>| {
            minor.map_or_else(|| NOTHING.to_owned(), |minor| self.locale.amount(minor, self.decimals))
        };
        let line = |row: &&Restated| {
            let (was, is, difference) = (amount(row.was), amount(row.is), amount(Some(row.difference())));
            let name = fitted(row.name, NAME - 12);
            let year = row.fiscal_year;
            format!("  {name} {year:>5} {was:>AMOUNT$} → {is:<AMOUNT$} {difference:>AMOUNT$}")
        };
        let lines: Vec<String> = sorted.iter().take(ROWS).map(line).collect();
        lines.iter().for_each(|line| self.line(format_args!("{line}")));
        self.more(rows.len(), ROWS);
    }

    fn judgements(&mut self) {
        let rows = &self.found.judgements;
        if rows.is_empty() {
            return;
        }
        self.heading(format_args!("Judgements that changed: {}", rows.len()));
        for row in rows.iter().take(ROWS) {
            let criterion = self.catalogue.label("criterion", row.criterion);
            let rater = if row.rater.is_empty() { String::new() } else { format!(", by {}", plain(row.rater)) };
            let (was, is) = (self.points(row.was), self.points(row.is));
            let name = self.name(row.account);
            self.line(format_args!("  {name}  {was:>7} → {is}"));
            self.words(6, &format!("{}{rater}", plain(&criterion)));
        }
        self.more(rows.len(), ROWS);
    }

    /// What is not the same on both sides.
    fn facts(&mut self) {
        let words: Vec<&str> = self.found.facts.iter().filter_map(|fact| fact.words.as_deref()).collect();
        if words.is_empty() {
            return;
        }
        self.heading(format_args!("Not the same in both runs"));
        for words in words {
            self.words(2, &plain(words));
        }
    }
}
