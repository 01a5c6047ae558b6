//! A small book of five accounts for the tests: a grower, a shrinker, a newcomer, a recent one and
//! one that left, two of them with names that would break a careless table.

use super::{Facts, Inputs};
use crate::outputs::locale::Language;
use crate::table::{Table, TableBuilder};

pub(crate) const KEYS: [&str; 5] = ["C-1", "C-2", "C-3", "C-4", "C-5"];

/// The tables of a run, owned.
pub(crate) struct Book {
    pub reconciliation: Table,
    pub outcomes: Table,
    pub accounts: Table,
    pub growth: Table,
    pub pareto: Table,
    pub concentration: Table,
    pub profile: Table,
    pub scorecard: Table,
    pub contributions: Table,
    pub weights: Table,
    pub judgements: Table,
    pub judgement_spread: Table,
    pub overrides: Table,
    pub profitability: Table,
    pub whale: Table,
    pub cost_rows: Table,
}

impl Book {
    pub(crate) fn inputs(&self) -> Inputs<'_> {
        Inputs {
            reconciliation: Some(&self.reconciliation),
            outcomes: Some(&self.outcomes),
            accounts: Some(&self.accounts),
            growth: Some(&self.growth),
            pareto: Some(&self.pareto),
            concentration: Some(&self.concentration),
            profile: Some(&self.profile),
            scorecard: Some(&self.scorecard),
            contributions: Some(&self.contributions),
            weights: Some(&self.weights),
            judgements: Some(&self.judgements),
            judgement_spread: Some(&self.judgement_spread),
            overrides: Some(&self.overrides),
            profitability: Some(&self.profitability),
            whale: Some(&self.whale),
            cost_rows: Some(&self.cost_rows),
            ..Inputs::default()
        }
    }
}

pub(crate) fn facts(language: Language) -> Facts {
    Facts {
        pipeline: "key_accounts".to_owned(),
        as_of: 20453,
        currency: "EUR".to_owned(),
        decimals: 2,
        language,
        first_year: 2022,
        last_year: 2025,
        ranking_years: 1,
        breadth_years: 1,
        whitespace_years: 1,
        fiscal_year_starts: 1,
        late_start: false,
        early_end: false,
        open_year: None,
        first_date: Some(18993),
        last_date: Some(20452),
        cutoff: 80,
        outlook: None,
        robustness: None,
        selection: None,
        top: 20,
        profit_years: 1,
    }
}

pub(crate) fn book() -> Book {
    Book {
        reconciliation: reconciliation(),
        outcomes: outcomes(),
        accounts: accounts(),
        growth: growth(),
        pareto: pareto(),
        concentration: concentration(),
        profile: profile(),
        scorecard: scorecard(),
        contributions: contributions(),
        weights: weights(),
        judgements: judgements(),
        judgement_spread: judgement_spread(),
        overrides: overrides(),
        profitability: profitability(),
        whale: whale(),
        cost_rows: cost_rows(),
    }
}

fn reconciliation() -> Table {
    TableBuilder::new("reconciliation", 2)
        .text("file", vec!["invoices/2024.csv", "invoices/2025.csv"])
        .integers("rows_read", vec![1200, 1105])
        .integers("rows_accepted", vec![1190, 1090])
        .integers("rows_excluded", vec![8, 10])
        .integers("rows_quarantined", vec![2, 5])
        .money("amount_read", vec![60_050_000, 31_002_550])
        .money("amount_accepted", vec![60_000_000, 31_000_000])
        .money("amount_excluded", vec![50_000, 1_050])
        .money("amount_quarantined", vec![0, 1_500])
        .integers("rows_without_amount", vec![1, 0])
        .integers("rows_without_cost", vec![0, 3])
        .build()
}

fn outcomes() -> Table {
    TableBuilder::new("outcomes", 5)
        .text(
            "file",
            vec![
                "invoices/2024.csv",
                "invoices/2024.csv",
                "invoices/2025.csv",
                "invoices/2025.csv",
                "invoices/2025.csv",
            ],
        )
        .text("outcome", vec!["excluded", "quarantined", "excluded", "excluded", "quarantined"])
        .text("reason", vec!["not a product", "unreadable_amount", "not a product", "after_as_of", "unreadable_date"])
        .integers("rows", vec![8, 2, 9, 1, 5])
        .money("amount", vec![50_000, 0, 1_350, -300, 1_500])
        .integers("first_line", vec![Some(17), Some(301), Some(2), None, Some(44)])
        .build()
}

fn accounts() -> Table {
    TableBuilder::new("accounts", 5)
        .text("account", KEYS.to_vec())
        .text("name", vec!["Acme & Sons", "Bolt | Nut <Ltd>", "Cable [x](y)", "Delta", ""])
        .build()
}

