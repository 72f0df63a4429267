//! How a reader wants an article to be shown. It knows parameters, no operation.

use serde::Deserialize;
use utoipa::IntoParams;

use super::article::Inclusions;
use crate::http::language::{AcceptLanguage, Fallback, Locale};
use crate::service::articles::{Include, Languages};

/// How to show an article.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticleShownQuery {
    /// Language to serve, as a BCP 47 tag. Without it `Accept-Language` decides, then the site's default. Who names a Chinese script here
    /// (`zh-Hant`, `zh-Hans`), or a region that stands for one (`zh-TW`, `zh-HK`, `zh-MO`, `zh-CN`, `zh-SG`), gets an article that exists only in
    /// the other script put into this one, see `derived`, unless its site does without.
    #[param(value_type = Option<String>, min_length = 2, max_length = 35, example = "zh-Hans")]
    locale: Option<Locale>,
    /// What to do where `locale` neither exists nor can be derived: `any` serves another language and says so, `none` answers 404.
    #[serde(default)]
    #[param(inline = false)]
    fallback: Fallback,
    /// Parts that are `null` otherwise, separated by commas: `breadcrumbs`, `neighbors`, `related`, `site_details`.
    #[param(value_type = Option<String>, max_length = 200, example = "breadcrumbs,neighbors")]
    #[serde(default)]
    include: Inclusions,
}

impl ArticleShownQuery {
    /// The languages and the parts that are asked for.
    pub fn resolve(self, accepted: AcceptLanguage) -> (Languages, Include) {
        let Self {
            locale,
            fallback,
            include,
        } = self;
        (accepted.languages(locale, fallback), include.into())
    }
}
