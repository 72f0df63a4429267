//! Every GET operation of the served document, fuzzed: requests are drawn from the schemas of its parameters, from just outside of
//! them, and from what earlier answers said. Knows rules about answers; knows no operation.
//!
//! `MASTHEAD_FUZZ_SEED` sets the seed. `MASTHEAD_FUZZ_ROUNDS` sets how many requests of each kind every operation gets, however
//! long that takes; without it the rounds end after [`TIME`].

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use awc::http::Method;
use awc::http::header::{HeaderMap, HeaderName, HeaderValue};
use chrono::NaiveDate;
use fastrand::Rng;
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};
use serde_json::{Value, json};

use crate::support::app;
use crate::support::client::Answer;
use crate::support::content::Record;
use crate::support::media::{Form, path, pdf};
use crate::support::spec::{self, Operation, items, members, resolved};
use crate::support::{Portal, TestApp, on_both};

const SEED: u64 = 20_260_115;

const TIME: Duration = Duration::from_secs(10);

/// A word of hidden articles that no request asks for, so no answer may have it.
const SECRET: &str = "zaphod";

/// Parameters whose values mean nothing to clients: only what an answer gave out is valid.
const OPAQUE: [&str; 2] = ["cursor", "since"];

/// Operations with one of these tags ignore parameters that they do not know.
const LENIENT_TAGS: [&str; 1] = ["feeds"];

/// Values that are valid alone and may refuse each other: such a request may be a 400 that names one of these.
const EXCLUSIONS: [Exclusion; 9] = [
    (&["page", "cursor"], |request| {
        request.has("page") && request.has("cursor")
    }),
    // Further pages are for cursors.
    (&["page", "limit"], |request| {
        request
            .number("page", 1)
            .saturating_mul(request.number("limit", 20))
            > 10_000
    }),
    (&["category_path", "site"], |request| {
        request.has("category_path") && !request.has("site")
    }),
    (&["subtree", "category", "category_path"], |request| {
        request.has("subtree") && !request.has("category") && !request.has("category_path")
    }),
    // A span that ends before it begins.
    (&["published_from", "published_to"], |request| {
        request.has("published_to") && request.day("published_from") >= request.day("published_to")
    }),
    (&["from", "to"], is_bad_span),
    // What has no period has no days.
    (&["period", "as_of", "window"], |request| {
        request.value("period") == Some("all") && (request.has("as_of") || request.has("window"))
    }),
    (&["updated_from", "updated_to"], |request| {
        request.has("updated_to") && request.day("updated_from") >= request.day("updated_to")
    }),
    // Nobody wants the least relevant first.
    (&["order"], |request| {
        request.path == "/api/v1/search"
            && request.value("order") == Some("asc")
            && request.value("sort") != Some("published_at")
    }),
];

/// A range of days that ends before it begins, or has more than a leap year until today.
fn is_bad_span(request: &Request) -> bool {
    let date = |name| -> Option<NaiveDate> { request.day(name)?.parse().ok() };
    let today = app::NOW.get(..10).and_then(|day| day.parse().ok());
    let (Some(from), Some(today)) = (date("from"), today) else {
        return false;
    };
    let to = date("to").unwrap_or(today);
    from > to && request.has("to") || (to.min(today) - from).num_days() > 365
}

/// Parameters, and whether they refuse each other.
type Exclusion = (&'static [&'static str], fn(&Request) -> bool);

/// The statuses that only these request headers bring about.
const PROVOKED: [(u16, &[&str]); 5] = [
    (206, &["range"]),
    (304, &["if-none-match", "if-modified-since"]),
    (406, &["accept", "accept-encoding", "accept-language"]),
    (412, &["if-match", "if-unmodified-since"]),
    (416, &["range"]),
];

/// Headers that may differ between GET and HEAD.
const VOLATILE: [&str; 3] = ["date", "traceparent", "x-request-id"];

/// Requests to each operation in search of values.
const SCOUTS: usize = 16;

/// A query string from this length on may be refused as a whole, without a name.
const LONG_QUERY: usize = 8_000;

const METHODS: [&str; 10] = [
    "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "GET2", "B-R_E.W",
];

/// What valid values are changed with.
const ALPHABET: &str = "09aZ-_.,:;+%&=#/\\?'\"<>*~ \0\n新é５🗞\u{301}\u{202e}";

/// What people, programs and attackers write into parameters.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "", " ", "\t", "\n", "\r\nX-Injected: 1", "\0", "a\0b", "\u{fffd}", "\u{feff}", "\u{200b}", "\u{10ffff}", "\u{7f}", "\u{85}",
    "0", "-1", "-0", "00", "01", "007", "+5", " 5", "5 ", "1.0", "1e2", "0x10", "1_000", "1,000", "５０", "٣", "②", "Ⅳ", "NaN", "inf",
    "2147483648", "4294967296", "9007199254740992", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
    "18446744073709551616", "99999999999999999999999999999999999999999", "null", "undefined", "true", "false", "TRUE", "1",
    "🗞️", "👩‍👩‍👧‍👦", "新闻", "新聞", "ｎｅｗｓ", "אבג", "\u{202e}gnp.exe", "e\u{301}", "é", "Z\u{351}\u{36b}\u{343}\u{36a}", "ﬁ", "İ", "ß", "か\u{3099}", "　",
    "'", "\"", "`", "' OR '1'='1", "'; DROP TABLE articles; --", "1 UNION SELECT 1", "%", "_", "\\", "a\\", "?", "$1", ":a",
    "<script>alert(1)</script>", "<b>", "&amp;", "&", "#", "=", "a&b=c", "../../etc/passwd", "..", ".", "/", "//", "a/b", "a/../b",
    "{{7*7}}", "${jndi:ldap://x}", "%s%n", "*", "@", "~", "~0~1", ";", "|", "[]", "{}", "(", "\"a", "a*", "-a", "^a", "a AND", "NEAR(a b)", "title:a",
    ",", ",,", "a,b", "a,,b", ",a", "1,2,3", "1,2,2", "1,x", "1, 2", "zh-Hans", "zh-hans", "zh_Hans", "ZH-HANT-TW", "zh-Hans-", "-zh", "x", "xx",
    "i-klingon", "x-a", "en-u-ca-gregory", "en-a-bbb-a-ccc", "art-lojban", "*-CN", "en;q=1",
    "2022-02-30", "2024-02-29", "2023-02-29", "2026-01-10", "2026-1-1", "20260110", "2026-W01-1", "2026-010", "２０２６-01-10", "2026-01", "2026",
    "0000-01-01", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "+2026-01-10", "-262143-01-01", "262142-12-31",
    "2026-01-10T08:00:00+08:00", "2026-01-10T08:00:00Z", "2026-01-10T08:00:00-00:00", "2026-01-10T08:00:00+24:00", "2026-01-10T24:00:00Z",
    "2026-01-10t08:00:00z", "2026-01-10 08:00:00Z", "2026-01-10T08:00Z", "2026-01-10T08:00:00", "2026-01-10T08:00:00+0800", "2026-01-10T08:00:60Z",
    "2016-12-31T23:59:60Z", "2017-01-01T07:59:60+08:00", "2026-01-10T08:00:00.123456789012345678901234567890Z", "2026-01-10T08:00:00,5Z",
    "0000-01-01T00:00:00+14:00", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999999Z", "@1700000000", "now", "today",
    "marvin", "marvin-draft", "marvin-archived", "marvin-scheduled", "marvin-expired", "marvin-han",
];

