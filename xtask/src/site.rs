//! A static file server on this machine: `cargo xtask serve`, and the host of end-to-end tests.
//!
//! Written on sockets because tests need a server that misbehaves on request ([`Fault`]), which well-kept servers
//! refuse to do. One answer a connection, one thread a connection, this machine only.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What is served, and how. Mounts, routes and faults that were added later win.
#[derive(Clone, Debug, Default)]
pub struct Site {
    mounts: Vec<(String, PathBuf)>,
    routes: Vec<(String, Route)>,
    headers: Vec<(String, String)>,
    faults: Vec<(String, Fault)>,
}

/// What a request below some path is answered by.
#[derive(Clone)]
struct Route(Arc<dyn Fn(&Request) -> Response + Send + Sync>);

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Route")
    }
}

/// A request to a route.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Decoded, without the query.
    pub path: String,
    /// As it was sent, without the `?`.
    pub query: String,
    /// In their order, with names as they were sent.
    pub headers: Vec<(String, String)>,
    /// As it was sent: not unpacked.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The answer of a route.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Beside `Content-Length`, which is counted, and the headers of the whole site.
    pub headers: Vec<(String, String)>,
    /// What follows them.
    pub body: Vec<u8>,
    /// How long it takes. Zero is at once.
    pub delay: Duration,
}

impl Response {
    /// `status` and a JSON body.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), delay: Duration::ZERO }
            .header("Content-Type", "application/json")
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Answers so much later.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// How an answer goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Nothing for this long, then the answer.
    Delay(Duration),
    /// The connection breaks after so many bytes of the promised length.
    CutAfter(u64),
    /// So many bytes, a pause, so many bytes...
    Trickle {
        /// Bytes in one piece.
        bytes: u64,
        /// Time between two pieces.
        pause: Duration,
    },
    /// This status, without a body.
    Status(u16),
}

impl Site {
    /// A site with `directory` at `/`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self::default().mount("/", directory)
    }

    /// Serves `directory` (or one file) below the path `at`, such as `/some/where/`.
    #[must_use]
    pub fn mount(mut self, at: &str, directory: impl Into<PathBuf>) -> Self {
        self.mounts.push((format!("/{}", at.trim_matches('/')), directory.into()));
        self
    }

    /// Answers what is asked at `at` or below it, by any method, with `answer`. Routes stand before files.
    #[must_use]
    pub fn route(mut self, at: &str, answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        self.routes.push((format!("/{}", at.trim_matches('/')), Route(Arc::new(answer))));
        self
    }

    /// Adds a header to every answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Spoils the answer for one path, such as `/examples/slow-query.json`.
    #[must_use]
    pub fn fault(mut self, path: &str, fault: Fault) -> Self {
        self.faults.push((path.to_owned(), fault));
        self
    }

    /// Starts to serve. Port 0 takes a free one.
    ///
    /// # Errors
    /// The port is taken.
    pub fn start(self, port: u16) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        let site = Arc::new(self);
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let site = Arc::clone(&site);
                // A browser that hangs up in the middle is not this server's concern.
                thread::spawn(move || site.answer(&stream).ok());
            }
        });
        Ok(Server { address, stopped, accepting: Some(accepting) })
    }

    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        // Browsers open connections ahead of need and may never use them.
        stream.set_read_timeout(Some(Duration::from_mins(2)))?;
        let Some(request) = read_request(stream)? else { return Ok(()) };
        let (method, path) = (request.method.as_str(), request.path.as_str());
        if let Some((_, Route(route))) = self.routes.iter().rev().find(|(at, _)| is_below(path, at)) {
            return self.send(stream, &route(&request));
        }

        let fault = self.faults.iter().rev().find(|(at, _)| at == path).map(|&(_, fault)| fault);
        let (status, file) = match (method, fault, self.find(path)) {
            (_, Some(Fault::Status(status)), _) => (status, None),
            ("GET" | "HEAD", _, Some(file)) => (200, Some(file)),
            ("GET" | "HEAD", _, None) => (404, None),
            _ => (405, None),
        };
        let opened = match &file {
            Some(file) => Some((media_type(file), File::open(file)?)),
            None => None,
        };
        let length = opened.as_ref().map_or(Ok(0), |(_, file)| file.metadata().map(|data| data.len()))?;

        if let Some(Fault::Delay(time)) = fault {
            thread::sleep(time);
        }
        let mut out = BufWriter::new(stream);
        write!(
            out,
            "HTTP/1.1 {status} -\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Length: {length}\r\n"
        )?;
        if let Some((media_type, _)) = &opened {
            write!(out, "Content-Type: {media_type}\r\n")?;
        }
        for (name, value) in &self.headers {
            write!(out, "{name}: {value}\r\n")?;
        }
        write!(out, "\r\n")?;
        out.flush()?;
        let mut out = stream;
        let Some((_, mut body)) = opened.filter(|_| method == "GET") else { return Ok(()) };
        match fault {
            Some(Fault::CutAfter(bytes)) => {
                io::copy(&mut body.take(bytes), &mut out)?;
            }
            Some(Fault::Trickle { bytes, pause }) => {
                while io::copy(&mut (&mut body).take(bytes), &mut out)? > 0 {
                    thread::sleep(pause);
                }
            }
            _ => {
                io::copy(&mut body, &mut out)?;
            }
        }
        Ok(())
    }

    fn send(&self, mut stream: &TcpStream, response: &Response) -> io::Result<()> {
        thread::sleep(response.delay);
        let mut head = Vec::new();
        write!(head, "HTTP/1.1 {} -\r\nConnection: close\r\n", response.status)?;
        for (name, value) in self.headers.iter().chain(&response.headers) {
            write!(head, "{name}: {value}\r\n")?;
        }
        write!(head, "Content-Length: {}\r\n\r\n", response.body.len())?;
        stream.write_all(&head)?;
        stream.write_all(&response.body)
    }

    /// The file behind a decoded path, if there is one.
    fn find(&self, path: &str) -> Option<PathBuf> {
        if path.split('/').any(|part| part == ".." || part.contains('\\')) {
            return None;
        }
        self.mounts.iter().rev().find_map(|(at, directory)| {
            let rest = path.strip_prefix(at.trim_end_matches('/'))?;
            let file = match rest.trim_start_matches('/') {
                "" if directory.is_file() => directory.clone(),
                "" if rest.is_empty() && !at.ends_with('/') => return None,
                rest => directory.join(rest),
            };
            let file = if path.ends_with('/') { file.join("index.html") } else { file };
            file.is_file().then_some(file)
        })
    }
}

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// The URL of `path` on this server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{}", self.address, path.trim_start_matches('/'))
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.accepting.take() {
            // It only ends with the process, or by a panic, which has printed itself.
            thread.join().ok();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for a connection.
        if let Some(thread) = self.accepting.take()
            && TcpStream::connect(self.address).is_ok()
        {
            thread.join().ok();
        }
    }
}

