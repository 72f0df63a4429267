//! The rows of the portals' checklist that this API reaches so far, by id. Needs `../shared`; skipped by name without.

use std::fs;

use serde_json::{Value, json};

use crate::support::{TestApp, on_both, shared};

/// Imports real portals; `None` where they are not there.
fn import(app: &TestApp, portals: &[&str]) -> Option<()> {
    for name in portals {
        let file = shared(&format!("portals/{name}.ndjson"))?;
        let report = app.try_import(fs::read(file).unwrap()).unwrap();
        assert!(report.committed, "{name}: {:#?}", report.faults);
    }
    Some(())
}

/// The article whose title is `title`, whole.
async fn article(app: &TestApp, site: &str, title: &str, query: &str) -> Value {
    let list = app
        .get(&format!("/api/v1/articles?site={site}&limit=100"))
        .await
        .json();
    let found = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["title"] == title)
        .unwrap_or_else(|| panic!("no `{title}`"));
    app.get(&format!(
        "/api/v1/articles/{}?include=breadcrumbs,neighbors,related,site_details{query}",
        found["id"]
    ))
    .await
    .assert_status(200)
    .json()
}

fn names(list: &Value, member: &str) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item[member].as_str().unwrap().to_owned())
        .collect()
}

/// Compares one row after the other; a failure names the row.
fn rows(table: &[(&str, &Value, Value)]) {
    for (row, found, expected) in table {
        assert_eq!(*found, expected, "row {row}");
    }
}

