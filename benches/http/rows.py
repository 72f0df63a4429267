"""The rows of the table: what is loaded for each, and how its figures become a sentence. Knows no command line."""

import dataclasses
import http.client
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import tempfile
import time

import instances
from generate import SITE
from load import Series, alternating, cpu_seconds, run
from servers import Nginx

ROWS = ("hot", "rotation", "list", "304", "cold", "depth", "mixed", "large", "memory", "start", "binary", "instances")
HEAD = "| what | wanted | measured | met | masthead | nginx or the other side |\n|---|---|---|---|---|---|"
IDS, DEPTH = 10_000, 8_000
LIST = f"/api/v1/articles?site={SITE}"


@dataclasses.dataclass
class Row:
    """One line of the table. `met` is None where nothing was measured."""

    what: str
    wanted: str
    measured: str
    met: bool | None
    mine: str = ""
    other: str = ""
    figures: dict = dataclasses.field(default_factory=dict)

    def line(self):
        met = {True: "yes", False: "no", None: ""}[self.met]
        return f"| {self.what} | {self.wanted} | {self.measured} | {met} | {self.mine} | {self.other} |"

    def numbers(self):
        return dataclasses.asdict(self)


def side(series):
    """Rates and CPU time of a series, the best round first and the middle one in brackets."""
    behind = f", {series.median('database'):.0f} µs of it in the database" if series.median("database") else ""
    return (f"{series.best_rate:,.0f} ({series.median('rate'):,.0f})/s, {series.best_cpu:.1f} ({series.median('cpu'):.1f}) µs{behind}, "
            f"p99 {series.median('p99'):.1f} ms")


def ratio(mine, other, what):
    """How one series stands to another: the middle of the rounds, each compared with its neighbour."""
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in zip(mine.runs, other.runs))


def compared(what, wanted, least, mine, other):
    """A row that compares rates."""
    rates, cpu, best = ratio(mine, other, "rate"), ratio(mine, other, "cpu"), mine.best_rate / other.best_rate
    measured = f"{rates:.0%} (best rounds {best:.0%}), CPU {cpu:.2f} times"
    figures = {"ratio": rates, "ratio_best": best, "cpu_ratio": cpu, "masthead": mine.numbers(), "other": other.numbers()}
    return Row(what, wanted, measured, rates >= least, side(mine), side(other), figures)


def weighed(what, wanted, most, mine, other):
    """A row that compares CPU time."""
    cpu, rates = ratio(mine, other, "cpu"), ratio(mine, other, "rate")
    figures = {"cpu_ratio": cpu, "ratio": rates, "masthead": mine.numbers(), "other": other.numbers()}
    return Row(what, wanted, f"CPU {cpu:.2f} times, rate {rates:.0%}", cpu <= most, side(mine), side(other), figures)


class Loads:
    """Loads a server again and again; its log is emptied between runs, so that disks do not fill."""

    def __init__(self, bench, server, log=None):
        self.bench, self.server, self.log = bench, server, log or server.log
        self.pids = [server.pid, *(() if isinstance(server, Nginx) else bench.database.pids)]

    def run(self, path, **options):
        try:
            return run(self.server.address(path), self.pids, **{"seconds": self.bench.seconds, **options})
        finally:
            if os.path.exists(self.log):
                os.truncate(self.log, 0)

    def rotate(self, paths, **options):
        return self.run("/", script="rotate", arguments=[paths], **options)