/// The same, as bytes of the target that no encoder makes.
#[rustfmt::skip]
const WIRES: &[&str] = &[
    "%ff", "%FF%FE", "%c3%28", "%ed%a0%80", "%c0%af", "%e4%b8", "%", "%4", "%zz", "%u4e2d", "a%", "%00", "%2F", "a%2Fb", "..%2f..", "%2e%2e", "%252F", "%25",
    "%0d%0aX-Injected:%201", "%0a", "+", "+5", "5+", "a+b", "%2B5", "%31", "2026-01-10T08:00:00+08:00", "2026-01-10+08:00:00Z", "a=b", "a%26b=c", "a;b", ";",
];

/// Ends of a target behind a valid path.
#[rustfmt::skip]
const TAILS: &[&str] = &[
    "/", "//", "/.", "/..", "/%2e%2e", "/%2F", ".json", "%20", "%00", "%", "%ff", ";a=b", "/*", "?", "??", "?&", "?&&&", "?=", "?=&=", "?a", "?%", "?%ff=1", "?%00",
    "?limit=%zz", "?limit", "?limit[]=1", "?LIMIT=1", "?limit=1;limit=2", "?site=a&site=b", "?%6cimit=1", "?a=b?c=d", "?a=1/2", "?🗞=1", "?新闻=1", "?\"<>", "?{}|^`\\", "?a=b#c", "#", "🗞",
];

/// Names that no operation has.
#[rustfmt::skip]
const UNKNOWN: &[&str] = &[
    "no_such_parameter", "LIMIT", "limit[]", "filter[site][eq]", "a/b~c", "新闻", "<b>", "", "__proto__", "' OR 1=1 --",
];

/// Headers that no client should send, and some that it may.
#[rustfmt::skip]
const HEADERS: &[(&str, &[u8])] = &[
    ("Accept-Language", b""), ("Accept-Language", b",,,"), ("Accept-Language", b"*"), ("Accept-Language", b"*;q=0"), ("Accept-Language", b"zh-Hans;q=2"),
    ("Accept-Language", b"en;q=0.00001, zh"), ("Accept-Language", b"zh_Hans"), ("Accept-Language", b";q=1"), ("Accept-Language", b"zh-TW, zh;q=0.9, en;q=0"),
    ("Accept-Language", "中文".as_bytes()), ("Accept-Language", b"\xff\xfe"), ("Accept-Language", b"' OR 1=1 --"), ("Accept-Language", b"a-b-c-d-e-f-g-h-i-j-k-l"),
    ("If-None-Match", b"*"), ("If-None-Match", b"\"\""), ("If-None-Match", b"W/\"x\""), ("If-None-Match", b"\"a\", W/\"b\" ,\"c\""), ("If-None-Match", b"\"a"), ("If-None-Match", b"W/"),
    ("If-None-Match", b"w/\"x\""), ("If-None-Match", b"a"), ("If-None-Match", b"*, \"a\""), ("If-None-Match", b""), ("If-None-Match", b",,"), ("If-None-Match", b"\"\xff\xe4\""), ("If-None-Match", b"\"a\"\"b\""),
    ("If-Modified-Since", b"Thu, 15 Jan 2026 04:00:00 GMT"), ("If-Modified-Since", b"Thu, 01 Jan 1970 00:00:00 GMT"), ("If-Modified-Since", b"Fri, 31 Dec 9999 23:59:59 GMT"),
    ("If-Modified-Since", b"Sat, 31 Dec 2016 23:59:60 GMT"), ("If-Modified-Since", b"Thursday, 15-Jan-26 04:00:00 GMT"), ("If-Modified-Since", b"Thu Jan 15 04:00:00 2026"),
    ("If-Modified-Since", b"Mon, 30 Feb 2026 00:00:00 GMT"), ("If-Modified-Since", b"Sat, 00 Jan 0000 00:00:00 GMT"), ("If-Modified-Since", b"2026-01-15T04:00:00Z"), ("If-Modified-Since", b"0"),
    ("If-Modified-Since", b""), ("If-Modified-Since", b"\xff"), ("If-Modified-Since", b"Thu, 15 Jan 2026 04:00:00 +0800"),
    ("If-Match", b"*"), ("If-Match", b"\"a\""), ("If-Unmodified-Since", b"Thu, 01 Jan 1970 00:00:00 GMT"), ("If-Range", b"\"a\""),
    ("Accept", b""), ("Accept", b"text/html"), ("Accept", b"application/json;q=0"), ("Accept", b"*/*;q=0"), ("Accept", b"garbage"), ("Accept", b"\xff/\xff"), ("Accept", b"application/problem+json"),
    ("Accept-Encoding", b""), ("Accept-Encoding", b"gzip"), ("Accept-Encoding", b"br, gzip;q=0.5"), ("Accept-Encoding", b"identity;q=0"), ("Accept-Encoding", b"*;q=0"), ("Accept-Encoding", b"*"),
    ("Accept-Encoding", b"gzip;q=abc"), ("Accept-Encoding", b",,;"), ("Accept-Encoding", b"zstd, deflate, x-gzip"), ("Accept-Encoding", b"\xff"), ("Accept-Encoding", b"gzip;q=0, br;q=0, *;q=1"),
    ("Range", b"bytes=0-0"), ("Range", b"bytes=-1"), ("Range", b"bytes=5-2"), ("Range", b"bytes=999999999-"), ("Range", b"items=0-1"), ("Range", b"bytes=abc"), ("Range", b"bytes=0-0,1-1,2-2,3-3"), ("Range", b"\xff"),
    ("Authorization", b""), ("Authorization", b"Bearer"), ("Authorization", b"Bearer x.y.z"), ("Authorization", b"Basic !!!"), ("Authorization", b"Bearer eyJhbGciOiJub25lIn0.e30."), ("Authorization", b"\xff"),
    ("Origin", b"null"), ("Origin", b"https://evil.example"), ("Origin", b"\xff"), ("Access-Control-Request-Method", b"GET"), ("X-HTTP-Method-Override", b"DELETE"), ("X-Forwarded-For", b"' OR 1=1 --"),
    ("X-Forwarded-Host", b"evil.example"), ("Forwarded", b"host=evil.example;proto=gopher"), ("traceparent", b"00-x"), ("traceparent", b"\xff"), ("X-Request-Id", b"\xff"), ("X-Request-Id", b"<b>"), ("Cookie", b"a=b"),
    ("Content-Type", b"\xff"), ("Content-Type", b"application/xml"), ("User-Agent", b"\xf0\x9f\x97\x9e"), ("Cache-Control", b"no-store, max-age=x"), ("Prefer", b"return=minimal"), ("Expect", b"nothing"),
];

on_both! {
    /// Whatever is asked, every operation answers as the document says, and of hidden articles nobody hears
    async fn every_answer_is_what_the_document_says(app, |s| s.var("MASTHEAD_CURSOR_KEY", "5a".repeat(32))) {
        let start = Instant::now();
        let portal = portal();
        app.import(&portal);
        let document = app.get("/openapi.json").await.assert_status(200).json();
        let fuzz = Fuzzer::new(app);
        let (subjects, headers) = fuzz.explore(&document, &portal).await;
        let wanted = from_environment("MASTHEAD_FUZZ_ROUNDS");
        let mut round = 0;
        while round < wanted.unwrap_or(1) || wanted.is_none() && start.elapsed() < TIME {
            let mut rng = Rng::with_seed(fuzz.seed.wrapping_add(round));
            let turn = usize::try_from(round).unwrap();
            for subject in &subjects {
                Round { fuzz: &fuzz, subject, headers: &headers, turn, rng: rng.fork() }.run().await;
            }
            round += 1;
        }
        fuzz.report(&subjects, round);
    }
}

