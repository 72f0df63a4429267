//! Typed settings, read from the environment once at the start. The only reader of the environment; it knows nothing of what the settings do.
//!
//! Every fault is collected before anything is said, so that one failed start names all of them. `.env.example` explains each variable.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use url::Url;

/// Every variable this program reads under its own prefix.
const VARIABLES: [&str; 51] = [
    "MASTHEAD_BIND",
    "MASTHEAD_CORS_ORIGINS",
    "MASTHEAD_COUNTER_ADDRESS_LIMIT",
    "MASTHEAD_COUNTER_BATCH",
    "MASTHEAD_COUNTER_BOTS_FILE",
    "MASTHEAD_COUNTER_DAYS_KEPT",
    "MASTHEAD_COUNTER_WINDOW_S",
    "MASTHEAD_CURSOR_KEY",
    "MASTHEAD_DATABASE_CONNECTIONS",
    "MASTHEAD_DATABASE_QUEUE",
    "MASTHEAD_DATABASE_TIMEOUT_S",
    "MASTHEAD_HEADER_TIMEOUT_S",
    "MASTHEAD_LOG",
    "MASTHEAD_LOG_FORMAT",
    "MASTHEAD_MAX_BODY_BYTES",
    "MASTHEAD_MAX_CONNECTIONS",
    "MASTHEAD_MEDIA_INCOMING",
    "MASTHEAD_MEDIA_MAX_BYTES",
    "MASTHEAD_MEDIA_MAX_PIXELS",
    "MASTHEAD_MEDIA_S3_ACCESS_KEY_ID",
    "MASTHEAD_MEDIA_S3_ALLOW_HTTP",
    "MASTHEAD_MEDIA_S3_ENDPOINT",
    "MASTHEAD_MEDIA_S3_REGION",
    "MASTHEAD_MEDIA_S3_SECRET_ACCESS_KEY",
    "MASTHEAD_MEDIA_STALL_S",
    "MASTHEAD_MEDIA_STORAGE",
    "MASTHEAD_MEDIA_TYPES",
    "MASTHEAD_MEDIA_WIDTHS",
    "MASTHEAD_REVISIONS_KEPT",
    "MASTHEAD_REVISIONS_MAX_AGE_DAYS",
    "MASTHEAD_SEARCH_CACHE_MB",
    "MASTHEAD_SEND_TIMEOUT_S",
    "MASTHEAD_CACHE_MB",
    "MASTHEAD_CACHE_SHARED_S",
    "MASTHEAD_CACHE_STALE_S",
    "MASTHEAD_CACHE_ERROR_S",
    "MASTHEAD_OIDC_ALGORITHMS",
    "MASTHEAD_OIDC_AUDIENCE",
    "MASTHEAD_OIDC_DEFAULT_SCOPES",
    "MASTHEAD_OIDC_ISSUER",
    "MASTHEAD_OIDC_JWKS_URL",
    "MASTHEAD_OIDC_TYPES",
    "MASTHEAD_PUBLIC_URL",
    "MASTHEAD_REQUEST_TIMEOUT_S",
    "MASTHEAD_RESCAN_SECONDS",
    "MASTHEAD_SHUTDOWN_TIMEOUT_S",
    "MASTHEAD_TOKEN_AUDIENCE",
    "MASTHEAD_TOKEN_ISSUER",
    "MASTHEAD_TOKEN_KEY",
    "MASTHEAD_TRUSTED_PROXIES",
    "MASTHEAD_WORKERS",
];

/// What is logged where nobody says otherwise; the server library tells only of trouble, the pool
/// nothing that its errors do not say.
const DEFAULT_LOG: &str = "info,actix_server=warn,r2d2=off";

/// The variable that names replicas.
const REPLICAS: &str = "DATABASE_REPLICA_URLS";

/// The fewest bytes a key for signing may have.
const KEY_BYTES: usize = 32;

/// Algorithms that an identity provider may sign with, as JOSE calls them. All are asymmetric: what verifies cannot sign.
const OIDC_ALGORITHMS: [&str; 9] = [
    "EdDSA", "ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
];

/// What a token may be used for.
const SCOPES: [&str; 7] = [
    "articles_read",
    "articles_write",
    "structure_read",
    "structure_write",
    "users_read",
    "users_write",
    "audit_read",
];

/// What a token of an identity provider may be used for that does not say so: all but accounts and the audit log.
const OIDC_DEFAULT_SCOPES: [&str; 4] = [
    "articles_read",
    "articles_write",
    "structure_read",
    "structure_write",
];

/// The settings of one process.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the data is.
    pub database: Database,
    /// Where copies of it are that may be read, in PostgreSQL.
    pub database_replicas: Vec<Database>,
    /// Connections for reading on SQLite, all connections on PostgreSQL; as many to each replica.
    pub database_connections: u32,
    /// How long a request waits for a connection.
    pub database_timeout: Duration,
    /// How many requests wait for each connection; more are refused at once.
    pub queue: usize,
    /// The address to listen on.
    pub bind: SocketAddr,
    /// How clients reach this server: scheme, host and optional path, without a trailing slash.
    pub public_url: String,
    /// Threads that serve requests.
    pub workers: usize,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// How long a client may take nothing of its answer.
    pub send_timeout: Duration,
    /// Connections of clients that are open at a time; further ones wait to be accepted.
    pub max_connections: usize,
    /// How long running requests may take to finish once the server stops.
    pub shutdown_timeout: Duration,
    /// The largest request body that is read.
    pub max_body_bytes: usize,
    /// Where files are kept and what is taken.
    pub media: MediaConfig,
    /// How many of the newest revisions of an article are kept; 0 stands for all.
    pub revisions_kept: u32,
    /// Memory for what searches have read of the index, in MiB.
    pub search_cache_mb: u32,
    /// MiB of memory for answers that are kept; 0 keeps none.
    pub cache_mb: u32,
    /// For how many days revisions are kept after the next one came; 0 stands for ever.
    pub revisions_max_age_days: u32,
    /// How often it is looked for injected text that came behind the back of the API.
    pub rescan_every: Duration,
    /// How readers are counted.
    pub counter: CounterConfig,
    /// Seconds that shared caches may keep public answers.
    pub cache_shared_s: u32,
    /// Seconds that they may go on serving one while they fetch the next.
    pub cache_stale_s: u32,
    /// Seconds that they may go on serving one while this server fails.
    pub cache_error_s: u32,
    /// Which events are logged, as `tracing-subscriber` directives.
    pub log: String,
    /// How events are written.
    pub log_format: LogFormat,
    /// The key that signs cursors; `None` leaves it to the one kept in the database.
    pub cursor_key: Option<Secret>,
    /// The `iss` of access tokens.
    pub token_issuer: String,
    /// The `aud` of access tokens.
    pub token_audience: String,
    /// Ed25519 seeds of the keys for access tokens, the first signs; none leaves it to those kept in the database.
    pub token_keys: TokenKeys,
    /// Networks whose `X-Forwarded-For` is believed, each as an address and the bits of it that count.
    pub trusted_proxies: Vec<(IpAddr, u8)>,
    /// Origins whose scripts may use management.
    pub cors_origins: Vec<String>,
    /// Whose tokens are accepted besides.
    pub identity_provider: Option<IdentityProvider>,
}

