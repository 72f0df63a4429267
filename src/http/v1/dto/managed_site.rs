//! Sites on the wire, for those who may change them.

use serde::Serialize;
use utoipa::ToSchema;

use super::site::{LocaleTag, SiteBlock, SiteContact, SiteCredit, SiteRegistration, each};
use super::total;
use crate::http::pagination::CountKind;
use crate::models::managed::Managed;
use crate::models::page::Page;
use crate::models::site::{Identity, Site, SiteContent};

/// What a site may call itself, so that its own name and addresses are not taken for injected ones.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteIdentity {
    /// Its names.
    #[schema(max_items = 1000)]
    names: Vec<SiteName>,
    /// Its domains.
    #[schema(max_items = 1000)]
    domains: Vec<SiteDomain>,
}

/// A name of a site.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(max_length = 16000, example = "滨海海洋研究所")]
pub struct SiteName(String);

/// A domain of a site.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(max_length = 16000, example = "example.org")]
pub struct SiteDomain(String);

/// A site, as those see it who may change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedSite)]
pub struct ManagedSiteBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    id: i64,
    /// Its name in addresses, unique and stable.
    #[schema(max_length = 200, example = "demo")]
    slug: String,
    /// Its name.
    #[schema(max_length = 16000, min_length = 1, example = "滨海海洋研究所")]
    name: String,
    /// Language served where a reader asks for none.
    #[schema(max_length = 35, example = "zh-Hans")]
    default_locale: String,
    /// Languages the site publishes in, the default one among them.
    #[schema(max_items = 1000)]
    locales: Vec<LocaleTag>,
    /// Offset of its wall clock from UTC.
    #[schema(max_length = 6, example = "+08:00")]
    utc_offset: String,
    /// What the first breadcrumb is called.
    #[schema(max_length = 16000, example = "首页")]
    home_label: Option<String>,
    /// Who owns it.
    #[schema(max_length = 16000, example = "滨海海洋研究所")]
    owner: Option<String>,
    /// The copyright line.
    #[schema(max_length = 80000, example = "© 2026 滨海海洋研究所")]
    copyright: Option<String>,
    /// The notice below articles; `{site}` stands for the site's name.
    #[schema(max_length = 80000)]
    copyright_notice: Option<String>,
    /// Where its pages live; `{path}` stands for the path of a page.
    #[schema(max_length = 2000, example = "https://www.example.org{path}")]
    url_template: Option<String>,
    /// Filing numbers.
    #[schema(max_items = 1000)]
    registrations: Vec<SiteRegistration>,
    /// Ways to reach the owner.
    #[schema(max_items = 1000)]
    contacts: Vec<SiteContact>,
    /// Who is credited in the footer.
    #[schema(max_items = 1000)]
    credits: Vec<SiteCredit>,
    /// Fixed texts, such as a motto.
    #[schema(max_items = 1000)]
    blocks: Vec<SiteBlock>,
    /// What it may call itself.
    identity: SiteIdentity,
    /// Whether its articles are shown in the other Chinese script to readers who ask for it by name (`locale=zh-Hant`) where they lack it.
    #[schema(example = true)]
    script_variants: bool,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// When it was made (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    updated_at: String,
    /// Whether it is held back for what was found in it: see its findings (`GET /api/v1/manage/findings`). Readers do not get it, nor anything in it.
    is_held: bool,
}

impl From<Managed<Site>> for ManagedSiteBody {
    fn from(site: Managed<Site>) -> Self {
        let Managed {
            value,
            site: _,
            version,
            created_at,
            updated_at,
            is_held,
        } = site;
        let Site {
            id,
            slug,
            content,
            version: _,
            updated_at: _,
        } = value;
        let SiteContent {
            name,
            default_locale,
            locales,
            utc_offset,
            home_label,
            owner,
            copyright,
            copyright_notice,
            url_template,
            registrations,
            contacts,
            credits,
            blocks,
            identity,
            script_variants,
        } = content;
        let Identity { names, domains } = identity.0;
        Self {
            id,
            slug,
            name,
            default_locale,
            locales: locales.0.into_iter().map(LocaleTag).collect(),
            utc_offset,
            home_label,
            owner,
            copyright,
            copyright_notice,
            url_template,
            registrations: each(registrations.0),
            contacts: each(contacts.0),
            credits: each(credits.0),
            blocks: each(blocks.0),
            identity: SiteIdentity {
                names: names.into_iter().map(SiteName).collect(),
                domains: domains.into_iter().map(SiteDomain).collect(),
            },
            script_variants,
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
            is_held,
        }
    }
}

