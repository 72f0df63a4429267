//! The check for injected text: what looks like spam in a record, and how to take it out. Pure: text in, findings out; it knows no database.
//!
//! A piece of a record is cut into segments (`segments`, `walk`: lines of a body, attributes, comments, what nobody sees), folded with the place of each
//! character (`fold`), and looked through once for the phrases of all rules (`automaton`). What the matches come to in a line is judged in
//! `blocks`, what needs no list of words in `signals` and `names`, and of what overlaps one finding is made in `draft`.
//! What was hidden and is kept is found again in what is kept (`shown`).

mod automaton;
mod blocks;
mod draft;
mod elements;
mod expand;
mod fold;
mod names;
pub mod pieces;
pub mod repair;
mod rules;
mod scan;
mod segments;
mod shown;
mod signals;
#[cfg(test)]
mod tests;
mod walk;

pub use pieces::surroundings;
pub use rules::{BadRule, RuleSet, SHIPPED_VERSION, check, shipped};
pub use scan::scan;
