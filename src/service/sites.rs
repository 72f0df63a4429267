//! Reading sites.

use crate::error::{Error, Resource, Result};
use crate::models::site::Site;
use crate::store::{self, Store};

/// Use cases on sites.
#[derive(Clone)]
pub struct Sites {
    store: Store,
}

impl Sites {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Every site, in the order they were made.
    pub async fn list(&self) -> Result<Vec<Site>> {
        self.store.read(store::sites::all).await
    }

    /// The site with `slug`.
    pub async fn get(&self, slug: String) -> Result<Site> {
        self.store
            .read_short(move |conn| {
                store::sites::find(conn, &slug)?
                    .ok_or_else(|| Error::not_found(Resource::Site, &slug))
            })
            .await
    }
}
