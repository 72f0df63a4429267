//! One private PostgreSQL cluster a test run: made by the first test that needs it, gone when the process ends,
//! however it ends. Knows nothing of the application but its migrations.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::announce;
use super::database::{connect_postgres, migrate};

/// The programs that a cluster takes.
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// The database that all others are copies of.
const TEMPLATE: &str = "masthead_template";

/// Makes the cluster, says on which port it listens, then waits for the end of its input, which comes when the
/// test process is gone, and leaves nothing behind.
const WATCHDOG: &str = r#"
trap '' PIPE
cd "$MASTHEAD_PG_HOME" || exit 1
export LC_ALL=C TZ=UTC
"$MASTHEAD_PG_BIN/initdb" -D data -U masthead -A trust -E UTF8 --locale=C.UTF-8 --no-sync >log 2>&1 </dev/null || exit 1
cat >>data/postgresql.conf <<'CONF'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
CONF
printf '%s\n' "$MASTHEAD_PG_MORE" >>data/postgresql.conf
started=
for port in $MASTHEAD_PG_PORTS; do
    "$MASTHEAD_PG_BIN/pg_ctl" -D data -l log -w -t 60 -o "-p $port" start >>log 2>&1 </dev/null && started=$port && break
done
[ -n "$started" ] || exit 1
echo "$started"
cat >/dev/null
"$MASTHEAD_PG_BIN/pg_ctl" -D data -m immediate -w -t 60 stop >>log 2>&1 </dev/null
cd / && rm -rf "$MASTHEAD_PG_HOME"
"#;

/// Settings of a cluster whose commits outlive its processes.
const DURABLE: &str = "synchronous_commit = on";

/// Where the disk of its own is that a cluster may have; only its processes see it there.
const DISK: &str = "/mnt";

/// A running cluster with a migrated template database.
pub struct Cluster {
    pub(super) port: u16,
    pub(super) home: PathBuf,
    pub(super) programs: PathBuf,
    /// Copies of the template are made one at a time: a template must have no other connection.
    admin: Mutex<PgConnection>,
    next: AtomicU32,
    /// Holds the write end of the watchdog's input; the operating system closes it when this process ends.
    _watchdog: Child,
}

/// The cluster of this test run; `None` where its programs are missing and that is acceptable.
///
/// It is not where `CI` is set or `MASTHEAD_REQUIRE_POSTGRES` is `1`: then the calling test fails.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Result<Option<Cluster>, String>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| start(None))
        .as_ref()
        .unwrap_or_else(|reason| panic!("{reason}"))
        .as_ref()
}

/// A cluster that nobody else uses and that may be stopped, whose commits are durable; with a disk of its own of this `size` if one is
/// given. `None` where there is none, or no such disk, and that is acceptable. Like the other it goes with the process.
pub fn own(size: Option<&str>) -> Option<&'static Cluster> {
    if size.is_some() && !may_mount() {
        announce("no file system can be mounted here: full disks under PostgreSQL are not tested");
        return None;
    }
    let started = start(Some(size.unwrap_or_default()));
    let cluster = started.unwrap_or_else(|reason| panic!("{reason}"))?;
    Some(Box::leak(Box::new(cluster)))
}

impl Cluster {
    /// A new migrated database; returns its name.
    pub fn create_migrated(&self) -> String {
        self.create(TEMPLATE)
    }

    /// A new empty database; returns its name.
    pub fn create_empty(&self) -> String {
        self.create("template0")
    }

    /// A new migrated database on the disk of its own; returns its name.
    pub fn create_on_disk(&self) -> String {
        self.admin()
            .batch_execute(&format!("CREATE TABLESPACE small LOCATION '{DISK}'"))
            .unwrap();
        self.create(&format!("{TEMPLATE} TABLESPACE small"))
    }

