//! Tokens of an external identity provider, whose keys a small server inside the test gives out.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use diesel::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use masthead::schema::users;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::accounts::join_all;
use crate::support::app::Setup;
use crate::support::{TestApp, on_both};

const ISSUER: &str = "https://id.example.org";

/// Made for these tests.
const EC_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgghOjIpFU3DULuIlVCiwpv4BIZLlZHXGJRBY0T7KpSU2hRANCAASRg9/em10xAK\
    z+r0NNiYCbZF6KfoBKxapUatgux5gJ1huevj/oWlBLC5sHoxxKoUHhzhGFmqzIgkw5BWYpznWe";
const RSA_KEY: &str = "MIIEpAIBAAKCAQEAgvRrQp6GXnltExyF1XzofhKUUftAuQ/JhiLiLxhEwwRXqAFXOLV2zkXImXLInQunrKEHCzmokbLxCQTZfUJWJkus1efXbO\
    SKAOJI0xJLb6VnIjiSdmFXPTiCW+Xyhh2aP6AhH6wMHHQDNuhwl+Bk8h9IK3Ys5fAuilrEYOczQU0E1E9dAnftm7y0KM2IsxAjDRKG66+eUJpK\
    j/lbasQ5DVYAKekHmghOgh1gIL6W2N4m371LpP0YRkG0lhHvG1YjJkTevhz8fihsAMAvvgBN5UzkLT9mIsjCHPhdJhAOGfox8Co2C+Iw60N461\
    PuhP+mCnEJui0EwWU+6QLGHHC3+wIDAQABAoIBAA8y/DIGwTS85i6GLHhrX3amhGWBgnEYRn0Vlmf96pkx61SaFzwDP89QJSi+PE+R9zufkvg4\
    EHscqEIyOGYD6YjXVq+bEZNXcTcKDIbHBE9ohLBhnYo04RG/ec3dwgjT7b+9v6pz5xH0Wx0n3E2cY0sA23kD5dEoT9aKE2nl27qT4d692DxinB\
    DT22pnmeXswNl0pAH2m80ST1W/PeRP1Uhu+Bs21gRf8BUuR2Q29b0J1IXKWT36Mrfx+VXSKl7H3+Xjj5rybDMmqaFjug40iiNTwDahO5v+87HW\
    sUSA82NJOYWKNZ6nNVks2nGhbBoJOI2Am4+rTnbnGI5wPDivblECgYEAuTBkGUDCfGDP/ITuOslK2ktcqe8Dd+TdmK8garaPv6RPrzBptO4SYU\
    OqjC8N09qmPbDJTY+rAbIf88JpUDqsH/1zewA5xBV1ZfXZ+ce7rQ8ZFFcFUL7GSheYu60pZCmlXqTdvicM8wB1eDWF8gzgrVf6zeNorU7hxmnp\
    LZq7MFECgYEAtQcx/ggfARNZNtlMuYrXJWC3PozzCU2HEWyVCScdJdoH9s436khGWQnMnj9BINMNkf62XksNtepZvxVnjujvYxGL7M2e3HoJVx\
    3ivwJY4JWnr6ZAvUGYS99DONS49qGswbNE9TKZgODriAoIJtwRFetZ1998+IPgspWn+DmyvIsCgYEAqF7P04nmiXD4CK3PbxFOhfRY1oPh0mL5\
    +nTW807ymRnJ/Qz2PrLpcRc1e2jYmJJF7PbLv0HtB4istlI+r9v4XMlx8hX9b0LXTxFc0lV/U9PTSIPp6ETbQcf8bD3+0PtwSAF7PgSBKHp1Uw\
    rOsoh0ygWgmQq2REPg0CXBBF6W7FECgYEAlDq7DbZapMfSEl5mO7tbJckG4toJG4H26iaN9nunm1nnkYkUMetSZw/mE2HaE2WdxADcFWPBa0bk\
    i9mb/WHwup8ggxtvTDtFMKdRBnSGkAca0nIAqrduXBoJchyFA7YovkbrXRc8qFIDqlYEjMU/3EHlRCVEsD1UHQb8Df44w7cCgYBSuBBduFZk0T\
    6CIb6g4VZ0vHAeU6IZ5TXaf3cj/EO/XB/jYDuMPjeBcSqhTmIW4CfF9ClxhVFJQ7upePdC+FRcO3d296iPYQOWwsJpyRFlAUx1CuSJhgNy0pK9\
    QbtCkFqvHn32aE2pd7dc38lhM1aHDfl1c5xgfh1BhSErMPzOqg==";

