//! Writing through the API. Whatever is written goes one way: may the caller do this, is it a repeated request, one
//! transaction with the change, its entries in the audit log, the answer to repeat, and last the stamp that tells caches and
//! followers. Knows neither HTTP nor SQL.

pub mod analytics;
pub mod api_keys;
mod article_media;
mod article_references;
pub mod articles;
pub mod audit;
pub mod categories;
mod citations;
pub mod findings;
pub mod hygiene_rules;
pub mod hygiene_scans;
pub mod link_groups;
pub mod media;
pub mod menus;
pub mod previews;
pub mod revision_diff;
pub mod revisions;
pub mod script_phrases;
pub mod sites;
pub mod sources;
pub mod topics;
mod transaction;
pub mod transitions;
pub mod users;
pub mod visibility;
mod workflow;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::clock::Clock;
use crate::content::media::Addresses;
use crate::error::{Error, Fault, Result};
use crate::index::{Index, Pending, Room};
use crate::library::Library;
use crate::models::access::{Caller, Operation, Reach, Refusal, Role, Scope};
use crate::models::audit::{AddressKey, NewEntry};
use crate::models::reply::{Claim, Reply, RequestKey};
use crate::models::revision::Retention;
use crate::models::time::Ts;
use crate::screening::{Screen, Screening};
use crate::store::connection::{Structure, lock_structure};
use crate::store::counts::Deltas;
use crate::store::totals::Estate;
use crate::store::{self, Conn, Store};

pub use transaction::Tx;

/// Use cases of those who may write.
#[derive(Clone)]
pub struct Management {
    store: Store,
    clock: Clock,
    library: Library,
    addresses: Addresses,
    retention: Retention,
    index: Index,
    screening: Screening,
    address_key: Arc<OnceLock<AddressKey>>,
}

/// Bytes of the bodies in the answer to several writes; those beyond are left out.
const BODIES: usize = 4 << 20;

