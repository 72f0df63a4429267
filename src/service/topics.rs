//! Reading topics.

use crate::clock::Clock;
use crate::error::{Error, Resource, Result};
use crate::models::freshness::Fresh;
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::time::Ts;
use crate::models::topic::Topic;
use crate::store::{self, Delivery};

/// Use cases on topics.
#[derive(Clone)]
pub struct Topics {
    store: Delivery,
    clock: Clock,
}

/// A topic and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteTopic {
    /// The topic.
    pub topic: Topic,
    /// Slug of its site.
    pub site: String,
}

impl Topics {
    pub(super) fn new(store: Delivery, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// A page of a site's topics in their order, of one year where one is given.
    pub async fn page(
        &self,
        site: String,
        year: Option<i32>,
        query: PageQuery<(i64, i64)>,
    ) -> Result<Fresh<Page<Topic, (i64, i64)>>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let site_id = store::sites::find_shown_id(conn, &site)?
                        .ok_or_else(|| Error::not_found(Resource::Site, &site))?;
                    let items = store::topics::shown_page(
                        conn,
                        site_id,
                        year,
                        query.after(),
                        query.offset(),
                        query.limit + 1,
                    )?;
                    let total = match query.count {
                        Count::None => Total::Unknown,
                        Count::Exact | Count::Estimated => {
                            store::topics::count_shown(conn, site_id, year)?
                        }
                    };
                    Ok(Fresh {
                        value: Page::cut(items, query.limit, |t| (t.position, t.id), total),
                        freshness: store::stamps::of_site(conn, site_id, now)?,
                    })
                })
            })
            .await
    }

    /// The topic with `id`.
    pub async fn get(&self, id: i64) -> Result<Fresh<SiteTopic>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read_short(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let (topic, site) = store::topics::find_shown(conn, id)?
                        .ok_or_else(|| Error::not_found(Resource::Topic, id))?;
                    Ok(Fresh {
                        freshness: store::stamps::of_site(conn, topic.site_id, now)?,
                        value: SiteTopic { topic, site },
                    })
                })
            })
            .await
    }
}
