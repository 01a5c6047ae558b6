//! Accepted lines on their way into the waist.

use super::ids::Id;
use super::year_sums::YearSums;

/// An accepted line, its strings already coded.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    /// The code of the account in the waist.
    pub account: u32,
    pub fiscal_year: i32,
    /// 0 for the first month of the fiscal year.
    pub month: u8,
    pub day: i32,
    /// Minor units.
    pub amount: i64,
    /// Minor units; nothing where costs are declared and the line has none.
    pub cost: Option<i64>,
    pub invoice: Option<Id>,
    pub product: Option<Id>,
    pub category: Option<Id>,
    pub region: Option<Id>,
}

/// Lines of one account and day that stand together, as those of an invoice do, and their sums.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// The code of the account in the waist.
    pub account: u32,
    pub fiscal_year: i32,
    pub sums: YearSums,
}

/// Accepted lines, as runs, and what tells their things apart: a list by line, or an empty one where no line has any.
#[derive(Debug, Default)]
pub struct Lines {
    pub runs: Vec<Run>,
    pub invoices: Vec<Option<Id>>,
    pub products: Vec<Option<Id>>,
    pub categories: Vec<Option<Id>>,
    pub regions: Vec<Option<Id>>,
}

impl Lines {
    /// Lines that are a run each.
    pub fn of(lines: &[Line]) -> Self {
        let run = |line: &Line| Run {
            account: line.account,
            fiscal_year: line.fiscal_year,
            sums: YearSums::of_day(line.day, line.month, &[line.amount], &[line.cost.unwrap_or_default()]),
        };
        Self {
            runs: lines.iter().map(run).collect(),
            invoices: lines.iter().map(|line| line.invoice).collect(),
            products: lines.iter().map(|line| line.product).collect(),
            categories: lines.iter().map(|line| line.category).collect(),
            regions: lines.iter().map(|line| line.region).collect(),
        }
    }

    pub fn clear(&mut self) {
        let Self { runs, invoices, products, categories, regions } = self;
        runs.clear();
        [invoices, products, categories, regions].into_iter().for_each(Vec::clear);
    }
}
