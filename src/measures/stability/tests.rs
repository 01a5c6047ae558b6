use super::row::Reason;
use super::*;
use crate::calendar::{FiscalCalendar, parse_day};
use crate::ledger::lines::{Line, Lines};
use crate::ledger::sums::Details;
use crate::ledger::total::Total;
use crate::ledger::waist::Waist;
use proptest::prelude::*;

const JANUARY: FiscalCalendar = FiscalCalendar { starts: 1 };

const RULE: Rule = Rule { overdue_factor: 3.0, overdue_days: 30, gap_months: 3, falling: -0.25 };

fn day(text: &str) -> i32 {
    parse_day(text, "%Y-%m-%d").unwrap()
}

/// The books of lines `(account, day, amount)` under a calendar, as a ledger closes them.
fn books(calendar: FiscalCalendar, lines: &[(&str, &str, i64)]) -> Books {
    let mut waist = Waist::keeping(Details { months: true, days: true, ..Details::default() });
    for (account, date, amount) in lines {
        let (fiscal_year, month) = calendar.place(day(date));
        let account = waist.accounts.push(account);
        let line = Line { account, fiscal_year, month, day: day(date), amount: *amount, ..Line::default() };
        waist.add(&Lines::of(&[line]));
    }
    let total = Total::default();
    total.take(&waist).unwrap();
    let ids = std::sync::Arc::clone(&total.ids);
    let years = total.counted().unwrap();
    Books::of(years, &ids.lock().unwrap(), i32::MAX).unwrap()
}

fn period(calendar: FiscalCalendar, lines: &[(&str, &str, i64)], as_of: &str) -> Period {
    let days = || lines.iter().map(|(_, date, _)| day(date));
    Period {
        calendar,
        as_of: day(as_of),
        first_date: days().min().unwrap(),
        last_date: days().max().unwrap(),
        last_year: calendar.last_complete_year(day(as_of)),
    }
}

fn stage(months: i32) -> Stability {
    let from = Located::new("ledger".to_owned(), crate::pipeline::diagnostics::Span::default());
    Stability { from, months, rule: RULE }
}

fn measured(months: i32, as_of: &str, lines: &[(&str, &str, i64)]) -> Vec<(String, Row)> {
    let (books, period) = (books(JANUARY, lines), period(JANUARY, lines, as_of));
    let window = stage(months).window(&period, "stability").unwrap();
    let (accounts, rows) = rows(&books, &period, window, &RULE);
    accounts.into_iter().map(str::to_owned).zip(rows).collect()
}

/// The only account, or the first.
fn row(as_of: &str, lines: &[(&str, &str, i64)]) -> Row {
    measured(36, as_of, lines).swap_remove(0).1
}

#[test]
fn a_year_of_months_by_hand() {
    // January to December: 100, 0, 120, 0, 0, 160, 180, 200, 220, 240, 260, 280, in all 1 760.
    let lines = [
        ("a", "2024-01-31", 100),
        ("a", "2024-03-01", 120),
        ("a", "2024-06-15", 160),
        ("a", "2024-07-15", 180),
        ("a", "2024-08-15", 200),
        ("a", "2024-09-15", 220),
        ("a", "2024-10-15", 240),
        ("a", "2024-11-15", 260),
        ("a", "2024-12-15", 280),
    ];
    let row = row("2024-12-31", &lines);
    assert_eq!((row.months, row.active_months, row.longest_gap), (12, 9, 2));
    // 1 760 / 12 = 146.67
    assert_eq!(row.monthly_mean, Some(147));
    // Squares: 10 000 + 14 400 + 25 600 + 32 400 + 40 000 + 48 400 + 57 600 + 67 600 + 78 400 = 374 400; less
    // 1 760² / 12 = 258 133.33 leaves 116 266.67; over 11: 10 569.70.
    let expected = (116_266.666_666_666_67f64 / 11.0).sqrt() / (1_760.0 / 12.0);
    assert!((row.monthly_cv.unwrap() - expected).abs() < 1e-12);
    // Most pairs lie on the line 80 + 20·month: those of the nine months with lines, 36 of 66. The rest lie to
    // both sides, 8 below (two empty months, or an empty one after a full one) and 22 above.
    assert_eq!(row.trend, Some(20));
    assert!((row.trend_ratio.unwrap() - 12.0 * 20.0 * 12.0 / 1_760.0).abs() < 1e-12);
    assert_eq!(row.seasonality, None);
    assert_eq!(row.days_since_last, Some(16));
    // 31 January to 15 December is 319 days (366 - 31 - 16), of eight steps.
    assert_eq!(row.rhythm_days, Some(319.0 / 8.0));
    assert_eq!(row.overdue, Some(16.0 / (319.0 / 8.0)));
    assert_eq!(row.reason, None);
}

