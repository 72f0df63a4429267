//! Groups of links as readers meet them.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Portal, on_both, shared};

fn labels(group: &Value) -> Vec<&str> {
    let links = group["links"].as_array().unwrap().iter();
    links.map(|link| link["label"].as_str().unwrap()).collect()
}

on_both! {
    /// Groups and their links keep the order of the file, repeated ones included
    async fn link_groups_come_whole_and_in_order(app) {
        let link = |label: &str| json!({"label": label, "url": format!("https://example.org/{label}")});
        app.import(&Portal::new("demo")
            .link_group("z", json!([link("b"), link("a"), link("b")]))
            .link_group("a", json!([]))
            .and(Portal::new("other").link_group("z", json!([link("c")]))));
        let groups = app.get("/api/v1/sites/demo/link-groups").await.assert_status(200).json();
        assert_eq!(groups, json!({
            "items": [{"key": "z", "title": "Links z", "links": [link("b"), link("a"), link("b")]}, {"key": "a", "title": "Links a", "links": []}],
            "next_cursor": null, "total": 2, "total_kind": "exact",
        }));
    }

    /// A site without groups has an empty list, and what is no site is not found
    async fn no_groups_are_an_empty_list(app) {
        app.import(&Portal::new("demo"));
        let groups = app.get("/api/v1/sites/demo/link-groups").await.assert_status(200).json();
        assert_eq!((&groups["items"], &groups["total"]), (&json!([]), &json!(0)));
        app.get("/api/v1/sites/nope/link-groups").await.assert_problem(404, "not_found");
        app.get("/api/v1/sites/demo/link-groups/x").await.assert_problem(404, "not_found");
        app.get("/api/v1/sites/demo/link-groups?limit=1").await.assert_problem(400, "invalid_parameter");
    }

    /// Who has the groups already is told so, until they change
    async fn unchanged_groups_are_not_sent_again(app) {
        let path = "/api/v1/sites/demo/link-groups";
        app.import(&Portal::new("demo").link_group("a", json!([])));
        let tag = app.get(path).await.header("etag").unwrap().to_owned();
        app.request("GET", path).header("if-none-match", &tag).send().await.assert_status(304);
        app.import(&Portal::new("demo").link_group("b", json!([])));
        app.request("GET", path).header("if-none-match", &tag).send().await.assert_status(200);
    }

    /// The groups of real portals: 46, 6 and 12 links (checklist S0-25, S0-26, S2-21)
    async fn the_groups_of_real_portals(app) {
        for portal in ["stidc", "bulletin"] {
            let Some(file) = shared(&format!("portals/{portal}.ndjson")) else { return };
            app.try_import(fs::read(file).unwrap()).unwrap();
        }
        let groups = app.get("/api/v1/sites/stidc/link-groups").await.assert_status(200).json();
        let units = labels(&groups["items"][0]);
        assert_eq!(groups["items"][0]["title"], "院属京津地区事业单位");
        assert_eq!((units.len(), units[0], units[45]), (46, "数学与系统科学研究院", "中国科学报社"));
        assert_eq!(groups["items"][1]["title"], "相关链接");
        assert_eq!(labels(&groups["items"][1]), ["中国科学院招聘网", "中华人民共和国中央人民政府", "北京市人民政府", "天津市人民政府", "河北省人民政府", "内蒙古自治区人民政府"]);
        let quick = app.get("/api/v1/sites/bulletin/link-groups").await.assert_status(200).json();
        assert_eq!(quick["items"][0]["title"], "快速通道");
        assert_eq!(labels(&quick["items"][0]), ["作者登录", "编辑登录", "审稿登录", "读者登录", "过刊浏览", "点击排行", "下载排行", "引用排行", "RSS", "E-mail", "文件检索", "返回首页"]);
    }
}
