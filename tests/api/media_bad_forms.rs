//! Forms that cannot be read, and connections that break off, stall or lie about their length: a clear error, and nothing of the file
//! is kept.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use actix_web::rt::task::spawn_blocking;
use serde_json::Value;

use crate::support::media::{Form, pdf, sha256};
use crate::support::{Portal, TestApp, on_both};

/// What a connection of its own got in answer: the status and the body.
type Said = (u16, Value);

/// What comes after the last byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Nothing: the client waits.
    Wait,
    /// The client says that it sends no more.
    End,
}

impl TestApp {
    /// Sends an upload with these further header lines and this body, as it stands. `None` stands for no answer.
    async fn send_raw(&self, lines: &str, body: &[u8], then: Then) -> Option<Said> {
        let token = self.token("admin");
        let head = format!(
            "POST /api/v1/manage/media HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n{lines}\r\n\r\n"
        );
        let bytes = [head.as_bytes(), body].concat();
        let address = self.address;
        let talk = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(20)))
                .unwrap();
            // The server may have answered and closed before it has read everything.
            stream.write_all(&bytes).ok();
            if then == Then::End {
                stream.shutdown(Shutdown::Write).ok();
            }
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).ok();
            let answer = String::from_utf8(answer).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n")?;
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            // What comes behind the answer is of another request.
            let body = serde_json::Deserializer::from_str(body).into_iter().next();
            Some((status, body.map(Result::unwrap).unwrap_or_default()))
        };
        spawn_blocking(talk).await.unwrap()
    }

    /// Waits until nothing is left of a file whose client is gone.
    async fn forgets(&self, why: &str) {
        let began = Instant::now();
        while self.arriving() > 0 {
            assert!(began.elapsed() < Duration::from_secs(20), "{why}");
            tokio::task::yield_now().await;
        }
        self.assert_nothing_kept(why);
    }
}

/// Fails unless `said` is a problem with this status, this code and a detail that has `words`.
#[track_caller]
fn assert_said(said: Option<Said>, status: u16, code: &str, words: &str, what: &str) {
    let (actual, problem) = said.unwrap_or_else(|| panic!("{what}: no answer"));
    let seen = (actual, problem["code"].as_str().unwrap_or_default());
    assert_eq!(seen, (status, code), "{what}: {problem}");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(words), "{what}: no `{words}` in {problem}");
}

/// A form with a file, and the header lines that fit it.
fn whole() -> (String, Vec<u8>) {
    let form = Form::of("通知.pdf", pdf("whole")).text("site", "demo");
    let bytes = form.bytes();
    (lines(&form.content_type(), bytes.len()), bytes)
}

fn lines(content_type: &str, length: usize) -> String {
    format!("content-type: {content_type}\r\ncontent-length: {length}")
}

/// The form in chunks (RFC 9112), in pieces of `size` bytes.
fn chunks(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut all: Vec<u8> = bytes
        .chunks(size)
        .flat_map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())
        .collect();
    all.extend(b"0\r\n\r\n");
    all
}

