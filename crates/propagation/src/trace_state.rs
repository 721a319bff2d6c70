//! The `tracestate` header (W3C Trace Context Level 2 §3.3).

use std::fmt;

use crate::text::trim;

/// Members a tracestate may have (§3.3.1.1).
const MAX_MEMBERS: usize = 32;

/// Length of a key, and of a value, in bytes (§3.3.1.3).
const MAX_LEN: usize = 256;

/// Longer members are the first to go (§3.3.1.5).
const LONG_MEMBER: usize = 128;

/// Why a text is no tracestate, or no member of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceStateError;

impl fmt::Display for TraceStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a tracestate: expected up to 32 members key=value of up to 256 characters each")
    }
}

impl std::error::Error for TraceStateError {}

/// A list of members, the latest first. Held as the text that is sent: keys are unique, members are valid, and no
/// white space surrounds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceState(String);

impl TraceState {
    /// The values of all `tracestate` fields, in order. Of equal keys the first stays. One bad member, or a 33rd,
    /// refuses them all.
    pub fn parse<'a>(fields: impl IntoIterator<Item = &'a str>) -> Result<Self, TraceStateError> {
        let mut it = Self::default();
        let mut count = 0;
        let members = fields.into_iter().flat_map(|field| field.split(',')).map(trim);
        for member in members.filter(|member| !member.is_empty()) {
            let (key, value) = member.split_once('=').ok_or(TraceStateError)?;
            count += 1;
            if count > MAX_MEMBERS || !is_key(key) || !is_value(value) {
                return Err(TraceStateError);
            }
            if it.get(key).is_none() {
                it.push(member);
            }
        }
        Ok(it)
    }

    /// As it is sent. Empty without members: then no header is due.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Has it no members?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Key and value, from left to right.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split(',').filter_map(|member| member.split_once('='))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.members().find(|&(it, _)| it == key).map(|(_, value)| value)
    }

    /// Puts a member at the left, in place of one with that key. A 33rd member pushes out the right-most.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), TraceStateError> {
        if !is_key(key) || !is_value(value) {
            return Err(TraceStateError);
        }
        let mut with = Self(String::with_capacity(self.0.len() + key.len() + value.len() + 2));
        with.0.push_str(key);
        with.0.push('=');
        with.0.push_str(value);
        for member in self.without(key).take(MAX_MEMBERS - 1) {
            with.push(member);
        }
        *self = with;
        Ok(())
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) {
        let mut rest = Self::default();
        for member in self.without(key) {
            rest.push(member);
        }
        *self = rest;
    }

    /// Drops whole members until at most `max` bytes are left: from the right, those longer than 128 bytes before all
    /// others. W3C asks for at least 512 to be sent on.
    pub fn truncate(&mut self, max: usize) {
        let mut members: Vec<&str> = self.0.split(',').collect();
        let mut len = self.0.len();
        for longer_than in [LONG_MEMBER, 0] {
            while len > max
                && let Some(at) = members.iter().rposition(|member| member.len() > longer_than)
            {
                len = len.saturating_sub(members.remove(at).len() + 1);
            }
        }
        self.0 = members.join(",");
    }

    fn without<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let is_it = move |member: &str| member.strip_prefix(key).is_some_and(|rest| rest.starts_with('='));
        self.0.split(',').filter(move |member| !member.is_empty() && !is_it(member))
    }

    fn push(&mut self, member: &str) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(member);
    }
}

/// `[a-z0-9][a-z0-9_*/@-]{0,255}`: Level 2 knows no tenants.
fn is_key(key: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.len() <= MAX_LEN
        && key.bytes().next().is_some_and(plain)
        && key.bytes().all(|byte| plain(byte) || b"_-*/@".contains(&byte))
}

