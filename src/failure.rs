//! Why a command did not end well, and the exit code that says so.

use crate::outputs::publish;
use crate::outputs::terminal::plain;
use crate::pipeline::diagnostics::Invalid;
use crate::sources;

/// The end of a command that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The pipeline is wrong.
    #[error("{0}")]
    Invalid(Invalid),
    /// An argument is wrong.
    #[error("{message}")]
    Arguments { message: String, hint: Option<String> },
    /// The data broke a rule that the pipeline declares.
    #[error("{message}")]
    Data { message: String, hint: Option<String> },
    /// Another run of the pipeline holds the lock.
    #[error("{message}")]
    Locked { message: String, hint: Option<String> },
    /// Something else failed while running.
    #[error("{message}")]
    Run { message: String, hint: Option<String> },
}

impl Failure {
    pub fn run(message: impl Into<String>) -> Self {
        Self::Run { message: message.into(), hint: None }
    }

    /// A table with rows that cannot be used: the first hundred of them, and how many there are.
    pub fn rows(what: &str, mistakes: &[String], hint: impl Into<String>) -> Self {
        const SHOWN: usize = 100;
        let shown = mistakes.iter().take(SHOWN).map(|mistake| format!("\n  {mistake}")).collect::<String>();
        let more = mistakes.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        Self::Data { message: format!("{what}{shown}{more}"), hint: Some(hint.into()) }
    }

    /// 1 failed while running; 2 the pipeline or the arguments are wrong; 3 the data broke a declared
    /// rule; 4 another run holds the lock.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Run { .. } => 1,
            Self::Invalid(_) | Self::Arguments { .. } => 2,
            Self::Data { .. } => 3,
            Self::Locked { .. } => 4,
        }
    }

    /// What a person at a terminal reads.
    pub fn render(&self, color: bool) -> String {
        match self {
            Self::Invalid(invalid) => invalid.render(color),
            Self::Arguments { message, hint }
            | Self::Data { message, hint }
            | Self::Locked { message, hint }
            | Self::Run { message, hint } => {
                let hint = hint.as_ref().map(|hint| format!("hint: {}\n", harmless(hint))).unwrap_or_default();
                format!("error: {}\n{hint}", harmless(message))
            }
        }
    }
}

/// A message with whatever it quotes from data kept from steering the terminal; its own line breaks stay.
fn harmless(message: &str) -> String {
    message.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<sources::Error> for Failure {
    fn from(error: sources::Error) -> Self {
        Self::Run { message: error.message, hint: error.hint }
    }
}

impl From<publish::Error> for Failure {
    fn from(error: publish::Error) -> Self {
        let hint = error.hint().map(str::to_owned);
        let message = with_causes(&error);
        match error {
            publish::Error::Locked { .. } => Self::Locked { message, hint },
            publish::Error::Exists { .. } => Self::Arguments { message, hint },
            _ => Self::Run { message, hint },
        }
    }
}

/// An error and what caused it, on one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
