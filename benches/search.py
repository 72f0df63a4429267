#!/usr/bin/env python3
"""Measures search: benches/search.py target/release/masthead [--database sqlite] [--articles real] [--keep FOLDER] [--parts quality,recall,latency]

`--articles real` imports the Chinese articles of ../shared/data, `--articles 1000000` so many made of sentences of those, with new names and
words in each, `--articles sample:2000` an even sample for a quick try. Prints CPU time of the import, the size of the index beside the text, MRR@10 for each kind
of query of known-item-zh.tsv (with `--baseline` beside plain BM25 over pairs), recall of 200 terms against a scan of the folded text, and for
each class of query how long one search takes and what CPU time it costs the server and the database, with highlights, over one connection,
warm, no cache. CPU time is the scheduler's, in nanoseconds, so the neighbours of the machine count little.

`--keep FOLDER` leaves the database there and uses it again.
"""

import argparse
import collections
import csv
import glob
import http.client
import json
import math
import os
import pathlib
import random
import re
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.parse

from corpus import DATA, HAN, UNIT, Portal, fold, generated, news, terms, texts
from counting import Server
from delivery import PORT, Postgres, Sqlite, cpu_seconds

KINDS = ["title", "phrase", "topic", "xscript", "title_en"]
QUERIES = 50


# Queries.


