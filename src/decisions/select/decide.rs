//! Who is on the list: a rule, the accounts, and who was on it before.
//!
//! Barred accounts come first, for they are off it whatever else holds, then the protected ones, then those that stay,
//! then those that enter, the best first, while there are places. What is decided does not depend on the order of the
//! accounts.

use super::places::Places;
use super::reason::Reason;
use super::rule::Rule;
use super::runner::{Outcome, Runner};
use crate::scoring::overrides::{self, Decided, Decisions};
use std::collections::{BTreeMap, BTreeSet};

/// An account that could be on the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate<'a> {
    pub account: &'a str,
    pub score: Option<f64>,
    /// Whether enough is known for the score to count.
    pub rated: bool,
    /// The part of the weight that is known, 0 to 1.
    pub coverage: f64,
    pub class: Option<&'a str>,
    /// What the places of groups are counted by.
    pub group: Option<&'a str>,
    /// The measures that the rule requires, in its order; money in whole currency units.
    pub measures: &'a [Option<f64>],
    /// What a person decided.
    pub decided: Option<Decided<'a>>,
}

/// The list as it was published last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// The review day whose decision it is.
    pub review: i32,
    pub members: BTreeMap<String, Member>,
}

/// What an account was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Member {
    pub key: bool,
    /// The as-of day of the run with which it came onto the list.
    pub since: Option<i32>,
    pub waiting: Option<usize>,
    /// Whether the last review left it its place although something was not known of it.
    pub kept: bool,
}

/// The day of a run, and the review day whose decision is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    pub as_of: i32,
    pub review: i32,
}

impl Day {
    /// Whether this is a review of its own: the first one, or of a later day than the last one.
    pub fn decides(self, before: Option<&Before>) -> bool {
        before.is_none_or(|before| before.review < self.review)
    }
}

/// What an account is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// On the list, as before, or with the first review.
    Key,
    Entered,
    Left,
    /// Fulfils the rule and waits for a place.
    Waiting,
    /// Stays what it is until the next review, which would decide otherwise as things are.
    Watch,
    None,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Entered => "entered",
            Self::Left => "left",
            Self::Waiting => "waiting",
            Self::Watch => "watch",
            Self::None => "none",
        }
    }
}

/// What is decided of one account, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<'a> {
    pub account: &'a str,
    pub status: Status,
    /// Whether it is on the list.
    pub key: bool,
    /// Among the accounts that fulfil everything but the line and that nobody decided about, the best first.
    pub rank: Option<usize>,
    /// At least one.
    pub reasons: Vec<Reason<'a>>,
    /// Whether it would be on the list if nobody had been on it before.
    pub without_hysteresis: bool,
    /// From 1, without gaps.
    pub waiting_position: Option<usize>,
    /// The as-of day of the run with which it came onto the list; nothing for one that is not on it.
    pub since: Option<i32>,
}

/// Decides who is on the list, by account. An account that was on it and is no longer among the candidates is told too.
///
/// Without a list before, it is the plain cut-off: nobody enters, and the entries are not counted.
pub fn decide<'a>(
    rule: &Rule,
    candidates: &[Candidate<'a>],
    before: Option<&'a Before>,
    day: Day,
) -> Vec<Decision<'a>> {
    let field = Field::of(rule, candidates);
    let plain = field.allot(rule, None);
    let mut outcomes = field.allot(rule, before);
    if let Some(before) = before.filter(|_| !day.decides(before)) {
        field.only_watch(&mut outcomes, before);
    }
    let member = |account: &str| before.and_then(|before| before.members.get(account));
    let decision = |((runner, outcome), plain): ((&Runner<'a>, Outcome<'a>), Outcome<'a>)| {
        let account = runner.candidate.account;
        let key = outcome.is_key();
        let since = member(account).filter(|member| member.key).and_then(|member| member.since).unwrap_or(day.as_of);
        let mut reasons = outcome.reasons;
        if outcome.status == Status::Key && !plain.is_key() && matches!(reasons.as_slice(), [Reason::MeetsEnter(_)]) {
            reasons.push(Reason::Incumbent);
        }
        Decision {
            account,
            status: outcome.status,
            key,
            rank: runner.rank,
            reasons,
            without_hysteresis: plain.is_key(),
            waiting_position: None,
            since: key.then_some(since),
        }
    };
    let mut decisions: Vec<Decision> = field.runners.iter().zip(outcomes).zip(plain).map(decision).collect();
    if let Some(before) = before {
        vanished(&mut decisions, before, day);
    }
    line_up(&mut decisions, before.filter(|_| !day.decides(before)));
    decisions
}

/// Tells of the accounts that were on the list and are no candidates any more. At a review they leave; between reviews
/// nobody does, and what is missing may have been forgotten in an export.
fn vanished<'a>(decisions: &mut Vec<Decision<'a>>, before: &'a Before, day: Day) {
    let known: BTreeSet<&str> = decisions.iter().map(|decision| decision.account).collect();
    let decides = day.decides(Some(before));
    let gone = before.members.iter().filter(|(account, member)| member.key && !known.contains(account.as_str()));
    let gone: Vec<Decision> = gone
        .map(|(account, member)| Decision {
            account,
            status: if decides { Status::Left } else { Status::Watch },
            key: !decides,
            rank: None,
            reasons: if decides { vec![Reason::Vanished] } else { vec![Reason::WouldLeave, Reason::Vanished] },
            without_hysteresis: false,
            waiting_position: None,
            since: member.since.filter(|_| !decides),
        })
        .collect();
    decisions.extend(gone);
    decisions.sort_by(|a, b| a.account.cmp(b.account));
}