fn from_environment(name: &str) -> Option<u64> {
    let value = std::env::var_os(name)?;
    let number = value.to_str().and_then(|text| text.parse().ok());
    Some(number.unwrap_or_else(|| panic!("{name} must be a whole number")))
}

// What is asked

/// A request in the form in which it goes over the wire.
#[derive(Clone)]
struct Request {
    method: &'static str,
    path: String,
    query: Vec<Argument>,
    /// What stands behind all of it.
    tail: &'static str,
    headers: Vec<Header>,
}

/// A query parameter of a request.
#[derive(Clone)]
struct Argument {
    name: String,
    value: String,
    wire: String,
}

impl Request {
    fn get(path: String) -> Self {
        Self {
            method: "GET",
            path,
            query: Vec::new(),
            tail: "",
            headers: Vec::new(),
        }
    }

    fn add(&mut self, name: &str, sample: &Sample, rng: &mut Rng) {
        let value = match sample {
            Sample::Text(text) => encoded(text, rng, QUERY),
            Sample::Wire(wire) => (*wire).to_owned(),
        };
        self.query.push(Argument {
            name: name.to_owned(),
            value: sample.in_query(),
            wire: format!("{}={value}", encoded(name, rng, QUERY)),
        });
    }

    fn remove(&mut self, name: &str) {
        self.query.retain(|argument| argument.name != name);
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn value(&self, name: &str) -> Option<&str> {
        let mut named = self.query.iter().filter(|a| a.name == name);
        named.next().map(|a| a.value.as_str())
    }

    fn number(&self, name: &str, default: i64) -> i64 {
        self.value(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    }

    fn day(&self, name: &str) -> Option<String> {
        self.value(name)
            .map(|value| value.chars().take(10).collect())
    }

    fn has_header(&self, names: &[&str]) -> bool {
        self.headers
            .iter()
            .any(|(name, _)| names.iter().any(|n| n.eq_ignore_ascii_case(name)))
    }

    /// The parameters that may refuse each other here.
    fn excluded(&self) -> Vec<&'static str> {
        let met = EXCLUSIONS.iter().filter(|(_, is_met)| is_met(self));
        met.flat_map(|(names, _)| names.iter().copied()).collect()
    }

    fn target(&self) -> String {
        let query: Vec<&str> = self.query.iter().map(|a| a.wire.as_str()).collect();
        let sign = if query.is_empty() { "" } else { "?" };
        format!("{}{sign}{}{}", self.path, query.join("&"), self.tail)
    }

    /// Whether the target is a URI (RFC 3986), so that more than the HTTP parser sees the request.
    fn is_uri(&self) -> bool {
        let is_fine = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`{|}#[]".contains(&b);
        self.target().bytes().all(is_fine)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target()).into_bytes();
        bytes.extend(b"Host: localhost\r\nConnection: close\r\n");
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        bytes
    }

    /// The command that sends the same to a server of one's own.
    fn curl(&self) -> String {
        let method = match self.method {
            "GET" => String::new(),
            "HEAD" => "--head ".to_owned(),
            method => format!("-X {method} "),
        };
        let mut line = format!("curl -sig --path-as-is {method}");
        for (name, value) in &self.headers {
            let header = match value.as_slice() {
                [] => format!("{name};").into_bytes(),
                value => [name.as_bytes(), b": ", value].concat(),
            };
            let _ = write!(line, "-H {} ", quoted(&header));
        }
        let url = format!("http://localhost:8080{}", self.target());
        line + &quoted(url.as_bytes())
    }
}

/// `bytes` as a word of a shell.
fn quoted(bytes: &[u8]) -> String {
    if bytes
        .iter()
        .all(|b| (b' '..=b'~').contains(b) && *b != b'\'')
    {
        return format!("'{}'", String::from_utf8_lossy(bytes));
    }
    let escaped = bytes.iter().map(|b| match b {
        b'\'' | b'\\' => format!("\\{}", char::from(*b)),
        b' '..=b'~' => char::from(*b).to_string(),
        b => format!("\\x{b:02x}"),
    });
    format!("$'{}'", escaped.collect::<String>())
}

/// A value for a parameter.
#[derive(Clone)]
enum Sample {
    /// To be encoded.
    Text(String),
    /// As it stands in the target.
    Wire(&'static str),
}

impl Sample {
    fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// What it means in a query string.
    fn in_query(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Wire(wire) => decoded(&wire.replace('+', " ")),
        }
    }

    /// What it means in a path.
    fn in_path(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Wire(wire) => decoded(wire),
        }
    }
}

fn decoded(wire: &str) -> String {
    percent_decode_str(wire).decode_utf8_lossy().into_owned()
}

/// What has a meaning of its own in a query string.
#[rustfmt::skip]
const QUERY: &AsciiSet = &CONTROLS
    .add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'=').add(b'>').add(b'[').add(b'\\').add(b']').add(b'^').add(b'`')
    .add(b'{').add(b'|').add(b'}');

/// What has a meaning of its own in a segment of a path.
const SEGMENT: &AsciiSet = &QUERY.add(b'/').add(b'?');

/// All that RFC 3986 does not call unreserved.
#[rustfmt::skip]
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `text` in one of the ways in which clients encode: as little as they must, all that is reserved, or everything.
fn encoded(text: &str, rng: &mut Rng, bare: &'static AsciiSet) -> String {
    match rng.u8(..10) {
        0 => text.bytes().fold(String::new(), |mut all, byte| {
            let _ = write!(all, "%{byte:02x}");
            all
        }),
        1..=4 => utf8_percent_encode(text, bare).to_string(),
        _ => utf8_percent_encode(text, RESERVED).to_string(),
    }
}

// What may be asked

/// An operation and what its parameters take.
struct Subject {
    id: String,
    template: String,
    parameters: Vec<Parameter>,
    /// The methods that its path declares.
    methods: BTreeSet<String>,
    /// Whether it answers a collection, which exists whatever the filters.
    is_list: bool,
    /// Whether it refuses bad parameters.
    is_strict: bool,
    /// Whether it refuses unknown ones as well.
    is_closed: bool,
}

#[derive(PartialEq)]
enum Place {
    Path,
    Query,
    Header,
}

struct Parameter {
    name: String,
    place: Place,
    required: bool,
    is_opaque: bool,
    schema: Value,
    declared: Vec<String>,
    /// Values that must be taken.
    good: Vec<String>,
    /// Values of which the schema knows whether they must be refused.
    odd: Vec<Sample>,
}

impl Subject {
    /// The GET operations of `document` that ask nobody who they are; what needs a caller is for `fuzz_writes`.
    fn of(document: &Value) -> Vec<Self> {
        let operations = spec::operations_of(document);
        let get = operations
            .iter()
            .filter(|operation| operation.method == "get" && operation.value["security"].is_null());
        get.map(|operation| Self::new(document, operation, &operations))
            .collect()
    }

    fn new(document: &Value, operation: &Operation, all: &[Operation]) -> Self {
        let responses = &operation.value["responses"];
        let success = &responses["200"]["content"]["application/json"]["schema"];
        let is_strict = responses.get("400").is_some();
        let is_lenient = |tag: &Value| LENIENT_TAGS.iter().any(|lenient| tag == lenient);
        let siblings = all
            .iter()
            .filter(|other| other.template == operation.template);
        let places = operation.template.matches('{').count();
        let parameters = operation.parameters.iter();
        Self {
            id: operation.id.clone(),
            template: operation.template.clone(),
            parameters: parameters.map(|p| Parameter::new(document, p)).collect(),
            methods: siblings
                .map(|other| other.method.to_ascii_uppercase())
                .collect(),
            // Of two places in a path the second may not exist in the first.
            is_list: places < 2
                && resolved(document, success)["properties"]
                    .get("items")
                    .is_some(),
            is_strict,
            is_closed: is_strict && !items(&operation.value["tags"]).any(is_lenient),
        }
    }

    fn in_place(&self, place: Place) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(move |p| p.place == place)
    }

    /// The last literal segment before `end`, in the singular.
    fn resource(&self, end: &str) -> String {
        let before = self.template.split(end).next().unwrap_or_default();
        let literal = before
            .rsplit('/')
            .find(|s| !s.is_empty() && !s.starts_with('{'));
        singular(literal.unwrap_or_default())
    }

    /// `text` in the place of a path parameter. A last one called `path` takes several segments.
    fn segment(&self, parameter: &Parameter, text: &str, rng: &mut Rng) -> String {
        if parameter.name == "path" && self.template.ends_with("/{path}") {
            let segments: Vec<String> = text.split('/').map(|s| encoded(s, rng, SEGMENT)).collect();
            return segments.join("/");
        }
        encoded(text, rng, SEGMENT)
    }

    /// Takes over what the document and earlier answers have for the parameters.
    fn learn(&mut self, bag: &Bag) {
        let own = match self.id.as_str() {
            // Its filters are those of articles.
            "searchArticles" => "article".to_owned(),
            _ => self.resource("?"),
        };
        let resources: Vec<String> = self
            .parameters
            .iter()
            .map(|parameter| match parameter.place {
                Place::Path => self.resource(&format!("{{{}}}", parameter.name)),
                _ => own.clone(),
            })
            .collect();
        for (parameter, resource) in self.parameters.iter_mut().zip(resources) {
            parameter.learn(&resource, bag);
        }
    }
}

impl Parameter {
    fn new(document: &Value, parameter: &Value) -> Self {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let schema = plain_schema(document, &parameter["schema"]);
        let place = match parameter["in"].as_str() {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            _ => Place::Header,
        };
        let examples = [
            &parameter["example"],
            &schema["example"],
            &schema["default"],
        ];
        let mut declared: Vec<String> = examples.into_iter().filter_map(text_of).collect();
        // The elements of an example are examples.
        let parts: Vec<String> = declared
            .iter()
            .flat_map(|text| text.split(','))
            .map(|part| part.trim().to_owned())
            .collect();
        declared.extend(parts);
        if place == Place::Path {
            // What is named there exists in some database, not in that of this test.
            declared.clear();
        }
        declared.extend(items(&schema["enum"]).filter_map(text_of));
        declared.extend(limits(&schema, &place));
        Self {
            is_opaque: OPAQUE.contains(&name.as_str()),
            required: parameter["required"] == true,
            odd: odd_samples(&schema),
            good: Vec::new(),
            name,
            place,
            schema,
            declared,
        }
    }

    /// Whether the schema has `text`.
    fn takes(&self, text: &str) -> bool {
        spec::validator(&self.schema).is_valid(&instance(&self.schema, text))
    }

    fn learn(&mut self, resource: &str, bag: &Bag) {
        if self.is_opaque {
            self.odd.extend(bag.cursors().map(Sample::Text));
            return;
        }
        let found = bag.values(&self.name, resource);
        let all: BTreeSet<String> = self.declared.iter().cloned().chain(found).collect();
        self.good = all.into_iter().filter(|text| self.takes(text)).collect();
    }
}

/// The schema without reference and `null`, and the same of the items of an array.
fn plain_schema(document: &Value, schema: &Value) -> Value {
    let mut plain = resolved(document, schema).clone();
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = items(&plain[choice]).find(|variant| variant["type"] != "null") {
            return plain_schema(document, first);
        }
    }
    let kind = items(&plain["type"]).find(|kind| *kind != "null").cloned();
    if let Some(kind) = kind {
        plain["type"] = kind;
    }
    if plain["items"].is_object() {
        plain["items"] = plain_schema(document, &plain["items"]);
    }
    plain
}

/// The values at the edges of a schema and a few between. Of ids in a path only those count that exist.
fn limits(schema: &Value, place: &Place) -> Vec<String> {
    match schema["type"].as_str() {
        Some("integer") if *place != Place::Path => {
            let min = schema["minimum"].as_i64().unwrap_or(0);
            let max = schema["maximum"].as_i64().unwrap_or(i64::MAX);
            let between = [0, 1, 2, 6, 18].map(|step| min.saturating_add(step));
            [max - 1, max]
                .iter()
                .chain(&between)
                .map(i64::to_string)
                .collect()
        }
        Some("boolean") => vec!["true".to_owned(), "false".to_owned()],
        Some("array") => {
            let of = &schema["items"];
            let mut each: Vec<String> = items(&of["enum"]).filter_map(text_of).collect();
            each.extend(limits(of, place));
            if each.len() > 1 {
                each.push(each.join(","));
            }
            each
        }
        _ => Vec::new(),
    }
}

/// What everyone may get wrong, and what lies just inside and outside of `schema`.
fn odd_samples(schema: &Value) -> Vec<Sample> {
    let mut texts: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
    let around = |bound: &str| {
        let bound = schema[bound].as_i64();
        let steps = [-1, 0, 1].map(|step| bound.and_then(|bound| bound.checked_add(step)));
        steps.into_iter().flatten()
    };
    texts.extend(
        ["minimum", "maximum"]
            .into_iter()
            .flat_map(around)
            .map(|n| n.to_string()),
    );
    let lengths = ["minLength", "maxLength"]
        .into_iter()
        .flat_map(around)
        .filter_map(|n| usize::try_from(n).ok());
    for length in lengths.chain([2_000]) {
        texts.extend(["x", "9", "新", "🗞", "e\u{301}"].map(|unit| unit.repeat(length)));
    }
    texts.push("x".repeat(9_000));
    for count in around("maxItems").filter_map(|n| usize::try_from(n).ok()) {
        texts.push(vec!["1"; count].join(","));
    }
    for word in items(&schema["enum"]).filter_map(text_of) {
        texts.extend([
            word.to_uppercase(),
            format!("{word} "),
            format!("{word},{word}"),
            format!("{word}x"),
        ]);
    }
    let wires = WIRES.iter().map(|wire| Sample::Wire(wire));
    texts.into_iter().map(Sample::Text).chain(wires).collect()
}

/// The value that `text` stands for in a schema of this type; a string where it stands for none.
fn instance(schema: &Value, text: &str) -> Value {
    let read = match schema["type"].as_str() {
        Some("integer") => text
            .parse::<i64>()
            .ok()
            .filter(|n| n.to_string() == text)
            .map(Value::from),
        Some("number") => serde_json::from_str(text).ok().filter(Value::is_number),
        Some("boolean") => text.parse::<bool>().ok().map(Value::from),
        Some("array") => Some(
            text.split(',')
                .map(|part| instance(&schema["items"], part))
                .collect(),
        ),
        _ => None,
    };
    read.unwrap_or_else(|| text.into())
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

// What answers said

/// Values of members by the resource they were found in.
#[derive(Default)]
struct Bag {
    members: BTreeMap<(String, String), BTreeSet<String>>,
    /// `ETag` and `Last-Modified`, under the name of the request header that takes them.
    validators: BTreeSet<Header>,
}

/// Members that name a resource.
const NAMING: [&str; 4] = ["id", "slug", "key", "path"];

/// Members that hold more of the resource they stand in.
const SAME: [&str; 4] = ["items", "children", "siblings", "article"];

/// Most values that are kept of one member.
const KEPT: usize = 100;

impl Bag {
    fn put(&mut self, resource: &str, value: &Value) {
        for (name, member) in members(value) {
            let below = if SAME.contains(&name.as_str()) {
                resource.to_owned()
            } else {
                singular(name)
            };
            match member {
                Value::Object(_) => self.put(&below, member),
                Value::Array(list) => {
                    for item in list {
                        self.put(&below, item);
                        self.keep("", &below, item);
                    }
                }
                _ => self.keep(resource, name, member),
            }
        }
    }

    fn keep(&mut self, resource: &str, name: &str, value: &Value) {
        if let Some(text) = text_of(value) {
            let known = self
                .members
                .entry((resource.to_owned(), name.to_owned()))
                .or_default();
            if known.len() < KEPT {
                known.insert(text);
            }
        }
    }

    fn put_answer(&mut self, resource: &str, answer: &Answer) {
        if answer.status == 200 && answer.media_type() == Some("application/json") {
            self.put(resource, &answer.json());
        }
        let full = self.validators.len() >= KEPT;
        let asked = [
            ("etag", "If-None-Match"),
            ("last-modified", "If-Modified-Since"),
        ];
        for (given, asked) in asked.into_iter().filter(|_| !full) {
            let value = answer.headers.get(given).map(HeaderValue::as_bytes);
            self.validators
                .extend(value.map(|value| (asked.to_owned(), value.to_vec())));
        }
    }

    fn size(&self) -> usize {
        self.members.values().map(BTreeSet::len).sum()
    }

    fn cursors(&self) -> impl Iterator<Item = String> {
        let cursors = self
            .members
            .iter()
            .filter(|((_, name), _)| name == "next_cursor");
        cursors.flat_map(|(_, values)| values).cloned()
    }

    /// What a parameter `name` of `resource` may mean: the name of a resource (`category`), a member of another one
    /// (`category_path`) or of its own (`slug`, `locale`), an element of a list (`keyword`), an end of time (`published_to`).
    fn values(&self, name: &str, resource: &str) -> Vec<String> {
        let name = singular(name);
        let mut keys = vec![(resource, name.clone()), ("", name.clone())];
        keys.extend(NAMING.map(|naming| (name.as_str(), naming.to_owned())));
        match name.rsplit_once('_') {
            Some((stem, "from" | "to")) => keys.push((resource, format!("{stem}_at"))),
            Some((of, member)) => keys.push((of, member.to_owned())),
            None => {}
        }
        let found = keys
            .into_iter()
            .filter_map(|(of, member)| self.members.get(&(of.to_owned(), member)));
        found.flatten().cloned().collect()
    }
}

/// `link-groups` is `link_group`.
fn singular(name: &str) -> String {
    let name = name.replace('-', "_");
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    name.strip_suffix('s').unwrap_or(&name).to_owned()
}

// What must hold

/// A request and what came back.
struct Exchange<'a> {
    subject: &'a Subject,
    request: Request,
    answer: Answer,
}

/// A broken rule.
struct Fault {
    times: u64,
    operations: BTreeSet<String>,
    first: String,
}

struct Fuzzer<'a> {
    app: &'a TestApp,
    seed: u64,
    requests: Cell<u64>,
    /// How often each operation answered what.
    answers: RefCell<BTreeMap<String, BTreeMap<u16, u64>>>,
    faults: RefCell<BTreeMap<String, Fault>>,
}

