//! Lifetime value where accounts come and go without notice: BG/NBD for purchases, Gamma-Gamma for spend.

use super::bg_nbd::{self, BgNbd};
use super::fit::Unfit;
use super::gamma_gamma::{self, GammaGamma, Spender};
use super::purchases::{Buyer, Pattern, buyers, patterns};
use super::{number_within, optional_whole, whole_money};
use crate::calendar::{iso, parse_day};
use crate::failure::Failure;
use crate::ledger::books::Books;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::table::{Table, TableBuilder};
use rayon::prelude::*;

#[derive(Debug, Clone)]
pub struct NonContractual {
    pub from: Located<String>,
    /// The last day of the calibration; the as-of day where none.
    pub until: Option<i32>,
    pub minimum_repeat_buyers: usize,
    pub max_correlation: f64,
    pub terms: Terms,
}

/// In which steps time is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Day,
    Week,
    Month,
}

impl Unit {
    /// A month is a twelfth of 365.25 days.
    pub fn days(self) -> f64 {
        match self {
            Self::Day => 1.0,
            Self::Week => 7.0,
            Self::Month => 30.4375,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// What of the purchases to come makes a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    pub unit: Unit,
    /// In units.
    pub horizon: u32,
    /// Margin per unit of revenue.
    pub margin_rate: f64,
    /// Per year; none for no discount.
    pub discount: Option<f64>,
}

const DAYS_PER_YEAR: f64 = 365.25;

impl NonContractual {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let unit =
            fields.choice("unit", &[Unit::Day, Unit::Week, Unit::Month].map(|unit| (unit.name(), unit)), Unit::Week);
        let until = match fields.optional_text("until") {
            None => Some(None),
            Some(text) => day(&text, fields).map(Some),
        };
        let horizon = optional_whole(fields, "horizon", 10_000);
        let margin_rate = number_within(fields, "margin_rate", 0.0..=1.0, Some(1.0));
        let discount = number_within(fields, "discount", 0.001..=1.0, None);
        let minimum = fields.whole("minimum_repeat_buyers", 2..=1_000_000, 30);
        let max_correlation = number_within(fields, "max_correlation", 0.0..=1.0, Some(0.3));
        let terms =
            Terms { unit: unit?, horizon: horizon?.unwrap_or(52), margin_rate: margin_rate??, discount: discount? };
        Some(Self {
            from: from?,
            until: until?,
            minimum_repeat_buyers: usize::try_from(minimum?).ok()?,
            max_correlation: max_correlation??,
            terms,
        })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        scope.ledger(&self.from)?;
        let (name, config, decimals) = (id.value.clone(), self.clone(), scope.settings.decimals);
        let second = format!("{name}_fit");
        let specs = vec![table(&name, &[]).spec, fit_table(&second, &[]).spec];
        let job = move |inputs: &Inputs| {
            let ledger = inputs.ledger(&config.from.value)?;
            let until = config.until.unwrap_or(ledger.period.as_of);
            let fitted = config.fit(&ledger.books, until, ledger.period.as_of, decimals);
            let fitted = fitted.map_err(|unusable| unusable.of(&name))?;
            let rows = config.rows(&fitted, &ledger.books, decimals)?;
            Ok(Product::Tables(vec![table(&name, &rows), fit_table(&second, &fitted.parameters())]))
        };
        Some(Bound::of(Signature::Tables(specs), job))
    }

    /// Fits both models to what was bought up to the end of the calibration.
    fn fit(&self, books: &Books, until: i32, as_of: i32, decimals: u32) -> Result<Fitted, Unusable> {
        if until > as_of {
            return Err(Unusable::Unseen { until, as_of });
        }
        let buyers = buyers(&books.days, until);
        let (needed, days_per_unit) = (self.minimum_repeat_buyers, self.terms.unit.days());
        let repeat_buyers = buyers.iter().filter(|buyer| buyer.pattern.repeats > 0).count();
        if repeat_buyers < needed {
            return Err(Unusable::FewRepeatBuyers { found: repeat_buyers, needed, until });
        }
        let spenders: Vec<Spender> = buyers.iter().filter_map(|buyer| spender(buyer, decimals)).collect();
        if spenders.len() < needed {
            return Err(Unusable::FewSpenders { found: spenders.len(), needed, until });
        }
        let correlation = gamma_gamma::correlation(&spenders);
        if let Some(correlation) = correlation.filter(|correlation| correlation.abs() > self.max_correlation) {
            return Err(Unusable::Correlated { correlation, most: self.max_correlation });
        }
        let patterns = patterns(&buyers);
        let (purchases, log_likelihood) =
            bg_nbd::fit(&patterns, days_per_unit).map_err(|reason| Unusable::Unfit { model: "BG/NBD", reason })?;
        let (spend, _) =
            gamma_gamma::fit(&spenders).map_err(|reason| Unusable::Unfit { model: "Gamma-Gamma", reason })?;
        if spend.mean().is_none() {
            return Err(Unusable::NoMean { q: spend.q });
        }
        let without_spend = repeat_buyers - spenders.len();
        Ok(Fitted { purchases, spend, log_likelihood, correlation, repeat_buyers, without_spend, buyers, patterns })
    }

    /// A row for every account of the ledger, by account.
    fn rows<'b>(&self, fitted: &Fitted, books: &'b Books, decimals: u32) -> Result<Vec<Row<'b>>, Failure> {
        let outlook = |(pattern, _): &(Pattern, f64)| self.terms.outlook(&fitted.purchases, *pattern);
        let outlooks: Option<Vec<Outlook>> = fitted.patterns.par_iter().map(outlook).collect();
        let outlooks = outlooks.ok_or_else(|| Failure::run("an expected number of purchases does not settle"))?;
        let minor_units = 10f64.powi(i32::try_from(decimals).unwrap_or_default());
        let mut rows: Vec<Row> = Vec::new();
        let mut buyers = fitted.buyers.iter().peekable();
        for account in books.years.chunk_by(|a, b| a.account == b.account).filter_map(|years| years.first()) {
            let account = account.account;
            let name = books.accounts.get(account as usize).map_or("", String::as_str);
            let Some(buyer) = buyers.next_if(|buyer| buyer.account == account) else {
                rows.push(Row { account: name, bought: None });
                continue;
            };
            let place = fitted.patterns.binary_search_by(|(pattern, _)| pattern.cmp(&buyer.pattern)).ok();
            let outlook = place.and_then(|place| outlooks.get(place)).copied().unwrap_or_default();
            let spend = expected_spend(&fitted.spend, buyer, decimals).map(|spend| spend * minor_units);
            let value =
                spend.map(|spend| whole_money(spend * outlook.discounted * self.terms.margin_rate)).transpose()?;
            let spend = spend.map(whole_money).transpose()?;
            rows.push(Row {
                account: name,
                bought: Some(Bought { pattern: buyer.pattern, outlook, spend, value, unit: self.terms.unit }),
            });
        }
        Ok(rows)
    }
}

