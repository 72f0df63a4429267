//! Every operation that takes a body, sent what no client should send: values of other kinds, deep, long, broken and doubled ones, in
//! the place of each part of a good body. Knows rules about answers; knows no operation.
//!
//! `MASTHEAD_FUZZ_SEED` sets the seed, `MASTHEAD_FUZZ_ROUNDS` how many requests every operation gets, however long that takes;
//! without it the rounds end after [`TIME`].

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::support::calls::{Call, calls, full_portal};
use crate::support::client::Answer;
use crate::support::{TestApp, on_both};

const SEED: u64 = 20_260_115;

const TIME: Duration = Duration::from_secs(8);

/// The most that a request may take: nothing a client sends makes the server think for long.
const SLOWEST: Duration = Duration::from_secs(5);

/// Strings that people, programs and attackers write.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "", " ", "\t", "\n", "\0", "a\0b", "\u{feff}", "\u{200b}", "\u{10ffff}", "\u{85}", "\u{202e}gnp.exe", "e\u{301}", "é", "👩‍👩‍👧‍👦", "新闻", "ｎｅｗｓ",
    "0", "-1", "1e9", "null", "true", "NaN", "a2", "made", "demo", "news", "news/local", "news//local", "/news", "news/", "../x", ".", "..", "a b", "A", "a_b", "-a",
    "en", "zh-Hans", "zh_Hans", "x", "xx-", "art-lojban", "en-u-ca-gregory", "draft", "published", "archived", "Published", "author", "admin",
    "'", "\"", "\\", "%", "_", "?", "$1", "'; DROP TABLE articles; --", "<script>alert(1)</script>", "<p", "</p>", "<!--", "]]>", "&#0;", "&amp;amp;", "{{7*7}}",
    "https://example.org", "http://", "javascript:alert(1)", "//example.org", "https://example.org/{path}", "https://[::1", "https://例え.jp/ä b", "data:text/html,x",
    "2026-01-10", "2026-02-30", "2026-01-10T08:00:00Z", "2026-01-10T08:00:00+24:00", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z",
    "2026-01-10T08:00:60Z", "-0001-01-01T00:00:00Z", "+08:00", "+8", "+99:99", "a@b", "a@example.org", "@", "PATCH", "/manage/articles/1", "\"1\"", "*",
];

/// JSON that is not one, or that readers understand differently.
#[rustfmt::skip]
const BROKEN: &[&[u8]] = &[
    b"", b"{", b"}", b"[", b"\"", b"{}{}", b"{} x", b"{,}", b"{\"a\"}", b"{\"a\":}", b"{\"a\":1,}", b"{'a':1}", b"{a:1}", b"//\n{}", b"nul", b"NaN", b"-", b"1e", b"01", b"+1", b".5",
    b"{\"title\":\"\\ud800\"}", b"{\"title\":\"\\udc00\\ud800\"}", b"{\"title\":\"\\u00\"}", b"{\"title\":\"\\x41\"}", b"{\"title\":\"a\nb\"}", b"{\"\\ud800\":1}",
    b"{\"title\":\"\xff\"}", b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}", b"{\"title\":\"\xed\xa0\x80\"}", b"{\"title\":\"\xc0\xaf\"}", b"\0", b"{}\0", b"{\"a\":\"\0\"}",
    b"{\"title\":\"a\",\"title\":\"b\"}", b"{\"title\":\"a\",\"\\u0074itle\":\"b\"}", b"{\"__proto__\":{}}", b"{\"\":1}", b"{\"a/b~c\":1}", b"{\"name\":\"a\",\"name\":null}",
    b"{\"n\":1e400}", b"{\"n\":-1e400}", b"{\"n\":1e-400}", b"{\"position\":123456789012345678901234567890}", b"{\"year\":1.0000000000000000000001}",
];

