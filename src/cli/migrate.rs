//! `masthead migrate`

use std::process::ExitCode;

use clap::Args;

use super::{config, start_log};
use crate::app::App;
use crate::error::Result;

/// Apply pending migrations and exit
#[derive(Debug, Args)]
pub(super) struct Migrate {}

impl Migrate {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = config()?;
        start_log(&config)?;
        match App::create(config)?.migrate()? {
            0 => println!("nothing to do: every migration is applied"),
            1 => println!("1 migration applied"),
            n => println!("{n} migrations applied"),
        }
        Ok(ExitCode::SUCCESS)
    }
}
