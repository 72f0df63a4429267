//! The search on the wire.

use std::str::FromStr;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};
use utoipa::ToSchema;

use super::article::ArticleSummary;
use super::total;
use crate::http::links::Links;
use crate::http::pagination::CountKind;
use crate::models::page::Page;
use crate::models::source::Source;
use crate::service::articles::search::{
    CategoryCount, FacetNames, Facets, Highlights, Hit, Matching, Searched,
};

/// What hits are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchSort {
    /// The most relevant first, the newer where two are as relevant.
    #[default]
    Relevance,
    /// By publication.
    PublishedAt,
}

/// How many of the words a hit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchMatching {
    /// All.
    All,
    /// Most: no article has all.
    Most,
}

impl From<Matching> for SearchMatching {
    fn from(matching: Matching) -> Self {
        match matching {
            Matching::All => Self::All,
            Matching::Most => Self::Most,
        }
    }
}

/// A piece of the text of an article: HTML in which nothing is marked up but what was found, with `<mark>`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(
    max_length = 20000,
    example = "所里在近海布设了三套<mark>观测</mark>浮标。"
)]
pub struct SearchPassage(String);

/// What was found in an article, in its own script and spelling. Everything is escaped for HTML; the only tags are `<mark>` and `</mark>`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchHighlights {
    /// The title of the article, whole, with what was found in it marked; without marks where nothing was.
    #[schema(
        max_length = 60000,
        example = "海洋<mark>观测</mark>网的“心跳”：五年数据说明了什么"
    )]
    title: String,
    /// Pieces of the text in which something was found, in their order, cut at the ends of sentences where that is near. They are of the
    /// rendition that is shown; where nothing was found in that, of another one. Empty where only names, keywords or the title match.
    #[schema(max_items = 3)]
    passages: Vec<SearchPassage>,
}

/// An article that was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchHit {
    /// The article as lists show it.
    article: ArticleSummary,
    /// How relevant it is: a number to compare hits of one search by, and no other; `null` with `sort=published_at`.
    #[schema(example = 12.345)]
    score: Option<f64>,
    /// What was found in it.
    highlights: SearchHighlights,
}

/// How many hits are in a category.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchCategoryCount {
    /// Id of the category.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    id: i64,
    /// The slugs from the root down to it.
    #[schema(max_length = 600, example = "research/ocean")]
    path: String,
    /// Its name.
    #[schema(max_length = 2000, example = "海洋研究")]
    name: String,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Hits in exactly this category.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 12)]
    count: i64,
}

/// How many hits name a source.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchSourceCount {
    /// Id of the source.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    id: i64,
    /// Its name in addresses.
    #[schema(max_length = 200, example = "science-daily")]
    slug: String,
    /// Its name.
    #[schema(max_length = 2000, example = "科学日报")]
    name: String,
    /// Hits that name it anywhere in their chain.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 5)]
    count: i64,
}

/// How many hits are of a year.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchYearCount {
    /// The year printed on them.
    #[schema(minimum = -9999, maximum = 9999, example = 2026)]
    year: i64,
    /// Hits.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 4)]
    count: i64,
}

/// How many hits there are by what; each list is `null` unless it is named in `facets`, has the greatest numbers first, and at most 50.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchFacets {
    /// By the category they are in.
    #[schema(max_items = 50)]
    category: Option<Vec<SearchCategoryCount>>,
    /// By the sources that they name; one that names several counts for each.
    #[schema(max_items = 50)]
    source: Option<Vec<SearchSourceCount>>,
    /// By the year printed on them.
    #[schema(max_items = 50)]
    year: Option<Vec<SearchYearCount>>,
}

/// A page of what was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchPage {
    /// The hits.
    #[schema(max_items = 100)]
    items: Vec<SearchHit>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 1000, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
    /// How many of the words the hits have: where no article has all, those are found that have most.
    matching: SearchMatching,
    /// With `facets`: how many hits there are by category, by source, by year, on all pages.
    facets: Option<SearchFacets>,
}

impl SearchPage {
    /// The page, and the cursor of the next one.
    pub fn new(searched: Searched, next_cursor: Option<String>, links: &Links) -> Self {
        let Searched {
            page:
                Page {
                    items,
                    next: _,
                    total: found,
                },
            facets,
            matching,
        } = searched;
        let (total, total_kind) = total(found);
        Self {
            items: items
                .into_iter()
                .map(|hit| SearchHit::new(hit, links))
                .collect(),
            next_cursor,
            total,
            total_kind,
            matching: matching.into(),
            facets: facets.map(SearchFacets::from),
        }
    }
}

impl SearchHit {
    fn new(hit: Hit, links: &Links) -> Self {
        let Hit {
            summary,
            score,
            highlights: Highlights { title, passages },
        } = hit;
        Self {
            article: ArticleSummary::new(summary, links),
            score: score.map(thousandths),
            highlights: SearchHighlights {
                title,
                passages: passages.into_iter().map(SearchPassage).collect(),
            },
        }
    }
}

/// A number of thousandths, as a number.
fn thousandths(number: i64) -> f64 {
    // No score is near the end of 32 bits.
    f64::from(i32::try_from(number).unwrap_or(i32::MAX)) / 1000.0
}

impl From<Facets> for SearchFacets {
    fn from(facets: Facets) -> Self {
        let Facets {
            category,
            source,
            year,
        } = facets;
        Self {
            category: category.map(|counts| counts.into_iter().map(Into::into).collect()),
            source: source.map(|counts| counts.into_iter().map(Into::into).collect()),
            year: year.map(|counts| {
                let counts = counts.into_iter();
                counts
                    .map(|(year, count)| SearchYearCount { year, count })
                    .collect()
            }),
        }
    }
}

impl From<CategoryCount> for SearchCategoryCount {
    fn from(counted: CategoryCount) -> Self {
        let CategoryCount {
            id,
            path,
            name,
            site,
            hits,
        } = counted;
        Self {
            id,
            path,
            name,
            site,
            count: hits,
        }
    }
}

impl From<(Source, i64)> for SearchSourceCount {
    fn from((source, count): (Source, i64)) -> Self {
        let Source {
            id,
            slug,
            name,
            url: _,
        } = source;
        Self {
            id,
            slug,
            name,
            count,
        }
    }
}

/// What is named in `facets`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FacetList(FacetNames);

impl FacetList {
    /// What is named.
    pub fn names(self) -> FacetNames {
        self.0
    }
}

impl FromStr for FacetList {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut names = FacetNames::default();
        for name in text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            match name {
                "category" => names.category = true,
                "source" => names.source = true,
                "year" => names.year = true,
                _ => {
                    return Err(
                        "must be a list of `category`, `source`, `year`, separated by commas",
                    );
                }
            }
        }
        Ok(Self(names))
    }
}

impl<'de> Deserialize<'de> for FacetList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
