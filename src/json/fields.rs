//! Members of JSON objects taken one by one, with every fault noted under the path of its member. It knows types and lists;
//! which members an object has is for others to say.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use crate::models::rules::{self, Verdict};

use super::tree::Value;
use crate::models::patch::Patch;

/// Faults reported of one text; the rest is counted.
const MAX_FAULTS: usize = 99;

/// Where a value stands in its text, such as `contributors[0].role`.
#[derive(Clone, Copy)]
pub enum Path<'p> {
    /// The whole text.
    Root,
    /// A member of an object.
    Member(&'p Path<'p>, &'p str),
    /// An item of a list.
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl Path<'_> {
    /// The JSON pointer to the value (RFC 6901).
    pub fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => {
                let name = name.replace('~', "~0").replace('/', "~1");
                format!("{}/{name}", parent.pointer())
            }
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

/// One thing that is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where, such as `contributors[0].role`; empty where the whole text is meant.
    pub member: String,
    /// The same as a JSON pointer.
    pub pointer: String,
    /// The rule that was broken, as a word for programs.
    pub code: &'static str,
    /// What is wrong and how to mend it: a sentence that follows the name of the member.
    pub reason: String,
}

/// The faults of one text.
#[derive(Default)]
pub struct Faults {
    found: Vec<Flaw>,
    left_off: usize,
}

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, path: &Path<'_>, code: &'static str, reason: impl Into<String>) {
        if self.found.len() >= MAX_FAULTS {
            self.left_off += 1;
            return;
        }
        self.found.push(Flaw {
            member: path.to_string(),
            pointer: path.pointer(),
            code,
            reason: reason.into(),
        });
    }

    /// `value`, or the faults where there are any.
    pub fn or<T>(mut self, value: Option<T>) -> Result<T, Vec<Flaw>> {
        if self.left_off > 0 {
            self.found.push(Flaw {
                member: String::new(),
                pointer: String::new(),
                code: "more",
                reason: format!("has {} more faults", self.left_off),
            });
        }
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            _ => Err(self.found),
        }
    }
}

/// Reads a value: `None` where it noted a fault.
pub trait Read<'v, T>: Fn(Value<'v>, &Path<'_>, &mut Faults) -> Option<T> {}

impl<'v, T, F: Fn(Value<'v>, &Path<'_>, &mut Faults) -> Option<T>> Read<'v, T> for F {}

/// The members of one object that are not taken yet.
pub struct Fields<'f, 'v> {
    path: &'f Path<'f>,
    faults: &'f mut Faults,
    members: Vec<(Cow<'v, str>, Value<'v>)>,
    known: Vec<&'static str>,
}

impl<'f, 'v> Fields<'f, 'v> {
    /// Opens an object.
    pub fn open(value: Value<'v>, path: &'f Path<'f>, faults: &'f mut Faults) -> Option<Self> {
        let object = match value {
            Value::Object(object) => object,
            other => {
                faults.add(
                    path,
                    "wrong_type",
                    format!("must be an object, not {}", other.kind()),
                );
                return None;
            }
        };
        for name in &object.repeated {
            faults.add(
                &Path::Member(path, &rules::excerpt(name)),
                "repeated",
                "is given more than once; keep one",
            );
        }
        Some(Self {
            path,
            faults,
            members: object.members,
            known: Vec::with_capacity(32),
        })
    }

    /// Notes a fault that concerns several members, or one that only the caller can see.
    pub fn fault(&mut self, member: &str, code: &'static str, reason: impl Into<String>) {
        self.faults
            .add(&Path::Member(self.path, member), code, reason);
    }

    fn take(&mut self, name: &'static str) -> Option<Value<'v>> {
        self.known.push(name);
        let at = self.members.iter().position(|(known, _)| known == name)?;
        Some(self.members.remove(at).1)
    }

    fn read<T>(&mut self, name: &str, value: Value<'v>, read: impl Read<'v, T>) -> Option<T> {
        read(value, &Path::Member(self.path, name), self.faults)
    }

    /// A member that must be there. `None` where it is faulty.
    pub fn required<T>(&mut self, name: &'static str, read: impl Read<'v, T>) -> Option<T> {
        match self.take(name) {
            None | Some(Value::Null) => {
                self.fault(name, "required", "is required");
                None
            }
            Some(value) => self.read(name, value, read),
        }
    }

    /// A member that may be absent or `null`.
    pub fn optional<T>(&mut self, name: &'static str, read: impl Read<'v, T>) -> Option<T> {
        match self.take(name) {
            None | Some(Value::Null) => None,
            Some(value) => self.read(name, value, read),
        }
    }

    /// A member that may be absent to keep its value, and `null` to clear it.
    pub fn patch<T>(&mut self, name: &'static str, read: impl Read<'v, T>) -> Patch<T> {
        match self.take(name) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Clear,
            Some(value) => self.read(name, value, read).map_or(Patch::Keep, Patch::Set),
        }
    }

    /// A member that may be absent to keep its value, but has no empty form.
    pub fn firm<T>(&mut self, name: &'static str, read: impl Read<'v, T>) -> Patch<T> {
        match self.patch(name, read) {
            Patch::Clear => {
                self.fault(
                    name,
                    "required",
                    "is required, so it must not be null; leave it out to keep what is stored",
                );
                Patch::Keep
            }
            patch => patch,
        }
    }

