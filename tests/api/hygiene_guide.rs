//! `docs/hygiene.md` is true: every request in it is sent, in order, and has the status that is said below it.

use std::collections::HashMap;

use crate::media_guide::{send, words};
use crate::support::on_both;

const GUIDE: &str = include_str!("../../docs/hygiene.md");

on_both! {
    /// Every request of the guide to injected text is answered as it says
    async fn every_request_of_the_guide_is_answered_as_it_says(app) {
        crate::examples::fill(app);
        let mut known = HashMap::from([("TOKEN", app.token("admin"))]);
        let mut parts = GUIDE.split("```");
        parts.next();
        let mut sent = 0;
        while let (Some(block), Some(text)) = (parts.next(), parts.next()) {
            let command = block.strip_prefix("sh\n").unwrap_or_else(|| panic!("no request: {block}"));
            let said = text.trim_start().strip_prefix("→ ").unwrap_or_else(|| panic!("no status: {command}"));
            let answer = send(app, words(command, &known)).await;
            answer.assert_status(said[..3].parse().unwrap());
            if said.contains("`ID`") {
                known.insert("ID", answer.json()["id"].to_string());
            }
            sent += 1;
        }
        assert!(sent > 10, "{sent}");
        let id = &known["ID"];
        let shown = app.get(&format!("/api/v1/articles/{id}")).await.assert_status(200).json();
        assert_eq!(shown["title"], "海岸研究所国际合作工作");
        assert!(shown["body_html"].as_str().unwrap().contains("在海岸研究所的支持下"), "{shown}");
        assert_ne!(shown["slug"], "ao-men-du-chang-guo-ji-he-zuo-gong-zuo");
    }
}
