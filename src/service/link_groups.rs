//! Reading groups of links.

use crate::clock::Clock;
use crate::error::{Error, Resource, Result};
use crate::models::freshness::Fresh;
use crate::models::link_group::LinkGroup;
use crate::models::time::Ts;
use crate::store::{self, Delivery};

/// Use cases on groups of links.
#[derive(Clone)]
pub struct LinkGroups {
    store: Delivery,
    clock: Clock,
}

impl LinkGroups {
    pub(super) fn new(store: Delivery, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// A site's groups, in order.
    pub async fn list(&self, site: String) -> Result<Fresh<Vec<LinkGroup>>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let site_id = store::sites::find_shown_id(conn, &site)?
                        .ok_or_else(|| Error::not_found(Resource::Site, &site))?;
                    Ok(Fresh {
                        value: store::link_groups::shown(conn, site_id)?,
                        freshness: store::stamps::of_site(conn, site_id, now)?.of_surroundings(),
                    })
                })
            })
            .await
    }
}
