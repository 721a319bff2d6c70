//! The shareable part of the view, as it stands in the URL hash: `#trace=…&span=…&view=flame&t=0-1240000000&q=…`.

use std::fmt::Write as _;

/// What the hash holds. Everything may be absent; unknown keys are ignored, so that old links keep working.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Link {
    /// Address of the file, where it was opened from one.
    pub(crate) src: Option<String>,
    /// `traces`, `waterfall`, `flame`.
    pub(crate) view: Option<String>,
    /// Hex id.
    pub(crate) trace: Option<String>,
    /// Hex id.
    pub(crate) span: Option<String>,
    /// Nanoseconds from the start of the trace.
    pub(crate) window: Option<(u64, u64)>,
    /// First row on screen.
    pub(crate) row: Option<u32>,
    /// Text search.
    pub(crate) search: Option<String>,
    /// Hex ids of folded spans.
    pub(crate) folded: Vec<String>,
    /// `time`, `merged`.
    pub(crate) flame: Option<String>,
    /// Part of the merged flame graph, nanoseconds of its axis.
    pub(crate) focus: Option<(u64, u64)>,
    /// Sort column and direction of the list: `duration`, `-start`.
    pub(crate) sort: Option<String>,
    /// Filter of the list.
    pub(crate) filter: Option<String>,
    /// Selected starts, Unix nanoseconds.
    pub(crate) starts: Option<(u64, u64)>,
    /// Selected durations, nanoseconds.
    pub(crate) durations: Option<(u64, u64)>,
    /// Tab of the details.
    pub(crate) tab: Option<String>,
}

impl Link {
    /// Without the `#`.
    pub(crate) fn to_hash(&self) -> String {
        let mut hash = String::new();
        let mut add = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                let sign = if hash.is_empty() { "" } else { "&" };
                let _ = write!(hash, "{sign}{key}={}", encode(value));
            }
        };
        let range = |range: Option<(u64, u64)>| range.map(|(from, to)| format!("{from}-{to}"));
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        add("src", self.src.as_deref());
        add("view", self.view.as_deref());
        add("trace", self.trace.as_deref());
        add("span", self.span.as_deref());
        add("t", range(self.window).as_deref());
        add("row", number(self.row).as_deref());
        add("q", self.search.as_deref());
        add("folded", (!self.folded.is_empty()).then(|| self.folded.join(",")).as_deref());
        add("flame", self.flame.as_deref());
        add("focus", range(self.focus).as_deref());
        add("sort", self.sort.as_deref());
        add("filter", self.filter.as_deref());
        add("starts", range(self.starts).as_deref());
        add("durations", range(self.durations).as_deref());
        add("tab", self.tab.as_deref());
        hash
    }

    /// With or without the `#`.
    pub(crate) fn parse(hash: &str) -> Self {
        let mut link = Self::default();
        for part in hash.trim_start_matches('#').split('&') {
            let Some((key, value)) = part.split_once('=') else { continue };
            let value = decode(value);
            let range = || {
                let (from, to) = value.split_once('-')?;
                let (from, to) = (from.parse().ok()?, to.parse().ok()?);
                (from <= to).then_some((from, to))
            };
            match key {
                "src" => link.src = Some(value),
                "view" => link.view = Some(value),
                "trace" => link.trace = Some(value),
                "span" => link.span = Some(value),
                "t" => link.window = range(),
                "row" => link.row = value.parse().ok(),
                "q" => link.search = Some(value),
                "folded" => link.folded = value.split(',').map(str::to_owned).collect(),
                "flame" => link.flame = Some(value),
                "focus" => link.focus = range(),
                "sort" => link.sort = Some(value),
                "filter" => link.filter = Some(value),
                "starts" => link.starts = range(),
                "durations" => link.durations = range(),
                "tab" => link.tab = Some(value),
                _ => {}
            }
        }
        link
    }
}

/// Percent-encodes what has a meaning in a hash, and what browsers would encode on their own.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/,?@!$'()*;".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut escape = rest.clone();
        let digits = (escape.next(), escape.next());
        if byte == b'%'
            && let (Some(high), Some(low)) = digits
            && let (Some(high), Some(low)) = (char::from(high).to_digit(16), char::from(low).to_digit(16))
        {
            bytes.push((high * 16 + low) as u8);
            rest = escape;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hash: &str, expected: &Link) {
        assert_eq!(Link::parse(hash), *expected, "{hash}");
        assert_eq!(Link::parse(&expected.to_hash()), *expected, "round trip of {hash}");
    }

    #[test]
    fn hashes() {
        check("", &Link::default());
        check("#", &Link::default());
        check(
            "#view=flame&trace=0af7&t=5-17&q=a%26b%20%C3%A9&folded=01,02&future=1",
            &Link {
                view: Some("flame".into()),
                trace: Some("0af7".into()),
                window: Some((5, 17)),
                search: Some("a&b é".into()),
                folded: vec!["01".into(), "02".into()],
                ..Link::default()
            },
        );
        check("#t=17-5&row=x&q=%zz%4", &Link { search: Some("%zz%4".into()), ..Link::default() });
        check(
            "#src=examples/slow-query.json?x=1&sort=-start",
            &Link {
                src: Some("examples/slow-query.json?x=1".into()),
                sort: Some("-start".into()),
                ..Link::default()
            },
        );
    }
}
