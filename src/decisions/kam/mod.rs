//! The stage kind `kam`: who looks after the key accounts, who could, and what they have to learn for it.

mod assign;
mod fit;
mod plan;
mod sheets;
mod tables;

use crate::failure::Failure;
use crate::measures::accounts::attribute;
use crate::measures::window::{Window, by_account};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, Span, did_you_mean};
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::sources::Source;
use crate::sources::written::sheet;
use crate::table::{Meaning, Table};
use fit::Weights;
use plan::{Account, Team};
use sheets::{Known, MANAGERS, Manager, REQUIREMENTS, Requirements, SKILLS, Skills, Unused, forms, key};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tables::Names;

pub const MANUAL: &str = include_str!("../../../docs/stages/kam.md");

/// What a table says that knows the key accounts.
const SELECTION: [(&str, Meaning); 4] =
    [("account", Meaning::Text), ("key", Meaning::Flag), ("score", Meaning::Number), ("manager", Meaning::Text)];

/// Attributes of accounts that a plan looks at, where they are there.
const ATTRIBUTES: [&str; 3] = ["segment", "region", "language"];

#[derive(Debug, Clone)]
pub struct Kam {
    /// The stage whose table says which accounts are key, and who looks after them.
    pub from: Located<String>,
    pub managers: Located<String>,
    pub skills: Located<String>,
    pub requirements: Option<Located<String>>,
    pub accounts: Option<Located<String>>,
    pub fit: Weights,
    span: Span,
}

impl Kam {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let (from, managers, skills) = (fields.text("from"), fields.text("managers"), fields.text("skills"));
        let (requirements, accounts) = (fields.optional_text("requirements"), fields.optional_text("accounts"));
        let fit = match fields.optional("fit") {
            None => Some(Weights::default()),
            Some(node) => Weights::decode(node, fields.problems),
        };
        // What has a mistake gets a value in its stead: the wiring is checked all the same.
        let span = fields.span.clone();
        Some(Self {
            from: from?,
            managers: managers?,
            skills: skills?,
            requirements,
            accounts,
            fit: fit.unwrap_or_default(),
            span,
        })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let selection = scope.table_with(&self.from, &SELECTION, "a stage `select` says which accounts are key");
        let mut sheet_of = |reference: &Located<String>, what: &str, columns: &[&str]| {
            let source = scope.source(reference)?;
            sheet(reference, source, what, columns, scope.problems)
        };
        let managers = sheet_of(&self.managers, "the table of managers", required(&MANAGERS));
        let skills = sheet_of(&self.skills, "the table of skills", required(&SKILLS));
        let requirements = match &self.requirements {
            None => Some(None),
            Some(reference) => sheet_of(reference, "the table of requirements", required(&REQUIREMENTS)).map(Some),
        };
        let attributes = self.attributes(scope);
        let account_years = self.account_years(scope);
        let job = Job {
            id: id.value.clone(),
            from: selection?.name.clone(),
            managers: managers?,
            skills: skills?,
            requirements: requirements?,
            attributes: attributes?,
            account_years: account_years?,
            weights: self.fit,
        };
        let names = Names::of(&id.value);
        let nothing = plan::Plan { assignments: Vec::new(), loads: Vec::new(), needs: Vec::new() };
        let specs = tables::tables(&names, &[], &nothing, &[]).ok()?.into_iter().map(|table| table.spec).collect();
        let job = move |inputs: &Inputs| job.run(inputs, &names).map(Product::Tables);
        Some(Bound::of(Signature::Tables(specs), job))
    }

    /// The table of the accounts, and which of [`ATTRIBUTES`] it has.
    fn attributes(&self, scope: &mut Scope) -> Option<Option<(String, Vec<&'static str>)>> {
        let Some(reference) = &self.accounts else { return Some(None) };
        let accounts = scope.table_of_kind(reference, "accounts")?;
        let found: Vec<&str> = ATTRIBUTES.into_iter().filter(|name| accounts.column(name).is_some()).collect();
        if found.is_empty() {
            let message = format!("`{}` has none of the columns `segment`, `region` and `language`", reference.value);
            let names = accounts.columns.iter().map(|column| column.name.as_str());
            let hint = ATTRIBUTES.into_iter().find_map(|name| did_you_mean(name, names.clone()));
            scope.problems.report(&reference.span, message, hint);
            return None;
        }
        Some(Some((reference.value.clone(), found)))
    }

    /// The first account years above.
    fn account_years(&self, scope: &mut Scope) -> Option<String> {
        let Some(found) = scope.first_of_kind("account_years") else {
            let message = "stage `kam` needs the account years that say what accounts bring in";
            scope.problems.report(&self.span, message, "declare a stage `account_years` above".to_owned());
            return None;
        };
        let found = Located::new(found.to_owned(), self.span.clone());
        scope.account_years(&found).map(|_| found.value)
    }
}

