//! Turns years of invoices and a sheet of judgements into the list of key accounts, with reasons.
//!
//! The modules in reading order: a pipeline is read and checked, its sources pass through the ledger into
//! one row per account and fiscal year, measures and the scorecard are computed from those, and the
//! outputs of the run are published as a whole.

pub mod calendar;
pub mod cli;
pub mod commands;
pub mod dates;
pub mod decisions;
pub mod demo;
pub mod diff;
pub mod explain;
pub mod failure;
pub mod fingerprints;
pub mod kept;
pub mod ledger;
pub mod measures;
pub mod money;
pub mod notation;
pub mod outputs;
pub mod pipeline;
pub mod product;
pub mod progress;
pub mod replay;
pub mod reuse;
pub mod run;
pub mod scoring;
pub mod scratch;
pub mod sources;
pub mod sql;
pub mod stages;
pub mod table;
pub mod whatif;
