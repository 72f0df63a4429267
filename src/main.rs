//! Parses the command line and runs one command.

use std::process::ExitCode;

use clap::Parser;
use masthead::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
