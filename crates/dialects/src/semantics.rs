//! Attributes that other conventions have a name of their own for, under OpenTelemetry's names (semantic conventions
//! 1.37), so that colours, errors and fields work alike whatever the source.

use std::borrow::Cow;

use otel::{AnyValue, KeyValue};

/// What a key of another convention means. Names that ever were OpenTelemetry's own are not among them: what was written
/// by it reads back as it was.
const ALIASES: &[(&str, &str)] = &[
    ("http.path", "url.path"),
    ("http.request.client_ip", "client.address"),
    ("http.request.user_agent", "user_agent.original"),
    ("http.response.content_length", "http.response.body.size"),
    ("sql.sanitized_query", "db.query.text"),
    ("sql.database_type", "db.system.name"),
    ("aws.operation", "rpc.method"),
    ("/http/method", "http.request.method"),
    ("/http/url", "url.full"),
    ("/http/path", "url.path"),
    ("/http/route", "http.route"),
    ("/http/host", "server.address"),
    ("/http/status_code", "http.response.status_code"),
    ("/http/user_agent", "user_agent.original"),
    ("/http/request/size", "http.request.body.size"),
    ("/http/response/size", "http.response.body.size"),
    ("/http/client_protocol", "network.protocol.name"),
    ("/error/name", "error.type"),
    ("http.request.uri", "url.full"),
    ("http.request.url", "url.full"),
    ("http.response.status", "http.response.status_code"),
    ("http.status", "http.response.status_code"),
    ("http.useragent", "user_agent.original"),
    ("peer.address", "network.peer.address"),
    ("peer.hostname", "server.address"),
    ("peer.ipv4", "network.peer.address"),
    ("peer.ipv6", "network.peer.address"),
    ("peer.port", "server.port"),
    ("db.type", "db.system.name"),
    ("db.instance", "db.namespace"),
    ("jdbc.query", "db.query.text"),
    ("sql.query", "db.query.text"),
    ("message_bus.destination", "messaging.destination.name"),
    ("kafka.topic", "messaging.destination.name"),
    ("error.kind", "error.type"),
    ("error.object", "error.type"),
];

/// Adds what the attributes say in other words, unless it is said already.
pub(crate) fn complete(attributes: &mut Vec<KeyValue<'_>>) {
    for place in 0..attributes.len() {
        let Some(attribute) = attributes.get(place) else { break };
        let Some((_, name)) = ALIASES.iter().find(|(alias, _)| *alias == attribute.key) else { continue };
        if attributes.iter().any(|known| known.key == *name) {
            continue;
        }
        let value = usual_type(name, &attribute.value);
        attributes.push(KeyValue { key: Cow::Borrowed(name), value });
    }
}

/// Codes, ports and sizes are numbers, whatever text they came in.
fn usual_type<'a>(name: &str, value: &AnyValue<'a>) -> AnyValue<'a> {
    match value {
        AnyValue::Str(text) if is_number(name) => text.parse().map_or_else(|_| value.clone(), AnyValue::Int),
        _ => value.clone(),
    }
}

fn is_number(name: &str) -> bool {
    matches!(
        name,
        "http.response.status_code" | "server.port" | "http.request.body.size" | "http.response.body.size"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[(&'static str, AnyValue<'static>)], added: &[(&str, AnyValue<'_>)]) {
        let mut attributes: Vec<_> =
            given.iter().map(|(key, value)| KeyValue::new(*key, value.clone())).collect();
        complete(&mut attributes);
        let found: Vec<_> =
            attributes.drain(given.len()..).map(|added| (added.key.into_owned(), added.value)).collect();
        let added: Vec<_> = added.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        assert_eq!(found, added);
    }

    #[test]
    fn other_words() {
        check(&[("http.status", "404".into())], &[("http.response.status_code", 404.into())]);
        check(&[("http.status", "none".into())], &[("http.response.status_code", "none".into())]);
        check(
            &[("http.path", "/a".into()), ("sql.query", "SELECT".into())],
            &[("url.path", "/a".into()), ("db.query.text", "SELECT".into())],
        );
        check(&[("http.path", "/a".into()), ("url.path", "/b".into())], &[]);
        check(&[("http.method", "GET".into())], &[]);
    }

    #[test]
    fn each_key_means_one_thing() {
        for (place, (alias, name)) in ALIASES.iter().enumerate() {
            assert!(ALIASES.iter().skip(place + 1).all(|(other, _)| other != alias), "{alias}");
            assert!(ALIASES.iter().all(|(other, _)| other != name), "{name} is an alias, too");
        }
    }
}
