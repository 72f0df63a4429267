//! SQL on articles: what readers get, and what saves write.

mod read;
mod save;

pub use read::{
    Filters, Order, attachments, body, counters, find, neighbors, page, related, related_keys,
    renditions, texts,
};
pub use save::{
    Loaded, NewArticle, Saved, insert, keys, load, page_of_ids, relate, slug_owners, update,
};
