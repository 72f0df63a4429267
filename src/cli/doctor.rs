//! `masthead doctor`

use std::process::ExitCode;

use clap::Args;

use super::config;
use crate::app::App;
use crate::error::Result;

/// Check configuration, database and migrations; exits with 1 where something is wrong
#[derive(Debug, Args)]
pub(super) struct Doctor {}

impl Doctor {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = match config() {
            Ok(config) => config,
            Err(faults) => {
                println!("FAIL  configuration\n{faults}");
                return Ok(ExitCode::FAILURE);
            }
        };
        println!("ok    configuration");
        println!("      database: {}", config.database);
        let app = match App::connect(config) {
            Ok(app) => app,
            Err(error) => {
                println!("FAIL  database: {}", error.chain());
                return Ok(ExitCode::FAILURE);
            }
        };
        let checks = app.services().health.check_blocking();
        for check in &checks {
            let word = if check.ok { "ok   " } else { "FAIL " };
            match &check.detail {
                Some(detail) => println!("{word} {}: {detail}", check.name),
                None => println!("{word} {}", check.name),
            }
        }
        Ok(if checks.iter().all(|c| c.ok) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
