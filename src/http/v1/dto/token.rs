//! Tokens and the caller's own account on the wire.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::models::access::{Role, Scope};
use crate::models::user::{ApiKey, Session, User};
use crate::service::access::{Account, Issued, Place, PublicKey};

/// What somebody signs in with.
#[derive(ToSchema)]
pub struct TokenRequest {
    /// The address of the account; differences of case do not count.
    #[schema(min_length = 3, max_length = 254, example = "li.na@example.org")]
    pub email: String,
    /// The password.
    #[schema(
        min_length = 1,
        max_length = 256,
        format = Password,
        example = "correct horse battery staple"
    )]
    pub password: String,
}

/// A refresh token.
#[derive(ToSchema)]
pub struct RefreshTokenRequest {
    /// The newest refresh token of the session.
    #[schema(max_length = 1000, example = "mhr_AAAAAAAAAAEAAAAAAAAAAAAGR9yIlkAA")]
    pub refresh_token: String,
}

/// A change of one's own password.
#[derive(ToSchema)]
pub struct PasswordRequest {
    /// The present password.
    #[schema(
        min_length = 1,
        max_length = 256,
        format = Password,
        example = "correct horse battery staple"
    )]
    pub current_password: String,
    /// The new one. Any characters; what counts is the length.
    #[schema(
        min_length = 8,
        max_length = 256,
        format = Password,
        example = "a much better password"
    )]
    pub new_password: String,
}

/// The tokens of a session (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
#[schema(as = TokenPair)]
pub struct TokenBody {
    /// For `Authorization: Bearer`, until it expires.
    #[schema(
        max_length = 8192,
        example = "eyJ0eXAiOiJhdCtqd3QifQ.eyJzdWIiOiIxIn0.c2ln"
    )]
    access_token: String,
    /// For `POST /api/v1/auth/refresh`, once.
    #[schema(max_length = 200, example = "mhr_AAAAAAAAAAEAAAAAAAAAAAAGR9yIlkAA")]
    refresh_token: String,
    /// Always `Bearer` (RFC 6750): whoever has it may use it.
    #[schema(max_length = 6, pattern = "^Bearer$", example = "Bearer")]
    token_type: &'static str,
    /// Seconds for which the access token is good.
    #[schema(minimum = 1, maximum = 86400, example = 900)]
    expires_in: i32,
}

impl From<Issued> for TokenBody {
    fn from(issued: Issued) -> Self {
        let Issued {
            access_token,
            refresh_token,
            expires_in,
        } = issued;
        Self {
            access_token,
            refresh_token,
            token_type: "Bearer",
            expires_in: i32::try_from(expires_in).unwrap_or(i32::MAX),
        }
    }
}

/// What somebody may do; each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// Sees everything, drafts too; changes nothing.
    Reader,
    /// Writes drafts, and changes and deletes those of their own.
    Author,
    /// Comments on and approves what others write.
    Reviewer,
    /// Changes and publishes every article, and the structure around them.
    Editor,
    /// Everything, sites and accounts included.
    Admin,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Reader => Self::Reader,
            Role::Author => Self::Author,
            Role::Reviewer => Self::Reviewer,
            Role::Editor => Self::Editor,
            Role::Admin => Self::Admin,
        }
    }
}

/// What a token or key may be used for, whatever its owner may do besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeName {
    /// Reading articles in every state.
    ArticlesRead,
    /// Writing articles.
    ArticlesWrite,
    /// Reading sites, categories, sources, topics, menus and link groups.
    StructureRead,
    /// Writing these.
    StructureWrite,
    /// Reading accounts and API keys.
    UsersRead,
    /// Writing these.
    UsersWrite,
    /// Reading the audit log.
    AuditRead,
}

impl From<Scope> for ScopeName {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::ArticlesRead => Self::ArticlesRead,
            Scope::ArticlesWrite => Self::ArticlesWrite,
            Scope::StructureRead => Self::StructureRead,
            Scope::StructureWrite => Self::StructureWrite,
            Scope::UsersRead => Self::UsersRead,
            Scope::UsersWrite => Self::UsersWrite,
            Scope::AuditRead => Self::AuditRead,
        }
    }
}

/// A role in one site, or only in one of its categories and what is below that.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Grant)]
pub struct GrantBody {
    /// The role.
    role: RoleName,
    /// Slug of the site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Path of the category, or `null` where the role holds in the whole site.
    #[schema(max_length = 600, example = "news/local")]
    category_path: Option<String>,
}

impl From<Place> for GrantBody {
    fn from(place: Place) -> Self {
        let Place {
            role,
            site,
            category_path,
        } = place;
        Self {
            role: role.into(),
            site,
            category_path,
        }
    }
}

