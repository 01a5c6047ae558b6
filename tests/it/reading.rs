//! The first section of the report: what was read, what was left out, and what else was found, from the tables that a
//! ledger really makes.

use crate::support::Project;
use insta::assert_snapshot;

const PIPELINE: &str = "\
name: small
currency: EUR
as_of: 2023-12-31
stages:
  - read: {id: invoices, path: \"lines/*.csv\"}
  - read: {id: parents, path: parents.csv}
  - read: {id: rates, path: rates.csv}
  - read: {id: totals, path: totals.csv}
  - ledger:
      from: invoices
      columns: {account: customer, invoice: invoice, date: day, amount: amount, currency: currency, product: sku}
      account_map: {from: parents, child: child, parent: parent}
      rates: {from: rates, date: day, source: from, target: to, rate: rate}
      total_rows: exclude
      duplicates: {key: [invoice, amount]}
      control_totals:
        from: totals
        file: file
        amount: amount
        accept: [{key: lines/b.csv, because: one invoice came later}]
      quarantine_limit: 100%
  - account_years: {from: ledger}
  - markdown: {template: key_accounts, to: report.md}
";

fn project() -> Project {
    Project::new(PIPELINE)
        .with(
            "lines/a.csv",
            "customer,invoice,day,amount,currency,sku\nA,1,2023-01-02,10.00,EUR,S1\nB,2,2023-01-03,5.00,EUR,S1\n\
             Sum of January,,,15.00,EUR,\nC,3,2023-02-03,40.00,USD,S2\nA,4,soon,2.50,EUR,S2\n",
        )
        .with(
            "lines/b.csv",
            "customer,invoice,day,amount,currency\nA,1,2023-01-02,10.00,EUR\nA,5,2023-03-01,-3.00,EUR\n",
        )
        .with("parents.csv", "child,parent\nB,A\n")
        .with("rates.csv", "day,from,to,rate\n2023-02-03,USD,EUR,0.9\n")
        .with("totals.csv", "file,amount\nlines/a.csv,53.50\nlines/b.csv,8.00\n")
}

/// The section up to the next heading.
fn section(report: &str) -> String {
    let (_, section) = report.split_once("\n## ").unwrap();
    section.split("\n## ").next().unwrap().trim_end().replace('\u{a0}', "~")
}

#[test]
fn the_first_section_in_both_languages() {
    let project = project();
    assert_snapshot!(section(&project.run(&[]).text("report.md")), @"
    What was read

    7 invoice lines were read from 2 files; the accepted ones are dated 2 January 2023 to 1 March 2023.
    **3 lines** with 27.50~EUR were left out, 36.4% of the money read.
    It adds up: accepted, excluded and quarantined lines make exactly what was read, in lines and in money.

    | Outcome | Lines | Of all lines | Amount (EUR) | Of all money |
    |:---|---:|---:|---:|---:|
    | Read | 7 | | 75.50 | |
    | Accepted | 4 | 57.1% | 48.00 | 63.6% |
    | Excluded | 1 | 14.3% | 15.00 | 19.9% |
    | Quarantined | 2 | 28.6% | 12.50 | 16.6% |

    Why lines were left out, the largest amount first:

    | Reason | Outcome | Lines | Amount (EUR) | Of all money | Files | First at |
    |:---|:---|---:|---:|---:|---:|:---|
    | sum of other rows | Excluded | 1 | 15.00 | 19.9% | 1 | lines/a.csv:4 |
    | repeats another line | Quarantined | 1 | 10.00 | 13.2% | 1 | lines/b.csv:2 |
    | date cannot be read | Quarantined | 1 | 2.50 | 3.3% | 1 | lines/a.csv:6 |

    Files that lost lines, the largest sum first:

    | File | Read | Accepted | Excluded | Quarantined | Left out (EUR) |
    |:---|---:|---:|---:|---:|---:|
    | lines/a.csv | 5 | 3 | 1 | 1 | 17.50 |
    | lines/b.csv | 2 | 1 | 0 | 1 | 10.00 |

    Also worth knowing:

    - 1 file lacks columns that are asked for: sku.
    - 1 row equals a sum of rows above it: 15.00~EUR; accepted all the same: 0.
    - 1 line repeats another and was left out: 10.00~EUR; with another content: 1.
    - 1 line counts for the parent of its account: 5.00~EUR.
    - 2 control totals were compared. 1 differs, which the pipeline accepts.
    - The accepted lines are in 2 currencies, and were converted:

    | Currency | Accepted lines | Amount in it | Converted (EUR) |
    |:---|---:|---:|---:|
    | USD | 1 | 40.00 | 36.00 |
    | EUR | 3 | 12.00 | 12.00 |

    Lines that stand in two files, or twice in one, the largest sum first:

    | File | Kept from | Lines | Amount (EUR) |
    |:---|:---|---:|---:|
    | lines/b.csv | lines/a.csv | 1 | 10.00 |

    Control totals that differ, the largest difference first:

    | Control total | Expected (EUR) | Found (EUR) | Difference (EUR) | Accepted because |
    |:---|---:|---:|---:|:---|
    | lines/b.csv | 8.00 | 7.00 | -1.00 | one invoice came later |
    ");
    let spanish = project.run(&["--set", "language=es"]);
    assert_snapshot!(section(&spanish.text("report.md")), @"
    Qué se ha leído

    Se han leído 7 líneas de factura de 2 ficheros; las aceptadas van del 2 de enero de 2023 al 1 de marzo de 2023.
    Se han apartado **3 líneas** con 27,50~EUR, el 36,4~% del importe leído.
    Las cuentas cuadran: las líneas aceptadas, excluidas y en cuarentena suman exactamente lo leído, en líneas y en importe.

    | Resultado | Líneas | Del total | Importe (EUR) | Del importe |
    |:---|---:|---:|---:|---:|
    | Leídas | 7 | | 75,50 | |
    | Aceptadas | 4 | 57,1~% | 48,00 | 63,6~% |
    | Excluidas | 1 | 14,3~% | 15,00 | 19,9~% |
    | En cuarentena | 2 | 28,6~% | 12,50 | 16,6~% |

    Por qué se han apartado líneas, de mayor a menor importe:

    | Motivo | Resultado | Líneas | Importe (EUR) | Del importe | Ficheros | La primera en |
    |:---|:---|---:|---:|---:|---:|:---|
    | suma de otras filas | Excluidas | 1 | 15,00 | 19,9~% | 1 | lines/a.csv:4 |
    | repite otra línea | En cuarentena | 1 | 10,00 | 13,2~% | 1 | lines/b.csv:2 |
    | fecha ilegible | En cuarentena | 1 | 2,50 | 3,3~% | 1 | lines/a.csv:6 |

    Ficheros con líneas apartadas, de mayor a menor importe:

    | Fichero | Leídas | Aceptadas | Excluidas | En cuarentena | Apartado (EUR) |
    |:---|---:|---:|---:|---:|---:|
    | lines/a.csv | 5 | 3 | 1 | 1 | 17,50 |
    | lines/b.csv | 2 | 1 | 0 | 1 | 10,00 |

    Conviene saber además:

    - A 1 fichero le faltan columnas que se piden: sku.
    - 1 fila equivale a una suma de filas anteriores: 15,00~EUR; aceptadas aun así: 0.
    - 1 línea repite otra y se ha dejado fuera: 10,00~EUR; con otro contenido: 1.
    - 1 línea cuenta para la matriz de su cuenta: 5,00~EUR.
    - Se han comparado 2 totales de control. 1 difiere, y el proceso lo acepta.
    - Las líneas aceptadas están en 2 monedas y se han convertido:

    | Moneda | Líneas aceptadas | Importe en ella | Convertido (EUR) |
    |:---|---:|---:|---:|
    | USD | 1 | 40,00 | 36,00 |
    | EUR | 3 | 12,00 | 12,00 |

    Líneas que están en dos ficheros, o dos veces en uno, de mayor a menor importe:

    | Fichero | Se conserva de | Líneas | Importe (EUR) |
    |:---|:---|---:|---:|
    | lines/b.csv | lines/a.csv | 1 | 10,00 |

    Totales de control que difieren, de mayor a menor diferencia:

    | Total de control | Esperado (EUR) | Hallado (EUR) | Diferencia (EUR) | Se acepta porque |
    |:---|---:|---:|---:|:---|
    | lines/b.csv | 8,00 | 7,00 | -1,00 | one invoice came later |
    ");
}

#[test]
fn how_the_files_are_written_is_told_where_it_matters() {
    let pipeline = "\
name: small
currency: EUR
as_of: 2023-12-31
stages:
  - read: {id: invoices, path: \"*.csv\", date_format: \"%d/%m/%Y\"}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}}
  - account_years: {from: ledger}
  - markdown: {template: key_accounts, to: report.md}
";
    // Days up to the twelfth, any of which could be a month.
    let days = (1..=12).flat_map(|month| (1..=10).map(move |day| format!("A,{day:02}/{month:02}/2023,{day}.10\n")));
    let project = Project::new(pipeline)
        .with("open.csv", format!("customer,day,amount\n{}\n,,\n", days.collect::<String>()))
        .with("old.csv", b"customer,day,amount\nCaf\xe9,13/04/2023,1.00\n");
    assert_snapshot!(section(&project.run(&[]).text("report.md")), @"
    What was read

    121 invoice lines were read from 2 files, and all were accepted: 673.00~EUR, dated 1 January 2023 to 10 December 2023.

    Also worth knowing:

    - 1 file is written in windows-1252.
    - 2 rows are empty and count as no lines.
    - **Day and month may be swapped** in 1 file, open.csv: 110 of the dates could be other days, and no date there shows which is right.
    ");
}
