//! The program as its users meet it: one test binary, a file per subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its helpers read and write what the program works on"
)]

mod accounts;
mod backtest;
mod blocks;
mod briefs;
mod cli;
mod compare;
mod control_totals;
mod cube;
mod currency;
mod demo;
mod division;
mod docs;
mod duplicates;
mod errors;
mod explain;
mod external;
mod files;
mod history;
mod kam;
mod ledger;
mod letting_go;
mod lines;
mod messy;
mod published;
mod quarantine;
mod reading;
mod reference;
mod reuse;
mod robustness;
mod select;
mod sheet;
mod sql;
mod support;
mod tidy;
mod values;
mod weights;
mod whatif;
