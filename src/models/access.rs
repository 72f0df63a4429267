//! Who may do what: roles, the places where they hold, the scopes of keys and tokens, and the one table of all operations
//! that ask for them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What somebody may do; each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
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

impl Role {
    /// Every role, from the least.
    pub const ALL: [Self; 5] = [
        Self::Reader,
        Self::Author,
        Self::Reviewer,
        Self::Editor,
        Self::Admin,
    ];

    /// The word used on the wire, on the command line and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Author => "author",
            Self::Reviewer => "reviewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// The role called `word`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// What a token or key may be used for (RFC 6749, section 3.3), whatever its owner may do besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
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

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::ArticlesRead,
        Self::ArticlesWrite,
        Self::StructureRead,
        Self::StructureWrite,
        Self::UsersRead,
        Self::UsersWrite,
        Self::AuditRead,
    ];

    /// The word used in tokens, on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ArticlesRead => "articles_read",
            Self::ArticlesWrite => "articles_write",
            Self::StructureRead => "structure_read",
            Self::StructureWrite => "structure_write",
            Self::UsersRead => "users_read",
            Self::UsersWrite => "users_write",
            Self::AuditRead => "audit_read",
        }
    }

    /// The scope called `word`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A role in one site, or only in one of its categories and what is below that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The site.
    pub site_id: i64,
    /// The category, where the role does not hold in the whole site.
    pub category_id: Option<i64>,
}

/// What somebody may do, where, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    /// The role that holds everywhere.
    pub role: Option<Role>,
    /// Roles that hold in places.
    pub grants: Vec<Grant>,
    /// What the token or key at hand may be used for.
    pub scopes: BTreeSet<Scope>,
}

impl Rights {
    /// The highest role in any place.
    pub fn somewhere(&self) -> Option<Role> {
        self.grants
            .iter()
            .map(|grant| grant.role)
            .chain(self.role)
            .max()
    }

    /// The role in all of a site.
    pub fn in_site(&self, site_id: i64) -> Option<Role> {
        self.grants
            .iter()
            .filter(|grant| grant.site_id == site_id && grant.category_id.is_none())
            .map(|grant| grant.role)
            .chain(self.role)
            .max()
    }

    /// The role in some place of a site.
    pub fn within_site(&self, site_id: i64) -> Option<Role> {
        self.grants
            .iter()
            .filter(|grant| grant.site_id == site_id)
            .map(|grant| grant.role)
            .chain(self.role)
            .max()
    }

    /// The role in a category of a site; `chain` is the category and all above it.
    pub fn in_category(&self, site_id: i64, chain: &[i64]) -> Option<Role> {
        let here = |grant: &&Grant| grant.category_id.is_some_and(|id| chain.contains(&id));
        self.grants
            .iter()
            .filter(here)
            .map(|grant| grant.role)
            .chain(self.in_site(site_id))
            .max()
    }
}

/// Who is behind a token or key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub user_id: i64,
    /// The session of an access token that this server signed.
    pub session_id: Option<i64>,
    /// The API key, where it was one.
    pub api_key_id: Option<i64>,
    /// How the audit log calls them: the account's address, for keys with the key's prefix.
    pub actor: String,
    /// What they may do.
    pub rights: Rights,
}

/// Who asks, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// From which address; not to be kept as it is.
    pub address: Option<IpAddr>,
    /// The trace under which the request is logged.
    pub trace_id: String,
}

/// Where a role must hold for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// In some place; what is shown is what the caller may see.
    Somewhere,
    /// In the whole site of the thing.
    Site,
    /// In the category of the thing.
    Category,
    /// Everywhere.
    Everywhere,
}

/// What an operation asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What the token or key must be good for; `None` for what anybody may do with their own account.
    pub scope: Option<Scope>,
    /// The least role; `None` where an account is enough.
    pub role: Option<Role>,
    /// Where it must hold.
    pub reach: Reach,
}

macro_rules! operations {
    ($($name:ident $word:literal $scope:tt $role:tt $reach:ident;)+) => {
        /// Every operation that asks who is calling.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the OpenAPI document describes each")]
        pub enum Operation { $($name,)+ }

        impl Operation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in the audit log; in camel case it is the operation's id in the OpenAPI document.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What it asks for.
            pub fn rule(self) -> Rule {
                match self { $(Self::$name => Rule {
                    scope: operations!(@scope $scope),
                    role: operations!(@role $role),
                    reach: Reach::$reach,
                },)+ }
            }
        }
    };
    (@scope _) => { None };
    (@scope $scope:ident) => { Some(Scope::$scope) };
    (@role _) => { None };
    (@role $role:ident) => { Some(Role::$role) };
}