fn growth() -> Table {
    TableBuilder::new("growth", 5)
        .text("account", KEYS.to_vec())
        .money("revenue_y0", vec![10_000_000, 9_000_000, 0, 3_000_000, 0])
        .money("revenue_y1", vec![11_000_000, 9_500_000, 0, 2_000_000, 0])
        .money("revenue_y2", vec![12_500_000, 8_000_000, 500_000, 1_000_050, 0])
        .money("revenue_y3", vec![14_000_000, 6_000_000, 2_000_000, 0, 300_000])
        .ratios("growth_y1", vec![Some(0.1), Some(0.0556), None, Some(-0.3333), None])
        .ratios("growth_y2", vec![Some(0.1364), Some(-0.1579), None, Some(-0.499975), None])
        .ratios("growth_y3", vec![Some(0.12), Some(-0.25), Some(3.0), Some(-1.0), None])
        .ratios("cagr", vec![Some(0.1187), Some(-0.1264), Some(3.0), Some(-1.0), None])
        .integers("growth_intervals", vec![Some(3), Some(3), Some(1), Some(3), None])
        .text("growth_status", vec!["ok", "ok", "short", "lost", "new"])
        .integers("years_grown", vec![3, 1, 1, 0, 0])
        .flags("constant_growth", vec![true, false, false, false, false])
        .build()
}

fn pareto() -> Table {
    TableBuilder::new("pareto", 5)
        .text("account", KEYS.to_vec())
        .money("revenue", vec![14_000_000, 6_000_000, 2_000_000, 0, 300_000])
        .integers("rank", vec![Some(1), Some(2), Some(3), None, Some(4)])
        .ratios("share", vec![Some(0.6278), Some(0.2691), Some(0.0897), None, Some(0.0135)])
        .ratios("cum_share", vec![Some(0.6278), Some(0.8969), Some(0.9865), None, Some(1.0)])
        .text("class", vec!["A", "A", "B", "none", "C"])
        .flags("vital_few", vec![true, true, false, false, false])
        .text("segment", vec!["north", "south", "south", "north", "north"])
        .build()
}

fn concentration() -> Table {
    TableBuilder::new("concentration", 3)
        .text("segment", vec!["all", "north", "south"])
        .integers("accounts", vec![4, 2, 2])
        .money("revenue", vec![22_300_000, 14_300_000, 8_000_000])
        .money("negative_revenue", vec![0, 0, 0])
        .money("unassigned_revenue", vec![0, 0, 0])
        .numbers("gini", vec![0.5056, 0.479, 0.25])
        .numbers("hhi", vec![4747.4, 9589.2, 6250.0])
        .numbers("effective_accounts", vec![2.1064, 1.0428, 1.6])
        .integers("n_cutoff", vec![2, 1, 2])
        .ratios("top1_share", vec![0.6278, 0.979, 0.75])
        .ratios("top5_share", vec![None::<f64>; 3])
        .ratios("top10_share", vec![None::<f64>; 3])
        .ratios("top20pct_share", vec![0.6278, 0.979, 0.75])
        .build()
}

fn profile() -> Table {
    TableBuilder::new("profile", 5)
        .text("account", KEYS.to_vec())
        .dates("last_date", vec![20452, 20301, 20440, 19950, 20400])
        .build()
}

fn scorecard() -> Table {
    TableBuilder::new("scorecard", 5)
        .text("account", KEYS.to_vec())
        .numbers("score", vec![Some(7.425), Some(4.5), Some(6.0), Some(1.0), None])
        .integers("rank", vec![Some(1), Some(3), Some(2), Some(4), None])
        .flags("rated", vec![true, true, true, true, false])
        .ratios("coverage", vec![1.0, 0.75, 0.75, 0.75, 0.25])
        .numbers("score_low", vec![7.425, 3.625, 4.75, 1.0, 1.0])
        .numbers("score_high", vec![7.425, 5.875, 7.0, 3.25, 8.5])
        .numbers("growth_score", vec![Some(7.0), Some(3.0), Some(10.0), Some(1.0), None])
        .numbers("close_ties_score", vec![Some(8.0), Some(6.0), None, None, None])
        .build()
}

fn contributions() -> Table {
    let sources = vec![
        "measured", "judged", "measured", "missing", "measured", "missing", "measured", "missing", "missing", "missing",
    ];
    TableBuilder::new("contributions", 10)
        .text("account", KEYS.iter().flat_map(|key| [*key, *key]).collect())
        .text("group", ["growth", "close_ties"].repeat(5))
        .text("criterion", ["revenue", "new_markets"].repeat(5))
        .text("source", sources)
        .build()
}

