//! SQL on articles: what readers get, what is loaded whole, and what saves write.

mod files;
mod load;
mod read;
mod save;

pub use load::{Loaded, keys, load, page_of_ids, slug_owners};
pub use read::{
    Filters, Order, attachments, body, counters, find, neighbors, page, related, related_keys,
    renditions, texts,
};
pub use save::{NewArticle, Saved, insert, relate, update};
