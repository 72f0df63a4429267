//! `docs/search.md` is true: every request in it is sent, in order, has the status that is said below it, and the members that are shown.

use std::collections::HashMap;

use serde_json::Value;

use crate::media_guide::{send, words};
use crate::support::on_both;

const GUIDE: &str = include_str!("../../docs/search.md");

/// Fails unless everything that is `shown` is there; `"…"` ends what is shown of a list or an object.
fn assert_shown(told: &Value, shown: &Value, command: &str) {
    match shown {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| *name != "…") {
                assert_shown(&told[name], value, command);
            }
        }
        Value::Array(items) => {
            let is_part = items.last().is_some_and(|last| last == "…");
            let items = &items[..items.len() - usize::from(is_part)];
            let all = told.as_array().unwrap_or_else(|| panic!("no list: {told}"));
            assert!(all.len() == items.len() || is_part, "{command}: {told:#}");
            for (told, shown) in all.iter().zip(items) {
                assert_shown(told, shown, command);
            }
        }
        Value::String(text) if text == "…" => assert!(!told.is_null(), "{command}: {told}"),
        shown => assert_eq!(told, shown, "{command}"),
    }
}

on_both! {
    /// Every request of the guide to the search is answered as it says
    async fn every_request_of_the_guide_is_answered_as_it_says(app) {
        crate::examples::fill(app);
        let mut blocks = GUIDE.split("```").skip(1).step_by(2).peekable();
        let mut sent = 0;
        while let Some(block) = blocks.next() {
            let command = block.strip_prefix("sh\n").unwrap_or_else(|| panic!("an answer without a request: {block}"));
            let answer = send(app, words(command, &HashMap::new())).await;
            let shown = blocks.next_if(|block| block.starts_with("json\n")).unwrap_or_else(|| panic!("no answer: {command}"));
            let shown: Value = serde_json::from_str(&shown[5..]).unwrap();
            let status = shown["status"].as_u64().unwrap_or(200);
            assert_eq!(u64::from(answer.status), status, "{answer}");
            assert_shown(&answer.json(), &shown, command);
            sent += 1;
        }
        assert!(sent > 4, "{sent}");
    }
}