/// A page of sites to manage.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedSitePage)]
pub struct ManagedSitePageBody {
    /// The sites, in the order they were made.
    #[schema(max_items = 100)]
    items: Vec<ManagedSiteBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl ManagedSitePageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<Managed<Site>, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: each(page.items),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new site.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::site` reads"
)]
pub struct SiteCreate {
    /// Its name in addresses, unique and stable.
    #[schema(max_length = 200, min_length = 1, example = "demo")]
    slug: String,
    /// Its name.
    #[schema(max_length = 16000, min_length = 1, example = "滨海海洋研究所")]
    name: String,
    /// Language served where a reader asks for none.
    #[schema(max_length = 35, example = "zh-Hans")]
    default_locale: String,
    /// Languages the site publishes in; the default one is added where it is missing.
    #[schema(max_items = 1000, nullable = false)]
    locales: Option<Vec<LocaleTag>>,
    /// Offset of its wall clock from UTC; `+00:00` where it is left out.
    #[schema(max_length = 6, example = "+08:00", nullable = false)]
    utc_offset: Option<String>,
    /// What the first breadcrumb is called.
    #[schema(max_length = 16000, example = "首页", nullable = false)]
    home_label: Option<String>,
    /// Who owns it.
    #[schema(max_length = 16000, example = "滨海海洋研究所", nullable = false)]
    owner: Option<String>,
    /// The copyright line.
    #[schema(
        max_length = 80000,
        example = "© 2026 滨海海洋研究所",
        nullable = false
    )]
    copyright: Option<String>,
    /// The notice below articles; `{site}` stands for the site's name.
    #[schema(max_length = 80000, nullable = false)]
    copyright_notice: Option<String>,
    /// Where its pages live; `{path}` stands for the path of a page.
    #[schema(
        max_length = 2000,
        example = "https://www.example.org{path}",
        nullable = false
    )]
    url_template: Option<String>,
    /// Filing numbers.
    #[schema(max_items = 1000, nullable = false)]
    registrations: Option<Vec<SiteRegistration>>,
    /// Ways to reach the owner.
    #[schema(max_items = 1000, nullable = false)]
    contacts: Option<Vec<SiteContact>>,
    /// Who is credited in the footer.
    #[schema(max_items = 1000, nullable = false)]
    credits: Option<Vec<SiteCredit>>,
    /// Fixed texts, such as a motto.
    #[schema(max_items = 1000, nullable = false)]
    blocks: Option<Vec<SiteBlock>>,
    /// What it may call itself.
    #[schema(nullable = false)]
    identity: Option<SiteIdentity>,
    /// Whether its articles are shown in the other Chinese script to readers who ask for it by name where they lack it; `true` where it is left out.
    #[schema(example = true, nullable = false)]
    script_variants: Option<bool>,
}

/// A change of a site (RFC 7396).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::site` reads"
)]
pub struct SiteUpdate {
    /// Its name.
    #[schema(
        max_length = 16000,
        min_length = 1,
        example = "滨海海洋研究所",
        nullable = false
    )]
    name: Option<String>,
    /// Language served where a reader asks for none; added to `locales` where they lack it.
    #[schema(max_length = 35, example = "zh-Hans", nullable = false)]
    default_locale: Option<String>,
    /// Languages the site publishes in; `null` for the default one alone.
    #[schema(max_items = 1000)]
    locales: Option<Vec<LocaleTag>>,
    /// Offset of its wall clock from UTC.
    #[schema(max_length = 6, example = "+08:00", nullable = false)]
    utc_offset: Option<String>,
    /// What the first breadcrumb is called; `null` for none.
    #[schema(max_length = 16000, example = "首页")]
    home_label: Option<String>,
    /// Who owns it; `null` for none.
    #[schema(max_length = 16000, example = "滨海海洋研究所")]
    owner: Option<String>,
    /// The copyright line; `null` for none.
    #[schema(max_length = 80000, example = "© 2026 滨海海洋研究所")]
    copyright: Option<String>,
    /// The notice below articles; `{site}` stands for the site's name; `null` for none.
    #[schema(max_length = 80000)]
    copyright_notice: Option<String>,
    /// Where its pages live; `{path}` stands for the path of a page; `null` for none.
    #[schema(max_length = 2000, example = "https://www.example.org{path}")]
    url_template: Option<String>,
    /// Filing numbers; replaced whole, `null` for none.
    #[schema(max_items = 1000)]
    registrations: Option<Vec<SiteRegistration>>,
    /// Ways to reach the owner; replaced whole, `null` for none.
    #[schema(max_items = 1000)]
    contacts: Option<Vec<SiteContact>>,
    /// Who is credited in the footer; replaced whole, `null` for none.
    #[schema(max_items = 1000)]
    credits: Option<Vec<SiteCredit>>,
    /// Fixed texts, such as a motto; replaced whole, `null` for none.
    #[schema(max_items = 1000)]
    blocks: Option<Vec<SiteBlock>>,
    /// What it may call itself: merged member by member, `null` for nothing.
    identity: Option<SiteIdentityUpdate>,
    /// Whether its articles are shown in the other Chinese script to readers who ask for it by name where they lack it.
    #[schema(example = true, nullable = false)]
    script_variants: Option<bool>,
}

/// A change of what a site may call itself (RFC 7396).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::site` reads"
)]
pub struct SiteIdentityUpdate {
    /// Its names; `null` for none.
    #[schema(max_items = 1000)]
    names: Option<Vec<SiteName>>,
    /// Its domains; `null` for none.
    #[schema(max_items = 1000)]
    domains: Option<Vec<SiteDomain>>,
}
