//! Where a category was before, as a line of a portal file says. It knows nothing of the rest of the line.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::Run;
use crate::error::Result;
use crate::models::category::FormerPath;
use crate::models::patch::Patch;
use crate::models::record::FormerPathRecord;
use crate::models::rules;
use crate::models::time::Ts;
use crate::store::{self, Conn};

/// The category of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Its site.
    pub site_id: i64,
    /// Its id.
    pub id: i64,
    /// Where it is now.
    pub path: &'a str,
}

impl Run {
    /// Takes over where a category was before, as its line says; tells whether that is news. A list adds, an empty one clears.
    pub(super) fn former_paths(
        &self,
        conn: &mut Conn,
        place: Place<'_>,
        given: Patch<Vec<FormerPathRecord>>,
    ) -> Result<bool> {
        let given = match given {
            Patch::Keep => return Ok(false),
            Patch::Clear => Vec::new(),
            Patch::Set(list) => list,
        };
        let stored = store::category_paths::of_category(conn, place.id)?;
        let wanted = match given.is_empty() {
            true => Vec::new(),
            false => self.with_former_paths(conn, place, &stored, given)?,
        };
        if wanted == stored {
            return Ok(false);
        }
        store::category_paths::replace(conn, place.site_id, place.id, &wanted)?;
        Ok(true)
    }

    /// What is stored and what the line adds, by path. Of several categories that had a path, the last one keeps it; who does
    /// not say until when takes it from nobody, or importing a file again could change something.
    fn with_former_paths(
        &self,
        conn: &mut Conn,
        place: Place<'_>,
        stored: &[FormerPath],
        given: Vec<FormerPathRecord>,
    ) -> Result<Vec<FormerPath>> {
        let named: Vec<String> = given.iter().map(|record| record.path.clone()).collect();
        let of_others: HashMap<String, Ts> =
            store::category_paths::of_others(conn, place.site_id, place.id, &named)?
                .into_iter()
                .map(|former| (former.path, former.retired_at))
                .collect();
        let mut all: BTreeMap<String, Ts> = stored
            .iter()
            .map(|former| (former.path.clone(), former.retired_at))
            .collect();
        for FormerPathRecord { path, until } in given {
            match (until.map(Ts::from), of_others.get(&path)) {
                (None, Some(_)) => {}
                (Some(until), Some(later)) if until <= *later => {}
                (Some(until), _) => {
                    all.insert(path, until);
                }
                (None, None) => {
                    all.entry(path).or_insert(self.now);
                }
            }
        }
        all.remove(place.path);
        let mut former: Vec<FormerPath> = all
            .into_iter()
            .map(|(path, retired_at)| FormerPath { path, retired_at })
            .collect();
        // A longer list could not be read back from a file.
        former.sort_by_key(|former| Reverse(former.retired_at));
        former.truncate(rules::LIST);
        former.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(former)
    }
}
