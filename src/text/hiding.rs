//! Which elements readers do not see. It knows tags and styles, not where they stand.

use super::markup::{Attributes, decode};

/// How an element is kept from readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hiding {
    /// No browser shows anything of it.
    Gone,
    /// It is not seen as it is, but may be part of something that is: a page that scripts fade in, an image in a line without height.
    Unseen,
}

/// How an element with these attributes is hidden, where it is.
pub fn hiding(name: &str, attributes: Attributes<'_>) -> Option<Hiding> {
    let mut found = None;
    let mut is_marquee = name.eq_ignore_ascii_case("marquee").then_some(false);
    let is_input = name.eq_ignore_ascii_case("input");
    let is_small = |value: &str| {
        let digits = value.trim().trim_end_matches("px");
        digits.parse::<f32>().is_ok_and(|number| number <= 10.0)
    };
    for (attribute, value) in attributes {
        let is = |name: &str| attribute.eq_ignore_ascii_case(name);
        if is("hidden") && !value.eq_ignore_ascii_case("false")
            || is_input && is("type") && value.eq_ignore_ascii_case("hidden")
        {
            return Some(Hiding::Gone);
        }
        if is("style") {
            found = found.or_else(|| of_style(value));
        }
        if is("aria-hidden") && value.eq_ignore_ascii_case("true") {
            found = found.or(Some(Hiding::Unseen));
        }
        if let Some(small) = &mut is_marquee
            && (is("width") || is("height"))
            && is_small(value)
        {
            *small = true;
        }
    }
    found.or_else(|| (is_marquee == Some(true)).then_some(Hiding::Unseen))
}

/// How a style keeps what it is on from being seen.
fn of_style(style: &str) -> Option<Hiding> {
    let style = without_comments(&decode(style));
    let mut is_cut = false;
    let mut is_tiny = false;
    let mut is_unseen = false;
    let mut is_placed = false;
    let mut is_far_off = false;
    // Of several declarations the last one counts.
    let mut is_none = false;
    for declaration in style.split(';') {
        let Some((property, value)) = declaration.split_once(':') else {
            continue;
        };
        let value = value.trim_end_matches("!important");
        let number = leading_number(value);
        let is_zero = number == Some(0.0);
        let is_far = number.is_some_and(|number| number <= -500.0) && !value.ends_with('%')
            || number.is_some_and(|number| number <= -100.0)
                && ends_in_any(value, &["em", "%", "vw", "vh", "rem"]);
        is_unseen |= match property {
            "display" => {
                is_none = value == "none";
                is_none
            }
            "position" => {
                is_placed = matches!(value, "absolute" | "fixed");
                false
            }
            "visibility" => matches!(value, "hidden" | "collapse"),
            "content-visibility" => value == "hidden",
            "opacity" => number.is_some_and(|number| number <= 0.05),
            "filter" => value.contains("opacity(0") || value.contains("opacity=0"),
            "font-size" => {
                number.is_some_and(|number| number <= 2.0)
                    && (is_zero || value.ends_with("px") || value.ends_with("pt"))
            }
            "font" => value.starts_with("0/") || value.contains("0px/"),
            "line-height" | "zoom" => is_zero,
            "left" | "right" | "top" | "bottom" | "inset" => {
                is_far_off |= is_far;
                is_far
            }
            "text-indent" | "margin-left" | "margin-top" | "margin-right" | "margin" => is_far,
            "transform" => {
                value.contains("scale(0") && !value.contains("scale(0.") || value.contains("-999")
            }
            "clip" => value.starts_with("rect("),
            "clip-path" => value.starts_with("inset(50%") || value.starts_with("inset(100%"),
            "color" => {
                value == "transparent"
                    || value.starts_with("rgba(") && ends_in_any(value, &[",0)", ",0.0)", ",0%)"])
            }
            "overflow" | "overflow-x" | "overflow-y" => {
                is_cut |= matches!(value, "hidden" | "clip");
                false
            }
            "height" | "width" | "max-height" | "max-width" => {
                is_tiny |= number.is_some_and(|number| number <= 2.0)
                    && (is_zero || value.ends_with("px") || value.ends_with("pt"));
                false
            }
            _ => false,
        };
    }
    match is_none || is_placed && is_far_off {
        true => Some(Hiding::Gone),
        false => (is_unseen || is_cut && is_tiny).then_some(Hiding::Unseen),
    }
}

fn ends_in_any(value: &str, ends: &[&str]) -> bool {
    ends.iter().any(|end| value.ends_with(end))
}

/// The number that a value begins with.
fn leading_number(value: &str) -> Option<f32> {
    let end = value
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '+'))
        .unwrap_or(value.len());
    value.get(..end)?.parse().ok()
}

/// A style without comments, blanks and capitals.
fn without_comments(style: &str) -> String {
    let mut out = String::with_capacity(style.len());
    let mut rest = style;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
    }
    out.push_str(rest);
    out.retain(|c| !c.is_whitespace());
    out.make_ascii_lowercase();
    out
}

#[cfg(test)]
mod tests {
    use super::{Hiding, of_style};

    #[test]
    fn what_a_style_hides() {
        for style in [
            "display:none",
            "DISPLAY : None !important",
            "dis/**/play:none",
            "visibility:hidden",
            "color:red;opacity:0",
            "opacity:0.01",
            "font-size:0",
            "font-size: 1px",
            "position:absolute;left:-9999px",
            "text-indent:-999em",
            "margin-left:-2000px",
            "height:0;overflow:hidden",
            "overflow:hidden;width:1px",
            "clip:rect(0 0 0 0)",
            "transform:scale(0)",
            "color:transparent",
            "display&#58;none",
        ] {
            assert!(of_style(style).is_some(), "{style}");
        }
    }

    #[test]
    fn what_a_style_does_not_hide() {
        for style in [
            "",
            "display:block",
            "text-indent:2em",
            "text-indent:-2em",
            "margin-left:-10px",
            "opacity:0.9",
            "font-size:12px",
            "font-size:0.9em",
            "overflow:hidden",
            "height:1px",
            "left:-5px",
            "transform:scale(0.5)",
            "line-height:1.5",
        ] {
            assert_eq!(of_style(style), None, "{style}");
        }
    }

    #[test]
    fn what_is_not_there_for_anybody() {
        for style in [
            "display:none",
            "display:block;display:none!important",
            "position:absolute;left:-9999px",
            "top:-200em;position:fixed",
        ] {
            assert_eq!(of_style(style), Some(Hiding::Gone), "{style}");
        }
        for style in [
            "visibility:hidden;opacity:0",
            "font-size:0",
            "left:-9999px",
            "display:none;display:block",
            "margin:-9999px;padding:9999px",
            "height:0;overflow:hidden;padding-bottom:56%",
        ] {
            assert_eq!(of_style(style), Some(Hiding::Unseen), "{style}");
        }
    }
}
