//! Rows, value types and the rules on them. No query, no I/O.

pub mod article;
pub mod category;
pub mod contributor;
pub mod json;
pub mod link_group;
pub mod listing;
pub mod menu;
pub mod rules;
pub mod site;
pub mod source;
pub mod time;
pub mod topic;
