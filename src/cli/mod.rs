//! The command line, one file a command. A command prints its result on standard output, everything else on
//! standard error, and exits with 0 only where it did what it was asked.

mod doctor;
mod export;
mod import;
mod migrate;
mod openapi;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, LogFormat};
use crate::error::{Error, Result};
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
    Doctor(doctor::Doctor),
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
            Command::Doctor(command) => command.run(),
        };
        outcome.unwrap_or_else(|error| {
            report(&error);
            ExitCode::FAILURE
        })
    }
}

/// Prints an error with its causes.
fn report(error: &Error) {
    eprintln!("error: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        eprintln!("  caused by: {cause}");
        source = cause.source();
    }
}

/// The configuration; every fault in one message.
fn config() -> Result<Config> {
    Config::from_env().map_err(|faults| Error::Setup(faults.to_string()))
}

/// Configuration, log and database, for commands that work on data.
fn open() -> Result<App> {
    let config = config()?;
    start_log(&config)?;
    App::open(config, Clock::system())
}

fn start_log(config: &Config) -> Result<()> {
    telemetry::init(&config.log, config.log_format == LogFormat::Json).map_err(Error::Setup)
}
