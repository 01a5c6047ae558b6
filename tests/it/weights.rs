//! How weights come about, as users declare them: the table they give, and every mistake in declaring them.

use crate::support::Project;
use insta::assert_snapshot;

/// A pipeline with the keys `weights` of the scorecard and of its first group.
fn project(of_groups: &str, of_criteria: &str) -> Project {
    let pipeline = format!(
        "\
name: small
currency: EUR
stages:
  - read: {{id: invoices, path: lines.csv}}
  - ledger: {{from: invoices, columns: {{account: customer, date: day, amount: amount}}}}
  - account_years: {{from: ledger}}
  - profile: {{from: account_years}}
  - read: {{id: sheet, path: sheet.csv}}
  - scorecard:
      judged: sheet
      advice: true
      weights: {of_groups}
      groups:
        ties:
          weights: {of_criteria}
          criteria:
            strategy: {{judged: true}}
            mutuality: {{judged: true}}
            planning: {{judged: true}}
        size:
          criteria:
            lines: {{weight: 1, measure: profile.lines, scale: percentile}}
  - parquet: {{from: [scorecard], to: tables}}
"
    );
    Project::new(&pipeline)
        .with("lines.csv", "customer,day,amount\nA,2024-01-05,10\nA,2024-12-05,10\nB,2024-06-01,30\n")
        .with("sheet.csv", "account,criterion,score\nA,strategy,7\nB,strategy,4\nA,planning,5\nB,planning,6\n")
}

/// The weights by group and criterion as a run publishes them.
fn published(of_groups: &str, of_criteria: &str) -> String {
    let run = project(of_groups, of_criteria).run(&[]);
    let weights = run.table("tables/weights.parquet");
    let texts = ["group", "criterion", "method", "group_method"].map(|column| weights.texts(column));
    let ratios = ["weight", "group_weight", "effective_weight"].map(|column| weights.numbers(column));
    let consistency = ["consistency_ratio", "group_consistency_ratio"].map(|column| weights.numbers(column));
    let index = weights.texts("random_index");
    let number = |number: Option<f64>| number.map_or("-".to_owned(), |number| format!("{number:.3}"));
    let row = |row: usize| {
        let texts = texts.iter().map(|column| column[row].clone());
        let numbers = ratios.iter().chain(&consistency).map(|column| number(column[row]));
        texts.chain(numbers).chain([index[row].clone()]).collect::<Vec<_>>().join(" ").trim_end().to_owned()
    };
    (0..weights.rows.len()).map(row).collect::<Vec<_>>().join("\n")
}

/// The mistakes of the pipeline.
fn mistakes(of_groups: &str, of_criteria: &str) -> String {
    checked(&project(of_groups, of_criteria))
}

fn checked(project: &Project) -> String {
    let done = project.vitalfew(&["check", "small.yaml"]);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""));
    done.stderr
}