fn day(text: &Located<String>, fields: &Fields) -> Option<i32> {
    let day = parse_day(&text.value, "%Y-%m-%d");
    if day.is_none() {
        let message = format!("`until` should be a day, found `{}`", text.value);
        let hint = "write a day that exists as year-month-day, such as `2025-12-31`";
        fields.problems.report(&text.span, message, hint.to_owned());
    }
    day
}

/// A buyer for the Gamma-Gamma model: one that bought again, for more than nothing.
fn spender(buyer: &Buyer, decimals: u32) -> Option<Spender> {
    let repeats = buyer.pattern.repeats;
    let minor_units = 10f64.powi(i32::try_from(decimals).unwrap_or_default());
    (repeats > 0 && buyer.spend > 0)
        .then(|| Spender { purchases: repeats, mean: buyer.spend as f64 / f64::from(repeats) / minor_units })
}

/// In currency. Null for an account that bought again and for nothing: the model has no place for it.
fn expected_spend(model: &GammaGamma, buyer: &Buyer, decimals: u32) -> Option<f64> {
    if buyer.pattern.repeats == 0 {
        return model.mean();
    }
    let spender = spender(buyer, decimals)?;
    model.expected(spender.purchases, spender.mean)
}

impl Terms {
    fn outlook(&self, model: &BgNbd, pattern: Pattern) -> Option<Outlook> {
        let units = |days: u32| f64::from(days) / self.unit.days();
        let (x, recency, age) = (f64::from(pattern.repeats), units(pattern.recency), units(pattern.age));
        let expected_by = |time: u32| model.expected(f64::from(time), x, recency, age);
        let expected = expected_by(self.horizon)?;
        let discounted = match self.discount {
            None => expected,
            Some(discount) => {
                // What each unit of time brings is discounted from its middle.
                let (mut sum, mut before) = (0.0, 0.0);
                for step in 1..=self.horizon {
                    let by_then = expected_by(step)?;
                    let years = (f64::from(step) - 0.5) * self.unit.days() / DAYS_PER_YEAR;
                    sum += (by_then - before) / (1.0 + discount).powf(years);
                    before = by_then;
                }
                sum
            }
        };
        Some(Outlook { alive: model.p_alive(x, recency, age), expected, discounted })
    }
}

