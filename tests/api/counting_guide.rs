//! `docs/counting.md` is true: every request in it is sent, in order, has the status that is said below it, and the members that are shown.

use std::collections::HashMap;

use serde_json::Value;

use crate::media_guide::{send, words};
use crate::support::on_both;

const GUIDE: &str = include_str!("../../docs/counting.md");

on_both! {
    /// Every request of the guide to counting is answered as it says
    async fn every_request_of_the_guide_is_answered_as_it_says(app) {
        app.app.services().import.sample().unwrap();
        let mut parts = GUIDE.split("```");
        parts.next();
        let (mut sent, mut shown) = (0, 0);
        while let (Some(block), Some(text)) = (parts.next(), parts.next()) {
            let command = block.strip_prefix("sh\n").unwrap();
            let said = text.trim_start().strip_prefix("→ ").unwrap_or_else(|| panic!("no status: {command}"));
            let answer = send(app, words(command, &HashMap::new())).await;
            answer.assert_status(said[..3].parse().unwrap());
            sent += 1;
            let Some(json) = said[3..].trim_start().strip_prefix('`') else { continue };
            let json = json[..json.find('`').unwrap()].replace("{…}", "{}");
            let expected: Value = serde_json::from_str(&json).unwrap();
            let told = answer.json();
            for (name, value) in expected.as_object().unwrap() {
                if *name == "policy" {
                    assert_eq!(told["policy"]["version"], 1);
                } else {
                    assert_eq!(told[name], *value, "{name} of {command}");
                }
            }
            shown += 1;
        }
        assert_eq!((sent, shown), (13, 4));
    }
}