on_both! {
    /// Whatever is sent, nothing breaks: every answer is a documented one, and nothing is written by halves
    async fn no_body_breaks_anything(app) {
        app.import(&full_portal());
        let start = Instant::now();
        let seed = from_environment("MASTHEAD_FUZZ_SEED").unwrap_or(SEED);
        let rounds = from_environment("MASTHEAD_FUZZ_ROUNDS");
        let targets: Vec<Call> = calls(app).await.into_iter().filter(|call| call.body.is_some()).collect();
        let mut round = 0;
        let mut taken = 0;
        while rounds.map_or(start.elapsed() < TIME, |wanted| round < wanted) {
            let mut rng = Rng::with_seed(seed.wrapping_add(round));
            for call in &targets {
                let body = odd_body(call.body.as_ref().unwrap(), &mut rng);
                let about = format!("MASTHEAD_FUZZ_SEED={} {}", seed.wrapping_add(round), call.operation.id);
                taken += u64::from(judge(&send(app, call, body).await, &about));
            }
            round += 1;
        }
        // Some of it is fine, so that more than the reader of bodies is looked at.
        assert!(taken > round / 2, "{taken} of {round} rounds with {} operations", targets.len());
        assert_nothing_is_half_written(app).await;
    }

    /// Each broken text is refused by each operation
    async fn broken_json_is_refused(app) {
        app.import(&full_portal());
        let targets = calls(app).await;
        let shown = overview(app).await;
        for call in targets.iter().filter(|call| call.body.is_some()) {
            let before = app.statements();
            // Nothing at all is broken where something is needed.
            let is_needed = call.operation.value["requestBody"]["required"] == true;
            for text in BROKEN.iter().filter(|text| is_needed || !text.is_empty()) {
                let answer = send(app, call, text.to_vec()).await;
                assert!(matches!(answer.status, 400 | 422), "{}: {answer}", String::from_utf8_lossy(text));
                answer.problem(answer.status);
            }
            for depth in [129, 10_000, 200_000] {
                for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                    let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                    send(app, call, deep.into_bytes()).await.assert_problem(400, "malformed_request");
                }
            }
            // What cannot be read costs no more than asking who calls.
            let most = u64::try_from(BROKEN.len() + 6).unwrap() * 4;
            assert!(app.statements() - before <= most, "{}: {}", call.operation.id, app.statements() - before);
        }
        assert_eq!(overview(app).await, shown);
    }
}

fn from_environment(name: &str) -> Option<u64> {
    let value = std::env::var_os(name)?.into_string().ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} must be a whole number")),
    )
}

async fn send(app: &TestApp, call: &Call, body: Vec<u8>) -> Answer {
    let mut request = call.bare(app).header("content-type", "application/json");
    if call.takes_if_match() {
        request = request.header("if-match", "*");
    }
    let start = Instant::now();
    let answer = request.body(body).send().await;
    assert!(
        start.elapsed() < SLOWEST,
        "it took {:?}: {answer}",
        start.elapsed()
    );
    answer
}

/// Fails unless an answer is a good one or a whole problem of the client; whether it is good. That it is documented, the client
/// has looked at.
fn judge(answer: &Answer, about: &str) -> bool {
    assert!(answer.status < 500, "{about}: {answer}");
    if answer.status >= 400 {
        let problem = answer.problem(answer.status);
        let is_told = problem["code"] != "invalid_body" || problem["errors"] != json!([]);
        assert!(is_told, "{about}: {answer}");
    }
    answer.status < 400
}

/// A good body with something odd about it, as it is sent.
fn odd_body(good: &Value, rng: &mut Rng) -> Vec<u8> {
    match rng.u8(..20) {
        0 => return pick(BROKEN, rng).to_vec(),
        1 => return odd_value(rng).to_string().into_bytes(),
        2 => {
            // Cut, or with a byte changed.
            let mut text = good.to_string().into_bytes();
            let at = rng.usize(..text.len());
            match rng.bool() {
                true => text.truncate(at),
                false => text[at] = rng.u8(..),
            }
            return text;
        }
        3 => {
            // A member twice.
            let text = good.to_string();
            let rest = text.trim_start_matches('{');
            return format!("{{\"title\":{},{rest}", odd_value(rng)).into_bytes();
        }
        _ => {}
    }
    let mut body = good.clone();
    for _ in 0..rng.usize(1..4) {
        change(&mut body, rng, 0);
    }
    body.to_string().into_bytes()
}

