//! Decisions worked by hand, and what holds of any.

use super::*;
use crate::calendar::{FiscalCalendar, parse_day};
use crate::scoring::list::Line;
use crate::scoring::overrides::{self, Decided};
use crate::table::Meaning;
use proptest::prelude::*;

/// A rated account of class A of which everything is known.
fn candidate(account: &str, score: f64) -> Candidate<'_> {
    Candidate {
        account,
        score: Some(score),
        rated: true,
        coverage: 1.0,
        class: Some("A"),
        group: None,
        measures: &[],
        decided: None,
    }
}

/// What is decided, one account after another: `A entered meets_enter`.
fn told(decisions: &[Decision]) -> Vec<String> {
    let line = |decision: &Decision| {
        let codes: Vec<&str> = decision.reasons.iter().map(Reason::code).collect();
        let position = decision.waiting_position.map(|position| format!(" {position}")).unwrap_or_default();
        format!("{} {}{position}: {}", decision.account, decision.status.name(), codes.join(" "))
    };
    decisions.iter().map(line).collect()
}

/// The list after a review, as the next one finds it.
fn after(decisions: &[Decision], review: i32) -> Before {
    let member = |decision: &Decision| {
        let kept = decision.reasons.contains(&Reason::Kept);
        let (key, since, waiting) = (decision.key, decision.since, decision.waiting_position);
        (decision.account.to_owned(), Member { key, since, waiting, kept })
    };
    Before { review, members: decisions.iter().map(member).collect() }
}

fn day(review: i32) -> Day {
    Day { as_of: review, review }
}

/// One of each, and of what it can say.
pub(super) fn every_reason(enter: Line, leave: Line) -> Vec<Reason<'static>> {
    let decided = |decision, until| Decided { decision, who: "Ana", why: "the plant depends on it", until };
    let standing = Standing { score: 6.75, rank: Some(1234), enter, leave };
    let limits = |places: usize| {
        [
            Limit::AtMost(places),
            Limit::Each(Some("Health"), places),
            Limit::Each(None, places),
            Limit::Capacity(places),
            Limit::Entries(places),
        ]
    };
    let mut reasons = vec![
        Reason::Protected(decided(overrides::Decision::Always, None)),
        Reason::Protected(decided(overrides::Decision::Always, Some(20453))),
        Reason::Barred(decided(overrides::Decision::Never, None)),
        Reason::Barred(decided(overrides::Decision::Never, Some(20453))),
        Reason::MeetsEnter(standing),
        Reason::Held(standing),
        Reason::Incumbent,
        Reason::Kept,
        Reason::BelowEnter(standing),
        Reason::BelowLeave(standing),
        Reason::Class(Some("C")),
        Reason::Class(None),
        Reason::NotRated(0.4),
        Reason::Coverage(0.4),
        Reason::Short(0, -1234.5),
        Reason::Short(1, 0.125),
        Reason::Short(2, 3.0),
        Reason::Unknown(0),
        Reason::Unknown(1),
        Reason::Vanished,
        Reason::WouldEnter,
        Reason::WouldWait,
        Reason::WouldLeave,
    ];
    reasons.push(Reason::Full(Limit::Capacity(0)));
    reasons.extend([1, 2].into_iter().flat_map(limits).map(Reason::Full));
    reasons.extend(limits(1).map(|limit| Reason::Exceeds(limit, 2)));
    reasons
}

#[test]
fn an_account_enters_over_the_one_line_and_leaves_under_the_other() {
    let rule = Rule { leave: Line::Score(6.5), ..Line::Score(7.0).into() };
    let mut before: Option<Before> = None;
    let mut statuses = Vec::new();
    for (review, score) in (1..).zip([6.8, 7.0, 6.8, 6.5, 6.4, 6.8, 7.2]) {
        let accounts = [candidate("A", score)];
        let decided = decide(&rule, &accounts, before.as_ref(), day(review));
        statuses.extend(told(&decided));
        before = Some(after(&decided, review));
    }
    assert_eq!(
        statuses,
        [
            "A none: below_enter",
            "A entered: meets_enter",
            "A key: held",
            "A key: held",
            "A left: below_leave",
            "A none: below_enter",
            "A entered: meets_enter",
        ]
    );
}

