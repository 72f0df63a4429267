//! What is held back stays out of files, unless somebody asks for it: a portal file may be meant for the public.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use crate::error::Result;
use crate::models::hygiene::RecordKind;
use crate::store::articles::Loaded;
use crate::store::{self, Conn};

/// What is left out.
#[derive(Default)]
pub(super) struct Held {
    records: HashMap<RecordKind, HashSet<i64>>,
    /// Sites and keys of articles.
    articles: HashSet<(i64, String)>,
    left_out: Cell<u64>,
}

impl Held {
    /// What is held back; nothing where that is asked for, too.
    pub(super) fn find(conn: &mut Conn, is_wanted: bool) -> Result<Self> {
        let mut held = Self::default();
        if is_wanted {
            return Ok(held);
        }
        for kind in RecordKind::ALL {
            if kind != RecordKind::Article {
                let ids = store::holds::ids(conn, kind)?;
                held.records.insert(kind, ids.into_iter().collect());
            }
        }
        held.articles = store::holds::articles(conn)?.into_iter().collect();
        Ok(held)
    }

    /// Whether a record is written; what is not is counted.
    pub(super) fn shows(&self, kind: RecordKind, id: i64) -> bool {
        let is_held = self.has(kind, id);
        self.left_out.set(self.left_out.get() + u64::from(is_held));
        !is_held
    }

    fn has(&self, kind: RecordKind, id: i64) -> bool {
        self.records.get(&kind).is_some_and(|ids| ids.contains(&id))
    }

    /// The categories of a site that are not written: those that are held back, and all below them.
    pub(super) fn categories(&self, conn: &mut Conn, site_id: i64) -> Result<HashSet<i64>> {
        let is_empty = self
            .records
            .get(&RecordKind::Category)
            .is_none_or(HashSet::is_empty);
        let hidden: HashSet<i64> = match is_empty {
            true => HashSet::new(),
            false => store::categories::held(conn, site_id)?
                .into_iter()
                .collect(),
        };
        let count = u64::try_from(hidden.len()).unwrap_or_default();
        self.left_out.set(self.left_out.get() + count);
        Ok(hidden)
    }

    /// Leaves articles out, and what the others name that is left out.
    pub(super) fn leave_out(&self, articles: &mut Vec<Loaded>) {
        let before = articles.len();
        if !self.articles.is_empty() {
            articles.retain(|article| article.content.state.held.is_none());
        }
        let left_out = u64::try_from(before - articles.len()).unwrap_or_default();
        self.left_out.set(self.left_out.get() + left_out);
        for article in articles {
            let site_id = article.row.site_id;
            let content = &mut article.content;
            content
                .sources
                .retain(|id| !self.has(RecordKind::Source, *id));
            content
                .topics
                .retain(|id| !self.has(RecordKind::Topic, *id));
            content
                .related
                .retain(|key| !self.articles.contains(&(site_id, key.clone())));
        }
    }

    /// How many records were left out.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out.get()
    }
}
