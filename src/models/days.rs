//! Ranges of days that numbers are asked for, and numbers by day. No query.

use chrono::NaiveDate;

use super::counting::Day;
use crate::error::{Error, Fault, Result};

/// The most days that are told at once: a leap year.
pub const MOST_DAYS: i32 = 366;

/// The days that are told where nobody says from when.
pub const USUAL_DAYS: i32 = 30;

/// Some days, one after the other; never none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySpan {
    /// The first.
    pub first: Day,
    /// The last, itself included.
    pub last: Day,
}

impl DaySpan {
    /// The days from `from` to `to` that have begun: by default the last ones until `today`. `None` where none has.
    ///
    /// # Errors
    ///
    /// A range that ends before it begins, or is too long, is a bad parameter.
    pub fn resolve(from: Option<Day>, to: Option<Day>, today: Day) -> Result<Option<Self>> {
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(bad_start(
                "empty_range",
                "`from` must not be after `to`; both are part of the range: one day is from that day to the same".to_owned(),
            ));
        }
        let last = to.unwrap_or(today).min(today);
        let first = from.unwrap_or(last.plus(1 - USUAL_DAYS)).max(beginning());
        let earliest = last.plus(1 - MOST_DAYS);
        if first < earliest {
            return Err(bad_start(
                "too_many_days",
                format!(
                    "`from` is too early: at most {MOST_DAYS} days are told at once, which is from {} to {}; ask for less, and for the \
                     days before with another `to`",
                    earliest.date(),
                    last.date()
                ),
            ));
        }
        Ok((first <= last).then_some(Self { first, last }))
    }

    /// Those of the days that are not before `day`.
    pub fn since(self, day: Day) -> Option<Self> {
        let first = self.first.max(day);
        (first <= self.last).then_some(Self { first, ..self })
    }

    /// Each day.
    pub fn days(self) -> impl Iterator<Item = Day> {
        (self.first.0..=self.last.0).map(Day)
    }
}

/// The first day that has a date of four digits.
fn beginning() -> Day {
    NaiveDate::from_ymd_opt(1, 1, 1)
        .map(Day::of)
        .unwrap_or_default()
}

fn bad_start(code: &'static str, detail: String) -> Error {
    Error::BadParameter(Fault::new("/from", code, detail))
}

/// The views of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayViews {
    /// The day, by the clock of the site.
    pub day: Day,
    /// What counts.
    pub views: i64,
    /// Every request.
    pub hits: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::of(text.parse().unwrap())
    }

    fn span(from: Option<&str>, to: Option<&str>) -> Result<Option<(NaiveDate, NaiveDate)>> {
        let found = DaySpan::resolve(from.map(day), to.map(day), day("2026-03-01"))?;
        Ok(found.map(|span| (span.first.date(), span.last.date())))
    }

    #[test]
    fn days_end_with_today() {
        for (from, to, first, last) in [
            (None, None, "2026-01-31", "2026-03-01"),
            (None, Some("2026-02-01"), "2026-01-03", "2026-02-01"),
            (None, Some("9999-12-31"), "2026-01-31", "2026-03-01"),
            (Some("2026-03-01"), None, "2026-03-01", "2026-03-01"),
            (
                Some("2025-03-01"),
                Some("2026-03-01"),
                "2025-03-01",
                "2026-03-01",
            ),
            (None, Some("0001-01-01"), "0001-01-01", "0001-01-01"),
        ] {
            let expected = (first.parse().unwrap(), last.parse().unwrap());
            assert_eq!(span(from, to).unwrap(), Some(expected), "{from:?} {to:?}");
        }
        assert_eq!(span(Some("2026-03-02"), None).unwrap(), None);
        assert_eq!(span(Some("2026-03-02"), Some("2026-03-09")).unwrap(), None);
        for (from, to) in [
            (Some("2025-02-28"), None),
            (Some("2026-02-02"), Some("2026-02-01")),
            (Some("2026-03-03"), Some("2026-03-02")),
        ] {
            assert!(
                matches!(span(from, to), Err(Error::BadParameter(_))),
                "{from:?} {to:?}"
            );
        }
    }
}
