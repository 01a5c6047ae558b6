//! The stage kind `history`: the runs that were published before, as far as a run may know of them.

use super::runs::{Run, run_folders};
use crate::calendar::parse_day;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub const MANUAL: &str = include_str!("../../docs/stages/history.md");

/// The declaration of a `history` stage.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The folder that holds the folders of runs, below the pipeline's root.
    pub path: Located<String>,
}

/// The reviews of the past: one run for each as-of day, by that day.
#[derive(Debug, Clone, Default)]
pub struct History {
    reviews: Vec<Review>,
}

/// A run that was published before.
#[derive(Debug, Clone)]
pub struct Review {
    /// The last day that counted in it, in days since 1970-01-01.
    pub as_of: i32,
    pub run: Run,
}

impl History {
    /// The reviews of days before this one, by day: a run knows no other, so that a second run of the same day gives
    /// what the first one gave.
    pub fn before(&self, as_of: i32) -> &[Review] {
        let known = self.reviews.partition_point(|review| review.as_of < as_of);
        self.reviews.get(..known).unwrap_or_default()
    }

    /// The last review before this day; none for the first run.
    pub fn previous(&self, as_of: i32) -> Option<&Review> {
        self.before(as_of).last()
    }
}

impl Review {
    /// What the review is, whenever and by whom it was run: its run id and the hashes of its files.
    pub fn identity(&self) -> String {
        let outputs = self.run.record.get("outputs").map(Value::to_string).unwrap_or_default();
        format!("{} {outputs}", self.run.id())
    }
}

impl Declared {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        Some(Self { path: fields.text("path")? })
    }

    pub fn bind(&self, _: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let history = Arc::new(History { reviews: self.find(&scope.settings.root, scope.problems)? });
        let names = history.reviews.iter().map(|review| review.run.id().to_owned()).collect();
        let job = move |_: &Inputs| Ok(Product::History(Arc::clone(&history)));
        Some(Bound::of(Signature::History { reviews: names }, job))
    }

    /// Opens the runs below the folder. A folder that is not there is one in which nothing was published yet.
    fn find(&self, root: &Path, problems: &Problems) -> Option<Vec<Review>> {
        let folder = root.join(&self.path.value);
        if !folder.exists() {
            return Some(Vec::new());
        }
        let runs = match run_folders(&folder) {
            Ok(runs) => runs,
            Err(error) => {
                problems.report(&self.path.span, format!("cannot read `{}`: {error}", folder.display()), None);
                return None;
            }
        };
        if let (Some(other), []) = (first_shown(&folder), runs.as_slice()) {
            let message = format!("`{}` holds no runs, but `{other}`", folder.display());
            let hint = "name the folder that holds the folders of runs, such as `out/key_accounts/runs`";
            problems.report(&self.path.span, message, hint.to_owned());
            return None;
        }
        let opened: Vec<Option<Review>> = runs.into_iter().map(|folder| self.open(folder, problems)).collect();
        let mut reviews: Vec<Review> = opened.into_iter().collect::<Option<_>>()?;
        // Of several runs of one day the last one that was published is the one that people saw.
        reviews.sort_by(|a, b| (b.as_of, started(b), b.run.id()).cmp(&(a.as_of, started(a), a.run.id())));
        reviews.dedup_by_key(|review| review.as_of);
        reviews.reverse();
        Some(reviews)
    }

    fn open(&self, folder: PathBuf, problems: &Problems) -> Option<Review> {
        let shown = folder.display().to_string();
        let run = match Run::open(folder) {
            Ok(run) => run,
            Err(failure) => {
                let hint = "put the file back, or take the folder of that run away";
                problems.report(&self.path.span, failure.to_string(), hint.to_owned());
                return None;
            }
        };
        let as_of = run.record.get("as_of").and_then(Value::as_str).and_then(|day| parse_day(day, "%Y-%m-%d"));
        if as_of.is_none() {
            let message = format!("the run in `{shown}` does not say its last day");
            problems.report(
                &self.path.span,
                message,
                "it reads no invoice lines; take it out of the folder".to_owned(),
            );
        }
        Some(Review { as_of: as_of?, run })
    }
}

/// When a run was made; runs that were kept do not say.
fn started(review: &Review) -> &str {
    review.run.record.get("started").and_then(Value::as_str).unwrap_or_default()
}

/// The first thing in a folder that does not hide.
fn first_shown(folder: &Path) -> Option<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.starts_with('.')).min()
}
