#!/usr/bin/env python3
"""Writes a portal file of generated articles: benches/http/generate.py 10000 > portal.ndjson [--seed 1] [--jobs 2]

One site with twelve themes of three levels of categories, 60 sources, 48 topics. Nine articles in ten are in Simplified Chinese, the others
in Traditional Chinese or English; one in twelve has an English translation. Lengths are log-normal around 1,500 characters, words about as
unequally common as in real texts (Zipf), articles in the order in which they were published over ten years. The same number and seed give
the same file, however many processes write it.
"""

import argparse
import bisect
import datetime
import itertools
import json
import math
import multiprocessing
import os
import pathlib
import random
import re
import sys

import vocabulary as words

CHUNK = 500
ZONE = datetime.timezone(datetime.timedelta(hours=8))
FIRST, LAST = datetime.datetime(2016, 11, 1, tzinfo=ZONE), datetime.datetime(2026, 11, 1, tzinfo=ZONE)
OPENCC = pathlib.Path(__file__).resolve().parents[2] / "src/text/script/opencc"
SLOT = re.compile(r"\{(\w)\}")
SITE = "gen"


class Zipf:
    """Draws from a list so that the n-th of it is about n times as rare as the first."""

    def __init__(self, items, exponent=0.9):
        self.items = list(items)
        self.sums = list(itertools.accumulate(1 / (rank + 1.5) ** exponent for rank in range(len(self.items))))

    def draw(self, rng):
        return self.items[bisect.bisect_left(self.sums, rng.random() * self.sums[-1])]

    def some(self, rng, count):
        return rng.choices(self.items, cum_weights=self.sums, k=count)


def person(rng):
    return SURNAMES.draw(rng) + "".join(rng.choices(words.GIVEN, k=2 if rng.random() < 0.8 else 1))


def quantity(rng):
    number = 10 ** rng.uniform(0, 4)
    return f"{number:.1f}%" if rng.random() < 0.2 and number < 100 else f"{number:.0f}{UNITS.draw(rng)}"


SURNAMES, UNITS = Zipf(words.SURNAMES), Zipf(words.UNITS)
SHARED = {"N": Zipf(words.NOUNS), "v": Zipf(words.VERBS), "a": Zipf(words.ADJECTIVES), "d": Zipf(words.ADVERBS), "t": Zipf(words.TIMES), "p": Zipf(words.PLACES)}
ENGLISH = {slot: Zipf(items) for slot, items in words.ENGLISH.items()}


class Theme:
    """A subject with its words, its categories and some thousand clauses that articles on it are made of."""

    def __init__(self, slug, seed):
        rng = random.Random(f"{seed}/{slug}")
        self.slug, (self.name, nouns) = slug, words.THEMES[slug]
        self.nouns = Zipf(nouns.split())
        self.persons = Zipf([person(rng) for _ in range(250)], 0.7)
        names = {place + noun + kind for place in SHARED["p"].some(rng, 30) for noun in self.nouns.some(rng, 1) for kind in rng.sample(words.INSTITUTIONS, 2)}
        self.institutions = Zipf(sorted(names, key=lambda name: (len(name), name)))
        self.categories = [slug, *(f"{slug}/{kind}" for kind in ("news", "papers", "people", "answers"))]
        self.categories += [f"{slug}/{kind}/{part}" for kind in ("news", "papers") for part in ("home", "abroad", "field", "notes")]
        self.weighted = Zipf(rng.sample(self.categories, len(self.categories)))
        self.clauses = [self.fill(rng, rng.choice(words.CLAUSES)) for _ in range(6000)]

    def fill(self, rng, template, subject=None):
        """The template with words in its slots; no noun stands twice in it."""
        used = set()

        def word(match):
            slot = match[1]
            if slot == "S":
                return subject
            if slot == "q":
                return quantity(rng)
            drawn = {"n": self.nouns, "m": self.persons, "o": self.institutions, **SHARED}[slot]
            found = drawn.draw(rng)
            while found in used:
                found = drawn.draw(rng)
            used.add(found)
            return found

        return SLOT.sub(word, template)

    def subject(self, rng):
        first, second = self.nouns.draw(rng), self.nouns.draw(rng)
        return first + (second if first != second else SHARED["N"].draw(rng))


