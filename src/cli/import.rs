//! `masthead import`

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{open, report};
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::import::{ImportOptions, ImportReport, Progress};

/// Take portal files in
///
/// A file is all or nothing: where a line is at fault nothing of the file is kept, and every fault is reported with its
/// line number. Taking a file in twice changes nothing.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// Keep the good lines of a file that has bad ones
    #[arg(long)]
    keep_going: bool,
    /// The folder that has the files which the portal files name
    #[arg(long, value_name = "DIR")]
    media: Option<PathBuf>,
    /// Portal files (NDJSON)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Import {
    pub(super) fn run(self) -> Result<ExitCode> {
        let app = open()?;
        let options = ImportOptions {
            keep_going: self.keep_going,
            media: self.media.as_deref(),
        };
        let mut clean = true;
        for path in &self.files {
            match import(&app, path, options) {
                Ok(outcome) => {
                    clean &= outcome.fault_count == 0;
                    print(path, &outcome);
                }
                Err(error) => {
                    clean = false;
                    eprintln!("{}: not imported", path.display());
                    report(&error);
                }
            }
        }
        Ok(if clean {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn import(app: &App, path: &Path, options: ImportOptions<'_>) -> Result<ImportReport> {
    let file_error = |cause| Error::File {
        what: format!("reading {}", path.display()),
        cause,
    };
    let file = File::open(path).map_err(file_error)?;
    let size = file.metadata().map_err(file_error)?.len();
    let bar = bar(size, path);
    let progress = |at: Progress| {
        if at.lines.is_multiple_of(100) {
            bar.set_position(at.bytes);
        }
    };
    let outcome =
        app.services()
            .import
            .run(BufReader::with_capacity(1 << 18, file), options, progress);
    bar.finish_and_clear();
    outcome
}

/// A bar on a terminal, nothing elsewhere.
fn bar(size: u64, path: &Path) -> ProgressBar {
    let bar = ProgressBar::new(size);
    let style = "{msg} {wide_bar} {bytes}/{total_bytes} {elapsed} (left: {eta})";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.set_message(path.display().to_string());
    bar
}

fn print(path: &Path, outcome: &ImportReport) {
    for fault in &outcome.faults {
        eprintln!("{}: {fault}", path.display());
    }
    let kept = u64::try_from(outcome.faults.len()).unwrap_or(u64::MAX);
    if outcome.fault_count > kept {
        eprintln!(
            "{}: and {} more faults",
            path.display(),
            outcome.fault_count - kept
        );
    }
    if outcome.committed {
        println!(
            "{}: {} created, {} updated, {} unchanged, {} faults",
            path.display(),
            outcome.created,
            outcome.updated,
            outcome.unchanged,
            outcome.fault_count
        );
        if let Some(note) = files(outcome.files) {
            println!("{}: {note}", path.display());
        }
        if let Some(note) = held(outcome.held) {
            println!("{}: {note}", path.display());
        }
        if let Some(note) = reviews(outcome.reviews) {
            println!("{}: {note}", path.display());
        }
        if let Some(note) = stay_retracted(outcome.stay_retracted) {
            println!("{}: {note}", path.display());
        }
    } else {
        eprintln!(
            "{}: nothing was kept, because of {} fault(s); mend them, or keep the good lines with --keep-going",
            path.display(),
            outcome.fault_count
        );
    }
}

/// What became of files that have no line.
fn files(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 file of the folder became media, because an article names it".to_owned()),
        _ => Some(format!(
            "{count} files of the folder became media, because articles name them"
        )),
    }
}

/// What there is to do where records are held back.
fn held(count: u64) -> Option<String> {
    let what = match count {
        0 => return None,
        1 => "1 record is".to_owned(),
        _ => format!("{count} records are"),
    };
    Some(format!(
        "{what} held back: text that looks injected was found, or holds what it is in back; list it with GET /api/v1/manage/findings?severity=block, repair it with POST /api/v1/manage/findings/repair"
    ))
}

/// What there is to do where something should be looked at.
fn reviews(count: u64) -> Option<String> {
    let what = match count {
        0 => return None,
        1 => "1 finding".to_owned(),
        _ => format!("{count} findings"),
    };
    Some(format!(
        "{what} should be looked at: GET /api/v1/manage/findings?severity=review"
    ))
}

/// What there is to do where a file does not bring retracted articles back.
fn stay_retracted(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 stays retracted: take it to draft with a transition first".to_owned()),
        _ => Some(format!(
            "{count} stay retracted: take them to draft with a transition first"
        )),
    }
}
