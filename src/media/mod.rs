//! Bytes of files: what they are, whether they are safe, their smaller copies, where they are kept. Knows neither SQL nor HTTP, and
//! no article.

pub mod format;
pub mod incoming;
pub mod inspect;
pub mod name;
pub mod picture;
pub mod storage;

use std::fmt;

use crate::error::{Error, Result};

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Stable word for the rule that was broken.
    pub code: &'static str,
    /// What is wrong and how to mend it, for whoever sent the file.
    pub detail: String,
}

impl Rejection {
    /// A file that breaks the rule `code`.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name that nothing else has: 24 hexadecimal digits.
fn random_name() -> Result<String> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).map_err(|e| Error::Internal(e.into()))?;
    Ok(hexadecimal(&bytes))
}
