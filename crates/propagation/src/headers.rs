//! Headers as this crate sees them.

use crate::text::trim;

/// Name and value of each header field, in order of arrival. Names are compared without case, a name may repeat, and
/// white space around values is not seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a>(pub &'a [(&'a str, &'a str)]);

impl<'a> Headers<'a> {
    /// The values of every field of that name.
    pub fn all(self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let fields = self.0.iter().filter(move |(it, _)| it.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| trim(value))
    }

    /// The first value of that name.
    pub fn first(self, name: &'static str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The value of that name, if there is exactly one.
    pub fn only(self, name: &'static str) -> Option<&'a str> {
        let mut values = self.all(name);
        values.next().filter(|_| values.next().is_none())
    }
}

/// Takes header fields: name in lower case, value.
pub type Write<'a> = dyn FnMut(&str, &str) + 'a;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name() {
        let headers = Headers(&[("A", " 1\t"), ("b", "2"), ("a", "3")]);
        assert_eq!(headers.all("a").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(headers.first("a"), Some("1"));
        assert_eq!(headers.only("a"), None);
        assert_eq!(headers.only("b"), Some("2"));
        assert_eq!(headers.first("c"), None);
    }
}
