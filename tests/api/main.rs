//! The API as its users meet it: over HTTP, on both databases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says where"
)]

mod articles;
mod checklist;
mod command_line;
mod contract;
mod counts;
mod exports;
mod imports;
mod pagination;
mod requests;
mod schema;
mod sites;
mod spec_rules;
mod startup;
mod support;
