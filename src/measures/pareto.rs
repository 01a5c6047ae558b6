//! The stage kind `pareto`: which few accounts make most of the revenue.

use super::accounts::attribute;
use super::concentration::{concentration, concentration_spec};
use super::window::{AccountValues, Window, by_account};
use crate::failure::Failure;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, did_you_mean};
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{AccountYears, Inputs, Product};
use crate::table::{Table, TableBuilder, name_of};
use std::collections::BTreeMap;

pub const MANUAL: &str = include_str!("../../docs/stages/pareto.md");

#[derive(Debug, Clone)]
pub struct Pareto {
    pub from: Located<String>,
    /// Over how many complete fiscal years.
    pub years: i32,
    pub rule: Rule,
    /// A column of the accounts table to do the same within, and that table.
    pub by: Option<Segments>,
}

#[derive(Debug, Clone)]
pub struct Segments {
    pub column: Located<String>,
    pub accounts: Located<String>,
}

/// Where the classes end, in percent of the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub cutoff: i64,
    pub b_cutoff: i64,
    /// Whether the account that crosses a cutoff belongs to the class before it.
    pub crossing: Crossing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    Include,
    Exclude,
}

impl Segments {
    /// Reads `by` and `accounts`, which go together or are both left out.
    pub(in crate::measures) fn decode(fields: &mut Fields) -> Option<Option<Self>> {
        match (fields.optional_text("by"), fields.optional_text("accounts")) {
            (Some(column), Some(accounts)) => Some(Some(Self { column, accounts })),
            (None, None) => Some(None),
            (Some(key), None) => missing_partner(fields, &key, "accounts"),
            (None, Some(key)) => missing_partner(fields, &key, "by"),
        }
    }

    /// Checks that the accounts are there and have the column.
    pub(in crate::measures) fn bind(&self, scope: &mut Scope) -> Option<()> {
        let accounts = scope.table_of_kind(&self.accounts, "accounts")?;
        if accounts.column(&self.column.value).is_some() {
            return Some(());
        }
        let names: Vec<&str> = accounts.columns.iter().map(|column| column.name.as_str()).collect();
        let message = format!("`{}` has no column `{}`", self.accounts.value, self.column.value);
        scope.problems.report(&self.column.span, message, did_you_mean(&self.column.value, names));
        None
    }
}

impl Pareto {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let years = fields.whole("years", 1..=30, 1);
        let (cutoff, b_cutoff) = (fields.whole("cutoff", 1..=100, 80), fields.whole("b_cutoff", 1..=100, 95));
        let crossings = [("include", Crossing::Include), ("exclude", Crossing::Exclude)];
        let crossing = fields.choice("crossing", &crossings, Crossing::Include);
        let by = Segments::decode(fields);
        // What has a mistake gets a value in its stead: the wiring is checked all the same.
        let (cutoff, b_cutoff) = (cutoff.unwrap_or(1), b_cutoff.unwrap_or(100));
        let rule = Rule { cutoff, b_cutoff, crossing: crossing.unwrap_or(Crossing::Include) };
        if rule.cutoff > rule.b_cutoff {
            let message = format!("`cutoff` is {}, past `b_cutoff`, which is {}", rule.cutoff, rule.b_cutoff);
            fields.problems.report(&fields.span, message, "class A ends before class B does".to_owned());
        }
        let years = years.and_then(|years| i32::try_from(years).ok()).unwrap_or(1);
        Some(Self { from: from?, years, rule, by: by.unwrap_or(None) })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let wired = scope.account_years(&self.from).is_some();
        if let Some(by) = &self.by {
            by.bind(scope)?;
        }
        if !wired {
            return None;
        }
        let (name, pareto) = (id.value.clone(), self.clone());
        let second = name_of(&name, "pareto", "concentration");
        let specs = vec![
            table(&name, &Table::of_accounts(&[]), &[], self.by.as_ref().map(|_| Vec::new()).as_deref()).spec,
            concentration_spec(&second),
        ];
        let job = move |inputs: &Inputs| pareto.run(inputs, &name, &second).map(Product::Tables);
        Some(Bound::of(Signature::Tables(specs), job))
    }

    fn run(&self, inputs: &Inputs, name: &str, second: &str) -> Result<Vec<Table>, Failure> {
        let AccountYears { accounts, bucket, names, period, .. } = inputs.all_account_years(&self.from.value)?;
        let window = Window::last(self.years, period, name)?;
        let unassigned = sums(&by_account(bucket, "revenue", window))?.into_iter().sum();
        let by_account = by_account(accounts, "revenue", window);
        let revenue = sums(&by_account)?;
        let rows = rank(&by_account.accounts, &revenue, self.rule);
        let segments = match &self.by {
            None => None,
            Some(by) => {
                let of_account = attribute(inputs.table(&by.accounts.value)?, &by.column.value);
                Some(within(&by_account.accounts, &revenue, &of_account, self.rule))
            }
        };
        let by_segment = segments.as_deref().map(segments_of).unwrap_or_default();
        let mut groups = vec![("all", rows.as_slice())];
        groups.extend(by_segment.iter().map(|(segment, rows)| (*segment, rows.as_slice())));
        let concentration = concentration(second, &groups, unassigned);
        Ok(vec![table(name, names, &rows, segments.as_deref()), concentration])
    }
}

/// What each account comes to over the years.
fn sums(accounts: &AccountValues) -> Result<Vec<i64>, Failure> {
    let sum = |values: &[i64]| values.iter().try_fold(0i64, |sum, value| sum.checked_add(*value));
    let sums: Option<Vec<i64>> = accounts.of_each().map(sum).collect();
    sums.ok_or_else(|| Failure::run("a sum of revenue is too large for 64 bits"))
}

