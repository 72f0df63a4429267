//! What the body of a request says about an account or an API key, checked for everything that can be known without a database.
//! Members that a new one must have are `Keep` where a change leaves them out.

use super::access::{Role, Scope};
use super::patch::Patch;
use super::time::Ts;

/// A role in a place, by the names of the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRecord {
    /// The role.
    pub role: Role,
    /// Slug of the site.
    pub site: String,
    /// Path of the category, where the role does not hold in the whole site.
    pub category_path: Option<String>,
}

/// An account. It holds a password, so it is never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct UserRecord {
    /// Required for a new account; never `Clear`.
    pub email: Patch<String>,
    /// Required for a new account; never `Clear`.
    pub name: Patch<String>,
    /// The role that holds everywhere.
    pub role: Patch<Role>,
    /// Roles that hold in places; each place once.
    pub grants: Patch<Vec<GrantRecord>>,
    /// Never `Clear`.
    pub is_active: Patch<bool>,
    /// The `sub` by which an external identity provider knows it.
    pub external_subject: Patch<String>,
    /// A new password; `Clear` takes it away.
    pub password: Patch<String>,
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiKeyRecord {
    /// Required for a new key; never `Clear`.
    pub name: Patch<String>,
    /// The account of a new key, where it is not the caller's.
    pub user_id: Option<i64>,
    /// Required for a new key; never empty or `Clear`.
    pub scopes: Patch<Vec<Scope>>,
    /// When it stops being good.
    pub expires_at: Patch<Ts>,
    /// Whether it is to be good no longer.
    pub is_revoked: bool,
}
