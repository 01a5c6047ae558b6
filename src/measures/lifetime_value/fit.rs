//! Maximum likelihood: the parameters under which what was seen is most likely, or the reason why there are none.
//!
//! The search is the Nelder–Mead simplex of the crate `argmin`, over the logarithms of the parameters, which
//! keeps them above zero. A simplex can come to rest where there is no maximum; so it starts from several
//! places, starts again from the best of its ends, and the slope there is measured.

use argmin::core::{CostFunction, Executor, State, TerminationReason, TerminationStatus};
use argmin::solver::neldermead::NelderMead;
use argmin_math::{ArgminAdd, ArgminMul, ArgminSub};

/// A parameter that is above zero, and the size that is usual for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    pub name: &'static str,
    pub scale: f64,
}

/// Where the likelihood is greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Maximum<const N: usize> {
    /// In the order of the parameters.
    pub values: [f64; N],
    pub log_likelihood: f64,
}

/// Why a model cannot be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unfit {
    #[error("the search for its parameters did not come to rest after {steps} steps")]
    Restless { steps: u64 },
    #[error("the likelihood still rises as `{parameter}` goes towards {}", if *.rises { "infinity" } else { "zero" })]
    Unbounded { parameter: &'static str, rises: bool },
    #[error("the likelihood is not at a maximum where the search came to rest: it still changes with `{parameter}`")]
    Sloping { parameter: &'static str },
    #[error("different values of `{parameter}`, {one:.4} and {other:.4}, fit equally well")]
    Undetermined { parameter: &'static str, one: f64, other: f64 },
    #[error("the search for its parameters failed: {0}")]
    Failed(String),
}

/// A simplex rests where the mean log-likelihoods of its corners have this standard deviation.
const REST: f64 = 1e-12;
const MAXIMUM_STEPS: u64 = 5_000;
/// A search that starts again where it rested must not gain more than this, in mean log-likelihood.
const SAME: f64 = 1e-10;
/// How often it may start again.
const RESTARTS: usize = 8;
/// The slope of the mean log-likelihood over the logarithm of a parameter that counts as none.
const LEVEL: f64 = 1e-5;
/// How far, in natural logarithms, a parameter may end from its usual size: a factor of 10 000.
const FARTHEST: f64 = 9.210_340_371_976_184;
/// How far it may go while searching.
const WALL: f64 = 14.0;
/// How far two equally good ends may lie apart, in natural logarithms.
const AGREE: f64 = 0.01;
/// Where searches start, in natural logarithms from the usual sizes, by turns up and down.
const STARTS: [f64; 3] = [0.0, 1.0, -1.0];

/// Finds the parameters of the greatest likelihood of so many observations. The same on every run: starts and
/// steps are fixed.
///
/// # Errors
/// [`Unfit`] where the search does not come to rest, comes to rest on a slope or ten thousand times away from a
/// parameter's usual size, or at different places that are equally good.
pub fn maximise<const N: usize>(
    parameters: [Parameter; N],
    observations: f64,
    log_likelihood: impl Fn([f64; N]) -> f64,
) -> Result<Maximum<N>, Unfit> {
    let values = |point: [f64; N]| std::array::from_fn(|place| parameters[place].scale * point[place].exp());
    let cost = |point: [f64; N]| {
        // A wall, so that a likelihood without a maximum has an end all the same, and one that tells.
        if point.iter().any(|logarithm| logarithm.abs() > WALL) {
            return f64::INFINITY;
        }
        let mean = log_likelihood(values(point)) / observations;
        if mean.is_nan() { f64::INFINITY } else { -mean }
    };
    let by_turns = |start: f64| std::array::from_fn(|place| if place % 2 == 0 { start } else { -start });
    let (mut ends, mut reasons) = (Vec::new(), Vec::new());
    for start in STARTS {
        match search(&cost, by_turns(start), 0.7) {
            Ok(end) => ends.push(end),
            Err(reason) => reasons.push(reason),
        }
    }
    ends.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let Some(best) = ends.first().copied() else {
        return Err(reasons.into_iter().next().unwrap_or(Unfit::Restless { steps: MAXIMUM_STEPS }));
    };
    let best = settle(&cost, best)?;
    for (parameter, logarithm) in parameters.iter().zip(best.point) {
        if logarithm.abs() > FARTHEST {
            return Err(Unfit::Unbounded { parameter: parameter.name, rises: logarithm > 0.0 });
        }
    }
    refuse_slope(&cost, best.point, &parameters)?;
    for end in ends.iter().filter(|end| end.cost <= best.cost + SAME) {
        refuse_difference(best.point, end.point, &parameters)?;
    }
    Ok(Maximum { values: values(best.point), log_likelihood: -best.cost * observations })
}

/// Where a search came to rest.
#[derive(Debug, Clone, Copy)]
struct End<const N: usize> {
    point: [f64; N],
    cost: f64,
}

/// Searches again from where a search came to rest, until that gains nothing.
fn settle<const N: usize>(cost: &impl Fn([f64; N]) -> f64, mut end: End<N>) -> Result<End<N>, Unfit> {
    for _ in 0..RESTARTS {
        let again = search(cost, end.point, 0.1)?;
        let gain = end.cost - again.cost;
        if gain >= 0.0 {
            end = again;
        }
        if gain <= SAME {
            return Ok(end);
        }
    }
    // A likelihood that rises without end is told by how far the search has gone.
    let far = end.point.iter().any(|logarithm| logarithm.abs() > FARTHEST);
    if far { Ok(end) } else { Err(Unfit::Restless { steps: MAXIMUM_STEPS }) }
}

fn search<const N: usize>(cost: &impl Fn([f64; N]) -> f64, start: [f64; N], edge: f64) -> Result<End<N>, Unfit> {
    let failed = |error: argmin::core::Error| Unfit::Failed(error.to_string());
    let mut corners = vec![Point(start)];
    corners
        .extend((0..N).map(|moved| {
            Point(std::array::from_fn(|place| start[place] + f64::from(u8::from(place == moved)) * edge))
        }));
    let solver = NelderMead::new(corners).with_sd_tolerance(REST).map_err(failed)?;
    let result = Executor::new(Cost(cost), solver)
        .configure(|state| state.max_iters(MAXIMUM_STEPS))
        .timer(false)
        .run()
        .map_err(failed)?;
    let state = result.state();
    if *state.get_termination_status() != TerminationStatus::Terminated(TerminationReason::SolverConverged) {
        return Err(Unfit::Restless { steps: MAXIMUM_STEPS });
    }
    let point = state.get_best_param().ok_or_else(|| Unfit::Failed("no best point".to_owned()))?;
    Ok(End { point: point.0, cost: state.get_best_cost() })
}

/// Measures the slope by central differences.
fn refuse_slope<const N: usize>(
    cost: &impl Fn([f64; N]) -> f64,
    point: [f64; N],
    parameters: &[Parameter; N],
) -> Result<(), Unfit> {
    const STEP: f64 = 1e-4;
    for (place, parameter) in parameters.iter().enumerate() {
        let beside = |step: f64| {
            let mut moved = point;
            moved.iter_mut().skip(place).take(1).for_each(|logarithm| *logarithm += step);
            cost(moved)
        };
        let slope = (beside(STEP) - beside(-STEP)) / (2.0 * STEP);
        // Not a number is no maximum either.
        if slope.is_nan() || slope.abs() > LEVEL {
            return Err(Unfit::Sloping { parameter: parameter.name });
        }
    }
    Ok(())
}

fn refuse_difference<const N: usize>(
    best: [f64; N],
    other: [f64; N],
    parameters: &[Parameter; N],
) -> Result<(), Unfit> {
    for ((parameter, best), other) in parameters.iter().zip(best).zip(other) {
        if (best - other).abs() > AGREE {
            let value = |logarithm: f64| parameter.scale * logarithm.exp();
            return Err(Unfit::Undetermined { parameter: parameter.name, one: value(best), other: value(other) });
        }
    }
    Ok(())
}

/// A point of the search: the logarithms of the parameters over their usual sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point<const N: usize>([f64; N]);

impl<const N: usize> ArgminAdd<Self, Self> for Point<N> {
    fn add(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place] + other.0[place]))
    }
}

