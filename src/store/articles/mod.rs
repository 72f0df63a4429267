//! SQL on articles: what readers get, what is loaded whole, and what saves write.

pub mod affected;
mod files;
mod list;
mod load;
mod managed;
mod read;
pub mod revisions;
mod save;
mod slugs;
mod snapshot;
mod standing;

pub use files::readdress;
pub use list::{Filters, Window, count, few_in_range, neighbors, of_ids, page, span};
pub use load::{Loaded, categories, count_all, keys, load, page_of_ids};
pub use managed::{
    ManagedFilters, count_managed, find_managed, find_place, managed, managed_page, set_owner,
};
pub(super) use read::not_expired;
pub use read::{
    Wording, attachments, body, counters, find, find_all, find_retraction, related, related_keys,
    renditions, retractions, texts, wordings,
};
pub use save::{NewArticle, Saved, delete, insert, relate, update};
pub use slugs::{Leading, Successor, find_slug, find_successor, lock_slugs, slug_owners};
pub use standing::{Standing, languages, standing};
