//! A page about each key account, as a manager takes it into a meeting.

use crate::support::{Project, Published};
use insta::assert_snapshot;
use std::collections::BTreeSet;

const PIPELINE: &str = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger:
      from: invoices
      columns: {account: customer, invoice: invoice, date: day, amount: amount, cost: cost, product: product, category: category}
  - account_years: {from: ledger}
  - read: {id: customers, path: customers.csv}
  - accounts: {from: customers, account: customer, attributes: {name: name, segment: segment, region: region}}
  - growth: {from: account_years, years: 2}
  - pareto: {from: account_years}
  - profile: {from: account_years}
  - profitability: {from: account_years}
  - breadth: {from: ledger}
  - whitespace: {from: ledger, bands: 1, minimum_peers: 1}
  - stability: {from: ledger, months: 36}
  - read: {id: sheet, path: sheet.csv}
  - read: {id: overruled, path: overrides.csv}
  - scorecard:
      judged: sheet
      overrides: overruled
      groups:
        growth:
          weight: 60
          criteria:
            revenue: {weight: 100, measure: growth.cagr, scale: [[-0.5, 1], [0.5, 10]]}
        harmony:
          weight: 40
          criteria:
            strategy: {weight: 50, judged: true}
            own_idea: {weight: 50, judged: true}
  - quadrant: {from: scorecard, attractiveness: {groups: growth, threshold: 5.5}, relationship: {groups: harmony, threshold: 5.5}}
  - read: {id: chosen, path: chosen.csv, columns: {account: text, status: text, key: flag, score: number, manager: text, since: date, waiting_position: integer, reasons: text}, key: account}
  - read: {id: managers, path: managers.csv}
  - read: {id: skills, path: skills.csv}
  - kam: {from: chosen, managers: managers, skills: skills, accounts: accounts}
  - briefs: {from: chosen, to: briefs}
";

const LINES: &str = "\
customer,invoice,day,amount,cost,product,category
A1,1,2022-03-01,100.00,60.00,Pump | 7,Pumps
A1,2,2023-03-01,150.00,90.00,Pump | 7,Pumps
A1,3,2024-03-01,180.00,120.00,Pump | 7,Pumps
A1,4,2024-06-01,20.00,10.00,Hose,Hoses
Bolt & Co,5,2022-06-01,90.00,50.00,Hose,Hoses
Bolt & Co,6,2023-06-01,90.00,50.00,Hose,Hoses
Bolt & Co,7,2024-06-01,60.00,80.00,Valve,<Valves>
bolt & co,8,2024-08-01,40.00,10.00,Valve,<Valves>
../x,9,2024-12-31,5.00,1.00,Hose,Hoses
Z,10,2024-12-31,1.00,0.50,Hose,Hoses
";

const CUSTOMERS: &str = "\
customer,name,segment,region
A1,*Acme* [Sons],Industry,North
Bolt & Co,,Retail,South
";

const CHOSEN: &str = "\
account,status,key,score,manager,since,waiting_position,reasons
A1,key,yes,9,Ana,2023-12-31,,score 9.0; class A
Bolt & Co,entered,yes,7,Gone,2024-12-31,,
bolt & co,waiting,no,6,,,2,list is full
../x,key,yes,5,,,,
Z,none,no,1,,,,
";

const OVERRIDES: &str = "\
account,what,value,who,why,until
A1,strategy,9,eva,<b>framework</b> signed,2025-06-30
";

fn project(pipeline: &str) -> Project {
    Project::new(pipeline)
        .with("lines.csv", LINES)
        .with("customers.csv", CUSTOMERS)
        .with("sheet.csv", "account,criterion,score\nA1,own_idea,6\nBolt & Co,strategy,4\n")
        .with("overrides.csv", OVERRIDES)
        .with("chosen.csv", CHOSEN)
        .with("managers.csv", "manager,capacity,region\nAna,1,North\nBea,1,South\n")
        .with("skills.csv", "manager,skill,level\nAna,selling,9\nBea,selling,7\n")
}

fn names(run: &Published) -> BTreeSet<String> {
    run.files().into_keys().filter(|path| path.starts_with("briefs/")).collect()
}

fn page(run: &Published, start: &str) -> String {
    let path = names(run).into_iter().find(|path| path.starts_with(&format!("briefs/{start}"))).unwrap();
    run.text(&path).replace('\u{a0}', "~")
}

