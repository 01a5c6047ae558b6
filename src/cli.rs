//! The command line: what can be asked, and the text that answers.

use crate::calendar::iso;
use crate::demo;
use crate::explain;
use crate::failure::Failure;
use crate::outputs::publish::{self, current_run};
use crate::outputs::quarantine::{Choice, list};
use crate::outputs::runs::Run;
use crate::outputs::scoresheet::scoresheet;
use crate::pipeline::check::{Plan, Signature, check};
use crate::pipeline::diagnostics::{SourceText, did_you_mean};
use crate::pipeline::load;
use crate::progress::Progress;
use crate::run::{Options, run};
use crate::scoring::list::{Line, Rule};
use crate::stages::Stage;
use crate::whatif;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

/// Turns years of invoices and a sheet of judgements into the list of key accounts, with reasons.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 failed while running; 2 the pipeline or the arguments are wrong; \
3 the data broke a declared rule; 4 another run holds the lock; 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a pipeline and publish what it makes
    Run(RunArguments),
    /// Find every mistake of a pipeline; reads no data beyond the columns of its files
    Check(PipelineArguments),
    /// Show what would run, in order, on which files
    Plan(PipelineArguments),
    /// Say who would enter, leave and move with other weights, scales or rules, and why; publishes nothing
    Whatif(WhatifArguments),
    /// Say why an account stands where it stands, from its invoices to its score
    Explain(ExplainArguments),
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
struct PipelineArguments {
    /// The pipeline, a YAML file
    pipeline: PathBuf,
    /// The last day that counts, `2025-12-31` or `latest`; wins over the file
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// Another value for a key: `currency=USD`, `stages.growth.years=2`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

#[derive(Debug, Args)]
struct RunArguments {
    #[command(flatten)]
    pipeline: PipelineArguments,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// Threads that read lines; as many as there are processors where left out. Changes no result
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// What to tell on standard error; a bar on a terminal and plain lines elsewhere where left out
    #[arg(long, value_enum)]
    log: Option<Log>,
}

#[derive(Debug, Args)]
struct WhatifArguments {
    #[command(flatten)]
    pipeline: PipelineArguments,
    /// The list is so many accounts, the best by score. Without it and `--score` the list is the one that the stage
    /// `robustness` declares, else the 20 best
    #[arg(long, value_name = "COUNT", conflicts_with = "score")]
    top: Option<u32>,
    /// The list is all accounts of this score and above, whatever the pipeline declares
    #[arg(long, value_name = "SCORE")]
    score: Option<f64>,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// The run to start from: an id, or a folder; the current one where left out
    #[arg(long)]
    run: Option<String>,
}

#[derive(Debug, Args)]
struct QuarantineArguments {
    /// The name of a pipeline, for its current run; a run id; or the folder of a run
    run: String,
    /// Only lines quarantined for this reason, such as `unreadable_date`
    #[arg(long)]
    reason: Option<String>,
    /// Only lines of files whose path fits, such as `*2024*`
    #[arg(long, value_name = "GLOB", value_parser = glob::Pattern::new)]
    file: Option<glob::Pattern>,
    /// At most so many lines, 0 for all; 20 where left out, and all with `--json`
    #[arg(long, value_name = "LINES")]
    limit: Option<usize>,
    /// Show the whole rows too
    #[arg(long)]
    raw: bool,
    /// One JSON object a line, for programs
    #[arg(long)]
    json: bool,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct ExplainArguments {
    /// The key of the account, or a part of its name
    account: String,
    /// The name of a pipeline, for its current run; a run id; or the folder of a run. The only pipeline where left out
    #[arg(long)]
    run: Option<String>,
    /// The folder that holds the runs
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// One JSON object, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ScoresheetArguments {
    #[command(flatten)]
    pipeline: PipelineArguments,
    /// The workbook to write, which must not be there yet; `scoresheet-DAY.xlsx` where left out
    #[arg(long, value_name = "FILE.xlsx")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Log {
    Plain,
    Json,
    None,
}

/// Carries out a command and writes its answer to `answer`, standard output.
///
/// # Errors
/// Whatever keeps the command from its end.
pub fn execute(arguments: Arguments, answer: &mut dyn io::Write) -> Result<(), Failure> {
    let text = match arguments.command {
        Command::Run(arguments) => run_pipeline(&arguments),
        Command::Check(arguments) => prepare(&arguments).map(|plan| checked(&arguments.pipeline, &plan)),
        Command::Plan(arguments) => prepare(&arguments).map(|plan| planned(&plan)),
        Command::Whatif(arguments) => what_if(&arguments),
        Command::Explain(arguments) => explained(&arguments),
        Command::Scoresheet(arguments) => write_scoresheet(&arguments),
        Command::Runs { name, out } => runs(&out, &name),
        Command::Stages { kind } => manual(kind.as_deref()),
        Command::DemoData { to, accounts, lines, years, seed } => {
            make_demo(&to, &demo::Size { accounts, lines, years, seed })
        }
        Command::Quarantine(arguments) => return quarantine(arguments, answer),
    };
    // A reader that closes the pipe early, such as `head`, is no failure.
    let _ = answer.write_all(text?.as_bytes());
    Ok(())
}

fn prepare(arguments: &PipelineArguments) -> Result<Plan, Failure> {
    let argument = |name: &str, text: String| SourceText { name: name.to_owned(), text };
    let sets = arguments.sets.iter().map(|set| argument("--set", set.clone()));
    let as_of = arguments.as_of.iter().map(|day| argument("--as-of", format!("as_of={day}")));
    let sets: Vec<SourceText> = sets.chain(as_of).collect();
    let (pipeline, problems) = load(&arguments.pipeline, &sets)?;
    Ok(check(pipeline, problems)?)
}

fn run_pipeline(arguments: &RunArguments) -> Result<String, Failure> {
    let terminal = std::io::stderr().is_terminal();
    start_log(arguments.log, terminal);
    let plan = prepare(&arguments.pipeline)?;
    let threads = arguments.threads.map_or_else(processors, usize::from);
    // Where a pool exists already, such as in a test, its size stays: no result depends on it.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    let progress = if terminal && arguments.log.is_none() { Progress::terminal() } else { Progress::hidden() };
    let finished = run(&plan, &Options { out: arguments.out.clone(), threads, progress })?;
    let published = &finished.published;
    let mut text = String::new();
    for damaged in &published.damaged {
        line(&mut text, format_args!("{} is damaged and was left as it is", damaged.display()));
    }
    let state = if published.unchanged { "unchanged, published before as" } else { "published" };
    line(&mut text, format_args!("{state} {} in {:.1} s", published.folder.display(), finished.seconds));
    let current = arguments.out.join(&plan.settings.name).join("current");
    for file in finished.files.iter().filter(|file| file.ends_with(".md")) {
        line(&mut text, format_args!("read {}", current.join(file).display()));
    }
    Ok(text)
}

fn what_if(arguments: &WhatifArguments) -> Result<String, Failure> {
    let plan = prepare(&arguments.pipeline)?;
    let run = Run::find(&arguments.out, arguments.run.as_deref().unwrap_or(&plan.settings.name))?;
    let progress = if std::io::stderr().is_terminal() { Progress::terminal() } else { Progress::hidden() };
    let options = Options { out: arguments.out.clone(), threads: processors(), progress };
    let top = arguments.top.map(|count| Line::Top(usize::try_from(count).unwrap_or(usize::MAX)));
    let asked = arguments.score.map(Line::Score).or(top).map(Rule::from);
    let compared = whatif::compare(&plan, &run, asked, &options)?;
    let mut text = String::new();
    let lines = if compared.read_lines { "; the invoice lines were read again" } else { "" };
    line(&mut text, format_args!("compared with the run {}{lines}; nothing is published", run.id()));
    text.push_str(&whatif::answer(&compared)?);
    Ok(text)
}

fn explained(arguments: &ExplainArguments) -> Result<String, Failure> {
    let run = match &arguments.run {
        Some(run) => Run::find(&arguments.out, run)?,
        None => Run::only(&arguments.out)?,
    };
    let explained = explain::explain(&run, &explain::find(&run, &arguments.account)?)?;
    if arguments.json {
        return Ok(explain::as_json(&explained));
    }
    let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    explain::as_text(&explained, color)
}

fn write_scoresheet(arguments: &ScoresheetArguments) -> Result<String, Failure> {
    if let Some(out) = &arguments.out {
        if !out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx")) {
            let message = format!("`{}` should end in `.xlsx`", out.display());
            return Err(Failure::Arguments { message, hint: None });
        }
        // Before the work, and again when it is done.
        publish::refuse_existing(out)?;
    }
    let sheet = scoresheet(&prepare(&arguments.pipeline)?, processors())?;
    let out = arguments.out.clone().unwrap_or_else(|| format!("scoresheet-{}.xlsx", iso(sheet.as_of)).into());
    publish::write_new(&out, &sheet.bytes)?;
    let (accounts, criteria) = (sheet.accounts, sheet.criteria);
    let path = out.display();
    Ok(format!(
        "wrote {path}: {accounts} accounts to judge by {criteria} criteria\n\
         filled in, it is read by `- read: {{id: sheet, path: {path}}}`\n"
    ))
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn start_log(log: Option<Log>, terminal: bool) {
    let builder = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    // A second start, such as in a test, keeps the first log.
    let _ = match log {
        Some(Log::Json) => builder.json().try_init(),
        Some(Log::Plain) => builder.with_ansi(false).try_init(),
        None if !terminal => builder.with_ansi(false).try_init(),
        Some(Log::None) | None => Ok(()),
    };
}

fn line(text: &mut String, arguments: std::fmt::Arguments) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{arguments}");
}

fn checked(path: &Path, plan: &Plan) -> String {
    let files: usize = plan.steps.iter().map(|step| files_of(&step.signature)).sum();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let stages = plan.steps.len();
    format!("{} is sound: {stages} stage{}, {files} input file{}\n", path.display(), plural(stages), plural(files))
}

fn files_of(signature: &Signature) -> usize {
    match signature {
        Signature::Source { source, .. } => source.files.len(),
        _ => 0,
    }
}

fn planned(plan: &Plan) -> String {
    let mut text = String::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let reads: Vec<&str> =
            step.reads.iter().filter_map(|read| plan.steps.get(*read)).map(|step| step.id.as_str()).collect();
        let from = if reads.is_empty() { String::new() } else { format!(" ← {}", reads.join(", ")) };
        let name = if step.id == step.kind { step.id.clone() } else { format!("{} ({})", step.id, step.kind) };
        line(&mut text, format_args!("{:>2}. {name}{from}", index + 1));
        if let Signature::Source { source, .. } = &step.signature {
            for file in &source.files {
                line(&mut text, format_args!("      {} ({} bytes)", file.name, file.bytes));
            }
        }
        if let Signature::History { reviews } = &step.signature {
            for review in reviews {
                line(&mut text, format_args!("      the run {review}"));
            }
        }
        for table in step.signature.published() {
            let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            line(&mut text, format_args!("      makes {}: {}", table.name, columns.join(", ")));
        }
    }
    text
}

