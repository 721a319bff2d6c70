//! Text search. The distinct text is scanned once per word to a set of text indices; then one pass over the spans only
//! compares indices.

use crate::case::lower_case;
use std::fmt::Write as _;

use otel::{AnyValue, KeyValue, SpanKind, TraceId};
use store::{Cell, Event, Idx as _, Log, SpanIdx, StrIdx, StringPool, TraceStore, Value};

/// Spans that match, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// The spans.
    pub spans: Vec<SpanIdx>,
}

impl Matches {
    /// Is it one of them?
    pub fn contains(&self, span: SpanIdx) -> bool {
        self.spans.binary_search(&span).is_ok()
    }

    /// Those of `range`, sorted: of a trace, or of a subtree.
    pub fn within(&self, range: std::ops::Range<SpanIdx>) -> &[SpanIdx] {
        let from = self.spans.partition_point(|&span| span < range.start);
        let to = self.spans.partition_point(|&span| span < range.end);
        self.spans.get(from..to.max(from)).unwrap_or(&[])
    }
}

/// Finds the spans that all words of `text` speak of. A word ends at a blank, unless it is `"in quotes"`; capitals are
/// not told apart. Without a word, nothing matches.
///
/// A word is looked for within the span's operation, attributes, status message, events, log records (those that belong to
/// the trace and to no span of it count as its root's), and the attributes and names of its resource (so the service
/// too) and scope. Attributes match by key, by value (numbers and booleans as they are
/// written, nested values by their leaves), and as `key=value`. The kind must be the whole word, and so must `kind=server`.
/// Ids match by 4 or more hex digits from their beginning, or 8 from anywhere: fewer would find `db` in every other id.
pub fn search(store: &TraceStore, text: &str) -> Matches {
    let mut words: Vec<(Word, TextSet)> = search_words(text)
        .into_iter()
        .map(|word| {
            let word = Word::new(word);
            let texts = TextSet::find(store.strings(), &word.needle);
            (word, texts)
        })
        .collect();
    // The rarest first: later words are looked for only where earlier ones match.
    if let Some((rarest, _)) = words.iter().enumerate().min_by_key(|(_, (_, texts))| texts.count) {
        words.swap(0, rarest);
    }
    let mut words = words.into_iter();
    let Some((word, texts)) = words.next() else { return Matches::default() };
    let mut pass = Pass::new(store, word, texts);
    pass.look_ahead();
    let mut spans: Vec<SpanIdx> = Vec::new();
    for trace in store.traces().as_slice() {
        let whole = pass.word.is_in_trace_id(trace.id);
        spans.extend(trace.indices().filter(|&span| whole || pass.matches(span)));
    }
    for (word, texts) in words {
        let mut pass = Pass::new(store, word, texts);
        spans.retain(|&span| {
            pass.word.is_in_trace_id(store.trace(store.trace_of(span)).id) || pass.matches(span)
        });
    }
    Matches { spans }
}

/// Words in lower case. Quotes may begin within a word: `db.statement="select 1"`.
pub fn search_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            _ if letter.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.trim().is_empty());
    words.into_iter().map(|word| lower_case(&word)).collect()
}

/// A text to look for, whatever the capitals.
#[derive(Clone, Debug)]
pub(crate) struct Needle {
    /// Lower case, not empty.
    text: String,
    /// The byte of it that is rarest in what traces say, and its place.
    rare: u8,
    rare_at: usize,
}

/// How often a byte is met: letters by English and by the attribute names of traces. Only speed hangs on it.
fn commonness(byte: u8) -> u8 {
    match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 9,
        b'c' | b'd' | b'l' | b'p' | b'u' | b'm' | b'h' | b'.' | b'/' | b' ' => 7,
        b'0'..=b'9' | b'b' | b'f' => 6,
        b'g' | b'v' | b'y' | b'w' | b'k' | b'-' | b'_' | b':' => 4,
        b'a'..=b'z' => 2,
        _ => 3,
    }
}

impl Needle {
    pub(crate) fn new(text: String) -> Self {
        let rarest = text.bytes().enumerate().min_by_key(|&(_, byte)| commonness(byte));
        let (rare_at, rare) = rarest.unwrap_or((0, 0));
        Self { text, rare, rare_at }
    }

