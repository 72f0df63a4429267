//! A portal file, line by line: never more than one line in memory, and no line is the last because it is faulty.

use std::io::{self, BufRead, Read};
use std::iter::FusedIterator;

use crate::json::tree;
use crate::models::rules;

use super::parse;
use super::record::{LineFault, Record};

/// What the first line must be.
const HEADER: &str = r#"{"type":"portal","version":1}"#;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A line that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1; blank lines count.
    pub number: u64,
    /// Bytes of the file up to its end, the line break included.
    pub offset: u64,
    /// What it says, or everything that is wrong with it.
    pub content: Result<Record, Vec<LineFault>>,
}

/// The lines of a portal file, blank ones left out.
///
/// A byte order mark at the start and CRLF line ends are tolerated. A faulty line does not end the reading; a failure to read
/// does. Where the first line is not the header, its faults say so.
pub struct Reader<R> {
    input: R,
    number: u64,
    offset: u64,
    buffer: Vec<u8>,
    /// A line that is not blank has been seen.
    has_started: bool,
    has_ended: bool,
}

/// What was found up to the next line break.
enum Found {
    Nothing,
    Line,
    TooLong,
}

impl<R: BufRead> Reader<R> {
    /// A reader at the start of a file.
    pub fn new(input: R) -> Self {
        Self {
            input,
            number: 0,
            offset: 0,
            buffer: Vec::new(),
            has_started: false,
            has_ended: false,
        }
    }

