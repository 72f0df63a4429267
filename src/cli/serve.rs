//! `masthead serve`

use std::net::TcpListener;
use std::process::ExitCode;

use clap::Args;

use super::{config, start_log};
use crate::app::App;
use crate::error::{Error, Result};

/// Migrate the database, then serve the API
///
/// Ends gracefully on SIGTERM or Ctrl-C: running requests are finished, new connections refused.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Fill an empty database with sample content first; refused where there is any content
    #[arg(long)]
    demo: bool,
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = config()?;
        start_log(&config)?;
        if self.demo {
            // Refused before anything is migrated and before the port is taken.
            let app = App::create(config.clone())?;
            app.services().import.expect_empty()?;
        }
        let listener = TcpListener::bind(config.bind).map_err(|cause| Error::File {
            what: format!("cannot listen on MASTHEAD_BIND={}", config.bind),
            cause,
        })?;
        tracing::info!(database = %config.database, public_url = %config.public_url, workers = config.workers, "starting");
        // Port 0 asks for any free one.
        let bind = listener.local_addr().unwrap_or(config.bind);
        let app = App::start(config)?;
        if self.demo {
            let report = app.services().import.sample()?;
            tracing::info!(records = report.created, "filled with sample content");
        }
        app.serve(listener, || tracing::info!(%bind, "serving"))?;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }
}
