"""nginx as a server whose access log is the other side's count."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
from collections import Counter, namedtuple

from support.processes import Process, wait_until

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"
_ATTEMPTS = 5

_CONFIGURATION = """
daemon off;
worker_processes 2;
{user}
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
  keepalive_requests {requests_a_connection};
  log_format fields '$status\t$request_method\t$request_uri\t$server_protocol\t$connection';
  log_format squall '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                    '"$http_referer" "$http_user_agent" "$http_squall_run" "$http_squall_request"';
  log_format ids '$request_id\t$status\t$request_method\t$request_uri';
  access_log {folder}/access.log {log};
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen {address} {listen};
    {certificate}
    {more}
    location / {{ return 200 "hello\n"; }}
    location /moved {{ return 302 /; }}
    location /missing {{ return 404 "nothing here\n"; }}
    location /broken {{ return 500 "broken\n"; }}
  }}
}}
"""

Request = namedtuple("Request", "status method uri protocol connection")


def free_port():
    """A port of the loopback that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


_closed = []  # sockets that hold ports


def closed_port():
    """A port of the loopback that nobody listens on as long as this process lives."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    _closed.append(holder)
    return holder.getsockname()[1]


def make_certificate(certificate, key, names="IP:127.0.0.1"):
    """Writes both: a certificate for these names that is its own authority."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", f"subjectAltName={names}",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=30)


class Nginx(Process):
    """nginx on a free port. `listen` is what its listen directive adds: "http2", "ssl", …;
    `clients` a file of the certificates that clients must show one of. A connection is closed after
    so many requests. `log` is the form of its access log: "fields", as Log reads it, "combined", or
    "squall", which is that with the headers of squall run --tag, or "ids", with nginx's own of each
    request. It runs on loopback, or on a host of a network; its certificate has these names besides
    the address. `more` are directives of its server."""

    def __init__(self, listen="", clients=None, requests_a_connection=1000,
                 log="fields", host=None, names=(), more=""):
        program = shutil.which("nginx", path=_PATH)
        if program is None:
            raise FileNotFoundError("nginx is needed: deploy/install-deps.sh")
        super().__init__(program, host=host)
        self.command += ["-p", str(self.folder), "-c", str(self.folder / "nginx.conf"),
                         "-e", str(self.folder / "error.log")]
        self._ip = host.address if host else "127.0.0.1"
        self._names = ",".join([f"IP:{self._ip}", *(f"DNS:{name}" for name in names)])
        self._listen = listen
        self._clients = clients
        self._requests_a_connection = requests_a_connection
        self._log = log
        self._more = more
        self.access_log = self.folder / "access.log"
        self._scheme = "https" if "ssl" in listen else "http"
        self.certificate = self.folder / "certificate.pem"

    def __enter__(self):
        if self._scheme == "https":
            make_certificate(self.certificate, self.folder / "key.pem", self._names)
        for attempt in range(_ATTEMPTS):
            self._configure(free_port())
            try:
                return super().__enter__()
            except PortTaken:
                if attempt == _ATTEMPTS - 1:
                    raise

    def started(self):
        def listens():  # nginx writes its pid file when it has bound its port
            if self.exit_code is not None:
                errors = (self.folder / "error.log").read_text()
                raise PortTaken(errors) if "Address already in use" in errors else AssertionError(
                    f"nginx does not start: {errors}")
            return (self.folder / "nginx.pid").exists()
        wait_until(listens, 10, "nginx listens")

    def _configure(self, port):
        self.port = port
        self.address = f"{self._ip}:{port}"
        self.url = f"{self._scheme}://{self.address}"
        certificate = (f"ssl_certificate {self.certificate}; "
                       f"ssl_certificate_key {self.folder}/key.pem;")
        if self._clients is not None:
            certificate += f" ssl_verify_client on; ssl_client_certificate {self._clients};"
        (self.folder / "nginx.conf").write_text(_CONFIGURATION.format(
            folder=self.folder, address=self.address, listen=self._listen,
            requests_a_connection=self._requests_a_connection, log=self._log,
            user=f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
            certificate=certificate if self._scheme == "https" else "", more=self._more))

    def quit(self):
        """Lets nginx end in its own way, so that nothing is missing in its log."""
        self.signal(signal.SIGQUIT)
        self.wait(20)

    def finish(self):
        """The same, and reads the log."""
        self.quit()
        return Log(self.access_log)


class PortTaken(AssertionError):
    """Somebody else was faster."""


class Log:
    """What nginx answered: a line a request."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as lines:
            self.requests = [Request._make(line.rstrip("\n").split("\t")) for line in lines]

    def __len__(self):
        return len(self.requests)

    def count(self, field):
        """How often each value of a field occurs."""
        return Counter(getattr(request, field) for request in self.requests)
