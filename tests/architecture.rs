//! Holds the layers: who may import whom, what each room may not name, and what no file may be called.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says where"
)]

use std::path::{Path, PathBuf};

/// A room: its files, the rooms of ours that it may import, and the paths that it may not name.
struct Room {
    name: &'static str,
    may_import: &'static [&'static str],
    may_not_name: &'static [&'static str],
}

const ALL: &[&str] = &[
    "cli",
    "http",
    "jobs",
    "service",
    "library",
    "screening",
    "index",
    "store",
    "hygiene",
    "cache",
    "search",
    "portal",
    "json",
    "content",
    "models",
    "media",
    "text",
    "error",
    "clock",
    "config",
    "telemetry",
    "schema",
];

const FROM_CLI: &[&str] = &["app", "cli", "config", "telemetry", "service", "error"];

/// "Who may import whom" of the house rules, as data.
const ROOMS: [Room; 24] = [
    Room {
        name: "main",
        may_import: FROM_CLI,
        may_not_name: &["diesel", "actix_web"],
    },
    Room {
        name: "cli",
        may_import: FROM_CLI,
        may_not_name: &["diesel", "actix_web"],
    },
    Room {
        name: "app",
        may_import: ALL,
        may_not_name: &[],
    },
    Room {
        name: "http",
        may_import: &[
            "service", "cache", "models", "json", "text", "clock", "error",
        ],
        may_not_name: &["diesel", "std::env"],
    },
    Room {
        name: "jobs",
        may_import: &["service", "clock", "error"],
        may_not_name: &["diesel"],
    },
    Room {
        name: "service",
        may_import: &[
            "library",
            "screening",
            "index",
            "store",
            "hygiene",
            "cache",
            "search",
            "media",
            "portal",
            "content",
            "models",
            "json",
            "text",
            "clock",
            "error",
        ],
        may_not_name: &["actix_web", "utoipa", "diesel"],
    },
    Room {
        name: "library",
        may_import: &["store", "media", "models", "error"],
        may_not_name: &["actix_web", "utoipa", "diesel"],
    },
    Room {
        name: "store",
        may_import: &["cache", "models", "schema", "text", "error"],
        may_not_name: &["actix_web", "utoipa"],
    },
    Room {
        name: "screening",
        may_import: &["store", "hygiene", "models", "error"],
        may_not_name: &["actix_web", "utoipa", "diesel"],
    },
    Room {
        name: "cache",
        may_import: &["models", "clock", "error"],
        may_not_name: &["actix_web", "utoipa", "diesel"],
    },
    Room {
        name: "hygiene",
        may_import: &["models", "text", "error"],
        may_not_name: &["actix_web", "utoipa", "diesel"],
    },
    Room {
        name: "index",
        may_import: &["store", "search", "text", "models", "error"],
        may_not_name: &["actix_web", "utoipa", "diesel"],
    },
    Room {
        name: "search",
        may_import: &["models", "text", "error"],
        may_not_name: &["actix_web", "utoipa", "diesel"],
    },
    Room {
        name: "portal",
        may_import: &["models", "json", "text", "error"],
        may_not_name: &["diesel"],
    },
    Room {
        name: "content",
        may_import: &["media", "models", "text", "error"],
        may_not_name: &["diesel", "actix_web", "utoipa"],
    },
    Room {
        name: "json",
        may_import: &["models", "error"],
        may_not_name: &["diesel", "actix_web", "utoipa"],
    },
    Room {
        name: "models",
        may_import: &["schema", "error"],
        may_not_name: &["actix_web", "utoipa"],
    },
    Room {
        name: "media",
        may_import: &["error"],
        may_not_name: &[],
    },
    Room {
        name: "text",
        may_import: &["error"],
        may_not_name: &[],
    },
    Room {
        name: "error",
        may_import: &[],
        may_not_name: &[],
    },
    Room {
        name: "clock",
        may_import: &[],
        may_not_name: &[],
    },
    Room {
        name: "config",
        may_import: &[],
        may_not_name: &[],
    },
    Room {
        name: "telemetry",
        may_import: &[],
        may_not_name: &[],
    },
    Room {
        name: "schema",
        may_import: &[],
        may_not_name: &[],
    },
];

/// Single files that may import one room more.
const EXCEPTIONS: [(&str, &str); 1] = [("store/pool.rs", "config")];

/// Folders whose files do not know each other.
const STRANGERS: [&str; 3] = ["http/v1/delivery", "http/v1/management", "service"];

/// Names for things that have no name yet.
const NAMELESS: [&str; 7] = [
    "util", "utils", "helpers", "common", "misc", "types", "prelude",
];

/// Each room imports only what stands below it
#[test]
fn rooms_import_downwards_only() {
    report(&files().iter().flat_map(imports_upwards).collect::<Vec<_>>());
}

