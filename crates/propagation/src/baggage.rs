//! The `baggage` header (W3C Baggage).

use std::fmt;

use crate::headers::{Headers, Write};
use crate::text::{is_token, percent_decode, push_percent_encoded, trim};

const BAGGAGE: &str = "baggage";

/// Members that everyone has to propagate (§3.3.2).
const MAX_MEMBERS: usize = 64;

/// Length of the whole list in bytes that everyone has to propagate (§3.3.2).
const MAX_BYTES: usize = 8192;

/// Why a member was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaggageError {
    /// The key is no token (RFC 9110 §5.6.2).
    InvalidKey,
    /// There are 64 members already.
    Full,
}

impl fmt::Display for BaggageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidKey => "not a key of baggage: expected letters, digits and !#$%&'*+-.^_`|~",
            Self::Full => "baggage is full: expected up to 64 members",
        })
    }
}

impl std::error::Error for BaggageError {}

/// Names and values that travel with a request, in order. Keys are unique; texts are as people mean them, unescaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baggage(Vec<Member>);

/// One member of [`Baggage`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// A token.
    key: String,
    /// Its value.
    pub value: String,
    /// What is said of the value.
    properties: Vec<Property>,
}

/// A property of a [`Member`]: `;key` or `;key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// A token.
    key: String,
    /// Its value, if it has one.
    pub value: Option<String>,
}

impl Property {
    /// A property.
    pub fn new(key: &str, value: Option<&str>) -> Result<Self, BaggageError> {
        Ok(Self { key: checked(key)?, value: value.map(str::to_owned) })
    }

    /// Its name.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl Member {
    /// Its name.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is said of the value.
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }

    /// `key = value ; property`, with white space around each of them.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';');
        let (key, value) = parts.next()?.split_once('=')?;
        let key = checked(trim(key)).ok()?;
        let mut properties = Vec::new();
        for part in parts.map(trim).filter(|part| !part.is_empty()) {
            let (key, value) = match part.split_once('=') {
                Some((key, value)) => (trim(key), Some(percent_decode(trim(value)))),
                None => (part, None),
            };
            properties.push(Property { key: checked(key).ok()?, value });
        }
        Some(Self { key, value: percent_decode(trim(value)), properties })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.key);
        out.push('=');
        push_percent_encoded(out, &self.value);
        for property in &self.properties {
            out.push(';');
            out.push_str(&property.key);
            if let Some(value) = &property.value {
                out.push('=');
                push_percent_encoded(out, value);
            }
        }
    }
}

impl Baggage {
    /// The header this reads and writes.
    pub const FIELDS: &[&str] = &[BAGGAGE];

    /// From all `baggage` fields together. Members that are malformed, or beyond the limits, are left out whole; of
    /// equal keys the last stays.
    pub fn extract(headers: Headers<'_>) -> Self {
        let mut it = Self::default();
        let mut bytes = 0;
        for text in headers.all(BAGGAGE).flat_map(|field| field.split(',')) {
            bytes += text.len() + 1;
            // The comma before the first does not count.
            if bytes > MAX_BYTES + 1 {
                break;
            }
            if let Some(member) = Member::parse(text) {
                // Full: an earlier key may still come again.
                let _ = it.insert(member);
            }
        }
        it
    }

    /// Writes one field, if there is anything to write. Members that would make it longer than 8192 bytes are left out whole.
    pub fn inject(&self, write: &mut Write<'_>) {
        let mut out = String::new();
        for member in &self.0 {
            let before = out.len();
            if before > 0 {
                out.push(',');
            }
            member.write(&mut out);
            if out.len() > MAX_BYTES {
                out.truncate(before);
            }
        }
        if !out.is_empty() {
            write(BAGGAGE, &out);
        }
    }

    /// The members, in order.
    pub fn members(&self) -> &[Member] {
        &self.0
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|member| member.key == key).map(|member| member.value.as_str())
    }

    /// Sets a value, with these properties.
    pub fn set(&mut self, key: &str, value: &str, properties: Vec<Property>) -> Result<(), BaggageError> {
        self.insert(Member { key: checked(key)?, value: value.to_owned(), properties })
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|member| member.key != key);
    }

    fn insert(&mut self, member: Member) -> Result<(), BaggageError> {
        if let Some(it) = self.0.iter_mut().find(|it| it.key == member.key) {
            *it = member;
        } else if self.0.len() < MAX_MEMBERS {
            self.0.push(member);
        } else {
            return Err(BaggageError::Full);
        }
        Ok(())
    }
}

