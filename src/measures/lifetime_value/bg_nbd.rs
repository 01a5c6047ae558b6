//! The BG/NBD model of how often customers buy and when they stop.
//!
//! Fader, Hardie & Lee, "Counting Your Customers" the Easy Way, *Marketing Science* 24 (2005) 275–284. While
//! active, a customer buys at random times at a rate of its own (gamma distributed with shape r and rate
//! alpha); after each purchase it stops for good with a probability of its own (beta distributed with a and b).

use super::fit::{Maximum, Parameter, Unfit, maximise};
use super::purchases::Pattern;
use super::special::hypergeometric;
use rayon::prelude::*;

/// The model's four parameters, with time in some unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BgNbd {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

/// Patterns in a chunk of the likelihood. Chunks are summed side by side and added in order, so that the sum
/// has the same bits on any number of threads.
const CHUNK: usize = 8_192;

/// Fits the model to patterns with their counts, by maximum likelihood; the log-likelihood goes with it.
///
/// # Errors
/// [`Unfit`] where the likelihood has no maximum that can be relied on.
pub fn fit(patterns: &[(Pattern, f64)], days_per_unit: f64) -> Result<(BgNbd, f64), Unfit> {
    let buyers: f64 = patterns.iter().map(|(_, count)| count).sum();
    let ages: f64 = patterns.iter().map(|(pattern, count)| f64::from(pattern.age) * count).sum();
    let usual = |name, scale| Parameter { name, scale };
    // The rate parameter is a length of time: that of the book, in units.
    let length = (ages / buyers / days_per_unit).max(1.0 / days_per_unit);
    let parameters = [usual("r", 1.0), usual("alpha", length), usual("a", 1.0), usual("b", 1.0)];
    let of = |[r, alpha, a, b]: [f64; 4]| BgNbd { r, alpha, a, b };
    let likelihood = |values| of(values).log_likelihood(patterns, days_per_unit);
    let Maximum { values, log_likelihood } = maximise(parameters, buyers, likelihood)?;
    Ok((of(values), log_likelihood))
}

impl BgNbd {
    /// The logarithm of the likelihood of all patterns: equation 6 of the paper, without the factor that does
    /// not depend on the parameters.
    pub fn log_likelihood(&self, patterns: &[(Pattern, f64)], days_per_unit: f64) -> f64 {
        let repeats = patterns.iter().map(|(pattern, _)| pattern.repeats).max().unwrap_or_default();
        let age = patterns.iter().map(|(pattern, _)| pattern.age).max().unwrap_or_default();
        let by_repeats = self.by_repeats(repeats);
        // ln(alpha + t) for every day: patterns are many, days are few.
        let waited: Vec<f64> = (0..=age).map(|days| (self.alpha + f64::from(days) / days_per_unit).ln()).collect();
        let one = |(pattern, count): &(Pattern, f64)| {
            let row = by_repeats.get(pattern.repeats as usize).copied().unwrap_or_default();
            let waited = |days: u32| waited.get(days as usize).copied().unwrap_or_default();
            let active = -row.shape * waited(pattern.age);
            if pattern.repeats == 0 {
                return count * (row.constant + active);
            }
            let stopped = row.stop - row.shape * waited(pattern.recency);
            count * (row.constant + sum_of_exponentials(active, stopped))
        };
        let sums: Vec<f64> = patterns.par_chunks(CHUNK).map(|chunk| chunk.iter().map(one).sum()).collect();
        sums.into_iter().sum()
    }

    /// What depends on the number of repeat purchases alone, from 0 on. Quotients of gamma functions whose
    /// arguments are a whole number apart are products, which go on from one number to the next.
    fn by_repeats(&self, most: u32) -> Vec<Row> {
        let mut constant = self.r * self.alpha.ln();
        let row = |x: u32| {
            let x = f64::from(x);
            if x > 0.0 {
                let before = x - 1.0;
                constant += ((self.r + before) * (self.b + before) / (self.a + self.b + before)).ln();
            }
            Row { constant, shape: self.r + x, stop: self.a.ln() - (self.b + x - 1.0).ln() }
        };
        (0..=most).map(row).collect()
    }

