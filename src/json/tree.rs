//! A JSON text as a tree that borrows from it, keeps the order of members and remembers which came twice. It knows JSON, not
//! what anything in it means.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

/// Values that one text may hold at all levels together; it bounds the memory of the tree.
const MAX_VALUES: usize = 250_000;

/// A JSON value.
#[derive(Debug, PartialEq)]
pub enum Value<'v> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; one beyond the type stands as the type's largest.
    Integer(i64),
    /// A number with a fraction or an exponent.
    Decimal,
    /// A string.
    String(Cow<'v, str>),
    /// An array.
    Array(Vec<Value<'v>>),
    /// An object.
    Object(Object<'v>),
}

/// A JSON object.
#[derive(Debug, PartialEq, Default)]
pub struct Object<'v> {
    /// The members in order, each name once.
    pub members: Vec<(Cow<'v, str>, Value<'v>)>,
    /// The names that came again.
    pub repeated: Vec<Cow<'v, str>>,
}

impl Value<'_> {
    /// What kind of value it is, with its article.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Decimal => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads one JSON text; the error is the reason, with the column.
pub fn parse(text: &str) -> Result<Value<'_>, String> {
    let budget = Cell::new(MAX_VALUES);
    let mut source = serde_json::Deserializer::from_str(text);
    let value = Tree { budget: &budget }.deserialize(&mut source);
    value.and_then(|value| source.end().map(|()| value)).map_err(|fault| {
        let message = fault.to_string();
        let what = message.split(" at line ").next().unwrap_or_default();
        match what.starts_with("recursion limit") {
            true => format!("is nested too deeply (column {}); at most 127 objects and arrays within each other", fault.column()),
            false => format!("is not valid JSON (column {}): {what}", fault.column()),
        }
    })
}

#[derive(Clone, Copy)]
struct Tree<'b> {
    budget: &'b Cell<usize>,
}

impl Tree<'_> {
    fn spend<E: Error>(self) -> Result<(), E> {
        match self.budget.get().checked_sub(1) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(E::custom(format_args!(
                "more than {MAX_VALUES} values; split it"
            ))),
        }
    }
}

impl<'v> DeserializeSeed<'v> for Tree<'_> {
    type Value = Value<'v>;

    fn deserialize<D: serde::Deserializer<'v>>(self, source: D) -> Result<Value<'v>, D::Error> {
        self.spend()?;
        source.deserialize_any(self)
    }
}

/// The name of a member.
struct Name;

impl<'v> DeserializeSeed<'v> for Name {
    type Value = Cow<'v, str>;

    fn deserialize<D: serde::Deserializer<'v>>(self, source: D) -> Result<Cow<'v, str>, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'v> Visitor<'v> for Name {
    type Value = Cow<'v, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'v str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

impl<'v> Visitor<'v> for Tree<'_> {
    type Value = Value<'v>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Decimal)
    }

    fn visit_borrowed_str<E>(self, text: &'v str) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'v>>(self, mut source: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'v>>(self, mut source: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        while let Some(member) = source.next_entry_seed(Name, self)? {
            object.members.push(member);
        }
        object.set_repeated_apart();
        Ok(Value::Object(object))
    }
}

impl Object<'_> {
    fn set_repeated_apart(&mut self) {
        let mut seen = HashSet::with_capacity(self.members.len());
        let is_first: Vec<bool> = self
            .members
            .iter()
            .map(|(name, _)| seen.insert(name.as_ref()))
            .collect();
        if is_first.iter().all(|first| *first) {
            return;
        }
        let members = std::mem::take(&mut self.members);
        for (member, is_first) in members.into_iter().zip(is_first) {
            match is_first {
                true => self.members.push(member),
                false => self.repeated.push(member.0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_come_again_are_remembered() {
        let Ok(Value::Object(object)) = parse(r#"{"a":1,"b":null,"a":2,"\u0061":3}"#) else {
            panic!("an object");
        };
        assert_eq!(
            object.members,
            [
                (Cow::from("a"), Value::Integer(1)),
                (Cow::from("b"), Value::Null)
            ]
        );
        assert_eq!(object.repeated, ["a", "a"]);
    }

    #[test]
    fn numbers_are_whole_or_not() {
        for (text, value) in [
            ("1", Value::Integer(1)),
            ("-1", Value::Integer(-1)),
            ("18446744073709551615", Value::Integer(i64::MAX)),
            ("99999999999999999999999", Value::Decimal),
            ("1.0", Value::Decimal),
            ("1e3", Value::Decimal),
        ] {
            assert_eq!(parse(text), Ok(value));
        }
    }

    #[test]
    fn faults_tell_the_column() {
        for (text, part) in [
            ("{\"a\":1", "column 6"),
            ("{} x", "column 4"),
            ("{\"a\":\"\\ud800\"}", "column"),
            ("{a:1}", "column 2"),
            ("", "column 0"),
        ] {
            let reason = parse(text).expect_err(text);
            assert!(
                reason.contains(part) && !reason.contains("line"),
                "{text}: {reason}"
            );
        }
        assert!(
            parse(&"[".repeat(100_000)).is_err_and(|reason| reason.contains("nested too deeply"))
        );
        let many = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert!(parse(&many).is_err_and(|reason| reason.contains("more than 250000 values")));
    }
}
