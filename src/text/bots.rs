//! Which user agents say that they are programs. It does not know who asks for what, nor what comes of it.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// The maintained list, with the notation of its words.
const LIST: &str = include_str!("bots.txt");

/// The words of the maintained list.
pub fn known() -> Vec<String> {
    words(LIST)
}

/// The words of a list: one a line, comments begin with `#`.
pub fn words(list: &str) -> Vec<String> {
    list.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Words by which user agents say that they are programs, in the notation of `bots.txt`.
#[derive(Debug, Clone)]
pub struct Bots {
    /// `None` where there are no words.
    finder: Option<AhoCorasick>,
    /// How each word of the finder has to stand in an agent.
    places: Vec<Place>,
    exceptions: Vec<Vec<u8>>,
}

/// Where in an agent a word counts.
#[derive(Debug, Clone, Copy)]
struct Place {
    at_start: bool,
    within_word: bool,
    continued: bool,
}

impl Bots {
    /// Prepares `words`; empty ones are passed over.
    pub fn new(words: &[String]) -> Self {
        let mut exceptions = Vec::new();
        let mut places = Vec::new();
        let mut texts = Vec::new();
        for word in words {
            let word = word.trim();
            if let Some(exception) = word.strip_prefix('!') {
                exceptions.push(exception.trim().as_bytes().to_vec());
                continue;
            }
            let (rest, at_start) = stripped(word.strip_prefix('^'), word);
            let (rest, within_word) = stripped(rest.strip_prefix('*'), rest);
            let (text, starred) = stripped(rest.strip_suffix('*'), rest);
            if text.is_empty() {
                continue;
            }
            places.push(Place {
                at_start,
                within_word,
                // `yeti/` is followed by a version.
                continued: starred || !text.ends_with(|c: char| c.is_ascii_alphabetic()),
            });
            texts.push(text);
        }
        // Fails beyond two thousand million states only.
        let finder = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&texts)
            .ok()
            .filter(|_| !texts.is_empty());
        Self {
            finder,
            places,
            exceptions,
        }
    }

    /// Whether the user agent says that it is a program. One that says nothing does not.
    pub fn is_bot(&self, agent: &str) -> bool {
        let Some(finder) = &self.finder else {
            return false;
        };
        let agent = agent.as_bytes();
        finder.find_overlapping_iter(agent).any(|found| {
            self.places
                .get(found.pattern().as_usize())
                .is_some_and(|place| place.fits(agent, found.start(), found.end()))
                && !self.is_excepted(agent, found.start(), found.end())
        })
    }

    /// Whether what was found is part of a word that says nothing.
    fn is_excepted(&self, agent: &[u8], start: usize, end: usize) -> bool {
        self.exceptions.iter().any(|word| {
            (end.saturating_sub(word.len())..=start).any(|from| {
                agent
                    .get(from..from.saturating_add(word.len()))
                    .is_some_and(|there| there.eq_ignore_ascii_case(word))
                    && from + word.len() >= end
                    && !before(agent, from).is_some_and(|b| b.is_ascii_alphanumeric())
            })
        })
    }
}

impl Place {
    fn fits(self, agent: &[u8], start: usize, end: usize) -> bool {
        let begins = if self.at_start {
            start == 0
        } else {
            self.within_word
                || !before(agent, start).is_some_and(|byte| byte.is_ascii_alphanumeric())
        };
        begins && (self.continued || !agent.get(end).is_some_and(u8::is_ascii_alphabetic))
    }
}

fn before(agent: &[u8], at: usize) -> Option<u8> {
    agent.get(at.checked_sub(1)?).copied()
}

