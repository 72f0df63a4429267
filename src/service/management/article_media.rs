//! What a save of an article has to see to of media: that all that it names is there and stays there, and what recordings were made
//! for.

use std::collections::{BTreeSet, HashMap};

use super::Tx;
use super::articles::refused;
use crate::content::audio::{self, Readings, Revisions};
use crate::content::media::{distinct, references, resolve, resolve_known};
use crate::error::Result;
use crate::models::article::{ArticleContent, ManagedArticle};
use crate::models::managed::Change;
use crate::models::patch::Patch;
use crate::models::record::{ArticleRecord, TranslationRecord};
use crate::store;
use crate::store::articles::revisions;

/// What the bodies of an article are called where one of them is at fault.
#[derive(Debug, Clone)]
pub(super) enum Bodies {
    /// As the article has them.
    Kept,
    /// As a request does: the translations in these languages, in order.
    Requested(Vec<String>),
    /// That of one language is all that there is.
    Rendition(String),
}

impl Bodies {
    /// As `record` has them.
    pub(super) fn of(record: &ArticleRecord) -> Self {
        match &record.translations {
            Patch::Set(translations) => {
                let locale = |translation: &TranslationRecord| translation.locale.clone();
                Self::Requested(translations.iter().map(locale).collect())
            }
            Patch::Keep | Patch::Clear => Self::Kept,
        }
    }

    /// The body of the rendition at `at`, in a language.
    fn name(&self, at: usize, locale: &str) -> String {
        let place = match self {
            Self::Rendition(rendition) if rendition == locale => return "body_html".to_owned(),
            _ if at == 0 => return "body_html".to_owned(),
            Self::Requested(locales) => locales.iter().position(|l| l == locale),
            Self::Kept | Self::Rendition(_) => None,
        };
        format!("translations[{}].body_html", place.unwrap_or(at - 1))
    }
}

/// What of media there is that an article names, and whether that is to be written.
#[derive(Debug, Clone, Default)]
pub(super) struct Uses {
    ids: BTreeSet<i64>,
    has_changed: bool,
}

impl Uses {
    /// Notes them of the article, so that nobody deletes what it uses.
    pub(super) fn write(self, tx: &mut Tx<'_>, article_id: i64) -> Result<()> {
        match self.has_changed {
            true => store::media::set_uses(tx.conn, &[(article_id, self.ids)]),
            false => Ok(()),
        }
    }
}

/// What becomes of an address that leads to no media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// It is refused.
    Refused,
    /// It is left out.
    LeftOut,
}

/// Has the article of a site name media by their paths, and sees to it that they are there; nobody deletes them until the
/// transaction ends. Asks the database only where the article names others than `before`.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    site_id: i64,
    content: &mut ArticleContent,
    before: Option<&ArticleContent>,
    missing: Missing,
    bodies: &Bodies,
) -> Result<Uses> {
    tx.addresses.canonical(content);
    let named = references(content);
    let was_named = before.map(references).unwrap_or_default();
    let is_same = before.is_some_and(|before| {
        before.attachments == content.attachments && before.state.audio == content.state.audio
    });
    if named == was_named && (is_same || named.is_empty()) {
        return Ok(Uses::default());
    }
    let ids = distinct(named.iter().map(|reference| reference.id));
    let media = match ids.is_empty() {
        true => Vec::new(),
        false => store::media::find_shared_lock(tx.conn, &ids)?,
    };
    match missing {
        Missing::Refused => {
            let locales: Vec<String> = content.texts.iter().map(|t| t.locale.clone()).collect();
            let name = |at: usize| bodies.name(at, locales.get(at).map_or("", String::as_str));
            resolve(content, &media, site_id).map_err(|unfit| refused(unfit.named(name)))?;
        }
        Missing::LeftOut => resolve_known(content, &media, site_id),
    }
    let ids = distinct(references(content).into_iter().map(|r| r.id));
    Ok(Uses {
        has_changed: ids != distinct(was_named.into_iter().map(|r| r.id)),
        ids: ids.into_iter().collect(),
    })
}

/// What the recordings of a record may have been made for; their addresses are as they are kept afterwards.
pub(super) fn made_for(
    tx: &mut Tx<'_>,
    record: &mut ArticleRecord,
    before: Option<&ManagedArticle>,
) -> Result<Revisions> {
    let next = before.map_or(1, |before| before.revision + 1);
    let Patch::Set(records) = &mut record.audio else {
        return Ok(Revisions::only(next));
    };
    tx.addresses.canonical_audio(records);
    let stored = before.map_or(&[][..], |before| &before.content.state.audio);
    let mut numbers = audio::named(records, stored, next).map_err(refused)?;
    let mut earlier = HashMap::new();
    if let Some(before) = before {
        let known = numbers.len();
        numbers.retain(|number| *number != before.revision);
        if numbers.len() < known {
            earlier.insert(before.revision, Readings::of(&before.content.texts));
        }
        if !numbers.is_empty() {
            revisions::each_said(tx.conn, before.id, &numbers, |number, texts| {
                earlier.insert(number, Readings::of(&texts));
            })?;
        }
    }
    Ok(Revisions { next, earlier })
}

/// A change as callers see it: with absolute addresses of media.
pub(super) fn shown(tx: &Tx<'_>, mut change: Change<ManagedArticle>) -> Change<ManagedArticle> {
    let Change { before, after } = &mut change;
    for article in [before, after].into_iter().flatten() {
        tx.addresses.expand(&mut article.content);
    }
    change
}
