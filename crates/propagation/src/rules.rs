//! Which sampler decides, by the name and the attributes of a span.

use std::borrow::Cow;
use std::fmt;

use otel::{AnyValue, KeyValue, SpanKind};

use crate::{Sampler, SamplingParameters, SamplingResult};

/// The first rule that matches decides; the other sampler where none does.
pub struct RuleBased {
    /// In order of priority.
    pub rules: Vec<Rule>,
    /// Where none matches.
    pub otherwise: Box<dyn Sampler>,
}

/// Where all conditions hold, the sampler decides. A rule without conditions always holds.
pub struct Rule {
    /// The operation, where `*` stands for any text: `GET /health*`.
    pub name: Option<Cow<'static, str>>,
    /// Role in a request.
    pub kind: Option<SpanKind>,
    /// Attributes that the span has from its start.
    pub attributes: Vec<(Cow<'static, str>, Condition)>,
    /// Decides.
    pub sampler: Box<dyn Sampler>,
    /// Added to the spans it decides about.
    pub then: Vec<KeyValue<'static>>,
}

/// What an attribute has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Anything.
    Present,
    /// A text, where `*` stands for any text.
    Like(Cow<'static, str>),
    /// This value, of this type.
    Is(AnyValue<'static>),
}

impl Rule {
    /// Without conditions.
    pub fn new(sampler: impl Sampler + 'static) -> Self {
        Self { name: None, kind: None, attributes: Vec::new(), sampler: Box::new(sampler), then: Vec::new() }
    }

    fn matches(&self, it: &SamplingParameters<'_>) -> bool {
        self.name.as_deref().is_none_or(|pattern| is_like(it.name, pattern))
            && self.kind.is_none_or(|kind| kind == it.kind)
            && self.attributes.iter().all(|(key, condition)| {
                let values = it.attributes.iter().filter(|attribute| attribute.key == *key);
                values.map(|attribute| &attribute.value).any(|value| condition.holds(value))
            })
    }
}

impl Sampler for RuleBased {
    fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult {
        let Some(rule) = self.rules.iter_mut().find(|rule| rule.matches(it)) else {
            return self.otherwise.should_sample(it);
        };
        let mut result = rule.sampler.should_sample(it);
        result.attributes.extend_from_slice(&rule.then);
        result
    }
}

impl fmt::Debug for RuleBased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleBased").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("attributes", &self.attributes)
            .field("then", &self.then)
            .finish_non_exhaustive()
    }
}

impl Condition {
    fn holds(&self, value: &AnyValue<'_>) -> bool {
        match (self, value) {
            (Self::Present, _) => true,
            (Self::Like(pattern), AnyValue::Str(text)) => is_like(text, pattern),
            (Self::Like(_), _) => false,
            (Self::Is(expected), _) => value == expected,
        }
    }
}

/// In bytes: searching for text within text would weigh more than all samplers.
fn is_like(text: &str, pattern: &str) -> bool {
    let (mut text, mut pattern) = (text.as_bytes(), pattern.as_bytes());
    // Text and pattern after the last star, which may yet have to stand for more.
    let mut last_star: Option<(&[u8], &[u8])> = None;
    loop {
        match (text, pattern) {
            ([], []) => return true,
            (_, [b'*', after @ ..]) => {
                pattern = after;
                last_star = Some((text, after));
            }
            ([byte, rest @ ..], [same, after @ ..]) if byte == same => (text, pattern) = (rest, after),
            _ => {
                let Some(([_, rest @ ..], after)) = last_star else { return false };
                (text, pattern) = (rest, after);
                last_star = Some((rest, after));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AlwaysOff, AlwaysOn, AlwaysRecord, Decision};
    use proptest::prelude::*;

    #[test]
    fn patterns() {
        let check = |pattern, like: &[&str], unlike: &[&str]| {
            for text in like {
                assert!(is_like(text, pattern), "{text} is like {pattern}");
            }
            for text in unlike {
                assert!(!is_like(text, pattern), "{text} is not like {pattern}");
            }
        };
        check("", &[""], &["a"]);
        check("a", &["a"], &["", "ab", "ba"]);
        check("*", &["", "a", "é"], &[]);
        check("GET /health*", &["GET /health", "GET /healthz"], &["GET /", "POST /health"]);
        check("*.png", &[".png", "a.png.png"], &["a.png?"]);
        check("a*b*c", &["abc", "a-b-b-c"], &["acb", "ab", "abcx"]);
        check("a*a", &["aa", "aba"], &["a"]);
        check("**", &["", "a"], &[]);
    }

    #[test]
    fn the_first_that_matches() {
        let rule = |name, attributes: Vec<(&'static str, Condition)>, sampler: Box<dyn Sampler>| Rule {
            name: (!str::is_empty(name)).then_some(Cow::Borrowed(name)),
            attributes: attributes.into_iter().map(|(key, it)| (Cow::Borrowed(key), it)).collect(),
            sampler,
            then: vec![KeyValue::new("sampler.rule", name)],
            ..Rule::new(AlwaysOff)
        };
        let rules = vec![
            rule("GET /health*", vec![], Box::new(AlwaysOff)),
            rule("", vec![("user.tier", Condition::Like("go*".into()))], Box::new(AlwaysOn)),
            rule(
                "pay",
                vec![("retry", Condition::Is(1_i64.into())), ("cart", Condition::Present)],
                Box::new(AlwaysOn),
            ),
            Rule { kind: Some(SpanKind::Server), ..rule("", vec![], Box::new(AlwaysOn)) },
        ];
        let mut sampler = RuleBased { rules, otherwise: Box::new(AlwaysRecord(AlwaysOff)) };
        let mut check = |name, attributes: &[KeyValue<'_>], expected, rule: Option<&'static str>| {
            let result = sampler.should_sample(&SamplingParameters {
                name,
                attributes,
                ..SamplingParameters::default()
            });
            assert_eq!(result.decision, expected, "{name} {attributes:?}");
            let added: Vec<_> = rule.into_iter().map(|name| KeyValue::new("sampler.rule", name)).collect();
            assert_eq!(result.attributes, added, "{name} {attributes:?}");
        };
        let (kept, otherwise) = (Decision::RecordAndSample, Decision::RecordOnly);
        let (gold, cart) = (KeyValue::new("user.tier", "gold"), KeyValue::new("cart", false));
        check("GET /healthz", std::slice::from_ref(&gold), Decision::Drop, Some("GET /health*"));
        check("GET /", &[cart.clone(), gold], kept, Some(""));
        check("GET /", &[KeyValue::new("user.tier", "silver")], otherwise, None);
        check("GET /", &[KeyValue::new("user.tier", 1_i64)], otherwise, None);
        check("pay", &[cart.clone(), KeyValue::new("retry", 1_i64)], kept, Some("pay"));
        check("pay", &[cart, KeyValue::new("retry", "1")], otherwise, None);
        check("pay", &[KeyValue::new("retry", 1_i64)], otherwise, None);
        let server = SamplingParameters { kind: SpanKind::Server, ..SamplingParameters::default() };
        assert_eq!(sampler.should_sample(&server).decision, kept);
    }

    proptest! {
        /// A star stands for any text.
        #[test]
        fn stars(parts in prop::collection::vec("[ab]{0,3}", 1..4), fill in "[ab]{0,3}") {
            prop_assert!(is_like(&parts.join(&fill), &parts.join("*")));
        }
    }
}
