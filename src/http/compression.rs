//! Which answers are compressed and how. Knows codings and media types, not what an answer says; actix-web's `Compress` does the work.
//!
//! Three steps around `Compress`: [`settle`] before it leaves only codings in the request that it can serve, [`spare`] inside of
//! it takes out what is not worth the time, [`label`] after it says what the answer depends on.

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY,
};
use actix_web::middleware::Next;

/// Bodies below this many bytes fit into the packet that brings the head, compressed or not.
pub const WORTHWHILE: u64 = 1024;

const IDENTITY: &str = "identity";

/// Replaces `Accept-Encoding` by the codings that this server may use for the answer, or removes it where there are none.
///
/// A client that refuses everything gets its answer as it is: that is more use to it than a 406 (RFC 9110, section 12.5.3, leaves
/// the choice).
pub fn settle(headers: &mut HeaderMap) {
    if !headers.contains_key(ACCEPT_ENCODING) {
        return;
    }
    match choice(headers) {
        Some(codings) => headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(codings)),
        None => headers.remove(ACCEPT_ENCODING),
    };
}

/// What [`settle`] would leave.
pub fn choice(headers: &HeaderMap) -> Option<&'static str> {
    let mut wishes = Wishes::default();
    for line in headers.get_all(ACCEPT_ENCODING) {
        line.to_str()
            .unwrap_or_default()
            .split(',')
            .for_each(|item| wishes.add(item));
    }
    wishes.choice()
}

/// Whether a client takes gzip, of a request that [`settle`] has seen.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get(ACCEPT_ENCODING).map(HeaderValue::as_bytes);
    codings.is_some_and(|codings| codings.ends_with(b"gzip"))
}

/// How much a client wants each coding, from 0 (not at all) to 1; `None` where it does not say.
#[derive(Debug, Default)]
struct Wishes {
    br: Option<f32>,
    gzip: Option<f32>,
    identity: Option<f32>,
    any: Option<f32>,
}

impl Wishes {
    /// Reads one item such as `gzip;q=0.5`.
    fn add(&mut self, item: &str) {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(Ok(1.0), str::parse);
        // What is not a weight is no wish.
        let weight = weight
            .ok()
            .filter(|q| (0.0..=1.0).contains(q))
            .unwrap_or(0.0);
        let wish = match name {
            name if name.eq_ignore_ascii_case("br") => &mut self.br,
            name if name.eq_ignore_ascii_case("gzip") => &mut self.gzip,
            name if name.eq_ignore_ascii_case("x-gzip") => &mut self.gzip,
            name if name.eq_ignore_ascii_case(IDENTITY) => &mut self.identity,
            "*" => &mut self.any,
            _ => return,
        };
        *wish = Some(weight);
    }

    fn choice(&self) -> Option<&'static str> {
        let refuses_identity = self.identity == Some(0.0);
        // `*` alone says little about what a client can read, so only who refuses the plain text gets something else for it.
        let any = self.any.filter(|_| refuses_identity).unwrap_or(0.0);
        let (br, gzip) = (self.br.unwrap_or(0.0), self.gzip.unwrap_or(any));
        let best = br.max(gzip);
        if best == 0.0 || self.identity.is_some_and(|identity| identity > best) {
            None
        } else if gzip > br {
            Some("gzip")
        } else if gzip > 0.0 {
            Some("br, gzip")
        } else {
            Some("br")
        }
    }
}

/// Keeps `Compress` from bodies that are small, or of a kind that does not shrink; for `App::wrap(from_fn(spare))` inside of it.
///
/// # Errors
///
/// Those of the rest of the application.
pub async fn spare<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let is_wanted = req.headers().contains_key(ACCEPT_ENCODING);
    let mut answer = next.call(req).await?;
    if is_wanted && !answer.headers().contains_key(CONTENT_ENCODING) {
        let is_small =
            matches!(answer.response().body().size(), BodySize::Sized(n) if n < WORTHWHILE);
        if is_small || !is_compressible(answer.headers()) {
            let identity = HeaderValue::from_static(IDENTITY);
            answer.headers_mut().insert(CONTENT_ENCODING, identity);
        }
    }
    Ok(answer)
}

