//! The stage kind `breadth`: how much of the range an account buys, and for how many regions.

use super::parts::{accounts, of_account, over};
use super::window::Window;
use crate::failure::Failure;
use crate::ledger::books::{Books, PartSum};
use crate::ledger::{Ledger, Roles};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::table::{Table, TableBuilder};

pub const MANUAL: &str = include_str!("../../docs/stages/breadth.md");

#[derive(Debug, Clone)]
pub struct Breadth {
    /// The ledger.
    pub from: Located<String>,
    /// Over how many complete fiscal years.
    pub years: i32,
}

impl Breadth {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let (from, years) = (fields.text("from"), fields.whole("years", 1..=30, 1));
        // A mistake in the years is no reason not to check the wiring.
        let years = years.and_then(|years| i32::try_from(years).ok()).unwrap_or(1);
        Some(Self { from: from?, years })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let roles = scope.ledger(&self.from)?;
        if !roles.product && !roles.category {
            let message = format!("stage `{}` needs a ledger with products or categories", id.value);
            let hint = format!("add `product: …` or `category: …` to the `columns` of `{}`", self.from.value);
            scope.problems.report(&self.from.span, message, hint);
            return None;
        }
        let (name, breadth) = (id.value.clone(), self.clone());
        let spec = table(&name, &[]).spec;
        let job = move |inputs: &Inputs| {
            let Ledger { books, roles, period, .. } = inputs.ledger(&breadth.from.value)?;
            let window = Window::last(breadth.years, period, &name)?;
            // Without a year before the last, nobody can tell what is new in it.
            let has_history = period.first_year() < period.last_year;
            Ok(Product::Tables(vec![table(&name, &rows(books, *roles, window, has_history)?)]))
        };
        Some(Bound::of(Signature::Tables(vec![spec]), job))
    }
}

/// The breadth of one account. Counts are of things with net revenue above zero; null where the ledger does not
/// declare the column that they need.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'b> {
    pub account: &'b str,
    pub products: Option<i64>,
    pub categories: Option<i64>,
    /// Shannon entropy in nats; null where nothing is bought.
    pub entropy: Option<f64>,
    /// The effective number of categories (else products): 0 where nothing is bought.
    pub diversity: f64,
    pub top_product: Option<&'b str>,
    pub top_product_share: Option<f64>,
    /// Null also where the ledger has no year before the last.
    pub new_categories: Option<i64>,
    pub regions: Option<i64>,
    pub new_regions: Option<i64>,
}

/// The breadth of every account with an account year, by account.
///
/// # Errors
/// Where a sum of revenue leaves 64 bits.
pub fn rows(books: &Books, roles: Roles, window: Window, has_history: bool) -> Result<Vec<Row<'_>>, Failure> {
    accounts(&books.years).into_iter().map(|account| row(books, account, roles, window, has_history)).collect()
}

fn row(books: &Books, account: u32, roles: Roles, window: Window, has_history: bool) -> Result<Row<'_>, Failure> {
    let products = of_account(&books.products, account);
    let categories = of_account(&books.categories, account);
    let regions = of_account(&books.regions, account);
    let products = bought(products, window)?;
    let bought_categories = bought(categories, window)?;
    let bought_regions = bought(regions, window)?;
    let spread = if roles.category { &bought_categories } else { &products };
    let entropy = entropy(spread);
    // The products are in the order of their names, and of equal ones the first is kept.
    let top = products.iter().copied().reduce(|top, product| if product.1 > top.1 { product } else { top });
    let new = |declared: bool, parts| (declared && has_history).then(|| newcomers(parts, window.last));
    Ok(Row {
        account: name(&books.accounts, account),
        products: roles.product.then(|| count(&products)),
        categories: roles.category.then(|| count(&bought_categories)),
        entropy,
        diversity: entropy.map_or(0.0, f64::exp),
        top_product: top.map(|(product, _)| name(&books.product_names, product)),
        top_product_share: top.map(|(_, amount)| amount as f64 / total(&products) as f64),
        new_categories: new(roles.category, categories),
        regions: roles.region.then(|| count(&bought_regions)),
        new_regions: new(roles.region, regions),
    })
}

/// The parts with net revenue above zero over the window, and that revenue.
fn bought(parts: &[PartSum], window: Window) -> Result<Vec<(u32, i64)>, Failure> {
    let mut sums = over(parts, window)?;
    sums.retain(|(_, amount)| *amount > 0);
    Ok(sums)
}

fn count(parts: &[(u32, i64)]) -> i64 {
    i64::try_from(parts.len()).unwrap_or(i64::MAX)
}

fn total(parts: &[(u32, i64)]) -> i128 {
    parts.iter().map(|(_, amount)| i128::from(*amount)).sum()
}

/// Shannon's entropy of the shares of revenue, in nats; its exponential is the Hill number of order 1.
fn entropy(parts: &[(u32, i64)]) -> Option<f64> {
    let total = total(parts) as f64;
    let term = |amount: i64| {
        let share = amount as f64 / total;
        share * share.ln()
    };
    let sum: f64 = parts.iter().map(|(_, amount)| term(*amount)).sum();
    // A single share is 1 and gives a negative zero, hence the sum from above.
    (!parts.is_empty()).then_some(0.0 - sum)
}