on_both! {
    /// What is missing in a form, there twice, or no part of it, is named
    async fn forms_that_lack_something(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let file = || Form::of("a.pdf", pdf("form"));
        let bare = [("Content-Disposition", "form-data; name=\"file\"")];
        let not_text = [("Content-Disposition", "form-data; name=\"alt\"")];
        for (what, form, pointer, code) in [
            ("no part", Form::new(), "/file", "required"),
            ("no file", Form::new().text("site", "demo"), "/file", "required"),
            ("a file without a name", Form::new().part(&bare, pdf("form")), "/file", "required"),
            ("two files", file().file("b.pdf", pdf("other")), "/file", "duplicate"),
            ("an unknown part", file().text("标题", "x"), "/标题", "unknown_member"),
            ("a part with a slash", file().text("a/b~c", "x"), "/a~1b~0c", "unknown_member"),
            ("two sites", file().text("site", "demo").text("site", "demo"), "/site", "duplicate"),
            ("no such site", file().text("site", "nowhere"), "/site", "unknown"),
            ("a site that is none", file().text("site", "不是 slug"), "/site", "invalid"),
            ("a text that is none", file().part(&not_text, b"\xff\xfe"), "/alt", "invalid"),
            ("a long text", file().text("alt", &"字".repeat(30_000)), "/alt", "too_long"),
            ("a text beyond the limit", file().text("alt", &"字".repeat(5_000)), "/alt", "invalid"),
            ("an empty name", file().text("name", ""), "/name", "invalid"),
        ] {
            let answer = desk.upload(&form).await;
            let problem = answer.assert_problem(422, "invalid_body");
            let fault = &problem["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&pointer.into(), &code.into()), "{what}: {answer}");
            app.assert_nothing_kept(what);
        }
        let many = (0..20).fold(Form::new(), |form, _| form.text("site", "demo"));
        desk.upload(&many).await.problem(422);
        app.assert_nothing_kept("many parts");
    }

    /// What is not a form, or a broken one, says what of it is broken
    async fn forms_that_are_broken(app) {
        app.import(&Portal::new("demo"));
        let form = Form::of("a.pdf", pdf("form")).text("site", "demo");
        let (_, body) = whole();
        let boundary = form.boundary().to_owned();
        let typed = |content_type: &str, body: &[u8]| (lines(content_type, body.len()), body.to_vec());
        let good = form.content_type();
        let end = body.len() - boundary.len() - 6;
        let two = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n");
        let no_name = format!("--{boundary}\r\nContent-Type: text/plain\r\n\r\nx\r\n--{boundary}--\r\n");
        let nul = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\0.pdf\"\r\n\r\nx\r\n--{boundary}--\r\n");
        let gbk = [two.replace("a.pdf", "").replace("filename=\"\"\r\n", "filename=\"").as_bytes(), b"\xb9\xab\xb8\xe6.pdf\"\r\n\r\n", &pdf("gbk"), b"\r\n--", boundary.as_bytes(), b"--\r\n"].concat();
        let long = format!("--{boundary}\r\nX-Long: {}\r\n\r\nx\r\n--{boundary}--\r\n", "a".repeat(100_000));
        for (what, (lines, body), status, code, words) in [
            ("JSON", typed("application/json", b"{}"), 415, "unsupported_media_type", "multipart/form-data"),
            ("a bare file", typed("application/pdf", &pdf("bare")), 415, "unsupported_media_type", "`file`"),
            ("no type", (format!("content-length: {}", body.len()), body.clone()), 415, "unsupported_media_type", "multipart/form-data"),
            ("no boundary", typed("multipart/form-data", &body), 400, "malformed_request", "boundary"),
            ("an empty boundary", typed("multipart/form-data; boundary=\"\"", &body), 400, "malformed_request", "boundary"),
            ("another boundary", typed("multipart/form-data; boundary=other", &body), 400, "malformed_request", "boundary"),
            ("another boundary, and no line end", typed("multipart/form-data; boundary=other", &vec![b'x'; 300_000]), 400, "malformed_request", "boundary"),
            ("no last boundary", typed(&good, &body[..end]), 400, "malformed_request", "boundary"),
            ("half of the last boundary", typed(&good, &body[..end + 9]), 400, "malformed_request", "boundary"),
            ("a broken boundary", typed(&good, &[&body[..body.len() - 4], b"-x\r\n"].concat()), 400, "malformed_request", "boundary"),
            ("no body", typed(&good, b""), 400, "malformed_request", "boundary"),
            ("half of a head", typed(&good, two.as_bytes()), 400, "malformed_request", "boundary"),
            ("a part without a name", typed(&good, no_name.as_bytes()), 400, "malformed_request", "name"),
            ("a NUL in the head of a part", typed(&good, nul.as_bytes()), 400, "malformed_request", "form"),
            ("a name in GBK", typed(&good, &gbk), 400, "malformed_request", "UTF-8"),
            ("a long head", typed(&good, long.as_bytes()), 400, "malformed_request", "head"),
        ] {
            let said = app.send_raw(&lines, &body, Then::Wait).await;
            assert_said(said, status, code, words, what);
            app.assert_nothing_kept(what);
        }
    }

    /// What a part says of its own length means nothing (RFC 7578, section 4.8): the file comes whole
    async fn parts_with_a_wrong_length(app) {
        app.import(&Portal::new("demo"));
        let bytes = pdf("length");
        let right = bytes.len();
        let desk = app.desk("admin");
        for length in [0, 1, right - 7, right - 1, right, right + 1, right + 2, right + 500] {
            let headers = [
                ("Content-Disposition", "form-data; name=\"file\"; filename=\"a.pdf\""),
                ("Content-Length", &length.to_string()),
            ];
            let form = Form::new().part(&headers, &bytes).text("site", "demo");
            let media = desk.taken(&form).await;
            assert_eq!(media["size"], right, "{length}");
            assert_eq!(media["sha256"], sha256(&bytes), "{length}");
        }
    }

    /// The length of the request: too long, too short, none, in chunks
    async fn requests_with_a_wrong_length(app, |s| s.var("MASTHEAD_MEDIA_STALL_S", "1")) {
        app.import(&Portal::new("demo"));
        let (_, body) = whole();
        let content_type = Form::new().content_type();
        let length = |length: usize| lines(&content_type, length);

        let said = app.send_raw(&length(body.len() + 100), &body[..body.len() - 60], Then::End).await;
        assert_said(said, 400, "malformed_request", "ends", "a length that is too long, and an end");
        app.assert_nothing_kept("too long");
        let said = app.send_raw(&length(body.len() + 100), &body[..body.len() - 60], Then::Wait).await;
        assert_said(said, 408, "request_timeout", "1 second", "a length that is too long, and silence");
        app.assert_nothing_kept("too long and silent");
        for short in [1, 20, body.len() - 200, body.len() - 100] {
            let said = app.send_raw(&length(short), &body, Then::Wait).await;
            assert_said(said, 400, "malformed_request", "boundary", "a length that is too short");
            app.assert_nothing_kept("too short");
        }
        for odd in ["-1", "1e3", "99999999999999999999999", "12, 13"] {
            let lines = format!("content-type: {content_type}\r\ncontent-length: {odd}");
            let said = app.send_raw(&lines, &body, Then::Wait).await;
            assert!(said.is_none_or(|(status, _)| status == 400), "{odd}");
            app.assert_nothing_kept(odd);
        }
        let chunked = format!("content-type: {content_type}\r\ntransfer-encoding: chunked");
        let cut = chunks(&body, 50);
        let said = app.send_raw(&chunked, &cut[..cut.len() - 90], Then::End).await;
        assert_said(said, 400, "malformed_request", "form", "chunks without an end");
        app.assert_nothing_kept("chunks without an end");
        let broken = [&cut[..200], b"zz\r\n"].concat();
        let said = app.send_raw(&chunked, &broken, Then::Wait).await;
        // What follows it is never understood.
        assert_said(said, 408, "request_timeout", "1 second", "a broken chunk");
        app.assert_nothing_kept("a broken chunk");
        let both = format!("{chunked}\r\ncontent-length: {}", body.len());
        let said = app.send_raw(&both, &cut, Then::Wait).await;
        assert!(said.is_none_or(|(status, _)| status == 400), "chunks and a length");
        for size in [1, 7, 4_096] {
            let (status, media) = app.send_raw(&chunked, &chunks(&body, size), Then::Wait).await.unwrap();
            assert_eq!((status, &media["size"]), (201, &pdf("whole").len().into()), "{media}");
        }
        assert_eq!(app.assert_in_step().media, 3);
    }

    /// What arrives no more is given up in time, wherever it stands still
    async fn uploads_that_stall(app, |s| s.var("MASTHEAD_MEDIA_STALL_S", "1")) {
        app.import(&Portal::new("demo"));
        let (lines, body) = whole();
        for sent in [0, 10, 150, body.len() / 2, body.len() - 30, body.len() - 3] {
            let began = Instant::now();
            let said = app.send_raw(&lines, &body[..sent], Then::Wait).await;
            assert_said(said, 408, "request_timeout", "1 second", &format!("{sent} bytes"));
            let took = began.elapsed();
            assert!((Duration::from_millis(900)..Duration::from_secs(6)).contains(&took), "{took:?}");
            app.assert_nothing_kept("a stall");
        }
    }

    /// A client that goes away in the middle leaves nothing
    async fn uploads_that_are_cut_off(app) {
        app.import(&Portal::new("demo"));
        let large = Form::of("large.pdf", pdf(&"text".repeat(1_000_000))).text("site", "demo");
        let body = large.bytes();
        let lines = lines(&large.content_type(), body.len());
        let token = app.token("admin");
        let head = format!("POST /api/v1/manage/media HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{lines}\r\n\r\n");
        for sent in [300, body.len() / 2, body.len() - 30] {
            let mut stream = TcpStream::connect(app.address).unwrap();
            stream.write_all(&[head.as_bytes(), &body[..sent]].concat()).unwrap();
            while app.arriving() == 0 {
                tokio::task::yield_now().await;
            }
            drop(stream);
            app.forgets(&format!("cut off at {sent}")).await;
        }
    }

    /// A file beyond the limit is refused before or while it arrives
    async fn files_that_are_too_large(app, |s| s.var("MASTHEAD_MEDIA_MAX_BYTES", "100000")) {
        app.import(&Portal::new("demo"));
        let of = |size: usize| {
            let frame = pdf("").len();
            let bytes = pdf(&"a".repeat(size - frame));
            assert_eq!(bytes.len(), size);
            Form::of("a.pdf", bytes).text("site", "demo")
        };
        let most = of(100_000);
        let over = of(100_001);
        let huge = of(3_000_000);
        for (form, what) in [(&over, "one byte"), (&huge, "much")] {
            let body = form.bytes();
            let announced = lines(&form.content_type(), body.len());
            let said = app.send_raw(&announced, &body, Then::Wait).await;
            // Where the announced length says it, nothing is read; then the answer may be lost on its way.
            if said.is_some() || what == "one byte" {
                assert_said(said, 413, "payload_too_large", "100000 bytes", what);
            }
            let chunked = format!("content-type: {}\r\ntransfer-encoding: chunked", form.content_type());
            let said = app.send_raw(&chunked, &chunks(&body, 8_000), Then::End).await;
            if said.is_some() || what == "one byte" {
                assert_said(said, 413, "payload_too_large", "100000 bytes", what);
            }
            app.forgets(what).await;
        }
        assert_eq!(app.desk("admin").taken(&most).await["size"], 100_000);
        app.assert_in_step();
    }

    /// Nobody who may not upload gets a byte stored, nor learns whether the file is good
    async fn nobody_uploads_without_leave(app) {
        app.import(&Portal::new("demo"));
        let good = Form::of("a.pdf", pdf("leave")).text("site", "demo");
        let anonymous = app.request("POST", "/api/v1/manage/media").form(&good).send().await;
        anonymous.assert_problem(401, "unauthenticated");
        let bad = app.request("POST", "/api/v1/manage/media").bearer("nonsense").form(&good).send().await;
        bad.assert_problem(401, "invalid_token");
        app.desk("reader").upload(&good).await.assert_problem(403, "forbidden");
        app.assert_nothing_kept("without leave");
        // Without a site it is a file of all sites.
        let everywhere = Form::of("a.pdf", pdf("leave"));
        let one = app.desk_of(app.token_with(None, &[(masthead::models::access::Role::Admin, "demo", None)]));
        one.upload(&everywhere).await.assert_problem(403, "forbidden");
        app.assert_nothing_kept("a file of all sites");
    }
}
