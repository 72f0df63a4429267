//! Parameters that say which articles are asked for, the same for lists and for the search. They know no operation.

use crate::error::Fault;
use crate::http::conditional::SurrogateKeys;
use crate::http::language::Locale;
use crate::http::parameters::{IdList, KeywordText, PathText, SiteSlug, When};
use crate::http::problem::Problem;
use crate::http::query::RecordId;
use crate::service::articles::{ArticleFilters, Moment, Summary};

/// Makes a struct of query parameters with those of [`Narrowing`] in the place of `..filters`, and `narrowing`, which takes them out.
///
/// A macro, because with `#[serde(flatten)]` all values would be read as texts, and unknown parameters could not be told.
macro_rules! with_article_filters {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($(#[$first_about:meta])* $first:ident: $first_type:ty,)*
            ..filters,
            $($(#[$last_about:meta])* $last:ident: $last_type:ty,)*
        }
    ) => {
        $(#[$about])*
        pub struct $name {
            $($(#[$first_about])* $first: $first_type,)*
            /// Only articles of the site with this slug.
            #[param(value_type = Option<String>, min_length = 1, max_length = 200, example = "demo")]
            site: Option<$crate::http::parameters::SiteSlug>,
            /// Only articles of exactly this category, by id; with `subtree=true` also of those below.
            #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
            category: Option<$crate::http::query::RecordId>,
            /// Only articles of exactly the category at this path (or that was there last), with `subtree=true` also of those below; needs `site`.
            #[param(value_type = Option<String>, min_length = 1, max_length = 600)]
            category_path: Option<$crate::http::parameters::PathText>,
            /// Whether `category` and `category_path` also mean the categories below.
            #[serde(default)]
            subtree: bool,
            /// Only articles that name this source anywhere in their chain, by id.
            #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
            source: Option<$crate::http::query::RecordId>,
            /// Only articles of this topic, by id.
            #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
            topic: Option<$crate::http::query::RecordId>,
            /// Only articles with this keyword in any language, whatever its width, case and blanks.
            #[param(value_type = Option<String>, min_length = 1, max_length = 2000)]
            keyword: Option<$crate::http::parameters::KeywordText>,
            /// Only articles by this contributor, by id.
            #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
            contributor: Option<$crate::http::query::RecordId>,
            /// Only articles that exist in this language, as a BCP 47 tag; `zh` means `zh-Hans` and `zh-Hant` too.
            #[param(value_type = Option<String>, min_length = 2, max_length = 35, example = "zh")]
            available_in: Option<$crate::http::language::Locale>,
            /// Only articles published then or later: a date-time (RFC 3339), or a date, which begins at midnight where the
            /// site is, or in UTC without `site`.
            #[param(value_type = Option<String>, min_length = 10, max_length = 40, example = "2020-01-01")]
            published_from: Option<$crate::http::parameters::When>,
            /// Only articles published before then, so `2026-02-01` ends with January: a date-time or a date, as above.
            #[param(value_type = Option<String>, min_length = 10, max_length = 40)]
            published_to: Option<$crate::http::parameters::When>,
            /// Only articles changed then or later: a date-time or a date, as above. In lists cheapest with
            /// `sort=updated_at`. To keep a copy follow `/articles/changes` instead, which misses nothing.
            #[param(value_type = Option<String>, min_length = 10, max_length = 40)]
            updated_from: Option<$crate::http::parameters::When>,
            /// Only articles with files, or only those without.
            has_attachments: Option<bool>,
            /// Only these articles: up to 100 ids, separated by commas. The order is that of `sort`.
            #[param(value_type = Option<String>, min_length = 1, max_length = 1700, pattern = "^[0-9]+(,[0-9]+)*$")]
            ids: Option<$crate::http::parameters::IdList>,
            $($(#[$last_about])* $last: $last_type,)*
        }

        impl $name {
            /// Which articles are asked for.
            fn narrowing(&self) -> $crate::http::v1::dto::article_filters::Narrowing {
                $crate::http::v1::dto::article_filters::Narrowing {
                    site: self.site.clone(),
                    category: self.category,
                    category_path: self.category_path.clone(),
                    subtree: self.subtree,
                    source: self.source,
                    topic: self.topic,
                    keyword: self.keyword.clone(),
                    contributor: self.contributor,
                    available_in: self.available_in.clone(),
                    published_from: self.published_from,
                    published_to: self.published_to,
                    updated_from: self.updated_from,
                    has_attachments: self.has_attachments,
                    ids: self.ids.clone(),
                }
            }
        }
    };
}
pub(crate) use with_article_filters;

/// Which articles are asked for, as the parameters of `with_article_filters!` say it.
#[derive(Debug, Clone)]
pub struct Narrowing {
    /// `site`.
    pub site: Option<SiteSlug>,
    /// `category`.
    pub category: Option<RecordId>,
    /// `category_path`.
    pub category_path: Option<PathText>,
    /// `subtree`.
    pub subtree: bool,
    /// `source`.
    pub source: Option<RecordId>,
    /// `topic`.
    pub topic: Option<RecordId>,
    /// `keyword`.
    pub keyword: Option<KeywordText>,
    /// `contributor`.
    pub contributor: Option<RecordId>,
    /// `available_in`.
    pub available_in: Option<Locale>,
    /// `published_from`.
    pub published_from: Option<When>,
    /// `published_to`.
    pub published_to: Option<When>,
    /// `updated_from`.
    pub updated_from: Option<When>,
    /// `has_attachments`.
    pub has_attachments: Option<bool>,
    /// `ids`.
    pub ids: Option<IdList>,
}

impl Narrowing {
    /// Refuses parameters that do not go together.
    pub fn check(&self) -> Result<(), Problem> {
        let fault = |name: &str, code, mend: &str| {
            let detail = format!("`{name}` {mend}");
            Problem::bad_parameter(vec![Fault::new(format!("/{name}"), code, detail)])
        };
        if self.category_path.is_some() && self.site.is_none() {
            return Err(fault(
                "category_path",
                "needs_site",
                "needs `site` beside it",
            ));
        }
        if self.subtree && self.category.is_none() && self.category_path.is_none() {
            return Err(fault(
                "subtree",
                "needs_category",
                "needs `category` or `category_path` beside it",
            ));
        }
        let is_empty = match (self.published_from, self.published_to) {
            (Some(When(Moment::Day(from))), Some(When(Moment::Day(to)))) => from >= to,
            (Some(When(Moment::At(from))), Some(When(Moment::At(to)))) => from >= to,
            _ => false,
        };
        if is_empty {
            return Err(fault(
                "published_to",
                "empty_range",
                "must be after `published_from`; it is not part of the range: one day is from that day to the next",
            ));
        }
        Ok(())
    }

    /// What a cursor is bound to.
    pub fn marks(&self) -> Vec<Option<String>> {
        let Self {
            site,
            category,
            category_path,
            subtree,
            source,
            topic,
            keyword,
            contributor,
            available_in,
            published_from,
            published_to,
            updated_from,
            has_attachments,
            ids,
        } = self;
        let id = |id: &Option<RecordId>| id.map(|id| id.get().to_string());
        let when = |when: &Option<When>| when.map(|when| format!("{:?}", when.0));
        vec![
            site.clone().map(|site| site.0),
            id(category),
            category_path.clone().map(|path| path.0),
            Some(subtree.to_string()),
            id(source),
            id(topic),
            keyword.clone().map(|keyword| keyword.0),
            id(contributor),
            available_in.clone().map(Locale::into_inner),
            when(published_from),
            when(published_to),
            when(updated_from),
            has_attachments.map(|has| has.to_string()),
            ids.as_ref().map(|ids| format!("{:?}", ids.0)),
        ]
    }

    /// What an answer belongs to that shows these `articles`.
    pub fn surrogate_keys<'a>(
        &self,
        articles: impl IntoIterator<Item = &'a Summary>,
    ) -> SurrogateKeys {
        let mut keys = SurrogateKeys::default();
        if let Some(site) = &self.site {
            keys = keys.site(&site.0);
        }
        if let Some(category) = self.category {
            keys = keys.category(category.get());
        }
        keys_of(keys, articles)
    }
}

/// `keys`, and those of the articles with their sites and categories.
pub fn keys_of<'a>(
    keys: SurrogateKeys,
    articles: impl IntoIterator<Item = &'a Summary>,
) -> SurrogateKeys {
    articles.into_iter().fold(keys, |keys, summary| {
        let shown = &summary.article;
        keys.site(&shown.site_slug)
            .category(shown.article.category_id)
            .article(shown.article.id)
    })
}

impl From<Narrowing> for ArticleFilters {
    fn from(narrowing: Narrowing) -> Self {
        let Narrowing {
            site,
            category,
            category_path,
            subtree,
            source,
            topic,
            keyword,
            contributor,
            available_in,
            published_from,
            published_to,
            updated_from,
            has_attachments,
            ids,
        } = narrowing;
        let moment = |when: Option<When>| when.map(|when| when.0);
        Self {
            site: site.map(|site| site.0),
            category: category.map(RecordId::get),
            category_path: category_path.map(|path| path.0),
            subtree,
            source: source.map(RecordId::get),
            topic: topic.map(RecordId::get),
            keyword: keyword.map(|keyword| keyword.0),
            contributor: contributor.map(RecordId::get),
            available_in: available_in.map(Locale::into_inner),
            published_from: moment(published_from),
            published_to: moment(published_to),
            updated_from: moment(updated_from),
            has_attachments,
            ids: ids.map(|ids| ids.0),
        }
    }
}
