//! Lifetime value where accounts renew year by year: margin, retention, discount.

use super::{number_within, optional_whole, whole_money};
use crate::failure::Failure;
use crate::ledger::Roles;
use crate::measures::accounts::attribute;
use crate::measures::pareto::Segments;
use crate::measures::window::{AccountValues, Window, by_account};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::table::{Meaning, Table, TableBuilder};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub struct Contractual {
    pub from: Located<String>,
    /// A measure of money per account and year, `table.column`; else revenue less cost.
    pub margin: Option<Located<String>>,
    /// A column of the accounts table, and that table: accounts of a segment share their retention.
    pub by: Option<Segments>,
    pub terms: Terms,
}

/// How margins and retention make a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Per year: 0.10 is 10%.
    pub discount: f64,
    /// How many accounts of the whole book's retention each segment gets added to its own.
    pub shrink: f64,
    /// Years that count; without end where none.
    pub horizon: Option<u32>,
}

impl Contractual {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let (from, margin) = (fields.text("from"), fields.optional_text("margin"));
        let discount = number_within(fields, "discount", 0.001..=1.0, Some(0.10));
        let shrink = number_within(fields, "shrink", 0.0..=1e9, Some(50.0));
        let horizon = optional_whole(fields, "horizon", 100);
        let by = Segments::decode(fields);
        let terms = Terms { discount: discount??, shrink: shrink??, horizon: horizon? };
        Some(Self { from: from?, margin, by: by?, terms })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let roles = scope.account_years(&self.from);
        let segments = match &self.by {
            None => Some(()),
            Some(by) => by.bind(scope),
        };
        let margin = match &self.margin {
            None => roles.and_then(|roles| costs(roles, id, scope)).map(|()| None),
            Some(reference) => money_measure(reference, scope).map(Some),
        };
        let (Some(_), Some(()), Some(margin)) = (roles, segments, margin) else { return None };
        let (name, config) = (id.value.clone(), self.clone());
        let second = format!("{name}_retention");
        let specs = vec![table(&name, &[], &[]).spec, retention_table(&second, &[]).spec];
        let job = move |inputs: &Inputs| config.run(inputs, margin.as_ref(), &name, &second).map(Product::Tables);
        Some(Bound::of(Signature::Tables(specs), job))
    }

    fn run(
        &self,
        inputs: &Inputs,
        margin: Option<&(String, String)>,
        name: &str,
        second: &str,
    ) -> Result<Vec<Table>, Failure> {
        let (account_years, period) = inputs.account_years(&self.from.value)?;
        // Two complete years at the least, and as many as there are.
        Window::last(2, period, name)?;
        let window = Window { first: period.first_year(), last: period.last_year };
        let revenue = by_account(account_years, "revenue", window);
        let margins = match margin {
            Some((table, column)) => measured(&revenue.accounts, inputs.table(table)?, column),
            None => revenue_less_cost(&revenue, &by_account(account_years, "cost", window))?,
        };
        let segments: Option<Vec<&str>> = match &self.by {
            None => None,
            Some(by) => {
                let of_account = attribute(inputs.table(&by.accounts.value)?, &by.column.value);
                let segment = |account: &&str| of_account.get(account).copied().unwrap_or_default();
                Some(revenue.accounts.iter().map(segment).collect())
            }
        };
        let (rows, retention) =
            value(&revenue.of_each().collect::<Vec<_>>(), &margins, segments.as_deref(), self.terms)
                .map_err(|failure| failure.of(name, period.as_of))?;
        Ok(vec![table(name, &revenue.accounts, &rows), retention_table(second, &retention)])
    }
}

fn costs(roles: Roles, id: &Located<String>, scope: &Scope) -> Option<()> {
    if roles.cost {
        return Some(());
    }
    let message = format!("stage `{}` needs a margin, but the ledger has no costs", id.value);
    let hint = "declare `margin: table.column`, or the `cost` of a line in the ledger's `columns`";
    scope.problems.report(&id.span, message, hint.to_owned());
    None
}

/// A column of money in a table of one row per account: the names of both.
fn money_measure(reference: &Located<String>, scope: &mut Scope) -> Option<(String, String)> {
    let (table, column) = scope.measure(reference)?;
    if column.meaning == Meaning::Money {
        return Some((table, column.name));
    }
    let message = format!("the column `{}` holds no money", reference.value);
    scope.problems.report(&reference.span, message, "a margin is money per account and year".to_owned());
    None
}

/// The margin of each account as another stage measured it; null where it has none.
fn measured(accounts: &[&str], table: &Table, column: &str) -> Vec<Option<i64>> {
    let values = table.text("account").into_iter().zip(table.integers(column));
    let of_account: BTreeMap<&str, Option<i64>> = values.collect();
    accounts.iter().map(|account| of_account.get(account).copied().flatten()).collect()
}

