//! Running a query on Polars so that neither threads nor chance show in the result.

use polars::error::{PolarsError, PolarsResult, set_warning_function};
use polars::lazy::dsl::DslPlan;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, MaintainOrderJoin};
use polars::sql::SQLContext;
use polars_async::executor::ALLOW_RAYON_THREADS;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs a query over tables.
///
/// Polars takes groups, pairs of a join and distinct rows in the order of hashes, whose seed is another in
/// every process, and cuts tables into as many pieces as there are threads. A sum of floats shows both in its
/// last digits, and LIMIT shows the first in its rows. So every step keeps the order of its input, and all of
/// them run on this thread.
///
/// # Errors
/// Where Polars refuses the query or fails in it.
pub fn run(query: &str, tables: Vec<(String, DataFrame)>) -> PolarsResult<DataFrame> {
    // Polars would write to standard error that a cast of text to a date may be gone in its next version.
    set_warning_function(|_, _| ());
    let _one_thread = OneThread::enter();
    let run = || {
        let mut context = SQLContext::new();
        for (name, frame) in tables {
            context.register(&name, frame.lazy());
        }
        let lazy = context.execute(query)?;
        let flags = lazy.get_current_optimizations();
        // The check of order would drop it again where it believes that nobody looks.
        LazyFrame::from_logical_plan(in_order(&lazy.logical_plan), flags).with_check_order(false).collect()
    };
    // Polars panics over some queries that it does not know.
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(PolarsError::SQLInterface("Polars does not get along with this query".into())))
}

/// Keeps Polars on the thread at hand while it lives.
struct OneThread {
    before: bool,
}

impl OneThread {
    fn enter() -> Self {
        Self { before: ALLOW_RAYON_THREADS.replace(false) }
    }
}

impl Drop for OneThread {
    fn drop(&mut self) {
        ALLOW_RAYON_THREADS.set(self.before);
    }
}

/// The same plan, every step of which hands on rows in the order in which it gets them.
fn in_order(plan: &DslPlan) -> DslPlan {
    let below = |input: &Arc<DslPlan>| Arc::new(in_order(input));
    let all = |inputs: &[DslPlan]| inputs.iter().map(in_order).collect();
    let mut plan = plan.clone();
    match &mut plan {
        // A plan whose columns Polars has looked up already, beside what it was made from.
        DslPlan::IR { dsl, .. } => return in_order(dsl),
        DslPlan::GroupBy { input, maintain_order, .. } => {
            *input = below(input);
            *maintain_order = true;
        }
        DslPlan::Join { input_left, input_right, options, .. } => {
            (*input_left, *input_right) = (below(input_left), below(input_right));
            Arc::make_mut(options).args.maintain_order = MaintainOrderJoin::LeftRight;
        }
        DslPlan::Distinct { input, options } => {
            *input = below(input);
            options.maintain_order = true;
        }
        DslPlan::Sort { input, sort_options, .. } => {
            *input = below(input);
            sort_options.maintain_order = true;
        }
        DslPlan::Union { inputs, args } => {
            *inputs = all(inputs);
            args.maintain_order = true;
        }
        DslPlan::HConcat { inputs, .. } => *inputs = all(inputs),
        DslPlan::ExtContext { input, contexts } => {
            *input = below(input);
            *contexts = all(contexts);
        }
        DslPlan::Filter { input, .. }
        | DslPlan::Cache { input, .. }
        | DslPlan::Select { input, .. }
        | DslPlan::HStack { input, .. }
        | DslPlan::Slice { input, .. }
        | DslPlan::MapFunction { input, .. } => *input = below(input),
        _ => {}
    }
    plan
}

/// What Polars says of a failure, without the plan and the backtrace behind it.
pub fn words(error: &PolarsError) -> String {
    match error {
        PolarsError::Context { error, .. } | PolarsError::ExprContext { error, .. } => words(error),
        _ => error.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}
