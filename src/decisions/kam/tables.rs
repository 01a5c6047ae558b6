//! The tables of a plan.

use super::plan::{Assignment, Load, Need, Plan};
use super::sheets::{self, Manager, Unused};
use crate::failure::Failure;
use crate::table::{Table, TableBuilder, name_of};

/// How the tables are called.
#[derive(Debug, Clone)]
pub struct Names {
    kam: String,
    assignments: String,
    training_needs: String,
    unused_rows: String,
}

impl Names {
    pub fn of(id: &str) -> Self {
        let name = |table| name_of(id, "kam", table);
        Self {
            kam: id.to_owned(),
            assignments: name("assignments"),
            training_needs: name("training_needs"),
            unused_rows: name("unused_rows"),
        }
    }
}

/// The managers and their load, the assignments, the training needs, and the rows that do not count.
///
/// # Errors
/// Where a sum of revenue leaves 64 bits.
pub fn tables(names: &Names, managers: &[Manager], plan: &Plan, unused: &[Unused]) -> Result<Vec<Table>, Failure> {
    Ok(vec![
        loads(&names.kam, managers, &plan.loads).ok_or_else(too_large)?,
        assignments(&names.assignments, managers, &plan.assignments),
        needs(&names.training_needs, managers, &plan.needs).ok_or_else(too_large)?,
        sheets::table(&names.unused_rows, unused),
    ])
}

fn too_large() -> Failure {
    Failure::run("a sum of revenue is too large for 64 bits")
}

fn money(sums: impl Iterator<Item = i128>) -> Option<Vec<i64>> {
    sums.map(|sum| i64::try_from(sum).ok()).collect()
}

fn loads(name: &str, managers: &[Manager], loads: &[Load]) -> Option<Table> {
    let counts = |count: fn(&Load) -> i64| loads.iter().map(count).collect::<Vec<i64>>();
    let capacities: Vec<i64> = managers.iter().map(|manager| manager.capacity).collect();
    let free = |(capacity, load): (&i64, &Load)| capacity - load.accounts - load.proposed;
    let is_over = |(capacity, load): (&i64, &Load)| load.accounts > *capacity;
    let table = TableBuilder::new(name, managers.len())
        .text("manager", managers.iter().map(|manager| &manager.name).collect())
        .integers("capacity", capacities.clone())
        .integers("accounts", counts(|load| load.accounts))
        .integers("proposed", counts(|load| load.proposed))
        .integers("free", capacities.iter().zip(loads).map(free).collect::<Vec<_>>())
        .flags("over_capacity", capacities.iter().zip(loads).map(is_over).collect())
        .money("revenue", money(loads.iter().map(|load| load.revenue))?)
        .money("proposed_revenue", money(loads.iter().map(|load| load.proposed_revenue))?)
        .numbers("effort", loads.iter().map(|load| load.effort).collect::<Vec<_>>())
        .build();
    Some(table)
}

fn assignments(name: &str, managers: &[Manager], assignments: &[Assignment]) -> Table {
    let manager = |row: &Assignment| row.manager.and_then(|place| managers.get(place)).map(|manager| &manager.name);
    TableBuilder::new(name, assignments.len())
        .per_account()
        .text("account", assignments.iter().map(|row| row.account.name).collect())
        .optional_text("manager", assignments.iter().map(manager).collect())
        .flags("proposed", assignments.iter().map(|row| row.proposed).collect())
        .optional_text("current_manager", assignments.iter().map(|row| row.account.current).collect())
        .ratios("fit", assignments.iter().map(|row| row.fit.fit).collect::<Vec<_>>())
        .ratios("skills_met", assignments.iter().map(|row| row.fit.skills).collect::<Vec<_>>())
        .optional_flags("region_fits", assignments.iter().map(|row| row.fit.region).collect())
        .optional_flags("language_fits", assignments.iter().map(|row| row.fit.language).collect())
        .numbers("score", assignments.iter().map(|row| row.account.score).collect::<Vec<_>>())
        .money("revenue", assignments.iter().map(|row| row.account.revenue).collect::<Vec<_>>())
        .build()
}

fn needs(name: &str, managers: &[Manager], needs: &[Need]) -> Option<Table> {
    let manager = |need: &Need| managers.get(need.manager).map(|manager| &manager.name);
    let levels = |value: fn(&Need) -> Option<i64>| -> Vec<Option<f64>> {
        needs.iter().map(|need| value(need).map(|level| level as f64 / 10_000.0)).collect()
    };
    let table = TableBuilder::new(name, needs.len())
        .optional_text("manager", needs.iter().map(manager).collect())
        .text("skill", needs.iter().map(|need| need.skill).collect())
        .numbers("required", levels(|need| Some(need.required)))
        .numbers("level", levels(|need| need.level))
        .numbers("gap", levels(|need| Some(need.gap())))
        .integers("accounts", needs.iter().map(|need| need.accounts).collect::<Vec<_>>())
        .money("revenue_at_stake", money(needs.iter().map(|need| need.revenue))?)
        .build();
    Some(table)
}
