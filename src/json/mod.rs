//! JSON texts read member by member, with every fault and where it stands: lines of portal files and bodies of requests.
//! Knows the members of records, and neither files nor requests.

pub mod accounts;
pub mod counting;
pub mod editorial;
pub mod fields;
pub mod hygiene;
pub mod records;
pub mod repairs;
pub mod tree;
mod values;

pub use fields::{Faults, Fields, Flaw, Path};
