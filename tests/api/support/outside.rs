//! A caller of a server in a process of its own, from whichever thread: it sends and waits. Looks at nothing but answers.

use masthead::clock::Clock;
use masthead::models::access::{Role, Scope};
use masthead::models::time::Ts;
use masthead::models::user::{NewApiKey, UserContent};
use masthead::service::access::make_key;
use masthead::store;
use serde_json::Value;

use super::database::Database;
use super::media::Form;

/// Somebody with an API key for everything.
#[derive(Clone)]
pub struct Outside {
    agent: ureq::Agent,
    key: String,
    start: String,
}

/// A status and a body; `None` where the server went away meanwhile.
pub type Got = Option<(u16, Vec<u8>)>;

impl Outside {
    /// A new admin with a key, made behind the back of whoever serves this database, which is migrated.
    pub fn new(database: &Database) -> Self {
        let conn = &mut database.connect();
        let content = UserContent {
            email: "outside@example.org".to_owned(),
            name: "Outside".to_owned(),
            role: Some(Role::Admin),
            grants: Vec::new(),
            is_active: true,
            external_subject: None,
        };
        let now = Ts::from(Clock::system().now());
        let user_id = store::users::insert(conn, &content, None, now).unwrap();
        let made = make_key().unwrap();
        let key = NewApiKey {
            user_id,
            name: "outside".to_owned(),
            prefix: made.prefix,
            digest: made.digest,
            scopes: Scope::ALL.to_vec(),
            expires_at: None,
        };
        store::api_keys::insert(conn, &key, now).unwrap();
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        Self {
            agent: config.build().new_agent(),
            key: format!("Bearer {}", made.key),
            start: String::new(),
        }
    }

    /// The same caller of a server at `address`.
    pub fn at(&self, address: &str) -> Self {
        Self {
            start: format!("http://{address}"),
            // Connections are of one server.
            agent: ureq::Agent::new_with_config(self.agent.config().clone()),
            key: self.key.clone(),
        }
    }

    /// What says who calls.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The answer to an upload.
    pub fn upload(&self, form: &Form) -> Got {
        let url = format!("{}/api/v1/manage/media", self.start);
        let request = self.agent.post(url).header("authorization", &self.key);
        let request = request.header("content-type", form.content_type());
        got(request.send(form.bytes()))
    }

    /// The answer to a DELETE of a media.
    pub fn delete(&self, id: &Value) -> Got {
        let url = format!("{}/api/v1/manage/media/{id}", self.start);
        let request = self.agent.delete(url).header("authorization", &self.key);
        got(request.header("if-match", "*").call())
    }

    /// The answer to a request below `/api/v1/manage`, to whichever version is there.
    pub fn call(&self, method: &str, path: &str, body: Option<Value>) -> Got {
        let url = format!("{}/api/v1/manage{path}", self.start);
        let request = ureq::http::Request::builder().method(method).uri(url);
        let request = request
            .header("authorization", &self.key)
            .header("if-match", "*");
        let request = request.header("content-type", "application/json");
        got(match body {
            Some(body) => self.agent.run(request.body(body.to_string()).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        })
    }

    /// The answer to a GET.
    pub fn get(&self, path: &str) -> Got {
        got(self.agent.get(format!("{}{path}", self.start)).call())
    }
}

fn got(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Got {
    let mut answer = answer.ok()?;
    let body = answer
        .body_mut()
        .with_config()
        .limit(256 << 20)
        .read_to_vec();
    Some((answer.status().as_u16(), body.ok()?))
}
