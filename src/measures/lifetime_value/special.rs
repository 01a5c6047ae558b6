//! Special functions that the models of customer behaviour need.

/// The natural logarithm of the gamma function, for arguments above zero.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// More terms than any sensible argument needs; a series that long is close to z = 1 and to diverging.
const MAXIMUM_TERMS: u32 = 5_000_000;

/// The generalised hypergeometric series Σ_n (Π_i (upper_i)_n / Π_j (lower_j)_n) zⁿ / n!, where (x)_n is
/// x (x + 1) … (x + n − 1): two upper and one lower parameter make Gauss's ₂F₁, three and two make ₃F₂.
///
/// Meant for 0 ≤ z < 1. `None` where the series does not settle within five million terms, or where a
/// lower parameter is zero or a negative whole number.
pub fn hypergeometric<const UPPER: usize, const LOWER: usize>(
    upper: [f64; UPPER],
    lower: [f64; LOWER],
    z: f64,
) -> Option<f64> {
    let (mut sum, mut term) = (1.0, 1.0);
    for count in 0..MAXIMUM_TERMS {
        let place = f64::from(count);
        let above: f64 = upper.iter().map(|parameter| parameter + place).product();
        let below: f64 = lower.iter().map(|parameter| parameter + place).product();
        let ratio = above / below * z / (place + 1.0);
        term *= ratio;
        sum += term;
        if !sum.is_finite() {
            return None;
        }
        // Once the terms fall, what is left is less than a geometric series of the larger of the ratio now
        // and the ratio in the end, which is z.
        let falling = ratio.abs().max(z.abs());
        if term == 0.0 || (falling < 1.0 && term.abs() <= f64::EPSILON / 2.0 * (1.0 - falling) * f64::abs(sum)) {
            return Some(sum);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 2e-13 * expected.abs(), "{found} for {expected}");
    }

    /// Computed with 40 digits by mpmath 1.3.
    #[test]
    fn gauss_against_forty_digits() {
        for ([a, b, c, z], expected) in [
            ([0.5, 1.5, 2.25, 0.3], 1.1219263275973997),
            ([2.243, 4.426, 4.219, 0.0], 1.0),
            ([2.243, 4.426, 4.219, 0.4741], 4.5768521660719901),
            ([0.243, 2.426, 2.219, 0.9], 1.9476311698186014),
            ([30.2, 32.4, 33.2, 0.7], 2487554618769833.6),
            ([-2.5, 1.3, 0.7, 0.95], -0.17107464398642117),
            ([-3.0, 2.0, 1.5, 0.5], -0.028_571_428_571_428_57),
            ([1.0, 1.0, 2.0, 0.999], 6.914_669_948_931_068),
        ] {
            close(hypergeometric([a, b], [c], z).unwrap(), expected);
        }
    }

    #[test]
    fn three_upper_parameters_against_forty_digits() {
        close(hypergeometric([2.976, 0.793, 1.0], [4.219, 2.0], 0.5).unwrap(), 1.1848569533569509);
        close(hypergeometric([0.5, 1.0, 1.0], [1.3, 2.0], 0.95).unwrap(), 1.4021145235206853);
    }

    #[test]
    fn what_does_not_settle_is_none() {
        assert_eq!(hypergeometric([1.0, 1.0], [2.0], 1.0), None);
        assert_eq!(hypergeometric([1.0, 1.0], [0.0], 0.5), None);
        assert_eq!(hypergeometric([1.0, 1.0], [-1.0], 0.5), None);
    }

    #[test]
    fn the_logarithm_of_gamma_against_forty_digits() {
        close(ln_gamma(0.1), 2.252712651734206);
        close(ln_gamma(1.5), -0.12078223763524522);
        close(ln_gamma(6.25), 5.219_603_986_990_229);
        close(ln_gamma(100.3), 360.514_705_729_058_1);
    }

    proptest! {
        /// Elementary functions that are hypergeometric series: (1 − z)^−a, and −ln(1 − z) / z.
        #[test]
        fn elementary_cases(a in 0.01f64..20.0, b in 0.01f64..20.0, z in 0.001f64..0.95) {
            close(hypergeometric([a, b], [b], z).unwrap(), (1.0 - z).powf(-a));
            close(hypergeometric([1.0, 1.0], [2.0], z).unwrap(), -(-z).ln_1p() / z);
        }

        /// Euler's transformation.
        #[test]
        fn euler(a in 0.01f64..5.0, b in 0.01f64..5.0, c in 0.1f64..10.0, z in 0.0f64..0.9) {
            let left = hypergeometric([a, b], [c], z).unwrap();
            let right = (1.0 - z).powf(c - a - b) * hypergeometric([c - a, c - b], [c], z).unwrap();
            prop_assert!((left - right).abs() <= 1e-8 * left.abs(), "{left} {right}");
        }
    }
}
