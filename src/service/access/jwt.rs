//! JSON Web Tokens: taking one apart, and the checks that need no key (RFC 7519, RFC 8725, RFC 9068). Knows neither whose keys are
//! good nor who has an account.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};

/// Bytes of the longest token that is looked at.
const MAX_BYTES: usize = 8192;
/// Characters of the longest name of a key.
const MAX_KID: usize = 200;
/// Seconds by which the clock of whoever signed may be ahead.
const NOT_BEFORE_LEEWAY: i64 = 5;

/// A token that nothing is known of but its form.
pub(super) struct Unverified<'t> {
    /// What was signed.
    message: &'t str,
    /// The signature, base64url.
    signature: &'t str,
    /// The algorithm it says.
    pub(super) algorithm: Algorithm,
    /// The type it says, in lower case and without `application/`.
    pub(super) kind: String,
    /// The name of the key it says.
    pub(super) kid: String,
    /// What it claims.
    pub(super) claims: Claims,
}

/// What a token claims. Providers differ in what they put where only this server's own tokens need something: there what is of
/// another type is as good as missing.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claims {
    /// Who made it.
    pub(super) iss: String,
    /// For whom.
    pub(super) aud: Audience,
    /// Of whom it speaks.
    pub(super) sub: String,
    exp: Seconds,
    nbf: Option<Seconds>,
    #[serde(rename = "iat")]
    _iat: Seconds,
    /// Its own name.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) jti: Option<String>,
    /// What it may be used for, words with blanks between them; none where they cannot be read.
    #[serde(default, deserialize_with = "scope")]
    pub(super) scope: Option<String>,
    /// The session it came of. Providers have texts here.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) sid: Option<i64>,
    /// The address of whom it speaks.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) email: Option<String>,
    /// Whether the provider made sure that the address is theirs.
    #[serde(default, deserialize_with = "is_true")]
    pub(super) email_verified: bool,
}

/// A value of the type that is wanted, or none.
fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Value::deserialize(deserializer).map(|value| serde_json::from_value(value).ok())
}

/// Scopes as one text or as a list of texts. What is neither names no scope, which is less than not to speak of scopes at all.
fn scope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(words) => Some(words),
        Value::Array(list) => {
            let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            Some(words.join(" "))
        }
        _ => Some(String::new()),
    })
}

/// Whether it is `true`, which some providers write as a text.
fn is_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value == Value::Bool(true) || value == "true")
}

/// One receiver or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// Whether `name` is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::One(only) => only == name,
            Self::Several(all) => all.iter().any(|one| one == name),
        }
    }
}

/// Whole seconds since 1970; a fraction is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seconds(i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let cut = || Duration::try_from_secs_f64(number.as_f64()?).ok();
        number
            .as_i64()
            .or_else(|| i64::try_from(cut()?.as_secs()).ok())
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("not a time"))
    }
}

/// Whether a member is there, with whatever value.
#[derive(Debug, Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    typ: String,
    kid: String,
    #[serde(default)]
    crit: Present,
    #[serde(default)]
    jku: Present,
    #[serde(default)]
    jwk: Present,
    #[serde(default)]
    x5u: Present,
    #[serde(default)]
    x5c: Present,
}

fn refused<T>(reason: &'static str) -> Result<T> {
    Err(Error::InvalidToken(reason))
}

impl<'t> Unverified<'t> {
    /// Takes `token` apart. Refuses what brings its own key or asks for what nobody here understands.
    pub(super) fn parse(token: &'t str) -> Result<Self> {
        if token.len() > MAX_BYTES {
            return refused("it is too long");
        }
        let malformed = || Error::InvalidToken("it is malformed");
        let (message, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (head, claims) = message.split_once('.').ok_or_else(malformed)?;
        let head: Head = part(head).ok_or_else(malformed)?;
        if head.crit.0 {
            return refused("it has `crit`, and no extension is understood");
        }
        if head.jku.0 || head.jwk.0 || head.x5u.0 || head.x5c.0 {
            return refused("it brings a key; only known keys count");
        }
        if head.kid.is_empty() || head.kid.chars().nth(MAX_KID).is_some() {
            return refused("it is signed with an unknown key");
        }
        let Ok(algorithm) = head.alg.parse() else {
            return refused("its algorithm is not accepted");
        };
        let kind = head.typ.to_ascii_lowercase();
        Ok(Self {
            message,
            signature,
            algorithm,
            kind: kind
                .strip_prefix("application/")
                .unwrap_or(&kind)
                .to_owned(),
            kid: head.kid,
            claims: part(claims).ok_or_else(malformed)?,
        })
    }

    /// Refuses a token whose signature `key` did not make.
    pub(super) fn verify(&self, key: &DecodingKey) -> Result<()> {
        match crypto::verify(self.signature, self.message.as_bytes(), key, self.algorithm) {
            Ok(true) => Ok(()),
            _ => refused("its signature is wrong"),
        }
    }
}

impl Claims {
    /// Until when it is good, in seconds since 1970.
    pub(super) fn expires(&self) -> i64 {
        self.exp.0
    }