/// An external provider of identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// What must stand in their `aud`.
    pub audience: String,
    /// Where its keys are.
    pub jwks_url: String,
    /// The algorithms that it may use.
    pub algorithms: Vec<String>,
    /// The types that its tokens may have, in lower case.
    pub types: Vec<String>,
    /// What those of its tokens may be used for that do not say so.
    pub default_scopes: Vec<String>,
}

/// Files: where they are kept, what is taken.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// Where the bytes are kept.
    pub storage: MediaStorage,
    /// The folder in which files arrive.
    pub incoming: PathBuf,
    /// The largest file that is taken.
    pub max_bytes: u64,
    /// The most pixels that a picture may have.
    pub max_pixels: u64,
    /// The media types that are taken; none stands for all that are known.
    pub types: Vec<String>,
    /// Widths in pixels of the smaller copies of pictures, rising.
    pub widths: Vec<u32>,
    /// How long nothing of a file may arrive.
    pub stall: Duration,
}

/// Counters: what counts, and how long it is kept.
#[derive(Debug, Clone)]
pub struct CounterConfig {
    /// Seconds within which a visitor counts once for the same thing.
    pub window_s: u32,
    /// Visitors that count for the same thing from one address within the window.
    pub address_limit: u32,
    /// A file with more words that tell programs by their user agent, one a line.
    pub bots_file: Option<PathBuf>,
    /// Days for which numbers of single days and weeks are kept.
    pub days_kept: i32,
    /// Most requests that share a commit.
    pub batch: usize,
}

/// Where the bytes of files are kept.
#[derive(Debug, Clone)]
pub enum MediaStorage {
    /// A folder on this machine, or one that all instances share.
    Folder(PathBuf),
    /// A bucket of an S3-compatible storage.
    Bucket {
        /// Its name.
        bucket: String,
        /// What the keys of objects begin with; empty for nothing.
        prefix: String,
        /// Where the storage is; `None` stands for Amazon's own address.
        endpoint: Option<String>,
        /// Its region.
        region: String,
        /// Who this server is there.
        access_key_id: String,
        /// What proves that.
        secret_access_key: Secret,
        /// Whether it may be reached without TLS.
        allow_http: bool,
    },
}

/// How log events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line an event.
    Text,
    /// One JSON object an event.
    Json,
}

/// Where the data is. `Display` and `Debug` never show a password.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file on this machine.
    Sqlite {
        /// The file, made at the first start.
        path: PathBuf,
    },
    /// A PostgreSQL server.
    Postgres {
        /// The connection URI as libpq takes it, password and all.
        url: String,
    },
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "sqlite:{}", path.display()),
            Self::Postgres { url } => f.write_str(&redacted(url)),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

/// Bytes that must not be shown.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Ed25519 seeds, which must not be shown.
#[derive(Clone, Default)]
pub struct TokenKeys(Vec<[u8; KEY_BYTES]>);

impl TokenKeys {
    /// The seeds themselves.
    pub fn expose(&self) -> &[[u8; KEY_BYTES]] {
        &self.0
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// One setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// The variable.
    pub variable: String,
    /// Its value, or `None` where that is a secret or beside the point.
    pub value: Option<String>,
    /// What is wrong and how to mend it.
    pub mend: String,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}=`{value}`: {}", self.variable, self.mend),
            None => write!(f, "{}: {}", self.variable, self.mend),
        }
    }
}

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<ConfigFault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for ConfigFaults {}

