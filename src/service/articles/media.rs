//! The media that articles show: looked up together, with one statement for an answer that shows any and none for others.

use super::{Detail, Summary};
use crate::content::media::{Addresses, Shown, distinct, id_of, ids_in};
use crate::error::Result;
use crate::models::article::{Audio, StoredAttachment};
use crate::models::linked_media::LinkedMedia;
use crate::store::{self, Conn};

/// Something with an address, and the media behind it where it is one.
pub type Linked<T> = (T, Option<LinkedMedia>);

/// Adds to summaries what is known of their covers.
pub(super) fn of_summaries(
    conn: &mut Conn,
    addresses: &Addresses,
    summaries: &mut [Summary],
) -> Result<()> {
    let ids = distinct(summaries.iter().filter_map(cover_id));
    let shown = look_up(conn, &ids)?;
    for summary in summaries {
        illustrate(summary, addresses, &shown);
    }
    Ok(())
}

/// Adds to an article what is known of all media that it shows, and to the articles beside it what is known of their covers.
pub(super) fn of_detail(conn: &mut Conn, addresses: &Addresses, detail: &mut Detail) -> Result<()> {
    let row = &detail.article.article;
    let site_id = row.site_id;
    let mut ids: Vec<i64> = row.cover.as_deref().and_then(id_of).into_iter().collect();
    let urls = detail.attachments.iter().map(|(file, _)| &file.url);
    let urls = urls.chain(detail.audio.iter().map(|(audio, _)| &audio.url));
    ids.extend(urls.filter_map(|url| id_of(url)));
    ids.extend(ids_in(&detail.text.body_html));
    ids.extend(beside(detail).filter_map(|summary| cover_id(summary)));
    let shown = look_up(conn, &distinct(ids))?;

    let row = &mut detail.article.article;
    if let Some(cover) = &mut row.cover {
        detail.cover = addresses.linked(cover, &shown, site_id);
        addresses.lengthen(cover);
    }
    for (StoredAttachment { url, .. }, file) in &mut detail.attachments {
        *file = addresses.linked(url, &shown, site_id);
        addresses.lengthen(url);
    }
    for (Audio { url, .. }, file) in &mut detail.audio {
        *file = addresses.linked(url, &shown, site_id);
        addresses.lengthen(url);
    }
    addresses.with_pictures(&mut detail.text.body_html, &shown, site_id);
    beside(detail).for_each(|summary| illustrate(summary, addresses, &shown));
    Ok(())
}

/// The summaries that come with an article.
fn beside(detail: &mut Detail) -> impl Iterator<Item = &mut Summary> {
    let neighbors = detail.neighbors.iter_mut();
    let neighbors = neighbors.flat_map(|(previous, next)| previous.iter_mut().chain(next));
    neighbors.chain(detail.related.iter_mut().flatten())
}

fn cover_id(summary: &Summary) -> Option<i64> {
    summary.article.article.cover.as_deref().and_then(id_of)
}

fn look_up(conn: &mut Conn, ids: &[i64]) -> Result<Shown> {
    Ok(match ids.is_empty() {
        true => Shown::default(),
        false => Shown::new(store::media::find_all_shown(conn, ids)?),
    })
}

fn illustrate(summary: &mut Summary, addresses: &Addresses, shown: &Shown) {
    let row = &mut summary.article.article;
    if let Some(cover) = &mut row.cover {
        summary.cover = addresses.linked(cover, shown, row.site_id);
        addresses.lengthen(cover);
    }
}
