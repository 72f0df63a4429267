//! One revision of an article for whoever has a link to it. Never looks at `Authorization`; knows no SQL.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, HeaderName, HeaderValue, REFERRER_POLICY, VARY,
};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use utoipa::Modify;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Type};

use crate::http::language::AcceptLanguage;
use crate::http::links::Links;
use crate::http::path::TokenPath;
use crate::http::preview_token::PreviewKey;
use crate::http::problem::{PreviewProblems, Problem};
use crate::http::query::Query;
use crate::http::v1::dto::article::ArticleBody;
use crate::http::v1::dto::article_query::ArticleShownQuery;
use crate::service::Services;

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Fetch a preview
///
/// The revision that the link was made for, in the shape of `getArticle` and as it would be served if it were public: its category, sources and
/// topics as they are called now, without those that are gone, `related` and `neighbors` only with what is public. `views` and
/// `downloads` are those of the article. No cache may keep it, so there is no ETag. A token that this server did not make is 404, as
/// is one whose article or revision was deleted; one whose time is over is 410.
#[utoipa::path(operation_id = "getPreview", tag = "previews", params(TokenPath, ArticleShownQuery, AcceptLanguage),
    responses((status = 200, description = "The article as it is in this revision", body = ArticleBody), PreviewProblems))]
#[get("/preview/{token}")]
pub async fn get_preview(
    services: Data<Services>,
    links: Data<Links>,
    key: Data<PreviewKey>,
    accepted: AcceptLanguage,
    token: TokenPath,
    query: Query<ArticleShownQuery>,
) -> Result<HttpResponse, Problem> {
    let preview = key.decode(&token.0)?.ok_or_else(Problem::not_found)?;
    let (languages, include) = query.0.resolve(accepted);
    let is_negotiated = languages.locale.is_none();
    let found = services
        .articles
        .preview(preview, languages, include)
        .await?;
    let language = HeaderValue::try_from(&found.text.locale).map_err(Problem::internal)?;
    let json = serde_json::to_vec(&ArticleBody::new(found, include, &links));
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("private, no-store")))
        .insert_header((ROBOTS, HeaderValue::from_static("noindex")))
        .insert_header((REFERRER_POLICY, HeaderValue::from_static("no-referrer")))
        .insert_header((CONTENT_LANGUAGE, language));
    if is_negotiated {
        response.insert_header((VARY, HeaderValue::from_static("Accept-Language")));
    }
    Ok(response
        .content_type("application/json")
        .body(json.map_err(Problem::internal)?))
}

/// Puts the headers of previews into the document.
pub struct Documented;

impl Modify for Documented {
    fn modify(&self, document: &mut OpenApi) {
        let item = document.paths.paths.get_mut("/api/v1/preview/{token}");
        let get = item.and_then(|item| item.get.as_mut());
        let answer = get.and_then(|get| get.responses.responses.get_mut("200"));
        let Some(RefOr::T(answer)) = answer else {
            return;
        };
        for (name, about) in [
            ("Cache-Control", "`private, no-store`"),
            ("Content-Language", "The language served"),
            ("Referrer-Policy", "`no-referrer`: the link is a secret"),
            ("X-Robots-Tag", "`noindex`"),
        ] {
            let text = ObjectBuilder::new()
                .schema_type(Type::String)
                .max_length(Some(8192));
            let header = HeaderBuilder::new()
                .schema(Some(text))
                .description(Some(about));
            answer
                .headers
                .insert(name.to_owned(), header.build().into());
        }
    }
}
