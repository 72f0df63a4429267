//! Preview links that were made without a request, for tests that only follow them.

use chrono::{DateTime, TimeDelta, Utc};
use masthead::http::preview_token::PreviewKey;
use masthead::models::revision::Preview;
use masthead::models::time::Ts;
use masthead::store;

use super::TestApp;

impl TestApp {
    /// The token of a preview of this revision, good for 30 days.
    pub fn preview_token(&self, article_id: i64, revision: i64) -> String {
        self.preview_token_until(article_id, revision, self.now().0 + TimeDelta::days(30))
    }

    /// The token of a preview of this revision, good until then.
    pub fn preview_token_until(
        &self,
        article_id: i64,
        revision: i64,
        expires_at: DateTime<Utc>,
    ) -> String {
        let conn = &mut self.database().connect();
        let secret = store::secrets::find(conn, "preview_key").unwrap();
        let found = store::articles::revisions::find(conn, article_id, revision).unwrap();
        let found = found.unwrap_or_else(|| panic!("no revision {revision} of {article_id}"));
        let preview = Preview {
            article_id,
            revision,
            saved_at: found.created_at,
            expires_at: Ts(expires_at),
        };
        PreviewKey::new(secret.unwrap()).encode(&preview).unwrap()
    }
}
