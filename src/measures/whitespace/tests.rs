use super::super::parts::tests::{books, parts, year};
use super::*;
use crate::pipeline::diagnostics::Span;

const LAST: Window = Window { first: 2025, last: 2025 };

fn stage(bands: usize) -> Whitespace {
    let rule = Rule { minimum_peers: 3, minimum_share_of_peers: 0.5, below: 0.5, best: 2 };
    Whitespace { from: Located::new("ledger".to_owned(), Span::default()), years: 1, by: None, bands, rule }
}

/// Five accounts that trade, `a` to `e`, one that got more credited than it bought, one that bought before.
///
/// |   | revenue | bolts | hoses | lamps |
/// |---|--------:|------:|------:|------:|
/// | a |    1000 |   600 |   400 |       |
/// | b |    2000 |  1000 |   600 |   400 |
/// | c |    1500 |   900 |   300 |   300 |
/// | d |    1000 |   500 |   100 |   400 |
/// | e |     800 |   800 |       |       |
/// | f |    -500 |       |       |  -500 |
/// | g | in 2024 |       |       |   900 |
fn example() -> Books {
    let years = [(0, 1000), (1, 2000), (2, 1500), (3, 1000), (4, 800), (5, -500)];
    let mut years: Vec<_> = years.map(|(account, revenue)| year(account, 2025, revenue)).to_vec();
    years.push(year(6, 2024, 900));
    Books {
        categories: parts(&[
            (0, 2025, 0, 600),
            (0, 2025, 1, 400),
            (1, 2025, 0, 1000),
            (1, 2025, 1, 600),
            (1, 2025, 2, 400),
            (2, 2025, 0, 900),
            (2, 2025, 1, 300),
            (2, 2025, 2, 300),
            (3, 2025, 0, 500),
            (3, 2025, 1, 100),
            (3, 2025, 2, 400),
            (4, 2025, 0, 800),
            (5, 2025, 2, -500),
            (6, 2024, 2, 900),
        ]),
        category_names: ["bolts", "hoses", "lamps"].map(str::to_owned).to_vec(),
        ..books(&["a", "b", "c", "d", "e", "f", "g"], years)
    }
}