impl Config {
    /// The settings in this process's environment. Unlike [`Config::from_vars`] it also refuses `MASTHEAD_` variables that nothing reads.
    ///
    /// # Errors
    ///
    /// All faults at once.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one reader of the environment"
    )]
    pub fn from_env() -> Result<Self, ConfigFaults> {
        let mut faults = Vec::new();
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let known = VARIABLES.contains(&name.as_str());
            if name.starts_with("MASTHEAD_") && !known {
                faults.push(unknown(&name));
            } else if (known || name == "DATABASE_URL" || name == REPLICAS)
                && value.to_str().is_none()
            {
                faults.push(ConfigFault {
                    variable: name,
                    value: None,
                    mend: "is not UTF-8".to_owned(),
                });
            }
        }
        faults.sort_by(|a, b| a.variable.cmp(&b.variable));
        Self::read(|name| std::env::var(name).ok(), faults)
    }

    /// The settings that `vars` gives by variable name. An empty value counts as none.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub fn from_vars(vars: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigFaults> {
        Self::read(vars, Vec::new())
    }

    fn read(
        vars: impl Fn(&str) -> Option<String>,
        faults: Vec<ConfigFault>,
    ) -> Result<Self, ConfigFaults> {
        let mut reader = Reader { vars, faults };
        let database = reader.parsed(
            "DATABASE_URL",
            || Database::Sqlite {
                path: PathBuf::from("masthead.db"),
            },
            parse_database,
        );
        let database_replicas = reader.replicas(&database);
        let connections = match database {
            Database::Sqlite { .. } => 4,
            Database::Postgres { .. } => 10,
        };
        let bind = reader.parsed(
            "MASTHEAD_BIND",
            || SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            |v| {
                v.parse()
                    .map_err(|_| "must be an IP address and a port, e.g. 127.0.0.1:8080".to_owned())
            },
        );
        let public_url = reader.parsed(
            "MASTHEAD_PUBLIC_URL",
            || format!("http://{bind}"),
            parse_public_url,
        );
        let token_issuer =
            reader.parsed("MASTHEAD_TOKEN_ISSUER", || public_url.clone(), parse_name);
        let media = reader.media(&database);
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get().min(256));
        let config = Self {
            database,
            database_replicas,
            database_connections: reader.integer(
                "MASTHEAD_DATABASE_CONNECTIONS",
                connections,
                1..=1000,
            ),
            database_timeout: reader.seconds("MASTHEAD_DATABASE_TIMEOUT_S", 5, 300),
            queue: reader.integer("MASTHEAD_DATABASE_QUEUE", 64, 0..=10_000),
            bind,
            workers: reader.integer("MASTHEAD_WORKERS", cores, 1..=256),
            request_timeout: reader.seconds("MASTHEAD_REQUEST_TIMEOUT_S", 30, 3600),
            header_timeout: reader.seconds("MASTHEAD_HEADER_TIMEOUT_S", 5, 300),
            send_timeout: reader.seconds("MASTHEAD_SEND_TIMEOUT_S", 30, 3600),
            max_connections: reader.integer("MASTHEAD_MAX_CONNECTIONS", 10_000, 1..=1_000_000),
            shutdown_timeout: reader.seconds("MASTHEAD_SHUTDOWN_TIMEOUT_S", 30, 3600),
            max_body_bytes: reader.integer("MASTHEAD_MAX_BODY_BYTES", 8 << 20, 1024..=1 << 30),
            media,
            revisions_kept: reader.integer("MASTHEAD_REVISIONS_KEPT", 100, 0..=1_000_000),
            revisions_max_age_days: reader.integer(
                "MASTHEAD_REVISIONS_MAX_AGE_DAYS",
                0,
                0..=36_500,
            ),
            rescan_every: Duration::from_secs(reader.integer(
                "MASTHEAD_RESCAN_SECONDS",
                3_600,
                10..=604_800,
            )),
            counter: CounterConfig {
                window_s: reader.integer("MASTHEAD_COUNTER_WINDOW_S", 1_800, 1..=86_400),
                address_limit: reader.integer("MASTHEAD_COUNTER_ADDRESS_LIMIT", 100, 1..=1_000_000),
                bots_file: reader
                    .value("MASTHEAD_COUNTER_BOTS_FILE")
                    .map(PathBuf::from),
                days_kept: reader.integer("MASTHEAD_COUNTER_DAYS_KEPT", 400, 31..=36_500),
                batch: reader.integer("MASTHEAD_COUNTER_BATCH", 1_024, 1..=4_096),
            },
            search_cache_mb: reader.integer("MASTHEAD_SEARCH_CACHE_MB", 64, 1..=65_536),
            cache_mb: reader.integer("MASTHEAD_CACHE_MB", 64, 0..=1_048_576),
            cache_shared_s: reader.integer("MASTHEAD_CACHE_SHARED_S", 30, 0..=86_400),
            cache_stale_s: reader.integer("MASTHEAD_CACHE_STALE_S", 30, 0..=86_400),
            cache_error_s: reader.integer("MASTHEAD_CACHE_ERROR_S", 300, 0..=86_400),
            log: reader.log(),
            log_format: reader.parsed(
                "MASTHEAD_LOG_FORMAT",
                || LogFormat::Text,
                |v| match v {
                    "text" => Ok(LogFormat::Text),
                    "json" => Ok(LogFormat::Json),
                    _ => Err("must be `text` or `json`".to_owned()),
                },
            ),
            cursor_key: reader.secret("MASTHEAD_CURSOR_KEY"),
            token_audience: reader.parsed(
                "MASTHEAD_TOKEN_AUDIENCE",
                || format!("{public_url}/api/v1"),
                parse_name,
            ),
            token_keys: reader.token_keys(),
            trusted_proxies: reader.parsed("MASTHEAD_TRUSTED_PROXIES", Vec::new, |v| {
                entries(v, parse_network)
            }),
            cors_origins: reader.parsed("MASTHEAD_CORS_ORIGINS", Vec::new, |v| {
                entries(v, parse_origin)
            }),
            identity_provider: reader.identity_provider(&token_issuer),
            token_issuer,
            public_url,
        };
        if reader.faults.is_empty() {
            Ok(config)
        } else {
            Err(ConfigFaults(reader.faults))
        }
    }
}

/// Looks variables up and collects what is wrong with them.
struct Reader<F> {
    vars: F,
    faults: Vec<ConfigFault>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn value(&self, name: &str) -> Option<String> {
        (self.vars)(name)
            .map(|v| v.trim().to_owned())
            .filter(|v| !v.is_empty())
    }

    /// The value of `name`. A fault shows the value with any password in it struck out.
    fn parsed<T>(
        &mut self,
        name: &str,
        default: impl FnOnce() -> T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let Some(value) = self.value(name) else {
            return default();
        };
        parse(&value).unwrap_or_else(|mend| {
            self.faults.push(ConfigFault {
                variable: name.to_owned(),
                value: Some(redacted(&value)),
                mend,
            });
            default()
        })
    }

