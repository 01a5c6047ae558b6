//! Which of the accounts that count are about to be lost, and why.

use serde::Serialize;

use super::account::{Account, Accounts};
use super::{Inputs, Listing, part};
use crate::table::Table;

/// Rows of the list of accounts at risk, at most: it is there to be worked off.
const ROWS: usize = 10;

/// The section on stability: of classes A and B alone, for small accounts come and go.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stability {
    /// Accounts of classes A and B, those of them that are at risk, and those of these in class A.
    pub watched: usize,
    pub at_risk: usize,
    pub vital: usize,
    /// How many are at risk for each reason.
    pub overdue: usize,
    pub gap: usize,
    pub falling: usize,
    /// The revenue at risk, and which part it is of that of classes A and B.
    pub revenue: i128,
    pub share: Option<f64>,
    /// The largest revenue first.
    pub accounts: Listing<AtRisk>,
}

/// An account at risk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AtRisk {
    pub name: String,
    pub class: Option<String>,
    pub revenue: Option<i64>,
    /// `overdue`, `gap` or `falling`.
    pub reason: String,
    /// The last purchase, in days since 1970-01-01.
    pub last_invoice: Option<i32>,
    pub rhythm_days: Option<f64>,
    pub overdue: Option<f64>,
    /// Change a year, as a fraction of the mean.
    pub trend_ratio: Option<f64>,
}

/// None without a ranking: what is worth watching is decided there.
pub(super) fn stability(inputs: &Inputs, accounts: &Accounts, as_of: i32, top: usize) -> Option<Stability> {
    let (table, _) = inputs.stability.zip(inputs.pareto)?;
    let is_watched = |account: &&Account| matches!(account.class.as_deref(), Some("A" | "B"));
    let watched = || accounts.values().filter(is_watched);
    let keys = table.text("account").into_iter().enumerate();
    let known = keys.filter_map(|(row, key)| accounts.get(key).map(|account| (row, account)));
    let flags = table.flags("at_risk");
    let mut at_risk: Vec<(usize, &Account)> =
        known.filter(|(row, account)| flags[*row] && is_watched(account)).collect();
    at_risk.sort_by_key(|(_, account)| account.by_revenue());
    let reasons = table.text("at_risk_reason");
    let of_reason = |reason: &str| at_risk.iter().filter(|(row, _)| reasons[*row] == reason).count();
    let (overdue, gap, falling) = (of_reason("overdue"), of_reason("gap"), of_reason("falling"));
    let revenue = |account: &Account| i128::from(account.revenue.unwrap_or_default());
    let revenue_at_risk = at_risk.iter().map(|(_, account)| revenue(account)).sum();
    let vital = at_risk.iter().filter(|(_, account)| account.vital_few).count();
    let shown = Listing::cut(at_risk, top.min(ROWS));
    let at_risk = shown.total;
    Some(Stability {
        watched: watched().count(),
        at_risk,
        vital,
        overdue,
        gap,
        falling,
        revenue: revenue_at_risk,
        share: part(revenue_at_risk, watched().map(revenue).sum()),
        accounts: Listing { rows: rows(table, &shown.rows, as_of), total: shown.total, more: shown.more },
    })
}

