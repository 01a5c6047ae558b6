//! Files that did not change are not read again, and nothing but the time shows it.

use crate::support::Project;
use insta::assert_snapshot;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every kind of finer sums is asked for, and what files tell of beside their sums.
const PIPELINE: &str = "\
name: small
currency: EUR
as_of: AS_OF
stages:
  - read: {id: invoices, path: \"lines/*.csv\", date_format: [\"%Y-%m-%d\", \"%d/%m/%Y\"]}
  - read: {id: map, path: map.csv}
  - ledger:
      from: invoices
      columns: {account: customer, invoice: invoice, date: day, amount: amount, product: sku, category: kind, region: land, currency: money}
      account_map: {from: map, child: child, parent: parent}
      exclude: [{where: sku = 'POST', because: not a product}]
      missing_account: {keep_as: none}
      quarantine_limit: 100%
  - account_years: {from: ledger}
  - breadth: {from: ledger}
  - stability: {from: ledger, months: 12}
  - profile: {from: account_years}
  - parquet: {from: [account_years, breadth, stability, profile], to: tables}
";

const HEADER: &str = "customer,invoice,day,amount,sku,kind,land,money\n";

fn pipeline(as_of: &str) -> String {
    PIPELINE.replace("AS_OF", as_of)
}

fn project(as_of: &str) -> Project {
    Project::new(&pipeline(as_of)).with("map.csv", "child,parent\nC,A\nA,\n")
}

/// A line as text. Some have no account, some no amount, some are in another currency.
fn line(years: std::ops::Range<i32>) -> impl Strategy<Value = String> {
    let account = proptest::sample::select(vec!["A", "B", "C", "", "D-7"]);
    let amount = proptest::sample::select(vec!["1.00", "-2.50", "x", "", "40.00", "0.30"]);
    let sku = proptest::sample::select(vec!["S1", "S2", "POST", "screw", ""]);
    let money = proptest::sample::select(vec!["EUR", "EUR", "EUR", "EUR", "?"]);
    (account, 0..9u32, years, 1..13u32, 1..29u32, amount, sku, money, any::<bool>()).prop_map(
        |(account, invoice, year, month, day, amount, sku, money, is_written_so)| {
            let day = if is_written_so {
                format!("{year}-{month:02}-{day:02}")
            } else {
                format!("{day:02}/{month:02}/{year}")
            };
            format!("{account},I{invoice},{day},{amount},{sku},{},{},{money}\n", &sku[..sku.len().min(1)], invoice % 3)
        },
    )
}

/// The lines of a file: of one year, or of any.
fn file() -> impl Strategy<Value = String> {
    let lines = |years| proptest::collection::vec(line(years), 0..8);
    let lines =
        prop_oneof![lines(2021..2022), lines(2022..2023), lines(2023..2024), lines(2024..2025), lines(2021..2025)];
    lines.prop_map(|lines| format!("{HEADER}{}", lines.concat()))
}

/// The run that is current: all its files but the record, which has times in it.
fn published(project: &Project, out: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let root = fs::canonicalize(project.path(&format!("{out}/small/current"))).unwrap();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("run.json") {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn run(project: &Project, arguments: &[&str]) {
    let done = project.vitalfew(&[&["run", "small.yaml", "--log", "none"], arguments].concat());
    assert_eq!(done.code, 0, "{}", done.stderr);
}

/// What `plan` says of the ledger.
fn foreseen(project: &Project) -> String {
    let done = project.vitalfew(&["plan", "small.yaml"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    done.stdout.lines().last().unwrap().to_owned()
}

/// The largest file of the cache, which is a block.
fn block(project: &Project) -> std::path::PathBuf {
    let cache = fs::read_dir(project.path("out/small/cache")).unwrap().map(|entry| entry.unwrap().path());
    let is_block = |path: &Path| path.file_name().unwrap().to_string_lossy().len() > 40;
    cache.filter(|path| is_block(path)).max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
}

proptest! {
    #![proptest_config(Config {
        cases: 10,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    })]

    /// Whatever changes from run to run, the files of a run are those of a run that reads all lines.
    #[test]
    fn a_run_that_takes_up_blocks_is_a_run_that_reads_all(
        files in proptest::collection::vec(file(), 3..6),
        changes in proptest::collection::vec((0..7usize, proptest::option::of(file()), any::<bool>()), 2..4),
        as_of in proptest::sample::select(vec!["latest", "2024-12-31", "2023-12-31"]),
    ) {
        let project = project(as_of);
        for (number, file) in files.iter().enumerate() {
            project.write(&format!("lines/{number}.csv"), file);
        }
        // A book with lines of each year, so that every run has some to publish.
        let whole: String = (2021..2025).map(|year| format!("B,I1,{year}-12-31,5.00,S1,S,1,EUR\n")).collect();
        project.write("lines/all.csv", format!("{HEADER}{whole}"));
        run(&project, &[]);
        for (number, file, later) in changes {
            let name = format!("lines/{number}.csv");
            match file {
                Some(file) => project.write(&name, file),
                None => _ = fs::remove_file(project.path(&name)),
            }
            if later {
                project.write("small.yaml", pipeline("2024-12-31"));
            }
            run(&project, &[]);
            run(&project, &["--out", "other", "--fresh"]);
            prop_assert!(published(&project, "out") == published(&project, "other"));
        }
    }
}

/// Two files of a year each.
fn two_years() -> Project {
    project("2024-12-31")
        .with("lines/2023.csv", format!("{HEADER}A,I1,2023-05-01,1.00,S1,S,1,EUR\n,I2,x,2.00,S1,S,1,EUR\n"))
        .with("lines/2024.csv", format!("{HEADER}A,I3,2024-05-01,4.00,S1,S,1,EUR\n"))
}

#[test]
fn what_would_be_read_is_told() {
    let project = two_years();
    let mut told = vec![foreseen(&project)];
    run(&project, &[]);
    project.write("lines/2024.csv", format!("{HEADER}A,I3,2024-05-01,8.00,S1,S,1,EUR\n"));
    told.push(foreseen(&project));
    run(&project, &[]);
    project.write("lines/2025.csv", format!("{HEADER}A,I4,2024-06-01,16.00,S1,S,1,EUR\n"));
    told.push(foreseen(&project));
    run(&project, &[]);
    fs::remove_file(project.path("lines/2025.csv")).unwrap();
    told.push(foreseen(&project));
    run(&project, &[]);
    // Other weights are nothing to the lines, other rules are.
    project.write("small.yaml", pipeline("2024-12-31").replace("months: 12", "months: 6"));
    told.push(foreseen(&project));
    project.write("map.csv", "child,parent\nC,B\nB,\n");
    told.push(foreseen(&project));
    project.write("small.yaml", pipeline("2024-12-31").replace("'POST'", "'S2'"));
    told.push(foreseen(&project));
    let keys =
        pipeline("2024-12-31").replace("      quarantine_limit", "      keys: {trim: true}\n      quarantine_limit");
    project.write("small.yaml", keys);
    told.push(foreseen(&project));
    assert_snapshot!(told.join("\n"), @"
    ledger: the lines of all 2 files would be read: nothing is kept of lines that were judged by these rules
    ledger: the lines of 1 of 2 files would be read: `lines/2024.csv` changed; and of files whose fiscal years those turn out to share
    ledger: the lines of 1 of 3 files would be read: `lines/2025.csv` is new; and of files whose fiscal years those turn out to share
    ledger: the lines of 1 of 2 files would be read: 1 share fiscal years with those, or with a file that is gone; and of files whose fiscal years those turn out to share
    ledger: no lines would be read
    ledger: the lines of all 2 files would be read: nothing is kept of lines that were judged by these rules
    ledger: the lines of all 2 files would be read: nothing is kept of lines that were judged by these rules
    ledger: the lines of all 2 files would be read: `keys` brings the spellings of all files together
    ");
}

#[test]
fn a_damaged_block_is_read_again() {
    let project = two_years();
    run(&project, &[]);
    project.write("lines/2024.csv", format!("{HEADER}A,I3,2024-05-01,8.00,S1,S,1,EUR\n"));
    let path = block(&project);
    let bytes = fs::read(&path).unwrap();
    for place in [0, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        fs::write(&path, damaged).unwrap();
        run(&project, &[]);
        run(&project, &["--out", "other", "--fresh"]);
        assert_eq!(published(&project, "out"), published(&project, "other"));
    }
}

/// What is taken up is what was kept, not what the file would give: else nothing would be gained.
#[test]
fn unchanged_files_are_not_read() {
    let project = two_years();
    run(&project, &[]);
    let kept = |project: &Project| fs::read_dir(project.path("out/small/cache")).unwrap().count();
    let before = kept(&project);
    project.write("lines/2024.csv", format!("{HEADER}A,I3,2024-05-01,8.00,S1,S,1,EUR\n"));
    run(&project, &[]);
    let record = fs::read_to_string(project.path("out/small/current/run.json")).unwrap();
    assert!(record.contains("\"files_taken_up\": 1,"), "{record}");
    // The block of before is gone, and that of now is there.
    assert_eq!(kept(&project), before);
}

/// A run that fails has found something that blocks do not tell, and so keeps none.
#[test]
fn a_failed_run_keeps_nothing() {
    let project = two_years();
    project.write("lines/2023.csv", format!("{HEADER}none,I1,2023-05-01,1.00,S1,S,1,EUR\n"));
    let fails = || {
        let done = project.vitalfew(&["run", "small.yaml", "--log", "none"]);
        assert_eq!(done.code, 3, "{}", done.stdout);
        done.stderr
    };
    let first = fails();
    assert!(first.contains("the account `none` has the name"), "{first}");
    assert_eq!(fails(), first);
    // Also where there are blocks of a run that turned out well, and none of its own is left behind.
    project.write("lines/2023.csv", format!("{HEADER}A,I1,2023-05-01,1.00,S1,S,1,EUR\n"));
    run(&project, &[]);
    let kept = || {
        let names = fs::read_dir(project.path("out/small/cache")).unwrap().map(|entry| entry.unwrap().file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let before = kept();
    project.write("lines/2023.csv", format!("{HEADER}none,I1,2023-05-01,1.00,S1,S,1,EUR\n"));
    assert_eq!((fails(), fails()), (first.clone(), first));
    assert_eq!(kept(), before);
}
