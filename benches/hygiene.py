#!/usr/bin/env python3
"""Measures the check for injected text: benches/hygiene.py target/release/masthead [--parts alarms,recall,cost] [--seed 1] [--articles 100000] [--list]

`alarms` imports the articles of ../shared/data, Chinese and English, and counts what is found in them by severity; every article that is held back is named,
with `--list` every one that should be looked at, too. `recall` draws 200 phrases of spam-terms.txt that no rule stands for literally and 500 articles that have
the name of their own site in title and text, and puts the phrases into each article in each of three ways: as a last paragraph (every other time alone, else a list
of three to six), in a hidden element (in turn display:none, font-size:0, moved off the screen, the attribute `hidden`, a comment), and in the place of that name. Found is an article
that is held back or has a finding of severity `review`. `cost` imports the same articles with and without the rules, which gives the CPU time of scanning,
and has `--articles` articles looked at again with POST /manage/hygiene-scans. CPU time is that of the processes: wall time on a shared machine is noise.
"""

import argparse
import collections
import gzip
import itertools
import json
import os
import random
import re
import subprocess
import tempfile
import time
import urllib.request

from corpus import DATA, Portal, escaped, fold, news
from counting import Server
from delivery import BASE, HERE, Sqlite
from management import EMAIL, PASSWORD, post

# Names that a site of the corpus gives itself, by how the ids of its articles begin.
NAMES = [("nk", "南开大学"), ("nk", "南开"), ("ey", "行政院"), ("ey", "教育部")]
PHRASES, ARTICLES = 200, 500
SEVERITIES = ["block", "review", "note"]


def send(method, path, token, body=None, **headers):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", **headers}
    request = urllib.request.Request(f"{BASE}/api/v1/manage{path}", json.dumps(body).encode() if body is not None else None, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer) if answer.status != 204 else None


def every(path, token):
    """All items of a list."""
    cursor = ""
    while cursor is not None:
        page = send("GET", f"{path}limit=100" + (f"&cursor={cursor}" if cursor else ""), token)
        yield from page["items"]
        cursor = page["next_cursor"]


