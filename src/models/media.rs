//! Files: bytes that are stored once, and what people call them.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::json::Doc;
use super::linked_media::LinkedMedia;
use super::managed::Managed;

/// A smaller copy of a picture, as WebP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Width in pixels.
    pub width: i32,
    /// Height in pixels.
    pub height: i32,
    /// Size in bytes.
    pub size: i64,
}

impl Variant {
    /// The media type of all variants.
    pub const MEDIA_TYPE: &str = "image/webp";
}

/// Bytes in the storage, once however often they were uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct StoredFile {
    /// The SHA-256 of the bytes, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// What they are, by their content.
    pub media_type: String,
    /// How many they are.
    pub size: i64,
    /// Width in pixels as shown, of pictures.
    pub width: Option<i32>,
    /// Height in pixels as shown, of pictures.
    pub height: Option<i32>,
    /// Smaller copies, the smallest first.
    pub variants: Doc<Vec<Variant>>,
}

/// A file as a site knows it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Media {
    /// Its id.
    pub id: i64,
    /// Its site; `None` where it belongs to all of them.
    pub site_id: Option<i64>,
    /// Its natural key within the site: a relative path, as portal files name it.
    pub key: String,
    /// What it is called when somebody saves it.
    pub name: String,
    /// What a picture shows, for those who do not see it.
    pub alt: Option<String>,
    /// Its bytes.
    pub file: StoredFile,
}

/// A file that is not there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMedia {
    /// Its site; `None` where it belongs to all of them.
    pub site_id: Option<i64>,
    /// Its natural key within the site.
    pub key: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// The word for what it is for: `image`, `audio`, `video`, `document`, `archive`.
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
    /// What it shows.
    pub alt: Option<String>,
    /// The account that brings it.
    pub created_by: Option<i64>,
}

/// Which files a list has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MediaFilter {
    /// Those of one site, or with `Some(None)` those of none.
    pub site_id: Option<Option<i64>>,
    /// Those of these sites and of none; `None` for all.
    pub visible_sites: Option<Vec<i64>>,
    /// What they are for.
    pub kind: Option<&'static str>,
}

/// A file as those see it who may change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedMedia {
    /// The file, with its version.
    pub media: Managed<Media>,
    /// The account that uploaded it.
    pub created_by: Option<i64>,
    /// Whether an article uses it.
    pub is_used: bool,
    /// Its address.
    pub url: String,
    /// What those see of it who read what refers to it.
    pub linked: LinkedMedia,
}