/// The gross margin of the last year.
fn revenue_less_cost(revenue: &AccountValues, cost: &AccountValues) -> Result<Vec<Option<i64>>, Failure> {
    let last = |values: &[i64]| values.last().copied().unwrap_or_default();
    let margins = revenue.of_each().zip(cost.of_each()).map(|(revenue, cost)| {
        let margin = last(revenue).checked_sub(last(cost));
        margin.map(Some).ok_or_else(|| Failure::run("a margin is too large for 64 bits"))
    });
    margins.collect()
}

/// How many accounts bought in a year that another followed, over all such years, and how many of them bought
/// in the next too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Renewals {
    had: i64,
    kept: i64,
}

impl Renewals {
    fn add(&mut self, revenue: &[i64]) {
        for (year, next) in revenue.iter().zip(revenue.iter().skip(1)) {
            self.had += i64::from(*year > 0);
            self.kept += i64::from(*year > 0 && *next > 0);
        }
    }

    fn rate(self) -> Option<f64> {
        (self.had > 0).then(|| self.kept as f64 / self.had as f64)
    }

    /// The rate as if `shrink` accounts with the book's rate belonged to the segment.
    fn shrunk(self, shrink: f64, book: f64) -> f64 {
        let weight = self.had as f64 + shrink;
        if weight > 0.0 { (self.kept as f64 + shrink * book) / weight } else { book }
    }
}

impl Terms {
    /// What a margin of one a year is worth: Σ rᵗ / (1 + d)ᵗ over the years t = 1 … N of the horizon, which
    /// without a horizon is r / (1 + d − r). The margin of the year that has just ended does not count.
    pub fn multiple(&self, retention: f64) -> f64 {
        let step = retention / (1.0 + self.discount);
        let endless = retention / (1.0 + self.discount - retention);
        match self.horizon {
            None => endless,
            Some(years) => endless * (1.0 - step.powi(i32::try_from(years).unwrap_or(i32::MAX))),
        }
    }
}

/// The value of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'s> {
    pub value: Option<i64>,
    pub margin: Option<i64>,
    /// Null where the account did not buy in the last year.
    pub retention: Option<f64>,
    /// Null where no segments are declared.
    pub segment: Option<&'s str>,
}

/// The retention of one segment.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentRow<'s> {
    pub segment: &'s str,
    /// Accounts with revenue above zero in the last year.
    pub accounts: i64,
    pub had: i64,
    pub kept: i64,
    pub retention: f64,
    /// The sum of their values.
    pub value: i64,
}

/// Why there are no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    Renewals,
    Range,
}

impl Without {
    fn of(self, name: &str, as_of: i32) -> Failure {
        match self {
            Self::Range => Failure::run(format!("stage `{name}`: a lifetime value is too large for 64 bits")),
            Self::Renewals => Failure::Data {
                message: format!(
                    "stage `{name}` cannot tell retention: no account bought in a complete fiscal year before the \
                     last one, up to {}",
                    crate::calendar::iso(as_of)
                ),
                hint: Some("read older invoices".to_owned()),
            },
        }
    }
}

/// Values of accounts from their revenue by year (oldest first), margins and segments; and the retention of the
/// whole book, called `all`, and of each segment.
fn value<'s>(
    revenue: &[impl AsRef<[i64]>],
    margins: &[Option<i64>],
    segments: Option<&[&'s str]>,
    terms: Terms,
) -> Result<(Vec<Row<'s>>, Vec<SegmentRow<'s>>), Without> {
    let segment_of = |row: usize| segments.and_then(|segments| segments.get(row).copied());
    let mut book = Renewals::default();
    let mut by_segment: BTreeMap<&str, Renewals> = BTreeMap::new();
    for (row, years) in revenue.iter().map(AsRef::as_ref).enumerate() {
        book.add(years);
        if let Some(segment) = segment_of(row) {
            by_segment.entry(segment).or_default().add(years);
        }
    }
    let book_rate = book.rate().ok_or(Without::Renewals)?;
    let rate = |segment: Option<&str>| {
        let own = segment.and_then(|segment| by_segment.get(segment));
        own.map_or(book_rate, |renewals| renewals.shrunk(terms.shrink, book_rate))
    };
    let mut rows = Vec::with_capacity(revenue.len());
    let mut sums: BTreeMap<Option<&str>, (i64, i64)> = BTreeMap::new();
    for (row, (years, margin)) in revenue.iter().map(AsRef::as_ref).zip(margins).enumerate() {
        let segment = segment_of(row);
        let active = years.last().is_some_and(|last| *last > 0);
        let retention = active.then(|| rate(segment));
        let worth = match retention {
            // Nothing is left to keep.
            None => Some(0),
            Some(rate) => {
                let money = margin.map(|margin| whole_money(margin as f64 * terms.multiple(rate)));
                money.transpose().map_err(|_| Without::Range)?
            }
        };
        for of in [None, segment].iter().take(1 + usize::from(segment.is_some())) {
            let sum = sums.entry(*of).or_default();
            sum.0 += i64::from(active);
            sum.1 = sum.1.checked_add(worth.unwrap_or_default()).ok_or(Without::Range)?;
        }
        rows.push(Row { value: worth, margin: *margin, retention, segment });
    }
    let line = |segment: Option<&'s str>, renewals: Renewals| {
        let (accounts, value) = sums.get(&segment).copied().unwrap_or_default();
        let retention = rate(segment);
        SegmentRow {
            segment: segment.unwrap_or("all"),
            accounts,
            had: renewals.had,
            kept: renewals.kept,
            retention,
            value,
        }
    };
    let mut lines = vec![line(None, book)];
    lines.extend(by_segment.iter().map(|(segment, renewals)| line(Some(segment), *renewals)));
    Ok((rows, lines))
}

