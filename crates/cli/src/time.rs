//! Moments as text.

/// Unix nanoseconds in UTC, to the millisecond: `2026-11-21T12:03:04.123Z`.
pub(crate) fn utc(nanos: u64) -> String {
    let millis = nanos / 1_000_000;
    let (days, millis) = (millis / 86_400_000, millis % 86_400_000);
    let (year, month, day) = date(days);
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", millis % 1000)
}

/// The Gregorian date so many days after 1970-01-01. Years begin in March, so that the leap day is the last of them.
fn date(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097; // days in 400 years
    let days = days + 719_468; // since 0000-03-01
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // 0 is March
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(nanos: u64, expected: &str) {
        assert_eq!(utc(nanos), expected);
    }

    #[test]
    fn moments() {
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_399_999_999_999, "2000-02-28T23:59:59.999Z");
        check(951_782_400_000_000_000, "2000-02-29T00:00:00.000Z");
        check(1_709_251_199_000_000_000, "2024-02-29T23:59:59.000Z");
        check(1_735_689_600_000_000_000, "2025-01-01T00:00:00.000Z");
        check(1_795_262_584_123_000_000, "2026-11-21T12:03:04.123Z");
        check(u64::MAX, "2554-07-21T23:34:33.709Z");
    }
}
