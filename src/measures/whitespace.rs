//! The stage kind `whitespace`: what accounts of the same segment and size buy, and an account does not.

pub mod peers;

use super::accounts::attribute;
use super::pareto::Segments;
use super::parts::{accounts, of_account, over, too_large};
use super::window::Window;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::ledger::books::Books;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::{Fields, number};
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::table::{Table, TableBuilder};
use peers::{Buyer, Gap, Rule, gaps};
use std::collections::BTreeMap;

pub const MANUAL: &str = include_str!("../../docs/stages/whitespace.md");

#[derive(Debug, Clone)]
pub struct Whitespace {
    /// The ledger.
    pub from: Located<String>,
    /// Over how many complete fiscal years.
    pub years: i32,
    /// A column of the accounts table within which peers are looked for, and that table.
    pub by: Option<Segments>,
    /// How many bands of size a segment has.
    pub bands: usize,
    pub rule: Rule,
}

impl Whitespace {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let (from, years) = (fields.text("from"), fields.whole("years", 1..=30, 1));
        let by = Segments::decode(fields);
        let bands = fields.whole("bands", 1..=100, 4);
        let minimum_peers = fields.whole("minimum_peers", 1..=1_000_000, 5);
        let minimum_share = fraction(fields, "minimum_share_of_peers", 0.3);
        let (below, best) = (fraction(fields, "below", 0.5), fields.whole("best", 1..=100, 5));
        // What has a mistake gets a value in its stead: the wiring is checked all the same.
        let whole = |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok()).unwrap_or(1);
        Some(Self {
            from: from?,
            years: years.and_then(|years| i32::try_from(years).ok()).unwrap_or(1),
            by: by.unwrap_or(None),
            bands: whole(bands),
            rule: Rule {
                minimum_peers: whole(minimum_peers),
                minimum_share_of_peers: minimum_share.unwrap_or(1.0),
                below: below.unwrap_or(1.0),
                best: whole(best),
            },
        })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let roles = scope.ledger(&self.from);
        if roles.is_some_and(|roles| !roles.category) {
            let message = format!("stage `{}` needs a ledger with categories", id.value);
            let hint = format!("add `category: …` to the `columns` of `{}`", self.from.value);
            scope.problems.report(&self.from.span, message, hint);
        }
        if let Some(by) = &self.by {
            by.bind(scope)?;
        }
        roles.filter(|roles| roles.category)?;
        let (name, whitespace) = (id.value.clone(), self.clone());
        // The main table bears the id, so the other one is called after it.
        let second = format!("{name}_accounts");
        let specs =
            vec![table(&name, &[], &Books::default()).spec, summary(&second, &[], &Books::default()).ok()?.spec];
        let job = move |inputs: &Inputs| whitespace.run(inputs, &name, &second).map(Product::Tables);
        Some(Bound::of(Signature::Tables(specs), job))
    }

    fn run(&self, inputs: &Inputs, name: &str, second: &str) -> Result<Vec<Table>, Failure> {
        let Ledger { books, period, .. } = inputs.ledger(&self.from.value)?;
        let window = Window::last(self.years, period, name)?;
        let segments = match &self.by {
            None => BTreeMap::new(),
            Some(by) => attribute(inputs.table(&by.accounts.value)?, &by.column.value),
        };
        let found = self.found(books, &segments, window)?;
        Ok(vec![table(name, &found, books), summary(second, &found, books)?])
    }

    /// The best gaps of every account with an account year, by account; accounts without a segment are in that of
    /// the empty name.
    ///
    /// # Errors
    /// Where an amount leaves 64 bits.
    fn found(
        &self,
        books: &Books,
        segments: &BTreeMap<&str, &str>,
        window: Window,
    ) -> Result<Vec<(u32, Vec<Gap>)>, Failure> {
        let mut of_account: BTreeMap<u32, Vec<Gap>> =
            accounts(&books.years).into_iter().map(|account| (account, Vec::new())).collect();
        let mut of_segment: BTreeMap<&str, Vec<Buyer>> = BTreeMap::new();
        for buyer in buyers(books, window)? {
            let segment = segments.get(name_of(&books.accounts, buyer.account)).copied().unwrap_or_default();
            of_segment.entry(segment).or_default().push(buyer);
        }
        for buyers in of_segment.into_values() {
            for band in peers::bands(buyers, self.bands) {
                for (buyer, gaps) in band.iter().zip(gaps(&band, &self.rule).ok_or_else(too_large)?) {
                    of_account.insert(buyer.account, gaps);
                }
            }
        }
        Ok(of_account.into_iter().collect())
    }
}

