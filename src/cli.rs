//! The command line: what can be asked.

use crate::demo;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Turns years of invoices and a sheet of judgements into the list of key accounts, with reasons.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 failed while running; 2 the pipeline or the arguments are wrong; \
3 the data broke a declared rule; 4 another run holds the lock; 130 interrupted.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a pipeline and publish what it makes
    Run(RunArguments),
    /// Find every mistake of a pipeline; reads no data beyond the columns of its files
    Check(PipelineArguments),
    /// Show what would run, in order, on which files
    Plan(PlanArguments),
    /// Say who would enter, leave and move with other weights, scales or rules, and why; publishes nothing
    Whatif(WhatifArguments),
    /// Say why an account stands where it stands, from its invoices to its score
    Explain(ExplainArguments),
    /// Say what has changed from one published run to another, and why
    Diff(DiffArguments),
    /// Write the spreadsheet in which people judge accounts
    Scoresheet(ScoresheetArguments),
    /// List the published runs of a pipeline
    Runs {
        /// The name of the pipeline, as in its file
        name: String,
        /// The folder that holds the runs
        #[arg(long, default_value = "out")]
        out: PathBuf,
    },
    /// Keep the tables of a run as a review that later runs are held against
    Keep(KeepArguments),
    /// List the lines that a run could not use, and why
    Quarantine(QuarantineArguments),
    /// List the kinds of stages, or print the manual of one
    Stages {
        /// A kind, such as `growth`
        kind: Option<String>,
    },
    /// Make invoices, accounts and judgements of an invented company
    DemoData {
        /// Where to write them
        #[arg(long, default_value = "data/demo")]
        to: PathBuf,
        /// How many accounts
        #[arg(long, default_value_t = demo::Size::default().accounts)]
        accounts: u32,
        /// How many invoice lines
        #[arg(long, default_value_t = demo::Size::default().lines)]
        lines: u64,
        /// How many calendar years, the last one 2025
        #[arg(long, default_value_t = demo::Size::default().years)]
        years: u32,
        /// Another seed makes another company
        #[arg(long, default_value_t = demo::Size::default().seed)]
        seed: u64,
    },
}

#[derive(Debug, Args)]
pub struct PipelineArguments {
    /// The pipeline, a YAML file
    pub pipeline: PathBuf,
    /// The last day that counts, `2025-12-31` or `latest`; wins over the file
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<String>,
    /// Another value for a key: `currency=USD`, `stages.growth.years=2`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
}

#[derive(Debug, Args)]
pub struct PlanArguments {
    #[command(flatten)]
    pub pipeline: PipelineArguments,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct RunArguments {
    #[command(flatten)]
    pub pipeline: PipelineArguments,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    pub out: PathBuf,
    /// Threads that read lines; as many as there are processors where left out. Changes no result
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// How much memory the run may take, such as `2GB`; wins over `memory_limit` of the file. Changes no result
    #[arg(long, value_name = "SIZE")]
    pub memory_limit: Option<String>,
    /// Read everything again, also where nothing changed since the current run
    #[arg(long)]
    pub fresh: bool,
    /// What to tell on standard error; a bar on a terminal and plain lines elsewhere where left out
    #[arg(long, value_enum)]
    pub log: Option<Log>,
}

#[derive(Debug, Args)]
pub struct WhatifArguments {
    #[command(flatten)]
    pub pipeline: PipelineArguments,
    /// The list is so many accounts, the best by score. Without it and `--score` the list is the one that the stage
    /// `robustness` declares, else the 20 best
    #[arg(long, value_name = "COUNT", conflicts_with = "score")]
    pub top: Option<u32>,
    /// The list is all accounts of this score and above, whatever the pipeline declares
    #[arg(long, value_name = "SCORE")]
    pub score: Option<f64>,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    pub out: PathBuf,
    /// The run to start from: an id, or a folder; the current one where left out
    #[arg(long)]
    pub run: Option<String>,
}

#[derive(Debug, Args)]
pub struct QuarantineArguments {
    /// The name of a pipeline, for its current run; a run id; or the folder of a run
    pub run: String,
    /// Only lines quarantined for this reason, such as `unreadable_date`
    #[arg(long)]
    pub reason: Option<String>,
    /// Only lines of files whose path fits, such as `*2024*`
    #[arg(long, value_name = "GLOB", value_parser = glob::Pattern::new)]
    pub file: Option<glob::Pattern>,
    /// At most so many lines, 0 for all; 20 where left out, and all with `--json`
    #[arg(long, value_name = "LINES")]
    pub limit: Option<usize>,
    /// Show the whole rows too
    #[arg(long)]
    pub raw: bool,
    /// One JSON object a line, for programs
    #[arg(long)]
    pub json: bool,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The key of the account, or a part of its name
    pub account: String,
    /// The name of a pipeline, for its current run; a run id; or the folder of a run. The only pipeline where left out
    #[arg(long)]
    pub run: Option<String>,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    pub out: PathBuf,
    /// One JSON object, for programs
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct DiffArguments {
    /// The earlier run: the name of a pipeline, for its current run; a run id; or the folder of a run
    #[arg(value_name = "RUN")]
    pub was: String,
    /// The later run, named in the same ways
    #[arg(value_name = "RUN")]
    pub is: String,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    pub out: PathBuf,
    /// One JSON object, for programs
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct KeepArguments {
    /// The name of a pipeline, for its current run; a run id; or the folder of a run
    pub run: String,
    /// The folder of reviews, which a stage `history` reads
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct ScoresheetArguments {
    #[command(flatten)]
    pub pipeline: PipelineArguments,
    /// The workbook to write, which must not be there yet; `scoresheet-DAY.xlsx` where left out
    #[arg(long, value_name = "FILE.xlsx")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Log {
    Plain,
    Json,
    None,
}
