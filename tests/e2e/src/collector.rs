//! A real OpenTelemetry Collector: on a free port, writing what it got into files.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Page, Result};

/// A running Collector. It ends when this is dropped.
#[derive(Debug)]
pub struct Collector {
    process: Child,
    port: u16,
    folder: PathBuf,
}

/// All that comes goes into one file; what its tail sampling keeps, traces with an error, into another. CORS is what a
/// Collector does by itself once it is told of an origin.
fn configuration(port: u16, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "\
receivers:
  otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{port}', cors: {{allowed_origins: ['http://*']}}}}}}}}
processors:
  tail_sampling:
    decision_wait: 1s
    policies: [{{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}}]
exporters:
  file/all: {{path: '{folder}/all.json', flush_interval: 100ms}}
  file/kept: {{path: '{folder}/kept.json', flush_interval: 100ms}}
service:
  pipelines:
    traces/all: {{receivers: [otlp], exporters: [file/all]}}
    traces/kept: {{receivers: [otlp], processors: [tail_sampling], exporters: [file/kept]}}
  telemetry: {{metrics: {{level: none}}}}
"
    )
}

impl Collector {
    /// Starts the Collector that `OTELCOL` names, with its files in `folder`. Where there is none, the test says that it was
    /// skipped.
    ///
    /// # Errors
    /// It does not start.
    #[expect(clippy::print_stdout, reason = "a test that did not run has to say so")]
    pub fn start(folder: &Path) -> Result<Option<Self>> {
        let Some(program) = env::var_os("OTELCOL") else {
            println!(
                "skipped: no Collector: `cargo xtask ci` builds one where Go is, and names it in OTELCOL"
            );
            return Ok(None);
        };
        fs::create_dir_all(folder)?;
        for name in ["all.json", "kept.json"] {
            fs::remove_file(folder.join(name)).ok();
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let config = folder.join("collector.yaml");
        fs::write(&config, configuration(port, folder))?;
        let mut process = Command::new(&program)
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", Path::new(&program).display()))?;
        let said = process.stderr.take().ok_or("the Collector has no output")?;
        let collector = Self { process, port, folder: folder.to_owned() };
        let mut lines = BufReader::new(said).lines().map_while(std::io::Result::ok);
        let mut before = Vec::new();
        if !lines
            .by_ref()
            .inspect(|line| before.push(line.clone()))
            .any(|line| line.contains("Everything is ready"))
        {
            return Err(format!("the Collector did not start: {}", before.join("\n")).into());
        }
        // It goes on talking; a pipe that nobody reads would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Some(collector))
    }

    /// Where to send.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/v1/traces", self.port)
    }

    /// Waits until one of its files has all these words; `page` passes the time.
    ///
    /// # Errors
    /// It has not, after a minute.
    pub fn until(&self, page: &Page, name: &str, words: &[&str]) -> Result<PathBuf> {
        let file = self.folder.join(name);
        let start = Instant::now();
        loop {
            let text = fs::read_to_string(&file).unwrap_or_default();
            if words.iter().all(|word| text.contains(word)) {
                return Ok(file);
            }
            if start.elapsed() > Duration::from_mins(1) {
                return Err(format!("waited for {words:?} in {name}, which has: {text}").into());
            }
            page.eval("await new Promise(requestAnimationFrame)", &[])?;
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
