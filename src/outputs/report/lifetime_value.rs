//! What accounts are worth over the years to come, by either model.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::Listing;
use super::account::{Accounts, called};
use crate::table::Table;

/// How far a lifetime value looks ahead, as its stage declares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outlook {
    /// `year`, `month`, `week` or `day`.
    pub unit: &'static str,
    /// In units; none without end.
    pub horizon: Option<u32>,
    /// Per year.
    pub discount: Option<f64>,
}

/// The section on lifetime value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LifetimeValue {
    pub outlook: Outlook,
    /// What all accounts with a value are worth, and how many of them are worth more than nothing.
    pub value: i128,
    pub valued: usize,
    /// By contract: how retention varies.
    pub retention: Option<Retention>,
    /// By purchases: who may have left.
    pub purchases: Option<Purchases>,
    /// The most valuable first.
    pub accounts: Listing<Valued>,
}

/// Retention of the book, and the segments with the lowest and the highest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retention {
    pub book: Option<f64>,
    pub lowest: Option<Kept>,
    pub highest: Option<Kept>,
}

/// The retention of a segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kept {
    pub segment: String,
    pub retention: f64,
}

/// Which accounts of class A have probably left.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Purchases {
    pub vital: usize,
    /// Those of them that are active with a probability below one half, and their revenue.
    pub doubtful: usize,
    pub doubtful_revenue: i128,
}

/// One account and its value; what its model does not have is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Valued {
    pub key: String,
    pub name: String,
    pub value: i64,
    pub segment: Option<String>,
    pub margin: Option<i64>,
    pub retention: Option<f64>,
    pub p_alive: Option<f64>,
    pub expected_invoices: Option<f64>,
    pub expected_spend: Option<i64>,
}

/// More rows would not make the section clearer.
const MOST_ROWS: usize = 10;

pub(super) fn lifetime_value(
    values: &Table,
    basis: Option<&Table>,
    outlook: Outlook,
    accounts: &Accounts,
    top: usize,
) -> LifetimeValue {
    let names = |key: &str| called(key, accounts);
    let by_purchases = values.spec.column("p_alive").is_some();
    let numbers = |column: &str| optional(values, column, Table::numbers);
    let (retention, alive, expected) = (numbers("retention"), numbers("p_alive"), numbers("expected_invoices"));
    let money = |column: &str| optional(values, column, Table::integers);
    let (margin, spend) = (money("margin"), money("expected_spend"));
    let segment = values.spec.column("segment").map(|_| values.text("segment"));
    let keys = values.text("account");
    let worth = values.integers("value");
    let mut order: Vec<(Reverse<i64>, &str, usize)> = worth
        .iter()
        .zip(&keys)
        .enumerate()
        .filter_map(|(row, (value, key))| value.filter(|value| *value > 0).map(|value| (Reverse(value), *key, row)))
        .collect();
    order.sort_unstable();
    let shown = Listing::cut(order, top.min(MOST_ROWS));
    let row = |(Reverse(value), key, row): (Reverse<i64>, &str, usize)| Valued {
        key: key.to_owned(),
        name: names(key),
        value,
        segment: segment.as_ref().map(|segments| segments[row].to_owned()).filter(|segment| !segment.is_empty()),
        margin: at(&margin, row),
        retention: at(&retention, row),
        p_alive: at(&alive, row),
        expected_invoices: at(&expected, row),
        expected_spend: at(&spend, row),
    };
    LifetimeValue {
        outlook,
        value: worth.iter().flatten().map(|value| i128::from(*value)).sum(),
        valued: shown.total,
        retention: basis.filter(|_| !by_purchases).map(kept),
        purchases: by_purchases.then(|| doubtful(&keys, &alive, accounts)),
        accounts: Listing { total: shown.total, more: shown.more, rows: shown.rows.into_iter().map(row).collect() },
    }
}

/// The values of a column that the table may not have.
fn optional<T>(table: &Table, column: &str, read: fn(&Table, &str) -> Vec<Option<T>>) -> Vec<Option<T>> {
    if table.spec.column(column).is_some() { read(table, column) } else { Vec::new() }
}

fn at<T: Copy>(values: &[Option<T>], row: usize) -> Option<T> {
    values.get(row).copied().flatten()
}

