//! The stage kind `parquet`: tables of the stages above as Parquet files.

use super::dictionaries;
use super::parquet::{Compression, Options, Writer};
use crate::failure::{Failure, with_causes};
use crate::ledger::quarantine::Quarantine;
use crate::pipeline::check::{Bound, Export, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::table::{PIECE_ROWS, Table};
use std::io::Write;

pub const MANUAL: &str = include_str!("../../docs/stages/parquet.md");

#[derive(Debug, Clone)]
pub struct Parquet {
    pub from: Vec<Located<String>>,
    /// A folder of the run; nothing where it has a mistake.
    pub to: Option<Located<String>>,
    pub compression: Compression,
}

impl Parquet {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.texts("from");
        let to = fields.text("to").and_then(|to| inside_run(to, fields));
        let compressions = [("snappy", Compression::Snappy), ("zstd", Compression::Zstd), ("none", Compression::None)];
        let compression = fields.choice("compression", &compressions, Compression::Snappy);
        Some(Self { from: from?, to, compression: compression.unwrap_or(Compression::Snappy) })
    }

    pub fn bind(&self, _id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let specs: Vec<_> = self.from.iter().map(|id| scope.tables(id)).collect();
        let names: Vec<String> = specs
            .into_iter()
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .flatten()
            .map(|spec| spec.name.clone())
            .collect();
        let to = &self.to.as_ref()?.value;
        let export = |table: String| {
            let path = format!("{to}/{table}.parquet");
            Export { table, path, compression: self.compression }
        };
        let exports = names.into_iter().map(export).collect();
        // Each table is written when the stage that makes it is done, so that nothing is left to do here.
        let job = |_: &Inputs| Ok(Product::Declared);
        Some(Bound::of(Signature::Exports(exports), job))
    }
}

/// Writes a table as a Parquet file, bit by bit, and lets go of it as it goes.
///
/// # Errors
/// Where a value cannot leave: a number that is not finite, or money past 18 digits; and where the file cannot be
/// written.
pub fn write(
    table: Table,
    file: &mut (dyn Write + Send),
    compression: Compression,
    decimals: u32,
) -> Result<(), Failure> {
    let failed = |error: super::parquet::Error| Failure::run(with_causes(&error));
    let sorted_by = table.spec.per_account.then_some("account");
    let (decimals, plain) = (u8::try_from(decimals).unwrap_or_default(), dictionaries::without(&table));
    let options = Options { decimals, compression, plain: &plain, sorted_by };
    let mut writer = Writer::begin(&table.spec, &options, file).map_err(failed)?;
    for piece in table.into_pieces(PIECE_ROWS) {
        writer.add(&piece).map_err(failed)?;
    }
    writer.finish().map(|_| ()).map_err(failed)
}

/// Writes the lines of a quarantine as a Parquet file, bit by bit.
///
/// # Errors
/// Where they cannot be read back, or the file cannot be written.
pub fn stream(quarantine: &Quarantine, file: &mut (dyn Write + Send), decimals: u32) -> Result<(), Failure> {
    let failed = |error: super::parquet::Error| Failure::run(with_causes(&error));
    let decimals = u8::try_from(decimals).unwrap_or_default();
    let options = Options { decimals, compression: Compression::Snappy, plain: &[], sorted_by: None };
    let mut writer = Writer::begin(&quarantine.spec, &options, file).map_err(failed)?;
    quarantine.tables(&mut |table| writer.add(table).map_err(failed))?;
    writer.finish().map(|_| ()).map_err(failed)
}

/// A path that stays inside the folder of a run.
pub fn inside_run(path: Located<String>, fields: &Fields) -> Option<Located<String>> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']);
    if path.value.split('/').all(plain) && path.value != "run.json" {
        return Some(path);
    }
    let message = format!("`to` should be a path inside the folder of the run, found `{}`", path.value);
    fields.problems.report(&path.span, message, "such as `tables` or `reports/key_accounts.md`".to_owned());
    None
}
