//! Reading sources.

use crate::error::{Error, Resource, Result};
use crate::models::source::Source;
use crate::store::{self, Store};

/// Use cases on sources.
#[derive(Clone)]
pub struct Sources {
    store: Store,
}

/// A page of sources.
#[derive(Debug, Clone)]
pub struct SourcePage {
    /// The sources, by id.
    pub items: Vec<Source>,
    /// The id behind which the next page starts.
    pub next: Option<i64>,
}

impl Sources {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Up to `limit` sources behind the id `after`.
    pub async fn page(&self, after: i64, limit: i64) -> Result<SourcePage> {
        let mut items = self
            .store
            .read_short(move |conn| store::sources::page(conn, after, limit + 1))
            .await?;
        let full = usize::try_from(limit).unwrap_or(usize::MAX);
        let next = if items.len() > full {
            items.truncate(full);
            items.last().map(|s| s.id)
        } else {
            None
        };
        Ok(SourcePage { items, next })
    }

    /// The source with `id`.
    pub async fn get(&self, id: i64) -> Result<Source> {
        self.store
            .read_short(move |conn| {
                store::sources::find(conn, id)?
                    .ok_or_else(|| Error::not_found(Resource::Source, id))
            })
            .await
    }
}
