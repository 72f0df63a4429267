//! Forged and twisted access tokens: none is accepted (RFC 8725).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{TestApp, on_both};

/// The key of these tests, configured so that they can sign with it.
const SEED: [u8; 32] = [1; 32];
const SEED_TEXT: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn key(seed: [u8; 32]) -> EncodingKey {
    let head = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    EncodingKey::from_ed_der(&[head.as_slice(), &seed].concat())
}

fn public(seed: [u8; 32]) -> String {
    match Jwk::from_encoding_key(&key(seed), Algorithm::EdDSA)
        .unwrap()
        .algorithm
    {
        AlgorithmParameters::OctetKeyPair(pair) => pair.x,
        other => panic!("{other:?}"),
    }
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// A token of these parts, signed with the key of a seed.
fn signed(head: &Value, claims: &Value, seed: [u8; 32]) -> String {
    let message = format!("{}.{}", encoded(head), encoded(claims));
    let signature = crypto::sign(message.as_bytes(), &key(seed), Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn hmac_signed(head: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = format!("{}.{}", encoded(head), encoded(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(message.as_bytes());
    format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    )
}

/// The parts of a good token.
fn parts(app: &TestApp) -> (Value, Value) {
    let token = app.token("admin");
    let part = |index| {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    (part(0), part(1))
}

fn with(part: &Value, member: &str, value: Value) -> Value {
    let mut part = part.clone();
    part[member] = value;
    part
}

fn without(part: &Value, member: &str) -> Value {
    let mut part = part.clone();
    part.as_object_mut().unwrap().remove(member);
    part
}

async fn status(app: &TestApp, token: &str) -> u16 {
    app.request("GET", "/api/v1/auth/me")
        .bearer(token)
        .send()
        .await
        .status
}

#[track_caller]
fn refused(status: u16, what: &str) {
    assert_eq!(status, 401, "{what}");
}

on_both! {
    /// The forger's tools work: what is not twisted is accepted
    async fn an_honest_token_is_accepted(app, |s| s.var("MASTHEAD_TOKEN_KEY", SEED_TEXT)) {
        let (head, claims) = parts(app);
        assert_eq!(status(app, &signed(&head, &claims, SEED)).await, 200);
        for typ in ["AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert_eq!(status(app, &signed(&with(&head, "typ", json!(typ)), &claims, SEED)).await, 200, "{typ}");
        }
        let several = with(&claims, "aud", json!(["other", claims["aud"]]));
        assert_eq!(status(app, &signed(&head, &several, SEED)).await, 200);
    }

    /// No head makes a forged token good
    async fn twisted_heads_are_refused(app, |s| s.var("MASTHEAD_TOKEN_KEY", SEED_TEXT)) {
        let (head, claims) = parts(app);
        for alg in ["none", "None", "NONE", "", "HS256", "RS256", "ES256", "PS256", "EdDSA ", "eddsa", "Ed25519", "EdDSA\u{0}"] {
            let head = with(&head, "alg", json!(alg));
            refused(status(app, &signed(&head, &claims, SEED)).await, alg);
            refused(status(app, &format!("{}.{}.", encoded(&head), encoded(&claims))).await, alg);
        }
        // The public key is no secret, so what is signed with it as one is not either.
        for alg in ["HS256", "EdDSA"] {
            let head = with(&head, "alg", json!(alg));
            let x = public(SEED);
            for secret in [x.as_bytes(), &URL_SAFE_NO_PAD.decode(&x).unwrap(), b"", SEED_TEXT.as_bytes()] {
                refused(status(app, &hmac_signed(&head, &claims, secret)).await, "HMAC");
            }
        }
        for typ in [json!("JWT"), json!("jwt"), json!(""), json!("at+jwt "), json!("application/"), json!("logout+jwt"), json!(["at+jwt"]), Value::Null] {
            refused(status(app, &signed(&with(&head, "typ", typ.clone()), &claims, SEED)).await, &typ.to_string());
        }
        for kid in [json!(""), json!("unknown"), json!("../../../../dev/null"), json!("' OR '1'='1"), json!("x'; DROP TABLE signing_keys; --"),
            json!("/proc/self/environ"), json!("\u{0}"), json!(7), json!(null), json!([head["kid"]]), json!("k".repeat(5000))] {
            refused(status(app, &signed(&with(&head, "kid", kid.clone()), &claims, [0; 32])).await, "kid");
            refused(status(app, &signed(&with(&head, "kid", kid), &claims, SEED)).await, "kid");
        }
        for member in ["typ", "alg", "kid"] {
            refused(status(app, &signed(&without(&head, member), &claims, SEED)).await, member);
        }
        refused(status(app, &signed(&json!([head["alg"], head["typ"], head["kid"]]), &claims, SEED)).await, "array");
        let seven = [7; 32];
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": public(seven), "kid": head["kid"]});
        for (member, value) in [
            ("jwk", jwk.clone()),
            ("jku", json!("https://evil.example/jwks.json")),
            ("x5u", json!("https://evil.example/cert")),
            ("x5c", json!(["MIIB"])),
            ("crit", json!(["exp"])),
            ("crit", json!([])),
            ("crit", Value::Null),
        ] {
            let head = with(&head, member, value);
            refused(status(app, &signed(&head, &claims, seven)).await, member);
            // Not even one that is signed as it should be.
            refused(status(app, &signed(&head, &claims, SEED)).await, member);
        }
    }

    /// No claim may be missing, of another kind, or of somebody else
    async fn twisted_claims_are_refused(app, |s| s.var("MASTHEAD_TOKEN_KEY", SEED_TEXT)) {
        let (head, claims) = parts(app);
        let now = 1_768_449_600;
        for (member, value) in [
            ("exp", json!(now)), ("exp", json!(now - 1)), ("exp", json!(-1)), ("exp", json!("9999999999")), ("exp", json!(1e300)),
            ("exp", json!(null)), ("exp", json!([now + 900])),
            ("nbf", json!(now + 6)), ("nbf", json!("x")), ("iat", json!("x")),
            ("iss", json!("https://evil.example")), ("iss", json!("")), ("iss", json!([claims["iss"]])),
            ("aud", json!("https://evil.example")), ("aud", json!([])), ("aud", json!("")), ("aud", json!([["x"]])), ("aud", json!(7)),
            ("aud", json!(claims["iss"])),
            ("sub", json!("999")), ("sub", json!("")), ("sub", json!(1)), ("sub", json!("1 OR 1=1")), ("sub", json!("-1")),
            ("sid", json!(999)), ("sid", json!("1")), ("sid", json!(-1)), ("sid", json!(1.5)), ("sid", json!(null)),
        ] {
            refused(status(app, &signed(&head, &with(&claims, member, value.clone()), SEED)).await, &format!("{member} {value}"));
        }
        for member in ["iss", "aud", "sub", "exp", "nbf", "iat", "jti", "scope", "sid"] {
            refused(status(app, &signed(&head, &without(&claims, member), SEED)).await, member);
        }
        assert_eq!(status(app, &signed(&head, &with(&claims, "nbf", json!(now + 5)), SEED)).await, 200);
        // A token for signing in somewhere else looks like this.
        let id_token = json!({"iss": claims["iss"], "sub": claims["sub"], "aud": "client", "exp": now + 900, "iat": now, "nonce": "n"});
        refused(status(app, &signed(&head, &id_token, SEED)).await, "an ID token");
        // A session of somebody else, with one's own name.
        let other = app.token_with(None, &[]);
        let other: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(other.split('.').nth(1).unwrap()).unwrap()).unwrap();
        refused(status(app, &signed(&head, &with(&other, "sub", claims["sub"].clone()), SEED)).await, "the session of somebody else");
        // Fewer scopes are good for less.
        let narrow = signed(&head, &with(&claims, "scope", json!("articles_read unknown")), SEED);
        let answer = app.request("GET", "/api/v1/auth/me").bearer(&narrow).send().await;
        assert_eq!(answer.assert_status(200).json()["scopes"], json!(["articles_read"]));
    }

    /// A token that is signed by nobody known, or changed by one bit, is refused
    async fn wrong_signatures_are_refused(app, |s| s.var("MASTHEAD_TOKEN_KEY", SEED_TEXT)) {
        let (head, claims) = parts(app);
        let good = signed(&head, &claims, SEED);
        assert_eq!(status(app, &good).await, 200);
        refused(status(app, &signed(&head, &claims, [2; 32])).await, "a foreign key");
        refused(status(app, &signed(&head, &with(&claims, "sub", json!("2")), [2; 32])).await, "a foreign key");
        let (message, signature) = good.rsplit_once('.').unwrap();
        for end in [0, 1, 42, signature.len() - 1] {
            refused(status(app, &format!("{message}.{}", &signature[..end])).await, "cut");
        }
        for at in 0..signature.len() {
            let mut flipped = signature.as_bytes().to_vec();
            flipped[at] = if flipped[at] == b'A' { b'Q' } else { b'A' };
            let flipped = String::from_utf8(flipped).unwrap();
            refused(status(app, &format!("{message}.{flipped}")).await, "flipped");
        }
        let zero = URL_SAFE_NO_PAD.encode([0; 64]);
        let tail = &good[good.len() - 20..];
        for wrong in [
            format!("{message}.{zero}"), format!("{message}.{signature}="), format!("{message}.{signature}A"), format!("{good}."),
            format!(".{good}"), format!("{good}.{tail}"), message.to_owned(), "a.b.c".to_owned(), "...".to_owned(), "{}".to_owned(),
            format!("{}.{}.{signature}", encoded(&head), encoded(&with(&claims, "scope", json!("")))),
            "A".repeat(8000), good.repeat(8),
        ] {
            refused(status(app, &wrong).await, "malformed");
        }
        assert_eq!(status(app, &good).await, 200);
    }

    /// Garbage names of keys cost no look at the database
    async fn unknown_keys_cost_one_look(app) {
        let (head, claims) = parts(app);
        app.set_clock("2026-01-15T04:00:10Z");
        let before = app.statements();
        for n in 0..100 {
            refused(status(app, &signed(&with(&head, "kid", json!(format!("k{n}"))), &claims, SEED)).await, "kid");
        }
        assert!(app.statements() - before <= 1, "{}", app.statements() - before);
    }
}
