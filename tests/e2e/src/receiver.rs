//! A receiver of OTLP/HTTP on an origin of its own, as strict as the specification, and as slow, forbidding or broken as a
//! test wants it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::spans::Spans;
use crate::{Request, Response, Result, Server, Site, strict};

/// How long [`Receiver::until`] waits: no machine is that slow.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a receiver does beside taking what comes.
#[derive(Clone, Debug)]
pub struct Habits {
    /// The request headers that its CORS allows for.
    pub allows: &'static str,
    /// How long a preflight takes.
    pub preflight: Duration,
    /// Headers of every answer.
    pub headers: Vec<(&'static str, &'static str)>,
    /// What it answers to the first requests, in their order; what comes later is taken.
    pub answers: Vec<Response>,
}

impl Default for Habits {
    /// One that allows for compression.
    fn default() -> Self {
        Self {
            allows: "content-type, content-encoding",
            preflight: Duration::ZERO,
            headers: Vec::new(),
            answers: Vec::new(),
        }
    }
}

/// A request with spans.
#[derive(Clone, Debug)]
pub struct Post {
    /// When it came.
    pub at: Instant,
    /// What it was answered.
    pub status: u16,
    /// Whether the body was compressed.
    pub gzip: bool,
    /// Of the body, as it was sent.
    pub bytes: usize,
    /// Names of its spans.
    pub names: Vec<String>,
}

/// What came so far.
#[derive(Debug, Default)]
pub struct Received {
    /// Spans that were taken.
    pub spans: Spans,
    /// How often each was.
    pub times: BTreeMap<String, usize>,
    /// Every POST, refused ones too.
    pub posts: Vec<Post>,
    /// Every preflight, by the headers it asked for.
    pub preflights: Vec<String>,
    /// What was wrong with them.
    pub complaints: Vec<String>,
}

impl Received {
    /// How many spans with a name that begins so were taken.
    pub fn count(&self, name: &str) -> usize {
        let named = |span: &&Value| crate::spans::text(span, "name").starts_with(name);
        self.spans.0.values().filter(named).count()
    }
}

/// A running receiver. It ends when this is dropped.
#[derive(Debug)]
pub struct Receiver {
    server: Server,
    inbox: Arc<Inbox>,
}

#[derive(Debug)]
struct Inbox {
    habits: Habits,
    received: Mutex<Received>,
    changed: Condvar,
}

impl Receiver {
    /// Starts one.
    ///
    /// # Errors
    /// No free port.
    pub fn start(habits: Habits) -> Result<Self> {
        let inbox = Arc::new(Inbox { habits, received: Mutex::default(), changed: Condvar::new() });
        let answering = Arc::clone(&inbox);
        let site = Site::default().route("/v1/traces", move |request| answering.answer(request));
        Ok(Self { server: site.start(0)?, inbox })
    }

    /// Where to send.
    pub fn endpoint(&self) -> String {
        self.server.url("v1/traces")
    }

    /// What came so far.
    pub fn received(&self) -> MutexGuard<'_, Received> {
        self.inbox.received()
    }

    /// Waits until what has come is enough, and complains about what was wrong with it.
    ///
    /// # Errors
    /// It is not, after a minute; or something was wrong.
    pub fn until(&self, what: &str, enough: impl Fn(&Received) -> bool) -> Result {
        let (received, waited) = self
            .inbox
            .changed
            .wait_timeout_while(self.received(), PATIENCE, |it| it.complaints.is_empty() && !enough(it))
            .unwrap_or_else(PoisonError::into_inner);
        if !received.complaints.is_empty() {
            return Err(format!("the receiver complains: {:#?}", received.complaints).into());
        }
        if waited.timed_out() {
            let posts: Vec<_> = received
                .posts
                .iter()
                .map(|it| format!("{} {} B, {} spans", it.status, it.bytes, it.names.len()))
                .collect();
            let preflights = &received.preflights;
            return Err(format!("waited for {what}: {posts:#?}, preflights {preflights:?}").into());
        }
        Ok(())
    }
}

impl Inbox {
    fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request) -> Response {
        let response = match request.method.as_str() {
            "OPTIONS" => self.preflight(request),
            _ => self.take(request),
        };
        self.changed.notify_all();
        let headers = self.habits.headers.iter();
        headers
            .fold(response, |response, (name, value)| response.header(name, value))
            .header("Access-Control-Allow-Origin", "*")
            .header("Access-Control-Expose-Headers", "Retry-After")
    }

    fn preflight(&self, request: &Request) -> Response {
        let asked = request.header("access-control-request-headers").unwrap_or("").to_owned();
        self.received().preflights.push(asked);
        Response::json(204, "")
            .header("Access-Control-Allow-Methods", "POST")
            .header("Access-Control-Allow-Headers", self.habits.allows)
            // Every one is asked for: what was allowed a moment ago says nothing about an exit.
            .header("Access-Control-Max-Age", "0")
            .after(self.habits.preflight)
    }

    fn take(&self, request: &Request) -> Response {
        let promised = request.header("content-length").and_then(|it| it.parse().ok());
        if promised != Some(request.body.len()) {
            // Given up by who sent it: there is nobody to answer.
            return Response::json(400, "");
        }
        let gzip = request.header("content-encoding") == Some("gzip");
        let mut body = Vec::new();
        let unpacked = if gzip {
            GzDecoder::new(request.body.as_slice()).read_to_end(&mut body)
        } else {
            request.body.as_slice().read_to_end(&mut body)
        };
        let mut complaints = strict::complaints(&body);
        if unpacked.is_err() {
            complaints.push("damaged gzip".to_owned());
        }
        if request.method != "POST" {
            complaints.push(format!("{} instead of POST", request.method));
        }
        if request.header("content-type") != Some("application/json") {
            complaints.push(format!("Content-Type {:?}", request.header("content-type")));
        }
        for name in ["traceparent", "cookie"] {
            complaints.extend(request.header(name).map(|_| format!("an export with {name}")));
        }
        let mut spans = Spans::default();
        spans.add(&serde_json::from_slice(&body).unwrap_or_default());

        let mut received = self.received();
        received.complaints.extend(complaints);
        let scripted = self.habits.answers.get(received.posts.len()).cloned();
        let response = scripted.unwrap_or_else(|| Response::json(200, r#"{"partialSuccess":{}}"#));
        let names = spans.0.values().map(|span| crate::spans::text(span, "name").to_owned()).collect();
        let (status, bytes) = (response.status, request.body.len());
        received.posts.push(Post { at: Instant::now(), status, gzip, bytes, names });
        if (200..300).contains(&status) {
            for id in spans.0.keys() {
                *received.times.entry(id.clone()).or_default() += 1;
            }
            received.spans.0.extend(spans.0);
        }
        response
    }
}
