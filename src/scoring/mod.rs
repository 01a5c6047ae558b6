//! From measures and judgements to one score per account.

mod card;
pub mod config;
pub mod judgements;
pub mod overrides;
pub mod quadrant;
pub mod scale;
pub mod scorecard;
pub mod sheet;
pub mod tables;
