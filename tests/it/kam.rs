//! Who looks after the key accounts: from the sheets of a team to proposals and training needs.

use crate::support::{Project, repository};
use insta::assert_snapshot;
use rust_xlsxwriter::Workbook;

const PIPELINE: &str = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}}
  - account_years: {from: ledger}
  - read: {id: customers, path: customers.csv}
  - accounts: {from: customers, account: customer, attributes: {name: name, segment: segment, region: region, language: language}}
  - read: {id: chosen, path: chosen.csv, columns: {account: text, key: flag, score: number, manager: text}, key: account}
  - read: {id: managers, path: managers.csv}
  - read: {id: skills, path: skills.csv}
  - read: {id: requirements, path: requirements.csv}
  - kam: {from: chosen, managers: managers, skills: skills, requirements: requirements, accounts: accounts}
  - parquet: {from: kam, to: tables}
  - markdown: {template: key_accounts, to: report.md}
";

const LINES: &str = "\
customer,day,amount
A,2023-05-01,90.00
A,2024-05-01,500.00
B,2024-06-01,400.00
C,2024-06-01,300.00
D,2024-12-31,200.00
E,2024-03-01,100.00
F,2024-03-01,50.00
";

const CUSTOMERS: &str = "\
customer,name,segment,region,language
A,Acme | Sons,Industry,North,en
B,Bolt,Retail,South,es
C,Cable,Industry,South,es
D,Dyn,Retail,North,
E,Ever,Retail,,
F,Far,Retail,South,es
";

/// F is no key account.
const CHOSEN: &str = "\
account,key,score,manager
A,yes,9,ana
B,yes,8,
C,yes,7,Gone
D,yes,6,
E,yes,5,
F,no,4,Zoe
";

const MANAGERS: &str = "\
manager,capacity,languages,region
Zoe,2,es,South
Ana,2,en; de,North
Old,few,,
";

const SKILLS: &str = "\
manager,skill,level
Ana,Selling,8
Ana,finance,4
Zoe,selling,6
Zoe,finance,7
Eve,selling,9
Zoe,juggling,9
";

const REQUIREMENTS: &str = "\
skill,level,segment
selling,7,
finance,5,
finance,8,Industry
finance,8,Mining
";

fn project(pipeline: &str) -> Project {
    Project::new(pipeline)
        .with("lines.csv", LINES)
        .with("customers.csv", CUSTOMERS)
        .with("chosen.csv", CHOSEN)
        .with("managers.csv", MANAGERS)
        .with("skills.csv", SKILLS)
        .with("requirements.csv", REQUIREMENTS)
}

