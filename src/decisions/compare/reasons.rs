//! Why a score moved, in words of the pipeline's language: `Stability 4.1 → 6.3 (+0.24)`.

use super::drivers::{Criterion, Driver};
use crate::failure::Failure;
use crate::outputs::locale::{Language, Locale};
use crate::outputs::markdown::Catalogue;
use std::collections::{BTreeMap, BTreeSet};

/// How many reasons are given.
const REASONS: usize = 3;

/// How many criteria are named that became known, or are no longer known.
const NAMES: usize = 3;

/// What is less than this is shown as nothing.
const SHOWN: f64 = 0.005;

/// The last bits of a product of weights must not decide.
const EQUAL: f64 = 1e-9;

/// Puts drivers into words.
pub struct Words {
    catalogue: Catalogue,
    locale: Locale,
}

/// How a weight has changed, told once for all accounts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Weight<'t> {
    Same,
    /// That of its group alone, as that of all criteria of the group.
    Group {
        name: &'t str,
        was: f64,
        is: f64,
    },
    Own {
        was: f64,
        is: f64,
    },
    /// Of a criterion that only one of the scorecards has.
    Only {
        was: f64,
        is: f64,
    },
}

/// The weights of all criteria.
#[derive(Debug)]
pub struct Weights<'t>(Vec<Weight<'t>>);

impl<'t> Weights<'t> {
    pub fn between(criteria: &[Criterion<'t>]) -> Self {
        let both = |criterion: &Criterion<'t>| criterion.was.zip(criterion.is);
        let kept = |criterion: &Criterion<'t>| {
            both(criterion).is_some_and(|(was, is)| was.group == is.group && (was.weight - is.weight).abs() < EQUAL)
        };
        let groups =
            |criterion: &Criterion<'t>| [criterion.was, criterion.is].into_iter().flatten().map(|side| side.group);
        let divided: BTreeSet<&str> = criteria.iter().filter(|criterion| !kept(criterion)).flat_map(groups).collect();
        let weight = |criterion: &Criterion<'t>| {
            let effective = |side: Option<super::drivers::Weighed>| side.map_or(0.0, |side| side.effective_weight);
            let (was, is) = (effective(criterion.was), effective(criterion.is));
            match both(criterion) {
                None => Weight::Only { was, is },
                Some(_) if (was - is).abs() < EQUAL => Weight::Same,
                Some((_, new)) if divided.contains(new.group) => Weight::Own { was, is },
                Some((old, new)) => Weight::Group { name: new.group, was: old.group_weight, is: new.group_weight },
            }
        };
        Self(criteria.iter().map(weight).collect())
    }

    fn of(&self, driver: &Driver) -> Weight<'t> {
        driver.place.and_then(|place| self.0.get(place)).copied().unwrap_or(Weight::Same)
    }
}

