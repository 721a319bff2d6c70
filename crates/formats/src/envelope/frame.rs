//! Where in a document the decoder stands.

/// An array or object the decoder stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// An array of documents.
    Documents,
    /// A request, or a wrapper around one.
    Document,
    /// `resourceSpans`.
    Resources,
    Resource,
    /// `scopeSpans`.
    Scopes,
    Scope,
    /// `spans`.
    Spans,
    /// `logRecords`.
    Logs,
    /// `metrics`.
    Metrics,
    Metric,
    /// `gauge`, `sum` and the like.
    Data,
    /// `dataPoints`.
    Points,
    /// `resourceProfiles`.
    Signals(&'static str),
    /// `traces` of a search result.
    Found,
    /// An array of another format.
    OtherArray,
    /// An object of another format.
    OtherObject,
}

impl Frame {
    pub(super) fn is_object(self) -> bool {
        matches!(
            self,
            Self::Document | Self::Resource | Self::Scope | Self::Metric | Self::Data | Self::OtherObject
        )
    }

    /// For messages: the decoder stands in …
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Documents => "an array of documents",
            Self::Document => "a document",
            Self::Resources => "resourceSpans",
            Self::Resource => "an element of resourceSpans",
            Self::Scopes => "scopeSpans",
            Self::Scope => "an element of scopeSpans",
            Self::Spans => "spans",
            Self::Logs => "logRecords",
            Self::Metrics => "metrics",
            Self::Metric => "a metric",
            Self::Data => "the data of a metric",
            Self::Points => "dataPoints",
            Self::Signals(name) => name,
            Self::Found => "traces",
            Self::OtherArray => "an array",
            Self::OtherObject => "an object",
        }
    }
}

/// What comes next in the innermost array or object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    AfterValue,
    AfterComma,
}
