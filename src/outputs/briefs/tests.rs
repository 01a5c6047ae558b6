use super::facts::Sheet;
use super::page::{Bought, Sources, page};
use crate::outputs::locale::Language;
use crate::outputs::markdown::{Wording, render_briefs};
use crate::table::{Table, TableBuilder};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The page of `A`, as at the end of 2025.
fn text(sources: &Sources, language: Language) -> String {
    let frame = json!({
        "pipeline": "small", "currency": "EUR", "as_of": 20_453, "last_year": 2025, "next_review": 20_543,
        "ranking_year": 2025, "profit_year": 2025, "breadth_year": 2025, "whitespace_year": 2025,
    });
    let frame = frame.as_object().unwrap();
    let wording = Wording { language, currency: "EUR", decimals: 2, fiscal_year_starts: 1 };
    let pages: Vec<Map<String, Value>> = vec![page("A", sources, frame)];
    render_briefs(&pages, &wording).unwrap().remove(0).replace('\u{a0}', "~")
}

fn sheet(table: &Table) -> Sheet<'_> {
    Sheet::of(table, &BTreeSet::from(["A"]))
}

fn of(page: &str, heading: &str) -> String {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split("\n## ").next().unwrap().trim().to_owned()
}

fn selection() -> Table {
    TableBuilder::new("selection", 1)
        .per_account()
        .text("account", vec!["A"])
        .text("status", vec!["watch"])
        .flags("key", vec![true])
        .build()
}

fn scorecard(low: f64) -> Table {
    TableBuilder::new("scorecard", 1)
        .per_account()
        .text("account", vec!["A"])
        .numbers("score", vec![7.0])
        .integers("rank", vec![3])
        .ratios("coverage", vec![1.0])
        .numbers("score_low", vec![low])
        .numbers("score_high", vec![7.0])
        .build()
}

fn contributions() -> Table {
    TableBuilder::new("contributions", 2)
        .text("account", vec!["A", "A"])
        .text("group", vec!["growth", "growth"])
        .text("criterion", vec!["revenue", "strategy"])
        .text("source", vec!["measured", "judged"])
        .numbers("score", vec![8.0, 6.0])
        .ratios("weight", vec![0.5, 0.5])
        .build()
}

/// The score rose from 6.5 to 7: by 0.8 through what the account did, and down by 0.3 through the weights.
fn changes() -> [Table; 2] {
    let changes = TableBuilder::new("changes", 1)
        .per_account()
        .text("account", vec!["A"])
        .numbers("score_was", vec![6.5])
        .numbers("delta", vec![0.5])
        .numbers("delta_customer", vec![0.8])
        .numbers("delta_weights", vec![-0.3])
        .build();
    let drivers = TableBuilder::new("change_drivers", 3)
        .text("account", vec!["A", "A", "A"])
        .text("criterion", vec!["revenue", "strategy", "old_one"])
        .numbers("delta_customer", vec![0.8, 0.0, 0.0])
        .numbers("delta_weights", vec![-0.2, 0.1, -0.2])
        .build();
    [changes, drivers]
}

