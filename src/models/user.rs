//! Accounts: who may sign in, and what the session and the keys of an account are. It knows no password, only its hash.

use unicode_normalization::UnicodeNormalization;

use super::access::{Grant, Role, Scope};
use super::time::Ts;

/// What an administrator sets on an account, the password apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserContent {
    /// The address it signs in with, as it was written.
    pub email: String,
    /// What its owner is called.
    pub name: String,
    /// The role that holds everywhere.
    pub role: Option<Role>,
    /// Roles that hold in single sites or categories.
    pub grants: Vec<Grant>,
    /// Whether it may sign in, and its tokens and keys are good.
    pub is_active: bool,
    /// The `sub` by which an external identity provider knows it.
    pub external_subject: Option<String>,
}

/// A stored account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: i64,
    /// What an administrator set.
    pub content: UserContent,
    /// The PHC string of its password; without one it cannot sign in here.
    pub password_hash: Option<String>,
    /// When it last signed in with its password.
    pub signed_in_at: Option<Ts>,
    /// Grows with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Ts,
    /// When it was last changed.
    pub updated_at: Ts,
}

/// An e-mail address without differences of width, compatibility form and case (Unicode NFKC, lower case), so that nobody has
/// two accounts.
pub fn email_key(email: &str) -> String {
    let folded: String = email.nfkc().flat_map(char::to_lowercase).collect();
    folded.nfkc().collect()
}

/// A sign-in that is still known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: i64,
    /// The account.
    pub user_id: i64,
    /// Which of its refresh tokens is good, counted from 0.
    pub generation: i64,
    /// When the good one was made.
    pub rotated_at: Ts,
    /// When it began.
    pub created_at: Ts,
    /// When it ends, whatever happens in it.
    pub expires_at: Ts,
    /// When it was ended early.
    pub revoked_at: Option<Ts>,
}

/// A stored key of a program. Of the key itself only the digest is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: i64,
    /// The account whose rights it has.
    pub user_id: i64,
    /// What it is for.
    pub name: String,
    /// Its public part, by which it is found.
    pub prefix: String,
    /// SHA-256 of its secret part.
    pub digest: Vec<u8>,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it stops being good.
    pub expires_at: Option<Ts>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Ts>,
    /// When it was revoked.
    pub revoked_at: Option<Ts>,
    /// Grows with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Ts,
    /// When it was last changed.
    pub updated_at: Ts,
}

/// An API key to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// The account whose rights it has.
    pub user_id: i64,
    /// What it is for.
    pub name: String,
    /// Its public part.
    pub prefix: String,
    /// SHA-256 of its secret part.
    pub digest: Vec<u8>,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it stops being good.
    pub expires_at: Option<Ts>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folded() {
        assert_eq!(email_key("Ａ.Li@Example.ORG"), "a.li@example.org");
        assert_eq!(email_key("İ@x"), email_key(&email_key("İ@x")));
    }
}
