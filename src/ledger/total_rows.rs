//! Total rows: recognised by arithmetic and never by their label, so that a customer called Total is a customer.

use super::amounts::LARGEST;
use super::tally::Count;
use crate::pipeline::fields::Fields;
use crate::table::{ColumnSpec, Meaning, Table, TableBuilder, TableSpec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a total row is left out, as `outcomes` and `quarantine` say it.
pub const REASON: &str = "total_row";

/// What happens to a row that is recognised as a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Then {
    /// It is listed, and judged like any other line.
    #[default]
    Flag,
    Exclude,
    Quarantine,
}

impl Then {
    pub fn name(self) -> &'static str {
        THEN.iter().find(|(_, then)| *then == self).map_or("", |(name, _)| name)
    }
}

pub const THEN: [(&str, Then); 3] =
    [("flag", Then::Flag), ("exclude", Then::Exclude), ("quarantine", Then::Quarantine)];

/// What a ledger says of total rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rule {
    pub then: Then,
    /// Whether also a line that lacks nothing is a total where it equals a sum.
    pub complete: bool,
}

impl Rule {
    /// `total_rows: exclude`, or a map.
    pub fn decode(parent: &mut Fields) -> Option<Self> {
        let Some(node) = parent.optional("total_rows") else { return Some(Self::default()) };
        if !matches!(node.value, crate::pipeline::node::Value::Map(_)) {
            return parent.choice("total_rows", &THEN, Then::Flag).map(|then| Self { then, complete: false });
        }
        let mut fields = Fields::open(node, &node.span, "`total_rows`", parent.problems)?;
        let then = fields.choice("then", &THEN, Then::Flag);
        let complete = fields.flag("complete").unwrap_or_default();
        fields.finish();
        Some(Self { then: then?, complete })
    }
}

/// Which sum a row equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Of {
    /// All rows of the file before it.
    File,
    /// The rows since the last total.
    SinceLast,
}

impl Of {
    fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::SinceLast => "since_last",
        }
    }
}

/// A sum that a row equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    pub of: Of,
    pub rows: i64,
}

impl Match {
    pub fn describe(self) -> String {
        match self.of {
            Of::File => format!("the amount is the sum of the {} rows before it", self.rows),
            Of::SinceLast => format!("the amount is the sum of the {} rows since the last total", self.rows),
        }
    }
}

/// The sums of the rows of a file so far.
///
/// A complete line that equals a sum is a sale far more often than a total, and nothing but the rows behind it
/// can tell. So from the first one on there are two sums of each kind: one that takes such lines for lines, one
/// that takes them for totals.
#[derive(Debug, Default)]
pub struct Running {
    with: Sums,
    without: Option<Sums>,
    /// Where the sums are of a part of the file, and nobody knows yet what the rows before it add up to.
    blind: Option<Reach>,
}

/// From the least to the greatest sum of earlier rows that a row of a part equals together with the part so far.
#[derive(Debug, Clone, Copy)]
struct Reach {
    least: i128,
    greatest: i128,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    file: Count,
    since: Count,
}

/// What a row turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Line,
    /// A line that equals a sum and may be a total.
    Coincidence,
    Total,
}

impl Running {
    /// For the rows of a part of a file that is read side by side with what stands before it. No row is recognised;
    /// [`Running::follow`] says later whether that was right.
    pub fn blind() -> Self {
        Self { blind: Some(Reach { least: i128::MAX, greatest: i128::MIN }), ..Self::default() }
    }

    /// Goes on past the rows of the next part, which were passed blindly. Says whether it can: not where one of them
    /// may equal a sum.
    pub fn follow(&mut self, part: &Self) -> bool {
        let Some(reach) = part.blind else { return false };
        let mut sums = [&mut self.with].into_iter().chain(&mut self.without);
        sums.all(|sums| {
            let fits = |sum: Count| (reach.least..=reach.greatest).contains(&sum.amount);
            let recognised = fits(sums.file) || fits(sums.since);
            sums.file = sums.file.plus(part.with.file);
            sums.since = sums.since.plus(part.with.file);
            !recognised
        })
    }

    /// The sum that an amount equals: of at least two rows, and not zero.
    #[inline]
    pub fn recognise(&self, amount: i64) -> Option<Match> {
        if self.blind.is_some() {
            return None;
        }
        let wide = i128::from(amount);
        let fits = |of: Of, sum: Count| {
            (sum.amount == wide && sum.rows >= 2 && amount != 0).then_some(Match { of, rows: sum.rows })
        };
        let (with, without) = (self.with, self.without.as_ref());
        fits(Of::File, with.file)
            .or_else(|| without.and_then(|without| fits(Of::File, without.file)))
            .or_else(|| fits(Of::SinceLast, with.since))
            .or_else(|| without.and_then(|without| fits(Of::SinceLast, without.since)))
    }

