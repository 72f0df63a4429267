//! The composition root: config > store > services > server. The only file that knows all.

use std::net::TcpListener;
use std::num::NonZero;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App as WebApp, HttpServer};
use utoipa_actix_web::AppExt;

use crate::clock::Clock;
use crate::config::{Config, CounterConfig, Database, MediaConfig, MediaStorage};
use crate::content::media::Addresses;
use crate::error::{Error, Result};
use crate::http::address::TrustedProxies;
use crate::http::cached::{AnswerCache, cached};
use crate::http::compression::spare;
use crate::http::conditional::CachePolicy;
use crate::http::connections;
use crate::http::cors::Origins;
use crate::http::docs::Docs;
use crate::http::links::Links;
use crate::http::methods::{self, Methods};
use crate::http::openapi::{self, SpecText};
use crate::http::pagination::CursorKey;
use crate::http::preview_token::PreviewKey;
use crate::http::problem::pages::ProblemPages;
use crate::http::request::{Edge, edge};
use crate::jobs;
use crate::library::{Library, LibrarySettings};
use crate::media::format::Format;
use crate::media::storage::StorageSettings;
use crate::models::counting::Rules;
use crate::models::revision::Retention;
use crate::service::access::{AccessSettings, ProviderSettings};
use crate::service::counting::CountingSettings;
use crate::service::{Services, Settings};
use crate::store::{self, Store};
use crate::text::bots;

/// Name of the secret that signs cursors.
const CURSOR_KEY: &str = "cursor_key";

/// Name of the secret that signs preview links.
const PREVIEW_KEY: &str = "preview_key";

/// Everything that commands and the server work with.
#[derive(Clone)]
pub struct App {
    config: Arc<Config>,
    store: Store,
    clock: Clock,
    services: Services,
}

impl App {
    /// Opens the database that `config` names and applies pending migrations; the time is the system's. Blocks the
    /// calling thread.
    pub fn start(config: Config) -> Result<Self> {
        Self::open(config, Clock::system())
    }

    /// [`App::start`] with the time of `clock`.
    pub fn open(config: Config, clock: Clock) -> Result<Self> {
        let app = Self::over(config, clock)?;
        app.migrate()?;
        Ok(app)
    }

    /// Opens a database that is already there, and writes nothing. Blocks the calling thread.
    pub fn connect(config: Config) -> Result<Self> {
        if let Database::Sqlite { path } = &config.database
            && !path.exists()
        {
            let path = path.display();
            return Err(Error::Setup(format!(
                "there is no database at {path}; `masthead serve` or `migrate` makes one"
            )));
        }
        Self::over(config, Clock::system())
    }

    /// Opens the database that `config` names, makes an empty one where there is none, and does not migrate it.
    pub fn create(config: Config) -> Result<Self> {
        Self::over(config, Clock::system())
    }

    fn over(config: Config, clock: Clock) -> Result<Self> {
        let store = Store::open(&config)?;
        let services = Services::new(
            &store,
            &clock,
            Library::open(library_settings(&config.media)?)?,
            Addresses::new(&config.public_url),
            Settings {
                access: access_settings(&config),
                retention: Retention {
                    kept: config.revisions_kept.into(),
                    max_age_days: config.revisions_max_age_days.into(),
                },
                counting: counting_settings(&config.counter)?,
                search_cache: u64::from(config.search_cache_mb) << 20,
                guarded_every: config.rescan_every,
            },
        )?;
        Ok(Self {
            config: Arc::new(config),
            store,
            clock,
            services,
        })
    }

