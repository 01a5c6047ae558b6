//! Messy exports whose truth is known: whatever stands between the sales, what is accepted is the sales.

use crate::support::{Project, Published};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::collections::BTreeMap;
use std::io::Write;

/// Three systems: German text in windows-1252 behind a preamble, packed American text, and a workbook.
const PIPELINE: &str = "\
name: small
currency: EUR
as_of: 2024-12-31
stages:
  - read:
      id: sap
      path: \"sap/*.txt\"
      header: {has: [Kunde]}
      decimal: \",\"
      thousands: \".\"
      date_format: \"%d.%m.%Y\"
  - read: {id: navision, path: \"navision/*.gz\", thousands: \",\", date_format: \"%m/%d/%Y\"}
  - read: {id: book, path: \"book/*.xlsx\", header: {has: [customer]}}
  - ledger:
      from: [sap, navision, book]
      columns:
        account: [Kunde, customer]
        invoice: [Beleg, invoice no]
        date: [Belegdatum, date]
        amount: [Nettobetrag, Net Amount]
        product: [Artikel, sku]
      exclude:
        - {where: \"Artikel = 'POSTAGE'\", because: not a product}
        - {where: \"sku = 'POSTAGE'\", because: not a product}
      total_rows: exclude
      duplicates: {key: line id, then: exclude}
      quarantine_limit: 100%
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

const ACCOUNTS: [&str; 5] = ["Müller & Söhne", "Total Oil SA", "007", "Ålesund; AS", "=cmd"];

/// A system that exports invoices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Sap,
    Navision,
    Book,
}

/// A row of an export.
#[derive(Debug, Clone)]
enum Row {
    Sale(Sale),
    /// The same line once more, of those sold so far in any file.
    Again(prop::sample::Index),
    /// A charge that the pipeline excludes.
    Postage(Sale),
    WithoutAccount(Sale),
    WithoutDay(Sale, &'static str),
    WithoutAmount(Sale, &'static str),
    /// Text only: another number of fields than the header has.
    Ragged(Sale, bool),
    Empty,
    /// The sum of the rows since the last one, if that is at least two.
    Subtotal,
}

#[derive(Debug, Clone)]
struct Sale {
    account: usize,
    year: i32,
    month: u32,
    day: u32,
    cents: i64,
}

#[derive(Debug, Clone)]
struct File {
    system: System,
    preamble: bool,
    rows: Vec<Row>,
    /// Below zero; no more than one in a file, so that no sum equals a sale by chance.
    credit: Option<Sale>,
    grand_total: bool,
}

/// Sales lie between 5,000 and 10,000 and end in 5.00, so that the sum of two is no sale.
fn sale() -> impl Strategy<Value = Sale> {
    (0..ACCOUNTS.len(), 2022i32..=2024, 1u32..=12, 1u32..=28, 500i64..1000).prop_map(
        |(account, year, month, day, thousands)| Sale { account, year, month, day, cents: thousands * 1000 + 500 },
    )
}

fn row() -> impl Strategy<Value = Row> {
    let no_day = prop::sample::select(vec!["", "soon", "32.01.2024", "2024-02-30", "31/31/2024"]);
    let no_amount = prop::sample::select(vec!["", "####", "1.2.3,4", "1,5,5.5", "12e3", "NaN", "#REF!"]);
    prop_oneof![
        12 => sale().prop_map(Row::Sale),
        2 => any::<prop::sample::Index>().prop_map(Row::Again),
        1 => sale().prop_map(Row::Postage),
        1 => sale().prop_map(Row::WithoutAccount),
        1 => (sale(), no_day).prop_map(|(sale, day)| Row::WithoutDay(sale, day)),
        1 => (sale(), no_amount).prop_map(|(sale, amount)| Row::WithoutAmount(sale, amount)),
        1 => (sale(), any::<bool>()).prop_map(|(sale, more)| Row::Ragged(sale, more)),
        1 => Just(Row::Empty),
        2 => Just(Row::Subtotal),
    ]
}

fn file() -> impl Strategy<Value = File> {
    let system = prop::sample::select(vec![System::Sap, System::Navision, System::Book]);
    let credit = proptest::option::of((sale(), 1i64..499).prop_map(|(sale, cents)| Sale { cents: -cents, ..sale }));
    (system, any::<bool>(), prop::collection::vec(row(), 1..25), credit, any::<bool>())
        .prop_map(|(system, preamble, rows, credit, grand_total)| File { system, preamble, rows, credit, grand_total })
}

/// What the run has to say of all files.
#[derive(Debug, Default, PartialEq, Eq)]
struct Truth {
    read: (i64, i64),
    accepted: (i64, i64),
    /// Rows by reason.
    left_out: BTreeMap<String, i64>,
    empty: i64,
    revenue: BTreeMap<(String, i32), i64>,
}

/// A row as it is written: the six cells, the amount apart.
#[derive(Debug, Clone)]
struct Written {
    cells: [String; 5],
    day: Option<(i32, u32, u32)>,
    /// Cents, or the text that stands for no number.
    amount: Result<i64, String>,
    fields: i8,
}

impl Written {
    fn is_empty(&self) -> bool {
        self.cells.iter().all(String::is_empty) && self.amount == Err(String::new())
    }
}

/// Writes all files of a system in turn and keeps the books by hand.
struct Clerk {
    truth: Truth,
    sold: Vec<(Sale, u32)>,
    lines: u32,
}

impl Clerk {
    fn file(&mut self, file: &File) -> Vec<Written> {
        let mut written = Vec::new();
        // A sheet ends with its last cell, so that empty rows count there once something stands below them.
        let mut empty = 0;
        // Rows and money since the last total, and in the whole file; totals are in neither.
        let (mut since, mut all) = ((0, 0), (0, 0));
        let total = |written: &mut Vec<Written>, truth: &mut Truth, sum: (i64, i64)| {
            written.push(Written {
                cells: ["Total".into(), String::new(), String::new(), String::new(), String::new()],
                day: None,
                amount: Ok(sum.1),
                fields: 0,
            });
            truth.read = (truth.read.0 + 1, truth.read.1 + sum.1);
            *truth.left_out.entry("total_row".to_owned()).or_default() += 1;
        };
        let credit = file.credit.clone().map(Row::Sale);
        for row in file.rows.iter().cloned().chain(credit) {
            let counted = match &row {
                Row::Empty => {
                    empty += 1;
                    written.push(Written {
                        cells: Default::default(),
                        day: None,
                        amount: Err(String::new()),
                        fields: 0,
                    });
                    continue;
                }
                Row::Subtotal => {
                    if since.0 >= 2 {
                        total(&mut written, &mut self.truth, since);
                        since = (0, 0);
                    }
                    continue;
                }
                Row::Again(which) => {
                    if self.sold.is_empty() {
                        continue;
                    }
                    let (sale, line) = which.get(&self.sold).clone();
                    self.left_out("duplicate");
                    written.push(line_of(&sale, line, "S1"));
                    Some(sale.cents)
                }
                Row::Sale(sale) => {
                    self.lines += 1;
                    self.sold.push((sale.clone(), self.lines));
                    self.truth.accepted = (self.truth.accepted.0 + 1, self.truth.accepted.1 + sale.cents);
                    *self.truth.revenue.entry((ACCOUNTS[sale.account].to_owned(), sale.year)).or_default() +=
                        sale.cents;
                    written.push(line_of(sale, self.lines, "S1"));
                    Some(sale.cents)
                }
                Row::Postage(sale) => {
                    self.left_out("not a product");
                    written.push(self.next(sale, "POSTAGE"));
                    Some(sale.cents)
                }
                Row::WithoutAccount(sale) => {
                    self.left_out("missing_account");
                    let mut line = self.next(sale, "S1");
                    line.cells[0].clear();
                    written.push(line);
                    Some(sale.cents)
                }
                Row::WithoutDay(sale, text) => {
                    self.left_out(if text.is_empty() { "missing_date" } else { "unreadable_date" });
                    let mut line = self.next(sale, "S1");
                    (line.day, line.cells[3]) = (None, (*text).to_owned());
                    written.push(line);
                    Some(sale.cents)
                }
                Row::WithoutAmount(sale, text) => {
                    self.left_out(if text.is_empty() { "missing_amount" } else { "unreadable_amount" });
                    let mut line = self.next(sale, "S1");
                    line.amount = Err((*text).to_owned());
                    written.push(line);
                    None
                }
                Row::Ragged(_, _) if file.system == System::Book => continue,
                Row::Ragged(sale, more) => {
                    self.left_out(if *more { "too_many_fields" } else { "too_few_fields" });
                    let mut line = self.next(sale, "S1");
                    line.fields = if *more { 1 } else { -1 };
                    written.push(line);
                    None
                }
            };
            self.truth.read.0 += 1;
            if let Some(cents) = counted {
                self.truth.read.1 += cents;
                since = (since.0 + 1, since.1 + cents);
                all = (all.0 + 1, all.1 + cents);
            }
        }
        if file.grand_total && all.0 >= 2 {
            total(&mut written, &mut self.truth, all);
        }
        let below = written.iter().rev().take_while(|row| row.is_empty()).count();
        self.truth.empty += empty - if file.system == System::Book { i64::try_from(below).unwrap() } else { 0 };
        written
    }

    fn next(&mut self, sale: &Sale, sku: &str) -> Written {
        self.lines += 1;
        line_of(sale, self.lines, sku)
    }

    fn left_out(&mut self, reason: &str) {
        *self.truth.left_out.entry(reason.to_owned()).or_default() += 1;
    }
}

fn line_of(sale: &Sale, line: u32, sku: &str) -> Written {
    let account = ACCOUNTS[sale.account].to_owned();
    Written {
        cells: [account, format!("I{}", line / 3), format!("L{line}"), String::new(), sku.to_owned()],
        day: Some((sale.year, sale.month, sale.day)),
        amount: Ok(sale.cents),
        fields: 0,
    }
}

/// `1234567.89` with other signs.
fn number(cents: i64, thousands: &str, decimal: &str) -> String {
    let whole = (cents.abs() / 100).to_string();
    let groups: Vec<&str> =
        whole.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    format!("{}{decimal}{:02}", groups.join(thousands), cents.abs() % 100)
}

fn text(file: &File, rows: &[Written]) -> String {
    let sap = file.system == System::Sap;
    let delimiter = if sap { ";" } else { "," };
    let mut text = String::new();
    if sap && file.preamble {
        text.push_str("Umsatzliste für 2024\r\n\r\nMandant;100\r\n");
    }
    text.push_str(if sap {
        "Kunde;Beleg;Line ID;Belegdatum;Nettobetrag;Artikel\r\n"
    } else {
        "LINE_ID,customer,Invoice  No,date,net amount,sku\n"
    });
    for row in rows {
        let day = match row.day {
            Some((year, month, day)) if sap => format!("{day:02}.{month:02}.{year}"),
            Some((year, month, day)) => format!("{month:02}/{day:02}/{year}"),
            None => row.cells[3].clone(),
        };
        let amount = match &row.amount {
            // A minus behind the number here, parentheses there.
            Ok(cents) if sap => format!("{}{}", number(*cents, ".", ","), if *cents < 0 { "-" } else { "" }),
            Ok(cents) if *cents < 0 => format!("({})", number(*cents, ",", ".")),
            Ok(cents) => number(*cents, ",", "."),
            Err(text) => text.clone(),
        };
        let [account, invoice, line, _, sku] = &row.cells;
        let mut fields = if sap {
            vec![account, invoice, line, &day, &amount, sku]
        } else {
            vec![line, account, invoice, &day, &amount, sku]
        };
        let surplus = "surplus".to_owned();
        match row.fields {
            1 => fields.push(&surplus),
            -1 => drop(fields.pop()),
            _ => {}
        }
        let fields: Vec<String> = fields
            .into_iter()
            .map(|field| if field.contains(delimiter) { format!("\"{field}\"") } else { field.clone() })
            .collect();
        text.push_str(&fields.join(delimiter));
        text.push_str(if sap { "\r\n" } else { "\n" });
    }
    text
}

fn workbook(file: &File, rows: &[Written]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let day_format = Format::new().set_num_format("dd/mm/yyyy");
    let mut next = 0;
    if file.preamble {
        sheet.write(0, 0, "Sales 2024").unwrap();
        next = 2;
    }
    for (column, name) in ["customer", "invoice no", "line id", "Date", "Net_Amount", "sku"].into_iter().enumerate() {
        sheet.write(next, u16::try_from(column).unwrap(), name).unwrap();
    }
    for row in rows {
        next += 1;
        for (column, place) in [(0, 0), (1, 1), (2, 2), (5, 4)] {
            if !row.cells[place].is_empty() {
                sheet.write_string(next, column, &row.cells[place]).unwrap();
            }
        }
        match row.day {
            Some((year, month, day)) => {
                let (year, month, day) =
                    (u16::try_from(year).unwrap(), u8::try_from(month).unwrap(), u8::try_from(day).unwrap());
                let day = ExcelDateTime::from_ymd(year, month, day).unwrap();
                sheet.write_datetime_with_format(next, 3, &day, &day_format).unwrap();
            }
            None if !row.cells[3].is_empty() => drop(sheet.write_string(next, 3, &row.cells[3]).unwrap()),
            None => {}
        }
        match &row.amount {
            Ok(cents) => drop(sheet.write_number(next, 4, *cents as f64 / 100.0).unwrap()),
            Err(text) if !text.is_empty() => drop(sheet.write_string(next, 4, text).unwrap()),
            Err(_) => {}
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// Letters of windows-1252 that the test uses: those of Latin 1.
fn windows_1252(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn cents(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

/// What the run says.
fn said(run: &Published) -> Truth {
    let reconciliation = run.table("reconciliation.parquet");
    let rows = |column: &str| reconciliation.texts(column).iter().map(|rows| rows.parse::<i64>().unwrap()).sum::<i64>();
    let money = |column: &str| reconciliation.texts(column).iter().map(|money| cents(money)).sum::<i64>();
    let (excluded, quarantined) = (rows("rows_excluded"), rows("rows_quarantined"));
    let read = (rows("rows_read"), money("amount_read"));
    let accepted = (rows("rows_accepted"), money("amount_accepted"));
    assert_eq!(read.0, accepted.0 + excluded + quarantined);
    assert_eq!(read.1, accepted.1 + money("amount_excluded") + money("amount_quarantined"));
    let outcomes = run.table("outcomes.parquet");
    let mut left_out: BTreeMap<String, i64> = BTreeMap::new();
    for (reason, rows) in outcomes.texts("reason").into_iter().zip(outcomes.texts("rows")) {
        *left_out.entry(reason).or_default() += rows.parse::<i64>().unwrap();
    }
    let files = run.table("files.parquet");
    let years = run.table("tables/account_years.parquet");
    let keys = years.texts("account").into_iter().zip(years.texts("fiscal_year"));
    let revenue = keys
        .zip(years.texts("revenue"))
        .map(|((account, year), revenue)| ((account, year.parse().unwrap()), cents(&revenue)));
    Truth {
        read,
        accepted,
        left_out,
        empty: files.texts("rows_empty").iter().map(|rows| rows.parse::<i64>().unwrap()).sum(),
        revenue: revenue.collect(),
    }
}

proptest! {
    #![proptest_config(Config {
        cases: 16,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    })]

    #[test]
    fn the_sales_are_accepted_and_everything_else_is_told(files in prop::collection::vec(file(), 1..6)) {
        let project = Project::new(PIPELINE);
        // Each system has an empty export at least, since a pattern that matches nothing is an error.
        let none = |system| File { system, preamble: false, rows: Vec::new(), credit: None, grand_total: false };
        let first = Sale { account: 0, year: 2024, month: 12, day: 31, cents: 500_500 };
        let always = File { rows: vec![Row::Sale(first)], ..none(System::Sap) };
        let files: Vec<File> =
            [always, none(System::Navision), none(System::Book)].into_iter().chain(files).collect();
        let mut clerk = Clerk { truth: Truth::default(), sold: Vec::new(), lines: 0 };
        for (number, file) in files.iter().enumerate() {
            let rows = clerk.file(file);
            match file.system {
                System::Sap => project.write(&format!("sap/{number}.txt"), windows_1252(&text(file, &rows))),
                System::Navision => project.write(&format!("navision/{number}.csv.gz"), gzipped(&text(file, &rows))),
                System::Book => project.write(&format!("book/{number}.xlsx"), workbook(file, &rows)),
            }
        }
        let run = project.run(&["--threads", "2"]);
        prop_assert_eq!(&clerk.truth, &said(&run));
        let one = project.run(&["--threads", "1", "--out", "other"]);
        prop_assert_eq!(run.files(), one.files());
    }
}
