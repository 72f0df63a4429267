"""Three instances on one PostgreSQL: how long after a write was answered the two others show it, in the article and in the list that it is in."""

import json
import random
import threading
import time

from generate import SITE
from servers import Postgres

ARTICLES, WRITES, PATIENCE = 1000, 200, 20


def has(connection, path, text):
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"GET {path}: {answer.status}")
    return text.encode() in body


class Watcher:
    """A client of one instance that asks, one request after the other, until it sees what it waits for."""

    def __init__(self, server, paths):
        self.connection, self.paths, self.seen = server.connection(), paths, []

    def watch(self, text):
        until = time.monotonic() + PATIENCE
        waiting = list(self.paths)
        while waiting and time.monotonic() < until:
            waiting = [path for path in waiting if not has(self.connection, path, text)]
            time.sleep(0.001)
        self.seen.append(time.monotonic() if not waiting else float("inf"))


def measure(bench):
    """Percentiles in seconds, or None where there is no PostgreSQL."""
    if not Postgres.programs():
        return None
    own = isinstance(bench.database, Postgres)
    database = bench.database if own else Postgres(bench.folder)
    servers = []
    try:
        name = bench.content(ARTICLES, database)
        database.drop("instances")
        database.copy(name, "instances")
        for _ in range(3):
            servers.append(bench.serve("instances", database))
        return writes(servers)
    finally:
        for server in servers:
            server.stop()
        database.drop("instances")
        if not own:
            database.stop()


def writes(servers):
    first, *others = servers
    newest = f"/api/v1/articles?site={SITE}"
    number = first.get(newest)["items"][0]["id"]
    paths = [f"/api/v1/articles/{number}", newest]
    watchers = [Watcher(server, paths) for server in others]
    near, token = first.connection(), first.token()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json", "If-Match": "*"}
    rng, answered, stale = random.Random(1), [], 0
    for turn in range(WRITES):
        title = f"Seen everywhere {turn} of {WRITES}"
        for watcher in watchers:
            # The answer before the write is in the cache of every instance.
            for path in paths:
                if has(watcher.connection, path, title):
                    raise RuntimeError(f"{path}: shown before it was written")
        threads = [threading.Thread(target=watcher.watch, args=[title]) for watcher in watchers]
        for thread in threads:
            thread.start()
        near.request("PATCH", f"/api/v1/manage/articles/{number}", json.dumps({"title": title}), headers)
        answer = near.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"PATCH: {answer.status} {said[:300]!r}")
        answered.append(time.monotonic())
        stale += sum(not has(near, path, title) for path in paths)
        for thread in threads:
            thread.join()
        time.sleep(rng.random() / 20)
    waits = sorted(max(0.0, seen - at) for watcher in watchers for seen, at in zip(watcher.seen, answered))
    return {"writes": WRITES, "p50": waits[len(waits) // 2], "p99": waits[len(waits) * 99 // 100], "worst": waits[-1], "stale": stale}
