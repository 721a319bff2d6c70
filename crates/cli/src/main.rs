//! `flamefall`: trace files inspected and converted on the command line. The engine does the work; here are arguments,
//! files, and text for people.
//!
//! Ends with 0, with 1 where nothing could be read or written, with 2 where the command was not understood. A reader
//! that goes away (`| head`) is no error.

mod args;
mod convert;
mod input;
mod inspect;
mod time;

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use engine::{Failure, WarningInfo};

use crate::args::Command;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
enum Error {
    /// The command was not understood.
    Usage(String),
    /// Nothing could be read, or nothing is there.
    Failed(String),
    /// Nobody reads what is written.
    Closed,
}

impl Error {
    /// `what` could not be written.
    fn writing(what: &str, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Closed
        } else {
            Self::Failed(format!("{what} could not be written: {error}"))
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(describe(&failure))
    }
}

fn main() -> ExitCode {
    match args::parse(lexopt::Parser::from_env()).and_then(run) {
        Ok(()) | Err(Error::Closed) => ExitCode::SUCCESS,
        Err(Error::Failed(message)) => {
            say(message);
            ExitCode::from(1)
        }
        Err(Error::Usage(message)) => {
            say(format_args!("{message}\nTry `flamefall --help`."));
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Print(text) => print(&text),
        Command::Inspect(inspect) => inspect::inspect(&inspect),
        Command::Convert(convert) => convert::convert(&convert),
    }
}

/// Writes to standard output.
fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Error::writing("standard output", &error))
}

/// A line on standard error. Where nobody reads it, there is nobody to tell.
fn say(message: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "flamefall: {message}");
}

/// What could not be read, where, and why.
fn describe(failure: &Failure) -> String {
    let Failure { message, offset, name, .. } = failure;
    let place = offset.map_or_else(String::new, |offset| format!(" (byte {offset})"));
    // Of several sources, the message names the one it speaks of.
    let source = if name.is_empty() || message.contains(name.as_str()) {
        String::new()
    } else {
        format!("{}: ", printable(name))
    };
    format!("{source}{}{place}", printable(message))
}

/// What was odd in the input: what, how often, and the first case.
fn warning(odd: &WarningInfo) -> String {
    let WarningInfo { kind, count, example, offset } = odd;
    let place = offset.map_or_else(String::new, |offset| format!(" (byte {offset})"));
    let times = if *count == 1 { String::new() } else { format!(", {count} times") };
    format!("{kind}{times}: {}{place}", printable(example))
}

/// Text of a file as it may stand on a terminal: control characters, which could command it, are replaced.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{FFFD}")
}
