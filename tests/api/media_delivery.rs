//! Files as anybody gets them who has their address: whole, in part, from a cache, to be saved.

use masthead::media::storage::{Key, Storage, StorageSettings};
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::client::Answer;
use crate::support::media::{Form, docx, jpeg, mp3, path, pdf, png, sha256, webp, zip};
use crate::support::{Portal, TestApp, on_both};

/// A larger file than is read at a time, whose bytes are all over the range.
fn long(length: usize) -> Vec<u8> {
    let mut bytes = mp3(length / 417 + 1);
    for (at, byte) in bytes.iter_mut().enumerate() {
        // What is not the head of a frame may be anything but its beginning.
        if at % 417 >= 4 {
            *byte = u8::try_from(at * at % 251).unwrap();
        }
    }
    bytes
}

/// The way to a new file of the site `demo`.
async fn file(app: &TestApp, name: &str, bytes: impl AsRef<[u8]>) -> String {
    path(&app.desk("editor").uploaded(name, bytes).await["url"])
}

/// The answer to a request for a part.
async fn part(app: &TestApp, path: &str, range: &str) -> Answer {
    app.request("GET", path).header("range", range).send().await
}

/// The name that a program saves a file under (RFC 6266, RFC 8187): the extended one where there is one.
fn saved_as(answer: &Answer) -> String {
    let value = answer.header("content-disposition").unwrap();
    if let Some((_, extended)) = value.split_once("filename*=UTF-8''") {
        return percent_encoding::percent_decode_str(extended)
            .decode_utf8()
            .unwrap()
            .into_owned();
    }
    let (_, plain) = value.split_once("filename=\"").unwrap();
    plain.trim_end_matches('"').to_owned()
}

