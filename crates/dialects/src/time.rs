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
    if let Some(value) = short(text, digits) {
        return Some(value.into());
    }
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

/// [`scaled`] as nearly all numbers are: digits, and a point perhaps, whose result has 19 digits at most. In 64 bits, as
/// WebAssembly has no more, and ten times as fast there.
fn short(text: &str, digits: u8) -> Option<u64> {
    let (whole, fraction) = text.split_at(text.bytes().position(|byte| byte == b'.').unwrap_or(text.len()));
    let digits = usize::from(digits);
    if whole.is_empty() || whole.len() + digits > 19 {
        return None;
    }
    let mut value = 0;
    for byte in whole.bytes() {
        value = value * 10 + u64::from(digit(byte)?);
    }
    let mut fraction = fraction.bytes().skip(1);
    for _ in 0..digits {
        let digit = fraction.next().map_or(Some(0), digit)?;
        value = value * 10 + u64::from(digit);
    }
    fraction.all(|byte| byte.is_ascii_digit()).then_some(value)
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// A length of time with its units, in nanoseconds: ISO 8601 (`PT1M3.5S`), Go's and people's (`1m3.5s`, `12 ms`), or
/// `hours:minutes:seconds`. Negative ones are none.
pub(crate) fn length(text: &str) -> Option<u64> {
    let text = text.trim();
    let total = if text.contains(':') {
        let (hours, rest) = text.split_once(':')?;
        let (minutes, seconds) = rest.split_once(':')?;
        let whole = scaled(hours, 0)?.checked_mul(60)?.checked_add(scaled(minutes, 0)?)?;
        whole.checked_mul(60_000_000_000)?.checked_add(scaled(seconds, 9)?)?
    } else {
        let iso = text.strip_prefix(['P', 'p']);
        let mut rest = iso.unwrap_or(text);
        let (mut total, mut of_day) = (0_i128, iso.is_none());
        while !rest.is_empty() {
            if !of_day && let Some(after) = rest.strip_prefix(['T', 't']) {
                (rest, of_day) = (after, true);
                continue;
            }
            let number = rest.find(|char: char| !matches!(char, '0'..='9' | '.' | ','))?;
            let (number, after) = rest.split_at(number);
            let after = after.trim_start();
            let unit = match iso {
                Some(_) => after.len().min(1),
                None => after.find(|char: char| !char.is_alphabetic()).unwrap_or(after.len()),
            };
            let (unit, after) = after.split_at_checked(unit)?;
            // How many decimal digits a unit has, and how many of those it is.
            let (digits, times) = match unit.to_ascii_lowercase().as_str() {
                "d" => (9, 86_400),
                "h" => (9, 3600),
                "m" if of_day => (9, 60),
                "min" => (9, 60),
                "s" => (9, 1),
                "ms" => (6, 1),
                "us" | "µs" | "μs" => (3, 1),
                "ns" => (0, 1),
                _ => return None,
            };
            let number = scaled(&number.replace(',', "."), digits)?;
            total = total.checked_add(number.checked_mul(times)?)?;
            rest = after.trim_start();
        }
        if text.len() == usize::from(iso.is_some()) {
            return None;
        }
        total
    };
    u64::try_from(total).ok()
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
    fn lengths() {
        let check = |text: &str, expected| assert_eq!(length(text), expected, "{text}");
        check("PT3.764059S", Some(3_764_059_000));
        check("PT1M0.5S", Some(60_500_000_000));
        check("P1DT2H", Some(93_600_000_000_000));
        check("12ms", Some(12_000_000));
        check("12.5 ms", Some(12_500_000));
        check("1h2m3.000000001s", Some(3_723_000_000_001));
        check("7µs", Some(7000));
        check("3ns", Some(3));
        check("01:02:03.5", Some(3_723_500_000_000));
        for text in ["", "P", "12", "ms", "1m2", "-1s", "1x", "1:2", "a:b:c", "P1M", "1s-", "999999999999h"] {
            check(text, None);
        }
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
