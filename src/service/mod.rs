//! Use cases: what is visible, what changes together. Each is one closure on one connection; a write is one
//! transaction. Knows neither HTTP nor SQL.

pub mod access;
pub mod articles;
pub mod categories;
pub mod counting;
pub mod export;
pub mod health;
pub mod history;
pub mod import;
pub mod indexing;
pub mod inspection;
pub mod link_groups;
pub mod management;
pub mod media;
pub mod menus;
pub mod scanning;
pub mod sites;
pub mod sources;
pub mod suggestions;
pub mod topics;
pub mod upkeep;

use std::time::Duration;

use crate::clock::Clock;
use crate::content::media::Addresses;
use crate::error::Result;
use crate::index::Index;
use crate::library::Library;
use crate::models::revision::Retention;
use crate::screening::Screening;
use crate::store::Store;

/// Every use case, ready to be called.
#[derive(Clone)]
pub struct Services {
    /// Who is calling.
    pub access: access::Access,
    /// Reading articles.
    pub articles: articles::Articles,
    /// Reading category trees.
    pub categories: categories::Categories,
    /// Counting what readers do.
    pub counting: counting::Counting,
    /// Writing portal files.
    pub export: export::Export,
    /// Whether everything needed is there.
    pub health: health::Health,
    /// Numbers by day.
    pub history: history::History,
    /// Reading portal files.
    pub import: import::Import,
    /// Keeping the search index.
    pub indexing: indexing::Indexing,
    /// Looking after the bytes of files.
    pub inspection: inspection::Inspection,
    /// Reading groups of links.
    pub link_groups: link_groups::LinkGroups,
    /// Writing through the API.
    pub management: management::Management,
    /// Reading and receiving files.
    pub media: media::Media,
    /// Reading menus.
    pub menus: menus::Menus,
    /// Looking for injected text in what is there already.
    pub scanning: scanning::Scanning,
    /// Reading sites.
    pub sites: sites::Sites,
    /// Reading sources.
    pub sources: sources::Sources,
    /// Completing what readers type.
    pub suggestions: suggestions::Suggestions,
    /// Reading topics.
    pub topics: topics::Topics,
    /// What runs by itself.
    pub upkeep: upkeep::Upkeep,
}

/// What operators decide.
pub struct Settings {
    /// Who may sign in how.
    pub access: access::AccessSettings,
    /// How long revisions stay.
    pub retention: Retention,
    /// How readers are counted.
    pub counting: counting::CountingSettings,
    /// Bytes of the search index that are kept in memory.
    pub search_cache: u64,
    /// How often it is looked for text that came behind the back of the API.
    pub guarded_every: Duration,
}

impl Services {
    /// Services on `store` with the time of `clock`; `library` has the files, `addresses` says where they are for readers.
    pub fn new(
        store: &Store,
        clock: &Clock,
        library: Library,
        addresses: Addresses,
        settings: Settings,
    ) -> Result<Self> {
        let Settings {
            access,
            retention,
            counting,
            search_cache,
            guarded_every,
        } = settings;
        let days_kept = counting.days_kept;
        let index = Index::new(search_cache);
        let screening = Screening::default();
        Ok(Self {
            access: access::Access::new(store.clone(), clock.clone(), access)?,
            articles: articles::Articles::new(
                store.clone(),
                clock.clone(),
                addresses.clone(),
                index.clone(),
                screening.clone(),
            ),
            categories: categories::Categories::new(store.for_delivery(), clock.clone()),
            counting: counting::Counting::new(store.clone(), clock.clone(), counting),
            export: export::Export::new(store.clone(), library.clone(), addresses.clone()),
            health: health::Health::new(store.clone()),
            history: history::History::new(store.for_delivery(), clock.clone(), days_kept),
            import: import::Import::new(
                store.clone(),
                clock.clone(),
                library.clone(),
                addresses.clone(),
                retention,
                index.clone(),
                screening.clone(),
            ),
            indexing: indexing::Indexing::new(store.clone(), clock.clone(), index.clone()),
            inspection: inspection::Inspection::new(store.clone(), clock.clone(), library.clone()),
            link_groups: link_groups::LinkGroups::new(store.for_delivery(), clock.clone()),
            management: management::Management::new(
                store.clone(),
                clock.clone(),
                library.clone(),
                addresses.clone(),
                retention,
                index.clone(),
                screening.clone(),
            ),
            media: media::Media::new(store.clone(), clock.clone(), library),
            menus: menus::Menus::new(store.for_delivery(), clock.clone()),
            scanning: scanning::Scanning::new(
                store.clone(),
                clock.clone(),
                retention,
                index.clone(),
                screening.clone(),
                guarded_every,
            ),
            sites: sites::Sites::new(store.for_delivery(), clock.clone()),
            sources: sources::Sources::new(store.for_delivery(), clock.clone()),
            suggestions: suggestions::Suggestions::new(store.for_delivery(), clock.clone()),
            topics: topics::Topics::new(store.for_delivery(), clock.clone()),
            upkeep: upkeep::Upkeep::new(store.clone(), clock.clone(), retention, index),
        })
    }
}
