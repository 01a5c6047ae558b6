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
    assert_eq!((sheet.read, sheet.used), (4, 1));
    assert_eq!(sheet.unused[0], UnusedReason { reason: "expired".to_owned(), count: 2 });
    assert_eq!(keys(&missing.unrated), ["C-5"]);
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
}