/// How many parts have net revenue above zero in the last year and in none before it.
fn newcomers(parts: &[PartSum], last_year: i32) -> i64 {
    let positive = || parts.iter().filter(|part| part.amount > 0);
    let mut known: Vec<u32> = positive().filter(|part| part.fiscal_year < last_year).map(|part| part.part).collect();
    known.sort_unstable();
    let bought_last = positive().filter(|part| part.fiscal_year == last_year);
    let new = bought_last.filter(|part| known.binary_search(&part.part).is_err()).count();
    i64::try_from(new).unwrap_or(i64::MAX)
}

fn name(names: &[String], place: u32) -> &str {
    // A place has 32 bits, and so has an index at the least.
    names.get(place as usize).map(String::as_str).unwrap_or_default()
}

fn table(name: &str, rows: &[Row]) -> Table {
    let counts = |value: fn(&Row) -> Option<i64>| rows.iter().map(value).collect::<Vec<_>>();
    TableBuilder::new(name, rows.len())
        .per_account()
        .text("account", rows.iter().map(|row| row.account).collect())
        .integers("products", counts(|row| row.products))
        .integers("categories", counts(|row| row.categories))
        .numbers("entropy", rows.iter().map(|row| row.entropy).collect::<Vec<_>>())
        .numbers("diversity", rows.iter().map(|row| row.diversity).collect::<Vec<_>>())
        .optional_text("top_product", rows.iter().map(|row| row.top_product).collect())
        .ratios("top_product_share", rows.iter().map(|row| row.top_product_share).collect::<Vec<_>>())
        .integers("new_categories", counts(|row| row.new_categories))
        .integers("regions", counts(|row| row.regions))
        .integers("new_regions", counts(|row| row.new_regions))
        .build()
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::{books, parts, year};
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    const ALL: Roles = Roles { cost: false, invoice: false, product: true, category: true, region: true };
    const LAST: Window = Window { first: 2025, last: 2025 };

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Account 0 buys four products of two categories; account 1 has only returned; account 2 bought before.
    fn example() -> Books {
        Books {
            products: parts(&[
                (0, 2024, 0, 500),
                (0, 2025, 0, 300),
                (0, 2025, 1, 300),
                (0, 2025, 2, 150),
                (0, 2025, 3, 0),
                (0, 2025, 4, -50),
                (1, 2025, 0, -20),
                (2, 2024, 0, 80),
            ]),
            categories: parts(&[
                (0, 2023, 2, -10),
                (0, 2024, 0, 500),
                (0, 2025, 0, 600),
                (0, 2025, 1, 150),
                (0, 2025, 2, 50),
                (1, 2025, 0, -20),
                (2, 2024, 0, 80),
            ]),
            regions: parts(&[(0, 2024, 0, 500), (0, 2025, 0, 400), (0, 2025, 1, 300), (2, 2024, 0, 80)]),
            product_names: names(&["bolt", "cable", "hose", "lamp", "pump"]),
            category_names: names(&["fasten", "flow", "light"]),
            region_names: names(&["DE", "FR"]),
            ..books(&["C-1", "C-2", "C-3"], vec![year(0, 2025, 700), year(1, 2025, -20), year(2, 2024, 80)])
        }
    }

    #[test]
    fn a_buyer_by_hand() {
        let books = example();
        let found = rows(&books, ALL, LAST, true).unwrap();
        let row = &found[0];
        // Bolt 300, cable 300 and hose 150; the lamp came to nothing and the pump below it.
        assert_eq!((row.account, row.products), ("C-1", Some(3)));
        // Two products have 300 of 750: the first by name is the top one.
        assert_eq!((row.top_product, row.top_product_share), (Some("bolt"), Some(0.4)));
        // 600, 150 and 50 of 800: 3/4, 3/16 and 1/16.
        let expected = -(0.75f64 * 0.75f64.ln() + 0.1875 * 0.1875f64.ln() + 0.0625 * 0.0625f64.ln());
        assert_eq!(row.categories, Some(3));
        assert!((row.entropy.unwrap() - expected).abs() < 1e-15);
        assert!((row.diversity - expected.exp()).abs() < 1e-15);
        // `fasten` was bought in 2024; `light` was only returned before, which is not bought.
        assert_eq!(row.new_categories, Some(2));
        assert_eq!((row.regions, row.new_regions), (Some(2), Some(1)));
    }

    #[test]
    fn who_buys_nothing_has_zeros_and_no_top_product() {
        let books = example();
        let found = rows(&books, ALL, LAST, true).unwrap();
        for (place, account) in [(1, "C-2"), (2, "C-3")] {
            let expected = Row {
                account,
                products: Some(0),
                categories: Some(0),
                entropy: None,
                diversity: 0.0,
                top_product: None,
                top_product_share: None,
                new_categories: Some(0),
                regions: Some(0),
                new_regions: Some(0),
            };
            assert_eq!(found[place], expected);
        }
    }

    #[test]
    fn several_years_are_added_up_before_the_sign_decides() {
        // Product 4 is bought for 60 in 2024 and 50 come back in 2025: 10 over both years.
        let mut books = example();
        books.products = parts(&[(0, 2024, 4, 60), (0, 2025, 4, -50), (0, 2024, 0, 30), (0, 2025, 0, -30)]);
        let both = rows(&books, ALL, Window { first: 2024, last: 2025 }, true).unwrap();
        assert_eq!((both[0].products, both[0].top_product), (Some(1), Some("pump")));
        // What is new is new in the last year, whatever the window.
        assert_eq!(both[0].new_categories, Some(2));
        assert_eq!(both[2].categories, Some(1));
    }

    #[test]
    fn what_is_not_declared_is_null() {
        let books = example();
        let only = |roles| rows(&books, roles, LAST, true).unwrap().remove(0);
        let products = only(Roles { product: true, ..Roles::default() });
        assert_eq!((products.categories, products.new_categories), (None, None));
        assert_eq!((products.regions, products.new_regions), (None, None));
        // Without categories the spread is that over products: 2/5, 2/5 and 1/5.
        let expected = -(0.8 * 0.4f64.ln() + 0.2 * 0.2f64.ln());
        assert!((products.entropy.unwrap() - expected).abs() < 1e-15);
        let without = Books { products: Vec::new(), ..example() };
        let row = rows(&without, Roles { category: true, ..Roles::default() }, LAST, true).unwrap().remove(0);
        assert_eq!((row.products, row.top_product, row.top_product_share), (None, None, None));
        assert_eq!(row.categories, Some(3));
    }

    #[test]
    fn without_an_earlier_year_nothing_is_known_to_be_new() {
        let books = example();
        let row = rows(&books, ALL, LAST, false).unwrap().remove(0);
        assert_eq!((row.new_categories, row.new_regions), (None, None));
        assert_eq!((row.categories, row.regions), (Some(3), Some(2)));
    }

    #[test]
    fn one_category_has_no_entropy_and_equal_ones_have_the_logarithm_of_their_number() {
        let one = entropy(&[(0, 17)]).unwrap();
        assert!(one == 0.0 && one.is_sign_positive());
        let four = entropy(&[(0, 5), (1, 5), (2, 5), (3, 5)]).unwrap();
        assert!((four - 4f64.ln()).abs() < 1e-15);
        assert!((four.exp() - 4.0).abs() < 1e-12);
    }

    proptest! {
        /// Counted again line by line with sets and maps, and the entropy by its other form: ln T − Σ x ln x / T.
        #[test]
        fn counted_another_way(
            lines in prop::collection::vec((0u32..4, 2022i32..=2025, 0u32..6, -50i64..100), 1..80),
            years in 1i32..=3,
        ) {
            let mut sums: BTreeMap<(u32, i32, u32), i64> = BTreeMap::new();
            for (account, year, part, amount) in &lines {
                *sums.entry((*account, *year, *part)).or_default() += amount;
            }
            let rows_of: Vec<_> = sums.iter().map(|((account, year, part), sum)| (*account, *year, *part, *sum)).collect();
            let mut account_years: Vec<_> = rows_of.iter().map(|(account, fiscal_year, _, _)| year(*account, *fiscal_year, 0)).collect();
            account_years.dedup_by_key(|year| (year.account, year.fiscal_year));
            let books = Books {
                categories: parts(&rows_of),
                ..books(&["a", "b", "c", "d"], account_years)
            };
            let window = Window { first: 2026 - years, last: 2025 };
            let roles = Roles { category: true, ..Roles::default() };
            for row in rows(&books, roles, window, true).unwrap() {
                let account = u32::try_from(["a", "b", "c", "d"].iter().position(|name| *name == row.account).unwrap()).unwrap();
                let mut revenue = [0i64; 6];
                let (mut last, mut before) = (BTreeSet::new(), BTreeSet::new());
                for ((_, year, part), sum) in sums.iter().filter(|((owner, _, _), _)| *owner == account) {
                    if *year >= window.first {
                        revenue[*part as usize] += sum;
                    }
                    if *sum > 0 {
                        if *year == 2025 { last.insert(*part) } else { before.insert(*part) };
                    }
                }
                let positive: Vec<f64> = revenue.iter().filter(|sum| **sum > 0).map(|sum| *sum as f64).collect();
                prop_assert_eq!(row.categories, Some(positive.len() as i64));
                prop_assert_eq!(row.new_categories, Some(last.difference(&before).count() as i64));
                let total: f64 = positive.iter().sum();
                let expected = total.ln() - positive.iter().map(|x| x * x.ln()).sum::<f64>() / total;
                match row.entropy {
                    None => prop_assert!(positive.is_empty() && row.diversity == 0.0),
                    Some(entropy) => {
                        prop_assert!((entropy - expected).abs() < 1e-12);
                        prop_assert!(row.diversity > 1.0 - 1e-12 && row.diversity < positive.len() as f64 + 1e-9);
                    }
                }
            }
        }
    }
}
