//! `masthead export`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::open;
use crate::error::{Error, Result};

/// Write everything as a portal file
///
/// Importing it into an empty database gives the same answers, ids, change times and versions apart.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// Only the site with this slug
    #[arg(long, value_name = "SLUG")]
    site: Option<String>,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(self) -> Result<ExitCode> {
        let app = open()?;
        let export = &app.services().export;
        match &self.output {
            None => export.run(
                BufWriter::new(std::io::stdout().lock()),
                self.site.as_deref(),
            )?,
            Some(path) => {
                let file_error = |cause| Error::File {
                    what: format!("writing {}", path.display()),
                    cause,
                };
                // Half a file must not look like a whole one.
                let partial = path.with_extension("partial");
                let mut out = BufWriter::new(File::create(&partial).map_err(file_error)?);
                export.run(&mut out, self.site.as_deref())?;
                out.flush().map_err(file_error)?;
                out.get_ref().sync_all().map_err(file_error)?;
                std::fs::rename(&partial, path).map_err(file_error)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
