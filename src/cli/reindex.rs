//! `masthead reindex`

use std::process::ExitCode;

use clap::Args;

use super::{config, start_log};
use crate::app::App;
use crate::error::Result;

/// Derive lists and category counts from the articles anew
///
/// Never needed in normal operation: every write keeps them, and an upgrade that changes them does this by itself.
#[derive(Debug, Args)]
pub(super) struct Reindex {}

impl Reindex {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = config()?;
        start_log(&config)?;
        match App::start(config)?.services().upkeep.reindex()? {
            1 => println!("1 article reindexed"),
            n => println!("{n} articles reindexed"),
        }
        Ok(ExitCode::SUCCESS)
    }
}
