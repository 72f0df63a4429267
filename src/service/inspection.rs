//! Whether the bytes of all files are there, and nothing beside them. Knows neither SQL nor where bytes are kept.

use std::collections::BTreeMap;

use crate::clock::Clock;
use crate::error::Result;
use crate::library::{Findings, Found, Library};
use crate::models::time::Ts;
use crate::store::{self, Store};

/// Names that are shown of each kind.
const SHOWN: usize = 20;

/// Use cases on the storage as a whole.
#[derive(Clone)]
pub struct Inspection {
    store: Store,
    clock: Clock,
    library: Library,
}

/// Something that was found, in lines for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as it should be, by now.
    pub ok: bool,
    /// What it is.
    pub text: String,
    /// Each of the first of them.
    pub details: Vec<String>,
}

impl Inspection {
    pub(super) fn new(store: Store, clock: Clock, library: Library) -> Self {
        Self {
            store,
            clock,
            library,
        }
    }

    /// Looks at all files; with `repair` what nobody needs is removed. Blocks the calling thread.
    pub fn run(&self, repair: bool) -> Result<Vec<Finding>> {
        let now = Ts::from(self.clock.now());
        let findings = self.library.inspect(&self.store, now, repair)?;
        let missing = self.missing(&findings.missing)?;
        Ok(told(findings, missing, repair))
    }

    /// Who has the files of which bytes are missing.
    fn missing(&self, missing: &Found) -> Result<Vec<String>> {
        // Several parts of a file may be missing.
        let mut parts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for name in &missing.names {
            let file = name.rsplit('/').next().unwrap_or(name);
            let sha256 = file.split('-').next().unwrap_or(file);
            parts.entry(sha256.to_owned()).or_default().push(name);
        }
        let shown: Vec<String> = parts.keys().take(SHOWN).cloned().collect();
        let named = self
            .store
            .read_blocking(|conn| store::media::with_bytes_of(conn, &shown))?;
        let mut told = Vec::new();
        for sha256 in &shown {
            let media: Vec<String> = named
                .iter()
                .filter(|(of, ..)| of == sha256)
                .map(|(_, id, site, name)| match site {
                    Some(site) => format!("{id} `{name}` of `{site}`"),
                    None => format!("{id} `{name}` of all sites"),
                })
                .collect();
            let parts = parts.get(sha256).map_or_else(String::new, |p| p.join(", "));
            told.push(format!(
                "{parts}: media {}; upload the same file again (SHA-256 {sha256}), or delete the media",
                media.join(", ")
            ));
        }
        Ok(told)
    }
}

fn told(findings: Findings, missing: Vec<String>, repair: bool) -> Vec<Finding> {
    let Findings {
        whole,
        orphans,
        missing: lost,
        leftovers,
        strangers,
        removed,
    } = findings;
    let mut told = vec![Finding {
        ok: true,
        text: format!("files: {whole} with all their bytes"),
        details: Vec::new(),
    }];
    if lost.count > 0 {
        told.push(Finding {
            ok: false,
            text: format!("files: {} missing or of another size", lost.count),
            details: missing,
        });
    }
    let superfluous = orphans.count + leftovers.count;
    let is_clean = removed == superfluous;
    for (found, what) in [
        (orphans, "without a record"),
        (leftovers, "left over of uploads that were broken off"),
    ] {
        if found.count > 0 {
            told.push(Finding {
                ok: is_clean,
                text: match (repair, is_clean) {
                    (true, true) => format!("files: {} {what}, removed", found.count),
                    (true, false) => {
                        format!(
                            "files: {} {what}, not all of which could be removed",
                            found.count
                        )
                    }
                    (false, _) => format!(
                        "files: {} {what}; `masthead doctor --repair` removes them",
                        found.count
                    ),
                },
                details: found.names,
            });
        }
    }
    if strangers.count > 0 {
        told.push(Finding {
            ok: true,
            text: format!(
                "files: {} in the storage that are not of this program, left alone",
                strangers.count
            ),
            details: strangers.names,
        });
    }
    for finding in &mut told {
        finding.details.truncate(SHOWN);
    }
    told
}
