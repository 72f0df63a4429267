//! The command line as an operator meets it: the built program in a folder of its own, without settings of its caller.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::exports::rich;
use crate::support::{Backend, Database, Portal};

/// A folder to run the program in, and its settings.
pub struct Place {
    dir: TempDir,
    vars: Vec<(&'static str, String)>,
}

impl Place {
    /// An empty folder without settings.
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            vars: Vec::new(),
        }
    }

    /// An empty folder with a database elsewhere.
    pub fn with(database: &Database) -> Self {
        Self::new().var("DATABASE_URL", &database.url)
    }

    /// Sets an environment variable.
    pub fn var(mut self, name: &'static str, value: &str) -> Self {
        self.vars.push((name, value.to_owned()));
        self
    }

    /// The path of what is called `name` in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of the files in it, databases and the storage left out.
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("masthead."))
            .collect();
        names.sort();
        names
    }

    /// The program with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_masthead"));
        command.args(arguments).current_dir(self.dir.path());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("MASTHEAD_")
                || name.starts_with("PG")
                || name == "DATABASE_URL"
                || name == "RUST_LOG"
            {
                command.env_remove(name.as_ref());
            }
        }
        command.envs(self.vars.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What the program said with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(arguments).output().unwrap();
        Said {
            code: status.code(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}

/// What a run of the program left.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Fails unless the program did what it was asked, in silence on standard error.
    #[track_caller]
    pub fn assert_done(&self) -> &str {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{self:#?}");
        &self.out
    }

    /// Fails unless the program failed and said all of `parts` on standard error.
    #[track_caller]
    pub fn assert_failed(&self, parts: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:#?}");
        for part in parts {
            assert!(self.err.contains(part), "`{part}` is not in {self:#?}");
        }
    }
}

/// A running `masthead serve`, ended with the test.
pub struct Serving {
    child: Child,
    log: BufReader<ChildStderr>,
    /// Where it listens.
    pub address: String,
}

impl Serving {
    /// Starts it on a port of its own and waits until it answers.
    pub fn start(place: &Place) -> Self {
        Self::start_with(place, &[])
    }

    /// The same with options.
    pub fn start_with(place: &Place, options: &[&str]) -> Self {
        Self::launch(&mut place.command(&[&["serve"], options].concat()))
    }

    /// The same by a command that becomes the server.
    pub fn launch(command: &mut Command) -> Self {
        let mut child = command
            .env("MASTHEAD_BIND", "127.0.0.1:0")
            .env("MASTHEAD_WORKERS", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended:\n{said}");
            said.push_str(&line);
            if let Some((_, address)) = line.split_once(": serving bind=") {
                break address.trim().to_owned();
            }
        };
        Self {
            child,
            log,
            address,
        }
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a GET on a connection of its own.
    pub fn send(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        stream
    }

    /// The status and the body of the answer to a GET.
    pub fn get(&self, path: &str) -> (u16, Value) {
        received(self.send(path))
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The exit code once it has ended, and the rest of its log.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.log.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The status and the body of an answer.
fn received(mut stream: TcpStream) -> (u16, Value) {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

/// An empty database of each kind.
pub fn databases() -> impl Iterator<Item = Database> {
    [Backend::Sqlite, Backend::Postgres]
        .into_iter()
        .filter_map(Database::empty)
}

/// A place with a PostgreSQL that nobody listens for.
fn unreachable() -> Place {
    Place::new()
        .var(
            "DATABASE_URL",
            "postgres://masthead:geheim@127.0.0.1:1/none",
        )
        .var("MASTHEAD_DATABASE_TIMEOUT_S", "1")
}

#[test]
fn an_import_says_what_it_did() {
    for database in databases() {
        let place = Place::with(&database);
        place.write("a.ndjson", Portal::new("demo").article("a", |a| a).lines());
        place.write(
            "b.ndjson",
            Portal::new("demo")
                .article("a", |a| a.title("New"))
                .article("b", |a| a)
                .lines(),
        );
        let said = place.run(&["import", "a.ndjson"]);
        assert_eq!(said.code, Some(0), "{said:#?}");
        assert_eq!(
            said.out,
            "a.ndjson: 3 created, 0 updated, 0 unchanged, 0 faults\n"
        );
        let said = place.run(&["import", "a.ndjson", "b.ndjson"]);
        assert_eq!(said.code, Some(0), "{said:#?}");
        assert_eq!(
            said.out,
            "a.ndjson: 0 created, 0 updated, 3 unchanged, 0 faults\nb.ndjson: 1 created, 1 updated, 2 unchanged, 0 faults\n"
        );
    }
}

#[test]
fn without_settings_the_database_is_a_file_here() {
    let place = Place::new();
    place.write("a.ndjson", Portal::new("demo").lines());
    assert_eq!(place.run(&["import", "a.ndjson"]).code, Some(0));
    assert!(place.path("masthead.db").is_file());
    assert!(place.run(&["export"]).out.contains("\"slug\":\"demo\""));
}

#[test]
fn a_faulty_file_is_refused_with_every_fault() {
    for database in databases() {
        let place = Place::with(&database);
        let bad = Portal::new("demo")
            .article("a", |a| a.title(""))
            .article("b", |a| a.category("none").set("colour", 1));
        place.write("bad.ndjson", bad.lines());
        place.write("good.ndjson", Portal::new("good").lines());
        let said = place.run(&["import", "bad.ndjson", "nowhere.ndjson", ".", "good.ndjson"]);
        said.assert_failed(&[
            "bad.ndjson: line 4: title: must not be blank\n",
            "bad.ndjson: line 5: colour: is not a known member",
            "bad.ndjson: nothing was kept, because of 2 fault(s); mend them, or keep the good lines with --keep-going\n",
            "nowhere.ndjson: not imported\nerror: reading nowhere.ndjson: No such file or directory",
            ".: not imported\nerror: ",
            "Is a directory",
        ]);
        // Each file is for itself.
        assert_eq!(
            said.out,
            "good.ndjson: 1 created, 0 updated, 0 unchanged, 0 faults\n"
        );
        assert!(!place.run(&["export"]).out.contains("demo"));
        let said = place.run(&["import", "--keep-going", "bad.ndjson"]);
        said.assert_failed(&["bad.ndjson: line 4: title: must not be blank\n"]);
        assert_eq!(
            said.out,
            "bad.ndjson: 2 created, 0 updated, 0 unchanged, 2 faults\n"
        );
    }
}

#[test]
fn faults_beyond_a_thousand_are_counted() {
    let place = Place::new();
    let lines = "{\"type\":\"portal\",\"version\":1}\n".to_owned() + &"{}\n".repeat(1500);
    place.write("bad.ndjson", lines);
    let said = place.run(&["import", "bad.ndjson"]);
    said.assert_failed(&[
        "bad.ndjson: line 1001: type: is required\n",
        "bad.ndjson: and 500 more faults\n",
        "because of 1500 fault(s)",
    ]);
    assert!(!said.err.contains("line 1002"));
}

#[test]
fn an_export_goes_to_standard_output_or_to_a_file() {
    for database in databases() {
        let place = Place::with(&database);
        place.write("in.ndjson", rich().lines());
        assert_eq!(place.run(&["import", "in.ndjson"]).code, Some(0));
        let printed = place.run(&["export"]);
        let printed = printed.assert_done();
        assert!(printed.starts_with(
            "{\"type\":\"portal\",\"version\":1}\n{\"type\":\"site\",\"slug\":\"rich\""
        ));
        place.write("out.ndjson", "old");
        assert_eq!(
            place
                .run(&["export", "--output", "out.ndjson"])
                .assert_done(),
            ""
        );
        assert_eq!(place.read("out.ndjson"), printed);
        assert_eq!(
            place
                .run(&["export", "--site", "rich"])
                .assert_done()
                .lines()
                .count(),
            printed.lines().count()
        );
        assert_eq!(place.files(), ["in.ndjson", "out.ndjson"]);
    }
}

#[test]
fn a_failed_export_leaves_nothing_behind() {
    let place = Place::new();
    place.run(&["migrate"]).assert_done();
    place.write("old.ndjson", "old");
    for file in ["old.ndjson", "new.ndjson"] {
        place
            .run(&["export", "--site", "nope", "-o", file])
            .assert_failed(&["error: site `nope` not found\n"]);
    }
    assert_eq!(
        (place.files(), place.read("old.ndjson")),
        (vec!["old.ndjson".to_owned()], "old".to_owned())
    );
    place
        .run(&["export", "-o", "no/such/folder"])
        .assert_failed(&["error: writing no/such/folder", "No such file or directory"]);
}

#[test]
fn an_export_of_nothing_is_a_fault() {
    for database in databases() {
        Place::with(&database)
            .run(&["export"])
            .assert_failed(&["8 not applied yet: run `masthead migrate`"]);
    }
    let place = Place::new();
    place
        .run(&["export"])
        .assert_failed(&["there is no database at masthead.db"]);
    assert!(!place.path("masthead.db").exists());
}

#[test]
fn an_export_into_a_pipe_leaves_the_pipe() {
    struct Reader(Child);
    impl Drop for Reader {
        fn drop(&mut self) {
            self.0.kill().ok();
            self.0.wait().ok();
        }
    }
    let place = Place::new();
    place.run(&["migrate"]).assert_done();
    let pipe = place.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let mut reader = Reader(
        Command::new("cat")
            .arg(&pipe)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    assert_eq!(place.run(&["export", "-o", "pipe"]).assert_done(), "");
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
    let mut text = String::new();
    reader
        .0
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "{\"type\":\"portal\",\"version\":1}\n");
    assert_eq!(place.files(), ["pipe"]);
}

#[test]
fn migrating_twice_does_nothing_the_second_time() {
    for database in databases() {
        let place = Place::with(&database);
        let first = place.run(&["migrate"]);
        assert!(first.assert_done().ends_with(" applied\n"), "{first:#?}");
        assert_eq!(
            place.run(&["migrate"]).assert_done(),
            "nothing to do: every migration is applied\n"
        );
    }
}

#[test]
fn the_document_is_printed_and_compared() {
    let place = Place::new();
    let printed = place.run(&["openapi"]);
    let printed = printed.assert_done();
    let document: Value = serde_json::from_str(printed).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    place
        .run(&["openapi", "--check"])
        .assert_failed(&["error: reading openapi/v1.json: No such file"]);
    std::fs::create_dir(place.path("openapi")).unwrap();
    place.write("openapi/v1.json", printed);
    assert_eq!(place.run(&["openapi", "--check"]).assert_done(), "");
    place.write("other.json", printed.replacen("\"3.", "\"4.", 1));
    let said = place.run(&["openapi", "--check", "other.json"]);
    said.assert_failed(&[
        "other.json differs from the handlers; refresh it with: masthead openapi > other.json",
    ]);
    // It needs no database.
    assert!(!place.path("masthead.db").exists());
}

#[test]
fn a_doctor_finds_nothing_wrong() {
    for database in databases() {
        let place = Place::with(&database);
        place.run(&["migrate"]).assert_done();
        let said = place.run(&["doctor"]);
        let said = said.assert_done();
        assert!(!said.contains("FAIL"), "{said}");
        for check in ["configuration", "database", "migrations"] {
            assert!(
                said.lines()
                    .any(|l| l.starts_with("ok") && l.ends_with(check)),
                "{said}"
            );
        }
    }
}

#[test]
fn a_doctor_finds_missing_migrations_and_leaves_them_missing() {
    for database in databases() {
        let place = Place::with(&database);
        for _ in 0..2 {
            let said = place.run(&["doctor"]);
            assert_eq!(said.code, Some(1), "{said:#?}");
            assert!(
                said.out
                    .contains("FAIL  migrations: 8 not applied yet: run `masthead migrate`\n"),
                "{said:#?}"
            );
        }
    }
}

#[test]
fn a_wrong_configuration_is_told_whole() {
    let place = Place::new()
        .var("DATABASE_URL", "mysql://root:geheim@localhost/x")
        .var("MASTHEAD_BIND", "nowhere")
        .var("MASTHEAD_WORKERS", "0")
        .var("MASTHEAD_PUBLIC_URL", "ftp://x")
        .var("MASTHEAD_LOG_FORMAT", "xml")
        .var("MASTHEAD_CURSOR_KEY", "abc")
        .var("MASTHEAD_WROKERS", "4");
    place.write("a.ndjson", Portal::new("demo").lines());
    let faults = [
        "the configuration cannot be used:",
        "DATABASE_URL=`mysql://root:***@localhost/x`: must be `sqlite:PATH`",
        "MASTHEAD_BIND=`nowhere`: must be an IP address and a port",
        "MASTHEAD_WORKERS=`0`: must be a whole number from 1 to 256",
        "MASTHEAD_PUBLIC_URL=`ftp://x`: must be an absolute http or https URL",
        "MASTHEAD_LOG_FORMAT=`xml`: must be `text` or `json`",
        "MASTHEAD_CURSOR_KEY: must be at least 64 hex digits",
        "MASTHEAD_WROKERS",
    ];
    for arguments in [
        vec!["serve"],
        vec!["import", "a.ndjson"],
        vec!["export"],
        vec!["migrate"],
    ] {
        let said = place.run(&arguments);
        said.assert_failed(&faults);
        assert_eq!(said.out, "");
        assert!(!said.err.contains("geheim"));
    }
    // The doctor's findings are its result.
    let said = place.run(&["doctor"]);
    assert_eq!(said.code, Some(1));
    for fault in faults {
        assert!(said.out.contains(fault), "`{fault}` is not in {said:#?}");
    }
    assert!(!said.out.contains("geheim"));
}

#[test]
fn an_unreachable_server_is_told_with_the_reason_and_without_the_password() {
    let place = unreachable();
    place.write("a.ndjson", Portal::new("demo").lines());
    for arguments in [
        vec!["doctor"],
        vec!["serve"],
        vec!["migrate"],
        vec!["export"],
        vec!["import", "a.ndjson"],
    ] {
        let said = place
            .command(&arguments)
            .env("MASTHEAD_BIND", "127.0.0.1:0")
            .output()
            .unwrap();
        let all = String::from_utf8([said.stdout, said.stderr].concat()).unwrap();
        assert_eq!(said.status.code(), Some(1), "{all}");
        for part in [
            "cannot open the database of DATABASE_URL",
            "127.0.0.1",
            "refused",
        ] {
            assert!(all.contains(part), "`{part}` is not in {all}");
        }
        assert!(!all.contains("geheim"), "{all}");
    }
}

#[test]
fn a_file_that_is_no_database_is_told() {
    let place = Place::new();
    place.write(
        "masthead.db",
        "this is not a database, it only looks like a file ".repeat(100),
    );
    let said = place.run(&["doctor"]);
    assert_eq!(said.code, Some(1), "{said:#?}");
    assert!(said.out.contains("file is not a database"), "{said:#?}");
    place
        .run(&["migrate"])
        .assert_failed(&["file is not a database"]);
    place.write("a.ndjson", Portal::new("demo").lines());
    let said = place.run(&["import", "a.ndjson"]);
    said.assert_failed(&["file is not a database"]);
    assert!(!said.err.contains("r2d2"), "{said:#?}");
}

#[test]
fn a_malformed_database_address_is_refused_without_the_password() {
    for url in [
        "postgres://u:p%zzgeheim@h/db",
        "postgres://u:se/geheim@h/db",
        "postgresql://u:1/geheim@h/db",
        "postgres://u:1?geheim@h/db",
        "postgres://u:1#geheim@h/db",
        "postgres://u:a@geheim@h/db",
        "postgres://u:geheim",
        "postgres://u:p@h:geheim/db",
        "postgres://u:p@[::1/geheim",
        "postgres://h/db?password=a=geheim",
        "Postgres://u:1/geheim@h/db",
    ] {
        let place = Place::new().var("DATABASE_URL", url);
        for command in ["doctor", "serve", "migrate", "export"] {
            let said = place.run(&[command]);
            assert_eq!(said.code, Some(1), "{said:#?}");
            let all = said.out + &said.err;
            assert!(all.contains("://***`: must be `"), "{url}: {all}");
            assert!(!all.contains("geheim"), "{url}: {all}");
        }
    }
}

#[test]
fn a_port_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::new().var("MASTHEAD_BIND", &address);
    place.run(&["serve"]).assert_failed(&[&format!(
        "error: cannot listen on MASTHEAD_BIND={address}: Address already in use"
    )]);
}

#[test]
fn what_is_not_a_command_is_explained() {
    let place = Place::new();
    for (arguments, part) in [
        (vec![], "Usage: masthead <COMMAND>"),
        (vec!["nonsense"], "unrecognized subcommand 'nonsense'"),
        (vec!["import"], "<FILE>..."),
        (vec!["import", "--no-such-option", "x"], "--no-such-option"),
    ] {
        let said = place.run(&arguments);
        assert_eq!(said.code, Some(2), "{said:#?}");
        assert!(said.err.contains(part), "{said:#?}");
    }
    let help = place.run(&["--help"]);
    for command in ["serve", "import", "export", "migrate", "openapi", "doctor"] {
        assert!(help.assert_done().contains(command));
    }
    assert_eq!(
        place.run(&["--version"]).assert_done(),
        format!("masthead {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn serving_migrates_answers_and_ends_on_sigterm() {
    for database in databases() {
        let place = Place::with(&database);
        let server = Serving::start(&place);
        assert_eq!(server.get("/readyz").0, 200);
        // Other commands work beside it.
        place.write("a.ndjson", Portal::new("demo").article("a", |a| a).lines());
        assert_eq!(place.run(&["import", "a.ndjson"]).code, Some(0));
        let (status, page) = server.get("/api/v1/articles");
        assert_eq!(
            (status, &page["items"][0]["slug"]),
            (200, &Value::from("a"))
        );
        server.terminate();
        let (code, log) = server.ended();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("stopped"), "{log}");
    }
}

#[test]
fn a_running_request_is_finished_after_sigterm() {
    let Some(database) = Database::migrated(Backend::Postgres) else {
        return;
    };
    let server = Serving::start(&Place::with(&database));
    // Whoever holds this lock decides when the request goes on.
    let mut holder = database.connect();
    holder
        .batch_execute("BEGIN; LOCK TABLE articles, listings IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    let request = server.send("/api/v1/articles");
    let mut watcher = database.connect();
    until("the request waits", || {
        #[derive(QueryableByName)]
        struct Waiting {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let sql = "SELECT count(*) AS n FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                   WHERE NOT l.granted AND d.datname = current_database()";
        diesel::sql_query(sql)
            .get_result::<Waiting>(&mut watcher)
            .unwrap()
            .n
            > 0
    });
    server.terminate();
    until("new connections are refused", || {
        TcpStream::connect(&server.address).is_err()
    });
    holder.batch_execute("COMMIT").unwrap();
    let (status, page) = received(request);
    assert_eq!((status, &page["items"]), (200, &Value::Array(Vec::new())));
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
}

/// Asks until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::yield_now();
    }
}

/// The program with `arguments` and these bytes on standard input.
fn run_with_input(place: &Place, arguments: &[&str], input: &[u8]) -> Said {
    let mut child = place
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may end without reading.
    child.stdin.take().unwrap().write_all(input).ok();
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    Said {
        code: status.code(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// The first account is made on the command line; its password comes from standard input and is never shown
#[test]
fn an_account_is_made_with_a_password_from_standard_input() {
    for database in databases() {
        let place = Place::with(&database).var("MASTHEAD_LOG", "warn");
        let create = |email: &str, role: &str, input: &[u8]| {
            let arguments = ["user", "create", "--email", email, "--role", role];
            run_with_input(&place, &arguments, input)
        };
        let made = create("admin@example.org", "admin", b"correct horse\r\nnot this\n");
        assert_eq!(
            made.assert_done(),
            "account 1 made: admin@example.org may sign in as admin\n"
        );
        let named = [
            "user",
            "create",
            "--email",
            "b@example.org",
            "--role",
            "reader",
            "--name",
            "B",
        ];
        run_with_input(&place, &named, b"another password").assert_done();
        create("Admin@EXAMPLE.org", "admin", b"correct horse\n")
            .assert_failed(&["another account has this e-mail address"]);
        create("c@example.org", "admin", b"short\n")
            .assert_failed(&["password", "at least 8 characters"]);
        create("c@example.org", "admin", b"").assert_failed(&["no password on standard input"]);
        create("c", "admin", b"correct horse\n").assert_failed(&["email is not an e-mail address"]);
        let wrong = create("c@example.org", "owner", b"correct horse\n");
        assert_eq!(wrong.code, Some(2), "{wrong:#?}");
        assert!(wrong.err.contains("reviewer"), "{wrong:#?}");
        let long = create("c@example.org", "admin", &[b'x'; 10_000]);
        long.assert_failed(&["longer than 256 characters"]);
        assert!(!long.err.contains("xxxx"));
        let leaked = [
            "user",
            "create",
            "--email",
            "c@example.org",
            "--role",
            "admin",
            "--password",
            "x",
        ];
        assert_eq!(run_with_input(&place, &leaked, b"").code, Some(2));

        let app = Serving::start(&Place::with(&database));
        let sign_in = |password: &str| {
            let body = format!(r#"{{"email": "admin@example.org", "password": "{password}"}}"#);
            let mut stream = TcpStream::connect(&app.address).unwrap();
            write!(
                stream,
                "POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
            received(stream)
        };
        let (status, tokens) = sign_in("correct horse");
        assert_eq!(
            (status, &tokens["token_type"]),
            (200, &Value::from("Bearer"))
        );
        assert_eq!(sign_in("not this").0, 401);
    }
}

/// The status and the body of the answer to a request with a JSON body.
fn send_json(serving: &Serving, head: &str, token: &str, body: &Value) -> (u16, Value) {
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    let body = body.to_string();
    write!(
        stream,
        "{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\nif-match: *\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    received(stream)
}

/// What was acknowledged is there after `kill -9`: writes, their audit entries, sessions
#[test]
fn an_acknowledged_write_survives_a_kill() {
    for database in databases() {
        let place = Place::with(&database).var("MASTHEAD_LOG", "info");
        place.write("a.ndjson", Portal::new("demo").category("news").lines());
        place.run(&["import", "a.ndjson"]).assert_done();
        let create = [
            "user",
            "create",
            "--email",
            "a@example.org",
            "--role",
            "admin",
        ];
        run_with_input(&place, &create, b"correct horse\n").assert_done();
        let signing = serde_json::json!({"email": "a@example.org", "password": "correct horse"});
        let first = Serving::start(&place);
        let (status, tokens) = send_json(&first, "POST /api/v1/auth/token", "", &signing);
        assert_eq!(status, 200, "{tokens}");
        let token = tokens["access_token"].as_str().unwrap();
        let mut last = 0;
        for n in 1..=20 {
            let article = serde_json::json!({"site": "demo", "category": "news", "title": format!("Title {n}"), "status": "published"});
            let (status, made) = send_json(&first, "POST /api/v1/manage/articles", token, &article);
            assert_eq!(status, 201, "{made}");
            last = made["id"].as_i64().unwrap();
        }
        // SIGKILL, in the moment after the last answer.
        drop(first);
        let second = Serving::start(&place);
        assert_eq!(second.get(&format!("/api/v1/articles/{last}")).0, 200);
        let list = second.get("/api/v1/articles?count=exact").1;
        assert_eq!(list["total"], 20);
        let change = serde_json::json!({"title": "After"});
        let path = format!("PATCH /api/v1/manage/articles/{last}");
        let (status, changed) = send_json(&second, &path, token, &change);
        assert_eq!((status, &changed["version"]), (200, &2.into()), "{changed}");
        let log = "GET /api/v1/manage/audit-log?action=create_article&count=exact";
        let (_, entries) = send_json(&second, log, token, &Value::Null);
        assert_eq!(entries["total"], 20, "{entries}");
    }
}

/// The log says that somebody asked for a preview and followed a link, and never which
#[test]
fn no_link_to_a_preview_is_logged() {
    for database in databases() {
        let place = Place::with(&database).var("MASTHEAD_LOG", "info");
        let draft = Portal::new("demo").article("a", |a| a.status("draft"));
        place.write("a.ndjson", draft.lines());
        place.run(&["import", "a.ndjson"]).assert_done();
        let create = [
            "user",
            "create",
            "--email",
            "a@example.org",
            "--role",
            "admin",
        ];
        run_with_input(&place, &create, b"correct horse\n").assert_done();
        let signing = serde_json::json!({"email": "a@example.org", "password": "correct horse"});
        let server = Serving::start(&place);
        let (_, tokens) = send_json(&server, "POST /api/v1/auth/token", "", &signing);
        let token = tokens["access_token"].as_str().unwrap();
        let path = "POST /api/v1/manage/articles/1/previews";
        let (status, made) = send_json(&server, path, token, &serde_json::json!({}));
        assert_eq!(status, 201, "{made}");
        let link = format!("/api/v1/preview/{}", made["token"].as_str().unwrap());
        let (status, shown) = server.get(&format!("{link}?locale=en"));
        assert_eq!(
            (status, &shown["slug"]),
            (200, &Value::from("a")),
            "{shown}"
        );
        assert_eq!(server.get(&format!("{link}x")).0, 404);
        assert_eq!(server.get(&format!("{link}/x")).0, 404);
        server.terminate();
        let (_, log) = server.ended();
        assert!(log.contains("/api/v1/preview/{token}"), "{log}");
        assert!(!log.contains("mhp_"), "{log}");
    }
}
