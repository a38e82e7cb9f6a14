"""A server that counts what it has in flight and tells it at /counts, as JSON of its own making."""

import http.server
import json
import threading
import time


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        server = self.server
        status = 200
        if self.path.startswith("/counts"):
            server.asked.append(self.headers.items())
            status, body = server.counts()
        else:
            server.change(+1)
            time.sleep(server.delay)
            server.change(-1)
            body = b"hello\n"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Standard error belongs to the test."""


class CountingServer(http.server.ThreadingHTTPServer):
    """On a free port of the loopback, in threads of the test. `tell` makes of its counts what it
    answers at /counts: a status and bytes."""

    request_queue_size = 256
    daemon_threads = True

    def __init__(self, delay, tell=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.delay = delay
        self.asked = []  # the headers of each question
        self._tell = tell or (lambda counts: (200, json.dumps(counts).encode()))
        self._lock = threading.Lock()
        self._in_flight = self._peak = 0
        self._integral = self._at = 0

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def change(self, by):
        with self._lock:
            self._go_on()
            self._in_flight += by
            self._peak = max(self._peak, self._in_flight)

    def _go_on(self):
        now = time.monotonic_ns()
        self._integral += self._in_flight * (now - self._at)
        self._at = now

    def counts(self):
        with self._lock:
            self._go_on()
            counts = {"in_flight": self._in_flight, "peak_in_flight": self._peak,
                      "in_flight_ns": self._integral, "now_ns": self._at}
        return self._tell(counts)

    def handle_error(self, *_):
        """A client that has gone is none of a test's concern."""
