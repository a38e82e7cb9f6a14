"""A way to a server that can be cut: TCP connections passed on, in threads of the test."""

import contextlib
import socket
import threading


class Relay:
    """On a free port of the loopback; a context manager. `heard` is what came for the server, where
    `record` is given, of all connections."""

    def __init__(self, address, record=False):
        host, _, port = address.rpartition(":")
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "%s:%d" % self._listener.getsockname()
        self._lock = threading.Lock()
        self._open = []
        self._record = record
        self.heard = bytearray()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()
        self.cut()

    def cut(self):
        """Every connection that there is breaks; new ones are passed on again."""
        with self._lock:
            broken, self._open = self._open, []
        for end in broken:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._server, timeout=10)
            except OSError:
                return
            far.settimeout(None)
            with self._lock:
                self._open += [near, far]
            for source, sink, heard in ((near, far, self.heard if self._record else None),
                                        (far, near, None)):
                threading.Thread(target=self._pump, args=(source, sink, heard),
                                 daemon=True).start()

    @staticmethod
    def _pump(source, sink, heard):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if heard is not None:
                    heard += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
