//! What anyone may read: published content only. Never looks at `Authorization`.

pub mod articles;
pub mod categories;
pub mod sites;
pub mod sources;
