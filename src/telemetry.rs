//! Sets up logging for the process. It knows the shape of a log line, not what is logged.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Logs the events that `filter` lets through to standard error, as JSON objects where `json` is set, else as readable lines.
///
/// # Errors
///
/// A sentence, where the filter cannot be parsed or the process already logs.
pub fn init(filter: &str, json: bool) -> Result<(), String> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|e| format!("log filter `{filter}`: {e}"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let outcome = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        let plain = !io::stderr().is_terminal();
        if plain {
            builder.with_ansi(false).try_init()
        } else {
            builder.try_init()
        }
    };
    outcome.map_err(|e| format!("logging is already set up: {e}"))
}
