"""Servers that answer 200 and remember when each request came, all in one loop that does nothing
else."""

import selectors
import socket
import threading
import time

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_END = b"\r\n\r\n"


class ArrivalServers:
    """So many of them, each on a free port of the loopback; a context manager. Requests have no
    bodies."""

    def __init__(self, count):
        self._selector = selectors.DefaultSelector()
        self._stop_reader, self._stop = socket.socketpair()
        self._selector.register(self._stop_reader, selectors.EVENT_READ)
        self._listeners = []
        self.urls = []
        # Of each server: (path, when its last byte was there on the steady clock, in nanoseconds).
        self.arrivals = [[] for _ in range(count)]
        for index in range(count):
            listener = socket.create_server(("127.0.0.1", 0), backlog=128)
            listener.setblocking(False)
            self._listeners.append(listener)
            self._selector.register(listener, selectors.EVENT_READ, (index, None))
            self.urls.append(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def __enter__(self):
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.close()
        self._thread.join()
        for listener in self._listeners:
            listener.close()

    def _run(self):
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                index, received = key.data
                if received is None:
                    connection, _ = key.fileobj.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._selector.register(connection, selectors.EVENT_READ, (index, bytearray()))
                else:
                    self._receive(key.fileobj, index, received)

    def _receive(self, connection, index, received):
        more = connection.recv(65536)
        now = time.monotonic_ns()
        received += more
        while (end := received.find(_END)) >= 0:
            path = bytes(received[:end]).split(b" ", 2)[1].decode()
            del received[:end + len(_END)]
            self.arrivals[index].append((path, now))
            connection.sendall(_ANSWER)
        if not more:
            self._selector.unregister(connection)
            connection.close()
