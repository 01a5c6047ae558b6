//! The Gamma-Gamma model of how much customers spend per purchase.
//!
//! Fader & Hardie, The Gamma-Gamma Model of Monetary Value, note 025 (2013), brucehardie.com. A customer's
//! spends are gamma distributed with shape p and a rate of its own, which is gamma distributed with shape q and
//! rate v. How much a customer spends must not depend on how often it buys.

use super::fit::{Maximum, Parameter, Unfit, maximise};
use super::special::ln_gamma;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The model's three parameters; v is in the currency of the spends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    pub v: f64,
}

/// A customer with repeat purchases: how many, and what they came to on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spender {
    /// Above zero.
    pub purchases: u32,
    /// Above zero, in currency.
    pub mean: f64,
}

/// As for BG/NBD: fixed chunks, added in order.
const CHUNK: usize = 8_192;

/// Fits the model by maximum likelihood; the log-likelihood goes with it. Scaled by their mean, the spends of any
/// currency are alike, and v comes back in currency.
///
/// # Errors
/// [`Unfit`] where the likelihood has no maximum that can be relied on.
pub fn fit(spenders: &[Spender]) -> Result<(GammaGamma, f64), Unfit> {
    let count = spenders.len() as f64;
    let scale = spenders.iter().map(|spender| spender.mean).sum::<f64>() / count;
    let usual = |name, scale| Parameter { name, scale };
    let parameters = [usual("p", 3.0), usual("q", 3.0), usual("v", scale)];
    let sums = Sums::of(spenders);
    let of = |[p, q, v]: [f64; 3]| GammaGamma { p, q, v };
    let Maximum { values, log_likelihood } = maximise(parameters, count, |values| of(values).log_likelihood(&sums))?;
    Ok((of(values), log_likelihood))
}

/// What of the spends does not depend on the parameters.
#[derive(Debug)]
pub struct Sums {
    /// How many customers made so many purchases.
    by_purchases: Vec<(f64, f64)>,
    /// Purchases and what they came to in all, per customer.
    totals: Vec<(f64, f64)>,
    /// Σ x ln(x z), and Σ ln z.
    weighted_logarithms: f64,
    logarithms: f64,
}

impl Sums {
    pub fn of(spenders: &[Spender]) -> Self {
        let mut by_purchases: BTreeMap<u32, f64> = BTreeMap::new();
        for spender in spenders {
            *by_purchases.entry(spender.purchases).or_default() += 1.0;
        }
        let totals = |spender: &Spender| (f64::from(spender.purchases), f64::from(spender.purchases) * spender.mean);
        let totals: Vec<(f64, f64)> = spenders.iter().map(totals).collect();
        Self {
            by_purchases: by_purchases.into_iter().map(|(purchases, count)| (purchases.into(), count)).collect(),
            weighted_logarithms: totals.iter().map(|(purchases, total)| purchases * total.ln()).sum(),
            logarithms: spenders.iter().map(|spender| spender.mean.ln()).sum(),
            totals,
        }
    }
}

impl GammaGamma {
    /// The logarithm of the likelihood: equation 1a of the note, summed over the customers,
    /// ln Γ(px + q) − ln Γ(px) − ln Γ(q) + q ln v + (px − 1) ln z + px ln x − (px + q) ln(v + xz).
    pub fn log_likelihood(&self, sums: &Sums) -> f64 {
        let Self { p, q, v } = *self;
        let gammas =
            |(x, count): &(f64, f64)| count * (ln_gamma(p * x + q) - ln_gamma(p * x) - ln_gamma(q) + q * v.ln());
        let gammas: f64 = sums.by_purchases.iter().map(gammas).sum();
        let spent = |(x, total): &(f64, f64)| (p * x + q) * (v + total).ln();
        let chunks: Vec<f64> = sums.totals.par_chunks(CHUNK).map(|chunk| chunk.iter().map(spent).sum()).collect();
        gammas + p * sums.weighted_logarithms - sums.logarithms - chunks.into_iter().sum::<f64>()
    }

    /// The mean spend per purchase over all customers: p v / (q − 1). `None` where q ≤ 1: it is infinite.
    pub fn mean(&self) -> Option<f64> {
        (self.q > 1.0).then(|| self.p * self.v / (self.q - 1.0))
    }

    /// The spend per purchase to expect of a customer with `purchases` of `mean` each: equation 5 of the note, a
    /// weighted average of its own mean and everybody's. Without purchases, everybody's.
    pub fn expected(&self, purchases: u32, mean: f64) -> Option<f64> {
        let Self { p, q, v } = *self;
        if purchases == 0 {
            return self.mean();
        }
        let x = f64::from(purchases);
        let weight = p * x + q - 1.0;
        (weight > 0.0).then(|| p * (v + x * mean) / weight)
    }
}

