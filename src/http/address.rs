//! Where a request comes from: the address of its connection, or what a proxy that is trusted says. Knows no request.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};

/// Who passed a request on, each proxy appending whom it got the request from.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Networks of proxies; shared as `web::Data<TrustedProxies>`.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<(IpAddr, u8)>);

impl TrustedProxies {
    /// These networks, each as an address and the bits of it that count.
    pub fn new(networks: Vec<(IpAddr, u8)>) -> Self {
        Self(networks)
    }

    /// The client behind `peer`: the last one of those that proxies named which is not a proxy itself. What clients write into the
    /// header stands before that, and is not looked at.
    pub fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let mut address = peer?.to_canonical();
        if !self.has(address) {
            return Some(address);
        }
        let lines: Vec<&str> = headers
            .get_all(X_FORWARDED_FOR)
            .map(|line| line.to_str().unwrap_or_default())
            .collect();
        for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(named) = parse(entry.trim()) else {
                break;
            };
            address = named;
            if !self.has(address) {
                break;
            }
        }
        Some(address)
    }

    /// Whether `headers` tell of clients behind `peer` which are not believed, since that one is no proxy of these.
    pub fn doubts(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
        let is_stranger = peer.is_some_and(|peer| !self.has(peer.to_canonical()));
        is_stranger && headers.contains_key(X_FORWARDED_FOR)
    }

    fn has(&self, address: IpAddr) -> bool {
        self.0
            .iter()
            .any(|(network, bits)| is_within(address, *network, *bits))
    }
}

/// An address, perhaps with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    address.or_else(with_port).map(|ip| ip.to_canonical())
}

fn is_within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let differing = address.to_bits() ^ network.to_bits();
            differing.leading_zeros() >= u32::from(bits)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let differing = address.to_bits() ^ network.to_bits();
            differing.leading_zeros() >= u32::from(bits)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(peer: &str, lines: &[&'static str]) -> String {
        let networks = vec![
            ("10.0.0.0".parse().unwrap(), 8),
            ("::1".parse().unwrap(), 128),
        ];
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let proxies = TrustedProxies::new(networks);
        let client = proxies.client(Some(peer.parse().unwrap()), &headers);
        client.unwrap().to_string()
    }

    #[test]
    fn only_proxies_are_believed() {
        assert_eq!(client("1.2.3.4", &["9.9.9.9"]), "1.2.3.4");
        assert_eq!(client("11.0.0.1", &["9.9.9.9"]), "11.0.0.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["9.9.9.9"]), "9.9.9.9");
        assert_eq!(client("::ffff:10.0.0.1", &["9.9.9.9"]), "9.9.9.9");
        assert_eq!(client("::1", &["[2001:db8::1]:443"]), "2001:db8::1");
    }

    #[test]
    fn the_last_stranger_is_the_client() {
        assert_eq!(
            client("10.0.0.1", &["8.8.8.8, 9.9.9.9, 10.2.3.4"]),
            "9.9.9.9"
        );
        assert_eq!(client("10.0.0.1", &["8.8.8.8", "9.9.9.9:1234"]), "9.9.9.9");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(
            client("10.0.0.1", &["8.8.8.8, unknown, 10.0.0.2"]),
            "10.0.0.2"
        );
    }
}
