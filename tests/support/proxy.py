"""A forward proxy that remembers what it was asked for: absolute URLs, and CONNECT."""

import socket
import socketserver
import threading
from urllib.parse import urlsplit


def _pump(source, sink):
    """Copies until the source ends, and passes the end on."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of them has gone


class _Handler(socketserver.StreamRequestHandler):
    rbufsize = 0  # what follows the head belongs to _pump

    def handle(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            if not (line := self.rfile.readline()):
                return
            head += line
        request_line, _, headers = head.partition(b"\r\n")
        method, target, version = request_line.decode().split()
        with self.server.lock:
            self.server.asked.append(f"{method} {target}")
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            path = None
        else:
            url = urlsplit(target)
            host, port, path = url.hostname, url.port or 80, url.path or "/"
        with socket.create_connection((host, int(port)), timeout=30) as origin:
            if path is None:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:  # a connection for each request, so that no request passes unseen
                origin.sendall(f"{method} {path} {version}\r\nConnection: close\r\n".encode() +
                               headers)
            upstream = threading.Thread(target=_pump, args=(self.request, origin), daemon=True)
            upstream.start()
            _pump(origin, self.request)


class RecordingProxy(socketserver.ThreadingTCPServer):
    """On a free port of the loopback, in threads of the test; a context manager."""

    daemon_threads = True
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
