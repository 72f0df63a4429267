//! Which days a ranking is of. No query.

use super::counting::{Day, Period};

/// The days that have a date of four digits: those of the years 1 to 9999.
const FIRST: Day = Day(-719_162);
const LAST: Day = Day(2_932_896);

/// How far a ranking looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A period of the calendar, or as many days.
    Past(Period),
    /// Since ever, opening balances included.
    Ever,
}

/// Where a period begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    /// Where the calendar has it.
    #[default]
    Calendar,
    /// So many days before its last one.
    Rolling,
}

/// Days that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first of them.
    pub first: Day,
    /// The last of them.
    pub last: Day,
}

impl Span {
    /// The calendar period that `as_of` is in, whole; or 1, 7, 30 or 365 days of which it is the last.
    pub fn of(period: Period, window: Window, as_of: Day) -> Self {
        let span = match window {
            Window::Calendar => {
                let first = period.start(as_of);
                let last = period.end(first);
                Self { first, last }
            }
            Window::Rolling => {
                let before = match period {
                    Period::Day => 0,
                    Period::Week => 6,
                    Period::Month => 29,
                    Period::Year => 364,
                };
                Self {
                    first: as_of.plus(-before),
                    last: as_of,
                }
            }
        };
        Self {
            first: span.first.max(FIRST),
            last: span.last.min(LAST),
        }
    }

    /// Periods of the calendar that make up these days, each with the day it starts with, in their order. Few: the longest ones that fit, and
    /// shorter ones only before and behind them.
    pub fn periods(self) -> Vec<(Period, Day)> {
        let longest_first = Period::ALL.into_iter().rev();
        let whole = longest_first.map(|period| (period, self.whole(period)));
        let Some((period, starts)) = whole.into_iter().find(|(_, starts)| !starts.is_empty())
        else {
            return Vec::new();
        };
        let before = starts.first().map(|start| Self {
            last: start.plus(-1),
            ..self
        });
        let behind = starts.last().map(|start| Self {
            first: period.end(*start).plus(1),
            ..self
        });
        let before = before.map(Self::periods).unwrap_or_default();
        let behind = behind.map(Self::periods).unwrap_or_default();
        let whole = starts.into_iter().map(|start| (period, start));
        before.into_iter().chain(whole).chain(behind).collect()
    }

    /// Where the periods of this length start that lie within these days.
    fn whole(self, period: Period) -> Vec<Day> {
        let around = period.start(self.first);
        let first = match around == self.first {
            true => around,
            false => period.end(around).plus(1),
        };
        let starts = std::iter::successors(Some(first), |start| {
            let next = period.end(*start).plus(1);
            // The calendar has an end.
            Some(next).filter(|next| next > start)
        });
        starts
            .take_while(|start| *start <= self.last && period.end(*start) <= self.last)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::of(text.parse().unwrap())
    }

    fn span(first: &str, last: &str) -> Span {
        Span {
            first: day(first),
            last: day(last),
        }
    }

    #[test]
    fn a_span_is_a_period_of_the_calendar_or_as_many_days() {
        let thursday = day("2026-01-15");
        for (period, calendar, rolling) in [
            (
                Period::Day,
                span("2026-01-15", "2026-01-15"),
                span("2026-01-15", "2026-01-15"),
            ),
            (
                Period::Week,
                span("2026-01-12", "2026-01-18"),
                span("2026-01-09", "2026-01-15"),
            ),
            (
                Period::Month,
                span("2026-01-01", "2026-01-31"),
                span("2025-12-17", "2026-01-15"),
            ),
            (
                Period::Year,
                span("2026-01-01", "2026-12-31"),
                span("2025-01-16", "2026-01-15"),
            ),
        ] {
            assert_eq!(Span::of(period, Window::Calendar, thursday), calendar);
            assert_eq!(Span::of(period, Window::Rolling, thursday), rolling);
        }
        let (first, last) = (day("0001-01-01"), day("9999-12-31"));
        assert_eq!(
            Span::of(Period::Year, Window::Rolling, first),
            Span { first, last: first }
        );
        assert_eq!(Span::of(Period::Week, Window::Calendar, last).last, last);
    }

    #[test]
    fn periods_make_up_their_days_without_gaps() {
        assert_eq!(
            span("2026-01-01", "2026-12-31").periods(),
            [(Period::Year, day("2026-01-01"))]
        );
        assert_eq!(
            span("2026-01-31", "2026-03-09").periods(),
            [
                (Period::Day, day("2026-01-31")),
                (Period::Month, day("2026-02-01")),
                (Period::Day, day("2026-03-01")),
                (Period::Week, day("2026-03-02")),
                (Period::Day, day("2026-03-09")),
            ]
        );
        for n in 0..800 {
            let span = Span::of(Period::Year, Window::Rolling, day("2024-02-29").plus(n));
            let periods = span.periods();
            let mut next = span.first;
            for (period, start) in &periods {
                assert_eq!((*start, period.start(*start)), (next, next));
                next = period.end(*start).plus(1);
            }
            assert_eq!(next, span.last.plus(1));
            assert!(periods.len() < 40, "{periods:?}");
        }
    }
}
