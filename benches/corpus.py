"""The real articles that search is measured with, what search sees of them, and portal files made of them. Knows no server."""

import collections
import datetime
import gzip
import json
import random
import re
import shutil
import tempfile
import unicodedata

from delivery import HERE

DATA = HERE.parent.parent / "shared" / "data"
ZONE = datetime.timezone(datetime.timedelta(hours=8))
FIELDS = ["title", "title_en", "keywords", "author", "source", "summary", "body"]
HAN = re.compile("[\u4e00-\u9fff]+")

# What is a unit of a folded text, as src/text/units.rs says it.
CHARACTER = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003fffd々〇\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff\uac00-\ud7a3\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
STOPS = ".,;!?\\n\\r。、…｡､"
UNIT = re.compile(f"[{CHARACTER}]|[^\\W_{CHARACTER}]+|[{STOPS}]+")
ONE = dict(zip("著甚麽麼乾瞭藉徵於妳牠祂裏羣峯綫衆喫癡託昇佈週臺馀蹟迴", "着什么么干了借征于你它它里群峰线众吃痴托升布周台余迹回"))


def folding():
    table = {}
    for line in open(HERE.parent / "src/text/script/opencc/TSCharacters.txt", encoding="utf-8"):
        character, *simple = line.split() or [""]
        if simple and len(character) == 1 and len(simple[0]) == 1:
            table[ord(character)] = ONE.get(simple[0], simple[0])
    for character, simple in ONE.items():
        table[ord(character)] = simple
    for code in [0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400)]:
        table[code] = None
    for code in range(0x10000):
        if unicodedata.category(chr(code)).startswith("M") and code not in (0x3099, 0x309A):
            table[code] = None
    return table


TABLE = folding()


def fold(text):
    return unicodedata.normalize("NFKD", text).lower().translate(TABLE)


def terms(units):
    """Pairs of characters, and words; a character where there is nothing else."""
    is_character = [len(unit) == 1 and re.match(f"[{CHARACTER}]", unit) is not None for unit in units]
    found = [first + second for first, second, a, b in zip(units, units[1:], is_character, is_character[1:]) if a and b]
    found += [unit for unit, is_one in zip(units, is_character) if not is_one and not re.match(f"[{STOPS}]", unit)]
    return found or [unit for unit, is_one in zip(units, is_character) if is_one]


def news(every=1):
    with gzip.open(DATA / "news-zh.jsonl.gz", "rt") as lines:
        for number, line in enumerate(lines):
            if number % every == 0:
                yield json.loads(line)


def texts(article):
    for field in FIELDS:
        value = article.get(field)
        if value:
            yield from value if isinstance(value, list) else [value]


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Portal:
    """Writes a portal file: sources and categories as they are met."""

    def __init__(self, path):
        self.out, self.articles = open(path, "w"), tempfile.TemporaryFile("w+")
        self.sources, self.categories, self.text = {}, {}, 0
        self.line(self.out, type="portal", version=1)
        self.line(self.out, type="site", slug="gen", name="检索", default_locale="zh-Hans", utc_offset="+08:00")

    @staticmethod
    def line(out, **record):
        print(json.dumps(record, ensure_ascii=False), file=out)

    def category(self, names):
        path = ""
        for depth in range(1, len(names) + 1):
            key = tuple(names[:depth])
            if key not in self.categories:
                self.categories[key] = f"{path}/c{len(self.categories)}".lstrip("/")
                self.line(self.out, type="category", site="gen", path=self.categories[key], name=key[-1])
            path = self.categories[key]
        return path

    def source(self, name):
        if name not in self.sources:
            self.sources[name] = f"s{len(self.sources)}"
            self.line(self.out, type="source", slug=self.sources[name], name=name)
        return self.sources[name]

    def article(self, article):
        self.text += sum(len(text.encode()) for text in texts(article))
        year, month, day = [*map(int, (article.get("date") or "2000-01-01").split("-")), 1][:3]
        published = datetime.datetime(year, month, day, 8, tzinfo=ZONE) + datetime.timedelta(seconds=article.get("second", 0))
        paragraphs = "".join(f"<p>{escaped(part)}</p>" for part in re.split(r"\n+", article.get("body", "")) if part.strip())
        record = dict(type="article", site="gen", key=article["id"], slug=article["id"], category=self.category(article.get("category") or ["其他"]),
                      locale=article["lang"], title=article["title"], summary=article.get("summary", ""), body_html=paragraphs,
                      published_at=published.isoformat(), published_precision="second", status="published",
                      sources=[self.source(article["source"])], keywords=list(dict.fromkeys(article.get("keywords", []))))
        if article.get("author", "").strip():
            record["contributors"] = [{"role": "author", "kind": "person", "name": article["author"].strip()}]
        if 0 < len(article.get("title_en", "").strip()) <= 2000:
            record["translations"] = [{"locale": "en", "title": article["title_en"], "body_html": ""}]
        self.line(self.articles, **record)

    def close(self):
        self.articles.seek(0)
        shutil.copyfileobj(self.articles, self.out)
        self.out.close()


def generated(count):
    """Articles of some 300 characters: sentences that stand together in real ones, so that words are as common as they are, with a name and a word
    that nobody has seen before in each."""
    random.seed(1)
    real, characters = [], collections.Counter()
    for article in news():
        sentences = [s for s in re.split(r"(?<=[。！？])|\n+", article.get("body", "")) if 8 <= len(s) <= 150]
        if len(sentences) >= 3:
            characters.update("".join(HAN.findall(article["title"])))
            real.append((article["lang"], article["source"], (article.get("category") or ["其他"])[:2], article.get("keywords", []), sentences))
    alphabet, weights = zip(*characters.items())
    sums = [0]
    for weight in weights:
        sums.append(sums[-1] + weight)
    word = lambda length: "".join(random.choices(alphabet, cum_weights=sums[1:], k=length))
    first = datetime.date(2005, 1, 1)
    for number in range(count):
        lang, source, category, keywords, sentences = random.choice(real)
        others = random.choice(real)[4]
        at, beside = random.randrange(len(sentences)), random.randrange(len(others))
        body = [f"本报记者{word(3)}报道，{word(random.randrange(2, 5))}。"]
        for sentence in sentences[at:at + 5] + others[beside:beside + 8]:
            if sum(map(len, body)) < 300:
                body.append(sentence)
        runs = HAN.findall(random.choice(sentences)) or ["其他"]
        yield {"id": f"g-{number}", "lang": lang, "title": max(runs, key=len)[:24] + word(2), "source": source, "category": category, "keywords": keywords, "author": word(3),
               "summary": random.choice(sentences)[:80], "body": "".join(body[:3]) + "\n" + "".join(body[3:]),
               "date": str(first + datetime.timedelta(days=random.randrange(7300))), "second": random.randrange(36000)}
