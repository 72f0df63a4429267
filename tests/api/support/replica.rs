//! A replica of a private PostgreSQL cluster. Stopped when it is dropped; its folder goes with the cluster.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Database;
use super::postgres::{Cluster, free_ports};

/// A running replica that streams.
pub struct Replica {
    cluster: &'static Cluster,
    folder: String,
    port: u16,
}

impl Cluster {
    /// A replica of everything that is there.
    pub fn replica(&'static self) -> Replica {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let folder = format!("replica{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let copy = format!(
            "pg_basebackup -h 127.0.0.1 -p {} -U masthead -D {folder} -R -X stream -c fast --no-sync",
            self.port
        );
        assert!(self.does(&copy), "{}", self.said());
        let ports = free_ports().unwrap();
        for port in ports.split(' ').map(|port| port.parse().unwrap()) {
            let replica = Replica {
                cluster: self,
                folder: folder.clone(),
                port,
            };
            if replica.control(&replica.starting()) {
                return replica;
            }
        }
        panic!("{}", self.said());
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.home.join("log")).unwrap_or_default()
    }
}

impl Replica {
    /// The URL of a database of the cluster, here.
    pub fn url(&self, database: &Database) -> String {
        let (_, name) = database.url.rsplit_once('/').unwrap();
        format!("postgres://masthead@127.0.0.1:{}/{name}", self.port)
    }

    /// Stops it in the midst of everything.
    pub fn stop(&self) {
        assert!(self.control("-m immediate -w -t 30 stop"));
    }

    /// Starts it again.
    pub fn start(&self) {
        assert!(self.control(&self.starting()), "{}", self.cluster.said());
    }

    fn starting(&self) -> String {
        format!("-w -t 30 -o '-p {}' start", self.port)
    }

    fn control(&self, what: &str) -> bool {
        let folder = &self.folder;
        self.cluster
            .does(&format!("pg_ctl -D {folder} -l {folder}.log {what}"))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.control("-m immediate -w -t 30 stop");
    }
}