fn rows(table: &Table, accounts: &[(usize, &Account)], as_of: i32) -> Vec<AtRisk> {
    let (reasons, days_since_last) = (table.text("at_risk_reason"), table.integers("days_since_last"));
    let [rhythms, overdue, trends] = ["rhythm_days", "overdue", "trend_ratio"].map(|column| table.numbers(column));
    let last = |days: i64| i32::try_from(i64::from(as_of) - days).ok();
    let row = |(row, account): &(usize, &Account)| AtRisk {
        name: account.name.clone(),
        class: account.class.clone(),
        revenue: account.revenue,
        reason: reasons[*row].to_owned(),
        last_invoice: days_since_last[*row].and_then(last),
        rhythm_days: rhythms[*row],
        overdue: overdue[*row],
        trend_ratio: trends[*row],
    };
    accounts.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{KEYS, book, facts};
    use super::super::{Facts, report};
    use super::*;
    use crate::outputs::locale::Language;
    use crate::outputs::markdown::render;
    use crate::table::TableBuilder;

    /// Classes of the sample: A, A, B, none, C. All but the newcomer are at risk.
    fn table(at_risk: bool) -> Table {
        let reasons = if at_risk { ["falling", "overdue", "gap", "overdue", ""] } else { [""; 5] };
        TableBuilder::new("stability", 5)
            .per_account()
            .text("account", KEYS.to_vec())
            .ratios("trend_ratio", vec![Some(-0.305), Some(0.12), None, Some(0.0), None])
            .integers("days_since_last", vec![Some(1), Some(152), Some(100), Some(500), None])
            .numbers("rhythm_days", vec![Some(7.25), Some(30.42), None, Some(10.0), None])
            .numbers("overdue", vec![Some(0.1379), Some(4.9967), None, Some(50.0), None])
            .flags("at_risk", reasons.iter().map(|reason| !reason.is_empty()).collect())
            .text("at_risk_reason", reasons.to_vec())
            .build()
    }

    fn section(language: Language, table: &Table, top: usize) -> String {
        let book = book();
        let inputs = Inputs { stability: Some(table), ..book.inputs() };
        let text = render(&report(&Facts { top, ..facts(language) }, &inputs), language, None).unwrap();
        let heading = if language == Language::English { "## Who is at risk" } else { "## Quién está en riesgo" };
        let section = text.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
        section.trim().replace('\u{a0}', "~")
    }

    #[test]
    fn only_classes_a_and_b_are_watched() {
        let book = book();
        let table = table(true);
        let inputs = Inputs { stability: Some(&table), ..book.inputs() };
        let stability = report(&facts(Language::English), &inputs).stability.unwrap();
        assert_eq!((stability.watched, stability.at_risk, stability.vital), (3, 3, 2));
        assert_eq!((stability.overdue, stability.gap, stability.falling), (1, 1, 1));
        assert_eq!((stability.revenue, stability.share), (22_000_000, Some(1.0)));
        // 20453 is the as-of day of the sample.
        assert_eq!(stability.accounts.rows[0].last_invoice, Some(20_452));
        assert!(report(&facts(Language::English), &Inputs { pareto: None, ..inputs }).stability.is_none());
    }

    #[test]
    fn the_section_in_english() {
        insta::assert_snapshot!(section(Language::English, &table(true), 20), @r"
        3 of 3 accounts of classes A and B are at risk by the way they buy (2 in class A), with 220,000.00~EUR of revenue, 100.0% of theirs; the largest first.
        Overdue against their own rhythm: 1; in their longest gap yet: 1; falling: 1.

        | Account | Class | Revenue 2025 (EUR) | Why | Last invoice | Usually every (days) | Silence (× usual) | Trend a year |
        |:---|:---|---:|:---|---:|---:|---:|---:|
        | Acme & Sons (C-1) | A | 140,000.00 | falling | 30/12/2025 | 7.3 | 0.1 | -30.5% |
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | A | 60,000.00 | overdue | 01/08/2025 | 30.4 | 5.0 | 12.0% |
        | Cable \[x\](y) (C-3) | B | 20,000.00 | longest gap | 22/09/2025 | – | – | – |
        ");
        insta::assert_snapshot!(section(Language::English, &table(true), 1), @r"
        3 of 3 accounts of classes A and B are at risk by the way they buy (2 in class A), with 220,000.00~EUR of revenue, 100.0% of theirs; the largest first.
        Overdue against their own rhythm: 1; in their longest gap yet: 1; falling: 1.

        | Account | Class | Revenue 2025 (EUR) | Why | Last invoice | Usually every (days) | Silence (× usual) | Trend a year |
        |:---|:---|---:|:---|---:|---:|---:|---:|
        | Acme & Sons (C-1) | A | 140,000.00 | falling | 30/12/2025 | 7.3 | 0.1 | -30.5% |

        … and 2 more.
        ");
        insta::assert_snapshot!(section(Language::English, &table(false), 20), @r"
        None of the 3 accounts of classes A and B is at risk by the way it buys.
        ");
    }

    #[test]
    fn the_section_in_spanish() {
        insta::assert_snapshot!(section(Language::Spanish, &table(true), 20), @r"
        3 de 3 cuentas de las clases A y B están en riesgo por su forma de comprar (2 en la clase A), con 220.000,00~EUR de facturación, el 100,0~% de la de todas ellas; de mayor a menor.
        Con retraso respecto a su propio ritmo: 1; en su pausa más larga: 1; en descenso: 1.

        | Cuenta | Clase | Facturación 2025 (EUR) | Por qué | Última factura | Suele comprar cada (días) | Silencio (× lo habitual) | Tendencia anual |
        |:---|:---|---:|:---|---:|---:|---:|---:|
        | Acme & Sons (C-1) | A | 140.000,00 | en descenso | 30/12/2025 | 7,3 | 0,1 | -30,5~% |
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | A | 60.000,00 | con retraso | 01/08/2025 | 30,4 | 5,0 | 12,0~% |
        | Cable \[x\](y) (C-3) | B | 20.000,00 | pausa más larga | 22/09/2025 | – | – | – |
        ");
        insta::assert_snapshot!(section(Language::Spanish, &table(false), 20), @r"
        Ninguna de las 3 cuentas de las clases A y B está en riesgo por su forma de comprar.
        ");
    }
}
