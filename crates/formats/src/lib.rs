//! Bytes to spans, spans to OTLP JSON.
