//! Sets up logging for the process. It knows the shape of a log line, not what is logged.
//!
//! Lines that follow each other closely are written together: a system call for each costs more than many an answer. A
//! warning, an error and the first line after a pause are written at once, others after a tenth of a second at most.

mod plain;

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::SystemTime;

use self::plain::Plain;

/// How long a line may wait for others.
const PATIENCE: Duration = Duration::from_millis(100);

/// Bytes that are written without waiting for more.
const FULL: usize = 64 << 10;

/// Bytes that may wait where they are taken slower than they come; whoever brings more waits himself.
const MOST: usize = 1 << 20;

/// The lines of this process.
static LOG: OnceLock<Arc<Lines>> = OnceLock::new();

/// Logs the events that `filter` lets through to standard error, as JSON objects where `json` is set, else as readable lines.
///
/// # Errors
///
/// A sentence, where the filter cannot be parsed or the process already logs.
pub fn init(filter: &str, json: bool) -> Result<(), String> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|e| format!("log filter `{filter}`: {e}"))?;
    let lines = LOG.get_or_init(|| Arc::new(Lines::new(io::stderr())));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Writer(Arc::clone(lines)));
    let outcome = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        let plain = !io::stderr().is_terminal();
        if plain {
            builder.event_format(Plain::new(SystemTime)).try_init()
        } else {
            builder.try_init()
        }
    };
    outcome.map_err(|e| format!("logging is already set up: {e}"))?;
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn({
            let lines = Arc::clone(lines);
            move || lines.attend()
        })
        .map_err(|e| format!("no thread for the log: {e}"))?;
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        flush();
        report(panic);
    }));
    Ok(())
}

/// Writes what waits; for the end of the process, and before something else is written to standard error.
pub fn flush() {
    if let Some(lines) = LOG.get() {
        lines.flush();
    }
}

/// Lines on their way to where they are read.
struct Lines {
    waiting: Mutex<Waiting>,
    /// Held while lines are written, so that they stay in order.
    sink: Mutex<Sink>,
    /// There is something to wait for, or enough to write.
    news: Condvar,
}

struct Waiting {
    text: Vec<u8>,
    /// When something was last taken to be written.
    taken: Option<Instant>,
}

struct Sink {
    output: Box<dyn Write + Send>,
    /// The memory of what was written last.
    spare: Vec<u8>,
}

impl Lines {
    fn new(output: impl Write + Send + 'static) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                text: Vec::new(),
                taken: None,
            }),
            sink: Mutex::new(Sink {
                output: Box::new(output),
                spare: Vec::new(),
            }),
            news: Condvar::new(),
        }
    }

    fn add(&self, line: &[u8], is_urgent: bool) {
        let mut waiting = self.waiting.lock();
        let before = waiting.text.len();
        waiting.text.extend_from_slice(line);
        let after = waiting.text.len();
        let rested = || waiting.taken.is_none_or(|t| t.elapsed() >= PATIENCE);
        if is_urgent || after > MOST || (before == 0 && rested()) {
            drop(waiting);
            self.flush();
        } else if before == 0 || (before < FULL && after >= FULL) {
            drop(waiting);
            self.news.notify_one();
        }
    }

    fn flush(&self) {
        let mut sink = self.sink.lock();
        let mut text = std::mem::take(&mut sink.spare);
        {
            let mut waiting = self.waiting.lock();
            std::mem::swap(&mut text, &mut waiting.text);
            waiting.taken = Some(Instant::now());
        }
        // There is nobody to tell that the log cannot be written.
        let _ = sink.output.write_all(&text);
        text.clear();
        sink.spare = text;
    }

    /// Writes what has waited long enough, for ever.
    fn attend(&self) {
        loop {
            self.await_lines();
            self.flush();
        }
    }

    /// Returns when what waits is to be written.
    fn await_lines(&self) {
        let mut waiting = self.waiting.lock();
        loop {
            if waiting.text.len() >= FULL {
                return;
            }
            let due = match (waiting.text.is_empty(), waiting.taken) {
                (true, _) => None,
                (false, taken) => Some(taken.map_or_else(Instant::now, |t| t + PATIENCE)),
            };
            match due {
                None => self.news.wait(&mut waiting),
                Some(due) if due <= Instant::now() => return,
                Some(due) => {
                    self.news.wait_until(&mut waiting, due);
                }
            }
        }
    }
}

