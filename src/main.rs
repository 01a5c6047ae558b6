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
    let result = vitalfew::commands::execute(vitalfew::cli::Arguments::parse(), &mut anstream::stdout());
    match (interruptible, result) {
        (_, Ok(())) => ExitCode::SUCCESS,
        (_, Err(failure)) => {
            let _ = anstream::stderr().write_all(failure.render(std::io::stderr().is_terminal()).as_bytes());
            ExitCode::from(failure.exit_code())
        }
    }
}
