//! The pipelines that come with the program, on the company that comes with it.

use crate::support::{Project, Published, parquet_of, repository, vitalfew};
use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray, TimestampMillisecondArray,
};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Runs the shipped pipeline in the folder of the repository and publishes elsewhere.
fn key_accounts(out: &Path, arguments: &[&str]) -> String {
    let run = ["run", "pipelines/key_accounts.yaml", "--log", "none", "--out", out.to_str().unwrap()];
    let done = vitalfew(repository(), &[&run, arguments].concat());
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    done.stdout
}

#[test]
fn the_shipped_pipeline_scores_the_fifteen_criteria_of_the_article_and_reconciles() {
    let out = tempfile::tempdir().unwrap();
    assert!(key_accounts(out.path(), &[]).starts_with("published "));
    let run = Published::of(out.path(), "key_accounts");

    let weights = run.table("tables/weights.parquet");
    let criteria: Vec<(String, String)> = weights.texts("group").into_iter().zip(weights.texts("criterion")).collect();
    let criteria: Vec<(&str, &str)> = criteria.iter().map(|(group, name)| (group.as_str(), name.as_str())).collect();
    assert_eq!(
        criteria,
        [
            ("growth", "revenue"),
            ("growth", "cost_to_serve"),
            ("growth", "stability"),
            ("growth", "access_to_new_markets"),
            ("harmony", "fit_of_products_and_services"),
            ("harmony", "culture_of_innovation"),
            ("harmony", "benchmarking"),
            ("harmony", "corporate_reputation"),
            ("harmony", "purchasing_process"),
            ("value_creation", "strategy"),
            ("value_creation", "solidarity"),
            ("value_creation", "long_term_orientation"),
            ("value_creation", "planning_behaviour"),
            ("value_creation", "mutuality"),
            ("value_creation", "exchange_of_information"),
        ]
    );
    let sources: BTreeSet<String> = weights.texts("source").into_iter().collect();
    assert_eq!(sources, BTreeSet::from(["judged".to_owned(), "measured".to_owned()]));
    let total: f64 = weights.numbers("effective_weight").into_iter().flatten().sum();
    assert!((total - 1.0).abs() < 1e-12);

    let reconciliation = run.table("reconciliation.parquet");
    let sum = |column: &str| -> i64 {
        reconciliation.texts(column).iter().map(|cell| cell.replace('.', "").parse::<i64>().unwrap()).sum()
    };
    assert_eq!(sum("rows_read"), sum("rows_accepted") + sum("rows_excluded") + sum("rows_quarantined"));
    assert_eq!(sum("amount_read"), sum("amount_accepted") + sum("amount_excluded") + sum("amount_quarantined"));
    assert_eq!(run.table("quarantine.parquet").rows.len() as i64, sum("rows_quarantined"));
    // The invented books have what real ones have.
    let reasons: BTreeSet<String> = run.table("outcomes.parquet").texts("reason").into_iter().collect();
    for reason in [
        "not a product",
        "after_as_of",
        "missing_account",
        "missing_date",
        "unreadable_date",
        "missing_amount",
        "unreadable_amount",
        "amount_out_of_range",
        "unreadable_cost",
        "too_few_fields",
        "too_many_fields",
        "not_utf8",
    ] {
        assert!(reasons.contains(reason), "no line for `{reason}` among {reasons:?}");
    }
    let statuses: BTreeSet<String> = run.table("tables/growth.parquet").texts("growth_status").into_iter().collect();
    for status in ["ok", "new", "lost", "short", "negative_base"] {
        assert!(statuses.contains(status), "no account is `{status}` among {statuses:?}");
    }

    let files = run.files();
    // Where memory is limited, other threads make the account years.
    for means in [["--threads", "1"], ["--memory-limit", "64MB"]] {
        assert!(
            key_accounts(out.path(), &[&["--fresh"], &means[..]].concat())
                .starts_with("unchanged, published before as "),
            "{means:?}"
        );
        assert!(files == Published::of(out.path(), "key_accounts").files());
    }
}

#[test]
fn the_report_has_its_sections_in_both_languages() {
    let out = tempfile::tempdir().unwrap();
    for (language, headings) in [
        (
            "en",
            [
                "# Key accounts on 31 December 2025",
                "## The list of key accounts",
                "## What changed since 30 June 2025",
                "## What was read",
                "## The years at a glance",
                "## How concentrated revenue is",
                "## Class A: the vital few",
                "## Who grew in each of the last 3 years",
                "## Who is shrinking",
                "## Who earns the profit",
                "## How broadly class A buys",
                "## What peers buy and key accounts do not",
                "## Who is at risk",
                "## What accounts are worth",
                "## The score",
                "## What people decided",
                "## Would the list change?",
                "## Has choosing this way served?",
                "## Where to invest",
                "## Who looks after the key accounts",
                "## How the score is made",
                "## Who judged what",
                "## What is missing",
            ],
        ),
        (
            "es",
            [
                "# Cuentas clave a 31 de diciembre de 2025",
                "## La lista de cuentas clave",
                "## Qué cambió desde el 30 de junio de 2025",
                "## Qué se ha leído",
                "## Los años de un vistazo",
                "## Cómo se concentra la facturación",
                "## Clase A: los pocos vitales",
                "## Quién creció en cada uno de los últimos 3 años",
                "## Quién compra menos",
                "## Quién gana el beneficio",
                "## Amplitud de compra de la clase A",
                "## Lo que compran las cuentas comparables y las cuentas clave no",
                "## Quién está en riesgo",
                "## Cuánto valen las cuentas",
                "## La puntuación",
                "## Lo que decidieron las personas",
                "## ¿Cambiaría la lista?",
                "## ¿Ha servido elegir así?",
                "## Dónde invertir",
                "## Quién lleva las cuentas clave",
                "## Cómo se forma la puntuación",
                "## Quién valoró qué",
                "## Qué falta",
            ],
        ),
    ] {
        key_accounts(out.path(), &["--set", &format!("language={language}")]);
        let report = Published::of(out.path(), "key_accounts").text("report.md");
        let found: Vec<&str> = report.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(found, headings);
        for trace in ["{{", "}}", "{%", "{count}", "NaN", "null", "None", "undefined"] {
            assert!(!report.contains(trace), "`{trace}` in the report in `{language}`");
        }
        // A table's rows all have as many cells as its head.
        let mut cells = None;
        for line in report.lines() {
            let bars = line.replace("\\|", "").matches('|').count();
            assert!(cells.is_none_or(|cells| bars == cells || bars == 0), "{line}");
            cells = (bars > 0).then_some(bars);
        }
    }
}