    /// Applies pending migrations and returns how many those were. Takes no lock where there are none, so that an
    /// instance can start while another process writes.
    pub fn migrate(&self) -> Result<usize> {
        let mut applied = 0;
        if self.store.with_writer(store::migrations::pending)? > 0 {
            match self.store.with_writer(store::migrations::run) {
                Ok(migrations) => applied = migrations,
                // Another process was faster, and is still writing.
                Err(Error::Unavailable(_))
                    if self.store.with_writer(store::migrations::pending)? == 0 => {}
                Err(error) => return Err(error),
            }
        }
        self.services.upkeep.complete_migration()?;
        if applied > 0 {
            // Made now, so that a start need not write.
            self.services.access.secret(CURSOR_KEY)?;
            self.services.access.secret(PREVIEW_KEY)?;
            self.services.access.prepare()?;
            self.services.counting.prepare()?;
        }
        Ok(applied)
    }

    /// The use cases.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// SQL statements run so far.
    pub fn statements(&self) -> u64 {
        self.store.statements()
    }

    /// A server on `listener`, not started until it is awaited, and the jobs beside it. Call it inside a runtime.
    pub fn listen(&self, listener: TcpListener) -> Result<Server> {
        let links = Data::new(Links::new(self.config.public_url.clone()));
        let document = openapi::document();
        let spec = Data::new(SpecText::render(&document).map_err(|e| Error::Internal(e.into()))?);
        let methods = Data::new(Methods::from_spec(&document).with_pages(&crate::http::PAGES));
        let docs = Data::new(Docs::load().map_err(|e| Error::Internal(e.into()))?);
        let problems = Data::new(ProblemPages::render(&self.config.public_url));
        let key = Data::new(self.cursor_key()?);
        let preview_key = Data::new(PreviewKey::new(self.services.access.secret(PREVIEW_KEY)?));
        self.services.access.prepare()?;
        self.services.counting.prepare()?;
        self.services.counting.start()?;
        self.services.indexing.prepare()?;
        self.services.scanning.prepare()?;
        self.store.listen()?;
        let services = Data::new(self.services.clone());
        let origins = Data::new(Origins::new(self.config.cors_origins.clone()));
        let proxies = Data::new(TrustedProxies::new(self.config.trusted_proxies.clone()));
        let limits = Data::new(Edge {
            public_url: self.config.public_url.clone(),
            max_body_bytes: self.config.max_body_bytes,
            request_timeout: self.config.request_timeout,
            max_upload_bytes: self.config.media.max_bytes,
        });
        let cache = Data::new(CachePolicy {
            shared: self.config.cache_shared_s,
            stale_while_revalidate: self.config.cache_stale_s,
            stale_if_error: self.config.cache_error_s,
        });
        let answers = match u64::from(self.config.cache_mb) << 20 {
            0 => None,
            bytes => Some(Data::new(AnswerCache::new(
                bytes,
                self.store.generations().clone(),
                self.clock.clone(),
            ))),
        };
        let max_body_bytes = self.config.max_body_bytes;
        let max_connections = connections::affordable(self.config.max_connections);
        connections::lengthen_backlog(&listener);
        let server = HttpServer::new(move || {
            let (app, _) = WebApp::new()
                .into_utoipa_app()
                .openapi(openapi::base())
                .configure(crate::http::routes)
                .split_for_parts();
            let app = app.configure(crate::http::pages);
            match &answers {
                Some(answers) => app.app_data(Data::clone(answers)),
                None => app,
            }
            .app_data(Data::clone(&links))
            .app_data(Data::clone(&spec))
            .app_data(Data::clone(&docs))
            .app_data(Data::clone(&problems))
            .app_data(Data::clone(&methods))
            .app_data(Data::clone(&key))
            .app_data(Data::clone(&preview_key))
            .app_data(Data::clone(&services))
            .app_data(Data::clone(&limits))
            .app_data(Data::clone(&proxies))
            .app_data(Data::clone(&origins))
            .app_data(Data::clone(&cache))
            .app_data(web::PayloadConfig::new(max_body_bytes))
            .default_service(web::to(methods::fallback))
            .wrap(from_fn(spare))
            .wrap(Compress::default())
            .wrap(from_fn(cached))
            .wrap(from_fn(edge))
        })
        .workers(self.config.workers)
        .client_request_timeout(self.config.header_timeout)
        .on_connect(connections::cut_off_after(self.config.send_timeout))
        .max_connections(max_connections.div_ceil(self.config.workers))
        .shutdown_timeout(self.config.shutdown_timeout.as_secs())
        .listen(listener)
        .map_err(|cause| Error::File {
            what: "listening for connections".to_owned(),
            cause,
        })?;
        actix_web::rt::spawn(jobs::run(self.services.clone()));
        Ok(server.run())
    }

