//! From scores to a list that people work with: who is on it, and what has become of it.

pub mod compare;
pub mod backtest;
pub mod select;
