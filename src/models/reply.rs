//! Answers to writes that are kept, so that a repeated request gets the first one again (IETF draft
//! `idempotency-key-header`). What is in them is for the edge to say.

/// An answer as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body; empty for none.
    pub body: String,
}

/// Names a request that may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// Whose it is; others may use the same key.
    pub principal: String,
    /// The key.
    pub key: String,
    /// A hash of everything that the request says.
    pub fingerprint: String,
}

/// What came of claiming a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The request is the first one.
    Granted,
    /// The first one is not finished.
    Running,
    /// The key belongs to another request.
    OfAnother,
    /// The first one was answered so.
    Answered(Reply),
}
