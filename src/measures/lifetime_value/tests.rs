//! The published study of CDNOW's customers, from its transactions to its parameters, through a whole pipeline.

use super::purchases::{buyers, patterns};
use super::{bg_nbd, gamma_gamma};
use crate::pipeline::check::{Plan, check};
use crate::pipeline::diagnostics::SourceText;
use crate::pipeline::parse;
use crate::product::{Inputs, Product};
use crate::progress::Progress;
use crate::table::Table;
use std::path::Path;
use std::sync::Arc;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/external");

fn plan(text: &str) -> Result<Plan, String> {
    let source = SourceText { name: "test.yaml".to_owned(), text: text.to_owned() };
    let (pipeline, problems) = parse(source, &[]).map_err(|invalid| invalid.to_string())?;
    check(pipeline, problems).map_err(|invalid| invalid.to_string())
}

fn run(plan: &Plan) -> Inputs {
    let mut inputs = Inputs::new(1, Progress::hidden());
    for step in &plan.steps {
        let product = (step.job)(&inputs).unwrap_or_else(|failure| panic!("{}", failure.render(false)));
        inputs.insert(&step.id, Arc::new(product));
    }
    inputs
}

/// The transactions of CDNOW, where they are.
fn cdnow(stage: &str) -> Option<Inputs> {
    if !Path::new(FOLDER).join("cdnow/cdnow_transactions.csv").exists() {
        println!("skipped: there is no data/external/cdnow/cdnow_transactions.csv");
        return None;
    }
    let text = format!(
        "name: cdnow\nroot: {FOLDER}\nas_of: latest\nfiscal_year_starts: 10\ncurrency: USD\nstages:\n  \
         - read: {{id: transactions, path: cdnow/cdnow_transactions.csv}}\n  \
         - ledger: {{from: transactions, columns: {{account: customer, date: date, amount: dollars}}}}\n  \
         - lifetime_value: {stage}\n"
    );
    Some(run(&plan(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"))))
}

fn tables(inputs: &Inputs) -> (Table, Table) {
    match inputs.product("lifetime_value").unwrap() {
        Product::Tables(tables) => (tables[0].clone(), tables[1].clone()),
        other => panic!("{other:?}"),
    }
}

fn parameter(fit: &Table, name: &str) -> f64 {
    let place = fit.text("parameter").iter().position(|parameter| *parameter == name).unwrap();
    fit.numbers("value")[place].unwrap()
}

/// Fader, Hardie & Lee (2005), table 2, and Fader & Hardie's note 025; the unrounded values were published with
/// spreadsheets whose search stopped a little earlier than ours.
#[test]
fn the_published_parameters() {
    let Some(inputs) = cdnow("{model: bg_nbd, from: ledger, until: 1997-09-30, unit: week, horizon: 39}") else {
        return;
    };
    let (_, fit) = tables(&inputs);
    for (name, published, unrounded) in
        [("r", 0.243, 0.24259), ("alpha", 4.414, 4.41353), ("a", 0.793, 0.79289), ("b", 2.426, 2.42575)]
    {
        let found = parameter(&fit, name);
        assert_eq!((found * 1000.0).round() / 1000.0, published, "{name}");
        assert!((found / unrounded - 1.0).abs() < 1e-4, "{name}: {found} for {unrounded}");
    }
    assert_eq!((parameter(&fit, "log_likelihood") * 100.0).round() / 100.0, -9582.43);
    for (name, published) in [("p", 6.25), ("q", 3.74), ("v", 15.44)] {
        let found = parameter(&fit, name);
        assert!((found - published).abs() < 0.01, "{name}: {found} for {published}");
    }
    assert_eq!((parameter(&fit, "customers"), parameter(&fit, "repeat_buyers")), (2357.0, 946.0));
    assert_eq!(parameter(&fit, "without_spend"), 0.0);
    // 0.11388791939 by numpy.
    assert!((parameter(&fit, "frequency_spend_correlation") - 0.11388791939).abs() < 1e-10);
}

/// x, t_x and T of all customers, as the published summary has them to two decimals; the first of them is
/// expected to buy 1.226 times in the 39 weeks after.
#[test]
#[expect(clippy::disallowed_methods, reason = "the published summary is a file beside the transactions")]
fn the_published_summary_of_every_customer() {
    let Some(inputs) = cdnow("{model: bg_nbd, from: ledger, until: 1997-09-30, horizon: 39}") else { return };
    let (table, _) = tables(&inputs);
    let summary = std::fs::read_to_string(Path::new(FOLDER).join("cdnow/cdnow_customers_summary.csv")).unwrap();
    let (accounts, frequency) = (table.text("account"), table.integers("frequency"));
    let (recency, age) = (table.numbers("recency"), table.numbers("age"));
    assert_eq!(summary.lines().count() - 1, 2357);
    assert_eq!(accounts.len(), 2357);
    for (row, line) in summary.lines().skip(1).enumerate() {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        assert_eq!(accounts[row], format!("{:04}", cells[0] as i64));
        assert_eq!(frequency[row], Some(cells[1] as i64), "{line}");
        assert!((recency[row].unwrap() - cells[2]).abs() <= 0.005 + 1e-9, "{line}: {:?}", recency[row]);
        assert!((age[row].unwrap() - cells[3]).abs() <= 0.005 + 1e-9, "{line}: {:?}", age[row]);
    }
    assert_eq!((table.numbers("expected_invoices")[0].unwrap() * 1000.0).round(), 1226.0);
}

/// The likelihood is summed in fixed chunks: one thread or two, the same bits.
#[test]
fn the_fit_has_the_same_bits_on_any_number_of_threads() {
    let Some(inputs) = cdnow("{model: bg_nbd, from: ledger, until: 1997-09-30}") else { return };
    let ledger = inputs.ledger("ledger").unwrap();
    let found = buyers(&ledger.books.days, ledger.period.as_of);
    let patterns = patterns(&found);
    let spenders: Vec<gamma_gamma::Spender> = found
        .iter()
        .filter(|buyer| buyer.pattern.repeats > 0)
        .map(|buyer| gamma_gamma::Spender { purchases: buyer.pattern.repeats, mean: buyer.spend as f64 })
        .collect();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (bg_nbd::fit(&patterns, 7.0).unwrap(), gamma_gamma::fit(&spenders).unwrap()))
    };
    assert_eq!(on(1), on(3));
}

/// Days instead of weeks give the same values, and a margin of a half gives half of them.
#[test]
fn units_and_margins() {
    let days = cdnow("{model: bg_nbd, from: ledger, until: 1997-09-30, unit: day, horizon: 364}");
    let weeks = cdnow("{model: bg_nbd, from: ledger, until: 1997-09-30, unit: week, horizon: 52, margin_rate: 0.5}");
    let (Some(days), Some(weeks)) = (days, weeks) else { return };
    let ((days, by_day), (weeks, by_week)) = (tables(&days), tables(&weeks));
    let pairs = days.integers("value").into_iter().zip(weeks.integers("value"));
    for (whole, half) in pairs {
        let (whole, half) = (whole.unwrap() as f64, half.unwrap() as f64);
        assert!((whole / 2.0 - half).abs() <= 2.0 + whole * 1e-4, "{whole} {half}");
    }
    // A week is seven days, for the rate too; the other parameters have no unit.
    assert!((parameter(&by_day, "alpha") / parameter(&by_week, "alpha") / 7.0 - 1.0).abs() < 1e-4);
    assert!((parameter(&by_day, "b") / parameter(&by_week, "b") - 1.0).abs() < 1e-4);
}

const BOOK: &str = "account,day,amount,cost\n\
    A,2022-03-01,100.00,40.00\nA,2023-03-01,110.00,50.00\nA,2024-03-01,120.00,60.00\n\
    B,2022-05-01,80.00,70.00\nB,2023-05-01,90.00,95.00\nB,2024-05-01,10.00,30.00\n\
    C,2022-07-01,50.00,10.00\nD,2024-12-30,40.00,20.00\n";

/// A pipeline over the small book in a folder of its own, with `stages` below `account_years`.
#[expect(clippy::disallowed_methods, reason = "the test writes the files that it reads")]
fn small(stages: &str, columns: &str) -> (tempfile::TempDir, Result<Plan, String>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lines.csv"), BOOK).unwrap();
    std::fs::write(folder.path().join("names.csv"), "id,kind\nA,x\nB,x\nC,y\n").unwrap();
    let text = format!(
        "name: small\nroot: {}\ncurrency: EUR\nstages:\n  - read: {{id: lines, path: lines.csv}}\n  \
         - ledger: {{from: lines, columns: {{account: account, date: day, amount: amount{columns}}}}}\n  \
         - account_years: {{from: ledger}}\n  - read: {{id: names, path: names.csv}}\n  \
         - accounts: {{from: names, account: id, attributes: {{kind: kind}}}}\n{stages}",
        folder.path().display()
    );
    let plan = plan(&text);
    (folder, plan)
}

/// 2022: A, B, C bought; 2023: A and B, who both bought again in 2024. Had 5, kept 4; book 0.8.
/// Without shrinking, x (A, B) keeps 4 of 4 and y (C) 0 of 1; D has no kind and no year before: the book's 0.8.
/// A: margin 60, forever at a discount of 0.25: 60 · 1 / 0.25 = 240. B: −20 · 4 = −80.
/// D: 20 · 0.8 / 0.45 = 35.56. C bought nothing in 2024: 0.
#[test]
fn a_contract_by_hand() {
    let stage = "  - lifetime_value: {from: account_years, by: kind, accounts: accounts, shrink: 0, discount: 0.25}\n";
    let (_folder, plan) = small(stage, ", cost: cost");
    let (table, retention) = tables(&run(&plan.unwrap()));
    assert_eq!(table.text("account"), ["A", "B", "C", "D"]);
    assert_eq!(table.integers("value"), [Some(24_000), Some(-8_000), Some(0), Some(3_556)]);
    assert_eq!(table.integers("margin"), [Some(6_000), Some(-2_000), Some(0), Some(2_000)]);
    assert_eq!(table.numbers("retention"), [Some(1.0), Some(1.0), None, Some(0.8)]);
    assert_eq!(table.text("segment"), ["x", "x", "y", ""]);
    assert_eq!(retention.text("segment"), ["all", "", "x", "y"]);
    assert_eq!(retention.integers("had"), [Some(5), Some(0), Some(4), Some(1)]);
    assert_eq!(retention.integers("value"), [Some(19_556), Some(3_556), Some(16_000), Some(0)]);
}

/// The margin may come from any table of money with one row per account.
#[test]
fn a_margin_from_another_stage() {
    let stages = "  - growth: {from: account_years, years: 1}\n  \
                  - lifetime_value: {from: account_years, margin: growth.revenue_y1, shrink: 0, horizon: 1}\n";
    let (_folder, plan) = small(stages, "");
    let (table, _) = tables(&run(&plan.unwrap()));
    // 0.8 / 1.1 of the revenue of 2024: 120, 10 and 40.
    assert_eq!(table.integers("value"), [Some(8_727), Some(727), Some(0), Some(2_909)]);
}

#[test]
fn mistakes_are_found_before_anything_is_read() {
    let cases = [
        ("{from: account_years}", "needs a margin, but the ledger has no costs"),
        (
            "{from: ledger, margin: growth.revenue_y1}",
            "reads an `account_years` stage, but `ledger` is a `ledger` stage",
        ),
        ("{from: account_years, margin: growth.cagr}", "the column `growth.cagr` holds no money"),
        ("{from: account_years, margin: growth.revenue_y9}", "table `growth` has no column `revenue_y9`"),
        ("{from: account_years, margin: growth.revenue_y1, by: kind}", "there is no `accounts`"),
        ("{from: account_years, margin: growth.revenue_y1, accounts: accounts}", "there is no `by`"),
        ("{from: account_years, margin: growth.revenue_y1, by: king, accounts: accounts}", "has no column `king`"),
        (
            "{from: account_years, margin: growth.revenue_y1, discount: 10}",
            "`discount` should be a number from 0.001 to 1",
        ),
        ("{from: account_years, margin: growth.revenue_y1, horizon: 0}", "`horizon` should be a whole number"),
        ("{from: account_years, margin: growth.revenue_y1, unit: week}", "`unit` belongs to `model: bg_nbd`"),
        ("{model: bgnbd, from: ledger, unit: week}", "`model` should be one of `contractual`, `bg_nbd`"),
        ("{model: bg_nbd, from: account_years}", "reads a `ledger` stage"),
        ("{model: bg_nbd, from: ledger, shrink: 3}", "`shrink` belongs to `model: contractual`"),
        ("{model: bg_nbd, from: ledger, until: 1997-09-31}", "`until` should be a day, found `1997-09-31`"),
        ("{model: bg_nbd, from: ledger, unit: year}", "`unit` should be one of `day`, `week`, `month`"),
    ];
    for (stage, expected) in cases {
        let stages = format!("  - growth: {{from: account_years, years: 1}}\n  - lifetime_value: {stage}\n");
        let mistakes = small(&stages, "").1.err().unwrap_or_default();
        assert!(mistakes.contains(expected), "{stage}: {mistakes}");
        assert!(mistakes.contains("\n1 mistake in"), "{stage}: {mistakes}");
    }
}

/// With 2022 as the last year, no year follows another; the run ends with exit code 3.
#[test]
fn one_year_tells_no_retention() {
    let stages = "  - lifetime_value: {from: account_years}\nas_of: 2022-12-31\n";
    let (_folder, plan) = small(stages, ", cost: cost");
    let mut inputs = Inputs::new(1, Progress::hidden());
    let failure = plan.unwrap().steps.iter().find_map(|step| match (step.job)(&inputs) {
        Ok(product) => {
            inputs.insert(&step.id, Arc::new(product));
            None
        }
        Err(failure) => Some(failure),
    });
    let failure = failure.unwrap();
    assert_eq!(failure.exit_code(), 3);
    assert!(
        failure.to_string().contains("needs 2 complete fiscal years up to 2022-12-31, but the data has 1"),
        "{failure}"
    );
}
