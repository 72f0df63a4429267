//! Accounts on the wire, for those who manage them. No body ever has a password or a hash of one.

use serde::Serialize;
use utoipa::ToSchema;

use super::token::{GrantBody, RoleName};
use super::total;
use crate::http::pagination::CountKind;
use crate::models::account::GrantRecord;
use crate::models::page::Page;
use crate::models::user::{User, UserContent};
use crate::service::access::Place;
use crate::service::management::users::ManagedUser;

/// An account.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    id: i64,
    /// The address it signs in with.
    #[schema(max_length = 254, example = "li.na@example.org")]
    email: String,
    /// What its owner is called.
    #[schema(max_length = 16000, example = "Li Na")]
    name: String,
    /// The role that holds everywhere, or `null` where there are only those in `grants`.
    role: Option<RoleName>,
    /// Roles that hold in single sites or categories. Sites and categories that are gone are left out.
    #[schema(max_items = 1000)]
    grants: Vec<GrantBody>,
    /// Whether it may sign in, and its tokens and keys are good.
    is_active: bool,
    /// The `sub` by which an external identity provider knows it.
    #[schema(max_length = 200, example = "248289761001")]
    external_subject: Option<String>,
    /// Whether it has a password, and so can sign in here.
    has_password: bool,
    /// When it last signed in with its password (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    signed_in_at: Option<String>,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// When it was made (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    updated_at: String,
}

impl From<ManagedUser> for UserBody {
    fn from(managed: ManagedUser) -> Self {
        let ManagedUser { user, grants } = managed;
        let User {
            id,
            content,
            password_hash,
            signed_in_at,
            version,
            created_at,
            updated_at,
        } = user;
        let UserContent {
            email,
            name,
            role,
            grants: _,
            is_active,
            external_subject,
        } = content;
        Self {
            id,
            email,
            name,
            role: role.map(RoleName::from),
            grants: grants.into_iter().map(grant).collect(),
            is_active,
            external_subject,
            has_password: password_hash.is_some(),
            signed_in_at: signed_in_at.map(|at| at.to_rfc3339()),
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
        }
    }
}

fn grant(grant: GrantRecord) -> GrantBody {
    let GrantRecord {
        role,
        site,
        category_path,
    } = grant;
    GrantBody::from(Place {
        role,
        site,
        category_path,
    })
}

/// A page of accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = UserPage)]
pub struct UserPageBody {
    /// The accounts, in the order they were made.
    #[schema(max_items = 100)]
    items: Vec<UserBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl UserPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<ManagedUser, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new account.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::accounts::user` reads"
)]
pub struct UserCreate {
    /// The address it signs in with; no two accounts have the same, whatever its case and width.
    #[schema(min_length = 3, max_length = 254, example = "li.na@example.org")]
    email: String,
    /// What its owner is called.
    #[schema(min_length = 1, max_length = 16000, example = "Li Na")]
    name: String,
    /// The role that holds everywhere; none where it is left out.
    #[schema(nullable = false)]
    role: Option<RoleName>,
    /// Roles that hold in single sites or categories; each place once.
    #[schema(max_items = 1000, nullable = false)]
    grants: Option<Vec<GrantBody>>,
    /// Whether it may sign in; `true` where it is left out.
    #[schema(nullable = false)]
    is_active: Option<bool>,
    /// The `sub` by which an external identity provider knows it.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    external_subject: Option<String>,
    /// Its password. An account of an external provider needs none.
    #[schema(min_length = 8, max_length = 256, format = Password, example = "correct horse battery staple", nullable = false)]
    password: Option<String>,
}

/// A change of an account (RFC 7396).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::accounts::user` reads"
)]
pub struct UserUpdate {
    /// The address it signs in with.
    #[schema(
        min_length = 3,
        max_length = 254,
        example = "li.na@example.org",
        nullable = false
    )]
    email: Option<String>,
    /// What its owner is called.
    #[schema(
        min_length = 1,
        max_length = 16000,
        example = "Li Na",
        nullable = false
    )]
    name: Option<String>,
    /// The role that holds everywhere; `null` for none.
    role: Option<RoleName>,
    /// Roles that hold in single sites or categories; each place once. The list replaces the stored one.
    #[schema(max_items = 1000)]
    grants: Option<Vec<GrantBody>>,
    /// Whether it may sign in; `false` ends its sessions.
    #[schema(nullable = false)]
    is_active: Option<bool>,
    /// The `sub` by which an external identity provider knows it; `null` for none.
    #[schema(min_length = 1, max_length = 200)]
    external_subject: Option<String>,
    /// A new password, which ends its sessions; `null` for none.
    #[schema(min_length = 8, max_length = 256, format = Password, example = "correct horse battery staple")]
    password: Option<String>,
}
