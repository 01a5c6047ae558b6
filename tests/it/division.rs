//! One file read in parts, side by side, against the same file read from beginning to end.

use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;
use vitalfew::outputs::parquet::Compression;
use vitalfew::outputs::tables;
use vitalfew::pipeline::check::{Plan, check};
use vitalfew::pipeline::diagnostics::SourceText;
use vitalfew::pipeline::parse;
use vitalfew::product::Inputs;
use vitalfew::progress::Progress;
use vitalfew::run::execute;

fn plan(root: &Path, rules: &str) -> Plan {
    let text = format!(
        "\
name: small
root: {}
currency: EUR
as_of: 2024-12-31
stages:
  - read: {{id: invoices, path: lines.csv}}
  - ledger:
      from: invoices
      columns: {{account: customer, invoice: invoice, date: day, amount: amount, product: note}}
      quarantine_limit: 100%
{rules}  - account_years: {{from: ledger}}
",
        root.display()
    );
    let (pipeline, problems) = parse(SourceText { name: "small.yaml".to_owned(), text }, &[]).unwrap();
    check(pipeline, problems).unwrap()
}

/// Everything that a ledger hands on, or its failure.
fn made(plan: &Plan, threads: usize, part_bytes: u64) -> Result<String, String> {
    let mut inputs = Inputs::new(threads, Progress::hidden()).with_parts_of(part_bytes);
    execute(plan, &[0, 1, 2], &mut inputs).map_err(|failure| failure.to_string())?;
    let ledger = inputs.ledger("ledger").unwrap();
    let mut all = format!("{:?} {:?} {:?}\n", ledger.books, ledger.period, ledger.totals);
    for table in inputs.tables() {
        let mut bytes = Vec::new();
        tables::write(table.clone(), &mut bytes, Compression::None, 2).unwrap();
        writeln!(all, "{} {}", table.name(), blake3::hash(&bytes)).unwrap();
    }
    let quarantined = &mut |table: &vitalfew::table::Table| {
        for (line, raw) in table.integers("line").iter().zip(table.text("raw")) {
            writeln!(all, "{line:?} {raw}").unwrap();
        }
        Ok(())
    };
    ledger.quarantine.tables(quarantined).unwrap();
    Ok(all)
}

const RULES: [&str; 4] = [
    "",
    "      total_rows: exclude\n",
    "      duplicates: {key: all, then: exclude}\n",
    "      credit_notes: {by_prefix: C, dated: corrected, corrects: note}\n",
];

/// Lines of which some are totals of those before them, equal, credit notes or no lines at all.
fn text() -> impl Strategy<Value = String> {
    let amount = prop_oneof![4 => (1i64..2000).prop_map(|cents| cents), 1 => -3i64..4];
    let line =
        ("[AB]?", "C?[1-4]", 1u32..=28, amount, prop_oneof![3 => "[xy1-3]", 1 => "\"[x,\n]{1,4}\"", 1 => "x\"y"]);
    let written = |(account, invoice, day, cents, note): (String, String, u32, i64, String)| {
        let sign = if cents < 0 { "-" } else { "" };
        format!("{account},{invoice},2024-05-{day:02},{sign}{}.{:02},{note}\n", cents.abs() / 100, cents.abs() % 100)
    };
    let line = prop_oneof![16 => line.prop_map(written), 1 => Just("\n".to_owned()), 1 => Just("too,few\n".to_owned()), 1 => Just(",,,5.00,\n".to_owned())];
    proptest::collection::vec(line, 1..40)
        .prop_map(|lines| format!("customer,invoice,day,amount,note\n{}", lines.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_file_in_parts_is_the_file(text in text(), part_bytes in 20..300u64, rules in 0..RULES.len()) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lines.csv"), text).unwrap();
        let plan = plan(folder.path(), RULES[rules]);
        let whole = made(&plan, 1, u64::MAX);
        prop_assert_eq!(&made(&plan, 2, part_bytes), &whole);
        prop_assert_eq!(&made(&plan, 1, part_bytes), &whole);
    }
}
