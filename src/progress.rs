//! How far a run is: a bar on a terminal, lines in a log, nothing in a test.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how many parts of the sources have been read.
#[derive(Debug, Clone)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar on standard error, hidden where that is no terminal.
    pub fn terminal() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("reading {bar:30} {pos}/{len} parts  {elapsed}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    pub fn hidden() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    pub fn start(&self, parts: usize) {
        self.bar.reset();
        self.bar.set_length(u64::try_from(parts).unwrap_or_default());
    }

    pub fn advance(&self) {
        self.bar.inc(1);
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
