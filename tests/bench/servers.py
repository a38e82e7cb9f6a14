"""What clients are measured against: the null target, plain and with TLS, and nginx."""

import getpass
import http.client
import os
import re
import shutil
import struct
import subprocess
import time
from pathlib import Path

from support.nginx import free_port
from support.processes import Process, children, wait_until
from support.squall import SQUALL

# Of the same build, unless it is said: the static file has none.
PROGRAMS = Path(os.environ.get("SQUALL_BENCH_PROGRAMS") or Path(SQUALL).parent / "tests" / "bench")

_COUNTS = struct.Struct("=QQQ")  # null_target.cc


class Rate:
    """How fast a count grows from the time this is made. The count has a time of its own, as it
    may take a while to ask for it: what is measured beside it is a rate too, and the two are
    divided."""

    def __init__(self, count):
        self._count = count
        self._start = self._look()

    def _look(self):
        before = time.monotonic()
        count = self._count()
        return (before + time.monotonic()) / 2, count

    def per_second(self):
        (start, first), (end, last) = self._start, self._look()
        return (last - first) / (end - start)


def make_certificate(folder):
    """One for 127.0.0.1 that is its own authority: its file and that of its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=30)
    return certificate, key


class NullTarget(Process):
    """null_target: answers with as little work as possible, and counts."""

    def __init__(self, tls=False):
        super().__init__(PROGRAMS / "null_target")
        self._counts = self.folder / "counts"
        self.command.append(str(self._counts))
        if tls:
            self.command += map(str, make_certificate(self.folder))

    def started(self):
        self.url = self.expect(r"listening on (\S+)")[1] + "/"

    @property
    def worker(self):
        """The process that answers."""
        return self.pid

    def requests(self):
        """Answered so far."""
        return _COUNTS.unpack(self._counts.read_bytes())[0]

    def connections(self):
        """Open now."""
        return _COUNTS.unpack(self._counts.read_bytes())[1]


_NGINX = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
{user}
pid {folder}/nginx.pid;
events {{ worker_connections 15000; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    location / {{ return 200 "ok"; }}
  }}
  server {{
    listen 127.0.0.1:{count_port};
    location / {{ stub_status; }}
  }}
}}
"""


class Nginx(Process):
    """nginx, one process, with a fixed small answer over TLS. Its stub_status counts."""

    def __init__(self):
        path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
        super().__init__(shutil.which("nginx", path=path) or "nginx")
        self.command += ["-p", str(self.folder), "-c", str(self.folder / "nginx.conf"),
                         "-e", str(self.folder / "error.log")]
        self._asked = 0

    def __enter__(self):
        self._configure()
        return super().__enter__()

    def _configure(self):
        port, self._count_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{port}/"
        (self.folder / "nginx.conf").write_text(_NGINX.format(
            folder=self.folder, port=port, count_port=self._count_port,
            user=f"user {getpass.getuser()};" if os.geteuid() == 0 else ""))
        make_certificate(self.folder)

    def started(self):
        def listens():
            if self.exit_code is not None:
                raise AssertionError(f"nginx: {(self.folder / 'error.log').read_text()}")
            return (self.folder / "nginx.pid").exists()
        wait_until(listens, 10, "nginx listens")

    @property
    def worker(self):
        return children(self.pid)[0]

    def _status(self):
        """Its page, of which the request for it is part."""
        connection = http.client.HTTPConnection("127.0.0.1", self._count_port, timeout=10)
        connection.request("GET", "/", headers={"Connection": "close"})
        page = connection.getresponse().read().decode()
        connection.close()
        self._asked += 1
        return page

    def requests(self):
        handled = re.search(r"^ *\d+ +\d+ +(\d+)", self._status(), re.MULTILINE)
        return int(handled[1]) - self._asked

    def connections(self):
        return int(re.search(r"Active connections: (\d+)", self._status())[1]) - 1