    fn create(&self, template: &str) -> String {
        let name = format!("t_{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.admin()
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .unwrap();
        name
    }

    /// The disk of its own, as this process sees it.
    pub fn disk(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{DISK}", self.pid()))
    }

    /// The process that all others of it come from.
    pub fn pid(&self) -> u32 {
        let file = std::fs::read_to_string(self.home.join("data/postmaster.pid")).unwrap();
        file.lines().next().unwrap().parse().unwrap()
    }

    /// Stops it in the midst of everything.
    pub fn crash(&self) {
        assert!(self.control("-m immediate -w -t 30 stop"));
    }

    /// Starts it again after a crash; it may have to wait until the last of its processes is gone.
    pub fn start_again(&self) {
        for _ in 0..20 {
            if self.control(&format!("-w -t 30 -o '-p {}' start", self.port)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        panic!(
            "{}",
            std::fs::read_to_string(self.home.join("log")).unwrap_or_default()
        );
    }

    fn control(&self, what: &str) -> bool {
        self.does(&format!("pg_ctl -D data -l log {what}"))
    }

    /// Whether a program of the server comes to a good end in its folder, as its account.
    pub(super) fn does(&self, what: &str) -> bool {
        let mut command = match unprivileged_account(&self.programs).unwrap() {
            Some(account) => account.shell().unwrap(),
            None => Command::new("sh"),
        };
        let script = format!("{}/{what} >>log 2>&1 </dev/null", self.programs.display());
        command
            .args(["-c", &script])
            .current_dir(&self.home)
            .process_group(0)
            .status()
            .unwrap()
            .success()
    }

    /// Removes a database and closes its connections. A failure is of no consequence: the cluster goes soon.
    pub fn remove(&self, name: &str) {
        self.admin()
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .ok();
    }

    /// The URL of a database of this cluster.
    pub fn url(&self, name: &str) -> String {
        url(self.port, name)
    }

    fn admin(&self) -> MutexGuard<'_, PgConnection> {
        self.admin.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://masthead@127.0.0.1:{port}/{database}")
}

/// Starts a cluster; one that is `durable`, with a disk of that size unless it is empty.
fn start(durable: Option<&str>) -> Result<Option<Cluster>, String> {
    let Some(programs) = find_programs() else {
        let required = std::env::var_os("CI").is_some()
            || std::env::var_os("MASTHEAD_REQUIRE_POSTGRES").is_some_and(|v| v == "1");
        if required {
            return Err(
                "PostgreSQL server programs not found, and this run requires them".to_owned(),
            );
        }
        announce("PostgreSQL server programs not found: the PostgreSQL half is skipped");
        return Ok(None);
    };
    let home = tempfile::Builder::new()
        .prefix("masthead-postgres-")
        .tempdir()
        .map_err(|e| e.to_string())?
        .keep();
    let started = launch(&programs, &home, durable);
    if started.is_err() {
        std::fs::remove_dir_all(&home).ok();
    }
    let (watchdog, port) = started?;
    let mut admin = PgConnection::establish(&url(port, "postgres")).map_err(|e| e.to_string())?;
    admin
        .batch_execute(&format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0"))
        .map_err(|e| e.to_string())?;
    migrate(&mut connect_postgres(url(port, TEMPLATE)))
        .map_err(|e| format!("migrating the template: {e:?}"))?;
    Ok(Some(Cluster {
        port,
        home,
        programs,
        admin: Mutex::new(admin),
        next: AtomicU32::new(1),
        _watchdog: watchdog,
    }))
}

/// Starts the watchdog in `home` and waits until its server accepts connections.
fn launch(programs: &Path, home: &Path, durable: Option<&str>) -> Result<(Child, u16), String> {
    let account = unprivileged_account(programs)?;
    let mut command = match &account {
        Some(account) => {
            std::os::unix::fs::chown(home, Some(account.uid), Some(account.gid))
                .map_err(|e| e.to_string())?;
            account.shell()?
        }
        None => Command::new("sh"),
    };
    if let (Some(size), Some(account)) = (durable.filter(|size| !size.is_empty()), &account) {
        command = with_disk(&command, size, account);
    }
    let mut watchdog = command
        .arg("-c")
        .arg(WATCHDOG)
        .env("MASTHEAD_PG_HOME", home)
        .env("MASTHEAD_PG_BIN", programs)
        .env(
            "MASTHEAD_PG_MORE",
            durable.map(|_| DURABLE).unwrap_or_default(),
        )
        .env(
            "MASTHEAD_PG_PORTS",
            free_ports().map_err(|e| e.to_string())?,
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // A signal to the test process's group, such as Ctrl-C, must not end the one who cleans up after it.
        .process_group(0)
        .spawn()
        .map_err(|e| format!("starting PostgreSQL: {e}"))?;
    let mut port = String::new();
    let said = watchdog
        .stdout
        .take()
        .map(|out| BufReader::new(out).read_line(&mut port));
    match (said, port.trim().parse()) {
        (Some(Ok(_)), Ok(port)) => Ok((watchdog, port)),
        _ => {
            watchdog.wait().ok();
            let log = std::fs::read_to_string(home.join("log")).unwrap_or_default();
            Err(format!(
                "PostgreSQL of {} does not start:\n{log}",
                programs.display()
            ))
        }
    }
}

/// Whether a file system can be mounted for processes that run as another account: only root can do that.
fn may_mount() -> bool {
    let tried = Command::new("unshare")
        .args(["-m", "sh", "-c", &format!("mount -t tmpfs none {DISK}")])
        .output();
    id(&["-u"]) == Some(0) && tried.is_ok_and(|tried| tried.status.success())
}

/// `command` where there is a disk of its own, which goes with its processes.
fn with_disk(command: &Command, size: &str, account: &Account) -> Command {
    let (uid, gid) = (account.uid, account.gid);
    let script = format!(
        "mount -t tmpfs -o size={size},uid={uid},gid={gid},mode=700 none {DISK} && exec \"$@\""
    );
    let mut within = Command::new("unshare");
    within.args(["-m", "sh", "-c", &script, "sh"]);
    within.arg(command.get_program()).args(command.get_args());
    within
}

/// A few ports that are free now, in case another process takes one before the server does.
pub(super) fn free_ports() -> std::io::Result<String> {
    let held: Vec<TcpListener> = (0..5)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()?;
    let ports: Vec<String> = held
        .iter()
        .map(|l| Ok(l.local_addr()?.port().to_string()))
        .collect::<std::io::Result<_>>()?;
    Ok(ports.join(" "))
}

/// The folder with the server programs: what `MASTHEAD_TEST_PG_BIN` names and nothing else, else the newest of
/// Debian's folders (what stands in `PATH` there may be a wrapper), else one of `PATH`.
fn find_programs() -> Option<PathBuf> {
    let complete = |dir: &PathBuf| PROGRAMS.iter().all(|p| dir.join(p).is_file());
    if let Some(dir) = std::env::var_os("MASTHEAD_TEST_PG_BIN") {
        return Some(PathBuf::from(dir)).filter(complete);
    }
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .map(|version: u32| {
            (
                version,
                PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")),
            )
        })
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .into_iter()
        .rev()
        .map(|(_, dir)| dir)
        .chain(std::env::split_paths(&path))
        .find(complete)
}

/// An account that the server runs as.
struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    fn find(name: &str) -> Option<Self> {
        Some(Self {
            name: name.to_owned(),
            uid: id(&["-u", name])?,
            gid: id(&["-g", name])?,
        })
    }

    /// `sh` as this account, through whichever program of this machine can do that.
    fn shell(&self) -> Result<Command, String> {
        let ways: [(&str, Vec<String>); 3] = [
            (
                "setpriv",
                vec![
                    format!("--reuid={}", self.uid),
                    format!("--regid={}", self.gid),
                    "--clear-groups".into(),
                    "sh".into(),
                ],
            ),
            (
                "runuser",
                vec!["-u".into(), self.name.clone(), "--".into(), "sh".into()],
            ),
            ("su", vec!["-s".into(), "/bin/sh".into(), self.name.clone()]),
        ];
        let (program, arguments) = ways
            .into_iter()
            .find(|(program, _)| in_path(program))
            .ok_or("PostgreSQL refuses to run as root, and there is neither setpriv nor runuser nor su")?;
        let mut command = Command::new(program);
        command.args(arguments);
        Ok(command)
    }
}

/// Who the server runs as where the tests run as root, which PostgreSQL refuses to.
fn unprivileged_account(programs: &Path) -> Result<Option<Account>, String> {
    if id(&["-u"]) != Some(0) {
        return Ok(None);
    }
    let account = Account::find("postgres").or_else(|| Account::find("nobody"));
    account
        .map(Some)
        .ok_or_else(|| format!("no account to run {} as", programs.display()))
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id")
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn in_path(program: &str) -> bool {
    let path: OsString = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
