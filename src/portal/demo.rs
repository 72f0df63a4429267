//! Sample content for a first look. It is a portal file like any other, and nothing here knows where it goes.

/// A bilingual institute portal: one site, five sources, categories and a menu of three levels, topics, and 48 articles from
/// 2023 to 2026. Three of them are not for readers: a draft, an archived one and one for the year 2099; the word
/// `unpublished-sample` stands in their bodies and nowhere else. The institute, people, places and figures are invented.
pub const PORTAL: &[u8] = include_bytes!("demo.ndjson");
