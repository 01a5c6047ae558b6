//! How accounts and revenue spread over the matrix of attractiveness and relationship.

use std::collections::BTreeMap;

use serde::Serialize;

use super::account::Accounts;
use super::{Inputs, part};

/// The section on the quadrants.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quadrants {
    /// From where on an account is high on an axis.
    pub attractiveness_threshold: Option<f64>,
    pub relationship_threshold: Option<f64>,
    /// Accounts in a quadrant, and accounts without the scores for one.
    pub placed: usize,
    pub unknown: usize,
    /// The four quadrants.
    pub rows: Vec<Quadrant>,
}

/// One quadrant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quadrant {
    pub quadrant: String,
    /// `high` or `low`.
    pub attractiveness: String,
    pub relationship: String,
    pub accounts: usize,
    /// How many of them are in class A.
    pub vital: usize,
    /// Their revenue over the years of the ranking, and which part it is of all accounts' of the matrix.
    pub revenue: i128,
    pub share: Option<f64>,
}

/// Accounts, those of class A and revenue.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    accounts: usize,
    vital: usize,
    revenue: i128,
}

pub(super) fn quadrants(inputs: &Inputs, accounts: &Accounts) -> Option<Quadrants> {
    let (of_accounts, table) = inputs.quadrant.zip(inputs.quadrants)?;
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for (key, quadrant) in of_accounts.text("account").into_iter().zip(of_accounts.text("quadrant")) {
        let sum = sums.entry(quadrant).or_default();
        let account = accounts.get(key);
        sum.accounts += 1;
        sum.vital += usize::from(account.is_some_and(|account| account.vital_few));
        sum.revenue += i128::from(account.and_then(|account| account.revenue).unwrap_or_default());
    }
    let total: i128 = sums.values().map(|sum| sum.revenue).sum();
    let (names, attractiveness) = (table.text("quadrant"), table.text("attractiveness"));
    let relationship = table.text("relationship");
    let row = |row: usize| {
        let sum = sums.get(names[row]).copied().unwrap_or_default();
        Quadrant {
            quadrant: names[row].to_owned(),
            attractiveness: attractiveness[row].to_owned(),
            relationship: relationship[row].to_owned(),
            accounts: sum.accounts,
            vital: sum.vital,
            revenue: sum.revenue,
            share: part(sum.revenue, total),
        }
    };
    // The row without levels is that of the accounts without a place.
    let (placed, unplaced): (Vec<Quadrant>, Vec<Quadrant>) =
        (0..table.rows()).map(row).partition(|row| !row.attractiveness.is_empty());
    let count = |rows: &[Quadrant]| rows.iter().map(|row| row.accounts).sum();
    let threshold = |column: &str| table.numbers(column).first().copied().flatten();
    Some(Quadrants {
        attractiveness_threshold: threshold("attractiveness_threshold"),
        relationship_threshold: threshold("relationship_threshold"),
        placed: count(&placed),
        unknown: count(&unplaced),
        rows: placed,
    })
}

#[cfg(test)]
mod tests {
    use super::super::report;
    use super::super::sample::{KEYS, book, facts};
    use super::*;
    use crate::outputs::locale::Language;
    use crate::outputs::markdown::render;
    use crate::table::{Table, TableBuilder};

    fn tables(unknown: &str) -> [Table; 2] {
        let of_accounts = TableBuilder::new("quadrant", 5)
            .per_account()
            .text("account", KEYS.to_vec())
            .text("quadrant", vec!["strategic", "status", "strategic", "Our <own>", unknown])
            .build();
        let summary = TableBuilder::new("quadrants", 5)
            .text("quadrant", vec!["strategic", "star", "status", "Our <own>", "unknown"])
            .optional_text("attractiveness", vec![Some("high"), Some("high"), Some("low"), Some("low"), None])
            .optional_text("relationship", vec![Some("high"), Some("low"), Some("high"), Some("low"), None])
            .numbers("attractiveness_threshold", vec![5.5; 5])
            .numbers("relationship_threshold", vec![6.0; 5])
            .build();
        [of_accounts, summary]
    }

