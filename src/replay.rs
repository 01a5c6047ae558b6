//! Stages above, run again on the ledger of a past day: what they make then is what they would have made on that day.

use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::pipeline::check::Step;
use crate::product::{Inputs, Product};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The stages that some stages depend on, and they themselves.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The ledgers among them.
    ledgers: Vec<String>,
    /// Those that do not depend on a ledger, and make the same on any day: small tables, names and segments.
    undated: Vec<String>,
    /// The others, in the order of the pipeline.
    steps: Vec<Step>,
    /// Those of them that read the tables of a ledger, which tell of all its lines and of no day.
    undatable: Vec<String>,
}

impl Replay {
    /// What the `wanted` ones of these steps depend on, and they themselves.
    pub fn of(steps: &[Step], wanted: impl IntoIterator<Item = usize>) -> Self {
        let mut needed: BTreeSet<usize> = wanted.into_iter().collect();
        // A stage reads only stages above it, so one pass up sees everything, and one pass down what is dated.
        for (index, step) in steps.iter().enumerate().rev() {
            // The lines that a ledger reads are not read again.
            if needed.contains(&index) && step.kind != "ledger" {
                needed.extend(&step.reads);
            }
        }
        let mut replay = Self { ledgers: Vec::new(), undated: Vec::new(), steps: Vec::new(), undatable: Vec::new() };
        let mut below: BTreeSet<usize> = BTreeSet::new();
        for (index, step) in steps.iter().enumerate().filter(|(index, _)| needed.contains(index)) {
            if step.kind == "ledger" {
                replay.ledgers.push(step.id.clone());
                below.insert(index);
            } else if step.reads.iter().any(|read| below.contains(read)) {
                let reads_ledger = |read: &usize| steps.get(*read).is_some_and(|above| above.kind == "ledger");
                if step.kind == "sql" && step.reads.iter().any(reads_ledger) {
                    replay.undatable.push(step.id.clone());
                }
                replay.steps.push(step.clone());
                below.insert(index);
            } else {
                replay.undated.push(step.id.clone());
            }
        }
        replay
    }

    /// The ids of the ledgers whose past is needed.
    pub fn ledgers(&self) -> &[String] {
        &self.ledgers
    }

    /// The ids of the stages whose products of today are taken.
    pub fn taken(&self) -> impl Iterator<Item = &str> {
        self.ledgers.iter().chain(&self.undated).map(String::as_str)
    }

    /// The ids of the stages that look at tables which have no past.
    pub fn undatable(&self) -> &[String] {
        &self.undatable
    }

    /// Runs the stages on ledgers of a past day. Nothing else of what is known today is within their reach, apart
    /// from what no ledger dates.
    ///
    /// # Errors
    /// Where a stage fails.
    pub fn run(&self, today: &Inputs, ledgers: Vec<(&str, Ledger)>) -> Result<Inputs, Failure> {
        let mut past = Inputs::new(today.threads(), today.progress().clone());
        for id in &self.undated {
            past.insert(id, today.shared(id)?);
        }
        for (id, ledger) in ledgers {
            past.insert(id, Arc::new(Product::Ledger(Box::new(ledger))));
        }
        for step in &self.steps {
            let product = (step.job)(&past)?;
            past.insert(&step.id, Arc::new(product));
        }
        Ok(past)
    }
}