class Traditional:
    """Simplified to Traditional by the dictionaries in src/text/script/opencc, the longest phrase first."""

    LONGEST = 6

    def __init__(self):
        self.table = {}
        for name in ("STCharacters.txt", "STPhrases.txt"):
            for line in (OPENCC / name).read_text(encoding="utf-8").splitlines():
                found, _, targets = line.partition("\t")
                if targets and not line.startswith("#"):
                    self.table[found] = targets.split()[0]

    def convert(self, text):
        out, at = [], 0
        while at < len(text):
            pieces = (text[at:at + length] for length in range(self.LONGEST, 1, -1))
            piece = next((piece for piece in pieces if piece in self.table), text[at])
            out.append(self.table.get(piece, piece))
            at += len(piece)
        return "".join(out)


def english(rng, template):
    return SLOT.sub(lambda m: f"{10 ** rng.uniform(0.5, 3.5):.0f}" if m[1] == "q" else ENGLISH[m[1]].draw(rng), template)


class World:
    """What all articles are made of; the same for the same seed."""

    def __init__(self, seed):
        rng = random.Random(f"{seed}/world")
        self.seed = seed
        self.themes = [Theme(slug, seed) for slug in words.THEMES]
        self.chosen = Zipf(self.themes, 0.6)
        self.sources = Zipf([f"s{i}" for i in range(60)])
        self.names = rng.sample([f"{place}{kind}" for place in words.PLACES for kind in ("日报", "晚报", "科学报", "通讯", "周刊", "观察")], 60)
        self.topics = [(f"t{i}", f"专题：{theme.subject(rng)}{SHARED['N'].draw(rng)}", theme) for i, theme in enumerate(self.themes * 4)]
        self.sentences = [english(rng, rng.choice(words.ENGLISH_SENTENCES)) for _ in range(3000)]
        self.traditional = Traditional()
        self.hant = {theme.slug: [self.traditional.convert(clause) for clause in theme.clauses[:1500]] for theme in self.themes}
        for theme in self.themes:
            theme.topics = Zipf([key for key, _, of in self.topics if of is theme])

    def structure(self):
        yield dict(type="portal", version=1)
        yield dict(type="site", slug=SITE, name="生成新闻网", default_locale="zh-Hans", locales=["zh-Hans", "zh-Hant", "en"], utc_offset="+08:00",
                   url_template="https://news.example.org/{path}")
        for number, name in enumerate(self.names):
            yield dict(type="source", slug=f"s{number}", name=name, url=f"https://s{number}.example.org/")
        labels = dict(news="要闻", papers="成果", people="人物", answers="问答", home="国内", abroad="国际", field="现场", notes="手记")
        for theme in self.themes:
            for path in theme.categories:
                yield dict(type="category", site=SITE, path=path, name=labels.get(path.rsplit("/", 1)[-1], theme.name))
        for key, title, _ in self.topics:
            yield dict(type="topic", site=SITE, key=key, title=title)

    def articles(self, chunk, count):
        """The articles of one chunk as lines, of `count` in all."""
        rng = random.Random(f"{self.seed}/articles/{chunk}")
        numbers = range(chunk * CHUNK, min((chunk + 1) * CHUNK, count))
        return "".join(json.dumps(self.article(rng, number, count), ensure_ascii=False, separators=(",", ":")) + "\n" for number in numbers)

    def article(self, rng, number, count):
        theme = self.chosen.draw(rng)
        kind = rng.random()
        locale = "zh-Hans" if kind < 0.9 else "zh-Hant" if kind < 0.96 else "en"
        length = min(max(int(rng.lognormvariate(math.log(1250), 0.6)), 120), 15_000)
        at = FIRST + (LAST - FIRST) * ((number + rng.random()) / count)
        record = dict(type="article", site=SITE, key=f"k{number}", category=theme.weighted.draw(rng), locale=locale)
        if locale == "en":
            record.update(title=self.english_title(rng), summary=" ".join(rng.choices(self.sentences, k=2)), body_html=self.english_body(rng, length * 3))
        else:
            record.update(self.chinese(rng, theme, length, locale == "zh-Hant"))
        precise = rng.random() < 0.7
        moment = at.replace(microsecond=0) if precise else at.replace(hour=0, minute=0, second=0, microsecond=0)
        record.update(published_at=moment.isoformat(), published_precision="second" if precise else "date", status="published")
        record["sources"] = list(dict.fromkeys(self.sources.some(rng, 1 if rng.random() < 0.85 else 2)))
        record["topics"] = [theme.topics.draw(rng)] if rng.random() < 0.25 else []
        record["keywords"] = list(dict.fromkeys(theme.nouns.some(rng, rng.randrange(2, 6))))
        authors = dict.fromkeys(theme.persons.some(rng, 1 if rng.random() < 0.7 else 3))
        affiliation = lambda: theme.institutions.draw(rng) if rng.random() < 0.3 else None
        record["contributors"] = [dict(role="author", kind="person", name=name, affiliation=affiliation()) for name in authors]
        if number and rng.random() < 0.1:
            record["related"] = [f"k{other}" for other in {rng.randrange(max(0, number - 5000), number) for _ in range(2)}]
        if rng.random() < 0.03:
            file = dict(name=f"{record['keywords'][0]}附件.pdf", url=f"https://files.example.org/{number}.pdf", media_type="application/pdf")
            record["attachments"] = [dict(file, size=rng.randrange(20_000, 5_000_000))]
        if locale != "en" and rng.random() < 1 / 12:
            record["translations"] = [dict(locale="en", title=self.english_title(rng), body_html=self.english_body(rng, min(length * 3, 6000)))]
        record["views"] = int(min(rng.paretovariate(0.9) * 20, 3_000_000))
        return record

    def chinese(self, rng, theme, length, is_traditional):
        subject = theme.subject(rng)
        own = lambda templates: theme.fill(rng, rng.choice(templates), subject)
        title, opening = own(words.TITLES), own(words.OPENINGS) + "。"
        back = [own(words.RETURNS) + "。" for _ in range(max(1, length // 500))]
        headings = [own(words.HEADINGS) for _ in range(length // 700)]
        clauses = theme.clauses
        if is_traditional:
            title, opening, *rest = map(self.traditional.convert, [title, opening, *back, *headings])
            back, headings, clauses = rest[:len(back)], rest[len(back):], self.hant[theme.slug]
        drawn, marks = iter(rng.choices(clauses, k=length // 12 + 8)), iter(rng.choices("，，，，。。。；", k=length // 12 + 8))
        parts, written, last = [f"<p>{opening}"], len(opening), 0
        end = rng.randrange(120, 320)
        while written < length:
            clause, mark = next(drawn, None), next(marks, None)
            if clause is None:
                break
            if last > end:
                parts.append("。</p>" if parts[-1][-1] in "，；" else "</p>")
                if parts[-2][-1] in "，；":
                    parts[-2] = parts[-2][:-1]
                if headings and rng.random() < 0.4:
                    parts.append(f"<h2>{headings.pop()}</h2>")
                elif rng.random() < 0.06:
                    parts.append("<ul>" + "".join(f"<li>{item}</li>" for item in rng.sample(clauses, 3)) + "</ul>")
                elif rng.random() < 0.05:
                    parts.append(f'<p><img src="https://media.example.org/{rng.randrange(10**6)}.jpg" alt="{clause}"></p>')
                parts.append("<p>" + (back.pop() if back else ""))
                last, end = 0, rng.randrange(120, 320)
                written += len(parts[-1])
            if rng.random() < 0.008:
                clause = f'<a href="https://news.example.org/{rng.randrange(10**6)}">{clause}</a>'
            parts.append(clause + mark)
            written += len(clause) + 1
            last += len(clause) + 1
        parts[-1] = parts[-1].rstrip("，；。") + "。</p>"
        text = {"title": title, "body_html": "".join(parts)}
        if rng.random() < 0.8:
            text["summary"] = opening + (clauses[rng.randrange(len(clauses))] + "。" if rng.random() < 0.5 else "")
        if rng.random() < 0.1:
            text["subtitle"] = clauses[rng.randrange(len(clauses))]
        return text

    @staticmethod
    def english_title(rng):
        return english(rng, rng.choice(words.ENGLISH_TITLES))

    def english_body(self, rng, length):
        sentences = rng.choices(self.sentences, k=length // 70 + 2)
        return "".join(f"<p>{' '.join(sentences[at:at + 5])}</p>" for at in range(0, len(sentences), 5))


WORLD = None


def chunk_lines(job):
    return WORLD.articles(*job).encode()


def write(out, count, seed=1, jobs=None):
    """Writes the portal file of so many articles to a binary stream."""
    global WORLD
    WORLD = World(seed)
    for record in WORLD.structure():
        out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    work = ((chunk, count) for chunk in range(-(-count // CHUNK)))
    # Forked after the world is made: it is shared, not sent.
    with multiprocessing.get_context("fork").Pool(jobs or os.cpu_count()) as pool:
        for lines in pool.imap(chunk_lines, work):
            out.write(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, help="processes, by default one a core")
    given = parser.parse_args()
    write(sys.stdout.buffer, given.articles, given.seed, given.jobs)


if __name__ == "__main__":
    main()
