//! The portal file format, read and written as a stream: one JSON object a line (NDJSON), UTF-8, the first of them
//! `{"type":"portal","version":1}`. Nothing here knows a database: a record is checked for what its line alone can tell.
//!
//! [`reader`] turns lines into [`record`]s or faults, [`writer`] turns rows into lines that the reader takes back.
//! [`demo`] is a file of sample content.

pub mod demo;
mod parse;
pub mod reader;
pub mod record;
pub mod writer;
