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
    let reasons: Vec<_> = reading
        .reasons
        .unwrap()
        .rows
        .into_iter()
        .map(|row| (row.reason, row.rows, row.amount, row.files, row.example))
        .collect();
    let expected = [
        ("not a product", 17, 51_350, 2, Some(("invoices/2024.csv", 17))),
        ("unreadable_date", 5, 1_500, 1, Some(("invoices/2025.csv", 44))),
        ("after_as_of", 1, -300, 1, None),
        ("unreadable_amount", 2, 0, 1, Some(("invoices/2024.csv", 301))),
    ];
    let place = |(file, line): (&str, i64)| Place { file: file.to_owned(), line };
    let expected = expected
        .map(|(reason, rows, amount, files, example)| (reason.to_owned(), rows, amount, files, example.map(place)));
    assert_eq!(reasons, expected);
    // 510.50 excluded and 15.00 quarantined, of 910,525.50.
    assert_eq!((reading.left_rows, reading.left_money), (25, 52_550));
    assert!((reading.left_money_share.unwrap() - 52_550.0 / 91_052_550.0).abs() < 1e-12);
    let files: Vec<_> = reading.by_file.rows.into_iter().map(|row| row.file).collect();
    assert_eq!(files, ["invoices/2024.csv", "invoices/2025.csv"]);
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
fn what_the_ledger_found_beside_the_lines() {
    let files = TableBuilder::new("files", 4)
        .text("file", vec!["a", "b", "c", "d"])
        .optional_text("encoding", vec![Some("utf-8"), Some("windows-1252"), None, Some("windows-1252")])
        .integers("rows_empty", vec![0, 2, 0, 1])
        .optional_text("columns_missing", vec![None, Some("cost, region"), None, Some("region")])
        .integers("dates_ambiguous", vec![0, 3, 7, 7])
        .build();
    let currencies = TableBuilder::new("currencies", 4)
        .optional_text("currency", vec![Some("EUR"), Some("USD"), Some("USD"), Some("USD")])
        .text("outcome", vec!["accepted", "accepted", "accepted", "quarantined"])
        .integers("rows", vec![3, 2, 1, 9])
        .money("amount", vec![100, 200, 50, 900])
        .money("converted", vec![100, 180, 40, 0])
        .build();
    let account_map =
        TableBuilder::new("account_map", 2).integers("rows", vec![4, 1]).money("amount", vec![70, -20]).build();
    let total_rows = TableBuilder::new("total_rows", 3)
        .money("amount", vec![100, 300, 40])
        .text("became", vec!["accepted", "excluded", "excluded"])
        .integers("rows", vec![1, 1, 5])
        .build();
    let credit_notes = TableBuilder::new("credit_notes", 1)
        .integers("rows", vec![6])
        .money("amount", vec![-600])
        .integers("rows_moved", vec![4])
        .money("amount_moved", vec![-400])
        .integers("rows_unmatched", vec![1])
        .money("amount_unmatched", vec![-100])
        .build();
    let duplicates = TableBuilder::new("duplicates", 4)
        .text("file", vec!["b", "b", "c", "b"])
        .text("kept_file", vec!["a", "a", "c", "a"])
        .text("then", vec!["quarantine", "exclude", "exclude", "flag"])
        .integers("rows_exact", vec![10, 1, 2, 20])
        .integers("rows_differing", vec![0, 3, 0, 0])
        .money("amount", vec![1000, 400, 5000, 7000])
        .build();
    let merged_keys = TableBuilder::new("merged_keys", 2).integers("rows", vec![3, 4]).build();
    let control_totals = TableBuilder::new("control_totals", 2)
        .text("key", vec!["a", "b"])
        .money("expected", vec![100, 200])
        .money("found", vec![100, 190])
        .money("difference", vec![0, -10])
        .optional_text("accepted_because", vec![None, Some("rounded by the old system")])
        .build();
    let inputs = Inputs {
        files: Some(&files),
        currencies: Some(&currencies),
        account_map: Some(&account_map),
        total_rows: Some(&total_rows),
        credit_notes: Some(&credit_notes),
        duplicates: Some(&duplicates),
        merged_keys: Some(&merged_keys),
        control_totals: Some(&control_totals),
        ..Inputs::default()
    };
    let findings = report(&facts(Language::English), &inputs).findings.unwrap();
    let encodings: Vec<_> =
        findings.encodings.iter().map(|encoding| (encoding.name.as_str(), encoding.files)).collect();
    assert_eq!((encodings.as_slice(), findings.rows_empty), ([("windows-1252", 2)].as_slice(), 3));
    let lacking = findings.lacking.unwrap();
    assert_eq!((lacking.files, lacking.columns.as_str()), (2, "cost, region"));
    let currencies: Vec<_> =
        findings.currencies.iter().map(|row| (row.currency.as_str(), row.rows, row.amount, row.converted)).collect();
    assert_eq!(currencies, [("USD", 3, 250, 220), ("EUR", 3, 100, 100)]);
    assert_eq!(findings.moved.map(|moved| (moved.rows, moved.amount)), Some((5, 50)));
    let ambiguous = findings.ambiguous.unwrap();
    assert_eq!((ambiguous.dates, ambiguous.files, ambiguous.most.as_str()), (17, 3, "c"));
    let total_rows = findings.total_rows.unwrap();
    assert_eq!((total_rows.all.rows, total_rows.all.amount, total_rows.accepted), (7, 440, 1));
    let notes = findings.credit_notes.unwrap();
    assert_eq!((notes.all.rows, notes.moved.amount, notes.unmatched.rows), (6, -400, 1));
    let duplicates = findings.duplicates.unwrap();
    assert_eq!((duplicates.all.rows, duplicates.all.amount, duplicates.differing), (16, 6400, 3));
    assert_eq!((duplicates.flagged.rows, duplicates.flagged.amount), (20, 7000));
    assert_eq!(findings.merged.map(|merged| (merged.spellings, merged.rows)), Some((2, 7)));
    let pairs: Vec<_> = duplicates.pairs.rows.iter().map(|pair| (pair.file.as_str(), pair.rows, pair.amount)).collect();
    assert_eq!(pairs, [("c", 2, 5000), ("b", 14, 1400)]);
    let totals = findings.control_totals.unwrap();
    assert_eq!((totals.compared, totals.differing.total, totals.differing.rows[0].difference), (2, 1, Some(-10)));
    for language in [Language::English, Language::Spanish] {
        let report = report(&facts(language), &Inputs { reconciliation: Some(&book().reconciliation), ..inputs });
        let text = crate::outputs::markdown::render(&report, language, None).unwrap();
        assert_eq!(text.lines().filter(|line| line.starts_with("- ")).count(), 12, "{text}");
    }

    let nothing = TableBuilder::new("files", 1)
        .text("file", vec!["a"])
        .optional_text("encoding", vec![Some("utf-8")])
        .integers("rows_empty", vec![0])
        .optional_text("columns_missing", vec![None::<&str>])
        .integers("dates_ambiguous", vec![0])
        .build();
    let inputs = Inputs { files: Some(&nothing), ..Inputs::default() };
    assert!(report(&facts(Language::English), &inputs).findings.is_none());
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