/// A rule with everything: two lines, three conditions, and places of all kinds but those of the managers.
fn full_rule() -> Rule {
    Rule {
        leave: Line::Score(6.5),
        classes: vec!["A".to_owned(), "B".to_owned()],
        coverage: Some(0.6),
        require: vec![Requirement {
            measure: "profitability.net_margin".to_owned(),
            meaning: Meaning::Money,
            at_least: 0.0,
        }],
        at_most: Some(6),
        at_most_each: Some(Each::Same(3)),
        entries: Some(2),
        ..Line::Score(7.0).into()
    }
}

/// A line of the book: account, group, score, and what is out of the ordinary. Of `A north 9` all is known, its class is
/// A and its margin 10.
struct Entry<'b> {
    words: Vec<&'b str>,
    measures: [Option<f64>; 1],
    decided: Option<Decided<'b>>,
}

impl<'b> Entry<'b> {
    fn of(line: &'b str) -> Self {
        let words: Vec<&str> = line.split_whitespace().collect();
        let decision = |word: &str| match word {
            "always" => Some(overrides::Decision::Always),
            "never" => Some(overrides::Decision::Never),
            _ => None,
        };
        let decided = words.iter().find_map(|word| decision(word)).map(|decision| Decided {
            decision,
            who: "Ana",
            why: "so agreed",
            until: None,
        });
        let margin = match Self::value(&words, "margin") {
            None => Some(10.0),
            Some(margin) => margin.parse().ok(),
        };
        Self { words, measures: [margin], decided }
    }

    fn value(words: &[&'b str], key: &str) -> Option<&'b str> {
        words.iter().find_map(|word| word.split_once('=').filter(|(name, _)| *name == key)).map(|(_, value)| value)
    }

    fn candidate(&self) -> Candidate<'_> {
        let coverage = Self::value(&self.words, "known").map_or(1.0, |known| known.parse().unwrap());
        Candidate {
            group: Some(self.words[1]),
            rated: coverage >= 0.5,
            coverage,
            class: Some(Self::value(&self.words, "class").unwrap_or("A")),
            measures: &self.measures,
            decided: self.decided,
            ..candidate(self.words[0], self.words[2].parse().unwrap())
        }
    }
}

/// One run on a page of the book: what is decided, and the list that it leaves.
fn turn(rule: &Rule, page: &str, before: Option<&Before>, day: Day) -> (Vec<String>, Before) {
    let entries: Vec<Entry> = page.trim().lines().map(Entry::of).collect();
    let candidates: Vec<Candidate> = entries.iter().map(Entry::candidate).collect();
    let decisions = decide(rule, &candidates, before, day);
    (told(&decisions), after(&decisions, day.review.max(before.map_or(i32::MIN, |before| before.review))))
}

/// The days, the capacities and the lines of the book.
const BOOK: &str = include_str!("../../../tests/it/fixtures/selection_book.txt");

#[test]
fn twelve_accounts_over_five_reviews() {
    let mut list: Option<Before> = None;
    let mut codes: BTreeSet<&str> = BTreeSet::new();
    for page in BOOK.split("\n== ").skip(1) {
        let (head, text) = page.split_once('\n').unwrap();
        let (as_of, capacity) = head.split_once(" capacity=").map_or((head, None), |(day, room)| (day, Some(room)));
        let rule = Rule { capacity: capacity.map(|room| room.parse().unwrap()), ..full_rule() };
        let as_of = parse_day(as_of, "%Y-%m-%d").unwrap();
        let day = Day { as_of, review: FiscalCalendar { starts: 1 }.period_ends(as_of, 3).0 };
        let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('|')).collect();
        let accounts: Vec<&str> =
            lines.iter().map(|(account, _)| *account).filter(|line| line.trim().len() > 1).collect();
        let (told, next) = turn(&rule, &accounts.join("\n"), list.as_ref(), day);
        let expected: Vec<String> =
            lines.iter().map(|(account, is)| format!("{} {}", &account[..1], is.trim())).collect();
        assert_eq!(told, expected, "{head}");
        codes.extend(lines.iter().flat_map(|(_, is)| is.split(": ").nth(1).unwrap_or_default().split(' ')));
        list = Some(next);
    }
    let reasons = every_reason(Line::Score(7.0), Line::Score(6.5));
    let all: BTreeSet<&str> = reasons.iter().map(Reason::code).collect();
    assert_eq!(codes, all, "the book goes through every reason");
}