class Queries:
    """Drawn from the real articles: always the same for the same articles."""

    def __init__(self, every):
        articles = list(news(every))
        random.seed(8)
        here = {article["id"] for article in articles}
        with open(DATA / "known-item-zh.tsv") as rows:
            known = list(csv.reader(rows, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
        self.known = [(kind, query, relevant) for _, kind, _, query, ids, _ in known if (relevant := set(ids.split()) & here)]
        self.recalled = self.draw(articles)
        self.classes = self.classed(articles)

    @staticmethod
    def draw(articles):
        """200 terms of one to six characters of both scripts, and the articles that have them."""
        scripts = [[a for a in articles if a["lang"] == lang] for lang in ("zh-Hans", "zh-Hant")]
        drawn = {}
        while len(drawn) < 200:
            length, article = 1 + len(drawn) // 2 % 6, random.choice(scripts[len(drawn) % 2])
            runs = [run for run in HAN.findall("|".join(texts(article))) if len(run) >= length]
            if runs:
                run = random.choice(runs)
                at = random.randrange(len(run) - length + 1)
                drawn[run[at:at + length]] = set()
        folded = [(term, fold(term), found) for term, found in drawn.items()]
        for article in articles:
            text = fold("\n\n".join(texts(article)))
            for _, term, found in folded:
                if term in text:
                    found.add(article["id"])
        return drawn

    def classed(self, articles):
        documents = collections.Counter()
        pairs_of = lambda text: {run[i:i + 2] for run in HAN.findall(text) for i in range(len(run) - 1)}
        for article in articles[::4]:
            documents.update(pairs_of(fold(article.get("body", ""))))
        looked = len(articles[::4])
        share = lambda low, high: sorted(pair for pair, number in documents.items() if low * looked <= number < high * looked)
        rare, medium, common = share(0, max(0.0005, 2 / looked)), set(share(0.005, 0.05)), [pair for pair, _ in documents.most_common(QUERIES)]
        bodies = [fold(article.get("body", "")) for article in random.sample(articles, min(len(articles), 20 * QUERIES))]
        mixed, middle, phrases = [], [], []
        for body in bodies:
            here = sorted(pairs_of(body))
            those, frequent = [p for p in here if p in medium], [p for p in here if p in common]
            if those and frequent:
                mixed.append(f"{random.choice(frequent)} {random.choice(those)}")
            if len(those) > 1:
                middle.append(" ".join(random.sample(those, 2)))
            if runs := [run for run in HAN.findall(body) if len(run) > 8]:
                phrases.append(f'"{random.choice(runs)[:random.randrange(4, 9)]}"')
        characters = collections.Counter("".join(run for body in bodies for run in HAN.findall(body)))
        titles = [query for kind, query, _ in self.known if kind == "title"]
        wrong = [t[:len(t) // 2] + "饕" + t[len(t) // 2 + 1:] for t in titles if len(t) > 12]
        classes = {
            "rare pair": (random.sample(rare, QUERIES), ""),
            "pair in 0.5 to 5 %": (random.sample(sorted(medium), QUERIES), ""),
            "common pair": (common, ""),
            "two terms, common and medium": (mixed, ""),
            "two medium terms": (middle, ""),
            "two common pairs": ([f"{a} {b}" for a, b in zip(common, common[1:])], ""),
            "phrase of 4 to 8 characters": (phrases, ""),
            "one common character": ([c for c, _ in characters.most_common(QUERIES)], ""),
            "one character": (random.sample(sorted(characters), QUERIES), ""),
            "whole title": (titles, ""),
            "title with a wrong character": (wrong, ""),
            "common without medium": ([f"{query.split()[0]} -{query.split()[1]}" for query in mixed], ""),
            "common pair, newest first": (common, "&sort=published_at"),
            "common pair, counted with facets": (common, "&count=exact&facets=category,source,year"),
        }
        return {name: (queries[:QUERIES], more) for name, (queries, more) in classes.items()}


def reciprocal(ids, relevant):
    return next((1 / rank for rank, found in enumerate(ids[:10], 1) if found in relevant), 0)


def means(ranks):
    return ", ".join(f"{kind} {statistics.mean(ranks[kind]):.4f} ({len(ranks[kind])})" for kind in KINDS if ranks.get(kind))


def baseline(queries, every):
    """Plain BM25 over pairs and words: one field, any term, k1 1.2, b 0.75."""
    asked = [(kind, list(dict.fromkeys(terms(UNIT.findall(fold(query))))), relevant) for kind, query, relevant in queries.known]
    wanted = {term for _, those, _ in asked for term in those}
    postings, lengths = collections.defaultdict(list), {}
    for article in news(every):
        numbers, length = collections.Counter(), 0
        for text in texts(article):
            units = UNIT.findall(fold(text))
            length += len(units)
            numbers.update(wanted.intersection(units))
            numbers.update(term for term in map("".join, zip(units, units[1:])) if term in wanted)
            repeated = collections.Counter(unit for unit in units if unit in wanted)
            numbers.update({unit: number - 1 for unit, number in repeated.items()})
        lengths[article["id"]] = length
        for term, number in numbers.items():
            postings[term].append((article["id"], number))
    usual, ranks = statistics.mean(lengths.values()), collections.defaultdict(list)
    for kind, those, relevant in asked:
        scores = collections.Counter()
        for term in those:
            rarity = math.log(1 + (len(lengths) - len(postings[term]) + 0.5) / (len(postings[term]) + 0.5))
            for found, number in postings[term]:
                scores[found] += rarity * number * 2.2 / (number + 1.2 * (0.25 + 0.75 * lengths[found] / usual))
        ranks[kind].append(reciprocal([found for found, _ in scores.most_common(10)], relevant))
    return ranks


# Measuring.


class KeptPostgres(Postgres):
    """One whose files may be there already."""

    def __init__(self, folder):
        data = pathlib.Path(folder) / "pg"
        if not data.exists():
            super().__init__(folder)
            return
        self.data = str(data)
        self.run_as = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.getuid() == 0 else []
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.server = subprocess.Popen([*self.run_as, f"{self.programs()}/postgres", "-D", self.data, "-p", "15499", "-k", self.data], **quiet)
        self.url = "postgres://bench@127.0.0.1:15499/postgres"
        time.sleep(3)

    def spent(self):
        """CPU time so far, with that of backends that have ended."""
        fields = pathlib.Path(f"/proc/{self.server.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return cpu_seconds(self.pids()) + (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def ask(self, sql):
        said = subprocess.run(["psql", "-qAt", self.url, "-c", sql], check=True, capture_output=True, text=True).stdout
        return int(said.strip() or 0)

    SIZE = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname ~ '^search_(segments|pages|deletions|queue)$'"
    WHOLE = "SELECT pg_database_size(current_database())"


class KeptSqlite(Sqlite):
    def __init__(self, folder):
        super().__init__(folder)
        self.path = f"{folder}/bench.db"

    def spent(self):
        return 0

    def ask(self, sql):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as db:
            return int(db.execute(sql).fetchone()[0] or 0)

    SIZE = "SELECT sum(pgsize) FROM dbstat WHERE name IN ('search_segments', 'search_pages', 'search_deletions', 'search_queue')"
    WHOLE = "SELECT sum(pgsize) FROM dbstat"


class Client:
    """One connection that stays open."""

    def __init__(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT)

    def get(self, query, more=""):
        """The answer, and how long it took."""
        path = f"/api/v1/search?q={urllib.parse.quote(query)}{more}"
        began = time.perf_counter()
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:500].decode()}")
        return body, took

    def ids(self, query, more=""):
        page = json.loads(self.get(query, more)[0])
        return [item["article"]["slug"] for item in page["items"]], page["next_cursor"], page


def running(pids):
    """Nanoseconds that the threads of processes have run."""
    total = 0
    for pid in pids:
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            try:
                total += int(open(path).read().split()[0])
            except OSError:
                continue
    return total


def load(program, database, file):
    environment = {**os.environ, "DATABASE_URL": database.url}
    began, before, behind = time.time(), os.times(), database.spent()
    subprocess.run([program, "import", file], env=environment, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    own = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"  import: {own:.1f} s CPU of the program, {database.spent() - behind:.1f} s of the database, {time.time() - began:.1f} s in all", flush=True)


def settle(server, database):
    """Waits until nothing is left to index."""
    cpu, behind, began = server.cpu(), database.spent(), time.time()
    while waiting := database.ask("SELECT count(*) FROM search_queue"):
        if time.time() - began > 3600:
            raise SystemExit(f"{waiting} articles still wait to be indexed after an hour")
        time.sleep(1)
    if time.time() - began > 1:
        print(f"  indexing after the import: {server.cpu() - cpu:.1f} + {database.spent() - behind:.1f} s CPU", flush=True)


def size(database, text):
    pages = database.ask("SELECT sum(length(data)) FROM search_pages")
    whole = database.ask(database.SIZE)
    segments = database.ask("SELECT count(*) FROM search_segments")
    print(f"  index: {pages / 1e6:.1f} MB in {segments} segments, {whole / 1e6:.1f} MB with all of its tables; text {text / 1e6:.1f} MB: "
          f"{pages / text:.2f} and {whole / text:.2f} times; database {database.ask(database.WHOLE) / 1e6:.0f} MB", flush=True)


def quality(client, queries):
    ranks, relaxed = collections.defaultdict(list), 0
    for kind, query, relevant in queries.known:
        ids, _, page = client.ids(query, "&limit=10")
        relaxed += page["matching"] == "most"
        ranks[kind].append(reciprocal(ids, relevant))
        if not ranks[kind][-1]:
            print(f"    not among ten: {kind} {query[:60]}")
    print(f"  MRR@10: {means(ranks)}; {relaxed} relaxed", flush=True)


def recall(client, queries):
    missing = more = twice = hits = 0
    for term, wanted in queries.recalled.items():
        found, cursor = [], ""
        while cursor is not None:
            ids, cursor, page = client.ids(term, "&limit=100" + (f"&cursor={cursor}" if cursor else ""))
            if page["matching"] == "all":
                found += ids
        lost = wanted - set(found)
        if lost:
            print(f"    {term}: {len(lost)} of {len(wanted)} missing, e.g. {sorted(lost)[:3]}")
        missing, more, twice, hits = missing + len(lost), more + len(set(found) - wanted), twice + len(found) - len(set(found)), hits + len(wanted)
    print(f"  recall: {len(queries.recalled)} terms, {hits} occurrences in articles, {missing} missing, {twice} twice, {more} more with blanks or signs inside", flush=True)


def latency(server, database, client, queries, rounds):
    ms = lambda values, share: sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1e3
    for name, (asked, more) in queries.classes.items():
        if not asked:
            continue
        for query in asked:
            client.get(query, more)
        pids = [server.process.pid, *database.pids()]
        walls, owns, behinds = [], [], []
        mark = (running(pids[:1]), running(pids[1:]))
        for _ in range(rounds):
            for query in asked:
                walls.append(client.get(query, more)[1])
                # What a process does just after it has answered counts for the request before.
                now = (running(pids[:1]), running(pids[1:]))
                owns.append((now[0] - mark[0]) / 1e9)
                behinds.append((now[1] - mark[1]) / 1e9)
                mark = now
        both = [own + behind for own, behind in zip(owns, behinds)]
        apart = f" (server {ms(owns, 0.5):.2f}, database {ms(behinds, 0.5):.2f})" if database.pids() else ""
        print(f"  {name}: CPU p50 {ms(both, 0.5):.2f} ms{apart}, p99 {ms(both, 0.99):.2f} ms; wall p50 {ms(walls, 0.5):.2f} ms, p99 {ms(walls, 0.99):.2f} ms", flush=True)


def prepare(options, folder, file):
    kind, _, number = options.articles.partition(":")
    portal = Portal(file)
    for article in generated(int(kind)) if kind.isdigit() else news(options.every):
        portal.article(article)
    portal.close()
    (folder / "text").write_text(str(portal.text))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--articles", default="real")
    parser.add_argument("--parts", default="quality,recall,latency")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--baseline", action="store_true")
    parser.add_argument("--keep")
    options = parser.parse_args()
    if not (DATA / "news-zh.jsonl.gz").exists():
        raise SystemExit(f"{DATA} is not here: nothing to measure with")
    kind, _, number = options.articles.partition(":")
    options.every = max(1, 42_690 // int(number)) if kind == "sample" else 1
    program, parts = os.path.abspath(options.program), options.parts.split(",")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(options.keep or scratch) / (options.database if options.keep else "")
        folder.mkdir(parents=True, exist_ok=True)
        is_new = not (folder / "loaded").exists()
        database = (KeptSqlite if options.database == "sqlite" else KeptPostgres)(str(folder))
        try:
            print(f"{database.name}, {options.articles} articles", flush=True)
            if is_new:
                file = f"{scratch}/portal.ndjson"
                prepare(options, folder, file)
                load(program, database, file)
                os.remove(file)
            with Server(program, database) as server:
                settle(server, database)
                (folder / "loaded").touch()
                size(database, int((folder / "text").read_text()))
                queries, client = Queries(options.every), Client()
                is_real = not kind.isdigit()
                if options.baseline and is_real:
                    print(f"  MRR@10 of plain BM25: {means(baseline(queries, options.every))}", flush=True)
                if "quality" in parts and is_real:
                    quality(client, queries)
                if "recall" in parts and is_real:
                    recall(client, queries)
                if "latency" in parts:
                    latency(server, database, client, queries, options.rounds)
        finally:
            database.stop()


if __name__ == "__main__":
    main()
