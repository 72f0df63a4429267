//! Which members the bodies of requests that are counted have.

use super::fields::{Fields, list, number, text};
use crate::models::rules;

/// Most articles of one request.
pub const MOST: usize = 100;

/// Who saw something, as front ends that render on a server say it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VisitRecord {
    /// What the front end calls its visitor.
    pub visitor: Option<String>,
    /// What the visitor's program calls itself.
    pub user_agent: Option<String>,
}

/// Who saw something.
pub fn visit(fields: &mut Fields<'_, '_>) -> VisitRecord {
    VisitRecord {
        visitor: fields.optional("visitor", text(rules::visitor)),
        user_agent: fields.optional("user_agent", text(rules::user_agent)),
    }
}

/// Who saw which articles.
pub fn views(fields: &mut Fields<'_, '_>) -> (VisitRecord, Vec<i64>) {
    let ids: Option<Vec<i64>> = fields.required("article_ids", list(number(rules::id)));
    if (ids.as_ref()).is_some_and(|ids| ids.is_empty() || ids.len() > MOST) {
        fields.fault(
            "article_ids",
            "out_of_range",
            format!("must name 1 to {MOST} articles; send more in several requests"),
        );
    }
    (visit(fields), ids.unwrap_or_default())
}