#[test]
fn months_count_from_the_first_line_on_or_from_the_window() {
    let lines =
        [("new", "2024-11-05", 10), ("new", "2024-12-05", 20), ("old", "2021-01-05", 10), ("old", "2024-12-05", 90)];
    let rows = measured(36, "2024-12-31", &lines);
    assert_eq!((rows[0].1.months, rows[0].1.active_months, rows[0].1.monthly_mean), (2, 2, Some(15)));
    // The old one was silent for 35 of the 36 months: 90 / 36 = 2.5, away from zero 3.
    assert_eq!((rows[1].1.months, rows[1].1.active_months, rows[1].1.monthly_mean), (36, 1, Some(3)));
    assert_eq!((rows[1].1.longest_gap, rows[1].1.trend), (35, Some(0)));
    // Two months have neither variation nor trend.
    assert_eq!((rows[0].1.monthly_cv, rows[0].1.trend, rows[0].1.trend_ratio), (None, None, None));
}

#[test]
fn the_window_has_complete_months_that_the_data_has() {
    let window = |months: i32, first: &str, last: &str, as_of: &str| {
        let lines = [("a", first, 1), ("a", last, 1)];
        let window = stage(months).window(&period(JANUARY, &lines, as_of), "stability");
        window.ok().map(|window| (window.first - 12 * 2024, window.last - 12 * 2024))
    };
    // 0 is January 2024. To the end of December; June has not ended on its 29th; 36 months at most.
    assert_eq!(window(36, "2024-01-15", "2024-12-20", "2024-12-31"), Some((0, 11)));
    assert_eq!(window(36, "2024-01-15", "2024-06-20", "2024-06-29"), Some((0, 4)));
    assert_eq!(window(36, "2020-01-15", "2024-12-20", "2024-12-31"), Some((-24, 11)));
    // An as-of day long after the newest line does not make months without data.
    assert_eq!(window(6, "2020-01-15", "2024-09-02", "2024-12-31"), Some((3, 8)));
    let lines = [("a", "2024-06-02", 1), ("a", "2024-06-20", 1)];
    let error = stage(36).window(&period(JANUARY, &lines, "2024-06-29"), "stability").unwrap_err();
    assert!(error.to_string().contains("needs a complete month up to 2024-06-29"), "{error}");
}

#[test]
fn a_fiscal_year_of_its_own_moves_no_month() {
    let lines: Vec<(&str, &str, i64)> = vec![
        ("a", "2023-10-05", 40),
        ("a", "2023-11-30", 10),
        ("a", "2023-12-01", 20),
        ("a", "2024-02-29", 30),
        ("a", "2024-03-05", 30),
        ("a", "2024-04-05", 50),
    ];
    let of = |calendar: FiscalCalendar| {
        let (books, period) = (books(calendar, &lines), period(calendar, &lines, "2024-04-30"));
        let window = stage(36).window(&period, "stability").unwrap();
        rows(&books, &period, window, &RULE).1
    };
    let december = of(FiscalCalendar { starts: 12 });
    assert_eq!(december, of(JANUARY));
    assert_eq!((december[0].months, december[0].active_months, december[0].longest_gap), (7, 6, 1));
}

#[test]
fn a_day_of_credit_is_no_purchase() {
    // Purchases on days 0, 10 and 30; on day 20 more is credited than bought, on day 29 all of it.
    let lines = [
        ("a", "2024-01-01", 100),
        ("a", "2024-01-11", 100),
        ("a", "2024-01-21", 50),
        ("a", "2024-01-21", -60),
        ("a", "2024-01-30", 50),
        ("a", "2024-01-30", -50),
        ("a", "2024-01-31", 100),
    ];
    let row = row("2024-02-15", &lines);
    assert_eq!((row.rhythm_days, row.days_since_last, row.overdue), (Some(15.0), Some(15), Some(1.0)));
}

#[test]
fn two_purchases_are_no_rhythm_and_credits_alone_no_purchase() {
    let lines =
        [("a", "2024-01-01", 100), ("a", "2024-01-11", 100), ("b", "2024-01-05", -10), ("b", "2024-01-06", -10)];
    let rows = measured(36, "2024-01-31", &lines);
    assert_eq!((rows[0].1.rhythm_days, rows[0].1.overdue, rows[0].1.days_since_last), (None, None, Some(20)));
    assert_eq!((rows[1].1.rhythm_days, rows[1].1.overdue, rows[1].1.days_since_last), (None, None, None));
    // A mean below zero is a mean, and nothing is a fraction of it.
    assert_eq!((rows[1].1.monthly_mean, rows[1].1.monthly_cv, rows[1].1.active_months), (Some(-20), None, 1));
}

