//! The page `/docs`: Swagger UI over `/openapi.json`, all of it from this program. Knows no operation.

use std::sync::Arc;

use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use crate::http::fixed::{Fixed, Keep};
use crate::http::problem::Problem;

/// The files of Swagger UI that the page loads.
const ASSETS: [(&str, &str); 3] = [
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("favicon-32x32.png", "image/png"),
];

/// Nothing from elsewhere, nothing inline; the style sheet brings its pictures as `data:`.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page; `{base}` leads from its address to `/docs/`. Addresses are relative, so it works behind a prefix.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>masthead: API reference</title>
<link rel="icon" type="image/png" href="{base}favicon-32x32.png">
<link rel="stylesheet" href="{base}swagger-ui.css">
</head>
<body>
<noscript><p>This page needs scripts. The same as a document: <a href="{base}../openapi.json">openapi.json</a></p></noscript>
<main id="swagger-ui"></main>
<script src="{base}swagger-ui-bundle.js"></script>
<script src="{base}initializer.js"></script>
</body>
</html>
"#;

/// Starts Swagger UI. The document is found from the address of this script, which is the same whatever the page's own is; no
/// outside validator is asked about it.
const INITIALIZER: &str = r##""use strict";
SwaggerUIBundle({
  url: new URL("../openapi.json", document.currentScript.src).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
"##;

/// Everything under `/docs`.
#[derive(Debug)]
pub struct Docs {
    page: Fixed,
    page_below: Fixed,
    files: Vec<(&'static str, Fixed)>,
}

impl Docs {
    /// Puts the page together.
    ///
    /// # Errors
    ///
    /// The program was built without one of the files; says which.
    pub fn load() -> Result<Self, String> {
        let mut files = vec![(
            "initializer.js",
            Fixed::new(
                "text/javascript; charset=utf-8",
                Keep::FiveMinutes,
                INITIALIZER,
            ),
        )];
        for (name, content_type) in ASSETS {
            files.push((name, asset(name, content_type)?));
        }
        Ok(Self {
            page: page("docs/"),
            page_below: page(""),
            files,
        })
    }
}

fn asset(name: &str, content_type: &'static str) -> Result<Fixed, String> {
    // The configuration is for a page of the crate's own, which is not used.
    let file = utoipa_swagger_ui::serve(name, Arc::new("".into())).map_err(|e| e.to_string())?;
    let file = file.ok_or_else(|| format!("Swagger UI has no {name}"))?;
    let make = if file.gzpipped {
        Fixed::gzipped
    } else {
        Fixed::new
    };
    Ok(make(content_type, Keep::Day, file.bytes.into_owned()))
}

fn page(base: &str) -> Fixed {
    let html = PAGE.replace("{base}", base);
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    Fixed::new("text/html; charset=utf-8", Keep::FiveMinutes, html)
        .with_header(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(CONTENT_POLICY),
        )
        .with_header(REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
        .with_header(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"))
        .with_header(opener, HeaderValue::from_static("same-origin"))
}

/// The API reference as a page; not part of the document.
#[get("/docs")]
pub async fn get_docs(req: HttpRequest, docs: Data<Docs>) -> Result<HttpResponse, Problem> {
    docs.page.answer(&req)
}

/// The same with a slash at the end; addresses in it are relative to that.
#[get("/docs/")]
pub async fn get_docs_below(req: HttpRequest, docs: Data<Docs>) -> Result<HttpResponse, Problem> {
    docs.page_below.answer(&req)
}

/// A file that the page loads.
#[get("/docs/{file}")]
pub async fn get_docs_file(
    req: HttpRequest,
    docs: Data<Docs>,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    let mut files = docs.files.iter();
    let (_, file) = files
        .find(|(known, _)| *known == name.as_str())
        .ok_or_else(Problem::not_found)?;
    file.answer(&req)
}