def run(program, database, *arguments, said=None):
    """CPU seconds of the program."""
    before = os.times()
    environment = {**os.environ, "DATABASE_URL": database.url}
    subprocess.run([program, *arguments], env=environment, check=True, input=said, text=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def account(program, database):
    run(program, database, "user", "create", "--email", EMAIL, "--role", "admin", said=PASSWORD + "\n")


def token():
    return post("/api/v1/auth/token", {"email": EMAIL, "password": PASSWORD})["access_token"]


# Honest articles.


def alarms(program, folder, options):
    database, file, keys = Sqlite(folder), f"{folder}/real.ndjson", 0
    portal = Portal(file)
    for article in itertools.chain(news(), english()):
        keys += 1
        portal.article(article)
    portal.close()
    run(program, database, "import", file)
    account(program, database)
    with Server(program, database):
        bearer = token()
        worst, why = {}, collections.defaultdict(list)
        for severity in SEVERITIES[:2]:
            for finding in every(f"/findings?severity={severity}&", bearer):
                place = (finding["kind"], finding["record_id"])
                worst.setdefault(place, severity)
                why[place].append(f"{finding['rule']} {finding['field']} {finding['text'][:40]!r}")
        count = collections.Counter(worst.values())
        print(f"  {keys} articles: {count['block']} held back, {count['review']} to be looked at ({count['review'] / keys:.3%})", flush=True)
        for (kind, id), severity in worst.items():
            if severity == "block" or options.list:
                named = send("GET", f"/articles/{id}", bearer) if kind == "article" else {"key": f"{kind} {id}", "title": ""}
                print(f"    {severity}: {named['key']} {named['title'][:40]}: {'; '.join(why[kind, id][:3])}")


def english():
    with gzip.open(DATA / "news-en.jsonl.gz", "rt") as lines:
        for article in map(json.loads, lines):
            # Some say the time, too, some none.
            yield {**article, "id": article["id"].replace("%", "-"), "date": (re.match(r"\d{4}-\d\d-\d\d", article.get("date") or "") or ["2000-01-01"])[0]}


# Injected phrases.


def literals():
    """What the rules stand for, folded."""
    for rule in json.load(open(HERE.parent / "src/hygiene/rules.json", encoding="utf-8"))["rules"]:
        if rule["kind"] in ("term", "vocabulary"):
            for text in rule["texts"]:
                parts = [part.split("|") for part in re.split(r"[()]", text)]
                yield from (same("".join(parts)) for parts in itertools.product(*parts))


def same(text):
    return re.sub(r"\s", "", fold(text))


def phrases(chance):
    known = set(literals())
    lines = [line.split("\t") for line in open(DATA / "spam-terms.txt", encoding="utf-8") if not line.startswith("#")]
    unknown = [(line[0], line[1]) for line in lines if same(line[0]) not in known]
    drawn = chance.sample(unknown, PHRASES)
    kinds = collections.Counter(kind for _, kind in drawn)
    print(f"  {len(lines)} phrases, {len(unknown)} that no rule stands for literally, {len(drawn)} drawn: {dict(kinds)}")
    return drawn


def paragraphs(body):
    return [f"<p>{escaped(part)}</p>" for part in re.split(r"\n+", body) if part.strip()]


def tail(number, article, name, drawn, chance):
    some = [phrase for phrase, _ in chance.sample(drawn, chance.randrange(3, 7))] if number % 2 else [drawn[number % PHRASES][0]]
    block = escaped([",", " | ", "、", " "][number % 4].join(some))
    return article["title"], "\n".join([*paragraphs(article["body"]), f"<p>{block}</p>"]), drawn[number % PHRASES]


HIDDEN = ['<div style="display:none">{}</div>', '<span style="font-size:0">{}</span>', '<div style="position:absolute;left:-9999px">{}</div>', "<p hidden>{}</p>", "<!-- {} -->"]


def hidden(number, article, name, drawn, chance):
    phrase = drawn[number % PHRASES]
    blocks = paragraphs(article["body"])
    blocks.insert(chance.randrange(len(blocks) + 1), HIDDEN[number % len(HIDDEN)].format(escaped(phrase[0])))
    return article["title"], "\n".join(blocks), phrase


def replaced(number, article, name, drawn, chance):
    phrase = drawn[number % PHRASES]
    return article["title"].replace(name, phrase[0]), "\n".join(paragraphs(article["body"].replace(name, phrase[0]))), phrase


WAYS = {"tail": tail, "hidden": hidden, "replaced": replaced}


def recall(program, folder, options):
    chance = random.Random(options.seed)
    drawn = phrases(chance)
    known = []
    for article in news():
        own = [name for start, name in NAMES if article["id"].startswith(start) and name in article["title"] and article.get("body", "").count(name) > 0]
        if own:
            known.append((article, own[0]))
    known = chance.sample(known, ARTICLES)
    database, file, injected = Sqlite(folder), f"{folder}/injected.ndjson", {}
    with open(file, "w", encoding="utf-8") as out:
        line = lambda **record: print(json.dumps(record, ensure_ascii=False), file=out)
        line(type="portal", version=1)
        names = sorted({name for _, name in known})
        for number, name in enumerate(names):
            line(type="site", slug=f"s{number}", name=name, owner=name, default_locale="zh-Hans", utc_offset="+08:00", identity={"names": [name], "domains": []})
            line(type="category", site=f"s{number}", path="news", name="要闻")
        # As they are: what is found in them anyway does not count.
        for way, change in [("", lambda number, article, *_: (article["title"], "\n".join(paragraphs(article["body"])), None)), *WAYS.items()]:
            for number, (article, name) in enumerate(known):
                title, body, phrase = change(number, article, name, drawn, chance)
                key = f"{way}-{number}"
                injected[key] = (way, phrase)
                line(type="article", site=f"s{names.index(name)}", key=key, slug=key, category="news", locale=article["lang"], title=title, body_html=body,
                     published_at="2024-01-01T00:00:00+08:00", published_precision="date", status="published")
    run(program, database, "import", file)
    account(program, database)
    with Server(program, database):
        bearer = token()
        ids = {article["id"]: article["key"] for article in every("/articles?", bearer)}
        found = collections.defaultdict(set)
        for severity in SEVERITIES[:2]:
            for finding in every(f"/findings?severity={severity}&", bearer):
                if finding["kind"] == "article":
                    found[severity].add(ids[finding["record_id"]])
        either = found["block"] | found["review"]
        print(f"  {ARTICLES} articles as they are: {sum(key.startswith('-') for key in either)} found")
        for way in WAYS:
            own = [key for key, (known_way, _) in injected.items() if known_way == way]
            caught = [key for key in own if key in either]
            print(f"  {way}: {len(caught) / len(own):.1%} found, {sum(key in found['block'] for key in own) / len(own):.1%} held back; {by_class(own, either, injected)}")
            if options.list:
                print("    missed:", " ".join(sorted({injected[key][1][0] for key in own if key not in either})))
        own = [key for key, (way, _) in injected.items() if way]
        print(f"  all: {sum(key in either for key in own) / len(own):.1%} found, {sum(key in found['block'] for key in own) / len(own):.1%} held back", flush=True)


def by_class(own, either, injected):
    """Of single phrases, whose class is known."""
    shares = collections.defaultdict(list)
    for key in own:
        shares[injected[key][1][1]].append(key in either)
    return ", ".join(f"{kind} {sum(hits)} of {len(hits)}" for kind, hits in sorted(shares.items()))


# What it costs.


def cost(program, folder, options):
    file, size = f"{folder}/real.ndjson", 0
    portal = Portal(file)
    for count, article in enumerate(news(), 1):
        size += len(article["title"].encode()) + len(article.get("body", "").encode())
        portal.article(article)
    portal.close()
    spent = {}
    for way in ["without", "with"]:
        os.makedirs(f"{folder}/{way}", exist_ok=True)
        database = Sqlite(f"{folder}/{way}")
        account(program, database)
        if way == "without":
            with Server(program, database):
                bearer = token()
                for rule in list(every("/hygiene-rules?", bearer)):
                    send("PATCH", f"/hygiene-rules/{rule['id']}", bearer, {"is_enabled": False}, **{"If-Match": "*"})
        spent[way] = run(program, database, "import", file)
        print(f"  import of {count} articles {way} rules: {spent[way]:.1f} s CPU", flush=True)
    scanning = spent["with"] - spent["without"]
    print(f"  scanning: {scanning / count * 1e6:.0f} µs an article of {size / count:.0f} bytes, {scanning / size * 5120 * 1e6:.0f} µs for 5 KB", flush=True)
    # As many as are asked for: the same articles in several sites.
    lines = open(file, encoding="utf-8").read().splitlines()
    rest, database = options.articles - count, Sqlite(f"{folder}/with")
    for number in range(1, -(-options.articles // count)):
        records = (json.loads(line) for line in lines)
        with open(file, "w", encoding="utf-8") as out:
            for record in records:
                if record["type"] == "article":
                    rest -= 1
                if record["type"] != "article" or rest >= 0:
                    record.update({"slug": f"gen{number}"} if record["type"] == "site" else {"site": f"gen{number}"} if "site" in record else {})
                    print(json.dumps(record, ensure_ascii=False), file=out)
        run(program, database, "import", file)
    with Server(program, database, MASTHEAD_RESCAN_SECONDS="604800") as server:
        bearer = token()
        # What begins at the start of a server goes first.
        while any(scan["state"] in ("waiting", "running") for scan in send("GET", "/hygiene-scans?limit=100", bearer)["items"]):
            time.sleep(1)
        for is_dry in [True, False]:
            cpu, began = server.cpu(), time.time()
            scan = send("POST", "/hygiene-scans", bearer, {"dry_run": is_dry})
            while scan["state"] not in ("done", "cancelled"):
                time.sleep(0.5)
                scan = send("GET", f"/hygiene-scans/{scan['id']}", bearer)
            print(f"  rescan{' (dry run)' if is_dry else ''} of {scan['looked_at']} records: {time.time() - began:.0f} s, {server.cpu() - cpu:.0f} s CPU", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--parts", default="alarms,recall,cost")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if not (DATA / "news-zh.jsonl.gz").exists():
        raise SystemExit(f"{DATA} is not here: nothing to measure with")
    program = os.path.abspath(options.program)
    for part in options.parts.split(","):
        print(part, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            {"alarms": alarms, "recall": recall, "cost": cost}[part](program, folder, options)


if __name__ == "__main__":
    main()