/// What an event is written with.
struct Line<'l> {
    lines: &'l Lines,
    is_urgent: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.add(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush();
        Ok(())
    }
}

/// Gives each event what it is written with.
struct Writer(Arc<Lines>);

impl<'l> MakeWriter<'l> for Writer {
    type Writer = Line<'l>;

    fn make_writer(&'l self) -> Line<'l> {
        Line {
            lines: &self.0,
            is_urgent: true,
        }
    }

    fn make_writer_for(&'l self, event: &Metadata<'_>) -> Line<'l> {
        Line {
            lines: &self.0,
            is_urgent: *event.level() <= Level::WARN,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Tells what is written, write by write.
    struct Told(Sender<String>);

    impl Write for Told {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(String::from_utf8_lossy(text).into_owned());
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines() -> (Arc<Lines>, Receiver<String>) {
        let (tell, told) = channel();
        (Arc::new(Lines::new(Told(tell))), told)
    }

    #[test]
    fn the_first_line_is_written_at_once_and_the_next_ones_together() {
        let (lines, told) = lines();
        lines.add(b"1\n", false);
        assert_eq!(told.try_recv().unwrap(), "1\n");
        // As if that had been just before, however slow this machine is.
        lines.waiting.lock().taken = Some(Instant::now() + Duration::from_secs(1));
        lines.add(b"2\n", false);
        lines.add(b"3\n", false);
        assert!(told.try_recv().is_err());
        lines.flush();
        assert_eq!(told.try_recv().unwrap(), "2\n3\n");
    }

    #[test]
    fn what_waits_is_written_before_long() {
        let (lines, told) = lines();
        lines.waiting.lock().taken = Some(Instant::now());
        let attending = Arc::clone(&lines);
        std::thread::spawn(move || attending.attend());
        lines.add(b"1\n", false);
        assert_eq!(told.recv_timeout(Duration::from_secs(10)).unwrap(), "1\n");
        lines.waiting.lock().taken = Some(Instant::now() + Duration::from_secs(3600));
        lines.add(&[b'x'; FULL], false);
        let full = told.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(full.len(), FULL);
    }

    #[test]
    fn trouble_is_written_at_once_behind_what_came_before() {
        let (lines, told) = lines();
        lines.waiting.lock().taken = Some(Instant::now() + Duration::from_secs(1));
        lines.add(b"1\n", false);
        lines.add(b"trouble\n", true);
        assert_eq!(told.try_recv().unwrap(), "1\ntrouble\n");
    }

    #[test]
    fn no_more_than_a_bound_waits() {
        let (lines, told) = lines();
        lines.waiting.lock().taken = Some(Instant::now() + Duration::from_secs(3600));
        for _ in 0..MOST / FULL + 1 {
            lines.add(&[b'x'; FULL], false);
        }
        assert_eq!(told.try_recv().unwrap().len(), MOST + FULL);
        assert!(lines.waiting.lock().text.is_empty());
    }

    #[test]
    fn warnings_and_errors_are_urgent() {
        let (lines, told) = lines();
        lines.waiting.lock().taken = Some(Instant::now() + Duration::from_secs(3600));
        let subscriber = tracing_subscriber::fmt()
            .with_writer(Writer(lines))
            .without_time()
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("one");
            assert!(told.try_recv().is_err());
            tracing::warn!("two");
        });
        let text = told.try_recv().unwrap();
        assert_eq!(text.matches('\n').count(), 2, "{text}");
    }
}