    /// The odds that a customer has stopped to that it is active, after `x` repeat purchases the last of which
    /// was `recency` units after the first, seen for `age` units.
    fn odds_stopped(&self, x: f64, recency: f64, age: f64) -> f64 {
        if x == 0.0 {
            // The model has customers stop after repeat purchases only.
            return 0.0;
        }
        self.a / (self.b + x - 1.0) * ((self.alpha + age) / (self.alpha + recency)).powf(self.r + x)
    }

    /// The probability that a customer is still active. 1 without a repeat purchase.
    pub fn p_alive(&self, x: f64, recency: f64, age: f64) -> f64 {
        1.0 / (1.0 + self.odds_stopped(x, recency, age))
    }

    /// How many purchases to expect of a customer over the next `time` units: equation 10 of the paper.
    ///
    /// With c = a + b + x − 1 and z = t / (alpha + T + t), the paper's numerator is
    /// c / (a − 1) · (1 − (1 − z)^(r + x) ₂F₁(r + x, b + x; c; z)), which is 0/0 at a = 1 and at c = 0. Euler's
    /// transformation takes out (1 − z)^(a − 1), and what is left starts with 1 + (c − r − x)(a − 1) z / c, so
    /// that both zeros cancel; the rest is a ₃F₂. `None` where its series does not settle.
    pub fn expected(&self, time: f64, x: f64, recency: f64, age: f64) -> Option<f64> {
        let Self { r, alpha, a, b } = *self;
        let (c, z) = (a + b + x - 1.0, time / (alpha + age + time));
        let rest = a + b - 1.0 - r;
        let series = rest * z * hypergeometric([rest + 1.0, a, 1.0], [c + 1.0, 2.0], z)?;
        // (1 − z)^(a − 1), less one, over a − 1: the logarithm where a is 1.
        let (less, logarithm) = (a - 1.0, ((alpha + age) / (alpha + age + time)).ln());
        let power = (less * logarithm).exp();
        let quotient = if less == 0.0 { logarithm } else { (less * logarithm).exp_m1() / less };
        let numerator = -c * quotient - power * series;
        Some(numerator * self.p_alive(x, recency, age))
    }
}

/// See [`BgNbd::by_repeats`].
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    constant: f64,
    shape: f64,
    stop: f64,
}

