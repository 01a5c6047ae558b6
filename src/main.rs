//! The `vitalfew` program: parse the arguments, run the command, say how it ended.

use clap::Parser;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    // An interrupted run leaves a staging folder, which the next run removes; nothing was published.
    let interruptible = ctrlc::set_handler(|| {
        let _ = writeln!(std::io::stderr(), "interrupted: nothing was published");
        std::process::exit(130)
    });
    let result = vitalfew::cli::execute(vitalfew::cli::Arguments::parse());
    match (interruptible, result) {
        (_, Ok(text)) => {
            // A reader that closes the pipe early, such as `head`, is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        (_, Err(failure)) => {
            let _ = anstream::stderr().write_all(failure.render(std::io::stderr().is_terminal()).as_bytes());
            ExitCode::from(failure.exit_code())
        }
    }
}
