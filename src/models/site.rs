//! A portal: its names, languages and the fixed texts around every page.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::json::Doc;
use super::time::Ts;
use crate::schema::sites;

/// A filing number, such as an ICP registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// What kind of registration it is, e.g. `icp` or `police`.
    pub kind: String,
    /// The number as printed.
    pub number: String,
    /// Where it can be checked.
    pub url: Option<String>,
}

/// A way to reach the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// `address`, `postcode`, `phone`, `fax`, `email` and the like.
    pub kind: String,
    /// The label printed before it.
    pub label: Option<String>,
    /// The address or number as printed.
    pub value: String,
}

/// Someone credited in the footer, such as the technical support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The label printed before it.
    pub label: Option<String>,
    /// Who is credited.
    pub value: String,
}

/// A fixed text of the site, such as a motto.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What kind of text it is, e.g. `quote`.
    pub kind: String,
    /// The text.
    pub text: String,
    /// Who said it.
    pub attribution: Option<String>,
}

/// What a site may call itself; the spam check compares with it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Identity {
    /// Its names.
    pub names: Vec<String>,
    /// Its domains.
    pub domains: Vec<String>,
}

/// Everything an editor or an import sets on a site, the slug apart.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = sites, treat_none_as_null = true)]
pub struct SiteContent {
    /// Its name.
    pub name: String,
    /// Language served where a reader asks for none.
    pub default_locale: String,
    /// Languages the site publishes in.
    pub locales: Doc<Vec<String>>,
    /// Offset of its wall clock from UTC, e.g. `+08:00`.
    pub utc_offset: String,
    /// What the first breadcrumb is called.
    pub home_label: Option<String>,
    /// Who owns it.
    pub owner: Option<String>,
    /// The copyright line.
    pub copyright: Option<String>,
    /// The notice below articles; `{site}` stands for the site's name.
    pub copyright_notice: Option<String>,
    /// Where its pages live; `{path}` stands for the page's path.
    pub url_template: Option<String>,
    /// Filing numbers.
    pub registrations: Doc<Vec<Registration>>,
    /// Contacts.
    pub contacts: Doc<Vec<Contact>>,
    /// Credits.
    pub credits: Doc<Vec<Credit>>,
    /// Fixed texts.
    pub blocks: Doc<Vec<Block>>,
    /// What it may call itself.
    pub identity: Doc<Identity>,
    /// Whether articles are shown in the other Chinese script to who asks for it by name, where they lack it.
    pub script_variants: bool,
}

/// A stored site.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Site {
    /// Its id.
    pub id: i64,
    /// Its name in addresses, unique.
    pub slug: String,
    /// What it says.
    pub content: SiteContent,
    /// Grows with every change.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Ts,
}