/// What the provider's server answers, and how often it did.
#[derive(Clone)]
struct Provider {
    url: String,
    body: Arc<Mutex<Option<String>>>,
    asked: Arc<AtomicUsize>,
    /// Whether answers wait.
    is_slow: Arc<AtomicBool>,
}

impl Provider {
    fn start(keys: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let provider = Self {
            url: format!("http://{}/keys", listener.local_addr().unwrap()),
            body: Arc::default(),
            asked: Arc::default(),
            is_slow: Arc::default(),
        };
        provider.publish(keys);
        let this = provider.clone();
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                this.answer(stream.unwrap());
            }
        });
        provider
    }

    fn answer(&self, mut stream: TcpStream) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while lines
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        while self.is_slow.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        let answer = match &*self.body.lock().unwrap() {
            Some(body) if body.starts_with("HTTP/") => body.clone(),
            Some(body) => format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            ),
            None => {
                "HTTP/1.1 503 Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
            }
        };
        stream.write_all(answer.as_bytes()).ok();
    }

    fn publish(&self, keys: &[Value]) {
        self.say(json!({ "keys": keys }).to_string());
    }

    fn say(&self, body: String) {
        *self.body.lock().unwrap() = Some(body);
    }

    fn go_down(&self) {
        *self.body.lock().unwrap() = None;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// An application that trusts it.
    fn trusted(&self, setup: Setup) -> Setup {
        setup
            .var("MASTHEAD_OIDC_ISSUER", ISSUER)
            .var("MASTHEAD_OIDC_AUDIENCE", "news")
            .var("MASTHEAD_OIDC_JWKS_URL", self.url.as_str())
    }
}

/// A key of the provider.
struct Key {
    kid: &'static str,
    algorithm: Algorithm,
    encoding: EncodingKey,
}

impl Key {
    fn ed(kid: &'static str, seed: u8) -> Self {
        let head = [
            0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
        ];
        let encoding = EncodingKey::from_ed_der(&[head.as_slice(), &[seed; 32]].concat());
        Self {
            kid,
            algorithm: Algorithm::EdDSA,
            encoding,
        }
    }

    fn ec(kid: &'static str) -> Self {
        let encoding = EncodingKey::from_ec_der(&STANDARD.decode(EC_KEY).unwrap());
        Self {
            kid,
            algorithm: Algorithm::ES256,
            encoding,
        }
    }

    fn rsa(kid: &'static str) -> Self {
        let encoding = EncodingKey::from_rsa_der(&STANDARD.decode(RSA_KEY).unwrap());
        Self {
            kid,
            algorithm: Algorithm::RS256,
            encoding,
        }
    }

    /// As the provider publishes it.
    fn public(&self) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&self.encoding, self.algorithm).unwrap())
                .unwrap();
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    /// A token of the provider that claims what is usual, changed by `head` and `claims`.
    fn token(&self, head: &Value, claims: &Value) -> String {
        let mut all = [
            json!({"typ": "at+jwt", "alg": format!("{:?}", self.algorithm), "kid": self.kid}),
            json!({"iss": ISSUER, "aud": "news", "sub": "u-1", "exp": 1_768_449_600 + 600, "iat": 1_768_449_600, "jti": "j"}),
        ];
        for (whole, changes) in all.iter_mut().zip([head, claims]) {
            for (member, value) in changes.as_object().unwrap() {
                match value {
                    Value::Null => whole.as_object_mut().unwrap().remove(member),
                    value => whole
                        .as_object_mut()
                        .unwrap()
                        .insert(member.clone(), value.clone()),
                };
            }
        }
        let message = all
            .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
            .join(".");
        let signature = crypto::sign(message.as_bytes(), &self.encoding, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }

    fn plain(&self) -> String {
        self.token(&json!({}), &json!({}))
    }
}

