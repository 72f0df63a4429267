//! The texts of HTML converted and the rest of it left alone, byte by byte. It knows where texts stand, not what becomes of them.

use std::borrow::Cow;

use super::{Converter, Variety};
use crate::text::markup::{Attributes, Token, Tokens};

/// What stands in these is for machines, or as a machine wrote it.
const CODE: [&str; 6] = ["code", "kbd", "pre", "samp", "tt", "var"];

/// Elements without an end.
const VOID: [&str; 5] = ["br", "col", "hr", "img", "wbr"];

/// An element that is left alone, and how many of its name are open within it.
struct Spared<'a> {
    name: &'a str,
    open: usize,
}

pub(super) fn convert(converter: &Converter<'_>, html: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut copied = 0;
    let mut spared: Option<Spared<'_>> = None;
    let mut tokens = Tokens::new(html);
    while let Some(token) = tokens.next() {
        match (token, &mut spared) {
            (Token::Text(text), None) => {
                let end = html.len() - tokens.rest().len();
                let begin = end - text.len();
                out.push_str(html.get(copied..begin).unwrap_or_default());
                plain(converter, text, &mut out);
                copied = end;
            }
            (Token::Text(_), Some(_)) => {}
            (Token::Start { name, attributes }, None) => {
                let is_spared = is_one_of(&CODE, name) || is_foreign(converter, attributes);
                if is_spared && !is_one_of(&VOID, name) {
                    spared = Some(Spared { name, open: 1 });
                }
            }
            (Token::Start { name, .. }, Some(element)) => {
                if name.eq_ignore_ascii_case(element.name) {
                    element.open += 1;
                }
            }
            (Token::End { name }, Some(element)) => {
                if name.eq_ignore_ascii_case(element.name) {
                    element.open -= 1;
                    if element.open == 0 {
                        spared = None;
                    }
                }
            }
            (Token::End { .. }, None) => {}
        }
    }
    out.push_str(html.get(copied..).unwrap_or_default());
    out
}

/// A text without tags. References stay: nothing of them is part of a phrase.
fn plain(converter: &Converter<'_>, text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, reference) = rest.split_at_checked(at).unwrap_or((rest, ""));
        converter.append(before, out, escape);
        let length = reference
            .bytes()
            .skip(1)
            .position(|b| !b.is_ascii_alphanumeric() && b != b'#')
            .map_or(reference.len(), |end| end + 1);
        let (reference, after) = reference
            .split_at_checked(length)
            .unwrap_or((reference, ""));
        out.push_str(reference);
        rest = after;
    }
    converter.append(rest, out, escape);
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether an element says that it is not in the script that is converted.
fn is_foreign(converter: &Converter<'_>, mut attributes: Attributes<'_>) -> bool {
    let language = attributes.find(|(name, _)| name.eq_ignore_ascii_case("lang"));
    language.is_some_and(|(_, tag)| {
        !tag.is_empty() && Variety::of(tag).map(Variety::script) != Some(converter.from)
    })
}

/// Text as HTML has it.
fn escape(text: &str) -> Cow<'_, str> {
    match text.contains(['&', '<', '>']) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;"),
        ),
    }
}