    /// The next occurrence at or after `from`. `haystack` may be many texts end to end.
    fn find(&self, haystack: &[u8], from: usize) -> Option<usize> {
        let mut at = from + self.rare_at;
        loop {
            let rest = haystack.get(at..)?;
            at += memchr::memchr2(self.rare, self.rare.to_ascii_uppercase(), rest)?;
            let start = at - self.rare_at;
            let candidate = haystack.get(start..start + self.text.len())?;
            if candidate.eq_ignore_ascii_case(self.text.as_bytes()) {
                return Some(start);
            }
            at += 1;
        }
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        if self.text.is_ascii() {
            self.find(text.as_bytes(), 0).is_some()
        } else {
            !text.is_ascii() && lower_case(text).contains(&self.text)
        }
    }
}

fn starts_with(text: &str, lower: &str) -> bool {
    if lower.is_ascii() {
        text.as_bytes().get(..lower.len()).is_some_and(|start| start.eq_ignore_ascii_case(lower.as_bytes()))
    } else {
        lower_case(text).starts_with(lower)
    }
}

fn ends_with(text: &str, lower: &str) -> bool {
    if lower.is_ascii() {
        let from = text.len().checked_sub(lower.len());
        from.and_then(|from| text.as_bytes().get(from..))
            .is_some_and(|end| end.eq_ignore_ascii_case(lower.as_bytes()))
    } else {
        lower_case(text).ends_with(lower)
    }
}

/// A set of texts, or of other small numbers.
#[derive(Debug, Default)]
struct TextSet {
    bits: Vec<u64>,
    count: usize,
}

impl TextSet {
    fn insert(&mut self, text: StrIdx) {
        if let Some(word) = self.bits.get_mut(text.get() / 64) {
            *word |= 1 << (text.get() % 64);
            self.count += 1;
        }
    }

    #[inline]
    fn contains(&self, text: StrIdx) -> bool {
        self.bits.get(text.get() / 64).is_some_and(|word| word >> (text.get() % 64) & 1 == 1)
    }

    /// The texts that `needle` is in.
    fn find(pool: &StringPool, needle: &Needle) -> Self {
        let mut found = Self { bits: vec![0; pool.len().div_ceil(64)], count: 0 };
        for (first, run, ends) in pool.runs() {
            if needle.text.is_ascii() {
                found.scan(needle, first, run, ends);
            } else if !run.is_ascii() {
                for i in 0..ends.len() as u32 {
                    let text = StrIdx(first.0 + i);
                    if needle.is_in(pool.get(text)) {
                        found.insert(text);
                    }
                }
            }
        }
        found
    }

    fn scan(&mut self, needle: &Needle, first: StrIdx, run: &str, ends: &[u32]) {
        let (mut at, mut number) = (0, 0);
        while let Some(start) = needle.find(run.as_bytes(), at) {
            let rest = ends.get(number..).unwrap_or(&[]);
            number += rest.partition_point(|&end| end as usize <= start);
            let Some(&end) = ends.get(number) else { return };
            if start + needle.text.len() <= end as usize {
                self.insert(StrIdx(first.0 + number as u32));
                at = end as usize;
            } else {
                // It begins in one text and ends in the next.
                at = start + 1;
            }
        }
    }
}

/// A word of the search, and what else it may mean.
#[derive(Debug)]
struct Word {
    needle: Needle,
    /// `key=value`: how the key ends, how the value begins.
    pair: Option<(String, String)>,
    /// May it be part of a number or a boolean?
    scalar: bool,
    hex: Option<Hex>,
    kind: Option<SpanKind>,
}

/// A word of hex digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hex {
    value: u128,
    digits: u32,
}

impl Hex {
    pub(crate) fn new(word: &str) -> Option<Self> {
        let digits = word.len();
        let is_hex = (4..=32).contains(&digits) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u128::from_str_radix(word, 16).ok().filter(|_| is_hex)?;
        Some(Self { value, digits: digits as u32 })
    }

    /// `width`: hex digits of the id.
    fn is_in(self, id: u128, width: u32) -> bool {
        let Some(last) = width.checked_sub(self.digits) else { return false };
        let mask = u128::MAX >> (128 - 4 * self.digits);
        let at = |place: u32| (id >> (4 * place)) & mask == self.value;
        if self.digits < 8 { at(last) } else { (0..=last).any(at) }
    }

    pub(crate) fn is_in_trace_id(self, id: TraceId) -> bool {
        // Ids of 64 bits stand behind zeros.
        self.is_in(id.0, if id.0 >> 64 == 0 { 16 } else { 32 })
    }
}

