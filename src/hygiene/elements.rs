//! What elements and attributes are to somebody who reads lines. It knows names, not markup.

/// Whether an element begins and ends a line.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "colgroup"
            | "dd"
            | "details"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "html"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "noscript"
            | "ol"
            | "option"
            | "p"
            | "pre"
            | "section"
            | "select"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "template"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}

/// Whether an element has no end.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Whether it is worth keeping though it is no text.
pub(super) fn is_media(name: &str) -> bool {
    matches!(
        name,
        "audio" | "embed" | "hr" | "img" | "object" | "picture" | "svg" | "video"
    )
}

/// Whether it is short by nature.
pub(super) fn is_label(name: &str) -> bool {
    matches!(
        name,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "td" | "th" | "dt" | "figcaption" | "caption"
    )
}

/// Whether an attribute holds an address.
pub(super) fn is_address(attribute: &str) -> bool {
    matches!(
        attribute,
        "action"
            | "background"
            | "cite"
            | "data"
            | "formaction"
            | "href"
            | "longdesc"
            | "ping"
            | "poster"
            | "src"
            | "srcset"
    )
}

/// Whether an attribute is for machines.
pub(super) fn is_for_machines(attribute: &str) -> bool {
    matches!(
        attribute,
        "align"
            | "aria-hidden"
            | "border"
            | "class"
            | "color"
            | "colspan"
            | "dir"
            | "height"
            | "hidden"
            | "id"
            | "lang"
            | "rel"
            | "rowspan"
            | "start"
            | "style"
            | "target"
            | "valign"
            | "width"
    )
}

/// Whether an open element ends where another begins.
pub(super) fn gives_way(open: &str, next: &str) -> bool {
    match open {
        "p" => is_block(next),
        "li" => next == "li",
        "dt" | "dd" => matches!(next, "dt" | "dd"),
        "td" | "th" => matches!(next, "td" | "th" | "tr"),
        "tr" => next == "tr",
        "option" => next == "option",
        _ => false,
    }
}
