//! Reading sources.

use crate::clock::Clock;
use crate::error::{Error, Resource, Result};
use crate::models::freshness::Fresh;
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::source::Source;
use crate::models::time::Ts;
use crate::store::{self, Delivery};

/// Use cases on sources.
#[derive(Clone)]
pub struct Sources {
    store: Delivery,
    clock: Clock,
}

impl Sources {
    pub(super) fn new(store: Delivery, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// A page of the sources, by id.
    pub async fn page(&self, query: PageQuery<i64>) -> Result<Fresh<Page<Source, i64>>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let after = query.after().unwrap_or(0);
                    let items =
                        store::sources::shown_page(conn, after, query.offset(), query.limit + 1)?;
                    let total = match query.count {
                        Count::None => Total::Unknown,
                        Count::Exact | Count::Estimated => store::sources::count_shown(conn)?,
                    };
                    Ok(Fresh {
                        value: Page::cut(items, query.limit, |s| s.id, total),
                        freshness: store::stamps::of_everything(conn, now)?,
                    })
                })
            })
            .await
    }

    /// The source with `id`.
    pub async fn get(&self, id: i64) -> Result<Fresh<Source>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read_short(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    Ok(Fresh {
                        value: store::sources::find_shown(conn, id)?
                            .ok_or_else(|| Error::not_found(Resource::Source, id))?,
                        freshness: store::stamps::of_everything(conn, now)?,
                    })
                })
            })
            .await
    }
}
