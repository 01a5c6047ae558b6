//! Why an account is where it is.

use crate::scoring::list::Line;
use crate::scoring::overrides::Decided;

/// One reason; an account can have several.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason<'a> {
    /// A person decided that it is on the list, or that it is not.
    Protected(Decided<'a>),
    Barred(Decided<'a>),
    /// Protected accounts alone take more places than there are.
    Exceeds(Limit<'a>, usize),
    /// It fulfils the rule to enter.
    MeetsEnter(Standing),
    /// It would not enter, but it need not leave.
    Held(Standing),
    /// It fulfils the rule to enter, but only as it was on the list before do others not take its place.
    Incumbent,
    /// Something is not known of it, and it has its place for one more review.
    Kept,
    BelowEnter(Standing),
    BelowLeave(Standing),
    Class(Option<&'a str>),
    /// Too little of the weight is known for a score that counts, or for the rule.
    NotRated(f64),
    Coverage(f64),
    /// The measure of a requirement, by its place in the rule, is below what is required, or is not known.
    Short(usize, f64),
    Unknown(usize),
    /// All places are taken.
    Full(Limit<'a>),
    /// It is no longer in the data.
    Vanished,
    /// What the next review would do.
    WouldEnter,
    WouldWait,
    WouldLeave,
}

/// Where an account is by its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    pub score: f64,
    /// Among the accounts that fulfil everything but the line, and that nobody decided about; none for the others.
    pub rank: Option<usize>,
    /// The lines as they are for it: protected accounts take places of the first so many.
    pub enter: Line,
    pub leave: Line,
}

/// What is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit<'a> {
    /// The places of the list.
    AtMost(usize),
    /// The places of a group of accounts.
    Each(Option<&'a str>, usize),
    /// The room that the managers have.
    Capacity(usize),
    /// The entries of one review.
    Entries(usize),
}

impl Reason<'_> {
    /// The reason as a program reads it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Protected(_) => "protected",
            Self::Barred(_) => "barred",
            Self::Exceeds(limit, _) => match limit {
                Limit::AtMost(_) => "exceeds_at_most",
                Limit::Each(..) => "exceeds_at_most_each",
                Limit::Capacity(_) => "exceeds_capacity",
                Limit::Entries(_) => "exceeds_entries",
            },
            Self::MeetsEnter(_) => "meets_enter",
            Self::Held(_) => "held",
            Self::Incumbent => "incumbent",
            Self::Kept => KEPT,
            Self::BelowEnter(_) => "below_enter",
            Self::BelowLeave(_) => "below_leave",
            Self::Class(_) => "class",
            Self::NotRated(_) => "not_rated",
            Self::Coverage(_) => "coverage",
            Self::Short(..) => "requirement",
            Self::Unknown(_) => "requirement_unknown",
            Self::Full(limit) => match limit {
                Limit::AtMost(_) => "full_at_most",
                Limit::Each(..) => "full_at_most_each",
                Limit::Capacity(_) => "full_capacity",
                Limit::Entries(_) => "full_entries",
            },
            Self::Vanished => "vanished",
            Self::WouldEnter => "would_enter",
            Self::WouldWait => "would_wait",
            Self::WouldLeave => "would_leave",
        }
    }
}

/// The code that the next review looks for.
pub(super) const KEPT: &str = "kept";
