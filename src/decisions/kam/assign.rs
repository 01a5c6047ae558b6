//! Which manager takes which account: the greatest total fit within the places that are free.
//!
//! This is the assignment problem, solved by the method of Kuhn (1955) and Munkres (1957): accounts are rows, and each
//! free place of a manager is a column.

use pathfinding::prelude::{Matrix, kuhn_munkres};

/// The most accounts that are assigned at once.
const LARGEST_BLOCK: usize = 1_000;

/// The most work of one block: its accounts, squared, times its places. A thousand accounts for a thousand places.
const LARGEST_COST: usize = 1_000_000_000;

/// Gives accounts, the best first, to managers, by name, of which each has so many free places; `fit` in millionths, from
/// 0 to 1 000 000. The first accounts have priority: where places are fewer, the last get none.
///
/// The total fit of the result is the greatest there is. Of assignments with the same total, the one is taken that gives
/// the better accounts to the managers that come first by name. Accounts past what can be solved at once are assigned in
/// blocks, one after the other; the total is then the greatest within each block.
pub fn propose(accounts: usize, free: &[usize], fit: impl Fn(usize, usize) -> i64) -> Vec<Option<usize>> {
    propose_within(LARGEST_COST, accounts, free, fit)
}

/// As [`propose`], in blocks of no more work than this.
pub(super) fn propose_within(
    cost: usize,
    accounts: usize,
    free: &[usize],
    fit: impl Fn(usize, usize) -> i64,
) -> Vec<Option<usize>> {
    let mut free = free.to_vec();
    let mut found: Vec<Option<usize>> = Vec::with_capacity(accounts);
    while found.len() < accounts {
        let first = found.len();
        let size = block(cost, accounts - first, &free);
        if size == 0 {
            break;
        }
        for manager in solve(size, &free, |row, manager| fit(first + row, manager)) {
            if let Some(free) = free.get_mut(manager) {
                *free -= 1;
            }
            found.push(Some(manager));
        }
    }
    found.resize(accounts, None);
    found
}

/// How many of the next accounts are assigned at once: no more than there are places, and than can be solved.
fn block(cost: usize, accounts: usize, free: &[usize]) -> usize {
    let places = |size: usize| free.iter().map(|free| *free.min(&size)).sum::<usize>();
    let most = accounts.min(LARGEST_BLOCK);
    let most = most.min(places(most));
    (1..=most).rev().find(|size| size * size * places(*size) <= cost).unwrap_or(most.min(1))
}

/// The manager of each account of a block, for which there are places enough.
fn solve(size: usize, free: &[usize], fit: impl Fn(usize, usize) -> i64) -> Vec<usize> {
    // Managers without a place left take no part, or a large team would make the weights too large.
    let open = free.iter().enumerate().filter(|(_, free)| **free > 0).enumerate();
    // The place of the manager among those that take part, and in the team.
    let places: Vec<(usize, usize)> =
        open.flat_map(|(order, (manager, free))| std::iter::repeat_n((order, manager), *free.min(&size))).collect();
    // Preferences among equals add up to less than one millionth of fit. The square of the accounts times the managers is
    // no more than the work of a block, and 10^6 · 10^9 · 10^3 stays within 64 bits.
    let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let (rows, managers) = (whole(size), places.last().map_or(0, |(order, _)| whole(*order) + 1));
    let one = rows * rows * managers + 1;
    let weight = |(row, column): (usize, usize)| {
        let (order, manager) = places.get(column).copied().unwrap_or_default();
        let preference = (rows - whole(row)) * (managers - whole(order));
        fit(row, manager) * one + preference
    };
    let (_, columns) = kuhn_munkres(&Matrix::from_fn(size, places.len(), weight));
    columns.into_iter().filter_map(|column| places.get(column).map(|(_, manager)| *manager)).collect()
}
