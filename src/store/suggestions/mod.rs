//! SQL on suggestions: by which beginnings titles, keywords and names are found.
//!
//! Keys only lead to what may be suggested: who reads looks at what it is now and whether it is public. So keys are added in the
//! transaction that makes something visible, and one that has become idle harms nobody until it is removed.

mod find;
mod keep;

pub use find::{Candidate, Title, candidates, keywords, standing, titles};
pub use keep::{
    Keyword, add_name, clear, forget, forget_keywords, forget_of_site, remove_name, rename,
    restore_names, save, unused_keywords,
};

use crate::models::suggestion::SuggestionKind;
use crate::text::completion::Form;

/// The site of what belongs to none: sources.
const NO_SITE: i64 = 0;

/// The number under which keys of a kind in a form stand.
fn list(kind: SuggestionKind, form: Form) -> i16 {
    kind.code() * 3 + form.code()
}