/// A share above 0 and up to 1, or the default where the key is left out.
fn fraction(fields: &mut Fields, key: &'static str, default: f64) -> Option<f64> {
    let Some(node) = fields.optional(key) else { return Some(default) };
    let share = number(node, key, fields.problems)?;
    if share.value > 0.0 && share.value <= 1.0 {
        return Some(share.value);
    }
    let message = format!("`{key}` should be above 0 and at most 1, found {}", share.value);
    fields.problems.report(&share.span, message, "such as `0.5` for half".to_owned());
    None
}

/// The accounts with net revenue above zero over the window, by account, with what they spend on each category.
fn buyers(books: &Books, window: Window) -> Result<Vec<Buyer>, Failure> {
    let mut buyers: Vec<Buyer> = Vec::new();
    for year in books.years.iter().filter(|year| window.place(year.fiscal_year.into()).is_some()) {
        match buyers.last_mut() {
            Some(buyer) if buyer.account == year.account => {
                buyer.revenue = buyer.revenue.checked_add(year.revenue).ok_or_else(too_large)?;
            }
            _ => buyers.push(Buyer { account: year.account, revenue: year.revenue, amounts: Vec::new() }),
        }
    }
    buyers.retain(|buyer| buyer.revenue > 0);
    for buyer in &mut buyers {
        buyer.amounts = over(of_account(&books.categories, buyer.account), window)?;
    }
    Ok(buyers)
}

fn name_of(names: &[String], place: u32) -> &str {
    // A place has 32 bits, and so has an index at the least.
    names.get(place as usize).map(String::as_str).unwrap_or_default()
}

fn table(name: &str, found: &[(u32, Vec<Gap>)], books: &Books) -> Table {
    let rows: Vec<(u32, &Gap)> =
        found.iter().flat_map(|(account, gaps)| gaps.iter().map(|gap| (*account, gap))).collect();
    let money = |value: fn(&Gap) -> i64| rows.iter().map(|(_, gap)| value(gap)).collect::<Vec<_>>();
    TableBuilder::new(name, rows.len())
        .text("account", rows.iter().map(|(account, _)| name_of(&books.accounts, *account)).collect())
        .text("category", rows.iter().map(|(_, gap)| name_of(&books.category_names, gap.category)).collect())
        .integers("peers", rows.iter().map(|(_, gap)| i64::try_from(gap.peers).ok()).collect())
        .money("peer_median", money(|gap| gap.peer_median))
        .money("own", money(|gap| gap.own))
        .money("expected", money(|gap| gap.expected))
        .money("gap", money(|gap| gap.gap))
        .ratios("peer_share", rows.iter().map(|(_, gap)| gap.peer_share).collect::<Vec<_>>())
        .build()
}

/// What the gaps of each account come to.
fn summary(name: &str, found: &[(u32, Vec<Gap>)], books: &Books) -> Result<Table, Failure> {
    let sums = |value: fn(&Gap) -> i64| {
        let sum = |(_, gaps): &(u32, Vec<Gap>)| gaps.iter().try_fold(0i64, |sum, gap| sum.checked_add(value(gap)));
        found.iter().map(sum).collect::<Option<Vec<i64>>>().ok_or_else(too_large)
    };
    Ok(TableBuilder::new(name, found.len())
        .per_account()
        .text("account", found.iter().map(|(account, _)| name_of(&books.accounts, *account)).collect())
        .integers("gaps", found.iter().map(|(_, gaps)| i64::try_from(gaps.len()).ok()).collect())
        .money("expected", sums(|gap| gap.expected)?)
        .money("potential", sums(|gap| gap.gap)?)
        .build())
}

#[cfg(test)]
mod tests;
