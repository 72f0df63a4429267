//! Accounts for tests, and tokens for them without the work of a password.

use std::cell::RefCell;
use std::collections::HashMap;

use masthead::models::access::{Grant, Role, Scope};
use masthead::models::time::Ts;
use masthead::models::user::{NewApiKey, UserContent};
use masthead::service::access::{AccountDetails, make_key};
use masthead::store;

use super::app::TestApp;

/// The password of [`TestApp::account_with_password`].
pub const PASSWORD: &str = "correct horse battery staple";

/// Tokens that were made for an application, by whom they are for.
#[derive(Default)]
pub struct Tokens(RefCell<HashMap<String, String>>);

/// A role in a site, or in one of its categories: `("editor", "demo", Some("news"))`.
pub type GrantIn<'a> = (Role, &'a str, Option<&'a str>);

impl TestApp {
    /// An access token of somebody with this role everywhere; the same one each time.
    pub fn token(&self, role: &str) -> String {
        let role = Role::parse(role).unwrap_or_else(|| panic!("no role: {role}"));
        self.token_with(Some(role), &[])
    }

    /// An access token of somebody with these rights; the same one each time. The sites and categories must be there.
    pub fn token_with(&self, role: Option<Role>, grants: &[GrantIn<'_>]) -> String {
        let name = format!("{role:?} {grants:?}");
        if let Some(token) = self.tokens.0.borrow().get(&name) {
            return token.clone();
        }
        let number = self.tokens.0.borrow().len();
        let word = role.map_or("nobody", Role::as_str);
        let id = self.account_with(&format!("{word}-{number}@example.org"), role, grants);
        let token = self.sign_in_as(id);
        self.tokens.0.borrow_mut().insert(name, token.clone());
        token
    }

    /// A new access token, of a session of its own, for the account with `id`.
    pub fn sign_in_as(&self, id: i64) -> String {
        let access = &self.app.services().access;
        access.issue_blocking(id).unwrap().access_token
    }

    /// A new account without a password; returns its id.
    pub fn account(&self, email: &str, role: &str) -> i64 {
        self.account_with(email, Role::parse(role), &[])
    }

    /// A new account without a password, with a role everywhere and roles in places; returns its id.
    pub fn account_with(&self, email: &str, role: Option<Role>, grants: &[GrantIn<'_>]) -> i64 {
        let conn = &mut self.database().connect();
        let grants = grants
            .iter()
            .map(|(role, site, path)| {
                let site_id = store::sites::find_id(conn, site).unwrap().unwrap();
                let category_id = path.map(|path| {
                    let category = store::categories::find(conn, site_id, path).unwrap();
                    category.unwrap().id
                });
                Grant {
                    role: *role,
                    site_id,
                    category_id,
                }
            })
            .collect();
        let content = UserContent {
            email: email.to_owned(),
            name: format!("Name of {email}"),
            role,
            grants,
            is_active: true,
            external_subject: None,
        };
        store::users::insert(conn, &content, None, self.now()).unwrap()
    }

    /// A new account with [`PASSWORD`]; returns its id.
    pub fn account_with_password(&self, email: &str, role: &str) -> i64 {
        let details = AccountDetails {
            email: email.to_owned(),
            name: format!("Name of {email}"),
            role: role.to_owned(),
        };
        let access = &self.app.services().access;
        access.create_account(&details, PASSWORD).unwrap()
    }

    /// A new API key of an account, good for these scopes; returns its id and the key.
    pub fn api_key(&self, user_id: i64, scopes: &[Scope], expires_at: Option<Ts>) -> (i64, String) {
        let made = make_key().unwrap();
        let key = NewApiKey {
            user_id,
            name: "of a test".to_owned(),
            prefix: made.prefix,
            digest: made.digest,
            scopes: scopes.to_vec(),
            expires_at,
        };
        let conn = &mut self.database().connect();
        let id = store::api_keys::insert(conn, &key, self.now()).unwrap();
        (id, made.key)
    }
}

/// What all of `futures` give, each run at the same time as the others.
pub async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, slot) in running.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *slot = Some(value);
            }
        }
        match done.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    done.into_iter().map(Option::unwrap).collect()
}
