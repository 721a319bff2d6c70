//! Every command of this repository: `cargo xtask` prints them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its reader")]

mod backends;
mod ci;
mod dist;
mod serve;
mod sh;
mod size;
mod tools;
mod tracer;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sh::failure;

const USAGE: &str = "cargo xtask COMMAND

  serve [--port N] [--watch]  build the viewer and serve it on http://127.0.0.1:8080; --watch builds again when a source changes
  build                       the release site in dist/
  test                        every test: native, wasm, end to end in a browser
  ci                          format, lints, tests, docs, licences, build, size, end to end: what has to pass
  size                        transferred sizes of dist/ against size-budget.toml
  bench [--json FILE]         benchmarks, in the browser and native
  samples                     writes www/examples/
  bless                       takes what the tests print now as what they expect

Each installs what it needs, once, below ~/.cache/flamefall, and says so. CHROME and CHROMEDRIVER name another browser,
FLAMEFALL_DIST another place for the site.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["serve", options @ ..] => serve::serve(options),
        ["build"] => dist::build(),
        ["test"] => ci::test(),
        ["ci"] => ci::ci(),
        ["size"] => size::size(),
        ["bench"] => ci::bench(None),
        ["bench", "--json", file] => ci::bench(Some(Path::new(file))),
        ["samples"] => dist::samples(),
        ["bless"] => ci::bless(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        [] => Err(failure("no command", USAGE)),
        other => Err(failure(format!("no such command: {}", other.join(" ")), USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

/// The directory of the workspace.
fn root() -> PathBuf {
    // As cargo says now: with a target directory that checkouts share, the one compiled in may be another's.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).parent().map_or_else(|| ".".into(), Path::to_owned)
}
