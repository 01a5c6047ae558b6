//! What the account years tell about each account: one file per measure.

pub mod account_conflicts;
pub mod account_years;
pub mod accounts;
pub mod breadth;
pub mod concentration;
pub mod growth;
pub mod lifetime_value;
pub mod pareto;
pub mod parts;
pub mod profile;
pub mod profitability;
pub mod stability;
pub mod whitespace;
pub mod window;
