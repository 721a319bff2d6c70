//! The WebDriver protocol, as much of it as a blocking client needs: JSON over HTTP.
//!
//! fantoccini and thirtyfour would do it too, with an asynchronous runtime that no test here has a use for.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Method;

use crate::Result;

#[derive(Debug)]
pub(crate) struct Session {
    agent: Agent,
    url: String,
    pub(crate) capabilities: Value,
}

impl Session {
    /// `driver` is the URL that the driver listens on.
    pub(crate) fn new(driver: &str, capabilities: &Value) -> Result<Self> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_mins(10)));
        let mut session =
            Self { agent: config.build().into(), url: driver.to_owned(), capabilities: Value::Null };
        let mut created =
            session.post("/session", &json!({ "capabilities": { "alwaysMatch": capabilities } }))?;
        let id = created.get("sessionId").and_then(Value::as_str).ok_or("a session without an id")?;
        session.url = format!("{driver}/session/{id}");
        session.capabilities = created.get_mut("capabilities").map(Value::take).unwrap_or_default();
        Ok(session)
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        self.call(&Method::GET, path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(&Method::POST, path, Some(body))
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Value> {
        self.call(&Method::DELETE, path, None)
    }

    /// Asks the browser over the Chrome DevTools protocol.
    pub(crate) fn cdp(&self, command: &str, parameters: &Value) -> Result<Value> {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    fn call(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = ureq::http::Request::builder()
            .method(method.clone())
            .uri(format!("{}{path}", self.url))
            .header("Content-Type", "application/json")
            .body(body)?;
        let answer = self.agent.run(request).map_err(|error| format!("{method} {path}: {error}"))?;
        let failed = !answer.status().is_success();
        // The default limit would refuse a large screenshot.
        let mut answer: Value = answer.into_body().into_with_config().limit(u64::MAX).read_json()?;
        let value = answer.get_mut("value").map(Value::take).unwrap_or_default();
        if failed {
            let text = |key| value.get(key).and_then(Value::as_str).unwrap_or("");
            let message = text("message").lines().next().unwrap_or("").to_owned();
            return Err(format!("{method} {path}: {}: {message}", text("error")).into());
        }
        Ok(value)
    }
}