#[test]
fn one_band_by_hand() {
    let books = example();
    let found = stage(1).found(&books, &BTreeMap::new(), LAST).unwrap();
    let table = table("whitespace", &found, &books);
    // Hoses, shares .4 .3 .2 .1 for a b c d. For d: peers a b c have 300 400 600, of which it buys a quarter; their
    // median share .3 of its 1000 is 300. For e: 100 300 400 600 have the median 350, the shares .25, of 800 200.
    // c buys 300 of a median of 400: not far less.
    // Lamps, shares .2 .2 .4 for b c d, amounts 400 300 400: a and e buy none, .2 of 1000 and of 800. For b there are
    // two peers, for d too: fewer than three.
    // Bolts: d buys 500 of a median of 850, which is more than half.
    assert_eq!(table.text("account"), ["a", "d", "e", "e"]);
    assert_eq!(table.text("category"), ["lamps", "hoses", "hoses", "lamps"]);
    assert_eq!(table.integers("peers"), [3, 3, 4, 3].map(Some));
    assert_eq!(table.integers("peer_median"), [400, 400, 350, 400].map(Some));
    assert_eq!(table.integers("own"), [0, 100, 0, 0].map(Some));
    assert_eq!(table.integers("expected"), [200, 300, 200, 160].map(Some));
    assert_eq!(table.integers("gap"), [200, 200, 200, 160].map(Some));
    assert_eq!(table.numbers("peer_share"), [0.75, 0.75, 1.0, 0.75].map(Some));
    let summary = summary("whitespace_accounts", &found, &books).unwrap();
    assert_eq!(summary.text("account"), ["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(summary.integers("gaps"), [1, 0, 0, 1, 2, 0, 0].map(Some));
    assert_eq!(summary.integers("expected"), [200, 0, 0, 300, 360, 0, 0].map(Some));
    assert_eq!(summary.integers("potential"), [200, 0, 0, 200, 360, 0, 0].map(Some));
}

#[test]
fn only_the_best_are_kept() {
    let books = example();
    let mut stage = stage(1);
    stage.rule.best = 1;
    let found = stage.found(&books, &BTreeMap::new(), LAST).unwrap();
    assert_eq!(table("whitespace", &found, &books).text("category"), ["lamps", "hoses", "hoses"]);
}

#[test]
fn a_year_further_back_comes_in_with_the_window() {
    // With 2024, g buys lamps for all its revenue: a fourth peer for a and e, and a third for b, c and d.
    let books = example();
    let found = stage(1).found(&books, &BTreeMap::new(), Window { first: 2024, last: 2025 }).unwrap();
    let table = table("whitespace", &found, &books);
    // For a: amounts 300 400 400 900, shares .2 .2 .4 1: .3 of 1000. For g: bolts, which five others buy, median 800,
    // shares .5 .5 .6 .6 1, of 900 540; hoses are .25 of 900.
    assert_eq!(table.text("account"), ["a", "d", "e", "e", "g", "g"]);
    assert_eq!(table.text("category"), ["lamps", "hoses", "lamps", "hoses", "bolts", "hoses"]);
    assert_eq!(table.integers("expected"), [300, 300, 240, 200, 540, 225].map(Some));
    assert_eq!(table.integers("peers"), [4, 3, 4, 4, 5, 4].map(Some));
}

#[test]
fn peers_are_of_the_same_segment_and_band() {
    let books = example();
    // In a segment of their own, a and e have but each other.
    let segments =
        BTreeMap::from([("a", "crafts"), ("e", "crafts"), ("b", "retail"), ("c", "retail"), ("d", "retail")]);
    let found = stage(1).found(&books, &segments, LAST).unwrap();
    assert!(found.iter().all(|(_, gaps)| gaps.is_empty()));
    // In two bands, b c a and d e: too few again.
    let found = stage(2).found(&books, &BTreeMap::new(), LAST).unwrap();
    assert_eq!(found.len(), 7);
    assert!(found.iter().all(|(_, gaps)| gaps.is_empty()));
}

#[test]
fn who_spends_its_share_already_has_no_gap() {
    // Three peers spend 100 of 1000; an account of 200 spends 40, less than half of 100 and yet twice its share, 20.
    let mut years: Vec<_> = (0..3).map(|account| year(account, 2025, 1000)).collect();
    years.push(year(3, 2025, 200));
    let amounts = [(0, 2025, 0, 100), (1, 2025, 0, 100), (2, 2025, 0, 100), (3, 2025, 0, 40)];
    let names = ["a", "b", "c", "d"];
    let books = Books { categories: parts(&amounts), ..books(&names, years) };
    let found = stage(1).found(&books, &BTreeMap::new(), LAST).unwrap();
    assert!(found.iter().all(|(_, gaps)| gaps.is_empty()));
}

#[test]
fn what_was_given_back_widens_the_gap() {
    // As above, but 40 came back: expected 20 (a tenth of 200), own −40.
    let mut years: Vec<_> = (0..3).map(|account| year(account, 2025, 1000)).collect();
    years.push(year(3, 2025, 200));
    let amounts = [(0, 2025, 0, 100), (1, 2025, 0, 100), (2, 2025, 0, 100), (3, 2025, 0, -40)];
    let books = Books { categories: parts(&amounts), ..books(&["a", "b", "c", "d"], years) };
    let found = stage(1).found(&books, &BTreeMap::new(), LAST).unwrap();
    let gaps: Vec<(i64, i64, i64)> =
        found.iter().flat_map(|(_, gaps)| gaps).map(|gap| (gap.own, gap.expected, gap.gap)).collect();
    assert_eq!(gaps, [(-40, 20, 60)]);
}

#[test]
fn amounts_past_64_bits_are_an_error() {
    // A share of two and a half times an account's revenue, of a revenue of half the range.
    let mut years: Vec<_> = (0..3).map(|account| year(account, 2025, 2)).collect();
    years.push(year(3, 2025, i64::MAX / 2));
    let amounts = [(0, 2025, 0, 5), (1, 2025, 0, 5), (2, 2025, 0, 5)];
    let books = Books { categories: parts(&amounts), ..books(&["a", "b", "c", "d"], years) };
    assert!(stage(1).found(&books, &BTreeMap::new(), LAST).is_err());
}
