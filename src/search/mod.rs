//! The search index: what stands in a document, how it is packed into segments, how a query is answered from them, and what is marked in
//! the answer. Pure: pages come in and go out through [`pages::Pages`] and [`pages::Sink`]; it does not know what keeps them.

mod candidates;
pub mod document;
pub mod evaluate;
mod facets;
pub mod highlight;
mod matching;
pub mod pages;
mod phrases;
mod plan;
pub mod query;
mod ranking;
mod request;
pub mod segment;
mod terms;
#[cfg(test)]
mod tests;
mod weights;

/// The version of what becomes of a text in the index: of folding, units, fields and weights. An index of another version is made anew
/// (`masthead reindex`).
pub const FORMAT: i16 = 1;
