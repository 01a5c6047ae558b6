//! A run of what was run before: what is recognised as the same, and what never is.

use crate::support::Project;
use insta::assert_snapshot;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const PIPELINE: &str = "\
name: small
currency: EUR
as_of: 2024-12-31
stages:
  - read: {id: invoices, path: \"lines/*.csv\"}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}, quarantine_limit: 100%}
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

fn project() -> Project {
    Project::new(PIPELINE)
        .with("lines/1.csv", "customer,day,amount\nA,2024-01-01,1.00\nB,2024-02-01,2.00\n")
        .with("lines/2.csv", "customer,day,amount\nA,2024-03-01,4.00\n")
}

/// What `run` answers, the seconds aside.
fn run(project: &Project, arguments: &[&str]) -> String {
    let done = project.vitalfew(&[&["run", "small.yaml", "--log", "none"], arguments].concat());
    assert_eq!(done.code, 0, "{}", done.stderr);
    let (answer, _) = done.stdout.split_once(" in ").unwrap();
    answer.to_owned()
}

/// What `plan` answers behind the list of stages.
fn foreseen(project: &Project) -> String {
    let done = project.vitalfew(&["plan", "small.yaml"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    done.stdout.lines().filter(|line| !line.starts_with(' ')).collect::<Vec<_>>().join("\n")
}

/// Every file below a folder with its content and the time of its last writing.
fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let modified = fs::metadata(&path).unwrap().modified().unwrap();
                files.insert(path.clone(), (fs::read(&path).unwrap(), modified));
            }
        }
    }
    files
}

#[test]
fn where_nothing_changed_nothing_is_written() {
    let project = project();
    assert_snapshot!(foreseen(&project), @"
    all stages would run: nothing was published before
    ledger: the lines of all 2 files would be read: nothing is kept of lines that were judged by these rules
    ");
    let first = run(&project, &[]);
    let published = files(&project.path("out"));
    assert!(foreseen(&project).starts_with("nothing changed"), "{}", foreseen(&project));
    assert_eq!(run(&project, &[]), first.replace("published", "unchanged, published before as"));
    assert_eq!(files(&project.path("out")), published);
    // Made anew it is the same, and so nothing but what is remembered is written.
    run(&project, &["--fresh"]);
    let runs = |files: BTreeMap<PathBuf, (Vec<u8>, SystemTime)>| {
        files.into_iter().filter(|(path, _)| path.starts_with(project.path("out/small/runs"))).collect::<Vec<_>>()
    };
    assert_eq!(runs(files(&project.path("out"))), runs(published));
}

#[test]
fn every_change_is_seen_and_told() {
    let project = project();
    run(&project, &[]);
    let mut told = Vec::new();
    let mut ids = vec![run(&project, &[])];
    let mut next = |project: &Project| {
        told.push(foreseen(project));
        let id = run(project, &[]);
        assert!(id.starts_with("published"), "{id}");
        ids.push(id);
    };
    project.write("lines/3.csv", "customer,day,amount\nA,2024-04-01,8.00\n");
    next(&project);
    project.write("lines/3.csv", "customer,day,amount\nA,2024-04-01,9.00\n");
    next(&project);
    fs::remove_file(project.path("lines/3.csv")).unwrap();
    told.push(foreseen(&project));
    // The run of before is published already; it is made again and found there.
    assert!(run(&project, &[]).starts_with("unchanged"));
    project.write("small.yaml", PIPELINE.replace("2024-12-31", "2025-12-31"));
    told.push(foreseen(&project));
    assert_snapshot!(told.join("\n"), @"
    all stages would run: `lines/3.csv` is new
    ledger: the lines of 1 of 3 files would be read: `lines/3.csv` is new; and of files whose fiscal years those turn out to share
    all stages would run: `lines/3.csv` changed
    ledger: the lines of all 3 files would be read: `lines/3.csv` changed, 2 share fiscal years with those, or with a file that is gone
    all stages would run: `lines/3.csv` is gone
    ledger: the lines of all 2 files would be read: 2 share fiscal years with those, or with a file that is gone
    all stages would run: the pipeline changed
    ledger: no lines would be read
    ");
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

/// Of the same size, and with the time of its last writing set back to what it was before.
#[test]
fn a_change_that_hides_is_seen() {
    let project = project();
    let path = project.path("lines/2.csv");
    let long_ago = SystemTime::now() - Duration::from_secs(100_000);
    let set_back = || fs::File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    set_back();
    let first = run(&project, &[]);
    project.write("lines/2.csv", "customer,day,amount\nA,2024-03-01,5.00\n");
    set_back();
    assert_ne!(run(&project, &[]), first);
}

#[test]
fn what_is_damaged_is_not_trusted() {
    let project = project();
    let first = run(&project, &[]);
    let same = first.replace("published", "unchanged, published before as");
    let cache = project.path("out/small/cache/inputs");
    let bytes = fs::read(&cache).unwrap();
    // Any byte flipped, the end cut off, everything gone: the run is made again, and is the same.
    for place in [0, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        fs::write(&cache, damaged).unwrap();
        assert!(foreseen(&project).starts_with("all stages would run"));
        assert_eq!(run(&project, &[]), same);
    }
    fs::write(&cache, &bytes[..20]).unwrap();
    assert_eq!(run(&project, &[]), same);
    fs::remove_dir_all(project.path("out/small/cache")).unwrap();
    assert_eq!(run(&project, &[]), same);
    // A published file that is no longer what was published.
    let table = fs::canonicalize(project.path("out/small/current")).unwrap().join("tables/account_years.parquet");
    let mut content = fs::read(&table).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(&table, content).unwrap();
    assert_snapshot!(foreseen(&project), @"
    all stages would run: the current run is damaged
    ledger: no lines would be read
    ");
    let done = project.vitalfew(&["run", "small.yaml", "--log", "none"]);
    assert!(done.stdout.contains("is damaged and was left as it is"), "{}", done.stdout);
}
