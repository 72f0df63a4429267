//! S3-compatible storage for tests: one moto server a test run, with a bucket for each test. Knows nothing of the application but
//! its settings.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use masthead::media::storage::StorageSettings;

use super::announce;

/// Starts the server, then waits for the end of its input, which comes when the test process is gone, and stops the server.
const WATCHDOG: &str = r#"
trap '' PIPE
"$MASTHEAD_TEST_MOTO" -H 127.0.0.1 -p 0 2>&1 </dev/null &
cat >/dev/null
kill $!
"#;

/// The server looks only at who signs.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=test/20260115/us-east-1/s3/aws4_request, \
    SignedHeaders=host, Signature=0";

/// A bucket that nobody else uses.
pub struct Bucket {
    /// The address of the storage.
    pub endpoint: String,
    /// Its name.
    pub name: String,
}

impl Bucket {
    /// A new empty bucket of the moto server; `None` where that is not installed and this is acceptable.
    ///
    /// It is not where `CI` is set or `MASTHEAD_REQUIRE_S3` is `1`: then the calling test fails.
    pub fn create() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let endpoint = moto()?.to_owned();
        let name = format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let bucket = Self { endpoint, name };
        ureq::put(bucket.url(""))
            .header("Authorization", SIGNED)
            .send_empty()
            .unwrap();
        Some(bucket)
    }

    /// Removes the bucket, which must be empty.
    pub fn delete(&self) {
        ureq::delete(self.url(""))
            .header("Authorization", SIGNED)
            .call()
            .unwrap();
    }

    /// Puts an object there behind the application's back.
    pub fn put_object(&self, name: &str, bytes: &[u8]) {
        ureq::put(self.url(name))
            .header("Authorization", SIGNED)
            .send(bytes)
            .unwrap();
    }

    /// Removes an object behind the application's back.
    pub fn delete_object(&self, name: &str) {
        ureq::delete(self.url(name))
            .header("Authorization", SIGNED)
            .call()
            .unwrap();
    }

    /// The names of what is there, at most 1,000.
    pub fn objects(&self) -> Vec<String> {
        let listed = ureq::get(self.url("?list-type=2"))
            .header("Authorization", SIGNED)
            .call();
        let listed = listed.unwrap().into_body().read_to_string().unwrap();
        let names = listed.split("<Key>").skip(1);
        names
            .filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned()))
            .collect()
    }

    /// How many uploads were begun and neither completed nor given up.
    pub fn unfinished(&self) -> usize {
        let listed = ureq::get(self.url("?uploads"))
            .header("Authorization", SIGNED)
            .call();
        let listed = listed.unwrap().into_body().read_to_string().unwrap();
        listed.matches("<UploadId>").count()
    }

    fn url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.endpoint, self.name)
    }

    /// What opens it as a storage, with keys under `prefix`.
    pub fn settings(&self, prefix: &str) -> StorageSettings {
        settings(&self.endpoint, &self.name, prefix)
    }

    /// What the environment of an application says that keeps its media here.
    pub fn vars(&self) -> [(&'static str, String); 5] {
        vars(&self.endpoint, &self.name)
    }
}

/// What opens `bucket` at `endpoint` as a storage, with keys under `prefix`.
pub(super) fn settings(endpoint: &str, bucket: &str, prefix: &str) -> StorageSettings {
    StorageSettings::S3 {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        endpoint: Some(endpoint.to_owned()),
        region: "us-east-1".to_owned(),
        access_key_id: "test".to_owned(),
        secret_access_key: "test".to_owned(),
        allow_http: true,
    }
}

/// What the environment of an application says that keeps its media there.
pub(super) fn vars(endpoint: &str, bucket: &str) -> [(&'static str, String); 5] {
    [
        ("MASTHEAD_MEDIA_STORAGE", format!("s3://{bucket}/media")),
        ("MASTHEAD_MEDIA_S3_ENDPOINT", endpoint.to_owned()),
        ("MASTHEAD_MEDIA_S3_ALLOW_HTTP", "true".to_owned()),
        ("MASTHEAD_MEDIA_S3_ACCESS_KEY_ID", "test".to_owned()),
        ("MASTHEAD_MEDIA_S3_SECRET_ACCESS_KEY", "test".to_owned()),
    ]
}

/// The address of the moto server of this test run.
fn moto() -> Option<&'static str> {
    static MOTO: OnceLock<Result<Option<(String, Child)>, String>> = OnceLock::new();
    let started = MOTO.get_or_init(start).as_ref();
    let server = started.unwrap_or_else(|reason| panic!("{reason}"));
    server.as_ref().map(|(endpoint, _)| endpoint.as_str())
}

/// Starts the server; the operating system closes the input of what watches over it when this process ends.
fn start() -> Result<Option<(String, Child)>, String> {
    let Some(program) = find_program() else {
        let required = std::env::var_os("CI").is_some()
            || std::env::var_os("MASTHEAD_REQUIRE_S3").is_some_and(|v| v == "1");
        if required {
            return Err("moto_server not found, and this run requires it".to_owned());
        }
        announce("moto_server not found: tests of S3-compatible storage are skipped");
        return Ok(None);
    };
    let mut watchdog = Command::new("sh")
        .args(["-c", WATCHDOG])
        .env("MASTHEAD_TEST_MOTO", &program)
        .env("PYTHONUNBUFFERED", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A signal to the test process's group, such as Ctrl-C, must not end the one who cleans up after it.
        .process_group(0)
        .spawn()
        .map_err(|e| format!("starting moto_server: {e}"))?;
    let mut lines = BufReader::new(watchdog.stdout.take().ok_or("no output")?).lines();
    let mut said = String::new();
    for line in lines.by_ref().map_while(Result::ok) {
        if let Some((_, port)) = line.split_once("http://127.0.0.1:") {
            let port: String = port.chars().take_while(char::is_ascii_digit).collect();
            // It writes a line for each request, which must go somewhere.
            thread::spawn(move || lines.for_each(drop));
            return Ok(Some((format!("http://127.0.0.1:{port}"), watchdog)));
        }
        said = format!("{said}{line}\n");
    }
    Err(format!("{} does not start:\n{said}", program.display()))
}

/// The program that `MASTHEAD_TEST_MOTO` names and no other, else the one of `PATH`.
fn find_program() -> Option<PathBuf> {
    if let Some(program) = std::env::var_os("MASTHEAD_TEST_MOTO") {
        return Some(PathBuf::from(program)).filter(|p| p.is_file());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join("moto_server"))
        .find(|program| program.is_file())
}
