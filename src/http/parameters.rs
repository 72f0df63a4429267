//! Values of query parameters that lists of articles share. They know no operation.

use chrono::NaiveDate;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::http::query::RecordId;
use crate::models::listing::{Direction, Sort};
use crate::models::rules;
use crate::models::time::Ts;
use crate::service::articles::Moment;

/// What a list is sorted by; ties go by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArticleSort {
    /// By publication.
    #[default]
    PublishedAt,
    /// By the last change.
    UpdatedAt,
    /// By the title of the original, without regard to width and case, by code point.
    Title,
}

impl From<ArticleSort> for Sort {
    fn from(sort: ArticleSort) -> Self {
        match sort {
            ArticleSort::PublishedAt => Self::PublishedAt,
            ArticleSort::UpdatedAt => Self::UpdatedAt,
            ArticleSort::Title => Self::Title,
        }
    }
}

/// Which end of a list comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// The newest, or the end of the alphabet.
    #[default]
    Desc,
    /// The oldest, or the beginning of the alphabet.
    Asc,
}

impl From<SortOrder> for Direction {
    fn from(order: SortOrder) -> Self {
        match order {
            SortOrder::Desc => Self::Descending,
            SortOrder::Asc => Self::Ascending,
        }
    }
}

/// Up to a hundred ids, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdList(pub Vec<i64>);

impl IdList {
    const MAX: usize = 100;
}

impl<'de> Deserialize<'de> for IdList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const MEND: &str = "must be 1 to 100 ids from 1 to 9007199254740991, separated by commas";
        let text = String::deserialize(deserializer)?;
        let mut ids = text
            .split(',')
            .map(|id| RecordId::parse(id).map(RecordId::get))
            .collect::<Option<Vec<i64>>>()
            .filter(|ids| ids.len() <= Self::MAX)
            .ok_or_else(|| D::Error::custom(MEND))?;
        ids.sort_unstable();
        ids.dedup();
        Ok(Self(ids))
    }
}

/// A date-time with its offset from UTC (RFC 3339), or a bare date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When(pub Moment);

impl When {
    /// Longest text, in bytes.
    const MAX: usize = 40;

    /// The moment that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > Self::MAX {
            return None;
        }
        if let Ok(day) = rules::date(text) {
            return Some(Self(Moment::Day(day)));
        }
        // A `+` that was not percent-encoded has become a blank on its way and is read as what it was.
        let at = rules::instant(text).or_else(|_| rules::instant(&text.replacen(' ', "+", 1)));
        at.ok().map(|at| Self(Moment::At(Ts::from(at.to_utc()))))
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
                D::Error::custom(
                    "must be a date such as `2026-01-15`, or a date-time with its offset such as `2026-01-15T08:30:00Z` (RFC 3339)",
                )
            })
    }
}

/// A calendar day, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarDay(pub NaiveDate);

impl<'de> Deserialize<'de> for CalendarDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        rules::date(&text).map(Self).map_err(|_| {
            D::Error::custom(
                "must be a day of the calendar such as `2026-01-15`, from year 0001 to 9999",
            )
        })
    }
}

/// A keyword: any text that can be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeywordText(pub String);

impl<'de> Deserialize<'de> for KeywordText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.trim().is_empty() || text.chars().count() > 2000 {
            return Err(D::Error::custom(
                "must be a keyword of 1 to 2000 characters",
            ));
        }
        Ok(Self(text))
    }
}

/// The path of a category: slugs joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathText(pub String);

impl<'de> Deserialize<'de> for PathText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        rules::category_path(&text).map_err(|_| {
            D::Error::custom("must be slugs joined by `/`, such as `news/research`")
        })?;
        Ok(Self(text))
    }
}

/// The slug of a site to filter by; one that no site has filters everything out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteSlug(pub String);

impl<'de> Deserialize<'de> for SiteSlug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.chars().count() > rules::KEY {
            return Err(D::Error::custom(
                "must be the slug of a site, 1 to 200 characters",
            ));
        }
        Ok(Self(text))
    }
}