/// Puts something odd somewhere into `value`.
fn change(value: &mut Value, rng: &mut Rng, depth: u8) {
    let is_here = depth > 0 && rng.u8(..3) == 0;
    match value {
        Value::Object(members) if !is_here && !members.is_empty() => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = pick(&names, rng).clone();
            match rng.u8(..10) {
                0 => drop(members.remove(&name)),
                1 => drop(members.insert("no_such_member".to_owned(), odd_value(rng))),
                2 => drop(members.insert(pick(TEXTS, rng).to_string(), odd_value(rng))),
                _ => {
                    if let Some(member) = members.get_mut(&name) {
                        change(member, rng, depth + 1);
                    }
                }
            }
        }
        Value::Array(items) if !is_here && !items.is_empty() => {
            let at = rng.usize(..items.len());
            match rng.u8(..4) {
                // Repeated, many times over.
                0 => *items = vec![items[at].clone(); *pick(&[0, 2, 1_001], rng)],
                1 => items.push(odd_value(rng)),
                _ => change(&mut items[at], rng, depth + 1),
            }
        }
        other => *other = odd_value(rng),
    }
}

fn odd_value(rng: &mut Rng) -> Value {
    match rng.u8(..12) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(pick(
            &[
                0,
                1,
                -1,
                2026,
                10_000,
                i64::from(i32::MAX),
                i64::MAX,
                i64::MIN,
                9_007_199_254_740_991,
                9_007_199_254_740_992
            ],
            rng
        )),
        3 => json!(pick(&[0.5, -0.0, 1e300, 1e-300, 1.0], rng)),
        4 => json!(u64::MAX),
        5 => json!([]),
        6 => json!({}),
        7 => json!([[odd_text(rng)], {"a": odd_text(rng)}]),
        8 => json!({odd_text(rng): odd_text(rng)}),
        _ => json!(odd_text(rng)),
    }
}

fn odd_text(rng: &mut Rng) -> String {
    match rng.u8(..8) {
        0 => pick(
            &["x", "新", "👩‍👩‍👧‍👦", "<b>", "e\u{301}", "\0", "a/", "&amp;"],
            rng,
        )
        .repeat(*pick(&[201, 2_001, 10_000], rng)),
        1 => (0..rng.usize(1..9)).map(|_| rng.char(..)).collect(),
        _ => (*pick(TEXTS, rng)).to_owned(),
    }
}

fn pick<'a, T>(list: &'a [T], rng: &mut Rng) -> &'a T {
    &list[rng.usize(..list.len())]
}

/// What readers are shown: every list, whole, and every tree with its numbers.
async fn overview(app: &TestApp) -> Vec<Value> {
    let mut shown = Vec::new();
    let sites = app.get("/api/v1/sites").await.assert_status(200).json();
    let slugs: Vec<String> = sites["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|site| site["slug"].as_str().unwrap().to_owned())
        .collect();
    let is_plain = |slug: &&String| slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    for slug in slugs.iter().filter(is_plain) {
        for part in [
            "categories",
            "menus",
            "link-groups",
            "topics?count=exact&limit=100",
        ] {
            shown.push(
                app.get(&format!("/api/v1/sites/{slug}/{part}"))
                    .await
                    .assert_status(200)
                    .json(),
            );
        }
    }
    for query in [
        "count=exact",
        "sort=title&order=asc&count=exact",
        "sort=updated_at",
        "site=demo&count=exact",
        "site=demo&category_path=news&subtree=true&count=exact",
        "keyword=science&count=exact",
        "available_in=zh&count=exact",
        "source=1&count=exact",
        "topic=1&count=exact",
        "has_attachments=true",
    ] {
        shown.push(
            app.get(&format!("/api/v1/articles?limit=100&{query}"))
                .await
                .assert_status(200)
                .json(),
        );
    }
    shown
}

/// Fails unless everything that is derived is what it would be if it were made anew.
async fn assert_nothing_is_half_written(app: &TestApp) {
    // Views that were counted on the way show a little later.
    app.added_up().await;
    let before = overview(app).await;
    app.app.services().upkeep.reindex().unwrap();
    let after = overview(app).await;
    assert_eq!(before.len(), after.len());
    for (before, after) in before.into_iter().zip(after) {
        assert_eq!(before, after);
    }
}
