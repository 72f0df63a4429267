//! What a record is after a change: what is stored, what a line of a file or a request says, and the rules that need both.
//! Pure functions; whether a name is free and what has which id is for others to find out.

pub mod articles;
pub mod audio;
pub mod differences;
pub mod file_keys;
pub mod former_slugs;
pub mod media;
pub mod restored;

/// A member that does not fit what is stored, or what else the record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The member, e.g. `sources[0]`.
    pub member: String,
    /// What is wrong and how to mend it.
    pub reason: String,
}

impl Misfit {
    /// The JSON pointer to the member (RFC 6901).
    pub fn pointer(&self) -> String {
        let path = self.member.replace('[', ".").replace(']', "");
        format!("/{}", path.replace('.', "/"))
    }
}

fn misfit(member: impl Into<String>, reason: impl Into<String>) -> Misfit {
    Misfit {
        member: member.into(),
        reason: reason.into(),
    }
}

fn required(member: &str) -> Misfit {
    misfit(member, "is required for a new record")
}
