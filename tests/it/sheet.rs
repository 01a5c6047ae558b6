//! Sheets of judgements as people keep them, overrides, and the sheet to fill in.

use crate::support::Project;
use calamine::{Data, Reader};
use insta::assert_snapshot;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::Command;

const PIPELINE: &str = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}}
  - account_years: {from: ledger}
  - growth: {from: account_years, years: 1}
  - pareto: {from: account_years}
  - read: {id: sheet, path: \"sheet*.csv\"}
  - read: {id: overruled, path: overrides.csv}
  - scorecard:
      judged: sheet
      overrides: overruled
      groups:
        growth:
          weight: 60
          criteria:
            revenue: {weight: 100, measure: growth.cagr, scale: [[-0.5, 1], [0.5, 10]]}
        relation:
          weight: 40
          criteria:
            strategy: {weight: 50, judged: true}
            long_term_orientation: {weight: 50, judged: true}
  - parquet: {from: scorecard, to: tables}
  - markdown: {template: key_accounts, to: report.md}
";

/// From 100 to 150, from 90 to 80, and as much as before.
const LINES: &str = "\
customer,day,amount
Ana,2023-05-01,100.00
Ana,2024-05-01,150.00
Bea,2023-06-01,90.00
Bea,2024-06-01,80.00
Cai,2023-06-01,5.00
Cai,2024-12-31,5.00
";

const WIDE: &str = "\
Cuenta,Revenue 2024,Strategy,LONG-TERM ORIENTATION,Evaluador,date,expires,Nota
Ana,150.00,8,6,eva,2024-03-01,,
Bea,80.00,11,,eva,2024-03-01,,
Cai,5.00,,,eva,2024-03-01,,
Dan,0.00,,5,eva,soon,,gone
,0.00,3,,eva,,,
Ana,150.00,,9,zoe,2024-04-01,,closer than it looks
";

const OVERRIDES: &str = "\
account,what,value,who,why,until
Bea,strategy,7,eva,new plan,2025-06-30
Bea,score,6.5,zoe,\"=merger, so | kept\",
Cai,revenue,2,eva,one order only,2024-06-30
Ana,strategy,9,eva,,
";

fn project(pipeline: &str) -> Project {
    Project::new(pipeline).with("lines.csv", LINES).with("sheet.csv", WIDE).with("overrides.csv", OVERRIDES)
}

#[test]
fn a_wide_sheet_is_read_by_its_header_and_every_score_has_its_cell() {
    let run = project(PIPELINE).run(&[]);
    let judgements = run.table("tables/judgements.parquet");
    let columns = ["account", "criterion", "rater", "score", "date", "used", "note", "reason", "line", "cell"];
    assert_snapshot!(judgements.select(&columns), @"
    account | criterion | rater | score | date | used | note | reason | line | cell
     | strategy | eva | 3.0 | null | false |  | missing_account | 6 | A6
    Ana | long_term_orientation | eva | 6.0 | 2024-03-01 | true |  |  | 2 | D2
    Ana | long_term_orientation | zoe | 9.0 | 2024-04-01 | true | closer than it looks |  | 7 | D7
    Ana | strategy | eva | 8.0 | 2024-03-01 | true |  |  | 2 | C2
    Bea | strategy | eva | 11.0 | 2024-03-01 | false |  | score_out_of_range | 3 | C3
    Dan | long_term_orientation | eva | 5.0 | null | false | gone | unknown_account | 5 | A5
    ");
    assert_snapshot!(run.table("tables/judgement_spread.parquet"), @"
    account | criterion | raters | score | lowest | highest | spread | stddev
    Ana | long_term_orientation | 2 | 7.5 | 6.0 | 9.0 | 3.0 | 2.1213203435596424
    Ana | strategy | 1 | 8.0 | 8.0 | 8.0 | 0.0 | null
    ");
}

#[test]
fn long_and_wide_sheets_are_read_side_by_side() {
    let long =
        "Account,criterion,score,rater,date\nBea,Orientación a largo plazo,4,zoe,2024-05-01\nAna,strategy,10,zoe,\n";
    let run = project(PIPELINE).with("sheet_2.csv", long).run(&[]);
    let judgements = run.table("tables/judgements.parquet");
    let of = |file: &str| judgements.texts("file").iter().filter(|name| *name == file).count();
    assert_eq!((of("sheet.csv"), of("sheet_2.csv")), (6, 2));
    let contributions = run.table("tables/contributions.parquet");
    assert_snapshot!(contributions.select(&["account", "criterion", "source", "score"]), @"
    account | criterion | source | score
    Ana | revenue | measured | 10.0
    Ana | strategy | judged | 9.0
    Ana | long_term_orientation | judged | 7.5
    Bea | revenue | measured | 4.5
    Bea | strategy | override | 7.0
    Bea | long_term_orientation | judged | 4.0
    Cai | revenue | measured | 5.5
    Cai | strategy | missing | null
    Cai | long_term_orientation | missing | null
    ");
}

#[test]
fn overrides_act_where_somebody_says_who_and_why() {
    let run = project(PIPELINE).run(&[]);
    assert_snapshot!(run.table("tables/overrides.parquet"), @"
    account | what | value | decision | who | why | since | until | status | was | is | file | line
    Ana | strategy | 9.0 | null | eva |  | null | null | missing_why | null | null | overrides.csv | 5
    Bea | score | 6.5 | null | zoe | =merger, so | kept | null | null | active | 5.125 | 6.5 | overrides.csv | 3
    Bea | strategy | 7.0 | null | eva | new plan | null | 2025-06-30 | active | null | 7.0 | overrides.csv | 2
    Cai | revenue | 2.0 | null | eva | one order only | null | 2024-06-30 | expired | null | null | overrides.csv | 4
    ");
    let contributions = run.table("tables/contributions.parquet");
    assert_snapshot!(contributions, @"
    account | group | criterion | source | value | score | weight | contribution
    Ana | growth | revenue | measured | 0.5 | 10.0 | 0.6 | 6.0
    Ana | relation | strategy | judged | null | 8.0 | 0.2 | 1.6
    Ana | relation | long_term_orientation | judged | null | 7.5 | 0.2 | 1.5
    Bea | growth | revenue | measured | -0.11111111111111116 | 4.5 | 0.7499999999999999 | 3.3749999999999996
    Bea | relation | strategy | override | null | 7.0 | 0.25 | 1.75
    Bea | relation | long_term_orientation | missing | null | null | 0.0 | 0.0
    Cai | growth | revenue | measured | 0.0 | 5.5 | 1.0 | 5.5
    Cai | relation | strategy | missing | null | null | 0.0 | 0.0
    Cai | relation | long_term_orientation | missing | null | null | 0.0 | 0.0
    ");
    assert_snapshot!(run.table("tables/scorecard.parquet"), @"
    account | score | rank | rated | coverage | score_low | score_high | growth_score | relation_score
    Ana | 9.1 | 1 | true | 1.0 | 9.1 | 9.1 | 10.0 | 7.75
    Bea | 6.5 | 2 | true | 0.8 | 6.5 | 6.5 | 4.5 | 7.0
    Cai | 5.5 | 3 | true | 0.6 | 3.6999999999999997 | 7.3 | 5.5 | null
    ");
    // Without the overrides, what they replaced is there again.
    let before = project(&PIPELINE.replace("      overrides: overruled\n", "")).run(&[]);
    let scores = before.table("tables/scorecard.parquet").numbers("score");
    assert_eq!(scores.len(), 3);
    // Of Bea only revenue is known: from 90 to 80 is -11.1%, and 1 + 9 · (0.5 - 1/9) = 4.5.
    assert!((scores[1].unwrap() - 4.5).abs() < 1e-12, "{scores:?}");
}

#[test]
fn an_override_of_the_whole_score_rates_an_account_of_which_too_little_is_known() {
    let pipeline = PIPELINE.replace("      overrides:", "      min_coverage: 0.9\n      overrides:");
    let scorecard = project(&pipeline).run(&[]).table("tables/scorecard.parquet");
    assert_eq!(scorecard.texts("account"), ["Ana", "Bea", "Cai"]);
    assert_eq!(scorecard.texts("rated"), ["true", "true", "false"]);
    assert_eq!(scorecard.numbers("score")[1], Some(6.5));
    assert_eq!(scorecard.texts("rank"), ["1", "2", ""]);
}

/// As above, with names and segments that a careless sheet would take for formulas.
const NAMED: &str = "\
customer,name,segment
Ana,=HYPERLINK(\"http://x\"),North
Bea,+Bea & Sons,North
Cai,@Cai <b>,-1+2
Dan,never bought,South
";

pub fn named(language: &str) -> Project {
    let accounts = "  - read: {id: customers, path: customers.csv}
  - accounts: {from: customers, account: customer, attributes: {name: name, segment: segment}}
  - growth: {from";
    let pipeline = PIPELINE.replacen("  - growth: {from", accounts, 1);
    let pipeline = pipeline.replacen("currency: EUR", &format!("currency: EUR\nlanguage: {language}"), 1);
    let pipeline = pipeline.replacen(
        "pareto: {from: account_years}",
        "pareto: {from: account_years, by: segment, accounts: accounts}",
        1,
    );
    project(&pipeline).with("customers.csv", NAMED)
}

/// The cells of a sheet of a workbook, as another program reads them.
fn cells(path: &Path, sheet: usize) -> Vec<Vec<String>> {
    let mut book = calamine::open_workbook_auto(path).unwrap();
    let name = book.sheet_names()[sheet].clone();
    assert!(book.worksheet_formula(&name).unwrap().is_empty(), "a text has become a formula");
    let range = book.worksheet_range(&name).unwrap();
    let cell = |cell: &Data| match cell {
        Data::Float(number) => format!("{number}"),
        Data::String(text) => format!("'{text}"),
        Data::DateTime(day) => vitalfew::calendar::iso(day.as_f64() as i32 - 25_569),
        Data::Empty => String::new(),
        other => panic!("{other:?}"),
    };
    range.rows().map(|row| row.iter().map(cell).collect()).collect()
}

fn shown(cells: &[Vec<String>]) -> String {
    cells.iter().map(|row| row.join(" | ").trim_end().to_owned() + "\n").collect()
}

#[test]
fn the_scoresheet_has_the_accounts_worth_judging_and_the_scores_that_count() {
    let project = named("en");
    let done = project.vitalfew(&["scoresheet", "small.yaml"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert_snapshot!(done.stdout, @"
    wrote scoresheet-2024-12-31.xlsx: 2 accounts to judge by 2 criteria
    filled in, it is read by `- read: {id: sheet, path: scoresheet-2024-12-31.xlsx}`
    ");
    assert_snapshot!(shown(&cells(&project.path("scoresheet-2024-12-31.xlsx"), 0)), @r#"
    'Account | 'Name | 'Segment | 'Revenue (EUR) | 'Class | 'Strategy | 'Long-term orientation | 'Rater | 'Date | 'Expires | 'Note
    'Ana | '=HYPERLINK("http://x") | 'North | 150 | 'A | 8 | 7.5 | 'eva, zoe | 2024-04-01 |  | 'closer than it looks
    'Bea | '+Bea & Sons | 'North | 80 | 'A |  |  |  |  |  |
    "#);
    assert!(!project.path("out").exists(), "nothing is published");
}

/// Cai is of class C and nobody has judged it, but somebody has decided that it is a key account.
#[test]
fn the_scoresheet_has_the_accounts_on_the_list() {
    let project = named("en");
    let pipeline = std::fs::read_to_string(project.path("small.yaml")).unwrap();
    let select = "  - select: {from: scorecard, enter: {top: 2}}\n  - parquet";
    project.write("small.yaml", pipeline.replacen("  - parquet", select, 1));
    project.write("overrides.csv", "account,what,value,who,why\nCai,decision,always,board,pilot line\n");
    let done = project.vitalfew(&["scoresheet", "small.yaml"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let rows = cells(&project.path("scoresheet-2024-12-31.xlsx"), 0);
    let accounts: Vec<&str> = rows[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(accounts, ["'Ana", "'Bea", "'Cai"]);
}

#[test]
fn the_scoresheet_speaks_the_language_of_the_pipeline() {
    let project = named("es");
    assert_eq!(project.vitalfew(&["scoresheet", "small.yaml", "--out", "hoja.xlsx"]).code, 0);
    assert_snapshot!(shown(&cells(&project.path("hoja.xlsx"), 0)[..1]), @"'Cuenta | 'Nombre | 'Segmento | 'Facturación (EUR) | 'Clase | 'Estrategia | 'Orientación a largo plazo | 'Evaluador | 'Fecha | 'Caduca | 'Nota");
    assert_snapshot!(shown(&cells(&project.path("hoja.xlsx"), 1)), @"
    'Cómo rellenar las puntuaciones |
     |
    'Dé a cada cuenta un número entero de 1 a 10 en cada columna amarilla; la nota de la cabecera hace la pregunta. Las puntuaciones que cuentan hoy ya están puestas: cambie las que hayan dejado de ser ciertas. |
    'Deje vacío lo que no pueda valorar. Una celda vacía no es una valoración, y es mejor que una suposición: el informe dice qué falta y cuánto podría cambiar la puntuación. |
    'Escriba su nombre como evaluador y el día en que valoró; ambos valen para toda la fila. Las puntuaciones acaban el día que está en «Caduca», o nunca. Una nota puede decir por qué. |
    'Nombres, facturación y clases solo ayudan a orientarse y no se leen. Las filas se pueden ordenar, quitar y añadir; las cabeceras y las cuentas deben quedar como están. |
    'Varias personas pueden rellenar una copia cada una: cuenta la puntuación más reciente de cada evaluador, y se hace la media de los evaluadores. |
     |
    'La escala en palabras |
    '1 o 2 | 'nada en absoluto, o en contra nuestra
    '3 o 4 | 'poco, y por casualidad
    '5 o 6 | 'como la mayoría
    '7 u 8 | 'claramente más que otras, y hay ejemplos
    '9 o 10 | 'no se puede hacer mejor; otras deberían aprender de ella
     |
    'Las preguntas |
    'Estrategia | '¿Sabemos dónde quieren estar dentro de tres años, y nuestros planes les ayudan a llegar?
    'Orientación a largo plazo | '¿Se comprometen más allá del próximo pedido: contratos de varios años, inversiones hechas por nosotros?
    ");
}

#[test]
fn the_scoresheet_has_the_same_bytes_again_and_overwrites_nothing() {
    let project = named("en");
    let write = |out: &str| project.vitalfew(&["scoresheet", "small.yaml", "--out", out]);
    assert_eq!((write("one.xlsx").code, write("folder/two.xlsx").code), (0, 0));
    let bytes = |path: &str| std::fs::read(project.path(path)).unwrap();
    assert!(bytes("one.xlsx") == bytes("folder/two.xlsx"));
    project.write("one.xlsx", "filled in with care");
    let refused = write("one.xlsx");
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert_snapshot!(refused.stderr, @"
    error: `one.xlsx` exists already
    hint: it may hold work of somebody's; write to another place
    ");
    assert_eq!(bytes("one.xlsx"), b"filled in with care");
    assert_snapshot!(write("sheet.csv").stderr, @"error: `sheet.csv` should end in `.xlsx`");
}

/// A cell as somebody types it: over what stands there, in the cell's own format.
fn typed(sheet: &str, cell: &str, value: &str, kind: &str) -> String {
    let start = sheet.find(&format!("<c r=\"{cell}\"")).unwrap();
    let tag = &sheet[start..][..sheet[start..].find('>').unwrap() + 1];
    let end = if tag.ends_with("/>") { start + tag.len() } else { start + sheet[start..].find("</c>").unwrap() + 4 };
    let style = tag.split("s=\"").nth(1).unwrap().split('"').next().unwrap();
    format!("{}<c r=\"{cell}\" s=\"{style}\"{kind}>{value}</c>{}", &sheet[..start], &sheet[end..])
}

/// The workbook with another first sheet.
fn with_first_sheet(workbook: &[u8], change: impl Fn(String) -> String) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut changed = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            content = change(String::from_utf8(content).unwrap()).into_bytes();
        }
        changed.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        changed.write_all(&content).unwrap();
    }
    changed.finish().unwrap().into_inner()
}

/// Saves a workbook in another format, as LibreOffice does it; nothing where that is not there.
fn saved(project: &Project, file: &str, format: &str) -> Option<Vec<u8>> {
    let profile = format!("-env:UserInstallation=file://{}", project.path("profile").display());
    let convert = ["--headless", &profile, "--convert-to", format, "--outdir", "saved", file];
    let done = Command::new("soffice").args(convert).current_dir(project.path("")).output();
    let done = match done {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        done => done.unwrap(),
    };
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let name = Path::new(file).with_extension(format);
    Some(std::fs::read(project.path("saved").join(name)).unwrap())
}

/// Somebody changes a score, gives one to Bea and leaves her other one empty; what a spreadsheet program saves is
/// read with nothing but its path, and holds just that.
#[test]
fn a_filled_in_scoresheet_comes_back_as_it_is() {
    for language in ["en", "es"] {
        let project = named(language);
        assert_eq!(project.vitalfew(&["scoresheet", "small.yaml", "--out", "filled.xlsx"]).code, 0);
        let filled = with_first_sheet(&std::fs::read(project.path("filled.xlsx")).unwrap(), |sheet| {
            let text = |text: &str| format!("<is><t>{text}</t></is>");
            let sheet = typed(&sheet, "F2", "<v>9</v>", "");
            let sheet = typed(&sheet, "F3", "<v>4</v>", "");
            let sheet = typed(&sheet, "H3", &text("zoe"), " t=\"inlineStr\"");
            // The 1st of November 2024.
            let sheet = typed(&sheet, "I3", "<v>45597</v>", "");
            typed(&sheet, "K3", &text("a visit &amp; a plan"), " t=\"inlineStr\"")
        });
        project.write("filled.xlsx", &filled);
        let pipeline = std::fs::read_to_string(project.path("small.yaml")).unwrap();
        let read_back = |name: &str, bytes: &[u8]| {
            project.write(name, bytes);
            project.write("small.yaml", pipeline.replace("\"sheet*.csv\"", name));
            let judgements = project.run(&[]).table("tables/judgements.parquet");
            judgements.select(&["account", "criterion", "rater", "score", "date", "expires", "used", "note", "cell"])
        };
        let judgements = read_back("filled.xlsx", &filled).to_string();
        insta::allow_duplicates! {
            assert_snapshot!(judgements, @"
            account | criterion | rater | score | date | expires | used | note | cell
            Ana | long_term_orientation | eva, zoe | 7.5 | 2024-04-01 | null | true | closer than it looks | G2
            Ana | strategy | eva, zoe | 9.0 | 2024-04-01 | null | true | closer than it looks | F2
            Bea | strategy | zoe | 4.0 | 2024-11-01 | null | true | a visit & a plan | F3
            ");
        }
        for format in ["xlsx", "ods"] {
            let Some(bytes) = saved(&project, "filled.xlsx", format) else {
                eprintln!("skipped: there is no `soffice` to save workbooks with");
                return;
            };
            assert_ne!(bytes, filled);
            assert_eq!(read_back(&format!("back.{format}"), &bytes).to_string(), judgements, "{language} {format}");
        }
    }
}

#[test]
fn a_scoresheet_needs_judged_criteria() {
    let pipeline = PIPELINE.replace("judged: true", "measure: growth.cagr, scale: percentile");
    let pipeline = pipeline.replace("      judged: sheet\n", "");
    let done = project(&pipeline).vitalfew(&["scoresheet", "small.yaml"]);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""));
    assert_snapshot!(done.stderr, @"
    error: the pipeline `small` has no scorecard with judged criteria
    hint: declare criteria `judged: true`, and `judged:` with the id of a `read` stage
    ");
}

mod mistakes {
    use super::*;

    fn mistakes(project: &Project) -> String {
        let done = project.vitalfew(&["check", "small.yaml"]);
        assert_eq!((done.code, done.stdout.as_str()), (2, ""));
        done.stderr
    }

    #[test]
    fn a_sheet_of_neither_form() {
        let project = project(PIPELINE).with("sheet.csv", "account,rater\nAna,eva\n");
        assert_snapshot!(mistakes(&project), @"
        error: the sheet of judgements `sheet.csv` has neither a column `criterion` nor one for a judged criterion
          --> small.yaml:12:15
           |
        12 |       judged: sheet
           |               ^^^^^
           |
           = hint: judged are: `strategy`, `long_term_orientation`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_sheet_without_judged_criteria() {
        let pipeline = PIPELINE.replace("judged: true", "measure: growth.cagr, scale: percentile");
        assert_snapshot!(mistakes(&project(&pipeline)), @"
        error: the sheet of judgements `sheet.csv` has neither a column `criterion` nor one for a judged criterion
          --> small.yaml:12:15
           |
        12 |       judged: sheet
           |               ^^^^^
           |
           = hint: no criterion is declared `judged: true`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn two_columns_of_one_meaning_and_a_name_with_a_slip() {
        let sheet = "account,Account,strategy,Strategy,long term orientaton\nAna,Ana,1,2,3\n";
        assert_snapshot!(mistakes(&project(PIPELINE).with("sheet.csv", sheet)), @"
        error: `sheet.csv` has two columns for `account`: `account` and `Account`
          --> small.yaml:12:15
           |
        12 |       judged: sheet
           |               ^^^^^
           |
           = hint: rename one of the two

        error: `sheet.csv` has two columns for `strategy`: `strategy` and `Strategy`
          --> small.yaml:12:15
           |
        12 |       judged: sheet
           |               ^^^^^
           |
           = hint: rename one of the two

        error: the column `long term orientaton` of the sheet `sheet.csv` is no judged criterion
          --> small.yaml:12:15
           |
        12 |       judged: sheet
           |               ^^^^^
           |
           = hint: did you mean `long_term_orientation`?

        3 mistakes in `small.yaml`
        ");
    }

    #[test]
    fn a_long_sheet_without_scores() {
        assert_snapshot!(mistakes(&project(PIPELINE).with("sheet.csv", "customer,criterion,points\n")), @"
        error: the sheet of judgements `sheet.csv` has no column `account`
          --> small.yaml:12:15
           |
        12 |       judged: sheet
           |               ^^^^^
           |
           = hint: there are: `customer`, `criterion`, `points`

        error: the sheet of judgements `sheet.csv` has no column `score`
          --> small.yaml:12:15
           |
        12 |       judged: sheet
           |               ^^^^^
           |
           = hint: there are: `customer`, `criterion`, `points`

        2 mistakes in `small.yaml`
        ");
    }

    #[test]
    fn overrides_without_reasons() {
        let project = project(PIPELINE).with("overrides.csv", "account,what,value,who\nAna,score,5,eva\n");
        assert_snapshot!(mistakes(&project), @"
        error: the table of overrides `overrides.csv` has no column `why`
          --> small.yaml:13:18
           |
        13 |       overrides: overruled
           |                  ^^^^^^^^^
           |
           = hint: every override says who and why

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn overrides_that_are_no_files() {
        let pipeline = PIPELINE.replace("overrides: overruled", "overrides: growth");
        assert_snapshot!(mistakes(&project(&pipeline)), @"
        error: stage `scorecard` reads a `read` stage, but `growth` is a `growth` stage
          --> small.yaml:13:18
           |
        13 |       overrides: growth
           |                  ^^^^^^
           |
           = hint: stages of that kind above: `invoices`, `sheet`, `overruled`

        1 mistake in `small.yaml`
        ");
    }
}
