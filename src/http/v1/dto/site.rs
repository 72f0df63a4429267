//! Sites on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::whole;
use crate::http::links::Links;
use crate::http::pagination::CountKind;
use crate::models::site::{Block, Contact, Credit, Registration, Site, SiteContent};

/// A portal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteBody {
    /// Its name in addresses, unique and stable.
    #[schema(max_length = 200, example = "demo")]
    slug: String,
    /// Its name.
    #[schema(max_length = 2000, example = "滨海海洋研究所")]
    name: String,
    /// Who owns it.
    #[schema(max_length = 2000, example = "滨海海洋研究所")]
    owner: Option<String>,
    /// What the first breadcrumb is called.
    #[schema(max_length = 2000, example = "首页")]
    home_label: Option<String>,
    /// Language served where a reader asks for none.
    #[schema(max_length = 35, example = "zh-Hans")]
    default_locale: String,
    /// Languages the site publishes in.
    #[schema(max_items = 1000)]
    locales: Vec<LocaleTag>,
    /// Offset of its wall clock from UTC.
    #[schema(max_length = 6, example = "+08:00")]
    utc_offset: String,
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
    /// The copyright line.
    #[schema(max_length = 80000, example = "© 2026 滨海海洋研究所")]
    copyright: Option<String>,
    /// The notice below articles, with the site's name in its place.
    #[schema(max_length = 2097152)]
    copyright_notice: Option<String>,
    /// The address of its home page.
    #[schema(
        max_length = 20000,
        format = "uri",
        example = "https://www.example.org/"
    )]
    url: String,
}

/// A language tag, BCP 47.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(max_length = 35, example = "zh-Hans")]
pub struct LocaleTag(pub(super) String);

/// A filing number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteRegistration {
    /// What kind of registration it is, e.g. `icp` or `police`.
    #[schema(max_length = 2000, example = "icp")]
    kind: String,
    /// The number as printed.
    #[schema(max_length = 2000, example = "京ICP备00000000号-1")]
    number: String,
    /// Where it can be checked.
    #[schema(max_length = 2000)]
    url: Option<String>,
}

/// A way to reach the owner.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteContact {
    /// `address`, `postcode`, `phone`, `fax`, `email` and the like.
    #[schema(max_length = 2000, example = "email")]
    kind: String,
    /// The label printed before it.
    #[schema(max_length = 2000, example = "电子邮箱")]
    label: Option<String>,
    /// The address or number as printed.
    #[schema(max_length = 2000, example = "office@example.org")]
    value: String,
}

/// Someone credited in the footer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteCredit {
    /// The label printed before it.
    #[schema(max_length = 2000, example = "技术支持")]
    label: Option<String>,
    /// Who is credited.
    #[schema(max_length = 2000, example = "Example Ltd")]
    value: String,
}

/// A fixed text of a site.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteBlock {
    /// What kind of text it is, e.g. `quote`.
    #[schema(max_length = 2000, example = "quote")]
    kind: String,
    /// The text.
    #[schema(max_length = 80000)]
    text: String,
    /// Who said it.
    #[schema(max_length = 2000)]
    attribution: Option<String>,
}

/// Every site.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteCollection {
    /// The sites, in the order they were made.
    #[schema(max_items = 100000)]
    items: Vec<SiteBody>,
    /// Always `null`: the list comes whole.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl From<Registration> for SiteRegistration {
    fn from(registration: Registration) -> Self {
        let Registration { kind, number, url } = registration;
        Self { kind, number, url }
    }
}

impl From<Contact> for SiteContact {
    fn from(contact: Contact) -> Self {
        let Contact { kind, label, value } = contact;
        Self { kind, label, value }
    }
}

impl From<Credit> for SiteCredit {
    fn from(credit: Credit) -> Self {
        let Credit { label, value } = credit;
        Self { label, value }
    }
}

impl From<Block> for SiteBlock {
    fn from(block: Block) -> Self {
        let Block {
            kind,
            text,
            attribution,
        } = block;
        Self {
            kind,
            text,
            attribution,
        }
    }
}

/// Each of some parts, on the wire.
pub(super) fn each<T, U: From<T>>(parts: Vec<T>) -> Vec<U> {
    parts.into_iter().map(U::from).collect()
}

impl SiteBody {
    /// The site as readers see it.
    pub fn new(site: Site, links: &Links) -> Self {
        let Site {
            id: _,
            slug,
            content,
            version: _,
            updated_at: _,
        } = site;
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
            identity: _,
            script_variants: _,
        } = content;
        Self {
            url: links.site(&slug, url_template.as_deref()),
            copyright_notice: copyright_notice.map(|notice| notice.replace("{site}", &name)),
            slug,
            name,
            owner,
            home_label,
            default_locale,
            locales: locales.0.into_iter().map(LocaleTag).collect(),
            utc_offset,
            registrations: each(registrations.0),
            contacts: each(contacts.0),
            credits: each(credits.0),
            blocks: each(blocks.0),
            copyright,
        }
    }
}

impl SiteCollection {
    /// All of `sites`.
    pub fn new(sites: Vec<Site>, links: &Links) -> Self {
        let items: Vec<SiteBody> = sites
            .into_iter()
            .map(|site| SiteBody::new(site, links))
            .collect();
        let (total, total_kind) = whole(&items);
        Self {
            items,
            next_cursor: None,
            total,
            total_kind,
        }
    }
}
