//! All benches, in one program: linking is what costs.
//!
//! `cargo bench -- waist` runs those whose names hold a word.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

mod distinct;
mod ids;
mod lines;
mod measures;
mod models;
mod records;
mod robustness;
mod scan;

use criterion::{criterion_group, criterion_main};

criterion_group!(kernels, records::records, ids::ids, distinct::distinct, lines::waist, scan::scan);
criterion_group!(whole, lines::ledger, measures::measures, models::models, robustness::robustness);
criterion_main!(kernels, whole);
