//! From measures and judgements to one score per account.

mod card;
pub mod config;
pub mod judgements;
pub mod quadrant;
pub mod scale;
pub mod scorecard;
pub mod tables;