/// What to expect of all accounts with the same pattern.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Outlook {
    alive: f64,
    /// Purchases over the horizon, as they are and discounted.
    expected: f64,
    discounted: f64,
}

/// Both models, and what they were fitted to.
#[derive(Debug)]
struct Fitted {
    purchases: BgNbd,
    spend: GammaGamma,
    log_likelihood: f64,
    correlation: Option<f64>,
    repeat_buyers: usize,
    /// Repeat buyers whose spend is not above zero.
    without_spend: usize,
    buyers: Vec<Buyer>,
    patterns: Vec<(Pattern, f64)>,
}

impl Fitted {
    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let BgNbd { r, alpha, a, b } = self.purchases;
        let GammaGamma { p, q, v } = self.spend;
        let known = [("r", r), ("alpha", alpha), ("a", a), ("b", b), ("p", p), ("q", q), ("v", v)];
        let mut parameters: Vec<_> = known.map(|(name, value)| (name, Some(value))).to_vec();
        parameters.push(("log_likelihood", Some(self.log_likelihood)));
        parameters.push(("frequency_spend_correlation", self.correlation));
        let counts = [
            ("customers", self.buyers.len()),
            ("repeat_buyers", self.repeat_buyers),
            ("without_spend", self.without_spend),
        ];
        parameters.extend(counts.map(|(name, count)| (name, Some(count as f64))));
        parameters
    }
}

