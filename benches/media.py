#!/usr/bin/env python3
"""Measures files: benches/media.py target/release/masthead [--seconds 4] [--skip-postgres]

On each database, with files in a folder: memory (peak resident size above that of the idle server) and time of an upload of 100 MB
and of 1,000 small files by 1 and by 8 clients; time and memory of the smaller copies of a picture of 24 megapixels as JPEG (baseline
and progressive), PNG and WebP; and, on SQLite alone, what a small picture and a part of a large file cost to deliver. The server is
started anew for each, so that no peak hides another. Needs `wrk`, and Pillow for the pictures; PostgreSQL is measured where its
server programs are installed. Uploads are durable when they are answered.
"""

import argparse
import concurrent.futures
import hashlib
import http.client
import io
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time

from delivery import PORT, Postgres, Sqlite, cpu_seconds, get
from management import EMAIL, PASSWORD, cost, post

BOUNDARY = "benchboundary7MA4YWxkTrZu0gW"
WORKERS = 4


def status(pid, name):
    """A number of /proc/PID/status in MB."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


class Server:
    """A server of its own, and somebody who may upload."""

    def __init__(self, program, database, folder):
        environment = {
            **os.environ,
            "DATABASE_URL": database.url,
            "MASTHEAD_BIND": f"127.0.0.1:{PORT}",
            "MASTHEAD_WORKERS": str(WORKERS),
            "MASTHEAD_MEDIA_STORAGE": f"{folder}/media",
        }
        self.start = lambda: subprocess.Popen([program, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        key = pathlib.Path(folder) / "key"
        if not key.exists():
            self.make_key(program, environment, key)
        self.token = key.read_text()
        self.process = self.start()
        self.pid = self.process.pid
        self.wait()
        self.client = self.connect()
        self.upload(self.client, "warm.txt", b"warm")
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        self.idle = status(self.pid, "VmRSS")
        self.cpu = cpu_seconds([self.pid])

    def make_key(self, program, environment, key):
        """Signs in on a server that then ends: hashing the password takes memory that would hide what is measured."""
        create = [program, "user", "create", "--email", EMAIL, "--role", "admin"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([program, "migrate"], env=environment, check=True, **quiet)
        subprocess.run(create, env=environment, check=True, input=PASSWORD + "\n", text=True, **quiet)
        self.process = self.start()
        self.wait()
        token = post("/api/v1/auth/token", {"email": EMAIL, "password": PASSWORD})["access_token"]
        scopes = ["articles_read", "articles_write"]
        key.write_text(post("/api/v1/manage/api-keys", {"name": "bench", "scopes": scopes}, token)["key"])
        self.__exit__()

    @staticmethod
    def wait():
        while True:
            try:
                return get("/api/v1/sites")
            except OSError:
                time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    @staticmethod
    def connect():
        return http.client.HTTPConnection("127.0.0.1", PORT)

    def upload(self, client, name, content):
        """Sends bytes, or a file of which little is in memory at once."""
        disposition = f'form-data; name="file"; filename="{name}"'
        head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
        tail = f"\r\n--{BOUNDARY}--\r\n".encode()
        size = len(content) if isinstance(content, bytes) else os.fstat(content.fileno()).st_size
        client.putrequest("POST", "/api/v1/manage/media")
        client.putheader("Authorization", f"Bearer {self.token}")
        client.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
        client.putheader("Content-Length", str(len(head) + size + len(tail)))
        client.endheaders()
        if isinstance(content, bytes):
            client.send(head + content + tail)
        else:
            client.send(head)
            while piece := content.read(1 << 18):
                client.send(piece)
            client.send(tail)
        answer = client.getresponse()
        body = answer.read()
        assert answer.status == 201, f"{name}: {answer.status} {body[:500]}"
        return json.loads(body)

    def spent(self):
        """Memory above idle in MB, CPU in seconds."""
        return status(self.pid, "VmHWM") - self.idle, cpu_seconds([self.pid]) - self.cpu


def large_file(folder):
    """100 MB that no inspection can skip: a PDF of noise."""
    path = pathlib.Path(folder) / "large.pdf"
    with path.open("wb") as out:
        out.write(b"%PDF-1.7\n")
        for _ in range(100):
            out.write(os.urandom(1_000_000))
        out.write(b"\n%%EOF\n")
    return path


def small_file(n):
    return f"%PDF-1.7\n% {n}\n".encode() + random.Random(n).randbytes(20_000) + b"\n%%EOF\n"


def pictures():
    """24 megapixels with as much detail as a photograph, as files of several kinds."""
    from PIL import Image, ImageFilter

    width, height = 6000, 4000
    noise = Image.frombytes("RGB", (width // 8, height // 8), random.Random(1).randbytes(width * height // 64 * 3))
    picture = noise.resize((width, height), Image.BICUBIC)
    grain = Image.effect_noise((width, height), 24).filter(ImageFilter.GaussianBlur(1))
    picture = Image.blend(picture, Image.merge("RGB", [grain] * 3), 0.3)
    for name, options in [
        ("baseline.jpg", {"format": "JPEG", "quality": 90}),
        ("progressive.jpg", {"format": "JPEG", "quality": 90, "progressive": True}),
        ("large.png", {"format": "PNG", "compress_level": 1}),
        ("large.webp", {"format": "WEBP", "quality": 85, "method": 0}),
    ]:
        out = io.BytesIO()
        picture.save(out, **options)
        yield name, out.getvalue()
    out = io.BytesIO()
    picture.resize((600, 400)).save(out, format="JPEG", quality=85)
    yield "small.jpg", out.getvalue()


def uploads(program, database, folder, files):
    with Server(program, database, folder) as server:
        with large_file(folder).open("rb") as content:
            began = time.monotonic()
            server.upload(server.client, "large.pdf", content)
        took, (memory, cpu) = time.monotonic() - began, server.spent()
        print(f"  100 MB: {took:.1f} s, {cpu:.1f} s CPU, {memory:.0f} MB above idle ({server.idle:.0f} MB)", flush=True)
    for clients in [1, 8]:
        with Server(program, database, folder) as server:
            connections = [server.connect() for _ in range(clients)]

            def send(number):
                for n in range(number, 1000, clients):
                    server.upload(connections[number], f"{n}.pdf", small_file(n + clients * 1000))

            began = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                list(pool.map(send, range(clients)))
            took, (memory, cpu) = time.monotonic() - began, server.spent()
            print(f"  1,000 files of 20 KB, {clients} client(s): {1000 / took:.0f} a second, {cpu:.1f} ms CPU each, {memory:.0f} MB above idle", flush=True)
    for name, content in files:
        with Server(program, database, folder) as server:
            began = time.monotonic()
            media = server.upload(server.client, name, content)
            took, (memory, cpu) = time.monotonic() - began, server.spent()
            about = f"{len(content) / 1e6:.1f} MB, {media['width']} x {media['height']}, {len(media['variants'])} copies"
            print(f"  {name} ({about}): {took:.2f} s, {cpu:.2f} s CPU, {memory:.0f} MB above idle", flush=True)
            assert media["sha256"] == hashlib.sha256(content).hexdigest()


def delivery(program, database, folder, small, seconds):
    with Server(program, database, folder) as server:
        picture = server.upload(server.client, "delivered.jpg", small)
        with large_file(folder).open("rb") as content:
            large = server.upload(server.client, "delivered.pdf", content)
        path = lambda media: "/api/v1/media/" + media["url"].split("/api/v1/media/")[1]
        for name, media, options in [
            (f"a picture of {len(small) // 1000} KB", picture, []),
            ("64 KB in the middle of 100 MB", large, ["-H", "Range: bytes=50000000-50065535"]),
            ("the same picture, 304", picture, ["-H", f'If-None-Match: "{picture["sha256"]}"']),
        ]:
            own, behind = cost(server, database, path(media), seconds, *options)
            print(f"  {name}: {own:.0f} + {behind:.0f} µs CPU", flush=True)
        before = status(server.pid, "VmRSS")
        pathlib.Path(f"/proc/{server.pid}/clear_refs").write_text("5")
        began, size = time.monotonic(), 0
        client = server.connect()
        client.request("GET", path(large))
        answer = client.getresponse()
        while piece := answer.read(1 << 18):
            size += len(piece)
        took, peak = time.monotonic() - began, status(server.pid, "VmHWM")
        print(f"  100 MB read by one client: {size / took / 1e6:.0f} MB a second, {peak - before:.0f} MB above what it had", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--seconds", type=int, default=4)
    arguments.add_argument("--skip-postgres", action="store_true")
    given = arguments.parse_args()
    program = str(pathlib.Path(given.program).resolve())
    files = dict(pictures())
    small = files.pop("small.jpg")
    for kind in [Sqlite, Postgres]:
        if kind is Postgres and (given.skip_postgres or not Postgres.programs()):
            print("PostgreSQL: skipped")
            continue
        with tempfile.TemporaryDirectory() as folder:
            database = kind(folder)
            try:
                print(kind.name, flush=True)
                uploads(program, database, folder, files.items())
                delivery(program, database, folder, small, given.seconds)
            finally:
                database.stop()


if __name__ == "__main__":
    main()
