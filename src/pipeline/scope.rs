//! What a stage can see of its pipeline while it is bound: the stages above it, and where to report mistakes.

use super::Declared;
use super::check::{Signature, Step};
use super::diagnostics::{Located, Problems, SourceText, Span, did_you_mean};
use super::settings::Settings;
use crate::ledger::Roles;
use crate::ledger::sums::Details;
use crate::replay::Replay;
use crate::sources::Source;
use crate::stages::Stage;
use crate::table::{ColumnSpec, Meaning, TableSpec, name_of};
use std::sync::Arc;

/// What a stage sees while it is bound.
pub struct Scope<'a> {
    pub settings: &'a Settings,
    pub problems: &'a Problems,
    /// The whole pipeline with all overrides, without places and comments.
    pub content: &'a serde_json::Value,
    pub(super) sources: &'a [SourceText],
    pub(super) own: &'a str,
    pub(super) context: String,
    pub(super) above: &'a [(Located<String>, String, Option<Signature>)],
    /// Those above that have no mistake; all of them where the pipeline is sound so far.
    pub(super) steps: &'a [Step],
    pub(super) declared: &'a [Declared],
    pub(super) below: &'a [Declared],
    pub(super) reads: Vec<usize>,
    /// Those of which no more is looked at than their accounts and the time that they cover.
    pub(super) accounts_of: Vec<usize>,
    pub(super) texts: Vec<(String, Vec<u8>)>,
    pub(super) all: &'a [Declared],
}

impl<'a> Scope<'a> {
    /// The stage of an id. Its signature is missing where the stage itself has a mistake: that has been
    /// reported already and must not be blamed on its readers.
    fn stage(&mut self, reference: &Located<String>) -> Option<(&'a str, Option<&'a Signature>)> {
        let position = self.above.iter().position(|(id, _, _)| id.value == reference.value);
        if let Some((index, (_, kind, signature))) = position.and_then(|index| Some((index, self.above.get(index)?))) {
            self.reads.push(index);
            return Some((kind, signature.as_ref()));
        }
        self.report_missing(reference);
        None
    }

    fn report_missing(&self, reference: &Located<String>) {
        let id = &reference.value;
        if self.below.iter().any(|declared| declared.id.value == *id) {
            let message = format!("{} reads `{id}`, which is declared below it", self.context);
            return self.problems.report(
                &reference.span,
                message,
                format!("move `{id}` above: a stage reads only stages above it"),
            );
        }
        if self.own == id {
            let message = format!("{} reads itself", self.context);
            return self.problems.report(&reference.span, message, "a stage reads only stages above it".to_owned());
        }
        let mut ids: Vec<&str> = Vec::new();
        for (above, _, _) in self.above {
            // Of equal ids, which are a mistake of their own, one will do.
            if !ids.contains(&above.value.as_str()) {
                ids.push(&above.value);
            }
        }
        self.problems.report(
            &reference.span,
            format!("{} reads `{id}`, which does not exist", self.context),
            did_you_mean(id, ids),
        );
    }

    fn report_wrong_kind(&self, reference: &Located<String>, kind: &str, wanted: &str) {
        // Of the right kind but with a mistake of its own, or of a kind that does not exist: reported already.
        if kind == wanted || !Stage::KINDS.contains(&kind) {
            return;
        }
        let fitting: Vec<String> = self
            .above
            .iter()
            .filter(|(_, kind, _)| kind == wanted)
            .map(|(id, _, _)| format!("`{}`", id.value))
            .collect();
        let hint = if fitting.is_empty() {
            format!("declare a stage `{wanted}` above")
        } else {
            format!("stages of that kind above: {}", fitting.join(", "))
        };
        let article = if wanted.starts_with('a') { "an" } else { "a" };
        let message =
            format!("{} reads {article} `{wanted}` stage, but `{}` is a `{kind}` stage", self.context, reference.value);
        self.problems.report(&reference.span, message, hint);
    }