fn table(name: &str, accounts: &[&str], rows: &[Row]) -> Table {
    TableBuilder::new(name, rows.len())
        .per_account()
        .text("account", accounts.to_vec())
        .money("value", rows.iter().map(|row| row.value).collect::<Vec<_>>())
        .money("margin", rows.iter().map(|row| row.margin).collect::<Vec<_>>())
        .ratios("retention", rows.iter().map(|row| row.retention).collect::<Vec<_>>())
        .optional_text("segment", rows.iter().map(|row| row.segment).collect())
        .build()
}

fn retention_table(name: &str, rows: &[SegmentRow]) -> Table {
    TableBuilder::new(name, rows.len())
        .text("segment", rows.iter().map(|row| row.segment).collect())
        .integers("accounts", rows.iter().map(|row| row.accounts).collect::<Vec<_>>())
        .integers("had", rows.iter().map(|row| row.had).collect::<Vec<_>>())
        .integers("kept", rows.iter().map(|row| row.kept).collect::<Vec<_>>())
        .ratios("retention", rows.iter().map(|row| row.retention).collect::<Vec<_>>())
        .money("value", rows.iter().map(|row| row.value).collect::<Vec<_>>())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TERMS: Terms = Terms { discount: 0.10, shrink: 0.0, horizon: None };

    /// Margin 100.00, retention 0.8, discount 0.1: 100 · 0.8 / 0.3 = 266.67. Over two years:
    /// 100 · (0.8/1.1 + 0.64/1.21) = 72.7273 + 52.8926 = 125.62.
    #[test]
    fn multiples_by_hand() {
        assert!((TERMS.multiple(0.8) - 8.0 / 3.0).abs() < 1e-14);
        let two = Terms { horizon: Some(2), ..TERMS };
        assert!((two.multiple(0.8) - (0.8 / 1.1 + 0.64 / 1.21)).abs() < 1e-14);
        assert_eq!(TERMS.multiple(0.0), 0.0);
        // Everybody stays: a perpetuity of one, 1 / d.
        assert!((TERMS.multiple(1.0) - 10.0).abs() < 1e-12);
    }

    /// Five accounts over three years. Years that another follows and with revenue: a 2, b 2, c 1 (the second
    /// year is below zero), d 1, e 0: 6 had. Kept: a 2, b 1, c 0, d 1: 4. Book 4/6.
    /// Without shrinking, north (a, b) keeps 3 of 4, south (c, d, e) 1 of 2.
    fn book() -> (Vec<Vec<i64>>, Vec<Option<i64>>, [&'static str; 5]) {
        let revenue = vec![vec![10, 20, 30], vec![10, 20, 0], vec![10, -5, 5], vec![0, 10, 10], vec![0, 0, 40]];
        (
            revenue,
            vec![Some(1_000), Some(500), Some(-300), None, Some(700)],
            ["north", "north", "south", "south", "south"],
        )
    }

    #[test]
    fn values_and_retention_by_hand() {
        let (revenue, margins, segments) = book();
        let (rows, retention) = value(&revenue, &margins, Some(&segments), TERMS).unwrap();
        // a: 1000 · 0.75 / 0.35 = 2142.857; c: −300 · 0.5 / 0.6 = −250; e: 700 · 0.5 / 0.6 = 583.33.
        let values: Vec<Option<i64>> = rows.iter().map(|row| row.value).collect();
        assert_eq!(values, [Some(2143), Some(0), Some(-250), None, Some(583)]);
        let rates: Vec<Option<f64>> = rows.iter().map(|row| row.retention).collect();
        assert_eq!(rates, [Some(0.75), None, Some(0.5), Some(0.5), Some(0.5)]);
        assert_eq!(rows[1].margin, Some(500));
        let line = |segment, accounts, had, kept, retention, value| SegmentRow {
            segment,
            accounts,
            had,
            kept,
            retention,
            value,
        };
        assert_eq!(
            retention,
            [
                line("all", 4, 6, 4, 4.0 / 6.0, 2143 - 250 + 583),
                line("north", 1, 4, 3, 0.75, 2143),
                line("south", 3, 2, 1, 0.5, -250 + 583),
            ]
        );
    }

    /// With a weight of 6, north is (3 + 6 · 2/3) / (4 + 6) = 0.7 and south (1 + 4) / (2 + 6) = 0.625.
    #[test]
    fn segments_shrink_toward_the_book() {
        let (revenue, margins, segments) = book();
        let (_, retention) = value(&revenue, &margins, Some(&segments), Terms { shrink: 6.0, ..TERMS }).unwrap();
        let rates: Vec<f64> = retention.iter().map(|row| row.retention).collect();
        assert!((rates[1] - 0.7).abs() < 1e-15 && (rates[2] - 0.625).abs() < 1e-15, "{rates:?}");
        assert_eq!(Renewals::default().shrunk(0.0, 0.4), 0.4);
    }

    #[test]
    fn without_segments_every_account_has_the_books_rate() {
        let (revenue, margins, _) = book();
        let (rows, retention) = value(&revenue, &margins, None, TERMS).unwrap();
        assert_eq!(retention.len(), 1);
        assert!(rows.iter().all(|row| row.segment.is_none()));
        assert_eq!(rows[0].retention, Some(4.0 / 6.0));
        // 1000 · (2/3) / (1.1 − 2/3) = 666.667 / 0.433333 = 1538.46.
        assert_eq!(rows[0].value, Some(1538));
    }

    #[test]
    fn without_a_renewal_to_see_there_is_no_rate() {
        assert_eq!(value(&[vec![0, 10], vec![-5, 3]], &[Some(1), Some(1)], None, TERMS), Err(Without::Renewals));
    }

    #[test]
    fn a_value_past_the_range_is_an_error() {
        let margins = [Some(i64::MAX / 2)];
        assert_eq!(value(&[vec![1, 1]], &margins, None, TERMS), Err(Without::Range));
    }

    proptest! {
        /// The closed form is the sum, year by year.
        #[test]
        fn the_closed_form_is_the_sum(retention in 0.0f64..=1.0, discount in 0.01f64..1.0, years in 1u32..=60) {
            let terms = Terms { discount, shrink: 0.0, horizon: Some(years) };
            let sum: f64 = (1..=years).map(|year| (retention / (1.0 + discount)).powi(year as i32)).sum();
            prop_assert!((terms.multiple(retention) - sum).abs() < 1e-9 * sum.max(1.0));
            let endless = Terms { horizon: None, ..terms }.multiple(retention);
            prop_assert!(terms.multiple(retention) <= endless + 1e-12);
        }

        /// Segments add up to the book, and shrinking keeps a rate between its own and the book's.
        #[test]
        fn segments_add_up(
            accounts in proptest::collection::vec((proptest::collection::vec(-3i64..10, 4), 0usize..3, -1_000i64..1_000), 1..40),
            shrink in 0.0f64..100.0,
        ) {
            let names = ["", "north", "south"];
            let revenue: Vec<Vec<i64>> = accounts.iter().map(|(revenue, ..)| revenue.clone()).collect();
            let segments: Vec<&str> = accounts.iter().map(|(_, segment, _)| names[*segment]).collect();
            let margins: Vec<Option<i64>> = accounts.iter().map(|(.., margin)| Some(*margin)).collect();
            let Ok((rows, lines)) = value(&revenue, &margins, Some(&segments), Terms { shrink, ..TERMS }) else { return Ok(()) };
            let (all, parts) = lines.split_first().unwrap();
            let sum = |of: fn(&SegmentRow) -> i64| parts.iter().map(of).sum::<i64>();
            prop_assert_eq!((all.accounts, all.had, all.kept), (sum(|row| row.accounts), sum(|row| row.had), sum(|row| row.kept)));
            prop_assert_eq!(all.value, sum(|row| row.value));
            prop_assert_eq!(all.value, rows.iter().filter_map(|row| row.value).sum::<i64>());
            for row in parts.iter().filter(|row| row.had > 0) {
                let own = row.kept as f64 / row.had as f64;
                prop_assert!(row.retention >= own.min(all.retention) - 1e-12 && row.retention <= own.max(all.retention) + 1e-12);
            }
        }
    }
}
