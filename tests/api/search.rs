//! The search: what is found, in which order, how it is counted and marked, and what never shows.

use masthead::models::access::Scope;
use serde_json::{Value, json};

use crate::lists;
use crate::support::client::Answer;
use crate::support::content::Record;
use crate::support::{Portal, TestApp, on_both};

/// The answer to a search; what cannot stand in an address is encoded.
async fn ask(app: &TestApp, query: &str) -> Answer {
    let encoded = |c: char| match c {
        '"' | '{' | '}' | '^' | '\\' | '<' | '>' | '|' | '`' | '#' => {
            format!("%{:02X}", u32::from(c))
        }
        c => c.to_string(),
    };
    let query: String = query.chars().map(encoded).collect();
    app.get(&format!("/api/v1/search?{query}")).await
}

/// What a search answers, all of it on one page.
async fn search(app: &TestApp, query: &str) -> Value {
    let answer = ask(app, &format!("limit=100&{query}")).await;
    answer.assert_status(200).json()
}

/// The slugs of the hits, in their order.
fn slugs(found: &Value) -> Vec<String> {
    let items = found["items"].as_array().unwrap().iter();
    items
        .map(|hit| hit["article"]["slug"].as_str().unwrap().to_owned())
        .collect()
}

/// The slugs of what these words find, sorted.
async fn found(app: &TestApp, words: &str) -> Vec<String> {
    let found = search(app, &format!("q={words}")).await;
    assert_eq!(found["matching"], "all", "{words}: {found}");
    let mut slugs = slugs(&found);
    slugs.sort();
    slugs
}

/// Ids of all hits, page by page.
async fn walk(app: &TestApp, query: &str) -> Vec<i64> {
    let mut ids = Vec::new();
    let mut place = String::new();
    loop {
        let path = format!("/api/v1/search?{query}{place}");
        let page = app.get(&path).await.assert_status(200).json();
        ids.extend(ids_of(&page));
        match page["next_cursor"].as_str() {
            None => return ids,
            Some(cursor) => place = format!("&cursor={cursor}"),
        }
    }
}

fn ids_of(page: &Value) -> Vec<i64> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|hit| hit["article"]["id"].as_i64().unwrap())
        .collect()
}

fn passages(hit: &Value) -> Vec<&str> {
    let passages = hit["highlights"]["passages"].as_array().unwrap().iter();
    passages.map(|passage| passage.as_str().unwrap()).collect()
}

/// An article with this body.
fn saying(body: &str) -> impl FnOnce(Record) -> Record {
    let body = format!("<p>{body}</p>");
    move |a| a.title("题").body(&body)
}

/// A text as a substring search that folds would see it: these few characters, and no blanks.
fn folded(text: &str) -> String {
    let simple = [
        ('創', '创'),
        ('國', '国'),
        ('學', '学'),
        ('觀', '观'),
        ('測', '测'),
        ('與', '与'),
        ('發', '发'),
        ('現', '现'),
        ('體', '体'),
        ('會', '会'),
    ];
    let fold = |c: char| {
        simple
            .iter()
            .find(|(old, _)| *old == c)
            .map_or(c, |(_, new)| *new)
    };
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(fold)
        .flat_map(char::to_lowercase)
        .collect()
}

