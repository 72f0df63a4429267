//! Connections of clients: how many there may be, and when one is cut off whose client takes nothing. Knows sockets, no request.

use std::any::Any;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::SockRef;

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;

/// Closes a connection whose client has taken nothing of what was sent to it for `timeout`; for `HttpServer::on_connect`. A client that does
/// not read and one that went away without a word look the same. Elsewhere than on Linux nothing happens.
pub fn cut_off_after(
    timeout: Duration,
) -> impl Fn(&dyn Any, &mut Extensions) + Clone + Send + 'static {
    move |connection, _| {
        if let Some(stream) = connection.downcast_ref::<TcpStream>() {
            limit(&SockRef::from(stream), timeout);
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn limit(socket: &SockRef<'_>, timeout: Duration) {
    // The peer may be gone already.
    let _ = socket.set_tcp_user_timeout(Some(timeout));
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn limit(_: &SockRef<'_>, _: Duration) {}

/// Has the kernel keep more connections until they are accepted than the standard library asks for, so that many at once do not find the door
/// shut. Where it refuses, it keeps as many as before.
pub fn lengthen_backlog(listener: &TcpListener) {
    if let Err(error) = SockRef::from(listener).listen(BACKLOG) {
        tracing::debug!(%error, "the backlog stays as it is");
    }
}

/// How many connections there may be where `wanted` are: three quarters of the file descriptors that this process may have. It
/// asks for more of these first.
pub fn affordable(wanted: usize) -> usize {
    let needed = u64::try_from(wanted / 3 * 4).unwrap_or(u64::MAX).max(1024);
    let limit = getrlimit(Resource::Nofile);
    let Some(mut may) = limit.current else {
        return wanted;
    };
    if may < needed {
        let raised = limit.maximum.map_or(needed, |most| most.min(needed));
        let asked = Rlimit {
            current: Some(raised),
            ..limit
        };
        if raised > may && setrlimit(Resource::Nofile, asked).is_ok() {
            may = raised;
        }
    }
    let affordable = usize::try_from(may / 4 * 3).unwrap_or(usize::MAX).max(1);
    if affordable < wanted {
        tracing::warn!(
            file_descriptors = may,
            "MASTHEAD_MAX_CONNECTIONS={wanted} needs more file descriptors than this process may have; there will be at most \
             {affordable} connections"
        );
    }
    wanted.min(affordable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_connections_are_always_affordable() {
        assert_eq!(affordable(1), 1);
        assert_eq!(affordable(100), 100);
    }

    #[test]
    fn no_more_connections_than_file_descriptors() {
        let all = affordable(usize::MAX / 8);
        let may = getrlimit(Resource::Nofile).current;
        assert!(may.is_none_or(|may| u64::try_from(all).unwrap() < may));
    }
}