/// 1 to 256 printable characters but `,` and `=`, the last of them no space.
fn is_value(value: &str) -> bool {
    let allowed = |byte| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=';
    (1..=MAX_LEN).contains(&value.len()) && value.bytes().all(allowed) && !value.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(fields: &[&str], expected: Result<&str, TraceStateError>) {
        let found = TraceState::parse(fields.iter().copied());
        assert_eq!(found.as_ref().map(TraceState::as_str), expected.as_ref().copied(), "{fields:?}");
    }

    const BAD: Result<&str, TraceStateError> = Err(TraceStateError);

    #[test]
    fn parsed() {
        check(&[], Ok(""));
        check(&["", " ", ",,"], Ok(""));
        check(&["foo=1,bar=2", "baz=3"], Ok("foo=1,bar=2,baz=3"));
        check(&[" foo=1 \t, ,\tbar= 2 "], Ok("foo=1,bar= 2"));
        check(&["foo=1,foo=2"], Ok("foo=1"));
        check(&["1special@@a/b*-_=~!\"", "t*242@v=x"], Ok("1special@@a/b*-_=~!\",t*242@v=x"));
        for member in ["foo", "foo=", "foo= ", "=1", "foo =1", "Foo=1", "@foo=1", "foo.bar=1", "foo=bar=baz"]
        {
            check(&["ok=1", member], BAD);
        }
        check(&["foo=é"], BAD);
        check(&["foo=a\tb"], BAD);
    }

    #[test]
    fn limits() {
        let (long, longer) = ("z".repeat(256), "z".repeat(257));
        check(&[&format!("{long}={long}")], Ok(&format!("{long}={long}")));
        check(&[&format!("{longer}=1")], BAD);
        check(&[&format!("k={longer}")], BAD);
        let members = |count| (0..count).map(|at| format!("k{at}=v")).collect::<Vec<_>>().join(",");
        check(&[&members(32)], Ok(&members(32)));
        check(&[&members(33)], BAD);
    }

    #[test]
    fn changed_at_the_left() {
        let mut state = TraceState::parse(["a=1,ab=2,b=3"]).unwrap();
        state.set("b", "4").unwrap();
        assert_eq!(state.as_str(), "b=4,a=1,ab=2");
        state.set("c", "5").unwrap();
        assert_eq!(state.as_str(), "c=5,b=4,a=1,ab=2");
        state.remove("a");
        state.remove("nothing");
        assert_eq!(state.as_str(), "c=5,b=4,ab=2");
        assert_eq!(state.get("ab"), Some("2"));
        assert_eq!(state.get("a"), None);
        assert_eq!(state.set("A", "1"), Err(TraceStateError));
        assert_eq!(state.set("a", "1,b=2"), Err(TraceStateError));
        assert_eq!(state.set("a", "1 "), Err(TraceStateError));
        assert_eq!(state.as_str(), "c=5,b=4,ab=2");
    }

    #[test]
    fn a_33rd_pushes_out_the_last() {
        let mut state = TraceState::parse((0..32).map(|_| "").chain(["z=1"])).unwrap();
        for at in 0..32 {
            state.set(&format!("k{at}"), "v").unwrap();
        }
        assert_eq!(state.members().count(), 32);
        assert_eq!(state.get("z"), None);
        state.set("k5", "w").unwrap();
        assert_eq!(state.members().count(), 32);
    }

    #[test]
    fn truncated() {
        let long = format!("long={}", "x".repeat(124));
        let check = |text: &str, max, expected: &str| {
            let mut state = TraceState::parse([text]).unwrap();
            state.truncate(max);
            assert_eq!(state.as_str(), expected, "{text} to {max}");
        };
        check(&format!("a=1,{long},b=2"), 137, &format!("a=1,{long},b=2"));
        check(&format!("a=1,{long},b=2"), 136, "a=1,b=2");
        check(&format!("a=1,{long},b=2"), 6, "a=1");
        check("a=1,b=2,c=3", 10, "a=1,b=2");
        check("a=1", 2, "");
        check("", 0, "");
    }

    proptest! {
        #[test]
        fn never_invalid(
            members in prop::collection::vec(("[a-z0-9][a-z0-9_*/@-]{0,9}", "[ -+\\--<>-~]{0,160}[!-+\\--<>-~]"), 0..40),
            max in 0..2000_usize,
        ) {
            let mut state = TraceState::default();
            for (key, value) in &members {
                state.set(key, value).unwrap();
                prop_assert_eq!(state.get(key), Some(value.as_str()));
            }
            prop_assert_eq!(&TraceState::parse([state.as_str()]).unwrap(), &state);
            let whole: Vec<(String, String)> =
                state.members().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            state.truncate(max);
            prop_assert!(state.as_str().len() <= max);
            // What is left was there, in that order.
            let mut rest = whole.iter();
            for (key, value) in state.members() {
                prop_assert!(rest.any(|(k, v)| k == key && v == value));
            }
        }

        #[test]
        fn anything_may_arrive(fields: Vec<String>) {
            if let Ok(state) = TraceState::parse(fields.iter().map(String::as_str)) {
                prop_assert!(state.members().count() <= 32);
            }
        }
    }
}