    fn section(language: Language, [of_accounts, summary]: &[Table; 2], ranked: bool) -> String {
        let book = book();
        let inputs = Inputs { quadrant: Some(of_accounts), quadrants: Some(summary), ..book.inputs() };
        let inputs = if ranked { inputs } else { Inputs { pareto: None, ..inputs } };
        let text = render(&report(&facts(language), &inputs), language, None).unwrap();
        let heading = if language == Language::English { "## Where to invest" } else { "## Dónde invertir" };
        let section = text.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
        section.trim().replace('\u{a0}', "~")
    }

    #[test]
    fn accounts_and_revenue_by_quadrant() {
        let book = book();
        let [of_accounts, summary] = tables("unknown");
        let inputs = Inputs { quadrant: Some(&of_accounts), quadrants: Some(&summary), ..book.inputs() };
        let quadrants = report(&facts(Language::English), &inputs).quadrants.unwrap();
        assert_eq!((quadrants.placed, quadrants.unknown), (4, 1));
        let rows: Vec<_> = quadrants.rows.iter().map(|row| (row.accounts, row.vital, row.revenue)).collect();
        // 140 000 and 20 000; none; 60 000; nothing. Without a place are 3 000.
        assert_eq!(rows, [(2, 1, 16_000_000), (0, 0, 0), (1, 1, 6_000_000), (1, 0, 0)]);
        assert_eq!(quadrants.rows[0].share, Some(16_000_000.0 / 22_300_000.0));
    }

    #[test]
    fn the_section_in_both_languages() {
        insta::assert_snapshot!(section(Language::English, &tables("unknown"), true), @r"
        4 accounts by attractiveness and strength of the relationship; high begins at 5.5 and at 6.0.
        1 more account lacks the scores for a place.

        | Quadrant | Attractiveness | Relationship | Accounts | Of class A | Revenue 2025 (EUR) | Share |
        |:---|:---|:---|---:|---:|---:|---:|
        | Strategic: invest together | high | high | 2 | 1 | 160,000.00 | 71.7% |
        | Star: win over | high | low | 0 | 0 | 0.00 | 0.0% |
        | Status: keep | low | high | 1 | 1 | 60,000.00 | 26.9% |
        | Our &lt;own&gt; | low | low | 1 | 0 | 0.00 | 0.0% |
        ");
        insta::assert_snapshot!(section(Language::English, &tables("star"), false), @r"
        5 accounts by attractiveness and strength of the relationship; high begins at 5.5 and at 6.0.

        | Quadrant | Attractiveness | Relationship | Accounts |
        |:---|:---|:---|---:|
        | Strategic: invest together | high | high | 2 |
        | Star: win over | high | low | 1 |
        | Status: keep | low | high | 1 |
        | Our &lt;own&gt; | low | low | 1 |
        ");
        insta::assert_snapshot!(section(Language::Spanish, &tables("unknown"), true), @r"
        4 cuentas según su atractivo y la fuerza de la relación; el nivel alto empieza en 5,5 y en 6,0.
        A 1 cuenta más le faltan las puntuaciones para situarla.

        | Cuadrante | Atractivo | Relación | Cuentas | De clase A | Facturación 2025 (EUR) | Cuota |
        |:---|:---|:---|---:|---:|---:|---:|
        | Estratégica: invertir juntos | alto | alto | 2 | 1 | 160.000,00 | 71,7~% |
        | Estrella: ganarla | alto | bajo | 0 | 0 | 0,00 | 0,0~% |
        | Estatus: mantenerla | bajo | alto | 1 | 1 | 60.000,00 | 26,9~% |
        | Our &lt;own&gt; | bajo | bajo | 1 | 0 | 0,00 | 0,0~% |
        ");
    }
}
