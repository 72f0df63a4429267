//! SQL on articles: what readers get, what is loaded whole, and what saves write.

mod files;
mod list;
mod load;
mod read;
mod save;

pub use list::{Filters, Window, count, neighbors, of_ids, page, span};
pub use load::{Loaded, keys, load, page_of_ids, slug_owners};
pub use read::{
    attachments, body, counters, find, find_all, find_slug, related, related_keys, renditions,
    texts,
};
pub use save::{NewArticle, Saved, insert, relate, update};
