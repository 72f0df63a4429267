//! Who counts as whom, and for how long: visitors, addresses, programs, windows.

use serde_json::json;

use crate::support::counting::{BROWSER, Who, visitor};
use crate::support::{Portal, TestApp, on_both};

const A: &str = "/api/v1/articles/1/views";
const B: &str = "/api/v1/articles/2/views";
const VISITS: &str = "/api/v1/sites/demo/visits";
const REPEAT: &str = "repeat";
const LIMIT: &str = "address_limit";

/// Two articles, the first with a file.
fn portal() -> Portal {
    let file = json!([{"name": "附件", "url": "https://example.org/附.pdf"}]);
    Portal::new("demo")
        .article("a", |a| a.title("潮汐 🌊").set("attachments", file))
        .article("b", |a| a)
}

/// Whether each of these requests counts, as a list of reasons.
async fn reasons(app: &TestApp, requests: &[(&str, Who<'_>)]) -> Vec<String> {
    let mut all = Vec::new();
    for (path, who) in requests {
        let (_, reason) = app.outcome(path, *who).await;
        all.push(reason.unwrap_or_default());
    }
    all
}

fn from(address: &str) -> Who<'_> {
    Who {
        address: Some(address),
        ..Who::default()
    }
}

on_both! {
    /// A visitor counts once within half an hour, to the microsecond, and then again; every request is a hit
    async fn a_visitor_counts_once_a_window(app) {
        app.import(&portal());
        let me = visitor("读者-一 🙂");
        assert_eq!(app.outcome(A, me).await, (1, None));
        for (n, now) in ["2026-01-15T04:00:00Z", "2026-01-15T04:15:00Z", "2026-01-15T04:29:59.999999Z"].into_iter().enumerate() {
            app.set_clock(now);
            assert_eq!(app.outcome(A, me).await, (1, Some(REPEAT.to_owned())), "{now}");
            assert_eq!(app.tally(A).await, (1, i64::try_from(n).unwrap() + 2));
        }
        app.set_clock("2026-01-15T04:30:00Z");
        assert_eq!(app.outcome(A, me).await, (2, None));
        app.set_clock("2026-01-15T04:30:01Z");
        assert_eq!(app.outcome(A, me).await, (2, Some(REPEAT.to_owned())));
        app.set_clock("2026-01-15T05:00:01Z");
        assert_eq!(app.outcome(A, me).await, (3, None));
        assert_eq!(app.tally(A).await, (3, 7));
        // Each thing by itself.
        assert_eq!(app.outcome(B, me).await, (1, None));
        assert_eq!(app.outcome(VISITS, me).await, (1, None));
        assert_eq!(app.outcome("/api/v1/attachments/1/downloads", me).await, (1, None));
    }

    /// The window begins with what was counted, not with the clock, and repetitions do not make it longer
    async fn windows_begin_with_what_was_counted(app) {
        app.import(&portal());
        for (now, counts) in [("04:20:00", true), ("04:29:59", false), ("04:30:00", false), ("04:49:59.999", false), ("04:50:00", true), ("05:00:00", false),
            ("05:19:00", false), ("05:20:00", true)] {
            app.set_clock(&format!("2026-01-15T{now}Z"));
            assert_eq!(app.outcome(A, visitor("一")).await.1.is_none(), counts, "{now}");
        }
    }

    /// The window is configurable
    async fn the_window_is_configurable(app, |s| s.var("MASTHEAD_COUNTER_WINDOW_S", "1")) {
        app.import(&portal());
        for (now, counts) in [("00.5", true), ("01.499999", false), ("01.5", true), ("02.4", false)] {
            app.set_clock(&format!("2026-01-15T04:00:{now}Z"));
            assert_eq!(app.outcome(A, visitor("一")).await.1.is_none(), counts, "{now}");
        }
        assert_eq!(app.get(A).await.json()["policy"]["window_s"], 1);
    }

    /// Midnight makes nobody new: the salt of yesterday serves until the window has passed it, and is gone then, with its marks
    async fn the_window_reaches_across_midnight(app) {
        app.import(&portal());
        let services = app.app.services();
        let salts = || app.database().rows("visitor_salts");
        app.set_clock("2026-01-15T23:50:00Z");
        for path in [A, VISITS] {
            assert_eq!(app.outcome(path, visitor("夜猫子")).await, (1, None));
            assert_eq!(app.outcome(path, Who::default()).await, (2, None));
        }
        app.set_clock("2026-01-16T00:05:00Z");
        services.counting.clean_up().await.unwrap();
        for path in [A, VISITS] {
            assert_eq!(reasons(app, &[(path, visitor("夜猫子")), (path, Who::default()), (path, visitor("早起"))]).await, [REPEAT, REPEAT, ""]);
        }
        assert_eq!(salts(), 2);
        app.set_clock("2026-01-16T00:20:00Z");
        assert_eq!(app.outcome(A, visitor("夜猫子")).await, (4, None));
        // The last moment in which somebody may have been counted with it.
        app.set_clock("2026-01-16T00:29:59.999999Z");
        services.counting.clean_up().await.unwrap();
        assert_eq!(salts(), 2);
        app.set_clock("2026-01-16T00:30:00Z");
        services.counting.clean_up().await.unwrap();
        assert_eq!(salts(), 1);
        assert_eq!(app.outcome(A, visitor("夜猫子")).await.1.as_deref(), Some(REPEAT));
        app.set_clock("2026-01-16T00:50:00Z");
        assert_eq!(app.outcome(A, visitor("夜猫子")).await, (5, None));
        // Nothing is left of who was there once the windows are over.
        app.set_clock("2026-01-18T00:00:00Z");
        services.counting.clean_up().await.unwrap();
        assert_eq!((salts(), app.database().rows("counting_marks")), (0, 0));
        assert_eq!(app.tally(A).await, (5, 8));
    }

    /// A limit on an address holds across midnight too
    async fn the_limit_reaches_across_midnight(app, |s| s.var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "3")) {
        app.import(&portal());
        app.set_clock("2026-01-15T23:45:00Z");
        assert_eq!(reasons(app, &[(A, visitor("1")), (A, visitor("2"))]).await, ["", ""]);
        app.set_clock("2026-01-16T00:10:00Z");
        assert_eq!(reasons(app, &[(A, visitor("3")), (A, visitor("4"))]).await, ["", LIMIT]);
        // The first two are half an hour ago; the third is not.
        app.set_clock("2026-01-16T00:15:00Z");
        assert_eq!(reasons(app, &[(A, visitor("5")), (A, visitor("6")), (A, visitor("7"))]).await, ["", "", LIMIT]);
    }

    /// A program is a hit and never more, by the header or by what the front end says, which goes before
    async fn programs_do_not_count(app) {
        app.import(&portal());
        let bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
        let header = |agent| Who { agent: Some(agent), ..Who::default() };
        for agent in [bot, "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", "facebookexternalhit/1.1", "Sogou web spider/4.0"] {
            assert_eq!(app.outcome(A, header(agent)).await, (0, Some("bot".to_owned())), "{agent}");
        }
        let said = |agent, said_agent| Who { agent: Some(agent), said_agent: Some(said_agent), ..visitor("前端") };
        assert_eq!(app.outcome(A, said(BROWSER, bot)).await, (0, Some("bot".to_owned())));
        assert_eq!(app.tally(A).await, (0, 5));
        // It left nothing that would stand in the way of a reader.
        assert_eq!(app.database().rows("counting_marks"), 0);
        assert_eq!(app.outcome(A, said(bot, BROWSER)).await, (1, None));
        // Nor is a program a repetition.
        assert_eq!(app.outcome(A, said(BROWSER, bot)).await, (1, Some("bot".to_owned())));
        for agent in ["", "curl/8.14.1", "okhttp/5.3", "CUBOT NOTE 50", "Dart/3.9 (dart:io)"] {
            assert_eq!(app.outcome(B, header(agent)).await.1, None, "{agent}");
        }
        let many = app.counted("/api/v1/views", header(bot)).json(&json!({"article_ids": [1, 2]})).send().await.assert_status(200).json();
        assert_eq!(many, json!({"items": [
            {"article_id": 1, "views": 1, "counted": false, "reason": "bot"}, {"article_id": 2, "views": 5, "counted": false, "reason": "bot"}]}));
    }

    /// A visitor is who the front end says; without that, address and browser together
    async fn a_visitor_is_a_key_or_an_address_with_a_browser(app, |s| s.var("MASTHEAD_TRUSTED_PROXIES", "127.0.0.1")) {
        app.import(&portal());
        let keyed = |key, address, agent| Who { visitor: Some(key), address: Some(address), agent: Some(agent), ..Who::default() };
        assert_eq!(reasons(app, &[
            (A, keyed("李明", "198.51.100.1", BROWSER)),
            (A, keyed("李明", "198.51.100.2", "Another/1.0")),
            (A, keyed("李红", "198.51.100.1", BROWSER)),
            (A, keyed("👩‍👩‍👧‍👦", "198.51.100.1", BROWSER)),
            (A, keyed("👩‍👩‍👧‍👦", "198.51.100.1", BROWSER)),
            (A, keyed("李明 ", "198.51.100.1", BROWSER)),
            (A, keyed("李明　", "198.51.100.1", BROWSER)),
        ]).await, ["", REPEAT, "", "", REPEAT, "", ""]);
        let bare = |address, agent| Who { address: Some(address), agent: Some(agent), ..Who::default() };
        assert_eq!(reasons(app, &[
            (B, bare("198.51.100.1", BROWSER)),
            (B, bare("198.51.100.1", BROWSER)),
            (B, bare("198.51.100.1", "Another/1.0")),
            (B, bare("198.51.100.2", BROWSER)),
            (B, Who { said_agent: Some(BROWSER), ..bare("198.51.100.1", "Server/1.0") }),
            (B, bare("198.51.100.1", "")),
            (B, bare("198.51.100.1", "")),
        ]).await, ["", REPEAT, "", "", REPEAT, "", REPEAT]);
    }

    /// What a proxy says of an address is believed of those that are trusted, and of nobody else
    async fn addresses_are_believed_of_trusted_proxies_only(app) {
        app.import(&portal());
        assert_eq!(reasons(app, &[(A, from("198.51.100.1")), (A, from("198.51.100.2")), (A, Who::default())]).await, ["", REPEAT, REPEAT]);
        app.beside([("MASTHEAD_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8".to_owned())], async |other| {
            assert_eq!(reasons(other, &[
                // The address of the connection was counted a moment ago, by the other instance.
                (A, Who::default()),
                (A, from("198.51.100.1")),
                (A, from("198.51.100.1, 10.0.0.7")),
                // What stands before an address that is not trusted is made up.
                (A, from("203.0.113.9, 198.51.100.1")),
                (A, from("198.51.100.2")),
                (A, from("::ffff:198.51.100.2")),
            ]).await, [REPEAT, "", REPEAT, REPEAT, "", REPEAT]);
        }).await;
    }

    /// So many visitors count from one address, whoever they say they are; other articles and other addresses are not touched by it
    async fn visitors_of_one_address_are_limited(app, |s| s.var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "3").var("MASTHEAD_TRUSTED_PROXIES", "127.0.0.1")) {
        app.import(&portal());
        let at = |key, address| Who { address: Some(address), ..visitor(key) };
        for (n, key) in ["甲", "乙", "丙"].into_iter().enumerate() {
            app.set_clock(&format!("2026-01-15T04:0{n}:00Z"));
            assert_eq!(app.outcome(A, at(key, "198.51.100.1")).await.1, None, "{key}");
        }
        let agent = |agent| Who { agent: Some(agent), ..from("198.51.100.1") };
        assert_eq!(reasons(app, &[
            (A, at("丁", "198.51.100.1")),
            (A, agent("Browser/1.0")),
            (A, agent("Browser/2.0")),
            // Who was counted is a repetition, as before.
            (A, at("甲", "198.51.100.1")),
            (A, at("丁", "198.51.100.2")),
            (A, at("丁", "198.51.100.1")),
            (B, at("丁", "198.51.100.1")),
            (VISITS, at("丁", "198.51.100.1")),
        ]).await, [LIMIT, LIMIT, LIMIT, REPEAT, "", REPEAT, "", ""]);
        assert_eq!(app.tally(A).await, (4, 9));
        // The window of an address begins with the first that counted from there.
        app.set_clock("2026-01-15T04:29:59.999999Z");
        assert_eq!(reasons(app, &[(A, at("戊", "198.51.100.1"))]).await, [LIMIT]);
        app.set_clock("2026-01-15T04:30:00Z");
        assert_eq!(reasons(app, &[(A, at("戊", "198.51.100.1")), (A, at("甲", "198.51.100.1")), (A, at("乙", "198.51.100.1")),
            (A, at("己", "198.51.100.1")), (A, at("庚", "198.51.100.1"))]).await, ["", "", REPEAT, "", LIMIT]);
    }

    /// Of IPv6 the network is the address: who has one has as many addresses as they like
    async fn a_network_is_one_address(app, |s| s.var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "3").var("MASTHEAD_TRUSTED_PROXIES", "127.0.0.1")) {
        app.import(&portal());
        let at = |key, address| Who { address: Some(address), ..visitor(key) };
        assert_eq!(reasons(app, &[
            (A, at("1", "2001:db8:0:1::1")),
            (A, at("2", "2001:db8:0:1:ffff:ffff:ffff:ffff")),
            (A, from("2001:db8:0:1::9")),
            (A, from("2001:db8:0:1::8")),
            (A, at("3", "2001:db8:0:1:a::b")),
            (A, at("3", "2001:db8:0:2::1")),
        ]).await, ["", "", "", REPEAT, LIMIT, ""]);
    }

    /// What happens in one request counts one after the other; what is named twice is seen twice
    async fn a_batch_counts_each_article(app, |s| s.var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "2")) {
        app.import(&portal());
        let send = async |who: Who<'_>, ids: &[i64]| {
            let body = json!({"visitor": who.visitor, "article_ids": ids});
            app.counted("/api/v1/views", who).json(&body).send().await.assert_status(200).json()["items"].clone()
        };
        let item = |id: i64, views: i64, reason: Option<&str>| json!({"article_id": id, "views": views, "counted": reason.is_none(), "reason": reason});
        assert_eq!(send(visitor("离线"), &[2, 1, 2]).await, json!([item(2, 1, None), item(1, 1, None), item(2, 1, Some(REPEAT))]));
        assert_eq!(app.tally(B).await, (1, 2));
        assert_eq!(app.outcome(A, visitor("离线")).await, (1, Some(REPEAT.to_owned())));
        assert_eq!(send(visitor("二"), &[1]).await, json!([item(1, 2, None)]));
        assert_eq!(send(visitor("三"), &[1, 2]).await, json!([item(1, 2, Some(LIMIT)), item(2, 2, None)]));
        assert_eq!((app.tally(A).await, app.tally(B).await), ((2, 4), (2, 3)));
        // As many as may be.
        assert_eq!(send(visitor("四"), &[1; 100]).await.as_array().unwrap().len(), 100);
        assert_eq!(app.tally(A).await, (2, 104));
    }
}