/// An account that the provider knows as `subject`.
fn account(app: &TestApp, email: &str, subject: Option<&str>) -> i64 {
    let id = app.account(email, "editor");
    diesel::update(users::table.find(id))
        .set(users::external_subject.eq(subject))
        .execute(&mut app.database().connect())
        .unwrap();
    id
}

async fn status(app: &TestApp, token: &str) -> u16 {
    me(app, token).await.status
}

async fn me(app: &TestApp, token: &str) -> crate::support::client::Answer {
    app.request("GET", "/api/v1/auth/me")
        .bearer(token)
        .send()
        .await
}

thread_local! {
    static PROVIDER: RefCell<Option<Provider>> = const { RefCell::new(None) };
}

/// The application of a test that trusts a new provider.
fn trusting(setup: Setup) -> Setup {
    let provider = Provider::start(&[
        Key::ed("e", 1).public(),
        Key::ec("c").public(),
        Key::rsa("r").public(),
    ]);
    let setup = provider.trusted(setup);
    PROVIDER.set(Some(provider));
    setup
}

/// The provider of the running test.
fn provider() -> Provider {
    PROVIDER.with_borrow(Clone::clone).unwrap()
}

on_both! {
    /// Each kind of key is accepted; the account is the one with the subject
    async fn the_provider_is_believed(app, trusting) {
        let id = account(app, "a@example.org", Some("u-1"));
        for key in [Key::ed("e", 1), Key::ec("c"), Key::rsa("r")] {
            let body = me(app, &key.plain()).await.assert_status(200).json();
            assert_eq!((&body["id"], &body["role"], &body["session"]), (&json!(id), &json!("editor"), &Value::Null));
            assert_eq!(body["scopes"], json!(["articles_read", "articles_write", "structure_read", "structure_write"]));
        }
        assert_eq!(provider().asked(), 1);
        let scoped = Key::ed("e", 1).token(&json!({}), &json!({"scope": "openid articles_read profile", "aud": ["other", "news"]}));
        assert_eq!(me(app, &scoped).await.json()["scopes"], json!(["articles_read"]));
        for foreign in [json!("openid profile"), json!(""), json!([]), json!(7)] {
            let token = Key::ed("e", 1).token(&json!({}), &json!({"scope": foreign}));
            assert_eq!(me(app, &token).await.assert_status(200).json()["scopes"], json!([]));
        }
        // Other providers have other types.
        let odd = json!({"sid": "f-1", "jti": 7, "email": {"x": 1}, "scope": ["openid", "users_write", "articles_read"]});
        let odd = me(app, &Key::ed("e", 1).token(&json!({}), &odd)).await.assert_status(200).json();
        assert_eq!((&odd["id"], &odd["scopes"], &odd["session"]), (&json!(id), &json!(["articles_read", "users_write"]), &Value::Null));
        // Own tokens are good as well.
        assert_eq!(status(app, &app.token("reader")).await, 200);
    }

    /// What a token is good for that does not say so can be set
    async fn default_scopes_may_be_set(app, |s| trusting(s).var("MASTHEAD_OIDC_DEFAULT_SCOPES", "users_read, audit_read")) {
        account(app, "a@example.org", Some("u-1"));
        assert_eq!(me(app, &Key::ed("e", 1).plain()).await.json()["scopes"], json!(["users_read", "audit_read"]));
    }

    /// Without a subject that is known, a verified address counts; nobody else has an account
    async fn a_verified_address_counts(app, trusting) {
        let id = account(app, "Li.Na@example.org", None);
        account(app, "taken@example.org", Some("u-9"));
        account(app, "kim@example.org", None);
        let text = account(app, "text@example.org", None);
        let closed = account(app, "closed@example.org", None);
        diesel::update(users::table.find(closed)).set(users::is_active.eq(false)).execute(&mut app.database().connect()).unwrap();
        let key = Key::ed("e", 1);
        let with = |claims: Value| key.token(&json!({}), &claims);
        let address = |sub: &str, email: &str| with(json!({"sub": sub, "email": email, "email_verified": true}));
        for claims in [
            json!({}),
            json!({"email": "li.na@example.org"}),
            json!({"email": "li.na@example.org", "email_verified": false}),
            json!({"email": "li.na@example.org", "email_verified": 1}),
            json!({"email": "nobody@example.org", "email_verified": true}),
            // Somebody else's, by another subject.
            json!({"email": "taken@example.org", "email_verified": true}),
            json!({"email": "closed@example.org", "email_verified": true}),
            // These only look like the address.
            json!({"email": "\u{ff4b}im@example.org", "email_verified": true}),
            json!({"email": "\u{212a}im@example.org", "email_verified": true}),
            json!({"email": "\u{0}", "email_verified": true, "sub": "\u{0}"}),
            json!({"email": "li.na@example.org", "email_verified": true, "sub": ""}),
            json!({"email": "li.na@example.org", "email_verified": true, "sub": "s".repeat(2000)}),
        ] {
            me(app, &with(claims.clone())).await.assert_problem(401, "invalid_token");
        }
        // From the first time on the account is the subject's, whatever becomes of the address.
        let tokens = (0..20).map(|n| address(&format!("u-{}", n % 2), "li.na@EXAMPLE.org"));
        let statuses = join_all(tokens.map(|token| async move { status(app, &token).await })).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 10, "{statuses:?}");
        let log = masthead::schema::audit_log::table.filter(masthead::schema::audit_log::action.eq("link_subject"));
        assert_eq!(log.count().get_result(&mut app.database().connect()), Ok(1));
        let (owner, other) = if statuses[0] == 200 { ("u-0", "u-1") } else { ("u-1", "u-0") };
        assert_eq!(me(app, &with(json!({"sub": owner}))).await.assert_status(200).json()["id"], id);
        me(app, &address(other, "li.na@example.org")).await.assert_problem(401, "invalid_token");
        let stored: Option<String> = users::table.find(id).select(users::external_subject).first(&mut app.database().connect()).unwrap();
        assert_eq!(stored.as_deref(), Some(owner));
        let found = me(app, &with(json!({"sub": "t", "email": "text@example.org", "email_verified": "true"}))).await;
        assert_eq!(found.assert_status(200).json()["id"], text);
        let close = "UPDATE users SET is_active = false";
        diesel::sql_query(close).execute(&mut app.database().connect()).unwrap();
        me(app, &with(json!({"sub": owner}))).await.assert_problem(401, "invalid_token");
    }

    /// Who hangs up while the keys are fetched does not have them fetched again
    async fn hanging_up_fetches_nothing_more(app, trusting) {
        account(app, "a@example.org", Some("u-1"));
        let provider = provider();
        provider.is_slow.store(true, Ordering::SeqCst);
        let until_asked = async {
            while provider.asked() == 0 {
                tokio::task::yield_now().await;
            }
        };
        let token = Key::ed("e", 1).plain();
        tokio::select! {
            answer = me(app, &token) => panic!("{answer}"),
            () = until_asked => {}
        }
        let until_seen = async {
            // The server takes note of who is gone while it serves others.
            for _ in 0..20 {
                app.get("/api/v1/sites").await.assert_status(200);
            }
            provider.is_slow.store(false, Ordering::SeqCst);
        };
        let (answer, ()) = tokio::join!(me(app, &token), until_seen);
        answer.assert_status(200);
        assert_eq!(provider.asked(), 1);
    }

    /// What is not meant for this server, or not good now, is refused
    async fn other_tokens_of_the_provider_are_refused(app, trusting) {
        account(app, "a@example.org", Some("u-1"));
        let now = 1_768_449_600;
        for (head, claims) in [
            (json!({}), json!({"aud": "other"})),
            (json!({}), json!({"aud": []})),
            (json!({}), json!({"exp": now})),
            (json!({}), json!({"exp": null})),
            (json!({}), json!({"nbf": now + 6})),
            (json!({}), json!({"sub": null})),
            (json!({}), json!({"iat": null})),
            (json!({}), json!({"iss": "https://id.example.org/"})),
            (json!({}), json!({"iss": "http://127.0.0.1:8080"})),
            (json!({"typ": "JWT"}), json!({})),
            (json!({"typ": null}), json!({})),
            (json!({"kid": null}), json!({})),
            (json!({"kid": "unknown"}), json!({})),
            (json!({"crit": ["exp"]}), json!({})),
            (json!({"jku": "https://evil.example"}), json!({})),
        ] {
            let token = Key::ed("e", 1).token(&head, &claims);
            me(app, &token).await.assert_problem(401, "invalid_token");
        }
        me(app, &Key::ed("e", 2).plain()).await.assert_problem(401, "invalid_token");
        // This server's own keys do not speak for the provider.
        let issued = app.token("admin");
        let (message, _) = issued.rsplit_once('.').unwrap();
        assert_eq!(status(app, &format!("{message}.{}", Key::ed("e", 1).plain().rsplit_once('.').unwrap().1)).await, 401);
    }

    /// A key is good for its own algorithm only
    async fn algorithms_are_not_confused(app, trusting) {
        account(app, "a@example.org", Some("u-1"));
        let keys = [Key::ed("e", 1), Key::ec("c"), Key::rsa("r")];
        for key in &keys {
            for other in ["e", "c", "r"] {
                for alg in ["EdDSA", "ES256", "RS256", "PS256", "RS512", "ES384", "HS256", "none"] {
                    let is_right = key.kid == other && alg == format!("{:?}", key.algorithm);
                    let token = key.token(&json!({"kid": other, "alg": alg}), &json!({}));
                    let expected = if is_right { 200 } else { 401 };
                    assert_eq!(status(app, &token).await, expected, "{} as {other} with {alg}", key.kid);
                }
            }
        }
        // The public key as a secret: the classic.
        let public = Key::rsa("r").public();
        let modulus = public["n"].as_str().unwrap();
        for secret in [modulus.as_bytes(), &URL_SAFE_NO_PAD.decode(modulus).unwrap(), public.to_string().as_bytes(), b""] {
            let token = Key::rsa("r").token(&json!({"alg": "HS256"}), &json!({}));
            let (message, _) = token.rsplit_once('.').unwrap();
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            mac.update(message.as_bytes());
            let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
            assert_eq!(status(app, &forged).await, 401);
        }
    }

    /// A list of algorithms and types holds
    async fn the_lists_of_algorithms_and_types_hold(app, |s| trusting(s)
        .var("MASTHEAD_OIDC_ALGORITHMS", "ES256").var("MASTHEAD_OIDC_TYPES", "JWT")) {
        account(app, "a@example.org", Some("u-1"));
        assert_eq!(status(app, &Key::ec("c").token(&json!({"typ": "JWT"}), &json!({}))).await, 200);
        assert_eq!(status(app, &Key::ec("c").plain()).await, 401);
        assert_eq!(status(app, &Key::rsa("r").token(&json!({"typ": "JWT"}), &json!({}))).await, 401);
        assert_eq!(status(app, &Key::ed("e", 1).token(&json!({"typ": "JWT"}), &json!({}))).await, 401);
    }

    /// Keys that are not for signing, or for another algorithm, or of no known kind, are passed over
    async fn unfit_keys_are_passed_over(app, trusting) {
        account(app, "a@example.org", Some("u-1"));
        let change = |key: &Key, member: &str, value: Value| {
            let mut public = key.public();
            public[member] = value;
            public
        };
        let (ed, rsa) = (Key::ed("e", 1), Key::rsa("r"));
        let mut at = 0;
        for keys in [
            vec![change(&ed, "use", json!("enc"))],
            vec![change(&ed, "key_ops", json!(["sign"]))],
            vec![change(&ed, "alg", json!("ES256"))],
            vec![change(&ed, "crv", json!("X25519"))],
            vec![change(&ed, "kty", json!("oct")), json!({"kty": "oct", "kid": "e", "k": "c2VjcmV0"})],
            vec![change(&ed, "x", json!("AAAA"))],
            vec![json!(7), json!({}), json!({"kty": "OKP"})],
            vec![],
        ] {
            provider().publish(&keys);
            at += 1;
            app.set_clock(&format!("2026-01-15T04:0{at}:00Z"));
            assert_eq!(status(app, &ed.plain()).await, 401, "{keys:?}");
        }
        provider().publish(&[json!("x"), change(&rsa, "alg", json!("RS256")), change(&ed, "alg", json!("EdDSA"))]);
        app.set_clock("2026-01-15T04:09:00Z");
        for key in [ed, rsa] {
            me(app, &key.plain()).await.assert_status(200);
        }
    }

    /// A new key is fetched when its first token comes, at most every thirty seconds
    async fn the_provider_changes_its_keys(app, trusting) {
        account(app, "a@example.org", Some("u-1"));
        let (old, new) = (Key::ed("e", 1), Key::ed("new", 2));
        assert_eq!(status(app, &old.plain()).await, 200);
        provider().publish(&[new.public()]);
        for _ in 0..20 {
            assert_eq!(status(app, &new.plain()).await, 401);
        }
        assert_eq!(provider().asked(), 1);
        app.set_clock("2026-01-15T04:00:30Z");
        let all = join_all((0..20).map(|_| async { status(app, &Key::ed("new", 2).plain()).await })).await;
        assert_eq!(all, [200; 20]);
        assert_eq!(provider().asked(), 2);
        assert_eq!(status(app, &old.plain()).await, 401);
        // After ten minutes it is asked again anyway.
        app.set_clock("2026-01-15T04:10:30Z");
        let long = new.token(&json!({}), &json!({"exp": 1_768_449_600 + 90_000 }));
        assert_eq!(status(app, &long).await, 200);
        assert_eq!(provider().asked(), 3);
    }

    /// While the provider is down its last keys are good for a day; without any the answer is 503, and own tokens do not mind
    async fn the_provider_is_down(app, trusting) {
        account(app, "a@example.org", Some("u-1"));
        let long = Key::ed("e", 1).token(&json!({}), &json!({"exp": 1_768_449_600 + 200_000 }));
        let own = app.token("admin");
        provider().go_down();
        me(app, &long).await.assert_problem(503, "unavailable");
        assert_eq!(status(app, &own).await, 200);
        me(app, &long).await.assert_problem(503, "unavailable");
        assert_eq!(provider().asked(), 1);
        for nonsense in ["no json", "[]", "{\"keys\": 7}", &format!("{{\"keys\": [\"{}\"]}}", "x".repeat(300_000)),
            "HTTP/1.1 302 Found\r\nLocation: /keys\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"] {
            provider().say(nonsense.to_owned());
            let later = app.now().0 + chrono::TimeDelta::seconds(30);
            app.set_clock(&later.to_rfc3339());
            me(app, &long).await.assert_problem(503, "unavailable");
        }
        provider().publish(&[Key::ed("e", 1).public()]);
        app.set_clock("2026-01-15T04:04:00Z");
        assert_eq!(status(app, &long).await, 200);
        provider().go_down();
        app.set_clock("2026-01-16T04:03:00Z");
        assert_eq!(status(app, &long).await, 200);
        app.set_clock("2026-01-16T04:05:00Z");
        me(app, &long).await.assert_problem(503, "unavailable");
    }

    /// Nobody is trusted unless configured
    async fn without_a_provider_its_tokens_are_refused(app) {
        account(app, "a@example.org", Some("u-1"));
        me(app, &Key::ed("e", 1).plain()).await.assert_problem(401, "invalid_token");
    }
}
