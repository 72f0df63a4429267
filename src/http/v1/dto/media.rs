//! Files on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::total;
use crate::http::pagination::CountKind;
use crate::models::linked_media::{LinkedMedia, LinkedVariant};
use crate::models::managed::Managed;
use crate::models::media::{ManagedMedia, Media, Variant};
use crate::models::page::Page;

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents a body that is no JSON")]
pub struct MediaBytes(Vec<u8>);

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// Looked at.
    Image,
    /// Listened to.
    Audio,
    /// Watched.
    Video,
    /// Read.
    Document,
    /// Unpacked.
    Archive,
}

impl MediaKind {
    /// The word itself.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
            Self::Archive => "archive",
        }
    }
}

/// A smaller copy of a picture.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MediaVariant {
    /// Width in pixels.
    #[schema(minimum = 1, maximum = 100000, example = 640)]
    width: i32,
    /// Height in pixels.
    #[schema(minimum = 1, maximum = 100000, example = 427)]
    height: i32,
    /// Where it is; always the same bytes.
    #[schema(
        max_length = 20000,
        example = "https://news.example.org/api/v1/media/7/0f3a5b7c9d1e2f40516273849a0b1c2d-640.webp"
    )]
    url: String,
    /// Its media type.
    #[schema(max_length = 200, example = "image/webp")]
    media_type: String,
    /// Its size in bytes.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 48213)]
    size: i64,
}

impl From<LinkedVariant> for MediaVariant {
    fn from(linked: LinkedVariant) -> Self {
        let LinkedVariant { url, variant } = linked;
        let Variant {
            width,
            height,
            size,
        } = variant;
        Self {
            width,
            height,
            url,
            media_type: Variant::MEDIA_TYPE.to_owned(),
            size,
        }
    }
}

/// A file, as those see it who may change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedMedia)]
pub struct ManagedMediaBody {
    /// Its id, stable for ever.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    id: i64,
    /// Slug of its site; `null` where it belongs to all of them.
    #[schema(max_length = 200, example = "demo")]
    site: Option<String>,
    /// Its natural key within the site: a relative path, as portal files name it.
    #[schema(max_length = 200, example = "4b0c9e21aa37f6d8c501.jpg")]
    key: String,
    /// What it is called when somebody saves it.
    #[schema(max_length = 2000, example = "观测网.jpg")]
    name: String,
    /// What a picture shows, for those who do not see it.
    #[schema(max_length = 16000, example = "海面上的观测浮标")]
    alt: Option<String>,
    /// Where it is; always the same bytes. Articles refer to it by this address.
    #[schema(
        max_length = 20000,
        example = "https://news.example.org/api/v1/media/7/0f3a5b7c9d1e2f40516273849a0b1c2d.jpg"
    )]
    url: String,
    /// What it is for, by its media type.
    kind: MediaKind,
    /// What it is, by its content.
    #[schema(max_length = 200, example = "image/jpeg")]
    media_type: String,
    /// Its size in bytes.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 482133)]
    size: i64,
    /// The SHA-256 of its bytes, lower-case hexadecimal.
    #[schema(max_length = 64, pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// Width in pixels as shown; `null` for what is no picture.
    #[schema(minimum = 1, maximum = 1000000000, example = 6000)]
    width: Option<i32>,
    /// Height in pixels as shown; `null` for what is no picture.
    #[schema(minimum = 1, maximum = 1000000000, example = 4000)]
    height: Option<i32>,
    /// Smaller copies of a picture, the smallest first.
    #[schema(max_items = 100)]
    variants: Vec<MediaVariant>,
    /// Whether an article uses it, in whatever state; then it cannot be deleted.
    is_used: bool,
    /// Id of the account that uploaded it; `null` where no account did.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    created_by: Option<i64>,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// When it was uploaded (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    updated_at: String,
    /// Whether it is held back for what was found in it: see its findings (`GET /api/v1/manage/findings`). Readers do not get it.
    is_held: bool,
}

impl From<ManagedMedia> for ManagedMediaBody {
    fn from(file: ManagedMedia) -> Self {
        let ManagedMedia {
            media,
            created_by,
            is_used,
            url,
            linked,
        } = file;
        let Managed {
            value,
            site,
            version,
            created_at,
            updated_at,
            is_held,
        } = media;
        let Media {
            id,
            site_id,
            key,
            name,
            alt: _,
            file: _,
        } = value;
        let LinkedMedia {
            media_type,
            size,
            sha256,
            width,
            height,
            alt,
            variants,
        } = linked;
        Self {
            id,
            site: site_id.map(|_| site),
            key,
            name,
            alt,
            url,
            kind: kind(&media_type),
            media_type,
            size,
            sha256,
            width,
            height,
            variants: variants.into_iter().map(MediaVariant::from).collect(),
            is_used,
            created_by,
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
            is_held,
        }
    }
}

fn kind(media_type: &str) -> MediaKind {
    match media_type.split_once('/') {
        Some(("image", _)) => MediaKind::Image,
        Some(("audio", _)) => MediaKind::Audio,
        Some(("video", _)) => MediaKind::Video,
        Some((_, "zip")) => MediaKind::Archive,
        _ => MediaKind::Document,
    }
}

/// A page of files to manage.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedMediaPage)]
pub struct ManagedMediaPageBody {
    /// The files, the newest first.
    #[schema(max_items = 100)]
    items: Vec<ManagedMediaBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl ManagedMediaPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<ManagedMedia, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a form that `http::upload` reads")]
pub struct MediaCreate {
    /// The file itself, with its name in `filename`.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Slug of its site; left out, it belongs to all of them.
    #[schema(max_length = 200, example = "demo", nullable = false)]
    site: Option<String>,
    /// What it is called when somebody saves it; left out, the name that it comes with.
    #[schema(max_length = 2000, example = "观测网.jpg", nullable = false)]
    name: Option<String>,
    /// What a picture shows, for those who do not see it.
    #[schema(max_length = 16000, example = "海面上的观测浮标", nullable = false)]
    alt: Option<String>,
}

/// A change of a file (RFC 7396). Its bytes never change; upload another one instead.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::records` reads")]
pub struct MediaUpdate {
    /// What it is called when somebody saves it.
    #[schema(max_length = 2000, example = "观测网.jpg", nullable = false)]
    name: Option<String>,
    /// What a picture shows, for those who do not see it; `null` for nothing.
    #[schema(max_length = 16000, example = "海面上的观测浮标")]
    alt: Option<String>,
}
