//! All that the tables of a run say about one account, side by side.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::Inputs;
use super::judging::overridden;
use crate::table::Table;

/// One account in the lists of a report. What no table says is none, or an empty list.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Account {
    /// The key of the account in the ledger.
    pub key: String,
    /// What to call it: the name with the key in parentheses, or the key.
    pub name: String,
    pub segment: Option<String>,
    /// Revenue over the years of the ranking.
    pub revenue: Option<i64>,
    pub rank: Option<i64>,
    pub share: Option<f64>,
    pub cum_share: Option<f64>,
    /// `A`, `B`, `C` or none.
    pub class: Option<String>,
    pub vital_few: bool,
    /// Revenue of each year of the window, the oldest first.
    pub revenues: Vec<i64>,
    /// Growth of each year of the window over the one before it.
    pub growths: Vec<Option<f64>>,
    pub cagr: Option<f64>,
    pub growth_status: Option<String>,
    pub constant_growth: bool,
    /// Revenue of the year before the last, of the last, and what lies between them.
    pub previous_revenue: i64,
    pub last_revenue: i64,
    pub change: i128,
    pub last_growth: Option<f64>,
    pub score: Option<f64>,
    pub score_rank: Option<i64>,
    /// None where the account is not in the scorecard.
    pub rated: Option<bool>,
    pub coverage: Option<f64>,
    pub score_low: Option<f64>,
    pub score_high: Option<f64>,
    /// Whether an override acts on the score.
    pub overridden: bool,
    /// A score for each group of the scorecard, in its order.
    pub group_scores: Vec<Option<f64>>,
    pub last_invoice: Option<i32>,
}

impl Account {
    pub(super) fn is_lost(&self) -> bool {
        self.growth_status.as_deref() == Some("lost")
    }

    /// Largest revenue first, then by key.
    pub(super) fn by_revenue(&self) -> (Reverse<Option<i64>>, &str) {
        (Reverse(self.revenue), &self.key)
    }
}

/// The accounts of all tables, by key.
pub(super) type Accounts = BTreeMap<String, Account>;

/// What to call the account of a key, which may be in no table.
pub(super) fn called(key: &str, accounts: &Accounts) -> String {
    accounts.get(key).map_or(key, |account| &account.name).to_owned()
}

pub(super) fn gather(inputs: &Inputs) -> Accounts {
    let mut accounts = Accounts::new();
    if let Some(table) = inputs.pareto {
        add_standing(&mut accounts, table);
    }
    if let Some(table) = inputs.growth {
        add_growth(&mut accounts, table);
    }
    if let Some(table) = inputs.scorecard {
        add_scores(&mut accounts, table);
    }
    if let Some(table) = inputs.overrides {
        for key in overridden(table) {
            entry(&mut accounts, key).overridden = true;
        }
    }
    if let Some(table) = inputs.profile {
        add_last_invoices(&mut accounts, table);
    }
    // A list keeps telling of accounts after their last line is gone.
    for table in [inputs.selection, inputs.changes].into_iter().flatten() {
        for key in table.text("account") {
            entry(&mut accounts, key);
        }
    }
    if let Some(table) = inputs.accounts {
        add_names(&mut accounts, table);
    }
    accounts
}

fn entry<'a>(accounts: &'a mut Accounts, key: &str) -> &'a mut Account {
    accounts.entry(key.to_owned()).or_insert_with(|| Account {
        key: key.to_owned(),
        name: key.to_owned(),
        ..Account::default()
    })
}

fn add_standing(accounts: &mut Accounts, table: &Table) {
    let segments = table.spec.column("segment").map(|_| table.text("segment"));
    let (revenues, ranks) = (table.integers("revenue"), table.integers("rank"));
    let (shares, cum_shares) = (table.numbers("share"), table.numbers("cum_share"));
    let (classes, vital_few) = (table.text("class"), table.flags("vital_few"));
    for (row, key) in table.text("account").into_iter().enumerate() {
        let account = entry(accounts, key);
        account.segment = segments.as_ref().map(|segments| segments[row].to_owned());
        account.revenue = revenues[row];
        account.rank = ranks[row];
        account.share = shares[row];
        account.cum_share = cum_shares[row];
        account.class = Some(classes[row]).filter(|class| *class != "none").map(str::to_owned);
        account.vital_few = vital_few[row];
    }
}

