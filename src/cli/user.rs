//! `masthead user create`

use std::io::{BufRead, IsTerminal, Read};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{open, print};
use crate::error::{Error, Result};
use crate::service::access::{AccountDetails, ROLES};

/// Bytes of the longest line that is read as a password.
const MAX_LINE: u64 = 8192;

/// Make accounts
#[derive(Debug, Args)]
pub(super) struct User {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(Create),
}

/// Make an account; the password is asked for, or read as one line from standard input
#[derive(Debug, Args)]
struct Create {
    /// E-mail address that it signs in with
    #[arg(long)]
    email: String,
    /// What it may do everywhere
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(ROLES))]
    role: String,
    /// What its owner is called; the e-mail address unless given
    #[arg(long)]
    name: Option<String>,
}

impl User {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.action {
            Action::Create(command) => command.run(),
        }
    }
}

impl Create {
    fn run(self) -> Result<ExitCode> {
        let Self { email, role, name } = self;
        let app = open()?;
        let details = AccountDetails {
            name: name.unwrap_or_else(|| email.clone()),
            email,
            role,
        };
        let access = &app.services().access;
        // What is wrong with these is said before anybody types a password.
        access.check_account(&details).map_err(readable)?;
        let password = password()?;
        let id = access
            .create_account(&details, &password)
            .map_err(readable)?;
        print(&format!(
            "account {id} made: {} may sign in as {}\n",
            details.email, details.role
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The faults of single values as lines; elsewhere they travel beside the message.
fn readable(error: Error) -> Error {
    match error {
        Error::Invalid(faults) => {
            let lines: Vec<String> = faults
                .iter()
                .map(|fault| format!("{} {}", fault.pointer.trim_start_matches('/'), fault.detail))
                .collect();
            Error::Setup(format!("the account cannot be made: {}", lines.join("; ")))
        }
        other => other,
    }
}

/// A password from the terminal, twice and without showing it; else the first line of standard input.
fn password() -> Result<String> {
    let unreadable = |cause| Error::File {
        what: "reading the password".to_owned(),
        cause,
    };
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let first = rpassword::prompt_password("Password: ").map_err(unreadable)?;
        let second = rpassword::prompt_password("Once more: ").map_err(unreadable)?;
        return match first == second {
            true => Ok(first),
            false => Err(Error::Setup(
                "the two passwords differ; try again".to_owned(),
            )),
        };
    }
    let mut line = String::new();
    stdin
        .lock()
        .take(MAX_LINE)
        .read_line(&mut line)
        .map_err(unreadable)?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    match password.is_empty() {
        true => Err(Error::Setup(
            "there is no password on standard input; write it there as one line".to_owned(),
        )),
        false => Ok(password.to_owned()),
    }
}