/// No room names what belongs to another
#[test]
fn rooms_do_not_name_what_is_not_theirs() {
    report(&files().iter().flat_map(forbidden_names).collect::<Vec<_>>());
}

/// No handler knows another handler, no service another service
#[test]
fn siblings_do_not_meet() {
    report(&files().iter().flat_map(meetings).collect::<Vec<_>>());
}

/// Every file stands in a room of the table
#[test]
fn every_file_has_a_room() {
    let files = files();
    let homeless = files
        .iter()
        .filter(|file| file.path != "lib.rs" && file.room().is_none());
    report(
        &homeless
            .map(|file| format!("src/{}: no room of the table", file.path))
            .collect::<Vec<_>>(),
    );
}

/// No file is called after nothing
#[test]
fn every_file_has_a_name() {
    let files = files();
    let is_nameless = |file: &&File| {
        file.path
            .split(['/', '.'])
            .any(|part| NAMELESS.contains(&part))
    };
    report(
        &files
            .iter()
            .filter(is_nameless)
            .map(|file| format!("src/{}: what is in it?", file.path))
            .collect::<Vec<_>>(),
    );
}

/// `main.rs` only picks a command
#[test]
fn main_is_short() {
    let lines = std::fs::read_to_string(sources().join("main.rs"))
        .unwrap()
        .lines()
        .count();
    assert!(lines < 40, "src/main.rs has {lines} lines");
}

#[track_caller]
fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// A source file and every path that it names.
struct File {
    /// Below `src`, with `/`.
    path: String,
    /// Paths of ours start with `crate`; `super` and `self` are resolved.
    names: Vec<Vec<String>>,
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        let code = tokens(text);
        let module = module_of(path);
        let names = paths(&without_tests(&code))
            .into_iter()
            .filter_map(|name| absolute(&module, name))
            .collect();
        Self {
            path: path.to_owned(),
            names,
        }
    }

    fn room(&self) -> Option<&'static Room> {
        let first = self.path.split(['/', '.']).next().unwrap_or_default();
        ROOMS.iter().find(|room| room.name == first)
    }

    /// The paths of ours that it names, without the leading `crate`. One that leads straight to a type is none: it
    /// comes from `super` in a module that a macro such as `diesel::table!` makes.
    fn ours(&self) -> impl Iterator<Item = &[String]> {
        self.names
            .iter()
            .filter_map(|name| match name.split_first() {
                Some((root, rest)) if root == "crate" => rest
                    .first()
                    .is_some_and(|room| is_lower_case(room))
                    .then_some(rest),
                _ => None,
            })
    }
}

fn is_lower_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

fn imports_upwards(file: &File) -> Vec<String> {
    let Some(room) = file.room() else {
        return Vec::new();
    };
    let is_allowed = |other: &str| {
        other == room.name
            || room.may_import.contains(&other)
            || EXCEPTIONS.contains(&(file.path.as_str(), other))
    };
    let faults = file
        .ours()
        .filter(|name| name.first().is_some_and(|other| !is_allowed(other)));
    faults
        .map(|name| {
            format!(
                "src/{}: `{}` may not import `crate::{}`",
                file.path,
                room.name,
                name.join("::")
            )
        })
        .collect()
}

fn forbidden_names(file: &File) -> Vec<String> {
    let Some(room) = file.room() else {
        return Vec::new();
    };
    let is_forbidden = |name: &str| {
        room.may_not_name
            .iter()
            .any(|f| name == *f || name.starts_with(&format!("{f}::")))
    };
    let names = file
        .names
        .iter()
        .map(|name| name.join("::"))
        .filter(|name| is_forbidden(name));
    names
        .map(|name| format!("src/{}: `{}` may not name `{name}`", file.path, room.name))
        .collect()
}

fn meetings(file: &File) -> Vec<String> {
    let own = module_of(&file.path);
    let mut faults = Vec::new();
    for folder in STRANGERS {
        let folder: Vec<&str> = folder.split('/').collect();
        let Some(me) = below(&folder, &own) else {
            continue;
        };
        for name in file.ours() {
            let other = below(&folder, name);
            // A type is not a file; the folder's own `mod.rs` is everybody's.
            let is_file =
                other.is_some_and(|other| is_lower_case(other) && is_module(&folder, other));
            if is_file && other != Some(me) {
                faults.push(format!(
                    "src/{}: meets its sibling `crate::{}`",
                    file.path,
                    name.join("::")
                ));
            }
        }
    }
    faults
}

/// The part of `name` directly below `folder`.
fn below<'a>(folder: &[&str], name: &'a [String]) -> Option<&'a str> {
    let inside = name.len() > folder.len() && name.iter().zip(folder).all(|(a, b)| a == b);
    inside
        .then(|| name.get(folder.len()).map(String::as_str))
        .flatten()
}

