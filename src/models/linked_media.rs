//! Files as those see them who read what refers to them.

use super::media::{Media, StoredFile, Variant};

/// A file that an article refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedMedia {
    /// What it is, by its content.
    pub media_type: String,
    /// Its size in bytes.
    pub size: i64,
    /// The SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
    /// Width in pixels as shown, of pictures.
    pub width: Option<i32>,
    /// Height in pixels as shown, of pictures.
    pub height: Option<i32>,
    /// What a picture shows, for those who do not see it.
    pub alt: Option<String>,
    /// Smaller copies of a picture, the smallest first.
    pub variants: Vec<LinkedVariant>,
}

/// A smaller copy of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedVariant {
    /// Its absolute address.
    pub url: String,
    /// What it is.
    pub variant: Variant,
}

impl LinkedMedia {
    /// A file whose variants are at `url`.
    pub fn new(media: &Media, url: impl Fn(&Variant) -> String) -> Self {
        let Media {
            id: _,
            site_id: _,
            key: _,
            name: _,
            alt,
            file,
        } = media;
        let StoredFile {
            sha256,
            media_type,
            size,
            width,
            height,
            variants,
        } = file;
        let linked = |variant: &Variant| LinkedVariant {
            url: url(variant),
            variant: *variant,
        };
        Self {
            media_type: media_type.clone(),
            size: *size,
            sha256: sha256.clone(),
            width: *width,
            height: *height,
            alt: alt.clone(),
            variants: variants.0.iter().map(linked).collect(),
        }
    }
}