/// Says in one `Vary` line that the coding of an answer was chosen, whether or not this one is compressed, and forgets the sign
/// that [`spare`] left.
pub fn label(status: StatusCode, headers: &mut HeaderMap) {
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|coding| coding == IDENTITY)
    {
        headers.remove(CONTENT_ENCODING);
    }
    if status != StatusCode::NOT_MODIFIED && !is_compressible(headers) {
        return;
    }
    let lines = || headers.get_all(VARY).filter_map(|line| line.to_str().ok());
    let names = || lines().flat_map(|line| line.split(',')).map(str::trim);
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
    let mut has_language = false;
    let mut has_others = false;
    for name in names() {
        has_language |= is(name, "accept-language");
        has_others |= !is(name, "accept-language") && !is(name, "accept-encoding");
    }
    let value = match (has_others, has_language) {
        (false, false) => Some(HeaderValue::from_static("Accept-Encoding")),
        (false, true) => Some(HeaderValue::from_static("Accept-Encoding, Accept-Language")),
        (true, _) => {
            let others = names().filter(|name| !is(name, "accept-encoding"));
            let all: Vec<&str> = std::iter::once("Accept-Encoding").chain(others).collect();
            HeaderValue::try_from(all.join(", ")).ok()
        }
    };
    if let Some(value) = value {
        headers.insert(VARY, value);
    }
}

/// Whether a body of this type is text that shrinks. A stream of events is, but has to leave at once.
fn is_compressible(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence.split_once('/') {
        Some(("text", kind)) => kind != "event-stream",
        Some((_, kind)) => {
            ["json", "xml", "javascript", "x-ndjson"].contains(&kind)
                || kind.ends_with("+json")
                || kind.ends_with("+xml")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        settle(&mut headers);
        assert!(headers.get_all(ACCEPT_ENCODING).count() <= 1);
        let codings = headers.get(ACCEPT_ENCODING)?;
        Some(codings.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_best_coding_that_both_know_is_chosen() {
        for (line, expected) in [
            ("gzip, deflate, br, zstd", Some("br, gzip")),
            ("br", Some("br")),
            ("GZip", Some("gzip")),
            ("x-gzip", Some("gzip")),
            ("br;q=0.5, gzip", Some("gzip")),
            ("br;q=0.5,gzip;q=0.2", Some("br, gzip")),
            ("br ; q=0, gzip;q=0.001", Some("gzip")),
            ("identity;q=0, *", Some("gzip")),
            ("gzip;q=0, identity;q=0, *", None),
            ("*", None),
            ("*;q=0", None),
            ("identity;q=0", None),
            ("gzip;q=0.5, identity", None),
            ("gzip, identity", Some("gzip")),
            ("deflate, zstd", None),
            ("gzip;q=2, br;q=x", None),
            ("gzip;q=nan", None),
            ("", None),
        ] {
            assert_eq!(settled(&[line]).as_deref(), expected, "{line}");
        }
        assert_eq!(
            settled(&["deflate", "gzip", "br"]).as_deref(),
            Some("br, gzip")
        );
        assert_eq!(settled(&[]), None);
    }

    #[test]
    fn what_an_answer_depends_on_is_said_in_one_line() {
        let labelled = |content_type: &'static str, lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            for line in lines {
                headers.append(VARY, HeaderValue::from_static(line));
            }
            label(StatusCode::OK, &mut headers);
            let all: Vec<_> = headers
                .get_all(VARY)
                .map(|v| v.to_str().unwrap().to_owned())
                .collect();
            all.join(" | ")
        };
        let json = "application/json";
        assert_eq!(labelled(json, &[]), "Accept-Encoding");
        assert_eq!(labelled(json, &["accept-encoding"]), "Accept-Encoding");
        assert_eq!(
            labelled(json, &["Accept-Language", "accept-encoding"]),
            "Accept-Encoding, Accept-Language"
        );
        assert_eq!(
            labelled("text/html; charset=utf-8", &["Origin, Accept-Encoding"]),
            "Accept-Encoding, Origin"
        );
        assert_eq!(labelled("image/png", &[]), "");
        assert_eq!(labelled("image/svg+xml", &[]), "Accept-Encoding");
        assert_eq!(labelled("text/event-stream", &[]), "");
    }
}