impl Word {
    fn new(text: String) -> Self {
        let pair = text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        let number = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e'));
        let number = number && text.bytes().any(|byte| byte.is_ascii_digit());
        let scalar = number || ["true", "false", "nan", "-inf"].iter().any(|known| known.contains(&text));
        let kinds =
            [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
        let kind = text.strip_prefix("kind=").unwrap_or(&text);
        let kind = kinds.into_iter().find(|known| known.name() == kind);
        Self { hex: Hex::new(&text), needle: Needle::new(text), pair, scalar, kind }
    }

    fn is_in_trace_id(&self, id: TraceId) -> bool {
        self.hex.is_some_and(|hex| hex.is_in_trace_id(id))
    }
}

/// Looks for one word in many spans.
struct Pass<'s> {
    store: &'s TraceStore,
    word: Word,
    texts: TextSet,
    /// By origin: is it in the resource or the scope?
    origins: Vec<bool>,
    /// By order of arrival: is it in the attributes or the events? Where that was looked at for all spans.
    arrivals: Option<TextSet>,
    /// By text, where the word is a pair: is this a key that ends as it says? Keys come first among the texts.
    keys: Vec<Option<bool>>,
    /// Numbers looked at lately: codes and ports come again and again.
    numbers: Vec<Option<(i64, bool)>>,
    buffer: String,
}

impl<'s> Pass<'s> {
    fn new(store: &'s TraceStore, word: Word, texts: TextSet) -> Self {
        let mut pass = Self {
            store,
            word,
            texts,
            origins: Vec::new(),
            arrivals: None,
            keys: Vec::new(),
            numbers: vec![None; 1 << 10],
            buffer: String::new(),
        };
        for (_, resource, scope) in store.origins() {
            let hit = pass.is_in_attributes(&resource.attributes)
                || pass.word.needle.is_in(&scope.name)
                || pass.word.needle.is_in(&scope.version)
                || pass.is_in_attributes(&scope.attributes);
            pass.origins.push(hit);
        }
        pass
    }

    fn matches(&mut self, span: SpanIdx) -> bool {
        let store = self.store;
        if self.texts.contains(store.name_idx(span))
            || self.origins.get(store.origin_idx(span).get()) == Some(&true)
            || self.word.kind == Some(store.kind(span))
            || self.word.hex.is_some_and(|hex| hex.is_in(u128::from(store.span_id(span).0), 16))
        {
            return true;
        }
        if self.texts.contains(store.status_message_idx(span)) {
            return true;
        }
        let arrival = store.arrival(span);
        match &self.arrivals {
            Some(arrivals) => arrivals.contains(StrIdx(arrival)),
            None => self.is_in_attributes_of(arrival) || self.is_in_events(span) || self.is_in_logs(span),
        }
    }

    /// Looks at the attributes and events of all spans at once, in the order they stand in: for a word that is looked
    /// for in most spans.
    fn look_ahead(&mut self) {
        let store = self.store;
        let count = store.span_count();
        let mut arrivals = TextSet { bits: vec![0; count.div_ceil(64)], count: 0 };
        for arrival in 0..count as u32 {
            if self.is_in_attributes_of(arrival) {
                arrivals.insert(StrIdx(arrival));
            }
        }
        for (arrival, event) in store.events_by_arrival() {
            if self.is_in_event(&event) {
                arrivals.insert(StrIdx(arrival));
            }
        }
        for (span, log) in store.logs_by_span() {
            if self.is_in_log(&log) {
                arrivals.insert(StrIdx(store.arrival(span)));
            }
        }
        self.arrivals = Some(arrivals);
    }

    fn is_in_attributes_of(&mut self, arrival: u32) -> bool {
        let store = self.store;
        self.is_in_cells(store.cells_by_arrival(arrival))
    }

    /// The log records of the span; of a root that stands for its trace, those of the trace, too.
    fn is_in_logs(&mut self, span: SpanIdx) -> bool {
        let store = self.store;
        let trace = store.trace_of(span);
        store.logs(span).any(|log| self.is_in_log(&log))
            || store.trace(trace).root == span && store.trace_logs(trace).any(|log| self.is_in_log(&log))
    }

    fn is_in_log(&mut self, log: &Log<'_>) -> bool {
        log.texts().into_iter().any(|text| self.texts.contains(text)) || self.is_in_cells(log.cells())
    }

