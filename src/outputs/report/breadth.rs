//! How broadly class A buys, and who of it bought something new.

use serde::Serialize;

use super::Listing;
use super::account::{Account, Accounts};
use crate::table::Table;

/// The names in a sentence; more would be a list.
const NAMES: usize = 5;

/// The section on breadth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Breadth {
    /// The first of the years that are looked at.
    pub first_year: i64,
    /// Whether categories are counted; else products.
    pub by_category: bool,
    /// Accounts in class A.
    pub accounts: usize,
    /// At least half of them buy so many or more; none where there is no account.
    pub middle: Option<i64>,
    /// Those that bought from a category in the last year for the first time, the largest revenue first; none where
    /// that is not known. An account that came in the last year is left out: to it, everything is new.
    pub entered: Option<Listing<Entrant>>,
}

/// An account that bought from new categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entrant {
    pub name: String,
    pub categories: i64,
}

pub(super) fn breadth(table: &Table, accounts: &Accounts, first_year: i64) -> Breadth {
    let (products, categories) = (table.integers("products"), table.integers("categories"));
    let new = table.integers("new_categories");
    let mut rows: Vec<(&Account, usize)> = table
        .text("account")
        .into_iter()
        .enumerate()
        .filter_map(|(row, key)| Some((accounts.get(key).filter(|account| account.vital_few)?, row)))
        .collect();
    rows.sort_by_key(|(account, _)| account.by_revenue());
    let by_category = categories.iter().any(Option::is_some);
    let counts = if by_category { &categories } else { &products };
    let mut counted: Vec<i64> = rows.iter().filter_map(|(_, row)| counts[*row]).collect();
    counted.sort_unstable();
    let entrant = |(account, row): &(&Account, usize)| {
        let categories_new = new[*row].filter(|new| *new > 0 && categories[*row] > Some(*new))?;
        Some(Entrant { name: account.name.clone(), categories: categories_new })
    };
    Breadth {
        first_year,
        by_category,
        accounts: rows.len(),
        middle: counted.get(counted.len() / 2).copied(),
        entered: new
            .iter()
            .any(Option::is_some)
            .then(|| Listing::cut(rows.iter().filter_map(entrant).collect(), NAMES)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{KEYS, book, facts};
    use super::super::{Inputs, Report, report};
    use super::*;
    use crate::outputs::locale::Language;
    use crate::outputs::markdown::render;
    use crate::table::TableBuilder;

    /// Of the book's five accounts, C-1 and C-2 are in class A.
    fn table(categories: [Option<i64>; 5], new: [Option<i64>; 5]) -> Table {
        TableBuilder::new("breadth", 5)
            .text("account", KEYS.to_vec())
            .integers("products", vec![40, 20, 30, 0, 3])
            .integers("categories", categories.to_vec())
            .integers("new_categories", new.to_vec())
            .build()
    }

    fn with(table: &Table, language: Language) -> Report {
        let book = book();
        report(&facts(language), &Inputs { breadth: Some(table), ..book.inputs() })
    }

    /// The section, with no-break spaces made visible.
    fn section(table: &Table, language: Language) -> String {
        let text = render(&with(table, language), language, None).unwrap().replace('\u{a0}', "~");
        let heading = if language == Language::English { "## How broadly" } else { "## Amplitud" };
        let start = text.find(heading).unwrap();
        text[start..].split("\n\n## ").next().unwrap().to_owned()
    }

    #[test]
    fn class_a_is_counted_and_its_entrants_named() {
        let table = table([8, 11, 9, 0, 2].map(Some), [0, 2, 1, 0, 2].map(Some));
        let found = with(&table, Language::English).breadth.unwrap();
        // 8 and 11: half of the two, one, buys from 11 or more.
        assert_eq!((found.accounts, found.middle, found.by_category), (2, Some(11), true));
        let entered = found.entered.unwrap();
        assert_eq!(entered.rows, [Entrant { name: "Bolt | Nut <Ltd> (C-2)".to_owned(), categories: 2 }]);
        insta::assert_snapshot!(section(&table, Language::English), @r"
        ## How broadly class A buys

        Of the 2 accounts of class A, at least half bought from 11 categories or more in 2025.
        1 account that had bought before entered a new category in 2025: Bolt \| Nut &lt;Ltd&gt; (C-2).
        ");
        insta::assert_snapshot!(section(&table, Language::Spanish), @r"
        ## Amplitud de compra de la clase A

        De las 2 cuentas de clase A, al menos la mitad compró de 11 categorías o más en 2025.
        1 cuenta que ya compraba entró en 2025 en alguna categoría nueva: Bolt \| Nut &lt;Ltd&gt; (C-2).
        ");
    }

    #[test]
    fn an_account_to_which_everything_is_new_has_entered_nothing() {
        let table = table([8, 2, 9, 0, 2].map(Some), [1, 2, 0, 0, 0].map(Some));
        let entered = with(&table, Language::English).breadth.unwrap().entered.unwrap();
        assert_eq!(entered.rows, [Entrant { name: "Acme & Sons (C-1)".to_owned(), categories: 1 }]);
    }

    #[test]
    fn products_stand_in_for_categories() {
        let table = table([None; 5], [None; 5]);
        let found = with(&table, Language::English).breadth.unwrap();
        assert_eq!((found.middle, found.by_category, found.entered), (Some(40), false, None));
        insta::assert_snapshot!(section(&table, Language::English), @"
        ## How broadly class A buys

        Of the 2 accounts of class A, at least half bought 40 different products or more in 2025.
        ");
        insta::assert_snapshot!(section(&table, Language::Spanish), @"
        ## Amplitud de compra de la clase A

        De las 2 cuentas de clase A, al menos la mitad compró 40 productos distintos o más en 2025.
        ");
    }

    #[test]
    fn without_a_ranking_there_is_no_section() {
        let table = table([Some(1); 5], [Some(0); 5]);
        let inputs = Inputs { breadth: Some(&table), ..Inputs::default() };
        assert_eq!(report(&facts(Language::English), &inputs).breadth, None);
    }
}
