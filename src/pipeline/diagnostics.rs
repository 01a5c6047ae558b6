//! Mistakes in a pipeline file: where they are, what was found, what was expected, and a hint.
//!
//! Everything that reads a pipeline reports into one [`Problems`], so that a single run shows
//! every mistake of the file and not just the first.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

/// A text that a pipeline is read from: the file, or one `--set` argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// The path as the user gave it, or `--set`.
    pub name: String,
    pub text: String,
}

/// A place in a [`SourceText`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// Index into the pipeline's source texts.
    pub source: usize,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// In bytes.
    pub bytes: Range<usize>,
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Located<T> {
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub span: Span,
    pub message: String,
    pub hint: Option<String>,
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub struct Problems {
    found: RefCell<Vec<Problem>>,
}

impl Problems {
    pub fn report(&self, span: &Span, message: impl Into<String>, hint: impl Into<Option<String>>) {
        let problem = Problem { span: span.clone(), message: message.into(), hint: hint.into() };
        let mut found = self.found.borrow_mut();
        if !found.contains(&problem) {
            found.push(problem);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// All mistakes in the order of the file.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|problem| (problem.span.source, problem.span.bytes.start));
        found
    }
}

/// Every mistake of a pipeline, with the texts they stand in.
#[derive(Debug)]
pub struct Invalid {
    pub sources: Vec<SourceText>,
    pub problems: Vec<Problem>,
}

impl Invalid {
    /// The mistakes with the lines they stand in, as compilers show them.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for problem in &self.problems {
            let Some(source) = self.sources.get(problem.span.source) else { continue };
            let annotation = AnnotationKind::Primary.span(visible(&source.text, &problem.span.bytes));
            let snippet = Snippet::source(&source.text).path(&source.name).annotation(annotation);
            let mut group = Level::ERROR.primary_title(&problem.message).element(snippet);
            if let Some(hint) = &problem.hint {
                group = group.element(Level::HELP.with_name("hint").message(hint));
            }
            out.push_str(&renderer.render(&[group]));
            out.push_str("\n\n");
        }
        let count = self.problems.len();
        let plural = if count == 1 { "mistake" } else { "mistakes" };
        out.push_str(&format!("{count} {plural} in `{}`\n", self.file()));
        out
    }

    fn file(&self) -> &str {
        self.sources.first().map_or("", |source| source.name.as_str())
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl std::error::Error for Invalid {}

/// Underlines the first line of a span only, without trailing white space: a whole block would
/// drown the message.
fn visible(text: &str, bytes: &Range<usize>) -> Range<usize> {
    let start = bytes.start.min(text.len());
    let end = bytes.end.clamp(start, text.len());
    let spanned = text.get(start..end).unwrap_or_default();
    let first = spanned.lines().next().unwrap_or_default().trim_end();
    start..(start + first.len())
}

/// The candidate that a mistyped name most likely meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

/// A hint for a name that does not exist: the nearest one, or all of them.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(candidate) = nearest(name, candidates.clone()) {
        return Some(format!("did you mean `{candidate}`?"));
    }
    let all: Vec<String> = candidates.into_iter().map(|candidate| format!("`{candidate}`")).collect();
    (!all.is_empty()).then(|| format!("there are: {}", all.join(", ")))
}
