//! `docs/guide.md` is true: every request in it is sent, and the answer is the one that is printed.
//!
//! In printed JSON `"…": "…"` stands for members that are left out, a last item `"…"` for further items, and `…` at the
//! end of a text for the rest of it. Everything else must be there and equal, and nothing else may be.

use awc::http::StatusCode;
use serde_json::Value;

use crate::examples::{fill, repeatable};
use crate::support::client::Answer;
use crate::support::{TestApp, on_both};

const GUIDE: &str = include_str!("../../docs/guide.md");

const SERVER: &str = "http://127.0.0.1:8080";

/// Stands for what is left out.
const LEFT_OUT: &str = "…";

/// What stands between two headings; the first one has none.
struct Section {
    heading: String,
    text: String,
    /// Language and text of the fenced blocks.
    blocks: Vec<(String, String)>,
}

fn sections() -> Vec<Section> {
    let mut sections = vec![Section::new("")];
    let mut block: Option<(String, String)> = None;
    for line in GUIDE.lines() {
        let here = sections.last_mut().unwrap();
        match (&mut block, line.strip_prefix("```")) {
            (Some(_), Some(_)) => here.blocks.extend(block.take()),
            (Some((_, text)), None) => *text += &format!("{line}\n"),
            (None, Some(language)) => block = Some((language.to_owned(), String::new())),
            (None, None) => match line.strip_prefix("## ") {
                Some(heading) => sections.push(Section::new(heading)),
                None => here.text += &format!("{line}\n"),
            },
        }
    }
    assert!(block.is_none(), "a block does not end");
    sections
}

impl Section {
    fn new(heading: &str) -> Self {
        Self {
            heading: heading.to_owned(),
            text: String::new(),
            blocks: Vec::new(),
        }
    }

    /// The one request and the answer printed below it: its language and its text.
    fn exchange(&self) -> Result<(Curl, &str, &str), String> {
        let [(sh, commands), (language, answer)] = self.blocks.as_slice() else {
            return Err(format!(
                "{} blocks, not a request and its answer",
                self.blocks.len()
            ));
        };
        if sh != "sh" || !["json", "http"].contains(&language.as_str()) {
            return Err(format!("blocks of `{sh}` and `{language}`"));
        }
        let commands = commands.replace("\\\n", " ");
        let curls: Vec<&str> = commands
            .lines()
            .filter(|command| *command != "cargo run -- serve --demo")
            .collect();
        let [curl] = curls.as_slice() else {
            return Err(format!("not one curl: {curls:?}"));
        };
        let curl = Curl::read(curl)?;
        if curl.shows_head != (language == "http") {
            return Err("`-i` and a block of `http` belong together".to_owned());
        }
        Ok((curl, language, answer))
    }
}

/// A request as the command line of curl.
struct Curl {
    method: String,
    headers: Vec<(String, String)>,
    path: String,
    shows_head: bool,
}

impl Curl {
    fn read(line: &str) -> Result<Self, String> {
        let mut words = words(line)?.into_iter();
        if words.next().as_deref() != Some("curl") {
            return Err(format!("not a curl: {line}"));
        }
        let mut curl = Self {
            method: "GET".to_owned(),
            headers: Vec::new(),
            path: String::new(),
            shows_head: false,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "-i" => curl.shows_head = true,
                "-X" => curl.method = words.next().ok_or("`-X` without a method")?,
                "-H" => {
                    let header = words.next().unwrap_or_default();
                    let (name, value) = header.split_once(": ").ok_or("`-H` without a header")?;
                    curl.headers.push((name.to_owned(), value.to_owned()));
                }
                url => {
                    let path = url.strip_prefix(SERVER).filter(|_| curl.path.is_empty());
                    curl.path = path.ok_or(format!("unknown: {url}"))?.to_owned();
                }
            }
        }
        Ok(curl)
    }

    async fn send(&self, app: &TestApp) -> Answer {
        let mut request = app.request(&self.method, &self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.send().await
    }
}

/// The words of a shell command, which single quotes keep together.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    for (i, part) in line.split('\'').enumerate() {
        if i % 2 == 1 {
            words.push(part.to_owned());
        } else if part.contains(['&', '?', '"', '*', '#', '|', '<', '>', '$']) {
            return Err(format!(
                "a shell would not take this without quotes: {part}"
            ));
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    if line.matches('\'').count() % 2 == 1 {
        return Err(format!("a quote is open: {line}"));
    }
    Ok(words)
}

/// Fails unless the answer is what is printed.
fn compare(answer: &Answer, language: &str, printed: &str) -> Result<(), String> {
    if language == "json" {
        answer.assert_status(200);
        return compare_json(printed, answer);
    }
    let (head, body) = printed
        .trim_end()
        .split_once("\n\n")
        .unwrap_or((printed.trim_end(), ""));
    let (first, headers) = head.split_once('\n').unwrap_or((head, ""));
    let status = StatusCode::from_u16(answer.status).unwrap();
    if first != format!("HTTP/1.1 {status}") {
        return Err(format!("`{first}`, but it is {status}"));
    }
    for line in headers.lines().filter(|line| *line != LEFT_OUT) {
        let (name, value) = line.split_once(": ").ok_or(format!("no header: {line}"))?;
        let served = answer.header(name).unwrap_or_default();
        if !is_text(value, served) {
            return Err(format!("{line}\nbut it is `{served}`"));
        }
    }
    match (body, answer.body.is_empty()) {
        ("", true) => Ok(()),
        ("", false) => Err("it has a body".to_owned()),
        (body, _) => compare_json(body, answer),
    }
}

