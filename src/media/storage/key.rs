//! The names of files in a storage: what they are is in the name. Knows no storage.

use std::fmt;

use crate::error::{Error, Result};

/// The name of a file: `ab/abcdef…` for an original, told by its SHA-256, `ab/abcdef…-640` for a copy of that width.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// Hexadecimal digits of a SHA-256.
const DIGITS: usize = 64;

impl Key {
    /// The key of the file with this SHA-256, 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    ///
    /// `Internal` where it is none.
    pub fn original(sha256: &str) -> Result<Self> {
        Self::new(sha256, None)
    }

    /// The key of the copy, `width` pixels wide, of the picture with this SHA-256.
    ///
    /// # Errors
    ///
    /// `Internal` where it is none.
    pub fn variant(sha256: &str, width: u32) -> Result<Self> {
        Self::new(sha256, Some(width))
    }

    fn new(sha256: &str, width: Option<u32>) -> Result<Self> {
        let folder = sha256.get(..2).filter(|_| is_sha256(sha256));
        let folder =
            folder.ok_or_else(|| Error::internal(format!("`{sha256}` is no SHA-256 of a file")))?;
        Ok(Self(match width {
            None => format!("{folder}/{sha256}"),
            Some(width) => format!("{folder}/{sha256}-{width}"),
        }))
    }

    /// The key that `name` is, if it is one.
    pub fn parse(name: &str) -> Option<Self> {
        let (_, file) = name.split_once('/')?;
        let (sha256, width) = match file.split_once('-') {
            None => (file, None),
            Some((sha256, width)) => (sha256, Some(width.parse().ok()?)),
        };
        // Whatever was read leniently, such as `+640`, does not make the same name again.
        Self::new(sha256, width).ok().filter(|key| key.0 == name)
    }

    /// The name, with `/` between folder and file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The SHA-256 of the original, in hexadecimal.
    pub fn sha256(&self) -> &str {
        self.0.get(3..3 + DIGITS).unwrap_or_default()
    }

    /// How wide a copy is; `None` for the original.
    pub fn width(&self) -> Option<u32> {
        let (_, width) = self.0.split_once('-')?;
        width.parse().ok()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == DIGITS
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_from_its_name() {
        let sha256 = "0f3a".repeat(16);
        let original = Key::original(&sha256).unwrap();
        assert_eq!(original.as_str(), format!("0f/{sha256}"));
        assert_eq!((original.sha256(), original.width()), (&*sha256, None));
        assert_eq!(Key::parse(original.as_str()), Some(original.clone()));

        let variant = Key::variant(&sha256, 640).unwrap();
        assert_eq!(variant.as_str(), format!("0f/{sha256}-640"));
        assert_eq!((variant.sha256(), variant.width()), (&*sha256, Some(640)));
        assert_eq!(Key::parse(variant.as_str()), Some(variant.clone()));
        assert!(original < variant);
    }

    #[test]
    fn nothing_else_is_a_key() {
        let sha256 = "ab".repeat(32);
        for name in [
            String::new(),
            sha256.clone(),
            format!("cd/{sha256}"),
            format!("ab/{sha256}-"),
            format!("ab/{sha256}-+640"),
            format!("ab/{sha256}-0640"),
            format!("ab/{sha256}-640-320"),
            format!("ab/{sha256}0"),
            format!("AB/{}", sha256.to_uppercase()),
            format!("x/ab/{sha256}"),
            format!("../{sha256}"),
            format!("图/{}", "图".repeat(64)),
        ] {
            assert_eq!(Key::parse(&name), None, "{name}");
        }
        for text in ["", "ab", "../../etc/passwd", &"图片".repeat(32)] {
            assert!(Key::original(text).is_err(), "{text}");
        }
    }
}
