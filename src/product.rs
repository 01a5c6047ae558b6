//! What stages hand to the stages below them while a pipeline runs.

use crate::failure::Failure;
use crate::kept::Kept;
use crate::ledger::Ledger;
use crate::ledger::period::Period;
use crate::outputs::history::History;
use crate::progress::Progress;
use crate::scratch::{Memory, Scratch};
use crate::table::Table;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What one stage made.
#[derive(Debug)]
pub enum Product {
    /// Nothing to hand on: the files of a source are known since the pipeline was checked.
    Declared,
    Ledger(Box<Ledger>),
    AccountYears(Box<AccountYears>),
    Tables(Vec<Table>),
    History(Arc<History>),
    Files(Vec<OutputFile>),
    /// What is left of a product that no stage to come reads.
    Past(Box<Past>),
}

/// What reports say of the time and the bucket of a product, and which accounts there are.
#[derive(Debug)]
pub struct Past {
    period: Option<Period>,
    bucket: Option<Table>,
    names: Option<Table>,
}

/// The sums of a ledger by fiscal year.
#[derive(Debug)]
pub struct AccountYears {
    /// Of all accounts, and of the bucket that lines without an account are kept in.
    pub table: Table,
    /// Of the accounts alone: what measures look at.
    pub accounts: Table,
    /// Of the bucket alone; without rows where there is none.
    pub bucket: Table,
    /// The accounts, each once, in their order.
    pub names: Table,
    pub period: Period,
}

impl AccountYears {
    /// Tells the bucket of this name, where there is one, from the accounts.
    ///
    /// # Errors
    /// Where the table cannot be divided, which would be a mistake of the program.
    pub fn of(table: Table, bucket: Option<&str>, period: Period) -> Result<Self, Failure> {
        let Some(bucket) = bucket else {
            let bucket = Table { spec: table.spec.clone(), frame: table.frame.clear() };
            return Ok(Self { accounts: table.clone(), bucket, names: names_of(&table), table, period });
        };
        let is_bucket: Vec<bool> = table.text("account").into_iter().map(|account| account == bucket).collect();
        let accounts = table.rows_where(is_bucket.iter().map(|is_bucket| !is_bucket));
        let bucket = table.rows_where(is_bucket.iter().copied());
        let failed = |error| Failure::run(format!("cannot tell accounts from lines without one: {error}"));
        let accounts = accounts.map_err(failed)?;
        Ok(Self { names: names_of(&accounts), accounts, bucket: bucket.map_err(failed)?, table, period })
    }
}

/// The accounts of the account years, each once, in their order.
fn names_of(account_years: &Table) -> Table {
    let names: Vec<&str> = account_years.text_runs("account").into_iter().map(|(name, _)| name).collect();
    Table::of_accounts(&names)
}

impl Product {
    pub fn tables(&self) -> &[Table] {
        match self {
            Self::Declared | Self::Files(_) | Self::History(_) | Self::Past(_) => &[],
            Self::AccountYears(years) => std::slice::from_ref(&years.table),
            Self::Ledger(ledger) => &ledger.tables,
            Self::Tables(tables) => tables,
        }
    }

    /// The years of the bucket of lines without an account, where this has them.
    fn bucket(&self) -> Option<&Table> {
        match self {
            Self::AccountYears(years) => Some(&years.bucket),
            Self::Past(past) => past.bucket.as_ref(),
            _ => None,
        }
    }

    /// Which accounts there are, where this knows.
    fn names(&self) -> Option<&Table> {
        match self {
            Self::AccountYears(years) => Some(&years.names),
            Self::Past(past) => past.names.as_ref(),
            _ => None,
        }
    }

    /// What is left where no stage reads this any more. What runs know of each other is part of the run itself.
    pub fn past(&self) -> Self {
        if let Self::History(history) = self {
            return Self::History(Arc::clone(history));
        }
        let (period, bucket, names) = (self.period().copied(), self.bucket().cloned(), self.names().cloned());
        Self::Past(Box::new(Past { period, bucket, names }))
    }

    /// The time that the lines behind this cover, where it knows.
    pub fn period(&self) -> Option<&Period> {
        match self {
            Self::Ledger(ledger) => Some(&ledger.period),
            Self::AccountYears(years) => Some(&years.period),
            Self::Past(past) => past.period.as_ref(),
            Self::Declared | Self::Tables(_) | Self::Files(_) | Self::History(_) => None,
        }
    }
}

/// A file of a run, before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Relative to the run's folder.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// The products of the stages above, by id.
#[derive(Debug, Clone)]
pub struct Inputs {
    products: BTreeMap<String, Arc<Product>>,
    threads: usize,
    progress: Progress,
    scratch: Arc<dyn Scratch>,
    known: Option<Arc<Known>>,
    part_bytes: u64,
}

