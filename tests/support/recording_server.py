"""Servers that answer 200 and remember every request as it came."""

import http.server
import socket
import socketserver
import threading
from dataclasses import dataclass


@dataclass
class Request:
    method: str
    target: str  # as on the request line
    headers: list  # (name, value) in the order sent
    body: bytes
    client: tuple  # the connection, by the client's address

    def values(self, name):
        """All values of a header, whatever its case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, self.path, self.headers.items(), body, self.client_address)
        with self.server.lock:
            self.server.recorded.append(request)
        self.send_response(200)
        self.send_header("Content-Length", "6")
        for name, value in self.server.answer_headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"hello\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer

    def log_message(self, *_):
        """Standard error belongs to the test."""


class _Recording:
    """What any server needs for that; a context manager."""

    request_queue_size = 256

    def remember(self):
        self.lock = threading.Lock()
        self.recorded = []
        self.connections = 0
        self.answer_headers = {}  # beside those that an answer needs

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, *_):
        """A client that has gone is none of a test's concern."""

    @property
    def requests(self):
        with self.lock:
            return list(self.recorded)


class RecordingServer(_Recording, http.server.ThreadingHTTPServer):
    """On a port of the loopback, a free one by default, in threads of the test."""

    def __init__(self, host="127.0.0.1", port=0):
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)
        self.port = self.server_address[1]
        self.address = f"{host}:{self.port}"
        self.url = f"http://{self.address}"
        self.remember()


class _UnixHandler(_Handler):
    disable_nagle_algorithm = False  # there is none


class RecordingUnixServer(_Recording, socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """On a unix socket."""

    daemon_threads = True

    def __init__(self, path):
        super().__init__(str(path), _UnixHandler)
        self.remember()
