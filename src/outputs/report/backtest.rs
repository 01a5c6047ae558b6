//! How choosing would have fared at past year-ends, beside simpler rules.

use serde::Serialize;

use super::Inputs;
use crate::table::Table;

/// The section on the backtest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// How many years after each choice were followed.
    pub follow: i64,
    /// Whether the ledger knows the cost of goods.
    pub has_margin: bool,
    /// In the order of time.
    pub years: Vec<Year>,
    /// The method against each of the rules that also choose.
    pub tallies: Vec<Tally>,
    pub skipped: Vec<Skipped>,
}

/// One year-end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Year {
    /// The last day that counted.
    pub as_of: i32,
    pub method: Choice,
    pub others: Vec<Choice>,
}

/// The accounts of one rule, and how they fared. Money in minor units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    pub rule: String,
    pub accounts: i64,
    /// How many of them the method chose too, and how many brought nothing in the end.
    pub in_common: i64,
    pub gone: i64,
    pub before: i64,
    pub after: i64,
    pub kept: Option<f64>,
    pub growth: Option<f64>,
    pub margin: Option<f64>,
    /// `better`, `alike` or `worse`: the method against this rule.
    pub verdict: Option<String>,
}

/// In how many year-ends the method fared better, and worse, than a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub rule: String,
    pub years: usize,
    pub better: usize,
    pub worse: usize,
}

/// A year-end that could not be looked at, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub as_of: i32,
    pub reason: String,
}

pub(super) fn backtest(inputs: &Inputs) -> Option<Backtest> {
    let (table, skipped) = inputs.backtest.zip(inputs.backtest_skipped)?;
    let days: Vec<i32> = table.dates("as_of").into_iter().map(Option::unwrap_or_default).collect();
    let mut years: Vec<Year> = Vec::new();
    for (as_of, choice) in days.into_iter().zip(choices(table)) {
        match years.last_mut().filter(|year| year.as_of == as_of) {
            Some(year) => year.others.push(choice),
            // The method stands first.
            None => years.push(Year { as_of, method: choice, others: Vec::new() }),
        }
    }
    let tally = |rule: &str| {
        let of_rule = years.iter().flat_map(|year| &year.others).filter(|other| other.rule == rule);
        let verdicts: Vec<&str> = of_rule.filter_map(|other| other.verdict.as_deref()).collect();
        let count = |wanted: &str| verdicts.iter().filter(|verdict| **verdict == wanted).count();
        let tally =
            Tally { rule: rule.to_owned(), years: verdicts.len(), better: count("better"), worse: count("worse") };
        Some(tally).filter(|tally| tally.years > 0)
    };
    let reasons = skipped.dates("as_of").into_iter().zip(skipped.text("reason"));
    Some(Backtest {
        follow: table.integers("followed_years").first().copied().flatten().unwrap_or(1),
        has_margin: table.numbers("margin_after").iter().any(Option::is_some),
        tallies: ["largest", "class_a"].into_iter().filter_map(tally).collect(),
        skipped: reasons
            .map(|(as_of, reason)| Skipped { as_of: as_of.unwrap_or_default(), reason: reason.to_owned() })
            .collect(),
        years,
    })
}