impl<const N: usize> ArgminSub<Self, Self> for Point<N> {
    fn sub(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place] - other.0[place]))
    }
}

impl<const N: usize> ArgminMul<f64, Self> for Point<N> {
    fn mul(&self, factor: &f64) -> Self {
        Self(self.0.map(|coordinate| coordinate * factor))
    }
}

struct Cost<'c, const N: usize, F: Fn([f64; N]) -> f64>(&'c F);

impl<const N: usize, F: Fn([f64; N]) -> f64> CostFunction for Cost<'_, N, F> {
    type Param = Point<N>;
    type Output = f64;

    fn cost(&self, point: &Self::Param) -> Result<f64, argmin::core::Error> {
        Ok((self.0)(point.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: [Parameter; 2] = [Parameter { name: "one", scale: 1.0 }, Parameter { name: "two", scale: 10.0 }];

    /// −(ln x − 1)² − 3 (ln y − 2 + (ln x − 1) / 2)² has its maximum of 0 at x = e, y = e².
    #[test]
    fn a_slanted_hill() {
        let hill = |[x, y]: [f64; 2]| {
            let (u, v) = (x.ln() - 1.0, y.ln() - 2.0);
            100.0 * (-u * u - 3.0 * (v + u / 2.0).powi(2))
        };
        let maximum = maximise(TWO, 100.0, hill).unwrap();
        assert!((maximum.values[0] - 1f64.exp()).abs() < 1e-5, "{maximum:?}");
        assert!((maximum.values[1] - 2f64.exp()).abs() < 1e-5, "{maximum:?}");
        assert!(maximum.log_likelihood.abs() < 1e-8, "{maximum:?}");
        assert_eq!(maximise(TWO, 100.0, hill).unwrap(), maximum);
    }

    /// The exponential distribution of 2, 3 and 7: the rate is one over the mean, 1 / 4, and the
    /// log-likelihood is 3 ln(1/4) − 3.
    #[test]
    fn the_rate_of_waiting_times() {
        let times = [2.0, 3.0, 7.0];
        let log_likelihood = |[rate]: [f64; 1]| times.iter().map(|time| rate.ln() - rate * time).sum();
        let maximum = maximise([Parameter { name: "rate", scale: 1.0 }], 3.0, log_likelihood).unwrap();
        assert!((maximum.values[0] - 0.25).abs() < 1e-6, "{maximum:?}");
        assert!((maximum.log_likelihood - (3.0 * 0.25f64.ln() - 3.0)).abs() < 1e-10, "{maximum:?}");
    }

    #[test]
    fn a_likelihood_that_rises_for_ever_has_no_maximum() {
        let rising = |[x, y]: [f64; 2]| x.ln() - (y.ln() - 1.0).powi(2);
        assert_eq!(maximise(TWO, 1.0, rising), Err(Unfit::Unbounded { parameter: "one", rises: true }));
        let falling = |[x, y]: [f64; 2]| -x.ln() / 2.0 - (y.ln() - 1.0).powi(2);
        assert_eq!(maximise(TWO, 1.0, falling), Err(Unfit::Unbounded { parameter: "one", rises: false }));
    }

    #[test]
    fn a_ridge_does_not_determine_its_parameters() {
        let ridge = |[x, y]: [f64; 2]| -((x * y).ln() - 1.0).powi(2);
        assert!(
            matches!(maximise(TWO, 1.0, ridge), Err(Unfit::Undetermined { .. })),
            "{:?}",
            maximise(TWO, 1.0, ridge)
        );
    }

    #[test]
    fn a_kink_is_no_maximum_to_rely_on() {
        let roof = |[x, y]: [f64; 2]| -(x.ln() - 0.3).abs() - 2.0 * (x.ln() - 0.3).max(0.0) - (y.ln() - 2.0).powi(2);
        assert_eq!(maximise(TWO, 1.0, roof), Err(Unfit::Sloping { parameter: "one" }));
    }

    #[test]
    fn where_nothing_is_a_number_there_is_no_maximum() {
        assert!(maximise(TWO, 1.0, |_| f64::NAN).is_err());
    }
}