/// Ana has A and one place left, Zoe has two; B, C, D and E look for somebody, and the first three get a place.
///
/// Skills asked for: 7 + 5 of retail, 7 + 8 of industry. Ana has min(8, 7) + 4: 11/12 and 11/15; Zoe 6 + 5: 11/12, and
/// 6 + 7: 13/15. So B and C fit Zoe in all parts, and D, of the north, Ana.
#[test]
fn accounts_without_a_manager_get_the_one_that_fits() {
    let run = project(PIPELINE).run(&[]);
    assert_snapshot!(run.table("tables/assignments.parquet"), @"
    account | manager | proposed | current_manager | fit | skills_met | region_fits | language_fits | score | revenue
    A | Ana | false | ana | 0.84 | 0.7333333333333333 | true | true | 9.0 | 500.00
    B | Zoe | true | null | 0.95 | 0.9166666666666666 | true | true | 8.0 | 400.00
    C | Zoe | true | Gone | 0.92 | 0.8666666666666667 | true | true | 7.0 | 300.00
    D | Ana | true | null | 0.9375 | 0.9166666666666666 | true | null | 6.0 | 200.00
    E | null | false | null | null | null | null | null | 5.0 | 100.00
    ");
    assert_snapshot!(run.table("tables/kam.parquet"), @"
    manager | capacity | accounts | proposed | free | over_capacity | revenue | proposed_revenue | effort
    Ana | 2 | 1 | 1 | 0 | false | 500.00 | 200.00 | 0.9
    Zoe | 2 | 0 | 2 | 0 | false | 0.00 | 700.00 | 0.0
    ");
    assert_snapshot!(run.table("tables/training_needs.parquet"), @"
    manager | skill | required | level | gap | accounts | revenue_at_stake
    Ana | finance | 8.0 | 4.0 | 4.0 | 2 | 700.00
    Zoe | selling | 7.0 | 6.0 | 1.0 | 2 | 700.00
    Zoe | finance | 8.0 | 7.0 | 1.0 | 1 | 300.00
    ");
    assert_snapshot!(run.table("tables/unused_rows.parquet"), @"
    sheet | file | line | manager | skill | value | reason
    managers | managers.csv | 4 | Old |  | few | unreadable_capacity
    requirements | requirements.csv | 5 |  | finance | 8 | unknown_segment
    skills | skills.csv | 6 | Eve | selling | 9 | unknown_manager
    skills | skills.csv | 7 | Zoe | juggling | 9 | not_required
    ");
}

#[test]
fn the_order_of_rows_does_not_show() {
    let backwards = |text: &str| {
        let (header, rows) = text.split_once('\n').unwrap();
        let rows: Vec<&str> = rows.lines().rev().collect();
        format!("{header}\n{}\n", rows.join("\n"))
    };
    let tables = |project: Project| {
        let run = project.run(&[]);
        ["assignments", "kam", "training_needs"].map(|table| run.table(&format!("tables/{table}.parquet")))
    };
    let turned = project(PIPELINE)
        .with("chosen.csv", backwards(CHOSEN))
        .with("managers.csv", backwards(MANAGERS))
        .with("skills.csv", backwards(SKILLS))
        .with("requirements.csv", backwards(REQUIREMENTS));
    assert_eq!(tables(turned), tables(project(PIPELINE)));
}

/// Numbers of a workbook are numbers, those of a German export are text with a decimal comma.
#[test]
fn the_sheets_of_a_team_are_workbooks_or_exports_of_any_form() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip([["Manager", "Capacity "], ["Ana", ""], ["Zoe", ""]]) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    for row in [1, 2] {
        sheet.write_number(row, 1, 2.0).unwrap();
    }
    let pipeline = PIPELINE
        .replace("path: managers.csv", "path: managers.xlsx")
        .replace("path: skills.csv", "path: skills.csv, delimiter: ';', decimal: ','");
    let project = project(&pipeline)
        .with("managers.xlsx", book.save_to_buffer().unwrap())
        .with("skills.csv", "manager;skill;level\nAna;selling;6,5\nZoe;selling;7.5\nZoe;finance;8,0\n");
    let run = project.run(&[]);
    assert_snapshot!(run.table("tables/kam.parquet").select(&["manager", "capacity", "accounts", "proposed"]), @"
    manager | capacity | accounts | proposed
    Ana | 2 | 1 | 1
    Zoe | 2 | 0 | 2
    ");
    let needs = run.table("tables/training_needs.parquet");
    assert_snapshot!(needs.select(&["manager", "skill", "level"]), @"
    manager | skill | level
    Ana | finance | null
    Ana | selling | 6.5
    Zoe | selling | null
    ");
    assert_snapshot!(run.table("tables/unused_rows.parquet").select(&["sheet", "line", "value", "reason"]), @"
    sheet | line | value | reason
    requirements | 5 | 8 | unknown_segment
    skills | 3 | 7.5 | unreadable_level
    ");
}

/// Every reason of the manual is a word of the report, in both languages.
#[test]
fn every_reason_for_a_row_that_does_not_count_has_its_words() {
    let read = |path: &str| std::fs::read_to_string(repository().join(path)).unwrap();
    let manual = read("docs/stages/kam.md");
    let rows = manual.split("| Reason").nth(1).unwrap().lines().skip(2).take_while(|line| line.starts_with('|'));
    let reasons: Vec<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert_eq!(reasons.len(), 12);
    for language in ["en", "es"] {
        let words: serde_json::Value =
            serde_json::from_str(&read(&format!("src/outputs/messages/{language}.json"))).unwrap();
        assert!(reasons.iter().all(|reason| words[format!("unused_row.{reason}")].is_string()), "{language}");
    }
}

/// Names can be anything; in the report they do nothing.
#[test]
fn hostile_names_do_nothing_in_the_report() {
    let hostile = "Ana | <b>x</b> [y](z)";
    let run = project(PIPELINE)
        .with("chosen.csv", CHOSEN.replace("Gone", "*Gone* | <i>"))
        .with("managers.csv", MANAGERS.replace("Ana", hostile))
        .with("skills.csv", "manager,skill,level\n")
        .run(&[]);
    let report = run.text("report.md");
    assert!(report.contains(r"Ana \| &lt;b&gt;x&lt;/b&gt; \[y\](z) | 2 |"), "{report}");
    assert!(report.contains(r"| \*Gone\* \| &lt;i&gt; |"), "{report}");
}

#[test]
fn without_requirements_accounts_ask_for_the_list_of_the_article() {
    let pipeline =
        PIPELINE.replace(" requirements: requirements,", "").replace("accounts: accounts}", "fit: {skills: 1}}");
    let run = project(&pipeline).run(&[]);
    let needs = run.table("tables/training_needs.parquet");
    assert_snapshot!(needs.select(&["manager", "skill", "required", "level", "gap"]), @"
    manager | skill | required | level | gap
    Ana | finance | 5.0 | 4.0 | 1.0
    Ana | planning | 6.0 | null | 6.0
    Ana | soft_skills | 7.0 | null | 7.0
    Zoe | planning | 6.0 | null | 6.0
    Zoe | selling | 7.0 | 6.0 | 1.0
    Zoe | soft_skills | 7.0 | null | 7.0
    ");
    // Without what accounts are like, only skills count: Ana has 7 + 4 of 25, Zoe 6 + 5.
    assert_snapshot!(run.table("tables/assignments.parquet").select(&["account", "manager", "fit", "region_fits"]), @"
    account | manager | fit | region_fits
    A | Ana | 0.44 | null
    B | Ana | 0.44 | null
    C | Zoe | 0.44 | null
    D | Zoe | 0.44 | null
    E | null | null | null
    ");
}

#[test]
fn the_report_says_who_looks_after_the_key_accounts() {
    let section = |run: crate::support::Published, heading: &str| {
        let report = run.text("report.md").replace('\u{a0}', "~");
        let (_, rest) = report.split_once(&format!("\n## {heading}\n")).unwrap();
        rest.split("\n## ").next().unwrap().trim().to_owned()
    };
    assert_snapshot!(section(project(PIPELINE).run(&[]), "Who looks after the key accounts"), @"
    **5 key accounts**: 1 with a manager, 3 with a proposal, 1 with nobody.
    2 managers have time for 4.

    | Manager | Capacity | Accounts | Proposed | Free | Revenue 2024 (EUR) | Effort |
    |:---|---:|---:|---:|---:|---:|---:|
    | Ana | 2 | 1 | 1 | 0 | 500.00 | 0.9 |
    | Zoe | 2 | 0 | 2 | 0 | 0.00 | 0.0 |

    Without a manager, the best first, and who fits best within the places that are free:

    | Account | Score | Until now | Proposal | Fit | Skills | Region | Language |
    |:---|---:|:---|:---|---:|---:|:---|:---|
    | B | 8.00 | – | Zoe | 95% | 92% | yes | yes |
    | C | 7.00 | Gone | Zoe | 92% | 87% | yes | yes |
    | D | 6.00 | – | Ana | 94% | 92% | yes | – |
    | E | 5.00 | – | – | – | – | – | – |

    What managers lack for their accounts and for those proposed to them, the most revenue at stake first:

    | Manager | Skill | Required | Level | Gap | Accounts | At stake (EUR) |
    |:---|:---|---:|---:|---:|---:|---:|
    | Ana | Finance | 8.0 | 4.0 | 4.0 | 2 | 700.00 |
    | Zoe | Selling | 7.0 | 6.0 | 1.0 | 2 | 700.00 |
    | Zoe | Finance | 8.0 | 7.0 | 1.0 | 1 | 300.00 |

    4 rows of the sheets do not count:

    - managers: capacity cannot be read (1)
    - requirements: no key account in the segment (1)
    - skills: no account asks for the skill (1)
    - skills: manager unknown (1)
    ");
    let spanish = PIPELINE.replace("currency: EUR", "currency: EUR\nlanguage: es");
    assert_snapshot!(section(project(&spanish).run(&[]), "Quién lleva las cuentas clave"), @"
    **5 cuentas clave**: 1 con gestor, 3 con propuesta, 1 sin nadie.
    2 gestores tienen tiempo para 4.

    | Gestor | Capacidad | Cuentas | Propuestas | Libres | Facturación 2024 (EUR) | Esfuerzo |
    |:---|---:|---:|---:|---:|---:|---:|
    | Ana | 2 | 1 | 1 | 0 | 500,00 | 0,9 |
    | Zoe | 2 | 0 | 2 | 0 | 0,00 | 0,0 |

    Sin gestor, las mejores primero, y quién encaja mejor en las plazas libres:

    | Cuenta | Puntuación | Hasta ahora | Propuesta | Encaje | Habilidades | Región | Idioma |
    |:---|---:|:---|:---|---:|---:|:---|:---|
    | B | 8,00 | – | Zoe | 95~% | 92~% | sí | sí |
    | C | 7,00 | Gone | Zoe | 92~% | 87~% | sí | sí |
    | D | 6,00 | – | Ana | 94~% | 92~% | sí | – |
    | E | 5,00 | – | – | – | – | – | – |

    Lo que les falta a los gestores para sus cuentas y para las propuestas, empezando por lo que más facturación compromete:

    | Gestor | Habilidad | Requerido | Nivel | Brecha | Cuentas | En juego (EUR) |
    |:---|:---|---:|---:|---:|---:|---:|
    | Ana | Finanzas | 8,0 | 4,0 | 4,0 | 2 | 700,00 |
    | Zoe | Venta | 7,0 | 6,0 | 1,0 | 2 | 700,00 |
    | Zoe | Finanzas | 8,0 | 7,0 | 1,0 | 1 | 300,00 |

    4 filas de las hojas no cuentan:

    - gestores: la capacidad no se puede leer (1)
    - requisitos: ninguna cuenta clave en el segmento (1)
    - habilidades: ninguna cuenta pide la habilidad (1)
    - habilidades: gestor desconocido (1)
    ");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let pipeline = PIPELINE
        .replace("{from: chosen, managers: managers", "{from: accounts, managers: invoices")
        .replace("skills: skills", "skills: requirement")
        .replace("accounts: accounts}", "accounts: accounts, fit: {skills: 0}, limit: 3}");
    let done = project(&pipeline).vitalfew(&["check", "small.yaml"]);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""));
    assert_snapshot!(done.stderr, @"
    error: table `accounts` has no column `key` that is a flag
      --> small.yaml:13:17
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: requirement, requirements: requirements, accounts: accounts, fit: {skills: 0},...
       |                 ^^^^^^^^
       |
       = hint: a stage `select` says which accounts are key

    error: table `accounts` has no column `score` that is a number
      --> small.yaml:13:17
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: requirement, requirements: requirements, accounts: accounts, fit: {skills: 0},...
       |                 ^^^^^^^^
       |
       = hint: a stage `select` says which accounts are key

    error: table `accounts` has no column `manager` that is a text
      --> small.yaml:13:17
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: requirement, requirements: requirements, accounts: accounts, fit: {skills: 0},...
       |                 ^^^^^^^^
       |
       = hint: a stage `select` says which accounts are key

    error: the table of managers `lines.csv` has no column `manager`
      --> small.yaml:13:37
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: requirement, requirements: requirements, accounts: accounts, fit: {skills: 0},...
       |                                     ^^^^^^^^
       |
       = hint: there are: `customer`, `day`, `amount`

    error: the table of managers `lines.csv` has no column `capacity`
      --> small.yaml:13:37
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: requirement, requirements: requirements, accounts: accounts, fit: {skills: 0},...
       |                                     ^^^^^^^^
       |
       = hint: there are: `customer`, `day`, `amount`

    error: stage `kam` reads `requirement`, which does not exist
      --> small.yaml:13:55
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: requirement, requirements: requirements, accounts: accounts, fit: {skills: 0},...
       |                                                       ^^^^^^^^^^^
       |
       = hint: did you mean `requirements`?

    error: `fit` gives nothing a weight
      --> small.yaml:13:121
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: requirement, requirements: requirements, accounts: accounts, fit: {skills: 0},...
       |                                                                                                                         ^
       |
       = hint: such as `fit: {skills: 60, region: 20, language: 20}`

    error: unknown key `limit` in stage `kam`
      --> small.yaml:13:134
       |
    13 | ...irements: requirements, accounts: accounts, fit: {skills: 0}, limit: 3}
       |                                                                  ^^^^^
       |
       = hint: there are: `id`, `from`, `managers`, `skills`, `requirements`, `accounts`, `fit`

    8 mistakes in `small.yaml`
    ");
}

#[test]
fn a_table_that_knows_no_key_accounts_is_refused() {
    let pipeline = PIPELINE
        .replace("{from: chosen, managers: managers", "{from: accounts, managers: invoices")
        .replace("skills: skills", "skills: managers");
    let done = project(&pipeline).vitalfew(&["check", "small.yaml"]);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""));
    assert_snapshot!(done.stderr, @"
    error: table `accounts` has no column `key` that is a flag
      --> small.yaml:13:17
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: managers, requirements: requirements, accounts: accounts}
       |                 ^^^^^^^^
       |
       = hint: a stage `select` says which accounts are key

    error: table `accounts` has no column `score` that is a number
      --> small.yaml:13:17
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: managers, requirements: requirements, accounts: accounts}
       |                 ^^^^^^^^
       |
       = hint: a stage `select` says which accounts are key

    error: table `accounts` has no column `manager` that is a text
      --> small.yaml:13:17
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: managers, requirements: requirements, accounts: accounts}
       |                 ^^^^^^^^
       |
       = hint: a stage `select` says which accounts are key

    error: the table of managers `lines.csv` has no column `manager`
      --> small.yaml:13:37
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: managers, requirements: requirements, accounts: accounts}
       |                                     ^^^^^^^^
       |
       = hint: there are: `customer`, `day`, `amount`

    error: the table of managers `lines.csv` has no column `capacity`
      --> small.yaml:13:37
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: managers, requirements: requirements, accounts: accounts}
       |                                     ^^^^^^^^
       |
       = hint: there are: `customer`, `day`, `amount`

    error: the table of skills `managers.csv` has no column `skill`
      --> small.yaml:13:55
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: managers, requirements: requirements, accounts: accounts}
       |                                                       ^^^^^^^^
       |
       = hint: there are: `manager`, `capacity`, `languages`, `region`

    error: the table of skills `managers.csv` has no column `level`
      --> small.yaml:13:55
       |
    13 |   - kam: {from: accounts, managers: invoices, skills: managers, requirements: requirements, accounts: accounts}
       |                                                       ^^^^^^^^
       |
       = hint: there are: `manager`, `capacity`, `languages`, `region`

    7 mistakes in `small.yaml`
    ");
    let pipeline = PIPELINE.replace("{from: chosen,", "{from: account_years,").replace(
        "attributes: {name: name, segment: segment, region: region, language: language}",
        "attributes: {area: region}",
    );
    let done = project(&pipeline).vitalfew(&["check", "small.yaml"]);
    assert_snapshot!(done.stderr, @"
    error: table `account_years` has more than one row per account
      --> small.yaml:13:17
       |
    13 |   - kam: {from: account_years, managers: managers, skills: skills, requirements: requirements, accounts: accounts}
       |                 ^^^^^^^^^^^^^
       |
       = hint: a stage `select` says which accounts are key

    error: `accounts` has none of the columns `segment`, `region` and `language`
      --> small.yaml:13:106
       |
    13 |   - kam: {from: account_years, managers: managers, skills: skills, requirements: requirements, accounts: accounts}
       |                                                                                                          ^^^^^^^^
       |
       = hint: there are: `account`, `area`

    2 mistakes in `small.yaml`
    ");
}