impl<'a> Fuzzer<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            seed: from_environment("MASTHEAD_FUZZ_SEED").unwrap_or(SEED),
            requests: Cell::default(),
            answers: RefCell::default(),
            faults: RefCell::default(),
        }
    }

    /// The operations of `document` with values for their parameters, from the portal and from what they answer themselves; and
    /// headers.
    async fn explore(&self, document: &Value, portal: &Portal) -> (Vec<Subject>, Vec<Header>) {
        let mut bag = Bag::default();
        for line in portal
            .lines()
            .lines()
            .filter(|line| !is_secret(line.as_bytes()))
        {
            let record: Value = serde_json::from_str(line).unwrap();
            bag.put(record["type"].as_str().unwrap_or_default(), &record);
        }
        // Links are made by those who are signed in.
        let list = self.app.get("/api/v1/articles?limit=2").await.json();
        for id in items(&list["items"]).filter_map(|article| article["id"].as_i64()) {
            bag.put("preview", &json!({"token": self.app.preview_token(id, 1)}));
        }
        // So are files; that of a hidden article is not here.
        let file = Form::of("公报.pdf", pdf("公报"));
        let file = self.app.desk("admin").taken(&file).await;
        let name = path(&file["url"]);
        let name = name.rsplit('/').next();
        bag.put("media", &json!({"id": file["id"], "file": name}));
        let mut rng = Rng::with_seed(self.seed);
        let mut size = 0;
        // What one operation answers may be what another one asks for.
        while size < bag.size() {
            size = bag.size();
            for mut subject in Subject::of(document) {
                subject.learn(&bag);
                for turn in 0..SCOUTS {
                    let (subject, rng) = (&subject, rng.fork());
                    let mut scout = Round {
                        fuzz: self,
                        subject,
                        headers: &[],
                        turn,
                        rng,
                    };
                    if let Some(exchange) = scout.a_plain_request().await {
                        bag.put_answer(&subject.resource("?"), &exchange.answer);
                    }
                }
            }
        }
        let mut subjects = Subject::of(document);
        for subject in &mut subjects {
            subject.learn(&bag);
            for parameter in &mut subject.parameters {
                rng.shuffle(&mut parameter.odd);
                rng.shuffle(&mut parameter.good);
            }
        }
        let mut headers = odd_headers();
        headers.extend(bag.validators);
        (subjects, headers)
    }

    /// The answer to `request`, after it was held to what is true of all answers.
    async fn ask<'s>(&self, subject: &'s Subject, request: Request) -> Option<Exchange<'s>> {
        let exchange = self.send(subject, request).await?;
        if !exchange.answer.headers.contains_key("content-encoding") {
            self.judge(&exchange);
            return Some(exchange);
        }
        // Nobody here can read it, so it is asked for again as it is.
        let mut plain = exchange.request.clone();
        plain.headers.retain(|(name, _)| name != "Accept-Encoding");
        let readable = self.send(subject, plain).await?;
        self.judge(&readable);
        let is_asked_for = exchange.request.has_header(&["accept-encoding"]);
        let is_same = readable.answer.status == exchange.answer.status;
        self.expect(
            is_asked_for && is_same,
            "encoded for who takes it, else the same",
            &exchange,
        );
        Some(readable)
    }

    async fn send<'s>(&self, subject: &'s Subject, request: Request) -> Option<Exchange<'s>> {
        self.requests.set(self.requests.get() + 1);
        let bytes = self.app.raw(&request.bytes()).await;
        let text = String::from_utf8_lossy(&bytes);
        if is_secret(&bytes) {
            self.fault(subject, "hidden articles stay hidden", &request, &text);
        }
        let answer = parsed(&bytes, &request);
        if answer.is_none() {
            self.fault(
                subject,
                "every answer is whole and is HTTP",
                &request,
                &text,
            );
        }
        answer.map(|answer| Exchange {
            subject,
            request,
            answer,
        })
    }

    fn judge(&self, exchange: &Exchange<'_>) {
        let Exchange {
            subject,
            request,
            answer,
        } = exchange;
        if request.method == "GET" {
            let mut answers = self.answers.borrow_mut();
            let statuses = answers.entry(subject.id.clone()).or_default();
            *statuses.entry(answer.status).or_default() += 1;
        }
        self.expect(
            answer.status < 500,
            "nothing is a fault of the server",
            exchange,
        );
        let is_injected = answer.headers.contains_key("x-injected");
        self.expect(!is_injected, "no request writes headers", exchange);
        if let Some((status, headers)) =
            PROVOKED.iter().find(|(status, _)| *status == answer.status)
        {
            let rule = format!("{status} is only for {}", headers.join(" and "));
            self.expect(request.has_header(headers), &rule, exchange);
        }
        // What is no URI may end in the HTTP parser, which knows neither the document nor problems.
        if !request.is_uri() {
            return;
        }
        if let Err(reason) = spec::verdict(answer) {
            let (rule, detail) = reason.split_once('\n').unwrap_or((&reason, ""));
            let place = detail.trim().split(": ").next().unwrap_or_default();
            let rule = format!("answers are documented: {rule} {place}");
            let detail = format!("{}\n{}", detail.trim(), told(answer));
            self.fault(subject, &rule, request, &detail);
        }
        if answer.status >= 400 && request.method != "HEAD" {
            let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let is_problem = answer.media_type() == Some("application/problem+json")
                && problem["status"] == answer.status;
            self.expect(is_problem, "what fails is a problem", exchange);
        }
    }

    fn expect(&self, holds: bool, rule: &str, exchange: &Exchange<'_>) {
        if !holds {
            self.fault(
                exchange.subject,
                rule,
                &exchange.request,
                &told(&exchange.answer),
            );
        }
    }

    fn fault(&self, subject: &Subject, rule: &str, request: &Request, told: &str) {
        let mut faults = self.faults.borrow_mut();
        let fault = faults.entry(rule.to_owned()).or_insert_with(|| {
            let told: String = told.chars().take(1_000).collect();
            let first = format!("{}\n{told}", request.curl()).replace('\n', "\n    ");
            Fault {
                times: 0,
                operations: BTreeSet::new(),
                first,
            }
        });
        fault.times += 1;
        fault.operations.insert(subject.id.clone());
    }

    fn report(&self, subjects: &[Subject], rounds: u64) {
        let (seed, requests, answers) = (self.seed, self.requests.get(), self.answers.borrow());
        println!("{requests} requests in {rounds} rounds: {answers:?}");
        let mut faults = String::new();
        for Subject { id, parameters, .. } in subjects {
            if !answers
                .get(id)
                .is_some_and(|statuses| statuses.contains_key(&200))
            {
                let _ = writeln!(faults, "{id}: no request had success");
            }
            for Parameter { name, .. } in parameters
                .iter()
                .filter(|p| p.good.is_empty() && !p.is_opaque)
            {
                let _ = writeln!(
                    faults,
                    "{id}: no valid value for `{name}`; give it an example"
                );
            }
        }
        for (rule, fault) in self.faults.borrow().iter() {
            let (times, operations) = (fault.times, &fault.operations);
            let _ = writeln!(
                faults,
                "broken {times} times: {rule}, in {operations:?}\n    {}",
                fault.first
            );
        }
        assert!(
            faults.is_empty(),
            "MASTHEAD_FUZZ_SEED={seed} MASTHEAD_FUZZ_ROUNDS={rounds} asks all of this again\n{faults}"
        );
    }
}

