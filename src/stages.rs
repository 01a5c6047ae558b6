//! The kinds of stages: a closed list, one line each.

use crate::ledger::sums::Details;
use crate::pipeline::check::Bound;
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;

/// Declares the enum of all kinds and the functions that go through it, so that a new kind is one line.
macro_rules! kinds {
    ($($kind:literal => $variant:ident($config:ty), $manual:expr;)+) => {
        /// The config of a stage of any kind.
        #[derive(Debug)]
        pub enum Stage { $($variant(Box<$config>),)+ }

        impl Stage {
            /// The names of all kinds, in the order of a pipeline.
            pub const KINDS: &'static [&'static str] = &[$($kind,)+];

            /// What reads the config of a kind.
            pub fn decoder(kind: &str) -> Option<fn(&mut Fields) -> Option<Stage>> {
                match kind {
                    $($kind => Some(|fields| <$config>::decode(fields).map(Box::new).map(Stage::$variant)),)+
                    _ => None,
                }
            }

            /// The manual page of a kind, in markdown.
            pub fn manual(kind: &str) -> Option<&'static str> {
                match kind {
                    $($kind => Some($manual),)+
                    _ => None,
                }
            }

            /// Finds what the stage reads and checks that it has what the stage needs.
            pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
                match self { $(Self::$variant(config) => config.bind(id, scope),)+ }
            }
        }
    };
}

kinds! {
    "read" => Read(crate::sources::read::Read), crate::sources::read::MANUAL;
    "ledger" => Ledger(crate::ledger::config::Config), crate::ledger::config::MANUAL;
    "accounts" => Accounts(crate::measures::accounts::Accounts), crate::measures::accounts::MANUAL;
    "account_years" => AccountYears(crate::measures::account_years::AccountYears), crate::measures::account_years::MANUAL;
    "growth" => Growth(crate::measures::growth::Growth), crate::measures::growth::MANUAL;
    "pareto" => Pareto(crate::measures::pareto::Pareto), crate::measures::pareto::MANUAL;
    "profile" => Profile(crate::measures::profile::Profile), crate::measures::profile::MANUAL;
    "profitability" => Profitability(crate::measures::profitability::Profitability), crate::measures::profitability::MANUAL;
    "breadth" => Breadth(crate::measures::breadth::Breadth), crate::measures::breadth::MANUAL;
    "whitespace" => Whitespace(crate::measures::whitespace::Whitespace), crate::measures::whitespace::MANUAL;
    "stability" => Stability(crate::measures::stability::Stability), crate::measures::stability::MANUAL;
    "lifetime_value" => LifetimeValue(crate::measures::lifetime_value::LifetimeValue), crate::measures::lifetime_value::MANUAL;
    "sql" => Sql(crate::sql::Sql), crate::sql::MANUAL;
    "scorecard" => Scorecard(crate::scoring::config::Scorecard), crate::scoring::config::MANUAL;
    "robustness" => Robustness(crate::scoring::robustness::Robustness), crate::scoring::robustness::MANUAL;
    "quadrant" => Quadrant(crate::scoring::quadrant::Quadrant), crate::scoring::quadrant::MANUAL;
    "history" => History(crate::outputs::history::Declared), crate::outputs::history::MANUAL;
    "select" => Select(crate::decisions::select::Select), crate::decisions::select::MANUAL;
    "compare" => Compare(crate::decisions::compare::Compare), crate::decisions::compare::MANUAL;
    "backtest" => Backtest(crate::decisions::backtest::Backtest), crate::decisions::backtest::MANUAL;
    "kam" => Kam(crate::decisions::kam::Kam), crate::decisions::kam::MANUAL;
    "parquet" => Parquet(crate::outputs::tables::Parquet), crate::outputs::tables::MANUAL;
    "markdown" => Markdown(crate::outputs::document::Markdown), crate::outputs::document::MANUAL;
    "briefs" => Briefs(crate::outputs::briefs::Briefs), crate::outputs::briefs::MANUAL;
}

impl Stage {
    /// The ledger that a stage reads and the finer sums it needs of it, where it needs any.
    pub fn details(&self) -> Option<(&Located<String>, Details)> {
        match self {
            Self::Breadth(breadth) => {
                let details = Details { products: true, categories: true, regions: true, ..Details::default() };
                Some((&breadth.from, details))
            }
            Self::Whitespace(whitespace) => {
                Some((&whitespace.from, Details { categories: true, ..Details::default() }))
            }
            Self::Stability(stability) => {
                Some((&stability.from, Details { months: true, days: true, ..Details::default() }))
            }
            Self::LifetimeValue(lifetime_value) => lifetime_value.details(),
            _ => None,
        }
    }
}
