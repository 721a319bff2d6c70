//! Runs programs and says how long they took.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What went wrong, and what the reader can do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    mend: String,
}

pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

pub(crate) fn failure(what: impl Into<String>, mend: impl Into<String>) -> Failure {
    Failure { what: what.into(), mend: mend.into() }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n mend: {}", self.what, self.mend)
    }
}

/// Runs `work` between two lines: what it is, and how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("▸ {name}");
    let start = Instant::now();
    let result = work();
    let verdict = if result.is_ok() { "✓" } else { "✗" };
    println!("{verdict} {name}: {:.1} s", start.elapsed().as_secs_f64());
    result
}

/// Runs a program to its end; what it prints, it prints.
pub(crate) fn run(command: &mut Command, mend: &str) -> Result {
    let shown = shown(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failure(format!("`{shown}` ended with {status}"), mend)),
        Err(error) => Err(failure(format!("`{shown}` did not start: {error}"), mend)),
    }
}

/// What a program prints, if it runs and succeeds.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// `cargo` as it started us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(crate::root());
    // Set by the `cargo run` that started us; they would mark every build script that reads them as stale.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_")
            || name == "CARGO_MANIFEST_DIR"
            || name == "CARGO_MANIFEST_PATH"
        {
            command.env_remove(name);
        }
    }
    command
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
