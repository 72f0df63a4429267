//! What anyone may read: published content, and previews for who has a link. Never looks at `Authorization`.

pub mod articles;
pub mod categories;
pub mod counters;
pub mod history;
pub mod link_groups;
pub mod media;
pub mod menus;
pub mod previews;
pub mod rankings;
pub mod search;
pub mod sites;
pub mod sources;
pub mod suggestions;
pub mod topics;