/// What a write does, inside its transaction; it makes the answer too.
pub type Run = Box<dyn FnOnce(&mut Tx<'_>) -> Result<Reply> + Send>;

/// A write that is still to be done.
pub struct Work {
    operation: Operation,
    run: Run,
}

impl Work {
    /// `run` as what `operation` does.
    pub fn new(
        operation: Operation,
        run: impl FnOnce(&mut Tx<'_>) -> Result<Reply> + Send + 'static,
    ) -> Self {
        Self {
            operation,
            run: Box::new(run),
        }
    }
}

impl Work {
    /// The same, with a remark on the last entry that it leaves in the audit log, where there is something to remark.
    #[must_use]
    pub fn remarked(
        self,
        member: &'static str,
        value: Option<impl Into<serde_json::Value> + Send + 'static>,
    ) -> Self {
        let Some(value) = value else { return self };
        Self::new(self.operation, move |tx| {
            let entries = tx.effects.entries.len();
            let reply = (self.run)(tx)?;
            // What changes nothing leaves no entry.
            if tx.effects.entries.len() > entries {
                tx.remark(member, value);
            }
            Ok(reply)
        })
    }
}

/// What the end of a transaction has to write.
#[derive(Default)]
struct Effects {
    sites: BTreeSet<i64>,
    /// Whether anything is to be stamped: what all sites share may change where there is no site.
    has_touched: bool,
    counts: Deltas,
    /// Articles to index, by id; `true` for those that the transaction has made.
    indexed: BTreeMap<i64, bool>,
    /// Whether more articles wait to be indexed by and by.
    has_queued: bool,
    /// What becomes of the totals of what is gone, in the order that it went.
    estates: Vec<Estate>,
    entries: Vec<NewEntry>,
    /// The look at what is written, once something was.
    screen: Option<Screen>,
    /// How many revisions of an article stay when it is saved.
    revisions_kept: i64,
    /// Files that nobody may name any more, by SHA-256: their bytes are removed once the transaction is done.
    released_files: Vec<String>,
}

impl Effects {
    fn of(retention: Retention) -> Self {
        Self {
            revisions_kept: retention.kept,
            ..Self::default()
        }
    }
}

impl Management {
    pub(super) fn new(
        store: Store,
        clock: Clock,
        library: Library,
        addresses: Addresses,
        retention: Retention,
        index: Index,
        screening: Screening,
    ) -> Self {
        Self {
            store,
            clock,
            library,
            addresses,
            retention,
            index,
            screening,
            address_key: Arc::default(),
        }
    }

    /// Reads for a caller, on one picture of the database.
    pub async fn read<T: Send + 'static>(
        &self,
        caller: Caller,
        operation: Operation,
        f: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let reading = self.reading(caller, operation, f)?;
        self.store.read_short(reading).await
    }

    /// [`Management::read`] for what may take longer the more there is.
    pub async fn read_long<T: Send + 'static>(
        &self,
        caller: Caller,
        operation: Operation,
        f: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let reading = self.reading(caller, operation, f)?;
        self.store.read_long(reading).await
    }

    /// `f` on one picture of the database, where the caller could do this in some place.
    fn reading<T, F: FnOnce(&mut Tx<'_>) -> Result<T>>(
        &self,
        caller: Caller,
        operation: Operation,
        f: F,
    ) -> Result<impl FnOnce(&mut Conn) -> Result<T> + use<T, F>> {
        might(&caller, operation)?;
        let now = Ts::from(self.clock.now());
        let this = self.clone();
        Ok(move |conn: &mut Conn| {
            store::connection::snapshot(conn, |conn| {
                let mut effects = Effects::default();
                let mut tx = Tx::new(conn, &this, &caller, operation, now, &mut effects);
                let found = f(&mut tx)?;
                tx.expect_allowed()?;
                Ok(found)
            })
        })
    }

    /// Does one write. With a key, a repeated request gets the answer of the first one.
    pub async fn write(
        &self,
        caller: Caller,
        work: Work,
        key: Option<RequestKey>,
    ) -> Result<Reply> {
        might(&caller, work.operation)?;
        let this = self.clone();
        let write =
            move |_: &Store| this.once(key, |claimed| this.write_one(&caller, work, claimed));
        self.store.write(write).await
    }

    /// Does several writes: all of them or none. `sum` makes one answer of theirs.
    pub async fn write_all(
        &self,
        caller: Caller,
        works: Vec<Work>,
        key: Option<RequestKey>,
        sum: impl FnOnce(Vec<Reply>) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply> {
        might(&caller, Operation::RunBatch)?;
        let this = self.clone();
        let write = move |_: &Store| {
            this.once(key, |claimed| {
                let (reply, released) = this.store.write_blocking(|conn| {
                    let now = Ts::from(this.clock.now());
                    let mut effects = Effects::of(this.retention);
                    let mut replies = Vec::with_capacity(works.len());
                    let mut room = BODIES;
                    // Whatever its operations lock, nobody else does meanwhile.
                    lock_structure(conn, Structure::Changed)?;
                    for (index, work) in works.into_iter().enumerate() {
                        let reply = might(&caller, work.operation)
                            .and_then(|()| this.run(conn, &caller, work, now, &mut effects));
                        let reply = reply.map_err(|error| Error::InBatch {
                            index,
                            error: Box::new(error),
                        })?;
                        replies.push(fitted(reply, &mut room));
                    }
                    let reply = sum(replies)?;
                    let released = std::mem::take(&mut effects.released_files);
                    this.conclude(conn, &caller, effects, claimed, &reply)?;
                    Ok((reply, released))
                })?;
                this.library.tidy(&this.store, &released);
                Ok(reply)
            })
        };
        self.store.write(write).await
    }

    /// Does several writes, each for itself. `sum` makes one answer of what became of them.
    pub async fn write_each(
        &self,
        caller: Caller,
        works: Vec<Work>,
        key: Option<RequestKey>,
        sum: impl FnOnce(Vec<Result<Reply>>) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply> {
        might(&caller, Operation::RunBatch)?;
        let this = self.clone();
        let write = move |_: &Store| {
            let own = key.clone();
            this.once(key, |claimed| {
                let mut room = BODIES;
                let replies = works
                    .into_iter()
                    .enumerate()
                    .map(|(index, work)| {
                        might(&caller, work.operation)?;
                        // Each is remembered for itself: when the request comes again after it was cut off, what is done stays
                        // done once. No key of a client has a blank.
                        let key = own.as_ref().map(|own| RequestKey {
                            key: format!("{} {index}", own.key),
                            ..own.clone()
                        });
                        this.once(key, |claimed| this.write_one(&caller, work, claimed))
                            .map(|reply| fitted(reply, &mut room))
                    })
                    .collect();
                let reply = sum(replies)?;
                if claimed.is_some() {
                    this.store.write_blocking(|conn| {
                        this.conclude(conn, &caller, Effects::default(), claimed, &reply)
                    })?;
                }
                Ok(reply)
            })
        };
        self.store.write(write).await
    }

    /// Runs `f` unless it was done before under the same key.
    fn once(
        &self,
        key: Option<RequestKey>,
        f: impl FnOnce(Option<(&RequestKey, Ts)>) -> Result<Reply>,
    ) -> Result<Reply> {
        let Some(key) = key else {
            return f(None);
        };
        let now = Ts::from(self.clock.now());
        let claim = self
            .store
            .write_blocking(|conn| store::idempotency::claim(conn, &key, now))?;
        match claim {
            Claim::Running => Err(Error::KeyInUse),
            Claim::OfAnother => Err(Error::KeyReused),
            Claim::Answered(mut reply) => {
                reply
                    .headers
                    .push(("Idempotency-Replayed".to_owned(), "true".to_owned()));
                Ok(reply)
            }
            Claim::Granted => {
                let outcome = f(Some((&key, now)));
                if outcome.is_err() {
                    // Nothing was changed, so the same key may bring a corrected request. Where even this fails the claim
                    // runs out by itself.
                    let released = self
                        .store
                        .write_blocking(|conn| store::idempotency::release(conn, &key, now));
                    if let Err(error) = released {
                        tracing::warn!(
                            error = error.chain(),
                            "releasing an idempotency key failed"
                        );
                    }
                }
                outcome
            }
        }
    }

    fn address_key(&self, conn: &mut Conn) -> Result<AddressKey> {
        if let Some(key) = self.address_key.get() {
            return Ok(key.clone());
        }
        let key = store::secrets::address_key(conn)?;
        Ok(self.address_key.get_or_init(|| key).clone())
    }

    fn write_one(
        &self,
        caller: &Caller,
        work: Work,
        claimed: Option<(&RequestKey, Ts)>,
    ) -> Result<Reply> {
        let (reply, released) = self.store.write_blocking(|conn| {
            let now = Ts::from(self.clock.now());
            let mut effects = Effects::of(self.retention);
            let reply = self.run(conn, caller, work, now, &mut effects)?;
            let released = std::mem::take(&mut effects.released_files);
            self.conclude(conn, caller, effects, claimed, &reply)?;
            Ok((reply, released))
        })?;
        self.library.tidy(&self.store, &released);
        Ok(reply)
    }

    fn run(
        &self,
        conn: &mut Conn,
        caller: &Caller,
        work: Work,
        now: Ts,
        effects: &mut Effects,
    ) -> Result<Reply> {
        lock_out(conn, work.operation)?;
        let mut tx = Tx::new(conn, self, caller, work.operation, now, effects);
        let reply = (work.run)(&mut tx)?;
        tx.expect_allowed()?;
        Ok(reply)
    }

    /// Writes what a transaction has to write last.
    fn conclude(
        &self,
        conn: &mut Conn,
        caller: &Caller,
        effects: Effects,
        claimed: Option<(&RequestKey, Ts)>,
        reply: &Reply,
    ) -> Result<()> {
        let Effects {
            sites,
            has_touched,
            counts,
            indexed,
            has_queued,
            estates,
            mut entries,
            screen: _,
            revisions_kept: _,
            released_files: _,
        } = effects;
        let address_hash = match caller.address {
            Some(address) if !entries.is_empty() => Some(self.address_key(conn)?.hash(address)),
            _ => None,
        };
        for entry in &mut entries {
            entry.address_hash.clone_from(&address_hash);
        }
        store::audit::append(conn, &entries)?;
        // As everything is by now; here, because others wait from the stamp on.
        let mut pending = Pending::default();
        let now = Ts::from(self.clock.now());
        let (made, changed): (Vec<_>, Vec<_>) =
            indexed.into_iter().partition(|(_, is_new)| *is_new);
        let ids = |of: Vec<(i64, bool)>| of.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        self.index
            .prepare_new(conn, &mut pending, &ids(made), now)?;
        self.index.prepare(conn, &mut pending, &ids(changed), now)?;
        self.index.settle(conn, &mut pending)?;
        if let Some((key, claimed_at)) = claimed
            && !store::idempotency::complete(conn, key, claimed_at, reply)?
        {
            // Somebody else took this request for lost and does it now.
            return Err(Error::KeyInUse);
        }
        store::counts::apply(conn, &counts)?;
        store::totals::settle(conn, &estates)?;
        if has_touched || !pending.is_empty() {
            store::stamps::stamp(conn, &sites, Ts::from(self.clock.now()))?;
        }
        self.index.refresh(conn, &mut pending, now)?;
        self.index.commit(conn, pending, Room::SMALL)?;
        if has_queued {
            self.index.want();
        }
        Ok(())
    }
}

/// The reply, without its body where that does not fit into the room that is left.
fn fitted(mut reply: Reply, room: &mut usize) -> Reply {
    match room.checked_sub(reply.body.len()) {
        Some(left) => *room = left,
        None => reply.body.clear(),
    }
    reply
}

/// Keeps those out who would get in the way of an operation, before it takes a lock on any row: so that no two wait for each
/// other.
fn lock_out(conn: &mut Conn, operation: Operation) -> Result<()> {
    match operation.rule().scope {
        // It changes other articles too: those that it is related to, those that the account made, those that use the file, those of a site that
        // nothing holds back any more.
        _ if matches!(
            operation,
            Operation::DeleteArticle
                | Operation::DeleteUser
                | Operation::UpdateMedia
                | Operation::RepairFindings
                | Operation::DismissFindings
        ) =>
        {
            lock_structure(conn, Structure::Changed)
        }
        // It changes no article, and may wait for the storage.
        _ if operation == Operation::CreateMedia => Ok(()),
        // Nor does this: it asks for what is done later.
        _ if operation == Operation::CreateHygieneScan => Ok(()),
        Some(Scope::StructureWrite) => lock_structure(conn, Structure::Changed),
        Some(Scope::ArticlesWrite) => lock_structure(conn, Structure::Kept),
        _ => Ok(()),
    }
}

/// Whether the caller could do this in some place.
pub fn might(caller: &Caller, operation: Operation) -> Result<()> {
    caller
        .principal
        .rights
        .might(operation)
        .map_err(|refusal| match refusal {
            Refusal::Scope(scope) => Error::InsufficientScope(scope.as_str()),
            Refusal::Role(role) => match operation.rule().reach {
                Reach::Everywhere => forbidden(role, " everywhere"),
                Reach::Site | Reach::Category | Reach::Somewhere => forbidden(role, ""),
            },
        })
}

fn forbidden(role: Role, place: &str) -> Error {
    Error::Forbidden(format!("this needs the role `{}`{place}", role.as_str()))
}

/// A name for a record that the request left without one: 20 hexadecimal digits.
fn random_key() -> Result<String> {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes).map_err(|e| Error::Internal(e.into()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A body of which one member cannot be used.
fn invalid(pointer: &str, code: &'static str, detail: impl Into<String>) -> Error {
    Error::Invalid(vec![Fault::new(pointer, code, detail)])
}