fn blocks(article: &Value) -> Vec<String> {
    let body = article["body_html"].as_str().unwrap();
    body.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

on_both! {
    async fn stidc(app) {
        if import(app, &["stidc"]).is_none() { return }
        let a = article(app, "stidc", "形成国际合作“走出去、引进来”的良性循环", "").await;
        let site = app.get("/api/v1/sites/stidc").await.json();
        let tree = app.get("/api/v1/sites/stidc/categories").await.json();
        let innovation = tree["items"].as_array().unwrap().iter().find(|c| c["name"] == "科技创新").unwrap();
        rows(&[
            ("S0-01", &a["title"], json!("形成国际合作“走出去、引进来”的良性循环")),
            ("S0-02 subtitle", &a["subtitle"], Value::Null),
            ("S0-02 summary", &a["summary"], Value::Null),
            ("S0-02 keywords", &a["keywords"], json!([])),
            ("S0-03", &json!(names(&a["sources"], "name")), json!(["中国科学报"])),
            ("S0-04", &a["published_at"], json!("2023-04-07T00:00:00+08:00")),
            ("S0-04 precision", &a["published_precision"], json!("date")),
            ("S0-05 name", &a["contributors"][0]["name"], json!("樊建平")),
            ("S0-05 role", &a["contributors"][0]["role"], json!("author")),
            ("S0-05 affiliation", &a["contributors"][0]["affiliation"], json!("中国科学院深圳先进技术研究院院长、深圳理工大学筹备办主任")),
            ("S0-05 byline", &a["byline"], json!("(作者:樊建平,系中国科学院深圳先进技术研究院院长、深圳理工大学筹备办主任)")),
            ("S0-06", &json!(blocks(&a).len()), json!(9)),
            ("S0-07", &a["views"], json!(0)),
            ("S0-08", &json!(names(&a["breadcrumbs"], "name")), json!(["首页", "科技创新", "科创视点"])),
            ("S0-10", &json!(names(&innovation["children"], "name")), json!(["科技合作", "科创动态", "科创视点", "北京国际科创中心建设"])),
            ("S0-17", &a["attachments"], json!([])),
            ("S0-18", &a["neighbors"]["previous"]["title"], json!("把握新一轮科技革命的机遇")),
            ("S0-19", &a["neighbors"]["next"]["title"], json!("加快实现高水平科技自立自强")),
            ("S0-22", &site["owner"], json!("中国科学院科技创新发展中心")),
            ("S0-22 copyright", &site["copyright"], json!("版权所有 © 中国科学院科技创新发展中心")),
            ("S0-23", &json!(names(&site["registrations"], "number")), json!(["京ICP备05002857号-1", "京公网安备 11010802039106号"])),
            ("S0-24", &json!(names(&site["contacts"], "kind")), json!(["address", "postcode", "phone", "fax", "email"])),
        ]);
        let body = a["body_html"].as_str().unwrap();
        for part in ["177位国际人才、927位海归博士员工", "412个合作项目"] {
            assert!(body.contains(part), "row S0-06: {part}");
        }
        assert!(blocks(&a)[0].starts_with("<p>在中国科学院2023年度工作会议上,侯建国院长提出"), "row S0-06");
        assert!(a["url"].as_str().unwrap().starts_with("http"), "row S0-20");
        for (side, back) in [("previous", "next"), ("next", "previous")] {
            let id = a["neighbors"][side]["id"].as_i64().unwrap();
            let other = app.get(&format!("/api/v1/articles/{id}?include=neighbors")).await.json();
            assert_eq!(other["neighbors"][back]["id"], a["id"], "row S0-19");
            assert_eq!(other["neighbors"][side], Value::Null, "row S0-19");
        }
        let source = a["sources"][0]["id"].as_i64().unwrap();
        assert_eq!(app.get(&format!("/api/v1/sources/{source}")).await.json()["name"], "中国科学报", "row S0-03");
        assert_eq!(app.get(&format!("/api/v1/articles?source={source}")).await.json()["items"][0]["id"], a["id"], "row S0-03");
    }

    async fn bulletin(app) {
        if import(app, &["bulletin"]).is_none() { return }
        let a = article(app, "bulletin", "推动全球科技创新协作", "").await;
        let site = app.get("/api/v1/sites/bulletin").await.json();
        rows(&[
            ("S2-01", &a["title"], json!("推动全球科技创新协作")),
            ("S2-02", &a["published_at"], json!("2021-11-11T00:00:00+08:00")),
            ("S2-03", &json!(names(&a["sources"], "name")), json!(["人民日报"])),
            ("S2-04", &a["contributors"][0]["kind"], json!("organization")),
            ("S2-04 name", &a["contributors"][0]["name"], json!("北京市习近平新时代中国特色社会主义思想研究中心")),
            ("S2-05", &json!(names(&a["contributors"], "role")), json!(["author", "writer", "writer"])),
            ("S2-05 names", &json!([a["contributors"][1]["name"], a["contributors"][2]["name"]]), json!(["方力", "任晓刚"])),
            ("S2-06", &a["views"], json!(983)),
            ("S2-07", &json!(names(&a["breadcrumbs"], "name")), json!(["首页", "战略与政策"])),
            ("S2-08", &a["summary_label"], json!("核心阅读")),
            ("S2-09", &json!(names(&a["outline"], "text")), json!(["推动全球科技创新协作意义重大", "准确把握推动全球科技创新协作的方向", "积极推动全球科技创新协作"])),
            ("S2-10", &json!(names(&a["related"], "title")), json!([
                "油气安全战略与“双碳”战略:关系与路径", "2023年中国经济增长速度的预测分析与政策建议",
                "《2022研究前沿》——11个大学科领域发展趋势与重点研究问题", "《2022技术聚焦》——20个高影响力专利技术焦点分析解读",
                "新时代科技强国战略", "科技改革十年回顾与未来走向"])),
            ("S2-27", &site["copyright"], json!("1996-2021 中国科学院版本所有")),
            ("S2-28", &site["registrations"][0]["number"], json!("京ICP备05002857")),
            ("S2-29", &site["credits"][0]["value"], json!("北京勤云科技发展有限公司")),
        ]);
        assert!(a["summary"].as_str().unwrap().starts_with("在新一轮科技革命和产业变革蓬勃兴起的时代背景下,我们要更加主动融入全球创新网络"), "row S2-08");
        for related in a["related"].as_array().unwrap() {
            let teaser = related["summary"].as_str().unwrap();
            assert!(teaser.ends_with("...") && teaser.chars().count() == 33, "row S2-11: {teaser}");
        }
        // The GET itself does not count.
        assert_eq!(article(app, "bulletin", "推动全球科技创新协作", "").await["views"], 983, "row S2-06");
    }

    async fn wikm(app) {
        if import(app, &["wikm"]).is_none() { return }
        let title = "To build a world science and technology powerhouse, we must adhere to international exchanges and cooperation";
        let en = article(app, "wikm", title, "&locale=en").await;
        let zh = article(app, "wikm", title, "&locale=zh-Hans").await;
        let site = app.get("/api/v1/sites/wikm").await.json();
        let tree = app.get("/api/v1/sites/wikm/categories").await.json();
        rows(&[
            ("S4-02", &en["title"], json!(title)),
            ("S4-03", &zh["title"], json!("建设世界科技强国要坚持国际交流与合作")),
            ("S4-04 en", &json!(blocks(&en).len()), json!(15)),
            ("S4-04 zh", &json!(blocks(&zh).len()), json!(15)),
            ("S4-04 en headings", &json!(names(&en["outline"], "text")), json!(["China has a solid foundation for international scientific and technological exchanges and cooperation", "Make efforts in three aspects to deepen international exchanges and cooperation"])),
            ("S4-04 zh headings", &json!(names(&zh["outline"], "text")), json!(["我国具备开展国际科技交流与合作的坚实基础", "三方面发力深化国际交流与合作"])),
            ("S4-05 en", &en["views"], json!(1305)),
            ("S4-05 zh", &zh["views"], json!(1305)),
            ("S4-07", &en["published_at"], json!("2023-12-19T06:55:00+08:00")),
            ("S4-07 precision", &en["published_precision"], json!("minute")),
            ("S4-08", &zh["published_at"], json!("2023-12-19T06:55:00+08:00")),
            ("S4-09", &en["contributors"][1]["name"], json!("China International Science and Technology Exchange Center")),
            ("S4-09 zh", &zh["contributors"][1]["name"], json!("中国国际科技交流中心")),
            ("S4-10", &en["contributors"][0]["name"], json!("Wei Jiang")),
            ("S4-11", &zh["contributors"][0]["name"], json!("魏江")),
            ("S4-11 affiliation", &zh["contributors"][0]["affiliation"], json!("浙江财经大学党委副书记、副校长,浙江大学中国科教战略研究院副院长")),
            ("S4-11 id", &zh["contributors"][0]["id"], en["contributors"][0]["id"].clone()),
            ("S4-12", &tree["items"][0]["children"][0]["article_count"], json!(15)),
            ("S4-12 second", &tree["items"][0]["children"][1]["article_count"], json!(1)),
            ("S4-13", &tree["items"][0]["name"], json!("新闻资讯")),
            ("S4-14", &json!([en["breadcrumbs"][0]["name"], en["breadcrumbs"][1]["name"]]), json!(["网站首页", "新闻资讯"])),
            ("S4-15", &en["neighbors"]["previous"]["title"], json!("The IIOE Global Partner Summit on Higher Education Transformation in the Era of Artificial Intelligence Opened in Shenzhen 人工智能时代的高等教育变革”IIOE全球伙伴高峰会在深开幕")),
            ("S4-16", &en["neighbors"]["next"]["title"], json!("The \"Three Soil Spirit\" has a fertile soil and a clear direction, with academicians leading the way in green development “with Certification Ceremony of International Academy of Advanced Technoloy and Engineering 三土精神”沃土有方,绿色发展院士先行")),
            ("S4-17", &json!(names(&site["contacts"], "label")), json!(["Address", "Tel", "Email"])),
            ("S4-18", &site["owner"], json!("World Institute of Knowledge Management")),
            ("S4-18 credit", &site["credits"][0]["value"], json!("星河科技")),
        ]);
        let (english, chinese) = (en["body_html"].as_str().unwrap(), zh["body_html"].as_str().unwrap());
        assert!(english.contains("π - HuB") && chinese.contains("π-HuB"), "row S4-21");
        assert!(english.contains("3078.29 billion yuan") && chinese.contains("30782.9亿元"), "row S4-22");
        assert!(!english.contains("科技"), "row S4-04");
        let header = app.request("GET", &format!("/api/v1/articles/{}", en["id"])).header("accept-language", "en").send().await;
        assert_eq!(header.header("content-language"), Some("en"), "row S4-02");
    }

    /// All five in one database: five sites, every body exactly as in its file
    async fn five_portals_in_one_database(app) {
        let portals = ["stidc", "bulletin", "wikm", "shikuang", "cas"];
        if import(app, &portals).is_none() { return }
        assert_eq!(app.get("/api/v1/sites").await.json()["items"].as_array().unwrap().len(), 5);
        for name in portals {
            for line in fs::read_to_string(shared(&format!("portals/{name}.ndjson")).unwrap()).unwrap().lines() {
                let record: Value = serde_json::from_str(line).unwrap();
                if record["type"] == "article" {
                    let served = article(app, name, record["title"].as_str().unwrap(), "").await;
                    assert_eq!(served["body_html"], record["body_html"], "{name}");
                    for member in ["subtitle", "summary", "summary_label", "byline", "source_line", "published_at", "published_precision", "event_date", "keywords"] {
                        assert_eq!(served[member], record[member], "{name} {member}");
                    }
                }
            }
        }
    }
}
