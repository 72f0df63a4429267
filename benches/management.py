#!/usr/bin/env python3
"""Measures management: benches/management.py target/release/masthead [--articles 10000] [--seconds 4]

On each database with generated content (benches/portal.py): articles created and changed per second by 8 clients with an access
token, each change a revision; how long a body of 2 MB takes to be saved again and to be compared with what it was; and the CPU
time that knowing who is calling adds to a request, as the difference between a topic for anyone and the same topic with a token or
an API key. Needs `wrk`; PostgreSQL is measured where its server programs are installed. Writes are durable when they are answered:
SQLite runs with `synchronous=FULL`, PostgreSQL with `synchronous_commit=on`.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.request

from delivery import BASE, HERE, PORT, ROUNDS, Postgres, Sqlite, cpu_seconds, get

EMAIL, PASSWORD = "bench@example.org", "correct horse battery staple"

CREATE = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %s"
local n = 0
function request()
  n = n + 1
  local title = "Created " .. os.time() .. " " .. n
  local body = string.format('{"site":"gen","category_id":%d,"title":"%%s","status":"published","body_html":"%%s"}', title, "<p>%s</p>")
  return wrk.format(nil, nil, nil, body)
end
"""


CHANGE = """
wrk.method = "PATCH"
wrk.headers["Content-Type"] = "application/merge-patch+json"
wrk.headers["Authorization"] = "Bearer %s"
wrk.headers["If-Match"] = "*"
local n = 0
function request()
  n = n + 1
  local path = "/api/v1/manage/articles/" .. (n * 7919 %% 9000 + 1)
  local body = string.format('{"title":"Changed %%s %%s","body_html":"%%s"}', os.time(), n, "<p>%s</p>")
  return wrk.format(nil, path, nil, body)
end
"""


def post(path, body, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(BASE + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def wrk(path, seconds, *options):
    load = ["wrk", "-t1", "-c8", f"-d{seconds}s", *options, BASE + path]
    text = subprocess.run(load, check=True, capture_output=True, text=True).stdout
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return requests, int(refused.group(1)) if refused else 0, float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))


def cost(server, database, path, seconds, *options):
    """The least CPU time per request of several rounds, of the server and of the database, in microseconds."""
    wrk(path, 1, *options)
    rounds = []
    for _ in range(ROUNDS):
        before, behind = cpu_seconds([server.pid]), cpu_seconds(database.pids())
        requests, refused, _ = wrk(path, seconds, *options)
        assert refused == 0, f"{path}: {refused} of {requests} were refused"
        rounds.append(((cpu_seconds([server.pid]) - before) / requests * 1e6, (cpu_seconds(database.pids()) - behind) / requests * 1e6))
    return min(rounds, key=sum)


def measure(program, database, file, folder, seconds):
    environment = {**os.environ, "DATABASE_URL": database.url, "MASTHEAD_BIND": f"127.0.0.1:{PORT}"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([program, "import", file], env=environment, check=True, **quiet)
    account = [program, "user", "create", "--email", EMAIL, "--role", "admin"]
    subprocess.run(account, env=environment, check=True, input=PASSWORD + "\n", text=True, **quiet)
    server = subprocess.Popen([program, "serve"], env=environment, **quiet)
    try:
        while True:
            try:
                topic = get("/api/v1/sites/gen/topics?limit=1")["items"][0]["id"]
                break
            except OSError:
                time.sleep(0.01)
        token = post("/api/v1/auth/token", {"email": EMAIL, "password": PASSWORD})["access_token"]
        key = post("/api/v1/manage/api-keys", {"name": "bench", "scopes": ["structure_read"]}, token)["key"]
        costs = {}
        for name, path, bearer in [
            ("a topic, anonymous", f"/api/v1/topics/{topic}", None),
            ("a topic, with an access token", f"/api/v1/manage/topics/{topic}", token),
            ("a topic, with an API key", f"/api/v1/manage/topics/{topic}", key),
        ]:
            options = ["-H", f"Authorization: Bearer {bearer}"] if bearer else []
            own, behind = costs[name] = cost(server, database, path, seconds, *options)
            more = sum(costs[name]) - sum(costs["a topic, anonymous"])
            print(f"  {name}: {own:.0f} + {behind:.0f} µs CPU a request, {more:.0f} more than anonymous", flush=True)
        category = get("/api/v1/sites/gen/categories")["items"][0]["id"]
        text = "海洋研究 ocean research " * 40
        for name, path, script in [
            ("created", "/api/v1/manage/articles", CREATE % (token, category, text)),
            ("changed, each time a revision", "/api/v1/manage/articles/1", CHANGE % (token, text)),
        ]:
            file = pathlib.Path(folder) / "write.lua"
            file.write_text(script)
            writes(server, database, name, path, seconds, file)
        compare(server, database, token, category)
    finally:
        server.terminate()
        server.wait()


def writes(server, database, name, path, seconds, script):
    wrk(path, 1, "-s", str(script))
    best = 0
    for _ in range(3):
        before, behind = cpu_seconds([server.pid]), cpu_seconds(database.pids())
        requests, refused, rate = wrk(path, seconds, "-s", str(script))
        assert refused == 0, f"{refused} of {requests} were refused"
        own, behind = (cpu_seconds([server.pid]) - before) / requests * 1e6, (cpu_seconds(database.pids()) - behind) / requests * 1e6
        print(f"  articles {name}, 8 clients: {rate:.0f} a second, {own:.0f} + {behind:.0f} µs CPU each", flush=True)
        best = max(best, rate)
    print(f"  best: {best:.0f} articles a second")


def compare(server, database, token, category):
    """Saves a body of 2 MB twice, and compares the two."""
    words = [chr(0x4E00 + n * 7919 % 20000) for n in range(680_000)]
    body = "<p>" + "".join(words) + "</p>"
    article = {"site": "gen", "category_id": category, "title": "2 MB", "body_html": body}
    made = post("/api/v1/manage/articles", article, token)
    path = f"/api/v1/manage/articles/{made['id']}"
    for n in range(0, len(words), 5000):
        words[n] = "潮"
    change = json.dumps({"body_html": "<p>" + "".join(words) + "</p>"}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "If-Match": "*"}
    for name, request in [
        ("saved again", urllib.request.Request(f"{BASE}{path}", change, headers, method="PATCH")),
        ("compared", urllib.request.Request(f"{BASE}{path}/revisions/2/diff", headers=headers)),
    ]:
        before, behind = cpu_seconds([server.pid]), cpu_seconds(database.pids())
        started = time.monotonic()
        urllib.request.urlopen(request).read()
        spent = time.monotonic() - started
        own, behind = (cpu_seconds([server.pid]) - before) * 1e3, (cpu_seconds(database.pids()) - behind) * 1e3
        print(f"  a body of 2 MB {name}: {spent * 1e3:.0f} ms, {own:.0f} + {behind:.0f} ms CPU", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--articles", type=int, default=10_000)
    arguments.add_argument("--seconds", type=int, default=4)
    given = arguments.parse_args()
    program = str(pathlib.Path(given.program).resolve())
    for kind in [Sqlite, Postgres]:
        if kind is Postgres and not Postgres.programs():
            print("PostgreSQL: skipped, its server programs are not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/portal.ndjson"
            with open(file, "w") as out:
                subprocess.run(["python3", str(HERE / "portal.py"), str(given.articles)], check=True, stdout=out)
            database = kind(folder)
            try:
                print(f"{kind.name}, {given.articles:,} articles", flush=True)
                measure(program, database, file, folder, given.seconds)
            finally:
                database.stop()


if __name__ == "__main__":
    main()