def settle(server, patience=900):
    """Waits until a server has done what it does at its start: with many articles, it looks at all of them for injected text."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        before = cpu_seconds(server.pid)
        time.sleep(0.5)
        if cpu_seconds(server.pid) - before < 0.03:
            return


def ids_of(server, count):
    """The ids of the newest articles."""
    found, cursor = [], ""
    while len(found) < count:
        page = server.get(f"{LIST}&limit=100{cursor}")
        found += [item["id"] for item in page["items"]]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    return found[:count]


def cursor_at(server, depth):
    """The path of the list behind so many articles."""
    cursor, at = "", 0
    while at < depth:
        page = server.get(f"{LIST}&limit=100{cursor}")
        cursor, at = f"&cursor={page['next_cursor']}", at + 100
    return LIST + cursor


def paths_file(bench, name, paths):
    file = pathlib.Path(bench.folder) / f"{name}.txt"
    file.write_text("".join(f"{path}\n" for path in paths))
    return file


def article(number):
    return f"/api/v1/articles/{number}"


def copies(server, nginx, paths):
    """Puts the answers of masthead below nginx, those of lists under names without a query; the media type of all of them."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for path, name in paths:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or answer.headers["Content-Type"] != nginx.media_type:
            raise RuntimeError(f"{path}: {answer.status} {answer.headers['Content-Type']}")
        nginx.put(name, body)


def same(server, path, nginx, name):
    """Both answer with the same bytes and the same media type."""
    mine, theirs = server.request("GET", path), nginx.request("GET", name)
    if mine[2] != theirs[2] or mine[1]["Content-Type"] != theirs[1]["Content-Type"]:
        raise RuntimeError(f"{path} and {name} differ")


def tag(server, path):
    """The ETag of an answer, for which the server answers 304."""
    value = server.request("GET", path)[1]["ETag"]
    if server.request("GET", path, headers={"If-None-Match": value})[0] != 304:
        raise RuntimeError(f"{path}: no 304")
    return f"If-None-Match: {value}"


class Main:
    """The server that goes through the whole run, on a copy of the content because it is changed at the end, and nginx beside it."""

    def __init__(self, bench):
        self.bench = bench
        bench.database.drop("work")
        bench.database.copy(bench.content(bench.given.articles), "work")
        self.server = bench.serve("work")
        folder = pathlib.Path(bench.folder) / "nginx"
        shutil.rmtree(folder, ignore_errors=True)
        self.ids = ids_of(self.server, min(IDS, bench.given.articles))
        random.Random(7).shuffle(self.ids)
        self.nginx = Nginx(folder, self.server.request("GET", article(self.ids[0]))[1]["Content-Type"], bench.logs)
        copies(self.server, self.nginx, [(article(n), article(n)) for n in self.ids] + [(LIST, "/list")])
        self.nginx.wait("/list")
        settle(self.server)
        self.mine, self.theirs = Loads(bench, self.server), Loads(bench, self.nginx, self.nginx.access_log())
        self.rotation = paths_file(bench, "rotation", map(article, self.ids))

    def stop(self):
        self.server.stop()
        self.nginx.stop()
        self.bench.database.drop("work")

    def one(self, what, wanted, path, name):
        same(self.server, path, self.nginx, name)
        mine, theirs = alternating(self.bench.rounds, lambda: self.mine.run(path), lambda: self.theirs.run(name))
        return compared(what, wanted[0], wanted[1], mine, theirs)

    def hot(self):
        path = article(self.ids[0])
        yield self.one("one article, one hot id", (">= 100 %", 1.0), path, path)

    def rotation_row(self):
        for loads in (self.mine, self.theirs):
            loads.run("/", script="once", arguments=[self.rotation], seconds=120)
        mine, theirs = alternating(self.bench.rounds, lambda: self.mine.rotate(self.rotation), lambda: self.theirs.rotate(self.rotation))
        yield compared(f"one article, {len(self.ids):,} ids in rotation, cache warm", ">= 90 %", 0.9, mine, theirs)

    def list(self):
        yield self.one("list of 20, warm", (">= 90 %", 0.9), LIST, "/list")

    def unchanged(self):
        path = article(self.ids[0])
        own, other = tag(self.server, path), tag(self.nginx, path)
        mine, theirs = alternating(self.bench.rounds, lambda: self.mine.run(path, headers=[own]), lambda: self.theirs.run(path, headers=[other]))
        yield compared("304 by ETag", ">= 100 %", 1.0, mine, theirs)

    def mixed(self):
        """Reads are articles in rotation, among them one in ten the first page of a category or of the site, one in a hundred the category tree."""
        tree = f"/api/v1/sites/{SITE}/categories"
        categories = [node["id"] for node in self.server.get(tree)["items"]]
        rng = random.Random(11)
        paths = [tree if turn < 0.01 else LIST if turn < 0.05 else f"{LIST}&category={rng.choice(categories)}&subtree=true" if turn < 0.1 else article(number)
                 for number in self.ids for turn in [rng.random()]]
        reads, ids = paths_file(self.bench, "reads", paths), paths_file(self.bench, "ids", self.ids)
        seeds = iter(range(1, 1000))
        self.mine.rotate(reads)
        both = lambda: self.mine.run("/", script="mixed", arguments=[reads, ids, self.server.token(), next(seeds)])
        mixed, alone = alternating(self.bench.rounds, both, lambda: self.mine.rotate(reads))
        row = compared("mixed load: 95 % reads, 4 % views, 1 % edits", ">= 50 % of reads alone", 0.5, mixed, alone)
        row.other = f"reads alone: {row.other}"
        yield row

    def memory(self):
        resident, own, files, most = (self.server.memory(what) for what in ("VmRSS", "RssAnon", "RssFile", "VmHWM"))
        yield Row(f"memory after the whole run, {self.bench.given.articles:,} articles", "<= 200 MB",
                  f"{resident:.0f} MB: {own:.0f} MB of its own, {files:.0f} MB of mapped files (program, database); at most {most:.0f} MB", resident <= 200,
                  figures={"resident_mb": resident, "own_mb": own, "files_mb": files, "most_mb": most})


