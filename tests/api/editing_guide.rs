//! `docs/editing.md` is true: every request in it is sent, in order, and has the status that is said below it.

use serde_json::Value;

use crate::support::{TestApp, on_both};

const GUIDE: &str = include_str!("../../docs/editing.md");

const SERVER: &str = "http://127.0.0.1:8080";

/// A request of the page and what is said of its answer.
struct Exchange {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    status: u16,
}

/// The words of a command line; quotes keep blanks together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (None, '\\') if characters.peek() == Some(&'\n') => drop(characters.next()),
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c.is_whitespace() => words.push(String::new()),
            (Some(open), c) if c == open => quote = None,
            (_, c) => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn exchanges() -> Vec<Exchange> {
    let mut parts = GUIDE.split("```");
    parts.next();
    let mut found = Vec::new();
    while let (Some(block), Some(text)) = (parts.next(), parts.next()) {
        let command = block.strip_prefix("sh\n").unwrap();
        if !command.starts_with("curl ") {
            continue;
        }
        let said = text
            .trim_start()
            .strip_prefix("→ ")
            .unwrap_or_else(|| panic!("no status: {command}"));
        let mut exchange = Exchange {
            method: "GET".to_owned(),
            path: String::new(),
            headers: Vec::new(),
            body: None,
            status: said[..3].parse().unwrap(),
        };
        let mut words = words(command).into_iter().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "-X" => exchange.method = words.next().unwrap(),
                "-H" => {
                    let header = words.next().unwrap();
                    let (name, value) = header.split_once(": ").unwrap();
                    exchange.headers.push((name.to_owned(), value.to_owned()));
                }
                "-d" => {
                    exchange.body = words.next();
                    if exchange.method == "GET" {
                        exchange.method = "POST".to_owned();
                    }
                }
                url => exchange.path = url.strip_prefix(SERVER).unwrap().to_owned(),
            }
        }
        found.push(exchange);
    }
    found
}

async fn run(app: &TestApp, exchange: &Exchange, token: &str) -> Value {
    let mut request = app.request(&exchange.method, &exchange.path);
    for (name, value) in &exchange.headers {
        request = request.header(name, &value.replace("$TOKEN", token));
    }
    if let Some(body) = &exchange.body {
        request = request.body(body.clone());
    }
    let answer = request.send().await;
    answer.assert_status(exchange.status);
    answer.json()
}

on_both! {
    /// Every request of the guide for those who write is answered as it says
    async fn every_request_of_the_guide_is_answered_as_it_says(app) {
        app.app.services().import.sample().unwrap();
        app.account_with_password("you@example.org", "admin");
        let exchanges = exchanges();
        assert_eq!(exchanges.len(), 23);
        let mut token = String::new();
        for exchange in &exchanges {
            let answer = run(app, exchange, &token).await;
            if let Some(issued) = answer["access_token"].as_str() {
                token = issued.to_owned();
            }
        }
    }
}