    fn integer<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: std::str::FromStr + PartialOrd + fmt::Display,
    {
        self.parsed(
            name,
            || default,
            |v| {
                v.parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
                    format!(
                        "must be a whole number from {} to {}",
                        range.start(),
                        range.end()
                    )
                })
            },
        )
    }

    fn seconds(&mut self, name: &str, default: u64, max: u64) -> Duration {
        Duration::from_secs(self.integer(name, default, 1..=max))
    }

    fn log(&mut self) -> String {
        let name = if self.value("MASTHEAD_LOG").is_some() {
            "MASTHEAD_LOG"
        } else {
            "RUST_LOG"
        };
        self.parsed(
            name,
            || DEFAULT_LOG.to_owned(),
            |v| match tracing_subscriber::EnvFilter::builder().parse(v) {
                Ok(_) => Ok(v.to_owned()),
                Err(e) => Err(format!(
                    "must be a level or directives such as `info,masthead=debug` ({e})"
                )),
            },
        )
    }

    /// URLs with commas between them. Those that a fault is about are not shown: with a comma astray nobody knows what is a password.
    fn replicas(&mut self, database: &Database) -> Vec<Database> {
        let Some(value) = self.value(REPLICAS) else {
            return Vec::new();
        };
        let found = match database {
            Database::Postgres { .. } => parse_replicas(&value),
            Database::Sqlite { .. } => Err(
                "can be set only where DATABASE_URL names a PostgreSQL server; leave it unset"
                    .to_owned(),
            ),
        };
        found.unwrap_or_else(|mend| {
            self.faults.push(ConfigFault {
                variable: REPLICAS.to_owned(),
                value: None,
                mend,
            });
            Vec::new()
        })
    }

    fn secret(&mut self, name: &str) -> Option<Secret> {
        let value = self.value(name)?;
        let bytes = from_hex(&value).filter(|bytes| bytes.len() >= KEY_BYTES);
        if bytes.is_none() {
            self.faults.push(ConfigFault {
                variable: name.to_owned(),
                value: None,
                mend: format!(
                    "must be at least {} hex digits, an even number; `openssl rand -hex {KEY_BYTES}` makes one",
                    2 * KEY_BYTES
                ),
            });
        }
        bytes.map(Secret)
    }

    fn token_keys(&mut self) -> TokenKeys {
        let name = "MASTHEAD_TOKEN_KEY";
        let Some(value) = self.value(name) else {
            return TokenKeys::default();
        };
        let seeds: Option<Vec<_>> = words(&value).map(parse_seed).collect();
        let some = seeds.filter(|seeds| !seeds.is_empty());
        some.map(TokenKeys).unwrap_or_else(|| {
            self.faults.push(ConfigFault {
                variable: name.to_owned(),
                value: None,
                mend: format!(
                    "must be {KEY_BYTES} bytes in base64, or several such with commas between them; `openssl rand -base64 {KEY_BYTES}` makes one"
                ),
            });
            TokenKeys::default()
        })
    }

    fn media(&mut self, database: &Database) -> MediaConfig {
        // Beside the database, so that both are moved and kept together.
        let beside = match database {
            Database::Sqlite { path } => path.with_extension("media"),
            Database::Postgres { .. } => PathBuf::from("masthead.media"),
        };
        let storage = match self.value("MASTHEAD_MEDIA_STORAGE") {
            Some(value) if value.contains("://") => self.bucket(),
            Some(value) => MediaStorage::Folder(PathBuf::from(value)),
            None => MediaStorage::Folder(beside.clone()),
        };
        let incoming = match (self.value("MASTHEAD_MEDIA_INCOMING"), &storage) {
            (Some(value), _) => PathBuf::from(value),
            (None, MediaStorage::Folder(folder)) => folder.join("incoming"),
            (None, MediaStorage::Bucket { .. }) => beside.join("incoming"),
        };
        MediaConfig {
            storage,
            incoming,
            max_bytes: self.integer("MASTHEAD_MEDIA_MAX_BYTES", 256 << 20, 1024..=64 << 30),
            max_pixels: self.integer("MASTHEAD_MEDIA_MAX_PIXELS", 50_000_000, 1..=1 << 28),
            types: self.parsed("MASTHEAD_MEDIA_TYPES", Vec::new, |v| {
                entries(&v.to_ascii_lowercase(), |word| Ok(word.to_owned()))
            }),
            widths: self.parsed(
                "MASTHEAD_MEDIA_WIDTHS",
                || vec![320, 640, 960, 1280, 1920],
                |v| match v {
                    "none" => Ok(Vec::new()),
                    v => parse_widths(v),
                },
            ),
            stall: self.seconds("MASTHEAD_MEDIA_STALL_S", 20, 300),
        }
    }

    /// The bucket that `MASTHEAD_MEDIA_STORAGE` names.
    fn bucket(&mut self) -> MediaStorage {
        let (bucket, prefix) = self.parsed(
            "MASTHEAD_MEDIA_STORAGE",
            || (String::new(), String::new()),
            parse_bucket,
        );
        for name in [
            "MASTHEAD_MEDIA_S3_ACCESS_KEY_ID",
            "MASTHEAD_MEDIA_S3_SECRET_ACCESS_KEY",
        ] {
            if self.value(name).is_none() {
                self.faults.push(ConfigFault {
                    variable: name.to_owned(),
                    value: None,
                    mend: "must be set: MASTHEAD_MEDIA_STORAGE names a bucket".to_owned(),
                });
            }
        }
        let secret = self.value("MASTHEAD_MEDIA_S3_SECRET_ACCESS_KEY");
        MediaStorage::Bucket {
            bucket,
            prefix,
            endpoint: self.parsed(
                "MASTHEAD_MEDIA_S3_ENDPOINT",
                || None,
                |v| parse_public_url(v).map(Some),
            ),
            region: self.parsed(
                "MASTHEAD_MEDIA_S3_REGION",
                || "us-east-1".to_owned(),
                parse_name,
            ),
            access_key_id: self
                .value("MASTHEAD_MEDIA_S3_ACCESS_KEY_ID")
                .unwrap_or_default(),
            secret_access_key: Secret(secret.unwrap_or_default().into_bytes()),
            allow_http: self.parsed(
                "MASTHEAD_MEDIA_S3_ALLOW_HTTP",
                || false,
                |v| match v {
                    "true" => Ok(true),
                    "false" => Ok(false),
                    _ => Err("must be `true` or `false`".to_owned()),
                },
            ),
        }
    }

    fn identity_provider(&mut self, own_issuer: &str) -> Option<IdentityProvider> {
        let named = |name: &str| self.value(name).is_some();
        let all = [
            "MASTHEAD_OIDC_ISSUER",
            "MASTHEAD_OIDC_AUDIENCE",
            "MASTHEAD_OIDC_JWKS_URL",
        ];
        let missing: Vec<&str> = all.into_iter().filter(|name| !named(name)).collect();
        let extras = [
            "MASTHEAD_OIDC_ALGORITHMS",
            "MASTHEAD_OIDC_DEFAULT_SCOPES",
            "MASTHEAD_OIDC_TYPES",
        ];
        if missing.len() == all.len() && !extras.into_iter().any(named) {
            return None;
        }
        for name in &missing {
            self.faults.push(ConfigFault {
                variable: (*name).to_owned(),
                value: None,
                mend: format!(
                    "must be set too: an identity provider needs {}",
                    all.join(", ")
                ),
            });
        }
        let issuer = self.parsed("MASTHEAD_OIDC_ISSUER", String::new, |v| {
            match v == own_issuer {
                true => {
                    Err("must not be MASTHEAD_TOKEN_ISSUER, which is this server itself".to_owned())
                }
                false => parse_name(v),
            }
        });
        Some(IdentityProvider {
            issuer,
            audience: self.parsed("MASTHEAD_OIDC_AUDIENCE", String::new, parse_name),
            jwks_url: self.parsed("MASTHEAD_OIDC_JWKS_URL", String::new, parse_jwks_url),
            algorithms: self.parsed(
                "MASTHEAD_OIDC_ALGORITHMS",
                || ["EdDSA", "ES256", "RS256"].map(str::to_owned).into(),
                |v| entries(v, parse_algorithm),
            ),
            types: self.parsed(
                "MASTHEAD_OIDC_TYPES",
                || vec!["at+jwt".to_owned()],
                |v| entries(v, parse_type),
            ),
            default_scopes: self.parsed(
                "MASTHEAD_OIDC_DEFAULT_SCOPES",
                || OIDC_DEFAULT_SCOPES.map(str::to_owned).into(),
                |v| entries(&v.replace(char::is_whitespace, ","), parse_scope),
            ),
        })
    }
}

