//! Wiring: every stage reads stages above it, of the right kind, with the columns it needs.

use super::diagnostics::{Invalid, Located, Problems};
use super::scope::Scope;
use super::settings::Settings;
use super::{Declared, Pipeline};
use crate::failure::Failure;
use crate::ledger::Roles;
use crate::outputs::parquet::Compression;
use crate::product::{Inputs, Product};
use crate::sources::Source;
use crate::table::TableSpec;
use std::sync::Arc;

/// What a stage will hand to the stages below it, known before anything runs.
#[derive(Debug, Clone)]
pub enum Signature {
    /// Files, and the table that they are where the stage declares one.
    Source {
        source: Source,
        table: Option<TableSpec>,
    },
    Ledger {
        roles: Roles,
        tables: Vec<TableSpec>,
        /// Written line by line with the run, and no table for the stages below.
        quarantine: TableSpec,
    },
    AccountYears {
        roles: Roles,
        spec: TableSpec,
        /// The name of the bucket that lines without an account are kept in.
        bucket: Option<String>,
    },
    Tables(Vec<TableSpec>),
    /// The ids of the runs that were published before.
    History {
        reviews: Vec<String>,
    },
    /// The paths of files, relative to the run's folder.
    Files(Vec<String>),
    /// Tables of stages above, each written as soon as it is made.
    Exports(Vec<Export>),
}

/// A table that becomes a file of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    pub table: String,
    /// Relative to the run's folder.
    pub path: String,
    pub compression: Compression,
}

impl Signature {
    pub fn tables(&self) -> &[TableSpec] {
        match self {
            Self::Files(_) | Self::Exports(_) | Self::History { .. } => &[],
            Self::Source { table, .. } => table.as_slice(),
            Self::AccountYears { spec, .. } => std::slice::from_ref(spec),
            Self::Ledger { tables, .. } | Self::Tables(tables) => tables,
        }
    }

    /// The table that is written line by line, and that no stage reads.
    pub fn quarantine(&self) -> Option<&TableSpec> {
        match self {
            Self::Ledger { quarantine, .. } => Some(quarantine),
            _ => None,
        }
    }

    /// All tables, the quarantine first.
    pub fn published(&self) -> impl Iterator<Item = &TableSpec> {
        self.quarantine().into_iter().chain(self.tables())
    }

    /// The files that the stage adds to the run.
    fn files(&self) -> Vec<String> {
        match self {
            Self::Files(paths) => paths.clone(),
            Self::Exports(exports) => exports.iter().map(|export| export.path.clone()).collect(),
            Self::Ledger { .. } => self.published().map(|table| format!("{}.parquet", table.name)).collect(),
            Self::Source { .. } | Self::AccountYears { .. } | Self::Tables(_) | Self::History { .. } => Vec::new(),
        }
    }
}

/// What a stage does once everything it reads is there.
pub type Job = Box<dyn Fn(&Inputs) -> Result<Product, Failure> + Send + Sync>;

/// The same for all who run it, in this run and again on other inputs.
type SharedJob = Arc<dyn Fn(&Inputs) -> Result<Product, Failure> + Send + Sync>;

/// A stage whose references and columns are found.
pub struct Bound {
    pub signature: Signature,
    pub job: Job,
    foresee: Option<Foresee>,
}

/// Tells what a job would take from earlier runs instead of making it, and why not more.
pub type Foresee = Arc<dyn Fn(&Inputs) -> Result<String, Failure> + Send + Sync>;

impl Bound {
    pub fn of(signature: Signature, job: impl Fn(&Inputs) -> Result<Product, Failure> + Send + Sync + 'static) -> Self {
        Self { signature, job: Box::new(job), foresee: None }
    }

    /// The same, for a job that takes something from earlier runs.
    pub fn with_foresee(self, foresee: Foresee) -> Self {
        Self { foresee: Some(foresee), ..self }
    }
}

/// A stage ready to run, once for a run, and again where a stage below asks for it.
#[derive(Clone)]
pub struct Step {
    pub id: String,
    pub kind: String,
    /// Indices of the steps above that this one reads.
    pub reads: Vec<usize>,
    /// Those of them of which it looks at no more than their accounts and the time that they cover.
    pub accounts_of: Vec<usize>,
    pub signature: Signature,
    pub job: SharedJob,
    /// Where it takes something from earlier runs.
    pub foresee: Option<Foresee>,
}