fn checked(key: &str) -> Result<String, BaggageError> {
    let is_key = !key.is_empty() && key.bytes().all(is_token);
    if is_key { Ok(key.to_owned()) } else { Err(BaggageError::InvalidKey) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(baggage: &Baggage) -> String {
        let mut out = String::new();
        baggage.inject(&mut |name, value| {
            assert_eq!(name, "baggage");
            out.push_str(value);
        });
        out
    }

    /// What is sent on.
    fn check(fields: &[&str], expected: &str) {
        let headers: Vec<_> = fields.iter().map(|field| ("Baggage", *field)).collect();
        assert_eq!(written(&Baggage::extract(Headers(&headers))), expected, "{fields:?}");
    }

    #[test]
    fn sent_on() {
        check(&[], "");
        check(&["", ",,"], "");
        check(&["a=1,b=2", "c=3"], "a=1,b=2,c=3");
        check(&["a = 1 ; p ; q = 2 , b\t=\t3"], "a=1;p;q=2,b=3");
        check(&["a=,b=x=y==;p=q=r;"], "a=,b=x=y==;p=q=r");
        check(&["a=1,a=2"], "a=2");
        check(
            &["user=Am%C3%A9lie%20P.,x=%2C%3b%25,bad=%C3,odd=50%"],
            "user=Am%C3%A9lie%20P.,x=%2C%3B%25,bad=%EF%BF%BD,odd=50%25",
        );
        check(&["a,=1,b c=1,d;e=1,é=1,f=1;g h,ok=1"], "ok=1");
    }

    #[test]
    fn unescaped() {
        let baggage = Baggage::extract(Headers(&[("baggage", "a=x%20y;p=%22;q")]));
        assert_eq!(baggage.get("a"), Some("x y"));
        assert_eq!(baggage.get("b"), None);
        let properties = baggage.members()[0].properties();
        assert_eq!(properties, [Property::new("p", Some("\"")).unwrap(), Property::new("q", None).unwrap()]);
    }

    #[test]
    fn changed() {
        let mut baggage = Baggage::default();
        baggage.set("a", "1", Vec::new()).unwrap();
        baggage.set("b", "2", vec![Property::new("p", None).unwrap()]).unwrap();
        baggage.set("a", "3", Vec::new()).unwrap();
        assert_eq!(written(&baggage), "a=3,b=2;p");
        baggage.remove("a");
        assert_eq!(written(&baggage), "b=2;p");
        assert_eq!(baggage.set("a b", "1", Vec::new()), Err(BaggageError::InvalidKey));
        assert_eq!(baggage.set("", "1", Vec::new()), Err(BaggageError::InvalidKey));
        assert_eq!(Property::new("p;q", None), Err(BaggageError::InvalidKey));
    }

    #[test]
    fn limits_keep_members_whole() {
        let many = |count| (0..count).map(|at| format!("k{at}=v")).collect::<Vec<_>>().join(",");
        check(&[&many(64)], &many(64));
        check(&[&many(65)], &many(64));
        let mut full = Baggage::default();
        for at in 0..64 {
            full.set(&format!("k{at}"), "v", Vec::new()).unwrap();
        }
        assert_eq!(full.set("other", "v", Vec::new()), Err(BaggageError::Full));
        assert_eq!(full.set("k5", "w", Vec::new()), Ok(()));
        assert_eq!(full.members().len(), 64);
        let fill = format!("a={}", "x".repeat(8190));
        check(&[&fill], &fill);
        check(&[&fill, "b=1"], &fill);
        check(&[&format!("{fill}x")], "");
        let shorter = format!("a={}", "x".repeat(8186));
        check(&[&shorter, "b=1"], &format!("{shorter},b=1"));
        // Left out on arrival, not only when sent on.
        let received = Baggage::extract(Headers(&[("baggage", &shorter), ("baggage", "b=12")]));
        assert_eq!(received.get("b"), None);
        // Escaped, the middle one is too long.
        let mut baggage = Baggage::default();
        baggage.set("a", "1", Vec::new()).unwrap();
        baggage.set("b", &" ".repeat(3000), Vec::new()).unwrap();
        baggage.set("c", "3", Vec::new()).unwrap();
        assert_eq!(written(&baggage), "a=1,c=3");
    }

    proptest! {
        #[test]
        fn round_trip(
            members in prop::collection::vec(("[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,8}", ".{0,8}", prop::option::of(".{0,4}")), 0..30),
        ) {
            let mut baggage = Baggage::default();
            for (key, value, property) in &members {
                let property = Property::new("p", property.as_deref()).unwrap();
                baggage.set(key, value, vec![property]).unwrap();
            }
            let text = written(&baggage);
            prop_assert_eq!(Baggage::extract(Headers(&[("baggage", &text)])), baggage);
        }

        #[test]
        fn anything_may_arrive(field: String) {
            let once = written(&Baggage::extract(Headers(&[("baggage", &field)])));
            let twice = written(&Baggage::extract(Headers(&[("baggage", &once)])));
            prop_assert_eq!(once, twice);
        }
    }
}
