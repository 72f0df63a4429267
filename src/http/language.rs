//! Which language a reader gets: `locale`, else `Accept-Language`.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{FromRequest, HttpRequest};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use crate::models::rules;
use crate::service::articles::Languages;
use crate::text::language;

/// The `locale` parameter: a BCP 47 language tag, in canonical case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale(String);

impl Locale {
    /// The tag itself.
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for Locale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        rules::canonical_locale(&text).map(Self).ok_or_else(|| {
            D::Error::custom("must be a language tag such as `zh-Hans` or `en` (BCP 47)")
        })
    }
}

/// What to do where the language asked for does not exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// Serve another one and say so.
    #[default]
    Any,
    /// Answer 404.
    None,
}

/// The languages of the `Accept-Language` header, best first (RFC 9110, section 12.5.4). What cannot be read is skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AcceptLanguage(Vec<String>);

impl AcceptLanguage {
    /// What the reader wants, with the parameters of the request.
    pub fn languages(self, locale: Option<Locale>, fallback: Fallback) -> Languages {
        Languages {
            // Who asks by name gets the same answer whatever the header says, so caches need not look at it.
            accepted: if locale.is_some() { Vec::new() } else { self.0 },
            locale: locale.map(|l| l.0),
            strict: fallback == Fallback::None,
        }
    }
}

impl FromRequest for AcceptLanguage {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let lines: Vec<&str> = req
            .headers()
            .get_all(ACCEPT_LANGUAGE)
            .filter_map(|value| value.to_str().ok())
            .collect();
        ready(Ok(Self(language::parse_accept_language(&lines.join(",")))))
    }
}

/// For `params(AcceptLanguage)` in the documentation of a handler.
impl IntoParams for AcceptLanguage {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let header = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(1000));
        vec![
            ParameterBuilder::new()
                .name("Accept-Language")
                .parameter_in(ParameterIn::Header)
                .description(Some(
                    "Languages the reader wants, looked up as in RFC 4647; `locale` goes before it",
                ))
                .schema(Some(header))
                .example(Some("zh-Hans, en;q=0.5".into()))
                .build(),
        ]
    }
}
