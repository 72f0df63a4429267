//! Reading the audit log. It is written by whoever changes something, in the same transaction.

use super::Tx;
use crate::error::{Error, Fault, Result};
use crate::models::audit::Entry;
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::time::Ts;
use crate::store;
use crate::store::audit::{EntryPlace, Filters};

/// Which entries to list; each narrows the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only of this action, such as `update_article`.
    pub action: Option<String>,
    /// Only on things of this kind, such as `article`.
    pub resource: Option<String>,
    /// Only on the thing with this id; needs `resource`, as ids are counted for each kind.
    pub resource_id: Option<i64>,
    /// Only of the site with this slug.
    pub site: Option<String>,
    /// Only by this account.
    pub user_id: Option<i64>,
    /// Only of then or later.
    pub from: Option<Ts>,
    /// Only of before then.
    pub until: Option<Ts>,
}

/// A page of entries, the newest first. A site that there is not has none.
pub fn page(
    tx: &mut Tx<'_>,
    wanted: Wanted,
    query: PageQuery<EntryPlace>,
) -> Result<Page<Entry, EntryPlace>> {
    tx.allow_everywhere()?;
    let Wanted {
        action,
        resource,
        resource_id,
        site,
        user_id,
        from,
        until,
    } = wanted;
    if resource_id.is_some() && resource.is_none() {
        return Err(Error::BadParameter(Fault::new(
            "/resource_id",
            "incomplete",
            "`resource_id` needs `resource` beside it: each kind of thing has ids of its own",
        )));
    }
    let site_id = match site {
        None => None,
        Some(slug) => match store::sites::find_id(tx.conn, &slug)? {
            Some(id) => Some(id),
            None => return Ok(Page::empty(query.count)),
        },
    };
    let filters = Filters {
        action,
        resource,
        resource_id,
        site_id,
        user_id,
        from,
        until,
    };
    let items = store::audit::page(
        tx.conn,
        &filters,
        query.after(),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => store::audit::count(tx.conn, &filters)?,
    };
    Ok(Page::cut(
        items,
        query.limit,
        |entry| (entry.noted.at, entry.id),
        total,
    ))
}
