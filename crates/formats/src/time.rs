//! Points and lengths of time as other formats write them, to whole nanoseconds without a float in between.

use otel::UnixNanos;

/// What a number of something counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    /// Decimal digits from here to nanoseconds.
    pub(crate) fn digits(self) -> u8 {
        match self {
            Self::Seconds => 9,
            Self::Millis => 6,
            Self::Micros => 3,
            Self::Nanos => 0,
        }
    }
}

/// A decimal number times ten to the power of `digits`, what is left of the point. `None`: it is no number, or does not
/// fit.
pub(crate) fn scaled(text: &str, digits: u8) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => (true, mantissa),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    // How many of the digits stand left of the point in the end.
    let places = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(digits);
    let mut value: i128 = 0;
    let mut read = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if !byte.is_ascii_digit() {
            return None;
        }
        if read < places {
            value = value.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
        }
        read += 1;
    }
    if value != 0 {
        for _ in read..places {
            value = value.checked_mul(10)?;
        }
    }
    Some(if negative { -value } else { value })
}

/// A date and time (RFC 3339; also with a space, without seconds' fraction, without an offset, which then is UTC).
/// Dates before 1970 and after 2554 do not fit.
pub(crate) fn rfc3339(text: &str) -> Option<UnixNanos> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let separated = |at: usize, by: &[u8]| bytes.get(at).is_some_and(|byte| by.contains(byte));
    if !(separated(4, b"-/")
        && separated(7, b"-/")
        && separated(10, b"Tt ")
        && separated(13, b":")
        && separated(16, b":"))
    {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let (fraction, zone) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("", rest),
    };
    let nanos = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = nanos.fold(0, |value: i64, digit| value * 10 + i64::from(digit - b'0'));
    let offset = offset(zone.trim_start())?;
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    u64::try_from(nanos).ok().map(UnixNanos)
}

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    let (sign, zone) = match zone.as_bytes().first() {
        None => return Some(0),
        Some(b'Z' | b'z') if zone.len() == 1 => return Some(0),
        Some(b'+') => (1, zone.get(1..)?),
        Some(b'-') => (-1, zone.get(1..)?),
        Some(_) => return zone.eq_ignore_ascii_case("utc").then_some(0),
    };
    let digits: String = zone.chars().filter(|c| *c != ':').collect();
    let number: i64 = digits.parse().ok()?;
    let (hours, minutes) = match digits.len() {
        2 => (number, 0),
        4 => (number / 100, number % 100),
        _ => return None,
    };
    Some(sign * (hours * 3600 + minutes * 60))
}

/// Of the proleptic Gregorian calendar: years begin in March here, so that the leap day is their last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales() {
        let check = |text: &str, digits, expected| assert_eq!(scaled(text, digits), expected, "{text}");
        check("1.5", 3, Some(1500));
        check("1.23456", 3, Some(1234));
        check("-1.5", 0, Some(-1));
        check("1e3", 0, Some(1000));
        check("12.5e-1", 1, Some(12));
        check("0.000", 9, Some(0));
        check(".5", 1, Some(5));
        check("5.", 1, Some(50));
        check("0e999999999", 9, Some(0));
        check("1e-999999999", 9, Some(0));
        check("1e40", 0, None);
        check("", 0, None);
        check("-", 0, None);
        check("1x", 0, None);
        check("NaN", 0, None);
    }

    #[test]
    fn dates() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(rfc3339(text).map(|time| time.0), expected, "{text}");
        };
        check("1970-01-01T00:00:00Z", Some(0));
        check("2000-02-29T23:59:59.5Z", Some(951_868_799_500_000_000));
        check("2015-09-03T16:40:00.841654024Z", Some(1_441_298_400_841_654_024));
        check("2023-11-30 12:31:34.536", Some(1_701_347_494_536_000_000));
        check("2023-11-30T12:31:34+02:00", Some(1_701_340_294_000_000_000));
        check("2023-11-30T12:31:34-0130", Some(1_701_352_894_000_000_000));
        check("2023-11-30 12:31:34.536 +0000", Some(1_701_347_494_536_000_000));
        check("1969-12-31T23:59:59Z", None);
        check("2023-13-30T12:31:34Z", None);
        check("2023-11-30", None);
        check("2023-11-30T12:31:34 Mars", None);
        check("9999-12-31T23:59:59Z", None);
        check("２023-11-30T12:31:34Z", None);
    }
}
