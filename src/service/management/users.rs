//! Writing accounts. Passwords come here as hashes, made before the transaction began; somebody always stays administrator.

use std::collections::{BTreeSet, HashMap};

use super::Tx;
use crate::error::{Error, Fault, Resource, Result};
use crate::models::access::{Grant, Role};
use crate::models::account::{GrantRecord, UserRecord};
use crate::models::managed::{Change, Expected};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::patch::Patch;
use crate::models::rules;
use crate::models::user::{User, UserContent, email_key};
use crate::store;
use crate::store::articles::affected::{self, Named};

/// An account with the names of the places where its roles hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedUser {
    /// The account.
    pub user: User,
    /// Its roles in places. A site or category that is gone is left out.
    pub grants: Vec<GrantRecord>,
}

/// A page of the accounts, in the order they were made.
pub fn page(tx: &mut Tx<'_>, query: PageQuery<i64>) -> Result<Page<ManagedUser, i64>> {
    tx.allow_everywhere()?;
    let after = query.after().unwrap_or(0);
    let users = store::users::page(tx.conn, after, query.offset(), query.limit + 1)?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => Total::Exact(store::users::count(tx.conn)?),
    };
    let (users, page) = Page::cut(users, query.limit, |user| user.id, total).split();
    Ok(page.with_items(named(tx, users)?))
}

/// One account.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedUser> {
    tx.allow_everywhere()?;
    find(tx, id)
}

/// Makes an account; without a password it signs in elsewhere, or not at all.
pub fn create(
    tx: &mut Tx<'_>,
    record: UserRecord,
    password_hash: Option<String>,
) -> Result<Change<ManagedUser>> {
    tx.allow_everywhere()?;
    let UserRecord {
        email,
        name,
        role,
        grants,
        is_active,
        external_subject,
        password: _,
    } = record;
    let content = UserContent {
        email: email.set().unwrap_or_default(),
        name: name.set().unwrap_or_default(),
        role: role.set(),
        grants: resolved(tx, grants.set().unwrap_or_default())?,
        is_active: is_active.set().unwrap_or(true),
        external_subject: external_subject.set(),
    };
    expect_free(tx, &content, None)?;
    let id = store::users::insert(tx.conn, &content, password_hash.as_deref(), tx.now)?;
    Ok(Change::created(find(tx, id)?))
}

/// Changes an account. A new password, or none any longer, and being closed end its sessions; the former also revokes its API keys.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: UserRecord,
    password_hash: Patch<String>,
) -> Result<Change<ManagedUser>> {
    let before = locked(tx, id, expected)?;
    let old = &before.user;
    let mut content = old.content.clone();
    let UserRecord {
        email,
        name,
        role,
        grants,
        is_active,
        external_subject,
        password: _,
    } = record;
    content.email = email.set().unwrap_or(content.email);
    content.name = name.set().unwrap_or(content.name);
    role.apply_to(&mut content.role);
    match grants {
        Patch::Keep => {}
        Patch::Clear => content.grants = Vec::new(),
        Patch::Set(grants) => content.grants = resolved(tx, grants)?,
    }
    content.is_active = is_active.set().unwrap_or(content.is_active);
    external_subject.apply_to(&mut content.external_subject);
    let has_password = match &password_hash {
        Patch::Keep => old.password_hash.is_some(),
        Patch::Clear => false,
        Patch::Set(_) => true,
    };
    let loses_role = is_admin(&old.content) && !is_admin(&content);
    let could = can_administer(&old.content, old.password_hash.is_some());
    if loses_role || could && !can_administer(&content, has_password) {
        expect_another_admin(tx, id)?;
    }
    if content != old.content {
        expect_free(tx, &content, Some(id))?;
        store::users::update(tx.conn, id, &content, tx.now)?;
    }
    match password_hash {
        Patch::Set(hash) => store::users::set_password(tx.conn, id, Some(&hash), tx.now)?,
        Patch::Clear if old.password_hash.is_some() => {
            store::users::set_password(tx.conn, id, None, tx.now)?;
        }
        Patch::Keep | Patch::Clear => {}
    }
    if old.content.is_active && !content.is_active {
        store::sessions::revoke_all_of(tx.conn, id, tx.now)?;
    }
    let after = find(tx, id)?;
    Ok(Change::updated(before, after))
}

/// Deletes an account with its sessions and API keys. What it did stays in the audit log.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ManagedUser>> {
    let before = locked(tx, id, expected)?;
    if is_admin(&before.user.content) {
        expect_another_admin(tx, id)?;
    }
    // Of these nobody is the author any more.
    affected::touch(tx.conn, Named::Account(id))?;
    tx.touch(None)?;
    store::users::delete(tx.conn, id)?;
    Ok(Change::deleted(before))
}

fn is_admin(content: &UserContent) -> bool {
    content.is_active && content.role == Some(Role::Admin)
}

/// Whether it is an administrator with something to sign in with. Sessions and API keys do not count: they end.
fn can_administer(content: &UserContent, has_password: bool) -> bool {
    is_admin(content) && (has_password || content.external_subject.is_some())
}

