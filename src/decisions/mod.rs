//! From scores to a list that people work with: who is on it, what has become of it, and who looks after whom.

pub mod backtest;
pub mod compare;
pub mod kam;
pub mod select;