#[test]
fn the_table_says_how_each_weight_came_about() {
    assert_snapshot!(published("{method: rank, order: [size, ties]}", "{method: swing, swings: {planning: 50, strategy: 100, mutuality: 50}}"), @"
    ties strategy swing rank 0.500 0.250 0.125 - -
    ties mutuality swing rank 0.250 0.250 0.062 - -
    ties planning swing rank 0.250 0.250 0.062 - -
    size lines direct rank 1.000 0.750 0.750 - -
    ");
    assert_snapshot!(published("{method: ahp, compare: {ties / size: 3}}", "{method: ahp, compare: {strategy / mutuality: 3, strategy / planning: 5, mutuality / planning: 2}}"), @"
    ties strategy ahp ahp 0.648 0.750 0.486 0.004 0.000 Saaty 2005
    ties mutuality ahp ahp 0.230 0.750 0.172 0.004 0.000 Saaty 2005
    ties planning ahp ahp 0.122 0.750 0.092 0.004 0.000 Saaty 2005
    size lines direct ahp 1.000 0.250 0.250 - 0.000 Saaty 2005
    ");
    assert_snapshot!(published("equal", "{method: rank, order: [planning, [strategy, mutuality]]}"), @"
    ties strategy rank equal 0.194 0.500 0.097 - -
    ties mutuality rank equal 0.194 0.500 0.097 - -
    ties planning rank equal 0.611 0.500 0.306 - -
    size lines direct equal 1.000 0.500 0.500 - -
    ");
}

#[test]
fn suggested_weights_stand_beside_the_declared_ones() {
    let advice = project("equal", "equal").run(&[]).table("tables/weight_advice.parquet");
    assert_eq!(advice.texts("criterion"), ["strategy", "mutuality", "planning", "lines"]);
    for column in ["effective_weight", "entropy_weight", "critic_weight"] {
        let weights: Vec<f64> = advice.numbers(column).into_iter().flatten().collect();
        assert!(weights.len() == 4 && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{column} {weights:?}");
        // Nobody judged mutuality: its scores cannot differ.
        assert!(column == "effective_weight" || weights[1] == 0.0);
    }
}

#[test]
fn a_method_that_is_not_there() {
    assert_snapshot!(mistakes("equal", "equally"), @"
    error: `weights` should be `direct`, `equal` or a map with a `method`, found `equally`
      --> small.yaml:15:20
       |
    15 |           weights: equally
       |                    ^^^^^^^
       |
       = hint: did you mean `equal`?

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("equal", "ahp"), @"
    error: the method `ahp` needs more than its name
      --> small.yaml:15:20
       |
    15 |           weights: ahp
       |                    ^^^
       |
       = hint: such as `weights: {method: ahp, compare: {one / other: 3}}`

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("equal", "3"), @"
    error: `weights` of group `ties` should be a map, found `3`
      --> small.yaml:15:20
       |
    15 |           weights: 3
       |                    ^
       |
       = hint: write its keys as `key: value`, one per line

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("equal", "{method: ranks, order: []}"), @"
    error: `method` should be one of `direct`, `equal`, `rank`, `swing`, `ahp`, found `ranks`
      --> small.yaml:15:29
       |
    15 |           weights: {method: ranks, order: []}
       |                             ^^^^^
       |
       = hint: did you mean `rank`?

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("equal", "{order: [strategy]}"), @"
    error: `weights` of group `ties` needs the key `method`
      --> small.yaml:15:20
       |
    15 |           weights: {order: [strategy]}
       |                    ^
       |
       = hint: there are: `direct`, `equal`, `rank`, `swing`, `ahp`

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("equal", "{method: rank, swings: {strategy: 1}}"), @"
    error: `weights` of group `ties` needs the key `order`
      --> small.yaml:15:20
       |
    15 |           weights: {method: rank, swings: {strategy: 1}}
       |                    ^

    error: unknown key `swings` in `weights` of group `ties`
      --> small.yaml:15:35
       |
    15 |           weights: {method: rank, swings: {strategy: 1}}
       |                                   ^^^^^^
       |
       = hint: there are: `method`, `order`

    2 mistakes in `small.yaml`
    ");
}

#[test]
fn weights_that_are_missing_or_one_too_many() {
    assert_snapshot!(mistakes("direct", "{method: direct}"), @"
    error: group `ties` needs the key `weight`
      --> small.yaml:14:9
       |
    14 |         ties:
       |         ^^^^

    error: criterion `strategy` needs the key `weight`
      --> small.yaml:17:13
       |
    17 |             strategy: {judged: true}
       |             ^^^^^^^^

    error: criterion `mutuality` needs the key `weight`
      --> small.yaml:18:13
       |
    18 |             mutuality: {judged: true}
       |             ^^^^^^^^^

    error: criterion `planning` needs the key `weight`
      --> small.yaml:19:13
       |
    19 |             planning: {judged: true}
       |             ^^^^^^^^

    error: group `size` needs the key `weight`
      --> small.yaml:20:9
       |
    20 |         size:
       |         ^^^^

    5 mistakes in `small.yaml`
    ");
    let twice = project("equal", "equal");
    twice.write(
        "small.yaml",
        std::fs::read_to_string(twice.path("small.yaml"))
            .unwrap()
            .replace("strategy: {judged", "strategy: {weight: 2, judged"),
    );
    assert_snapshot!(checked(&twice), @"
    error: criterion `strategy` has a `weight`, but group `ties` is weighed by `equal`
      --> small.yaml:17:32
       |
    17 |             strategy: {weight: 2, judged: true}
       |                                ^
       |
       = hint: leave out one of the two

    1 mistake in `small.yaml`
    ");
}

#[test]
fn orders_and_swings() {
    assert_snapshot!(mistakes("equal", "{method: rank, order: strategy}"), @"
    error: `order` should be a list, found `strategy`
      --> small.yaml:15:42
       |
    15 |           weights: {method: rank, order: strategy}
       |                                          ^^^^^^^^
       |
       = hint: the most important first; equals in a list of their own

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("equal", "{method: rank, order: [strategy, strategy, planing, {}]}"), @"
    error: `order` should be a text, found an empty map
      --> small.yaml:15:72
       |
    15 |           weights: {method: rank, order: [strategy, strategy, planing, {}]}
       |                                                                        ^

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("equal", "{method: rank, order: [strategy, strategy, planing]}"), @"
    error: `strategy` appears twice in `order`
      --> small.yaml:15:53
       |
    15 |           weights: {method: rank, order: [strategy, strategy, planing]}
       |                                                     ^^^^^^^^

    error: group `ties` has no `planing` to weigh
      --> small.yaml:15:63
       |
    15 |           weights: {method: rank, order: [strategy, strategy, planing]}
       |                                                               ^^^^^^^
       |
       = hint: did you mean `planning`?

    2 mistakes in `small.yaml`
    ");
    assert_snapshot!(mistakes("equal", "{method: rank, order: [[strategy]]}"), @"
    error: `order` leaves out `mutuality`, `planning`
      --> small.yaml:15:42
       |
    15 |           weights: {method: rank, order: [[strategy]]}
       |                                          ^
       |
       = hint: group `ties` is weighed as a whole

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("equal", "{method: swing, swings: [strategy]}"), @"
    error: `swings` should be a map, found a list
      --> small.yaml:15:44
       |
    15 |           weights: {method: swing, swings: [strategy]}
       |                                            ^
       |
       = hint: such as `{most_important: 100, next: 60}`

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("equal", "{method: swing, swings: {strategy: 0, mutuality: 1e10, planning: much}}"), @"
    error: a swing should be above zero, found 0
      --> small.yaml:15:55
       |
    15 |           weights: {method: swing, swings: {strategy: 0, mutuality: 1e10, planning: much}}
       |                                                       ^
       |
       = hint: leave out what should not count

    error: a swing should be a thousand million at the most, found 10000000000
      --> small.yaml:15:69
       |
    15 |           weights: {method: swing, swings: {strategy: 0, mutuality: 1e10, planning: much}}
       |                                                                     ^^^^
       |
       = hint: only the ratio of swings counts

    error: `swing` should be a number, found `much`
      --> small.yaml:15:85
       |
    15 |           weights: {method: swing, swings: {strategy: 0, mutuality: 1e10, planning: much}}
       |                                                                                     ^^^^

    3 mistakes in `small.yaml`
    ");
}

#[test]
fn comparisons() {
    let compared = |compare: &str| mistakes("equal", &format!("{{method: ahp, compare: {compare}}}"));
    assert_snapshot!(compared("[strategy]"), @"
    error: `compare` should be a map of comparisons, found a list
      --> small.yaml:15:43
       |
    15 |           weights: {method: ahp, compare: [strategy]}
       |                                           ^
       |
       = hint: such as `{growth / harmony: 3}`

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(compared("{strategy: 3, strategy / planing: 3, strategy / strategy: 1, mutuality / planning: 12, planning / mutuality: x}"), @"
    error: a comparison should be `one / other`, found `strategy`
      --> small.yaml:15:44
       |
    15 | ...   weights: {method: ahp, compare: {strategy: 3, strategy / planing: 3, strategy / strategy: 1, mutuality / planning: 12, plannin...
       |                                        ^^^^^^^^
       |
       = hint: such as `growth / harmony: 3`

    error: group `ties` has no `planing` to compare
      --> small.yaml:15:57
       |
    15 | ...   weights: {method: ahp, compare: {strategy: 3, strategy / planing: 3, strategy / strategy: 1, mutuality / planning: 12, plannin...
       |                                                     ^^^^^^^^^^^^^^^^^^
       |
       = hint: did you mean `planning`?

    error: `strategy / strategy` compares one with itself
      --> small.yaml:15:80
       |
    15 | ...   weights: {method: ahp, compare: {strategy: 3, strategy / planing: 3, strategy / strategy: 1, mutuality / planning: 12, plannin...
       |                                                                            ^^^^^^^^^^^^^^^^^^^

    error: a comparison should be from 1/9 to 9, found `12`
      --> small.yaml:15:126
       |
    15 | ...   weights: {method: ahp, compare: {strategy: 3, strategy / planing: 3, strategy / strategy: 1, mutuality / planning: 12, plannin...
       |                                                                                                                          ^^
       |
       = hint: 1 is equally important, 9 extremely more, 1/9 extremely less

    error: a comparison should be from 1/9 to 9, found `x`
      --> small.yaml:15:152
       |
    15 | ... / strategy: 1, mutuality / planning: 12, planning / mutuality: x}}
       |                                                                    ^
       |
       = hint: 1 is equally important, 9 extremely more, 1/9 extremely less

    5 mistakes in `small.yaml`
    ");
    assert_snapshot!(compared("{strategy / mutuality: 3, mutuality / strategy: 1/3, mutuality / planning: 1/0}"), @"
    error: `mutuality / strategy` is compared twice
      --> small.yaml:15:69
       |
    15 |           weights: {method: ahp, compare: {strategy / mutuality: 3, mutuality / strategy: 1/3, mutuality / planning: 1/0}}
       |                                                                     ^^^^^^^^^^^^^^^^^^^^
       |
       = hint: keep one of the two: the other way round is one divided by it

    error: a comparison should be from 1/9 to 9, found `1/0`
      --> small.yaml:15:118
       |
    15 |           weights: {method: ahp, compare: {strategy / mutuality: 3, mutuality / strategy: 1/3, mutuality / planning: 1/0}}
       |                                                                                                                      ^^^
       |
       = hint: 1 is equally important, 9 extremely more, 1/9 extremely less

    2 mistakes in `small.yaml`
    ");
    assert_snapshot!(compared("{strategy / mutuality: 3}"), @"
    error: no comparisons of group `ties` connect `strategy` with `planning`
      --> small.yaml:15:43
       |
    15 |           weights: {method: ahp, compare: {strategy / mutuality: 3}}
       |                                           ^
       |
       = hint: compare one of the first with one of the others

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(compared("{strategy / mutuality: 2, mutuality / planning: 3, strategy / planning: 1/6}"), @"
    error: the comparisons of group `ties` contradict each other: their consistency ratio is 1.54, above 0.10 (random index of Saaty 2005)
      --> small.yaml:15:94
       |
    15 |           weights: {method: ahp, compare: {strategy / mutuality: 2, mutuality / planning: 3, strategy / planning: 1/6}}
       |                                                                                              ^^^^^^^^^^^^^^^^^^^
       |
       = hint: `strategy / planning` is `1/6`, which fits the others least; with `6` the ratio is 0.00; or declare `accept_inconsistency: true`

    1 mistake in `small.yaml`
    ");
}

/// Sixteen groups are one more than the random indices go to.
#[test]
fn more_than_can_be_compared() {
    let project = project("{method: ahp, compare: {ties / size: 3}}", "equal");
    let groups: String = (0..14)
        .map(|number| format!("        g{number}: {{criteria: {{c{number}: {{weight: 1, judged: true}}}}}}\n"))
        .collect();
    let pipeline = std::fs::read_to_string(project.path("small.yaml")).unwrap();
    project.write("small.yaml", pipeline.replace("        size:\n", &format!("{groups}        size:\n")));
    assert_snapshot!(checked(&project), @"
    error: the scorecard has 16 to compare, and `ahp` is for 15 at the most
      --> small.yaml:12:39
       |
    12 |       weights: {method: ahp, compare: {ties / size: 3}}
       |                                       ^
       |
       = hint: divide them into groups, or weigh them by `rank` or `swing`

    1 mistake in `small.yaml`
    ");
}