/// The entries of a list with commas; empty ones do not count.
fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

/// What each entry of a list with commas says. A list without any is more likely a slip than a wish.
fn entries<T>(list: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    match words(list).next() {
        Some(_) => words(list).map(parse).collect(),
        None => Err("has no entry; name some, or leave it unset".to_owned()),
    }
}

/// `s3://BUCKET` or `s3://BUCKET/PREFIX`.
fn parse_bucket(value: &str) -> Result<(String, String), String> {
    let mend = || "must be a folder, or `s3://BUCKET` or `s3://BUCKET/PREFIX`".to_owned();
    if !cfg!(feature = "s3") {
        return Err(
            "names a bucket, which this build cannot use; build with `cargo build --release --features s3`"
                .to_owned(),
        );
    }
    let rest = value.strip_prefix("s3://").ok_or_else(mend)?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_matches('/');
    let is_plain = |part: &str| {
        part.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._/".contains(&b))
    };
    match !bucket.is_empty() && is_plain(bucket) && is_plain(prefix) && !prefix.contains("//") {
        true => Ok((bucket.to_owned(), prefix.to_owned())),
        false => Err(mend()),
    }
}

/// Widths with commas between them, in whatever order.
fn parse_widths(list: &str) -> Result<Vec<u32>, String> {
    let mut widths = entries(list, |word| {
        let width = word
            .parse()
            .ok()
            .filter(|width| (16..=8192).contains(width));
        width.ok_or_else(|| {
            format!("`{word}` must be a whole number from 16 to 8192, or the whole value `none`")
        })
    })?;
    widths.sort_unstable();
    widths.dedup();
    match widths.len() > 12 {
        true => Err("names more than 12 widths; name fewer".to_owned()),
        false => Ok(widths),
    }
}

fn parse_name(value: &str) -> Result<String, String> {
    match value.len() <= 500 && value.chars().all(|c| c.is_ascii_graphic()) {
        true => Ok(value.to_owned()),
        false => Err(
            "must be a URL or another word of at most 500 characters, without blanks".to_owned(),
        ),
    }
}

/// Standard base64 or the alphabet for URLs, with or without padding.
fn parse_seed(value: &str) -> Option<[u8; KEY_BYTES]> {
    let plain = value
        .trim_end_matches('=')
        .replace('-', "+")
        .replace('_', "/");
    STANDARD_NO_PAD.decode(plain).ok()?.try_into().ok()
}

/// An address, or a network such as `10.0.0.0/8`.
fn parse_network(value: &str) -> Result<(IpAddr, u8), String> {
    let mend = || {
        format!(
            "`{value}` must be an IP address or a network such as 10.0.0.0/8; several stand with commas between them"
        )
    };
    let (address, bits) = match value.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (value, None),
    };
    let address: IpAddr = address.parse().map_err(|_| mend())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        Some(bits) => bits.parse().ok().filter(|n| *n <= most).ok_or_else(mend)?,
        None => most,
    };
    Ok((address, bits))
}

fn parse_origin(value: &str) -> Result<String, String> {
    let mend = || {
        format!(
            "`{value}` must be an origin such as https://desk.example.org, without a path; several stand with commas between them"
        )
    };
    let url = Url::parse(value).map_err(|_| mend())?;
    let origin = url.origin().ascii_serialization();
    let is_bare =
        matches!(url.scheme(), "http" | "https") && url.as_str().trim_end_matches('/') == origin;
    match is_bare {
        true => Ok(origin),
        false => Err(mend()),
    }
}

fn parse_jwks_url(value: &str) -> Result<String, String> {
    let mend = "must be an https URL; http only on this machine itself".to_owned();
    let url = Url::parse(value).map_err(|_| mend.clone())?;
    let is_loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url.into()),
        "http" if is_loopback => Ok(url.into()),
        _ => Err(mend),
    }
}

fn parse_algorithm(value: &str) -> Result<String, String> {
    match OIDC_ALGORITHMS.contains(&value) {
        true => Ok(value.to_owned()),
        false => Err(format!(
            "`{value}` must be one of {}",
            OIDC_ALGORITHMS.join(", ")
        )),
    }
}

fn parse_scope(value: &str) -> Result<String, String> {
    match SCOPES.contains(&value) {
        true => Ok(value.to_owned()),
        false => Err(format!("`{value}` must be one of {}", SCOPES.join(", "))),
    }
}

fn parse_type(value: &str) -> Result<String, String> {
    let word = value.to_ascii_lowercase();
    let word = word.strip_prefix("application/").unwrap_or(&word);
    match matches!(word, "at+jwt" | "jwt") {
        true => Ok(word.to_owned()),
        false => Err(format!("`{value}` must be `at+jwt` or `JWT`")),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok())
        .collect()
}

fn parse_database(value: &str) -> Result<Database, String> {
    if value.starts_with("postgres://") || value.starts_with("postgresql://") {
        return match tls_mode(value) {
            _ if !is_connection_uri(value) => Err(
                "must be `postgres://USER:PASSWORD@HOST:PORT/NAME?KEY=VALUE`, everything else in these percent-encoded: `@` is `%40`, `:` `%3A`, `/` `%2F`, `?` `%3F`, `#` `%23`, `%` `%25`"
                    .to_owned(),
            ),
            Some(mode) if !cfg!(feature = "pg-tls") => Err(format!(
                "sslmode={mode} needs TLS, which this build leaves out; build with `cargo build --release --features pg-tls`"
            )),
            _ => Ok(Database::Postgres {
                url: value.to_owned(),
            }),
        };
    }
    let path = match value.strip_prefix("sqlite:") {
        // `sqlite:///a.db` is the absolute path `/a.db`, `sqlite://a.db` and `sqlite:a.db` are relative.
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None if value.contains("://") || !has_database_suffix(value) => {
            return Err(
                "must be `sqlite:PATH`, a path that ends in `.db` or `.sqlite`, or `postgres://USER:PASSWORD@HOST/NAME`"
                    .to_owned(),
            );
        }
        None => value,
    };
    if path.is_empty() || path.ends_with('/') {
        return Err("names no file; write `sqlite:masthead.db`".to_owned());
    }
    if path == ":memory:" || path.starts_with("file:") || path.contains('?') {
        return Err("must be the path of a file, without options; a database in memory cannot be shared by several connections".to_owned());
    }
    Ok(Database::Sqlite {
        path: PathBuf::from(path),
    })
}

