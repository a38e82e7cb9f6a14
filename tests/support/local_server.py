"""What the tests' own HTTP servers have in common."""

import http.server
import threading


class QuietHandler(http.server.BaseHTTPRequestHandler):
    """Keeps connections, and writes nothing anywhere."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Standard error belongs to the test."""


class LocalServer(http.server.ThreadingHTTPServer):
    """On a free port of the loopback, in threads of the test; a context manager."""

    request_queue_size = 256

    def __init__(self, handler, address="127.0.0.1"):
        super().__init__((address, 0), handler)
        self.url = f"http://{address}:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