/// Why the models do not fit a book.
#[derive(Debug, Clone, PartialEq)]
enum Unusable {
    Unseen { until: i32, as_of: i32 },
    FewRepeatBuyers { found: usize, needed: usize, until: i32 },
    FewSpenders { found: usize, needed: usize, until: i32 },
    Correlated { correlation: f64, most: f64 },
    Unfit { model: &'static str, reason: Unfit },
    NoMean { q: f64 },
}

impl Unusable {
    fn of(self, name: &str) -> Failure {
        let contractual = "where accounts renew year by year, use `model: contractual`";
        let (message, hint) = match self {
            Self::Unseen { until, as_of } => (
                format!("`until` is {}, after the last day that counts, {}", iso(until), iso(as_of)),
                "declare an earlier `until`, or a later `as_of`".to_owned(),
            ),
            Self::FewRepeatBuyers { found, needed, until } => (
                format!("{found} accounts bought on more than one day up to {}; {needed} are needed", iso(until)),
                "read more invoices, or lower `minimum_repeat_buyers` and trust the result less".to_owned(),
            ),
            Self::FewSpenders { found, needed, until } => (
                format!(
                    "{found} accounts bought again for more than they were credited up to {}; {needed} are needed",
                    iso(until)
                ),
                "read more invoices, or lower `minimum_repeat_buyers` and trust the result less".to_owned(),
            ),
            Self::Correlated { correlation, most } => (
                format!(
                    "how often accounts buy and how much they spend have a correlation of {correlation:.3}, past \
                     {most}; the Gamma-Gamma model needs them unrelated"
                ),
                format!("{contractual}; or raise `max_correlation` and trust the values less"),
            ),
            Self::Unfit { model, reason } => {
                (format!("the {model} model does not fit this book: {reason}"), contractual.to_owned())
            }
            Self::NoMean { q } => (
                format!("accounts differ so much in spend that its mean is infinite (q is {q:.3}, not above 1)"),
                contractual.to_owned(),
            ),
        };
        Failure::Data { message: format!("stage `{name}`: {message}"), hint: Some(hint) }
    }
}

/// One account; without purchases up to the end of the calibration, nothing is known of it.
#[derive(Debug, Clone, PartialEq)]
struct Row<'b> {
    account: &'b str,
    bought: Option<Bought>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Bought {
    pattern: Pattern,
    outlook: Outlook,
    /// Minor units.
    spend: Option<i64>,
    value: Option<i64>,
    unit: Unit,
}

fn table(name: &str, rows: &[Row]) -> Table {
    let numbers =
        |number: fn(&Bought) -> f64| rows.iter().map(|row| row.bought.as_ref().map(number)).collect::<Vec<_>>();
    let money = |money: fn(&Bought) -> Option<i64>| {
        rows.iter().map(|row| row.bought.as_ref().and_then(money)).collect::<Vec<_>>()
    };
    let repeats: Vec<Option<i64>> =
        rows.iter().map(|row| row.bought.map(|bought| bought.pattern.repeats.into())).collect();
    TableBuilder::new(name, rows.len())
        .per_account()
        .text("account", rows.iter().map(|row| row.account).collect())
        .money("value", money(|bought| bought.value))
        .ratios("p_alive", numbers(|bought| bought.outlook.alive))
        .numbers("expected_invoices", numbers(|bought| bought.outlook.expected))
        .money("expected_spend", money(|bought| bought.spend))
        .integers("frequency", repeats)
        .numbers("recency", numbers(|bought| f64::from(bought.pattern.recency) / bought.unit.days()))
        .numbers("age", numbers(|bought| f64::from(bought.pattern.age) / bought.unit.days()))
        .build()
}

fn fit_table(name: &str, parameters: &[(&'static str, Option<f64>)]) -> Table {
    TableBuilder::new(name, parameters.len())
        .text("parameter", parameters.iter().map(|(name, _)| *name).collect())
        .numbers("value", parameters.iter().map(|(_, value)| *value).collect::<Vec<_>>())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::books::DaySum;

    const TERMS: Terms = Terms { unit: Unit::Week, horizon: 39, margin_rate: 1.0, discount: None };

    fn config() -> NonContractual {
        let from = Located::new("ledger".to_owned(), Default::default());
        NonContractual { from, until: None, minimum_repeat_buyers: 30, max_correlation: 0.3, terms: TERMS }
    }

    /// Invented accounts: account n starts on day n mod 90 and buys every (n mod 17) + 3 days so many times, for
    /// amounts that do not follow how often.
    fn book(accounts: u32) -> Books {
        let mut days = Vec::new();
        for account in 0..accounts {
            let (start, gap) = ((account % 90) as i32, (account % 17) as i32 + 3);
            let times = [1, 1, 1, 2, 2, 3, 5, 9][(account * 7 % 8) as usize];
            let amount = 2_000 + i64::from(account * 7_919 % 5_003);
            for time in 0..times {
                days.push(DaySum { account, day: start + time * gap, amount: amount + i64::from(time) * 13 });
            }
        }
        Books { accounts: (0..accounts).map(|account| format!("{account:05}")).collect(), days, ..Books::default() }
    }

    #[test]
    fn too_few_repeat_buyers_are_an_error() {
        let found = config().fit(&book(20), 200, 200, 2).unwrap_err();
        // Those with 7 n mod 8 from 3 on buy more than once: 1 to 5, 9 to 13, 17 to 19.
        assert_eq!(found, Unusable::FewRepeatBuyers { found: 13, needed: 30, until: 200 });
        let Failure::Data { message, hint } = found.of("clv") else { panic!("it is the data's") };
        assert_eq!(message, "stage `clv`: 13 accounts bought on more than one day up to 1970-07-20; 30 are needed");
        assert!(hint.is_some_and(|hint| hint.contains("minimum_repeat_buyers")));
    }

    #[test]
    fn a_calibration_past_the_data_is_an_error() {
        assert_eq!(config().fit(&book(20), 201, 200, 2).unwrap_err(), Unusable::Unseen { until: 201, as_of: 200 });
    }

    #[test]
    fn who_was_credited_more_than_it_bought_is_no_spender() {
        let mut books = book(60);
        // A credit note for every account, larger than all it bought.
        for account in 0..60 {
            books.days.push(DaySum { account, day: 199, amount: -10_000_000 });
        }
        books.days.sort_unstable();
        let found = config().fit(&books, 200, 200, 2).unwrap_err();
        assert!(matches!(found, Unusable::FewSpenders { found: 0, needed: 30, .. }), "{found:?}");
    }

    #[test]
    fn a_correlation_past_the_limit_is_an_error_unless_raised() {
        let mut books = book(400);
        // Who buys more often spends more each time.
        let buyers = buyers(&books.days, 400);
        for day in &mut books.days {
            day.amount += 3_000 * i64::from(buyers[day.account as usize].pattern.repeats);
        }
        let found = config().fit(&books, 400, 400, 2).unwrap_err();
        assert!(matches!(found, Unusable::Correlated { correlation, most: 0.3 } if correlation > 0.9), "{found:?}");
        let raised = NonContractual { max_correlation: 1.0, ..config() };
        assert!(!matches!(raised.fit(&books, 400, 400, 2), Err(Unusable::Correlated { .. })));
    }

    #[test]
    fn a_book_that_never_buys_again_does_not_fit() {
        // Everybody bought on two days running, and never again.
        let mut books = book(0);
        for account in 0..100u32 {
            for day in [0, 1] {
                books.days.push(DaySum { account, day, amount: 1_000 + i64::from(account) });
            }
        }
        books.days.sort_unstable();
        let found = config().fit(&books, 300, 300, 2).unwrap_err();
        assert!(matches!(found, Unusable::Unfit { model: "BG/NBD", .. }), "{found:?}");
    }

    /// One and two weeks from now with a discount of 10% a year: the first week's purchases count from its middle,
    /// half a week or 3.5 days ahead, the second week's from 10.5 days ahead.
    #[test]
    fn discounting_by_hand() {
        let model = BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
        let pattern = Pattern { repeats: 2, recency: 213, age: 272 };
        let terms = Terms { horizon: 2, discount: Some(0.1), ..TERMS };
        let by = |time: f64| model.expected(time, 2.0, 213.0 / 7.0, 272.0 / 7.0).unwrap();
        let expected = by(1.0) / 1.1f64.powf(3.5 / 365.25) + (by(2.0) - by(1.0)) / 1.1f64.powf(10.5 / 365.25);
        let found = terms.outlook(&model, pattern).unwrap();
        assert!((found.discounted - expected).abs() < 1e-14);
        assert_eq!(found.expected, by(2.0));
        let plain = Terms { discount: None, ..terms }.outlook(&model, pattern).unwrap();
        assert_eq!(plain.discounted, plain.expected);
    }
}
