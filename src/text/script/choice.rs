//! Which rendition of a text a reader gets who asks for a language by name, and whether it is to be converted first. It compares tags and sees no text.

use super::Variety;
use crate::text::language;

/// A rendition that suits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// As it stands.
    Stored(&'a str),
    /// Out of this one, of the other script.
    Derived {
        /// The tag of the rendition that there is.
        source: &'a str,
        /// How that is written.
        from: Variety,
        /// How the reader wants it.
        to: Variety,
    },
}

/// What of `available` suits who asks for `asked`: what RFC 4647 finds (see [`language::lookup`]); else, where `asked` names a Chinese script by itself or by
/// its region, a rendition in that script of whatever region; else, where `may_convert`, the first one in the other script.
pub fn choose<'a>(asked: &str, available: &'a [String], may_convert: bool) -> Option<Choice<'a>> {
    let stored = language::lookup(&[asked.to_owned()], available);
    let Some(to) = Variety::named_by(asked) else {
        return stored.map(Choice::Stored);
    };
    let of_script = |is_same: bool| {
        let mut tags = available.iter().map(String::as_str);
        tags.find_map(|tag| {
            let from = Variety::of(tag)?;
            ((from.script() == to.script()) == is_same).then_some((tag, from))
        })
    };
    // `zh-Hant` finds `zh`, too, which is Simplified if nothing says otherwise.
    let exact =
        stored.filter(|tag| Variety::of(tag).is_none_or(|found| found.script() == to.script()));
    exact
        .or_else(|| of_script(true).map(|(tag, _)| tag))
        .map(Choice::Stored)
        .or_else(|| {
            let (source, from) = of_script(false).filter(|_| may_convert)?;
            Some(Choice::Derived { source, from, to })
        })
        .or_else(|| stored.map(Choice::Stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_goes_before_what_is_derived() {
        for (asked, available, expected) in [
            ("zh-Hant", "zh-Hans", "zh-Hans > zh-Hant"),
            ("zh-Hans", "zh-Hant", "zh-Hant > zh-Hans"),
            ("zh-Hant", "en zh-Hans zh-Hant", "zh-Hant"),
            ("zh-Hant", "zh-Hans zh-TW", "zh-TW"),
            ("zh-HK", "zh-CN zh-Hant", "zh-Hant"),
            ("zh-HK", "zh-CN zh-TW", "zh-TW"),
            ("zh-CN", "zh-TW", "zh-TW > zh-Hans"),
            ("zh-TW", "en zh-SG", "zh-SG > zh-Hant-TW"),
            ("zh-MO", "zh", "zh > zh-Hant-MO"),
            ("zh-Hant", "zh", "zh > zh-Hant"),
            ("zh-Hans", "zh", "zh"),
            ("zh", "zh-Hant", "zh-Hant"),
            ("zh-Hant", "en", "nothing"),
            ("zh-Latn", "zh-Hans", "nothing"),
            ("en", "zh-Hans", "nothing"),
            ("en-GB", "zh-Hans en", "en"),
            ("zh-Hant", "", "nothing"),
        ] {
            let available: Vec<String> = available.split_whitespace().map(str::to_owned).collect();
            let shown = match choose(asked, &available, true) {
                Some(Choice::Stored(tag)) => tag.to_owned(),
                Some(Choice::Derived { source, to, .. }) => format!("{source} > {}", to.tag()),
                None => "nothing".to_owned(),
            };
            assert_eq!(shown, expected, "{asked} of {available:?}");
        }
    }

    #[test]
    fn nothing_is_derived_where_it_may_not_be() {
        let available = ["zh-Hans".to_owned()];
        assert_eq!(choose("zh-Hant", &available, false), None);
        let available = ["zh".to_owned()];
        assert_eq!(
            choose("zh-Hant", &available, false),
            Some(Choice::Stored("zh"))
        );
    }
}