    /// The files of a `read` stage.
    pub fn source(&mut self, reference: &Located<String>) -> Option<&'a Source> {
        match self.stage(reference)? {
            (_, Some(Signature::Source { source, .. })) => Some(source),
            (kind, _) => {
                self.report_wrong_kind(reference, kind, "read");
                None
            }
        }
    }

    /// The columns that a `ledger` stage has.
    pub fn ledger(&mut self, reference: &Located<String>) -> Option<Roles> {
        match self.stage(reference)? {
            (_, Some(Signature::Ledger { roles, .. })) => Some(*roles),
            (kind, _) => {
                self.report_wrong_kind(reference, kind, "ledger");
                None
            }
        }
    }

    /// The columns that the ledger behind an `account_years` stage has.
    pub fn account_years(&mut self, reference: &Located<String>) -> Option<Roles> {
        match self.stage(reference)? {
            (_, Some(Signature::AccountYears { roles, .. })) => Some(*roles),
            (kind, _) => {
                self.report_wrong_kind(reference, kind, "account_years");
                None
            }
        }
    }

    /// Checks the same for a stage that looks at no more than which accounts there are, and at the time that they cover.
    pub fn accounts(&mut self, reference: &Located<String>) -> Option<()> {
        let before = self.reads.len();
        let roles = self.account_years(reference);
        self.accounts_of.extend(self.reads.drain(before..));
        roles.map(|_| ())
    }

    /// The ids of the runs that a `history` stage holds.
    pub fn history(&mut self, reference: &Located<String>) -> Option<&'a [String]> {
        match self.stage(reference)? {
            (_, Some(Signature::History { reviews })) => Some(reviews),
            (kind, _) => {
                self.report_wrong_kind(reference, kind, "history");
                None
            }
        }
    }

    /// The main table of a stage of one kind.
    pub fn table_of_kind(&mut self, reference: &Located<String>, kind: &str) -> Option<&'a TableSpec> {
        let (found, signature) = self.stage(reference)?;
        if found != kind {
            self.report_wrong_kind(reference, found, kind);
            return None;
        }
        signature.and_then(|signature| signature.tables().first())
    }

    /// All tables of a stage of any kind that makes tables.
    pub fn tables(&mut self, reference: &Located<String>) -> Option<&'a [TableSpec]> {
        let (kind, signature) = self.stage(reference)?;
        let tables = signature?.tables();
        if tables.is_empty() {
            self.report_no_tables(reference, kind);
            return None;
        }
        Some(tables)
    }

    fn report_no_tables(&self, reference: &Located<String>, kind: &str) {
        let message =
            format!("{} reads the tables of `{}`, but a `{kind}` stage makes none", self.context, reference.value);
        let hint = (kind == "read").then(|| "declare its `columns` to make a table of it".to_owned());
        self.problems.report(&reference.span, message, hint);
    }

    /// A numeric column written `table.column`; the table is one of a stage above.
    pub fn measure(&mut self, reference: &Located<String>) -> Option<(String, ColumnSpec)> {
        self.column_of_account(reference, "numbers", Meaning::is_numeric)
    }

    /// A column of texts written `table.column`; the table is one of a stage above.
    pub fn category(&mut self, reference: &Located<String>) -> Option<(String, ColumnSpec)> {
        self.column_of_account(reference, "texts", |meaning| meaning == Meaning::Text)
    }

    fn column_of_account(
        &mut self,
        reference: &Located<String>,
        holding: &str,
        fits: fn(Meaning) -> bool,
    ) -> Option<(String, ColumnSpec)> {
        let Some((table, column)) = reference.value.split_once('.') else {
            let message = format!("a measure should be `table.column`, found `{}`", reference.value);
            self.problems.report(&reference.span, message, "such as `growth.cagr`".to_owned());
            return None;
        };
        let spec = self.table_named(table, reference, |spec| spec.per_account)?;
        self.fitting_column(reference, spec, column, holding, fits)
    }

    /// Whether a stage above makes a table of that name.
    pub fn is_table(&self, name: &str) -> bool {
        self.specs().any(|spec| spec.name == name)
    }

    /// The table of that name; it is one of a stage above.
    pub fn table(&mut self, reference: &Located<String>) -> Option<&'a TableSpec> {
        self.table_named(&reference.value, reference, |_| true)
    }

    /// The main table of a stage of any kind, which has one row per account and these columns; the hint says who makes such
    /// a table.
    pub fn table_with(
        &mut self,
        reference: &Located<String>,
        columns: &[(&str, Meaning)],
        hint: &str,
    ) -> Option<&'a TableSpec> {
        let spec = self.tables(reference)?.first()?;
        if !spec.per_account {
            let message = format!("table `{}` has more than one row per account", spec.name);
            self.problems.report(&reference.span, message, hint.to_owned());
            return None;
        }
        let meaning = |name: &str| spec.column(name).map(|column| column.meaning);
        let mut complete = Some(spec);
        for (name, wanted) in columns.iter().filter(|(name, wanted)| meaning(name) != Some(*wanted)) {
            let message = format!("table `{}` has no column `{name}` that is a {}", spec.name, wanted.name());
            self.problems.report(&reference.span, message, hint.to_owned());
            complete = None;
        }
        complete
    }

    fn specs(&self) -> impl Iterator<Item = &'a TableSpec> {
        self.above.iter().filter_map(|(_, _, signature)| signature.as_ref()).flat_map(Signature::tables)
    }

    /// Finds the table of that name. Where there is none, the hint names those that would be `fitting`.
    fn table_named(
        &mut self,
        table: &str,
        reference: &Located<String>,
        fitting: fn(&TableSpec) -> bool,
    ) -> Option<&'a TableSpec> {
        for (index, (_, _, signature)) in self.above.iter().enumerate() {
            let mut tables = signature.iter().flat_map(Signature::tables);
            if let Some(spec) = tables.find(|spec| spec.name == table) {
                self.reads.push(index);
                return Some(spec);
            }
        }
        self.report_missing_table(table, reference, fitting);
        None
    }

    fn report_missing_table(&self, table: &str, reference: &Located<String>, fitting: fn(&TableSpec) -> bool) {
        let located = Located::new(table.to_owned(), reference.span.clone());
        if self.own == table || self.below.iter().any(|declared| declared.id.value == table) {
            return self.report_missing(&located);
        }
        let made_nothing = |signature: &Signature| signature.tables().is_empty();
        let stage = self.above.iter().find(|(id, _, _)| id.value == table);
        if let Some((_, kind, _)) = stage.filter(|(_, _, signature)| signature.as_ref().is_some_and(made_nothing)) {
            return self.report_no_tables(&located, kind);
        }
        let quarantines = self.above.iter().filter_map(|(_, _, signature)| signature.as_ref()?.quarantine());
        if quarantines.into_iter().any(|spec| spec.name == table) {
            let message = format!("`{table}` is written with the run and is no table that stages can read");
            let hint = format!("its lines are in `{table}.parquet`; `vitalfew quarantine` lists them");
            return self.problems.report(&reference.span, message, hint);
        }
        // What is wrong with the stage itself has been reported already.
        if !self.above.iter().any(|(id, _, signature)| id.value == table && signature.is_none()) {
            let names: Vec<&str> = self.specs().filter(|spec| fitting(spec)).map(|spec| spec.name.as_str()).collect();
            let message = format!("no stage above makes a table `{table}`");
            self.problems.report(&reference.span, message, did_you_mean(table, names));
        }
    }

    fn fitting_column(
        &self,
        reference: &Located<String>,
        spec: &TableSpec,
        column: &str,
        holding: &str,
        fits: fn(Meaning) -> bool,
    ) -> Option<(String, ColumnSpec)> {
        let fitting = spec.columns.iter().filter(|column| column.name != "account" && fits(column.meaning));
        let fitting: Vec<&str> = fitting.map(|column| column.name.as_str()).collect();
        let (message, hint) = match spec.column(column) {
            Some(_) if !spec.per_account => (format!("table `{}` has more than one row per account", spec.name), None),
            Some(found) if fits(found.meaning) => return Some((spec.name.clone(), found.clone())),
            Some(_) => (format!("the column `{}` holds no {holding}", reference.value), did_you_mean(column, fitting)),
            None => (format!("table `{}` has no column `{column}`", spec.name), did_you_mean(column, fitting)),
        };
        self.problems.report(&reference.span, message, hint);
        None
    }

    /// The id of the first stage above of a kind, for stages that take what is there.
    pub fn first_of_kind(&self, kind: &str) -> Option<&'a str> {
        self.above.iter().find(|(_, found, _)| found == kind).map(|(id, _, _)| id.value.as_str())
    }

    /// The name of a table of the first stage above of a kind: 0 for its main one.
    pub fn first_table_of_kind(&mut self, kind: &str, place: usize) -> Option<String> {
        let index = self.above.iter().position(|(_, found, _)| found == kind)?;
        self.reads.push(index);
        let signature = self.above.get(index).and_then(|(_, _, signature)| signature.as_ref())?;
        signature.tables().get(place).map(|spec| spec.name.clone())
    }

    /// As [`Scope::first_table_of_kind`], of a further table that a stage makes only where it is asked to.
    pub fn first_named_table(&mut self, kind: &str, table: &str) -> Option<String> {
        let index = self.above.iter().position(|(_, found, _)| found == kind)?;
        self.reads.push(index);
        let (id, _, signature) = self.above.get(index)?;
        let name = name_of(&id.value, kind, table);
        signature.as_ref()?.tables().iter().any(|spec| spec.name == name).then_some(name)
    }

    /// The stages declared above, with their configs.
    pub fn stages_above(&self) -> impl Iterator<Item = &'a Stage> {
        self.declared.iter().filter_map(|declared| declared.stage.as_ref())
    }

    /// The config of the stage above of an id.
    pub fn declared(&self, id: &str) -> Option<&'a Stage> {
        self.declared.iter().find(|declared| declared.id.value == id)?.stage.as_ref()
    }

    /// What the stage above of an id depends on, and `besides` with what that depends on, to be run again on ledgers of
    /// the past. Nothing where a stage above has a mistake: that has been reported.
    pub fn replay(&mut self, id: &str, besides: Option<&str>) -> Option<Replay> {
        if self.steps.len() < self.above.len() {
            return None;
        }
        let place = |id: &str| self.steps.iter().position(|step| step.id == id);
        let reads = self.steps.get(place(id)?)?.reads.iter().copied();
        let replay = Replay::of(self.steps, reads.chain(besides.and_then(place)));
        self.reads.extend(replay.taken().filter_map(place));
        Some(replay)
    }

    /// Which finer sums the stages below ask of a ledger.
    pub fn details(&self, ledger: &str) -> Details {
        let stages = self.all.iter().filter_map(|declared| declared.stage.as_ref()?.details());
        let asked = stages.filter(|(from, _)| from.value == ledger).map(|(_, details)| details);
        asked.fold(Details::default(), Details::or)
    }

    /// Where a part of a text stands that is written at a place of the pipeline; the place itself where the
    /// part is not found there as it is.
    pub fn place_of(&self, whole: &Span, part: Option<&str>) -> Span {
        let text = self.sources.get(whole.source).and_then(|source| source.text.get(whole.bytes.clone()));
        let start = part.zip(text).and_then(|(part, text)| {
            let is_word = |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
            let stands_alone = |start: usize| {
                let (before, from) = text.split_at(start);
                let inside = |edge: Option<char>, next: Option<char>| is_word(edge) && is_word(next);
                let after = from.get(part.len()..).unwrap_or_default();
                !inside(part.chars().next(), before.chars().next_back())
                    && !inside(part.chars().next_back(), after.chars().next())
            };
            text.match_indices(part).map(|(start, _)| start).find(|start| stands_alone(*start))
        });
        let Some((start, part)) = start.zip(part) else { return whole.clone() };
        let start = whole.bytes.start + start;
        Span { bytes: start..start + part.len(), ..whole.clone() }
    }

    /// Makes a text part of what identifies a run.
    pub fn depends_on(&mut self, name: &str, text: &[u8]) {
        self.texts.push((name.to_owned(), text.to_vec()));
    }
}

/// Binds a source given as an [`Arc`] for use in a job.
pub fn shared(source: &Source) -> Arc<Source> {
    Arc::new(source.clone())
}
