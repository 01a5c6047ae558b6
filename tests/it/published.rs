//! Figures that others published, and examples worked by hand, for the Pareto classes and concentration.

use vitalfew::measures::concentration::{Figures, concentration, figures};
use vitalfew::measures::pareto::{Class, Crossing, Row, Rule, rank};

const RULE: Rule = Rule { cutoff: 80, b_cutoff: 95, crossing: Crossing::Include };

fn ranked(revenue: &[i64], rule: Rule) -> Vec<Row> {
    let accounts: Vec<String> = (0..revenue.len()).map(|number| format!("{number:02}")).collect();
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    rank(&accounts, revenue, rule)
}

/// The classes of all accounts, as one word.
fn classes(revenue: &[i64], rule: Rule) -> String {
    let letter = |row: &Row| if row.class == Class::None { "-" } else { row.class.name() };
    ranked(revenue, rule).iter().map(letter).collect()
}

fn close(found: Option<f64>, expected: f64, tolerance: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() <= tolerance)
}

/// The example in the manual of the R package `ineq`: ten incomes, their Gini coefficient and Herfindahl index.
#[test]
fn concentration_of_ten_incomes() {
    let incomes = [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261];
    let found = figures(&ranked(&incomes, RULE));
    assert!(close(found.gini, 0.462_091_1, 5e-8), "{found:?}");
    assert!(close(found.hhi, 1840.812, 5e-4), "{found:?}");
    assert!(close(found.effective_accounts, 1.0 / 0.184_081_2, 5e-6), "{found:?}");
    // By hand: 66 586 in all.
    assert!(close(found.top1, 22_261.0 / 66_586.0, 1e-15), "{found:?}");
    assert!(close(found.top5, 54_262.0 / 66_586.0, 1e-15), "{found:?}");
    assert!(close(found.top10, 1.0, 0.0), "{found:?}");
    assert!(close(found.top20pct, 34_165.0 / 66_586.0, 1e-15), "{found:?}");
}

