//! Backends that end-to-end tests send to: the real ones, built once into the cache of the tools. Where one cannot be had,
//! the tests that need it say so, and receivers of ours stand in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sh::{Result, failure, output, run, step};
use crate::tools;

/// Of the Collector, its builder and its parts. Later ones need a module that cannot be resolved.
const COLLECTOR: &str = "0.145.0";
/// Of what reads its configuration.
const PROVIDERS: &str = "1.51.0";

/// The parts that tests use. No ready-made Collector has the file exporter, but that with everything.
fn manifest() -> String {
    let (core, contrib) =
        ("go.opentelemetry.io/collector", "github.com/open-telemetry/opentelemetry-collector-contrib");
    format!(
        "\
dist: {{name: otelcol, output_path: ./otelcol, version: {COLLECTOR}}}
receivers:
  - gomod: {core}/receiver/otlpreceiver v{COLLECTOR}
processors:
  - gomod: {contrib}/processor/tailsamplingprocessor v{COLLECTOR}
exporters:
  - gomod: {core}/exporter/debugexporter v{COLLECTOR}
  - gomod: {contrib}/exporter/fileexporter v{COLLECTOR}
providers:
  - gomod: {core}/confmap/provider/fileprovider v{PROVIDERS}
  - gomod: {core}/confmap/provider/yamlprovider v{PROVIDERS}
  - gomod: {core}/confmap/provider/envprovider v{PROVIDERS}
"
    )
}

/// The OpenTelemetry Collector, if it is installed: the program that `OTELCOL` names, or that of the cache.
pub(crate) fn collector() -> Result<Option<PathBuf>> {
    let named = std::env::var_os("OTELCOL").map(PathBuf::from);
    let program = named.map_or_else(|| Ok(home()?.join("otelcol")), Ok)?;
    Ok(Some(program).filter(|program| program.is_file()))
}

/// As [`collector`]; builds it where Go is, which takes minutes, once.
pub(crate) fn build_collector() -> Result<Option<PathBuf>> {
    if let Some(program) = collector()? {
        return Ok(Some(program));
    }
    if output(Command::new("go").arg("version")).is_none() {
        println!("– no Go, which builds a Collector: the tests with one are skipped");
        return Ok(None);
    }
    let home = home()?;
    step(&format!("build an OpenTelemetry Collector {COLLECTOR} (once, into {})", home.display()), || {
        let built = build(&home.join("building"));
        // Without the network there is none; what is tested with it is tested without it too, less well.
        if let Err(failure) = &built {
            println!("{failure}");
        } else {
            fs::rename(home.join("building/otelcol/otelcol"), home.join("otelcol")).map_err(|error| {
                failure(format!("{}: {error}", home.display()), "make that directory writable")
            })?;
        }
        fs::remove_dir_all(home.join("building")).ok();
        collector()
    })
}

fn build(folder: &Path) -> Result {
    let unwritable =
        |error| failure(format!("{}: {error}", folder.display()), "make that directory writable");
    fs::create_dir_all(folder).map_err(unwritable)?;
    fs::write(folder.join("manifest.yaml"), manifest()).map_err(unwritable)?;
    let mend = "go on without: the tests that need a Collector are skipped";
    let builder = format!("go.opentelemetry.io/collector/cmd/builder@v{COLLECTOR}");
    run(Command::new("go").args(["install", &builder]).env("GOBIN", folder), mend)?;
    run(Command::new(folder.join("builder")).args(["--config", "manifest.yaml"]).current_dir(folder), mend)
}

fn home() -> Result<PathBuf> {
    Ok(tools::cache()?.join(format!("otelcol-{COLLECTOR}")))
}