#[test]
fn the_movement_since_the_last_review_is_told_by_criterion() {
    let (selection, scorecard, contributions, [changes, drivers]) =
        (selection(), scorecard(7.0), contributions(), changes());
    let facts = [("scorecard", sheet(&scorecard)), ("changes", sheet(&changes))];
    let sources = Sources {
        selection: Some(sheet(&selection)),
        facts: facts.into_iter().collect(),
        contributions: Some(sheet(&contributions)),
        change_drivers: Some(sheet(&drivers)),
        ..Sources::default()
    };
    let page = text(&sources, Language::English);
    assert!(page.contains("\n**Key account.**\nNext review: 31 March 2026.\n"), "{page}");
    insta::assert_snapshot!(of(&page, "Score"), @"
    **7.00** of 10. Rank 3.
    It was 6.50 at the last review: +0.50, of which +0.80 by the account and -0.30 by the weights.

    | Group | Criterion | Weight in total | Score | Since then |
    |:---|:---|---:|---:|---:|
    | Growth | Revenue | 50.0% | 8.0 | +0.60 |
    | Growth | Strategy | 50.0% | 6.0 | +0.10 |
    | – | Old one | – | – | -0.20 |
    ");
    insta::assert_snapshot!(of(&text(&sources, Language::Spanish), "Puntuación"), @"
    **7,00** de 10. Puesto 3.
    En la última revisión era 6,50: +0,50, de los que +0,80 por la cuenta y -0,30 por los pesos.

    | Grupo | Criterio | Peso en el total | Puntuación | Desde entonces |
    |:---|:---|---:|---:|---:|
    | Crecimiento | Facturación | 50,0~% | 8,0 | +0,60 |
    | Crecimiento | Estrategia | 50,0~% | 6,0 | +0,10 |
    | – | Old one | – | – | -0,20 |
    ");
}

#[test]
fn a_margin_without_revenue_is_no_part_of_it() {
    let selection = selection();
    let profitability = TableBuilder::new("profitability", 1)
        .per_account()
        .text("account", vec!["A"])
        .money("gross_margin", vec![0])
        .money("cost_to_serve", vec![500])
        .money("net_margin", vec![-500])
        .ratios("net_margin_ratio", vec![None::<f64>])
        .build();
    let sources = Sources {
        selection: Some(sheet(&selection)),
        facts: [("profitability", sheet(&profitability))].into_iter().collect(),
        ..Sources::default()
    };
    insta::assert_snapshot!(of(&text(&sources, Language::English), "Facts"), @"- Net margin in 2025: -5.00~EUR: gross margin 0.00~EUR, less 5.00~EUR to serve");
    insta::assert_snapshot!(of(&text(&sources, Language::Spanish), "Datos"), @"- Margen neto en 2025: -5,00~EUR: margen bruto 0,00~EUR, menos 5,00~EUR de servicio");
}

#[test]
fn every_risk_has_its_words() {
    let selection = selection();
    let growth = TableBuilder::new("growth", 1)
        .per_account()
        .text("account", vec!["A"])
        .money("revenue_y0", vec![20_000])
        .money("revenue_y1", vec![15_000])
        .ratios("growth_y1", vec![-0.25])
        .ratios("cagr", vec![-0.25])
        .integers("growth_intervals", vec![1])
        .text("growth_status", vec!["ok"])
        .build();
    let profitability = TableBuilder::new("profitability", 1)
        .per_account()
        .text("account", vec!["A"])
        .money("gross_margin", vec![1_000])
        .money("cost_to_serve", vec![1_500])
        .money("net_margin", vec![-500])
        .ratios("net_margin_ratio", vec![-0.033])
        .build();
    let breadth = TableBuilder::new("breadth", 1)
        .per_account()
        .text("account", vec!["A"])
        .integers("products", vec![2])
        .integers("categories", vec![1])
        .text("top_product", vec!["<Pump>"])
        .ratios("top_product_share", vec![0.5])
        .integers("new_categories", vec![None::<i64>])
        .integers("regions", vec![1])
        .build();
    let stability = |reason: &str| {
        TableBuilder::new("stability", 1)
            .per_account()
            .text("account", vec!["A"])
            .integers("months", vec![24])
            .integers("active_months", vec![8])
            .integers("days_since_last", vec![120])
            .numbers("rhythm_days", vec![30.0])
            .numbers("overdue", vec![4.0])
            .ratios("trend_ratio", vec![-0.3])
            .text("at_risk_reason", vec![reason])
            .build()
    };
    let restatements = TableBuilder::new("restatements", 1)
        .text("account", vec!["A"])
        .integers("fiscal_year", vec![2024])
        .money("was", vec![19_000])
        .money("is", vec![20_000])
        .build();
    let risks = |stability: &Table| {
        let facts = [
            ("growth", sheet(&growth)),
            ("profitability", sheet(&profitability)),
            ("breadth", sheet(&breadth)),
            ("stability", sheet(stability)),
        ];
        let sources = Sources {
            selection: Some(sheet(&selection)),
            facts: facts.into_iter().collect(),
            restatements: Some(sheet(&restatements)),
            ..Sources::default()
        };
        of(&text(&sources, Language::English), "Open risks")
    };
    insta::assert_snapshot!(risks(&stability("overdue")), @"
    - Bought 25.0% less in 2025 than in 2024
    - Silent for 120 days, 4.0 times its usual rhythm
    - It takes more than it leaves: net margin in 2025 -5.00~EUR
    - Buys for one region only
    - Buys from one category only
    - One product makes 50% of what it buys: &lt;Pump&gt;
    - Revenue of 2024 was 190.00~EUR when last published, and is 200.00~EUR now
    ");
    assert!(risks(&stability("gap")).contains("\n- Its longest gap yet: 120 days without a purchase\n"));
    assert!(risks(&stability("falling")).contains("\n- Monthly revenue falls by 30.0% a year\n"));
}

#[test]
fn without_a_risk_it_says_so_and_lists_are_cut() {
    let selection = selection();
    let bought = |count: i64| {
        (0..count).map(|place| Bought { category: "lamps", revenue: 100 * (count - place), previous: 50 }).collect()
    };
    let breadth = TableBuilder::new("breadth", 1)
        .per_account()
        .text("account", vec!["A"])
        .integers("products", vec![9])
        .integers("categories", vec![7])
        .optional_text("top_product", vec![None::<&str>])
        .ratios("top_product_share", vec![None::<f64>])
        .integers("new_categories", vec![0])
        .integers("regions", vec![2])
        .build();
    let sources = |count: i64| Sources {
        selection: Some(sheet(&selection)),
        facts: BTreeMap::from([("breadth", sheet(&breadth))]),
        bought: BTreeMap::from([("A", bought(count))]),
        judged: BTreeSet::from(["strategy"]),
        ..Sources::default()
    };
    let page = text(&sources(7), Language::English);
    assert_eq!(of(&page, "Open risks"), "The figures show none.");
    // 7 of 28, the first five of seven.
    let list = of(&page, "What they buy, and what peers buy");
    assert!(list.contains("| lamps | 0.50 | 7.00 | 25% |") && list.contains("… and 2 more."), "{list}");
    assert!(!of(&text(&sources(5), Language::English), "What they buy, and what peers buy").contains("more"));
}

#[test]
fn a_thousand_pages_are_rendered_in_their_order() {
    let selection = selection();
    let sources = Sources { selection: Some(sheet(&selection)), ..Sources::default() };
    let frame = json!({"currency": "EUR", "as_of": 20_453, "last_year": 2025, "next_review": null});
    let pages: Vec<Map<String, Value>> = (0..1_000)
        .map(|place| {
            let mut page = page("A", &sources, frame.as_object().unwrap());
            page.insert("name".to_owned(), format!("account {place}").into());
            page
        })
        .collect();
    let wording = Wording { language: Language::English, currency: "EUR", decimals: 2, fiscal_year_starts: 1 };
    let texts = render_briefs(&pages, &wording).unwrap();
    assert!(texts.iter().enumerate().all(|(place, text)| text.starts_with(&format!("# account {place}\n"))));
    assert_eq!(texts.len(), 1_000);
}