/// Pearson's correlation of purchases and mean spend; none where one of the two does not vary.
pub fn correlation(spenders: &[Spender]) -> Option<f64> {
    let count = spenders.len() as f64;
    let (xs, zs) = (
        || spenders.iter().map(|spender| f64::from(spender.purchases)),
        || spenders.iter().map(|spender| spender.mean),
    );
    let (mean_x, mean_z) = (xs().sum::<f64>() / count, zs().sum::<f64>() / count);
    let both: f64 = xs().zip(zs()).map(|(x, z)| (x - mean_x) * (z - mean_z)).sum();
    let of_x: f64 = xs().map(|x| (x - mean_x).powi(2)).sum();
    let of_z: f64 = zs().map(|z| (z - mean_z).powi(2)).sum();
    (of_x > 0.0 && of_z > 0.0).then(|| both / (of_x.sqrt() * of_z.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_pcg::Pcg64Mcg;
    use rand_pcg::rand_core::Rng;

    fn spender(purchases: u32, mean: f64) -> Spender {
        Spender { purchases, mean }
    }

    /// p = 2, q = 3, v = 4; one purchase of 5: Γ(5)/(Γ(2)Γ(3)) = 24/2 = 12, times 4³ · 5 / 9⁵ = 320 / 59 049.
    #[test]
    fn the_likelihood_by_hand() {
        let model = GammaGamma { p: 2.0, q: 3.0, v: 4.0 };
        let found = model.log_likelihood(&Sums::of(&[spender(1, 5.0)]));
        assert!((found - (12.0f64 * 320.0 / 59_049.0).ln()).abs() < 1e-13, "{found}");
    }

    /// p = 2, q = 3, v = 4: everybody spends 2 · 4 / 2 = 4. Three purchases of 10 on average:
    /// 2 · (4 + 30) / (6 + 2) = 8.5, between 4 and 10.
    #[test]
    fn expected_spend_by_hand() {
        let model = GammaGamma { p: 2.0, q: 3.0, v: 4.0 };
        assert_eq!(model.expected(0, 0.0), Some(4.0));
        assert_eq!(model.expected(3, 10.0), Some(8.5));
        let wild = GammaGamma { q: 0.5, ..model };
        assert_eq!((wild.mean(), wild.expected(0, 0.0)), (None, None));
        assert_eq!(wild.expected(1, 8.0), Some(16.0));
        assert_eq!(GammaGamma { p: 0.4, q: 0.5, v: 1.0 }.expected(1, 8.0), None);
    }

    /// x 1, 2, 3 with z 1, 3, 2: deviations −1, 0, 1 and −1, 1, 0; 1 / (√2 √2) = 1/2.
    #[test]
    fn the_correlation_by_hand() {
        let found = correlation(&[spender(1, 1.0), spender(2, 3.0), spender(3, 2.0)]).unwrap();
        assert!((found - 0.5).abs() < 1e-15, "{found}");
        assert_eq!(correlation(&[spender(2, 1.0), spender(2, 3.0)]), None);
        assert_eq!(correlation(&[]), None);
    }

    /// Customers who all spend the same have no spread to fit.
    #[test]
    fn equal_spends_have_no_maximum() {
        let same: Vec<Spender> = (1..60).map(|number| spender(1 + number % 5, 20.0)).collect();
        assert!(fit(&same).is_err());
    }

    proptest! {
        /// The density of the mean of one purchase integrates to one.
        #[test]
        fn a_density(p in 1.0f64..6.0, q in 1.5f64..6.0, v in 0.5f64..20.0) {
            let model = GammaGamma { p, q, v };
            let density = |z: f64| model.log_likelihood(&Sums::of(&[spender(1, z)])).exp();
            // z = v u / (1 − u), and so dz = v / (1 − u)² du; midpoints.
            let steps = 4_000;
            let at = |step: i32| (f64::from(step) + 0.5) / f64::from(steps);
            let area: f64 = (0..steps).map(|step| density(v * at(step) / (1.0 - at(step))) * v / (1.0 - at(step)).powi(2)).sum();
            prop_assert!((area / f64::from(steps) - 1.0).abs() < 2e-3, "{area}");
        }
    }

    /// Draws from the model itself with p = 6, q = 4, v = 16: gamma variables of whole shapes are sums of waiting
    /// times.
    fn drawn(count: u32) -> Vec<Spender> {
        let mut random = Pcg64Mcg::new(20_040_217);
        let mut waiting = |times: u32| -> f64 {
            (0..times).map(|_| -(((random.next_u64() >> 11) as f64 + 0.5) / 2f64.powi(53)).ln()).sum()
        };
        let mut draw = |number: u32| {
            let (rate, purchases) = (waiting(4) / 16.0, 1 + number % 5);
            spender(purchases, waiting(6 * purchases) / rate / f64::from(purchases))
        };
        (0..count).map(&mut draw).collect()
    }

    /// The likelihood has to be greater at its maximum than behind the draws, and by Wilks's theorem twice the
    /// difference has the chi-squared distribution of three degrees: above 16.3 once in a thousand times.
    #[test]
    fn the_parameters_behind_drawn_spends_are_found() {
        let spenders = drawn(20_000);
        let (found, log_likelihood) = fit(&spenders).unwrap();
        let behind = GammaGamma { p: 6.0, q: 4.0, v: 16.0 }.log_likelihood(&Sums::of(&spenders));
        let difference = 2.0 * (log_likelihood - behind);
        assert!((0.0..16.3).contains(&difference), "{found:?}: {difference}");
        assert!((found.mean().unwrap() / 32.0 - 1.0).abs() < 0.02, "{found:?}");
    }

    /// Dearer spends by a factor scale v by it, and nothing else.
    #[test]
    fn the_currency_does_not_matter() {
        let spenders = drawn(1_000);
        let one = fit(&spenders).unwrap().0;
        for factor in [0.01, 12_345.0] {
            let dear: Vec<Spender> = spenders.iter().map(|one| spender(one.purchases, one.mean * factor)).collect();
            let many = fit(&dear).unwrap().0;
            assert!((one.p / many.p - 1.0).abs() < 1e-4 && (one.q / many.q - 1.0).abs() < 1e-4, "{one:?} {many:?}");
            assert!((one.v * factor / many.v - 1.0).abs() < 1e-4, "{one:?} {many:?}");
        }
    }
}
