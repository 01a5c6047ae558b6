//! The stage kind `backtest`: how the accounts chosen at past year-ends fared afterwards.

pub mod fared;
pub mod tables;
