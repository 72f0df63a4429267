//! The application as a user runs it: on a database of its own, behind a real socket, with a clock that stands still.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use chrono::{DateTime, Utc};
use masthead::app::App;
use masthead::clock::Clock;
use masthead::config::Config;
use masthead::models::time::Ts;

use super::accounts::Tokens;
use super::database::{Backend, Database};

/// What the clock of a test shows unless it says otherwise: noon in the zone of the portals.
pub const NOW: &str = "2026-01-15T04:00:00Z";

/// How a test's application starts.
pub struct Setup {
    backend: Backend,
    now: DateTime<Utc>,
    vars: BTreeMap<&'static str, String>,
}

impl Setup {
    /// Starts with one worker at [`NOW`].
    pub fn new(backend: Backend) -> Self {
        Self {
            backend,
            now: instant(NOW),
            vars: BTreeMap::from([("MASTHEAD_WORKERS", "1".to_owned())]),
        }
    }

    /// Starts with the environment variable `name` set to `value`.
    pub fn var(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.vars.insert(name, value.into());
        self
    }

    /// Starts as `change` says.
    pub fn with(self, change: impl FnOnce(Self) -> Self) -> Self {
        change(self)
    }
}

/// Runs `test` against an application started as `setup` says, and stops it. Where the database may be skipped
/// and its programs are missing, does nothing.
pub async fn run(setup: Setup, test: impl AsyncFnOnce(&TestApp)) {
    if let Some(database) = Database::migrated(setup.backend) {
        let app = TestApp::start(setup, database);
        test(&app).await;
        app.stop().await;
    }
}

/// A running application.
pub struct TestApp {
    /// The composition root, for what does not go through HTTP.
    pub app: App,
    pub(super) client: awc::Client,
    pub(super) address: SocketAddr,
    clock: Clock,
    pub(super) tokens: Tokens,
    server: ServerHandle,
    // Last: the database outlives what is connected to it.
    database: Database,
}

impl TestApp {
    fn start(setup: Setup, database: Database) -> Self {
        let config = Config::from_vars(|name| match name {
            "DATABASE_URL" => Some(database.url.clone()),
            name => setup.vars.get(name).cloned(),
        })
        .unwrap();
        let clock = Clock::fixed(setup.now);
        let app = App::open(config, clock.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = app.listen(listener).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        // Shorter than the server keeps idle connections: one that it closes just then would be a request lost.
        let connector = awc::Connector::new().conn_keep_alive(Duration::from_secs(2));
        let client = awc::Client::builder()
            .connector(connector)
            .disable_redirects()
            .timeout(Duration::from_secs(30))
            .finish();
        Self {
            app,
            client,
            address,
            clock,
            tokens: Tokens::default(),
            server: handle,
            database,
        }
    }

    /// Stops the server once it has answered what it has begun.
    async fn stop(self) {
        // Idle connections would hold up the server.
        drop(self.client);
        self.server.stop(true).await;
    }

    /// Moves the clock to `now`, RFC 3339.
    pub fn set_clock(&self, now: &str) {
        self.clock.set(instant(now));
    }

    /// What the clock shows.
    pub fn now(&self) -> Ts {
        self.clock.now().into()
    }

    /// SQL statements that the application has run so far.
    pub fn statements(&self) -> u64 {
        self.app.statements()
    }

    /// The database behind it.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

/// The instant that `text` names, RFC 3339.
fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}