    /// A member that answers have and requests have not.
    pub fn read_only(&mut self, names: &[&'static str]) {
        for name in names {
            let at = self.members.iter().position(|(known, _)| known == name);
            if let Some(at) = at {
                self.members.remove(at);
                self.fault(name, "read_only", "is read-only; leave it out");
            }
        }
    }

    /// The members that were asked for, for the document.
    pub fn known(&self) -> &[&'static str] {
        &self.known
    }

    /// Notes the members that nobody asked for.
    pub fn close(self) {
        if self.members.is_empty() {
            return;
        }
        let reason = format!("is not a known member; known are {}", self.known.join(", "));
        for (name, _) in &self.members {
            self.faults.add(
                &Path::Member(self.path, &rules::excerpt(name)),
                "unknown_member",
                reason.as_str(),
            );
        }
    }
}

/// A string that keeps a rule, exactly as received.
pub fn text<'v>(rule: fn(&str) -> Verdict) -> impl Read<'v, String> {
    move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
        let text = string(value, path, faults)?;
        match rule(&text) {
            Ok(()) => Some(text.into_owned()),
            Err(reason) => {
                faults.add(path, "invalid", reason);
                None
            }
        }
    }
}

/// A string that a function understands.
pub fn understood<'v, T>(understand: impl Fn(&str) -> Result<T, String>) -> impl Read<'v, T> {
    move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
        let text = string(value, path, faults)?;
        understand(&text)
            .map_err(|reason| faults.add(path, "invalid", reason))
            .ok()
    }
}

/// One of some words.
pub fn word<'v, T, const N: usize>(all: [T; N], as_str: fn(T) -> &'static str) -> impl Read<'v, T>
where
    T: Copy,
{
    understood(move |text| {
        all.into_iter()
            .find(|known| as_str(*known) == text)
            .ok_or_else(|| {
                let words: Vec<String> = all
                    .into_iter()
                    .map(|known| format!("`{}`", as_str(known)))
                    .collect();
                format!(
                    "is `{}`, but must be one of {}",
                    rules::excerpt(text),
                    words.join(", ")
                )
            })
    })
}

/// A whole number that keeps a rule.
pub fn number<'v>(rule: fn(i64) -> Verdict) -> impl Read<'v, i64> {
    move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
        let reason = match value {
            Value::Integer(number) => match rule(number) {
                Ok(()) => return Some(number),
                Err(reason) => reason,
            },
            Value::Decimal => {
                let reason = rule(-1).err().unwrap_or_default();
                format!(
                    "must be a whole number, written without fraction and exponent; it {reason}"
                )
            }
            other => {
                let reason = format!("must be a number, not {}", other.kind());
                faults.add(path, "wrong_type", reason);
                return None;
            }
        };
        faults.add(path, "invalid", reason);
        None
    }
}

/// A list of at most [`rules::LIST`] items.
pub fn list<'v, T>(read: impl Read<'v, T>) -> impl Read<'v, Vec<T>> {
    move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
        let items = array(value, path, faults)?;
        if items.len() > rules::LIST {
            faults.add(
                path,
                "too_many",
                format!(
                    "has {} entries, at most {} are allowed",
                    items.len(),
                    rules::LIST
                ),
            );
            return None;
        }
        let items = items.into_iter().enumerate();
        Some(
            items
                .filter_map(|(index, item)| read(item, &Path::Item(path, index), faults))
                .collect(),
        )
    }
}

/// An item reader for a list in which no two items have the same name. `member` is the one that holds the name; empty where
/// the item is the name itself.
pub fn distinct<'v, T>(
    member: &'static str,
    name: fn(&T) -> Option<&str>,
    read: impl Read<'v, T>,
) -> impl Read<'v, Vec<T>> {
    let read = std::rc::Rc::new(read);
    move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
        let seen = std::cell::RefCell::new(HashSet::new());
        let read = std::rc::Rc::clone(&read);
        let once = move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
            let item = read(value, path, faults)?;
            if let Some(name) = name(&item)
                && !seen.borrow_mut().insert(name.to_owned())
            {
                let reason = format!(
                    "repeats `{}`, which may stand in the list once",
                    rules::excerpt(name)
                );
                match member.is_empty() {
                    true => faults.add(path, "repeated", reason),
                    false => faults.add(&Path::Member(path, member), "repeated", reason),
                }
            }
            Some(item)
        };
        list(once)(value, path, faults)
    }
}

/// `true` or `false`.
pub fn boolean(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(value),
        other => {
            let reason = format!("must be true or false, not {}", other.kind());
            faults.add(path, "wrong_type", reason);
            None
        }
    }
}

/// A string.
pub fn string<'v>(value: Value<'v>, path: &Path<'_>, faults: &mut Faults) -> Option<Cow<'v, str>> {
    match value {
        Value::String(text) => Some(text),
        other => {
            faults.add(
                path,
                "wrong_type",
                format!("must be a string, not {}", other.kind()),
            );
            None
        }
    }
}

/// An array of any length.
pub fn array<'v>(value: Value<'v>, path: &Path<'_>, faults: &mut Faults) -> Option<Vec<Value<'v>>> {
    match value {
        Value::Array(items) => Some(items),
        other => {
            faults.add(
                path,
                "wrong_type",
                format!("must be an array, not {}", other.kind()),
            );
            None
        }
    }
}
