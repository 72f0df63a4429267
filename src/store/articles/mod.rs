//! SQL on articles: what readers get, what is loaded whole, and what saves write.

mod files;
mod list;
mod load;
mod read;
mod save;
mod slugs;

pub use list::{Filters, Window, count, few_in_range, neighbors, of_ids, page, span};
pub use load::{Loaded, keys, load, page_of_ids};
pub use read::{
    attachments, body, counters, find, find_all, related, related_keys, renditions, texts,
};
pub use save::{NewArticle, Saved, insert, relate, update};
pub use slugs::{Successor, find_slug, find_successor, slug_owners};
