//! Extractors for query strings, stricter than actix-web's own. They know no parameter of any operation.

use std::borrow::Cow;
use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use url::form_urlencoded;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::error::Fault;
use crate::http::problem::Problem;

/// The most parameters that one query string may have.
const MAX_PARAMETERS: usize = 100;

/// The longest query string in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// The largest id: what JavaScript can hold exactly, 2^53-1.
pub const MAX_ID: i64 = (1 << 53) - 1;

/// The query parameters of a request as a `T` with `deny_unknown_fields`.
///
/// Unknown, repeated and badly encoded parameters are faults, each answered with its name and the mend. `T` may use numbers, booleans,
/// enums of units, options, newtypes and anything that reads a string. Messages of own `Deserialize` impls should read on after
/// the name of the parameter: "must be a date".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T> Query<T> {
    /// The parameters themselves.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// Reads a query string without its `?`.
    ///
    /// # Errors
    ///
    /// 400 `invalid_parameter` that lists the faults.
    pub fn parse(query: &str) -> Result<T, Problem> {
        pairs(query)
            .and_then(|pairs| T::deserialize(Parameters(&pairs)).map_err(|faults| faults.0))
            .map_err(Problem::bad_parameter)
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(req.query_string()).map(Self))
    }
}

type Pair<'q> = (Cow<'q, str>, Cow<'q, str>);

/// The decoded parameters, each name once.
fn pairs(query: &str) -> Result<Vec<Pair<'_>>, Vec<Fault>> {
    let whole = |code, detail| vec![Fault::new("", code, detail)];
    if query.len() > MAX_BYTES {
        let limit = format!("the query string may have at most {MAX_BYTES} bytes");
        // Where one parameter alone takes most of it, that is the one to shorten.
        let longest = query.split('&').find(|pair| pair.len() > MAX_BYTES / 2);
        let name = longest.and_then(|pair| pair.split_once('=').map(|(name, _)| name));
        let name = name.filter(|name| is_word(name));
        return Err(match name {
            Some(name) => vec![fault(name, "too_long", &format!("is too long: {limit}"))],
            None => whole("too_long", limit),
        });
    }
    let pairs: Vec<Pair<'_>> = form_urlencoded::parse(query.as_bytes())
        .take(MAX_PARAMETERS + 1)
        .collect();
    if pairs.len() > MAX_PARAMETERS {
        return Err(whole(
            "too_many",
            format!("there may be at most {MAX_PARAMETERS} query parameters"),
        ));
    }
    let mut faults = Vec::new();
    for (i, (name, value)) in pairs.iter().enumerate() {
        if pairs.iter().take(i).any(|(earlier, _)| earlier == name) {
            faults.push(fault(name, "repeated", "must be given only once"));
        }
        // Decoding replaces what is not UTF-8 by this character. NUL cannot be stored, so it cannot be found.
        if [name, value]
            .iter()
            .any(|text| text.contains(['\u{fffd}', '\0']))
        {
            faults.push(fault(
                name,
                "bad_encoding",
                "must be UTF-8 text, percent-encoded, without U+0000 and U+FFFD",
            ));
        }
    }
    if faults.is_empty() {
        Ok(pairs)
    } else {
        Err(faults)
    }
}

/// Whether `name` looks like one of ours.
fn is_word(name: &str) -> bool {
    name.len() <= 40 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// A fault of the parameter `name`, told as a sentence that begins with it.
fn fault(name: &str, code: &'static str, mend: &str) -> Fault {
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let joint = if ["must ", "is ", "has ", "cannot "]
        .iter()
        .any(|verb| mend.starts_with(verb))
    {
        ""
    } else {
        ":"
    };
    Fault::new(pointer, code, format!("`{name}`{joint} {mend}"))
}

/// What serde found wrong. Faults of a value have an empty pointer until [`Entries`] puts the name in.
#[derive(Debug)]
struct Faults(Vec<Fault>);

impl Faults {
    fn value(code: &'static str, mend: impl Into<String>) -> Self {
        Self(vec![Fault::new("", code, mend)])
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|fault| writeln!(f, "{}", fault.detail))
    }
}

impl std::error::Error for Faults {}

