//! Who looks after the key accounts: the load of each manager, proposals, and what there is to learn.

use std::collections::BTreeMap;

use serde::Serialize;

use super::account::{Accounts, called};
use super::{Inputs, Listing};
use crate::table::Table;

/// The section on managers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kam {
    /// Key accounts in all, those with a manager, with a proposal, and with neither.
    pub accounts: usize,
    pub managed: usize,
    pub proposed: usize,
    pub without: usize,
    /// Key accounts that the managers have time for.
    pub capacity: i64,
    /// Managers with more accounts than time.
    pub over: usize,
    /// By name.
    pub managers: Listing<Load>,
    /// Accounts without a manager, the best by score first.
    pub seekers: Listing<Seeker>,
    /// By the revenue that depends on it; none without the table.
    pub needs: Option<Listing<Need>>,
    /// Rows of the sheets that do not count, and why.
    pub unused_rows: i64,
    pub unused: Vec<Unused>,
}

/// One manager.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    pub manager: String,
    pub capacity: Option<i64>,
    pub accounts: Option<i64>,
    pub proposed: Option<i64>,
    pub free: Option<i64>,
    pub revenue: Option<i64>,
    pub effort: Option<f64>,
}

/// A key account that nobody of the team has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seeker {
    pub name: String,
    pub score: Option<f64>,
    /// Who has it now and is not in the team.
    pub current: Option<String>,
    /// Who is proposed.
    pub manager: Option<String>,
    pub fit: Option<f64>,
    pub skills_met: Option<f64>,
    pub region_fits: Option<bool>,
    pub language_fits: Option<bool>,
}

/// A skill that a manager lacks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Need {
    pub manager: String,
    pub skill: String,
    pub required: Option<f64>,
    pub level: Option<f64>,
    pub gap: Option<f64>,
    pub accounts: Option<i64>,
    pub revenue: Option<i64>,
}

/// Rows of one sheet that do not count for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unused {
    pub sheet: String,
    pub reason: String,
    pub rows: i64,
}

pub(super) fn kam(inputs: &Inputs, accounts: &Accounts, top: usize) -> Option<Kam> {
    let (loads, assignments) = inputs.kam.zip(inputs.assignments)?;
    let (managers, proposed) = (assignments.optional_text("manager"), assignments.flags("proposed"));
    let proposals = proposed.iter().filter(|proposed| **proposed).count();
    let managed = managers.iter().flatten().count() - proposals;
    let unused = inputs.unused_rows.map(unused).unwrap_or_default();
    Some(Kam {
        accounts: managers.len(),
        managed,
        proposed: proposals,
        without: managers.len() - managed - proposals,
        capacity: loads.integers("capacity").into_iter().flatten().sum(),
        over: loads.flags("over_capacity").into_iter().filter(|over| *over).count(),
        managers: Listing::cut(self::loads(loads), top),
        seekers: Listing::cut(seekers(assignments, accounts), top),
        needs: inputs.training_needs.map(|table| Listing::cut(needs(table), top)),
        unused_rows: unused.iter().map(|row| row.rows).sum(),
        unused,
    })
}

fn loads(table: &Table) -> Vec<Load> {
    let counts = ["capacity", "accounts", "proposed", "free", "revenue"].map(|column| table.integers(column));
    let efforts = table.numbers("effort");
    let load = |(row, manager): (usize, &str)| Load {
        manager: manager.to_owned(),
        capacity: counts[0][row],
        accounts: counts[1][row],
        proposed: counts[2][row],
        free: counts[3][row],
        revenue: counts[4][row],
        effort: efforts[row],
    };
    table.text("manager").into_iter().enumerate().map(load).collect()
}

fn seekers(table: &Table, accounts: &Accounts) -> Vec<Seeker> {
    let (managers, current) = (table.optional_text("manager"), table.optional_text("current_manager"));
    let proposed = table.flags("proposed");
    let [fits, skills_met, scores] = ["fit", "skills_met", "score"].map(|column| table.numbers(column));
    let [regions, languages] = ["region_fits", "language_fits"].map(|column| table.optional_flags(column));
    let seeks = |(row, _): &(usize, &str)| proposed[*row] || managers[*row].is_none();
    let seeker = |(row, key): (usize, &str)| Seeker {
        name: called(key, accounts),
        score: scores[row],
        current: current[row].map(str::to_owned),
        manager: managers[row].map(str::to_owned),
        fit: fits[row],
        skills_met: skills_met[row],
        region_fits: regions[row],
        language_fits: languages[row],
    };
    let mut seekers: Vec<Seeker> = table.text("account").into_iter().enumerate().filter(seeks).map(seeker).collect();
    // Stable: the table is by account.
    seekers.sort_by(|a, b| b.score.unwrap_or_default().total_cmp(&a.score.unwrap_or_default()));
    seekers
}

fn needs(table: &Table) -> Vec<Need> {
    let [required, levels, gaps] = ["required", "level", "gap"].map(|column| table.numbers(column));
    let (accounts, revenues) = (table.integers("accounts"), table.integers("revenue_at_stake"));
    let need = |(row, (manager, skill)): (usize, (&str, &str))| Need {
        manager: manager.to_owned(),
        skill: skill.to_owned(),
        required: required[row],
        level: levels[row],
        gap: gaps[row],
        accounts: accounts[row],
        revenue: revenues[row],
    };
    table.text("manager").into_iter().zip(table.text("skill")).enumerate().map(need).collect()
}

fn unused(table: &Table) -> Vec<Unused> {
    let mut counts: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for place in table.text("sheet").into_iter().zip(table.text("reason")) {
        *counts.entry(place).or_default() += 1;
    }
    let row = |((sheet, reason), rows): ((&str, &str), i64)| Unused {
        sheet: sheet.to_owned(),
        reason: reason.to_owned(),
        rows,
    };
    counts.into_iter().map(row).collect()
}
