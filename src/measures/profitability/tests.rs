use super::costs::{Form, fiscal_year, judge};
use super::margins::order;
use super::rates::Driver;
use super::whale_curve::{Whale, curve};
use super::*;
use crate::calendar::FiscalCalendar;
use crate::sources::written::Written;
use crate::sources::{Defect, TextRow};
use crate::table::TableBuilder;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Account, fiscal year, then revenue, cost, lines, invoices and returns.
type YearRow<'a> = (&'a str, i64, [i64; 5]);

fn account_years(rows: &[YearRow]) -> Table {
    let column = |place: usize| rows.iter().map(|(_, _, values)| values[place]).collect::<Vec<i64>>();
    TableBuilder::new("account_years", rows.len())
        .text("account", rows.iter().map(|(account, _, _)| *account).collect())
        .integers("fiscal_year", rows.iter().map(|(_, year, _)| *year).collect::<Vec<_>>())
        .money("revenue", column(0))
        .money("cost", column(1))
        .integers("lines", column(2))
        .integers("invoices", column(3))
        .integers("returns", column(4))
        .build()
}

fn window(first: i32, last: i32) -> Window {
    Window { first, last }
}

/// Accounts that leave nothing but a net margin.
fn leaving(margins: &[(&'static str, i64)]) -> Vec<Margin<'static>> {
    margins.iter().map(|(account, net)| Margin::of(account, (*net).into(), 0, 0).unwrap()).collect()
}

#[test]
fn margins_by_hand() {
    let years = account_years(&[
        // Before the window: counts for nothing.
        ("A", 2023, [900_000, 100_000, 90, 9, 9]),
        ("A", 2024, [100_000, 60_000, 10, 4, 1]),
        ("A", 2025, [50_000, 30_000, 5, 1, 0]),
        ("B", 2023, [70_000, 10_000, 1, 1, 0]),
        ("C", 2025, [-2_000, -1_500, 2, 1, 2]),
    ]);
    let serving = BTreeMap::from([("A", 7_000), ("B", 250)]);
    let rates = [
        Rate { driver: Driver::Line, amount: 100 },
        Rate { driver: Driver::Invoice, amount: 1_000 },
        Rate { driver: Driver::Return, amount: 2_500 },
    ];
    let margins = margins_of(&years, window(2024, 2025), &serving, &rates).unwrap();
    // A: 150,000 − 90,000 = 60,000; to serve 7,000 + 15 × 100 + 5 × 1,000 + 1 × 2,500 = 16,000; net 44,000.
    // B: nothing within the window but 250 of visits.
    // C: −2,000 + 1,500 = −500; to serve 200 + 1,000 + 5,000 = 6,200; net −6,700.
    let expected = [
        Margin { account: "A", revenue: 150_000, cost: 90_000, gross: 60_000, cost_to_serve: 16_000, net: 44_000 },
        Margin { account: "B", revenue: 0, cost: 0, gross: 0, cost_to_serve: 250, net: -250 },
        Margin { account: "C", revenue: -2_000, cost: -1_500, gross: -500, cost_to_serve: 6_200, net: -6_700 },
    ];
    assert_eq!(margins, expected);
    let table = margins::table("profitability", &margins);
    // 60 / 150, 44 / 150, 16 / 150; nothing is a part of zero revenue or of less.
    assert_eq!(table.numbers("gross_margin_ratio"), [Some(0.4), None, None]);
    assert_eq!(table.numbers("net_margin_ratio"), [Some(44.0 / 150.0), None, None]);
    assert_eq!(table.numbers("cost_to_serve_ratio"), [Some(16.0 / 150.0), None, None]);
    assert_eq!(table.integers("rank"), [Some(1), Some(2), Some(3)]);
}

#[test]
fn without_costs_to_serve_the_net_margin_is_the_gross_margin() {
    let years = account_years(&[("A", 2025, [1_000, 1_200, 3, 1, 0])]);
    let margins = margins_of(&years, window(2025, 2025), &BTreeMap::new(), &[]).unwrap();
    assert_eq!((margins[0].gross, margins[0].cost_to_serve, margins[0].net), (-200, 0, -200));
}

#[test]
fn equal_margins_rank_by_account() {
    let margins = leaving(&[("B", 5), ("C", 9), ("A", 5), ("D", -1)]);
    let accounts: Vec<&str> = order(&margins).into_iter().map(|place| margins[place].account).collect();
    assert_eq!(accounts, ["C", "A", "B", "D"]);
    assert_eq!(margins::table("profitability", &margins).integers("rank"), [Some(3), Some(1), Some(2), Some(4)]);
}

/// The customers of Kanthal, as Kaplan tells it (Harvard Business School case 190-002): the most profitable 20%
/// earn 225% of all profit, 70% break even, and the last 10% lose 125%.
#[test]
fn the_whale_curve_of_kanthal() {
    let mut margins = leaving(&[("01", 12_500), ("02", 10_000), ("10", -12_500)]);
    margins.extend(leaving(&[("03", 0), ("04", 0), ("05", 0), ("06", 0), ("07", 0), ("08", 0), ("09", 0)]));
    let (points, whale) = curve(&margins).unwrap();
    let shares: Vec<Option<f64>> = points.iter().map(|point| point.cum_share).collect();
    let expected = [1.25, 2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 1.0];
    assert_eq!(shares, expected.map(Some));
    assert_eq!((points[0].account, points[9].account), ("01", "10"));
    let figures = Whale {
        accounts: 10,
        profitable: 2,
        unprofitable: 1,
        net_margin: 10_000,
        peak: Some(2.25),
        erosion: Some(1.25),
        peak_amount: 22_500,
        // The first alone earns 125% of the total.
        accounts_for_all_profit: Some(1),
    };
    assert_eq!(whale, figures);
}

#[test]
fn all_profit_takes_all_accounts_that_earn_where_none_loses() {
    // 60 + 30 + 10 = 100; the account at zero adds nothing.
    let (_, whale) = curve(&leaving(&[("A", 30), ("B", 60), ("C", 10), ("D", 0)])).unwrap();
    assert_eq!((whale.peak, whale.erosion, whale.accounts_for_all_profit), (Some(1.0), Some(0.0), Some(3)));
}

#[test]
fn without_a_profit_the_peak_is_money_and_no_share() {
    // 40 − 100 = −60, and 40 − 40 = 0: both have a peak of 40 and no total to be a part of.
    for (loss, total) in [(-100, -60), (-40, 0)] {
        let (points, whale) = curve(&leaving(&[("A", 40), ("B", loss)])).unwrap();
        assert_eq!((whale.net_margin, whale.peak_amount), (total, 40));
        assert_eq!((whale.peak, whale.erosion, whale.accounts_for_all_profit), (None, None, None));
        assert!(points.iter().all(|point| point.cum_share.is_none()));
        assert_eq!(points[1].cum_net_margin, total);
    }
    let (points, whale) = curve(&leaving(&[("A", -1), ("B", -2)])).unwrap();
    assert_eq!((points[0].account, whale.peak_amount, whale.profitable, whale.unprofitable), ("A", 0, 0, 2));
    let (points, whale) = curve(&[]).unwrap();
    assert_eq!((points.len(), whale), (0, Whale::default()));
}

#[test]
fn amounts_past_64_bits_are_refused() {
    assert!(Margin::of("A", i64::MAX.into(), -1, 0).is_none());
    assert!(curve(&leaving(&[("A", i64::MAX), ("B", 1)])).is_none());
    let years = account_years(&[("A", 2025, [i64::MAX, 0, 0, 0, 0])]);
    let serving = BTreeMap::from([("A", -1)]);
    assert!(margins_of(&years, window(2025, 2025), &serving, &[]).is_none());
}

const JANUARY: FiscalCalendar = FiscalCalendar { starts: 1 };
const APRIL: FiscalCalendar = FiscalCalendar { starts: 4 };

fn judged(rows: &[[&str; 4]], form: Form) -> Vec<CostRow> {
    let accounts = BTreeSet::from(["A", "B", " C"]);
    let rules = Rules {
        accounts: &accounts,
        calendar: APRIL,
        window: window(2025, 2025),
        decimals: 2,
        activities: &BTreeMap::new(),
    };
    let rows = rows.iter().zip(2..).map(|(cells, line)| TextRow {
        file: "costs.csv".to_owned(),
        line,
        cells: cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect(),
        defect: None,
    });
    judge(rows.collect(), &rules, &BTreeMap::from([("costs.csv", form)]))
}

#[test]
fn an_activity_that_is_counted_costs_its_rate_each_time() {
    let (accounts, activities) = (BTreeSet::from(["A"]), BTreeMap::from([("visit".to_owned(), 8_550)]));
    let rules = Rules {
        accounts: &accounts,
        calendar: JANUARY,
        window: window(2025, 2025),
        decimals: 2,
        activities: &activities,
    };
    let row = |line: u64, cells: [&str; 5]| TextRow {
        file: "costs.csv".to_owned(),
        line,
        cells: cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect(),
        defect: None,
    };
    let rows = vec![
        // 3 × 85.50; 1.5 × 85.50 = 128.25; 0.0001 × 85.50 rounds to 0.01.
        row(2, ["A", "2025-01", "visit", "", "3"]),
        row(3, ["A", "2025-02", "visit", "", "1.5"]),
        row(4, ["A", "2025-03", "visit", "", "0.0001"]),
        // An amount that is there is the cost, whatever was counted.
        row(5, ["A", "2025-04", "visit", "20", "3"]),
        row(6, ["A", "2025-05", "visit", "", "many"]),
        row(7, ["A", "2025-06", "call", "", "3"]),
        row(8, ["A", "2025-07", "visit", "", ""]),
    ];
    let rows = judge(rows, &rules, &BTreeMap::from([("costs.csv", Form::plain())]));
    let found: Vec<(Option<i64>, &str)> = rows.iter().map(|row| (row.amount, row.unused.unwrap_or_default())).collect();
    let expected = [
        (Some(25_650), ""),
        (Some(12_825), ""),
        (Some(1), ""),
        (Some(2_000), ""),
        (None, "unreadable_amount"),
        (None, "activity_without_rate"),
        (None, "unreadable_amount"),
    ];
    assert_eq!(found, expected);
    assert_eq!(costs::by_account(&rows), BTreeMap::from([("A", 40_476)]));
}

#[test]
fn every_reason_why_a_cost_does_not_count() {
    let cases = [
        // With April, FY2025 is April 2024 to March 2025.
        (["A", "2025-03-31", "visits", "120.50"], ""),
        (["A", "2025-04-01", "visits", "120.50"], "outside_window"),
        (["A", "2024-04", "support", "80"], ""),
        (["A", "2024-03", "support", "80"], "outside_window"),
        (["B", "2025", "", "-12.345"], ""),
        (["B", "2024", "support", "9"], "outside_window"),
        ([" C", "2025", "support", "9"], ""),
        ([" A ", " 2025 ", "support", " 9 "], ""),
        (["C", "2025", "support", "9"], "unknown_account"),
        (["", "2025", "support", "9"], "missing_account"),
        (["  ", "2025", "support", "9"], "missing_account"),
        (["X", "2025", "support", "9"], "unknown_account"),
        (["X", "2026", "support", "n/a"], "outside_window"),
        (["X", "2025", "support", "n/a"], "unknown_account"),
        (["A", "2025", "support", ""], "unreadable_amount"),
        (["A", "2025", "support", "n/a"], "unreadable_amount"),
        (["A", "2025", "support", "99999999999999999999"], "amount_out_of_range"),
        (["A", "", "support", "9"], "unreadable_period"),
        (["A", "2025-13", "support", "9"], "unreadable_period"),
        (["A", "2025-02-30", "support", "9"], "unreadable_period"),
        (["A", "March", "support", "9"], "unreadable_period"),
        (["A", "0025", "support", "9"], "unreadable_period"),
    ];
    let rows = judged(&cases.map(|(cells, _)| cells), Form::plain());
    for (row, (cells, reason)) in rows.iter().zip(cases) {
        assert_eq!(row.unused.unwrap_or_default(), reason, "{cells:?}");
    }
    // A: 120.50 + 80 + 9; B: −12.345 is rounded half away from zero.
    assert_eq!(costs::by_account(&rows), BTreeMap::from([("A", 20_950), ("B", -1_235), (" C", 900)]));
    let table = costs::table("cost_rows", &rows);
    assert_eq!(table.rows(), cases.len());
    assert_eq!((table.integers("line")[0], table.text("period")[1]), (Some(2), "2025-04-01"));
    assert_eq!((table.integers("amount")[1], table.integers("amount")[15]), (Some(12_050), None));
    assert_eq!((table.flags("used")[0], table.flags("used")[1]), (true, false));
}

#[test]
fn a_broken_row_does_not_count() {
    let accounts = BTreeSet::from(["A"]);
    let rules = Rules {
        accounts: &accounts,
        calendar: JANUARY,
        window: window(2025, 2025),
        decimals: 2,
        activities: &BTreeMap::new(),
    };
    let defect = Some(Defect { row: 0, reason: "too_few_cells", detail: String::new() });
    let row = TextRow { file: "costs.csv".to_owned(), line: 2, cells: vec![None; 4], defect };
    assert_eq!(judge(vec![row], &rules, &BTreeMap::new())[0].unused, Some("unreadable_row"));
}

#[test]
fn costs_are_read_in_the_form_of_their_file() {
    let numbers = crate::money::NumberFormat { decimal: b',', thousands: Some(b'.') };
    let text = Written::text(numbers, crate::dates::DateFormats::parse(&["%d/%m/%Y"]).unwrap());
    let form = Form { amounts: text.clone(), periods: text };
    let rows = judged(&[["A", "31/03/2025", "visits", "1.234,56"], ["A", "31/03/2025", "visits", "1234.56"]], form);
    assert_eq!((rows[0].amount, rows[0].unused), (Some(123_456), None));
    assert_eq!(rows[1].unused, Some("unreadable_amount"));
}

#[test]
fn periods_of_all_lengths() {
    for (period, year) in [
        ("2025-03-31", Some(2025)),
        ("2025-04-01", Some(2026)),
        ("2025-04-01T12:30:00", Some(2026)),
        ("2025-03", Some(2025)),
        ("2025-04", Some(2026)),
        ("2025", Some(2025)),
        ("25", None),
        ("2025-Q1", None),
        ("+025", None),
    ] {
        assert_eq!(fiscal_year(period, &Written::plain(), APRIL), year, "{period}");
    }
}

proptest! {
    /// Every used cost and every counted activity is in the cost of exactly one account.
    #[test]
    fn costs_to_serve_add_up(
        counts in proptest::collection::vec([0i64..1_000, 0i64..1_000, 0i64..1_000], 1..30),
        rows in proptest::collection::vec((0usize..40, 2023i32..2027, -1_000_000i64..1_000_000), 0..60),
        amounts in [0i64..10_000, 0i64..10_000, 0i64..10_000],
    ) {
        let names: Vec<String> = (0..counts.len()).map(|index| format!("{index:02}")).collect();
        let years: Vec<YearRow> =
            names.iter().zip(&counts).map(|(name, [a, b, c])| (name.as_str(), 2025, [0, 0, *a, *b, *c])).collect();
        let years = account_years(&years);
        let accounts: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let rules = Rules { accounts: &accounts, calendar: JANUARY, window: window(2025, 2025), decimals: 2, activities: &BTreeMap::new() };
        let text = |(account, year, amount): &(usize, i32, i64)| TextRow {
            file: "costs.csv".to_owned(),
            line: 0,
            cells: vec![
                Some(format!("{account:02}")),
                Some(year.to_string()),
                None,
                Some(crate::money::to_plain(*amount, 2)),
            ],
            defect: None,
        };
        let judged = judge(rows.iter().map(text).collect(), &rules, &BTreeMap::new());
        let drivers = [Driver::Line, Driver::Invoice, Driver::Return];
        let rates: Vec<Rate> =
            drivers.into_iter().zip(amounts).map(|(driver, amount)| Rate { driver, amount }).collect();
        let margins = margins_of(&years, window(2025, 2025), &costs::by_account(&judged), &rates).unwrap();
        let found: i64 = margins.iter().map(|margin| margin.cost_to_serve).sum();
        let of_table: i64 = rows
            .iter()
            .filter(|(account, year, _)| *account < counts.len() && *year == 2025)
            .map(|(_, _, amount)| amount)
            .sum();
        let of_rates: i64 = counts.iter().map(|count| (0..3).map(|place| count[place] * amounts[place]).sum::<i64>()).sum();
        prop_assert_eq!(found, of_table + of_rates);
        prop_assert!(margins.iter().all(|margin| margin.net == -margin.cost_to_serve));
    }

    /// The curve against sums over the accounts that earn at least as much, and its figures against their meaning.
    #[test]
    fn the_curve_holds_what_it_says(nets in proptest::collection::vec(-50i64..50, 1..40)) {
        let names: Vec<String> = (0..nets.len()).map(|index| format!("{index:02}")).collect();
        let margins: Vec<Margin> =
            names.iter().zip(&nets).map(|(name, net)| Margin::of(name, 0, (-*net).into(), 0).unwrap()).collect();
        let (points, whale) = curve(&margins).unwrap();
        let total: i64 = nets.iter().sum();
        for point in &points {
            let before = |(name, net): &(&String, &i64)| {
                **net > point.net_margin || **net == point.net_margin && name.as_str() <= point.account
            };
            let sum: i64 = names.iter().zip(&nets).filter(before).map(|(_, net)| net).sum();
            prop_assert_eq!(point.cum_net_margin, sum);
            prop_assert_eq!(point.cum_share.is_some(), total > 0);
        }
        let positive: i64 = nets.iter().filter(|net| **net > 0).sum();
        prop_assert_eq!((whale.net_margin, whale.peak_amount), (total, positive));
        if let (Some(peak), Some(erosion), Some(enough)) = (whale.peak, whale.erosion, whale.accounts_for_all_profit) {
            prop_assert!((peak - positive as f64 / total as f64).abs() < 1e-12);
            prop_assert!((peak - 1.0 - erosion).abs() < 1e-12);
            let mut sorted = nets.clone();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let enough = usize::try_from(enough).unwrap();
            prop_assert!(sorted[..enough].iter().sum::<i64>() >= total);
            prop_assert!(sorted[..enough - 1].iter().sum::<i64>() < total);
        } else {
            prop_assert!(total <= 0);
        }
    }
}

/// What `check` says of the demo's first month with these keys of the stage and these further columns of the ledger.
fn problems(columns: &str, keys: &str) -> Vec<(String, Option<String>)> {
    let text = format!(
        "name: test\nroot: {}\ncurrency: EUR\nstages:\n  \
         - read: {{id: invoices, path: data/demo/invoices/2025-01.csv}}\n  \
         - read: {{id: costs, path: data/demo/costs.csv}}\n  \
         - ledger:\n      from: invoices\n      columns: {{account: customer_id, date: invoice_date, amount: cost{columns}}}\n  \
         - account_years: {{from: ledger}}\n  \
         - profitability: {{from: account_years{keys}}}\n",
        env!("CARGO_MANIFEST_DIR")
    );
    let source = crate::pipeline::diagnostics::SourceText { name: "test.yaml".to_owned(), text };
    let (pipeline, problems) = crate::pipeline::parse(source, &[]).unwrap();
    match crate::pipeline::check::check(pipeline, problems) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.problems.into_iter().map(|problem| (problem.message, problem.hint)).collect(),
    }
}

#[test]
fn mistakes_are_found_before_a_run() {
    let all = ", cost: cost, invoice: invoice_no";
    assert_eq!(problems(all, ", years: 2, costs: costs, rates: {line: 1.20, invoice: 8.500, return: 25}"), []);
    let cases = [
        ("", "", "stage `profitability` needs the cost of goods, but the ledger declares no `cost`", "add `cost:`"),
        (
            ", cost: cost",
            ", rates: {invoice: 1}",
            "a rate per `invoice` needs the number of invoices",
            "add `invoice:`",
        ),
        (all, ", rates: {lines: 1}", "unknown key `lines` in `rates`", "did you mean `line`?"),
        (all, ", rates: {}", "`rates` has no rate", "such as `rates: {line: 1.20"),
        (
            all,
            ", rates: {line: -1}",
            "the rate `line` should be an amount of zero or more, found `-1`",
            "such as `8.50`",
        ),
        (all, ", rates: {line: much}", "the rate `line` should be an amount of zero or more, found `much`", ""),
        (all, ", rates: {line: 0.005}", "the rate `line` has more decimal places than", "declares `decimals: 2`"),
        (all, ", rates: {line: 1e3}", "the rate `line` should be a plain decimal number, found `1e3`", ""),
        (all, ", costs: invoices", "the table of costs `data/demo/invoices/2025-01.csv` has no column `account`", ""),
        (all, ", costs: cost", "stage `profitability` reads `cost`, which does not exist", "did you mean `costs`?"),
        (all, ", costs: ledger", "stage `profitability` reads a `read` stage, but `ledger` is a `ledger` stage", ""),
        (all, ", years: 0", "`years` should be a whole number from 1 to 30, found `0`", ""),
    ];
    for (columns, keys, message, hint) in cases {
        let found = problems(columns, keys);
        let says = |(found, found_hint): &(String, Option<String>)| {
            found.starts_with(message) && found_hint.as_deref().unwrap_or_default().contains(hint)
        };
        assert!(found.iter().any(says), "{keys}: {found:?}");
    }
}
