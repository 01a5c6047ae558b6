//! The commands: each carried out, and the text that answers.

use crate::calendar::iso;
use crate::cli::{
    Arguments, Command, DiffArguments, ExplainArguments, Log, PipelineArguments, PlanArguments, QuarantineArguments,
    RunArguments, ScoresheetArguments, WhatifArguments,
};
use crate::demo;
use crate::diff;
use crate::explain;
use crate::failure::Failure;
use crate::outputs::keep::keep;
use crate::outputs::publish::{self, current_run};
use crate::outputs::quarantine::{Choice, list};
use crate::outputs::runs::Run;
use crate::outputs::scoresheet::scoresheet;
use crate::pipeline::check::{Plan, Signature, check};
use crate::pipeline::diagnostics::{SourceText, did_you_mean};
use crate::pipeline::load;
use crate::progress::Progress;
use crate::reuse::foreseen;
use crate::run::{Options, run};
use crate::scoring::list::{Line, Rule};
use crate::stages::Stage;
use crate::whatif;
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::path::Path;

/// Carries out a command and writes its answer to `answer`, standard output.
///
/// # Errors
/// Whatever keeps the command from its end.
pub fn execute(arguments: Arguments, answer: &mut dyn io::Write) -> Result<(), Failure> {
    let text = match arguments.command {
        Command::Run(arguments) => run_pipeline(&arguments),
        Command::Check(arguments) => prepare(&arguments).map(|plan| checked(&arguments.pipeline, &plan)),
        Command::Plan(arguments) => what_would_run(&arguments),
        Command::Whatif(arguments) => what_if(&arguments),
        Command::Explain(arguments) => explained(&arguments),
        Command::Diff(arguments) => differing(&arguments),
        Command::Scoresheet(arguments) => write_scoresheet(&arguments),
        Command::Runs { name, out } => runs(&out, &name),
        Command::Keep(arguments) => {
            let kept = Run::find(&arguments.out, &arguments.run).and_then(|run| keep(&run, &arguments.to));
            kept.map(|kept| {
                let how = if kept.before { "kept before as" } else { "kept" };
                format!("{how} {}\n", kept.folder.display())
            })
        }
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
    prepare_within(arguments, None)
}

fn prepare_within(arguments: &PipelineArguments, memory_limit: Option<&str>) -> Result<Plan, Failure> {
    let argument = |name: &str, text: String| SourceText { name: name.to_owned(), text };
    let sets = arguments.sets.iter().map(|set| argument("--set", set.clone()));
    let as_of = arguments.as_of.iter().map(|day| argument("--as-of", format!("as_of={day}")));
    let memory = memory_limit.map(|size| argument("--memory-limit", format!("memory_limit={size}")));
    let sets: Vec<SourceText> = sets.chain(as_of).chain(memory).collect();
    let (pipeline, problems) = load(&arguments.pipeline, &sets)?;
    Ok(check(pipeline, problems)?)
}

fn run_pipeline(arguments: &RunArguments) -> Result<String, Failure> {
    let terminal = std::io::stderr().is_terminal();
    start_log(arguments.log, terminal);
    let plan = prepare_within(&arguments.pipeline, arguments.memory_limit.as_deref())?;
    let threads = arguments.threads.map_or_else(processors, usize::from);
    // Where a pool exists already, such as in a test, its size stays: no result depends on it.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    let progress = if terminal && arguments.log.is_none() { Progress::terminal() } else { Progress::hidden() };
    let finished = run(&plan, &Options { out: arguments.out.clone(), threads, progress, fresh: arguments.fresh })?;
    let published = &finished.published;
    let mut text = String::new();
    for damaged in &published.damaged {
        line(&mut text, format_args!("{} is damaged and was left as it is", damaged.display()));
    }
    let state = if published.unchanged { "unchanged, published before as" } else { "published" };
    line(&mut text, format_args!("{state} {} in {:.1} s", published.folder.display(), finished.seconds));
    let current = arguments.out.join(&plan.settings.name).join("current");
    for (path, pages) in to_read(&plan, &finished.files) {
        let path = current.join(path);
        match pages {
            None => line(&mut text, format_args!("read {}", path.display())),
            Some(1) => line(&mut text, format_args!("read {}, 1 page", path.display())),
            Some(pages) => line(&mut text, format_args!("read {}, {pages} pages", path.display())),
        }
    }
    Ok(text)
}

/// The reports of a run, and the folders of pages with how many pages there are in each.
fn to_read<'p>(plan: &'p Plan, files: &[String]) -> Vec<(&'p str, Option<usize>)> {
    let declared = plan.steps.iter().filter_map(|step| match &step.signature {
        Signature::Files(paths) => Some(paths),
        _ => None,
    });
    let found = declared.flatten().filter_map(|path| {
        let is_below = |file: &&String| file.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
        match files.iter().filter(is_below).count() {
            0 => path.ends_with(".md").then_some((path.as_str(), None)),
            pages => Some((path.as_str(), Some(pages))),
        }
    });
    found.collect()
}

fn what_if(arguments: &WhatifArguments) -> Result<String, Failure> {
    let plan = prepare(&arguments.pipeline)?;
    let run = Run::find(&arguments.out, arguments.run.as_deref().unwrap_or(&plan.settings.name))?;
    let progress = if std::io::stderr().is_terminal() { Progress::terminal() } else { Progress::hidden() };
    let options = Options { out: arguments.out.clone(), threads: processors(), progress, fresh: false };
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

fn differing(arguments: &DiffArguments) -> Result<String, Failure> {
    let (was, is) = (Run::find(&arguments.out, &arguments.was)?, Run::find(&arguments.out, &arguments.is)?);
    let sides = diff::Sides::of(&was, &is)?;
    let found = sides.compared()?;
    if arguments.json {
        return Ok(diff::as_json(&sides, &found));
    }
    let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    diff::as_text(&sides, &found, color)
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

fn what_would_run(arguments: &PlanArguments) -> Result<String, Failure> {
    let plan = prepare(&arguments.pipeline)?;
    let (threads, progress) = (processors(), Progress::hidden());
    let options = Options { out: arguments.out.clone(), threads, progress, fresh: false };
    Ok(format!("{}{}\n", planned(&plan), foreseen(&plan, &options)?))
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
