#!/usr/bin/env python3
"""Measures rankings: benches/rankings.py target/release/masthead [--articles 1000000] [--days 90] [--keep FILE]

Fills an SQLite file with so many articles of one site and, for each of the days, views of a tenth of them (mostly 1 to 20, one in a thousand up to
5,000), with their weeks, months and years; then prints how long rankings take over HTTP, one request after the other, and the CPU time of the
server. No cache is involved. Needs `wrk` and some 3 GB of disk.
"""

import argparse
import datetime
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import time

from counting import Server, wrk
from delivery import HERE

BASE_ARTICLES = 1000
EPOCH = datetime.date(1970, 1, 1)


class File:
    name = "SQLite"

    def __init__(self, path):
        self.url = f"sqlite:{path}"

    def pids(self):
        return []


def clone(db, table, articles, changed):
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(c, f"t.{c}") for c in columns)
    db.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM n CROSS JOIN {table} t", ())


def fill(path, articles, days):
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -400000; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF;")
    db.execute(f"CREATE TEMP TABLE n AS WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {articles // BASE_ARTICLES - 1}) SELECT n FROM s")
    indexes = [row for row in db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN "
                                         "('articles', 'article_texts', 'article_counters', 'article_periods', 'listings')")]
    for name, _ in indexes:
        db.execute(f"DROP INDEX {name}")
    moved = f"+ n.n * {BASE_ARTICLES}"
    db.execute("BEGIN")
    clone(db, "articles", articles, {"id": f"t.id {moved}", "key": "t.key || '-' || n.n", "slug": "t.slug || '-' || n.n"})
    clone(db, "article_texts", articles, {"article_id": f"t.article_id {moved}", "slug": "NULL", "body_html": "''", "outline": "'[]'"})
    clone(db, "article_counters", articles, {"article_id": f"t.article_id {moved}", "views": "abs(random()) % 100000"})
    clone(db, "listings", articles, {"article_id": f"t.article_id {moved}"})
    today = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date()
    db.execute("CREATE TEMP TABLE d (day, week, month, year)")
    for back in range(days):
        date = today - datetime.timedelta(days=back)
        number = lambda d: (d - EPOCH).days
        db.execute("INSERT INTO d VALUES (?, ?, ?, ?)", (number(date), number(date - datetime.timedelta(days=date.weekday())), number(date.replace(day=1)),
                                                         number(date.replace(month=1, day=1))))
    db.execute("""INSERT INTO article_periods (article_id, period, start, site_id, views, hits, downloads, citations)
                  SELECT id, 0, day, site_id, v, v, 0, 0 FROM (SELECT a.id, d.day, a.site_id, 1 + CASE abs(random()) % 1000 WHEN 0 THEN abs(random()) % 5000 ELSE abs(random()) % 20 END AS v
                  FROM articles a CROSS JOIN (SELECT day FROM d ORDER BY day) d WHERE abs(random()) % 10 = 0)""")
    for code, name in [(1, "week"), (2, "month"), (3, "year")]:
        db.execute(f"""INSERT INTO article_periods (article_id, period, start, site_id, views, hits, downloads, citations)
                       SELECT article_id, {code}, d.{name}, site_id, sum(views), sum(hits), 0, 0 FROM article_periods p JOIN d ON d.day = p.start
                       WHERE p.period = 0 GROUP BY article_id, d.{name}""")
    db.execute("COMMIT")
    for _, sql in indexes:
        db.execute(sql)
    rows = db.execute("SELECT count(*) FROM article_periods").fetchone()[0]
    db.close()
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--keep", help="use this file, and fill it where it is not there")
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or f"{folder}/rankings.db"
        database = File(path)
        if not pathlib.Path(path).exists():
            file = f"{folder}/portal.ndjson"
            with open(file, "w") as out:
                subprocess.run([HERE / "portal.py", str(BASE_ARTICLES)], stdout=out, check=True)
            environment = {**os.environ, "DATABASE_URL": database.url}
            subprocess.run([program, "import", file], env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            began = time.time()
            rows = fill(path, options.articles, options.days)
            print(f"{options.articles} articles, {options.days} days, {rows} rows of periods, {os.path.getsize(path) >> 20} MB, filled in {time.time() - began:.0f} s", flush=True)
        with Server(program, database) as server:
            # The week before this one is whole.
            whole = datetime.date.today() - datetime.timedelta(days=7)
            for name, query in [
                ("week", f"views?site=gen&period=week&as_of={whole}"),
                ("day", f"views?site=gen&period=day&as_of={whole}"),
                ("month", f"views?site=gen&period=month&as_of={whole}"),
                ("year", f"views?site=gen&period=year&as_of={whole}"),
                ("all time", "views?site=gen&period=all"),
                ("week, all sites", f"views?period=week&as_of={whole}"),
                ("week, 100 articles", f"views?site=gen&period=week&limit=100&as_of={whole}"),
                ("week, category with all below", f"views?site=gen&period=week&category=1&as_of={whole}"),
                ("week, small category", f"views?site=gen&period=week&category=100&as_of={whole}"),
                ("rolling week", f"views?site=gen&period=week&window=rolling&as_of={whole}"),
                ("rolling month", f"views?site=gen&period=month&window=rolling&as_of={whole}"),
            ]:
                wrk(folder, 1, 1, path=f"/api/v1/rankings/{query}")
                before = server.cpu()
                one = wrk(folder, 1, options.seconds, path=f"/api/v1/rankings/{query}")
                failed = f" FAILED {one['errors']}" if one["errors"] else ""
                print(f"  {name}: p50 {one['p50']:.2f} ms, p99 {one['p99']:.2f} ms, {(server.cpu() - before) / max(one['n'], 1) * 1e3:.2f} ms CPU{failed}", flush=True)


if __name__ == "__main__":
    main()
