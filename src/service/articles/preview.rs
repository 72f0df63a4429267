//! One revision of an article, public or not, as its page would show it. Who may see it was decided when the link was made; what stands
//! around it is what everybody may see.

use std::collections::HashMap;

use super::detail::{ancestors, beside};
use super::media;
use super::variants::{self, choose};
use super::{Articles, Detail, Include, Languages, summaries};
use crate::content::media::Addresses;
use crate::error::{Error, Resource, Result};
use crate::models::article::{
    ArticleContent, ArticleRow, ArticleState, Attachment, Heading, ManagedArticle, PublicArticle,
    Retraction, StoredAttachment, StoredText, Text,
};
use crate::models::contributor::{Contribution, StoredContribution};
use crate::models::json::Doc;
use crate::models::revision::{Preview, Whole};
use crate::models::time::Ts;
use crate::screening::{Screened, Screening};
use crate::store::articles::revisions;
use crate::store::{self, Conn};
use crate::text::{html, reading};

impl Articles {
    /// The revision that a preview is of, as it would be served if it were public.
    ///
    /// # Errors
    ///
    /// `PreviewExpired` once its time is over; `NotFound` where the article or the revision is gone.
    pub async fn preview(
        &self,
        preview: Preview,
        languages: Languages,
        include: Include,
    ) -> Result<Detail> {
        let now = self.now();
        if preview.expires_at <= now {
            return Err(Error::PreviewExpired {
                ended_at: preview.expires_at.to_rfc3339(),
            });
        }
        let addresses = self.addresses.clone();
        let screening = self.screening.clone();
        self.primary
            .read_long(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    expect_clean(conn, &screening, &preview, now)?;
                    detail(conn, preview, &languages, include, &addresses, now)
                })
            })
            .await
    }
}

/// Fails where the revision, as the rules are now, would be held back: a preview goes to anyone who has the link.
fn expect_clean(conn: &mut Conn, screening: &Screening, preview: &Preview, now: Ts) -> Result<()> {
    let (id, number) = (preview.article_id, preview.revision);
    let missing = || Error::not_found(Resource::Revision, number);
    let whole = revisions::whole(conn, id, number, now)?.ok_or_else(missing)?;
    let mut content = whole.article.content;
    let mut screened = [Screened {
        id: Some(id),
        content: &mut content,
        raw: &[],
        sent: &[],
    }];
    let mut screen = screening.screen(conn)?;
    screen.judge(conn, whole.article.site_id, &mut screened)?;
    match content.state.held {
        None => Ok(()),
        Some(_) => Err(missing()),
    }
}

