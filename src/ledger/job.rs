//! The job of a `ledger` stage: the tables that it looks into are read, then the lines.

use super::account_map::MapKeys;
use super::blocks::Memory;
use super::config::Config;
use super::currency::Currency;
use super::duplicates::told::Duplicates;
use super::pass::{self, Means};
use super::plan::FilePlan;
use super::quarantine::Gathering;
use super::rates::RateKeys;
use super::scan::Scan;
use super::sums::Details;
use super::{Roles, blocks, control_totals, further, tables};
use crate::failure::Failure;
use crate::pipeline::settings::Settings;
use crate::product::{Inputs, Product};
use crate::sources::{self, Source, SourceFile};
use std::sync::Arc;

/// A ledger bound to its files.
pub struct Job {
    pub id: String,
    pub declared: Config,
    pub files: Vec<SourceFile>,
    /// One per file.
    pub plans: Vec<FilePlan>,
    pub account_map: Option<(MapKeys, Arc<Source>)>,
    pub rates: Option<(RateKeys, Arc<Source>)>,
    pub control_totals: Option<control_totals::Bound>,
    /// The currency of the pipeline.
    pub home: Currency,
    pub roles: Roles,
    pub details: Details,
    pub settings: Settings,
    /// Why each `exclude` rule excludes.
    pub reasons: Vec<String>,
    /// All that decides what becomes of a line, the tables that it looks into and the as-of day aside.
    pub rules: String,
    pub names: tables::Names,
    pub kept: further::Kept,
}

impl Job {
    /// Reads the lines.
    ///
    /// # Errors
    /// Where something cannot be read, or is not what the ledger needs.
    pub fn run(&self, inputs: &Inputs) -> Result<Product, Failure> {
        let files = sources::divided(&self.files, inputs.part_bytes())?;
        let key_plans: Vec<_> = self.plans.iter().filter_map(|plan| plan.keys.as_ref()).collect();
        let (threads, progress) = (inputs.threads(), inputs.progress());
        let losers = Duplicates::find(&self.declared.duplicates, &files, &key_plans, threads, progress)?;
        let quarantine = Gathering::new(inputs.scratch());
        self.scan(inputs, (&files, &losers), |scan, memory| {
            let means = Means { threads, progress, scratch: inputs.scratch(), memory: memory.as_ref() };
            let scanned = pass::run(scan, &quarantine, &means)?;
            let parts = (&self.names, self.kept);
            let ledger = tables::ledger((scanned, quarantine), scan, self.declared.limit, parts)?;
            Ok(Product::Ledger(Box::new(ledger)))
        })
    }

    /// Tells of which files the lines would be read, and why of those.
    ///
    /// # Errors
    /// Where the tables that the ledger looks into cannot be read.
    pub fn foresee(&self, inputs: &Inputs) -> Result<String, Failure> {
        self.scan(inputs, (&self.files, &Duplicates::default()), |scan, memory| Ok(blocks::foreseen(scan, memory)))
    }

    fn scan<T>(
        &self,
        inputs: &Inputs,
        (files, losers): (&[SourceFile], &Duplicates),
        work: impl FnOnce(&Scan, Option<Memory>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let declared = &self.declared;
        let bucket = declared.bucket.as_ref().map(|name| name.value.as_str());
        let map = self.account_map.as_ref().map(|(keys, source)| keys.read(source, (bucket, declared.keys), inputs));
        let rates = self.rates.as_ref().map(|(keys, source)| keys.read(source, self.home));
        let (map, rates) = (map.transpose()?, rates.transpose()?);
        let scan = Scan {
            files,
            plans: &self.plans,
            reasons: &self.reasons,
            settings: &self.settings,
            roles: self.roles,
            details: self.details,
            bucket,
            account_map: map.as_ref(),
            rates: rates.as_ref(),
            total_rows: declared.total_rows,
            credit_notes: declared.credit_notes.as_ref(),
            duplicates: &declared.duplicates,
            losers,
            control_totals: self.control_totals.as_ref(),
            keys: declared.keys,
        };
        let memory = inputs.known().and_then(|known| {
            let contents = files.iter().map(|file| known.contents.get(&file.path).copied());
            let rules = format!("{} {} {map:?} {rates:?}", known.program, self.rules);
            Some(Memory {
                kept: Arc::clone(&known.kept),
                ledger: self.id.clone(),
                rules: blake3::hash(rules.as_bytes()),
                contents: contents.collect::<Option<_>>()?,
            })
        });
        work(&scan, memory)
    }
}
