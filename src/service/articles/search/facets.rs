//! How many hits there are in each category, from each source, of each year.

use std::collections::HashMap;

use crate::error::Result;
use crate::models::listing::ListKind;
use crate::models::source::Source;
use crate::search::evaluate::Facet;
use crate::store::categories::Labelled;
use crate::store::{self, Conn};

/// Values of a facet that are told, at most.
const MOST: usize = 50;

/// What hits are counted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FacetNames {
    /// By the category they are in.
    pub category: bool,
    /// By the sources they name.
    pub source: bool,
    /// By the year printed on them.
    pub year: bool,
}

impl FacetNames {
    /// Whether nothing is counted.
    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// What the index is asked for: categories, then sources, then years.
    pub(super) fn asked(self) -> Vec<Facet> {
        [
            (self.category, Facet::List(ListKind::Category)),
            (self.source, Facet::List(ListKind::Source)),
            (self.year, Facet::Year),
        ]
        .into_iter()
        .filter_map(|(is_asked, facet)| is_asked.then_some(facet))
        .collect()
    }
}

/// A category and how many hits are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryCount {
    /// Its id.
    pub id: i64,
    /// Slugs from the root.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Slug of its site.
    pub site: String,
    /// Hits in exactly this category.
    pub hits: i64,
}

impl CategoryCount {
    fn new((category, hits): (Labelled, i64)) -> Self {
        let Labelled {
            id,
            path,
            name,
            site,
        } = category;
        Self {
            id,
            path,
            name,
            site,
            hits,
        }
    }
}

/// Numbers of hits, the greatest first; `None` where they were not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By category; ties by id.
    pub category: Option<Vec<CategoryCount>>,
    /// By source; ties by id.
    pub source: Option<Vec<(Source, i64)>>,
    /// By year; ties by year, the latest first.
    pub year: Option<Vec<(i64, i64)>>,
}

impl Facets {
    /// Those of no hits.
    pub(super) fn none(asked: FacetNames) -> Option<Self> {
        let facets = Self {
            category: asked.category.then(Vec::new),
            source: asked.source.then(Vec::new),
            year: asked.year.then(Vec::new),
        };
        (!asked.is_empty()).then_some(facets)
    }
}

/// The numbers that were found, with the names of what they are of.
pub(super) fn named(
    conn: &mut Conn,
    asked: FacetNames,
    counted: Vec<Vec<(i64, u64)>>,
) -> Result<Option<Facets>> {
    if asked.is_empty() {
        return Ok(None);
    }
    let mut counted = counted.into_iter();
    let mut next = |is_asked: bool| is_asked.then(|| counted.next().unwrap_or_default());
    let (categories, sources, years) = (next(asked.category), next(asked.source), next(asked.year));
    Ok(Some(Facets {
        category: match categories {
            None => None,
            Some(counted) => {
                let counted = greatest(counted, |id| id);
                let found = store::categories::labelled(conn, &ids(&counted))?;
                let categories = join(counted, found, |category| category.id);
                Some(categories.map(CategoryCount::new).collect())
            }
        },
        source: match sources {
            None => None,
            Some(counted) => {
                let counted = greatest(counted, |id| id);
                let found = store::sources::find_all_shown(conn, &ids(&counted))?;
                Some(join(counted, found, |source| source.id).collect())
            }
        },
        year: years.map(|counted| greatest(counted, |year| -year)),
    }))
}

/// The greatest numbers, the greatest first, ties by `rank`.
fn greatest(counted: Vec<(i64, u64)>, rank: impl Fn(i64) -> i64) -> Vec<(i64, i64)> {
    let mut counted: Vec<(i64, i64)> = counted
        .into_iter()
        .filter_map(|(value, hits)| Some((value, i64::try_from(hits).ok()?)))
        .collect();
    counted.sort_unstable_by_key(|(value, hits)| (-hits, rank(*value)));
    counted.truncate(MOST);
    counted
}

fn ids(counted: &[(i64, i64)]) -> Vec<i64> {
    counted.iter().map(|(id, _)| *id).collect()
}

/// What was found for each number, in the order of the numbers. What is not there any more is left out.
fn join<T>(
    counted: Vec<(i64, i64)>,
    found: Vec<T>,
    id: impl Fn(&T) -> i64,
) -> impl Iterator<Item = (T, i64)> {
    let mut found: HashMap<i64, T> = found.into_iter().map(|one| (id(&one), one)).collect();
    counted
        .into_iter()
        .filter_map(move |(value, hits)| Some((found.remove(&value)?, hits)))
}