/// One URI may name several hosts with commas too, so an entry begins where a scheme does.
fn parse_replicas(value: &str) -> Result<Vec<Database>, String> {
    let mut uris: Vec<String> = Vec::new();
    for word in words(value) {
        let begins = word.starts_with("postgres://") || word.starts_with("postgresql://");
        match uris.last_mut() {
            // Hosts come before everything that begins with one of these.
            Some(last)
                if !begins
                    && last
                        .split_once("://")
                        .is_some_and(|(_, rest)| rest.contains(['/', '?'])) =>
            {
                return Err("has an entry that does not begin with `postgres://`".to_owned());
            }
            Some(last) if !begins => {
                last.push(',');
                last.push_str(word);
            }
            _ => uris.push(word.to_owned()),
        }
    }
    if uris.is_empty() {
        return Err("has no entry; name some, or leave it unset".to_owned());
    }
    let parsed = uris.iter().map(|uri| match parse_database(uri)? {
        replica @ Database::Postgres { .. } => Ok(replica),
        Database::Sqlite { .. } => {
            Err("must be URLs as DATABASE_URL takes them, of PostgreSQL servers".to_owned())
        }
    });
    parsed.collect()
}

fn has_database_suffix(path: &str) -> bool {
    [".db", ".sqlite", ".sqlite3"]
        .iter()
        .any(|suffix| path.ends_with(suffix))
}

/// Whether libpq reads `uri` the way RFC 3986 does, and without a complaint. Its complaints repeat what they are about, and what it
/// takes for a host or a port is told when nobody answers there: with an `@` or `/` astray that is a part of the password.
///
/// Not the `url` crate's work: it knows no lists of hosts and no sockets in place of a host.
fn is_connection_uri(uri: &str) -> bool {
    let Some((_, rest)) = uri.split_once("://") else {
        return false;
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, hosts) = authority.split_once('@').unwrap_or(("", authority));
    let options = tail.split_once('?').map_or("", |(_, options)| options);
    let mut escapes = rest.split('%').skip(1);
    !rest.contains(|c: char| c == '#' || c.is_whitespace() || c.is_control())
        && ![user, hosts, tail].concat().contains('@')
        && escapes.all(|e| from_hex(e.get(..2).unwrap_or("00")).is_some_and(|byte| byte != [0]))
        && hosts.split(',').all(is_host)
        && (options.is_empty() || options.split('&').all(|o| o.matches('=').count() == 1))
}

/// Whether `host` is a name, an address or nothing, and behind it a port or nothing.
fn is_host(host: &str) -> bool {
    let port = match host.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((address, "")) => return !address.is_empty(),
            Some((address, port)) if !address.is_empty() => port.strip_prefix(':'),
            _ => None,
        },
        None => Some(host.split_once(':').map_or("1", |(_, port)| port)),
    };
    port.is_some_and(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// The `sslmode` of a connection URI where that one demands TLS.
fn tls_mode(url: &str) -> Option<&str> {
    let (_, query) = url.rsplit_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("sslmode="))
        .find(|mode| matches!(*mode, "require" | "verify-ca" | "verify-full"))
}

fn parse_public_url(value: &str) -> Result<String, String> {
    let mend =
        || "must be an absolute http or https URL such as https://news.example.org".to_owned();
    let url = Url::parse(value).map_err(|_| mend())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    if !plain {
        return Err(mend());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{}, without `?` and `#`", mend()));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// `url` with every password in it struck out; all that may hold one where it cannot be told apart.
fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        let telling = ["@", "password", "postgres"];
        return if telling.iter().any(|sign| url.contains(sign)) {
            "***".to_owned()
        } else {
            url.to_owned()
        };
    };
    if !is_connection_uri(url) {
        return format!("{scheme}://***");
    }
    let (user, place) = match rest.split_once('@') {
        Some((userinfo, place)) => match userinfo.split_once(':') {
            Some((user, _)) => (format!("{user}:***@"), place),
            None => (format!("{userinfo}@"), place),
        },
        None => (String::new(), rest),
    };
    let Some((place, options)) = place.split_once('?') else {
        return format!("{scheme}://{user}{place}");
    };
    let options: Vec<String> = options
        .split('&')
        .map(|option| match option.split_once('=') {
            Some((key, _)) if names_secret(key) => format!("{key}=***"),
            _ => option.to_owned(),
        })
        .collect();
    format!("{scheme}://{user}{place}?{}", options.join("&"))
}

/// Whether the option `key` of a connection URI may hold a secret. A key may be percent-encoded too.
fn names_secret(key: &str) -> bool {
    ["password", "secret", "scram_", "%"]
        .iter()
        .any(|sign| key.contains(sign))
}