fn runs(out: &Path, name: &str) -> Result<String, Failure> {
    let folder = out.join(name).join("runs");
    let entries = std::fs::read_dir(&folder).map_err(|error| Failure::Arguments {
        message: format!("cannot read `{}`: {error}", folder.display()),
        hint: Some("`name` is the pipeline's name, `--out` the folder it was run with".to_owned()),
    })?;
    let current =
        current_run(out, name)?.and_then(|folder| folder.file_name().map(|name| name.to_string_lossy().into_owned()));
    let mut ids: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    ids.sort();
    let mut text = String::new();
    for id in ids {
        let mark = if current.as_ref() == Some(&id) { "  current" } else { "" };
        line(&mut text, format_args!("{id}{mark}"));
    }
    Ok(text)
}

/// May be longer than memory, so that it is written bit by bit.
fn quarantine(arguments: QuarantineArguments, answer: &mut dyn io::Write) -> Result<(), Failure> {
    let QuarantineArguments { run, reason, file, limit, raw, json, out } = arguments;
    list(&Run::find(&out, &run)?, &Choice { reason, file, limit, raw, json }, answer)
}

fn manual(kind: Option<&str>) -> Result<String, Failure> {
    let Some(kind) = kind else {
        let first_lines = Stage::KINDS.iter().map(|kind| {
            let manual = Stage::manual(kind).unwrap_or_default();
            let about = manual.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
            format!("{kind:<14} {about}\n")
        });
        return Ok(first_lines.collect());
    };
    Stage::manual(kind).map(str::to_owned).ok_or_else(|| Failure::Arguments {
        message: format!("there is no kind of stage `{kind}`"),
        hint: did_you_mean(kind, Stage::KINDS.iter().copied()),
    })
}

fn make_demo(to: &Path, size: &demo::Size) -> Result<String, Failure> {
    let made = demo::write(to, size).map_err(|error| match error {
        demo::Error::Size(_) => Failure::Arguments { message: error.to_string(), hint: None },
        demo::Error::Write { .. } => Failure::run(error.to_string()),
    })?;
    Ok(format!(
        "wrote {} files with {} invoice lines, {} bytes, to {}\n",
        made.files,
        made.lines,
        made.bytes,
        to.display()
    ))
}