on_both! {
    /// Script, width, case, blanks and what nobody sees make no difference, in the text and in the query
    async fn what_looks_the_same_is_the_same(app) {
        app.import(&Portal::new("demo")
            .article("hant", saying("科技創新與ＡＩ的發展"))
            .article("hans", saying("科技创新与AI的发展"))
            .article("odd", saying("科技\u{200b}创\u{feff}新 與&nbsp;Ai的\u{ad}发展"))
            .article("other", saying("科学发现")));
        for words in ["创新", "創新", "科技創新", "创\u{200b}新", "与ＡＩ的发展", "與ai的發展", "Ａｉ的", "创 新", "\"创 新\""] {
            assert_eq!(found(app, words).await, ["hans", "hant", "odd"], "{words}");
        }
        assert_eq!(found(app, "ＡＩ").await, ["hans", "hant", "odd"]);
        assert_eq!(found(app, "科学").await, ["other"]);
    }

    /// Every piece of every sentence is found wherever it stands, and nothing else: as by looking through all texts
    async fn every_piece_is_found(app) {
        let texts = [
            "中国科学院与中關村論壇共同發布觀測網", "觀測與發現：海洋科學觀測體系", "国家会展中心的科学体验", "發展中國家的科學會議",
            "科学、科学与科学观", "中国国会中国国", "学", "发展发展发展观",
        ];
        let mut portal = Portal::new("demo");
        for (n, text) in texts.iter().enumerate() {
            portal = portal.article(&format!("a{n}"), saying(text));
        }
        app.import(&portal);
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..120 {
            let characters: Vec<char> = random.choice(&texts).unwrap().chars().collect();
            let length = random.usize(1..=6).min(characters.len());
            let begin = random.usize(..=characters.len() - length);
            let piece: String = characters[begin..begin + length].iter().collect();
            if piece.contains(['：', '、']) {
                continue;
            }
            let expected: Vec<String> = (0..texts.len()).filter(|n| folded(texts[*n]).contains(&folded(&piece))).map(|n| format!("a{n}")).collect();
            assert_eq!(found(app, &piece).await, expected, "{piece}");
        }
    }

    /// All words must be there; quotation marks keep words together, a minus leaves out, other signs mean nothing
    async fn words_combine(app) {
        app.import(&Portal::new("demo")
            .article("a", saying("The red fox jumps over the lazy dog."))
            .article("b", saying("The lazy fox is red."))
            .article("c", saying("海洋科学，海洋观测"))
            .article("d", saying("海洋的科学观测")));
        for (words, expected) in [
            ("fox lazy", &["a", "b"][..]),
            ("\"lazy fox\"", &["b"]),
            ("“lazy fox”", &["b"]),
            ("lazy-fox", &["b"]),
            ("fox -jumps", &["b"]),
            ("fox -\"lazy dog\"", &["b"]),
            ("jumps -cat", &["a"]),
            ("FOX", &["a", "b"]),
            ("fo", &[]),
            ("海洋 科学", &["c", "d"]),
            ("海洋科学", &["c"]),
            ("科学海洋", &[]),
            ("科学，海洋", &["c", "d"]),
            ("海洋 -海洋科学", &["d"]),
            ("海洋 －的", &["c"]),
            ("\"fox", &["a", "b"]),
            ("fox\" \"", &["a", "b"]),
            ("title:fox*^2", &[]),
            ("(fox", &["a", "b"]),
        ] {
            let answer = search(app, &format!("q={words}")).await;
            if answer["matching"] == "all" {
                let mut slugs = slugs(&answer);
                slugs.sort();
                assert_eq!(slugs, expected, "{words}");
            } else {
                assert_eq!(expected, [""; 0], "{words}: {answer}");
            }
        }
        // Words, not operators.
        for words in ["fox OR cat", "fox AND dog", "NEAR(fox dog)", "fox NOT lazy"] {
            search(app, &format!("q={words}")).await;
        }
    }

    /// Where nothing has all the words, what has most of them is found, and the answer says so
    async fn most_words_are_enough_where_nothing_has_all(app) {
        app.import(&Portal::new("demo")
            .article("three", saying("red green blue"))
            .article("two", saying("red green yellow"))
            .article("one", saying("red")));
        let answer = search(app, "q=red green blue purple&count=exact&facets=year").await;
        assert_eq!((&answer["matching"], slugs(&answer)), (&json!("most"), vec!["three".to_owned()]), "{answer}");
        assert_eq!((&answer["total"], &answer["facets"]["year"][0]["count"]), (&json!(1), &json!(1)));
        assert_eq!(passages(&answer["items"][0]), ["<mark>red</mark> <mark>green</mark> <mark>blue</mark>"]);
        let answer = search(app, "q=red green blue").await;
        assert_eq!((&answer["matching"], slugs(&answer)), (&json!("all"), vec!["three".to_owned()]));
        // What must not be there stays out, and filters hold.
        let answer = search(app, "q=red green purple -blue").await;
        assert_eq!((&answer["matching"], slugs(&answer)), (&json!("most"), vec!["two".to_owned()]));
        let answer = search(app, "q=purple orange").await;
        assert_eq!((&answer["matching"], &answer["items"]), (&json!("all"), &json!([])));
        assert_eq!(search(app, "q=red green blue purple&has_attachments=true").await["items"], json!([]));
    }

    /// Everything that an article says is found, and what stands in its title comes first
    async fn every_part_of_an_article_is_found(app) {
        let portal = Portal::new("demo")
            .with(Record::new("source").set("slug", "s").set("name", "鲸鱼日报"));
        let topic = portal.record("topic").set("key", "t").set("title", "专题: 鲸鱼——新问题");
        let person = json!([{"role": "author", "kind": "person", "name": "鲸鱼生", "affiliation": "研究所"}]);
        app.import(&portal.with(topic)
            .article("body", saying("这里有鲸鱼。"))
            .article("title", |a| a.title("鲸鱼的迁徙"))
            .article("subtitle", |a| a.title("题").set("subtitle", "关于鲸鱼"))
            .article("summary", |a| a.title("题").set("summary", "本文讲鲸鱼"))
            .article("keyword", |a| a.title("题").set("keywords", ["鲸鱼"]))
            .article("contributor", |a| a.title("题").set("contributors", person))
            .article("source", |a| a.title("题").sources(&["s"]))
            .article("topic", |a| a.title("题").topics(&["t"]))
            .article("file", |a| a.title("题").set("attachments", json!([{"name": "鲸鱼.pdf", "url": "https://example.org/w"}])))
            .article("translation", |a| a.title("Whales").set("translations", json!([{"locale": "zh-Hant", "title": "鯨魚", "body_html": ""}])))
            .article("code", |a| a.title("题").body("<p title=\"鲸鱼\"><a href=\"https://example.org/鲸鱼\">别的</a></p>")));
        let answer = search(app, "q=鲸鱼").await;
        let order = slugs(&answer);
        let mut all = order.clone();
        all.sort();
        assert_eq!(all, ["body", "contributor", "file", "keyword", "source", "subtitle", "summary", "title", "topic", "translation"]);
        // A title or a keyword that is all that was asked for, then what is short and says much, then the rest.
        let mut first = order[..2].to_vec();
        first.sort();
        assert_eq!(first, ["keyword", "translation"], "{order:?}");
        let place = |slug: &str| order.iter().position(|other| other == slug).unwrap();
        assert!(place("title") < place("summary") && place("title") < place("body"), "{order:?}");
        // The most relevant first.
        let scores: Vec<f64> = answer["items"].as_array().unwrap().iter().map(|hit| hit["score"].as_f64().unwrap()).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b) && scores.last() > Some(&0.0), "{scores:?}");
        // By time there is no relevance.
        let by_time = search(app, "q=鲸鱼&sort=published_at").await;
        assert!(by_time["items"].as_array().unwrap().iter().all(|hit| hit["score"].is_null()));
        assert_eq!(slugs(&by_time)[0], "translation");
        assert_eq!(slugs(&search(app, "q=鲸鱼&sort=published_at&order=asc").await)[0], "body");
    }

    /// A title that is exactly what was asked for comes before all others, and of two alike the newer
    async fn whole_titles_and_newer_articles_come_first(app) {
        let at = |day: &'static str| move |a: Record| a.title("海洋观测网建成").body("<p>海洋观测</p>").published_at(day);
        let mut portal = Portal::new("demo")
            .article("old", at("2016-01-10T08:00:00+08:00"))
            .article("new", at("2025-01-10T08:00:00+08:00"))
            .article("exact", |a| a.title("海洋观测").body("<p>简讯</p>").published_at("2010-01-10T08:00:00+08:00"));
        for n in 0..40 {
            portal = portal.article(&format!("other{n}"), |a| a.title("别的").body("<p>与此无关</p>"));
        }
        app.import(&portal);
        let answer = search(app, "q=海洋觀測&facets=year").await;
        assert_eq!(slugs(&answer), ["exact", "new", "old"]);
        // Of as many hits the latest year comes first.
        assert_eq!(answer["facets"], json!({"category": null, "source": null, "year": [{"year": 2025, "count": 1}, {"year": 2016, "count": 1}, {"year": 2010, "count": 1}]}));
    }

    /// What cannot be searched for is a 400 that names `q` and says how to mend it, and echoes nothing
    async fn what_cannot_be_searched_for_is_refused(app) {
        app.import(&Portal::new("demo").article("a", |a| a));
        let long = "字".repeat(850) + &"a".repeat(151);
        for (words, code) in [
            ("", "nothing_to_search"),
            ("%20%09%0A", "nothing_to_search"),
            ("，。！？——《》", "nothing_to_search"),
            ("\"\"", "nothing_to_search"),
            ("* ^ : ( ) '", "nothing_to_search"),
            ("%E2%80%8B", "nothing_to_search"),
            ("-marvin", "only_exclusions"),
            ("-marvin -\"烟花 爆竹\"", "only_exclusions"),
            (&"a".repeat(1_001), "too_long"),
            (&long, "too_long"),
            (&"marvin ".repeat(1_000), "too_long"),
            (&"a".repeat(10_000), "too_long"),
            (&"字".repeat(5_000), "too_long"),
            ("marvin%00", "bad_encoding"),
            ("%ED%A0%80", "bad_encoding"),
            ("marvin%FF", "bad_encoding"),
            ("marvin&q=marvin", "repeated"),
        ] {
            let answer = ask(app, &format!("q={words}")).await;
            let problem = answer.assert_problem(400, "invalid_parameter");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!("/q"), &json!(code)), "{words}: {answer}");
            assert!(!answer.text().contains("marvin") && !answer.text().contains("烟花"), "{answer}");
        }
        app.get("/api/v1/search").await.assert_problem(400, "invalid_parameter");
    }

    /// Everything else is a search, whatever it looks like
    async fn everything_else_is_a_search(app) {
        app.import(&Portal::new("demo")
            .article("a", saying("Tom's fish 🐟 costs 3.14 €: 100% of a_b; NEAR the π-HuB, 'quoted' & AT&amp;T"))
            .article("b", saying("👩‍👩‍👧‍👦 家庭")));
        for (words, expected) in [
            ("🐟", "a"), ("🐟\u{fe0f}", "a"), ("👩‍👩‍👧‍👦", "b"), ("👩", "b"), ("Tom's", "a"), ("3.14", "a"), ("π", "a"), ("HuB", "a"), ("a_b", "a"), ("AT%26T", "a"),
            ("'; DROP TABLE articles; -- fish", ""), ("fish' OR '1'='1", ""), ("NEAR(fish, 2)", ""), ("fish*", "a"), ("^fish", "a"),
            ("fish:", "a"), ("\"fish", "a"), ("{fish}", "a"), ("fish\\", "a"), ("$1 fish", ""), ("ｆｉｓｈ", "a"), ("fi\u{200d}sh", "a"), ("_", "?"), ("%25", "?"), ("100%25", "a"),
        ] {
            let answer = ask(app, &format!("q={words}")).await;
            if expected == "?" {
                answer.problem(400);
                continue;
            }
            let found = answer.assert_status(200).json();
            if !expected.is_empty() {
                assert_eq!(slugs(&found), [expected], "{words}");
            }
            assert!(!answer.text().to_lowercase().contains("sql"), "{answer}");
        }
        for text in ["x".repeat(1_000), "字 ".repeat(300), "\"a\" ".repeat(200), "-a ".repeat(200) + "fish", "字".repeat(800)] {
            ask(app, &format!("q={text}")).await.assert_status(200);
        }
    }

    /// A filter leaves of the hits what the list of articles shows with the same filter, in any combination and in both orders
    async fn filters_are_those_of_lists(app) {
        let mut random = fastrand::Rng::with_seed(11);
        let articles: Vec<lists::Known> = (0..60).map(|n| lists::known(&mut random, n)).collect();
        for site in lists::SITES {
            app.import(&lists::portal(&articles, site));
        }
        let all = walk_list(app, "limit=100").await;
        let source = app.get("/api/v1/sources").await.json()["items"][0]["id"].clone();
        for round in 0..50 {
            let mut query = String::new();
            if random.bool() {
                let site = random.choice(lists::SITES).unwrap();
                query += &format!("&site={site}");
                if random.bool() {
                    let path = random.choice(lists::CATEGORIES).unwrap();
                    let subtree = random.bool();
                    if random.bool() {
                        query += &format!("&category_path={path}&subtree={subtree}");
                    } else {
                        let id = app.get(&format!("/api/v1/sites/{site}/categories/{path}")).await.json()["id"].clone();
                        query += &format!("&category={id}&subtree={subtree}");
                    }
                }
                if random.u8(0..4) == 0 {
                    let topics = app.get(&format!("/api/v1/sites/{site}/topics")).await.json();
                    query += &format!("&topic={}", topics["items"][0]["id"]);
                }
            }
            for (share, filter) in [
                (3, format!("&source={source}")),
                (3, "&keyword=ａｉ".to_owned()),
                (3, format!("&available_in={}", random.choice(["en", "zh", "zh-hant"]).unwrap())),
                (3, format!("&has_attachments={}", random.bool())),
                (4, "&contributor=1".to_owned()),
                (3, "&published_from=2026-01-10".to_owned()),
                (3, "&published_to=2026-01-11T05:00:00Z".to_owned()),
                (4, "&updated_from=2026-01-15".to_owned()),
                (9, "&updated_from=2026-01-16".to_owned()),
                (4, format!("&ids={}", all.iter().take(20).map(ToString::to_string).collect::<Vec<_>>().join(","))),
            ] {
                if random.u8(0..share) == 0 {
                    query += &filter;
                }
            }
            let order = random.choice(["asc", "desc"]).unwrap();
            let limit = random.usize(3..30);
            let expected = walk_list(app, &format!("order={order}&limit=100{query}")).await;
            // Their bodies say "Text of ...".
            let by_time = walk(app, &format!("q=text&sort=published_at&order={order}&limit={limit}{query}")).await;
            assert_eq!(by_time, expected, "round {round}: {query}");
            let mut by_relevance = walk(app, &format!("q=text&limit={limit}{query}")).await;
            let mut sorted = expected.clone();
            by_relevance.sort_unstable();
            sorted.sort_unstable();
            assert_eq!(by_relevance, sorted, "round {round}: {query}");
            let counted = search(app, &format!("q=text&count=exact&facets=category,source,year{query}")).await;
            assert_eq!((&counted["total"], &counted["total_kind"]), (&json!(expected.len()), &json!("exact")), "{query}");
            assert_facets(app, &counted["facets"], &query).await;
        }
        for nothing in ["site=nowhere", "site=east&category_path=nowhere", "category=999999", "category=999999&subtree=true", "source=999999", "ids=999999"] {
            let answer = search(app, &format!("q=text&count=exact&facets=category,source,year&{nothing}")).await;
            assert_eq!((&answer["items"], &answer["total"], &answer["next_cursor"]), (&json!([]), &json!(0), &Value::Null), "{nothing}");
            assert_eq!(answer["facets"], json!({"category": [], "source": [], "year": []}), "{nothing}");
        }
    }

    /// Parameters that do not go together are refused, as in lists
    async fn impossible_combinations_are_refused(app) {
        app.import(&Portal::new("demo").article("a", |a| a).article("b", |a| a));
        let cursor = app.get("/api/v1/search?q=article&limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
        for (query, pointer) in [
            ("category_path=news".to_owned(), "/category_path"),
            ("subtree=true&site=demo".to_owned(), "/subtree"),
            ("published_from=2026-01-10&published_to=2026-01-10".to_owned(), "/published_to"),
            (format!("page=1&cursor={cursor}"), "/page"),
            ("page=101&limit=100".to_owned(), "/page"),
            ("limit=101".to_owned(), "/limit"),
            ("facets=tag".to_owned(), "/facets"),
            ("facets=category;source".to_owned(), "/facets"),
            ("sort=updated_at".to_owned(), "/sort"),
            ("order=asc".to_owned(), "/order"),
            ("order=asc&sort=relevance".to_owned(), "/order"),
            ("highlight=true".to_owned(), "/highlight"),
        ] {
            let problem = app.get(&format!("/api/v1/search?q=article&{query}")).await.problem(400);
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}: {problem}");
        }
        for query in ["facets=", "facets=category", "facets=year,category,year", "page=100&limit=100", "order=desc"] {
            app.get(&format!("/api/v1/search?q=article&{query}")).await.assert_status(200);
        }
        // A cursor belongs to its words, its filters and its order.
        app.get(&format!("/api/v1/search?q=article&locale=zh&facets=year&count=exact&cursor={cursor}")).await.assert_status(200);
        for other in ["q=text", "q=article&sort=published_at", "q=article&site=demo", "q=article&subtree=false&keyword=x"] {
            app.get(&format!("/api/v1/search?{other}&cursor={cursor}")).await.assert_problem(400, "invalid_cursor");
        }
        let listed = app.get("/api/v1/articles?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
        app.get(&format!("/api/v1/search?q=article&cursor={listed}")).await.assert_problem(400, "invalid_cursor");
    }

    /// Page after page shows each hit once, in every order, while articles are saved in between
    async fn every_hit_comes_once_while_others_are_saved(app) {
        let mut portal = Portal::new("demo");
        for n in 0..30 {
            let words = "观测 ".repeat(1 + n * 7 % 5) + &"其他".repeat(n * 11 % 17);
            portal = portal.article(&format!("a{n}"), |a| a.title(if n % 4 == 0 { "观测" } else { "题" }).body(&format!("<p>{words}</p>")));
        }
        app.import(&portal);
        let desk = app.desk("admin");
        let mut made = 0;
        for order in ["", "&sort=published_at", "&sort=published_at&order=asc"] {
            let before = walk(app, &format!("q=观测&limit=100{order}")).await;
            let mut seen = Vec::new();
            let mut place = String::new();
            loop {
                let page = app.get(&format!("/api/v1/search?q=观测&limit=4{order}{place}")).await.assert_status(200).json();
                seen.extend(ids_of(&page));
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                place = format!("&cursor={cursor}");
                // One that has the word, one that has not.
                for title in ["新的观测", "别的"] {
                    made += 1;
                    desk.made("/articles", &json!({"site": "demo", "category": "news", "title": format!("{title} {made}"), "status": "published"})).await;
                }
            }
            let seen: Vec<i64> = seen.into_iter().filter(|id| before.contains(id)).collect();
            assert_eq!(seen, before, "{order}");
        }
    }

    /// Page numbers, totals and links are those of lists
    async fn pages_have_numbers_and_links(app) {
        let mut portal = Portal::new("demo");
        for n in 0..7 {
            portal = portal.article(&format!("a{n}"), |a| a);
        }
        app.import(&portal);
        let all = walk(app, "q=article&limit=100").await;
        for (page, expected) in [(1, &all[..3]), (2, &all[3..6]), (3, &all[6..]), (4, &[][..])] {
            let answer = app.get(&format!("/api/v1/search?q=article&limit=3&page={page}&count=exact")).await;
            let body = answer.assert_status(200).json();
            assert_eq!(ids_of(&body), expected, "{page}");
            assert_eq!((&body["total"], &body["total_kind"]), (&json!(7), &json!("exact")));
            assert_eq!(body["next_cursor"].is_null(), page > 2);
            assert!(answer.header("link").unwrap().contains("rel=\"last\""), "{answer}");
        }
        let plain = app.get("/api/v1/search?q=article&limit=3").await;
        assert!(plain.header("link").unwrap().contains("rel=\"next\""));
        let body = plain.json();
        assert_eq!((&body["total"], &body["total_kind"], &body["facets"]), (&Value::Null, &json!("none"), &Value::Null));
        let estimated = search(app, "q=article&count=estimated").await;
        assert_eq!(estimated["total"], 7);
    }

    /// What is found is marked, as it was written, and everything else is escaped
    async fn what_is_found_is_marked(app) {
        app.import(&Portal::new("demo").site(|s| s.set("default_locale", "zh-Hans").set("locales", ["zh-Hans", "en"]))
            .article("a", |a| a.title("科技創新 <b>&amp; \"更多\"").body(
                "<h2>首段</h2><p>第一句没有。第二句有&lt;script&gt;alert('創新')&lt;/script&gt;与<b>创</b>新&amp;发展。</p><p title=\"创新\">末段：ＡＩ創\u{200b}新 &copy;。</p>"))
            .article("b", |a| a.title("没有").set("summary", "概要说创新。").body("<p>正文没有。</p>"))
            .article("c", |a| a.title("外文").body("<p>没有</p>").set("translations", json!([{"locale": "en", "title": "English", "body_html": "<p>An English text about 创新.</p>"}])))
            .article("d", |a| a.title("关键词").body("<p>没有</p>").set("keywords", ["创新"])));
        let answer = search(app, "q=创新&sort=published_at&order=asc").await;
        let highlights = |n: usize| answer["items"][n]["highlights"].clone();
        assert_eq!(highlights(0)["title"], "科技<mark>創新</mark> &lt;b&gt;&amp;amp; &quot;更多&quot;");
        let of_a = highlights(0)["passages"].to_string();
        assert!(of_a.contains("&lt;script&gt;alert(&#39;<mark>創新</mark>&#39;)&lt;/script&gt;") && of_a.contains("<mark>创新</mark>&amp;发展。"), "{of_a}");
        assert!(of_a.contains("ＡＩ<mark>創\u{200b}新</mark>"), "{of_a}");
        assert_eq!(highlights(1), json!({"title": "没有", "passages": ["概要说<mark>创新</mark>。"]}));
        assert_eq!(highlights(2), json!({"title": "外文", "passages": ["An English text about <mark>创新</mark>."]}));
        assert_eq!(highlights(3), json!({"title": "关键词", "passages": []}));
        for hit in answer["items"].as_array().unwrap() {
            let all = hit["highlights"].to_string().replace("<mark>", "").replace("</mark>", "");
            assert!(!all.contains(['<', '>']), "{all}");
        }
        // Of the rendition that is shown.
        let english = search(app, "q=创新&locale=en").await;
        let shown = english["items"].as_array().unwrap().iter().find(|hit| hit["article"]["slug"] == "c").unwrap();
        assert_eq!((&shown["article"]["title"], &shown["highlights"]["title"]), (&json!("English"), &json!("English")));
        // Parts of a phrase are not marked where the whole is found elsewhere.
        let phrase = search(app, "q=\"English text\"").await;
        assert_eq!(phrase["items"][0]["highlights"], json!({"title": "外文", "passages": ["An <mark>English text</mark> about 创新."]}));
    }

    /// Up to three passages, cut at the ends of sentences
    async fn passages_are_short(app) {
        let filler = "这一句与之无关，只是为了让正文显得更长一些，好让段落之间隔得足够远。".repeat(8);
        let body: String = (0..6).map(|n| format!("<p>{filler}第{n}处提到了碳中和目标。{filler}</p>")).collect();
        app.import(&Portal::new("demo").article("long", |a| a.title("题").body(&body)));
        let answer = search(app, "q=碳中和").await;
        let shown = passages(&answer["items"][0]);
        assert_eq!(shown.len(), 3, "{shown:?}");
        for (n, passage) in shown.iter().enumerate() {
            assert!(passage.contains(&format!("第{n}处提到了<mark>碳中和</mark>目标。")), "{shown:?}");
            assert!(passage.chars().count() < 220, "{passage}");
        }
    }

    /// `locale` chooses what is shown, never what is found, and answers vary as those of lists do
    async fn locale_chooses_what_is_shown(app) {
        app.import(&Portal::new("demo").site(|s| s.set("locales", ["en", "zh-Hans"]))
            .article("a", |a| a.title("Tides").body("<p>The moon moves the sea.</p>")
                .set("translations", json!([{"locale": "zh-Hans", "title": "潮汐", "body_html": "<p>月亮牵动大海。</p>"}]))));
        for (query, title, passage) in [
            ("q=moon&locale=en", "Tides", "The <mark>moon</mark> moves the sea."),
            ("q=moon&locale=zh-Hans", "潮汐", "The <mark>moon</mark> moves the sea."),
            ("q=月亮&locale=en", "Tides", "<mark>月亮</mark>牵动大海。"),
            ("q=月亮&locale=zh-Hans", "潮汐", "<mark>月亮</mark>牵动大海。"),
            ("q=潮汐&locale=zh-Hans", "<mark>潮汐</mark>", ""),
            ("q=潮汐&locale=en", "Tides", "<mark>潮汐</mark>"),
        ] {
            let hit = &search(app, query).await["items"][0];
            assert_eq!(hit["highlights"]["title"], title, "{query}");
            assert_eq!(passages(hit).join(""), passage, "{query}");
        }
        let answer = app.request("GET", "/api/v1/search?q=moon").header("accept-language", "zh-Hans").send().await;
        assert_eq!(answer.json()["items"][0]["article"]["locale"], "zh-Hans");
        assert!(answer.header("vary").unwrap().contains("Accept-Language"), "{answer}");
        let named = app.get("/api/v1/search?q=moon&locale=en").await;
        assert!(!named.header("vary").unwrap_or_default().contains("Accept-Language"));
        assert!(named.header("surrogate-key").unwrap().contains("site-demo"), "{named}");
    }

    /// A title in the script that was asked for has its marks, too
    async fn derived_titles_are_marked(app) {
        app.import(&Portal::new("demo").site(|s| s.set("default_locale", "zh-Hans"))
            .article("a", |a| a.title("科技创新的发展").body("<p>创新驱动发展。</p>")));
        let hit = &search(app, "q=创新&locale=zh-Hant").await["items"][0];
        assert_eq!((&hit["article"]["locale"], &hit["article"]["title"]), (&json!("zh-Hant"), &json!("科技創新的發展")));
        assert_eq!(hit["highlights"]["title"], "科技<mark>創新</mark>的發展");
        // Passages quote what was written.
        assert_eq!(passages(hit), ["<mark>创新</mark>驱动发展。"]);
    }

    /// An article is found the moment it is saved, as it was saved, and to the second when it comes and goes by itself
    async fn articles_come_and_go(app) {
        app.import(&Portal::new("demo").category("news/sea").article("open", |a| a));
        // Tokens do not last that long.
        let admin = app.account("desk@example.org", "admin");
        let (_, key) = app.api_key(admin, &Scope::ALL, None);
        let desk = app.desk_of(key);
        let (address, _) = desk.made("/articles", &json!({"site": "demo", "category": "news", "title": "潮汐", "slug": "tide", "body_html": "<p>第一稿</p>"})).await;
        assert_eq!(found(app, "潮汐").await, [""; 0]);
        desk.changed(&address, &json!({"status": "published"})).await;
        assert_eq!(found(app, "潮汐").await, ["tide"]);
        desk.changed(&address, &json!({"title": "海浪", "body_html": "<p>第二稿</p>"})).await;
        assert_eq!((found(app, "潮汐").await, found(app, "第一稿").await), (vec![], vec![]));
        assert_eq!((found(app, "海浪").await, found(app, "第二稿").await), (vec!["tide".to_owned()], vec!["tide".to_owned()]));
        for (change, expected) in [
            (json!({"published_at": "2026-01-15T06:00:00Z"}), ["", "tide", "tide"]),
            (json!({"unpublish_at": "2026-01-15T07:00:00Z"}), ["", "tide", ""]),
        ] {
            app.set_clock("2026-01-15T05:00:00Z");
            desk.changed(&address, &change).await;
            for (now, expected) in ["2026-01-15T05:59:59Z", "2026-01-15T06:00:00Z", "2026-01-15T07:00:00Z"].into_iter().zip(expected) {
                app.set_clock(now);
                let answer = search(app, "q=海浪&count=exact&facets=year").await;
                assert_eq!(slugs(&answer).join(""), expected, "{now}");
                assert_eq!(answer["total"], i32::from(!expected.is_empty()), "{now}");
                assert_eq!(answer["facets"]["year"].as_array().unwrap().len(), usize::from(!expected.is_empty()), "{now}");
            }
        }
    }
}

