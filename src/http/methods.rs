//! What is answered where no operation matched: 404, 405 with `Allow`, or `OPTIONS`. Knows only the paths and methods in the spec.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use crate::http::body::ACCEPT_PATCH;
use crate::http::cors::{self, Origins};
use crate::http::problem::Problem;

/// The methods an `Allow` header may list, in its order.
const ORDER: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Whether each method of [`ORDER`] is possible.
type Possible = [bool; ORDER.len()];

/// The paths of the API and the methods each takes.
pub struct Methods(Vec<Entry>);

struct Entry {
    template: String,
    pattern: ResourceDef,
    possible: Possible,
}

impl Methods {
    /// The paths of `spec`. A last parameter called `path` spans several segments, as `{path:.*}` does in a route; the spec cannot say so.
    pub fn from_spec(spec: &OpenApi) -> Self {
        let mut methods = Self(Vec::with_capacity(spec.paths.paths.len()));
        for (template, item) in &spec.paths.paths {
            methods.add(template, possible(item));
        }
        methods
    }

    /// The same with paths outside the spec that answer GET, such as the spec itself.
    #[must_use]
    pub fn with_pages(mut self, templates: &[&str]) -> Self {
        for template in templates {
            self.add(template, [true, true, false, false, false, false, true]);
        }
        self
    }

    fn add(&mut self, template: &str, possible: Possible) {
        let pattern = match template.strip_suffix("/{path}") {
            Some(start) => ResourceDef::new(format!("{start}/{{path:.+}}")),
            None => ResourceDef::new(template),
        };
        self.0.push(Entry {
            template: template.to_owned(),
            pattern,
            possible,
        });
    }

    /// What `Allow` says for `path`, or `None` where nothing is. Where several templates fit, the router tries them all, so all count.
    pub fn allow(&self, path: &str) -> Option<HeaderValue> {
        let mut fitting = self
            .0
            .iter()
            .filter(|entry| entry.pattern.is_match(path))
            .peekable();
        fitting.peek()?;
        let all = fitting.fold(Possible::default(), |mut all, entry| {
            for (sum, possible) in all.iter_mut().zip(entry.possible) {
                *sum |= possible;
            }
            all
        });
        let listed: Vec<&str> = ORDER
            .iter()
            .zip(all)
            .filter(|(_, yes)| *yes)
            .map(|(name, _)| *name)
            .collect();
        HeaderValue::try_from(listed.join(", ")).ok()
    }

    /// Whether `path` takes `method`.
    pub fn takes(&self, method: &Method, path: &str) -> bool {
        let allow = self.allow(path);
        let listed = allow.as_ref().and_then(|allow| allow.to_str().ok());
        listed.is_some_and(|listed| listed.split(", ").any(|name| name == method.as_str()))
    }

    /// The template that fits `path`, for the log. One without parameters goes first.
    pub fn template(&self, path: &str) -> Option<&str> {
        let fitting = self.0.iter().filter(|entry| entry.pattern.is_match(path));
        fitting
            .map(|entry| entry.template.as_str())
            .min_by_key(|template| template.matches('{').count())
    }
}

fn possible(item: &PathItem) -> Possible {
    let get = item.get.is_some();
    [
        get,
        get || item.head.is_some(),
        item.post.is_some(),
        item.put.is_some(),
        item.patch.is_some(),
        item.delete.is_some(),
        true,
    ]
}

/// Answers every request that no operation took, browsers that ask before a request of another origin among them; for
/// `App::default_service`.
///
/// # Errors
///
/// 404 for an unknown path, 405 for a known path with a method it does not take.
pub async fn fallback(
    req: HttpRequest,
    methods: web::Data<Methods>,
    origins: web::Data<Origins>,
) -> Result<HttpResponse, Problem> {
    let allow = methods.allow(req.path()).ok_or_else(Problem::not_found)?;
    if req.method() == Method::OPTIONS {
        let mut answer = HttpResponse::NoContent();
        let permissions = match cors::is_public(req.match_info().as_str()) {
            true => cors::preflight(req.headers(), &allow),
            false => origins.preflight(req.headers(), &allow),
        };
        for header in permissions {
            answer.insert_header(header);
        }
        if methods.takes(&Method::PATCH, req.path()) {
            answer.insert_header(ACCEPT_PATCH);
        }
        Ok(answer.insert_header((ALLOW, allow)).finish())
    } else {
        Err(Problem::method_not_allowed(allow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::path::{HttpMethod, Operation};
    use utoipa::openapi::{InfoBuilder, PathsBuilder};

    fn methods() -> Methods {
        let item = |method| PathItem::new(method, Operation::new());
        let paths = PathsBuilder::new()
            .path("/api/v1/articles/{id}", item(HttpMethod::Get))
            .path("/api/v1/articles/changes", item(HttpMethod::Post))
            .path(
                "/api/v1/sites/{site}/categories/{path}",
                item(HttpMethod::Get),
            )
            .path("/api/v1/views", item(HttpMethod::Post))
            .build();
        Methods::from_spec(&OpenApi::new(InfoBuilder::new().build(), paths))
            .with_pages(&["/openapi.json"])
    }

    #[test]
    fn a_known_path_lists_its_methods() {
        let methods = methods();
        assert_eq!(
            methods.allow("/api/v1/articles/7").unwrap(),
            "GET, HEAD, OPTIONS"
        );
        assert_eq!(methods.allow("/api/v1/views").unwrap(), "POST, OPTIONS");
        assert_eq!(
            methods.allow("/openapi.json").unwrap(),
            "GET, HEAD, OPTIONS"
        );
        assert_eq!(
            methods.allow("/api/v1/articles/changes").unwrap(),
            "GET, HEAD, POST, OPTIONS"
        );
        assert_eq!(
            methods.allow("/api/v1/sites/a/categories/b/c").unwrap(),
            "GET, HEAD, OPTIONS"
        );
    }

    #[test]
    fn an_unknown_path_has_none() {
        let methods = methods();
        for path in [
            "/",
            "/api/v1/articles",
            "/api/v1/articles/7/",
            "/api/v1/articles/7/x",
            "/api/v1/sites/a/categories",
        ] {
            assert!(methods.allow(path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_plainest_template_names_a_path() {
        assert_eq!(
            methods().template("/api/v1/articles/changes"),
            Some("/api/v1/articles/changes")
        );
        assert_eq!(
            methods().template("/api/v1/articles/7"),
            Some("/api/v1/articles/{id}")
        );
        assert_eq!(methods().template("/x"), None);
    }
}