type Header = (String, Vec<u8>);

/// `HEADERS` and some long ones.
fn odd_headers() -> Vec<Header> {
    let long: [(&str, &[u8]); 5] = [
        ("Accept-Language", b"en,"),
        ("If-None-Match", b"\"a\","),
        ("Authorization", b"x"),
        ("Accept-Encoding", b"gzip,"),
        ("Cookie", b"a=b;"),
    ];
    let long = long.map(|(name, part)| (name.to_owned(), part.repeat(2_000)));
    let short = HEADERS
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.to_vec()));
    short.chain(long).collect()
}

/// An answer, for people.
fn told(answer: &Answer) -> String {
    format!("answered {}: {}", answer.status, answer.text())
}

/// Whether something hidden stands in `bytes`.
fn is_secret(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes)
        .to_lowercase()
        .contains(SECRET)
}

/// The answer that `bytes` are, if they are a whole one.
fn parsed(bytes: &[u8], request: &Request) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let mut lines = bytes[..end].split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let status = first.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let colon = line.iter().position(|b| *b == b':')?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        headers.append(HeaderName::from_bytes(&line[..colon]).ok()?, value);
    }
    let mut body = bytes[end + 4..].to_vec();
    if request.method != "HEAD" && status != 304 {
        if headers.contains_key("transfer-encoding") {
            body = unchunked(&body)?;
        }
        let length = headers
            .get("content-length")
            .map(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: Option<usize>| length != Some(body.len())) {
            return None;
        }
    }
    let method = Method::from_bytes(request.method.as_bytes()).ok()?;
    let (path, body) = (request.target(), Bytes::from(body));
    Some(Answer {
        method,
        path,
        status,
        headers,
        body,
    })
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        rest = &rest[line + 2..];
        body.extend(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

/// Requests to one operation, one of each kind.
struct Round<'a> {
    fuzz: &'a Fuzzer<'a>,
    subject: &'a Subject,
    headers: &'a [Header],
    /// Which of the values in a fixed order are due.
    turn: usize,
    rng: Rng,
}