/// Ids of all articles of a list, page by page.
async fn walk_list(app: &TestApp, query: &str) -> Vec<i64> {
    let mut ids = Vec::new();
    let mut place = String::new();
    loop {
        let path = format!("/api/v1/articles?{query}{place}");
        let page = app.get(&path).await.assert_status(200).json();
        let items = page["items"].as_array().unwrap().iter();
        ids.extend(items.map(|article| article["id"].as_i64().unwrap()));
        match page["next_cursor"].as_str() {
            None => return ids,
            Some(cursor) => place = format!("&cursor={cursor}"),
        }
    }
}

/// Fails unless facets say what lists of articles count with these filters.
async fn assert_facets(app: &TestApp, facets: &Value, query: &str) {
    let mut articles = Vec::new();
    for id in walk_list(app, &format!("limit=100{query}")).await {
        articles.push(app.get(&format!("/api/v1/articles/{id}")).await.json());
    }
    // Id and count, in the order that is promised: the greatest first, ties by id, of years the latest.
    let counted = |values: Vec<i64>, is_latest_first: bool| {
        let mut counts = std::collections::BTreeMap::new();
        for value in values {
            *counts.entry(value).or_insert(0) += 1;
        }
        let mut counts: Vec<(i64, i64)> = counts.into_iter().collect();
        counts
            .sort_by_key(|(value, count)| (-count, if is_latest_first { -value } else { *value }));
        counts
    };
    let told = |facet: &str, member: &str| -> Vec<(i64, i64)> {
        let counts = facets[facet].as_array().unwrap().iter();
        counts
            .map(|c| (c[member].as_i64().unwrap(), c["count"].as_i64().unwrap()))
            .collect()
    };
    let category = |a: &Value| a["category"]["id"].as_i64().unwrap();
    assert_eq!(
        told("category", "id"),
        counted(articles.iter().map(category).collect(), false),
        "{query}"
    );
    let sources = |a: &Value| {
        a["sources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["id"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told("source", "id"),
        counted(articles.iter().flat_map(sources).collect(), false),
        "{query}"
    );
    let year = |a: &Value| a["published_at"].as_str().unwrap()[..4].parse().unwrap();
    assert_eq!(
        told("year", "year"),
        counted(articles.iter().map(year).collect(), true),
        "{query}"
    );
    for count in facets["category"].as_array().unwrap() {
        let shown = articles
            .iter()
            .find(|a| a["category"]["id"] == count["id"])
            .unwrap();
        assert_eq!(
            (&count["path"], &count["name"], &count["site"]),
            (
                &shown["category"]["path"],
                &shown["category"]["name"],
                &shown["site"]
            )
        );
    }
    for count in facets["source"].as_array().unwrap() {
        let mut sources = articles
            .iter()
            .flat_map(|a| a["sources"].as_array().unwrap());
        let shown = sources.find(|source| source["id"] == count["id"]).unwrap();
        assert_eq!(
            (&count["slug"], &count["name"]),
            (&shown["slug"], &shown["name"])
        );
    }
}
