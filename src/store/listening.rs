//! What instances on one PostgreSQL tell each other: with each commit, which answers it ends. A thread of each server listens; while it
//! cannot, nothing that is kept is trusted. SQLite has another way, see `watching`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use parking_lot::Mutex;

use super::connection::{Access, Conn, Target, connect, with_options};
use super::replicas::Replicas;
use super::touched::{self, Touched};
use crate::cache::Generations;
use crate::error::{Error, Result};
use crate::models::subject::Slot;

/// How messages begin. Who does not know a version takes it that everything changed.
const VERSION: &str = "1";

/// Stands for all slots.
const EVERYTHING: &str = "*";

/// Most slots that one message names: PostgreSQL takes less than 8,000 bytes.
const MOST_SLOTS: usize = 1_900;

/// Most messages of this instance that are remembered as settled.
const SETTLED: usize = 4_096;

/// How often it is looked whether something was said.
const PAUSE: Duration = Duration::from_millis(25);

/// How often the server is asked whether it is there.
const BEAT: Duration = Duration::from_millis(250);

/// Without an answer for so long, the connection counts as lost.
const DEAF: Duration = Duration::from_millis(750);

/// How often it is looked whether it is.
const WATCH: Duration = Duration::from_millis(100);

/// How long to wait before a connection is tried again.
const RETRY: Duration = Duration::from_millis(250);

/// A server that went silent is given up within seconds.
const OPTIONS: &str = "connect_timeout=2&tcp_user_timeout=2000&keepalives_idle=1&keepalives_interval=1&keepalives_count=2";

thread_local! {
    /// For whom this thread writes.
    static SPEAKER: RefCell<Option<Arc<Voice>>> = RefCell::default();
    /// The number of the message of the running transaction.
    static RUNNING: Cell<Option<u64>> = const { Cell::new(None) };
    /// Those of messages that certainly went out, and that their own instance was not told of in another way yet.
    static COMMITTED: RefCell<Vec<u64>> = RefCell::default();
}

/// Who speaks. An instance need not heed what it says itself, where its caches were told at the end of the write: but where the end of a
/// commit is unknown, its message may come when the commit does, later.
#[derive(Debug)]
pub(super) struct Voice {
    id: u64,
    messages: AtomicU64,
    settled: Mutex<BTreeSet<u64>>,
    is_heard: AtomicBool,
}

impl Voice {
    /// One that no other instance has.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            id: getrandom::u64().map_err(|e| Error::Internal(e.into()))?,
            messages: AtomicU64::new(0),
            settled: Mutex::default(),
            is_heard: AtomicBool::new(false),
        })
    }

    /// Runs `f`, whose transactions speak with this voice.
    pub(super) fn speak<T>(self: &Arc<Self>, f: impl FnOnce() -> T) -> T {
        /// Gives the thread back to who had it before, also after a panic.
        struct Former(Option<Arc<Voice>>);
        impl Drop for Former {
            fn drop(&mut self) {
                SPEAKER.set(self.0.take());
            }
        }
        let _former = Former(SPEAKER.replace(Some(Arc::clone(self))));
        f()
    }

    /// The caches of this instance were told of what this thread has committed.
    pub(super) fn settle(&self) {
        let numbers = COMMITTED.take();
        if !self.is_heard.load(Ordering::Relaxed) {
            return;
        }
        let mut settled = self.settled.lock();
        settled.extend(numbers);
        while settled.len() > SETTLED {
            settled.pop_first();
        }
    }

    /// Whether a message says nothing new here.
    fn knows(&self, message: &Message) -> bool {
        message.speaker == self.id && self.settled.lock().remove(&message.number)
    }
}

/// Tells the others with the commit of the running transaction what it changed.
pub(super) fn announce(conn: &mut Conn) -> Result<()> {
    RUNNING.take();
    let Conn::Postgres(conn) = conn else {
        return Ok(());
    };
    let touched = touched::running();
    if touched.is_empty() {
        return Ok(());
    }
    // Nobody in particular is heeded by everybody.
    let (speaker, number) = SPEAKER.with_borrow(|speaker| match speaker {
        Some(voice) => (voice.id, voice.messages.fetch_add(1, Ordering::Relaxed)),
        None => (0, 0),
    });
    diesel::sql_query("SELECT pg_notify('masthead', $1)")
        .bind::<Text, _>(text(speaker, number, &touched))
        .execute(conn)?;
    RUNNING.set(Some(number));
    Ok(())
}

