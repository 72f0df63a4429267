#!/usr/bin/env python3
"""Measures counting: benches/counting.py target/release/masthead [--seconds 5] [--databases sqlite postgres]

For each database, with 1,000 articles: durable views per second at 32 and 128 connections, with the CPU time of the server per view
and the 99th percentile of answers, beside the same server with one commit a request (`MASTHEAD_COUNTER_BATCH=1`) on the same disk; the time
of one commit (one connection, one commit a request); whether every acknowledged view is there; and how long reads of articles take
while one article is flooded. Each view is of a random article by a visitor of its own, behind a proxy that is trusted. Needs `wrk`.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.request

from delivery import BASE, HERE, PORT, Postgres, Sqlite, cpu_seconds, get

ARTICLES = 1000

# Each thread has a range of addresses of its own; 10.0.0.0/8 has 16 million.
VIEWS = """
local thread = 0
function setup(t) t:set("id", thread) thread = thread + 1 end
function init(args) seed = %d; n = 0; math.randomseed(seed + id) end
function request()
  n = n + 1
  local a = (seed * 2 + id) * 1000003 + n
  wrk.headers["X-Forwarded-For"] = string.format("10.%%d.%%d.%%d", math.floor(a / 65536) %% 256, math.floor(a / 256) %% 256, a %% 256)
  wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x64) bench/" .. (a %% 1000)
  return wrk.format("POST", string.format("/api/v1/articles/%%d/views", %s))
end
"""

SUMMARY = """
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %f %f %f %d\\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    summary.errors.status + summary.errors.timeout + summary.errors.connect + summary.errors.read + summary.errors.write))
end
"""


def wrk(folder, connections, seconds, script="", path="/"):
    file = pathlib.Path(folder) / f"load-{connections}-{time.time_ns()}.lua"
    file.write_text(script + SUMMARY)
    said = subprocess.run(["wrk", f"-t{min(connections, 2)}", f"-c{connections}", f"-d{seconds}s", "-s", str(file), BASE + path],
                          check=True, capture_output=True, text=True).stdout
    numbers = next(line.split()[1:] for line in said.splitlines() if line.startswith("RESULT"))
    requests, micros, median, p99, worst, errors = map(float, numbers)
    return {"n": int(requests), "rate": requests / micros * 1e6, "p50": median / 1e3, "p99": p99 / 1e3, "max": worst / 1e3, "errors": int(errors)}


class Server:
    def __init__(self, program, database, **variables):
        environment = {**os.environ, "DATABASE_URL": database.url, "MASTHEAD_BIND": f"127.0.0.1:{PORT}",
                       "MASTHEAD_TRUSTED_PROXIES": "127.0.0.1", "MASTHEAD_COUNTER_ADDRESS_LIMIT": "10000", **variables}
        log = open(os.devnull, "w")
        self.process = subprocess.Popen([program, "serve"], env=environment, stdout=log, stderr=log)
        while True:
            try:
                get("/api/v1/sites")
                return
            except OSError:
                time.sleep(0.005)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def cpu(self):
        return cpu_seconds([self.process.pid])


def hits():
    """Every request that was acknowledged since the beginning."""
    return sum(get(f"/api/v1/articles/{i}/views")["hits"] for i in range(1, ARTICLES + 1))


def measure(program, database, folder, seconds):
    seed = 1
    random_article = f"math.random({ARTICLES})"
    with Server(program, database, MASTHEAD_COUNTER_BATCH="1"):
        wrk(folder, 1, 1, VIEWS % (seed, random_article))
        one = wrk(folder, 1, seconds, VIEWS % (seed + 1, random_article))
        commit = one["p50"]
        print(f"  one commit: {commit:.2f} ms (median of {one['n']}, one connection; p99 {one['p99']:.1f} ms)", flush=True)
        alone = {}
        for connections in (32, 128):
            seed += 2
            alone[connections] = wrk(folder, connections, seconds, VIEWS % (seed, random_article))
            a = alone[connections]
            print(f"  {connections} connections, a commit each: {a['rate']:.0f} views/s, p50 {a['p50']:.1f} ms, p99 {a['p99']:.1f} ms, {a['errors']} errors", flush=True)
    with Server(program, database) as server:
        for connections in (32, 128):
            seed += 2
            before, behind, counted = server.cpu(), cpu_seconds(database.pids()), hits()
            between = server.cpu()
            shared = wrk(folder, connections, seconds, VIEWS % (seed, random_article))
            cpu = (server.cpu() - between) / shared["n"] * 1e6
            theirs = (cpu_seconds(database.pids()) - behind) / shared["n"] * 1e6
            # The load generator may have gone before its last requests were answered.
            kept = hits() - counted
            text = f" + {theirs:.0f} µs in the database" if database.pids() else ""
            print(f"  {connections} connections: {shared['rate']:.0f} views/s ({shared['rate'] / alone[connections]['rate']:.1f} times), "
                  f"{cpu:.0f} µs CPU{text}, p50 {shared['p50']:.1f} ms, p99 {shared['p99']:.1f} ms = {shared['p99'] / commit:.1f} commits, {shared['errors']} errors, "
                  f"acknowledged {shared['n']}, kept {kept}", flush=True)
        quiet = wrk(folder, 4, seconds, path="/api/v1/articles/7")
        flood = subprocess.Popen(["wrk", "-t1", "-c32", f"-d{seconds + 2}s", "-s", write(folder, VIEWS % (seed + 2, "7")), BASE], stdout=subprocess.DEVNULL)
        time.sleep(1)
        flooded = wrk(folder, 4, seconds, path="/api/v1/articles/7")
        flood.wait()
        print(f"  reading an article, 4 connections: p99 {quiet['p99']:.2f} ms; beside a flood of views of it: p99 {flooded['p99']:.2f} ms ({flooded['rate']:.0f} reads/s)", flush=True)


def write(folder, script):
    file = pathlib.Path(folder) / f"flood-{time.time_ns()}.lua"
    file.write_text(script)
    return str(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgres"])
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    for kind in options.databases:
        if kind == "postgres" and not Postgres.programs():
            print("PostgreSQL: its server programs are not installed, skipped")
            continue
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/portal.ndjson"
            with open(file, "w") as out:
                subprocess.run([HERE / "portal.py", str(ARTICLES)], stdout=out, check=True)
            database = Sqlite(folder) if kind == "sqlite" else Postgres(folder)
            print(f"{database.name}, {ARTICLES} articles", flush=True)
            try:
                environment = {**os.environ, "DATABASE_URL": database.url}
                subprocess.run([program, "import", file], env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                measure(program, database, folder, options.seconds)
            finally:
                database.stop()


if __name__ == "__main__":
    main()
