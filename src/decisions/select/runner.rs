//! How one account does by the rule, before places are given away.

use super::decide::{Candidate, Status};
use super::places::Places;
use super::reason::{Reason, Standing};
use super::rule::{Rule, reaches};
use crate::scoring::list::Line;
use crate::scoring::overrides;

/// A candidate and how it does.
pub(super) struct Runner<'a> {
    pub(super) candidate: Candidate<'a>,
    /// What it is known not to fulfil, and what is not known; the line apart.
    pub(super) fails: Vec<Reason<'a>>,
    pub(super) unknown: Vec<Reason<'a>>,
    pub(super) rank: Option<usize>,
    /// The lines as they are beside what people decided, and whether it is over them.
    pub(super) enter: Line,
    pub(super) leave: Line,
    pub(super) enters: bool,
    pub(super) stays: bool,
}

/// What is decided of one candidate.
#[derive(Debug, Clone)]
pub(super) struct Outcome<'a> {
    pub(super) status: Status,
    pub(super) reasons: Vec<Reason<'a>>,
    /// Whether it stays on the list although it is only watched.
    pub(super) holds: bool,
}

impl<'a> Outcome<'a> {
    pub(super) fn new(status: Status, reasons: Vec<Reason<'a>>) -> Self {
        Self { status, reasons, holds: false }
    }

    pub(super) fn is_key(&self) -> bool {
        match self.status {
            Status::Key | Status::Entered => true,
            Status::Watch => self.holds,
            Status::Left | Status::Waiting | Status::None => false,
        }
    }
}

impl<'a> Runner<'a> {
    pub(super) fn of(rule: &Rule, [enter, leave]: [Line; 2], candidate: Candidate<'a>) -> Self {
        let (mut fails, mut unknown) = (Vec::new(), Vec::new());
        if !rule.is_of_class(candidate.class) {
            fails.push(Reason::Class(candidate.class));
        }
        if !candidate.rated || candidate.score.is_none() {
            unknown.push(Reason::NotRated(candidate.coverage));
        } else if rule.coverage.is_some_and(|least| !reaches(candidate.coverage, least)) {
            unknown.push(Reason::Coverage(candidate.coverage));
        }
        for (place, required) in rule.require.iter().enumerate() {
            match candidate.measures.get(place).copied().flatten() {
                None => unknown.push(Reason::Unknown(place)),
                Some(value) if !reaches(value, required.at_least) => fails.push(Reason::Short(place, value)),
                Some(_) => {}
            }
        }
        Self { candidate, fails, unknown, rank: None, enter, leave, enters: false, stays: false }
    }

    pub(super) fn decision(&self) -> Option<overrides::Decision> {
        self.candidate.decided.map(|decided| decided.decision)
    }

    /// Whether it fulfils everything but the line, and nobody decided about it.
    pub(super) fn is_able(&self) -> bool {
        self.fails.is_empty() && self.unknown.is_empty() && self.candidate.decided.is_none()
    }

    /// Whether it fulfils all that is known of it, and something is not known.
    pub(super) fn is_only_unknown(&self) -> bool {
        self.fails.is_empty() && !self.unknown.is_empty() && self.candidate.decided.is_none()
    }

    /// On which side of its line it is; nothing where that cannot be told of it.
    pub(super) fn line(&self, was_key: bool) -> Option<Reason<'a>> {
        let Candidate { score, rated, .. } = self.candidate;
        let is_over = |line: Line, by_rank: bool| match line {
            Line::Top(_) => self.rank.map(|_| by_rank),
            Line::Score(least) => score.filter(|_| rated).map(|score| reaches(score, least)),
        };
        let (enters, stays) = (is_over(self.enter, self.enters)?, is_over(self.leave, self.stays)?);
        let standing = Standing { score: score?, rank: self.rank, enter: self.enter, leave: self.leave };
        Some(match (enters, was_key) {
            (true, _) => Reason::MeetsEnter(standing),
            (false, true) if stays => Reason::Held(standing),
            (false, true) => Reason::BelowLeave(standing),
            (false, false) => Reason::BelowEnter(standing),
        })
    }

    /// What it does not fulfil, and what is not known of it.
    fn short(&self) -> impl Iterator<Item = Reason<'a>> {
        self.fails.iter().chain(&self.unknown).cloned()
    }

    /// On the list by decision, and what the rule says of it.
    pub(super) fn protected(&self, was_key: bool, places: &Places<'_, 'a>) -> Vec<Reason<'a>> {
        let decided = self.candidate.decided.map(Reason::Protected).into_iter();
        let exceeded = places.exceeded(self.candidate.group);
        // Measures of the list itself, such as those of robustness, are not made of it.
        let short = self.short().filter(|reason| !matches!(reason, Reason::Unknown(_)));
        decided.chain(exceeded).chain(short).chain(self.line(was_key)).collect()
    }

    /// Not on the list, which the places may yet change.
    pub(super) fn off(&self, was_key: bool) -> Outcome<'a> {
        let barred = self.candidate.decided.filter(|decided| decided.decision == overrides::Decision::Never);
        let is_below = |reason: &Reason| matches!(reason, Reason::BelowEnter(_) | Reason::BelowLeave(_));
        let reasons = barred.map(Reason::Barred).into_iter().chain(self.short());
        let reasons = reasons.chain(self.line(was_key).filter(is_below)).collect();
        Outcome::new(if was_key { Status::Left } else { Status::None }, reasons)
    }

    /// The place of one that was on the list before and need not leave it.
    pub(super) fn stay(&self, places: &mut Places<'_, 'a>, reasons: Vec<Reason<'a>>) -> Outcome<'a> {
        let full = places.full(self.candidate.group, false);
        if full.is_empty() {
            places.take(self.candidate.group, false);
            return Outcome::new(Status::Key, reasons);
        }
        Outcome::new(Status::Left, [reasons, full].concat())
    }
}