fn missing_partner<T>(fields: &Fields, key: &Located<String>, partner: &'static str) -> Option<T> {
    let message = format!("`by` and `accounts` go together, but there is no `{partner}`");
    fields.problems.report(&key.span, message, "such as `by: segment, accounts: accounts`".to_owned());
    None
}

/// The class of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    A,
    B,
    C,
    /// Not ranked: no revenue above zero.
    None,
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::None => "none",
        }
    }
}

/// The place of one account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub revenue: i64,
    pub rank: Option<i64>,
    pub share: Option<f64>,
    pub cum_share: Option<f64>,
    pub class: Class,
}

/// Ranks accounts by revenue (descending, then by account) and classes them; rows in the order given.
pub fn rank(accounts: &[&str], revenue: &[i64], rule: Rule) -> Vec<Row> {
    let unranked =
        |revenue: &i64| Row { revenue: *revenue, rank: None, share: None, cum_share: None, class: Class::None };
    let mut rows: Vec<Row> = revenue.iter().map(unranked).collect();
    let positive = revenue.iter().copied().enumerate().filter(|(_, revenue)| *revenue > 0);
    let mut order: Vec<(i64, usize)> = positive.map(|(row, revenue)| (revenue, row)).collect();
    order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| accounts.get(a.1).cmp(&accounts.get(b.1))));
    let total: i128 = order.iter().map(|(revenue, _)| i128::from(*revenue)).sum();
    let (mut sum, mut before, mut level) = (0i128, 0i128, None);
    for (place, (revenue, row)) in order.iter().enumerate() {
        // Ties share what lies before them, and with it their class.
        if level != Some(*revenue) {
            before = sum;
            level = Some(*revenue);
        }
        sum += i128::from(*revenue);
        let own = match rule.crossing {
            Crossing::Include => before,
            Crossing::Exclude => before + i128::from(*revenue),
        };
        if let Some(found) = rows.get_mut(*row) {
            *found = Row {
                revenue: *revenue,
                rank: i64::try_from(place + 1).ok(),
                share: Some(*revenue as f64 / total as f64),
                cum_share: Some(sum as f64 / total as f64),
                class: rule.class(own, total),
            };
        }
    }
    rows
}

impl Rule {
    /// In integers: 100 × own against cutoff × total.
    fn class(self, own: i128, total: i128) -> Class {
        let reaches = |cutoff: i64| match self.crossing {
            Crossing::Include => 100 * own < i128::from(cutoff) * total,
            Crossing::Exclude => 100 * own <= i128::from(cutoff) * total,
        };
        if reaches(self.cutoff) {
            Class::A
        } else if reaches(self.b_cutoff) {
            Class::B
        } else {
            Class::C
        }
    }
}

/// The place of one account within its segment.
#[derive(Debug, Clone, PartialEq)]
pub struct InSegment {
    pub segment: String,
    pub row: Row,
}

/// Ranks accounts within their segments; an account without one is in the segment of the empty name.
fn within(accounts: &[&str], revenue: &[i64], of_account: &BTreeMap<&str, &str>, rule: Rule) -> Vec<InSegment> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, account) in accounts.iter().enumerate() {
        members.entry(of_account.get(account).copied().unwrap_or_default()).or_default().push(row);
    }
    let mut placed: Vec<Option<InSegment>> = vec![None; accounts.len()];
    for (segment, rows) in members {
        let names: Vec<&str> = rows.iter().filter_map(|row| accounts.get(*row).copied()).collect();
        let values: Vec<i64> = rows.iter().filter_map(|row| revenue.get(*row).copied()).collect();
        for (row, ranked) in rows.iter().zip(rank(&names, &values, rule)) {
            if let Some(place) = placed.get_mut(*row) {
                *place = Some(InSegment { segment: segment.to_owned(), row: ranked });
            }
        }
    }
    placed.into_iter().flatten().collect()
}

fn segments_of(rows: &[InSegment]) -> BTreeMap<&str, Vec<Row>> {
    let mut segments: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for row in rows {
        segments.entry(&row.segment).or_default().push(row.row);
    }
    segments
}

fn table(name: &str, names: &Table, rows: &[Row], segments: Option<&[InSegment]>) -> Table {
    let builder = TableBuilder::new(name, rows.len())
        .per_account()
        .accounts_of(names)
        .money("revenue", rows.iter().map(|row| row.revenue).collect::<Vec<_>>())
        .integers("rank", rows.iter().map(|row| row.rank).collect::<Vec<_>>())
        .ratios("share", rows.iter().map(|row| row.share).collect::<Vec<_>>())
        .ratios("cum_share", rows.iter().map(|row| row.cum_share).collect::<Vec<_>>())
        .text("class", rows.iter().map(|row| row.class.name()).collect())
        .flags("vital_few", rows.iter().map(|row| row.class == Class::A).collect());
    let Some(segments) = segments else { return builder.build() };
    builder
        .text("segment", segments.iter().map(|row| row.segment.as_str()).collect())
        .integers("segment_rank", segments.iter().map(|row| row.row.rank).collect::<Vec<_>>())
        .ratios("segment_share", segments.iter().map(|row| row.row.share).collect::<Vec<_>>())
        .ratios("segment_cum_share", segments.iter().map(|row| row.row.cum_share).collect::<Vec<_>>())
        .text("segment_class", segments.iter().map(|row| row.row.class.name()).collect())
        .build()
}
