//! Real invoices, where they lie beside the repository: totals that are known without this program.

use crate::support::{Published, Rows, repository, vitalfew};
use std::path::PathBuf;

/// The folder of the shared data, if this machine has it.
fn data(folder: &str) -> Option<PathBuf> {
    let root = repository().join("../shared/data");
    if root.join(folder).is_dir() {
        return Some(root);
    }
    eprintln!("skipped: there is no `{folder}` in {}", root.display());
    None
}

fn run(pipeline: &str) -> Option<(Published, tempfile::TempDir)> {
    let set = format!("root={}", data(pipeline)?.display());
    let out = tempfile::tempdir().unwrap();
    let file = format!("pipelines/{pipeline}.yaml");
    let arguments = ["run", file.as_str(), "--set", &set, "--out", out.path().to_str().unwrap(), "--log", "none"];
    let done = vitalfew(repository(), &arguments);
    assert_eq!(done.code, 0, "{}", done.stderr);
    Some((Published::of(out.path(), pipeline), out))
}

fn only(rows: &Rows, column: &str) -> String {
    let [value] = &rows.texts(column)[..] else { panic!("more than one row in {rows}") };
    value.clone()
}

/// 60 855 lines of 635 resellers, 80 450 596.9823; both are the sums over the file, computed by other programs.
#[test]
fn adventureworks_adds_up() {
    let Some((run, _folder)) = run("adventureworks") else { return };
    let reconciliation = run.table("reconciliation.parquet");
    for (column, expected) in [
        ("rows_read", "60855"),
        ("rows_accepted", "60855"),
        ("amount_read", "80450596.9823"),
        ("amount_accepted", "80450596.9823"),
        ("rows_without_cost", "0"),
    ] {
        assert_eq!(only(&reconciliation, column), expected, "{column}");
    }
    assert_eq!(run.record()["as_of"], "2013-11-30");
    assert_eq!(run.table("tables/growth.parquet").rows.len(), 635);
    let years = run.table("tables/account_years.parquet");
    let sum: i64 = years.texts("revenue").iter().map(|revenue| revenue.replace('.', "").parse::<i64>().unwrap()).sum();
    assert_eq!(sum, 804_505_969_823);
}

/// 1 067 371 lines, 243 007 of them without a customer. 34 335 lines equal an earlier one in every column, and the
/// 45 046 lines of 1 to 9 December 2010 stand there twice: 22 523 go, 7 720 of them without a customer. The lines of
/// December 2011 lie after the last fiscal year. The figures are those of DuckDB over the file.
#[test]
fn online_retail_adds_up() {
    let Some((run, _folder)) = run("online_retail_2") else { return };
    let reconciliation = run.table("reconciliation.parquet");
    assert_eq!(only(&reconciliation, "rows_read"), "1067371");
    assert_eq!(only(&reconciliation, "rows_quarantined"), "243007");
    let duplicates = run.table("duplicates.parquet");
    assert_eq!(duplicates.texts("then"), ["flag", "flag"]);
    assert_eq!(duplicates.texts("rows_exact"), ["34335", "22523"]);
    assert_eq!(duplicates.texts("rows_differing"), ["0", "0"]);
    assert_eq!(duplicates.texts("first_date")[1], "2010-12-01");
    assert_eq!(duplicates.texts("last_date")[1], "2010-12-09");
    assert_eq!(run.record()["as_of"], "2011-11-30");
}
