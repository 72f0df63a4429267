//! masthead: a headless JSON content API for news portals, one binary on SQLite or PostgreSQL.
//!
//! Rooms, from the outside in; each may import only what stands below it (`tests/architecture.rs` holds the table):
//!
//! | room | what it does |
//! |---|---|
//! | [`cli`] | one file a command |
//! | [`app`] | puts everything together; the only file that knows all |
//! | [`http`] | the edge: JSON, status codes, headers |
//! | [`jobs`] | what runs by itself |
//! | [`service`] | use cases and transactions |
//! | [`library`] | files with their records: storage and database in step |
//! | [`screening`] | the check for injected text in the database: findings, what is held back |
//! | [`index`] | the search index in the database, in step with the articles |
//! | [`store`] | SQL and nothing else |
//! | [`cache`] | answers kept in memory, and when they are over |
//! | [`search`] | the search index: documents, segments, queries, highlights; no database |
//! | [`hygiene`] | the check for injected text: rules, findings, repair; no database |
//! | [`portal`] | the portal file format |
//! | [`content`] | what a record is after a change |
//! | [`json`] | JSON texts read member by member, with every fault |
//! | [`models`] | rows, value types and the rules on them |
//! | [`media`] | bytes of files: what they are, smaller copies, where they are kept |
//! | [`text`] | pure functions on text |
//! | [`error`], [`clock`], [`config`], [`telemetry`], [`schema`] | leaves |

pub mod app;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod content;
pub mod error;
pub mod http;
pub mod hygiene;
pub mod index;
pub mod jobs;
pub mod json;
pub mod library;
pub mod media;
pub mod models;
pub mod portal;
pub mod schema;
pub mod screening;
pub mod search;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod text;