fn required<'c, const COUNT: usize>((columns, required): &'c ([&'static str; COUNT], usize)) -> &'c [&'static str] {
    columns.get(..*required).unwrap_or_default()
}

/// A stage ready to run.
struct Job {
    id: String,
    from: String,
    managers: Arc<Source>,
    skills: Arc<Source>,
    requirements: Option<Arc<Source>>,
    attributes: Option<(String, Vec<&'static str>)>,
    account_years: String,
    weights: Weights,
}

impl Job {
    fn run(&self, inputs: &Inputs, names: &Names) -> Result<Vec<Table>, Failure> {
        let accounts = self.accounts(inputs)?;
        let (managers, requirements, unused) = self.team(&accounts, inputs.table(&self.from)?)?;
        let team = Team { managers: &managers, requirements: &requirements, weights: self.weights };
        tables::tables(names, &managers, &team.plan(accounts), &unused)
    }

    /// The key accounts with all that a plan looks at.
    fn accounts<'t>(&self, inputs: &'t Inputs) -> Result<Vec<Account<'t>>, Failure> {
        let selection = inputs.table(&self.from)?;
        let (account_years, period) = inputs.account_years(&self.account_years)?;
        let revenues = by_account(account_years, "revenue", Window::last(1, period, &self.id)?);
        let revenue_of: BTreeMap<&str, i64> =
            revenues.accounts.iter().copied().zip(revenues.of_each().flatten().copied()).collect();
        let mut attributes: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
        if let Some((table, names)) = &self.attributes {
            let table = inputs.table(table)?;
            attributes.extend(names.iter().map(|name| (*name, attribute(table, name))));
        }
        let of = |name: &str, account: &str| {
            attributes.get(name)?.get(account).map(|text| text.trim()).filter(|text| !text.is_empty())
        };
        let (scores, managers) = (selection.numbers("score"), selection.optional_text("manager"));
        let values = scores.into_iter().zip(managers);
        let rows = selection.text("account").into_iter().zip(selection.flags("key")).zip(values);
        let key_accounts = rows.filter(|((_, key), _)| *key).map(|((name, _), (score, manager))| Account {
            name,
            score,
            revenue: revenue_of.get(name).copied().unwrap_or_default(),
            segment: of("segment", name),
            region: of("region", name),
            language: of("language", name),
            current: manager.map(str::trim).filter(|manager| !manager.is_empty()),
        });
        Ok(key_accounts.collect())
    }

    /// The managers with their levels, what accounts ask for, and the rows that do not count.
    fn team(
        &self,
        accounts: &[Account],
        selection: &Table,
    ) -> Result<(Vec<Manager>, Requirements, Vec<Unused>), Failure> {
        let rows = |source: &Source, columns: &[&str]| source.text_rows(columns);
        let mut skills = Skills::of_the_article();
        let (mut managers, mut unused) =
            sheets::managers(&rows(&self.managers, &MANAGERS.0)?, &forms(&self.managers, "capacity"));
        let requirements = match &self.requirements {
            None => Requirements::defaults(),
            Some(source) => {
                let known = selection.text("account").into_iter().collect();
                let segments: BTreeSet<String> =
                    accounts.iter().filter_map(|account| account.segment.map(key)).collect();
                let known = Known { accounts: &known, segments: &segments };
                let rows = rows(source, &REQUIREMENTS.0)?;
                let (requirements, more) = sheets::requirements(&rows, &forms(source, "level"), &known, &mut skills);
                unused.extend(more);
                requirements
            }
        };
        let rows = rows(&self.skills, &SKILLS.0)?;
        let form = forms(&self.skills, "level");
        unused.extend(sheets::add_levels(&rows, &form, &mut managers, &requirements, &mut skills));
        Ok((managers, requirements, unused))
    }
}

#[cfg(test)]
mod tests;