fn is_module(folder: &[&str], name: &str) -> bool {
    let place = sources().join(folder.join("/"));
    place.join(format!("{name}.rs")).exists() || place.join(name).join("mod.rs").exists()
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files() -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![sources()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(sources())
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/");
                files.push(File::new(&name, &std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!files.is_empty());
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The module that a file is, without `crate`.
fn module_of(path: &str) -> Vec<String> {
    let stem = path
        .trim_end_matches(".rs")
        .trim_end_matches("mod")
        .trim_end_matches('/');
    match stem {
        "lib" | "main" => Vec::new(),
        stem => stem.split('/').map(str::to_owned).collect(),
    }
}

/// `name` seen from the crate's root; `None` for what cannot be one of ours or another crate's.
fn absolute(module: &[String], name: Vec<String>) -> Option<Vec<String>> {
    let first = name.first()?.as_str();
    if !["super", "self"].contains(&first) {
        let root = if ["masthead", "crate"].contains(&first) {
            "crate"
        } else {
            first
        };
        return Some(
            std::iter::once(root.to_owned())
                .chain(name.iter().skip(1).cloned())
                .collect(),
        );
    }
    let up = name.iter().take_while(|part| *part == "super").count();
    let kept = module.len().checked_sub(up)?;
    let rest = name
        .iter()
        .skip_while(|part| *part == "super" || *part == "self");
    Some(
        std::iter::once("crate".to_owned())
            .chain(module.iter().take(kept).chain(rest).cloned())
            .collect(),
    )
}

/// The words and signs of `text`, without comments and the contents of strings; `::` is one sign.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = string(rest) {
            length
        } else if first.is_alphabetic() || first == '_' {
            let length = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            tokens.push(rest.get(..length).unwrap().to_owned());
            length
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = rest.get(length..).unwrap();
    }
    tokens
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of the string or character that `text` starts with, if it does.
fn string(text: &str) -> Option<usize> {
    let plain = text.strip_prefix('b').unwrap_or(text);
    if let Some(raw) = plain.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let inner = raw.get(hashes..)?.strip_prefix('"')?;
        return Some(text.len() - inner.len() + inner.find(&end)? + end.len());
    }
    if let Some(inner) = plain.strip_prefix('\'') {
        // A lifetime has no closing quote where a character has one.
        let mut characters = inner.char_indices();
        let (_, first) = characters.next()?;
        let end = match first {
            '\\' => inner.get(2..)?.find('\'')? + 2,
            _ => characters.next().filter(|(_, c)| *c == '\'')?.0,
        };
        return Some(text.len() - inner.len() + end + 1);
    }
    let inner = plain.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(text.len() - inner.len() + at + 1),
            _ => {}
        }
    }
    None
}

/// `code` without the modules that only tests see.
fn without_tests(code: &[String]) -> Vec<String> {
    const MARK: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut kept = Vec::new();
    let mut rest = code;
    while let Some((token, after)) = rest.split_first() {
        if rest.len() >= MARK.len() && rest.iter().zip(MARK).all(|(a, b)| a == b) {
            let open = rest.iter().position(|t| t == "{").unwrap_or(rest.len());
            rest = rest
                .get(open + group(rest.get(open..).unwrap_or_default())..)
                .unwrap_or_default();
        } else {
            kept.push(token.clone());
            rest = after;
        }
    }
    kept
}

