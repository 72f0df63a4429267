//! SQL that sets how often articles are cited. What is gained or lost waits for the periods of rankings; nothing here decides who
//! may set it.

use super::connection::{Conn, Structure, lock_structure};
use super::counting::{self, Addition};
use super::rows;
use crate::error::{Error, Result};
use crate::models::counting::{Day, Gauge};

/// Another number of citations of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cited {
    /// The article.
    pub article_id: i64,
    /// The number that it has.
    pub was: i64,
    /// The number that it is to have.
    pub is: i64,
    /// The version of an article of which nothing else is saved: it grows, except for readers.
    pub alone: Option<i64>,
}

/// Sets the citations of articles, each once, on a `day` of their site. Fails with a conflict where one of those that nothing else is
/// saved of was changed since it was loaded; of the others that is known already.
pub fn set(conn: &mut Conn, cited: &[Cited], day: Day) -> Result<()> {
    if cited.is_empty() {
        return Ok(());
    }
    lock_structure(conn, Structure::Kept)?;
    // First, because on PostgreSQL this takes the lock on the rows.
    let alone: Vec<[i64; 2]> = cited
        .iter()
        .filter_map(|c| Some([c.article_id, c.alone?]))
        .collect();
    let touched = rows::execute(
        conn,
        "UPDATE articles SET version = version + 1 FROM ({rows}) AS given \
         WHERE articles.id = given.c0 AND articles.version = given.c1",
        &alone,
    )?;
    if touched != alone.len() {
        let message = "an article was changed in this moment; try again";
        return Err(Error::Conflict(message.to_owned()));
    }
    let numbers: Vec<[i64; 3]> = cited
        .iter()
        .map(|c| [c.article_id, c.is, i64::from(c.alone.is_some())])
        .collect();
    rows::execute(
        conn,
        "UPDATE article_counters SET citations = given.c1, recounts = recounts + given.c2 FROM ({rows}) AS given \
         WHERE article_counters.article_id = given.c0",
        &numbers,
    )?;
    let gains: Vec<Addition> = cited
        .iter()
        .filter(|c| c.is != c.was)
        .map(|c| Addition {
            gauge: Gauge::ArticleCitations,
            reference: c.article_id,
            day,
            counted: c.is - c.was,
            hits: 0,
        })
        .collect();
    counting::add(conn, &gains)
}