    /// Goes on past lines, as far as none of them equals a sum: those it has passed.
    pub fn pass_lines<'a>(&mut self, amounts: &'a [i64]) -> &'a [i64] {
        let passes = |amount: &&i64| {
            let passes = self.recognise(**amount).is_none();
            if passes {
                self.pass(**amount, Kind::Line);
            }
            passes
        };
        let passed = amounts.iter().take_while(passes).count();
        amounts.get(..passed).unwrap_or_default()
    }

    /// Goes on to the next row.
    #[inline]
    pub fn pass(&mut self, amount: i64, kind: Kind) {
        match kind {
            Kind::Line => {
                if let Some(reach) = self.blind.as_mut().filter(|_| amount != 0) {
                    let before = i128::from(amount) - self.with.file.amount;
                    (reach.least, reach.greatest) = (reach.least.min(before), reach.greatest.max(before));
                }
                self.with.add(amount);
                if let Some(without) = &mut self.without {
                    without.add(amount);
                }
            }
            Kind::Coincidence => {
                self.without.get_or_insert(self.with).since = Count::default();
                self.with.add(amount);
            }
            Kind::Total => {
                for sums in [&mut self.with].into_iter().chain(&mut self.without) {
                    sums.since = Count::default();
                }
            }
        }
    }

    /// What the last row of a file, already passed, has before it; `found` is the sum it was found to equal.
    pub fn before(&self, amount: i64, found: Option<Match>) -> Count {
        match found {
            Some(found) => Count { rows: found.rows, amount: amount.into() },
            None => Count { rows: self.with.file.rows - 1, amount: self.with.file.amount - i128::from(amount) },
        }
    }
}

impl Sums {
    fn add(&mut self, amount: i64) {
        self.file.add(Some(amount));
        self.since.add(Some(amount));
    }
}

/// What became of a row, as tables say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Became {
    Accepted,
    Excluded,
    Quarantined,
}

impl Became {
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Excluded => "excluded",
            Self::Quarantined => "quarantined",
        }
    }
}

/// How many rows of each kind are listed for a file. Sums that lines equal by chance are many where amounts are
/// few, and a list of them must not follow the lines.
const LISTED: usize = 1_000;

/// The total rows of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Rows that lack something, and complete ones: a crowd of the latter must not push out the former.
    incomplete: List,
    complete: List,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct List {
    rows: Vec<Row>,
    /// Those past the list.
    more: BTreeMap<(Of, Became), Count>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    line: u64,
    amount: i64,
    found: Match,
    became: Became,
}

impl Found {
    /// Takes in a row; `line` is asked only where the row is listed.
    pub fn record(&mut self, amount: i64, found: Match, complete: bool, became: Became, line: impl Fn() -> u64) {
        let list = if complete { &mut self.complete } else { &mut self.incomplete };
        if list.rows.len() < LISTED {
            list.rows.push(Row { line: line(), amount, found, became });
        } else {
            list.more.entry((found.of, became)).or_default().add(Some(amount));
        }
    }

    /// Takes in what another part of the file has.
    pub fn merge(&mut self, other: Self) {
        // A file is one part where total rows are looked for: one of the two is empty.
        if *self == Self::default() {
            *self = other;
        }
    }
}

pub fn columns() -> Vec<ColumnSpec> {
    use Meaning::{Integer, Money, Text};
    [
        ("file", Text),
        ("line", Integer),
        ("amount", Money),
        ("of", Text),
        ("rows_summed", Integer),
        ("became", Text),
        ("rows", Integer),
    ]
    .into_iter()
    .map(|(name, meaning)| ColumnSpec::new(name, meaning))
    .collect()
}

pub fn spec(name: &str) -> TableSpec {
    TableSpec::new(name, columns())
}

