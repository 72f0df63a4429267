//! `masthead export`

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::open_existing;
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::export::ExportOptions;

/// Write everything as a portal file
///
/// Importing it into an empty database gives the same answers, ids, change times and versions apart.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// Only the site with this slug
    #[arg(long, value_name = "SLUG")]
    site: Option<String>,
    /// Write the files that articles refer to into this folder, too
    #[arg(long, value_name = "DIR")]
    media: Option<PathBuf>,
    /// Write what is held back, too: records in which text was found that looks injected
    #[arg(long)]
    held: bool,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(self) -> Result<ExitCode> {
        let app = open_existing()?;
        let options = ExportOptions {
            site: self.site.as_deref(),
            media: self.media.as_deref(),
            held: self.held,
        };
        let left_out = match &self.output {
            Some(path) if !path.exists() || path.is_file() => replace(&app, path, options)?,
            Some(path) => {
                // A device or a pipe cannot be replaced.
                let file = File::create(path).map_err(|cause| file_error(path, cause))?;
                app.services().export.run(BufWriter::new(file), options)?
            }
            None => app
                .services()
                .export
                .run(BufWriter::new(std::io::stdout().lock()), options)?,
        };
        if left_out > 0 {
            eprintln!(
                "{left_out} record(s) are held back and left out; `GET /api/v1/manage/findings` lists why, --held writes them, too"
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes beside `path` first: half a file must not look like a whole one, and a failure leaves the old one.
fn replace(app: &App, path: &Path, options: ExportOptions<'_>) -> Result<u64> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let write = || {
        let mut out =
            BufWriter::new(File::create(&partial).map_err(|cause| file_error(&partial, cause))?);
        let left_out = app.services().export.run(&mut out, options)?;
        out.flush()
            .and_then(|()| out.get_ref().sync_all())
            .map_err(|cause| file_error(&partial, cause))?;
        fs::rename(&partial, path).map_err(|cause| file_error(path, cause))?;
        Ok(left_out)
    };
    let written = write();
    if written.is_err() {
        fs::remove_file(&partial).ok();
    }
    written
}

fn file_error(path: &Path, cause: std::io::Error) -> Error {
    Error::File {
        what: format!("writing {}", path.display()),
        cause,
    }
}