fn detail(
    conn: &mut Conn,
    preview: Preview,
    languages: &Languages,
    include: Include,
    addresses: &Addresses,
    now: Ts,
) -> Result<Detail> {
    let (id, number) = (preview.article_id, preview.revision);
    let missing = || Error::not_found(Resource::Revision, number);
    let revision = revisions::find(conn, id, number)?
        .filter(|revision| revision.created_at == preview.saved_at)
        .ok_or_else(missing)?;
    // What is taken back is not shown by links from before.
    if let Some(retraction) = store::articles::find_retraction(conn, id)? {
        return Err(Retraction::or_missing(Some(retraction), id));
    }
    let whole = revisions::whole(conn, id, number, now)?.ok_or_else(missing)?;
    let present = revisions::shown(conn, id)?.ok_or_else(missing)?;
    let Whole {
        article:
            ManagedArticle {
                content,
                version,
                updated_at,
                ..
            },
        contributor_ids,
        attachment_ids,
    } = whole;
    let ArticleContent {
        state,
        texts,
        contributions,
        sources,
        topics,
        attachments,
        related,
        former_slugs: _,
    } = content;
    let mut article = as_it_was(
        conn,
        present,
        state,
        !attachments.is_empty(),
        version,
        updated_at,
    )?;
    let available_locales: Vec<String> = texts.iter().map(|text| text.locale.clone()).collect();
    let Some(served) = choose(&article, &available_locales, languages) else {
        return Err(Error::NoSuchLanguage {
            available: available_locales,
        });
    };
    let text = texts
        .into_iter()
        .find(|text| text.locale == served.locale)
        .ok_or_else(|| {
            Error::internal(format!("article {id} has no text in `{}`", served.locale))
        })?;
    let ancestors = match include.breadcrumbs {
        true => Some(ancestors(conn, &article)?),
        false => None,
    };
    let neighbors = match include.neighbors {
        true => {
            let (previous, next) = neighbors(conn, &article.article, now)?;
            Some(beside(conn, previous, next, languages)?)
        }
        false => None,
    };
    let related = match include.related {
        true => {
            let found = recommended(conn, &article.article, &related, now)?;
            Some(summaries(conn, found, languages)?)
        }
        false => None,
    };
    let site = match include.site_details || include.breadcrumbs {
        true => store::sites::find(conn, &article.site_slug)?,
        false => None,
    };
    let audio = std::mem::take(&mut article.article.audio.0);
    let attachments = stored_attachments(conn, id, attachments, attachment_ids)?;
    let mut found = Detail {
        text: stored_text(id, text, revision.is_current),
        derived: false,
        available_locales,
        contributions: contributions
            .into_iter()
            .zip(contributor_ids)
            .map(|(contribution, contributor_id)| {
                stored_contribution(id, contribution, contributor_id)
            })
            .collect(),
        sources: in_order(
            &sources,
            store::sources::find_all_shown(conn, &sources)?,
            |s| s.id,
        ),
        topics: in_order(
            &topics,
            store::topics::find_all_shown(conn, &topics)?,
            |t| t.id,
        ),
        cover: None,
        attachments: attachments.into_iter().map(|file| (file, None)).collect(),
        audio: audio.into_iter().map(|audio| (audio, None)).collect(),
        ancestors,
        neighbors,
        related,
        site,
        article,
    };
    if let Some(conversion) = served.conversion {
        variants::derive_detail(conn, &mut found, conversion)?;
    }
    media::of_detail(conn, addresses, &mut found)?;
    Ok(found)
}

/// The article with the state that it had. What is counted, its site and its category are as they are now; a category that is
/// gone is replaced by the present one.
fn as_it_was(
    conn: &mut Conn,
    present: PublicArticle,
    state: ArticleState,
    has_attachments: bool,
    version: i64,
    updated_at: Ts,
) -> Result<PublicArticle> {
    let ArticleState {
        slug,
        category_id,
        status,
        held: _,
        locale,
        published_at,
        published_offset,
        published_precision,
        unpublish_at,
        retraction: _,
        event_date,
        source_line,
        cover,
        audio,
    } = state;
    let row = present.article;
    let category = match category_id == row.category_id {
        true => None,
        false => store::categories::find_by_id(conn, category_id)?
            .filter(|category| category.site_id == row.site_id),
    };
    let (category_id, category_path, category_name) = match category {
        Some(category) => (category.id, category.path, category.name),
        None => (
            row.category_id,
            present.category_path,
            present.category_name,
        ),
    };
    Ok(PublicArticle {
        article: ArticleRow {
            id: row.id,
            site_id: row.site_id,
            key: row.key,
            slug,
            category_id,
            status: status.as_str().to_owned(),
            locale,
            published_at,
            published_offset,
            published_precision: published_precision.as_str().to_owned(),
            unpublish_at,
            event_date,
            source_line,
            cover,
            audio: Doc(audio),
            has_attachments,
            version,
            updated_at,
        },
        category_path,
        category_name,
        ..present
    })
}

