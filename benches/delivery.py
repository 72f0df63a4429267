#!/usr/bin/env python3
"""Measures delivery: benches/delivery.py target/release/masthead [--articles 10000 100000] [--seconds 2]

For each number of articles and each database: imports a file of benches/portal.py, starts the server cold, and prints
the time to its first answer, its memory, and the CPU time per request of the operations below. No response cache is
involved; each request reads the database. Needs `wrk`; PostgreSQL is measured where its server programs are installed.
CPU time is what is compared, of the least disturbed of five rounds: rates on a shared machine are noise.
"""

import argparse
import glob
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PORT = 18080
BASE = f"http://127.0.0.1:{PORT}"
ROUNDS = 5
TICK = os.sysconf("SC_CLK_TCK")


def get(path):
    with urllib.request.urlopen(BASE + path) as answer:
        return json.load(answer)


def cpu_seconds(pids):
    """User and system time of processes and their threads."""
    total = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICK


class Sqlite:
    name = "SQLite"

    def __init__(self, folder):
        self.url = f"sqlite:{folder}/bench.db"

    def pids(self):
        return []

    def stop(self):
        pass


class Postgres:
    name = "PostgreSQL"

    @staticmethod
    def programs():
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        return found[-1] if found else None

    def __init__(self, folder):
        self.data, programs = f"{folder}/pg", self.programs()
        user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self.run_as = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if os.getuid() == 0 else []
        os.makedirs(self.data)
        if self.run_as:
            os.chmod(folder, 0o755)
            shutil.chown(self.data, user)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*self.run_as, f"{programs}/initdb", "-D", self.data, "-U", "bench", "-A", "trust"], check=True, **quiet)
        self.server = subprocess.Popen([*self.run_as, f"{programs}/postgres", "-D", self.data, "-p", "15499", "-k", self.data], **quiet)
        self.url = "postgres://bench@127.0.0.1:15499/postgres"
        time.sleep(3)

    def pids(self):
        """The postmaster and its children. CPU time of a backend that has ended is lost, so connections stay open."""
        children = pathlib.Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text().split()
        return [self.server.pid, *children]

    def stop(self):
        self.server.terminate()
        self.server.wait()


def measure(program, database, file, seconds):
    environment = {**os.environ, "DATABASE_URL": database.url, "MASTHEAD_BIND": f"127.0.0.1:{PORT}"}
    began, cpu = time.time(), os.times()
    subprocess.run([program, "import", file], env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    spent = after.children_user + after.children_system - cpu.children_user - cpu.children_system
    print(f"  import: {spent:.1f} s CPU of the client, {time.time() - began:.1f} s in all", flush=True)
    log = open(os.devnull, "w")
    began = time.time()
    server = subprocess.Popen([program, "serve"], env=environment, stdout=log, stderr=log)
    try:
        while True:
            try:
                get("/api/v1/sites")
                break
            except OSError:
                time.sleep(0.002)
        print(f"  start to first answer: {time.time() - began:.3f} s")
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        print(f"  resident memory after start: {resident / 1024:.1f} MB")
        cursor, depth = None, 0
        while depth < 8000:
            page = get("/api/v1/articles?site=gen&limit=100" + (f"&cursor={cursor}" if cursor else ""))
            cursor, depth = page["next_cursor"], depth + 100
        article = page["items"][0]["id"]
        slug = page["items"][0]["slug"]
        for name, path in [
            ("one article", f"/api/v1/articles/{article}"),
            ("one article by slug", f"/api/v1/sites/gen/articles/{urllib.request.quote(slug)}"),
            ("one article, every include", f"/api/v1/articles/{article}?include=breadcrumbs,neighbors,related,site_details"),
            ("list of 20", "/api/v1/articles?site=gen"),
            ("list of 20 at depth 8,000", f"/api/v1/articles?site=gen&cursor={cursor}"),
            ("list of 20 by title", "/api/v1/articles?site=gen&sort=title&order=asc"),
            ("list of 20, two filters", "/api/v1/articles?site=gen&source=1"),
            ("list of 20, exact total", "/api/v1/articles?site=gen&count=exact"),
            ("category tree", "/api/v1/sites/gen/categories"),
            ("one article, brotli", f"/api/v1/articles/{article}"),
            ("one article, 304", f"/api/v1/articles/{article}"),
        ]:
            headers = []
            if "brotli" in name:
                headers = ["-H", "Accept-Encoding: br"]
            if "304" in name:
                headers = ["-H", "If-None-Match: *"]
            load = ["wrk", "-t1", "-c8", *headers, BASE + path]
            subprocess.run([*load, "-d1s"], check=True, stdout=subprocess.DEVNULL)
            rounds = []
            for _ in range(ROUNDS):
                before, behind = cpu_seconds([server.pid]), cpu_seconds(database.pids())
                said = subprocess.run([*load, f"-d{seconds}s"], check=True, capture_output=True, text=True).stdout
                requests = int(next(line.split()[0] for line in said.splitlines() if " requests in " in line))
                own = (cpu_seconds([server.pid]) - before) / requests * 1e6
                rounds.append((own, (cpu_seconds(database.pids()) - behind) / requests * 1e6))
            # The least disturbed round; the middle one beside it shows how disturbed the machine is.
            # A round in which a process of the database ended, and its time with it, does not count.
            rounds = sorted((r for r in rounds if r[1] >= 0), key=sum)
            (own, theirs), middle = rounds[0], sum(rounds[len(rounds) // 2])
            text = f"{own:.0f} µs" + (f" + {theirs:.0f} µs in the database" if database.pids() else "")
            text += f" (median {middle:.0f} µs)"
            if "Non-2xx" in said and "304" not in name:
                text += " (FAILED)"
            print(f"  {name}: {text}", flush=True)
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgres"])
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    for count in options.articles:
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/portal.ndjson"
            with open(file, "w") as out:
                subprocess.run([HERE / "portal.py", str(count)], stdout=out, check=True)
            for kind in options.databases:
                if kind == "postgres" and not Postgres.programs():
                    print("PostgreSQL: its server programs are not installed, skipped")
                    continue
                database = Sqlite(folder) if kind == "sqlite" else Postgres(folder)
                print(f"{database.name}, {count} articles", flush=True)
                try:
                    measure(program, database, file, options.seconds)
                finally:
                    database.stop()


if __name__ == "__main__":
    main()