/// What is left where a mark was found, else the whole.
fn stripped<'a>(rest: Option<&'a str>, whole: &'a str) -> (&'a str, bool) {
    (rest.unwrap_or(whole), rest.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Bots {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Bots::new(&words)
    }

    #[test]
    fn programs_that_say_so_are_known() {
        let bots = Bots::new(&known());
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Googlebot-Image/1.0",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
            "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
            "Mozilla/5.0 (compatible; Baiduspider-render/2.0; +http://www.baidu.com/search/spider.html)",
            "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
            "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/50.0.2661.102 Safari/537.36; 360Spider",
            "Mozilla/5.0 (compatible; HaosouSpider; http://www.haosou.com/help/help_3_2.html)",
            "Mozilla/5.0 (Windows; U; Windows NT 5.1; zh-CN; ) Firefox/1.5.0.11; YisouSpider",
            "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
            "Mozilla/5.0 (Linux; Android 7.0;) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)",
            "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
            "Mozilla/5.0 (compatible; YandexImages/3.0; +http://yandex.com/bots)",
            "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot",
            "ChatGPT-User/2.0",
            "OAI-SearchBot/1.0",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
            "Claude-User/1.0",
            "PerplexityBot/1.0",
            "CCBot/2.0 (https://commoncrawl.org/faq/)",
            "meta-externalagent/1.1",
            "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
            "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
            "Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Twitterbot/1.0",
            "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "Slack-ImgProxy 0.19 (+https://api.slack.com/robots)",
            "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
            "WhatsApp/2.23.20.0 A",
            "TelegramBot (like TwitterBot)",
            "ia_archiver (+http://www.alexa.com/site/help/webmasters; crawler@alexa.com)",
            "Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)",
            "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
            "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
            "Mozilla/5.0 (Windows NT 10.0) StatusCake",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
            "Mozilla/5.0 (Linux; Android 11; moto g power (2022)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse",
            "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers)",
            "Tiny Tiny RSS/21.06 (http://tt-rss.org/)",
            "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
            "Mozilla/5.0 (compatible; Yeti/1.1; +https://naver.me/spd)",
            "http.rb/5.1.1 (Mastodon/4.2.1; +https://example.social/)",
            "新闻 ROBOT",
            "我的Crawler/1",
        ] {
            assert!(bots.is_bot(agent), "{agent}");
            assert!(bots.is_bot(&agent.to_uppercase()), "{agent} in capitals");
        }
    }

    #[test]
    fn browsers_apps_and_libraries_are_none() {
        let bots = Bots::new(&known());
        for agent in [
            "",
            " ",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.53(0x18003531) NetType/WIFI Language/zh_CN",
            "Mozilla/5.0 (Linux; Android 14; V2309A Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240404 MicroMessenger/8.0.49.2600(0x28003133) WeChat/arm64 Weixin GPVersion/1 NetType/4G Language/zh_CN ABI/arm64",
            "Mozilla/5.0 (Linux; U; Android 13; zh-CN; M2012K11AC Build/TKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UCBrowser/16.1.0.1275 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; U; Android 12; zh-cn; PEGM00 Build/SKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/89.0.4389.72 MQQBrowser/14.2 Mobile Safari/537.36 COVC/046429",
            "Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00; HMSCore 6.12.0.302) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.5735.196 HuaweiBrowser/15.0.4.312 Mobile Safari/537.36",
            "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile",
            "Mozilla/5.0 (Linux; Android 11; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 10; CUBOT_P40 Build/QP1A; wv) AppleWebKit/537.36 Chrome/96.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 8.1.0; Cubot) AppleWebKit/537.36",
            "Mozilla/5.0 (Linux; Android 12; SM-G9910 Build/SP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/97.0 Mobile Safari/537.36 T7/13.30 BDOS/1.0 SP-engine/2.68.0 baiduboxapp/13.30.0.11 (Baidu; P1 12)",
            "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.198 Safari/537.36 SE 2.X MetaSr 1.0",
            "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/108 Mobile Safari/537.36 SogouMSE,SogouMobileBrowser/6.9.7",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/108.0 Safari/537.36 QIHU 360SE",
            "Mozilla/5.0 (Linux; Android 13; 2211133C) AppleWebKit/537.36 Chrome/118 Mobile Safari/537.36 NewsArticle/9.7.8 ToutiaoMicroApp/3.2 PluginVersion/97809075",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 DingTalk/7.6.0",
            "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/118 Mobile Safari/537.36 Weibo (Xiaomi-M2012__weibo__13.11.0__android__android13)",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [FBAN/FBIOS;FBAV/440.0;FBDV/iPhone14,2]",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Twitter for iPhone/10.20",
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36 DuckDuckGo/5",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 GSA/340.3 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 YaBrowser/24.10 Yowser/2.5 Safari/537.36",
            "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Slack/4.40 Chrome/128 Electron/32.1.2 Safari/537.36",
            "curl/8.5.0",
            "Wget/1.21.4",
            "okhttp/4.12.0",
            "python-requests/2.32.3",
            "axios/1.7.7",
            "Go-http-client/2.0",
            "node",
            "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
            "undici",
            "Dart/3.5 (dart:io)",
            "MyNews/12 CFNetwork/1568 Darwin/24.1.0",
            "Botanik im Garten/1.0",
            "Spiderman 蜘蛛 crawlerless 🤖",
        ] {
            assert!(!bots.is_bot(agent), "{agent}");
            assert!(!bots.is_bot(&agent.to_uppercase()), "{agent} in capitals");
        }
    }

    #[test]
    fn a_phone_does_not_hide_a_bot() {
        let bots = Bots::new(&known());
        assert!(bots.is_bot("CUBOT X30 (compatible; Googlebot/2.1)"));
        assert!(bots.is_bot("Googlebot/2.1 on a Cubot"));
    }

    #[test]
    fn words_stand_where_their_marks_say() {
        let bots = of(&[
            "*bot", "acme", "^first", "long*", "v/", "!notabot", " ", "", "*",
        ]);
        for (agent, is) in [
            ("Thingbot/1", true),
            ("bot", true),
            ("bottle", false),
            ("notabot", false),
            ("x-NotABot", false),
            ("notabots bot", true),
            ("acme", true),
            ("(ACME)", true),
            ("acme2", true),
            ("acmes", false),
            ("xacme", false),
            ("2acme", false),
            ("我acme我", true),
            ("first/1", true),
            ("the first", false),
            ("longer", true),
            ("prolonger", false),
            ("v/x", true),
        ] {
            assert_eq!(bots.is_bot(agent), is, "{agent}");
        }
        assert!(!of(&[]).is_bot("Googlebot"));
        assert!(!of(&["!cubot"]).is_bot("Cubot"));
    }

    #[test]
    fn the_list_says_nothing_twice_and_when_it_was_made() {
        let date = LIST.lines().next().unwrap();
        let date = date.strip_prefix("# list of ").unwrap();
        assert!(date.parse::<chrono::NaiveDate>().is_ok(), "{date}");
        let all = known();
        for (position, word) in all.iter().enumerate() {
            assert_eq!(*word, word.to_ascii_lowercase());
            let others: Vec<String> = all
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != position)
                .map(|(_, word)| word.clone())
                .collect();
            let agent = word.trim_matches(['*', '^', '!']);
            let expected = word.starts_with('!');
            assert_eq!(Bots::new(&others).is_bot(agent), expected, "{word}");
        }
    }
}
