//! The reasons in words, in the language of the pipeline.

use super::reason::{Limit, Reason, Standing};
use super::rule::Rule;
use crate::failure::Failure;
use crate::outputs::locale::{Language, Locale};
use crate::outputs::markdown::Catalogue;
use crate::scoring::list::Line;
use crate::scoring::overrides::Decided;
use crate::table::Meaning;
use std::collections::BTreeMap;

/// What reasons are put into words with.
pub(super) struct Words<'r> {
    rule: &'r Rule,
    locale: Locale,
    catalogue: Catalogue,
    currency: String,
    decimals: u32,
}

impl<'r> Words<'r> {
    /// # Errors
    /// Where the words of the program cannot be loaded.
    pub(super) fn of(rule: &'r Rule, language: Language, (currency, decimals): (&str, u32)) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::run(error.to_string());
        let locale = Locale::new(language).map_err(|error| failed(&error))?;
        let catalogue = Catalogue::of(language).map_err(|error| failed(&error))?;
        Ok(Self { rule, locale, catalogue, currency: currency.to_owned(), decimals })
    }

    /// The reasons of one account, one after another.
    ///
    /// # Errors
    /// Where a message is not there or has other placeholders; a test goes through all of them.
    pub(super) fn all(&self, reasons: &[Reason]) -> Result<String, Failure> {
        let words: Result<Vec<String>, String> = reasons.iter().map(|reason| self.one(reason)).collect();
        words.map(|words| words.join("; ")).map_err(Failure::run)
    }

    fn one(&self, reason: &Reason) -> Result<String, String> {
        match reason {
            Reason::Protected(decided) => self.decided(["selection.protected", "selection.protected_until"], decided),
            Reason::Barred(decided) => self.decided(["selection.barred", "selection.barred_until"], decided),
            Reason::Exceeds(limit, taken) => self.exceeds(limit, *taken),
            Reason::MeetsEnter(standing) => {
                self.standing(["selection.meets_score", "selection.meets_top"], standing, &[("line", standing.enter)])
            }
            Reason::Held(standing) => {
                let lines = [("line", standing.enter), ("leave", standing.leave)];
                self.standing(["selection.held_score", "selection.held_top"], standing, &lines)
            }
            Reason::Incumbent => self.plain("selection.incumbent"),
            Reason::Kept => self.plain("selection.kept"),
            Reason::BelowEnter(standing) => {
                self.standing(["selection.below_score", "selection.below_top"], standing, &[("line", standing.enter)])
            }
            Reason::BelowLeave(standing) => {
                let lines = [("leave", standing.leave)];
                self.standing(["selection.leaves_score", "selection.leaves_top"], standing, &lines)
            }
            Reason::Class(class) => self.class(*class),
            Reason::NotRated(coverage) => {
                self.fill("selection.not_rated", None, &[("coverage", self.locale.percent(*coverage, 0))])
            }
            Reason::Coverage(coverage) => {
                let least = self.rule.coverage.unwrap_or_default();
                let [coverage, least] = apart([*coverage, least], 0, |part, places| self.locale.percent(part, places));
                self.fill("selection.coverage", None, &[("coverage", coverage), ("least", least)])
            }
            Reason::Short(place, value) => self.short(*place, *value),
            Reason::Unknown(place) => self.fill("selection.unknown", None, &[("measure", self.measure(*place))]),
            Reason::Full(limit) => self.full(limit),
            Reason::Vanished => self.plain("selection.vanished"),
            Reason::WouldEnter => self.plain("selection.would_enter"),
            Reason::WouldWait => self.plain("selection.would_wait"),
            Reason::WouldLeave => self.plain("selection.would_leave"),
        }
    }

    fn fill(&self, key: &str, count: Option<usize>, values: &[(&str, String)]) -> Result<String, String> {
        let mut texts: BTreeMap<&str, String> = values.iter().cloned().collect();
        let count = count.map(|count| count as i128);
        texts.extend(count.map(|count| ("count", self.locale.number(count))));
        self.catalogue.fill(key, count, &texts)
    }

    fn plain(&self, key: &str) -> Result<String, String> {
        self.fill(key, None, &[])
    }

    fn number(&self, count: usize) -> String {
        self.locale.number(count as i128)
    }

