"""What is measured: masthead, nginx with the same answers as files, and the databases behind masthead. Each has a folder of its own."""

import glob
import http.client
import json
import os
import pathlib
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse

EMAIL, PASSWORD = "bench@example.org", "correct horse battery staple"
WORKERS = os.cpu_count()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that answers on a port of this machine."""

    running = set()

    def __init__(self, command, port, log, **options):
        self.port, self.log = port, log
        self.begun = time.monotonic()
        with open(log, "ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, **options)
        self.running.add(self)

    @property
    def pid(self):
        return self.process.pid

    def address(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def request(self, method, path, body=None, headers=()):
        """Status, headers and body of an answer."""
        connection = self.connection()
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def get(self, path, headers=()):
        status, _, body = self.request("GET", path, headers=headers)
        if status != 200:
            raise RuntimeError(f"GET {path}: {status} {body[:300]!r}")
        return json.loads(body)

    def wait(self, path, patience=120):
        """Seconds from the start until the first 200."""
        while time.monotonic() - self.begun < patience:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args[0]} ended: {pathlib.Path(self.log).read_text()[-1000:]}")
            try:
                if self.request("GET", path)[0] == 200:
                    return time.monotonic() - self.begun
            except OSError:
                pass
            time.sleep(0.001)
        raise RuntimeError(f"no answer within {patience} s: {pathlib.Path(self.log).read_text()[-1000:]}")

    def memory(self, what="VmRSS"):
        """Resident memory in MB; `VmHWM` is the most that it ever was."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(what)) / 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.running.discard(self)


class Sqlite:
    """Databases as files in a folder; `--keep` finds them again."""

    name, forgets = "SQLite", True

    def __init__(self, folder):
        self.folder, self.pids = pathlib.Path(folder), []

    def url(self, name):
        return f"sqlite:{self.folder}/{name}.db"

    def copy(self, name, copy):
        for ending in ("db", "db-wal"):
            if (source := self.folder / f"{name}.{ending}").exists():
                shutil.copyfile(source, self.folder / f"{copy}.{ending}")

    def drop(self, name):
        for file in self.folder.glob(f"{name}.db*"):
            file.unlink()

    def forget(self, name):
        """Takes the file out of the page cache, as after a start of the machine."""
        with open(self.folder / f"{name}.db", "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def stop(self):
        pass


class Postgres:
    """A cluster of its own with the default settings, on a free port."""

    name, forgets = "PostgreSQL", False

    @staticmethod
    def programs():
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        initdb = shutil.which("initdb")
        return found[-1] if found else os.path.dirname(initdb) if initdb else None

    def __init__(self, folder):
        self.bin, self.port, data = self.programs(), free_port(), f"{folder}/pg"
        user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self.run_as = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if os.getuid() == 0 else []
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        if not os.path.exists(data):
            os.makedirs(data)
            if self.run_as:
                os.chmod(folder, 0o755)
                shutil.chown(data, user)
            subprocess.run([*self.run_as, f"{self.bin}/initdb", "-D", data, "-U", "bench", "-A", "trust"], check=True, **quiet)
        self.process = subprocess.Popen([*self.run_as, f"{self.bin}/postgres", "-D", data, "-p", str(self.port), "-k", data, "-c", "listen_addresses=127.0.0.1"], **quiet)
        self.pids = [self.process.pid]
        for _ in range(600):
            if self.tool("pg_isready", check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL did not start")

    def tool(self, program, *arguments, check=True):
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "bench"]
        return subprocess.run([f"{self.bin}/{program}", *options, *arguments], check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def url(self, name):
        self.tool("createdb", name, check=False)
        return f"postgres://bench@127.0.0.1:{self.port}/{name}"

    def copy(self, name, copy):
        self.tool("createdb", "-T", name, copy)

    def drop(self, name):
        self.tool("dropdb", "--if-exists", name)

    def forget(self, name):
        """What is in memory belongs to a process that goes on."""

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


def environment(url, **variables):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MASTHEAD_") and name not in ("RUST_LOG", "DATABASE_URL")}
    return {**inherited, "DATABASE_URL": url, **variables}


def command(binary, url, *arguments, folder, **options):
    """Runs a command of masthead to its end."""
    done = subprocess.run([binary, *arguments], env=environment(url), cwd=folder, capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"masthead {' '.join(arguments)}: {done.stderr[-1000:]}")


class Masthead(Server):
    """A server on a database that is there. Proxies are trusted so that each view of the mixed load has a visitor of its own."""

    def __init__(self, binary, url, folder, logs=True, workers=WORKERS, **variables):
        port = free_port()
        settings = {"MASTHEAD_BIND": f"127.0.0.1:{port}", "MASTHEAD_PUBLIC_URL": "http://127.0.0.1:8080", "MASTHEAD_WORKERS": str(workers),
                    "MASTHEAD_TRUSTED_PROXIES": "127.0.0.1", "MASTHEAD_COUNTER_ADDRESS_LIMIT": "10000", **({} if logs else {"MASTHEAD_LOG": "off"}), **variables}
        super().__init__([binary, "serve"], port, f"{folder}/masthead-{port}.log", env=environment(url, **settings), cwd=folder)

    @staticmethod
    def knows_cache(binary, folder):
        """Whether the response cache of this program can be turned off; one without it refuses the variable."""
        settings = environment("sqlite::memory:", MASTHEAD_CACHE_MB="0", MASTHEAD_BIND="nowhere")
        said = subprocess.run([binary, "serve"], env=settings, cwd=folder, capture_output=True, text=True).stderr
        return "MASTHEAD_CACHE_MB" not in said

    def token(self):
        body = json.dumps({"email": EMAIL, "password": PASSWORD})
        status, _, answer = self.request("POST", "/api/v1/auth/token", body, {"Content-Type": "application/json"})
        if status != 200:
            raise RuntimeError(f"no token: {status} {answer[:300]!r}")
        return json.loads(answer)["access_token"]


CONFIGURATION = """
{user}
worker_processes {workers};
worker_rlimit_nofile {files};
daemon off;
pid nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log {log};
    sendfile on;
    tcp_nopush on;
    etag on;
    open_file_cache max={cached} inactive=1h;
    open_file_cache_valid 1h;
    keepalive_requests 1000000000;
    types {{ }}
    default_type "{media_type}";
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
    server {{
        listen 127.0.0.1:{port} reuseport;
        root files;
    }}
}}
"""


class Nginx(Server):
    """The yardstick: the same bytes under the same media type, with an ETag of its own."""

    def __init__(self, folder, media_type, logs=True):
        self.folder, self.media_type, port = pathlib.Path(folder), media_type, free_port()
        (self.folder / "files").mkdir(parents=True, exist_ok=True)
        files = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536)
        user, log = "user root;" if os.getuid() == 0 else "", "access.log" if logs else "off"
        text = CONFIGURATION.format(user=user, workers=WORKERS, files=files, cached=min(files - 2000, 20_000), port=port, media_type=media_type, log=log)
        (self.folder / "nginx.conf").write_text(text)
        super().__init__(["nginx", "-p", f"{self.folder}/", "-c", "nginx.conf", "-e", "error.log"], port, f"{folder}/nginx.log")

    def put(self, path, body):
        file = self.folder / "files" / urllib.parse.unquote(path).lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)

    def access_log(self):
        return self.folder / "access.log"