#[test]
fn key_entered_and_waiting_accounts_have_a_page_with_a_safe_name() {
    let run = project(PIPELINE).run(&[]);
    let names: Vec<String> = names(&run).into_iter().collect();
    assert_snapshot!(names.join("\n"), @"
    briefs/A1.md
    briefs/bolt-co--02762b6301da.md
    briefs/bolt-co--76e8f18ef617.md
    briefs/x--948eade3ec12.md
    ");
}

#[test]
fn the_page_of_a_key_account() {
    assert_snapshot!(page(&project(PIPELINE).run(&[]), "A1"), @r"
    # \*Acme\* \[Sons\] (A1)

    **Key account** since 31 December 2023.
    Why: score 9.0; class A.
    Looked after by Ana.
    Figures up to 31 December 2024; amounts in EUR.

    ## Facts

    | | 2022 | 2023 | 2024 |
    |:---|---:|---:|---:|
    | Revenue | 100.00 | 150.00 | 200.00 |
    | Change | – | 50.0% | 33.3% |

    - Segment: Industry
    - Region: North
    - Revenue of 2024: 200.00~EUR, 65.4% of all; rank 1, class A
    - Growth: 41.4% a year, over 2 years
    - Net margin in 2024: 70.00~EUR (35.0% of revenue): gross margin 70.00~EUR, less 0.00~EUR to serve
    - 2 invoices in 2024, of 100.00~EUR on average
    - Buys every 274 days; bought in 4 of the last 34 months
    - Last purchase: 1 June 2024, 213 days before the end of the figures
    - Quadrant: Strategic: invest together

    ## Score

    **8.54** of 10. Rank 1.

    | Group | Criterion | Weight in total | Score |
    |:---|:---|---:|---:|
    | Growth | Revenue | 60.0% | 9.2 |
    | Harmony | Strategy | 20.0% | 9.0 |
    | Harmony | Own idea | 20.0% | 6.0 |

    - Strategy: 9.0 by the word of eva, until 30 June 2025: &lt;b&gt;framework&lt;/b&gt; signed

    ## What they buy, and what peers buy

    Products bought in 2024: 2; categories: 2.
    The largest: Pump \| 7, 90% of it.
    1 category is new.

    | Category | Revenue 2023 (EUR) | Revenue 2024 (EUR) | Share |
    |:---|---:|---:|---:|
    | Pumps | 150.00 | 180.00 | 90% |
    | Hoses | 0.00 | 20.00 | 10% |

    Peers of like size buy this, and they do not, or far less (in 2024; in parentheses, the share of the peers that buy it):

    | Category | Peers | Own (EUR) | Expected (EUR) | Gap (EUR) |
    |:---|---:|---:|---:|---:|
    | &lt;Valves&gt; | 2 (50%) | 0.00 | 200.00 | 200.00 |

    ## Open risks

    - One product makes 90% of what it buys: Pump \| 7
    ");
}

#[test]
fn the_page_of_an_account_that_has_entered_and_of_one_that_waits() {
    let spanish = PIPELINE.replace("currency: EUR", "currency: EUR\nlanguage: es");
    let run = project(&spanish).run(&[]);
    let pages: Vec<String> = names(&run).iter().map(|path| run.text(path).replace('\u{a0}', "~")).collect();
    let of = |start: &str| pages.iter().find(|page| page.contains(start)).unwrap();
    assert_snapshot!(of("Nueva cuenta clave"), @"
    # Bolt & Co

    **Nueva cuenta clave**: entra con esta revisión.
    Gone, que la tiene, no está en el equipo. Propuesta: Bea, con un encaje del 46~%.
    Cifras hasta el 31 de diciembre de 2024; importes en EUR.

    ## Datos

    | | 2022 | 2023 | 2024 |
    |:---|---:|---:|---:|
    | Facturación | 90,00 | 90,00 | 60,00 |
    | Variación | – | 0,0~% | -33,3~% |

    - Segmento: Retail
    - Región: South
    - Facturación de 2024: 60,00~EUR, 19,6~% del total; puesto 2, clase A
    - Crecimiento: -18,4~% al año, en 2 años
    - Margen neto en 2024: -20,00~EUR (-33,3~% de la facturación): margen bruto -20,00~EUR, menos 0,00~EUR de servicio
    - 1 factura en 2024, de 60,00~EUR
    - Compra cada 366 días; compró en 3 de los últimos 31 meses
    - Última compra: 1 de junio de 2024, 213 días antes del final de las cifras
    - Cuadrante: Simplificar: atender a bajo coste

    ## Puntuación

    **3,89** de 10. Puesto 2.
    Se conoce el 80~% del peso; lo que falta deja la puntuación entre 3,31 y 5,11.

    | Grupo | Criterio | Peso en el total | Puntuación |
    |:---|:---|---:|---:|
    | Crecimiento | Facturación | 75,0~% | 3,8 |
    | Armonía | Estrategia | 25,0~% | 4,0 |
    | Armonía | Own idea | – | – |

    ## Qué compra, y qué compran las cuentas comparables

    Productos comprados en 2024: 1; categorías: 1.
    El mayor: Valve, 100~% de ello.
    1 categoría es nueva.

    | Categoría | Facturación 2023 (EUR) | Facturación 2024 (EUR) | Cuota |
    |:---|---:|---:|---:|
    | &lt;Valves&gt; | 0,00 | 60,00 | 100~% |

    Las cuentas de tamaño comparable compran esto, y ella no, o mucho menos (en 2024; entre paréntesis, la parte de ellas que lo compra):

    | Categoría | Comparables | Propio (EUR) | Esperado (EUR) | Hueco (EUR) |
    |:---|---:|---:|---:|---:|
    | Hoses | 3 (75~%) | 0,00 | 60,00 | 60,00 |

    ## Riesgos abiertos

    - Compró un 33,3~% menos en 2024 que en 2023
    - Cuesta más de lo que deja: margen neto en 2024 -20,00~EUR
    - Compra de una sola categoría
    - Un solo producto es el 100~% de lo que compra: Valve

    ## Por averiguar

    - **Own idea**: En una escala de 1 a 10: ¿qué nota merece esta cuenta en «Own idea»?
    ");
    assert_snapshot!(of("En espera"), @"
    # bolt & co

    **En espera** de ser cuenta clave, en el puesto 2.
    Por qué: list is full.
    Cifras hasta el 31 de diciembre de 2024; importes en EUR.

    ## Datos

    | | 2022 | 2023 | 2024 |
    |:---|---:|---:|---:|
    | Facturación | 0,00 | 0,00 | 40,00 |
    | Variación | – | – | – |

    - Facturación de 2024: 40,00~EUR, 13,1~% del total; puesto 3, clase B
    - Crecimiento: nueva
    - Margen neto en 2024: 30,00~EUR (75,0~% de la facturación): margen bruto 30,00~EUR, menos 0,00~EUR de servicio
    - 1 factura en 2024, de 40,00~EUR
    - Compró en 1 de los últimos 5 meses
    - Última compra: 1 de agosto de 2024, 152 días antes del final de las cifras

    ## Puntuación

    Aún no hay puntuación.

    | Grupo | Criterio | Peso en el total | Puntuación |
    |:---|:---|---:|---:|
    | Crecimiento | Facturación | – | – |
    | Armonía | Estrategia | – | – |
    | Armonía | Own idea | – | – |

    ## Qué compra, y qué compran las cuentas comparables

    Productos comprados en 2024: 1; categorías: 1.
    El mayor: Valve, 100~% de ello.
    1 categoría es nueva.

    | Categoría | Facturación 2023 (EUR) | Facturación 2024 (EUR) | Cuota |
    |:---|---:|---:|---:|
    | &lt;Valves&gt; | 0,00 | 40,00 | 100~% |

    Las cuentas de tamaño comparable compran esto, y ella no, o mucho menos (en 2024; entre paréntesis, la parte de ellas que lo compra):

    | Categoría | Comparables | Propio (EUR) | Esperado (EUR) | Hueco (EUR) |
    |:---|---:|---:|---:|---:|
    | Hoses | 3 (75~%) | 0,00 | 40,00 | 40,00 |

    ## Riesgos abiertos

    - Su mayor pausa hasta hoy: 152 días sin comprar
    - Compra de una sola categoría
    - Un solo producto es el 100~% de lo que compra: Valve

    ## Por averiguar

    - **Estrategia**: ¿Sabemos dónde quieren estar dentro de tres años, y nuestros planes les ayudan a llegar?
    - **Own idea**: En una escala de 1 a 10: ¿qué nota merece esta cuenta en «Own idea»?
    - **Facturación** no se conoce: los datos no dan ningún valor
    ");
}

#[test]
fn a_pipeline_with_little_gives_a_page_with_little() {
    let stages = [
        "  - read: {id: invoices, path: lines.csv}\n",
        "  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}}\n",
        "  - account_years: {from: ledger}\n",
        "  - read: {id: chosen, path: chosen.csv, columns: {account: text, status: text, key: flag}, key: account}\n",
        "  - briefs: {from: chosen, to: pages/of accounts}\n",
    ];
    let run =
        project(&format!("name: small\ncurrency: EUR\nfiscal_year_starts: 4\nstages:\n{}", stages.concat())).run(&[]);
    assert_snapshot!(run.text("pages/of accounts/A1.md"), @"
    # A1

    **Key account.**
    Figures up to 31 March 2024; amounts in EUR.
    ");
}

/// Quarters end in March, June and so on: the books end on 31 December 2024.
#[test]
fn a_stage_that_selects_gives_status_reasons_and_the_next_review() {
    let (above, _) = PIPELINE.split_once("  - read: {id: chosen").unwrap();
    let stages =
        "  - select: {from: scorecard, enter: {score: 5}, review: quarterly}\n  - briefs: {from: select, to: briefs}\n";
    let project = project(&format!("{above}{stages}"));
    let done = project.vitalfew(&["run", "small.yaml", "--log", "none"]);
    assert_eq!(done.stdout.lines().last(), Some("read out/small/current/briefs, 1 page"), "{}", done.stderr);
    let page = page(&project.run(&[]), "A1");
    assert_snapshot!(page.split("\n## ").next().unwrap(), @r"
    # \*Acme\* \[Sons\] (A1)

    **Key account** since 31 December 2024.
    Why: score 8.54, at least 5.00.
    Next review: 31 March 2025.
    Figures up to 31 December 2024; amounts in EUR.
    ");
}

#[test]
fn the_pages_are_the_same_on_one_thread_and_on_all() {
    let project = project(PIPELINE);
    let one = project.run(&["--threads", "1"]).files();
    assert_eq!(project.run(&["--out", "again"]).files(), one);
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    let pipeline = PIPELINE.replace("briefs: {from: chosen, to: briefs}", "briefs: {from: pareto, to: ../briefs}");
    let done = project(&pipeline).vitalfew(&["check", "small.yaml"]);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""));
    assert_snapshot!(done.stderr, @"
    error: table `pareto` has no column `status` that is a text
      --> small.yaml:38:20
       |
    38 |   - briefs: {from: pareto, to: ../briefs}
       |                    ^^^^^^
       |
       = hint: a stage `select` says who is on the list, and who waits

    error: table `pareto` has no column `key` that is a flag
      --> small.yaml:38:20
       |
    38 |   - briefs: {from: pareto, to: ../briefs}
       |                    ^^^^^^
       |
       = hint: a stage `select` says who is on the list, and who waits

    error: `to` should be a path inside the folder of the run, found `../briefs`
      --> small.yaml:38:32
       |
    38 |   - briefs: {from: pareto, to: ../briefs}
       |                                ^^^^^^^^^
       |
       = hint: such as `tables` or `reports/key_accounts.md`

    3 mistakes in `small.yaml`
    ");
    let pipeline = "name: small\ncurrency: EUR\nstages:\n  - briefs: {from: chosen, to: briefs}\n";
    assert_snapshot!(project(pipeline).vitalfew(&["check", "small.yaml"]).stderr, @"
    error: stage `briefs` needs a ledger that says up to which day its figures go
     --> small.yaml:4:5
      |
    4 |   - briefs: {from: chosen, to: briefs}
      |     ^^^^^^
      |
      = hint: declare a stage `ledger` above

    error: stage `briefs` reads `chosen`, which does not exist
     --> small.yaml:4:20
      |
    4 |   - briefs: {from: chosen, to: briefs}
      |                    ^^^^^^

    2 mistakes in `small.yaml`
    ");
    let pipeline = format!("{PIPELINE}  - parquet: {{from: growth, to: briefs/tables}}\n");
    let done = project(&pipeline).vitalfew(&["check", "small.yaml"]);
    assert_eq!(done.code, 2);
    assert_snapshot!(done.stderr, @"
    error: stage `parquet` writes `briefs/tables/growth.parquet`, which is written already as `briefs`
      --> small.yaml:39:5
       |
    39 |   - parquet: {from: growth, to: briefs/tables}
       |     ^^^^^^^
       |
       = hint: give each output a `to` of its own

    1 mistake in `small.yaml`
    ");
}