    /// From when it is good.
    pub(super) fn starts(&self) -> Option<i64> {
        self.nbf.map(|seconds| seconds.0)
    }
}

/// Refuses what is not good at `now`, all in seconds since 1970.
pub(super) fn check_time(expires: i64, starts: Option<i64>, now: i64) -> Result<()> {
    if expires <= now {
        return refused("it has expired");
    }
    match starts {
        Some(starts) if starts > now.saturating_add(NOT_BEFORE_LEEWAY) => {
            refused("it is not good yet")
        }
        _ => Ok(()),
    }
}

/// A base64url part that is a JSON object.
fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    // serde would read an array into a struct by position.
    let first = json.iter().find(|byte| !byte.is_ascii_whitespace());
    (first == Some(&b'{'))
        .then(|| serde_json::from_slice(&json).ok())
        .flatten()
}

#[derive(Serialize)]
struct OwnHead<'a> {
    typ: &'static str,
    alg: &'static str,
    kid: &'a str,
}

/// A token that says `claims`, signed with an Ed25519 key.
pub(super) fn sign(kid: &str, key: &EncodingKey, claims: &impl Serialize) -> Result<String> {
    let head = OwnHead {
        typ: "at+jwt",
        alg: "EdDSA",
        kid,
    };
    let mut token = encoded(&head)?;
    token.push('.');
    token.push_str(&encoded(claims)?);
    let signature = crypto::sign(token.as_bytes(), key, Algorithm::EdDSA)
        .map_err(|e| Error::Internal(e.into()))?;
    token.push('.');
    token.push_str(&signature);
    Ok(token)
}

fn encoded(part: &impl Serialize) -> Result<String> {
    let json = serde_json::to_vec(part).map_err(|e| Error::Internal(e.into()))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(head: &str, claims: &str) -> String {
        format!(
            "{}.{}.c2ln",
            URL_SAFE_NO_PAD.encode(head),
            URL_SAFE_NO_PAD.encode(claims)
        )
    }

    const HEAD: &str = r#"{"alg":"EdDSA","typ":"application/AT+JWT","kid":"k"}"#;
    const CLAIMS: &str = r#"{"iss":"i","aud":["a","b"],"sub":"1","exp":10.9,"iat":1,"nbf":5}"#;

    #[test]
    fn a_token_is_taken_apart() {
        let token = token(HEAD, CLAIMS);
        let parsed = Unverified::parse(&token).unwrap();
        assert_eq!((parsed.kind.as_str(), parsed.kid.as_str()), ("at+jwt", "k"));
        assert!(parsed.claims.aud.has("b") && !parsed.claims.aud.has("c"));
        let (expires, starts) = (parsed.claims.expires(), parsed.claims.starts());
        assert!(check_time(expires, starts, 9).is_ok());
        assert!(check_time(expires, starts, 10).is_err());
        assert!(check_time(expires, starts, 0).is_ok());
        assert!(check_time(expires, starts, -1).is_err());
    }

    #[test]
    fn claims_of_providers_may_have_other_types() {
        let read = |extra: &str| {
            let claims = format!(r#"{{"iss":"i","aud":"a","sub":"1","exp":1,"iat":1,{extra}}}"#);
            let token = token(HEAD, &claims);
            Unverified::parse(&token).map(|token| token.claims).unwrap()
        };
        let odd = read(
            r#""sid":"f-1","jti":7,"email":["x"],"email_verified":"true","scope":["a","b",1]"#,
        );
        assert_eq!((odd.sid, odd.jti, odd.email), (None, None, None));
        assert_eq!(
            (odd.email_verified, odd.scope.as_deref()),
            (true, Some("a b"))
        );
        let own = read(r#""sid":7,"jti":"j","email_verified":true,"scope":"a b""#);
        assert_eq!((own.sid, own.jti.as_deref()), (Some(7), Some("j")));
        assert_eq!(
            (own.email_verified, own.scope.as_deref()),
            (true, Some("a b"))
        );
        for (scope, expected) in [
            ("null", None),
            ("7", Some("")),
            (r#" "" "#, Some("")),
            ("[]", Some("")),
        ] {
            assert_eq!(
                read(&format!(r#""scope":{scope}"#)).scope.as_deref(),
                expected
            );
        }
        for other in ["false", "1", "null", r#""yes""#] {
            assert!(!read(&format!(r#""email_verified":{other}"#)).email_verified);
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for (head, claims) in [
            (r#"["EdDSA","at+jwt","k"]"#, CLAIMS),
            (r#"{"alg":"none","typ":"at+jwt","kid":"k"}"#, CLAIMS),
            (r#"{"alg":"EdDSA","typ":"at+jwt"}"#, CLAIMS),
            (r#"{"alg":"EdDSA","kid":"k"}"#, CLAIMS),
            (r#"{"alg":"EdDSA","typ":"at+jwt","kid":""}"#, CLAIMS),
            (
                r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k","kid":"l"}"#,
                CLAIMS,
            ),
            (
                r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k","crit":null}"#,
                CLAIMS,
            ),
            (
                r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k","jwk":{}}"#,
                CLAIMS,
            ),
            (HEAD, "[]"),
            (HEAD, r#"{"iss":"i","aud":"a","sub":"1","iat":1}"#),
            (HEAD, r#"{"iss":"i","aud":"a","sub":1,"exp":1,"iat":1}"#),
            (HEAD, r#"{"iss":"i","aud":"a","sub":"1","exp":"1","iat":1}"#),
        ] {
            assert!(
                Unverified::parse(&token(head, claims)).is_err(),
                "{head} {claims}"
            );
        }
        for wrong in ["", ".", "..", "a.b.c", "a.b.c.d", &"a".repeat(9000)] {
            assert!(Unverified::parse(wrong).is_err());
        }
    }
}
