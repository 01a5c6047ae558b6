use super::sample::{book, facts};
use super::*;
use crate::table::TableBuilder;

fn sample() -> Report {
    report(&facts(Language::English), &book().inputs())
}

fn keys(listing: &Listing<Account>) -> Vec<&str> {
    listing.rows.iter().map(|account| account.key.as_str()).collect()
}

#[test]
fn reading_adds_up_all_files() {
    let reading = sample().reading.unwrap();
    assert_eq!(reading.files, 2);
    assert_eq!(reading.rows, Split { read: 2305, accepted: 2280, excluded: 18, quarantined: 7 });
    assert_eq!(reading.money.read, 91_052_550);
    assert!(reading.adds_up);
    assert_eq!((reading.rows_without_amount, reading.rows_without_cost), (1, 3));
    let reasons: Vec<_> =
        reading.reasons.unwrap().rows.into_iter().map(|row| (row.reason, row.rows, row.amount)).collect();
    let expected = [
        ("not a product", 17, 51_350),
        ("unreadable_date", 5, 1_500),
        ("after_as_of", 1, -300),
        ("unreadable_amount", 2, 0),
    ];
    assert_eq!(reasons, expected.map(|(reason, rows, amount)| (reason.to_owned(), rows, amount)));
}

#[test]
fn a_difference_of_a_cent_does_not_add_up() {
    let table = TableBuilder::new("reconciliation", 1)
        .text("file", vec!["a.csv"])
        .integers("rows_read", vec![3])
        .integers("rows_accepted", vec![3])
        .integers("rows_excluded", vec![0])
        .integers("rows_quarantined", vec![0])
        .money("amount_read", vec![100])
        .money("amount_accepted", vec![99])
        .money("amount_excluded", vec![0])
        .money("amount_quarantined", vec![0])
        .integers("rows_without_amount", vec![0])
        .integers("rows_without_cost", vec![0])
        .build();
    let inputs = Inputs { reconciliation: Some(&table), ..Inputs::default() };
    let reading = report(&facts(Language::English), &inputs).reading.unwrap();
    assert!(!reading.adds_up);
    assert_eq!((reading.rows_unaccounted, reading.money_unaccounted), (0, 1));
}

#[test]
fn class_a_comes_in_the_order_of_its_rank() {
    let ranking = sample().ranking.unwrap();
    assert_eq!((ranking.accounts, ranking.ranked, ranking.vital), (5, 4, 2));
    assert_eq!((ranking.revenue, ranking.vital_revenue), (22_300_000, 20_000_000));
    assert_eq!(keys(&ranking.vital_few), ["C-1", "C-2"]);
    assert_eq!(ranking.vital_few.rows[0].name, "Acme & Sons (C-1)");
}

#[test]
fn the_course_of_the_book_is_the_sum_of_its_accounts() {
    let course = sample().course.unwrap();
    let years: Vec<_> = course.years.iter().map(|year| (year.year, year.revenue, year.accounts)).collect();
    assert_eq!(years, [(2022, 22_000_000, 3), (2023, 22_500_000, 3), (2024, 22_000_050, 4), (2025, 22_300_000, 4)]);
    assert_eq!(course.years[0].change, None);
    assert_eq!(course.intervals, 3);
    let per_year = (22_300_000_f64 / 22_000_000.0).powf(1.0 / 3.0) - 1.0;
    assert!((course.cagr.unwrap() - per_year).abs() < 1e-12);
}

#[test]
fn growers_and_shrinkers() {
    let report = sample();
    let growers = report.growers.unwrap();
    assert_eq!((growers.total, growers.vital, growers.others), (1, 1, 0));
    let shrinkers = report.shrinkers.unwrap();
    assert_eq!(keys(&shrinkers.accounts), ["C-2", "C-4"]);
    assert_eq!((shrinkers.vital, shrinkers.vital_loss), (1, 2_000_000));
    assert_eq!((shrinkers.loss, shrinkers.lost, shrinkers.lost_before), (3_000_050, 1, 0));
}

