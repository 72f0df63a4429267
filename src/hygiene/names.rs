//! Names of organisations and of hosts: which are a site's own, and which contradict what else is known of it. It knows no markup.

use super::fold::Folded;
use crate::models::hygiene::Surroundings;

/// The host that an address or e-mail address names, in lower case; `None` where it names none.
pub fn domain_of(address: &str) -> Option<String> {
    let address = address.trim();
    let host = match address.split_once("://") {
        Some((_, rest)) => rest,
        None => match address.strip_prefix("//") {
            Some(rest) => rest,
            None => address.rsplit_once('@')?.1,
        },
    };
    let host = host.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split(':').next().unwrap_or_default();
    let host = host.trim_end_matches('.').to_lowercase();
    (host.contains('.') && !host.contains(char::is_whitespace)).then_some(host)
}

/// Whether a host is one of the site's, or below one.
pub(super) fn is_own_domain(around: &Surroundings, host: &str) -> bool {
    around
        .domains
        .iter()
        .chain(&around.contact_domains)
        .any(|own| {
            let own = registered(own);
            host == own
                || host
                    .strip_suffix(own)
                    .is_some_and(|rest| rest.ends_with('.'))
        })
}

/// The part of a host that somebody registered: two labels, or three below the likes of `com.cn`.
pub(super) fn registered(host: &str) -> &str {
    let labels: Vec<&str> = host.split('.').collect();
    let is_shared = |label: &str| {
        matches!(
            label,
            "com" | "net" | "org" | "gov" | "edu" | "ac" | "co" | "mil" | "or" | "go"
        )
    };
    let count = match labels.as_slice() {
        [.., second, last] if last.len() == 2 && is_shared(second) => 3,
        _ => 2,
    };
    let skipped = labels.len().saturating_sub(count);
    let length: usize = labels
        .iter()
        .take(skipped)
        .map(|label| label.len() + 1)
        .sum();
    host.get(length..).unwrap_or(host)
}

/// A name folded, without blanks.
pub(super) fn folded(name: &str) -> String {
    let mut folded = Folded::default();
    folded.plain(0, name);
    folded.text
}

/// Folded names of a site.
pub(super) struct Names {
    own: Vec<String>,
    /// What it is called though that is none of its names.
    pub foreign: Vec<String>,
    /// All that it is called.
    pub called: Vec<String>,
}

impl Names {
    /// The names in `around`.
    pub fn new(around: &Surroundings) -> Self {
        let fold_all = |names: &[String]| {
            let mut all: Vec<String> = names.iter().map(|name| folded(name)).collect();
            all.retain(|name| name.chars().count() > 1);
            all.sort();
            all.dedup();
            all
        };
        let mut names = Self {
            own: fold_all(&around.names),
            foreign: Vec::new(),
            called: fold_all(&around.called),
        };
        names.foreign = names
            .called
            .iter()
            .filter(|name| names.is_foreign(name))
            .cloned()
            .collect();
        names
    }

    /// Whether a folded name is none of the site's, where it is known what the site may call itself. A name with something before or behind it is
    /// still that name.
    pub fn is_foreign(&self, name: &str) -> bool {
        !self.own.is_empty()
            && !name.is_empty()
            && !self
                .own
                .iter()
                .any(|own| own.contains(name) || name.contains(own.as_str()))
    }
}

/// Whether the filing numbers and domains of a site are those of a public institution: a government's site code, or a domain that only such get.
pub(super) fn is_institution(around: &Surroundings) -> bool {
    let has_code = around.registrations.iter().any(|number| {
        let number = folded(number);
        let code = number
            .rsplit_once("标识码")
            .map_or(number.as_str(), |(_, code)| code);
        let code = code.trim_start_matches(':');
        let digits = code.strip_prefix("bm").unwrap_or(code);
        let is_code = match code.len() == digits.len() {
            true => digits.len() == 10,
            false => digits.len() == 8,
        };
        is_code && digits.bytes().all(|b| b.is_ascii_digit())
    });
    let is_public = |host: &String| {
        host.split('.').rev().take(2).any(|label| {
            matches!(
                label,
                "gov" | "edu" | "ac" | "mil" | "int" | "go" | "gob" | "gouv"
            )
        })
    };
    has_code
        || around
            .domains
            .iter()
            .chain(&around.contact_domains)
            .any(is_public)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_from_addresses() {
        assert_eq!(
            domain_of("https://www.Example.org:8080/a?b"),
            Some("www.example.org".into())
        );
        assert_eq!(domain_of("casweb@cashq.ac.cn"), Some("cashq.ac.cn".into()));
        assert_eq!(domain_of("//a.example/x"), Some("a.example".into()));
        for none in ["/a/b", "010-62661266", "mailto:", "北京市"] {
            assert_eq!(domain_of(none), None, "{none}");
        }
        assert_eq!(registered("www.a.com.cn"), "a.com.cn");
        assert_eq!(registered("x.y.example.org"), "example.org");
    }

    #[test]
    fn a_public_institution_shows_in_its_numbers_and_domains() {
        let with = |number: &str, domain: &str| Surroundings {
            registrations: vec![number.to_owned()],
            contact_domains: vec![domain.to_owned()],
            ..Surroundings::default()
        };
        assert!(is_institution(&with("网站标识码bm48000002", "")));
        assert!(is_institution(&with("网站标识码：1101080021", "")));
        assert!(is_institution(&with("", "cashq.ac.cn")));
        assert!(!is_institution(&with("京ICP备05002857号-1", "qq.com")));
    }

    #[test]
    fn a_name_within_a_name_is_no_foreign_one() {
        let names = Names::new(&Surroundings {
            names: vec!["南開大學".to_owned()],
            called: vec!["南开大学新闻网".to_owned(), "澳门赌场".to_owned()],
            ..Surroundings::default()
        });
        assert_eq!(names.foreign, ["澳门赌场"]);
    }
}
