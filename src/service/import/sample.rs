//! The sample content: it goes into an empty database or nowhere. Knows no command line beyond the name of its option.

use super::{Import, ImportReport, Run};
use crate::error::{Error, Result};
use crate::models::time::Ts;
use crate::portal::demo;
use crate::portal::reader::Reader;
use crate::store::{self, Conn};

impl Import {
    /// Fails where the database holds anything. Writes nothing; what cannot be told before the migrations are applied
    /// passes, because [`Import::sample`] looks again.
    pub fn expect_empty(&self) -> Result<()> {
        self.store.read_blocking(|conn| match is_empty(conn) {
            Ok(true) => Ok(()),
            Ok(false) => Err(not_empty()),
            // The tables are not there yet, or those of another version.
            Err(_) if store::migrations::pending(conn)? > 0 => Ok(()),
            Err(error) => Err(error),
        })
    }

    /// Takes the sample content in, or fails where the database holds anything. Looking and writing are one transaction
    /// that keeps other imports out. Blocks the calling thread.
    pub fn sample(&self) -> Result<ImportReport> {
        let mut run = Run::new(self, None);
        self.store.write_blocking(|conn| {
            store::import::lock(conn)?;
            if !is_empty(conn)? {
                return Err(not_empty());
            }
            run.now = Ts::from(self.clock.now());
            store::import::prepare(conn)?;
            run.take(conn, &mut Reader::new(demo::PORTAL), None, &mut |_| {})?;
            run.finish(conn)?;
            match run.report.faults.first() {
                Some(fault) => Err(Error::internal(format!("the sample content: {fault}"))),
                None => Ok(()),
            }
        })?;
        run.report.committed = true;
        Ok(run.report)
    }
}

/// Whether there is neither a site nor a source; everything else belongs to one of them.
fn is_empty(conn: &mut Conn) -> Result<bool> {
    Ok(store::sites::ids(conn)?.is_empty() && store::sources::page(conn, 0, 0, 1)?.is_empty())
}

fn not_empty() -> Error {
    Error::Setup(
        "the database is not empty, and `--demo` fills only an empty one; start without `--demo`, or name an empty \
         database in DATABASE_URL"
            .to_owned(),
    )
}