#[test]
fn scores_are_ranked_and_gaps_counted() {
    let report = sample();
    let scores = report.scores.unwrap();
    assert_eq!(keys(&scores.accounts), ["C-1", "C-3", "C-2", "C-4"]);
    assert_eq!(scores.groups, ["growth", "close_ties"]);
    let missing = report.missing.unwrap();
    assert_eq!((missing.accounts, missing.complete), (5, 1));
    assert_eq!((missing.coverage, missing.vital_coverage), (Some(0.7), Some(0.875)));
    let lacks: Vec<_> =
        missing.criteria.unwrap().rows.into_iter().map(|lack| (lack.criterion, lack.accounts, lack.vital)).collect();
    assert_eq!(lacks, [("new_markets".to_owned(), 4, 1), ("revenue".to_owned(), 1, 0)]);
    let sheet = missing.judgements.unwrap();
    assert_eq!((sheet.read, sheet.used), (5, 2));
    assert_eq!(sheet.unused[0], UnusedReason { reason: "expired".to_owned(), count: 2 });
    assert_eq!(keys(&missing.unrated), ["C-5"]);
}

#[test]
fn profit_says_who_earns_it_and_who_is_key_by_one_thing_only() {
    let profit = sample().profit.unwrap();
    assert_eq!((profit.revenue, profit.cost, profit.cost_to_serve), (22_300_000, 18_680_000, 2_920_000));
    assert_eq!((profit.net_margin, profit.earned, profit.given_back), (700_000, 1_200_000, 500_000));
    assert_eq!(profit.costs, Some(Costs { read: 5, used: 2, other_years: 1, unusable: 2, unusable_amount: 4_050 }));
    // Of 12,000 earned, 80% are 9,600: before C-3 is nothing, before C-1 9,000, before C-5 11,000.
    let keys = profit.keys.unwrap();
    assert_eq!((keys.by_revenue_only, keys.by_profit_only), (1, 1));
    let shown: Vec<_> = keys.accounts.iter().map(|key| (key.name.as_str(), key.by, key.rank)).collect();
    assert_eq!(shown, [("Bolt | Nut <Ltd> (C-2)", "revenue", 5), ("Cable [x](y) (C-3)", "profit", 1)]);
}

#[test]
fn key_accounts_by_one_thing_only_are_cut_and_the_worst_comes_first() {
    // Seven accounts of class A leave 1 to 7 less than nothing, seven others 101 to 107: all of the profit but the
    // last, before which 627 of 728 are 86%, is made by those.
    let names: Vec<String> = (0..14).map(|index| format!("{index:02}")).collect();
    let nets: Vec<i64> = (0..14).map(|index| if index < 7 { -1 - index } else { 94 + index }).collect();
    let pareto = TableBuilder::new("pareto", 14)
        .text("account", names.clone())
        .money("revenue", (0..14).map(|index| 1_000 - index).collect::<Vec<i64>>())
        .integers("rank", (1..15).collect::<Vec<i64>>())
        .ratios("share", vec![None::<f64>; 14])
        .ratios("cum_share", vec![None::<f64>; 14])
        .text("class", (0..14).map(|index| if index < 7 { "A" } else { "B" }).collect())
        .flags("vital_few", (0..14).map(|index| index < 7).collect())
        .build();
    let ranks = (8..15).chain((1..8).rev()).collect::<Vec<i64>>();
    let margins = TableBuilder::new("profitability", 14)
        .text("account", names)
        .money("revenue", vec![1_000; 14])
        .money("cost", vec![0; 14])
        .money("cost_to_serve", vec![0; 14])
        .money("net_margin", nets)
        .ratios("net_margin_ratio", vec![None::<f64>; 14])
        .integers("rank", ranks)
        .build();
    let book = book();
    let inputs =
        Inputs { pareto: Some(&pareto), profitability: Some(&margins), whale: Some(&book.whale), ..Inputs::default() };
    let keys = report(&facts(Language::English), &inputs).profit.unwrap().keys.unwrap();
    assert_eq!((keys.by_revenue_only, keys.by_profit_only), (7, 6));
    let shown: Vec<&str> = keys.accounts.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(shown, ["06", "05", "04", "03", "02", "13", "12", "11", "10", "09"]);
}

#[test]
fn long_lists_say_how_much_they_leave_out() {
    let cut = Listing::cut(vec![1, 2, 3], 2);
    assert_eq!(cut, Listing { rows: vec![1, 2], total: 3, more: 1 });
    assert_eq!(Listing::cut(vec![1, 2], 2).more, 0);
}

#[test]
fn a_section_without_its_table_is_left_out() {
    let report = report(&facts(Language::English), &Inputs::default());
    assert!(report.reading.is_none() && report.ranking.is_none() && report.concentration.is_none());
    assert!(report.course.is_none() && report.growers.is_none() && report.shrinkers.is_none());
    assert!(report.scores.is_none() && report.criteria.is_none() && report.missing.is_none());
    assert!(report.profit.is_none());
}