/// The first row of a table of retention is the book; only segments with an account to keep are compared.
fn kept(table: &Table) -> Retention {
    let (rates, had) = (table.numbers("retention"), table.integers("had"));
    let rows = table.text("segment").into_iter().enumerate().skip(1);
    let mut segments: Vec<Kept> = rows
        .filter(|(row, segment)| !segment.is_empty() && at(&had, *row).is_some_and(|had| had > 0))
        .filter_map(|(row, segment)| Some(Kept { segment: segment.to_owned(), retention: at(&rates, row)? }))
        .collect();
    segments.sort_by(|a, b| a.retention.total_cmp(&b.retention).then_with(|| a.segment.cmp(&b.segment)));
    let several = segments.len() > 1;
    Retention {
        book: at(&rates, 0),
        lowest: segments.first().filter(|_| several).cloned(),
        highest: segments.last().filter(|_| several).cloned(),
    }
}

fn doubtful(keys: &[&str], alive: &[Option<f64>], accounts: &Accounts) -> Purchases {
    let alive: BTreeMap<&str, Option<f64>> = keys.iter().copied().zip(alive.iter().copied()).collect();
    let vital = || accounts.values().filter(|account| account.vital_few);
    let probability = |key: &str| alive.get(key).copied().flatten();
    let doubtful = || vital().filter(|account| probability(&account.key).is_some_and(|alive| alive < 0.5));
    Purchases {
        vital: vital().count(),
        doubtful: doubtful().count(),
        doubtful_revenue: doubtful().map(|account| i128::from(account.revenue.unwrap_or_default())).sum(),
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

    fn contractual() -> (Table, Table) {
        let values = TableBuilder::new("lifetime_value", 5)
            .per_account()
            .text("account", KEYS.to_vec())
            .money("value", vec![Some(25_333_333), Some(9_000_000), Some(-450_000), Some(0), None])
            .money("margin", vec![Some(4_000_000), Some(2_000_000), Some(-100_000), Some(0), None])
            .ratios("retention", vec![Some(0.95), Some(0.9), Some(0.9), None, Some(0.95)])
            .optional_text("segment", vec![Some("north"), Some("south"), Some("south"), Some("north"), Some("")])
            .build();
        let retention = TableBuilder::new("lifetime_value_retention", 4)
            .text("segment", vec!["all", "", "north", "south"])
            .integers("accounts", vec![4, 1, 1, 2])
            .integers("had", vec![30, 0, 18, 12])
            .integers("kept", vec![28, 0, 17, 11])
            .ratios("retention", vec![0.9333, 0.9333, 0.95, 0.9])
            .money("value", vec![33_883_333, 0, 25_333_333, 8_550_000])
            .build();
        (values, retention)
    }

    fn by_purchases() -> (Table, Table) {
        let values = TableBuilder::new("lifetime_value", 5)
            .per_account()
            .text("account", KEYS.to_vec())
            .money("value", vec![Some(900_000), Some(30_000), Some(300_000), None, Some(70_000)])
            .ratios("p_alive", vec![Some(0.98), Some(0.31), Some(0.2), None, Some(1.0)])
            .numbers("expected_invoices", vec![Some(9.0), Some(0.6), Some(3.0), None, Some(0.7)])
            .money("expected_spend", vec![Some(100_000), Some(50_000), Some(100_000), None, Some(100_000)])
            .build();
        let fit =
            TableBuilder::new("lifetime_value_fit", 1).text("parameter", vec!["r"]).numbers("value", vec![0.2]).build();
        (values, fit)
    }

    fn drawn_up(tables: &(Table, Table), outlook: Outlook, language: Language) -> Report {
        let book = book();
        let inputs = Inputs { lifetime_value: Some(&tables.0), lifetime_basis: Some(&tables.1), ..book.inputs() };
        report(&super::super::Facts { outlook: Some(outlook), ..facts(language) }, &inputs)
    }

    const ENDLESS: Outlook = Outlook { unit: "year", horizon: None, discount: Some(0.1) };
    const WEEKS: Outlook = Outlook { unit: "week", horizon: Some(52), discount: None };

    #[test]
    fn by_contract() {
        let section = drawn_up(&contractual(), ENDLESS, Language::English).lifetime_value.unwrap();
        assert_eq!((section.value, section.valued), (33_883_333, 2));
        let keys: Vec<&str> = section.accounts.rows.iter().map(|account| account.key.as_str()).collect();
        assert_eq!(keys, ["C-1", "C-2"]);
        let retention = section.retention.unwrap();
        assert_eq!(retention.book, Some(0.9333));
        assert_eq!(retention.lowest.unwrap().segment, "south");
        assert_eq!(retention.highest.unwrap().segment, "north");
        assert_eq!(section.purchases, None);
    }

    /// Of class A, C-1 and C-2, the second is active with 31%; C-3 is in class B and does not count.
    #[test]
    fn by_how_they_buy() {
        let section = drawn_up(&by_purchases(), WEEKS, Language::English).lifetime_value.unwrap();
        assert_eq!(section.purchases, Some(Purchases { vital: 2, doubtful: 1, doubtful_revenue: 6_000_000 }));
        assert_eq!((section.retention, section.value, section.valued), (None, 1_300_000, 4));
        assert_eq!(section.accounts.rows[1].key, "C-3");
        assert_eq!(section.accounts.rows[1].expected_invoices, Some(3.0));
    }

    /// The section alone, with its no-break spaces made visible.
    fn section(tables: &(Table, Table), outlook: Outlook, language: Language) -> String {
        let text = render(&drawn_up(tables, outlook, language), language, None).unwrap();
        let heading = if language == Language::English { "## What accounts are worth" } else { "## Cuánto valen" };
        let from = text.find(heading).unwrap();
        let to = text[from + 3..].find("\n## ").map_or(text.len(), |end| from + 3 + end);
        text[from..to].trim().replace('\u{a0}', "~")
    }

    #[test]
    fn the_section_by_contract_in_both_languages() {
        insta::assert_snapshot!(section(&contractual(), ENDLESS, Language::English), @r"
        ## What accounts are worth

        Together, the accounts are worth 338,833.33~EUR: the margin that they are expected to bring in from now on.
        What comes later counts less, by 10.0% a year.
        From one year to the next, 93.3% of the accounts stay: by segment, from 90.0% (south) to 95.0% (north), with small segments drawn toward the whole.

        | Account | Segment | Margin a year (EUR) | Retention | Value (EUR) |
        |:---|:---|---:|---:|---:|
        | Acme & Sons (C-1) | north | 40,000.00 | 95.0% | 253,333.33 |
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | south | 20,000.00 | 90.0% | 90,000.00 |
        ");
        let ahead = Outlook { horizon: Some(5), ..ENDLESS };
        insta::assert_snapshot!(section(&contractual(), ahead, Language::Spanish), @r"
        ## Cuánto valen las cuentas

        En conjunto, las cuentas valen 338.833,33~EUR: el margen que se espera de ellas durante los próximos 5 años.
        Lo que llega más tarde cuenta menos: un 10,0~% al año.
        De un año al siguiente permanece el 93,3~% de las cuentas: por segmento, del 90,0~% (south) al 95,0~% (north), con los segmentos pequeños acercados al conjunto.

        | Cuenta | Segmento | Margen al año (EUR) | Retención | Valor (EUR) |
        |:---|:---|---:|---:|---:|
        | Acme & Sons (C-1) | north | 40.000,00 | 95,0~% | 253.333,33 |
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | south | 20.000,00 | 90,0~% | 90.000,00 |
        ");
    }

    #[test]
    fn the_section_by_purchases_in_both_languages() {
        insta::assert_snapshot!(section(&by_purchases(), WEEKS, Language::English), @r"
        ## What accounts are worth

        Together, the accounts are worth 13,000.00~EUR: what they are expected to bring in over the coming 52 weeks, by how often, how recently and for how much they bought.
        1 account of class A, with 60,000.00~EUR of revenue in 2025, has probably stopped buying: the chance that it is still active is below one half.

        | Account | Still active | Purchases to expect | Per purchase (EUR) | Value (EUR) |
        |:---|---:|---:|---:|---:|
        | Acme & Sons (C-1) | 98.0% | 9.0 | 1,000.00 | 9,000.00 |
        | Cable \[x\](y) (C-3) | 20.0% | 3.0 | 1,000.00 | 3,000.00 |
        | C-5 | 100.0% | 0.7 | 1,000.00 | 700.00 |
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | 31.0% | 0.6 | 500.00 | 300.00 |
        ");
        let months = Outlook { unit: "month", horizon: Some(1), discount: Some(0.08) };
        insta::assert_snapshot!(section(&by_purchases(), months, Language::Spanish), @r"
        ## Cuánto valen las cuentas

        En conjunto, las cuentas valen 13.000,00~EUR: lo que se espera de ellas durante el próximo mes, según con qué frecuencia, cuándo y por cuánto compraron.
        Lo que llega más tarde cuenta menos: un 8,0~% al año.
        1 cuenta de la clase A, con 60.000,00~EUR de facturación en 2025, probablemente ha dejado de comprar: la probabilidad de que siga activa es inferior a un medio.

        | Cuenta | Sigue activa | Compras previstas | Por compra (EUR) | Valor (EUR) |
        |:---|---:|---:|---:|---:|
        | Acme & Sons (C-1) | 98,0~% | 9,0 | 1000,00 | 9000,00 |
        | Cable \[x\](y) (C-3) | 20,0~% | 3,0 | 1000,00 | 3000,00 |
        | C-5 | 100,0~% | 0,7 | 1000,00 | 700,00 |
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | 31,0~% | 0,6 | 500,00 | 300,00 |
        ");
    }
}
