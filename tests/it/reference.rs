//! The fast path against a slow one: what a run publishes equals what plain maps make of the same lines,
//! on hostile books.

use crate::support::{Project, Published, Rows, parquet_of};
use arrow::array::{ArrayRef, StringArray};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const COLUMNS: [&str; 7] = ["customer", "invoice", "day", "amount", "cost", "sku", "note"];

fn pipeline(book: &Book) -> String {
    let as_of = book.as_of.map_or("latest".to_owned(), |(year, month, day)| format!("{year}-{month:02}-{day:02}"));
    format!(
        "\
name: small
currency: EUR
as_of: {as_of}
fiscal_year_starts: {}
stages:
  - read: {{id: invoices, path: \"lines/*\"}}
  - ledger:
      from: invoices
      columns: {{account: customer, invoice: invoice, date: day, amount: amount, cost: cost, product: sku}}
      exclude:
        - {{where: sku = 'POSTAGE', because: not a product}}
        - {{where: \"note LIKE 'test%'\", because: a test}}
      quarantine_limit: 100%
  - account_years: {{from: ledger}}
  - pareto: {{from: account_years}}
  - profile: {{from: account_years}}
  - read: {{id: sheet, path: sheet.csv}}
  - scorecard:
      judged: sheet
      missing: {}
      groups:
        size:
          weight: 3
          criteria:
            revenue: {{weight: 2, measure: pareto.revenue, scale: percentile}}
            share: {{weight: 1, measure: pareto.share, scale: [[0, 1], [0.5, 10]]}}
        relation:
          weight: 1
          criteria:
            strategy: {{weight: 1, judged: true}}
            stability: {{weight: 1, measure: profile.active_months, scale: {{minmax: falling}}}}
  - parquet: {{from: [account_years, pareto, profile, scorecard], to: tables}}
  - markdown: {{template: key_accounts, to: report.md}}
",
        book.starts, book.missing
    )
}

/// A line as it stands in a file; nothing is a null in Parquet and an empty field in CSV.
type Line = [Option<String>; 7];

#[derive(Debug, Clone)]
struct File {
    is_parquet: bool,
    group_rows: usize,
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
struct Book {
    starts: u32,
    as_of: Option<(i32, u32, u32)>,
    missing: &'static str,
    files: Vec<File>,
}

fn cell(values: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Option<String>> {
    prop_oneof![1 => Just(None), 12 => values.prop_map(Some)].boxed()
}

/// Few accounts, one, or a new one in each line; among them some that are hard to tell apart or to write.
fn account(kind: u8) -> BoxedStrategy<Option<String>> {
    let few = proptest::sample::select(vec!["A", "a", " A", "A ", "Ä", "B|C", "007", "7", "x, \"y\"", "", " ", "\t"]);
    match kind {
        0 => cell(few.prop_map(str::to_owned)),
        1 => Just(Some("the only one".to_owned())).boxed(),
        _ => cell("[A-Z]{6}"),
    }
}

/// Days about the ends of fiscal years, and what is no day.
fn day() -> BoxedStrategy<Option<String>> {
    let edge = (2019i32..=2024, proptest::sample::select(vec![1u32, 3, 4, 11, 12]), any::<bool>());
    let edge = edge.prop_map(|(year, month, last)| {
        let day = if last { days_in(year, month) } else { 1 };
        format!("{year}-{month:02}-{day:02}")
    });
    let any =
        (2019i32..=2024, 1u32..=12, 1u32..=28).prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"));
    let wrong = proptest::sample::select(vec!["", " ", "2023-02-29", "2023-2-1", "01/02/2023", "1899-12-31", "never"]);
    cell(prop_oneof![8 => edge, 8 => any, 1 => wrong.prop_map(str::to_owned)])
}

fn amount() -> BoxedStrategy<Option<String>> {
    let cents = (-1_000_000i64..1_000_000).prop_map(|cents| money(cents.into()));
    let huge = (-1_000_000_000_000_000i64..1_000_000_000_000_000).prop_map(|cents| money(cents.into()));
    let finer = (-10_000i64..10_000)
        .prop_map(|mils| format!("{}{}.{:03}", if mils < 0 { "-" } else { "" }, mils.abs() / 1000, mils.abs() % 1000));
    let odd = proptest::sample::select(vec![
        "",
        " ",
        "0",
        "-0.00",
        "+1.5",
        " 2.25 ",
        "1e3",
        "1,5",
        "NaN",
        "--1",
        ".5",
        "5.",
        "100000000000000000000",
        "99999999999999999.99",
    ]);
    cell(prop_oneof![8 => cents, 1 => huge, 2 => finer, 2 => odd.prop_map(str::to_owned)])
}

fn line(accounts: u8) -> impl Strategy<Value = Line> {
    let few = |values: &[&str]| {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        cell(proptest::sample::select(values))
    };
    let invoice = few(&["1", "2", "3", "4", "", " "]);
    let sku = few(&["S1", "S2", "S3", "POSTAGE", "postage", ""]);
    let note = few(&["", "", "", "fine", "a \"quoted\"\nnote", "test line"]);
    (account(accounts), invoice, day(), amount(), amount(), sku, note)
        .prop_map(|(account, invoice, day, amount, cost, sku, note)| [account, invoice, day, amount, cost, sku, note])
}

fn book() -> impl Strategy<Value = Book> {
    (0u8..3).prop_flat_map(|accounts| {
        let file = (any::<bool>(), 1usize..8, proptest::collection::vec(line(accounts), 0..25))
            .prop_map(|(is_parquet, group_rows, lines)| File { is_parquet, group_rows, lines });
        let as_of = proptest::option::of((2021i32..=2024, 1u32..=12, 1u32..=28));
        let starts = proptest::sample::select(vec![1u32, 4, 12]);
        let missing = proptest::sample::select(vec!["renormalise", "neutral", "pessimistic"]);
        (starts, as_of, missing, proptest::collection::vec(file, 1..5))
            .prop_map(|(starts, as_of, missing, files)| Book { starts, as_of, missing, files })
    })
}

fn project(book: &Book) -> Project {
    let project = Project::new(&pipeline(book))
        .with("sheet.csv", "account,criterion,score,rater\nA,strategy,9,x\nA,strategy,6,y\nÄ,strategy,2.5,x\n");
    for (number, file) in book.files.iter().enumerate() {
        if file.is_parquet {
            let column = |place: usize| -> ArrayRef {
                Arc::new(file.lines.iter().map(|line| line[place].as_deref()).collect::<StringArray>())
            };
            let columns: Vec<(&str, ArrayRef)> =
                COLUMNS.into_iter().enumerate().map(|(place, name)| (name, column(place))).collect();
            project.write(&format!("lines/{number}.parquet"), parquet_of(&columns, file.group_rows));
        } else {
            let field =
                |cell: &Option<String>| format!("\"{}\"", cell.as_deref().unwrap_or_default().replace('"', "\"\""));
            let lines = file.lines.iter().map(|line| line.each_ref().map(field).join(",") + "\n");
            project
                .write(&format!("lines/{number}.csv"), format!("{}\n{}", COLUMNS.join(","), lines.collect::<String>()));
        }
    }
    project
}

fn days_in(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

type Day = (i32, u32, u32);

fn read_day(text: &str) -> Option<Day> {
    let text = text.trim();
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    let lengths = (year.len(), month.len(), day.len()) == (4, 2, 2);
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let exists = (1900..2200).contains(&year) && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    (lengths && exists).then_some((year, month, day))
}

/// Cents, rounded half away from zero; `Err` says whether the text was a number at all.
fn read_money(text: &str) -> Result<i128, bool> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |text: &str| !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(false);
    }
    let mils: i128 = format!("{whole}{fraction:0<3}")[..whole.len() + 3].parse().map_err(|_| true)?;
    let cents = (mils + 5) / 10;
    if i64::try_from(cents).is_err() {
        return Err(true);
    }
    Ok(if text.starts_with('-') { -cents } else { cents })
}

pub fn money(cents: i128) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// The calendar year in which the fiscal year of a day ends.
fn fiscal_year(day: Day, starts: u32) -> i32 {
    day.0 + i32::from(starts > 1 && day.1 >= starts)
}

/// The last day of a fiscal year.
fn last_day(year: i32, starts: u32) -> Day {
    let month = if starts == 1 { 12 } else { starts - 1 };
    (year, month, days_in(year, month))
}

#[derive(Debug, Default)]
struct Year {
    revenue: i128,
    cost: i128,
    lines: usize,
    returns: usize,
    invoices: BTreeSet<String>,
    products: BTreeSet<String>,
    months: BTreeSet<(i32, u32)>,
    days: BTreeSet<Day>,
}

#[derive(Debug, Default, Clone)]
struct FileCount {
    /// Rows and money by outcome and reason.
    outcomes: BTreeMap<(&'static str, &'static str), (usize, i128)>,
    without_amount: usize,
    without_cost: usize,
}

impl FileCount {
    fn sum(&self, outcome: &str) -> (usize, i128) {
        let of_outcome = self.outcomes.iter().filter(|((of, _), _)| outcome.is_empty() || *of == outcome);
        of_outcome.fold((0, 0), |sum, (_, count)| (sum.0 + count.0, sum.1 + count.1))
    }
}

struct Reference {
    /// Nothing where no fiscal year can be closed: then the run must fail.
    as_of: Option<Day>,
    first_year: i32,
    last_year: i32,
    years: BTreeMap<(String, i32), Year>,
    files: Vec<FileCount>,
}

/// A line that passed every test, or why it did not.
enum Verdict {
    Accepted { day: Day, amount: i128, cost: Option<i128> },
    Excluded(&'static str),
    Quarantined(&'static str),
}

fn judge(line: &Line) -> Verdict {
    let [account, _, day, amount, cost, sku, note] = line;
    let filled = |cell: &Option<String>| cell.as_deref().is_some_and(|text| !text.trim().is_empty());
    if sku.as_deref() == Some("POSTAGE") {
        return Verdict::Excluded("not a product");
    }
    if note.as_deref().is_some_and(|note| note.starts_with("test")) {
        return Verdict::Excluded("a test");
    }
    if !filled(account) {
        return Verdict::Quarantined("missing_account");
    }
    if !filled(day) {
        return Verdict::Quarantined("missing_date");
    }
    let Some(day) = read_day(day.as_deref().unwrap()) else { return Verdict::Quarantined("unreadable_date") };
    if !filled(amount) {
        return Verdict::Quarantined("missing_amount");
    }
    let amount = match read_money(amount.as_deref().unwrap()) {
        Ok(amount) => amount,
        Err(true) => return Verdict::Quarantined("amount_out_of_range"),
        Err(false) => return Verdict::Quarantined("unreadable_amount"),
    };
    let cost = match filled(cost).then(|| read_money(cost.as_deref().unwrap())) {
        None => None,
        Some(Ok(cost)) => Some(cost),
        Some(Err(_)) => return Verdict::Quarantined("unreadable_cost"),
    };
    Verdict::Accepted { day, amount, cost }
}

fn reference(book: &Book) -> Reference {
    let verdicts: Vec<Vec<(&Line, Verdict)>> =
        book.files.iter().map(|file| file.lines.iter().map(|line| (line, judge(line))).collect()).collect();
    let newest = verdicts.iter().flatten().filter_map(|(_, verdict)| match verdict {
        Verdict::Accepted { day, .. } => Some(*day),
        _ => None,
    });
    let as_of = book.as_of.or_else(|| {
        let newest = newest.max()?;
        let year = fiscal_year(newest, book.starts);
        let reached = newest.1 == last_day(year, book.starts).1;
        Some(last_day(if reached { year } else { year - 1 }, book.starts))
    });
    let mut years: BTreeMap<(String, i32), Year> = BTreeMap::new();
    let mut files = vec![FileCount::default(); book.files.len()];
    for (file, verdicts) in files.iter_mut().zip(&verdicts) {
        for (line, verdict) in verdicts {
            let known =
                line[3].as_deref().filter(|text| !text.trim().is_empty()).and_then(|text| read_money(text).ok());
            let outcome = match verdict {
                Verdict::Excluded(reason) => ("excluded", *reason),
                Verdict::Quarantined(reason) => {
                    file.without_amount += usize::from(known.is_none());
                    ("quarantined", *reason)
                }
                Verdict::Accepted { day, .. } if Some(*day) > as_of => ("excluded", "after_as_of"),
                Verdict::Accepted { day, amount, cost } => {
                    file.without_cost += usize::from(cost.is_none());
                    let key = (line[0].clone().unwrap(), fiscal_year(*day, book.starts));
                    let year = years.entry(key).or_default();
                    year.revenue += amount;
                    year.cost += cost.unwrap_or_default();
                    year.lines += 1;
                    year.returns += usize::from(*amount < 0);
                    year.invoices.extend(line[1].clone().filter(|invoice| !invoice.trim().is_empty()));
                    year.products.extend(line[5].clone().filter(|product| !product.trim().is_empty()));
                    year.months.insert((day.0, day.1));
                    year.days.insert(*day);
                    ("accepted", "")
                }
            };
            let count = file.outcomes.entry(outcome).or_default();
            *count = (count.0 + 1, count.1 + known.unwrap_or_default());
        }
    }
    let days = || years.values().flat_map(|year| &year.days);
    let first_year = days().min().map_or(0, |day| fiscal_year(*day, book.starts));
    let last_year = as_of.map_or(0, |as_of| {
        let year = fiscal_year(as_of, book.starts);
        if as_of == last_day(year, book.starts) { year } else { year - 1 }
    });
    Reference { as_of: as_of.filter(|_| !years.is_empty()), first_year, last_year, years, files }
}

fn iso(day: &Day) -> String {
    format!("{}-{:02}-{:02}", day.0, day.1, day.2)
}

pub fn rows(columns: &[&str], rows: Vec<Vec<String>>) -> Rows {
    Rows {
        columns: columns.iter().map(ToString::to_string).collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(Some).collect()).collect(),
    }
}

impl Reference {
    fn account_years(&self) -> Rows {
        let row = |((account, fiscal_year), year): (&(String, i32), &Year)| {
            vec![
                account.clone(),
                fiscal_year.to_string(),
                money(year.revenue),
                money(year.cost),
                year.lines.to_string(),
                year.invoices.len().to_string(),
                year.products.len().to_string(),
                year.returns.to_string(),
                year.months.len().to_string(),
                iso(year.days.first().unwrap()),
                iso(year.days.last().unwrap()),
                (*fiscal_year <= self.last_year).to_string(),
            ]
        };
        let columns = [
            "account",
            "fiscal_year",
            "revenue",
            "cost",
            "lines",
            "invoices",
            "products",
            "returns",
            "active_months",
            "first_date",
            "last_date",
            "complete",
        ];
        rows(&columns, self.years.iter().map(row).collect())
    }

    fn reconciliation(&self, names: &[String]) -> Rows {
        let row = |(name, file): (&String, &FileCount)| {
            let parts = ["", "accepted", "excluded", "quarantined"].map(|outcome| file.sum(outcome));
            let counts = parts.map(|(rows, _)| rows.to_string());
            let amounts = parts.map(|(_, amount)| money(amount));
            let rest = [file.without_amount.to_string(), file.without_cost.to_string()];
            [vec![name.clone()], counts.to_vec(), amounts.to_vec(), rest.to_vec()].concat()
        };
        let columns = [
            "file",
            "rows_read",
            "rows_accepted",
            "rows_excluded",
            "rows_quarantined",
            "amount_read",
            "amount_accepted",
            "amount_excluded",
            "amount_quarantined",
            "rows_without_amount",
            "rows_without_cost",
        ];
        rows(&columns, names.iter().zip(&self.files).map(row).collect())
    }

    fn outcomes(&self, names: &[String]) -> BTreeSet<Vec<Option<String>>> {
        let of_file = |(name, file): (&String, &FileCount)| {
            let counts = file.outcomes.iter().filter(|((outcome, _), _)| *outcome != "accepted");
            let row = |((outcome, reason), (rows, amount)): (&(&str, &str), &(usize, i128))| {
                [name.clone(), (*outcome).to_owned(), (*reason).to_owned(), rows.to_string(), money(*amount)]
                    .map(Some)
                    .to_vec()
            };
            counts.map(row).collect::<Vec<_>>()
        };
        names.iter().zip(&self.files).flat_map(of_file).collect()
    }
}

fn names(book: &Book) -> Vec<String> {
    let name =
        |(number, file): (usize, &File)| format!("lines/{number}.{}", if file.is_parquet { "parquet" } else { "csv" });
    book.files.iter().enumerate().map(name).collect()
}

/// What must hold of every published book, whatever is in it.
fn invariants(run: &Published) -> Result<(), TestCaseError> {
    let cents = |text: &str| read_money(text).unwrap();
    let reconciliation = run.table("reconciliation.parquet");
    for row in &reconciliation.rows {
        let cell = |place: usize| row[place].as_deref().unwrap();
        let count = |place: usize| cell(place).parse::<i64>().unwrap();
        prop_assert_eq!(count(1), count(2) + count(3) + count(4));
        prop_assert_eq!(cents(cell(5)), cents(cell(6)) + cents(cell(7)) + cents(cell(8)));
    }
    let quarantined: usize =
        reconciliation.texts("rows_quarantined").iter().map(|rows| rows.parse::<usize>().unwrap()).sum();
    let quarantine = run.table("quarantine.parquet").select(&["file", "reason", "line"]);
    prop_assert_eq!(quarantine.rows.len(), quarantined);
    let mut first_lines: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in quarantine.rows {
        let [file, reason, line] = <[_; 3]>::try_from(row).unwrap().map(Option::unwrap);
        let (key, line) = ((file, reason), line.parse().unwrap());
        let first = first_lines.entry(key).or_insert(line);
        *first = line.min(*first);
    }
    let outcomes = run.table("outcomes.parquet").select(&["outcome", "file", "reason", "first_line"]);
    for row in outcomes.rows.into_iter().filter(|row| row[0].as_deref() == Some("quarantined")) {
        let [_, file, reason, line] = <[_; 4]>::try_from(row).unwrap().map(Option::unwrap);
        prop_assert_eq!(first_lines.remove(&(file, reason)), line.parse().ok());
    }
    prop_assert!(first_lines.is_empty(), "no outcome for {:?}", first_lines);

    let pareto = run.table("tables/pareto.parquet");
    let shares: f64 = pareto.numbers("share").into_iter().flatten().sum();
    let is_ranked = pareto.texts("class").iter().any(|class| class != "none");
    prop_assert!((shares - f64::from(u8::from(is_ranked))).abs() < 1e-9, "shares add up to {}", shares);
    if is_ranked {
        let last = pareto.numbers("cum_share").into_iter().flatten().fold(0.0, f64::max);
        prop_assert_eq!(last, 1.0);
        prop_assert!(pareto.texts("class").iter().any(|class| class == "A"));
    }

    let scorecard = run.table("tables/scorecard.parquet");
    let contributions = run.table("tables/contributions.parquet");
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for (account, contribution) in contributions.texts("account").into_iter().zip(contributions.numbers("contribution"))
    {
        *sums.entry(account).or_default() += contribution.unwrap();
    }
    let bounds = scorecard.numbers("score_low").into_iter().zip(scorecard.numbers("score_high"));
    for ((account, score), bounds) in scorecard.texts("account").into_iter().zip(scorecard.numbers("score")).zip(bounds)
    {
        let (low, high) = (bounds.0.unwrap(), bounds.1.unwrap());
        let score = score.unwrap();
        prop_assert!((score - sums[&account]).abs() < 1e-9, "{} scores {} and not {}", account, score, sums[&account]);
        prop_assert!(1.0 - 1e-9 <= low && low <= score + 1e-9 && score <= high + 1e-9 && high <= 10.0 + 1e-9);
    }
    Ok(())
}

/// The same lines, each file's backwards and the files in the opposite order.
fn backwards(book: &Book) -> Book {
    let mut book = book.clone();
    book.files.reverse();
    book.files.iter_mut().for_each(|file| file.lines.reverse());
    book
}

fn check(book: &Book) -> Result<(), TestCaseError> {
    let reference = reference(book);
    let project = project(book);
    let reached = reference.years.keys().map(|(_, year)| *year).max();
    let closes = reference.as_of.is_some()
        && reference.first_year <= reference.last_year
        && reached.is_some_and(|year| year >= reference.last_year);
    if !closes {
        let refused = project.refused(&[]);
        prop_assert!(refused.starts_with("exit code 3\n"), "{}", refused);
        return Ok(());
    }
    let run = project.run(&["--threads", "1"]);
    let names = names(book);
    prop_assert_eq!(run.table("tables/account_years.parquet"), reference.account_years());
    prop_assert_eq!(run.table("reconciliation.parquet"), reference.reconciliation(&names));
    let outcomes = run.table("outcomes.parquet").select(&["file", "outcome", "reason", "rows", "amount"]);
    prop_assert_eq!(outcomes.rows.into_iter().collect::<BTreeSet<_>>(), reference.outcomes(&names));
    invariants(&run)?;

    let files = run.files();
    let again = project.run(&["--threads", "2", "--out", "other"]);
    prop_assert_eq!(&run.record()["run"], &again.record()["run"]);
    prop_assert!(files == again.files(), "another number of threads gives other bytes");

    let other = self::project(&backwards(book)).run(&["--threads", "2"]).files();
    for table in ["account_years", "pareto", "profile", "scorecard", "contributions"] {
        let path = format!("tables/{table}.parquet");
        prop_assert!(files.get(&path) == other.get(&path), "the order of lines shows in `{}`", path);
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config {
        cases: 32,
        max_shrink_iters: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    })]

    #[test]
    fn a_run_makes_of_any_book_what_plain_maps_make_of_it(book in book()) {
        check(&book)?;
    }
}
