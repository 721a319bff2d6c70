//! The formats by name.

use crate::headers::{Headers, Write};
use crate::{Context, b3, cloud_trace, datadog, jaeger, trace_context, xray};

/// A way to write a [`Context`] into headers. Who needs one format only calls its module, and pays for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `traceparent`, `tracestate`.
    TraceContext,
    /// `b3`; reads `x-b3-…` too.
    B3Single,
    /// `x-b3-…`; reads `b3` too.
    B3Multi,
    /// `x-datadog-…`.
    Datadog,
    /// `x-amzn-trace-id`.
    XRay,
    /// `x-cloud-trace-context`.
    CloudTrace,
    /// `uber-trace-id`.
    Jaeger,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TraceContext,
        Self::B3Single,
        Self::B3Multi,
        Self::Datadog,
        Self::XRay,
        Self::CloudTrace,
        Self::Jaeger,
    ];

    /// As in `OTEL_PROPAGATORS`, where it has a name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TraceContext => "tracecontext",
            Self::B3Single => "b3",
            Self::B3Multi => "b3multi",
            Self::Datadog => "datadog",
            Self::XRay => "xray",
            Self::CloudTrace => "gcp",
            Self::Jaeger => "jaeger",
        }
    }

    /// By [`Self::name`].
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The headers it may write, in lower case: what a cross-origin request asks leave for.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::TraceContext => trace_context::FIELDS,
            Self::B3Single => b3::SINGLE_FIELDS,
            Self::B3Multi => b3::MULTI_FIELDS,
            Self::Datadog => datadog::FIELDS,
            Self::XRay => xray::FIELDS,
            Self::CloudTrace => cloud_trace::FIELDS,
            Self::Jaeger => jaeger::FIELDS,
        }
    }

    /// What a request says; `None` where it says nothing that can be read.
    pub fn extract(self, headers: Headers<'_>) -> Option<Context> {
        match self {
            Self::TraceContext => trace_context::extract(headers),
            Self::B3Single | Self::B3Multi => b3::extract(headers),
            Self::Datadog => datadog::extract(headers),
            Self::XRay => xray::extract(headers),
            Self::CloudTrace => cloud_trace::extract(headers),
            Self::Jaeger => jaeger::extract(headers),
        }
    }

    /// Writes the headers of a request.
    pub fn inject(self, context: &Context, write: &mut Write<'_>) {
        match self {
            Self::TraceContext => trace_context::inject(context, write),
            Self::B3Single => b3::inject_single(context, write),
            Self::B3Multi => b3::inject_multi(context, write),
            Self::Datadog => datadog::inject(context, write),
            Self::XRay => xray::inject(context, write),
            Self::CloudTrace => cloud_trace::inject(context, write),
            Self::Jaeger => jaeger::inject(context, write),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SamplingState, testing};
    use proptest::prelude::*;

    #[test]
    fn named() {
        for format in Format::ALL {
            assert_eq!(Format::by_name(format.name()), Some(format));
        }
        assert_eq!(Format::by_name("none"), None);
    }

    const BOTH: &[SamplingState] = &[SamplingState::Deny, SamplingState::Accept];

    proptest! {
        /// Every format brings ids and a decision across, and writes only what it says it writes.
        #[test]
        fn ids_and_decision_arrive(context in testing::contexts(BOTH)) {
            prop_assume!(context.span().trace_id.0 as u64 != 0);
            for format in Format::ALL {
                let mut fields = Vec::new();
                format.inject(&context, &mut |name, value| fields.push((name.to_owned(), value.to_owned())));
                let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                prop_assert!(fields.iter().all(|(name, _)| format.fields().contains(name)));
                let arrived = format.extract(Headers(&fields)).map(|it| (it.span(), it.state()));
                prop_assert_eq!(arrived, Some((context.span(), context.state())), "{}", format.name());
            }
        }
    }
}
