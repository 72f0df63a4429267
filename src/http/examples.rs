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
    "changePassword"
    "countArticleView"
    "countAttachmentDownload"
    "countSiteVisit"
    "countViews"
    "createApiKey"
    "createArticle"
    "createCategory"
    "createHygieneRule"
    "createHygieneScan"
    "createLinkGroup"
    "createMedia"
    "createMenu"
    "createPreview"
    "createScriptPhrase"
    "createSite"
    "createSource"
    "createToken"
    "createTopic"
    "createUser"
    "deleteApiKey"
    "deleteArticle"
    "deleteCategory"
    "deleteHygieneRule"
    "deleteLinkGroup"
    "deleteMedia"
    "deleteMenu"
    "deleteScriptPhrase"
    "deleteSite"
    "deleteSource"
    "deleteTopic"
    "deleteTranslation"
    "deleteUser"
    "diffRevision"
    "dismissFindings"
    "getAccount"
    "getApiKey"
    "getAnalytics"
    "getArticle"
    "getArticleBySlug"
    "getArticleViewHistory"
    "getArticleViews"
    "getArticleVisibility"
    "getCategory"
    "getCategoryByPath"
    "getCountingPolicy"
    "getHygieneRule"
    "getHygieneScan"
    "getJwks"
    "getLiveness"
    "getManagedArticle"
    "getManagedCategory"
    "getManagedLinkGroup"
    "getManagedMedia"
    "getManagedMenu"
    "getManagedSite"
    "getManagedSource"
    "getManagedTopic"
    "getMediaFile"
    "getMenu"
    "getPreview"
    "getRanking"
    "getReadiness"
    "getRevision"
    "getScriptPhrase"
    "getSite"
    "getSiteVisits"
    "getSource"
    "getTopic"
    "getUser"
    "listApiKeys"
    "listArticleChanges"
    "listArticles"
    "listAuditEntries"
    "listCategories"
    "listCategoryFreshness"
    "listFindings"
    "listHygieneRules"
    "listHygieneScans"
    "listLinkGroups"
    "listManagedArticles"
    "listManagedCategories"
    "listManagedLinkGroups"
    "listManagedMedia"
    "listManagedMenus"
    "listManagedSites"
    "listManagedSources"
    "listManagedTopics"
    "listMenus"
    "listRevisions"
    "listScriptPhrases"
    "listSites"
    "listSources"
    "listTopics"
    "listUsers"
    "mergeSource"
    "putTranslation"
    "refreshToken"
    "repairFindings"
    "restoreRevision"
    "revokeToken"
    "runBatch"
    "searchArticles"
    "suggestSearch"
    "transitionArticle"
    "updateApiKey"
    "updateArticle"
    "updateCategory"
    "updateHygieneRule"
    "updateLinkGroup"
    "updateMedia"
    "updateMenu"
    "updateRevision"
    "updateScriptPhrase"
    "updateSite"
    "updateSource"
    "updateTopic"
    "updateUser"
};

/// What stands in a file, beside the `request` that the test runs.
#[derive(Deserialize)]
struct Example {
    /// `null` where the good answer has no body.
    answer: Value,
    /// What is sent, where the operation takes a body.
    #[serde(default)]
    body: Option<Value>,
}

/// Puts an example into the body and the good answer of every operation that has one.
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
    let Some(Example { answer, body }) = operation.operation_id.as_deref().and_then(example) else {
        return;
    };
    if let Some(RefOr::T(request)) = operation.request_body.as_mut() {
        for content in request.content.values_mut() {
            if let RefOr::T(content) = content {
                content.example.clone_from(&body);
            }
        }
    }
    for status in ["200", "201"] {
        if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(status)
            && let Some(RefOr::T(content)) = response.content.get_mut("application/json")
        {
            content.example = Some(answer.clone());
        }
    }
}

/// The file of an operation. One that cannot be read is left out, and the test misses it.
fn example(id: &str) -> Option<Example> {
    let (_, text) = EXAMPLES.iter().find(|(known, _)| *known == id)?;
    serde_json::from_str(text).ok()
}
