"""A server that does, by path, what servers do on their bad days."""

import socket
import socketserver
import struct
import threading
import time
from collections import Counter
from enum import Enum, auto


class Ending(Enum):
    """What follows what was sent."""

    KEEP = auto()     # the next request on this connection
    CLOSE = auto()
    RESET = auto()
    SILENCE = auto()  # nothing, for as long as the client waits
    DRIP = auto()     # a byte now and then, for as long as the client waits


def _response(status, headers=""):
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: 6\r\n\r\nhello\n".encode()


_HALF_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it"
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

ANSWERS = {
    "/ok": (_response("200 OK"), Ending.KEEP),
    "/until-closed": (b"HTTP/1.1 200 OK\r\n\r\nwhole", Ending.CLOSE),
    "/moved": (_response("302 Found", "Location: /ok\r\n"), Ending.KEEP),
    "/missing": (_response("404 Not Found"), Ending.KEEP),
    "/broken": (_response("500 Internal Server Error"), Ending.KEEP),
    "/closed": (b"", Ending.CLOSE),
    "/reset": (b"", Ending.RESET),
    "/half-header": (b"HTTP/1.1 200 OK\r\nX-Half: ha", Ending.CLOSE),
    "/half-body": (_HALF_BODY, Ending.CLOSE),
    "/half-chunk": (_CHUNKED + b"64\r\nhalf of it", Ending.CLOSE),
    "/reset-body": (_HALF_BODY, Ending.RESET),
    "/rubbish": (b"\x15\x03\x01\x00\x02 this is no HTTP\r\n\r\n", Ending.CLOSE),
    "/bad-chunk": (_CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n", Ending.CLOSE),
    "/silence": (b"", Ending.SILENCE),
    "/half-silence": (_HALF_BODY, Ending.SILENCE),
    "/drip": (_HALF_BODY, Ending.DRIP),
}


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while path := self._read_request():
                self.server.count(path)
                answer, ending = ANSWERS[path]
                self.wfile.write(answer)
                if ending is not Ending.KEEP:
                    self._finish_by(ending)
                    return
        except OSError:
            pass  # the client has gone

    def _read_request(self):
        """Reads a request with its body; returns its path, or nothing at the end."""
        line = self.rfile.readline()
        length = 0
        while (header := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self.rfile.read(length)
        return line.split()[1].decode() if line else None

    def _finish_by(self, ending):
        if ending is Ending.RESET:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()
        elif ending is Ending.SILENCE:
            self.rfile.read()
        elif ending is Ending.DRIP:
            while True:
                self.wfile.write(b".")
                time.sleep(0.1)


class BadServer(socketserver.ThreadingTCPServer):
    """On a free port of the loopback, in threads of the test; a context manager."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._lock = threading.Lock()
        self._counts = Counter()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def shutdown_request(self, request):
        """Closes; after a reset there is nothing to shut down."""
        self.close_request(request)

    def count(self, path):
        with self._lock:
            self._counts[path] += 1

    @property
    def counts(self):
        """How often each path was asked for."""
        with self._lock:
            return Counter(self._counts)