impl<'a> Round<'a> {
    async fn run(&mut self) {
        self.valid_values().await;
        self.a_valid_value_alone().await;
        for parameter in self.subject.in_place(Place::Query) {
            self.an_odd_value(parameter).await;
        }
        self.an_odd_path().await;
        self.odd_names().await;
        self.an_odd_end().await;
        self.odd_headers().await;
        self.another_method().await;
    }

    /// Only what is required and, every other time, the smallest page.
    async fn a_plain_request(&mut self) -> Option<Exchange<'a>> {
        let mut request = self.valid_request(0)?;
        if self.turn % 2 == 1
            && self
                .subject
                .in_place(Place::Query)
                .any(|p| p.name == "limit")
        {
            request.add("limit", &Sample::text("1"), &mut self.rng);
        }
        self.ask(request).await
    }

    /// Valid values in any combination; now and then the same with HEAD; and the page after it.
    async fn valid_values(&mut self) -> Option<()> {
        let share = self.rng.u8(5..60);
        let request = self.valid_request(share)?;
        let get = self.ask(request).await?;
        self.expect_taken(&get);
        if self.rng.u8(..4) == 0 {
            self.the_same_with_head(&get).await;
        }
        self.the_next_page(&get).await
    }

    async fn the_same_with_head(&self, get: &Exchange<'_>) -> Option<()> {
        let head = self
            .ask(Request {
                method: "HEAD",
                ..get.request.clone()
            })
            .await?;
        let lasting = |answer: &Answer| -> BTreeMap<String, Vec<u8>> {
            let headers = answer
                .headers
                .iter()
                .filter(|(name, _)| !VOLATILE.contains(&name.as_str()));
            headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect()
        };
        let is_same = head.answer.status == get.answer.status
            && lasting(&head.answer) == lasting(&get.answer);
        self.expect(is_same, "HEAD has the status and the headers of GET", &head);
        self.expect(head.answer.body.is_empty(), "HEAD has no body", &head);
        Some(())
    }

    async fn the_next_page(&mut self, page: &Exchange<'_>) -> Option<()> {
        let parameter = self.subject.in_place(Place::Query).find(|p| p.is_opaque)?;
        let body: Value = serde_json::from_slice(&page.answer.body).ok()?;
        let mut request = page.request.clone();
        request.remove("page");
        if self.rng.bool() {
            request.remove("limit");
        }
        request.add(
            &parameter.name,
            &Sample::text(body["next_cursor"].as_str()?),
            &mut self.rng,
        );
        let next = self.ask(request).await?;
        self.expect(
            next.answer.status == 200,
            "`next_cursor` leads to a page",
            &next,
        );
        Some(())
    }

    /// One valid value of one parameter, each in turn.
    async fn a_valid_value_alone(&mut self) -> Option<()> {
        let known = self.known();
        let parameter = known.get(self.turn % known.len().max(1))?;
        let value = &parameter.good[self.turn / known.len() % parameter.good.len()];
        let mut request = self.valid_request(0)?;
        request.remove(&parameter.name);
        request.add(&parameter.name, &Sample::text(value), &mut self.rng);
        let exchange = self.ask(request).await?;
        self.expect_taken(&exchange);
        Some(())
    }

    /// One odd value among valid ones: refused where the schema does not have it, and then by name.
    async fn an_odd_value(&mut self, parameter: &Parameter) -> Option<()> {
        let mut request = self.valid_request(30)?;
        if !request.excluded().is_empty() {
            request = self.valid_request(0)?;
        }
        let (name, sample) = (&parameter.name, self.odd_sample(parameter));
        request.remove(name);
        request.add(name, &sample, &mut self.rng);
        let exchange = self.ask(request).await?;
        if self.subject.is_strict && !parameter.takes(&sample.in_query()) {
            let rule = format!("`{name}` is refused outside of its schema");
            self.expect(exchange.answer.status == 400, &rule, &exchange);
        }
        self.expect_named(name, &exchange);
        Some(())
    }

    /// A path that does not exist where the schema does not have it.
    async fn an_odd_path(&mut self) -> Option<()> {
        let subject = self.subject;
        let odd = self
            .rng
            .choice(subject.in_place(Place::Path).collect::<Vec<_>>())?;
        let mut sample = self.odd_sample(odd);
        if odd.schema["type"] == "integer" && self.rng.bool() {
            // Some id of a small database, perhaps of something hidden.
            sample = Sample::Text(self.rng.u8(1..100).to_string());
        }
        let path = self.path(|parameter| (parameter.name == odd.name).then(|| sample.clone()))?;
        let exchange = self.ask(Request::get(path)).await?;
        if !odd.takes(&sample.in_path()) {
            let rule = format!("`{}` is not found outside of its schema", odd.name);
            self.expect(
                [400, 404].contains(&exchange.answer.status),
                &rule,
                &exchange,
            );
        }
        Some(())
    }

    /// Parameters that come twice, that are missing, that nobody knows, and too many of them.
    async fn odd_names(&mut self) -> Option<()> {
        let mut request = self.valid_request(20)?;
        let known = self.known();
        let twice = self.rng.choice(&known);
        let missing = known.iter().find(|p| p.required);
        let (is_refused, name) = match (self.rng.u8(..5), twice, missing) {
            (0 | 1, Some(twice), _) => {
                request.remove(&twice.name);
                for _ in 0..2 {
                    let value = self.rng.choice(&twice.good)?;
                    request.add(&twice.name, &Sample::text(value), &mut self.rng);
                }
                (self.subject.is_strict, twice.name.as_str())
            }
            (2, _, Some(missing)) => {
                request.remove(&missing.name);
                (self.subject.is_strict, missing.name.as_str())
            }
            (3, ..) => {
                for _ in 0..300 {
                    request.add("a", &Sample::text("1"), &mut self.rng);
                }
                (self.subject.is_closed, "a")
            }
            _ => {
                let name = UNKNOWN[self.turn % UNKNOWN.len()];
                request.add(name, &Sample::text("1"), &mut self.rng);
                (self.subject.is_closed, name)
            }
        };
        let exchange = self.ask(request).await?;
        if is_refused {
            self.expect(
                exchange.answer.status == 400,
                "unknown, repeated and missing parameters are refused",
                &exchange,
            );
        }
        if exchange.request.query.len() < 100 {
            self.expect_named(name, &exchange);
        }
        Some(())
    }

    /// Something behind a valid path.
    async fn an_odd_end(&mut self) -> Option<()> {
        let tail = TAILS[self.turn % TAILS.len()];
        let path = self.path(|_| None)?;
        self.ask(Request {
            tail,
            ..Request::get(path)
        })
        .await
        .map(drop)
    }

    /// Headers that nobody should send: none of them makes a valid request a bad one.
    async fn odd_headers(&mut self) -> Option<()> {
        let mut request = self.valid_request(20)?;
        for _ in 0..self.rng.u8(1..4) {
            request.headers.push(self.rng.choice(self.headers)?.clone());
        }
        let exchange = self.ask(request).await?;
        self.expect_taken(&exchange);
        Some(())
    }

    /// A method that the path does not declare.
    async fn another_method(&mut self) -> Option<()> {
        let (method, declared) = (METHODS[self.turn % METHODS.len()], &self.subject.methods);
        if declared.contains(method) {
            return None;
        }
        let request = self.valid_request(20)?;
        let exchange = self.ask(Request { method, ..request }).await?;
        let expected: &[u16] = if method == "OPTIONS" {
            &[200, 204]
        } else {
            &[405]
        };
        self.expect(
            expected.contains(&exchange.answer.status),
            "an undeclared method is a 405",
            &exchange,
        );
        let allow = exchange.answer.header("allow").unwrap_or_default();
        let allowed: BTreeSet<&str> = allow.split(", ").collect();
        let is_told = declared
            .iter()
            .all(|method| allowed.contains(method.as_str()))
            && allowed.contains(method) == (method == "OPTIONS");
        self.expect(is_told, "`Allow` lists the declared methods", &exchange);
        Some(())
    }

    /// A request of valid values: what is required, and `share` of a hundred of the rest.
    fn valid_request(&mut self, share: u8) -> Option<Request> {
        let mut request = Request::get(self.path(|_| None)?);
        for parameter in self
            .subject
            .parameters
            .iter()
            .filter(|p| p.place != Place::Path)
        {
            let value = self.rng.choice(&parameter.good);
            if !parameter.required && self.rng.u8(..100) >= share {
                continue;
            }
            match (value, &parameter.place) {
                (None, _) if parameter.required => return None,
                (None, _) => {}
                (Some(value), Place::Header) => {
                    request
                        .headers
                        .push((parameter.name.clone(), value.clone().into_bytes()));
                }
                (Some(value), _) => {
                    request.add(&parameter.name, &Sample::text(value), &mut self.rng)
                }
            }
        }
        self.rng.shuffle(&mut request.query);
        Some(request)
    }

    /// A path of valid values, or of what `other` has in their place.
    fn path(&mut self, other: impl Fn(&Parameter) -> Option<Sample>) -> Option<String> {
        let mut path = self.subject.template.clone();
        for parameter in self.subject.in_place(Place::Path) {
            let valid = self
                .rng
                .choice(&parameter.good)
                .map(|text| Sample::text(text));
            let segment = match other(parameter).or(valid)? {
                Sample::Text(text) => self.subject.segment(parameter, &text, &mut self.rng),
                Sample::Wire(wire) => wire.to_owned(),
            };
            path = path.replace(&format!("{{{}}}", parameter.name), &segment);
        }
        Some(path)
    }

    /// The odd value that is due, or a valid one with a few changes.
    fn odd_sample(&mut self, parameter: &Parameter) -> Sample {
        let valid = self.rng.choice(&parameter.good);
        let Some(valid) = valid.filter(|_| self.rng.u8(..4) == 0) else {
            return parameter.odd[self.turn % parameter.odd.len()].clone();
        };
        let mut chars: Vec<char> = valid.chars().collect();
        for _ in 0..self.rng.u8(1..4) {
            let at = self.rng.usize(..=chars.len());
            let end = (at + self.rng.usize(..2)).min(chars.len());
            let new = self.rng.choice(ALPHABET.chars().collect::<Vec<_>>());
            chars.splice(at..end, new.filter(|_| self.rng.u8(..3) > 0));
        }
        Sample::Text(chars.into_iter().collect())
    }

    /// The query parameters that have valid values.
    fn known(&self) -> Vec<&'a Parameter> {
        let query = self.subject.in_place(Place::Query);
        query
            .filter(|parameter| !parameter.good.is_empty())
            .collect()
    }

    async fn ask(&self, request: Request) -> Option<Exchange<'a>> {
        self.fuzz.ask(self.subject, request).await
    }

    fn expect(&self, holds: bool, rule: &str, exchange: &Exchange<'_>) {
        self.fuzz.expect(holds, rule, exchange);
    }

    fn expect_taken(&self, exchange: &Exchange<'_>) {
        let Exchange {
            request, answer, ..
        } = exchange;
        if request.excluded().is_empty() {
            self.expect(answer.status != 400, "valid values are taken", exchange);
        }
        self.expect_named("", exchange);
        let is_lost = answer.status == 404 && self.subject.is_list;
        self.expect(!is_lost, "a list exists whatever its filters", exchange);
    }

    /// What is refused names the bad parameter, or those that refuse each other, and no other.
    fn expect_named(&self, name: &str, exchange: &Exchange<'_>) {
        let Exchange {
            request, answer, ..
        } = exchange;
        if answer.status != 400 {
            return;
        }
        let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let names = [vec![name], request.excluded()].concat();
        let mut pointers: Vec<String> = names
            .iter()
            .map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1")))
            .collect();
        if request.target().len() >= LONG_QUERY {
            pointers.push(String::new());
        }
        let is_known = |error: &Value| {
            pointers
                .iter()
                .any(|pointer| error["pointer"] == pointer.as_str())
        };
        let errors = problem["errors"]
            .as_array()
            .filter(|errors| !errors.is_empty());
        let is_named = errors.is_some_and(|errors| errors.iter().all(is_known));
        self.expect(
            is_named,
            "`errors` names the bad parameter and no other",
            exchange,
        );
    }
}