/// The running transaction is over.
pub(super) fn ended(is_committed: bool) {
    if let Some(number) = RUNNING.take()
        && is_committed
    {
        COMMITTED.with_borrow_mut(|committed| committed.push(number));
    }
}

fn text(speaker: u64, number: u64, touched: &Touched) -> String {
    let slots: String = match touched.everything || touched.slots.len() > MOST_SLOTS {
        true => EVERYTHING.to_owned(),
        false => touched
            .slots
            .iter()
            .map(|slot| format!("{slot:04x}"))
            .collect(),
    };
    format!("{VERSION} {speaker:016x} {number:x} {slots}")
}

/// What another instance said.
#[derive(Debug, PartialEq, Eq)]
struct Message {
    speaker: u64,
    number: u64,
    /// None stands for everything.
    slots: Option<Vec<Slot>>,
}

impl Message {
    /// What nobody here understands may mean anything.
    fn read(text: &str) -> Self {
        Self::parse(text).unwrap_or(Self {
            speaker: 0,
            number: 0,
            slots: None,
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.strip_prefix(VERSION)?.strip_prefix(' ')?.split(' ');
        let speaker = u64::from_str_radix(words.next()?, 16).ok()?;
        let number = u64::from_str_radix(words.next()?, 16).ok()?;
        let slots = match words.next()? {
            EVERYTHING => None,
            digits if digits.len().is_multiple_of(4) && is_hex(digits) => Some(
                (0..digits.len())
                    .step_by(4)
                    .map(|at| Slot::from_str_radix(digits.get(at..at + 4)?, 16).ok())
                    .collect::<Option<_>>()?,
            ),
            _ => return None,
        };
        words.next().is_none().then_some(Self {
            speaker,
            number,
            slots,
        })
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The ear of one server.
pub(super) struct Listener {
    url: String,
    voice: Arc<Voice>,
    generations: Generations,
    replicas: Arc<Replicas>,
    /// Gone with the last of the stores.
    life: Weak<()>,
    begun: Instant,
    /// When the server answered last, in milliseconds since `begun`.
    answered: AtomicU64,
    is_lost: AtomicBool,
}

impl Listener {
    /// Starts to listen. Fails only where there are no threads; it waits for a server that is not there.
    pub(super) fn start(
        url: &str,
        voice: &Arc<Voice>,
        generations: &Generations,
        replicas: &Arc<Replicas>,
        life: Weak<()>,
    ) -> Result<()> {
        voice.is_heard.store(true, Ordering::Relaxed);
        let listener = Arc::new(Self {
            url: with_options(url, OPTIONS),
            voice: Arc::clone(voice),
            generations: generations.clone(),
            replicas: Arc::clone(replicas),
            life,
            begun: Instant::now(),
            answered: AtomicU64::new(0),
            is_lost: AtomicBool::new(false),
        });
        generations.set_told(false);
        let opened = listener.open().map_err(|error| listener.lost(&error)).ok();
        let ear = Arc::clone(&listener);
        spawn("listener", move || ear.run(opened))?;
        spawn("listener-watch", move || listener.watch())
    }

    fn is_over(&self) -> bool {
        self.life.strong_count() == 0
    }

    fn run(&self, mut opened: Option<PgConnection>) {
        while !self.is_over() {
            match opened.take().map_or_else(|| self.open(), Ok) {
                // One that was cut is made anew at once.
                Ok(conn) => {
                    if let Err(error) = self.listen(conn) {
                        self.lost(&error);
                    }
                }
                Err(error) => {
                    self.lost(&error);
                    std::thread::sleep(RETRY);
                }
            }
        }
    }

    /// Opens the ear; from then on nothing is missed.
    fn open(&self) -> Result<PgConnection> {
        let target = Target::Postgres(self.url.clone());
        let Conn::Postgres(mut conn) = connect(&target, Access::ReadOnly, &Arc::default())? else {
            return Err(Error::internal("PostgreSQL is another database"));
        };
        conn.batch_execute(
            "SET statement_timeout TO '2s'; SET application_name TO 'masthead listener'; LISTEN masthead",
        )?;
        self.replicas.meet_primary(&mut conn);
        // What was said before the ear was open is in the database by now: replicas have to have it too.
        self.replicas.require(super::replicas::written(&mut conn)?);
        self.beat(&mut conn)?;
        Ok(conn)
    }

    fn listen(&self, mut conn: PgConnection) -> Result<()> {
        let mut beaten = Instant::now();
        while !self.is_over() {
            let said = conn.notifications_iter().collect::<QueryResult<Vec<_>>>()?;
            let messages: Vec<Message> = said
                .iter()
                .map(|said| Message::read(&said.payload))
                .filter(|message| !self.voice.knows(message))
                .collect();
            if !messages.is_empty() {
                self.heed(&mut conn, &messages)?;
            }
            if beaten.elapsed() >= BEAT {
                self.beat(&mut conn)?;
                beaten = Instant::now();
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Ends what the messages end. Replicas have to have what they tell of before anything is read anew.
    fn heed(&self, conn: &mut PgConnection, messages: &[Message]) -> Result<()> {
        if self.replicas.are_in_use() {
            self.replicas.require(super::replicas::written(conn)?);
        }
        let slots: Option<Vec<&[Slot]>> = messages.iter().map(|m| m.slots.as_deref()).collect();
        match slots {
            Some(slots) => self.generations.raise(&slots.concat()),
            None => self.generations.raise_all(),
        }
        Ok(())
    }

    /// Asks the server whether it is there, and how far it has written.
    fn beat(&self, conn: &mut PgConnection) -> Result<()> {
        let required = self.replicas.required();
        let written = super::replicas::written(conn)?;
        self.replicas.primary_is_at(written, required);
        self.answered.store(self.elapsed(), Ordering::SeqCst);
        if self.is_lost.swap(false, Ordering::SeqCst) {
            tracing::info!("hears of the writes of other instances again");
        }
        self.generations.set_told(true);
        Ok(())
    }

    fn lost(&self, error: &Error) {
        self.generations.set_told(false);
        if !self.is_lost.swap(true, Ordering::SeqCst) && !self.is_over() {
            tracing::warn!(
                error = error.chain(),
                "does not hear of the writes of other instances; answers are made anew for each request"
            );
        }
    }

    /// Notices where the thread that listens waits for a server that does not answer.
    fn watch(&self) {
        let deaf = u64::try_from(DEAF.as_millis()).unwrap_or(u64::MAX);
        while !self.is_over() {
            let answered = self.answered.load(Ordering::SeqCst);
            if self.elapsed().saturating_sub(answered) > deaf {
                self.lost(&Error::Unavailable("the database does not answer".into()));
            }
            std::thread::sleep(WATCH);
        }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A thread that nobody waits for.
pub(super) fn spawn(name: &str, f: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread
        .spawn(f)
        .map(drop)
        .map_err(|e| Error::Internal(e.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(slots: impl IntoIterator<Item = Slot>) -> Touched {
        Touched {
            slots: slots.into_iter().collect(),
            everything: false,
        }
    }

    #[test]
    fn messages_say_what_was_changed() {
        let said = text(7, 300, &touched([0xffff, 1, 0x2a]));
        assert_eq!(said, "1 0000000000000007 12c 0001002affff");
        let heard = Message::read(&said);
        assert_eq!((heard.speaker, heard.number), (7, 300));
        assert_eq!(heard.slots, Some(vec![1, 0x2a, 0xffff]));
    }

    #[test]
    fn much_is_everything_and_fits() {
        let most = text(u64::MAX, u64::MAX, &touched(0..1_900));
        assert!(most.len() < 7_999, "{}", most.len());
        assert_eq!(Message::read(&most).slots.unwrap().len(), 1_900);
        assert_eq!(Message::read(&text(1, 2, &touched(0..1_901))).slots, None);
        let all = Touched {
            slots: BTreeSet::new(),
            everything: true,
        };
        assert_eq!(text(1, 2, &all), "1 0000000000000001 2 *");
    }

    #[test]
    fn what_is_not_understood_is_everything() {
        for strange in [
            "",
            "1",
            "2 1 1 0001",
            "1 x 1 0001",
            "1 1 1 001",
            "1 1 1 000g",
            "1 1 1 +001",
            "1 1 1 0001 x",
        ] {
            assert_eq!(Message::read(strange).slots, None, "{strange}");
        }
    }

    #[test]
    fn own_messages_are_heeded_until_they_are_settled() {
        let voice = Arc::new(Voice::new().unwrap());
        voice.is_heard.store(true, Ordering::Relaxed);
        let message = |number| Message::read(&text(voice.id, number, &touched([1])));
        assert!(!voice.knows(&message(3)));
        for (number, is_committed) in [(3, true), (4, false)] {
            RUNNING.set(Some(number));
            ended(is_committed);
        }
        voice.settle();
        assert!(voice.knows(&message(3)));
        assert!(!voice.knows(&message(4)));
        let other = Message::read(&text(!voice.id, 3, &touched([1])));
        assert!(!voice.knows(&other));
    }
}
