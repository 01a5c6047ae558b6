//! What has changed since an earlier run, as the stage tells it and as `vitalfew diff` does.

use crate::support::{Project, Published};
use insta::assert_snapshot;

const PIPELINE: &str = "\
name: small
currency: EUR
as_of: 2024-12-31
stages:
  - read: {id: invoices, path: \"lines_*.csv\"}
  - ledger:
      from: invoices
      columns: {account: customer, date: day, amount: amount}
  - account_years: {from: ledger}
  - growth: {from: account_years, years: 1}
  - pareto: {from: account_years}
  - read: {id: customers, path: accounts.csv}
  - accounts: {from: customers, account: id, attributes: {name: name}}
  - read: {id: sheet, path: sheet.csv}
  - read: {id: overruled, path: overrides.csv}
  - scorecard:
      judged: sheet
      overrides: overruled
      groups:
        growth:
          weight: 60
          criteria:
            revenue: {weight: 100, measure: growth.cagr, scale: [[0, 1], [1, 10]]}
        harmony:
          weight: 40
          criteria:
            strategy: {weight: 100, judged: true}
  - robustness: {from: scorecard, chosen: {top: 3}, draws: 100}
  - history: {path: out/small/runs}
  - compare: {from: scorecard, history: history}
  - parquet: {from: [account_years, pareto, accounts, scorecard, compare], to: tables}
  - markdown: {template: key_accounts, to: report.md}
";

const ACCOUNTS: &str = "id,name\nA,Alder & Sons\nB,\"Birch \u{1b}[31m\"\nC,=Cedar\nD,Dogwood\n";

const OVERRIDES: &str = "account,what,value,who,why\n";

/// Of 2023 and 2024. Revenue grows by 1, 0.5, 0, 0.9 and −0.5, which scores 10, 5.5, 1, 9.1 and 1; with the sheet and
/// weights of 60 and 40 the scores are A 6.8, B 6.5, C 4.2, D 9.1 (of 60% alone) and V 1.8. On the list: D, A, B.
fn before() -> Project {
    Project::new(PIPELINE)
        .with("lines_2023.csv", "customer,day,amount\nA,2023-03-01,100\nB,2023-03-01,100\nC,2023-03-01,100\nD,2023-03-01,100\nV,2023-03-01,10\n")
        .with("lines_2024.csv", "customer,day,amount\nA,2024-03-01,200\nB,2024-03-01,150\nC,2024-03-01,100\nD,2024-03-01,190\nV,2024-03-01,5\n")
        .with("accounts.csv", ACCOUNTS)
        .with("sheet.csv", "account,criterion,score\nA,strategy,2\nB,strategy,8\nC,strategy,9\nV,strategy,3\n")
        .with("overrides.csv", OVERRIDES)
}

/// A year later. V has gone, N has come, A bought for 20 less in 2024 than was published, C is judged 7 and not 9, D is
/// judged at last, and the weights are 50 and 50. Revenue scores A 1, B 10, C 5.5, D 1, and nothing for N; the scores
/// are A 1.5, B 9, C 6.25, D 3.5 and N 4 (of 50% alone). On the list: B, C, N.
fn now(project: &Project) {
    project.write(
        "lines_2023.csv",
        "customer,day,amount\nA,2023-03-01,100\nB,2023-03-01,100\nC,2023-03-01,100\nD,2023-03-01,100\n",
    );
    project.write(
        "lines_2024.csv",
        "customer,day,amount\nA,2024-03-01,180\nB,2024-03-01,150\nC,2024-03-01,100\nD,2024-03-01,190\n",
    );
    project.write("lines_2025.csv", "customer,day,amount\nA,2025-03-01,180\nB,2025-03-01,300\nC,2025-03-01,150\nD,2025-03-01,190\nN,2025-03-01,50\n");
    project.write(
        "sheet.csv",
        "account,criterion,score\nA,strategy,2\nB,strategy,8\nC,strategy,7\nD,strategy,6\nN,strategy,4\n",
    );
    let pipeline = PIPELINE.replace("weight: 60\n", "weight: 50\n").replace("weight: 40\n", "weight: 50\n");
    project.write("small.yaml", pipeline.replace("2024-12-31", "2025-12-31"));
}

fn both() -> (Project, Published) {
    let project = before();
    project.run(&[]);
    now(&project);
    let run = project.run(&[]);
    (project, run)
}

/// Floats of a table with six decimals.
fn rounded(run: &Published, table: &str, columns: &[&str]) -> String {
    let mut rows = run.table(&format!("tables/{table}.parquet")).select(columns);
    for cell in rows.rows.iter_mut().flatten().flatten() {
        if let (true, Ok(value)) = (cell.contains('.'), cell.parse::<f64>()) {
            *cell = format!("{}", (value * 1e6).round() / 1e6);
        }
    }
    rows.to_string()
}

fn without_hashes(check: impl FnOnce()) {
    insta::with_settings!({filters => vec![(r"-[0-9a-f]{16}", "-HASH")]}, { check() });
}

#[test]
fn every_kind_of_change() {
    let (_, run) = both();
    let columns =
        ["account", "change", "was", "is", "score_was", "score_is", "rank_was", "rank_is", "class_was", "class_is"];
    assert_snapshot!(rounded(&run, "changes", &columns), @"
    account | change | was | is | score_was | score_is | rank_was | rank_is | class_was | class_is
    A | left | key | none | 6.8 | 1.5 | 2 | 5 | A | A
    B | moved | key | key | 6.5 | 9 | 3 | 1 | A | A
    C | entered | none | key | 4.2 | 6.25 | 4 | 2 | B | A
    D | left | key | none | 9.1 | 3.5 | 1 | 4 | A | A
    N | entered | null | key | null | 4 | null | 3 | null | B
    V | vanished | none | null | 1.8 | null | 5 | null | C | null
    ");
    // A: revenue 0.55 · (1 − 10) = −4.95 and 5.5 · (0.5 − 0.6) = −0.55; strategy 2 · 0.1 = 0.2.
    // B: 0.55 · 4.5 = 2.475 and 7.75 · −0.1 = −0.775; 8 · 0.1 = 0.8.
    // C: 0.55 · 4.5 = 2.475 and 3.25 · −0.1 = −0.325; 0.45 · (7 − 9) = −0.9 and 8 · 0.1 = 0.8.
    // D, whose strategy was missing: by the old weights revenue moves 0.8 · −8.1 = −6.48, for it weighs 1 and then 0.6,
    // and by the new ones 0.75 · −8.1 = −6.075; strategy comes in with 0.4 or 0.5 of 6 − 5.05, which revenue has halfway.
    // The weights: revenue ½ (0 − 0.1) = −0.05, strategy ½ (0 + 0.6) = 0.3.
    let columns = ["account", "delta", "delta_customer", "delta_weights", "top_reasons"];
    assert_snapshot!(rounded(&run, "changes", &columns), @"
    account | delta | delta_customer | delta_weights | top_reasons
    A | -5.3 | -4.95 | -0.35 | Revenue 10.0 → 1.0 (-4.95); weight of Growth 60% → 50% (-0.55); weight of Harmony 40% → 50% (+0.20)
    B | 2.5 | 2.475 | 0.025 | Revenue 5.5 → 10.0 (+2.48); weight of Harmony 40% → 50% (+0.80); weight of Growth 60% → 50% (-0.78)
    C | 2.05 | 1.575 | 0.475 | Revenue 1.0 → 5.5 (+2.48); Strategy 9.0 → 7.0 (-0.90); weight of Harmony 40% → 50% (+0.80)
    D | -5.6 | -5.85 | 0.25 | Revenue 9.1 → 1.0 (-6.28); now known: Strategy 6.0 (+0.43); weight of Harmony 40% → 50% (+0.30)
    N | null | null | null | null
    V | null | null | null | null
    ");
    let columns = ["account", "criterion", "score_was", "score_is", "delta_customer", "delta_weights"];
    assert_snapshot!(rounded(&run, "change_drivers", &columns), @"
    account | criterion | score_was | score_is | delta_customer | delta_weights
    A | revenue | 10 | 1 | -4.95 | -0.55
    A | strategy | 2 | 2 | 0 | 0.2
    B | revenue | 5.5 | 10 | 2.475 | -0.775
    B | strategy | 8 | 8 | 0 | 0.8
    C | revenue | 1 | 5.5 | 2.475 | -0.325
    C | strategy | 9 | 7 | -0.9 | 0.8
    D | revenue | 9.1 | 1 | -6.2775 | -0.05
    D | strategy | null | 6 | 0.4275 | 0.3
    ");
}

#[test]
fn what_was_published_and_is_no_longer_so() {
    let (_, run) = both();
    let table = |name: &str| run.table(&format!("tables/{name}.parquet")).to_string();
    assert_snapshot!(table("restatements"), @"
    account | fiscal_year | was | is | difference
    A | 2024 | 200.00 | 180.00 | -20.00
    V | 2023 | 10.00 | null | -10.00
    V | 2024 | 5.00 | null | -5.00
    ");
    assert_snapshot!(table("restated_files"), @"
    file | fiscal_year | was | is | difference
    lines_2023.csv | 2023 | 410.00 | 400.00 | -10.00
    lines_2024.csv | 2024 | 645.00 | 620.00 | -25.00
    ");
    assert_snapshot!(table("changed_judgements"), @"
    account | criterion | rater | was | is
    C | strategy |  | 9.0 | 7.0
    D | strategy |  | null | 6.0
    N | strategy |  | null | 4.0
    V | strategy |  | 3.0 | null
    ");
    without_hashes(|| {
        assert_snapshot!(table("comparison"), @"
    what | name | was | is | not_compared | words
    run | null | 2024-12-31-HASH | null | null | null
    as_of | null | 2024-12-31 | 2025-12-31 | null | null
    weight | revenue | 0.6 | 0.5 | null | Revenue weighs 50%; it was 60%.
    weight | strategy | 0.4 | 0.5 | null | Strategy weighs 50%; it was 40%.
    ")
    });
}

#[test]
fn the_drivers_of_an_account_add_up_to_its_change() {
    let (_, run) = both();
    let (changes, drivers) = (run.table("tables/changes.parquet"), run.table("tables/change_drivers.parquet"));
    let parts: Vec<(String, f64)> = drivers
        .texts("account")
        .into_iter()
        .zip(drivers.numbers("delta_customer").into_iter().zip(drivers.numbers("delta_weights")))
        .map(|(account, (customer, weights))| (account, customer.unwrap() + weights.unwrap()))
        .collect();
    let mut told = 0;
    for (account, delta) in changes.texts("account").into_iter().zip(changes.numbers("delta")) {
        let Some(delta) = delta else { continue };
        let sum: f64 = parts.iter().filter(|(of, _)| *of == account).map(|(_, part)| part).sum();
        assert!((sum - delta).abs() < 1e-12, "{account}: {sum} {delta}");
        told += 1;
    }
    assert_eq!(told, 4);
}

#[test]
fn the_first_run_has_nothing_to_compare_with() {
    let run = before().run(&[]);
    for table in ["changes", "change_drivers", "restatements", "restated_files", "changed_judgements", "comparison"] {
        assert!(run.table(&format!("tables/{table}.parquet")).rows.is_empty(), "{table}");
    }
}

/// How the report begins: what stands above the section on what was read.
/// Another ledger that reaches further makes no earlier run of one of the same day.
#[test]
fn the_day_is_that_of_the_scorecard_where_ledgers_end_on_different_days() {
    let further = "  - read: {id: planned, path: planned.csv}\n  - ledger: {id: a_plan, from: planned, columns: {account: customer, date: day, amount: amount}}\n  - account_years:";
    let pipeline = PIPELINE.replace("as_of: 2024-12-31", "as_of: latest").replace("  - account_years:", further);
    let project = before().with("lines_end.csv", "customer,day,amount\nA,2024-12-31,1\n");
    project.write("planned.csv", "customer,day,amount\nA,2025-12-31,1\n");
    project.write("small.yaml", pipeline);
    let first = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    project.write("sheet.csv", "account,criterion,score\nA,strategy,3\nB,strategy,8\n");
    let again = project.run(&[]);
    assert!(first.starts_with("2024-12-31") && again.record()["run"] != first.as_str(), "{first}");
    assert_eq!(again.table("tables/changes.parquet").rows.len(), 0);
}

fn beginning(run: &Published) -> String {
    let report = run.text("report.md");
    let end = report.match_indices("\n## ").nth(1).unwrap().0;
    report[..end].to_owned()
}

#[test]
fn the_report_opens_with_what_changed() {
    let project = before();
    let first = beginning(&project.run(&[]));
    assert!(first.ends_with("\n## What changed\n\nThere is no earlier run to compare with.\n"), "{first}");
    now(&project);
    assert_snapshot!(beginning(&project.run(&[])), @r"
    # Key accounts on 31 December 2025

    Since 31 December 2024, **2 accounts** entered the list and **2** left it.
    **4 accounts of 5** bring in 94.3% of the revenue of 2025 (870.00 EUR): the vital few, class A, with the cut-off at 80%.
    From 2024 to 2025, net revenue rose by 40.3%, from 620.00 EUR to 870.00 EUR.
    In class A, **2 accounts** grew in the last year and none bought less in 2025 than in 2024.

    ## What changed since 31 December 2024

    Accounts on the list: 3 before, 3 now.
    4 of 4 scores moved. 4 moved by what is known of the customer, 4 by how it is weighed; a score can be both.
    1 account is new: N.
    1 account has no lines any more: V.

    2 accounts entered the list:

    | Account | Score | No. by score | Class | What moved the score |
    |:---|---:|---:|---:|:---|
    | =Cedar (C) | 4.20 → 6.25 | 4 → 2 | B → A | Revenue 1.0 → 5.5 (+2.48); Strategy 9.0 → 7.0 (-0.90); weight of Harmony 40% → 50% (+0.80) |
    | N | – → 4.00 | – → 3 | – → B | a new account |

    2 accounts left the list:

    | Account | Score | No. by score | Class | What moved the score |
    |:---|---:|---:|---:|:---|
    | Dogwood (D) | 9.10 → 3.50 | 1 → 4 | A | Revenue 9.1 → 1.0 (-6.28); now known: Strategy 6.0 (+0.43); weight of Harmony 40% → 50% (+0.30) |
    | Alder & Sons (A) | 6.80 → 1.50 | 2 → 5 | A | Revenue 10.0 → 1.0 (-4.95); weight of Growth 60% → 50% (-0.55); weight of Harmony 40% → 50% (+0.20) |

    1 account stayed on the list with another score:

    | Account | Score | No. by score | Class | What moved the score |
    |:---|---:|---:|---:|:---|
    | Birch �\[31m (B) | 6.50 → 9.00 | 3 → 1 | A | Revenue 5.5 → 10.0 (+2.48); weight of Harmony 40% → 50% (+0.80); weight of Growth 60% → 50% (-0.78) |

    1 account is of another class:

    | Account | Class |
    |:---|---:|
    | =Cedar (C) | B → A |

    **3 figures of closed years** are no longer what was published, -35.00 EUR in all; the largest difference first:

    | Account | Year | Published (EUR) | Now (EUR) | Difference (EUR) |
    |:---|:---|---:|---:|---:|
    | Alder & Sons (A) | 2024 | 200.00 | 180.00 | -20.00 |
    | V | 2023 | 10.00 | – | -10.00 |
    | V | 2024 | 5.00 | – | -5.00 |

    By file:

    | File | Year | Published (EUR) | Now (EUR) | Difference (EUR) |
    |:---|:---|---:|---:|---:|
    | lines\_2024.csv | 2024 | 645.00 | 620.00 | -25.00 |
    | lines\_2023.csv | 2023 | 410.00 | 400.00 | -10.00 |

    4 judgements changed:

    | Account | Criterion | Rater | Before | Now |
    |:---|:---|:---|---:|---:|
    | =Cedar (C) | Strategy |  | 9.00 | 7.00 |
    | Dogwood (D) | Strategy |  | – | 6.00 |
    | N | Strategy |  | – | 4.00 |
    | V | Strategy |  | 3.00 | – |

    Not the same in both runs:

    - Revenue weighs 50%; it was 60%.
    - Strategy weighs 50%; it was 40%.
    ");
    assert_snapshot!(beginning(&project.run(&["--set", "language=es"])), @r"
    # Cuentas clave a 31 de diciembre de 2025

    Desde el 31 de diciembre de 2024, entraron **2 cuentas** en la lista y salieron **2** de ella.
    **4 cuentas de 5** aportan el 94,3 % de la facturación de 2025 (870,00 EUR): son los pocos vitales, la clase A, con el corte en el 80 %.
    Entre 2024 y 2025, la facturación neta creció un 40,3 %, de 620,00 EUR a 870,00 EUR.
    En la clase A, **2 cuentas** crecieron en el último año y ninguna compró menos en 2025 que en 2024.

    ## Qué cambió desde el 31 de diciembre de 2024

    Cuentas en la lista: 3 antes, 3 ahora.
    Se movieron 4 de 4 puntuaciones. 4 por lo que se sabe del cliente y 4 por cómo se pondera; una puntuación puede ser ambas.
    1 cuenta es nueva: N.
    1 cuenta ya no tiene líneas: V.

    Entraron en la lista 2 cuentas:

    | Cuenta | Puntuación | N.º por puntuación | Clase | Qué movió la puntuación |
    |:---|---:|---:|---:|:---|
    | =Cedar (C) | 4,20 → 6,25 | 4 → 2 | B → A | Facturación 1,0 → 5,5 (+2,48); Estrategia 9,0 → 7,0 (-0,90); peso de Armonía 40 % → 50 % (+0,80) |
    | N | – → 4,00 | – → 3 | – → B | cuenta nueva |

    Salieron de la lista 2 cuentas:

    | Cuenta | Puntuación | N.º por puntuación | Clase | Qué movió la puntuación |
    |:---|---:|---:|---:|:---|
    | Dogwood (D) | 9,10 → 3,50 | 1 → 4 | A | Facturación 9,1 → 1,0 (-6,28); ahora se conoce: Estrategia 6,0 (+0,43); peso de Armonía 40 % → 50 % (+0,30) |
    | Alder & Sons (A) | 6,80 → 1,50 | 2 → 5 | A | Facturación 10,0 → 1,0 (-4,95); peso de Crecimiento 60 % → 50 % (-0,55); peso de Armonía 40 % → 50 % (+0,20) |

    1 cuenta sigue en la lista con otra puntuación:

    | Cuenta | Puntuación | N.º por puntuación | Clase | Qué movió la puntuación |
    |:---|---:|---:|---:|:---|
    | Birch �\[31m (B) | 6,50 → 9,00 | 3 → 1 | A | Facturación 5,5 → 10,0 (+2,48); peso de Armonía 40 % → 50 % (+0,80); peso de Crecimiento 60 % → 50 % (-0,78) |

    1 cuenta es de otra clase:

    | Cuenta | Clase |
    |:---|---:|
    | =Cedar (C) | B → A |

    **3 cifras de años cerrados** ya no son las publicadas, -35,00 EUR en total; primero la mayor diferencia:

    | Cuenta | Año | Publicado (EUR) | Ahora (EUR) | Diferencia (EUR) |
    |:---|:---|---:|---:|---:|
    | Alder & Sons (A) | 2024 | 200,00 | 180,00 | -20,00 |
    | V | 2023 | 10,00 | – | -10,00 |
    | V | 2024 | 5,00 | – | -5,00 |

    Por fichero:

    | Fichero | Año | Publicado (EUR) | Ahora (EUR) | Diferencia (EUR) |
    |:---|:---|---:|---:|---:|
    | lines\_2024.csv | 2024 | 645,00 | 620,00 | -25,00 |
    | lines\_2023.csv | 2023 | 410,00 | 400,00 | -10,00 |

    Cambiaron 4 valoraciones:

    | Cuenta | Criterio | Evaluador | Antes | Ahora |
    |:---|:---|:---|---:|---:|
    | =Cedar (C) | Estrategia |  | 9,00 | 7,00 |
    | Dogwood (D) | Estrategia |  | – | 6,00 |
    | N | Estrategia |  | – | 4,00 |
    | V | Estrategia |  | 3,00 | – |

    No es igual en ambas ejecuciones:

    - Facturación pesa 50 %; antes, 60 %.
    - Estrategia pesa 50 %; antes, 40 %.
    ");
}

#[test]
fn reasons_are_in_the_language_of_the_pipeline() {
    let project = before();
    project.run(&[]);
    now(&project);
    let run = project.run(&["--set", "language=es"]);
    let reasons = run.table("tables/changes.parquet").select(&["account", "top_reasons"]).to_string();
    assert_snapshot!(reasons, @"
    account | top_reasons
    A | Facturación 10,0 → 1,0 (-4,95); peso de Crecimiento 60 % → 50 % (-0,55); peso de Armonía 40 % → 50 % (+0,20)
    B | Facturación 5,5 → 10,0 (+2,48); peso de Armonía 40 % → 50 % (+0,80); peso de Crecimiento 60 % → 50 % (-0,78)
    C | Facturación 1,0 → 5,5 (+2,48); Estrategia 9,0 → 7,0 (-0,90); peso de Armonía 40 % → 50 % (+0,80)
    D | Facturación 9,1 → 1,0 (-6,28); ahora se conoce: Estrategia 6,0 (+0,43); peso de Armonía 40 % → 50 % (+0,30)
    N | null
    V | null
    ");
    let words = run.table("tables/comparison.parquet").texts("words").concat();
    assert_snapshot!(words, @"Facturación pesa 50 %; antes, 60 %.Estrategia pesa 50 %; antes, 40 %.");
}

/// With a selection that takes scores from 6.5 and keeps them from 6 on: A, B and D before. D has gone now.
#[test]
fn a_selection_says_who_is_on_the_list() {
    let project = before();
    let pipeline = |text: &str| {
        let select =
            "select: {from: scorecard, history: history, enter: {score: 6.5}, leave: {score: 6}, review: every_run}";
        let compare = "compare: {from: scorecard, selection: select, history: history}";
        let text = text.replace("compare: {from: scorecard, history: history}", &format!("{select}\n  - {compare}"));
        text.replace("scorecard, compare]", "scorecard, select, compare]")
    };
    let plain = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    project.write("small.yaml", pipeline(PIPELINE));
    let was = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    now(&project);
    for year in [2023, 2024, 2025] {
        let path = format!("lines_{year}.csv");
        let lines = std::fs::read_to_string(project.path(&path)).unwrap();
        project.write(&path, lines.split_inclusive('\n').filter(|line| !line.starts_with('D')).collect::<String>());
    }
    let later = std::fs::read_to_string(project.path("small.yaml")).unwrap();
    project.write("small.yaml", pipeline(&later));
    let run = project.run(&[]);
    let columns = ["account", "change", "was", "is", "data_was", "data_is", "key_was", "key_is", "score_is"];
    assert_snapshot!(rounded(&run, "changes", &columns), @"
    account | change | was | is | data_was | data_is | key_was | key_is | score_is
    A | left | key | left | true | true | true | false | 1.5
    B | moved | key | key | true | true | true | true | 9
    C | moved | none | none | true | true | false | false | 6.25
    D | left | key | left | true | false | true | false | null
    N | new | null | none | false | true | null | false | 4
    V | vanished | none | null | true | false | false | null | null
    ");
    let told = differing(&project, &[&was, "small"]);
    let list = told.split("\n\n").skip(1).take(3).collect::<Vec<_>>().join("\n\n");
    assert_snapshot!(list, @"
    The list: 3 accounts, now 1

    0 entered

    2 left
      A Alder & Sons                         6.80 → 1.50     rank    2 → 4
          score 1.50 below 6.00, the least to stay
          Revenue 10.0 → 1.0 (-4.95); weight of Growth 60% → 50% (-0.55); weight of
          Harmony 40% → 50% (+0.20)
      D Dogwood                              9.10 → –        rank    1 → –
          no longer in the data
    ");
    // The list of the run before that was not the one of a selection, but of a stage that declares the best.
    let told = differing(&project, &[&plain, "small"]);
    assert!(told.contains("\n  The list is made by another rule than before"), "{told}");
    // And where nobody declared one, there is nothing to have entered or left.
    let none = PIPELINE.replace("  - robustness: {from: scorecard, chosen: {top: 3}, draws: 100}\n", "");
    project.write("small.yaml", none.replace("2024-12-31", "2025-12-31"));
    let none = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    let told = differing(&project, &[&none, run.record()["run"].as_str().unwrap()]);
    assert!(told.contains("\nWho is on the list cannot be compared\n") && !told.contains("entered\n"), "{told}");
    assert!(told.contains("Only one of the two runs says who is on the list"), "{told}");
}

/// The same invoices and judgements by other rules, held against each other by `diff`.
fn by_other_rules(set: &[&str]) -> (Project, String, String) {
    let project = before();
    let was = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    let is = project.run(set).record()["run"].as_str().unwrap().to_owned();
    (project, was, is)
}

fn differing(project: &Project, arguments: &[&str]) -> String {
    let done = project.vitalfew(&[&["diff"], arguments].concat());
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{}", done.stdout);
    assert!(!done.stdout.contains('\u{1b}'), "signs that steer the terminal");
    done.stdout
}

#[test]
fn another_scale_is_what_the_rules_did() {
    let set = ["--set", "stages.scorecard.groups.growth.criteria.revenue.scale=[[0, 1], [2, 10]]"];
    let (project, was, is) = by_other_rules(&set);
    without_hashes(|| {
        assert_snapshot!(differing(&project, &[&was, &is]), @r"
        was  small as of 2024-12-31, run 2024-12-31-HASH
        is   small as of 2024-12-31, run 2024-12-31-HASH

        The list: 3 accounts, now 3

        1 entered
          C =Cedar                               4.20 → 4.20     rank    4 → 3
              others fell behind it: its own score did not rise

        1 left
          A Alder & Sons                         6.80 → 4.10     rank    2 → 4
              scale of Revenue 10.0 → 5.5 (-2.70)

        2 stayed and moved
          D Dogwood                              9.10 → 5.05     rank    1 → 2
              scale of Revenue 9.1 → 5.1 (-4.05)
          B Birch \u{1b}[31m                     6.50 → 5.15     rank    3 → 1
              scale of Revenue 5.5 → 3.3 (-1.35)

        3 of 5 scores moved
          0 by what is known of the customer, 3 by how it is weighed; one can be both.

        Not the same in both runs
          Revenue has the scale 0% → 1, 200% → 10; it was 0% → 1, 100% → 10.
        ")
    });
}

#[test]
fn facts_that_moved_are_scored_by_both_scales() {
    let project = before();
    project.run(&[]);
    now(&project);
    let run = project.run(&["--set", "stages.scorecard.groups.growth.criteria.revenue.scale=[[0, 1], [2, 10]]"]);
    // B grew by 0.5, which scores 5.5 on the old scale and 3.25 on the new, and then by 1: 10 and 5.5. Customer
    // ½ (0.6 · 4.5 + 0.5 · 2.25) = 1.9125; rules ½ ((0.5 · 3.25 − 0.6 · 5.5) + (0.5 · 5.5 − 0.6 · 10)) = −2.4625.
    let columns = ["account", "criterion", "delta_customer", "delta_weights"];
    let drivers = rounded(&run, "change_drivers", &columns);
    assert!(drivers.contains("B | revenue | 1.9125 | -2.4625\n"), "{drivers}");
}

#[test]
fn peers_that_move_a_relative_scale_are_no_doing_of_the_customer() {
    let project = before();
    project.write("small.yaml", PIPELINE.replace("scale: [[0, 1], [1, 10]]", "scale: percentile"));
    let was = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    let lines = std::fs::read_to_string(project.path("lines_2024.csv")).unwrap();
    project.write("lines_2024.csv", lines.replace("V,2024-03-01,5\n", "V,2024-03-01,100\n"));
    let is = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    let json: serde_json::Value =
        serde_json::from_str(&differing(&project, &[was.as_str(), is.as_str(), "--json"])).unwrap();
    let parts = |place: usize| {
        let change = &json["changes"][place];
        let part = |key: &str| (change[key].as_f64().unwrap() * 1e6).round() / 1e6;
        (change["account"].as_str().unwrap(), part("delta_customer"), part("delta_weights"))
    };
    // V comes from behind to the first place, from 1.9 to 9.1; A falls to the second, from 9.1 to 7.3, with the growth
    // that it had.
    assert_eq!([parts(0), parts(4)], [("A", 0.0, -1.08), ("V", 4.32, 0.0)]);
}

#[test]
fn other_criteria_and_another_policy() {
    let set = [
        "--set",
        "stages.scorecard.missing=neutral",
        "--set",
        "stages.scorecard.groups.harmony.criteria={strategy: {weight: 50, judged: true}, mutuality: {weight: 50, judged: true}}",
    ];
    let (project, was, is) = by_other_rules(&set);
    without_hashes(|| {
        assert_snapshot!(differing(&project, &[&was, &is]), @r"
        was  small as of 2024-12-31, run 2024-12-31-HASH
        is   small as of 2024-12-31, run 2024-12-31-HASH

        The list: 3 accounts, now 3

        0 entered

        0 left

        3 stayed and moved
          D Dogwood                              9.10 → 7.66     rank    1 → 1
              what is missing counts otherwise (-3.64); weight of Strategy 40% → 20%
              (+1.10); weight of Mutuality 0% → 20% (+1.10)
          A Alder & Sons                         6.80 → 7.50     rank    2 → 2
              weight of Mutuality 0% → 20% (+1.10); weight of Strategy 40% → 20% (-0.40)
          B Birch \u{1b}[31m                     6.50 → 6.00     rank    3 → 3
              weight of Strategy 40% → 20% (-1.60); weight of Mutuality 0% → 20% (+1.10)

        5 of 5 scores moved
          0 by what is known of the customer, 5 by how it is weighed; one can be both.

        Not the same in both runs
          What is missing counted by the rule “renormalise”, and counts by “neutral”.
          Strategy weighs 20%; it was 40%.
          Mutuality is a new criterion, with 20% of the weight.
        ")
    });
}

#[test]
fn a_score_that_a_person_set_is_a_driver_of_its_own() {
    let project = before();
    let was = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    project.write("overrides.csv", format!("{OVERRIDES}C,score,9,Ana,they merge with B\nB,strategy,4,Ana,a row\n"));
    let is = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    without_hashes(|| {
        assert_snapshot!(differing(&project, &[&was, &is]), @r"
        was  small as of 2024-12-31, run 2024-12-31-HASH
        is   small as of 2024-12-31, run 2024-12-31-HASH

        The list: 3 accounts, now 3

        1 entered
          C =Cedar                               4.20 → 9.00     rank    4 → 2
              override of the whole score 4.2 → 9.0 (+4.80)

        1 left
          B Birch \u{1b}[31m                     6.50 → 4.90     rank    3 → 4
              Strategy 8.0 → 4.0 (-1.60)

        0 stayed and moved

        2 of 5 scores moved
          2 by what is known of the customer, 0 by how it is weighed; one can be both.
        ")
    });
    // And the other way round.
    let back = differing(&project, &[&is, &was]);
    assert!(back.contains("override of the whole score 9.0 → 4.2 (-4.80)"), "{back}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let project = before();
    let was = project.run(&["--set", "fiscal_year_starts=4"]).record()["run"].as_str().unwrap().to_owned();
    let less = ["--set", "currency=USD", "--set", "stages.parquet.from=[account_years, accounts]"];
    let is = project.run(&less).record()["run"].as_str().unwrap().to_owned();
    without_hashes(|| {
        assert_snapshot!(differing(&project, &[&was, &is]), @"
        was  small as of 2024-12-31, run 2024-12-31-HASH
        is   small as of 2024-12-31, run 2024-12-31-HASH

        Who is on the list cannot be compared

        Not the same in both runs
          Amounts were in EUR and are in USD: closed years are not compared.
          Fiscal years started in month 4 and start in month 1: closed years are not
          compared.
          Only one of the two runs says who is on the list: nobody is said to have
          entered or left.
          The later run has no table “scorecard” to compare: it did not publish it.
          The later run has no table “contributions” to compare: it did not publish it.
          The later run has no table “weights” to compare: it did not publish it.
          The later run has no table “judgements” to compare: it did not publish it.
          The later run has no table “pareto” to compare: it did not publish it.
        ")
    });
}

#[test]
fn two_published_runs_are_told_apart() {
    let (project, run) = both();
    let was = Published::of(&project.path("out"), "small").record()["history"][0].as_str().unwrap().to_owned();
    without_hashes(|| {
        assert_snapshot!(differing(&project, &[&was, "small"]), @r"
        was  small as of 2024-12-31, run 2024-12-31-HASH
        is   small as of 2025-12-31, run 2025-12-31-HASH

        The list: 3 accounts, now 3

        2 entered
          C =Cedar                               4.20 → 6.25     rank    4 → 2
              Revenue 1.0 → 5.5 (+2.48); Strategy 9.0 → 7.0 (-0.90); weight of Harmony
              40% → 50% (+0.80)
          N                                         – → 4.00     rank    – → 3
              a new account

        2 left
          D Dogwood                              9.10 → 3.50     rank    1 → 4
              Revenue 9.1 → 1.0 (-6.28); now known: Strategy 6.0 (+0.43); weight of
              Harmony 40% → 50% (+0.30)
          A Alder & Sons                         6.80 → 1.50     rank    2 → 5
              Revenue 10.0 → 1.0 (-4.95); weight of Growth 60% → 50% (-0.55); weight of
              Harmony 40% → 50% (+0.20)

        1 stayed and moved
          B Birch \u{1b}[31m                     6.50 → 9.00     rank    3 → 1
              Revenue 5.5 → 10.0 (+2.48); weight of Harmony 40% → 50% (+0.80); weight of
              Growth 60% → 50% (-0.78)

        4 of 4 scores moved
          4 by what is known of the customer, 4 by how it is weighed; one can be both.

        1 of another class
          C =Cedar                                  B → A

        New accounts: 1
          N

        Accounts that are gone: 1
          V

        Closed years that are no longer what was published: 3
          A                       2024          200.00 → 180.00                   -20.00
          V                       2023           10.00 → –                        -10.00
          V                       2024            5.00 → –                         -5.00

        By file: 2
          lines_2024.csv          2024          645.00 → 620.00                   -25.00
          lines_2023.csv          2023          410.00 → 400.00                   -10.00

        Judgements that changed: 4
          C =Cedar                               9.00 → 7.00
              Strategy
          D Dogwood                                 – → 6.00
              Strategy
          N                                         – → 4.00
              Strategy
          V                                      3.00 → –
              Strategy

        Not the same in both runs
          Revenue weighs 50%; it was 60%.
          Strategy weighs 50%; it was 40%.
        ")
    });
    let json: serde_json::Value = serde_json::from_str(&differing(&project, &[&was, "small", "--json"])).unwrap();
    assert_eq!(json["is"]["run"], run.record()["run"]);
    assert_eq!(json["changes"].as_array().unwrap().len(), 6);
    assert_snapshot!(format!("{:#}", json["changes"][1]), @r#"
    {
      "account": "B",
      "change": "moved",
      "was": {
        "in_data": true,
        "status": "key",
        "key": true,
        "score": 6.5,
        "rank": 3,
        "class": "A"
      },
      "is": {
        "in_data": true,
        "status": "key",
        "key": true,
        "score": 9.0,
        "rank": 1,
        "class": "A"
      },
      "delta": 2.5,
      "delta_customer": 2.4749999999999996,
      "delta_weights": 0.02499999999999991,
      "top_reasons": "Revenue 5.5 → 10.0 (+2.48); weight of Harmony 40% → 50% (+0.80); weight of Growth 60% → 50% (-0.78)",
      "drivers": [
        {
          "criterion": "revenue",
          "score_was": 5.5,
          "score_is": 10.0,
          "delta_customer": 2.4749999999999996,
          "delta_weights": -0.7749999999999999
        },
        {
          "criterion": "strategy",
          "score_was": 8.0,
          "score_is": 8.0,
          "delta_customer": 0.0,
          "delta_weights": 0.7999999999999998
        }
      ]
    }
    "#);
    assert_snapshot!(json["restatements"][0], @r#"{"account":"A","fiscal_year":2024,"was":"200.00","is":"180.00","difference":"-20.00"}"#);
    // Nothing differs from itself.
    without_hashes(|| {
        assert_snapshot!(differing(&project, &["small", "small"]), @"
        was  small as of 2025-12-31, run 2025-12-31-HASH
        is   small as of 2025-12-31, run 2025-12-31-HASH

        The list: 3 accounts, now 3

        0 entered

        0 left

        0 stayed and moved

        0 of 5 scores moved
        ")
    });
}

#[test]
fn runs_that_cannot_be_compared_at_all() {
    let project = before();
    let project_run = |set: &[&str]| project.run(set).record()["run"].as_str().unwrap().to_owned();
    let none = project_run(&["--set", "stages.parquet.from=accounts"]);
    let refused = |arguments: &[&str]| {
        let done = project.vitalfew(&[&["diff"], arguments].concat());
        assert_eq!(done.stdout, "");
        format!("exit code {}\n{}", done.code, done.stderr)
    };
    without_hashes(|| {
        assert_snapshot!(refused(&["small", "smal"]), @"
        exit code 2
        error: there is no run `smal` below `out`
        hint: did you mean `small`?
        ");
        assert_snapshot!(refused(&[&none, "small"]), @"
        exit code 2
        error: the runs `2024-12-31-HASH` and `2024-12-31-HASH` have not both published their accounts
        hint: name `account_years` and the scorecard in a `parquet` stage, and run again
        ");
    });
    let whole = project.run(&[]);
    std::fs::write(project.path("out/small/current/tables/scorecard.parquet"), b"PAR1").unwrap();
    let damaged = refused(&["small", whole.record()["run"].as_str().unwrap()]);
    assert!(damaged.starts_with("exit code 1\n") && damaged.contains("it is not what the run published"), "{damaged}");
}

#[test]
fn a_run_is_compared_with_the_one_that_is_asked_for() {
    let (project, _) = both();
    let named = |with: &str| {
        let pipeline = std::fs::read_to_string(project.path("small.yaml")).unwrap();
        project
            .write("named.yaml", pipeline.replace("history: history}", &format!("history: history, with: {with}}}")));
        project.vitalfew(&["run", "named.yaml", "--log", "none", "--as-of", "2026-03-31"])
    };
    assert_eq!(named("2024-12-31").code, 0);
    let run = Published::of(&project.path("out"), "small");
    assert_eq!(run.table("tables/comparison.parquet").texts("was")[1], "2024-12-31");
    // By the last run without it.
    let run = project.run(&["--as-of", "2026-03-31"]);
    assert_eq!(run.table("tables/comparison.parquet").texts("was")[1], "2025-12-31");
    let refused = |with: &str| {
        let done = named(with);
        assert_eq!(done.stdout, "");
        format!("exit code {}\n{}", done.code, done.stderr)
    };
    without_hashes(|| {
        assert_snapshot!(refused("2024-12-30"), @"
        exit code 2
        error: `history` holds no run `2024-12-30`
          --> named.yaml:30:56
           |
        30 |   - compare: {from: scorecard, history: history, with: 2024-12-30}
           |                                                        ^^^^^^^^^^
           |
           = hint: did you mean `2024-12-31-HASH`?

        1 mistake in `named.yaml`
        ");
        assert_snapshot!(refused("2026-03-31"), @"
        exit code 3
        error: the run `2026-03-31` is not of a day before this run's, 2026-03-31
        hint: a run is compared with earlier ones; `vitalfew diff` compares any two
        ");
    });
}

#[test]
fn wiring_mistakes() {
    let project = before();
    let mistaken = PIPELINE.replace(
        "compare: {from: scorecard, history: history}",
        "compare: {from: growth, selection: pareto, history: sheet, with: [1], width: 3}",
    );
    project.write("small.yaml", mistaken);
    assert_snapshot!(project.refused(&[]), @"
    exit code 2
    error: stage `compare` reads a `scorecard` stage, but `growth` is a `growth` stage
      --> small.yaml:30:21
       |
    30 |   - compare: {from: growth, selection: pareto, history: sheet, with: [1], width: 3}
       |                     ^^^^^^
       |
       = hint: stages of that kind above: `scorecard`

    error: stage `compare` reads a `select` stage, but `pareto` is a `pareto` stage
      --> small.yaml:30:40
       |
    30 |   - compare: {from: growth, selection: pareto, history: sheet, with: [1], width: 3}
       |                                        ^^^^^^
       |
       = hint: declare a stage `select` above

    error: stage `compare` reads a `history` stage, but `sheet` is a `read` stage
      --> small.yaml:30:57
       |
    30 |   - compare: {from: growth, selection: pareto, history: sheet, with: [1], width: 3}
       |                                                         ^^^^^
       |
       = hint: stages of that kind above: `history`

    error: `with` should be a text, found a list
      --> small.yaml:30:70
       |
    30 |   - compare: {from: growth, selection: pareto, history: sheet, with: [1], width: 3}
       |                                                                      ^

    error: unknown key `width` in stage `compare`
      --> small.yaml:30:75
       |
    30 |   - compare: {from: growth, selection: pareto, history: sheet, with: [1], width: 3}
       |                                                                           ^^^^^
       |
       = hint: did you mean `with`?

    5 mistakes in `small.yaml`
    ");
    project.write(
        "small.yaml",
        PIPELINE.replace("compare: {from: scorecard, history: history}", "compare: {from: scores}"),
    );
    assert_snapshot!(project.refused(&[]), @"
    exit code 2
    error: stage `compare` needs the key `history`
      --> small.yaml:30:5
       |
    30 |   - compare: {from: scores}
       |     ^^^^^^^

    1 mistake in `small.yaml`
    ");
}