/// A rendition with what saving it derives from its body.
fn stored_text(article_id: i64, text: Text, is_current: bool) -> StoredText {
    let Text {
        locale,
        slug,
        title,
        subtitle,
        summary,
        summary_label,
        byline,
        keywords,
        contributors,
        body_html,
    } = text;
    // What may stand in a body may have become less since it was kept.
    let body_html = match is_current {
        true => body_html,
        false => html::sanitize(&body_html),
    };
    let outline = html::outline(&body_html)
        .into_iter()
        .map(|entry| Heading {
            level: entry.level,
            text: entry.text,
            anchor: entry.anchor,
        })
        .collect();
    StoredText {
        article_id,
        locale,
        slug,
        title,
        subtitle,
        summary,
        summary_label,
        byline,
        keywords: Doc(keywords),
        contributors: Doc(contributors),
        outline: Doc(outline),
        reading_minutes: reading::minutes(&html::plain_text(&body_html)),
        body_html,
    }
}

fn stored_contribution(
    article_id: i64,
    contribution: Contribution,
    contributor_id: i64,
) -> StoredContribution {
    let Contribution {
        key,
        role,
        kind,
        name,
        affiliation,
    } = contribution;
    StoredContribution {
        article_id,
        contributor_id,
        key,
        role,
        kind: kind.as_str().to_owned(),
        name,
        affiliation,
    }
}

/// The files that there were, with the counters of those that are there still.
fn stored_attachments(
    conn: &mut Conn,
    article_id: i64,
    attachments: Vec<Attachment>,
    ids: Vec<i64>,
) -> Result<Vec<StoredAttachment>> {
    let present = store::articles::attachments(conn, &[article_id])?;
    let downloads: HashMap<i64, i64> = present.iter().map(|a| (a.id, a.downloads)).collect();
    let stored = attachments.into_iter().zip(ids).map(|(attachment, id)| {
        let Attachment {
            name,
            url,
            media_type,
            size,
            sha256,
        } = attachment;
        StoredAttachment {
            id,
            article_id,
            name,
            url,
            media_type,
            size,
            sha256,
            downloads: downloads.get(&id).copied().unwrap_or_default(),
        }
    });
    Ok(stored.collect())
}

/// The public articles before and after the revision. The article itself may be public at another time of the same category,
/// and is not its own neighbour.
fn neighbors(
    conn: &mut Conn,
    row: &ArticleRow,
    now: Ts,
) -> Result<(Option<PublicArticle>, Option<PublicArticle>)> {
    let is_itself = |found: &Option<PublicArticle>| {
        let found = found.as_ref().map(|found| &found.article);
        found.filter(|found| found.id == row.id).cloned()
    };
    let (mut previous, mut next) = store::articles::neighbors(conn, row, now)?;
    if let Some(itself) = is_itself(&previous) {
        previous = store::articles::neighbors(conn, &itself, now)?.0;
    }
    if let Some(itself) = is_itself(&next) {
        next = store::articles::neighbors(conn, &itself, now)?.1;
    }
    Ok((previous, next))
}

/// Those of the recommended articles that are public, in order.
fn recommended(
    conn: &mut Conn,
    row: &ArticleRow,
    keys: &[String],
    now: Ts,
) -> Result<Vec<PublicArticle>> {
    let ids: HashMap<String, i64> = store::articles::keys(conn, row.site_id, keys)?
        .into_iter()
        .collect();
    let ids: Vec<i64> = keys
        .iter()
        .filter_map(|key| ids.get(key).copied())
        .collect();
    let public = store::articles::find_all(conn, &ids, now)?;
    Ok(in_order(&ids, public, |found| found.article.id))
}

/// `found` in the order of `ids`.
fn in_order<T>(ids: &[i64], found: Vec<T>, id: impl Fn(&T) -> i64) -> Vec<T> {
    let mut by_id: HashMap<i64, T> = found.into_iter().map(|thing| (id(&thing), thing)).collect();
    ids.iter().filter_map(|id| by_id.remove(id)).collect()
}
