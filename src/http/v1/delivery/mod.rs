//! What anyone may read: published content only. Never looks at `Authorization`.

pub mod articles;
pub mod categories;
pub mod link_groups;
pub mod menus;
pub mod sites;
pub mod sources;
pub mod topics;
