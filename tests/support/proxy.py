"""A forward proxy that remembers what it was asked for: absolute URLs, and CONNECT."""

import contextlib
import http.client
import http.server
import socket
import threading
from urllib.parse import urlsplit


def _pump(source, sink):
    """Copies until the source ends, and passes the end on."""
    with contextlib.suppress(OSError):  # one of them may go at any time
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _record(self):
        with self.server.lock:
            self.server.asked.append(f"{self.command} {self.path}")

    def do_GET(self):
        self._record()
        url = urlsplit(self.path)
        origin = http.client.HTTPConnection(url.netloc, timeout=30)
        with contextlib.closing(origin):
            origin.request("GET", url._replace(scheme="", netloc="").geturl() or "/")
            response = origin.getresponse()
            body = response.read()
            location = response.getheader("Location")
        self.send_response(response.status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self):
        self._record()
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as origin:
            self.send_response(200)
            self.end_headers()
            threading.Thread(target=_pump, args=(self.request, origin), daemon=True).start()
            _pump(origin, self.request)
        self.close_connection = True

    def log_message(self, *_):
        """Standard error belongs to the test."""


class RecordingProxy(http.server.ThreadingHTTPServer):
    """On a free port of the loopback, in threads of the test; a context manager."""

    request_queue_size = 256

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.lock = threading.Lock()
        self.asked = []
        self.connections = 0

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