/// A pipeline that can run: every reference found, every column there.
pub struct Plan {
    pub settings: Settings,
    pub content: serde_json::Value,
    /// Further texts that decide the result, such as templates: name and content.
    pub texts: Vec<(String, Vec<u8>)>,
    pub steps: Vec<Step>,
}

/// Checks the wiring of a pipeline and binds its columns; reads no data beyond schemas.
///
/// # Errors
/// Every mistake found, those of reading the YAML included.
pub fn check(pipeline: Pipeline, problems: Problems) -> Result<Plan, Invalid> {
    let mut signatures: Vec<(Located<String>, String, Option<Signature>)> = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    let mut texts = Vec::new();
    let mut files: Vec<String> = Vec::new();
    for (index, declared) in pipeline.stages.iter().enumerate() {
        let below = pipeline.stages.get(index + 1..).unwrap_or_default();
        let mut scope = Scope {
            settings: &pipeline.settings,
            problems: &problems,
            content: &pipeline.content,
            sources: &pipeline.sources,
            own: &declared.id.value,
            context: format!("stage `{}`", declared.id.value),
            above: &signatures,
            steps: &steps,
            declared: pipeline.stages.get(..index).unwrap_or_default(),
            below,
            reads: Vec::new(),
            accounts_of: Vec::new(),
            texts: Vec::new(),
            all: &pipeline.stages,
        };
        let bound = declared.stage.as_ref().and_then(|stage| stage.bind(&declared.id, &mut scope));
        texts.extend(scope.texts);
        let mut reads = scope.reads;
        let accounts_of: Vec<usize> = scope.accounts_of.into_iter().filter(|index| !reads.contains(index)).collect();
        reads.extend(&accounts_of);
        reads.sort_unstable();
        reads.dedup();
        let signature = bound.as_ref().map(|bound| bound.signature.clone());
        report_name_clashes(declared, signature.as_ref(), &signatures, &problems);
        for file in signature.iter().flat_map(Signature::files) {
            report_file_clash(declared, &file, &files, &problems);
            files.push(file);
        }
        signatures.push((declared.id.clone(), declared.kind.clone(), signature));
        if let Some(Bound { signature, job, foresee }) = bound {
            let (id, kind) = (declared.id.value.clone(), declared.kind.clone());
            steps.push(Step { id, kind, reads, accounts_of, signature, job: Arc::from(job), foresee });
        }
    }
    if problems.is_empty() {
        Ok(Plan { settings: pipeline.settings, content: pipeline.content, texts, steps })
    } else {
        Err(Invalid { sources: pipeline.sources, problems: problems.into_sorted() })
    }
}

fn report_name_clashes(
    declared: &Declared,
    signature: Option<&Signature>,
    above: &[(Located<String>, String, Option<Signature>)],
    problems: &Problems,
) {
    for table in signature.into_iter().flat_map(Signature::published) {
        let taken = above.iter().any(|(id, _, signature)| {
            id.value != declared.id.value
                && signature
                    .as_ref()
                    .is_some_and(|signature| signature.published().any(|other| other.name == table.name))
        });
        if taken {
            let message =
                format!("stage `{}` makes a table `{}`, as a stage above does", declared.id.value, table.name);
            problems.report(&declared.id.span, message, "give one of the two stages another id".to_owned());
        }
    }
}

fn report_file_clash(declared: &Declared, file: &str, above: &[String], problems: &Problems) {
    let is_below = |file: &str, folder: &str| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let taken = |other: &String| other == file || is_below(file, other) || is_below(other, file);
    if let Some(other) = above.iter().find(|other| taken(other)) {
        let other = if other == file { String::new() } else { format!(" as `{other}`") };
        let message = format!("stage `{}` writes `{file}`, which is written already{other}", declared.id.value);
        problems.report(&declared.id.span, message, "give each output a `to` of its own".to_owned());
    }
}

impl std::fmt::Debug for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Step").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}
