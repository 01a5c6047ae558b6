//! Every account of either side: where it stood, where it stands, and what kind of change that is.

use super::side::{Side, Tables};
use crate::scoring::list::Rule;
use crate::scoring::overrides::decisions;
use crate::table::Table;
use std::collections::BTreeMap;

/// Two scores that are shown as equal and are: the last bits of a sum tell nothing.
const EQUAL: f64 = 1e-9;

/// What says who is on the list of a side.
#[derive(Debug, Clone, PartialEq)]
pub enum Membership {
    /// The table of a stage `select`.
    Selection,
    /// The best by score.
    Rule(Rule),
    /// Nobody does while the other side has a selection, or what the rule takes was not published.
    Unknown,
}

impl Membership {
    /// Of both sides. A selection counts before a declared list. Where one side says nothing its list is made as the
    /// other's, and where neither does it is the best by score.
    pub fn of(was: &Side, is: &Side) -> (Self, Self) {
        let own = |side: &Side| match (&side.tables.selection, &side.declared.rule) {
            (Some(_), _) => Some(Self::Selection),
            (None, rule) => rule.clone().map(Self::Rule),
        };
        let like = |other: Option<&Self>| match other {
            Some(Self::Rule(rule)) => Self::Rule(rule.clone()),
            Some(_) => Self::Unknown,
            None => Self::Rule(Rule::default()),
        };
        let (before, now) = match (own(was), own(is)) {
            (Some(was), Some(is)) => (was, is),
            (Some(was), None) => (was.clone(), like(Some(&was))),
            (None, is) => (like(is.as_ref()), is.unwrap_or_else(|| like(None))),
        };
        (before.where_told(&was.tables), now.where_told(&is.tables))
    }

    /// A rule takes scores, and the classes that it asks for.
    fn where_told(self, tables: &Tables) -> Self {
        match &self {
            Self::Rule(rule) if tables.scorecard.is_none() || !rule.classes.is_empty() && tables.pareto.is_none() => {
                Self::Unknown
            }
            _ => self,
        }
    }

    /// The words of the rule; `selection` where a stage decides.
    pub fn describe(&self) -> Option<String> {
        match self {
            Self::Selection => Some("selection".to_owned()),
            Self::Rule(rule) => Some(rule.describe()),
            Self::Unknown => None,
        }
    }
}

/// Where an account stands on one side.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Standing<'t> {
    /// Whether the run has lines of it; a selection keeps an account a while after its last line has gone.
    pub in_data: bool,
    /// The status of the selection, or `key` and `none`; nothing where nobody says.
    pub status: Option<&'t str>,
    pub is_key: Option<bool>,
    pub score: Option<f64>,
    /// Among the rated accounts.
    pub rank: Option<i64>,
    pub class: Option<&'t str>,
}

/// What happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Is on the list and was not, or was not there at all.
    Entered,
    /// Was on the list and is not, or is no longer there at all.
    Left,
    /// Is there for the first time, and not on the list.
    New,
    /// Is no longer there, and was not on the list.
    Vanished,
    /// Another status, score, rank or class.
    Moved,
    Same,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Left => "left",
            Self::New => "new",
            Self::Vanished => "vanished",
            Self::Moved => "moved",
            Self::Same => "same",
        }
    }

    pub fn of(was: Option<&Standing>, is: Option<&Standing>) -> Self {
        // That nobody knows is no membership, and no change of one.
        let on = |standing: &Standing| standing.is_key == Some(true);
        match (was, is) {
            (Some(was), Some(is)) => match (was.is_key, is.is_key) {
                (Some(false), Some(true)) => Self::Entered,
                (Some(true), Some(false)) => Self::Left,
                _ if was.is_like(is) => Self::Same,
                _ => Self::Moved,
            },
            (None, Some(is)) if on(is) => Self::Entered,
            (Some(was), None) if on(was) => Self::Left,
            (None, Some(_)) => Self::New,
            (Some(_), None) => Self::Vanished,
            (None, None) => Self::Same,
        }
    }
}

impl Standing<'_> {
    fn is_like(&self, other: &Self) -> bool {
        let same_score = match (self.score, other.score) {
            (Some(one), Some(other)) => (one - other).abs() < EQUAL,
            (one, other) => one == other,
        };
        // Where one of the two does not know the status there is none to have changed.
        let same_status = self.status.is_none() || other.status.is_none() || self.status == other.status;
        same_score && same_status && (self.rank, self.class) == (other.rank, other.class)
    }
}

