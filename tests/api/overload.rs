//! More than the server can do at a time: who is refused, how soon, and who is served all the same.

use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::support::accounts::join_all;
use crate::support::app::{Setup, run};
use crate::support::client::Answer;
use crate::support::{Backend, Portal, TestApp, on_both};

/// Requests at once. All of them find out who is calling, or look something up: with 6 connections and 4 in the queue of each there is
/// room for that.
const FLOOD: usize = 30;

fn crowded(setup: Setup) -> Setup {
    setup
        .var("MASTHEAD_DATABASE_CONNECTIONS", "6")
        .var("MASTHEAD_DATABASE_QUEUE", "4")
        .var("MASTHEAD_DATABASE_TIMEOUT_S", "60")
}

fn portal() -> Portal {
    Portal::new("demo").article("a", |a| a.title("海洋"))
}

/// What becomes of a flood of `request` while `stop` keeps each from its end, of which so many are to be let in: the others are refused
/// before anybody is answered, and `meanwhile` works.
async fn flood(
    app: &TestApp,
    stop: &str,
    let_in: usize,
    request: impl AsyncFn(usize) -> Answer,
    meanwhile: impl AsyncFnOnce(),
) {
    let mut blocker = app.database().connect();
    blocker.batch_execute(stop).unwrap();
    let refused = Cell::new(0);
    let (refused, request) = (&refused, &request);
    let mut all: Vec<Pin<Box<dyn Future<Output = Option<Answer>> + '_>>> = Vec::new();
    for n in 0..FLOOD {
        all.push(Box::pin(async move {
            let answer = request(n).await;
            if answer.status == 503 {
                refused.set(refused.get() + 1);
            }
            Some(answer)
        }));
    }
    all.push(Box::pin(async {
        let begun = Instant::now();
        while refused.get() < FLOOD - let_in {
            assert!(begun.elapsed() < Duration::from_secs(30), "{refused:?}");
            actix_web::rt::time::sleep(Duration::from_millis(5)).await;
        }
        meanwhile().await;
        // Who waits in the queue still does.
        assert_eq!(refused.get(), FLOOD - let_in);
        blocker.batch_execute("ROLLBACK").unwrap();
        None
    }));
    let answers: Vec<Answer> = join_all(all.into_iter())
        .await
        .into_iter()
        .flatten()
        .collect();
    for answer in &answers {
        if answer.status == 503 {
            answer.assert_problem(503, "unavailable");
            assert_eq!(answer.header("retry-after"), Some("1"), "{answer}");
        }
    }
    let served = answers.iter().filter(|a| [200, 201].contains(&a.status));
    assert_eq!(served.count(), let_in);
}

/// A flood of searches has some of the connections and their queue: the rest is refused at once, and short reads go on
#[actix_web::test]
async fn searches_starve_nobody() {
    let setup = crowded(Setup::new(Backend::Postgres));
    run(setup, async |app: &TestApp| {
        app.import(&portal());
        let search = async |_| app.get("/api/v1/search?q=海洋&has_attachments=false").await;
        search(0).await.assert_status(200);
        let stop = "BEGIN; LOCK TABLE search_segments IN ACCESS EXCLUSIVE MODE";
        let short = async || {
            for path in [
                "/livez",
                "/readyz",
                "/api/v1/articles/1",
                "/api/v1/sites/demo",
            ] {
                app.get(path).await.assert_status(200);
            }
        };
        flood(app, stop, 4 + 4 * 4, search, short).await;
        search(0).await.assert_status(200);
    })
    .await;
}