// What there is

/// Sites in three languages with something of everything, and articles that nobody may see among the others.
fn portal() -> Portal {
    let menu = json!([{"label": "News", "category": "news", "children": [{"label": "Out", "url": "https://example.org"}]}]);
    let mut demo = Portal::new("demo")
        .site(|s| {
            s.set("locales", ["en", "zh-Hans", "zh-Hant"])
                .set("url_template", "https://demo.example.org/{path}")
        })
        .source("s1")
        .source("s2")
        .category("news/local")
        .category("news/world")
        .category("empty")
        .menu("main", menu.clone())
        .link_group(
            "partners",
            json!([{"label": "Partner", "url": "https://example.org"}]),
        )
        .topic("t1")
        .topic("t2");
    for n in 0..24 {
        demo = demo.article(&format!("a{n}"), |a| match n % 4 {
            0 => a
                .category("news/local")
                .sources(&["s1"])
                .topics(&["t1"])
                .set("related", ["marvin-draft", "a1"]),
            1 => full(a.category("news/world")),
            // Several at one time, which no zone of the site prints.
            2 => a
                .published_at("2026-01-10T00:00:00-11:00")
                .sources(&["s2", "s1"]),
            _ => a
                .set("published_precision", "date")
                .published_at("2025-12-31T00:00:00+08:00")
                .topics(&["t2", "t1"]),
        });
    }
    let mut han = Portal::new("han")
        .site(|s| {
            s.set("default_locale", "zh-Hant")
                .set("locales", ["zh-Hant", "zh-Hans"])
        })
        .category("news/local")
        .category("科技/航天")
        .menu("main", menu)
        .menu("主選單", json!([{"label": "科技", "category": "科技"}]))
        .topic("專題");
    for n in 0..8 {
        let translation = json!([{"locale": "zh-Hans", "title": "新闻", "body_html": "<p>正文</p>", "keywords": ["航天"]}]);
        // Half of them are called like those of the other site.
        let key = if n % 2 == 0 {
            format!("新聞-{n}")
        } else {
            format!("a{n}")
        };
        han = han.article(&key, |a| {
            a.title("新聞")
                .category("科技/航天")
                .set("keywords", ["航天", "科技"])
                .set("translations", translation)
        });
    }
    demo.article("marvin-draft", |a| hidden(a).status("draft"))
        .article("marvin-archived", |a| hidden(a).status("archived"))
        // One second from now, and right now.
        .article("marvin-scheduled", |a| {
            hidden(a).published_at("2026-01-15T12:00:01+08:00")
        })
        .article("marvin-expired", |a| {
            hidden(a).set("unpublish_at", "2026-01-15T12:00:00+08:00")
        })
        .and(han.article("marvin-han", |a| hidden(a).status("draft")))
        .and(Portal::new("空"))
}