#[test]
fn hostile_names_are_shown_and_do_nothing() {
    let pipeline = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}}
  - account_years: {from: ledger}
  - read: {id: customers, path: customers.csv}
  - accounts: {from: customers, account: customer, attributes: {name: name, segment: segment}}
  - pareto: {from: account_years, by: segment, accounts: accounts}
  - markdown: {template: key_accounts, to: report.md}
";
    let lines =
        "customer,day,amount\n1,2025-12-01,50\n2,2025-12-01,40\n3,2025-12-01,30\n\"{{ 7 * 7 }}\",2025-12-01,20\n";
    let customers = "\
customer,name,segment
1,<script>alert(1)</script>,# North
2,\"a | b | [click](javascript:x)\",\"North
South\"
3,{{ 7 * 7 }}{% raw %},**bold**
";
    let run = Project::new(pipeline).with("lines.csv", lines).with("customers.csv", customers).run(&[]);
    let report = run.text("report.md");
    for shown in [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "a \\| b \\| \\[click\\](javascript:x)",
        "{{ 7 \\* 7 }}{% raw %}",
        "\\# North",
        "North South",
        "\\*\\*bold\\*\\*",
        "{{ 7 \\* 7 }}",
    ] {
        assert!(report.contains(shown), "`{shown}` is not in\n{report}");
    }
    assert!(!report.contains("<script>") && !report.contains("49"), "{report}");
}

/// Tiny files with the columns of the public data sets.
fn external(root: &Project) {
    let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let integer = |value: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
    let float = |value: f64| -> ArrayRef { Arc::new(Float64Array::from(vec![value])) };
    let decimal = |value: i128| -> ArrayRef {
        Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(19, 4).unwrap())
    };
    let instant: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1_322_524_800_000]));
    let day: ArrayRef = Arc::new(Date32Array::from(vec![18_000]));
    let files: [(&str, Vec<(&str, ArrayRef)>); 4] = [
        (
            "adventureworks/FactResellerSales.parquet",
            vec![
                ("ResellerKey", integer(1)),
                ("SalesOrderNumber", text("SO1")),
                ("OrderDate", Arc::clone(&instant)),
                ("SalesAmount", decimal(10)),
                ("TotalProductCost", decimal(5)),
                ("ProductKey", integer(1)),
            ],
        ),
        (
            "adventureworks/DimReseller.parquet",
            vec![("ResellerKey", integer(1)), ("ResellerName", text("Bikes")), ("BusinessType", text("Shop"))],
        ),
        (
            "iowa_liquor/2018.parquet",
            vec![
                ("Store Number", integer(1)),
                ("Invoice/Item Number", text("INV-000000001")),
                ("Date", day),
                ("Sale (Dollars)", float(1.5)),
                ("Item Number", integer(1)),
            ],
        ),
        (
            "online_retail_2/online_retail_2.parquet",
            vec![
                ("Customer ID", float(13_085.0)),
                ("Invoice", text("1")),
                ("InvoiceDate", instant),
                ("Quantity", integer(2)),
                ("Price", float(1.5)),
                ("StockCode", text("S")),
            ],
        ),
    ];
    for (path, columns) in files {
        root.write(path, parquet_of(&columns, 1));
    }
    root.write("cdnow/cdnow_transactions.csv", "master_id,customer,date,cds,dollars\n00004,0001,1997-01-01,2,29.33\n");
}

#[test]
fn every_shipped_pipeline_is_sound() {
    let root = Project::new("");
    external(&root);
    let set = format!("root={}", root.path("").to_str().unwrap());
    let mut count = 0;
    for entry in std::fs::read_dir(repository().join("pipelines")).unwrap() {
        let pipeline = entry.unwrap().path();
        let text = std::fs::read_to_string(&pipeline).unwrap();
        let external = text.contains("root: data/external");
        let arguments = if external { vec!["--set", set.as_str()] } else { Vec::new() };
        let done = vitalfew(repository(), &[&["check", pipeline.to_str().unwrap()], &arguments[..]].concat());
        assert_eq!((done.code, done.stderr.as_str()), (0, ""));
        let name = pipeline.file_stem().unwrap().to_str().unwrap();
        assert!(text.contains(&format!("\nname: {name}\n")), "`{name}` is called otherwise in its file");
        count += 1;
    }
    assert!(count >= 4, "{count}");
}
