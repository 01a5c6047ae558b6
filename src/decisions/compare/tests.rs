//! Whole comparisons of scorecards made at random.

use super::compared;
use super::side::{DeclaredScale, Side};
use crate::outputs::locale::Language;
use crate::scoring::config::{BoundBasis, BoundCriterion, Missing};
use crate::scoring::scale::Scale;
use crate::scoring::tables::{Names, Scores};
use crate::scoring::weights::{Method, Weighing};
use crate::table::{ColumnSpec, Meaning, Table};
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const POLICIES: [Missing; 3] = [Missing::Renormalise, Missing::Neutral, Missing::Pessimistic];

const CRITERIA: [&str; 4] = ["a", "b", "c", "d"];

const ACCOUNTS: [&str; 4] = ["A", "B", "C", "D"];

/// The first is judged, the others measured.
const SCALES: [[(f64, f64); 2]; 3] = [[(0.0, 1.0), (9.0, 10.0)], [(0.0, 1.0), (4.0, 10.0)], [(2.0, 9.0), (6.0, 3.0)]];

/// A criterion of one side: its weight, its scale (the last for a judged one), and a value for each account.
type Criterion = Option<(f64, usize, [Option<f64>; 4])>;

/// The criteria of one side, its policy, the accounts whose whole score is set, and the cells that are.
type Card = ([Criterion; 4], usize, [Option<f64>; 4], BTreeSet<(usize, usize)>);

fn card() -> impl Strategy<Value = Card> {
    let values = || proptest::array::uniform4(proptest::option::weighted(0.8, (1..10i32).prop_map(f64::from)));
    let criterion = || proptest::option::weighted(0.8, (0.05f64..1.0, 0usize..4, values()));
    let set = proptest::array::uniform4(proptest::option::weighted(0.2, 1.0f64..10.0));
    let cells = proptest::collection::btree_set((0usize..4, 0usize..4), 0..2);
    (proptest::array::uniform4(criterion()), 0usize..3, set, cells)
}

fn side((criteria, policy, set, cells): &Card) -> Side {
    let total: f64 = criteria.iter().flatten().map(|criterion| criterion.0).sum();
    let weighing = Weighing { method: Method::Direct, consistency_ratio: None };
    let mut side = Side::default();
    let mut bound = Vec::new();
    let mut columns = Vec::new();
    let mut replaced = BTreeSet::new();
    for (place, criterion) in criteria.iter().enumerate() {
        let Some((weight, scale, values)) = criterion else { continue };
        let (basis, values, mut scores) = match SCALES.get(*scale) {
            None => (BoundBasis::Judged, vec![None; 4], values.to_vec()),
            Some(points) => {
                let scale = Scale::Anchors(points.to_vec());
                let content = points.map(|(at, score)| json!([format!("{at}"), format!("{score}")]));
                side.declared.scales.insert(CRITERIA[place].to_owned(), DeclaredScale::of(&json!(content)));
                let scores = scale.scores(values);
                let column = ColumnSpec::new("value", Meaning::Number);
                (BoundBasis::Measured { table: "facts".to_owned(), column, scale }, values.to_vec(), scores)
            }
        };
        for (account, score) in scores.iter_mut().enumerate().filter(|(account, _)| cells.contains(&(place, *account)))
        {
            *score = Some(7.5);
            replaced.insert((account, bound.len()));
        }
        let weight = weight / total;
        let name = CRITERIA[place].to_owned();
        bound.push(BoundCriterion {
            group: 0,
            name,
            weight,
            group_weight: 1.0,
            effective_weight: weight,
            weighing,
            group_weighing: weighing,
            basis,
        });
        columns.push((values, scores));
    }
    let mut scores = Scores::new(&ACCOUNTS, &bound, columns, POLICIES[*policy]).with_replaced(replaced);
    for (account, value) in set.iter().enumerate() {
        value.map(|value| scores.fix(account, value));
    }
    let accounts = Table::of_accounts(&ACCOUNTS);
    let tables = scores.tables(&Names::of("scorecard"), &["all".to_owned()], 0.0, &accounts);
    let [scorecard, contributions, weights] = <[_; 3]>::try_from(tables).unwrap();
    side.tables.scorecard = Some(scorecard);
    side.tables.contributions = Some(contributions);
    side.tables.weights = Some(weights);
    side.declared.missing = Some(POLICIES[*policy]);
    side
}

proptest! {
    #[test]
    fn the_drivers_of_every_account_add_up(was in card(), is in card()) {
        // Every scorecard has a criterion.
        prop_assume!([&was, &is].into_iter().all(|card| card.0.iter().any(Option::is_some)));
        let (old, new) = (side(&was), side(&is));
        let found = compared(&old, &new, Language::English).unwrap();
        for change in &found.changes {
            let Some(delta) = change.delta else { continue };
            let drivers = change.drivers.as_ref().unwrap();
            let sum: f64 = drivers.iter().map(|driver| driver.customer + driver.weights).sum();
            prop_assert!((sum - delta).abs() < 1e-9, "{} {} {:?}", sum, delta, drivers);
            prop_assert!((change.customer().unwrap() + change.weights().unwrap() - delta).abs() < 1e-9);
        }
    }

    /// Where all is known and the scales are those of before the parts are the midpoints.
    #[test]
    fn in_the_plain_case_the_parts_are_the_midpoints(was in card(), is in card()) {
        let plain = |card: &Card, scales: &Card| -> Card {
            let criterion = |(mine, scale): (&Criterion, &Criterion)| {
                let (weight, _, values) = mine.unwrap_or((0.5, 0, [Some(5.0); 4]));
                let scale = scale.map_or(0, |scale| scale.1);
                Some((weight, scale, values.map(|value| Some(value.unwrap_or(3.0)))))
            };
            let criteria: Vec<Criterion> = card.0.iter().zip(&scales.0).map(criterion).collect();
            (<[Criterion; 4]>::try_from(criteria).unwrap(), card.1, [None; 4], BTreeSet::new())
        };
        let (was, is) = (plain(&was, &was), plain(&is, &was));
        let (old, new) = (side(&was), side(&is));
        let found = compared(&old, &new, Language::English).unwrap();
        let total = |card: &Card| card.0.iter().flatten().map(|criterion| criterion.0).sum::<f64>();
        let totals = (total(&was), total(&is));
        for (account, change) in found.changes.iter().enumerate() {
            let drivers: BTreeMap<&str, (f64, f64)> = change
                .drivers
                .iter()
                .flatten()
                .map(|driver| (driver.name, (driver.customer, driver.weights)))
                .collect();
            for (place, name) in CRITERIA.iter().enumerate() {
                let of = |card: &Card, total: f64| {
                    let (weight, scale, values) = card.0[place].unwrap();
                    let value = values[account];
                    let score = SCALES.get(scale).map_or(value, |points| Scale::Anchors(points.to_vec()).scores(&[value])[0]);
                    (weight / total, score.unwrap())
                };
                let ((w0, s0), (w1, s1)) = (of(&was, totals.0), of(&is, totals.1));
                let (customer, weights) = drivers.get(name).copied().unwrap_or_default();
                prop_assert!((customer - (w0 + w1) / 2.0 * (s1 - s0)).abs() < 1e-9, "{} {}", account, name);
                prop_assert!((weights - (s0 + s1) / 2.0 * (w1 - w0)).abs() < 1e-9, "{} {}", account, name);
            }
        }
    }
}
