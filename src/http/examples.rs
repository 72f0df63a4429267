//! An answer of each operation for the document, as the server gave it on the sample content. Knows no resource.

use serde::Deserialize;
use serde_json::Value;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

/// The files `openapi/examples/<operation id>.json` with their operation ids.
macro_rules! examples {
    ($($id:literal)*) => {
        [$(($id, include_str!(concat!("../../openapi/examples/", $id, ".json")))),*]
    };
}

/// Every example as text. A new operation needs a line here and its file; a test asks for both and runs the requests.
const EXAMPLES: &[(&str, &str)] = &examples! {
    "getArticle"
    "getArticleBySlug"
    "getCategory"
    "getCategoryByPath"
    "getLiveness"
    "getMenu"
    "getReadiness"
    "getSite"
    "getSource"
    "getTopic"
    "listArticleChanges"
    "listArticles"
    "listCategories"
    "listLinkGroups"
    "listMenus"
    "listSites"
    "listSources"
    "listTopics"
};

/// What stands in a file, beside the `request` that the test runs.
#[derive(Deserialize)]
struct Example {
    answer: Value,
}

/// Puts an example into the good answer of every operation that has one.
pub struct Examples;

impl Modify for Examples {
    fn modify(&self, document: &mut OpenApi) {
        document
            .paths
            .paths
            .values_mut()
            .flat_map(operations)
            .for_each(show);
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = path;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn show(operation: &mut Operation) {
    let Some(answer) = operation.operation_id.as_deref().and_then(answer) else {
        return;
    };
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200")
        && let Some(RefOr::T(content)) = response.content.get_mut("application/json")
    {
        content.example = Some(answer);
    }
}

/// The answer in the file of an operation. One that cannot be read is left out, and the test misses it.
fn answer(id: &str) -> Option<Value> {
    let (_, text) = EXAMPLES.iter().find(|(known, _)| *known == id)?;
    serde_json::from_str(text)
        .ok()
        .map(|example: Example| example.answer)
}
