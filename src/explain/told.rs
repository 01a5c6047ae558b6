//! What a run says of an account, for a person at a terminal.

mod decided;

use super::{Ask, Criterion, Explained, Margin, Reach, Robustness, Score, Standing, Year};
use crate::failure::Failure;
use crate::outputs::locale::{Language, Locale, NOTHING};
use crate::outputs::markdown::Catalogue;
use crate::outputs::terminal::{COLUMNS, cut, fitted, plain, wrapped};
use crate::scoring::overrides::Decision;
use crate::scoring::scorecard::is_unknown;
use std::fmt::Arguments;

const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

/// Columns of the name of a criterion, and of each figure behind it.
const NAME: usize = 34;
const FIGURE: usize = 11;

/// Robustness knows no places and no list before; with a selection its list is another one.
const ALONE: &str = "the list that the scores would make by themselves";

/// Writes the lines, with colours or without.
struct Page<'a> {
    of: &'a Explained,
    locale: Locale,
    catalogue: Catalogue,
    color: bool,
    text: String,
}

/// The text for a terminal, in lines of at most 80 columns.
///
/// # Errors
/// Where the words of the program cannot be loaded.
pub fn as_text(explained: &Explained, color: bool) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::run(error.to_string());
    let locale = Locale::new(Language::English).map_err(|error| failed(&error))?;
    let catalogue = Catalogue::of(Language::English).map_err(|error| failed(&error))?;
    let mut page = Page { of: explained, locale, catalogue, color, text: String::new() };
    page.opening();
    page.years(&explained.years);
    if let Some(standing) = &explained.standing {
        page.standing(standing);
    }
    if let Some(margin) = &explained.margin {
        page.margin(margin);
    }
    if let Some(score) = &explained.score {
        page.score(score);
    }
    if let Some(selection) = &explained.selection {
        page.selection(selection);
    }
    page.overrides(&explained.overrides);
    if let Some(robustness) = &explained.robustness {
        page.robustness(robustness);
    }
    if !explained.absent.is_empty() {
        let absent: Vec<String> = explained.absent.iter().map(|table| format!("`{table}`")).collect();
        page.heading("Not told");
        page.words(format_args!("The run did not publish {}.", absent.join(", ")));
    }
    Ok(page.text)
}

