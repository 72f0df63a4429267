//! The API as its users meet it: over HTTP, on both databases.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says where"
)]

mod contract;
mod schema;
mod spec_rules;
mod support;
