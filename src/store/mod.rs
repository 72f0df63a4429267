//! SQL and nothing else: functions over `&mut Conn`, one file a resource.

mod admission;
mod alone;
pub mod analytics;
pub mod api_keys;
pub mod articles;
pub mod audit;
pub mod categories;
pub mod category_paths;
pub mod changes;
pub mod citations;
pub mod connection;
pub mod contributors;
pub mod counting;
pub mod counts;
mod delivery;
pub mod error;
pub mod findings;
mod fragments;
pub mod history;
pub mod holds;
pub mod hygiene_rules;
pub mod hygiene_scans;
pub mod idempotency;
pub mod import;
pub mod link_groups;
mod listening;
pub mod listings;
pub mod maintenance;
pub mod media;
pub mod media_files;
pub mod menus;
pub mod migrations;
pub mod pool;
pub mod rankings;
mod replicas;
mod rows;
pub mod script_phrases;
pub mod search;
pub mod secrets;
pub mod sessions;
mod shown;
pub mod sign_ins;
pub mod signing_keys;
pub mod sites;
pub mod sources;
pub mod stamps;
pub mod subtrees;
pub mod suggestions;
pub mod topics;
pub mod totals;
pub mod touched;
pub mod users;
mod watching;
pub mod writer;

pub use alone::Alone;
pub use connection::Conn;
pub use delivery::Delivery;
pub use pool::Store;

/// Most rows of one multi-row statement; keeps the number of bound values below either database's limit.
pub(crate) const ROWS_PER_STATEMENT: usize = 200;

/// Most rows that are counted one by one; a longer list is estimated.
pub(crate) const COUNTED: i64 = 10_000;
