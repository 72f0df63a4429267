//! Log lines without colours, as `tracing_subscriber` writes them. Each request has one, so these are written without its detours; all
//! others it writes itself.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The target of the events of requests.
const REQUESTS: &str = "masthead::http";

/// Writes lines with times of `T`.
pub(super) struct Plain<T> {
    timer: T,
    others: Format<Full, T>,
}

impl<T: Clone> Plain<T> {
    pub(super) fn new(timer: T) -> Self {
        Self {
            others: Format::default().with_timer(timer.clone()).with_ansi(false),
            timer,
        }
    }
}

impl<S, N, T> FormatEvent<S, N> for Plain<T>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    T: FormatTime,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        if metadata.target() != REQUESTS {
            return self.others.format_event(context, writer, event);
        }
        self.timer.format_time(&mut writer)?;
        writer.write_str(match *metadata.level() {
            Level::ERROR => " ERROR ",
            Level::WARN => "  WARN ",
            Level::INFO => "  INFO ",
            Level::DEBUG => " DEBUG ",
            Level::TRACE => " TRACE ",
        })?;
        writer.write_str(metadata.target())?;
        writer.write_str(":")?;
        let mut line = Line {
            writer,
            outcome: Ok(()),
        };
        event.record(&mut line);
        line.outcome?;
        line.writer.write_char('\n')
    }
}

/// A line whose members are being written.
struct Line<'w> {
    writer: Writer<'w>,
    outcome: fmt::Result,
}

impl Line<'_> {
    fn add(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        let mut write = || {
            self.writer.write_char(' ')?;
            if field.name() != "message" {
                self.writer.write_str(field.name())?;
                self.writer.write_char('=')?;
            }
            Ok(())
        };
        self.outcome = self
            .outcome
            .and_then(|()| write())
            .and_then(|()| value(&mut self.writer));
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
        match field.name() != "message" && value.bytes().all(is_plain) {
            true => self.add(field, |writer| {
                writer.write_char('"')?;
                writer.write_str(value)?;
                writer.write_char('"')
            }),
            false if field.name() == "message" => self.add(field, |writer| writer.write_str(value)),
            false => self.record_debug(field, &value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, |writer| write!(writer, "{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Told {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Told {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    #[derive(Clone)]
    struct Noon;

    impl FormatTime for Noon {
        fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
            writer.write_str("12:00")
        }
    }

    /// What is written of the events of `f`, once this way and once by the library.
    fn both(f: impl Fn()) -> [String; 2] {
        let said = |told: &Told| String::from_utf8(told.0.lock().clone()).unwrap();
        let (mine, theirs) = (Told::default(), Told::default());
        let builder = || tracing_subscriber::fmt().with_max_level(Level::TRACE);
        let own = builder()
            .with_writer(mine.clone())
            .event_format(Plain::new(Noon))
            .finish();
        tracing::subscriber::with_default(own, &f);
        let other = builder()
            .with_writer(theirs.clone())
            .with_timer(Noon)
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(other, &f);
        [said(&mine), said(&theirs)]
    }

    #[test]
    fn lines_are_those_of_the_library() {
        let [mine, theirs] = both(|| {
            let error: Option<&str> = None;
            tracing::info!(target: REQUESTS, method = "GET", route = "/a/{id}", status = 200_u16, duration_ms = 0.031, "request");
            tracing::error!(target: REQUESTS, cause = Some("a \"b\"\n\\ 天🌊"), error, is_late = true, "request");
            tracing::warn!(target: REQUESTS, name = "a \"b\"\n\\ 天🌊", n = -1, e = ?Some(1), d = %"x y", "said {}", 1);
            tracing::debug!(target: REQUESTS, only = "fields");
            tracing::info!(name = "other", "elsewhere");
        });
        assert_eq!(mine, theirs);
        assert_eq!(mine.lines().count(), 5, "{mine}");
        assert!(
            mine.starts_with("12:00  INFO masthead::http: request method=\"GET\" route=\"/a/{id}\" status=200 duration_ms=0.031\n"),
            "{mine}"
        );
    }

    #[test]
    fn a_line_begins_with_its_time() {
        let told = Told::default();
        let own = tracing_subscriber::fmt()
            .with_writer(told.clone())
            .event_format(Plain::new(tracing_subscriber::fmt::time::SystemTime))
            .finish();
        tracing::subscriber::with_default(own, || tracing::info!(target: REQUESTS, "request"));
        let line = String::from_utf8(told.0.lock().clone()).unwrap();
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(time.ends_with('Z') && time.len() == 27, "{line}");
        assert_eq!(rest, " INFO masthead::http: request\n");
    }
}