impl de::Error for Faults {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::value("invalid", message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::value("invalid", format!("must be {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::value("invalid", format!("must be {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::value("unknown_value", format!("must be {}", choice(expected)))
    }

    fn missing_field(name: &'static str) -> Self {
        Self(vec![fault(name, "missing", "is required")])
    }
}

/// The words, quoted: "`a`", "`a` or `b`", "one of `a`, `b`, `c`".
fn choice(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.len() {
        0..=2 => quoted.join(" or "),
        _ => format!("one of {}", quoted.join(", ")),
    }
}

/// All parameters, as serde reads a struct.
struct Parameters<'p>(&'p [Pair<'p>]);

impl<'de> Deserializer<'de> for Parameters<'_> {
    type Error = Faults;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Faults> {
        visitor.visit_map(Entries {
            rest: self.0.iter(),
            current: None,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Faults> {
        let unknown: Vec<Fault> = self
            .0
            .iter()
            .filter(|(name, _)| !fields.contains(&name.as_ref()))
            .map(|(name, _)| unknown(name, fields))
            .collect();
        if unknown.is_empty() {
            self.deserialize_any(visitor)
        } else {
            Err(Faults(unknown))
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn unknown(name: &str, fields: &[&str]) -> Fault {
    let mend = if fields.is_empty() {
        "is not known; there are no parameters here".to_owned()
    } else {
        format!("is not known; it must be {}", choice(fields))
    };
    fault(name, "unknown_parameter", &mend)
}

/// The parameters one after the other.
struct Entries<'p> {
    rest: std::slice::Iter<'p, Pair<'p>>,
    current: Option<&'p Pair<'p>>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Faults;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Faults> {
        self.current = self.rest.next();
        let Some((name, _)) = self.current else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Faults> = name.as_ref().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Faults> {
        let Some((name, value)) = self.current.take() else {
            return Err(de::Error::custom("value asked for before its name"));
        };
        seed.deserialize(Text(value)).map_err(|faults| {
            let named = |f: Fault| {
                if f.pointer.is_empty() {
                    fault(name, f.code, &f.detail)
                } else {
                    f
                }
            };
            Faults(faults.0.into_iter().map(named).collect())
        })
    }
}

/// The value of one parameter.
struct Text<'p>(&'p str);

/// Reads a number from the text; a sign is only ever a minus.
macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty, $mend:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Faults> {
            match self.0.parse::<$type>() {
                Ok(number) if !self.0.starts_with('+') => visitor.$visit(number),
                _ => Err(Faults::value("invalid", $mend)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Faults;

    numbers! {
        deserialize_i8 visit_i8 i8, "must be an integer from -128 to 127";
        deserialize_i16 visit_i16 i16, "must be an integer from -32768 to 32767";
        deserialize_i32 visit_i32 i32, "must be an integer of 32 bits";
        deserialize_i64 visit_i64 i64, "must be an integer";
        deserialize_u8 visit_u8 u8, "must be an integer from 0 to 255";
        deserialize_u16 visit_u16 u16, "must be an integer from 0 to 65535";
        deserialize_u32 visit_u32 u32, "must be an integer of 32 bits, not negative";
        deserialize_u64 visit_u64 u64, "must be an integer, not negative";
        deserialize_f32 visit_f32 f32, "must be a number";
        deserialize_f64 visit_f64 f64, "must be a number";
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Faults> {
        match self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Faults::value("invalid", "must be `true` or `false`")),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Faults> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Faults> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Faults> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Faults> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// No query parameters at all: `Query<NoQuery>` refuses every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

impl IntoParams for NoQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

/// The id of a record as the value of a query parameter: 1 to 2^53-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordId(i64);

impl RecordId {
    /// The id itself.
    pub fn get(self) -> i64 {
        self.0
    }

    /// The id that `text` writes.
    pub fn parse(text: &str) -> Option<Self> {
        positive(text).filter(|id| *id <= MAX_ID).map(Self)
    }
}

impl<'de> Deserialize<'de> for RecordId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(UpTo(MAX_ID)).map(Self)
    }
}

/// How many items a page may have: 1 to 100, 20 where nothing was asked for. For query strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(i64);

impl Limit {
    /// The most items on a page.
    pub const MAX: i64 = 100;

    /// The number of items.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(UpTo(Self::MAX)).map(Self)
    }
}

/// The number of a page, from 1. How far numbers reach depends on `limit` and is checked with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageNumber(i64);

impl PageNumber {
    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for PageNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(UpTo(MAX_ID)).map(Self)
    }
}

/// A number from 1 to `MAX` as the value of a query parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Positive<const MAX: i32>(i32);

impl<const MAX: i32> Positive<MAX> {
    /// The number.
    pub fn get(self) -> i32 {
        self.0
    }
}

impl<'de, const MAX: i32> Deserialize<'de> for Positive<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_str(UpTo(i64::from(MAX)))?;
        i32::try_from(number).map(Self).map_err(de::Error::custom)
    }
}

/// Reads an integer from 1 up to this one.
struct UpTo(i64);

impl Visitor<'_> for UpTo {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer from 1 to {}", self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
        positive(text)
            .filter(|n| *n <= self.0)
            .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(1))
            .maximum(Some(Self::MAX))
            .default(Some(Self::default().get().into()))
            .into()
    }
}

impl ToSchema for Limit {}

/// The number that `text` writes in digits alone, without leading zeros.
pub fn positive(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Order {
        #[default]
        Desc,
        Asc,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(transparent)]
    struct Slug(String);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Listing {
        #[serde(default)]
        limit: Limit,
        page: Option<u32>,
        #[serde(default)]
        order: Order,
        #[serde(default)]
        subtree: bool,
        site: Option<Slug>,
        source: Option<RecordId>,
    }

    fn fault_of(query: &str) -> (String, &'static str, String) {
        let problem = Query::<Listing>::parse(query).unwrap_err();
        assert_eq!(problem.errors().len(), 1, "{problem:?}");
        let fault = problem.errors()[0].clone();
        (fault.pointer, fault.code, fault.detail)
    }

    #[test]
    fn absent_parameters_have_their_defaults() {
        let listing = Query::<Listing>::parse("").unwrap();
        assert_eq!(
            listing,
            Listing {
                limit: Limit(20),
                page: None,
                order: Order::Desc,
                subtree: false,
                site: None,
                source: None
            }
        );
    }

    #[test]
    fn values_are_read_by_their_type() {
        let listing = Query::<Listing>::parse(
            "limit=100&page=3&order=asc&subtree=true&site=%E4%B8%AD+x&source=7",
        )
        .unwrap();
        assert_eq!(
            listing,
            Listing {
                limit: Limit(100),
                page: Some(3),
                order: Order::Asc,
                subtree: true,
                site: Some(Slug("中 x".to_owned())),
                source: Some(RecordId(7)),
            }
        );
    }

    #[test]
    fn a_fault_names_the_parameter_and_the_mend() {
        let limit = (
            "/limit".to_owned(),
            "invalid",
            "`limit` must be an integer from 1 to 100".to_owned(),
        );
        for wrong in [
            "0",
            "101",
            "abc",
            "",
            "-1",
            "%2B5",
            "05",
            "5.0",
            "99999999999999999999",
        ] {
            assert_eq!(fault_of(&format!("limit={wrong}")), limit, "{wrong}");
        }
        assert_eq!(
            fault_of("source=0").2,
            "`source` must be an integer from 1 to 9007199254740991"
        );
        assert_eq!(fault_of("order=up").2, "`order` must be `desc` or `asc`");
        assert_eq!(
            fault_of("subtree=1").2,
            "`subtree` must be `true` or `false`"
        );
        assert_eq!(
            fault_of("page=-1").2,
            "`page` must be an integer of 32 bits, not negative"
        );
        assert_eq!(fault_of("a/b~c=1").0, "/a~1b~0c");
        assert_eq!(
            fault_of("lmit=1").2,
            "`lmit` is not known; it must be one of `limit`, `page`, `order`, `subtree`, `site`, `source`"
        );
        assert_eq!(fault_of("page=1&page=1").1, "repeated");
        assert_eq!(fault_of("site=%ff").1, "bad_encoding");
        assert_eq!(fault_of("site=a%00b").1, "bad_encoding");
    }

    #[test]
    fn no_query_takes_no_parameter() {
        assert!(Query::<NoQuery>::parse("").is_ok());
        let problem = Query::<NoQuery>::parse("a=1").unwrap_err();
        assert_eq!(
            problem.errors()[0].detail,
            "`a` is not known; there are no parameters here"
        );
    }

    #[test]
    fn all_unknown_parameters_are_listed() {
        let problem = Query::<Listing>::parse("a=1&limit=5&b=2").unwrap_err();
        assert_eq!(problem.errors().len(), 2);
    }

    #[test]
    fn a_required_parameter_is_asked_for() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Search {
            #[expect(dead_code, reason = "only its absence matters here")]
            q: String,
        }
        let problem = Query::<Search>::parse("").unwrap_err();
        assert_eq!(problem.errors()[0].detail, "`q` is required");
    }

    #[test]
    fn oversized_queries_are_refused() {
        let many: String = (0..101).map(|i| format!("p{i}=&")).collect();
        assert_eq!(fault_of(&many).1, "too_many");
        let long = "x".repeat(MAX_BYTES + 1);
        let of = |query: &str| {
            let (pointer, code, ..) = fault_of(query);
            (pointer, code)
        };
        assert_eq!(
            of(&format!("limit=1&site={long}")),
            ("/site".to_owned(), "too_long")
        );
        assert_eq!(of(&long), (String::new(), "too_long"));
        assert_eq!(of(&format!("{long}=1")), (String::new(), "too_long"));
        assert_eq!(
            of(&"limit=1&".repeat(MAX_BYTES / 8 + 1)),
            (String::new(), "too_long")
        );
    }

    #[test]
    fn ids_are_positive_and_fit_a_double() {
        for wrong in [
            "0",
            "abc",
            "-1",
            "9007199254740992",
            "9223372036854775808",
            "+1",
            "01",
            "1.0",
            "",
        ] {
            assert!(
                positive(wrong).filter(|id| *id <= MAX_ID).is_none(),
                "{wrong}"
            );
        }
        assert_eq!(positive("9007199254740991"), Some(MAX_ID));
    }
}