/// One purchase of 100 on the fifth of each month of 2023 and 2024 up to a month, but for some.
fn monthly(last: i32, skipped: &[i32]) -> Vec<(&'static str, String, i64)> {
    (0..last)
        .filter(|month| !skipped.contains(month))
        .map(|month| ("a", format!("{}-{:02}-05", 2023 + month / 12, month % 12 + 1), 100))
        .collect()
}

fn risk(lines: &[(&'static str, String, i64)], as_of: &str) -> Row {
    // Another account keeps the data going to the end.
    let mut lines: Vec<(&str, &str, i64)> =
        lines.iter().map(|(account, date, amount)| (*account, date.as_str(), *amount)).collect();
    lines.push(("z", as_of, 1));
    row(as_of, &lines)
}

#[test]
fn overdue_against_the_own_rhythm() {
    // 5 January 2023 to 5 August 2024 is 578 days of 19 steps, 30.4 days each; 5 August to 31 December is
    // 148 days: 4.9 times.
    let row = risk(&monthly(20, &[]), "2024-12-31");
    assert_eq!((row.rhythm_days, row.days_since_last), (Some(578.0 / 19.0), Some(148)));
    assert_eq!(row.reason, Some(Reason::Overdue));
    // 5 October to 31 December is 87 days, 2.9 times.
    assert_eq!(risk(&monthly(22, &[]), "2024-12-31").reason, None);
}

#[test]
fn a_few_days_of_silence_are_no_risk_for_a_daily_buyer() {
    let daily = |last: i32| -> Vec<(&'static str, String, i64)> {
        (1..=last).map(|day| ("a", format!("2024-11-{day:02}"), 100)).collect()
    };
    let row = risk(&daily(30), "2024-12-30");
    assert_eq!((row.overdue, row.reason), (Some(30.0), None));
    let row = risk(&daily(29), "2024-12-30");
    assert_eq!((row.overdue, row.reason), (Some(31.0), Some(Reason::Overdue)));
}

#[test]
fn a_silence_that_the_account_came_back_from_is_no_risk() {
    // Five days in a row in January and in May 2024: nine steps, of which the longest is from 5 January to
    // 1 May, 117 days. The rhythm is 125 / 9 = 13.9 days.
    let twice: Vec<(&'static str, String, i64)> = ["01", "05"]
        .iter()
        .flat_map(|month| (1..=5).map(move |day| ("a", format!("2024-{month}-0{day}"), 100)))
        .collect();
    // 5 May to 30 August is 117 days, 8.4 times the rhythm; a day later it is a silence as never before.
    let row = risk(&twice, "2024-08-30");
    assert_eq!((row.rhythm_days, row.longest_silence), (Some(125.0 / 9.0), Some(117)));
    assert_eq!((row.days_since_last, row.reason), (Some(117), None));
    let row = risk(&twice, "2024-08-31");
    assert_eq!((row.days_since_last, row.reason), (Some(118), Some(Reason::Overdue)));
}

#[test]
fn the_longest_gap_yet() {
    // Two purchases make no rhythm: January and February 2024, then nothing for three months, or for two.
    let two = [("a", "2024-01-05".to_owned(), 100), ("a", "2024-02-05".to_owned(), 100)];
    let row = risk(&two, "2024-05-31");
    assert_eq!((row.longest_gap, row.overdue, row.reason), (3, None, Some(Reason::Gap)));
    assert_eq!(risk(&two, "2024-04-30").reason, None);
    // Back in the month that has not ended.
    let mut back = two.to_vec();
    back.push(("a", "2024-06-02".to_owned(), -5));
    let row = risk(&back, "2024-06-15");
    assert_eq!((row.longest_gap, row.reason), (3, None));
    // Whoever was silent as long before may be again.
    let apart = [("a", "2024-01-05".to_owned(), 100), ("a", "2024-05-05".to_owned(), 100)];
    assert_eq!(risk(&apart, "2024-08-31").reason, None);
    assert_eq!(risk(&apart, "2024-09-30").reason, Some(Reason::Gap));
}

#[test]
fn falling_by_more_than_the_threshold() {
    // From 2 400 down by 100 a month: mean 1 250, and 12 · 100 / 1 250 = 96% a year.
    let sloping = |step: i64| -> Vec<(&'static str, String, i64)> {
        monthly(24, &[])
            .into_iter()
            .zip(0..)
            .map(|((account, date, _), place)| (account, date, 2_400 - step * place))
            .collect()
    };
    let row = risk(&sloping(100), "2024-12-31");
    assert_eq!((row.trend, row.reason), (Some(-100), Some(Reason::Falling)));
    assert!((row.trend_ratio.unwrap() + 1_200.0 / 1_250.0).abs() < 1e-12);
    // By 40: mean 1 940, 480 / 1 940 = 24.7%. By 41: mean 1 928.5, 492 / 1 928.5 = 25.5%.
    assert_eq!(risk(&sloping(40), "2024-12-31").reason, None);
    assert_eq!(risk(&sloping(41), "2024-12-31").reason, Some(Reason::Falling));
    // Eleven months may be a season, twelve are a year.
    let steep = |months: usize| risk(&sloping(100)[24 - months..], "2024-12-31");
    assert_eq!((steep(11).trend, steep(11).reason), (Some(-100), None));
    assert_eq!((steep(12).trend, steep(12).reason), (Some(-100), Some(Reason::Falling)));
}

#[test]
fn an_account_that_came_after_the_last_complete_month_has_no_months() {
    let lines = [("a", "2024-06-05", 100), ("z", "2024-05-05", 100)];
    let row = row("2024-06-15", &lines);
    assert_eq!(row, Row { days_since_last: Some(10), ..Row::default() });
}

#[test]
fn mistakes_of_the_declaration() {
    for (keys, message) in [
        ("from: ledger, overdue_factor: 0.5", "`overdue_factor` should be at least 1, found 0.5"),
        ("from: ledger, falling: 0.1", "`falling` should be below zero, found 0.1"),
        ("from: ledger, months: 2", "`months` should be a whole number from 3 to 120, found `2`"),
        ("month: 12", "stage `stability` needs the key `from`"),
    ] {
        let text = format!("name: p\ncurrency: EUR\nstages:\n  - stability: {{{keys}}}\n");
        let source = crate::pipeline::diagnostics::SourceText { name: "p.yaml".to_owned(), text };
        let (_, problems) = crate::pipeline::parse(source, &[]).unwrap();
        let found: Vec<String> = problems.into_sorted().into_iter().map(|problem| problem.message).collect();
        assert!(found.iter().any(|found| found == message), "{keys} {found:?}");
    }
}

#[test]
fn the_columns_of_the_table() {
    let names: Vec<String> = table("stability", &[], &[]).spec.columns.into_iter().map(|column| column.name).collect();
    let columns = MANUAL.split("## Tables").nth(1).unwrap().split("##").next().unwrap();
    let documented: Vec<&str> =
        columns.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(names, documented);
}

proptest! {
    /// Sums by month and day over any lines agree with months counted by hand from the dates.
    #[test]
    fn months_agree_with_a_count_by_date(
        lines in proptest::collection::vec((0usize..3, 0i32..900, -50i64..500), 1..60),
        starts in 1u8..=12,
    ) {
        let calendar = FiscalCalendar { starts };
        let base = day("2022-01-01");
        let texts: Vec<(&str, String, i64)> = lines
            .iter()
            .map(|(account, offset, amount)| (["a", "b", "c"][*account], crate::calendar::iso(base + offset), *amount))
            .collect();
        let lines: Vec<(&str, &str, i64)> =
            texts.iter().map(|(account, date, amount)| (*account, date.as_str(), *amount)).collect();
        let last = lines.iter().map(|(_, date, _)| &date[..7]).max().unwrap();
        let as_of = crate::calendar::iso(calendar.last_day(calendar.place(day(&format!("{last}-01"))).0));
        let (books, period) = (books(calendar, &lines), period(calendar, &lines, &as_of));
        let window = stage(120).window(&period, "stability").unwrap();
        let (accounts, rows) = rows(&books, &period, window, &RULE);
        for (account, row) in accounts.iter().zip(&rows) {
            let own: Vec<_> = lines.iter().filter(|(key, _, _)| key == account).collect();
            let months: std::collections::BTreeSet<&str> = own.iter().map(|(_, date, _)| &date[..7]).collect();
            prop_assert_eq!(row.active_months, months.len() as i64);
            let number = |month: &str| month[..4].parse::<i64>().unwrap() * 12 + month[5..7].parse::<i64>().unwrap();
            let span = number(last) - number(months.first().unwrap()) + 1;
            prop_assert_eq!(row.months, span);
            let sum: i64 = own.iter().map(|(_, _, amount)| amount).sum();
            prop_assert!((row.monthly_mean.unwrap() as f64 - sum as f64 / span as f64).abs() <= 0.5);
            let mut days: Vec<i32> = own.iter().map(|(_, date, _)| day(date)).collect();
            days.sort_unstable();
            days.dedup();
            let of_day = |one: i32| own.iter().filter(move |(_, date, _)| day(date) == one);
            days.retain(|one| of_day(*one).map(|(_, _, amount)| amount).sum::<i64>() > 0);
            prop_assert_eq!(row.days_since_last, days.last().map(|last| i64::from(period.as_of - last)));
            let gaps: Vec<i32> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let mean = f64::from(gaps.iter().sum::<i32>()) / gaps.len() as f64;
            prop_assert_eq!(row.rhythm_days, (gaps.len() >= 2).then_some(mean));
            prop_assert_eq!(row.longest_silence, gaps.iter().max().map(|gap| i64::from(*gap)));
        }
    }
}
