//! Extractors for the segments of paths. What cannot stand in one does not exist: 404. They know no operation.

use std::borrow::Cow;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{KnownFormat, Required, SchemaFormat, Type};

use crate::http::problem::Problem;
use crate::http::query::{MAX_ID, positive};
use crate::models::rules;

/// The `{id}` segment of a path. What cannot be an id does not exist: 404.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdPath(pub i64);

impl FromRequest for IdPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req
            .match_info()
            .get("id")
            .and_then(positive)
            .filter(|id| *id <= MAX_ID);
        ready(id.map(Self).ok_or_else(Problem::not_found))
    }
}

/// The `{site}` segment of a path. What cannot be a slug does not exist: 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePath(pub String);

impl FromRequest for SitePath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(decoded(req, "site", rules::slug).map(Self))
    }
}

/// The `{key}` segment of a path. What cannot be a key does not exist: 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPath(pub String);

impl FromRequest for KeyPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(decoded(req, "key", rules::key).map(Self))
    }
}

/// The `{token}` segment of a path, whatever it is.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenPath(pub String);

impl FromRequest for TokenPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = req.match_info().get("token").unwrap_or_default();
        ready(Ok(Self(token.to_owned())))
    }
}

/// The `{site}` and `{slug}` segments of a path. What cannot be slugs does not exist: 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlugPath {
    /// Slug of the site.
    pub site: String,
    /// Slug of the article.
    pub slug: String,
}

impl FromRequest for SlugPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let site = decoded(req, "site", rules::slug);
        let slug = decoded(req, "slug", rules::slug);
        ready(site.and_then(|site| Ok(Self { site, slug: slug? })))
    }
}

/// The `{id}` and `{locale}` segments of a path. What cannot be an id or a language tag does not exist: 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslationPath {
    /// Id of the article.
    pub id: i64,
    /// The language, in its canonical casing.
    pub locale: String,
}

impl TranslationPath {
    /// The path with these segments.
    pub fn parse(id: &str, locale: &str) -> Option<Self> {
        Some(Self {
            id: positive(id).filter(|id| *id <= MAX_ID)?,
            locale: rules::canonical_locale(locale)?,
        })
    }
}

/// The `{id}` and `{number}` segments of a path. What cannot be an id or a number does not exist: 404.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevisionPath {
    /// Id of the article.
    pub id: i64,
    /// Number of the revision.
    pub number: i64,
}

impl RevisionPath {
    /// The path with these segments.
    pub fn parse(id: &str, number: &str) -> Option<Self> {
        let positive = |segment| positive(segment).filter(|n| *n <= MAX_ID);
        Some(Self {
            id: positive(id)?,
            number: positive(number)?,
        })
    }
}

impl FromRequest for RevisionPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let segment = |name| req.match_info().get(name).unwrap_or_default();
        ready(Self::parse(segment("id"), segment("number")).ok_or_else(Problem::not_found))
    }
}

impl FromRequest for TranslationPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let segment = |name| req.match_info().get(name).unwrap_or_default();
        ready(Self::parse(segment("id"), segment("locale")).ok_or_else(Problem::not_found))
    }
}

/// The `{id}` and `{file}` segments of a path. What cannot be an id does not exist: 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePath {
    /// Id of the media.
    pub id: i64,
    /// The name of the file in its address.
    pub file: String,
}

impl FromRequest for FilePath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let segment = |name| req.match_info().get(name).unwrap_or_default();
        let id = positive(segment("id")).filter(|id| *id <= MAX_ID);
        let file = segment("file").to_owned();
        ready(
            id.map(|id| Self { id, file })
                .ok_or_else(Problem::not_found),
        )
    }
}

/// For `params(FilePath)` in the documentation of a handler.
impl IntoParams for FilePath {
    fn into_params(style: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let file = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(100));
        let parameter = ParameterBuilder::new()
            .name("file")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The name of the file in its address"))
            .schema(Some(file))
            .example(Some("0f3a5b7c9d1e2f40516273849a0b1c2d-640.webp".into()));
        let mut all = IdPath::into_params(style);
        all.push(parameter.build());
        all
    }
}

/// The rest of a path as the path of a category. What cannot be one does not exist: 404.
///
/// No slug holds a `/`, so it does not matter whether a client encodes those between them, as generated ones do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryPath(pub String);

impl FromRequest for CategoryPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(decoded(req, "path", rules::category_path).map(Self))
    }
}

/// The text that the path of `req` has for `name`, where it keeps `rule`.
fn decoded(
    req: &HttpRequest,
    name: &str,
    rule: fn(&str) -> rules::Verdict,
) -> Result<String, Problem> {
    let encoded = req.match_info().get(name).unwrap_or_default();
    let text = percent_decode_str(encoded).decode_utf8().ok();
    text.filter(|text| rule(text).is_ok())
        .map(Cow::into_owned)
        .ok_or_else(Problem::not_found)
}

/// For `params(IdPath)` in the documentation of a handler.
impl IntoParams for IdPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1))
            .maximum(Some(MAX_ID));
        let parameter = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The id, stable for ever"))
            .schema(Some(id))
            .example(Some(1.into()));
        vec![parameter.build()]
    }
}

/// For `params(SitePath)` in the documentation of a handler.
impl IntoParams for SitePath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![text_parameter(
            "site",
            rules::KEY,
            "Slug of the site",
            "demo",
        )]
    }
}

/// For `params(TranslationPath)` in the documentation of a handler.
impl IntoParams for TranslationPath {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = IdPath::into_params(parameter_in);
        let about = "The language (BCP 47)";
        parameters.push(text_parameter("locale", rules::LOCALE, about, "en"));
        parameters
    }
}

/// For `params(RevisionPath)` in the documentation of a handler.
impl IntoParams for RevisionPath {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = IdPath::into_params(parameter_in);
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1))
            .maximum(Some(MAX_ID));
        let parameter = ParameterBuilder::new()
            .name("number")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The number of the revision, from 1"))
            .schema(Some(number))
            .example(Some(1.into()));
        parameters.push(parameter.build());
        parameters
    }
}

/// For `params(TokenPath)` in the documentation of a handler.
impl IntoParams for TokenPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let example = "mhp_AAAAAAAAACoAAAAAAAAAAwAGSGX_lPQAAAAAAGlpEkB2ZXJpZmllZA";
        let about = "The token of a preview link";
        vec![text_parameter("token", rules::KEY, about, example)]
    }
}

/// For `params(SlugPath)` in the documentation of a handler.
impl IntoParams for SlugPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            text_parameter("site", rules::KEY, "Slug of the site", "demo"),
            text_parameter("slug", rules::KEY, "Slug of the article", "open-day-2024"),
        ]
    }
}

/// For `params(KeyPath)` in the documentation of a handler.
impl IntoParams for KeyPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = "The key, unique within the site";
        vec![text_parameter("key", rules::KEY, about, "primary")]
    }
}

/// For `params(CategoryPath)` in the documentation of a handler.
impl IntoParams for CategoryPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about =
            "Slugs from the root of the tree, joined by `/`, which may stand as it is or as `%2F`";
        vec![text_parameter("path", rules::PATH, about, "news/research")]
    }
}

fn text_parameter(name: &str, max_length: usize, about: &str, example: &str) -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(max_length));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(about))
        .schema(Some(text))
        .example(Some(example.into()))
        .build()
}
