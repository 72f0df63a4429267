//! The application as a user runs it: on a database of its own, behind a real socket, with a clock that stands still.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use chrono::{DateTime, Utc};
use masthead::app::App;
use masthead::clock::Clock;
use masthead::config::Config;
use masthead::models::time::Ts;
use tempfile::TempDir;

use super::accounts::Tokens;
use super::database::{Backend, Database};

/// What the clock of a test shows unless it says otherwise: noon in the zone of the portals.
pub const NOW: &str = "2026-01-15T04:00:00Z";

/// Where an application of a test keeps files, within a folder of its own, and where they arrive.
const STORED: &str = "stored";
const INCOMING: &str = "incoming";

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

    /// Starts with these environment variables set besides.
    pub fn vars(mut self, vars: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.vars.extend(vars);
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
        let app = TestApp::start(setup, Arc::new(database));
        test(&app).await;
        app.stop().await;
    }
}

/// A running application.
pub struct TestApp {
    /// The composition root, for what does not go through HTTP.
    pub app: App,
    pub(super) client: awc::Client,
    /// Where it listens.
    pub address: SocketAddr,
    clock: Clock,
    pub(super) tokens: Tokens,
    server: ServerHandle,
    media: TempDir,
    // Last: the database outlives what is connected to it.
    database: Arc<Database>,
}

impl TestApp {
    /// Runs `test` against another instance on the same database, started at the same time with these environment variables.
    pub async fn beside(
        &self,
        vars: impl IntoIterator<Item = (&'static str, String)>,
        test: impl AsyncFnOnce(&Self),
    ) {
        let setup = Setup {
            now: self.clock.now(),
            ..Setup::new(self.database.backend())
        };
        let other = Self::start(setup.vars(vars), Arc::clone(&self.database));
        test(&other).await;
        other.stop().await;
    }

    fn start(setup: Setup, database: Arc<Database>) -> Self {
        let media = tempfile::Builder::new()
            .prefix("masthead-media-")
            .tempdir()
            .unwrap();
        let within = |folder| Some(media.path().join(folder).display().to_string());
        let config = Config::from_vars(|name| match setup.vars.get(name) {
            Some(value) => Some(value.clone()),
            None => match name {
                "DATABASE_URL" => Some(database.url.clone()),
                // Most tests are about what answers are made of; with this variable all of them run from memory where they can.
                "MASTHEAD_CACHE_MB" => Some(
                    std::env::var_os("MASTHEAD_TEST_CACHE_MB")
                        .map_or("0".to_owned(), |mb| mb.into_string().unwrap()),
                ),
                "MASTHEAD_MEDIA_STORAGE" => within(STORED),
                "MASTHEAD_MEDIA_INCOMING" => within(INCOMING),
                _ => None,
            },
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
            media,
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

    /// The folder in which files are kept, unless the test has named another storage.
    pub fn stored(&self) -> PathBuf {
        self.media.path().join(STORED)
    }

    /// The folder in which files arrive.
    pub fn incoming(&self) -> PathBuf {
        self.media.path().join(INCOMING)
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