/// The longest body that is taken: what a Collector takes.
const MAX_BODY: u64 = 64 << 20;

fn read_request(stream: &TcpStream) -> io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    for line in (&mut reader).take(64 * 1024).lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let mut lines = head.iter();
    let Some(first) = lines.next() else { return Ok(None) };
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let target = target.split('#').next().unwrap_or("");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        path: percent_decoded(path),
        query: query.to_owned(),
        headers,
        body: Vec::new(),
    };
    let length = request.header("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
    reader.take(length.min(MAX_BODY)).read_to_end(&mut request.body)?;
    Ok(Some(request))
}

/// Whether `path` is `at` or below it.
fn is_below(path: &str, at: &str) -> bool {
    path.strip_prefix(at.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = tail
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()).unwrap_or("") {
        "css" => "text/css; charset=utf-8",
        "gz" => "application/gzip",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `request` gets from a site with this crate's sources at `/` and, again, below `/deep/er/`.
    fn check(site: impl FnOnce(Site) -> Site, request: &str, status: &str, body_starts: &str) {
        let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        let server = site(Site::new(sources).mount("/deep/er/", sources)).start(0).unwrap();
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
        let mut answer = String::new();
        // An answer that was cut is still an answer.
        stream.read_to_string(&mut answer).ok();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(head.split(' ').nth(1), Some(status), "{head}");
        assert!(body.starts_with(body_starts), "{body}");
        assert!(!body_starts.is_empty() || body.is_empty(), "no body expected: {body}");
    }

    #[test]
    fn serves_files() {
        let as_is = |site| site;
        check(as_is, "GET /lib.rs", "200", "//! What");
        check(as_is, "GET /lib.rs?x=1", "200", "//! What");
        check(as_is, "GET /%6Cib.rs", "200", "//! What");
        check(as_is, "GET /deep/er/lib.rs", "200", "//! What");
        check(as_is, "HEAD /lib.rs", "200", "");
        check(as_is, "GET /deep/lib.rs", "404", "");
        check(as_is, "GET /", "404", "");
        check(as_is, "GET /../Cargo.toml", "404", "");
        check(as_is, "GET /%2e%2e/Cargo.toml", "404", "");
        check(as_is, "POST /lib.rs", "405", "");
    }

    #[test]
    fn answers_by_routes() {
        let echo = |site: Site| {
            site.route("/api", |request| {
                let said = format!("{} {} {}", request.method, request.path, request.query);
                Response::json(201, said).header("X-Of", "api").after(Duration::from_millis(1))
            })
        };
        check(echo, "POST /api/it%20em?a=b", "201", "POST /api/it em a=b");
        check(echo, "OPTIONS /api", "201", "OPTIONS /api ");
        check(echo, "GET /apis", "404", "");
        check(echo, "GET /lib.rs", "200", "//! What");
    }

    #[test]
    fn fails_on_request() {
        let cut = |site: Site| site.fault("/lib.rs", Fault::CutAfter(3));
        check(cut, "GET /lib.rs", "200", "//!");
        check(|site| site.fault("/lib.rs", Fault::Status(503)), "GET /lib.rs", "503", "");
        let drip = Fault::Trickle { bytes: 40, pause: Duration::from_millis(1) };
        check(
            |site| site.fault("/lib.rs", drip),
            "GET /lib.rs",
            "200",
            "//! What the commands of this repository and its",
        );
    }
}
