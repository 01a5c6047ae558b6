//! Why an account stands where it stands, asked of a published run.

use crate::sheet::named;
use crate::support::{Project, Published, repository, vitalfew};
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
        assert_snapshot!(explained(&project, &["Ana"]), @r#"
        =HYPERLINK("http://x") (Ana)
        North; small as of 2024-12-31, run 2024-12-31-HASH

        From the invoices
          Year        Revenue (EUR)     Growth   Invoices    Lines
          2023               100.00          –          –        1
          2024               150.00      50.0%          –        1
          Growth of 50.0% a year over 1 year (full history); it grew in every year of
          the window.

        By revenue
          No. 1 of 3 with 150.00 EUR: 63.8% of revenue, 63.8% with all before it. Class
          A.
          It would fall out of class A (the first 80%) below 15.01 EUR: it can lose
          134.99 EUR, if all others stay as they are.

        The score
          9.10: no. 1 of 3 rated accounts; 100.0% of the weight is known.

                                                  Value      Score     Weight       Adds
          Growth                                             10.00
            Revenue                               50.0%      10.00      60.0%       6.00
          Relation                                            7.75
            Strategy                             judged       8.00      20.0%       1.60
            Long-term orientation                judged       7.50      20.0%       1.50

          On the list (the 20 best by score): nobody else could take its place.

        What people decided
          Strategy: 9.00 does not act (nobody says why), says eva: no reason given.
        "#);
        assert_snapshot!(explained(&project, &["bea &"]), @"
        +Bea & Sons (Bea)
        North; small as of 2024-12-31, run 2024-12-31-HASH

        From the invoices
          Year        Revenue (EUR)     Growth   Invoices    Lines
          2023                90.00          –          –        1
          2024                80.00     -11.1%          –        1
          Growth of -11.1% a year over 1 year (full history).

        By revenue
          No. 2 of 3 with 80.00 EUR: 34.0% of revenue, 97.9% with all before it. Class
          A.
          It would fall out of class A (the first 80%) below 32.51 EUR: it can lose
          47.49 EUR, if all others stay as they are.

        The score
          6.50: no. 2 of 3 rated accounts; 80.0% of the weight is known.

                                                  Value      Score     Weight       Adds
          Growth                                              4.50
            Revenue                              -11.1%       4.50      75.0%       3.37
          Relation                                            7.00
            Strategy                           override       7.00      25.0%       1.75
            Long-term orientation               missing          –          –          –

          Not known: Long-term orientation.

          On the list (the 20 best by score): nobody else could take its place.

        What people decided
          The whole score: 6.50 in place of 5.13, says zoe: =merger, so | kept.
          Strategy: 7.00 in place of –, says eva, until 2025-06-30: new plan.
        ");
    });
}