/// ln(eᵃ + eᵇ) without overflow.
fn sum_of_exponentials(a: f64, b: f64) -> f64 {
    a.max(b) + (-(a - b).abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::super::special::ln_gamma;
    use super::*;
    use proptest::prelude::*;
    use rand_pcg::Pcg64Mcg;
    use rand_pcg::rand_core::Rng;

    const PUBLISHED: BgNbd = BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} for {expected}");
    }

    fn pattern(repeats: u32, recency: u32, age: u32) -> Pattern {
        Pattern { repeats, recency, age }
    }

    /// The first customer of the CDNOW sample: 1.226 purchases in the 39 weeks that followed.
    #[test]
    fn the_published_expectation() {
        let expected = PUBLISHED.expected(39.0, 2.0, 30.43, 38.86).unwrap();
        assert_eq!((expected * 1000.0).round(), 1226.0, "{expected}");
    }

    /// By the paper's formula with 40 digits, mpmath 1.3.
    #[test]
    fn expectations_against_forty_digits() {
        for ([time, x, recency, age], expected, alive) in [
            ([39.0, 2.0, 30.43, 38.86], 1.2260281747671444, 0.726_578_570_080_673),
            ([52.0, 0.0, 0.0, 38.86], 0.252_073_022_282_458_9, 1.0),
            ([52.0, 0.0, 0.0, 0.0], 1.4460505953964037, 1.0),
            ([10.0, 29.0, 38.0, 39.0], 5.918_493_751_115_524, 0.951_003_370_337_629_8),
            ([200.0, 1.0, 1.0, 2.0], 7.159_521_546_563_74, 0.712_487_021_485_666_8),
        ] {
            close(PUBLISHED.expected(time, x, recency, age).unwrap(), expected, 1e-12);
            close(PUBLISHED.p_alive(x, recency, age), alive, 1e-14);
        }
    }

    /// Where the paper's form is 0/0, or a parameter of its ₂F₁ is negative.
    #[test]
    fn expectations_where_the_papers_form_breaks_down() {
        let of = |a, b| BgNbd { r: 0.5, alpha: 3.0, a, b };
        close(of(1.0, 2.0).expected(20.0, 3.0, 10.0, 15.0).unwrap(), 1.5948423553128034, 1e-12);
        close(of(1.0 + 1e-9, 2.0).expected(20.0, 3.0, 10.0, 15.0).unwrap(), 1.5948423553128034, 1e-8);
        close(of(0.3, 0.5).expected(20.0, 0.0, 0.0, 15.0).unwrap(), 0.447_791_471_926_049_3, 1e-12);
        close(of(2.5, 1.5).expected(20.0, 4.0, 9.0, 15.0).unwrap(), 0.570_572_854_739_174_9, 1e-12);
        assert!(of(0.5, 0.5).expected(20.0, 0.0, 0.0, 15.0).unwrap().is_finite());
    }

    /// r = a = 1, alpha = b = 2; one customer, x = 1, t_x = 1, T = 2, in units of one day. Γ(2) · 2 / Γ(1) = 2,
    /// B(1, 2) = 1/2, B(1, 3) = 1/3 and B(2, 2) = 1/6. Active: 2/3 · 2 / (2 + 2)² = 1/12. Stopped:
    /// 1/3 · 2 / (2 + 1)² = 2/27. Together 17/108. Another with x = 0, T = 2: 2 / (2 + 2) = 1/2.
    #[test]
    fn the_likelihood_by_hand() {
        let model = BgNbd { r: 1.0, alpha: 2.0, a: 1.0, b: 2.0 };
        let found = model.log_likelihood(&[(pattern(1, 1, 2), 1.0)], 1.0);
        close(found, (17.0f64 / 108.0).ln(), 1e-14);
        let found = model.log_likelihood(&[(pattern(0, 0, 2), 3.0), (pattern(1, 1, 2), 1.0)], 1.0);
        close(found, (17.0f64 / 108.0).ln() + 3.0 * 0.5f64.ln(), 1e-14);
        // The odds are (2/27) / (1/12) = 8/9.
        close(model.p_alive(1.0, 1.0, 2.0), 9.0 / 17.0, 1e-14);
    }

    #[test]
    fn without_repeat_purchases_nothing_tells_when_customers_stop() {
        let patterns: Vec<(Pattern, f64)> = (1..50).map(|age| (pattern(0, 0, age), 1.0)).collect();
        assert!(fit(&patterns, 7.0).is_err());
    }

    /// Draws from the model itself with r = 1, alpha = 10, a = 1, b = 2: rates are exponential,
    /// and a beta variable of 1 and b is one less the b-th root of a uniform one. Time is counted in whole days, so
    /// units of 50 days keep what that blurs small.
    fn drawn(count: u32) -> Vec<(Pattern, f64)> {
        let mut random = Pcg64Mcg::new(2_005);
        let mut uniform = || ((random.next_u64() >> 11) as f64 + 0.5) / 2f64.powi(53);
        let mut patterns: Vec<Pattern> = Vec::new();
        for number in 0..count {
            let (rate, stops) = (-uniform().ln() / 10.0, 1.0 - uniform().sqrt());
            let age = 20.0 + f64::from(number % 20);
            let (mut time, mut last, mut repeats) = (0.0, 0.0, 0);
            loop {
                time -= uniform().ln() / rate;
                if time > age {
                    break;
                }
                (last, repeats) = (time, repeats + 1);
                if uniform() < stops {
                    break;
                }
            }
            patterns.push(pattern(repeats, (last * 50.0) as u32, (age * 50.0) as u32));
        }
        patterns.sort_unstable();
        patterns.into_iter().map(|pattern| (pattern, 1.0)).collect()
    }

    /// The likelihood has to be greater at its maximum than behind the draws, and by Wilks's theorem twice the
    /// difference has the chi-squared distribution of four degrees: above 18.5 once in a thousand times.
    #[test]
    fn the_parameters_behind_drawn_patterns_are_found() {
        let patterns = drawn(20_000);
        let (found, log_likelihood) = fit(&patterns, 50.0).unwrap();
        let behind = BgNbd { r: 1.0, alpha: 10.0, a: 1.0, b: 2.0 }.log_likelihood(&patterns, 50.0);
        let difference = 2.0 * (log_likelihood - behind);
        assert!((0.0..18.5).contains(&difference), "{found:?}: {difference}");
    }

    /// The likelihood as the paper writes it, with beta and gamma functions.
    fn by_the_paper(model: &BgNbd, x: f64, recency: f64, age: f64) -> f64 {
        let BgNbd { r, alpha, a, b } = *model;
        let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
        let common = ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln() - ln_beta(a, b);
        let active = common + ln_beta(a, b + x) - (r + x) * (alpha + age).ln();
        if x == 0.0 {
            return active;
        }
        let stopped = common + ln_beta(a + 1.0, b + x - 1.0) - (r + x) * (alpha + recency).ln();
        (active.exp() + stopped.exp()).ln()
    }

    proptest! {
        #[test]
        fn the_likelihood_is_the_papers(
            r in 0.05f64..5.0, alpha in 0.1f64..50.0, a in 0.05f64..5.0, b in 0.05f64..5.0,
            repeats in 0u32..20, age in 1u32..300, part in 0.0f64..1.0,
        ) {
            let model = BgNbd { r, alpha, a, b };
            let recency = if repeats == 0 { 0 } else { (f64::from(age) * part) as u32 };
            let found = model.log_likelihood(&[(pattern(repeats, recency, age), 2.0)], 7.0);
            let expected = 2.0 * by_the_paper(&model, repeats.into(), f64::from(recency) / 7.0, f64::from(age) / 7.0);
            prop_assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} {expected}");
        }

        /// The paper's form of the expectation, away from where it is 0/0.
        #[test]
        fn the_expectation_is_the_papers(
            r in 0.05f64..5.0, alpha in 0.5f64..50.0, a in 0.05f64..5.0, b in 0.05f64..5.0,
            x in 1u32..20, age in 1.0f64..100.0, part in 0.0f64..1.0, time in 0.1f64..100.0,
        ) {
            prop_assume!((a - 1.0).abs() > 0.05);
            let (model, x, recency) = (BgNbd { r, alpha, a, b }, f64::from(x), age * part);
            let (c, z) = (a + b + x - 1.0, time / (alpha + age + time));
            let gauss = hypergeometric([r + x, b + x], [c], z).unwrap();
            let bracket = 1.0 - ((alpha + age) / (alpha + age + time)).powf(r + x) * gauss;
            let expected = c / (a - 1.0) * bracket * model.p_alive(x, recency, age);
            let found = model.expected(time, x, recency, age).unwrap();
            prop_assert!((found - expected).abs() <= 1e-7 * expected.max(1e-3), "{found} {expected}");
        }

        /// More time brings more purchases, and no more than at the customer's rate without an end.
        #[test]
        fn expectations_rise_with_time(
            a in 0.05f64..3.0, b in 0.05f64..5.0, x in 0u32..20, age in 0.0f64..100.0, time in 0.1f64..100.0,
        ) {
            let (model, x) = (BgNbd { r: 0.7, alpha: 5.0, a, b }, f64::from(x));
            let expected = |time| model.expected(time, x, age, age).unwrap();
            let (short, long) = (expected(time), expected(time * 1.5));
            prop_assert!(0.0 < short && short < long, "{short} {long}");
            prop_assert!(long <= (model.r + x) / (model.alpha + age) * time * 1.5 * (1.0 + 1e-9));
        }
    }
}
