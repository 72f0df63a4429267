//! Wire types, one file a resource. Built by destructuring, so that a new column stops the compiler until someone
//! decides whether it is public. No member is ever missing; absent values are `null`, empty lists `[]`.

pub mod analytics;
pub mod api_key;
pub mod article;
pub mod article_filters;
pub mod article_query;
pub mod article_request;
pub mod audit_entry;
pub mod batch;
pub mod category;
pub mod counting;
pub mod finding;
pub mod freshness;
pub mod history;
pub mod hygiene_rule;
pub mod hygiene_scan;
pub mod link_group;
pub mod managed_article;
pub mod managed_site;
pub mod media;
pub mod menu;
pub mod preview;
pub mod ranking;
pub mod repair;
pub mod revision;
pub mod revision_diff;
pub mod script_phrase;
pub mod search;
pub mod site;
pub mod source;
pub mod suggestion;
pub mod token;
pub mod topic;
pub mod user;
pub mod visibility;

use crate::http::pagination::CountKind;
use crate::models::page::Total;

/// A named schema of an object whose members are described elsewhere, or nowhere.
macro_rules! free_object {
    ($(#[doc = $about:literal])+ $name:ident) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .description(Some(concat!($($about),+).trim()))
                    .additional_properties(Some(
                        utoipa::openapi::schema::AdditionalProperties::FreeForm(true),
                    ))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}
pub(crate) use free_object;

/// The two members that a total becomes.
fn total(total: Total) -> (Option<i64>, CountKind) {
    match total {
        Total::Unknown => (None, CountKind::None),
        Total::Exact(n) => (Some(n), CountKind::Exact),
        Total::Estimated(n) => (Some(n), CountKind::Estimated),
    }
}

/// The total of a list that comes whole.
fn whole<T>(items: &[T]) -> (Option<i64>, CountKind) {
    (i64::try_from(items.len()).ok(), CountKind::Exact)
}