/// How many growth intervals a growth table spans: the highest n of its columns `growth_yn`.
pub(super) fn intervals(growth: &Table) -> usize {
    (1..).take_while(|year| growth.spec.column(&format!("growth_y{year}")).is_some()).count()
}

/// The revenue columns of a growth table, y0 first.
pub(super) fn yearly_revenues(growth: &Table) -> Vec<Vec<i64>> {
    let column = |year| growth.integers(&format!("revenue_y{year}")).into_iter().map(Option::unwrap_or_default);
    (0..=intervals(growth)).map(|year| column(year).collect()).collect()
}

fn add_growth(accounts: &mut Accounts, table: &Table) {
    let revenues = yearly_revenues(table);
    let growths: Vec<_> = (1..revenues.len()).map(|year| table.numbers(&format!("growth_y{year}"))).collect();
    let (cagr, statuses) = (table.numbers("cagr"), table.text("growth_status"));
    let constant_growth = table.flags("constant_growth");
    for (row, key) in table.text("account").into_iter().enumerate() {
        let account = entry(accounts, key);
        account.revenues = revenues.iter().map(|year| year[row]).collect();
        account.growths = growths.iter().map(|year| year[row]).collect();
        account.cagr = cagr[row];
        account.growth_status = Some(statuses[row].to_owned());
        account.constant_growth = constant_growth[row];
        account.last_growth = account.growths.last().copied().flatten();
        if let [.., previous, last] = account.revenues[..] {
            account.previous_revenue = previous;
            account.last_revenue = last;
            account.change = i128::from(last) - i128::from(previous);
        }
    }
}

/// The columns of a scorecard that hold the score of a group, and the groups.
pub(super) fn groups(scorecard: &Table) -> impl Iterator<Item = (&str, &str)> {
    let names = scorecard.spec.columns.iter().map(|column| column.name.as_str());
    names.filter_map(|name| name.strip_suffix("_score").map(|group| (name, group)))
}

fn add_scores(accounts: &mut Accounts, table: &Table) {
    let (scores, ranks, rated) = (table.numbers("score"), table.integers("rank"), table.flags("rated"));
    let coverage = table.numbers("coverage");
    let (low, high) = (table.numbers("score_low"), table.numbers("score_high"));
    let groups: Vec<_> = groups(table).map(|(column, _)| table.numbers(column)).collect();
    for (row, key) in table.text("account").into_iter().enumerate() {
        let account = entry(accounts, key);
        account.score = scores[row];
        account.score_rank = ranks[row];
        account.rated = Some(rated[row]);
        account.coverage = coverage[row];
        account.score_low = low[row];
        account.score_high = high[row];
        account.group_scores = groups.iter().map(|group| group[row]).collect();
    }
}

fn add_last_invoices(accounts: &mut Accounts, table: &Table) {
    for (key, date) in table.text("account").into_iter().zip(table.dates("last_date")) {
        if let Some(account) = accounts.get_mut(key) {
            account.last_invoice = date;
        }
    }
}

fn add_names(accounts: &mut Accounts, table: &Table) {
    for (key, name) in named(table) {
        if let Some(account) = accounts.get_mut(key) {
            account.name = name;
        }
    }
}

/// The accounts that have a name, with the key behind it.
fn named(table: &Table) -> Vec<(&str, String)> {
    // The attributes are the user's to choose; without a name the key has to do.
    if table.spec.column("name").is_none() {
        return Vec::new();
    }
    let pairs = table.text("account").into_iter().zip(table.text("name"));
    let pairs = pairs.map(|(key, name)| (key, name.trim()));
    pairs
        .filter(|(key, name)| !name.is_empty() && name != key)
        .map(|(key, name)| (key, format!("{name} ({key})")))
        .collect()
}