def cold(bench):
    """Each id once, of a server that has just started; and in rotation with the cache off."""
    name, once = bench.content(bench.given.articles), Series([])
    for _ in range(bench.rounds):
        server = bench.serve(name)
        try:
            ids = ids_of(server, min(IDS, bench.given.articles))
            random.Random(5).shuffle(ids)
            paths = paths_file(bench, "cold", map(article, ids))
            settle(server)
            once.runs.append(Loads(bench, server).run("/", script="once", arguments=[paths], seconds=120))
        finally:
            server.stop()
    server = bench.serve(name, cached=False)
    try:
        settle(server)
        loads = Loads(bench, server)
        off, = alternating(bench.rounds, lambda: loads.rotate(paths))
    finally:
        server.stop()
    cost, is_wanted = once.median("cpu"), bench.database.name == "SQLite"
    yield Row(f"one article, cold cache, {bench.database.name}", "<= 120 µs CPU" if is_wanted else "",
              f"{once.best_cpu:.0f} ({cost:.0f}) µs CPU each id once, {off.best_cpu:.0f} ({off.median('cpu'):.0f}) µs cache off", cost <= 120 if is_wanted else None,
              side(once), f"cache off: {side(off)}", {"once": once.numbers(), "off": off.numbers()})


def depth(bench):
    """The first page and one far behind it, both computed for each request."""
    server = bench.serve(bench.content(bench.given.articles), cached=False)
    try:
        settle(server)
        loads, far = Loads(bench, server), min(DEPTH, bench.given.articles * 8 // 1000 * 100)
        path = cursor_at(server, far)
        deep, first = alternating(bench.rounds, lambda: loads.run(path), lambda: loads.run(LIST))
    finally:
        server.stop()
    row = weighed(f"list at depth {far:,} by cursor, cold", "<= 1.2 times page 1", 1.2, deep, first)
    row.other = f"page 1: {row.other}"
    yield row


def large(bench):
    """The same requests, each computed, of many articles and of few."""
    sizes, servers = [bench.given.large, bench.given.articles], []
    try:
        for count in sizes:
            servers.append(bench.serve(bench.content(count), cached=False))
        for server in servers:
            settle(server)
        loads = [Loads(bench, server) for server in servers]
        files = []
        for count in sizes:
            ids = random.Random(3).sample(range(1, count + 1), min(count, 100_000))
            files.append(paths_file(bench, f"cold-{count}", map(article, ids)))
        tree = f"/api/v1/sites/{SITE}/categories"
        category = servers[0].get(tree)["items"][0]["id"]
        for what, path in [
            ("one article", None),
            ("list of 20", LIST),
            ("list of 20 of a category with all below", f"{LIST}&category={category}&subtree=true"),
            ("list of 20 with its exact total", f"{LIST}&count=exact"),
            ("category tree with its counts", tree),
        ]:
            one = lambda which: loads[which].run(path) if path else loads[which].rotate(files[which])
            for which in (0, 1):
                one(which)
            many, few = alternating(bench.rounds, lambda: one(0), lambda: one(1))
            row = weighed(f"{sizes[0]:,} articles against {sizes[1]:,}, cold: {what}", "<= 1.3 times", 1.3, many, few)
            row.other = f"{sizes[1]:,}: {row.other}"
            yield row
    finally:
        for server in servers:
            server.stop()


def start(bench):
    """From the start of the process to the first article."""
    count = bench.given.large or bench.given.articles
    name, times = bench.content(count), []
    for number in range(6):
        if number == 0:
            bench.database.forget(name)
        server = bench.serve(name, path=article(count // 2))
        times.append(server.ready)
        server.stop()
    unread, *rest = times
    first = f"; {unread:.3f} s with the file not in memory" if bench.database.forgets else ""
    yield Row(f"start to first answer with {count:,} articles", "<= 0.5 s with 1,000,000", f"{statistics.median(rest):.3f} s (at most {max(rest):.3f} s{first})",
              max(times) <= 0.5 if count >= 1_000_000 else None, figures={"times": rest, "first": unread})


def binary(bench):
    """As `strip` leaves it, where that is installed."""
    with tempfile.TemporaryDirectory() as folder:
        file = bench.binary
        if shutil.which("strip"):
            subprocess.run(["strip", "-o", f"{folder}/masthead", file], check=True)
            file = f"{folder}/masthead"
        size = os.path.getsize(file) / 1e6
    yield Row("binary", "<= 30 MB stripped", f"{size:.1f} MB", size <= 30, figures={"mb": size})


def visible(bench):
    """When a write through one instance is seen through two others."""
    found = instances.measure(bench)
    if found is None:
        yield Row("three instances on one PostgreSQL: a write is visible everywhere", "<= 1 s, p99", "not measured: the server programs of PostgreSQL are not there", None)
        return
    p50, p99, worst, stale = found["p50"], found["p99"], found["worst"], found["stale"]
    yield Row("three instances on one PostgreSQL: a write is visible everywhere", "<= 1 s, p99",
              f"{p99 * 1e3:.0f} ms p99 ({p50 * 1e3:.1f} ms p50, {worst * 1e3:.0f} ms at most, {found['writes']} writes; {stale} not seen at once where they were made)",
              p99 <= 1 and stale == 0, figures=found)


def measure(bench, only=None):
    """The rows in their order, each as soon as it is there."""
    chosen = [name for name in ROWS if (not only or name in only) and (name != "large" or bench.given.large)]
    main = Main(bench) if {"hot", "rotation", "list", "304", "mixed", "memory"} & set(chosen) else None
    by_name = {"cold": cold, "depth": depth, "large": large, "start": start, "binary": binary, "instances": visible}
    if main:
        own = {"hot": main.hot, "rotation": main.rotation_row, "list": main.list, "304": main.unchanged, "mixed": main.mixed, "memory": main.memory}
        by_name.update({name: lambda _, row=row: row() for name, row in own.items()})
    try:
        for name in chosen:
            yield from by_name[name](bench)
    finally:
        if main:
            main.stop()
