//! The caller's own account, and making one where nobody can sign in yet.

use super::{Access, passwords};
use crate::error::{Error, Fault, Result};
use crate::models::access::{Caller, Role};
use crate::models::audit::NewEntry;
use crate::models::rules::{self, Verdict};
use crate::models::time::Ts;
use crate::models::user::{ApiKey, Session, User, UserContent, email_key};
use crate::store;

/// The words for roles, from the least.
pub const ROLES: [&str; 5] = ["reader", "author", "reviewer", "editor", "admin"];

/// What an account is made of on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDetails {
    /// The address it signs in with.
    pub email: String,
    /// What its owner is called.
    pub name: String,
    /// One of [`ROLES`], which holds everywhere.
    pub role: String,
}

impl AccountDetails {
    /// The same as the store takes it, if it can be used.
    fn content(&self) -> Result<UserContent> {
        let role = Role::parse(&self.role);
        check(&[
            ("/email", rules::email(&self.email)),
            ("/name", rules::title(&self.name)),
            (
                "/role",
                match role {
                    Some(_) => Ok(()),
                    None => Err(format!("must be one of {}", ROLES.join(", "))),
                },
            ),
        ])?;
        Ok(UserContent {
            email: self.email.clone(),
            name: self.name.clone(),
            role,
            grants: Vec::new(),
            is_active: true,
            external_subject: None,
        })
    }
}

/// Where a role holds, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The role.
    pub role: Role,
    /// Slug of the site.
    pub site: String,
    /// Path of the category, where it does not hold in the whole site.
    pub category_path: Option<String>,
}

/// What somebody may know of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub user: User,
    /// Where its roles hold. A site or category that is gone is left out.
    pub places: Vec<Place>,
    /// The session at hand.
    pub session: Option<Session>,
    /// The API key at hand.
    pub api_key: Option<ApiKey>,
}

impl Access {
    /// The account of the caller.
    pub async fn account(&self, caller: &Caller) -> Result<Account> {
        let principal = caller.principal.clone();
        self.store
            .read_short(move |conn| {
                let user = store::users::find(conn, principal.user_id)?
                    .ok_or(Error::InvalidToken("its account is gone"))?;
                let session = match principal.session_id {
                    Some(id) => store::sessions::find(conn, id)?.map(|(session, ..)| session),
                    None => None,
                };
                let api_key = match principal.api_key_id {
                    Some(id) => store::api_keys::find(conn, id)?,
                    None => None,
                };
                Ok(Account {
                    places: places(conn, &user)?,
                    user,
                    session,
                    api_key,
                })
            })
            .await
    }

    /// Whether such an account can be made.
    ///
    /// # Errors
    ///
    /// `Invalid` with what is wrong with each value; `Taken` where the address is another account's.
    pub fn check_account(&self, details: &AccountDetails) -> Result<()> {
        details.content()?;
        self.store
            .read_blocking(|conn| refuse_taken(conn, &details.email))
    }

    /// Makes an account with a password, which may sign in at once; returns its id. Blocks the calling thread.
    ///
    /// # Errors
    ///
    /// As [`Access::check_account`].
    pub fn create_account(&self, details: &AccountDetails, password: &str) -> Result<i64> {
        let content = details.content()?;
        check(&[("/password", rules::new_password(password))])?;
        let hash = passwords::hash(password)?;
        let now = self.now();
        self.store.write_blocking(|conn| {
            refuse_taken(conn, &details.email)?;
            let id = store::users::insert(conn, &content, Some(&hash), now)?;
            store::audit::append(conn, &[created(id, &content, now)])?;
            Ok(id)
        })
    }
}

/// Fails with those verdicts that are bad, each under its member.
fn check(verdicts: &[(&str, Verdict)]) -> Result<()> {
    let bad = verdicts.iter().filter_map(|(pointer, verdict)| {
        let reason = verdict.as_ref().err()?;
        Some(Fault::new(*pointer, "invalid", reason.clone()))
    });
    let faults: Vec<Fault> = bad.collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(faults)),
    }
}

fn refuse_taken(conn: &mut store::Conn, email: &str) -> Result<()> {
    match store::users::find_by_email_key(conn, &email_key(email))? {
        None => Ok(()),
        Some(_) => Err(Error::Taken(Fault::new(
            "/email",
            "taken",
            "another account has this e-mail address",
        ))),
    }
}

/// The entry for an account that was made on the command line.
fn created(id: i64, content: &UserContent, now: Ts) -> NewEntry {
    NewEntry {
        at: now,
        action: "create_user".to_owned(),
        resource: "user".to_owned(),
        resource_id: Some(id),
        site_id: None,
        user_id: None,
        api_key_id: None,
        actor: "command line".to_owned(),
        address_hash: None,
        trace_id: None,
        before: None,
        after: Some(serde_json::json!({
            "email": content.email,
            "name": content.name,
            "role": content.role.map(Role::as_str),
        })),
    }
}

fn places(conn: &mut store::Conn, user: &User) -> Result<Vec<Place>> {
    let grants = &user.content.grants;
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    let mut site_ids: Vec<i64> = grants.iter().map(|grant| grant.site_id).collect();
    let mut category_ids: Vec<i64> = grants
        .iter()
        .filter_map(|grant| grant.category_id)
        .collect();
    for ids in [&mut site_ids, &mut category_ids] {
        ids.sort_unstable();
        ids.dedup();
    }
    let slugs = store::users::site_slugs(conn, &site_ids)?;
    let paths = store::users::category_paths(conn, &category_ids)?;
    let name = |names: &[(i64, String)], id: i64| {
        let found = names.iter().find(|(known, _)| *known == id);
        found.map(|(_, name)| name.clone())
    };
    let named = grants.iter().filter_map(|grant| {
        Some(Place {
            role: grant.role,
            site: name(&slugs, grant.site_id)?,
            category_path: match grant.category_id {
                Some(id) => Some(name(&paths, id)?),
                None => None,
            },
        })
    });
    Ok(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_all_roles() {
        assert_eq!(ROLES, Role::ALL.map(Role::as_str));
    }
}