on_both! {
    /// A file comes as it was uploaded, with headers that make it safe and keep it for ever
    async fn a_file_comes_as_it_was_uploaded(app) {
        app.import(&Portal::new("demo"));
        let bytes = jpeg(700, 300);
        let media = app.desk("editor").uploaded("图.jpg", &bytes).await;
        let answer = app.get(&path(&media["url"])).await;
        assert_eq!(answer.assert_status(200).body, bytes);
        for (name, value) in [
            ("content-type", "image/jpeg"),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("accept-ranges", "bytes"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("access-control-allow-origin", "*"),
            ("last-modified", "Thu, 15 Jan 2026 04:00:00 GMT"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}");
        }
        assert_eq!(answer.header("etag"), Some(format!("\"{}\"", sha256(&bytes)).as_str()));
        assert_eq!(answer.header("content-length"), Some(bytes.len().to_string().as_str()));
        assert_eq!(answer.header("set-cookie"), None);
        // Scripts of pages elsewhere may read what they need to go on where they stopped.
        let exposed = app.request("GET", &path(&media["url"])).header("origin", "https://example.org").send().await;
        let exposed = exposed.header("access-control-expose-headers").unwrap_or_default().to_ascii_lowercase();
        for name in ["etag", "content-range", "accept-ranges", "content-disposition"] {
            assert!(exposed.contains(name), "{name} is not in {exposed}");
        }
        let variant = app.get(&path(&media["variants"][0]["url"])).await;
        assert_eq!(variant.assert_status(200).header("content-type"), Some("image/webp"));
        assert_eq!(variant.header("cache-control"), answer.header("cache-control"));
        assert_ne!(variant.header("etag"), answer.header("etag"));
        assert_eq!(saved_as(&variant), "图-320.webp");
    }

    /// A part of a file comes alone, whatever way it is asked for
    async fn a_part_of_a_file_comes_alone(app) {
        app.import(&Portal::new("demo"));
        let bytes = long(400_000);
        let size = bytes.len();
        let path = file(app, "录音.mp3", &bytes).await;
        let last = size - 1;
        for (range, from, to) in [
            ("bytes=0-0".to_owned(), 0, 0),
            ("bytes=0-499".to_owned(), 0, 499),
            ("bytes=500-999".to_owned(), 500, 999),
            ("bytes=-1".to_owned(), last, last),
            ("bytes=-500".to_owned(), size - 500, last),
            (format!("bytes=-{}", size * 2), 0, last),
            ("bytes=1-".to_owned(), 1, last),
            (format!("bytes={last}-"), last, last),
            (format!("bytes=0-{last}"), 0, last),
            (format!("bytes=131071-{}", size * 10), 131_071, last),
            ("bytes=131071-131072".to_owned(), 131_071, 131_072),
            ("bytes=100-99999999999999999999999".to_owned(), 100, last),
            ("BYTES=3-4".to_owned(), 3, 4),
        ] {
            let answer = part(app, &path, &range).await;
            answer.assert_status(206);
            assert_eq!(answer.body, bytes[from..=to], "{range}");
            assert_eq!(answer.header("content-range"), Some(format!("bytes {from}-{to}/{size}").as_str()), "{range}");
            assert_eq!(answer.header("content-length"), Some((to - from + 1).to_string().as_str()), "{range}");
            assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
            assert_eq!(answer.header("etag"), Some(format!("\"{}\"", sha256(&bytes)).as_str()));
        }
        // What cannot be read, and several parts at once, count as not asked for.
        for range in ["bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes 0-1", "bytes=0-1,5-6", "lines=0-1", "bytes=0x1-2", "bytes=1.5-2", "bytes=--1"] {
            let answer = part(app, &path, range).await;
            assert_eq!(answer.assert_status(200).body.len(), size, "{range}");
            assert_eq!(answer.header("content-range"), None, "{range}");
        }
        for range in [format!("bytes={size}-"), format!("bytes={}-{}", size + 1, size + 2), "bytes=-0".to_owned(), "bytes=99999999999999999999999-".to_owned()] {
            let answer = part(app, &path, &range).await;
            answer.assert_problem(416, "range_not_satisfiable");
            assert_eq!(answer.header("content-range"), Some(format!("bytes */{size}").as_str()), "{range}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        let twice = app.request("GET", &path).header("range", "bytes=0-0").header("range", "bytes=1-1").send().await;
        twice.assert_status(200);
    }

    /// A part is sent only of the same bytes: `If-Range` says of which
    async fn a_part_is_sent_of_the_same_bytes_only(app) {
        app.import(&Portal::new("demo"));
        let bytes = long(2_000);
        let path = file(app, "a.mp3", &bytes).await;
        let tag = format!("\"{}\"", sha256(&bytes));
        let ask = async |condition: &str| {
            app.request("GET", &path).header("range", "bytes=0-9").header("if-range", condition).send().await.status
        };
        for same in [tag.as_str(), "Thu, 15 Jan 2026 04:00:00 GMT"] {
            assert_eq!(ask(same).await, 206, "{same}");
        }
        for other in [&format!("W/{tag}"), "\"x\"", "*", "x", "Thu, 15 Jan 2026 04:00:01 GMT", "Thu, 15 Jan 2026 03:59:59 GMT"] {
            assert_eq!(ask(other).await, 200, "{other}");
        }
    }

    /// A file that is known is not sent again, by tag or by time
    async fn a_file_that_is_known_is_not_sent_again(app) {
        app.import(&Portal::new("demo"));
        let bytes = pdf("通知");
        let path = file(app, "通知.pdf", &bytes).await;
        let tag = format!("\"{}\"", sha256(&bytes));
        let ask = async |name: &str, value: &str| app.request("GET", &path).header(name, value).send().await;
        for (name, value) in [
            ("if-none-match", tag.as_str()),
            ("if-none-match", &format!("\"x\", {tag}")),
            ("if-none-match", &format!("W/{tag}")),
            ("if-none-match", "*"),
            ("if-modified-since", "Thu, 15 Jan 2026 04:00:00 GMT"),
            ("if-modified-since", "Fri, 16 Jan 2026 00:00:00 GMT"),
        ] {
            let answer = ask(name, value).await;
            assert_eq!(answer.assert_status(304).body.len(), 0, "{name}: {value}");
            assert_eq!(answer.header("etag"), Some(tag.as_str()));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        }
        for (name, value) in [
            ("if-none-match", "\"x\""),
            ("if-none-match", ""),
            ("if-modified-since", "Thu, 15 Jan 2026 03:59:59 GMT"),
            ("if-modified-since", "yesterday"),
        ] {
            assert_eq!(ask(name, value).await.assert_status(200).body, bytes, "{name}: {value}");
        }
        // The tag counts before the time, and before the part.
        let both = app.request("GET", &path).header("if-none-match", "\"x\"").header("if-modified-since", "Fri, 16 Jan 2026 00:00:00 GMT");
        both.send().await.assert_status(200);
        let known = app.request("GET", &path).header("if-none-match", &tag).header("range", "bytes=0-1");
        known.send().await.assert_status(304);
    }

    /// HEAD tells all that GET does, without the bytes
    async fn head_tells_all_that_get_does(app) {
        app.import(&Portal::new("demo"));
        let bytes = long(300_000);
        let path = file(app, "a.mp3", &bytes).await;
        for range in [None, Some("bytes=10-19")] {
            let ask = |method: &str| {
                let request = app.request(method, &path);
                match range {
                    Some(range) => request.header("range", range),
                    None => request,
                }
            };
            let get = ask("GET").send().await;
            let head = ask("HEAD").send().await;
            assert_eq!(head.body.len(), 0);
            // HEAD knows no parts (RFC 9110, section 14.2); as much as GET tells is told of what it would send.
            assert!(matches!((head.status, get.status), (200, _) | (206, 206)), "{head} {get}");
            for name in ["etag", "last-modified", "content-type", "cache-control", "content-disposition", "accept-ranges", "content-security-policy"] {
                assert_eq!(head.header(name), get.header(name), "{name}");
            }
        }
        let head = app.request("HEAD", &path).send().await;
        assert_eq!(head.header("content-length"), Some(bytes.len().to_string().as_str()));
    }

    /// A file is saved under its name, whatever script it is in, and shown in place where that is safe
    async fn a_file_is_saved_under_its_name(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        let word = docx("x");
        let longest = format!("{}.pdf", "通".repeat(251));
        for (n, (name, bytes, disposition)) in [
            ("report (1).pdf", pdf("1"), "inline; filename=\"report (1).pdf\""),
            ("关于开展检查的通知.pdf", pdf("2"), "inline; filename=\"file.pdf\"; filename*=UTF-8''%E5%85%B3"),
            ("關於開展檢查的通知.pdf", pdf("3"), "inline; filename=\"file.pdf\"; filename*=UTF-8''%E9%97%9C"),
            ("ＡＢＣ１２３：全角？.pdf", pdf("4"), "inline; filename=\"file.pdf\"; filename*=UTF-8''%EF%BC%A1"),
            ("🎉👩‍👩‍👧‍👦.pdf", pdf("5"), "inline; filename=\"file.pdf\"; filename*=UTF-8''%F0%9F%8E%89"),
            (longest.as_str(), pdf("6"), "inline; filename=\"file.pdf\"; filename*=UTF-8''%E9%80%9A"),
            ("他说\"好\"; x=1.pdf", pdf("7"), "inline; filename=\"_; x=1.pdf\"; filename*=UTF-8''"),
            ("100%41.pdf", pdf("8"), "inline; filename=\"100_41.pdf\"; filename*=UTF-8''100%2541.pdf"),
            ("附件.docx", word, "attachment; filename=\"file.docx\"; filename*=UTF-8''"),
            ("表.csv", "a,b\r\n1,2\r\n".into(), "attachment; filename=\"file.csv\"; filename*=UTF-8''"),
            ("包.zip", zip(&[("a", b"1")]), "attachment; filename=\"file.zip\"; filename*=UTF-8''"),
            ("图.webp", webp(8, 8), "inline; filename=\"file.webp\"; filename*=UTF-8''"),
        ].into_iter().enumerate() {
            let media = desk.uploaded(name, &bytes).await;
            assert_eq!(media["name"], name, "{n}");
            let path = path(&media["url"]);
            let shown = app.get(&path).await;
            let value = shown.assert_status(200).header("content-disposition").unwrap().to_owned();
            assert!(value.starts_with(disposition), "{value}");
            assert_eq!(saved_as(&shown), name);
            let saved = app.get(&format!("{path}?download=true")).await;
            assert_eq!(saved.assert_status(200).header("content-disposition").unwrap(), value.replacen("inline", "attachment", 1));
            assert_eq!(saved.body, bytes);
            let same = app.get(&format!("{path}?download=false")).await;
            assert_eq!(same.header("content-disposition"), Some(value.as_str()));
        }
    }

    /// Texts say in what they are written, PDFs may be looked at, nothing may run
    async fn nothing_runs_that_is_delivered(app) {
        app.import(&Portal::new("demo"));
        for (name, bytes, media_type, sandbox) in [
            ("说明.txt", "说明：1 < 2，见 <b>。".as_bytes().to_vec(), "text/plain; charset=utf-8", true),
            ("表.csv", "标题,<b>\r\n".as_bytes().to_vec(), "text/csv; charset=utf-8", true),
            ("a.pdf", pdf("a"), "application/pdf", false),
            ("a.mp3", mp3(4), "audio/mpeg", true),
            ("a.zip", zip(&[("index.html", b"<script>")]), "application/zip", true),
        ] {
            let path = file(app, name, &bytes).await;
            let answer = app.get(&path).await;
            assert_eq!(answer.assert_status(200).body, bytes);
            assert_eq!(answer.header("content-type"), Some(media_type));
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains("default-src 'none'") && !policy.contains("script"), "{policy}");
            assert_eq!(policy.contains("sandbox"), sandbox, "{policy}");
        }
    }

    /// Only the addresses that were given out lead to files
    async fn only_addresses_that_were_given_out_lead_to_files(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        let one = desk.uploaded("一.png", png(400, 10)).await;
        let two = desk.uploaded("二.png", png(400, 11)).await;
        let (one, sum) = (path(&one["url"]), one["sha256"].as_str().unwrap().to_owned());
        let digits = &sum[..32];
        let id = one.split('/').nth(4).unwrap();
        let start = format!("/api/v1/media/{id}");
        app.get(&one).await.assert_status(200);
        app.get(&format!("{start}/{digits}-320.webp")).await.assert_status(200);
        for unknown in [
            path(&two["url"]).replace(&format!("/{}/", two["id"]), &format!("/{id}/")),
            one.replace(&format!("/{id}/"), "/999999/"),
            one.replace(&format!("/{id}/"), "/0/"),
            one.replace(&format!("/{id}/"), &format!("/0{id}/")),
            one.replace(&format!("/{id}/"), "/x/"),
            one.replace(".png", ".jpg"),
            one.replace(".png", ""),
            one.replace(".png", ".png.html"),
            one.to_uppercase().replace("/API/V1/MEDIA", "/api/v1/media"),
            format!("{start}/{digits}-640.webp"),
            format!("{start}/{digits}-321.webp"),
            format!("{start}/{digits}-0320.webp"),
            format!("{start}/{digits}-320.png"),
            format!("{start}/{sum}.png"),
            format!("{start}/{}.png", &digits[..31]),
            format!("{start}/..%2F..%2Fetc%2Fpasswd"),
            format!("{start}/%00"),
            format!("{start}/{digits}.png%00"),
            format!("{start}/通知.png"),
        ] {
            app.get(&unknown).await.assert_problem(404, "not_found");
        }
        for elsewhere in [start.clone(), format!("{start}/"), format!("{one}/x"), "/api/v1/media".to_owned(), "/api/v1/media/".to_owned()] {
            assert!(matches!(app.get(&elsewhere).await.status, 404), "{elsewhere}");
        }
        for bad in ["?x=1", "?download=1", "?download=yes", "?download=true&download=true", "?width=320", "?download"] {
            app.get(&format!("{one}{bad}")).await.assert_problem(400, "invalid_parameter");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let answer = app.request(method, &one).send().await;
            answer.assert_problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
        }
    }

    /// Files go out as they are, however much a client likes them packed
    async fn files_go_out_as_they_are(app) {
        app.import(&Portal::new("demo"));
        let text = "说明文字，写得很长。\n".repeat(2_000);
        let csv = "标题,日期\r\n".repeat(2_000);
        for (name, bytes) in [("a.txt", text.as_bytes()), ("a.csv", csv.as_bytes())] {
            let path = file(app, name, bytes).await;
            for wanted in ["gzip", "br", "gzip, br, deflate", "identity;q=0, gzip"] {
                let whole = app.request("GET", &path).header("accept-encoding", wanted).send().await;
                assert_eq!(whole.assert_status(200).header("content-length"), Some(bytes.len().to_string().as_str()), "{wanted}");
                assert!(matches!(whole.header("content-encoding"), None | Some("identity")), "{wanted}");
                assert_eq!(whole.body, bytes);
                let some = app.request("GET", &path).header("accept-encoding", wanted).header("range", "bytes=3-8").send().await;
                assert_eq!(some.assert_status(206).body, bytes[3..=8], "{wanted}");
            }
        }
    }

    /// What only a draft uses is named nowhere in delivery
    async fn what_a_draft_uses_is_named_nowhere(app) {
        app.import(&Portal::new("demo").category("news").article("a1", |a| a));
        let desk = app.desk("editor");
        let media = desk.taken(&Form::of("机密会议.png", png(700, 20)).text("site", "demo").text("alt", "机密替代文字")).await;
        let url = &media["url"];
        let body = format!("<p><img src=\"{}\"></p>", path(url));
        let draft = json!({"site": "demo", "category": "news", "title": "Draft", "cover": url, "body_html": body,
            "attachments": [{"name": "附", "url": url}]});
        desk.made("/articles", &draft).await;
        let digits = &media["sha256"].as_str().unwrap()[..32];
        for read in ["/api/v1/articles?limit=100", "/api/v1/articles/changes", "/api/v1/articles/1?include=related,neighbors", "/api/v1/sites/demo",
            "/api/v1/articles?has_attachments=true", "/api/v1/sites/demo/categories"] {
            let text = app.get(read).await.assert_status(200).text();
            for secret in [digits, "机密", "/media/"] {
                assert!(!text.contains(secret), "{read} tells {secret}");
            }
        }
        // And to who has no account, management tells nothing of it.
        for closed in ["/api/v1/manage/media".to_owned(), format!("/api/v1/manage/media/{}", media["id"])] {
            app.get(&closed).await.assert_problem(401, "unauthenticated");
        }
    }

    /// A new name shows when the file is fetched anew; the bytes and the address stay
    async fn an_address_stays_when_the_name_changes(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        let media = desk.uploaded("旧.pdf", pdf("a")).await;
        let before = app.get(&path(&media["url"])).await;
        let changed = desk.changed(&format!("/media/{}", media["id"]), &json!({"name": "新.pdf"})).await;
        assert_eq!(changed["url"], media["url"]);
        let after = app.get(&path(&media["url"])).await;
        assert_eq!((saved_as(&before), saved_as(&after)), ("旧.pdf".to_owned(), "新.pdf".to_owned()));
        assert_eq!((before.body.clone(), before.header("etag")), (after.body.clone(), after.header("etag")));
    }

    /// Many read one file at once, each its own part
    async fn many_read_one_file_at_once(app, |s| s.var("MASTHEAD_WORKERS", "4")) {
        app.import(&Portal::new("demo"));
        let bytes = long(1_000_000);
        let path = &file(app, "a.mp3", &bytes).await;
        let parts: Vec<usize> = (0..20).collect();
        let answers = join_all(parts.iter().map(|n| async move {
            part(app, path, &format!("bytes={}-{}", n * 40_000, n * 40_000 + 199_999)).await
        })).await;
        for (n, answer) in parts.iter().zip(answers) {
            assert_eq!(answer.assert_status(206).body, bytes[n * 40_000..n * 40_000 + 200_000]);
        }
    }

    /// A record whose file is gone is a fault of the server, and told before anything is sent
    async fn a_record_without_its_file_is_a_fault_of_the_server(app) {
        app.import(&Portal::new("demo"));
        let media = app.desk("editor").uploaded("a.pdf", pdf("a")).await;
        let sum = media["sha256"].as_str().unwrap();
        let dir = app.stored();
        let storage = Storage::open(&StorageSettings::Disk { dir }).unwrap();
        storage.remove(&Key::original(sum).unwrap()).unwrap();
        let answer = app.get(&path(&media["url"])).await;
        assert!(matches!(answer.status, 500 | 503), "{answer}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(!answer.text().contains(sum), "{answer}");
        // Uploading the same bytes again brings it back.
        app.desk("editor").uploaded("b.pdf", pdf("a")).await;
        assert_eq!(app.get(&path(&media["url"])).await.assert_status(200).body, pdf("a"));
    }

    /// With addresses that begin elsewhere files are found where the server is told it is
    async fn addresses_begin_where_the_server_is_told(app, |s| s.var("MASTHEAD_PUBLIC_URL", "https://新闻.example.org/cms")) {
        app.import(&Portal::new("demo"));
        let media = app.desk("editor").uploaded("图.png", png(400, 9)).await;
        let url = media["url"].as_str().unwrap();
        assert!(url.starts_with("https://xn--") || url.starts_with("https://新闻.example.org/cms/api/v1/media/"), "{url}");
        assert!(url.contains("/cms/api/v1/media/"), "{url}");
        app.get(&path(&media["url"])).await.assert_status(200);
        assert_ne!(media["variants"], Value::Null);
    }
}
