//! What classes A and B could still buy, by what their peers buy.

use std::cmp::Reverse;

use serde::Serialize;

use super::Listing;
use super::account::{Account, Accounts};
use crate::table::Table;

/// The rows of the list, where a report's long lists have no fewer.
const ROWS: usize = 10;

/// The section on whitespace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Whitespace {
    /// The first of the years that are looked at.
    pub first_year: i64,
    /// Accounts of classes A and B with a gap.
    pub accounts: usize,
    /// What all their gaps come to.
    pub potential: i128,
    /// Their gaps, the largest first.
    pub gaps: Listing<Gap>,
}

/// A category that peers buy and an account does not, or far less of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    pub name: String,
    pub class: Option<String>,
    pub category: String,
    pub peers: Option<i64>,
    pub peer_share: Option<f64>,
    pub peer_median: Option<i64>,
    pub own: Option<i64>,
    pub expected: Option<i64>,
    pub gap: Option<i64>,
}

pub(super) fn whitespace(table: &Table, accounts: &Accounts, first_year: i64, top: usize) -> Whitespace {
    let money = ["peer_median", "own", "expected", "gap"].map(|column| table.integers(column));
    let (categories, peers, peer_shares) =
        (table.text("category"), table.integers("peers"), table.numbers("peer_share"));
    let counts = |account: &&Account| matches!(account.class.as_deref(), Some("A" | "B"));
    let keys = table.text("account").into_iter().enumerate();
    let mut rows: Vec<(&Account, usize)> =
        keys.filter_map(|(row, key)| Some((accounts.get(key).filter(counts)?, row))).collect();
    let potential = rows.iter().map(|(_, row)| i128::from(money[3][*row].unwrap_or_default())).sum();
    // The table is sorted by account: as long as the order is untouched, an account's rows stand together.
    let with_gaps = rows.chunk_by(|one, other| one.0.key == other.0.key).count();
    rows.sort_by_key(|(account, row)| (Reverse(money[3][*row]), &account.key, categories[*row]));
    let shown = Listing::cut(rows, top.min(ROWS));
    let gap = |(account, row): (&Account, usize)| Gap {
        name: account.name.clone(),
        class: account.class.clone(),
        category: categories[row].to_owned(),
        peers: peers[row],
        peer_share: peer_shares[row],
        peer_median: money[0][row],
        own: money[1][row],
        expected: money[2][row],
        gap: money[3][row],
    };
    let gaps = Listing { rows: shown.rows.into_iter().map(gap).collect(), total: shown.total, more: shown.more };
    Whitespace { first_year, accounts: with_gaps, potential, gaps }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{book, facts};
    use super::super::{Facts, Inputs, Report, report};
    use super::*;
    use crate::outputs::locale::Language;
    use crate::outputs::markdown::render;
    use crate::table::TableBuilder;

    /// C-1 and C-2 are in class A, C-3 in B, C-5 in C.
    fn table(rows: usize) -> Table {
        let first = |values: [i64; 4]| values.into_iter().take(rows).collect::<Vec<_>>();
        TableBuilder::new("whitespace", rows)
            .text("account", ["C-1", "C-3", "C-3", "C-5"].into_iter().take(rows).collect())
            .text("category", ["Hoses | <new>", "lamps", "bolts", "lamps"].into_iter().take(rows).collect())
            .integers("peers", first([12, 7, 5, 9]))
            .money("peer_median", first([90_000, 40_000, 50_000, 1_000]))
            .money("own", first([10_000, 0, -500, 0]))
            .money("expected", first([85_050, 75_050, 74_550, 900_000]))
            .money("gap", first([75_050, 75_050, 75_050, 900_000]))
            .ratios("peer_share", [0.8, 0.7, 1.0, 0.9].into_iter().take(rows).collect::<Vec<_>>())
            .build()
    }

    fn with(table: &Table, facts: &Facts) -> Report {
        let book = book();
        report(facts, &Inputs { whitespace: Some(table), ..book.inputs() })
    }

    fn section(table: &Table, language: Language) -> String {
        let text = render(&with(table, &facts(language)), language, None).unwrap().replace('\u{a0}', "~");
        let heading = if language == Language::English { "## What peers buy" } else { "## Lo que compran" };
        let start = text.find(heading).unwrap();
        text[start..].split("\n\n## ").next().unwrap().to_owned()
    }

    #[test]
    fn the_gaps_of_classes_a_and_b() {
        let table = table(4);
        let found = with(&table, &facts(Language::English)).whitespace.unwrap();
        // C-5 is in class C. Equal gaps come by account, then by category.
        let order: Vec<(&str, &str)> =
            found.gaps.rows.iter().map(|gap| (gap.name.as_str(), gap.category.as_str())).collect();
        let expected =
            [("Acme & Sons (C-1)", "Hoses | <new>"), ("Cable [x](y) (C-3)", "bolts"), ("Cable [x](y) (C-3)", "lamps")];
        assert_eq!(order, expected);
        assert_eq!((found.accounts, found.potential), (2, 225_150));
        insta::assert_snapshot!(section(&table, Language::English), @r"
        ## What peers buy and key accounts do not

        2 accounts of classes A and B buy nothing, or far less than their peers of like size, from one category or more (3 gaps): 2,251.50~EUR more in 2025, if they spent the share of their revenue that their peers spend at the median. The largest gap first; in parentheses, the share of the peers that buy the category.

        | Account | Class | Category | Peers | Their median (EUR) | Own (EUR) | Expected (EUR) | Gap (EUR) |
        |:---|:---|:---|---:|---:|---:|---:|---:|
        | Acme & Sons (C-1) | A | Hoses \| &lt;new&gt; | 12 (80%) | 900.00 | 100.00 | 850.50 | 750.50 |
        | Cable \[x\](y) (C-3) | B | bolts | 5 (100%) | 500.00 | -5.00 | 745.50 | 750.50 |
        | Cable \[x\](y) (C-3) | B | lamps | 7 (70%) | 400.00 | 0.00 | 750.50 | 750.50 |
        ");
        insta::assert_snapshot!(section(&table, Language::Spanish), @r"
        ## Lo que compran las cuentas comparables y las cuentas clave no

        2 cuentas de clase A o B no compran nada, o mucho menos que las cuentas de tamaño comparable, de alguna categoría (3 huecos): serían 2251,50~EUR más en 2025 si les dedicaran la misma parte de su facturación que ellas en la mediana. De mayor a menor hueco; entre paréntesis, la parte de las cuentas comparables que compra la categoría.

        | Cuenta | Clase | Categoría | Comparables | Su mediana (EUR) | Propio (EUR) | Esperado (EUR) | Hueco (EUR) |
        |:---|:---|:---|---:|---:|---:|---:|---:|
        | Acme & Sons (C-1) | A | Hoses \| &lt;new&gt; | 12 (80~%) | 900,00 | 100,00 | 850,50 | 750,50 |
        | Cable \[x\](y) (C-3) | B | bolts | 5 (100~%) | 500,00 | -5,00 | 745,50 | 750,50 |
        | Cable \[x\](y) (C-3) | B | lamps | 7 (70~%) | 400,00 | 0,00 | 750,50 | 750,50 |
        ");
    }

    #[test]
    fn without_gaps_it_says_so() {
        insta::assert_snapshot!(section(&table(0), Language::English), @"
        ## What peers buy and key accounts do not

        No account of class A or B buys far less of anything than its peers do in 2025.
        ");
        insta::assert_snapshot!(section(&table(0), Language::Spanish), @"
        ## Lo que compran las cuentas comparables y las cuentas clave no

        Ninguna cuenta de clase A o B compra en 2025 mucho menos de algo que las cuentas comparables.
        ");
    }

    #[test]
    fn the_list_is_cut() {
        let facts = Facts { top: 1, ..facts(Language::English) };
        let gaps = with(&table(4), &facts).whitespace.unwrap().gaps;
        assert_eq!((gaps.rows.len(), gaps.total, gaps.more), (1, 3, 2));
    }

    #[test]
    fn without_a_ranking_there_is_no_section() {
        let table = table(4);
        let inputs = Inputs { whitespace: Some(&table), ..Inputs::default() };
        assert_eq!(report(&facts(Language::English), &inputs).whitespace, None);
    }
}
