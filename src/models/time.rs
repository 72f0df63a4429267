//! Instants as the databases keep them, and times as a portal printed them.

use chrono::{DateTime, FixedOffset, SecondsFormat, SubsecRound, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;

use crate::schema::UtcTs;

/// An instant in whole microseconds, UTC.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromSqlRow, AsExpression,
)]
#[diesel(sql_type = UtcTs)]
pub struct Ts(pub DateTime<Utc>);

impl Ts {
    /// RFC 3339 with `Z`, and a fraction only where there is one.
    pub fn to_rfc3339(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

impl From<DateTime<Utc>> for Ts {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(6))
    }
}

/// How exactly a portal printed a publication time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Only the day is known.
    Date,
    /// Known to the minute.
    Minute,
    /// Known to the second.
    Second,
}

impl Precision {
    /// Every precision, coarse to fine.
    pub const ALL: [Self; 3] = [Self::Date, Self::Minute, Self::Second];

    /// The word used in files, on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Minute => "minute",
            Self::Second => "second",
        }
    }

    /// The precision called `word`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == word)
    }
}

/// `at` with the offset that the portal printed, in minutes east of UTC, as RFC 3339.
pub fn printed(at: Ts, offset_minutes: i32) -> String {
    match FixedOffset::east_opt(offset_minutes.saturating_mul(60)) {
        Some(offset) => {
            at.0.with_timezone(&offset)
                .to_rfc3339_opts(SecondsFormat::AutoSi, false)
        }
        None => at.to_rfc3339(),
    }
}