impl Page<'_> {
    fn line(&mut self, arguments: Arguments) {
        self.text.push_str(arguments.to_string().trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        let (on, off) = if self.color { (BOLD, RESET) } else { ("", "") };
        self.text.push_str(&format!("\n{on}{heading}{off}\n"));
    }

    /// A sentence, indented and broken between words.
    fn words(&mut self, arguments: Arguments) {
        self.text.push_str(&wrapped(&arguments.to_string(), 2));
    }

    fn amount(&self, minor: impl Into<i128>) -> String {
        self.locale.amount(minor, self.of.decimals)
    }

    /// An amount with its currency, which a line may not break from it.
    fn money(&self, minor: impl Into<i128>) -> String {
        self.locale.money(minor, self.of.decimals, &plain(&self.of.currency))
    }

    fn percent(&self, ratio: Option<f64>) -> String {
        ratio.map_or_else(|| NOTHING.to_owned(), |ratio| self.locale.percent(ratio, 1))
    }

    fn points(&self, score: Option<f64>) -> String {
        score.map_or_else(|| NOTHING.to_owned(), |score| self.locale.decimal(score, 2))
    }

    fn label(&self, kind: &str, code: &str) -> String {
        plain(&self.catalogue.label(kind, code))
    }

    fn opening(&mut self) {
        let key = &self.of.account;
        let name = self.of.name.as_ref().map_or_else(|| key.clone(), |name| format!("{name} ({key})"));
        let (on, off) = if self.color { (BOLD, RESET) } else { ("", "") };
        let name = cut(&name, COLUMNS);
        self.line(format_args!("{on}{name}{off}"));
        let segment = self.of.segment.as_ref().map(|segment| format!("{}; ", plain(segment))).unwrap_or_default();
        let about = format!("{segment}{} as of {}, run {}", plain(&self.of.pipeline), self.of.as_of, self.of.run);
        let (on, off) = if self.color { (DIM, RESET) } else { ("", "") };
        let about = cut(&about, COLUMNS);
        self.line(format_args!("{on}{about}{off}"));
    }

    fn years(&mut self, years: &[Year]) {
        if years.is_empty() && self.of.growth.is_none() {
            return;
        }
        self.heading("From the invoices");
        if !years.is_empty() {
            let revenue = format!("Revenue ({})", plain(&self.of.currency));
            self.line(format_args!("  Year {revenue:>20} {:>10} {:>10} {:>8}", "Growth", "Invoices", "Lines"));
        }
        for year in years {
            let count =
                |count: Option<i64>| count.map_or_else(|| NOTHING.to_owned(), |count| self.locale.number(count));
            let (revenue, growth) = (self.amount(year.revenue), self.percent(year.growth));
            let (invoices, lines) = (count(year.invoices), count(year.lines));
            let open = if year.complete { "" } else { "  not over" };
            let text = format!("  {} {revenue:>20} {growth:>10} {invoices:>10} {lines:>8}{open}", year.year);
            self.line(format_args!("{text}"));
        }
        if let Some(growth) = &self.of.growth {
            let status = self.label("growth_status", &growth.status);
            let constant = if growth.constant { "; it grew in every year of the window" } else { "" };
            match (growth.cagr, growth.intervals) {
                (Some(cagr), Some(years)) => {
                    let (cagr, plural) = (self.percent(Some(cagr)), if years == 1 { "" } else { "s" });
                    self.words(format_args!("Growth of {cagr} a year over {years} year{plural} ({status}){constant}."));
                }
                _ => self.words(format_args!("No rate of growth ({status}).")),
            }
        }
    }

    fn standing(&mut self, standing: &Standing) {
        self.heading("By revenue");
        let revenue = self.money(standing.revenue);
        match (standing.rank, standing.class.as_str()) {
            (Some(rank), class) => {
                let (share, cum_share) = (self.percent(standing.share), self.percent(standing.cum_share));
                let ranked = standing.ranked;
                self.words(format_args!(
                    "No. {rank} of {ranked} with {revenue}: {share} of revenue, {cum_share} with all before it. Class {class}."
                ));
            }
            _ => self.words(format_args!("Not ranked, with {revenue}.")),
        }
        if let Some(needed) = standing.needed {
            let line = self.money(needed);
            let (step, cutoff) =
                (self.money((i128::from(standing.revenue) - i128::from(needed)).abs()), standing.cutoff);
            match standing.class == "A" {
                true => self.words(format_args!(
                    "It would fall out of class A (the first {cutoff}%) below {line}: it can lose {step}, if all others stay as they are."
                )),
                false => self.words(format_args!(
                    "It would enter class A (the first {cutoff}%) at {line}: {step} more, if all others stay as they are."
                )),
            }
        }
    }

    fn margin(&mut self, margin: &Margin) {
        self.heading("What it leaves");
        let money = |amount: Option<i64>| amount.map_or_else(|| NOTHING.to_owned(), |amount| self.money(amount));
        let (gross, serve, net) = (money(margin.gross), money(margin.cost_to_serve), money(margin.net));
        let accounts = margin.accounts;
        let ratio = margin.ratio.map(|ratio| format!(", {} of revenue", self.percent(Some(ratio)))).unwrap_or_default();
        let rank = margin.rank.map(|rank| format!("; no. {rank} of {accounts}")).unwrap_or_default();
        self.words(format_args!("Gross margin {gross}, less {serve} to serve it: net margin {net}{ratio}{rank}."));
    }

    fn score(&mut self, score: &Score) {
        self.heading("The score");
        let (points, coverage) = (self.points(score.score), self.percent(Some(score.coverage)));
        match score.rank {
            Some(rank) => {
                let rated = score.rated_accounts;
                self.words(format_args!(
                    "{points}: no. {rank} of {rated} rated accounts; {coverage} of the weight is known."
                ));
            }
            None => self.words(format_args!("Not rated: only {coverage} of the weight is known.")),
        }
        if score.low != score.high {
            let (low, high) = (self.points(score.low), self.points(score.high));
            self.words(format_args!("With everything known it would lie between {low} and {high}."));
        }
        if !score.criteria.is_empty() {
            self.text.push('\n');
            let heads = ["Value", "Score", "Weight", "Adds"].map(|head| format!("{head:>FIGURE$}")).concat();
            let (on, off) = if self.color { (DIM, RESET) } else { ("", "") };
            self.line(format_args!("{on}  {}{heads}{off}", fitted("", NAME)));
        }
        for (group, of_group) in &score.groups {
            let label = fitted(&self.label("group", group), NAME);
            let of_group = self.points(*of_group);
            self.line(format_args!("  {label}{:>FIGURE$}{of_group:>FIGURE$}", ""));
            for criterion in score.criteria.iter().filter(|criterion| criterion.group == *group) {
                self.criterion(criterion);
            }
        }
        let missing = score.criteria.iter().filter(|criterion| is_missing(criterion));
        let missing: Vec<String> = missing.map(|criterion| self.label("criterion", &criterion.criterion)).collect();
        if !missing.is_empty() {
            self.text.push('\n');
            self.words(format_args!("Not known: {}.", missing.join(", ")));
        }
        if !self.of.ask_first.is_empty() {
            let mut asks: Vec<(String, Vec<String>)> = Vec::new();
            for ask in &self.of.ask_first {
                let does = self.turns(ask);
                let criterion = self.label("criterion", &ask.criterion);
                match asks.iter_mut().find(|(known, _)| *known == does) {
                    Some((_, criteria)) => criteria.push(criterion),
                    None => asks.push((does, vec![criterion])),
                }
            }
            let asks: Vec<String> =
                asks.iter().map(|(does, criteria)| format!("{} ({does})", criteria.join(", "))).collect();
            let list = if self.of.selection.is_some() { ALONE } else { "the list" };
            self.words(format_args!("Ask first, since a single answer could change {list}: {}.", asks.join("; ")));
        }
        if let Some(reach) = &score.reach {
            self.reach(reach);
        }
    }

    /// What a missing score would do.
    fn turns(&self, ask: &Ask) -> String {
        let turning = self.points(ask.turning_score);
        match (ask.enters, ask.part_of_scale) {
            (true, Some(part)) if part >= 1.0 => "onto the list with any score".to_owned(),
            (true, _) => format!("onto the list from {turning} on"),
            (false, _) => format!("off the list below {turning}"),
        }
    }

    fn criterion(&mut self, criterion: &Criterion) {
        let label = self.label("criterion", &criterion.criterion);
        let value = match (criterion.source.as_str(), criterion.value) {
            ("measured", Some(value)) if criterion.is_ratio => self.percent(Some(value)),
            ("measured", Some(value)) => self.points(Some(value)),
            ("measured", None) => String::new(),
            (source, _) => source.to_owned(),
        };
        let score = self.points(criterion.score);
        let (weight, adds) = match criterion.weight > 0.0 {
            true => (self.percent(Some(criterion.weight)), self.points(Some(criterion.contribution))),
            false => (NOTHING.to_owned(), NOTHING.to_owned()),
        };
        let label = fitted(&label, NAME - 2);
        self.line(format_args!("    {label}{value:>FIGURE$}{score:>FIGURE$}{weight:>FIGURE$}{adds:>FIGURE$}"));
    }

    fn reach(&mut self, reach: &Reach) {
        self.text.push('\n');
        let rule = reach.rule.describe();
        let gap = reach.gap.map(|gap| match gap < 0.005 {
            // No score has so many places that this could be written.
            true => format!("less than {} points", self.points(Some(0.01))),
            false => format!("{} points", self.points(Some(gap))),
        });
        let is_rated = self.of.score.as_ref().is_some_and(|score| score.rated);
        match (reach.listed, reach.rank, gap) {
            _ if reach.decided == Some(Decision::Always) => {
                self.words(format_args!("On the list whatever its score: a person decided so, see below."));
            }
            _ if reach.decided == Some(Decision::Never) => {
                self.words(format_args!("Not on the list whatever its score: a person decided so, see below."));
            }
            (true, Some(rank), Some(gap)) => {
                self.words(format_args!("No. {rank} of the list ({rule}), and off it with {gap} less."));
            }
            (true, ..) => self.words(format_args!("On the list ({rule}): nobody else could take its place.")),
            (false, Some(rank), Some(gap)) => {
                self.words(format_args!("Not on the list ({rule}) but no. {rank}: {gap} more would bring it there."));
            }
            (false, ..) if is_rated => self.words(format_args!("Not on the list ({rule}): it is of another class.")),
            (false, ..) => self.words(format_args!("Not on the list ({rule}): it is not rated.")),
        }
        let step = |(criterion, now, then): &(String, f64, f64)| {
            let (now, then) = (self.points(Some(*now)), self.points(Some(*then)));
            format!("{} from {now} to {then}", self.label("criterion", criterion))
        };
        let steps: Vec<String> = reach.steps.iter().map(step).collect();
        if !steps.is_empty() {
            self.words(format_args!("A single score would do it: {}.", steps.join("; or ")));
        }
    }

    fn robustness(&mut self, robustness: &Robustness) {
        self.heading("With other weights");
        if self.of.selection.is_some() {
            self.words(format_args!("This is about {ALONE}, whatever places there are and whoever was on it before."));
        }
        let rank = |rank: Option<i64>| rank.map_or_else(|| NOTHING.to_owned(), |rank| rank.to_string());
        let (p05, p50, p95) = (rank(robustness.rank_p05), rank(robustness.rank_p50), rank(robustness.rank_p95));
        let p_key = self.percent(robustness.p_key);
        let range = match p05 == p95 {
            true => format!("at no. {p50} nine times out of ten"),
            false => format!("typically at no. {p50}, and nine times out of ten from no. {p05} to no. {p95}"),
        };
        self.words(format_args!(
            "Of the sets of weights drawn at random around the declared ones, {p_key} list it. It is {range}."
        ));
        match &robustness.flip {
            Some(flip) => {
                let (criterion, is) = (self.label("criterion", &flip.criterion), self.percent(Some(flip.weight)));
                let was = self.percent(Some(flip.weight - flip.delta));
                let there = if robustness.chosen { "take it off the list" } else { "bring it onto the list" };
                self.words(format_args!(
                    "The smallest change of one weight that would {there}: {criterion} from {was} to {is} of the total."
                ));
            }
            None => {
                let there = if robustness.chosen { "takes it off the list" } else { "brings it onto the list" };
                self.words(format_args!("No change of one weight alone {there}."));
            }
        }
    }
}

fn is_missing(criterion: &Criterion) -> bool {
    is_unknown(&criterion.source)
}
