//! Answers kept in memory: which of them still hold, and who makes one that is missing. Knows neither HTTP nor SQL.

mod answers;
mod flights;
mod generations;

pub use answers::{Answers, Kept};
pub use flights::{Landing, Lead, Turn};
pub use generations::{Generations, Moment};