#[test]
fn what_people_decide_holds_at_once() {
    let rule = Rule { leave: Line::Score(6.5), entries: Some(1), ..Line::Score(7.0).into() };
    let (_, list) = turn(&rule, "A x 8\nB x 7\nC x 6\nD x 5\nE x 7.5 never", None, day(1));
    // Between reviews: A goes, C comes, and D, who would have to go again, has a place as long as Ana says so.
    let page = "A x 8 never\nB x 7\nC x 6 always\nD x 5\nE x 7.5";
    let (told, list) = turn(&rule, page, Some(&list), Day { as_of: 15, review: 1 });
    insta::assert_snapshot!(told.join("\n"), @"
    A left: barred
    B key: meets_enter
    C entered: protected below_enter
    D none: below_enter
    E watch: would_wait meets_enter full_entries
    ");
    assert_eq!(list.members["C"].since, Some(15));
    assert_eq!(list.members["B"].since, Some(1));
    // At the next review nobody protects C any more, and nothing else keeps it.
    let (told, _) = turn(&rule, "A x 8\nB x 7\nC x 6\nD x 5\nE x 7.5", Some(&list), day(2));
    insta::assert_snapshot!(told.join("\n"), @"
    A entered: meets_enter
    B key: meets_enter
    C left: below_leave
    D none: below_enter
    E waiting 1: meets_enter full_entries
    ");
}

#[test]
fn what_is_not_known_costs_a_place_at_the_second_review() {
    let rule = Rule::from(Line::Score(7.0));
    let (_, list) = turn(&rule, "A x 8", None, day(1));
    let unknown = "A x 8 known=0.4";
    let between = |review: i32| Day { as_of: review * 10 + 5, review };
    let mut list = list;
    let mut all = Vec::new();
    // However many runs there are between reviews, only the reviews count.
    for on in [between(1), between(1), day(2), between(2), between(2), day(3)] {
        let (told, next) = turn(&rule, unknown, Some(&list), on);
        all.extend(told);
        list = next;
    }
    insta::assert_snapshot!(all.join("\n"), @"
    A watch: not_rated
    A watch: not_rated
    A watch: not_rated kept
    A watch: would_leave not_rated kept
    A watch: would_leave not_rated kept
    A left: not_rated
    ");
    // Known again in time, it has its patience back.
    let (_, list) = turn(&rule, "A x 8", None, day(1));
    let (_, list) = turn(&rule, unknown, Some(&list), day(2));
    let (_, list) = turn(&rule, "A x 8", Some(&list), day(3));
    let (told, _) = turn(&rule, unknown, Some(&list), day(4));
    assert_eq!(told, ["A watch: not_rated kept"]);
}

#[test]
fn a_list_of_the_best_has_a_line_of_places() {
    let rule = Rule { leave: Line::Top(3), ..Line::Top(2).into() };
    let (told, list) = turn(&rule, "A x 9\nB x 8\nC x 7\nD x 6", None, day(1));
    assert_eq!(told, ["A key: meets_enter", "B key: meets_enter", "C none: below_enter", "D none: below_enter"]);
    // C and D pass: A is third and stays, B is fourth and goes. Barred accounts have no rank.
    let (told, list) = turn(&rule, "A x 5\nB x 4\nC x 7\nD x 6\nE x 9 never", Some(&list), day(2));
    assert_eq!(
        told,
        ["A key: held", "B left: below_leave", "C entered: meets_enter", "D entered: meets_enter", "E none: barred"]
    );
    let (told, _) = turn(&rule, "A x 5\nC x 5\nD x 5\nF x 5", Some(&list), day(3));
    assert_eq!(told, ["A key: meets_enter", "C key: meets_enter", "D key: held", "F none: below_enter"]);
    // A protected account takes one of the two places, and one of the three: only the first enters, the second stays.
    let (told, _) = turn(&rule, "A x 9\nB x 8\nC x 7\nD x 6\nE x 1 always", Some(&list), day(3));
    assert_eq!(
        told,
        [
            "A key: meets_enter",
            "B none: below_enter",
            "C left: below_leave",
            "D left: below_leave",
            "E entered: protected"
        ]
    );
}

#[test]
fn named_groups_alone_have_limits() {
    let each = Each::Of([("x".to_owned(), 1)].into());
    let rule = Rule { at_most_each: Some(each), ..Line::Score(5.0).into() };
    let (told, _) = turn(&rule, "A x 9\nB x 8\nC y 7\nD y 6", None, day(1));
    assert_eq!(
        told,
        [
            "A key: meets_enter",
            "B waiting 1: meets_enter full_at_most_each",
            "C key: meets_enter",
            "D key: meets_enter"
        ]
    );
}

/// Accounts that do not change their names: of each the score in tenths, class, margin, group, what is known, and what
/// people decided.
type Drawn = Vec<(u8, bool, i8, u8, bool, u8)>;

fn drawn() -> impl Strategy<Value = Drawn> {
    let decided = prop_oneof![8 => Just(0u8), 1 => Just(1), 1 => Just(2)];
    prop::collection::vec((10u8..=100, any::<bool>(), -1i8..9, 0u8..3, prop::bool::weighted(0.9), decided), 1..14)
}

fn drawn_rule() -> impl Strategy<Value = Rule> {
    let places = || prop::option::of(1usize..8);
    let line = prop_oneof![
        (60u8..80, 0u8..15).prop_map(|(enter, less)| {
            [Line::Score(f64::from(enter) / 10.0), Line::Score(f64::from(enter - less) / 10.0)]
        }),
        (1usize..8, 0usize..4).prop_map(|(enter, more)| [Line::Top(enter), Line::Top(enter + more)]),
    ];
    (line, places(), places(), places(), places()).prop_map(|([enter, leave], at_most, each, capacity, entries)| Rule {
        enter,
        leave,
        at_most,
        at_most_each: each.map(Each::Same),
        capacity,
        entries,
        ..full_rule()
    })
}

/// The accounts in lines of the book.
fn page(drawn: &Drawn) -> String {
    let line = |(place, (score, is_b, margin, group, known, decided)): (usize, &(u8, bool, i8, u8, bool, u8))| {
        let class = if *is_b { "B" } else { "C" };
        // Most are of a class that the rule asks for.
        let class = if score % 5 == 0 { class } else { "A" };
        let known = if *known { 1.0 } else { 0.4 };
        let decided = ["", "always", "never"][usize::from(*decided)];
        let score = f64::from(*score) / 10.0;
        format!("a{place:02} g{group} {score} class={class} margin={margin} known={known} {decided}")
    };
    drawn.iter().enumerate().map(line).collect::<Vec<String>>().join("\n")
}

proptest! {
    /// Over several reviews, of accounts that come and go.
    #[test]
    fn what_holds_of_any_list(rule in drawn_rule(), pages in prop::collection::vec(drawn(), 1..5)) {
        let mut before: Option<Before> = None;
        for (review, drawn) in (1..).zip(&pages) {
            let text = page(drawn);
            let entries: Vec<Entry> = text.lines().map(Entry::of).collect();
            let mut candidates: Vec<Candidate> = entries.iter().map(Entry::candidate).collect();
            let decisions = decide(&rule, &candidates, before.as_ref(), day(review));
            candidates.reverse();
            prop_assert_eq!(&decisions, &decide(&rule, &candidates, before.as_ref(), day(review)));

            let of: BTreeMap<&str, &Candidate> = candidates.iter().map(|one| (one.account, one)).collect();
            let was_key = |account: &str| before.as_ref().is_some_and(|list| list.members.get(account).is_some_and(|it| it.key));
            for one in &decisions {
                prop_assert!(!one.reasons.is_empty());
                let key = match one.status {
                    Status::Key => before.is_none() || was_key(one.account),
                    Status::Entered => before.is_some() && !was_key(one.account),
                    Status::Watch => was_key(one.account),
                    Status::Left => { prop_assert!(was_key(one.account)); false }
                    Status::Waiting | Status::None => { prop_assert!(!was_key(one.account)); false }
                };
                prop_assert_eq!(key, one.key);
                prop_assert_eq!(one.waiting_position.is_some(), one.status == Status::Waiting);
                prop_assert_eq!(one.since.is_some(), one.key);
            }
            let mut positions: Vec<usize> = decisions.iter().filter_map(|one| one.waiting_position).collect();
            positions.sort_unstable();
            prop_assert_eq!(&positions, &(1..=positions.len()).collect::<Vec<usize>>());

            // No limit is passed but by protected accounts.
            let is_protected = |one: &&Decision| matches!(one.reasons.first(), Some(Reason::Protected(_)));
            let on: Vec<&Decision> = decisions.iter().filter(|one| one.key).collect();
            let protected = |on: &[&Decision]| on.iter().filter(|one| is_protected(one)).count();
            let within = |on: &[&Decision], places: Option<usize>| {
                places.is_none_or(|places| on.len() <= places.max(protected(on)))
            };
            prop_assert!(within(&on, rule.at_most) && within(&on, rule.capacity));
            for group in ["g0", "g1", "g2"] {
                let of_group: Vec<&Decision> =
                    on.iter().copied().filter(|one| of[one.account].group == Some(group)).collect();
                prop_assert!(within(&of_group, rule.each(Some(group))));
            }
            let entered: Vec<&Decision> =
                decisions.iter().filter(|one| one.status == Status::Entered).collect();
            prop_assert!(within(&entered, rule.entries));

            // Nobody waits behind one of the group that is worse and comes onto the list now.
            let is_coming = |one: &Decision| one.status == Status::Entered || before.is_none() && one.status == Status::Key;
            let ranks = |group: Option<&str>, is_wanted: &dyn Fn(&Decision) -> bool| -> Vec<usize> {
                let of_group = decisions.iter().filter(|one| of.get(one.account).is_some_and(|it| it.group == group));
                of_group.filter(|one| is_wanted(one)).filter_map(|one| one.rank).collect()
            };
            for group in ["g0", "g1", "g2"].map(Some) {
                let worst = ranks(group, &is_coming).into_iter().max();
                let best = ranks(group, &|one| one.status == Status::Waiting).into_iter().min();
                prop_assert!(worst.zip(best).is_none_or(|(worst, best)| worst < best), "{:?} {:?}", worst, best);
            }

            // Without a list before there is no hysteresis.
            if before.is_none() {
                prop_assert!(decisions.iter().all(|one| one.without_hysteresis == one.key));
            }
            before = Some(after(&decisions, review));
        }
    }

    /// Without limits, an account between the two lines is what it was.
    #[test]
    fn nothing_changes_between_the_lines(
        first in 10u8..=100,
        between in prop::collection::vec(65u8..70, 1..8),
    ) {
        let rule = Rule { leave: Line::Score(6.5), ..Line::Score(7.0).into() };
        let mut candidates = [candidate("A", f64::from(first) / 10.0)];
        let decided = decide(&rule, &candidates, None, day(1));
        let (is_key, mut before) = (decided[0].key, after(&decided, 1));
        prop_assert_eq!(is_key, first >= 70);
        for (review, score) in (2..).zip(between) {
            candidates[0].score = Some(f64::from(score) / 10.0);
            let decided = decide(&rule, &candidates, Some(&before), day(review));
            prop_assert_eq!(decided[0].key, is_key);
            prop_assert_eq!(decided[0].status, if is_key { Status::Key } else { Status::None });
            before = after(&decided, review);
        }
    }

    /// A run between reviews puts nobody on the list or off it, but by decision.
    #[test]
    fn between_reviews_nobody_comes_or_goes(rule in drawn_rule(), first in drawn(), second in drawn()) {
        let (_, list) = turn(&rule, &page(&first), None, day(1));
        let text = page(&second);
        let entries: Vec<Entry> = text.lines().map(Entry::of).collect();
        let candidates: Vec<Candidate> = entries.iter().map(Entry::candidate).collect();
        let decisions = decide(&rule, &candidates, Some(&list), Day { as_of: 5, review: 1 });
        for one in decisions {
            let was_key = list.members.get(one.account).is_some_and(|member| member.key);
            match one.reasons.first() {
                Some(Reason::Protected(_)) => prop_assert!(one.key),
                Some(Reason::Barred(_)) => prop_assert!(!one.key),
                _ => {
                    prop_assert_eq!(one.key, was_key, "{}", one.account);
                    prop_assert!(!matches!(one.status, Status::Entered | Status::Left));
                }
            }
        }
    }
}
