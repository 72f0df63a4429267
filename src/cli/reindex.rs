//! `masthead reindex`

use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{config, start_log};
use crate::app::App;
use crate::error::Result;
use crate::service::indexing::Progress;

/// Derive lists, category counts and the search index from the articles anew
///
/// Never needed in normal operation: every write keeps them, and an upgrade that changes them does this by itself or says so. The search
/// index is made anew while a server runs; what is there is searched until then.
#[derive(Debug, Args)]
pub(super) struct Reindex {
    /// Only the search index, for which nobody has to wait
    #[arg(long)]
    search_only: bool,
}

impl Reindex {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = config()?;
        start_log(&config)?;
        let app = App::start(config)?;
        if !self.search_only {
            app.services().upkeep.reindex()?;
        }
        let bar = bar();
        let rebuilt = app
            .services()
            .indexing
            .rebuild(|Progress { articles, of }| {
                bar.set_length(of.max(articles));
                bar.set_position(articles);
            });
        bar.finish_and_clear();
        match rebuilt? {
            1 => println!("1 article reindexed"),
            n => println!("{n} articles reindexed"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A bar on a terminal, nothing elsewhere.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = "search index {wide_bar} {pos}/{len} {elapsed} (left: {eta})";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}