    /// Reads the next line into the buffer, or skips it where it is too long.
    fn read_line(&mut self) -> io::Result<Found> {
        // Room for the mark, the line and its break.
        const ROOM: usize = rules::LINE + 5;
        self.buffer.clear();
        let limit = u64::try_from(ROOM).unwrap_or(u64::MAX);
        let mut read = Read::take(&mut self.input, limit).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(Found::Nothing);
        }
        self.number += 1;
        if self.buffer.last() != Some(&b'\n') && read == ROOM {
            self.buffer.clear();
            read += self.input.skip_until(b'\n')?;
        }
        self.offset += u64::try_from(read).unwrap_or_default();
        if read > ROOM || (self.buffer.is_empty() && read >= ROOM) {
            return Ok(Found::TooLong);
        }
        Ok(if self.line().len() > rules::LINE {
            Found::TooLong
        } else {
            Found::Line
        })
    }

    /// The line in the buffer without its break and the byte order mark.
    fn line(&self) -> &[u8] {
        let line = self.buffer.as_slice();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.number == 1 {
            line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
        } else {
            line
        }
    }

    fn parse(&self) -> Result<Record, Vec<LineFault>> {
        let text = std::str::from_utf8(self.line()).map_err(|fault| {
            vec![self.fault(format!(
                "is not UTF-8 from byte {} on",
                fault.valid_up_to() + 1
            ))]
        })?;
        let value = tree::parse(text).map_err(|reason| vec![self.fault(reason)])?;
        parse::record(value, self.number)
    }

    /// Checks that the header stands in the first line and nowhere else.
    fn check_place(
        &mut self,
        content: Result<Record, Vec<LineFault>>,
    ) -> Result<Record, Vec<LineFault>> {
        let is_first = !std::mem::replace(&mut self.has_started, true);
        match content {
            Ok(Record::Portal) if is_first => Ok(Record::Portal),
            Ok(Record::Portal) => {
                Err(vec![self.fault(
                    "belongs in the first line and only there; remove it".to_owned(),
                )])
            }
            // A header that is wrong in itself has told how it must be.
            Err(faults) if is_first && !faults.iter().any(|f| f.member == "version") => {
                Err(std::iter::once(self.header_fault()).chain(faults).collect())
            }
            Ok(_) if is_first => Err(vec![self.header_fault()]),
            content => content,
        }
    }

    fn header_fault(&self) -> LineFault {
        self.fault(format!(
            "is not the header of a portal file; the first line must be {HEADER}"
        ))
    }

    fn fault(&self, reason: String) -> LineFault {
        LineFault {
            line: self.number,
            member: String::new(),
            reason,
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<io::Result<Line>> {
        while !self.has_ended {
            let content = match self.read_line() {
                Err(fault) => {
                    self.has_ended = true;
                    return Some(Err(fault));
                }
                Ok(Found::Nothing) => {
                    self.has_ended = true;
                    if self.has_started {
                        return None;
                    }
                    self.number = 1;
                    Err(vec![self.fault(format!(
                        "has no records; the first line must be {HEADER}"
                    ))])
                }
                Ok(Found::TooLong) => {
                    let reason = format!(
                        "is longer than {} bytes (8 MB); split the record",
                        rules::LINE
                    );
                    let faults = Err(vec![self.fault(reason)]);
                    self.check_place(faults)
                }
                Ok(Found::Line) if self.line().trim_ascii().is_empty() => continue,
                Ok(Found::Line) => {
                    let content = self.parse();
                    self.check_place(content)
                }
            };
            return Some(Ok(Line {
                number: self.number,
                offset: self.offset,
                content,
            }));
        }
        None
    }
}

impl<R: BufRead> FusedIterator for Reader<R> {}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;
    use crate::models::patch::Patch;
    use crate::models::record::{ArticleRecord, MenuRecord, SiteRecord};

    fn lines(file: impl AsRef<[u8]>) -> Vec<Line> {
        // A tiny buffer makes every line cross its border.
        Reader::new(BufReader::with_capacity(7, file.as_ref()))
            .collect::<io::Result<_>>()
            .expect("bytes can be read")
    }

    /// What the one line after a header says.
    fn content(line: &str) -> Result<Record, Vec<LineFault>> {
        let mut lines = lines(format!("{HEADER}\n{line}\n"));
        assert_eq!(lines.len(), 2, "{line}");
        lines.pop().expect("a second line").content
    }

    /// The faults of a line as `member: reason`.
    fn faults(line: &str) -> Vec<String> {
        let faults = content(line).expect_err(line);
        assert!(faults.iter().all(|f| f.line == 2));
        faults
            .into_iter()
            .map(|f| format!("{}: {}", f.member, f.reason))
            .collect()
    }

    /// Asserts that a line has exactly these faults, in any order; each is told by its member and a part of its reason.
    fn assert_faults(line: &str, expected: &[(&str, &str)]) {
        let found = faults(line);
        for (member, part) in expected {
            let is_told = |f: &String| f.starts_with(&format!("{member}: ")) && f.contains(part);
            assert!(
                found.iter().any(is_told),
                "{line}\nexpected {member}: {part}\nfound {found:#?}"
            );
        }
        assert_eq!(found.len(), expected.len(), "{line}: {found:#?}");
    }

    fn article(line: &str) -> ArticleRecord {
        match content(line) {
            Ok(Record::Article(article)) => *article,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn site(line: &str) -> SiteRecord {
        match content(line) {
            Ok(Record::Site(site)) => *site,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn menu(line: &str) -> MenuRecord {
        match content(line) {
            Ok(Record::Menu(menu)) => menu,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn with_member(member: &str) -> String {
        format!(r#"{{"type":"article","site":"s","key":"k",{member}}}"#)
    }

    #[test]
    fn lines_have_numbers_and_offsets() {
        let file = format!(
            "\u{FEFF}{HEADER}\r\n\n  \t\r\n{{\"type\":\"source\",\"slug\":\"a\"}}\n{{\"type\":\"source\",\"slug\":\"b\"}}"
        );
        let found: Vec<_> = lines(&file)
            .iter()
            .map(|l| (l.number, l.offset, l.content.is_ok()))
            .collect();
        assert_eq!(found, [(1, 34, true), (4, 69, true), (5, 97, true)]);
        assert_eq!(file.len(), 97);
    }

    #[test]
    fn the_first_line_is_the_header() {
        let source = r#"{"type":"source","slug":"a"}"#;
        for (file, faulty) in [
            (String::new(), vec![(1, 1)]),
            ("\n\n".to_owned(), vec![(1, 1)]),
            ("\u{FEFF}".to_owned(), vec![(1, 1)]),
            (format!("{source}\n{source}"), vec![(1, 1)]),
            (
                format!("\n{source}\n{HEADER}\n{source}"),
                vec![(2, 1), (3, 1)],
            ),
            (format!("{HEADER}\n{HEADER}"), vec![(2, 1)]),
            (
                "{\"type\":\"portal\",\"version\":2}".to_owned(),
                vec![(1, 1)],
            ),
            ("{\"type\":\"portal\"}".to_owned(), vec![(1, 1)]),
            (format!("nonsense\n{source}"), vec![(1, 2)]),
            (format!("{HEADER}\n{{}}\n{source}"), vec![(2, 1)]),
        ] {
            let found: Vec<_> = lines(&file)
                .iter()
                .filter_map(|l| Some((l.number, l.content.as_ref().err()?.len())))
                .collect();
            assert_eq!(found, faulty, "{file}");
        }
        let empty = lines("");
        let reason = empty
            .first()
            .and_then(|l| l.content.as_ref().err()?.first().map(ToString::to_string));
        assert_eq!(
            reason.as_deref(),
            Some(r#"line 1: has no records; the first line must be {"type":"portal","version":1}"#)
        );
    }

    #[test]
    fn long_lines_are_skipped_not_kept() {
        let frame = r#"{"type":"source","slug":"a","name":""}"#.len();
        let sized = |size: usize| {
            format!(
                r#"{{"type":"source","slug":"a","name":"{}"}}"#,
                "x".repeat(size - frame)
            )
        };
        let file = format!(
            "{HEADER}\n{}\n{}\n{}\n{{\"type\":\"source\",\"slug\":\"b\"}}\n",
            sized(rules::LINE),
            sized(rules::LINE + 1),
            sized(rules::LINE + 100)
        );
        let mut reader = Reader::new(BufReader::new(file.as_bytes()));
        let found: Vec<_> = reader
            .by_ref()
            .map(|l| l.expect("bytes can be read"))
            .collect();
        let reasons: Vec<_> = found
            .iter()
            .filter_map(|l| l.content.as_ref().err()?.first())
            .map(|f| (f.line, f.reason.as_str()))
            .collect();
        assert!(
            reasons
                .first()
                .is_some_and(|(line, reason)| *line == 2 && reason.contains("longer than 2000")),
            "the longest line is read"
        );
        assert!(
            reasons
                .get(1)
                .is_some_and(|(line, reason)| *line == 3 && reason.contains("8 MB"))
        );
        assert!(
            reasons
                .get(2)
                .is_some_and(|(line, reason)| *line == 4 && reason.contains("8 MB"))
        );
        assert!(found.last().is_some_and(|l| l.content.is_ok()
            && l.number == 5
            && l.offset == u64::try_from(file.len()).unwrap_or(0)));
        assert!(reader.buffer.capacity() <= 4 * rules::LINE);
    }

    #[test]
    fn a_failure_to_read_ends_the_reading() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("disk"))
            }
        }
        let file = Read::chain(HEADER.as_bytes(), b"\n".as_slice()).chain(Broken);
        let found: Vec<_> = Reader::new(BufReader::new(file))
            .map(|l| l.is_ok())
            .collect();
        assert_eq!(found, [true, false]);
    }

    #[test]
    fn broken_lines_are_explained() {
        for (line, member, reason) in [
            ("{", "", "not valid JSON (column 1): EOF"),
            ("{} {}", "", "column 4"),
            ("[]", "", "must be an object, not an array"),
            ("null", "", "must be an object, not null"),
            ("{}", "type", "is required"),
            (r#"{"type":7}"#, "type", "must be a string, not a number"),
            (
                r#"{"type":"news"}"#,
                "type",
                "is `news`, but must be one of portal, site,",
            ),
            (
                r#"{"type":"source","slug":"a","slug":"b"}"#,
                "slug",
                "more than once",
            ),
            (
                r#"{"type":"source","slug":"a","url":"x","colour":1}"#,
                "colour",
                "not a known member; known are type, slug, name, url",
            ),
            (
                r#"{"type":"source","slug":["a"]}"#,
                "slug",
                "must be a string, not an array",
            ),
            (
                r#"{"type":"source","slug":"a","name":"\u0000"}"#,
                "name",
                "blank",
            ),
            (
                r#"{"type":"source","slug":"a","name":"x\u0000"}"#,
                "name",
                "U+0000",
            ),
            (
                r#"{"type":"source","slug":"a","name":null}"#,
                "name",
                "must not be null",
            ),
            (
                r#"{"type":"source","slug":"a","name":" "}"#,
                "name",
                "blank",
            ),
            (r#"{"type":"source","slug":null}"#, "slug", "is required"),
            (
                r#"{"type":"source","slug":"a","url":"javascript:x"}"#,
                "url",
                "scheme `javascript`",
            ),
            (
                r#"{"type":"category","site":"s","path":"a//b"}"#,
                "path",
                "empty part",
            ),
            (
                r#"{"type":"topic","site":"s","key":"k","year":10000}"#,
                "year",
                "1 to 9999",
            ),
        ] {
            assert_faults(line, &[(member, reason)]);
        }
        assert_faults(
            &format!("{}{}", "[".repeat(200), "]".repeat(200)),
            &[("", "nested too deeply")],
        );
        let bytes = [
            HEADER.as_bytes(),
            b"\n{\"type\":\"\xFF\"}\n{\"type\":\"source\",\"slug\":\"a\"}",
        ]
        .concat();
        let found: Vec<_> = lines(bytes)
            .into_iter()
            .map(|l| l.content.map_err(|f| f.first().map(|f| f.reason.clone())))
            .collect();
        assert_eq!(
            found
                .get(1)
                .and_then(|l| l.as_ref().err().cloned().flatten())
                .as_deref(),
            Some("is not UTF-8 from byte 10 on")
        );
        assert!(found.get(2).is_some_and(Result::is_ok));
    }

    #[test]
    fn every_fault_of_a_line_is_reported() {
        assert_faults(
            r#"{"type":"site","slug":"a b","name":"","default_locale":"zh_CN","utc_offset":"8","locales":["en","EN","?"],
               "registrations":[{"kind":"icp"},["icp","1",null]],"contacts":[{"kind":"a","label":1,"value":""}],"credits":{},
               "blocks":[{"kind":"quote","text":"t","text":"u"}],"identity":{"names":"x","domains":null},"visitors":-1,"x":0}"#
                .replace('\n', "")
                .as_str(),
            &[
                ("slug", "a space"),
                ("name", "blank"),
                ("default_locale", "language tag"),
                ("utc_offset", "+08:00"),
                ("locales[1]", "repeats `en`"),
                ("locales[2]", "language tag"),
                ("registrations[0].number", "required"),
                ("registrations[1]", "must be an object, not an array"),
                ("contacts[0].label", "string"),
                ("contacts[0].value", "blank"),
                ("credits", "must be an array, not an object"),
                ("blocks[0].text", "more than once"),
                ("identity.names", "array"),
                ("visitors", "0 to 9007199254740991"),
                ("x", "known member"),
            ],
        );
        let many: String = (0..500).map(|n| format!(",\"x{n}\":0")).collect();
        let found = faults(&format!(r#"{{"type":"source","slug":"a"{many}}}"#));
        assert_eq!(
            (found.len(), found.last().map(String::as_str)),
            (100, Some(": has 401 more faults"))
        );
    }

    #[test]
    fn articles_keep_their_rules() {
        for (member, expected) in [
            (
                r#""published_at":"2022-09-20T08:29:20""#,
                vec![("published_at", "2022-09-20T08:29:20+08:00")],
            ),
            (
                r#""published_at":"2016-12-31T23:59:60Z""#,
                vec![("published_at", "leap")],
            ),
            (r#""published_at":null"#, vec![("published_at", "null")]),
            (
                r#""published_precision":"hour""#,
                vec![("published_precision", "`date`, `minute`, `second`")],
            ),
            (
                r#""status":"Published""#,
                vec![(
                    "status",
                    "`draft`, `in_review`, `approved`, `scheduled`, `published`, `archived`, `retracted`",
                )],
            ),
            (
                r#""event_date":"2022-02-30""#,
                vec![("event_date", "exists")],
            ),
            (
                r#""views":9007199254740992"#,
                vec![("views", "9007199254740991")],
            ),
            (
                r#""views":-1,"downloads":1.5,"citations":"1""#,
                vec![
                    ("views", "0 to"),
                    ("downloads", "whole"),
                    ("citations", "must be a number"),
                ],
            ),
            (
                r#""published_at":"2022-01-01T08:00:00+08:00","unpublish_at":"2022-01-01T00:00:00Z""#,
                vec![("unpublish_at", "later than")],
            ),
            (
                r#""related":["a","k","a"]"#,
                vec![("related[1]", "itself"), ("related[2]", "repeats `a`")],
            ),
            (
                r#""topics":["t","t"],"sources":["s","s","a/b"]"#,
                vec![
                    ("topics[1]", "repeats"),
                    ("sources[1]", "repeats"),
                    ("sources[2]", "slug"),
                ],
            ),
            (
                r#""contributors":[{"role":"author","kind":"human","name":"A"},{"kind":"person","name":"","key":"x"},
                {"role":"a","kind":"person","name":"B","key":"y"},{"role":"b","kind":"person","name":"C","key":"y"}]"#,
                vec![
                    ("contributors[0].kind", "`person`, `organization`"),
                    ("contributors[1].role", "required"),
                    ("contributors[1].name", "blank"),
                    ("contributors[3].key", "repeats `y`"),
                ],
            ),
            (
                r#""locale":"ZH-hans","translations":[{"locale":"zh-HANS","title":"t","body_html":""},{"locale":"en","title":"t","body_html":""},
                {"locale":"EN","title":"","body_html":null,"views":1,"contributors":[{"name":"x"}]}]"#,
                vec![
                    ("translations[0].locale", "own"),
                    ("translations[2].locale", "repeats `en`"),
                    ("translations[2].title", "blank"),
                    ("translations[2].body_html", "required"),
                    ("translations[2].views", "known member"),
                    ("translations[2].contributors[0].key", "required"),
                ],
            ),
            (
                r#""attachments":[{"name":"a","url":"/a","sha256":"x"},{"name":"b","url":"/b"},{"name":"c","url":"/b","size":-1}],"audio":[{}]"#,
                vec![
                    ("attachments[0].sha256", "64"),
                    ("attachments[2].url", "repeats `/b`"),
                    ("attachments[2].size", "0 to"),
                    ("audio[0].url", "required"),
                ],
            ),
            (r#""portal":1"#, vec![("portal", "known member")]),
        ] {
            assert_faults(&with_member(&member.replace('\n', "")), &expected);
        }
        let keywords = format!(r#""keywords":[{}"x"]"#, "\"x\",".repeat(rules::LIST));
        assert_faults(
            &with_member(&keywords),
            &[("keywords", "1001 entries, at most 1000")],
        );
        let body = format!(r#""body_html":"{}""#, "x".repeat(rules::BODY + 1));
        assert_faults(&with_member(&body), &[("body_html", "2 MB")]);
    }

    #[test]
    fn absent_null_and_empty_are_three_things() {
        let found = article(&with_member(
            r#""title":" 中\u0041 ","body_html":"","subtitle":"","summary":null,"locale":"zh-hans-cn","keywords":[],"topics":null,"views":null,"slug":null"#,
        ));
        assert_eq!(found.title, Patch::Set(" 中A ".to_owned()));
        assert_eq!(found.body_html, Patch::Set(String::new()));
        assert_eq!(found.subtitle, Patch::Set(String::new()));
        assert_eq!(found.summary, Patch::Clear);
        assert_eq!(found.byline, Patch::Keep);
        assert_eq!(found.locale, Patch::Set("zh-Hans-CN".to_owned()));
        assert_eq!(found.keywords, Patch::Set(Vec::new()));
        assert_eq!(found.topics, Patch::Clear);
        assert_eq!(found.slug, Patch::Clear);
        assert_eq!((found.views, found.downloads), (0, 0));
        let found = site(
            r#"{"type":"site","slug":"s","identity":{"names":["a"]},"locales":["EN"],"visitors":9007199254740991}"#,
        );
        assert_eq!(found.visitors, rules::COUNTER);
        assert_eq!(found.locales, Patch::Set(vec!["en".to_owned()]));
        assert!(
            matches!(found.identity, Patch::Set(identity) if identity.names == Patch::Set(vec!["a".to_owned()]) && identity.domains == Patch::Clear)
        );
        assert_eq!(found.name, Patch::Keep);
    }

    #[test]
    fn menus_are_flattened_in_pre_order() {
        let line = r#"{"type":"menu","site":"s","key":"k","items":[{"label":"a","url":"/","children":[]},
            {"label":"b","category":"x/y","children":[{"label":"c","children":null},{"label":"d"}]},{"label":"e"}]}"#;
        let Patch::Set(items) = menu(&line.replace('\n', "")).items else {
            panic!("items");
        };
        let found: Vec<_> = items
            .iter()
            .map(|i| (i.depth, i.label.as_str(), i.member.as_str()))
            .collect();
        let expected = [
            (0, "a", "items[0]"),
            (0, "b", "items[1]"),
            (1, "c", "items[1].children[0]"),
            (1, "d", "items[1].children[1]"),
            (0, "e", "items[2]"),
        ];
        assert_eq!(found, expected);
        assert!(
            items
                .get(1)
                .is_some_and(|i| i.category.as_deref() == Some("x/y") && i.url.is_none())
        );
        assert_eq!(
            menu(r#"{"type":"menu","site":"s","key":"k"}"#).items,
            Patch::Keep
        );
        assert_eq!(
            menu(r#"{"type":"menu","site":"s","key":"k","items":null}"#).items,
            Patch::Clear
        );
    }

    #[test]
    fn menus_keep_their_limits() {
        let nested = |levels: usize| {
            let (open, close) = (
                r#"{"label":"x","children":["#.repeat(levels),
                "]}".repeat(levels),
            );
            format!(r#"{{"type":"menu","site":"s","key":"k","items":[{open}{close}]}}"#)
        };
        assert!(
            matches!(menu(&nested(rules::MENU_DEPTH)).items, Patch::Set(items) if items.len() == rules::MENU_DEPTH)
        );
        let path = format!("items[0]{}", ".children[0]".repeat(rules::MENU_DEPTH - 1));
        assert_faults(
            &nested(rules::MENU_DEPTH + 1),
            &[(&format!("{path}.children"), "16 levels")],
        );
        let flat = |items: usize| {
            let items = vec![r#"{"label":"x"}"#; items].join(",");
            format!(r#"{{"type":"menu","site":"s","key":"k","items":[{items}]}}"#)
        };
        assert!(content(&flat(rules::MENU_ITEMS)).is_ok());
        assert_faults(&flat(rules::MENU_ITEMS + 1), &[("items", "5001 items")]);
        assert_faults(
            r#"{"type":"menu","site":"s","key":"k","items":[{"label":"x","url":"/","category":"c"},{"url":"data:x"},[]]}"#,
            &[
                ("items[0].category", "beside `url`"),
                ("items[1].label", "required"),
                ("items[1].url", "scheme"),
                ("items[2]", "object"),
            ],
        );
    }

    #[test]
    fn hostile_lines_take_linear_time() {
        let members: String = (0..120_000).map(|n| format!(",\"x{n}\":0")).collect();
        let many = format!(r#"{{"type":"source","slug":"a"{members}}}"#);
        let start = std::time::Instant::now();
        assert_eq!(faults(&many).len(), 100);
        assert_eq!(faults(&format!("[{}]", "[],".repeat(2_000_000))).len(), 1);
        assert!(start.elapsed() < std::time::Duration::from_secs(30));
    }
}
