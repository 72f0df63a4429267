//! Reading sites.

use crate::clock::Clock;
use crate::error::{Error, Resource, Result};
use crate::models::freshness::Fresh;
use crate::models::site::Site;
use crate::models::time::Ts;
use crate::store::{self, Delivery};

/// Use cases on sites.
#[derive(Clone)]
pub struct Sites {
    store: Delivery,
    clock: Clock,
}

impl Sites {
    pub(super) fn new(store: Delivery, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Every site, in the order they were made.
    pub async fn list(&self) -> Result<Fresh<Vec<Site>>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    Ok(Fresh {
                        value: store::sites::shown(conn)?,
                        freshness: store::stamps::of_everything(conn, now)?.of_surroundings(),
                    })
                })
            })
            .await
    }

    /// The site with `slug`.
    pub async fn get(&self, slug: String) -> Result<Fresh<Site>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read_short(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let site = store::sites::find_shown(conn, &slug)?
                        .ok_or_else(|| Error::not_found(Resource::Site, &slug))?;
                    Ok(Fresh {
                        freshness: store::stamps::of_site(conn, site.id, now)?.of_surroundings(),
                        value: site,
                    })
                })
            })
            .await
    }
}
