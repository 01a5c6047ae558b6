//! What weights the scores themselves would suggest: entropy and CRITIC.
//!
//! Both look at how the scores differ from account to account, and not at what matters; they move whenever the
//! data do. They are printed for comparison and never used.

/// The suggested weights of all criteria, each list adding up to 1; empty where no scores differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    pub entropy: Vec<f64>,
    pub critic: Vec<f64>,
}

/// Weighs criteria by their scores, one list by account for each criterion; what is missing counts for nothing.
pub fn advise(scores: &[Vec<Option<f64>>]) -> Advice {
    Advice { entropy: shares(entropies(scores)), critic: shares(contrasts(scores)) }
}

fn shares(weights: Vec<f64>) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    if total > 0.0 { weights.iter().map(|weight| weight / total).collect() } else { Vec::new() }
}

/// 1 − e with e = −Σ p ln p / ln m and p = s / Σ s over the m scores (Hwang & Yoon, *Multiple Attribute Decision
/// Making*, 1981): zero where all are the same.
fn entropies(scores: &[Vec<Option<f64>>]) -> Vec<f64> {
    let divergence = |scores: &Vec<Option<f64>>| {
        let total: f64 = scores.iter().flatten().sum();
        let count = scores.iter().flatten().count() as f64;
        let entropy: f64 = scores.iter().flatten().map(|score| score / total).map(|part| -part * part.ln()).sum();
        // Scores are 1 or more, so that nothing but their number can make this void.
        if count > 1.0 { (1.0 - entropy / count.ln()).max(0.0) } else { 0.0 }
    };
    scores.iter().map(divergence).collect()
}

/// σ_j Σ_k (1 − r_jk) over scores brought to 0 … 1 (Diakoulaki, Mavrotas & Papayannakis, *Determining objective
/// weights in multiple criteria problems: the CRITIC method*, 1995): zero where all are the same.
fn contrasts(scores: &[Vec<Option<f64>>]) -> Vec<f64> {
    let contrast = |one: &Vec<Option<f64>>| {
        let conflict: f64 = scores.iter().filter_map(|other| correlation(one, other)).map(|r| 1.0 - r).sum();
        let known = || one.iter().flatten().copied();
        let spread = known().fold(f64::NEG_INFINITY, f64::max) - known().fold(f64::INFINITY, f64::min);
        let own: Vec<(f64, f64)> = known().map(|score| (score, score)).collect();
        if spread > 0.0 { (moments(&own).1 / (own.len() as f64 - 1.0)).sqrt() / spread * conflict } else { 0.0 }
    };
    scores.iter().map(contrast).collect()
}

/// Pearson's, over the accounts that have both; none where one of the two does not vary among them.
fn correlation(one: &[Option<f64>], other: &[Option<f64>]) -> Option<f64> {
    let both: Vec<(f64, f64)> = one.iter().zip(other).filter_map(|(a, b)| a.zip(*b)).collect();
    let (product, one, other) = moments(&both);
    (one > 0.0 && other > 0.0).then(|| (product / (one * other).sqrt()).clamp(-1.0, 1.0))
}

/// Σ xy, Σ x², Σ y² about the means.
fn moments(pairs: &[(f64, f64)]) -> (f64, f64, f64) {
    let count = pairs.len() as f64;
    let (x, y) = pairs.iter().fold((0.0, 0.0), |(x, y), pair| (x + pair.0 / count, y + pair.1 / count));
    pairs.iter().fold((0.0, 0.0, 0.0), |(product, one, other), pair| {
        let (a, b) = (pair.0 - x, pair.1 - y);
        (product + a * b, one + a * a, other + b * b)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], expected: &[f64]) -> bool {
        found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-12)
    }

    /// Entropy of 1/4 and 3/4: 0.8112781244591328 bits; of 1/2 and 1/2: 1.
    #[test]
    fn entropy_weighs_what_differs() {
        let found = entropies(&[
            vec![Some(2.0), Some(6.0), None],
            vec![Some(5.0), Some(5.0), Some(5.0)],
            vec![Some(3.0), None, None],
        ]);
        assert!(close(&found, &[1.0 - 0.811_278_124_459_132_8, 0.0, 0.0]), "{found:?}");
        let advice = advise(&[vec![Some(2.0), Some(6.0)], vec![Some(6.0), Some(2.0)], vec![Some(4.0), Some(4.0)]]);
        assert!(close(&advice.entropy, &[0.5, 0.5, 0.0]), "{advice:?}");
    }

    /// 1, 5, 9 becomes 0, 1/2, 1 with σ = 1/2; so do 1, 5.5, 10, which rise with it (r = 1), and 10, 5.5, 1, which
    /// fall (r = -1). Conflicts: 0 + 2, 0 + 2, 2 + 2; contrasts 1, 1, 2.
    #[test]
    fn critic_weighs_what_contradicts_the_others() {
        let scores = [
            vec![Some(1.0), Some(5.0), Some(9.0)],
            vec![Some(1.0), Some(5.5), Some(10.0)],
            vec![Some(10.0), Some(5.5), Some(1.0)],
            vec![Some(4.0), Some(4.0), Some(4.0)],
        ];
        assert!(close(&contrasts(&scores), &[1.0, 1.0, 2.0, 0.0]), "{:?}", contrasts(&scores));
        assert!(close(&advise(&scores).critic, &[0.25, 0.25, 0.5, 0.0]));
    }

    #[test]
    fn nothing_is_suggested_where_nothing_differs() {
        assert_eq!(
            advise(&[vec![Some(4.0), Some(4.0)], vec![None, None]]),
            Advice { entropy: Vec::new(), critic: Vec::new() }
        );
    }
}