fn weights() -> Table {
    TableBuilder::new("weights", 2)
        .text("group", vec!["growth", "close_ties"])
        .text("criterion", vec!["revenue", "new_markets"])
        .text("source", vec!["measured", "judged"])
        .text("basis", vec!["growth.cagr", ""])
        .text("method", vec!["direct", "ahp"])
        .ratios("weight", vec![1.0, 1.0])
        .numbers("consistency_ratio", vec![None, Some(0.023)])
        .text("group_method", vec!["rank", "rank"])
        .numbers("group_consistency_ratio", vec![None::<f64>, None])
        .optional_text("random_index", vec![None, Some("Saaty 2005")])
        .ratios("effective_weight", vec![0.75, 0.25])
        .text("scale", vec!["-10% → 1, 0% → 4, 25% → 10", ""])
        .build()
}

/// Two raters who agree on nothing, an account that nobody knows, and two expired scores.
fn judgements() -> Table {
    TableBuilder::new("judgements", 5)
        .text("account", vec!["C-2", "C-2", "C-1", "C-9", "C-1"])
        .text("criterion", vec!["new_markets"; 5])
        .text("rater", vec!["eva", "zoe <b>", "eva", "eva", ""])
        .numbers("score", vec![8.0, 4.0, 7.0, 5.0, 6.0])
        .dates("date", vec![Some(20_400), None, Some(19_000), None, None])
        .flags("used", vec![true, true, false, false, false])
        .text("reason", vec!["", "", "expired", "unknown_account", "expired"])
        .build()
}

fn judgement_spread() -> Table {
    TableBuilder::new("judgement_spread", 1)
        .text("account", vec!["C-2"])
        .text("criterion", vec!["new_markets"])
        .integers("raters", vec![2])
        .numbers("score", vec![6.0])
        .numbers("lowest", vec![4.0])
        .numbers("highest", vec![8.0])
        .numbers("spread", vec![4.0])
        .build()
}

fn overrides() -> Table {
    TableBuilder::new("overrides", 5)
        .text("account", vec!["C-2", "C-3", "C-4", "C-5", "C-9"])
        .text("what", vec!["score", "new_markets", "decision", "decision", "sympathy"])
        .numbers("value", vec![Some(4.5), Some(7.0), None, None, None])
        .optional_text("decision", vec![None, None, Some("always"), Some("never"), None])
        .text("who", vec!["eva", "zoe | eva", "board", "board", ""])
        .text("why", vec!["merger", "<b>signed</b>", "pilot line", "default", ""])
        .dates("until", vec![Some(20_500), Some(20_400), None, Some(20_300), None])
        .text("status", vec!["active", "expired", "active", "expired", "unknown_account"])
        .numbers("was", vec![Some(4.75), None, None, None, None])
        .numbers("is", vec![Some(4.5), None, None, None, None])
        .build()
}

/// The largest account earns 2,000 and the second loses 5,000 of what the third and the last make: 9,000 and 1,000.
fn profitability() -> Table {
    TableBuilder::new("profitability", 5)
        .per_account()
        .text("account", KEYS.to_vec())
        .money("revenue", vec![14_000_000, 6_000_000, 2_000_000, 0, 300_000])
        .money("cost", vec![12_000_000, 5_500_000, 1_000_000, 0, 180_000])
        .money("gross_margin", vec![2_000_000, 500_000, 1_000_000, 0, 120_000])
        .money("cost_to_serve", vec![1_800_000, 1_000_000, 100_000, 0, 20_000])
        .money("net_margin", vec![200_000, -500_000, 900_000, 0, 100_000])
        .ratios("gross_margin_ratio", vec![Some(0.1429), Some(0.0833), Some(0.5), None, Some(0.4)])
        .ratios("net_margin_ratio", vec![Some(0.0143), Some(-0.0833), Some(0.45), None, Some(0.3333)])
        .integers("rank", vec![2, 5, 1, 4, 3])
        .ratios("cost_to_serve_ratio", vec![Some(0.1286), Some(0.1667), Some(0.05), None, Some(0.0667)])
        .build()
}

fn whale() -> Table {
    TableBuilder::new("whale", 1)
        .integers("accounts", vec![5])
        .integers("profitable_accounts", vec![3])
        .integers("unprofitable_accounts", vec![1])
        .money("net_margin", vec![700_000])
        .ratios("peak", vec![1_200.0 / 700.0])
        .ratios("erosion", vec![500.0 / 700.0])
        .money("peak_amount", vec![1_200_000])
        .integers("accounts_for_all_profit", vec![1])
        .build()
}

fn cost_rows() -> Table {
    TableBuilder::new("cost_rows", 5)
        .money("amount", vec![Some(2_900_000), Some(20_000), Some(70_000), None, Some(4_050)])
        .flags("used", vec![true, true, false, false, false])
        .text("reason", vec!["", "", "outside_window", "unreadable_amount", "unknown_account"])
        .build()
}
