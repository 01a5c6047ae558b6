//! From measures and judgements to one score per account.

pub mod advice;
pub mod ahp;
pub(crate) mod card;
pub mod config;
pub mod judgements;
pub mod list;
pub mod overrides;
pub mod quadrant;
pub mod robustness;
pub mod scale;
pub mod scorecard;
pub mod sheet;
pub mod tables;
pub mod weights;
