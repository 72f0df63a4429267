//! Preview links on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::models::revision::Preview;

/// A link that shows one revision of an article to whoever has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Preview)]
pub struct PreviewBody {
    /// What stands in the link. Who loses it asks for another: it is not kept, but for the answer to an `Idempotency-Key`.
    #[schema(
        max_length = 200,
        pattern = "^mhp_[A-Za-z0-9_-]+$",
        example = "mhp_AAAAAAAAACoAAAAAAAAAAwAGSGX_lPQAAAAAAGlpEkB2ZXJpZmllZA"
    )]
    token: String,
    /// The link: `GET` it without signing in, or give `token` to a front end that does.
    #[schema(
        max_length = 2048,
        format = "uri",
        example = "https://news.example.org/api/v1/preview/mhp_AAAAAAAAACoAAAAAAAAAAwAGSGX_lPQAAAAAAGlpEkB2ZXJpZmllZA"
    )]
    url: String,
    /// Id of the article.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    article_id: i64,
    /// The number of the revision that it shows, whatever follows.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    revision: i64,
    /// From when on it shows nothing any more (RFC 3339, UTC).
    #[schema(max_length = 40, format = DateTime, example = "2026-05-21T01:00:00Z")]
    expires_at: String,
}

impl PreviewBody {
    /// The preview behind `token`, which leads to it at `url`.
    pub fn new(preview: Preview, token: String, url: String) -> Self {
        let Preview {
            article_id,
            revision,
            saved_at: _,
            expires_at,
        } = preview;
        Self {
            token,
            url,
            article_id,
            revision,
            expires_at: expires_at.to_rfc3339(),
        }
    }
}

/// A link that is asked for; `{}` is a good body.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::editorial` reads")]
pub struct PreviewCreate {
    /// The number of the revision to show; the newest of this moment where it is left out.
    #[schema(
        minimum = 1,
        maximum = 9007199254740991_u64,
        example = 1,
        nullable = false
    )]
    revision: Option<i64>,
    /// For how many seconds, a minute to 30 days; a day where it is left out.
    #[schema(minimum = 60, maximum = 2592000, example = 3600, nullable = false)]
    expires_in: Option<i32>,
}