    fn decided(&self, [key, key_until]: [&str; 2], decided: &Decided) -> Result<String, String> {
        let said = [("who", decided.who.to_owned()), ("why", decided.why.to_owned())];
        match decided.until {
            None => self.fill(key, None, &said),
            Some(until) => {
                let [who, why] = said;
                self.fill(key_until, None, &[who, why, ("until", self.locale.date(until))])
            }
        }
    }

    /// Where an account is, against lines of a score or of places, which have messages of their own.
    fn standing(
        &self,
        [of_score, of_places]: [&str; 2],
        standing: &Standing,
        lines: &[(&'static str, Line)],
    ) -> Result<String, String> {
        let decimal = |score: f64, places: u32| self.locale.decimal(score, places);
        let (mut key, mut values) = (of_score, Vec::new());
        for (name, line) in lines {
            match line {
                Line::Score(least) => {
                    let [score, least] = apart([standing.score, *least], 2, decimal);
                    values.extend([("score", score), (*name, least)]);
                }
                Line::Top(count) => {
                    key = of_places;
                    let rank = standing.rank.map(|rank| self.number(rank)).unwrap_or_default();
                    values.extend([("rank", rank), (*name, self.number(*count))]);
                }
            }
        }
        self.fill(key, None, &values)
    }

    fn class(&self, class: Option<&str>) -> Result<String, String> {
        let classes = match self.rule.classes.split_last() {
            Some((last, others)) if !others.is_empty() => {
                let values = [("first", others.join(", ")), ("last", last.clone())];
                self.fill("selection.or", None, &values)?
            }
            Some((last, _)) => last.clone(),
            None => String::new(),
        };
        match class {
            Some(class) => self.fill("selection.class", None, &[("class", class.to_owned()), ("classes", classes)]),
            None => self.fill("selection.no_class", None, &[("classes", classes)]),
        }
    }

    /// What the catalogue calls a required measure, or its reference.
    fn measure(&self, place: usize) -> String {
        let measure = self.rule.require.get(place).map_or("", |required| &required.measure);
        self.catalogue.word(&format!("measure.{measure}")).unwrap_or(measure).to_owned()
    }

    fn short(&self, place: usize, value: f64) -> Result<String, String> {
        let Some(required) = self.rule.require.get(place) else { return Ok(String::new()) };
        let (places, write): (u32, &dyn Fn(f64, u32) -> String) = match required.meaning {
            Meaning::Ratio => (1, &|value, places| self.locale.percent(value, places)),
            Meaning::Integer => (0, &|value, places| self.locale.decimal(value, places)),
            Meaning::Money => (self.decimals, &|value, places| {
                format!("{}\u{a0}{}", self.locale.decimal(value, places), self.currency)
            }),
            _ => (2, &|value, places| self.locale.decimal(value, places)),
        };
        let [value, least] = apart([value, required.at_least], places, write);
        let values = [("measure", self.measure(place)), ("value", value), ("least", least)];
        self.fill("selection.requirement", None, &values)
    }

    fn group(&self, group: Option<&str>) -> (&'static str, String) {
        let group = group.or_else(|| self.catalogue.word("selection.no_group"));
        ("group", group.unwrap_or_default().to_owned())
    }

    fn exceeds(&self, limit: &Limit, taken: usize) -> Result<String, String> {
        let places = ("places", self.number(limit.places()));
        match limit {
            Limit::AtMost(_) => self.fill("selection.exceeds_at_most", Some(taken), &[places]),
            Limit::Each(group, _) => self.fill("selection.exceeds_each", Some(taken), &[places, self.group(*group)]),
            Limit::Capacity(_) => self.fill("selection.exceeds_capacity", Some(taken), &[places]),
            Limit::Entries(_) => self.fill("selection.exceeds_entries", Some(taken), &[places]),
        }
    }

    fn full(&self, limit: &Limit) -> Result<String, String> {
        let places = Some(limit.places());
        match limit {
            Limit::AtMost(_) => self.fill("selection.full_at_most", places, &[]),
            Limit::Each(group, _) => self.fill("selection.full_each", places, &[self.group(*group)]),
            Limit::Capacity(_) => self.fill("selection.full_capacity", places, &[]),
            Limit::Entries(_) => self.fill("selection.full_entries", places, &[]),
        }
    }
}

/// Two values that are not the same, with as many more decimals as it takes to see that.
fn apart([value, other]: [f64; 2], places: u32, write: impl Fn(f64, u32) -> String) -> [String; 2] {
    let both = |places: u32| [write(value, places), write(other, places)];
    let differ = |places: &u32| value == other || write(value, *places) != write(other, *places);
    both((places..places + 7).find(differ).unwrap_or(places))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decisions::select::tests::every_reason;
    use crate::decisions::select::{Each, Requirement};

    fn all(enter: Line, leave: Line, language: Language) -> String {
        let required = |(measure, meaning, at_least): (&str, Meaning, f64)| Requirement {
            measure: measure.to_owned(),
            meaning,
            at_least,
        };
        let require = [
            ("profitability.net_margin", Meaning::Money, 0.0),
            ("robustness.p_key", Meaning::Ratio, 0.5),
            ("growth.years_grown", Meaning::Integer, 4.0),
        ];
        let rule = Rule {
            classes: vec!["A".to_owned(), "B".to_owned()],
            coverage: Some(0.6),
            require: require.map(required).to_vec(),
            at_most_each: Some(Each::Same(1)),
            ..enter.into()
        };
        let words = Words::of(&rule, language, ("EUR", 2)).unwrap();
        let line =
            |reason: &Reason| format!("{}: {}", reason.code(), words.one(reason).unwrap()).replace('\u{a0}', "~");
        every_reason(enter, leave).iter().map(line).collect::<Vec<String>>().join("\n")
    }

    #[test]
    fn every_reason_in_both_languages() {
        insta::assert_snapshot!(all(Line::Score(7.0), Line::Score(6.5), Language::English), @"
        protected: protected by Ana: the plant depends on it
        protected: protected by Ana until 31 December 2025: the plant depends on it
        barred: barred by Ana: the plant depends on it
        barred: barred by Ana until 31 December 2025: the plant depends on it
        meets_enter: score 6.75, at least 7.00
        held: score 6.75, below the 7.00 to enter but not below the 6.50 to stay
        incumbent: was on the list before better accounts that wait
        kept: keeps its place for one more review, for what is not known may yet come
        below_enter: score 6.75 below 7.00
        below_leave: score 6.75 below 6.50, the least to stay
        class: class C, not A or B
        class: no class, not A or B
        not_rated: not rated: 40% of the weight known
        coverage: only 40% of the weight known, not 60%
        requirement: net margin -1,234.50~EUR below 0.00~EUR
        requirement: share of other weights that list it 12.5% below 50.0%
        requirement: years of growth 3 below 4
        requirement_unknown: net margin not known
        requirement_unknown: share of other weights that list it not known
        vanished: no longer in the data
        would_enter: would enter if it were decided today
        would_wait: would wait for a place if it were decided today
        would_leave: would leave if it were decided today
        full_capacity: the managers have no room for any account
        full_at_most: the only place is taken
        full_at_most_each: the only place for Health is taken
        full_at_most_each: the only place for accounts without a group is taken
        full_capacity: the managers have room for 1 account only
        full_entries: no more than 1 account may enter at one review
        full_at_most: all 2 places are taken
        full_at_most_each: all 2 places for Health are taken
        full_at_most_each: all 2 places for accounts without a group are taken
        full_capacity: the managers have room for 2 accounts only
        full_entries: no more than 2 accounts may enter at one review
        exceeds_at_most: 2 protected accounts take more than the places of the list: 1
        exceeds_at_most_each: 2 protected accounts take more than the places of Health: 1
        exceeds_at_most_each: 2 protected accounts take more than the places of accounts without a group: 1
        exceeds_capacity: 2 protected accounts are more than the managers have room for: 1
        exceeds_entries: 2 protected accounts enter, more than may at one review: 1
        ");
        insta::assert_snapshot!(all(Line::Top(1000), Line::Top(1200), Language::Spanish), @"
        protected: protegida por Ana: the plant depends on it
        protected: protegida por Ana hasta el 31 de diciembre de 2025: the plant depends on it
        barred: vetada por Ana: the plant depends on it
        barred: vetada por Ana hasta el 31 de diciembre de 2025: the plant depends on it
        meets_enter: n.º 1234, entre las 1000 primeras
        held: n.º 1234, detrás de las 1000 primeras que entran pero entre las 1200 que se quedan
        incumbent: estaba en la lista antes que otras mejores que esperan
        kept: conserva su plaza una revisión más, pues lo que no se sabe aún puede llegar
        below_enter: n.º 1234, detrás de las 1000 primeras
        below_leave: n.º 1234, detrás de las 1200 primeras que se quedan
        class: clase C, no A o B
        class: sin clase, no A o B
        not_rated: sin puntuar: se conoce el 40~% del peso
        coverage: solo se conoce el 40~% del peso, no el 60~%
        requirement: margen neto: -1234,50~EUR, por debajo de 0,00~EUR
        requirement: parte de otros pesos que la incluyen: 12,5~%, por debajo de 50,0~%
        requirement: años de crecimiento: 3, por debajo de 4
        requirement_unknown: margen neto: no se conoce
        requirement_unknown: parte de otros pesos que la incluyen: no se conoce
        vanished: ya no está en los datos
        would_enter: entraría si se decidiera hoy
        would_wait: esperaría una plaza si se decidiera hoy
        would_leave: saldría si se decidiera hoy
        full_capacity: los gestores no pueden atender ninguna cuenta
        full_at_most: la única plaza está ocupada
        full_at_most_each: la única plaza para Health está ocupada
        full_at_most_each: la única plaza para cuentas sin grupo está ocupada
        full_capacity: los gestores solo pueden atender 1 cuenta
        full_entries: en una revisión no puede entrar más de 1 cuenta
        full_at_most: las 2 plazas están ocupadas
        full_at_most_each: las 2 plazas para Health están ocupadas
        full_at_most_each: las 2 plazas para cuentas sin grupo están ocupadas
        full_capacity: los gestores solo pueden atender 2 cuentas
        full_entries: en una revisión no pueden entrar más de 2 cuentas
        exceeds_at_most: 2 cuentas protegidas ocupan más que las plazas de la lista: 1
        exceeds_at_most_each: 2 cuentas protegidas ocupan más que las plazas de Health: 1
        exceeds_at_most_each: 2 cuentas protegidas ocupan más que las plazas de cuentas sin grupo: 1
        exceeds_capacity: 2 cuentas protegidas son más de las que los gestores pueden atender: 1
        exceeds_entries: entran 2 cuentas protegidas, más de las que pueden en una revisión: 1
        ");
    }

    /// Two decimals would say that 6.999 is 7.
    #[test]
    fn values_near_a_line_are_seen_to_be_below_it() {
        let rule = Rule {
            coverage: Some(0.6),
            require: vec![Requirement { measure: "a.b".to_owned(), meaning: Meaning::Integer, at_least: 4.0 }],
            ..Line::Score(7.0).into()
        };
        let words = Words::of(&rule, Language::English, ("EUR", 2)).unwrap();
        let (enter, leave) = (Line::Score(7.0), Line::Score(6.5));
        let near = |score: f64| Standing { score, rank: None, enter, leave };
        let reasons = [
            Reason::BelowEnter(near(6.9994)),
            Reason::BelowLeave(near(6.4999)),
            Reason::Coverage(0.598),
            Reason::Short(0, 3.6),
            Reason::MeetsEnter(near(7.0)),
        ];
        assert_eq!(
            words.all(&reasons).unwrap(),
            "score 6.999 below 7.000; score 6.4999 below 6.5000, the least to stay; only 59.8% of the weight known, \
             not 60.0%; a.b 3.6 below 4.0; score 7.00, at least 7.00"
        );
    }

    #[test]
    fn the_lines_in_the_other_words() {
        let of_lines = |text: String| -> String {
            let is_line = |line: &&str| ["meets", "held", "below"].iter().any(|code| line.starts_with(code));
            text.lines().filter(is_line).collect::<Vec<&str>>().join("\n")
        };
        insta::assert_snapshot!(of_lines(all(Line::Top(1000), Line::Top(1200), Language::English)), @"
        meets_enter: no. 1,234, within the first 1,000
        held: no. 1,234, behind the first 1,000 that enter but within the first 1,200 that stay
        below_enter: no. 1,234, behind the first 1,000
        below_leave: no. 1,234, behind the first 1,200 that stay
        ");
        insta::assert_snapshot!(of_lines(all(Line::Score(7.0), Line::Score(6.5), Language::Spanish)), @"
        meets_enter: puntuación 6,75, al menos 7,00
        held: puntuación 6,75, por debajo de 7,00 para entrar pero no de 6,50 para quedarse
        below_enter: puntuación 6,75, por debajo de 7,00
        below_leave: puntuación 6,75, por debajo de 6,50, el mínimo para quedarse
        ");
    }
}
