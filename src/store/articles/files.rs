//! The files of articles: written with the article, kept by address.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::error::Result;
use crate::models::article::{ArticleContent, Attachment};
use crate::schema::{attachment_counters, attachments};
use crate::store::ROWS_PER_STATEMENT;
use crate::store::connection::{Conn, insert_rows, on_db};
use crate::store::fragments::any_of;

#[derive(Insertable)]
#[diesel(table_name = attachments, treat_none_as_default_value = false)]
struct AttachmentRow<'a> {
    article_id: i64,
    position: i32,
    name: &'a str,
    url: &'a str,
    media_type: Option<&'a str>,
    size: Option<i64>,
    sha256: Option<&'a str>,
}

fn attachment_rows(
    article_id: i64,
    files: &[Attachment],
) -> impl Iterator<Item = AttachmentRow<'_>> {
    (0..).zip(files).map(move |(position, a)| AttachmentRow {
        article_id,
        position,
        name: &a.name,
        url: &a.url,
        media_type: a.media_type.as_deref(),
        size: a.size,
        sha256: a.sha256.as_deref(),
    })
}

pub(super) fn insert_attachments(
    conn: &mut Conn,
    articles: &[(i64, &ArticleContent)],
) -> Result<()> {
    let rows: Vec<AttachmentRow<'_>> = articles
        .iter()
        .flat_map(|(id, content)| attachment_rows(*id, &content.attachments))
        .collect();
    insert_attachment_rows(conn, &rows)
}

fn insert_attachment_rows(conn: &mut Conn, rows: &[AttachmentRow<'_>]) -> Result<()> {
    #[derive(Insertable)]
    #[diesel(table_name = attachment_counters)]
    struct Counter {
        attachment_id: i64,
        downloads: i64,
    }
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let ids: Vec<i64> = on_db!(&mut *conn, |c| {
            diesel::insert_into(attachments::table)
                .values(chunk)
                .returning(attachments::id)
                .get_results(c)?
        });
        let counters: Vec<Counter> = ids
            .into_iter()
            .map(|attachment_id| Counter {
                attachment_id,
                downloads: 0,
            })
            .collect();
        insert_rows!(conn, attachment_counters::table, &counters)?;
    }
    Ok(())
}

/// Gives the files of articles that are at `from` the address `to`; they keep their ids and counters.
pub fn readdress(conn: &mut Conn, articles: &[i64], from: &str, to: &str) -> Result<()> {
    diesel::update(
        attachments::table
            .filter(any_of(attachments::article_id, articles))
            .filter(attachments::url.eq(from)),
    )
    .set(attachments::url.eq(to))
    .execute(conn)?;
    Ok(())
}

/// A file whose address stays keeps its id and its counter.
pub(super) fn replace_attachments(
    conn: &mut Conn,
    article_id: i64,
    files: &[Attachment],
) -> Result<()> {
    let urls: Vec<&str> = files.iter().map(|a| a.url.as_str()).collect();
    diesel::delete(
        attachments::table
            .filter(attachments::article_id.eq(article_id))
            .filter(attachments::url.ne_all(&urls)),
    )
    .execute(conn)?;
    let kept: HashMap<String, i64> = attachments::table
        .filter(attachments::article_id.eq(article_id))
        .select((attachments::url, attachments::id))
        .load::<(String, i64)>(conn)?
        .into_iter()
        .collect();
    let mut added = Vec::new();
    for row in attachment_rows(article_id, files) {
        match kept.get(row.url) {
            None => added.push(row),
            Some(id) => {
                diesel::update(attachments::table.find(*id))
                    .set((
                        attachments::position.eq(row.position),
                        attachments::name.eq(row.name),
                        attachments::media_type.eq(row.media_type),
                        attachments::size.eq(row.size),
                        attachments::sha256.eq(row.sha256),
                    ))
                    .execute(conn)?;
            }
        }
    }
    insert_attachment_rows(conn, &added)
}