/// The session of an access token.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AccountSession)]
pub struct AccountSessionBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    id: i64,
    /// When it began.
    #[schema(max_length = 32, format = DateTime, example = "2026-01-15T04:00:00Z")]
    created_at: String,
    /// When it ends, however often it is renewed.
    #[schema(max_length = 32, format = DateTime, example = "2026-02-14T04:00:00Z")]
    expires_at: String,
}

impl From<Session> for AccountSessionBody {
    fn from(session: Session) -> Self {
        let Session {
            id,
            user_id: _,
            generation: _,
            rotated_at: _,
            created_at,
            expires_at,
            revoked_at: _,
        } = session;
        Self {
            id,
            created_at: created_at.to_rfc3339(),
            expires_at: expires_at.to_rfc3339(),
        }
    }
}

/// The API key of a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AccountKey)]
pub struct AccountKeyBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    id: i64,
    /// What it is for.
    #[schema(max_length = 16000, example = "nightly import")]
    name: String,
    /// Its public part.
    #[schema(max_length = 32, example = "0a1b2c3d4e5f")]
    prefix: String,
    /// When it stops being good.
    #[schema(max_length = 32, format = DateTime, example = "2026-12-31T00:00:00Z")]
    expires_at: Option<String>,
}

impl From<ApiKey> for AccountKeyBody {
    fn from(key: ApiKey) -> Self {
        let ApiKey {
            id,
            user_id: _,
            name,
            prefix,
            digest: _,
            scopes: _,
            expires_at,
            last_used_at: _,
            revoked_at: _,
            version: _,
            created_at: _,
            updated_at: _,
        } = key;
        Self {
            id,
            name,
            prefix,
            expires_at: expires_at.map(|at| at.to_rfc3339()),
        }
    }
}

/// Who is calling, and what they may do.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountBody {
    /// Id of the account.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    id: i64,
    /// Its address.
    #[schema(max_length = 254, example = "li.na@example.org")]
    email: String,
    /// What its owner is called.
    #[schema(max_length = 16000, example = "Li Na")]
    name: String,
    /// The role that holds everywhere, or `null` where there are only those in `grants`.
    role: Option<RoleName>,
    /// Roles that hold in single sites or categories.
    #[schema(max_items = 1000)]
    grants: Vec<GrantBody>,
    /// What the token or key at hand may be used for.
    #[schema(max_items = 7)]
    scopes: Vec<ScopeName>,
    /// The session, where it is an access token of this server.
    session: Option<AccountSessionBody>,
    /// The API key, where it is one.
    api_key: Option<AccountKeyBody>,
}

impl AccountBody {
    /// The account of somebody who called with these scopes.
    pub fn new(account: Account, scopes: &BTreeSet<Scope>) -> Self {
        let Account {
            user,
            places,
            session,
            api_key,
        } = account;
        let User {
            id,
            content,
            password_hash: _,
            signed_in_at: _,
            version: _,
            created_at: _,
            updated_at: _,
        } = user;
        Self {
            id,
            email: content.email,
            name: content.name,
            role: content.role.map(RoleName::from),
            grants: places.into_iter().map(GrantBody::from).collect(),
            scopes: scopes.iter().copied().map(ScopeName::from).collect(),
            session: session.map(AccountSessionBody::from),
            api_key: api_key.map(AccountKeyBody::from),
        }
    }
}

/// A key that verifies access tokens (RFC 7517, RFC 8037).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = JsonWebKey)]
pub struct KeyBody {
    /// The family of keys, always `OKP`.
    #[schema(max_length = 8, example = "OKP")]
    kty: &'static str,
    /// The curve, always `Ed25519`.
    #[schema(max_length = 16, example = "Ed25519")]
    crv: &'static str,
    /// What it is for, always `sig`.
    #[serde(rename = "use")]
    #[schema(max_length = 8, example = "sig")]
    usage: &'static str,
    /// The algorithm, always `EdDSA`.
    #[schema(max_length = 8, example = "EdDSA")]
    alg: &'static str,
    /// Its name, the thumbprint of RFC 7638.
    #[schema(
        max_length = 64,
        example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )]
    kid: String,
    /// The key itself.
    #[schema(
        max_length = 64,
        example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    )]
    x: String,
}

/// The keys that verify access tokens.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = JsonWebKeys)]
pub struct KeysBody {
    /// Those that sign, will sign or did a while ago.
    #[schema(max_items = 100)]
    keys: Vec<KeyBody>,
}

impl From<Vec<PublicKey>> for KeysBody {
    fn from(keys: Vec<PublicKey>) -> Self {
        let keys = keys.into_iter().map(|PublicKey { kid, x }| KeyBody {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid,
            x,
        });
        Self {
            keys: keys.collect(),
        }
    }
}
