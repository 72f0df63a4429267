//! What the subjects of hits are in the database: found for a whole batch at once, refused where readers do not get them.

use std::collections::{BTreeSet, HashMap};

use super::batch::Hit;
use crate::error::{Error, Resource, Result};
use crate::models::article::Retraction;
use crate::models::counting::{Day, Gauge, Subject};
use crate::models::time::Ts;
use crate::store::{self, Conn, counting};

/// Something that may be counted now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Where it is counted.
    pub gauge: Gauge,
    /// Its id there.
    pub reference: i64,
    /// The article whose file it is.
    pub article: Option<i64>,
    /// The day it is there.
    pub day: Day,
}

/// Everything that a batch of hits is about.
pub struct Targets {
    known: HashMap<Subject, Target>,
    retracted: HashMap<i64, Retraction>,
    /// The articles of files that readers do not get.
    homes: HashMap<i64, i64>,
}

impl Targets {
    /// Looks up the subjects of `hits`.
    pub fn find(conn: &mut Conn, hits: &[Hit], now: Ts) -> Result<Self> {
        let subjects: BTreeSet<&Subject> = hits.iter().flat_map(|hit| &hit.subjects).collect();
        let (mut articles, mut files, mut slugs) = (Vec::new(), Vec::new(), Vec::new());
        for subject in subjects {
            match subject {
                Subject::Article(id) => articles.push(*id),
                Subject::Attachment(id) => files.push(*id),
                Subject::Site(slug) => slugs.push(slug.clone()),
            }
        }
        let mut known = HashMap::new();
        for (id, offset) in counting::public_articles(conn, &articles, now)? {
            let target = Target {
                gauge: Gauge::ArticleViews,
                reference: id,
                article: None,
                day: Day::at(now, &offset),
            };
            known.insert(Subject::Article(id), target);
        }
        for (id, article, offset) in counting::public_attachments(conn, &files, now)? {
            let target = Target {
                gauge: Gauge::AttachmentDownloads,
                reference: id,
                article: Some(article),
                day: Day::at(now, &offset),
            };
            known.insert(Subject::Attachment(id), target);
        }
        for (slug, id, offset) in counting::sites(conn, &slugs)? {
            let target = Target {
                gauge: Gauge::SiteVisits,
                reference: id,
                article: None,
                day: Day::at(now, &offset),
            };
            known.insert(Subject::Site(slug), target);
        }
        let mut lost = articles;
        lost.retain(|id| !known.contains_key(&Subject::Article(*id)));
        files.retain(|id| !known.contains_key(&Subject::Attachment(*id)));
        let homes: HashMap<i64, i64> = counting::articles_of_attachments(conn, &files)?
            .into_iter()
            .collect();
        lost.extend(homes.values());
        let retracted = match lost.is_empty() {
            true => HashMap::new(),
            false => store::articles::retractions(conn, &lost)?
                .into_iter()
                .collect(),
        };
        Ok(Self {
            known,
            retracted,
            homes,
        })
    }

    /// What `subjects` are; an error that names those which readers do not get.
    pub fn of(&self, subjects: &[Subject]) -> Result<Vec<Target>> {
        let lost: Vec<&Subject> = subjects
            .iter()
            .filter(|subject| !self.known.contains_key(subject))
            .collect();
        match lost.as_slice() {
            [] => Ok(subjects
                .iter()
                .filter_map(|subject| self.known.get(subject).copied())
                .collect()),
            [only] if subjects.len() == 1 => Err(self.refusal(only)),
            several => {
                let ids: BTreeSet<String> = several.iter().map(|subject| key(subject)).collect();
                let ids: Vec<String> = ids.into_iter().collect();
                Err(Error::not_found(Resource::Article, ids.join(", ")))
            }
        }
    }

    fn refusal(&self, subject: &Subject) -> Error {
        let article = match subject {
            Subject::Article(id) => Some(id),
            Subject::Attachment(id) => self.homes.get(id),
            Subject::Site(_) => None,
        };
        if let Some(retraction) = article.and_then(|id| self.retracted.get(id)) {
            return Retraction::or_missing(Some(retraction.clone()), key(subject));
        }
        let resource = match subject {
            Subject::Article(_) => Resource::Article,
            Subject::Attachment(_) => Resource::Attachment,
            Subject::Site(_) => Resource::Site,
        };
        Error::not_found(resource, key(subject))
    }
}

fn key(subject: &Subject) -> String {
    match subject {
        Subject::Article(id) | Subject::Attachment(id) => id.to_string(),
        Subject::Site(slug) => slug.clone(),
    }
}