/// What a run knows of its input files and of earlier runs.
#[derive(Debug)]
pub struct Known {
    pub kept: Arc<dyn Kept>,
    /// The content of each input file, by its path.
    pub contents: BTreeMap<PathBuf, blake3::Hash>,
    /// The program that runs: another build may make something else of the same lines.
    pub program: String,
}

/// Texts of twice as many bytes are read in parts of about so many: as many as keep all threads busy to the end.
const PART_BYTES: u64 = 16 << 20;

impl Inputs {
    /// Nothing yet; stages that read lines use so many threads and tell how far they are.
    pub fn new(threads: usize, progress: Progress) -> Self {
        let scratch = Arc::new(Memory::default());
        Self { products: BTreeMap::new(), threads, progress, scratch, known: None, part_bytes: PART_BYTES }
    }

    /// The same with large texts read in parts of about so many bytes, which no result depends on.
    pub fn with_parts_of(self, part_bytes: u64) -> Self {
        Self { part_bytes, ..self }
    }

    /// The same with room outside of memory.
    pub fn with_scratch(self, scratch: Arc<dyn Scratch>) -> Self {
        Self { scratch, ..self }
    }

    /// The same with what is known of files and earlier runs.
    pub fn knowing(self, known: Arc<Known>) -> Self {
        Self { known: Some(known), ..self }
    }

    pub fn known(&self) -> Option<&Known> {
        self.known.as_deref()
    }

    pub fn scratch(&self) -> Arc<dyn Scratch> {
        Arc::clone(&self.scratch)
    }

    pub fn part_bytes(&self) -> u64 {
        self.part_bytes
    }

    pub fn threads(&self) -> usize {
        self.threads
    }

    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    pub fn insert(&mut self, id: &str, product: Arc<Product>) {
        self.products.insert(id.to_owned(), product);
    }

    /// # Errors
    /// Where no stage of that id ran before: the scheduler would be wrong.
    pub fn product(&self, id: &str) -> Result<&Product, Failure> {
        self.products.get(id).map(Arc::as_ref).ok_or_else(|| not_yet(id))
    }

    /// The same, to be handed on.
    ///
    /// # Errors
    /// As [`Inputs::product`].
    pub fn shared(&self, id: &str) -> Result<Arc<Product>, Failure> {
        self.products.get(id).cloned().ok_or_else(|| not_yet(id))
    }

    /// # Errors
    /// As [`Inputs::product`], or where the stage is no ledger.
    pub fn ledger(&self, id: &str) -> Result<&Ledger, Failure> {
        match self.product(id)? {
            Product::Ledger(ledger) => Ok(ledger),
            _ => Err(Failure::run(format!("`{id}` is no ledger"))),
        }
    }

    /// # Errors
    /// As [`Inputs::product`], or where the stage is no history.
    pub fn history(&self, id: &str) -> Result<&History, Failure> {
        match self.product(id)? {
            Product::History(history) => Ok(history),
            _ => Err(Failure::run(format!("`{id}` is no history"))),
        }
    }

    /// The account years of the accounts, without the bucket, which no measure may rank.
    ///
    /// # Errors
    /// As [`Inputs::product`], or where the stage makes no account years.
    pub fn account_years(&self, id: &str) -> Result<(&Table, &Period), Failure> {
        self.all_account_years(id).map(|years| (&years.accounts, &years.period))
    }

    /// The accounts of account years, each once, and the time that they cover: there is no more where no stage to come
    /// reads more.
    ///
    /// # Errors
    /// As [`Inputs::account_years`].
    pub fn accounts(&self, id: &str) -> Result<(&Table, &Period), Failure> {
        let product = self.product(id)?;
        let known = product.names().zip(product.period());
        known.ok_or_else(|| Failure::run(format!("`{id}` makes no account years")))
    }

    /// The account years of everything, the bucket apart.
    ///
    /// # Errors
    /// As [`Inputs::account_years`].
    pub fn all_account_years(&self, id: &str) -> Result<&AccountYears, Failure> {
        match self.product(id)? {
            Product::AccountYears(years) => Ok(years),
            Product::Past(_) => Err(Failure::run(format!(
                "`{id}` was let go, though a stage still looks at it; this is a mistake of the program"
            ))),
            _ => Err(Failure::run(format!("`{id}` makes no account years"))),
        }
    }

    /// The years of the bucket of lines without an account, of the first account years above.
    pub fn bucket(&self) -> Option<&Table> {
        self.products.values().find_map(|product| product.bucket())
    }

    /// All tables made so far.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.products.values().flat_map(|product| product.tables())
    }

    /// # Errors
    /// Where no stage made a table of that name.
    pub fn table(&self, name: &str) -> Result<&Table, Failure> {
        self.tables()
            .find(|table| table.name() == name)
            .ok_or_else(|| Failure::run(format!("no table `{name}` was made")))
    }

    /// The first period of any ledger or account years above.
    pub fn period(&self) -> Option<&Period> {
        self.products.values().find_map(|product| product.period())
    }
}

fn not_yet(id: &str) -> Failure {
    Failure::run(format!("`{id}` has not run yet"))
}