on_both! {
    /// A flood of writes has a bounded queue, too, and readers notice nothing
    async fn writes_queue_up_to_a_bound(app, crowded) {
        app.import(&portal());
        let desk = app.desk("editor");
        // On SQLite four are ready for the one connection, on PostgreSQL a quarter of all write.
        let (stop, places) = match app.database().backend() {
            Backend::Sqlite => ("BEGIN IMMEDIATE", 4),
            Backend::Postgres => ("BEGIN; LOCK TABLE topics IN EXCLUSIVE MODE", 1),
        };
        let write = async |n| desk.post("/topics", &json!({"site": "demo", "key": format!("t{n}"), "title": "专题"})).await;
        let read = async || {
            for path in ["/livez", "/api/v1/articles/1", "/api/v1/search?q=海洋"] {
                app.get(path).await.assert_status(200);
            }
        };
        flood(app, stop, places + places * 4, write, read).await;
        write(FLOOD).await.assert_status(201);
    }

    /// Who waits for too long is refused
    async fn nobody_waits_for_ever(app, |s| crowded(s).var("MASTHEAD_DATABASE_TIMEOUT_S", "1")) {
        app.import(&portal());
        let desk = app.desk("editor");
        let mut blocker = app.database().connect();
        let stop = match app.database().backend() {
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => "BEGIN; LOCK TABLE topics IN EXCLUSIVE MODE",
        };
        blocker.batch_execute(stop).unwrap();
        let answers = join_all((0..FLOOD).map(async |n| {
            desk.post("/topics", &json!({"site": "demo", "key": format!("t{n}"), "title": "专题"})).await
        })).await;
        for answer in answers {
            answer.assert_problem(503, "unavailable");
        }
        blocker.batch_execute("ROLLBACK").unwrap();
        desk.post("/topics", &json!({"site": "demo", "key": "t", "title": "专题"})).await.assert_status(201);
    }

    /// Who sends slowly is not waited for
    async fn slow_senders_are_cut_off(app, |s| s.var("MASTHEAD_HEADER_TIMEOUT_S", "1").var("MASTHEAD_REQUEST_TIMEOUT_S", "2")) {
        app.import(&portal());
        let post = "POST /api/v1/auth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
        let cases = [
            ("GET /livez HTTP/1.1\r\nhost: x\r\n".to_owned(), "x-slow: 1\r\n", "408"),
            (format!("{post}content-length: 1000\r\n\r\n{{"), " ", "503"),
            (format!("{post}transfer-encoding: chunked\r\n\r\n1\r\n{{\r\n"), "1\r\n \r\n", "503"),
        ];
        for (start, drop, status) in cases {
            let address = app.address;
            let sent = actix_web::rt::task::spawn_blocking(move || drip(address, &start, drop)).await.unwrap();
            let line = sent.lines().next().unwrap_or_default();
            assert!(line.is_empty() || line.starts_with(&format!("HTTP/1.1 {status}")), "{sent}");
        }
        app.get("/livez").await.assert_status(200);
    }

    /// Who takes nothing of what is sent is not waited for
    #[cfg(target_os = "linux")]
    async fn slow_readers_are_cut_off(app, |s| s.var("MASTHEAD_SEND_TIMEOUT_S", "1")) {
        let address = app.address;
        let is_cut_off = actix_web::rt::task::spawn_blocking(move || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_recv_buffer_size(4096).unwrap();
            socket.connect(&address.into()).unwrap();
            let mut stream = TcpStream::from(socket);
            // More than the system keeps for somebody who does not read.
            stream.write_all("GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(12).as_bytes()).unwrap();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(25) {
                // Who was cut off hears of it with the next word.
                std::thread::sleep(Duration::from_secs(4));
                let is_sent = stream.write_all(b"G").is_ok();
                std::thread::sleep(Duration::from_millis(200));
                if !is_sent || stream.take_error().unwrap().is_some() {
                    return true;
                }
            }
            false
        }).await.unwrap();
        assert!(is_cut_off);
        app.get("/livez").await.assert_status(200);
    }

    /// No more connections are served than there may be; others wait until one of these is closed
    async fn connections_are_bounded(app, |s| s.var("MASTHEAD_MAX_CONNECTIONS", "4")) {
        let address = app.address;
        let (held, after) = actix_web::rt::task::spawn_blocking(move || {
            let mut open: Vec<TcpStream> = (0..12)
                .map(|_| {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
                    stream
                })
                .collect();
            let is_served = |stream: &mut TcpStream, patience| {
                stream.set_read_timeout(Some(patience)).unwrap();
                stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0)
            };
            let (served, mut waiting): (Vec<_>, Vec<_>) = {
                let first = is_served(&mut open[0], Duration::from_secs(20));
                assert!(first);
                std::thread::sleep(Duration::from_millis(500));
                open.into_iter().enumerate().partition(|(n, stream)| {
                    let mut stream = stream.try_clone().unwrap();
                    *n == 0 || is_served(&mut stream, Duration::from_millis(20))
                })
            };
            let held = served.len();
            drop(served);
            let (_, next) = &mut waiting[0];
            (held, is_served(next, Duration::from_secs(20)))
        }).await.unwrap();
        // One is accepted before it is noticed that there are enough.
        assert!((1..=5).contains(&held), "{held}");
        assert!(after);
    }
}

/// What is answered to somebody who sends `start`, and a `drop` every 100 ms, until the connection is closed.
fn drip(address: SocketAddr, start: &str, drop: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(start.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let (begun, mut answer, mut piece) = (Instant::now(), Vec::new(), [0; 4096]);
    loop {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "still open: {}",
            String::from_utf8_lossy(&answer)
        );
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
            Err(e) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&e.kind()) => {
                stream.write_all(drop.as_bytes()).ok();
            }
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}
