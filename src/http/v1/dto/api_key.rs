//! API keys on the wire. Only the answer that makes one has the key itself.

use serde::Serialize;
use utoipa::ToSchema;

use super::token::ScopeName;
use super::total;
use crate::http::pagination::CountKind;
use crate::models::page::Page;
use crate::models::user::ApiKey;

/// A key of a program.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    id: i64,
    /// What it is for.
    #[schema(max_length = 16000, example = "nightly import")]
    name: String,
    /// The account whose rights it has.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    user_id: i64,
    /// Its public part: the key begins with `mh_` and this.
    #[schema(max_length = 32, example = "0a1b2c3d4e5f")]
    prefix: String,
    /// What it may be used for, whatever its account may do besides.
    #[schema(max_items = 7)]
    scopes: Vec<ScopeName>,
    /// When it stops being good (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    expires_at: Option<String>,
    /// When it was last used, to the minute (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    last_used_at: Option<String>,
    /// When it was revoked (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    revoked_at: Option<String>,
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

impl From<ApiKey> for ApiKeyBody {
    fn from(key: ApiKey) -> Self {
        let ApiKey {
            id,
            user_id,
            name,
            prefix,
            digest: _,
            scopes,
            expires_at,
            last_used_at,
            revoked_at,
            version,
            created_at,
            updated_at,
        } = key;
        Self {
            id,
            name,
            user_id,
            prefix,
            scopes: scopes.into_iter().map(ScopeName::from).collect(),
            expires_at: expires_at.map(|at| at.to_rfc3339()),
            last_used_at: last_used_at.map(|at| at.to_rfc3339()),
            revoked_at: revoked_at.map(|at| at.to_rfc3339()),
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
        }
    }
}

/// A new key of a program, with the key itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ApiKeyCreated)]
pub struct ApiKeyCreatedBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    id: i64,
    /// What it is for.
    #[schema(max_length = 16000, example = "nightly import")]
    name: String,
    /// The account whose rights it has.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    user_id: i64,
    /// Its public part: the key begins with `mh_` and this.
    #[schema(max_length = 32, example = "0a1b2c3d4e5f")]
    prefix: String,
    /// What it may be used for, whatever its account may do besides.
    #[schema(max_items = 7)]
    scopes: Vec<ScopeName>,
    /// When it stops being good (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    expires_at: Option<String>,
    /// When it was last used, to the minute (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    last_used_at: Option<String>,
    /// When it was revoked (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    revoked_at: Option<String>,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// When it was made (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    updated_at: String,
    /// The key itself, for `Authorization: Bearer`. It is shown this once: nobody can find it again. `null` where the answer is
    /// repeated for its `Idempotency-Key`.
    #[schema(
        max_length = 200,
        example = "mh_0a1b2c3d4e5f_1Vx3GQ2nB8c0yq7Qd5mZrT9wYbKfLhJsPaUeXoCi4Ew"
    )]
    key: Option<String>,
}

impl From<ApiKeyBody> for ApiKeyCreatedBody {
    /// Without the key itself, which is not stored.
    fn from(body: ApiKeyBody) -> Self {
        let ApiKeyBody {
            id,
            name,
            user_id,
            prefix,
            scopes,
            expires_at,
            last_used_at,
            revoked_at,
            version,
            created_at,
            updated_at,
        } = body;
        Self {
            id,
            name,
            user_id,
            prefix,
            scopes,
            expires_at,
            last_used_at,
            revoked_at,
            version,
            created_at,
            updated_at,
            key: None,
        }
    }
}

/// A page of API keys.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ApiKeyPage)]
pub struct ApiKeyPageBody {
    /// The API keys, in the order they were made.
    #[schema(max_items = 100)]
    items: Vec<ApiKeyBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl ApiKeyPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<ApiKey, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new API key.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::accounts::api_key` reads"
)]
pub struct ApiKeyCreate {
    /// What it is for.
    #[schema(min_length = 1, max_length = 16000, example = "nightly import")]
    name: String,
    /// The account whose rights it has; the caller's own where it is left out.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, nullable = false)]
    user_id: Option<i64>,
    /// What it may be used for; each once.
    #[schema(min_items = 1, max_items = 7)]
    scopes: Vec<ScopeName>,
    /// When it stops being good: in the future (RFC 3339); never where it is left out.
    #[schema(max_length = 40, format = "date-time", nullable = false)]
    expires_at: Option<String>,
}

/// A change of an API key (RFC 7396).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::accounts::api_key` reads"
)]
pub struct ApiKeyUpdate {
    /// What it is for.
    #[schema(
        min_length = 1,
        max_length = 16000,
        example = "nightly import",
        nullable = false
    )]
    name: Option<String>,
    /// What it may be used for; each once.
    #[schema(min_items = 1, max_items = 7, nullable = false)]
    scopes: Option<Vec<ScopeName>>,
    /// When it stops being good: in the future (RFC 3339); `null` for never.
    #[schema(max_length = 40, format = "date-time")]
    expires_at: Option<String>,
    /// `true` revokes it for good.
    #[schema(nullable = false)]
    is_revoked: Option<bool>,
}
