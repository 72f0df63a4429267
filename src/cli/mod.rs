//! The command line, one file a command. A command prints its result on standard output, everything else on
//! standard error, and exits with 0 only where it did what it was asked.

mod doctor;
mod export;
mod import;
mod migrate;
mod openapi;
mod reindex;
mod serve;
mod user;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::App;
use crate::config::{Config, LogFormat};
use crate::error::{Error, Result};
use crate::service::health::Check;
use crate::telemetry;

/// A headless JSON content API for news portals, on SQLite or PostgreSQL
///
/// Settings come from environment variables; `.env.example` explains them. None is needed to start.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Import(import::Import),
    Export(export::Export),
    Migrate(migrate::Migrate),
    Openapi(openapi::Openapi),
    Reindex(reindex::Reindex),
    Doctor(doctor::Doctor),
    User(user::User),
}

impl Cli {
    /// Runs the command.
    pub fn run(self) -> ExitCode {
        let outcome = match self.command {
            Command::Serve(command) => command.run(),
            Command::Import(command) => command.run(),
            Command::Export(command) => command.run(),
            Command::Migrate(command) => command.run(),
            Command::Openapi(command) => command.run(),
            Command::Reindex(command) => command.run(),
            Command::Doctor(command) => command.run(),
            Command::User(command) => command.run(),
        };
        telemetry::flush();
        outcome.unwrap_or_else(|error| {
            report(&error);
            ExitCode::FAILURE
        })
    }
}

/// Prints on standard output; a reader that has seen enough (`| head`) is no fault.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::File {
            what: "writing to standard output".to_owned(),
            cause,
        }),
        _ => Ok(()),
    }
}

/// Prints an error with its causes.
fn report(error: &Error) {
    eprintln!("error: {}", error.chain());
}

/// The configuration; every fault in one message.
fn config() -> Result<Config> {
    Config::from_env().map_err(|faults| Error::Setup(faults.to_string()))
}

/// Configuration, log and database, for commands that work on data.
fn open() -> Result<App> {
    let config = config()?;
    start_log(&config)?;
    App::start(config)
}

/// Like [`open`], for commands that only read: a database that is missing or of another version is a fault.
fn open_existing() -> Result<App> {
    let config = config()?;
    start_log(&config)?;
    let app = App::connect(config)?;
    match app
        .services()
        .health
        .check_blocking()
        .into_iter()
        .find(|check| !check.ok)
    {
        None => Ok(app),
        Some(Check {
            name,
            ok: _,
            detail,
        }) => Err(Error::Setup(format!(
            "{name}: {}",
            detail.unwrap_or_default()
        ))),
    }
}

fn start_log(config: &Config) -> Result<()> {
    telemetry::init(&config.log, config.log_format == LogFormat::Json).map_err(Error::Setup)
}
