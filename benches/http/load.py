"""Load by `wrk`, and what it costs whom. Knows servers only by address and process id."""

import dataclasses
import json
import os
import pathlib
import resource
import signal
import statistics
import subprocess

SCRIPTS = pathlib.Path(__file__).resolve().parent / "wrk"
TICK = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 32


class Failed(Exception):
    """An answer that was not 2xx or 3xx, or none at all."""


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def cpu_seconds(pid):
    """User and system time of a process, its threads, its children, and those of its children that have ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK + sum(map(cpu_seconds, children(pid)))


@dataclasses.dataclass
class Run:
    """One run of wrk. CPU time is in microseconds a request; `own` is that of wrk, as a share of one core."""

    requests: int
    rate: float
    size: float
    p50: float
    p99: float
    server: float
    database: float
    own: float

    @property
    def cpu(self):
        return self.server + self.database


def run(address, pids, script="one", seconds=8, headers=(), arguments=(), connections=CONNECTIONS):
    """Loads `address` (with its path); `pids` are the process of the server and, where there is one, of its database."""
    options = [part for header in headers for part in ("-H", header)]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", f"{SCRIPTS}/{script}.lua", *options, address]
    if arguments:
        command += ["--", *map(str, arguments)]
    before, used = [cpu_seconds(pid) for pid in pids], resource.getrusage(resource.RUSAGE_CHILDREN)
    said = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "BENCH_WRK": str(SCRIPTS)}) as wrk:
        for line in wrk.stdout:
            if line == "END\n":
                wrk.send_signal(signal.SIGINT)
            said += line
    spent = [cpu_seconds(pid) - first for pid, first in zip(pids, before)]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    line = next((line for line in said.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise Failed(f"{' '.join(command)} said: {said}")
    result = json.loads(line[len("RESULT "):])
    bad = {kind: result[kind] for kind in ("refused", "broken", "timeouts") if result[kind]}
    if bad or not result["requests"]:
        raise Failed(f"{address} ({script}): {bad} of {result['requests']} requests")
    count, lasted = result["requests"], result["micros"] / 1e6
    server, database = [*[each / count * 1e6 for each in spent], 0.0][:2]
    own = (after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime) / lasted
    return Run(count, count / lasted, result["bytes"] / count, result["p50"], result["p99"], server, database, own)


@dataclasses.dataclass
class Series:
    """Runs of the same load."""

    runs: list

    def median(self, what):
        return statistics.median(getattr(each, what) for each in self.runs)

    @property
    def best_rate(self):
        return max(each.rate for each in self.runs)

    @property
    def best_cpu(self):
        """Of the run that was least disturbed."""
        return min(each.cpu for each in self.runs)

    def numbers(self):
        return {"rate_best": self.best_rate, "rate_median": self.median("rate"), "cpu_best": self.best_cpu, "cpu_median": self.median("cpu"),
                "database_median": self.median("database"), "p50": self.median("p50"), "p99": self.median("p99"), "wrk_cores": self.median("own"),
                "bytes": self.median("size")}


def alternating(rounds, *loads):
    """So many rounds of the loads in turn, so that all see the same minutes; a series for each."""
    series = [Series([]) for _ in loads]
    for _ in range(rounds):
        for load, kept in zip(loads, series):
            kept.runs.append(load())
    return series
