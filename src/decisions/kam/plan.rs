//! The plan: who has which account now, who is proposed for those that nobody has, and what follows for each manager.

use super::assign::propose;
use super::fit::{Fit, Places, Weights};
use super::sheets::{Manager, Requirements, key, names};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A key account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account<'a> {
    pub name: &'a str,
    pub score: Option<f64>,
    /// Of the last complete fiscal year, in minor units.
    pub revenue: i64,
    pub segment: Option<&'a str>,
    pub region: Option<&'a str>,
    pub language: Option<&'a str>,
    /// Who looks after it, as the assignments call them.
    pub current: Option<&'a str>,
}

/// Who looks after an account, or should.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment<'a> {
    pub account: Account<'a>,
    /// The place of the manager; none where nobody has the account and there is no place for it.
    pub manager: Option<usize>,
    pub proposed: bool,
    pub fit: Fit,
}

/// What a manager has to look after.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Load {
    /// Accounts now, and those proposed.
    pub accounts: i64,
    pub proposed: i64,
    /// Revenue of the accounts now, and of those proposed.
    pub revenue: i128,
    pub proposed_revenue: i128,
    /// Tenths of the scores of the accounts now, added up.
    pub effort: f64,
}

/// A skill that a manager's accounts ask for and the manager lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need<'a> {
    pub manager: usize,
    pub skill: &'a str,
    /// The highest level that an account of theirs asks for, in ten-thousandths.
    pub required: i64,
    /// Nothing where nobody has said.
    pub level: Option<i64>,
    /// Accounts that ask for more than there is, and what they bring in.
    pub accounts: i64,
    pub revenue: i128,
}

impl Need<'_> {
    /// What is missing; a skill that nobody has spoken of is missing altogether.
    pub fn gap(&self) -> i64 {
        self.required - self.level.unwrap_or_default()
    }
}

/// What is known of a team and of what accounts ask of it.
#[derive(Debug, Clone, Copy)]
pub struct Team<'a> {
    /// By name.
    pub managers: &'a [Manager],
    pub requirements: &'a Requirements,
    pub weights: Weights,
}

/// The plan for all key accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<'a> {
    /// By account.
    pub assignments: Vec<Assignment<'a>>,
    /// One for each manager.
    pub loads: Vec<Load>,
    /// By revenue, the highest first, then by manager and skill.
    pub needs: Vec<Need<'a>>,
}

/// What of an account its fit with a manager rests on.
struct Profile<'a> {
    needs: BTreeMap<&'a str, i64>,
    regions: BTreeSet<String>,
    languages: BTreeSet<String>,
}

impl<'a> Team<'a> {
    /// Keeps who has an account now, and proposes managers for the others.
    pub fn plan<'t>(&self, mut accounts: Vec<Account<'t>>) -> Plan<'t>
    where
        'a: 't,
    {
        accounts.sort_by(|a, b| a.name.cmp(b.name));
        let profiles: Vec<Profile> = accounts.iter().map(|account| self.profile(account)).collect();
        let places: BTreeMap<String, usize> =
            self.managers.iter().enumerate().map(|(place, manager)| (key(&manager.name), place)).collect();
        let current: Vec<Option<usize>> =
            accounts.iter().map(|account| places.get(&key(account.current?)).copied()).collect();
        let proposed = self.proposals(&accounts, &profiles, &current);
        let assignments = accounts.into_iter().zip(&profiles).zip(current.iter().zip(&proposed));
        let assignments = assignments.map(|((account, profile), (current, proposed))| {
            let manager = current.or(*proposed);
            let fit = manager.map(|manager| self.fit(profile, manager)).unwrap_or_default();
            Assignment { account, manager, proposed: proposed.is_some(), fit }
        });
        let assignments: Vec<Assignment> = assignments.collect();
        Plan { loads: self.loads(&assignments), needs: self.needs(&assignments, &profiles), assignments }
    }

    fn profile(&self, account: &Account) -> Profile<'a> {
        let listed = |cell: Option<&str>| cell.map(names).unwrap_or_default();
        Profile {
            needs: self.requirements.of(account.name, account.segment),
            regions: listed(account.region),
            languages: listed(account.language),
        }
    }

    fn fit(&self, profile: &Profile, manager: usize) -> Fit {
        let places = Places { regions: &profile.regions, languages: &profile.languages };
        let fit = |manager| Fit::of(&profile.needs, places, manager, self.weights);
        self.managers.get(manager).map(fit).unwrap_or_default()
    }

    /// Managers for the accounts that have none, the best by score first where places are fewer.
    fn proposals(&self, accounts: &[Account], profiles: &[Profile], current: &[Option<usize>]) -> Vec<Option<usize>> {
        let mut free: Vec<i64> = self.managers.iter().map(|manager| manager.capacity).collect();
        for manager in current.iter().flatten() {
            if let Some(free) = free.get_mut(*manager) {
                *free -= 1;
            }
        }
        let free: Vec<usize> = free.into_iter().map(|free| usize::try_from(free).unwrap_or_default()).collect();
        let mut seekers: Vec<usize> = (0..accounts.len()).filter(|row| current.get(*row) == Some(&None)).collect();
        // Stable: of equal scores the first by account comes first. An account without a score comes last.
        let score = |row: &usize| accounts.get(*row).and_then(|account| account.score).unwrap_or_default();
        seekers.sort_by(|a, b| score(b).total_cmp(&score(a)));
        let fit = |seeker: usize, manager: usize| {
            let profile = seekers.get(seeker).and_then(|row| profiles.get(*row));
            profile.map(|profile| self.fit(profile, manager).millionths()).unwrap_or_default()
        };
        let mut proposed = vec![None; accounts.len()];
        for (row, manager) in seekers.iter().zip(propose(seekers.len(), &free, fit)) {
            if let Some(slot) = proposed.get_mut(*row) {
                *slot = manager;
            }
        }
        proposed
    }

    fn loads(&self, assignments: &[Assignment]) -> Vec<Load> {
        let mut loads = vec![Load::default(); self.managers.len()];
        for assignment in assignments {
            let Some(load) = assignment.manager.and_then(|manager| loads.get_mut(manager)) else { continue };
            let revenue = i128::from(assignment.account.revenue);
            if assignment.proposed {
                load.proposed += 1;
                load.proposed_revenue += revenue;
            } else {
                load.accounts += 1;
                load.revenue += revenue;
                load.effort += assignment.account.score.unwrap_or_default() / 10.0;
            }
        }
        loads
    }

    /// What managers lack for the accounts that they have and for those proposed to them.
    fn needs(&self, assignments: &[Assignment], profiles: &[Profile<'a>]) -> Vec<Need<'a>> {
        let mut needs: BTreeMap<(usize, &str), Need> = BTreeMap::new();
        for (assignment, profile) in assignments.iter().zip(profiles) {
            let Some((place, manager)) = assignment.manager.and_then(|place| Some((place, self.managers.get(place)?)))
            else {
                continue;
            };
            for (skill, required) in &profile.needs {
                let level = manager.levels.get(*skill).copied();
                if level.unwrap_or_default() >= *required {
                    continue;
                }
                let none = Need { manager: place, skill, required: 0, level, accounts: 0, revenue: 0 };
                let need = needs.entry((place, skill)).or_insert(none);
                need.required = need.required.max(*required);
                need.accounts += 1;
                need.revenue += i128::from(assignment.account.revenue);
            }
        }
        let mut needs: Vec<Need> = needs.into_values().collect();
        // Stable: managers are in the order of their names.
        needs.sort_by_key(|need| Reverse(need.revenue));
        needs
    }
}