/// An exercise in ABC analysis with 16 items. There the item that crosses 80% is in class B.
#[test]
fn abc_classes_of_sixteen_items() {
    let usage = [
        (5, 36385),
        (15, 22436),
        (12, 12516),
        (1, 9028),
        (9, 3374),
        (8, 3231),
        (3, 2024),
        (11, 1919),
        (7, 1881),
        (16, 1786),
        (4, 1408),
        (6, 1092),
        (14, 484),
        (13, 315),
        (2, 252),
        (10, 120),
    ];
    let names: Vec<String> = usage.iter().map(|(item, _)| item.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let values: Vec<i64> = usage.iter().map(|(_, value)| *value).collect();
    let rows = rank(&names, &values, Rule { crossing: Crossing::Exclude, ..RULE });
    let of_class = |class: Class| {
        let of_class = usage.iter().zip(&rows).filter(|(_, row)| row.class == class);
        of_class.map(|((item, _), _)| *item).collect::<Vec<i32>>()
    };
    assert_eq!(of_class(Class::A), [5, 15, 12]);
    assert_eq!(of_class(Class::B), [1, 9, 8, 3, 11, 7]);
    assert_eq!(of_class(Class::C), [16, 4, 6, 14, 13, 2, 10]);
}

#[test]
fn the_account_that_crosses_a_cutoff_is_before_it_unless_told_otherwise() {
    // Before each: 0, 50, 75, 90, 97 of 100.
    let revenue = [50, 25, 15, 7, 3];
    assert_eq!(classes(&revenue, RULE), "AAABC");
    assert_eq!(classes(&revenue, Rule { crossing: Crossing::Exclude, ..RULE }), "AABCC");
}

#[test]
fn a_cutoff_that_is_hit_exactly_is_reached() {
    // Before each: 0, 50, 80, 95 of 100; with its own: 50, 80, 95, 100.
    let revenue = [50, 30, 15, 5];
    assert_eq!(classes(&revenue, RULE), "AABC");
    assert_eq!(classes(&revenue, Rule { crossing: Crossing::Exclude, ..RULE }), "AABC");
}

#[test]
fn ties_share_a_class_wherever_they_stand() {
    // Before each: 0, then 40 for all three of 20, whose last one crosses 80.
    assert_eq!(classes(&[20, 40, 20, 20], RULE), "AAAA");
    // With its own, each of the three reaches 60.
    assert_eq!(classes(&[20, 40, 20, 20], Rule { crossing: Crossing::Exclude, ..RULE }), "AAAA");
    let rows = ranked(&[20, 40, 20, 20], RULE);
    assert_eq!(rows.iter().map(|row| row.rank).collect::<Vec<_>>(), [Some(2), Some(1), Some(3), Some(4)]);
    assert_eq!(rows.iter().map(|row| row.cum_share.unwrap()).collect::<Vec<_>>(), [0.6, 0.4, 0.8, 1.0]);
}

#[test]
fn one_account_is_the_vital_few_or_beyond_every_cutoff() {
    assert_eq!(classes(&[7], RULE), "A");
    assert_eq!(classes(&[7], Rule { crossing: Crossing::Exclude, ..RULE }), "C");
    assert_eq!(classes(&[7], Rule { cutoff: 100, b_cutoff: 100, crossing: Crossing::Exclude }), "A");
}

#[test]
fn accounts_without_revenue_above_zero_have_no_rank() {
    let rows = ranked(&[0, 60, -30, 40], RULE);
    assert_eq!(classes(&[0, 60, -30, 40], RULE), "-A-A");
    for row in [rows[0], rows[2]] {
        assert_eq!((row.rank, row.share, row.cum_share), (None, None, None));
    }
    let found = figures(&rows);
    // Negative revenue stands beside the total and is not netted.
    assert_eq!((found.accounts, found.revenue, found.negative_revenue, found.n_cutoff), (2, 100, -30, 2));
}

#[test]
fn classes_are_decided_in_whole_numbers() {
    // 80% of a total past 2^53, where neighbouring doubles are more than one apart.
    let total = 5 * (1i64 << 58);
    assert_eq!(classes(&[total / 5 * 4, total / 5], Rule { crossing: Crossing::Exclude, ..RULE }), "AC");
    assert_eq!(classes(&[total / 5 * 4 + 1, total / 5 - 1], Rule { crossing: Crossing::Exclude, ..RULE }), "BC");
}

#[test]
fn concentration_of_one_of_equals_and_of_none() {
    let one = figures(&ranked(&[500], RULE));
    assert_eq!((one.gini, one.hhi, one.effective_accounts), (Some(0.0), Some(10_000.0), Some(1.0)));
    assert_eq!((one.top1, one.top10, one.top20pct), (Some(1.0), Some(1.0), Some(1.0)));
    let four = figures(&ranked(&[25; 4], RULE));
    assert_eq!((four.gini, four.hhi, four.effective_accounts), (Some(0.0), Some(2_500.0), Some(4.0)));
    let none = figures(&ranked(&[0, -5], RULE));
    assert_eq!(none, Figures { negative_revenue: -5, ..Figures::default() });
    assert_eq!(figures(&[]), Figures::default());
}

/// Gini of 1 and 3: Σ|x−y| / (2 n² mean) = 4 / (2 · 4 · 2) = 1/4.
#[test]
fn the_gini_coefficient_by_its_other_definition() {
    assert_eq!(figures(&ranked(&[3, 1], RULE)).gini, Some(0.25));
}

#[test]
fn one_row_of_concentration_per_segment() {
    let all = ranked(&[60, 40], RULE);
    let north = ranked(&[60], RULE);
    let south = ranked(&[40, -1], RULE);
    let table = concentration("concentration", &[("all", &all), ("north", &north), ("south", &south)], 0);
    assert_eq!(table.text("segment"), ["all", "north", "south"]);
    assert_eq!(table.integers("revenue"), [Some(100), Some(60), Some(40)]);
    assert_eq!(table.integers("negative_revenue"), [Some(0), Some(0), Some(-1)]);
    assert_eq!(table.numbers("top1_share"), [Some(0.6), Some(1.0), Some(1.0)]);
}
