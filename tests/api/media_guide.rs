//! `docs/media.md` is true: every request in it is sent, in order, and has the status that is said below it; its table is that of the
//! formats.

use std::collections::HashMap;

use masthead::media::format::Format;
use url::form_urlencoded;

use crate::support::client::Answer;
use crate::support::media::{Form, jpeg, mp3, path, pdf};
use crate::support::{TestApp, on_both};

const GUIDE: &str = include_str!("../../docs/media.md");

const SERVER: &str = "http://127.0.0.1:8080";

/// The words of a command line; quotes keep blanks together, and names behind `$` stand for what is known.
pub fn words(line: &str, known: &HashMap<&str, String>) -> Vec<String> {
    let mut line = line.replace("\\\n", " ");
    for (name, value) in known {
        line = line.replace(&format!("${name}"), value);
    }
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c.is_whitespace() => words.push(String::new()),
            (Some(open), c) if c == open => quote = None,
            (_, c) => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A file that a reader of the guide might have.
fn bytes(name: &str) -> Vec<u8> {
    match name.rsplit_once('.').unwrap().1 {
        "jpg" => jpeg(1200, 800),
        "mp3" => mp3(100),
        _ => pdf(name),
    }
}

pub async fn send(app: &TestApp, words: Vec<String>) -> Answer {
    let mut words = words.into_iter().skip(1);
    let (mut method, mut url, mut body, mut form) = (None, String::new(), None, None);
    let mut headers = Vec::new();
    let mut parts = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-X" => method = words.next(),
            "-H" => {
                let header = words.next().unwrap();
                let (name, value) = header.split_once(": ").unwrap();
                headers.push((name.to_owned(), value.to_owned()));
            }
            "-d" => body = words.next(),
            // What is sent is a GET: parts of its query.
            "-G" => {}
            "--data-urlencode" => {
                let part = words.next().unwrap();
                let (name, value) = part.split_once('=').unwrap();
                let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
                parts.push(format!("{name}={value}"));
            }
            "-F" => {
                let part = words.next().unwrap();
                let (name, value) = part.split_once('=').unwrap();
                let begun = form.take().unwrap_or_else(Form::new);
                form = Some(match value.strip_prefix('@') {
                    Some(file) => begun.file(file, bytes(file)),
                    None => begun.text(name, value),
                });
            }
            _ => url = word,
        }
    }
    if !parts.is_empty() {
        let joint = if url.contains('?') { '&' } else { '?' };
        url = format!("{url}{joint}{}", parts.join("&"));
    }
    let is_sent = body.is_some() || form.is_some();
    let method = method.unwrap_or(if is_sent { "POST" } else { "GET" }.to_owned());
    let mut request = app.request(&method, url.strip_prefix(SERVER).unwrap());
    for (name, value) in &headers {
        request = request.header(name, value);
    }
    match (body, form) {
        (Some(body), _) => request.body(body).send().await,
        (None, Some(form)) => request.form(&form).send().await,
        (None, None) => request.send().await,
    }
}

/// The table of formats has each of them, and says what is true of it
#[test]
fn the_table_is_that_of_the_formats() {
    let rows: Vec<String> = Format::ALL
        .iter()
        .map(|format| {
            let endings: Vec<String> = format
                .extensions()
                .iter()
                .map(|ending| format!("`{ending}`"))
                .collect();
            let shown = match format.is_inline() {
                true => "shown",
                false => "saved",
            };
            let kind = format.kind().as_str();
            let endings = endings.join(", ");
            format!(
                "| `{}` | {endings} | {kind} | {shown} |",
                format.media_type()
            )
        })
        .collect();
    let table = format!(
        "| media type | endings | kind | browsers |\n|---|---|---|---|\n{}\n\n",
        rows.join("\n")
    );
    assert!(GUIDE.contains(&table), "docs/media.md should have\n{table}");
}

on_both! {
    /// Every request of the guide to files is answered as it says, and what it promises of pictures is there
    async fn every_request_of_the_guide_is_answered_as_it_says(app) {
        app.app.services().import.sample().unwrap();
        let mut known = HashMap::from([("TOKEN", app.token("admin"))]);
        let mut parts = GUIDE.split("```");
        parts.next();
        let mut sent = 0;
        while let (Some(block), Some(text)) = (parts.next(), parts.next()) {
            let command = block.strip_prefix("sh\n").unwrap();
            let said = text.trim_start().strip_prefix("→ ").unwrap_or_else(|| panic!("no status: {command}"));
            let answer = send(app, words(command, &known)).await;
            answer.assert_status(said[..3].parse().unwrap());
            sent += 1;
            for (name, media_type) in [("PICTURE", "image/jpeg"), ("PDF", "application/pdf"), ("MP3", "audio/mpeg")] {
                if answer.status == 201 && answer.json()["media_type"] == media_type {
                    known.insert(name, answer.json()["url"].as_str().unwrap().to_owned());
                }
            }
            if answer.path.ends_with("tide-station-pictures") {
                let article = answer.json();
                assert_eq!(article["cover"]["variants"].as_array().unwrap().len(), 3);
                assert_eq!((&article["cover"]["width"], &article["cover"]["height"]), (&1200.into(), &800.into()));
                let body = article["body_html"].as_str().unwrap();
                for part in ["srcset=\"", "-320.webp 320w", "width=\"1200\"", "height=\"800\""] {
                    assert!(body.contains(part), "{part}: {body}");
                }
                assert_eq!(article["attachments"][0]["url"], known["PDF"].as_str());
                assert_eq!((&article["audio"][0]["media_type"], &article["audio"][0]["stale"]), (&"audio/mpeg".into(), &false.into()));
                app.get(&path(&article["cover"]["variants"][0]["url"])).await.assert_status(200);
            }
        }
        assert_eq!(sent, 11);
    }
}