fn choices(table: &Table) -> Vec<Choice> {
    let whole =
        |column: &str| -> Vec<i64> { table.integers(column).into_iter().map(Option::unwrap_or_default).collect() };
    let (rules, verdicts) = (table.text("rule"), table.optional_text("verdict"));
    let (accounts, in_common, gone) = (whole("accounts"), whole("in_common"), whole("accounts_gone"));
    let (before, after) = (whole("revenue_before"), whole("revenue_after"));
    let (kept, growth) = (table.numbers("revenue_kept"), table.numbers("growth_after"));
    let margin = table.numbers("margin_after");
    let choice = |row: usize| Choice {
        rule: rules[row].to_owned(),
        accounts: accounts[row],
        in_common: in_common[row],
        gone: gone[row],
        before: before[row],
        after: after[row],
        kept: kept[row],
        growth: growth[row],
        margin: margin[row],
        verdict: verdicts[row].map(str::to_owned),
    };
    (0..table.rows()).map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::super::report;
    use super::super::sample::{book, facts};
    use super::*;
    use crate::decisions::backtest::fared::{Fared, Verdict};
    use crate::decisions::backtest::tables::{Row, Rule, backtest, skipped};
    use crate::outputs::locale::Language;
    use crate::outputs::markdown::render;

    const FIRST: i32 = 18_992;
    const SECOND: i32 = 19_357;

    /// A rule of one year-end: accounts, revenue before and after in whole units.
    fn row(as_of: i32, rule: Rule, accounts: usize, before: i64, after: i64, verdict: Option<Verdict>) -> Row {
        let (before, after) = (before * 100, after * 100);
        let fared = Fared { accounts, gone: accounts / 2, follow: 1, before, after, last: after, cost: None };
        Row { as_of, rule, fared, in_common: accounts.min(1), verdict }
    }

    fn section(language: Language, rows: &[Row], reasons: &[(i32, String)]) -> String {
        let (table, left_out) = (backtest("backtest", rows), skipped("backtest_skipped", reasons));
        let book = book();
        let inputs = Inputs { backtest: Some(&table), backtest_skipped: Some(&left_out), ..book.inputs() };
        let text = render(&report(&facts(language), &inputs), language, None).unwrap();
        let heading = if language == Language::English { "## Has choosing" } else { "## ¿Ha servido" };
        let section = text.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
        section.trim().replace('\u{a0}', "~")
    }

    fn two_years() -> Vec<Row> {
        vec![
            row(FIRST, Rule::Method, 2, 1_000, 1_100, None),
            row(FIRST, Rule::Largest, 2, 2_000, 1_900, Some(Verdict::Better)),
            row(FIRST, Rule::ClassA, 5, 4_000, 4_480, Some(Verdict::Worse)),
            row(FIRST, Rule::All, 9, 5_000, 5_000, Some(Verdict::Better)),
            row(SECOND, Rule::Method, 1, 800, 600, None),
            row(SECOND, Rule::Largest, 1, 800, 600, Some(Verdict::Alike)),
            row(SECOND, Rule::ClassA, 4, 4_000, 3_200, Some(Verdict::Worse)),
            row(SECOND, Rule::All, 9, 5_000, 5_000, Some(Verdict::Worse)),
        ]
    }

    #[test]
    fn a_verdict_per_year_in_both_languages() {
        let reasons = [(FIRST - 365, "stage `growth` needs 4 complete <years>".to_owned())];
        insta::assert_snapshot!(section(Language::English, &two_years(), &reasons), @r"
        this way served?

        The same rules, applied at earlier year-ends to what was known then, would have chosen some accounts; beside them stand as many of the largest, class A, and all accounts. Kept is the revenue of the year after as a part of that of the year that had just ended, and better is who kept more.
        Of 2 years, the method did better than the largest accounts in 1 and worse in 0.
        In each of 2 years the method did worse than class A, which is the simpler rule.

        - 31 December 2021: the 2 accounts chosen kept 110.0% of their revenue, more than the largest accounts (95.0%), less than class A (112.0%), more than all accounts (100.0%).
        - 31 December 2022: the only account chosen kept 75.0% of its revenue, as much as the largest accounts (75.0%), less than class A (80.0%), less than all accounts (100.0%).

        | As of | Chosen by | Accounts | Of them by the method | Without revenue at the end | Revenue before (EUR) | Revenue after (EUR) | Kept |
        |---:|:---|---:|---:|---:|---:|---:|---:|
        | 31/12/2021 | the method | 2 | 1 | 1 | 1,000.00 | 1,100.00 | 110.0% |
        | 31/12/2021 | the largest accounts | 2 | 1 | 1 | 2,000.00 | 1,900.00 | 95.0% |
        | 31/12/2021 | class A | 5 | 1 | 2 | 4,000.00 | 4,480.00 | 112.0% |
        | 31/12/2021 | all accounts | 9 | 1 | 4 | 5,000.00 | 5,000.00 | 100.0% |
        | 31/12/2022 | the method | 1 | 1 | 0 | 800.00 | 600.00 | 75.0% |
        | 31/12/2022 | the largest accounts | 1 | 1 | 0 | 800.00 | 600.00 | 75.0% |
        | 31/12/2022 | class A | 4 | 1 | 2 | 4,000.00 | 3,200.00 | 80.0% |
        | 31/12/2022 | all accounts | 9 | 1 | 4 | 5,000.00 | 5,000.00 | 100.0% |

        One year-end could not be looked at:

        - 31 December 2020: stage \`growth\` needs 4 complete &lt;years&gt;
        ");
        insta::assert_snapshot!(section(Language::Spanish, &two_years(), &reasons), @r"
        elegir así?

        Las mismas reglas, aplicadas a cierres de ejercicio anteriores con lo que entonces se sabía, habrían elegido unas cuentas; a su lado están otras tantas de las mayores, la clase A y todas las cuentas. Lo conservado es la facturación del año siguiente como parte de la del ejercicio que acababa de cerrar, y mejor es quien conservó más.
        De 2 años, al método le fue mejor que a las mayores cuentas en 1 y peor en 0.
        En cada uno de los 2 años, al método le fue peor que a la clase A, que es la regla más sencilla.

        - 31 de diciembre de 2021: las 2 cuentas elegidas conservaron el 110,0~% de su facturación, más que las mayores cuentas (95,0~%), menos que la clase A (112,0~%), más que todas las cuentas (100,0~%).
        - 31 de diciembre de 2022: la única cuenta elegida conservó el 75,0~% de su facturación, lo mismo que las mayores cuentas (75,0~%), menos que la clase A (80,0~%), menos que todas las cuentas (100,0~%).

        | A fecha de | Elegidas por | Cuentas | De ellas, por el método | Sin facturación al final | Facturación antes (EUR) | Facturación después (EUR) | Conservado |
        |---:|:---|---:|---:|---:|---:|---:|---:|
        | 31/12/2021 | el método | 2 | 1 | 1 | 1000,00 | 1100,00 | 110,0~% |
        | 31/12/2021 | las mayores cuentas | 2 | 1 | 1 | 2000,00 | 1900,00 | 95,0~% |
        | 31/12/2021 | la clase A | 5 | 1 | 2 | 4000,00 | 4480,00 | 112,0~% |
        | 31/12/2021 | todas las cuentas | 9 | 1 | 4 | 5000,00 | 5000,00 | 100,0~% |
        | 31/12/2022 | el método | 1 | 1 | 0 | 800,00 | 600,00 | 75,0~% |
        | 31/12/2022 | las mayores cuentas | 1 | 1 | 0 | 800,00 | 600,00 | 75,0~% |
        | 31/12/2022 | la clase A | 4 | 1 | 2 | 4000,00 | 3200,00 | 80,0~% |
        | 31/12/2022 | todas las cuentas | 9 | 1 | 4 | 5000,00 | 5000,00 | 100,0~% |

        Un cierre de ejercicio no se pudo examinar:

        - 31 de diciembre de 2020: stage \`growth\` needs 4 complete &lt;years&gt;
        ");
    }

    #[test]
    fn a_year_in_which_nobody_was_chosen_and_two_years_after_with_margins() {
        let mut rows = two_years();
        rows.truncate(2);
        for row in &mut rows {
            (row.fared.follow, row.fared.cost) = (2, Some(50_000));
        }
        rows.push(row(SECOND, Rule::Method, 0, 0, 0, None));
        rows.push(row(SECOND, Rule::All, 9, 5_000, 5_000, None));
        insta::assert_snapshot!(section(Language::English, &rows, &[]), @"
        this way served?

        The same rules, applied at earlier year-ends to what was known then, would have chosen some accounts; beside them stand as many of the largest, class A, and all accounts. Kept is the yearly revenue of the 2 years after as a part of that of the year that had just ended, and better is who kept more.
        In the one year looked at, the method did better than the largest accounts.

        - 31 December 2021: the 2 accounts chosen kept 55.0% of their revenue, more than the largest accounts (47.5%).
        - 31 December 2022: the method would have chosen no account.

        | As of | Chosen by | Accounts | Of them by the method | Without revenue at the end | Revenue before (EUR) | Revenue after (EUR) | Kept | Growth per year | Margin after |
        |---:|:---|---:|---:|---:|---:|---:|---:|---:|---:|
        | 31/12/2021 | the method | 2 | 1 | 1 | 1,000.00 | 1,100.00 | 55.0% | 4.9% | 54.5% |
        | 31/12/2021 | the largest accounts | 2 | 1 | 1 | 2,000.00 | 1,900.00 | 47.5% | -2.5% | 73.7% |
        | 31/12/2022 | the method | 0 | 0 | 0 | 0.00 | 0.00 | – | – | – |
        | 31/12/2022 | all accounts | 9 | 1 | 4 | 5,000.00 | 5,000.00 | 100.0% | 0.0% | – |
        ");
    }
}