/// The recognised rows by file and line, and behind them those that are counted and not listed.
///
/// # Errors
/// Where their money has too many digits.
pub fn table<'a>(name: &str, files: impl Iterator<Item = (&'a str, &'a Found)>) -> Option<Table> {
    type Cells<'a> = (&'a str, Option<i64>, i64, Of, Option<i64>, Became, i64);
    let mut cells: Vec<Cells> = Vec::new();
    for (file, found) in files {
        let mut listed: Vec<Row> = found.incomplete.rows.iter().chain(&found.complete.rows).copied().collect();
        listed.sort_by_key(|row| row.line);
        cells.extend(listed.into_iter().map(|row| {
            (file, i64::try_from(row.line).ok(), row.amount, row.found.of, Some(row.found.rows), row.became, 1)
        }));
        let mut more = found.incomplete.more.clone();
        for (key, count) in &found.complete.more {
            let sum = more.entry(*key).or_default();
            *sum = sum.plus(*count);
        }
        for ((of, became), count) in more {
            let amount = i64::try_from(count.amount).ok().filter(|amount| amount.unsigned_abs() < LARGEST)?;
            cells.push((file, None, amount, of, None, became, count.rows));
        }
    }
    Some(
        TableBuilder::new(name, cells.len())
            .text("file", cells.iter().map(|cell| cell.0).collect())
            .integers("line", cells.iter().map(|cell| cell.1).collect::<Vec<_>>())
            .money("amount", cells.iter().map(|cell| cell.2).collect::<Vec<_>>())
            .text("of", cells.iter().map(|cell| cell.3.name()).collect())
            .integers("rows_summed", cells.iter().map(|cell| cell.4).collect::<Vec<_>>())
            .text("became", cells.iter().map(|cell| cell.5.name()).collect())
            .integers("rows", cells.iter().map(|cell| cell.6).collect::<Vec<_>>())
            .build(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a file of complete lines and rows without an account is found to be, row by row.
    fn kinds(rows: &[(i64, bool)]) -> Vec<Option<Match>> {
        let mut running = Running::default();
        let row = |(amount, complete): &(i64, bool)| {
            let found = running.recognise(*amount);
            running.pass(
                *amount,
                match found {
                    None => Kind::Line,
                    Some(_) if *complete => Kind::Coincidence,
                    Some(_) => Kind::Total,
                },
            );
            found
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn sums_by_hand() {
        // 10 and 20 are 30; 5 and 1 are 6; all four lines are 36.
        let rows = [(10, true), (20, true), (30, false), (5, true), (1, true), (6, false), (36, false)];
        let found = |of, rows| Some(Match { of, rows });
        let expected = [None, None, found(Of::File, 2), None, None, found(Of::SinceLast, 2), found(Of::File, 4)];
        assert_eq!(kinds(&rows), expected);
        // The first two are passed at once, and the sum of them is not.
        let mut running = Running::default();
        assert_eq!(running.pass_lines(&[10, 20, 30, 5]), [10, 20]);
        assert_eq!((running.recognise(30), running.pass_lines(&[30])), (found(Of::File, 2), [].as_slice()));
        // The complete 30 counts as a line, so the total is 60, and as a subtotal, so 7 and 8 are 15.
        let rows = [(10, true), (20, true), (30, true), (7, true), (8, true), (15, false), (75, false)];
        let expected = [None, None, found(Of::File, 2), None, None, found(Of::SinceLast, 2), found(Of::File, 5)];
        assert_eq!(kinds(&rows), expected);
    }

    proptest! {
        /// Wherever a file is cut: the parts follow each other only where nothing in the later ones is recognised, and
        /// then what is recognised behind them is what would be without a cut.
        #[test]
        fn parts_follow_each_other_where_nothing_is_recognised(
            rows in proptest::collection::vec(-3i64..9, 1..12), cuts in (0..12usize, 0..12usize), after in -30i64..60,
        ) {
            let cuts = (cuts.0.min(cuts.1).min(rows.len()), cuts.0.max(cuts.1).min(rows.len()));
            let pass = |running: &mut Running, rows: &[i64]| rows.iter().filter(|amount| {
                let found = running.recognise(**amount).is_some();
                running.pass(**amount, if found { Kind::Coincidence } else { Kind::Line });
                found
            }).count();
            let (mut whole, mut first) = (Running::default(), Running::default());
            pass(&mut whole, &rows[..cuts.0]);
            let recognised = pass(&mut whole, &rows[cuts.0..]);
            pass(&mut first, &rows[..cuts.0]);
            let follow = [&rows[cuts.0..cuts.1], &rows[cuts.1..]].into_iter().all(|rows| {
                let mut part = Running::blind();
                pass(&mut part, rows);
                first.follow(&part)
            });
            if follow {
                prop_assert_eq!(recognised, 0);
                prop_assert_eq!(first.recognise(after), whole.recognise(after));
            }
        }

        /// Groups of at least two positive amounts, a subtotal behind each and the grand total behind all: every one
        /// is found, whatever lines equal a sum by chance.
        #[test]
        fn totals_are_found_among_any_lines(groups in proptest::collection::vec(proptest::collection::vec(1i64..20, 2..6), 1..6)) {
            let mut rows = Vec::new();
            for group in &groups {
                rows.extend(group.iter().map(|amount| (*amount, true)));
                rows.push((group.iter().sum(), false));
            }
            rows.push((groups.iter().flatten().sum(), false));
            let found = kinds(&rows);
            for ((_, complete), found) in rows.iter().zip(found) {
                prop_assert!(*complete || found.is_some());
            }
        }
    }
}
