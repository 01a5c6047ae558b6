//! Why an account stands where it stands, asked of a published run.

use crate::sheet::named;
use crate::support::{Project, repository, vitalfew};
use insta::assert_snapshot;

fn published() -> Project {
    let project = named("en");
    let pipeline = std::fs::read_to_string(project.path("small.yaml")).unwrap();
    let all = "parquet: {from: [account_years, growth, pareto, accounts, scorecard]";
    project.write("small.yaml", pipeline.replacen("parquet: {from: scorecard", all, 1));
    project.run(&[]);
    project
}

fn explained(project: &Project, arguments: &[&str]) -> String {
    let done = project.vitalfew(&[&["explain"], arguments].concat());
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{}", done.stdout);
    assert!(!done.stdout.contains('\u{1b}'), "colours without a terminal");
    done.stdout
}

fn refused(project: &Project, arguments: &[&str]) -> String {
    let done = project.vitalfew(&[&["explain"], arguments].concat());
    assert_eq!((done.code, done.stdout.as_str()), (2, ""));
    done.stderr
}

#[test]
fn from_invoices_to_the_score() {
    let project = published();
    insta::with_settings!({filters => vec![(r"-[0-9a-f]{16}", "-HASH")]}, {
        assert_snapshot!(explained(&project, &["Ana"]), @"");
        assert_snapshot!(explained(&project, &["bea &"]), @"");
    });
}

#[test]
fn tables_that_were_not_published_are_named() {
    let project = named("en");
    project.run(&[]);
    insta::with_settings!({filters => vec![(r"-[0-9a-f]{16}", "-HASH")]}, {
        assert_snapshot!(explained(&project, &["Cai", "--run", "small"]), @"");
    });
}

#[test]
fn programs_get_the_same_figures_as_one_object() {
    let project = published();
    let text = explained(&project, &["Ana", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["years"][1]["revenue"], "150.00");
    assert_eq!(value["standing"]["class_a_from"], "80.00");
    assert_eq!(value["score"]["criteria"][1]["criterion"], "strategy");
    let sum: f64 = value["score"]["criteria"]
        .as_array()
        .unwrap()
        .iter()
        .map(|criterion| criterion["contribution"].as_f64().unwrap())
        .sum();
    assert!((sum - value["score"]["score"].as_f64().unwrap()).abs() < 1e-12);
}

#[test]
fn an_account_is_found_by_a_part_of_its_name_or_not_at_all() {
    let project = published();
    insta::with_settings!({filters => vec![(r"-[0-9a-f]{16}", "-HASH")]}, {
        assert_snapshot!(refused(&project, &["a"]), @"");
        assert_snapshot!(refused(&project, &["Anna"]), @"");
        assert_snapshot!(refused(&project, &["Ana", "--out", "nowhere"]), @"");
        assert_snapshot!(refused(&project, &["Ana", "--run", "smal"]), @"");
    });
}

#[test]
fn the_demo_is_readable_at_80_columns() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path().to_str().unwrap();
    let run = vitalfew(repository(), &["run", "pipelines/key_accounts.yaml", "--log", "none", "--out", out]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for account in ["C0249", "C0152", "C0141", "C0171", "C0001"] {
        let done = vitalfew(repository(), &["explain", account, "--out", out]);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""));
        assert!(done.stdout.contains("By revenue") && done.stdout.contains("The score"), "{}", done.stdout);
        let long: Vec<&str> = done.stdout.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{long:?}");
    }
}
