//! Which way of writing Chinese a language tag (BCP 47) means. It knows tags, not texts.

/// A way of writing Chinese characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Script {
    /// Simplified.
    Hans,
    /// Traditional.
    Hant,
}

/// A script with the standard of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variety {
    /// Simplified; one standard for all regions.
    Simplified,
    /// Traditional, of no region: the standard of OpenCC.
    Traditional,
    /// Traditional as in Taiwan.
    Taiwan,
    /// Traditional as in Hong Kong.
    HongKong,
    /// Traditional as in Macau, which writes like Hong Kong.
    Macau,
}

impl Variety {
    /// What `tag` says of its script: by a script subtag, else by its region, else, as CLDR has it, Simplified. `None` where it is not Chinese, or in
    /// another script, or of a region whose script is not plain.
    pub fn of(tag: &str) -> Option<Self> {
        let mut subtags = tag.split('-');
        if !subtags.next()?.eq_ignore_ascii_case("zh") {
            return None;
        }
        let mut subtags = subtags.peekable();
        let script = subtags.next_if(|subtag| is_letters(subtag, 4));
        let region = subtags
            .next_if(|subtag| is_letters(subtag, 2))
            .map(str::to_ascii_uppercase);
        if subtags.peek().is_some_and(|subtag| is_letters(subtag, 3)) {
            // `zh-yue`, `zh-nan` and so on are other languages.
            return None;
        }
        let by_region = match region.as_deref() {
            Some("TW") => Self::Taiwan,
            Some("HK") => Self::HongKong,
            Some("MO") => Self::Macau,
            _ => Self::Traditional,
        };
        match script.map(str::to_ascii_lowercase).as_deref() {
            Some("hans") => Some(Self::Simplified),
            Some("hant") => Some(by_region),
            Some(_) => None,
            None => match region.as_deref() {
                None | Some("CN" | "SG") => Some(Self::Simplified),
                Some("TW" | "HK" | "MO") => Some(by_region),
                Some(_) => None,
            },
        }
    }

    /// The same where the tag is more than the language: who asks for `zh` asks for no script.
    pub fn named_by(tag: &str) -> Option<Self> {
        Self::of(tag).filter(|_| tag.contains('-'))
    }

    /// Its script.
    pub fn script(self) -> Script {
        match self {
            Self::Simplified => Script::Hans,
            Self::Traditional | Self::Taiwan | Self::HongKong | Self::Macau => Script::Hant,
        }
    }

    /// The tag of a text that was converted to it: the script by name, and the region where it makes a difference.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Simplified => "zh-Hans",
            Self::Traditional => "zh-Hant",
            Self::Taiwan => "zh-Hant-TW",
            Self::HongKong => "zh-Hant-HK",
            Self::Macau => "zh-Hant-MO",
        }
    }
}

fn is_letters(subtag: &str, length: usize) -> bool {
    subtag.len() == length && subtag.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_name_a_script_or_a_region() {
        for (tag, expected) in [
            ("zh", Some(Variety::Simplified)),
            ("zh-Hans", Some(Variety::Simplified)),
            ("zh-CN", Some(Variety::Simplified)),
            ("zh-SG", Some(Variety::Simplified)),
            ("zh-Hans-HK", Some(Variety::Simplified)),
            ("zh-Hant", Some(Variety::Traditional)),
            ("zh-hant-cn", Some(Variety::Traditional)),
            ("zh-TW", Some(Variety::Taiwan)),
            ("ZH-hant-tw-x-a", Some(Variety::Taiwan)),
            ("zh-HK", Some(Variety::HongKong)),
            ("zh-Hant-MO", Some(Variety::Macau)),
            ("zh-US", None),
            ("zh-Latn", None),
            ("zh-Latn-CN", None),
            ("zh-yue", None),
            ("yue-Hant", None),
            ("ja", None),
            ("en", None),
            ("", None),
        ] {
            assert_eq!(Variety::of(tag), expected, "{tag}");
        }
        assert_eq!(Variety::named_by("zh"), None);
        assert_eq!(Variety::named_by("zh-MO"), Some(Variety::Macau));
        for variety in [
            Variety::Simplified,
            Variety::Traditional,
            Variety::Taiwan,
            Variety::HongKong,
            Variety::Macau,
        ] {
            assert_eq!(Variety::of(variety.tag()), Some(variety));
        }
    }
}
