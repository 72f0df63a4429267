#!/usr/bin/env python3
"""masthead against nginx, in one table: benches/http/run.py [--binary target/release/masthead] [--large 1000000]

Makes articles (generate.py), imports them, starts masthead on them and nginx on files with the same bytes, and loads both by `wrk -t1 -c32`
in turn, so that both see the same minutes. A rate is compared with that of nginx in the same round; CPU time is that of the server with all
its processes and of its database, per request. Ends with 1 where an answer was not 2xx or 3xx. Needs wrk and nginx; PostgreSQL (its server
programs) for the row of three instances and for `--database postgres`.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import sys
import tempfile

import rows
from generate import write
from load import Failed
from servers import EMAIL, PASSWORD, Masthead, Postgres, Server, Sqlite, command


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/masthead")
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--large", type=int, help="so many articles beside the others, for the rows that compare sizes")
    parser.add_argument("--seconds", type=int, default=8, help="of one run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--no-log", action="store_true", help="both servers without their access log")
    parser.add_argument("--only", nargs="+", choices=list(rows.ROWS), help="these rows alone")
    parser.add_argument("--keep", help="a folder for databases, which are used again the next time")
    parser.add_argument("--json", help="a file for all figures")
    return parser.parse_args()


def missing(given):
    needed = [program for program in ("wrk", "nginx") if not shutil.which(program)]
    if given.database == "postgres" and not Postgres.programs():
        needed.append("the server programs of PostgreSQL")
    if not os.access(given.binary, os.X_OK):
        needed.append(f"{given.binary} (cargo build --release --features s3)")
    return needed


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """What the rows share: the programs, the databases with their content, and how to measure."""

    def __init__(self, given, folder):
        self.given, self.folder = given, folder
        self.binary = os.path.abspath(given.binary)
        self.logs, self.rounds, self.seconds = not given.no_log, given.rounds, given.seconds
        self.database = Sqlite(folder) if given.database == "sqlite" else Postgres(folder)
        self.knows_cache = Masthead.knows_cache(self.binary, folder)
        self.say = say

    def content(self, articles, database=None):
        """The name of a database with so many articles and an administrator."""
        database, name = database or self.database, f"bench{articles}"
        done = pathlib.Path(self.folder) / f"{name}.{database.name}"
        if done.exists():
            return name
        file = pathlib.Path(self.folder) / f"{articles}.ndjson"
        say(f"making {articles:,} articles")
        with open(file, "wb") as out:
            write(out, articles)
        say(f"importing them ({file.stat().st_size >> 20} MB) into {database.name}")
        database.drop(name)
        url = database.url(name)
        command(self.binary, url, "import", str(file), folder=self.folder)
        command(self.binary, url, "user", "create", "--email", EMAIL, "--role", "admin", folder=self.folder, input=PASSWORD + "\n")
        file.unlink()
        done.touch()
        return name

    def serve(self, name, database=None, cached=True, path="/api/v1/sites", **variables):
        """A server on a database that has answered `path`; `ready` is how many seconds that took."""
        off = {} if cached or not self.knows_cache else {"MASTHEAD_CACHE_MB": "0"}
        server = Masthead(self.binary, (database or self.database).url(name), self.folder, self.logs, **off, **variables)
        server.ready = server.wait(path)
        return server


def conditions(bench):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    logs = "both with their access log" if bench.logs else "both without access logs"
    cache = "" if bench.knows_cache else "; this binary has no response cache"
    return (f"{bench.given.articles:,} articles on {bench.database.name}, `wrk -t1 -c32`, {bench.rounds} rounds of {bench.seconds} s, {logs}; "
            f"{os.cpu_count()} cores ({model}) shared by servers, database and wrk{cache}.")


def tidy(folder, keep):
    """Leaves nothing behind but databases, and those only where they are to be used again."""
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
        return
    shutil.rmtree(f"{folder}/nginx", ignore_errors=True)
    for pattern in ("*.txt", "*.log"):
        for file in pathlib.Path(folder).glob(pattern):
            file.unlink()


def main():
    given = arguments()
    # An end from outside is an end like any other: servers are stopped, files are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    if needed := missing(given):
        sys.exit("missing: " + ", ".join(needed))
    folder = os.path.abspath(given.keep) if given.keep else tempfile.mkdtemp(prefix="masthead-bench-")
    os.makedirs(folder, exist_ok=True)
    bench, found = Bench(given, folder), []
    try:
        for row in rows.measure(bench, given.only):
            found.append(row)
            say(row.line())
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
    finally:
        for server in list(Server.running):
            server.stop()
        bench.database.stop()
        tidy(folder, given.keep)
        if given.json:
            pathlib.Path(given.json).write_text(json.dumps({"conditions": conditions(bench), "rows": [row.numbers() for row in found]}, indent=1, ensure_ascii=False))
    print(conditions(bench) + "\n")
    print(rows.HEAD)
    for row in found:
        print(row.line())


if __name__ == "__main__":
    main()
