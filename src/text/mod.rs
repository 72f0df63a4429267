//! Pure functions on text: cleaning, names, counting, languages. Nothing here knows a database, a request or a model.

mod balance;
pub mod bots;
pub mod completion;
pub mod diff;
pub mod fold;
pub mod folding;
pub mod hiding;
pub mod html;
pub mod language;
pub mod markup;
pub mod media_links;
pub mod order;
pub mod pinyin;
pub mod reading;
pub mod script;
pub mod slug;
pub mod units;
