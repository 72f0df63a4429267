//! `masthead openapi`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::app;
use crate::error::{Error, Result};

/// Print the OpenAPI document
#[derive(Debug, Args)]
pub(super) struct Openapi {
    /// Compare with the file instead of printing; exits with 1 where they differ
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "openapi/v1.json")]
    check: Option<PathBuf>,
}

impl Openapi {
    pub(super) fn run(self) -> Result<ExitCode> {
        let text = app::openapi()?;
        let Some(path) = self.check else {
            print(&text)?;
            return Ok(ExitCode::SUCCESS);
        };
        let committed = std::fs::read_to_string(&path).map_err(|cause| Error::File {
            what: format!("reading {}", path.display()),
            cause,
        })?;
        if committed == text {
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!(
            "{} differs from the handlers; refresh it with: masthead openapi > {0}",
            path.display()
        );
        Ok(ExitCode::FAILURE)
    }
}