fn full(article: Record) -> Record {
    article
        .body("<h2>Heading</h2><p>Text, <a href=\"https://example.org\">linked</a>.</p>")
        .set("subtitle", "Subtitle")
        .set("summary", "Summary")
        .set("byline", "Li Wei")
        .set("source_line", "Source s1")
        .set("event_date", "2026-01-09")
        .set("keywords", ["science", "a/b & c"])
        .set("cover", "https://example.org/a.jpg")
        .set("contributors", json!([{"role": "author", "kind": "person", "name": "Li Wei", "key": "li-wei"}]))
        .set("attachments", json!([{"name": "Annex", "url": "https://example.org/a.pdf", "media_type": "application/pdf", "size": 1000}]))
        .set("audio", json!([{"url": "https://example.org/a.mp3", "media_type": "audio/mpeg", "duration_s": 60}]))
        .set("related", ["a0", "marvin-scheduled"])
        .set("translations", json!([{"locale": "zh-Hans", "title": "文章", "body_html": "<p>正文</p>"}]))
}

/// An article that must not be seen: requests ask for its first word, no answer has its second.
fn hidden(article: Record) -> Record {
    let words = format!("marvin {SECRET}");
    article
        .title(&words)
        .body(&format!("<h2>{words}</h2><p>{words}</p>"))
        .set("subtitle", &words)
        .set("summary", &words)
        .set("byline", &words)
        .set("source_line", &words)
        .set("keywords", [&words])
        .set(
            "contributors",
            json!([{"role": "author", "kind": "person", "name": words}]),
        )
        .set(
            "attachments",
            json!([{"name": words, "url": "https://example.org/a"}]),
        )
        .set(
            "translations",
            json!([{"locale": "fr", "title": words, "body_html": ""}]),
        )
}