/// The accounts of a side: those of its scorecard, or of its books where it has none.
pub fn standings<'t>(side: &'t Side, membership: &Membership) -> BTreeMap<&'t str, Standing<'t>> {
    let mut standings: BTreeMap<&str, Standing> = BTreeMap::new();
    match (&side.tables.scorecard, &side.tables.account_years) {
        (Some(card), _) => {
            let ranked = card.numbers("score").into_iter().zip(card.integers("rank"));
            let standing =
                |(account, (score, rank))| (account, Standing { in_data: true, score, rank, ..Standing::default() });
            standings.extend(card.text("account").into_iter().zip(ranked).map(standing));
        }
        (None, Some(years)) => {
            let there = Standing { in_data: true, ..Standing::default() };
            standings.extend(years.text("account").into_iter().map(|account| (account, there)));
        }
        (None, None) => {}
    }
    if let Some(pareto) = &side.tables.pareto {
        for (account, class) in pareto.text("account").into_iter().zip(pareto.optional_text("class")) {
            if let Some(standing) = standings.get_mut(account) {
                standing.class = class;
            }
        }
    }
    match (membership, &side.tables.selection, &side.tables.scorecard) {
        (Membership::Selection, Some(selection), _) => {
            let decided = selection.optional_text("status").into_iter().zip(selection.flags("key"));
            for (account, (status, is_key)) in selection.text("account").into_iter().zip(decided) {
                // An account that is no longer in the data keeps its place until a review takes it.
                let standing = standings.entry(account).or_default();
                (standing.status, standing.is_key) = (status, Some(is_key));
            }
        }
        (Membership::Rule(rule), _, Some(card)) => by_rule(rule, card, &side.tables, &mut standings),
        _ => {}
    }
    standings
}

fn by_rule<'t>(rule: &Rule, card: &'t Table, tables: &'t Tables, standings: &mut BTreeMap<&'t str, Standing>) {
    let decisions = tables.overrides.as_ref().map(decisions).unwrap_or_default();
    let places = rule.places(card, tables.pareto.as_ref(), &decisions);
    for (account, standing) in standings.iter_mut() {
        let is_key = places.is_listed(account);
        (standing.status, standing.is_key) = (Some(if is_key { "key" } else { "none" }), Some(is_key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::list::Line;
    use crate::table::TableBuilder;

    fn standing(is_key: Option<bool>, score: f64) -> Standing<'static> {
        Standing { is_key, score: Some(score), ..Standing::default() }
    }

    #[test]
    fn the_kinds_of_change() {
        let (on, off, unknown) = (standing(Some(true), 7.0), standing(Some(false), 7.0), standing(None, 7.0));
        let kind = |was: Option<Standing>, is: Option<Standing>| Kind::of(was.as_ref(), is.as_ref());
        assert_eq!(kind(Some(off), Some(on)), Kind::Entered);
        assert_eq!(kind(Some(on), Some(off)), Kind::Left);
        assert_eq!(kind(None, Some(on)), Kind::Entered);
        assert_eq!(kind(Some(on), None), Kind::Left);
        assert_eq!(kind(None, Some(off)), Kind::New);
        assert_eq!(kind(None, Some(unknown)), Kind::New);
        assert_eq!(kind(Some(off), None), Kind::Vanished);
        assert_eq!(kind(Some(unknown), Some(on)), Kind::Same, "nobody said that it was off the list");
        assert_eq!(kind(Some(on), Some(standing(Some(true), 7.5))), Kind::Moved);
        assert_eq!(kind(Some(on), Some(Standing { class: Some("A"), ..on })), Kind::Moved);
        assert_eq!(kind(Some(on), Some(standing(Some(true), 7.0 + 1e-12))), Kind::Same);
    }

    #[test]
    fn who_says_what_the_list_is() {
        let top = |count| Some(Rule::from(Line::Top(count)));
        let side = |selection: bool, rule: Option<Rule>| {
            let mut side = Side::default();
            side.declared.rule = rule;
            side.tables.selection = selection.then(|| TableBuilder::new("selection", 0).build());
            side.tables.scorecard = Some(TableBuilder::new("scorecard", 0).build());
            side
        };
        let of = |was: Side, is: Side| Membership::of(&was, &is);
        let rule = |count| Membership::Rule(Rule::from(Line::Top(count)));
        assert_eq!(of(side(true, top(3)), side(true, None)), (Membership::Selection, Membership::Selection));
        assert_eq!(of(side(false, top(3)), side(true, top(4))), (rule(3), Membership::Selection));
        assert_eq!(of(side(false, top(3)), side(false, None)), (rule(3), rule(3)));
        assert_eq!(of(side(false, None), side(false, top(4))), (rule(4), rule(4)));
        assert_eq!(of(side(false, None), side(false, None)), (rule(20), rule(20)));
        assert_eq!(of(side(false, None), side(true, None)), (Membership::Unknown, Membership::Selection));
        assert_eq!(of(side(true, None), side(false, None)), (Membership::Selection, Membership::Unknown));
        // Classes that were not published, and no scores.
        let of_class = Rule { classes: vec!["A".to_owned()], ..Rule::default() };
        assert_eq!(of(side(false, Some(of_class)), Side::default()), (Membership::Unknown, Membership::Unknown));
    }
}
