//! The program as its users meet it: one test binary, a file per subject.

mod cli;
mod errors;
mod ledger;
mod reference;
mod support;