// Authors change and delete only files that they uploaded, and only drafts of their own, which is decided where the article is known, in
// `service/management/articles.rs`; who may take an article from which state to which stands in `models/workflow.rs`.
operations! {
    ListManagedArticles "list_managed_articles" ArticlesRead Reader Somewhere;
    CreateArticle "create_article" ArticlesWrite Author Category;
    GetManagedArticle "get_managed_article" ArticlesRead Reader Category;
    UpdateArticle "update_article" ArticlesWrite Author Category;
    DeleteArticle "delete_article" ArticlesWrite Author Category;
    PutTranslation "put_translation" ArticlesWrite Author Category;
    DeleteTranslation "delete_translation" ArticlesWrite Author Category;
    TransitionArticle "transition_article" ArticlesWrite Author Category;
    ListRevisions "list_revisions" ArticlesRead Reader Category;
    GetRevision "get_revision" ArticlesRead Reader Category;
    DiffRevision "diff_revision" ArticlesRead Reader Category;
    UpdateRevision "update_revision" ArticlesWrite Editor Category;
    RestoreRevision "restore_revision" ArticlesWrite Author Category;
    GetArticleVisibility "get_article_visibility" ArticlesRead Reader Category;
    CreatePreview "create_preview" ArticlesWrite Author Category;

    ListFindings "list_findings" ArticlesRead Reader Somewhere;
    RepairFindings "repair_findings" ArticlesWrite Editor Category;
    DismissFindings "dismiss_findings" ArticlesWrite Editor Category;

    ListManagedSites "list_managed_sites" StructureRead Reader Somewhere;
    CreateSite "create_site" StructureWrite Admin Everywhere;
    GetManagedSite "get_managed_site" StructureRead Reader Site;
    UpdateSite "update_site" StructureWrite Admin Site;
    DeleteSite "delete_site" StructureWrite Admin Everywhere;

    ListManagedCategories "list_managed_categories" StructureRead Reader Somewhere;
    CreateCategory "create_category" StructureWrite Editor Category;
    GetManagedCategory "get_managed_category" StructureRead Reader Category;
    UpdateCategory "update_category" StructureWrite Editor Category;
    DeleteCategory "delete_category" StructureWrite Editor Category;

    ListCategoryFreshness "list_category_freshness" StructureRead Reader Somewhere;
    GetAnalytics "get_analytics" StructureRead Reader Somewhere;

    ListManagedSources "list_managed_sources" StructureRead Reader Somewhere;
    CreateSource "create_source" StructureWrite Editor Somewhere;
    GetManagedSource "get_managed_source" StructureRead Reader Somewhere;
    UpdateSource "update_source" StructureWrite Editor Everywhere;
    DeleteSource "delete_source" StructureWrite Editor Everywhere;
    MergeSource "merge_source" StructureWrite Editor Everywhere;

    ListManagedMedia "list_managed_media" ArticlesRead Reader Somewhere;
    CreateMedia "create_media" ArticlesWrite Author Somewhere;
    GetManagedMedia "get_managed_media" ArticlesRead Reader Site;
    UpdateMedia "update_media" ArticlesWrite Author Site;
    DeleteMedia "delete_media" ArticlesWrite Author Site;

    ListManagedTopics "list_managed_topics" StructureRead Reader Somewhere;
    CreateTopic "create_topic" StructureWrite Editor Site;
    GetManagedTopic "get_managed_topic" StructureRead Reader Site;
    UpdateTopic "update_topic" StructureWrite Editor Site;
    DeleteTopic "delete_topic" StructureWrite Editor Site;

    ListManagedMenus "list_managed_menus" StructureRead Reader Somewhere;
    CreateMenu "create_menu" StructureWrite Editor Site;
    GetManagedMenu "get_managed_menu" StructureRead Reader Site;
    UpdateMenu "update_menu" StructureWrite Editor Site;
    DeleteMenu "delete_menu" StructureWrite Editor Site;

    ListManagedLinkGroups "list_managed_link_groups" StructureRead Reader Somewhere;
    CreateLinkGroup "create_link_group" StructureWrite Editor Site;
    GetManagedLinkGroup "get_managed_link_group" StructureRead Reader Site;
    UpdateLinkGroup "update_link_group" StructureWrite Editor Site;
    DeleteLinkGroup "delete_link_group" StructureWrite Editor Site;

    ListScriptPhrases "list_script_phrases" StructureRead Reader Somewhere;
    CreateScriptPhrase "create_script_phrase" StructureWrite Editor Site;
    GetScriptPhrase "get_script_phrase" StructureRead Reader Site;
    UpdateScriptPhrase "update_script_phrase" StructureWrite Editor Site;
    DeleteScriptPhrase "delete_script_phrase" StructureWrite Editor Site;

    ListHygieneRules "list_hygiene_rules" StructureRead Editor Somewhere;
    CreateHygieneRule "create_hygiene_rule" StructureWrite Admin Everywhere;
    GetHygieneRule "get_hygiene_rule" StructureRead Editor Somewhere;
    UpdateHygieneRule "update_hygiene_rule" StructureWrite Admin Everywhere;
    DeleteHygieneRule "delete_hygiene_rule" StructureWrite Admin Everywhere;

    ListHygieneScans "list_hygiene_scans" StructureRead Editor Somewhere;
    CreateHygieneScan "create_hygiene_scan" StructureWrite Admin Everywhere;
    GetHygieneScan "get_hygiene_scan" StructureRead Editor Somewhere;

    ListUsers "list_users" UsersRead Admin Everywhere;
    CreateUser "create_user" UsersWrite Admin Everywhere;
    GetUser "get_user" UsersRead Admin Everywhere;
    UpdateUser "update_user" UsersWrite Admin Everywhere;
    DeleteUser "delete_user" UsersWrite Admin Everywhere;

    ListApiKeys "list_api_keys" UsersRead Admin Everywhere;
    CreateApiKey "create_api_key" UsersWrite Admin Everywhere;
    GetApiKey "get_api_key" UsersRead Admin Everywhere;
    UpdateApiKey "update_api_key" UsersWrite Admin Everywhere;
    DeleteApiKey "delete_api_key" UsersWrite Admin Everywhere;

    ListAuditEntries "list_audit_entries" AuditRead Admin Everywhere;

    RunBatch "run_batch" _ _ Somewhere;
    GetAccount "get_account" _ _ Somewhere;
    ChangePassword "change_password" _ _ Somewhere;
}