/// How many tokens the group in braces that `code` starts with takes.
fn group(code: &[String]) -> usize {
    let mut depth = 0;
    for (at, token) in code.iter().enumerate() {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// Every path of at least two parts that `code` names, and everything that it imports with `use`.
fn paths(code: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some((token, after)) = rest.split_first() {
        if token == "use" && after.first().is_none_or(|t| t != "<") {
            let end = after.iter().position(|t| t == ";").unwrap_or(after.len());
            tree(&[], after.get(..end).unwrap_or_default(), &mut found);
            rest = after.get(end..).unwrap_or_default();
        } else if is_word(token) && after.first().is_some_and(|t| t == "::") {
            let (path, length) = path(rest);
            found.push(path);
            rest = rest.get(length..).unwrap_or_default();
        } else {
            rest = after;
        }
    }
    found
}

/// The words joined by `::` at the start of `code`, and how many tokens they take.
fn path(code: &[String]) -> (Vec<String>, usize) {
    let mut words = Vec::new();
    let mut length = 0;
    while let Some(word) = code.get(length).filter(|t| is_word(t)) {
        words.push(word.clone());
        length += 1;
        match code.get(length) {
            Some(sign) if sign == "::" && code.get(length + 1).is_some_and(|t| is_word(t)) => {
                length += 1
            }
            _ => break,
        }
    }
    (words, length)
}

/// The paths of one tree of a `use`, below `prefix`.
fn tree(prefix: &[String], code: &[String], found: &mut Vec<Vec<String>>) {
    let code = code.strip_prefix(&["::".to_owned()]).unwrap_or(code);
    let (words, length) = path(code);
    let whole = [prefix, &words].concat();
    let rest = code.get(length..).unwrap_or_default();
    match rest {
        [sign, brace, inner @ ..] if sign == "::" && brace == "{" => branches(&whole, inner, found),
        [brace, inner @ ..] if brace == "{" => branches(&whole, inner, found),
        _ => found.push(whole),
    }
}

/// The trees between the braces that `code` is in, up to the closing one.
fn branches(prefix: &[String], code: &[String], found: &mut Vec<Vec<String>>) {
    let mut depth = 0;
    let mut start = 0;
    for (at, token) in code.iter().enumerate() {
        match token.as_str() {
            "," if depth == 0 => {
                tree(prefix, code.get(start..at).unwrap_or_default(), found);
                start = at + 1;
            }
            "}" if depth == 0 => {
                if start < at {
                    tree(prefix, code.get(start..at).unwrap_or_default(), found);
                }
                return;
            }
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_') && token != "as"
}

mod the_reader_of_paths {
    use super::*;

    fn names(path: &str, text: &str) -> Vec<String> {
        File::new(path, text)
            .names
            .iter()
            .map(|name| name.join("::"))
            .collect()
    }

    #[test]
    fn unfolds_trees_and_inline_paths() {
        let text = "use crate::{error::Error, store::{self, sites as s}};\nfn f() -> crate::models::Site { std::env::var(1) }";
        assert_eq!(
            names("service/a.rs", text),
            [
                "crate::error::Error",
                "crate::store::self",
                "crate::store::sites",
                "crate::models::Site",
                "std::env::var"
            ]
        );
    }

    #[test]
    fn resolves_super() {
        assert_eq!(
            names(
                "http/v1/delivery/a.rs",
                "use super::b::C; use super::super::dto;"
            ),
            ["crate::http::v1::delivery::b::C", "crate::http::v1::dto"]
        );
        assert_eq!(
            names(
                "service/import/mod.rs",
                "use super::articles; use self::x::Y;"
            ),
            ["crate::service::articles", "crate::service::import::x::Y"]
        );
        assert_eq!(names("main.rs", "use masthead::cli;"), ["crate::cli"]);
    }

    #[test]
    fn passes_over_comments_strings_and_tests() {
        let text = r##"
            //! crate::a::b
            /* crate::c::d /* */ crate::e */
            const S: &str = "crate::f::\" g"; const R: &str = r#"crate::h::"i"#; const Q: char = '"'; fn l<'a>(x: &'a str) {}
            #[cfg(test)]
            mod tests { use crate::j::k; fn f() { { } } }
            use crate::kept;
        "##;
        assert_eq!(names("text/a.rs", text), ["crate::kept"]);
    }

    #[test]
    fn finds_breaches() {
        let upwards = |path: &str, text: &str| imports_upwards(&File::new(path, text)).len();
        assert_eq!(upwards("store/sites.rs", "use crate::service::Sites;"), 1);
        assert_eq!(upwards("store/sites.rs", "use crate::config::Config;"), 1);
        assert_eq!(
            upwards(
                "store/pool.rs",
                "use crate::config::Config; use super::connection;"
            ),
            0
        );
        assert_eq!(
            upwards("http/v1/mod.rs", "fn f() { crate::store::sites::find() }"),
            1
        );
        let forbidden = |path: &str, text: &str| forbidden_names(&File::new(path, text)).len();
        assert_eq!(forbidden("http/mod.rs", "use std::{env, fmt};"), 1);
        assert_eq!(
            forbidden("service/mod.rs", "fn f() -> diesel::QueryResult<()> {}"),
            1
        );
        assert_eq!(
            forbidden(
                "models/site.rs",
                "#[diesel(table_name = sites)] struct S; use diesel::prelude::*;"
            ),
            0
        );
    }

    #[test]
    fn tells_siblings_from_the_family() {
        let met = |path: &str, text: &str| meetings(&File::new(path, text)).len();
        assert_eq!(met("service/sites.rs", "use super::articles::Articles;"), 1);
        assert_eq!(
            met(
                "service/sites.rs",
                "use crate::service::Services; use crate::store::articles;"
            ),
            0
        );
        assert_eq!(met("service/articles/mod.rs", "use super::articles::x;"), 0);
        assert_eq!(met("service/mod.rs", "use self::articles::Articles;"), 0);
    }
}
