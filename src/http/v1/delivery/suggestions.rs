//! Completing what readers type, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::Fault;
use crate::http::conditional::{Answer, SurrogateKeys};
use crate::http::parameters::SiteSlug;
use crate::http::problem::{Problem, ReadProblems};
use crate::http::query::{Positive, Query};
use crate::http::v1::dto::suggestion::SuggestionsBody;
use crate::models::freshness::Fresh;
use crate::service::Services;
use crate::service::suggestions::SuggestionQuery;
use crate::text::completion::Typed;

/// Suggestions, where nothing else is asked for.
const LIMIT: i32 = 10;

/// Characters that may be typed.
const LONGEST: usize = 100;

/// What to complete.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuggestionsQuery {
    /// What is typed so far, as it is written (`创新` finds `創新`) or in pinyin: syllables (`chuangx`) or initials (`cx`). Blanks, signs, width and
    /// case do not matter.
    #[param(min_length = 1, max_length = 100, example = "kep")]
    q: String,
    /// Only what the site with this slug has.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200, example = "demo")]
    site: Option<SiteSlug>,
    /// Most suggestions.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 20, default = 10, example = 10)]
    limit: Option<Positive<20>>,
}

impl SuggestionsQuery {
    /// What is typed, if that is something to complete.
    fn typed(&self) -> Result<Typed, Problem> {
        let refused = |code, mend| {
            let detail = format!("`q` {mend}");
            Problem::bad_parameter(vec![Fault::new("/q", code, detail)])
        };
        if self.q.chars().count() > LONGEST {
            let mend = "must have at most 100 characters: the beginning of what is looked for";
            return Err(refused("too_long", mend));
        }
        Typed::of(&self.q).ok_or_else(|| {
            let mend = "must have something to complete: a character, a letter or a digit; blanks and punctuation begin nothing";
            refused("nothing_to_search", mend)
        })
    }
}

/// Complete what is typed
///
/// Titles of published articles, and keywords, categories and sources that have some, that go on from what is typed: from their beginning, from
/// what follows a sign in a title, or from anywhere in a name. What goes on as it is written comes first, then what does in pinyin,
/// then by initials; of these, what stands behind the most articles, and newer titles first. Every kind that has something gets a place. A site that there is not has
/// no suggestions. Of a beginning of one or two letters that a great many texts have, only some hundred are looked at.
#[utoipa::path(operation_id = "suggestSearch", tag = "search", params(SuggestionsQuery),
    responses((status = 200, description = "The suggestions", body = SuggestionsBody), ReadProblems))]
#[get("/search/suggestions")]
pub async fn suggest_search(
    services: Data<Services>,
    query: Query<SuggestionsQuery>,
) -> Result<Answer<SuggestionsBody>, Problem> {
    let Query(query) = query;
    let typed = query.typed()?;
    let SuggestionsQuery { q: _, site, limit } = query;
    let site = site.map(|site| site.0);
    let mut keys = SurrogateKeys::default();
    if let Some(site) = &site {
        keys = keys.site(site);
    }
    let limit = limit.map_or(LIMIT, Positive::get);
    let wanted = SuggestionQuery {
        typed,
        site,
        limit: limit.unsigned_abs().try_into().unwrap_or_default(),
    };
    let Fresh { value, freshness } = services.suggestions.complete(wanted).await?;
    Ok(Answer::new(value.into(), freshness).keyed(keys))
}