/// Numbers those that wait: by their rank, and between reviews in the order of the last one.
fn line_up(decisions: &mut [Decision], between: Option<&Before>) {
    let place = |decision: &Decision| {
        let before = between.and_then(|before| before.members.get(decision.account)?.waiting);
        (before.unwrap_or_default(), decision.rank)
    };
    let mut waiting: Vec<&mut Decision> =
        decisions.iter_mut().filter(|decision| decision.status == Status::Waiting).collect();
    waiting.sort_by_key(|decision| place(decision));
    for (position, decision) in waiting.into_iter().enumerate() {
        decision.waiting_position = Some(position + 1);
    }
}

/// All candidates, by account.
struct Field<'a> {
    runners: Vec<Runner<'a>>,
    /// The places in `runners` of those that have a rank, the best first.
    order: Vec<usize>,
}

impl<'a> Field<'a> {
    fn of(rule: &Rule, candidates: &[Candidate<'a>]) -> Self {
        let decided = candidates.iter().filter_map(|candidate| Some((candidate.account, candidate.decided?)));
        let decisions: Decisions = decided.collect();
        let [enter, leave] = [rule.enter, rule.leave].map(|line| line.beside(&decisions));
        let runner = |candidate: &Candidate<'a>| Runner::of(rule, [enter, leave], *candidate);
        let mut runners: Vec<Runner> = candidates.iter().map(runner).collect();
        runners.sort_by(|a, b| a.candidate.account.cmp(b.candidate.account));
        let able: Vec<usize> = (0..runners.len()).filter(|place| runners[*place].is_able()).collect();
        let scores: Vec<f64> = runners.iter().map(|runner| runner.candidate.score.unwrap_or_default()).collect();
        // Equals come as they are, which is by account.
        let (order, entering) = enter.ranked(&able, &scores);
        let (_, staying) = leave.ranked(&able, &scores);
        for (rank, place) in order.iter().enumerate() {
            let runner = &mut runners[*place];
            (runner.rank, runner.enters, runner.stays) = (Some(rank + 1), rank < entering, rank < staying);
        }
        Self { runners, order }
    }

    /// Gives the places to the accounts, as at a review.
    fn allot(&self, rule: &Rule, before: Option<&Before>) -> Vec<Outcome<'a>> {
        let member = |runner: &Runner| before.and_then(|before| before.members.get(runner.candidate.account));
        let was_key = |runner: &Runner| member(runner).is_some_and(|member| member.key);
        let mut outcomes: Vec<Outcome> = self.runners.iter().map(|runner| runner.off(was_key(runner))).collect();
        // At the first review everybody enters.
        let mut places = Places::of(rule, before.is_some());
        let all = || self.runners.iter().enumerate();
        let is_protected = |runner: &Runner| runner.decision() == Some(overrides::Decision::Always);
        for (_, runner) in all().filter(|(_, runner)| is_protected(runner)) {
            places.take(runner.candidate.group, !was_key(runner));
        }
        for (place, runner) in all().filter(|(_, runner)| is_protected(runner)) {
            let entered = before.is_some() && !was_key(runner);
            let status = if entered { Status::Entered } else { Status::Key };
            outcomes[place] = Outcome::new(status, runner.protected(was_key(runner), &places));
        }
        let ranked = || self.order.iter().map(|place| (*place, &self.runners[*place]));
        for (place, runner) in ranked().filter(|(_, runner)| was_key(runner) && runner.stays) {
            outcomes[place] = runner.stay(&mut places, runner.line(true).into_iter().collect());
        }
        for (place, runner) in all().filter(|(_, runner)| runner.is_only_unknown()) {
            if member(runner).is_some_and(|member| member.key && !member.kept) {
                let reasons: Vec<Reason> = runner.unknown.iter().cloned().chain([Reason::Kept]).collect();
                let outcome = runner.stay(&mut places, reasons);
                outcomes[place] = match outcome.status {
                    Status::Key => Outcome { status: Status::Watch, holds: true, ..outcome },
                    _ => outcome,
                };
            }
        }
        for (place, runner) in ranked().filter(|(_, runner)| !was_key(runner) && runner.enters) {
            let full = places.full(runner.candidate.group, true);
            let status = match (full.is_empty(), before) {
                (true, None) => Status::Key,
                (true, Some(_)) => Status::Entered,
                (false, _) => Status::Waiting,
            };
            if full.is_empty() {
                places.take(runner.candidate.group, true);
            }
            outcomes[place] = Outcome::new(status, runner.line(false).into_iter().chain(full).collect());
        }
        outcomes
    }

    /// Takes back what only a review may do: accounts stay what they were, and are watched where a review would decide
    /// otherwise. What people decided holds at once.
    fn only_watch(&self, outcomes: &mut [Outcome<'a>], before: &Before) {
        for (runner, outcome) in self.runners.iter().zip(outcomes) {
            if runner.decision().is_some() {
                continue;
            }
            let member = before.members.get(runner.candidate.account).copied().unwrap_or_default();
            let (status, would) = match (outcome.status, member.key, member.waiting.is_some()) {
                (Status::Left, ..) => (Status::Watch, Some(Reason::WouldLeave)),
                (Status::Entered, _, true) => (Status::Waiting, Some(Reason::WouldEnter)),
                (Status::Entered, ..) => (Status::Watch, Some(Reason::WouldEnter)),
                (Status::Waiting, _, false) => (Status::Watch, Some(Reason::WouldWait)),
                (status, ..) => (status, None),
            };
            (outcome.status, outcome.holds) = (status, member.key);
            outcome.reasons.splice(0..0, would);
            // Only a review uses up the patience with what is not known.
            outcome.reasons.retain(|reason| *reason != Reason::Kept);
            outcome.reasons.extend((member.kept && !runner.unknown.is_empty()).then_some(Reason::Kept));
        }
    }
}
