//! `masthead doctor`

use std::process::ExitCode;

use clap::Args;

use super::config;
use crate::app::App;
use crate::error::Result;

/// Check configuration, database, migrations and the bytes of files; exits with 1 where something is wrong
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Remove bytes that no record names, and what is left over of uploads that were broken off
    #[arg(long)]
    repair: bool,
}

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
        let mut is_well = checks.iter().all(|c| c.ok);
        if is_well {
            is_well = index(&app) & files(&app, self.repair);
        } else {
            println!("      files: not looked at, because the database must be well for that");
        }
        Ok(if is_well {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Looks at the search index; tells whether it is well.
fn index(app: &App) -> bool {
    match app.services().indexing.check() {
        Ok(report) => {
            println!(
                "{} {}",
                if report.ok { "ok   " } else { "FAIL " },
                report.text
            );
            report.ok
        }
        Err(error) => {
            println!("FAIL  search index: {}", error.chain());
            false
        }
    }
}

/// Looks at the bytes of files; tells whether they are well.
fn files(app: &App, repair: bool) -> bool {
    let findings = match app.services().inspection.run(repair) {
        Ok(findings) => findings,
        Err(error) => {
            println!("FAIL  files: {}", error.chain());
            return false;
        }
    };
    for finding in &findings {
        let word = if finding.ok { "ok   " } else { "FAIL " };
        println!("{word} {}", finding.text);
        for detail in &finding.details {
            println!("        {detail}");
        }
    }
    findings.iter().all(|finding| finding.ok)
}