fn unknown(name: &str) -> ConfigFault {
    let nearest = VARIABLES
        .iter()
        .map(|known| (distance(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 6);
    let mend = match nearest {
        Some((_, known)) => format!("unknown variable, did you mean `{known}`?"),
        None => "unknown variable; `.env.example` lists those that are read".to_owned(),
    };
    ConfigFault {
        variable: name.to_owned(),
        value: None,
        mend,
    }
}

/// Levenshtein distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let above = *cell;
            left = (above + 1)
                .min(left + 1)
                .min(diagonal + usize::from(x != y));
            diagonal = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
        Config::from_vars(|name| {
            vars.iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        })
    }

    fn fault(name: &str, value: &str) -> String {
        config(&[(name, value)]).unwrap_err().to_string()
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = config(&[("MASTHEAD_BIND", "")]).unwrap();
        assert_eq!(config.database.to_string(), "sqlite:masthead.db");
        assert_eq!(config.bind.to_string(), "127.0.0.1:8080");
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert_eq!(config.database_connections, 4);
        assert_eq!(config.max_body_bytes, 8_388_608);
        assert_eq!(config.log, DEFAULT_LOG);
        assert!(config.cursor_key.is_none());
    }

    #[test]
    fn all_faults_are_listed_at_once() {
        let faults = config(&[
            ("DATABASE_URL", "mysql://root:hunter2@host/x"),
            ("MASTHEAD_BIND", "8080"),
            ("MASTHEAD_WORKERS", "0"),
            ("MASTHEAD_PUBLIC_URL", "news.example.org"),
            ("MASTHEAD_LOG_FORMAT", "xml"),
            ("MASTHEAD_LOG", "masthead=loud"),
            ("MASTHEAD_CURSOR_KEY", "abcdef"),
            ("MASTHEAD_MAX_BODY_BYTES", "8MB"),
            ("MASTHEAD_HEADER_TIMEOUT_S", "-1"),
        ])
        .unwrap_err();
        assert_eq!(faults.0.len(), 9, "{faults}");
        let text = faults.to_string();
        assert!(
            !text.contains("hunter2") && !text.contains("abcdef"),
            "{text}"
        );
        assert!(
            text.contains("MASTHEAD_WORKERS=`0`: must be a whole number from 1 to 256"),
            "{text}"
        );
    }

    #[test]
    fn database_urls_name_a_file_or_a_server() {
        let path = |url: &str| match config(&[("DATABASE_URL", url)]).unwrap().database {
            Database::Sqlite { path } => path.display().to_string(),
            other @ Database::Postgres { .. } => panic!("{other}"),
        };
        assert_eq!(path("sqlite:data/x"), "data/x");
        assert_eq!(path("sqlite:/var/x.db"), "/var/x.db");
        assert_eq!(path("sqlite:///var/x.db"), "/var/x.db");
        assert_eq!(path("sqlite://x.db"), "x.db");
        assert_eq!(path("./x.sqlite"), "./x.sqlite");
        for wrong in [
            "x",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:file:x?mode=ro",
            "sqlite:data/",
            "redis://a.db",
        ] {
            assert!(
                fault("DATABASE_URL", wrong).contains("DATABASE_URL=`"),
                "{wrong}"
            );
        }
        let postgres = config(&[("DATABASE_URL", "postgresql://u@h/db")]).unwrap();
        assert_eq!(postgres.database_connections, 10);
    }

    #[test]
    fn passwords_are_never_shown() {
        for (url, shown) in [
            ("postgres://u:p@h:5432/db", "postgres://u:***@h:5432/db"),
            (
                "postgres://u:a%40b%2Fc@h/db?sslmode=prefer",
                "postgres://u:***@h/db?sslmode=prefer",
            ),
            ("postgres://u:a:b@[::1]:1/db", "postgres://u:***@[::1]:1/db"),
            ("postgres://u@h1:1,h2:2/db", "postgres://u@h1:1,h2:2/db"),
            (
                "postgres:///db?user=u&password=p",
                "postgres:///db?user=u&password=***",
            ),
            ("postgres://u@/db", "postgres://u@/db"),
            (
                "postgres://%2Frun%2Fpg:5432/db",
                "postgres://%2Frun%2Fpg:5432/db",
            ),
            (
                "postgres://h/db?user=u&password=a%40b&pass%77ord=c",
                "postgres://h/db?user=u&password=***&pass%77ord=***",
            ),
        ] {
            let config = config(&[("DATABASE_URL", url)]).unwrap();
            assert_eq!(config.database.to_string(), shown);
            assert!(format!("{config:?}").contains(&format!("Database({shown})")));
        }
        for typo in [
            "postgres:u:hunter2@h/db",
            "host=h password=hunter2",
            "redis://u:hunter2@h",
            "redis://u:hunter2",
            "Postgres://u:1/hunter2@h/db",
        ] {
            assert!(!fault("DATABASE_URL", typo).contains("hunter2"), "{typo}");
        }
        let key = "ab".repeat(32);
        let config = config(&[("MASTHEAD_CURSOR_KEY", &key)]).unwrap();
        assert_eq!(config.cursor_key.as_ref().unwrap().expose(), [0xab; 32]);
        assert!(!format!("{config:?}").contains("171"), "{config:?}");
    }

    #[test]
    fn replicas_are_a_list_and_never_shown() {
        let primary = ("DATABASE_URL", "postgres://u:p@h/db");
        let replicas = |list: &str| config(&[primary, (REPLICAS, list)]);
        let found = replicas(
            "postgres://u:hunter2@h1:1,h2:2/db, postgresql://u:hunter2@h3/db?connect_timeout=1,",
        )
        .unwrap();
        let shown: Vec<_> = found
            .database_replicas
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            shown,
            [
                "postgres://u:***@h1:1,h2:2/db",
                "postgresql://u:***@h3/db?connect_timeout=1"
            ]
        );
        assert!(!format!("{found:?}").contains("hunter2"));
        assert!(replicas("").unwrap().database_replicas.is_empty());
        for wrong in [
            ",",
            "replica.db",
            "mysql://u:hunter2@h/db",
            "postgres://u:hunter2@h/db,postgres://u:1/hunter2@h/db",
            "postgres://u:hunter2@h/db,x:hunter2",
        ] {
            let faults = replicas(wrong).unwrap_err();
            assert_eq!(faults.0.len(), 1, "{wrong}: {faults}");
            assert_eq!(faults.0[0].variable, REPLICAS);
            assert!(!faults.to_string().contains("hunter2"), "{faults}");
        }
        let faults = config(&[(REPLICAS, "postgres://u:hunter2@h/db")]).unwrap_err();
        assert!(faults.to_string().contains("only where"), "{faults}");
        assert!(!faults.to_string().contains("hunter2"), "{faults}");
    }

    #[test]
    fn malformed_connection_uris_are_refused_unseen() {
        for rest in [
            "u:p%zzhunter2@h/db",
            "u:p%00hunter2@h/db",
            "u:hunter2%",
            "u:hun/ter2@h/db",
            "u:1/hunter2@h/db",
            "u:1#hunter2@h/db",
            "u:1?hunter2@h/db",
            "u:1?hunter2=@h/db",
            "u:1/?hunter2=@h/db",
            "u:hun@ter2@h/db",
            "u:hunter2",
            "u:hun ter2@h/db",
            "u:p@h:hunter2/db",
            "u:p@h:+1/hunter2",
            "u:p@h:0/hunter2",
            "u:p@h:99999/hunter2",
            "u:p@h:1,i:x/hunter2",
            "u:p@[::1/hunter2",
            "u:p@[]/hunter2",
            "u:p@[::1]x/hunter2",
            "h/db?password",
            "h/db?password=hun=ter2",
            "h/db?a=b&&password=hunter2",
        ] {
            for scheme in ["postgres", "postgresql"] {
                let text = fault("DATABASE_URL", &format!("{scheme}://{rest}"));
                let start = format!("DATABASE_URL=`{scheme}://***`: must be `postgres://");
                assert!(text.contains(&start), "{rest}: {text}");
                assert!(!text.contains("hun") && !text.contains("ter2"), "{text}");
            }
        }
    }

    #[cfg(not(feature = "pg-tls"))]
    #[test]
    fn tls_without_support_is_refused_with_the_way_out() {
        let text = fault(
            "DATABASE_URL",
            "postgres://u:secret@h/db?sslmode=verify-full",
        );
        assert!(
            text.contains("cargo build --release --features pg-tls"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn a_public_url_has_no_trailing_slash() {
        let url = |v: &str| config(&[("MASTHEAD_PUBLIC_URL", v)]).map(|c| c.public_url);
        assert_eq!(
            url("https://news.example.org/").unwrap(),
            "https://news.example.org"
        );
        assert_eq!(
            url("https://example.org/api").unwrap(),
            "https://example.org/api"
        );
        for wrong in [
            "ftp://x",
            "https://u:p@x",
            "https://x?y",
            "https://x#y",
            "/x",
        ] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn token_keys_are_seeds_in_base64_and_never_shown() {
        let keys =
            |v: &str| config(&[("MASTHEAD_TOKEN_KEY", v)]).map(|c| c.token_keys.expose().to_vec());
        let (standard, url) = (
            format!("{}+/A=", "A".repeat(40)),
            format!("{}-_A", "A".repeat(40)),
        );
        let both = keys(&format!("{standard}, {url}")).unwrap();
        assert_eq!((both.len(), both[0]), (2, both[1]));
        for wrong in [
            "c2VjcmV0",
            "x",
            &"A".repeat(44),
            &format!("{standard},c2VjcmV0"),
        ] {
            let text = keys(wrong).unwrap_err().to_string();
            assert!(!text.contains("c2VjcmV0"), "{text}");
        }
    }

    #[test]
    fn proxies_and_origins_are_lists() {
        let proxies =
            |v: &str| config(&[("MASTHEAD_TRUSTED_PROXIES", v)]).map(|c| c.trusted_proxies);
        assert_eq!(
            proxies("10.0.0.0/8, ::1,").unwrap(),
            [
                ("10.0.0.0".parse().unwrap(), 8),
                ("::1".parse().unwrap(), 128)
            ]
        );
        for wrong in ["10.0.0.0/33", "host", "1.2.3.4/", "::/129", "1.2.3.4:80"] {
            assert!(proxies(wrong).is_err(), "{wrong}");
        }
        let origins = |v: &str| config(&[("MASTHEAD_CORS_ORIGINS", v)]).map(|c| c.cors_origins);
        assert_eq!(
            origins("https://Desk.example.org:443/,http://localhost:3000").unwrap(),
            ["https://desk.example.org", "http://localhost:3000"]
        );
        for wrong in [
            "*",
            "null",
            "desk.example.org",
            "https://a/b",
            "https://a?b",
            "ftp://a",
        ] {
            assert!(origins(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_identity_provider_is_whole_or_none() {
        let [issuer, audience, keys] = [
            ("MASTHEAD_OIDC_ISSUER", "https://id.example.org"),
            ("MASTHEAD_OIDC_AUDIENCE", "news"),
            ("MASTHEAD_OIDC_JWKS_URL", "https://id.example.org/keys"),
        ];
        assert!(config(&[]).unwrap().identity_provider.is_none());
        let whole = config(&[issuer, audience, keys]).unwrap();
        let provider = whole.identity_provider.unwrap();
        assert_eq!(provider.algorithms, ["EdDSA", "ES256", "RS256"]);
        assert_eq!(provider.types, ["at+jwt"]);
        assert_eq!(provider.default_scopes, OIDC_DEFAULT_SCOPES);
        let scopes = (
            "MASTHEAD_OIDC_DEFAULT_SCOPES",
            "articles_read audit_read,users_read",
        );
        let provider = config(&[issuer, audience, keys, scopes])
            .unwrap()
            .identity_provider;
        assert_eq!(
            provider.unwrap().default_scopes,
            ["articles_read", "audit_read", "users_read"]
        );
        for wrong in [
            &[issuer, audience][..],
            &[("MASTHEAD_OIDC_TYPES", "JWT")],
            &[
                issuer,
                audience,
                keys,
                ("MASTHEAD_OIDC_ALGORITHMS", "HS256"),
            ],
            &[issuer, audience, keys, ("MASTHEAD_OIDC_ALGORITHMS", "none")],
            &[issuer, audience, keys, ("MASTHEAD_OIDC_TYPES", "id")],
            &[("MASTHEAD_OIDC_DEFAULT_SCOPES", "articles_read")],
            &[
                issuer,
                audience,
                keys,
                ("MASTHEAD_OIDC_DEFAULT_SCOPES", "openid"),
            ],
            &[issuer, audience, keys, ("MASTHEAD_TOKEN_ISSUER", issuer.1)],
            &[
                issuer,
                audience,
                ("MASTHEAD_OIDC_JWKS_URL", "http://id.example.org/keys"),
            ],
        ] {
            assert!(config(wrong).is_err(), "{wrong:?}");
        }
        let local = ("MASTHEAD_OIDC_JWKS_URL", "http://127.0.0.1:1/keys");
        assert!(config(&[issuer, audience, local]).is_ok());
    }

    #[test]
    fn lists_without_entries_are_faults() {
        let provider = [
            ("MASTHEAD_OIDC_ISSUER", "https://id.example.org"),
            ("MASTHEAD_OIDC_AUDIENCE", "news"),
            ("MASTHEAD_OIDC_JWKS_URL", "https://id.example.org/keys"),
        ];
        for name in [
            "MASTHEAD_TOKEN_KEY",
            "MASTHEAD_TRUSTED_PROXIES",
            "MASTHEAD_CORS_ORIGINS",
            "MASTHEAD_OIDC_ALGORITHMS",
            "MASTHEAD_OIDC_TYPES",
            "MASTHEAD_OIDC_DEFAULT_SCOPES",
        ] {
            for empty in [",", " , ,"] {
                let vars: Vec<_> = provider.into_iter().chain([(name, empty)]).collect();
                let faults = config(&vars).unwrap_err();
                assert_eq!(faults.0.len(), 1, "{faults}");
                assert_eq!(faults.0[0].variable, name);
            }
        }
    }

    #[test]
    fn rust_log_is_the_fallback() {
        assert_eq!(config(&[("RUST_LOG", "debug")]).unwrap().log, "debug");
        assert_eq!(
            config(&[("RUST_LOG", "debug"), ("MASTHEAD_LOG", "warn")])
                .unwrap()
                .log,
            "warn"
        );
    }

    #[test]
    fn a_misspelt_variable_gets_a_suggestion() {
        assert!(
            unknown("MASTHEAD_WORKER")
                .mend
                .contains("`MASTHEAD_WORKERS`")
        );
        assert!(
            !unknown("MASTHEAD_TOTALLY_DIFFERENT_THING")
                .mend
                .contains("did you mean")
        );
    }
}