fn expect_another_admin(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    match store::users::other_active_admins(tx.conn, id)? {
        0 => Err(Error::Conflict(
            "this is the last active administrator who can sign in; give another account the role `admin` and a password first"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Fails where the address or the subject is another account's than that with `id`.
fn expect_free(tx: &mut Tx<'_>, content: &UserContent, id: Option<i64>) -> Result<()> {
    let taken =
        |pointer: &str, detail: &str| Err(Error::Taken(Fault::new(pointer, "taken", detail)));
    let is_other = |found: Option<User>| found.is_some_and(|user| Some(user.id) != id);
    let found = store::users::find_by_email_key(tx.conn, &email_key(&content.email))?;
    if is_other(found) {
        return taken("/email", "another account has this e-mail address");
    }
    if let Some(subject) = &content.external_subject {
        let found = store::users::find_by_external_subject(tx.conn, subject)?;
        if is_other(found) {
            return taken("/external_subject", "another account has this subject");
        }
    }
    Ok(())
}

/// Grants by the ids of their places, each place once.
fn resolved(tx: &mut Tx<'_>, grants: Vec<GrantRecord>) -> Result<Vec<Grant>> {
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    let slugs: BTreeSet<String> = grants.iter().map(|grant| grant.site.clone()).collect();
    let slugs: Vec<String> = slugs.into_iter().collect();
    let sites: HashMap<String, i64> = store::users::site_ids(tx.conn, &slugs)?
        .into_iter()
        .collect();
    let site_ids: Vec<i64> = sites.values().copied().collect();
    let paths: BTreeSet<String> = grants
        .iter()
        .filter_map(|g| g.category_path.clone())
        .collect();
    let paths: Vec<String> = paths.into_iter().collect();
    let categories: HashMap<(i64, String), i64> =
        store::users::category_ids(tx.conn, &site_ids, &paths)?
            .into_iter()
            .map(|(site_id, path, id)| ((site_id, path), id))
            .collect();
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    let mut found = Vec::with_capacity(grants.len());
    for (index, grant) in grants.into_iter().enumerate() {
        let at = |member: &str| format!("/grants/{index}/{member}");
        let Some(site_id) = sites.get(&grant.site).copied() else {
            faults.push(unknown(at("site"), "site", &grant.site));
            continue;
        };
        let category_id = match grant.category_path {
            None => None,
            Some(path) => {
                let key = (site_id, path);
                let Some(id) = categories.get(&key).copied() else {
                    faults.push(unknown(at("category_path"), "category of the site", &key.1));
                    continue;
                };
                Some(id)
            }
        };
        if !seen.insert((site_id, category_id)) {
            let detail =
                format!("`grants[{index}]` repeats a place; name each once, with its highest role");
            faults.push(Fault::new(format!("/grants/{index}"), "repeated", detail));
        }
        found.push(Grant {
            role: grant.role,
            site_id,
            category_id,
        });
    }
    match faults.is_empty() {
        true => Ok(found),
        false => Err(Error::Invalid(faults)),
    }
}

fn unknown(pointer: String, what: &str, name: &str) -> Fault {
    let detail = format!("there is no {what} `{}`", rules::excerpt(name));
    Fault::new(pointer, "unknown", detail)
}

/// Accounts with the names of their places.
fn named(tx: &mut Tx<'_>, users: Vec<User>) -> Result<Vec<ManagedUser>> {
    let grants = || users.iter().flat_map(|user| &user.content.grants);
    let site_ids: BTreeSet<i64> = grants().map(|grant| grant.site_id).collect();
    let category_ids: BTreeSet<i64> = grants().filter_map(|grant| grant.category_id).collect();
    if site_ids.is_empty() {
        let plain = |user| ManagedUser {
            user,
            grants: Vec::new(),
        };
        return Ok(users.into_iter().map(plain).collect());
    }
    let site_ids: Vec<i64> = site_ids.into_iter().collect();
    let category_ids: Vec<i64> = category_ids.into_iter().collect();
    let slugs: HashMap<i64, String> = store::users::site_slugs(tx.conn, &site_ids)?
        .into_iter()
        .collect();
    let paths: HashMap<i64, String> = store::users::category_paths(tx.conn, &category_ids)?
        .into_iter()
        .collect();
    let named = |grant: &Grant| {
        Some(GrantRecord {
            role: grant.role,
            site: slugs.get(&grant.site_id)?.clone(),
            category_path: match grant.category_id {
                Some(id) => Some(paths.get(&id)?.clone()),
                None => None,
            },
        })
    };
    let managed = |user: User| ManagedUser {
        grants: user.content.grants.iter().filter_map(named).collect(),
        user,
    };
    Ok(users.into_iter().map(managed).collect())
}

/// The account as it stays until the transaction ends, where the caller expects this version. Nobody else changes who is an
/// administrator meanwhile.
fn locked(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<ManagedUser> {
    tx.allow_everywhere()?;
    store::users::lock_admins(tx.conn)?;
    store::connection::lock(tx.conn, "users", id)?;
    let user = find(tx, id)?;
    expected.check(user.user.version)?;
    Ok(user)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ManagedUser> {
    let missing = || Error::not_found(Resource::User, id);
    let user = store::users::find(tx.conn, id)?.ok_or_else(missing)?;
    named(tx, vec![user])?.pop().ok_or_else(missing)
}