/// Why a caller may not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The token or key is not good for it.
    Scope(Scope),
    /// They have not this role there.
    Role(Role),
}

impl Rights {
    /// Whether these could allow `operation` in some place.
    pub fn might(&self, operation: Operation) -> Result<(), Refusal> {
        let rule = operation.rule();
        if let Some(scope) = rule.scope
            && !self.scopes.contains(&scope)
        {
            return Err(Refusal::Scope(scope));
        }
        let best = match rule.reach {
            Reach::Everywhere => self.role,
            Reach::Site | Reach::Category | Reach::Somewhere => self.somewhere(),
        };
        match rule.role {
            Some(role) if best < Some(role) => Err(Refusal::Role(role)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(role: Option<Role>, grants: &[(Role, i64, Option<i64>)]) -> Rights {
        Rights {
            role,
            grants: grants
                .iter()
                .map(|(role, site_id, category_id)| Grant {
                    role: *role,
                    site_id: *site_id,
                    category_id: *category_id,
                })
                .collect(),
            scopes: Scope::ALL.into(),
        }
    }

    #[test]
    fn roles_hold_in_their_places_only() {
        let rights = rights(None, &[(Role::Reader, 1, None), (Role::Editor, 1, Some(7))]);
        assert_eq!(rights.in_site(1), Some(Role::Reader));
        assert_eq!(rights.within_site(1), Some(Role::Editor));
        assert_eq!(rights.in_category(1, &[9, 7]), Some(Role::Editor));
        assert_eq!(rights.in_category(1, &[9]), Some(Role::Reader));
        assert_eq!(rights.in_category(2, &[9]), None);
        assert_eq!(rights.in_site(2), None);
        assert_eq!(rights.somewhere(), Some(Role::Editor));
    }

    #[test]
    fn a_scope_limits_what_a_role_allows() {
        let mut admin = rights(Some(Role::Admin), &[]);
        assert!(Operation::ALL.iter().all(|o| admin.might(*o).is_ok()));
        admin.scopes = [Scope::ArticlesRead].into();
        assert!(admin.might(Operation::ListManagedArticles).is_ok());
        assert_eq!(
            admin.might(Operation::CreateArticle),
            Err(Refusal::Scope(Scope::ArticlesWrite))
        );
    }

    #[test]
    fn a_role_in_one_place_is_none_everywhere() {
        let local = rights(None, &[(Role::Admin, 1, None)]);
        assert!(local.might(Operation::UpdateSite).is_ok());
        assert_eq!(
            local.might(Operation::CreateUser),
            Err(Refusal::Role(Role::Admin))
        );
    }
}