fn compare_json(printed: &str, answer: &Answer) -> Result<(), String> {
    let printed = serde_json::from_str(printed).map_err(|e| format!("not JSON: {e}"))?;
    let mut faults = Vec::new();
    compare_values(&printed, &answer.json(), "", &mut faults);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

fn compare_values(printed: &Value, served: &Value, at: &str, faults: &mut Vec<String>) {
    let mut fault = |what: &str| faults.push(format!("{at}: {what}"));
    match (printed, served) {
        (Value::Object(printed), Value::Object(served)) => {
            let may_miss = printed.contains_key(LEFT_OUT);
            let missed = served.keys().filter(|name| !printed.contains_key(*name));
            let missed: Vec<&String> = missed.collect();
            if may_miss == missed.is_empty() {
                fault(&format!("left out: {missed:?}"));
            }
            for (name, value) in printed.iter().filter(|(name, _)| *name != LEFT_OUT) {
                let at = format!("{at}/{name}");
                match served.get(name) {
                    Some(served) => compare_values(value, served, &at, faults),
                    None => faults.push(format!("{at}: is not there")),
                }
            }
        }
        (Value::Array(printed), Value::Array(served)) => {
            let may_miss = printed.last().is_some_and(|last| last == LEFT_OUT);
            let shown = printed.len() - usize::from(may_miss);
            if may_miss && served.len() <= shown || !may_miss && served.len() != shown {
                fault(&format!("{shown} items are printed of {}", served.len()));
            }
            for (i, (value, served)) in printed.iter().take(shown).zip(served).enumerate() {
                compare_values(value, served, &format!("{at}/{i}"), faults);
            }
        }
        (Value::String(printed), Value::String(served)) if is_text(printed, served) => {}
        (printed, served) if printed == served => {}
        (printed, served) => fault(&format!("printed {printed}, but it is {served}")),
    }
}

fn is_text(printed: &str, served: &str) -> bool {
    printed == served
        || printed
            .strip_suffix(LEFT_OUT)
            .is_some_and(|start| served.starts_with(start) && served.len() > start.len())
}

/// The address of a heading as pages make it.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || [' ', '-'].contains(c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// Ten tasks, and a table of contents that leads to every section
#[test]
fn there_are_ten_tasks() {
    let sections = sections();
    let headings: Vec<&str> = sections
        .iter()
        .skip(1)
        .map(|s| s.heading.as_str())
        .collect();
    let numbers: Vec<&str> = headings
        .iter()
        .filter_map(|h| h.split_once(". "))
        .map(|(n, _)| n)
        .collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    let contents: Vec<&str> = sections[0]
        .text
        .lines()
        .filter(|line| line.starts_with("- ["))
        .collect();
    let expected: Vec<String> = headings
        .iter()
        .map(|h| format!("- [{h}](#{})", anchor(h)))
        .collect();
    assert_eq!(contents, expected);
}

/// What is left out must be said, and what is printed must be there
#[test]
fn what_is_printed_must_be_there() {
    let differs = |printed: &str, served: &str| {
        let mut faults = Vec::new();
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        compare_values(&read(printed), &read(served), "", &mut faults);
        !faults.is_empty()
    };
    let served = r#"{"a": "text", "b": [1, 2], "c": null}"#;
    for right in [
        served,
        r#"{"a": "te…", "b": [1, "…"], "c": null}"#,
        r#"{"a": "…", "…": "…"}"#,
    ] {
        assert!(!differs(right, served), "{right}");
    }
    for wrong in [
        r#"{"a": "text", "b": [1, 2]}"#,
        r#"{"a": "text", "b": [1, 2], "c": null, "…": "…"}"#,
        r#"{"a": "text", "b": [1], "c": null}"#,
        r#"{"a": "text", "b": [1, 2, "…"], "c": null}"#,
        r#"{"a": "tx…", "…": "…"}"#,
        r#"{"d": 1, "…": "…"}"#,
        r#"{"c": "…", "…": "…"}"#,
    ] {
        assert!(differs(wrong, served), "{wrong}");
    }
}

on_both! {
    /// Every section has one request, and its answer is the one that is printed
    async fn every_answer_is_the_printed_one(app, repeatable) {
        fill(app);
        let mut faults = Vec::new();
        for section in sections() {
            let outcome = match section.exchange() {
                Ok((curl, language, printed)) => compare(&curl.send(app).await, language, printed),
                Err(fault) => Err(fault),
            };
            faults.extend(outcome.err().map(|fault| format!("“{}”\n{fault}", section.heading)));
        }
        assert!(faults.is_empty(), "docs/guide.md\n{}", faults.join("\n"));
    }
}