/// Robustness knows two places, one of them for Bea, whom a person protects; the list has three.
#[test]
fn the_list_of_robustness_is_not_that_of_a_selection() {
    let project = published();
    let pipeline = std::fs::read_to_string(project.path("small.yaml")).unwrap();
    let stages = "  - robustness: {from: scorecard, chosen: {top: 2, class: A}, draws: 100}
  - select: {from: scorecard, enter: {top: 3}, class: A}
  - parquet";
    let pipeline = pipeline.replace("  - parquet", stages).replace("scorecard]", "scorecard, robustness, select]");
    project.write("overrides.csv", "account,what,value,who,why\nBea,decision,always,eva,pilot line\n");
    project.write("small.yaml", &pipeline);
    let report = project.run(&[]).text("report.md");
    let section = report.split_once("## Would the list change?").unwrap().1;
    assert_snapshot!(section.trim().lines().take(2).collect::<Vec<_>>().join("\n"), @"
    In this section the list is what the scores would make by themselves, however many places there are, whatever else is asked for and whoever was on it before; the list of key accounts stands further above.
    On the list is the account with the highest score.
    ");
    let told = explained(&project, &["Ana"]);
    assert_snapshot!(told.split_once("\nThe list of key").unwrap().1, @"
     accounts
      On the list since 2024-12-31.
      - no. 1, within the first 2
      Decided for the review of 2024-12-31, by this run.

    With other weights
      This is about the list that the scores would make by themselves, whatever
      places there are and whoever was on it before.
      Of the sets of weights drawn at random around the declared ones, 100.0% list
      it. It is at no. 1 nine times out of ten.
      No change of one weight alone takes it off the list.
    ");
}

/// Scores are 9.1, 6.5 and 5.5; only Ana and Bea are of class A, and only one can be on the list.
#[test]
fn what_other_weights_and_missing_scores_would_do() {
    let project = published();
    let pipeline = std::fs::read_to_string(project.path("small.yaml")).unwrap();
    let stage = "  - robustness: {from: scorecard, chosen: {top: 1, class: A}, draws: 100}\n  - parquet";
    let pipeline = pipeline.replace("  - parquet", stage).replace("scorecard]", "scorecard, robustness]");
    // Without the override of its whole score Bea has 5.125 of what is known, and lacks one judgement.
    project.write("overrides.csv", "account,what,value,who,why\nBea,strategy,7,eva,new plan\n");
    project.write("small.yaml", &pipeline);
    project.run(&[]);
    let from = |text: String| text.split_once("\nThe score\n").unwrap().1.to_owned();
    assert_snapshot!(from(explained(&project, &["Ana"])), @"
      9.10: no. 1 of 3 rated accounts; 100.0% of the weight is known.

                                              Value      Score     Weight       Adds
      Growth                                             10.00
        Revenue                               50.0%      10.00      60.0%       6.00
      Relation                                            7.75
        Strategy                             judged       8.00      20.0%       1.60
        Long-term orientation                judged       7.50      20.0%       1.50

      No. 1 of the list (the best by score of class A), and off it with 3.97 points
      less.
      A single score would do it: Revenue from 10.00 to 3.38.

    With other weights
      Of the sets of weights drawn at random around the declared ones, 100.0% list
      it. It is at no. 1 nine times out of ten.
      No change of one weight alone takes it off the list.
    ");
    assert_snapshot!(from(explained(&project, &["Bea"])), @"
      5.13: no. 3 of 3 rated accounts; 80.0% of the weight is known.
      With everything known it would lie between 4.30 and 6.10.

                                              Value      Score     Weight       Adds
      Growth                                              4.50
        Revenue                              -11.1%       4.50      75.0%       3.37
      Relation                                            7.00
        Strategy                           override       7.00      25.0%       1.75
        Long-term orientation               missing          –          –          –

      Not known: Long-term orientation.

      Not on the list (the best by score of class A) but no. 2: 3.97 points more
      would bring it there.
      A single score would do it: Revenue from 4.50 to 9.80.

    What people decided
      Strategy: 7.00 in place of –, says eva: new plan.

    With other weights
      Of the sets of weights drawn at random around the declared ones, 0.0% list it.
      It is at no. 2 nine times out of ten.
      No change of one weight alone brings it onto the list.
    ");
    assert_snapshot!(from(explained(&project, &["Cai"])), @"
    5.50: no. 2 of 3 rated accounts; 60.0% of the weight is known.
    With everything known it would lie between 3.70 and 7.30.

                                            Value      Score     Weight       Adds
    Growth                                              5.50
      Revenue                                0.0%       5.50     100.0%       5.50
    Relation                                               –
      Strategy                            missing          –          –          –
      Long-term orientation               missing          –          –          –

    Not known: Strategy, Long-term orientation.

    Not on the list (the best by score of class A): it is of another class.
    ");
    let value: serde_json::Value = serde_json::from_str(&explained(&project, &["Bea", "--json"])).unwrap();
    let table = Published::of(&project.path("out"), "small").table("tables/robustness.parquet");
    let row = table.texts("account").iter().position(|account| account == "Bea").unwrap();
    for key in ["p_key", "rank_p05", "rank_p50", "rank_p95"] {
        assert_eq!(value["robustness"][key].as_f64(), table.numbers(key)[row], "{key}");
    }
    assert_eq!(value["robustness"]["flip"]["weight"].as_f64(), table.numbers("flip_weight")[row]);
    assert_eq!(value["score"]["reach"]["list"], "the best by score of class A");

    // On a list of two, whatever the class, Cai comes before Bea with 5.5. Bea gets there with 4.1 + 0.2 s = 5.5, and Cai
    // falls behind with (3.3 + 0.2 s)/0.8 = 5.125, each for the score s of one missing judgement. Of strategy w and
    // 0.75 (1 - w) of revenue, Bea's 7 and 4.5 make 5.5 at w = 1/3.
    project.write("small.yaml", pipeline.replace("{top: 1, class: A}", "{top: 2}"));
    project.run(&[]);
    let from = |text: String| text.split_once("  Not known: ").unwrap().1.to_owned();
    assert_snapshot!(from(explained(&project, &["Bea"])), @"
    Long-term orientation.
      Ask first, since a single answer could change the list: Long-term orientation
      (onto the list from 7.00 on).

      Not on the list (the 2 best by score) but no. 3: 0.38 points more would bring
      it there.
      A single score would do it: Revenue from 4.50 to 5.00; or Strategy from 7.00
      to 8.50.

    What people decided
      Strategy: 7.00 in place of –, says eva: new plan.

    With other weights
      Of the sets of weights drawn at random around the declared ones, 1.0% list it.
      It is at no. 3 nine times out of ten.
      The smallest change of one weight that would bring it onto the list: Strategy
      from 20.0% to 33.3% of the total.
    ");
    assert_snapshot!(from(explained(&project, &["Cai"])), @"
    Strategy, Long-term orientation.
      Ask first, since a single answer could change the list: Strategy, Long-term
      orientation (off the list below 4.00).

      No. 2 of the list (the 2 best by score), and off it with 0.38 points less.
      A single score would do it: Revenue from 5.50 to 5.13.

    With other weights
      Of the sets of weights drawn at random around the declared ones, 99.0% list
      it. It is at no. 2 nine times out of ten.
      The smallest change of one weight that would take it off the list: Strategy
      from 20.0% to 33.3% of the total.
    ");
}

#[test]
fn tables_that_were_not_published_are_named() {
    let project = named("en");
    project.run(&[]);
    insta::with_settings!({filters => vec![(r"-[0-9a-f]{16}", "-HASH")]}, {
        assert_snapshot!(explained(&project, &["Cai", "--run", "small"]), @"
        Cai
        small as of 2024-12-31, run 2024-12-31-HASH

        The score
          5.50: no. 3 of 3 rated accounts; 60.0% of the weight is known.
          With everything known it would lie between 3.70 and 7.30.

                                                  Value      Score     Weight       Adds
          Growth                                              5.50
            Revenue                                0.0%       5.50     100.0%       5.50
          Relation                                               –
            Strategy                            missing          –          –          –
            Long-term orientation               missing          –          –          –

          Not known: Strategy, Long-term orientation.

          On the list (the 20 best by score): nobody else could take its place.

        What people decided
          Revenue: 2.00 does not act (expired), says eva, until 2024-06-30: one order
          only.

        Not told
          The run did not publish `account_years`, `accounts`, `growth`, `pareto`.
        ");
    });
}

#[test]
fn programs_get_the_same_figures_as_one_object() {
    let project = published();
    let text = explained(&project, &["Ana", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["years"][1]["revenue"], "150.00");
    // Behind Bea's 80 it is in class A while 80 < 80% of 85 and its own: above 15.00.
    assert_eq!(value["standing"]["class_a_from"], "15.01");
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
        assert_snapshot!(refused(&project, &["a"]), @r#"
        error: `a` is a part of 3 accounts:
          Ana  =HYPERLINK("http://x")
          Bea  +Bea & Sons
          Cai  @Cai <b>
        hint: give the key of one of them
        "#);
        assert_snapshot!(refused(&project, &["Anna"]), @"
        error: no account of the run `2024-12-31-HASH` is called `Anna`
        hint: did you mean `Ana`?
        ");
        assert_snapshot!(refused(&project, &["Ana", "--out", "nowhere"]), @"
        error: no pipeline has published below `nowhere`
        hint: run one first, or name the folder with `--out`
        ");
        assert_snapshot!(refused(&project, &["Ana", "--run", "smal"]), @"
        error: there is no run `smal` below `out`
        hint: did you mean `small`?
        ");
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
