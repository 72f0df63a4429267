//! What is counted: of what, in which periods, by which rules. No query.

use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use super::rules;
use super::time::Ts;

/// What readers do with something, as they say it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// They saw an article, by id.
    Article(i64),
    /// They fetched a file of an article, by its id.
    Attachment(i64),
    /// They came to a site, by slug.
    Site(String),
}

/// What is added up, by its number in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gauge {
    /// Views of an article.
    ArticleViews,
    /// Downloads of an article's files.
    ArticleDownloads,
    /// Citations of an article that were added to its counter already, and are not yet to its periods; may be negative.
    ArticleCitations,
    /// Downloads of a file.
    AttachmentDownloads,
    /// Visits of a site.
    SiteVisits,
}

impl Gauge {
    /// The number it is stored as.
    pub fn code(self) -> i16 {
        match self {
            Self::ArticleViews => 0,
            Self::ArticleDownloads => 1,
            Self::ArticleCitations => 2,
            Self::AttachmentDownloads => 3,
            Self::SiteVisits => 4,
        }
    }

    /// The gauge with this number.
    pub fn from_code(code: i16) -> Option<Self> {
        match code {
            0 => Some(Self::ArticleViews),
            1 => Some(Self::ArticleDownloads),
            2 => Some(Self::ArticleCitations),
            3 => Some(Self::AttachmentDownloads),
            4 => Some(Self::SiteVisits),
            _ => None,
        }
    }
}

/// What articles are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Counted views.
    Views,
    /// Counted downloads of their files.
    Downloads,
    /// Citations, as editors and imports set them.
    Citations,
}

impl Metric {
    /// Where what is not added up yet waits.
    pub fn gauge(self) -> Gauge {
        match self {
            Self::Views => Gauge::ArticleViews,
            Self::Downloads => Gauge::ArticleDownloads,
            Self::Citations => Gauge::ArticleCitations,
        }
    }
}

/// A day by the clock of a site, as the number of days since 1970-01-01.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct Day(pub i32);

impl Day {
    /// The day it is at `at` where clocks are `utc_offset` (e.g. `+08:00`) ahead of UTC.
    pub fn at(at: Ts, utc_offset: &str) -> Self {
        let ahead = rules::offset_minutes(utc_offset).unwrap_or_default();
        let seconds = at.0.timestamp().saturating_add(i64::from(ahead) * 60);
        Self(i32::try_from(seconds.div_euclid(86_400)).unwrap_or_default())
    }

    /// The day of `date`.
    pub fn of(date: NaiveDate) -> Self {
        let days = (date - NaiveDate::default()).num_days();
        Self(i32::try_from(days).unwrap_or_default())
    }

    /// Its date.
    pub fn date(self) -> NaiveDate {
        let days = TimeDelta::days(i64::from(self.0));
        NaiveDate::default()
            .checked_add_signed(days)
            .unwrap_or_default()
    }

    /// So many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

/// A stretch of the calendar that numbers are kept of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// A day.
    Day,
    /// A week, from Monday (ISO 8601).
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    /// The number it is stored as.
    pub fn code(self) -> i16 {
        match self {
            Self::Day => 0,
            Self::Week => 1,
            Self::Month => 2,
            Self::Year => 3,
        }
    }

    /// The first day of the one that `day` is in.
    pub fn start(self, day: Day) -> Day {
        let date = day.date();
        let first = match self {
            Self::Day => Some(date),
            Self::Week => {
                date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into()))
            }
            Self::Month => date.with_day(1),
            Self::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1),
        };
        Day::of(first.unwrap_or(date))
    }

    /// The last day of the one that starts with `start`.
    pub fn end(self, start: Day) -> Day {
        let date = start.date();
        let next = match self {
            Self::Day => date.checked_add_days(Days::new(1)),
            Self::Week => date.checked_add_days(Days::new(7)),
            Self::Month => date.checked_add_months(Months::new(1)),
            Self::Year => date.checked_add_months(Months::new(12)),
        };
        Day::of(next.unwrap_or(date)).plus(-1)
    }
}

/// Why a request was a hit and nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncounted {
    /// The visitor was counted within the window.
    Repeat,
    /// The user agent says that it is a program.
    Bot,
    /// As many visitors as may be were counted from the address within the window.
    AddressLimit,
}

/// What came of one hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The counter, this hit included.
    pub number: i64,
    /// Why it does not count; `None` where it does.
    pub uncounted: Option<Uncounted>,
}

/// A counter, with every request beside what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// What counts, the opening balance included.
    pub counted: i64,
    /// The opening balance, where one is kept apart.
    pub opening: i64,
    /// Requests since this server counts.
    pub hits: i64,
}

/// The rules by which it is decided what counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Seconds within which a visitor counts once for the same thing.
    pub window_s: u32,
    /// Visitors that count for the same thing from one address within the window.
    pub per_address: u32,
    /// Words in a user agent that say that it is a program.
    pub bots: Vec<String>,
}

/// Rules with the time since when they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its number, from 1.
    pub version: i32,
    /// Since when it holds.
    pub since: Ts,
    /// The rules.
    pub rules: Rules,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::of(text.parse().unwrap())
    }

    #[test]
    fn days_are_those_of_the_site() {
        let at = |text: &str| Ts(text.parse().unwrap());
        let late = at("2026-12-31T16:30:00Z");
        assert_eq!(Day::at(late, "+08:00"), day("2027-01-01"));
        assert_eq!(Day::at(late, "+00:00"), day("2026-12-31"));
        assert_eq!(
            Day::at(at("2027-01-01T02:00:00Z"), "-03:30"),
            day("2026-12-31")
        );
        assert_eq!(Day::at(at("1969-12-31T23:00:00Z"), "+00:00"), Day(-1));
    }

    #[test]
    fn periods_are_those_of_the_calendar() {
        for (period, of, start, end) in [
            (Period::Day, "2026-11-22", "2026-11-22", "2026-11-22"),
            (Period::Week, "2026-11-22", "2026-11-16", "2026-11-22"),
            (Period::Week, "2027-01-01", "2026-12-28", "2027-01-03"),
            (Period::Month, "2028-02-11", "2028-02-01", "2028-02-29"),
            (Period::Year, "2026-11-22", "2026-01-01", "2026-12-31"),
        ] {
            assert_eq!(period.start(day(of)), day(start), "{period:?} of {of}");
            assert_eq!(period.end(day(start)), day(end), "{period:?} of {of}");
        }
    }
}