    /// Serves on `listener` until the process is told to stop; `ready` is called once requests are answered.
    pub fn serve(&self, listener: TcpListener, ready: impl FnOnce()) -> Result<()> {
        actix_web::rt::System::new().block_on(async {
            let server = self.listen(listener)?;
            ready();
            server.await.map_err(|cause| Error::File {
                what: "serving".to_owned(),
                cause,
            })
        })
    }

    /// The key that signs cursors: configured, else made at the first start and kept in the database.
    fn cursor_key(&self) -> Result<CursorKey> {
        let secret = match &self.config.cursor_key {
            Some(secret) => secret.expose().to_vec(),
            None => self.services.access.secret(CURSOR_KEY)?,
        };
        CursorKey::new(&secret).map_err(|e| Error::Internal(e.into()))
    }
}

fn library_settings(config: &MediaConfig) -> Result<LibrarySettings> {
    let storage = match config.storage.clone() {
        MediaStorage::Folder(dir) => StorageSettings::Disk { dir },
        MediaStorage::Bucket {
            bucket,
            prefix,
            endpoint,
            region,
            access_key_id,
            secret_access_key,
            allow_http,
        } => StorageSettings::S3 {
            bucket,
            prefix,
            endpoint,
            region,
            access_key_id,
            secret_access_key: String::from_utf8_lossy(secret_access_key.expose()).into_owned(),
            allow_http,
        },
    };
    let formats = match config.types.is_empty() {
        true => Format::ALL.to_vec(),
        false => config
            .types
            .iter()
            .map(|media_type| {
                Format::parse(media_type).ok_or_else(|| {
                    let known: Vec<&str> = Format::ALL.iter().map(|f| f.media_type()).collect();
                    Error::Setup(format!(
                        "MASTHEAD_MEDIA_TYPES: `{media_type}` is not known; there are {}",
                        known.join(", ")
                    ))
                })
            })
            .collect::<Result<_>>()?,
    };
    Ok(LibrarySettings {
        storage,
        incoming: config.incoming.clone(),
        max_bytes: config.max_bytes,
        max_pixels: config.max_pixels,
        formats,
        widths: config.widths.clone(),
        stall: config.stall,
    })
}

fn counting_settings(config: &CounterConfig) -> Result<CountingSettings> {
    let mut words = bots::known();
    if let Some(path) = &config.bots_file {
        let text = std::fs::read_to_string(path).map_err(|cause| Error::File {
            what: format!(
                "reading {}, which MASTHEAD_COUNTER_BOTS_FILE names",
                path.display()
            ),
            cause,
        })?;
        words.extend(bots::words(&text));
    }
    Ok(CountingSettings {
        rules: Rules {
            window_s: config.window_s,
            per_address: config.address_limit,
            bots: words,
        },
        batch: config.batch,
        days_kept: config.days_kept,
    })
}

fn access_settings(config: &Config) -> AccessSettings {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    AccessSettings {
        issuer: config.token_issuer.clone(),
        audience: config.token_audience.clone(),
        seeds: config.token_keys.expose().to_vec(),
        hashing_places: config.workers.min(cores),
        provider: config
            .identity_provider
            .clone()
            .map(|provider| ProviderSettings {
                issuer: provider.issuer,
                audience: provider.audience,
                jwks_url: provider.jwks_url,
                algorithms: provider.algorithms,
                types: provider.types,
                default_scopes: provider.default_scopes,
            }),
    }
}

/// The OpenAPI document as text.
pub fn openapi() -> Result<String> {
    openapi::text(&openapi::document()).map_err(|e| Error::Internal(e.into()))
}