    fn is_in_cells<'c>(&mut self, mut cells: impl Iterator<Item = Cell<'c>>) -> bool {
        let store = self.store;
        cells.any(|cell| match cell {
            Cell::Text(key, value) => {
                self.texts.contains(key)
                    || self.texts.contains(value)
                    || (self.word.pair.is_some()
                        && self.is_key(key)
                        && self.is_start(store.strings().get(value)))
            }
            Cell::Plain(key, value) => {
                self.texts.contains(key)
                    || match value {
                        _ if self.word.pair.is_some() => {
                            self.is_key(key) && self.is_in_value(store.strings().get(key), &value.to_any())
                        }
                        Value::Int(number) => self.word.scalar && self.is_in_number(number),
                        _ => self.word.scalar && self.is_in_value("", &value.to_any()),
                    }
            }
            Cell::Spilled(KeyValue { key, value }) => {
                self.word.needle.is_in(key) || self.is_in_value(key, value)
            }
        })
    }

    fn is_in_events(&mut self, span: SpanIdx) -> bool {
        self.store.events(span).any(|event| self.is_in_event(&event))
    }

    fn is_in_event(&mut self, event: &Event<'_>) -> bool {
        self.word.needle.is_in(event.name())
            || event.attributes().any(|attribute| {
                self.word.needle.is_in(attribute.key)
                    || match attribute.value {
                        Value::Owned(value) => self.is_in_value(attribute.key, value),
                        value => self.is_in_value(attribute.key, &value.to_any()),
                    }
            })
    }

    fn is_in_attributes(&mut self, attributes: &[KeyValue<'_>]) -> bool {
        attributes
            .iter()
            .any(|KeyValue { key, value }| self.word.needle.is_in(key) || self.is_in_value(key, value))
    }

    fn is_key(&mut self, key: StrIdx) -> bool {
        if let Some(&Some(known)) = self.keys.get(key.get()) {
            return known;
        }
        let is_key = self.ends_as_key(self.store.strings().get(key));
        if self.keys.len() <= key.get() {
            self.keys.resize(key.get() + 1, None);
        }
        if let Some(slot) = self.keys.get_mut(key.get()) {
            *slot = Some(is_key);
        }
        is_key
    }

    /// Is the word in the number? Not for pairs.
    fn is_in_number(&mut self, number: i64) -> bool {
        let place = number as usize % self.numbers.len();
        if let Some(&Some((known, hit))) = self.numbers.get(place)
            && known == number
        {
            return hit;
        }
        let hit = self.is_in_value("", &AnyValue::Int(number));
        if let Some(slot) = self.numbers.get_mut(place) {
            *slot = Some((number, hit));
        }
        hit
    }

    fn ends_as_key(&self, key: &str) -> bool {
        self.word.pair.as_ref().is_some_and(|(end, _)| ends_with(key, end))
    }

    fn is_start(&self, value: &str) -> bool {
        self.word.pair.as_ref().is_some_and(|(_, start)| starts_with(value, start))
    }

    /// Is it in the value, or in `key=value`? Leaves of nested values count as values of the innermost key.
    fn is_in_value(&mut self, key: &str, value: &AnyValue<'_>) -> bool {
        let mut pending: Vec<(&str, &AnyValue<'_>)> = Vec::new();
        let mut next = Some((key, value));
        while let Some((key, value)) = next {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.clear();
            let text = match value {
                AnyValue::Str(text) => text,
                AnyValue::Empty | AnyValue::Bytes(_) => "",
                AnyValue::Array(values) => {
                    pending.extend(values.iter().map(|value| (key, value)));
                    ""
                }
                AnyValue::Map(values) => {
                    if values.iter().any(|inner| self.word.needle.is_in(&inner.key)) {
                        return true;
                    }
                    pending.extend(values.iter().map(|inner| (inner.key.as_ref(), &inner.value)));
                    ""
                }
                // Writing to a String cannot fail.
                AnyValue::Bool(value) => {
                    let _ = write!(buffer, "{value}");
                    &buffer
                }
                AnyValue::Int(value) => {
                    let _ = write!(buffer, "{value}");
                    &buffer
                }
                AnyValue::Double(value) => {
                    let _ = write!(buffer, "{value}");
                    &buffer
                }
            };
            let hit = !text.is_empty()
                && (self.word.needle.is_in(text) || (self.ends_as_key(key) && self.is_start(text)));
            self.buffer = buffer;
            if hit {
                return true;
            }
            next = pending.pop();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use otel::{LogRow, SpanId, SpanSink as _};
    use store::TraceStoreBuilder;

    /// The operations of the spans found.
    fn check(trace: &str, text: &str, expected: &str) {
        let mut builder = TraceStoreBuilder::new();
        fixtures::trace(trace).feed(&mut builder);
        let store = builder.seal();
        let found = search(&store, text);
        assert!(found.spans.is_sorted());
        let found: Vec<&str> = found.spans.iter().map(|&span| store.name(span)).collect();
        assert_eq!(found.join(" "), expected, "{text:?}");
    }

    const SHOP: &str = r#"
        frontend  checkout  0..100ms   server http.request.method=GET http.response.status_code:int=200 id=aaaa1111bbbb2222
          cart    get       10..20ms   client db.system=redis db.statement="HGETALL cart:42" cached:bool=true
          payment charge    30..90ms   !error "Card declined" amount:double=12.5 @40ms:exception{exception.type=CardError,attempt:int=3}
          mail    send      91..99ms   producer city=Zürich tags=[blue,:int=77] extra={depth={leaf=Deep}}
    "#;

    #[test]
    fn names_and_services() {
        check(SHOP, "CHECK", "checkout");
        check(SHOP, "frontend", "checkout");
        check(SHOP, "cart", "get");
        check(SHOP, "fixtures", "checkout get charge send");
        check(SHOP, "nothing like it", "");
        check(SHOP, "", "");
        check(SHOP, " \" ", "");
    }

    #[test]
    fn attributes_by_key_and_value() {
        check(SHOP, "http.request", "checkout");
        check(SHOP, "hgetall", "get");
        check(SHOP, "200", "checkout");
        check(SHOP, "12.5", "charge");
        check(SHOP, "true", "get");
        check(SHOP, "blue", "send");
        check(SHOP, "77", "send");
        check(SHOP, "deep", "send");
        check(SHOP, "leaf=deep", "send");
    }

    #[test]
    fn key_and_value_together() {
        check(SHOP, "method=get", "checkout");
        check(SHOP, "http.request.method=GET", "checkout");
        check(SHOP, "http.request.method=ET", "");
        check(SHOP, "status_code=20", "checkout");
        check(SHOP, "cached=true", "get");
        check(SHOP, "service.name=pay", "charge");
        check(SHOP, r#"db.statement="hgetall cart""#, "get");
        check(SHOP, "statement=cart", "");
    }

    #[test]
    fn every_word_must_match() {
        check(SHOP, "db redis", "get");
        check(SHOP, "redis frontend", "");
        check(SHOP, r#""hgetall cart""#, "get");
        check(SHOP, r#""cart hgetall""#, "");
        check(SHOP, "cart hgetall", "get");
    }

    #[test]
    fn status_events_and_kind() {
        check(SHOP, "declined", "charge");
        check(SHOP, "exception", "charge");
        check(SHOP, "carderror", "charge");
        check(SHOP, "exception.type=card", "charge");
        check(SHOP, "attempt=3", "charge");
        check(SHOP, "server", "checkout");
        check(SHOP, "kind=producer", "send");
        check(SHOP, "serv", "checkout get charge send"); // service.name
        check(SHOP, "produce", "");
    }

    #[test]
    fn capitals_beyond_ascii() {
        check(SHOP, "zÜRICH", "send");
        check(SHOP, "city=ZÜ", "send");
        check(SHOP, "zurich", "");
    }

    #[test]
    fn log_records() {
        let mut builder = TraceStoreBuilder::new();
        fixtures::trace(SHOP).feed(&mut builder);
        let trace_id = TraceId(1);
        let (resource, scope) = (builder.open_resource(), builder.open_scope());
        let mut say = |span_id, body: &'static str, key: &'static str| {
            let attributes = vec![KeyValue::new(key, 7_i64)];
            let log = LogRow { trace_id, span_id, body: body.into(), attributes, ..LogRow::default() };
            builder.log(resource, scope, &log);
        };
        say(SpanId(0xaaaa_1111_bbbb_2222), "cart is empty", "cart.items");
        say(SpanId(99), "Out of the blue", "n");
        say(SpanId(2), "connection reset by peer", "retry");
        let store = builder.seal();
        let check = |text, expected| {
            let found: Vec<&str> = search(&store, text).spans.iter().map(|&span| store.name(span)).collect();
            assert_eq!(found.join(" "), expected, "{text:?}");
        };
        check("EMPTY", "checkout");
        check("items=7", "checkout");
        check(r#""out of the blue""#, "checkout"); // no span of it: the root's
        check("reset", "get");
        check("redis reset", "get");
        check("reset redis", "get");
        check("reset checkout", "");
    }

    #[test]
    fn ids() {
        check(SHOP, "aaaa", "checkout");
        check(SHOP, "aaa", "");
        check(SHOP, "1111", "");
        check(SHOP, "1111bbbb", "checkout");
        check(SHOP, "AAAA1111BBBB2222", "checkout");
        check(SHOP, "00000001", "checkout get charge send"); // the end of the trace's id
    }

    #[test]
    fn no_match_across_two_texts() {
        // In the pool, "redis" is followed by the next key.
        check(SHOP, "redisdb", "");
        check(SHOP, "sdb", "");
    }
}