/// What is told of a change. Only the largest reasons are put into words: that takes longer than all else.
enum Because<'d, 't> {
    Override(f64, f64),
    Score(&'d Driver<'t>, f64, f64),
    /// What became known, with its score, and what is no longer known.
    Known(Vec<(&'t str, f64)>, Vec<&'t str>),
    Scale(&'t str, f64, f64),
    Weight(&'t str, f64, f64),
    GroupWeight(&'t str, f64, f64),
    Missing,
}

/// A reason, and how many points it makes.
type Reason<'d, 't> = (f64, Because<'d, 't>);

impl Words {
    /// # Errors
    /// Where the words of the program cannot be loaded.
    pub fn of(language: Language) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::run(error.to_string());
        Ok(Self {
            catalogue: Catalogue::of(language).map_err(|error| failed(&error))?,
            locale: Locale::new(language).map_err(|error| failed(&error))?,
        })
    }

    /// The largest reasons for the change of one score, joined by `; `; none where there is none to speak of.
    ///
    /// # Errors
    /// Where a message lacks its words, which would be a mistake of the program.
    pub fn reasons(&self, drivers: &[Driver], weights: &Weights) -> Result<Option<String>, Failure> {
        let mut reasons = of_customer(drivers, weights);
        reasons.extend(of_rules(drivers, weights));
        reasons.retain(|(delta, _)| delta.abs() >= SHOWN);
        // Equal ones stay in the order of the criteria.
        reasons.sort_by(|(a, _), (b, _)| b.abs().total_cmp(&a.abs()));
        let words = reasons
            .iter()
            .take(REASONS)
            .map(|(delta, because)| Ok(format!("{} ({})", self.told(because)?, self.signed(*delta))))
            .collect::<Result<Vec<String>, Failure>>()?;
        Ok((!words.is_empty()).then(|| words.join("; ")))
    }

    fn told(&self, because: &Because) -> Result<String, Failure> {
        let changed =
            |key, name: String, [was, is]: [(&'static str, String); 2]| self.fill(key, &[("name", name), was, is]);
        match because {
            Because::Override(was, is) => self.fill("because.override", &self.scores(*was, *is)),
            Because::Score(driver, was, is) => {
                let [(_, was), (_, is)] = self.scores(*was, *is);
                Ok(format!("{} {was} → {is}", self.criterion(driver.name)))
            }
            Because::Scale(name, was, is) => changed("because.scale", self.criterion(name), self.scores(*was, *is)),
            Because::Weight(name, was, is) => changed("because.weight", self.criterion(name), self.shares(*was, *is)),
            Because::GroupWeight(name, was, is) => {
                changed("because.weight", self.catalogue.label("group", name), self.shares(*was, *is))
            }
            Because::Missing => self.fill("because.missing", &[]),
            Because::Known(known, unknown) => {
                let scored = |(name, score): &(&str, f64)| {
                    format!("{} {}", self.criterion(name), self.locale.decimal(*score, 1))
                };
                let known = ("known", listed(known.iter().map(scored)));
                let unknown = ("unknown", listed(unknown.iter().map(|name| self.criterion(name))));
                match (known.1.is_empty(), unknown.1.is_empty()) {
                    (false, true) => self.fill("because.known", &[known]),
                    (true, _) => self.fill("because.unknown", &[unknown]),
                    (false, false) => self.fill("because.known_and_unknown", &[known, unknown]),
                }
            }
        }
    }

    pub fn criterion(&self, name: &str) -> String {
        self.catalogue.label("criterion", name)
    }

    /// The word for a code, or the code itself.
    pub fn word(&self, family: &str, code: &str) -> String {
        self.catalogue.word(&format!("{family}.{code}")).unwrap_or(code).to_owned()
    }

    /// A part of the total weight.
    pub fn share(&self, share: f64) -> String {
        let is_whole = (share * 100.0 - (share * 100.0).round()).abs() < 1e-6;
        self.locale.percent(share, if is_whole { 0 } else { 1 })
    }

    /// Fills a message of the catalogue.
    ///
    /// # Errors
    /// Where the message and the values do not fit, which would be a mistake of the program.
    pub fn fill(&self, key: &str, values: &[(&'static str, String)]) -> Result<String, Failure> {
        self.catalogue.fill(key, None, &values.iter().cloned().collect()).map_err(Failure::run)
    }

    /// With one decimal, or with as many as tell them apart.
    fn scores(&self, was: f64, is: f64) -> [(&'static str, String); 2] {
        let at = |decimals: u32| [was, is].map(|score| self.locale.decimal(score, decimals));
        let [was, is] = Some(at(1)).filter(|[was, is]| was != is).unwrap_or_else(|| at(2));
        [("was", was), ("is", is)]
    }

    fn shares(&self, was: f64, is: f64) -> [(&'static str, String); 2] {
        [("was", self.share(was)), ("is", self.share(is))]
    }

    fn signed(&self, delta: f64) -> String {
        // 2.475 as a sum of floats is a little less, and would be told as 2.47.
        let delta = (delta * 1e9).round() / 1e9;
        format!("{}{}", if delta > 0.0 { "+" } else { "" }, self.locale.decimal(delta, 2))
    }
}

/// The first names of a list.
fn listed(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    if names.len() > NAMES {
        names.truncate(NAMES);
        names.push("…".to_owned());
    }
    names.join(", ")
}

fn of_customer<'d, 't>(drivers: &'d [Driver<'t>], weights: &Weights<'t>) -> Vec<Reason<'d, 't>> {
    let mut reasons = Vec::new();
    let (mut known, mut unknown, mut delta) = (Vec::new(), Vec::new(), 0.0);
    for driver in drivers {
        match (driver.score_was, driver.score_is) {
            // Told with its scale, both parts at once.
            _ if driver.rescored => {}
            (Some(was), Some(is)) if driver.place.is_none() => {
                reasons.push((driver.customer, Because::Override(was, is)));
            }
            _ if matches!(weights.of(driver), Weight::Only { .. }) => delta += driver.customer,
            (Some(was), Some(is)) if was != is => reasons.push((driver.customer, Because::Score(driver, was, is))),
            (None, Some(is)) => {
                delta += driver.customer;
                known.push((driver.name, is));
            }
            (Some(_), None) => {
                delta += driver.customer;
                unknown.push(driver.name);
            }
            _ => delta += driver.customer,
        }
    }
    if !known.is_empty() || !unknown.is_empty() {
        reasons.push((delta, Because::Known(known, unknown)));
    }
    reasons
}

fn of_rules<'d, 't>(drivers: &'d [Driver<'t>], weights: &Weights<'t>) -> Vec<Reason<'d, 't>> {
    let mut reasons = Vec::new();
    let mut groups: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
    let mut missing = 0.0;
    for driver in drivers {
        match (driver.score_was.zip(driver.score_is), weights.of(driver)) {
            (Some((was, is)), _) if driver.rescored => {
                let delta = driver.weights + driver.customer;
                reasons.push((delta, Because::Scale(driver.name, was, is)));
            }
            (_, Weight::Own { was, is } | Weight::Only { was, is }) => {
                reasons.push((driver.weights, Because::Weight(driver.name, was, is)));
            }
            (_, Weight::Group { name, was, is }) => groups.entry(name).or_insert((0.0, was, is)).0 += driver.weights,
            (_, Weight::Same) => missing += driver.weights,
        }
    }
    reasons.extend(groups.into_iter().map(|(name, (delta, was, is))| (delta, Because::GroupWeight(name, was, is))));
    reasons.push((missing, Because::Missing));
    reasons
}
