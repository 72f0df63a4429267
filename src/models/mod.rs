//! Rows, value types and the rules on them. No query, no I/O.

pub mod access;
pub mod account;
pub mod article;
pub mod audit;
pub mod category;
pub mod change;
pub mod contributor;
pub mod freshness;
pub mod json;
pub mod link_group;
pub mod listing;
pub mod managed;
pub mod menu;
pub mod page;
pub mod patch;
pub mod record;
pub mod reply;
pub mod rules;
pub mod site;
pub mod source;
pub mod time;
pub mod topic;
pub mod user;
