"""Strangers at an agent's port: bytes of any kind and connections that say nothing, beside a run."""

import contextlib
import random
import socket
import tempfile
import threading
import time
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.certs import Authority
from support.processes import SCALE, wait_until

HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(64)  # how TLS begins, and no more
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# As much as an agent's memory may move by itself; what an instrumented program has freed stays.
MOST_GROWTH = 48 << 20 if SCALE == 1 else 1 << 40


class Strangers:
    """Threads that connect as fast as they can, and hold some hundreds of connections open."""

    def __init__(self, address, seed=6):
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._ending = threading.Event()
        self.connected = 0
        words = {"silence": lambda _: b"", "TLS": lambda _: HELLO, "HTTP/2": lambda _: PREFACE,
                 "anything": lambda draw: draw.randbytes(draw.randrange(1, 4000)),
                 "HTTP/2 and anything": lambda draw: PREFACE + draw.randbytes(2000)}
        self._threads = [threading.Thread(target=self._disturb, args=(word, random.Random(seed)),
                                          daemon=True) for word in words.values()]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        for thread in self._threads:
            thread.join(30)

    def _disturb(self, word, draw):
        held = []
        while not self._ending.is_set():
            with contextlib.suppress(OSError):
                stranger = socket.create_connection(self._address, timeout=5)
                held.append(stranger)
                self.connected += 1
                stranger.sendall(word(draw))
            if len(held) > 100:
                held.pop(0).close()
            time.sleep(0.002)
        for stranger in held:
            stranger.close()


class ControlPort(squall.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="squall-test-")
        self.addCleanup(folder.cleanup)
        self.own = Authority(Path(folder.name) / "own")
        self.target = self.enterContext(squall.Target())

    def disturbed(self, agent, *arguments):
        with squall.Run("-n", 30000, "-q", 5000, "-c", 20, *arguments, self.target.url,
                        agents=[agent]) as run:
            wait_until(lambda: self.target.stats()["requests"] > 0, 20, "the run begins")
            before = agent.resident_bytes
            with Strangers(agent.address) as strangers:
                result = run.finish(120)
            self.assertLess(agent.resident_bytes - before, MOST_GROWTH)
        self.check_complete(result, 30000)
        self.assertEqual(self.target.stats()["requests"], 30000)
        self.assertGreater(strangers.connected, 500)
        self.assertIn("event=connection_refused", agent.stderr)
        self.assertLess(agent.stderr.count("event=connection_refused"), 40)
        # They count as strangers for half a minute; then others are heard as well.
        wait_until(lambda: squall.run("-n", 10, *arguments, self.target.url,
                                      agents=[agent]).exit_code == 0, 60, "it is free", every=1)

    def test_with_tls(self):
        agent = self.enterContext(squall.Agent(None, "--tls", self.own.agent("lon-1")))
        self.disturbed(agent, "--tls", self.own.admin)

    def test_without_tls(self):
        self.disturbed(self.enterContext(squall.Agent("plain")))

    def test_who_says_nothing_is_let_go(self):
        agent = self.enterContext(squall.Agent("plain"))
        host, _, port = agent.address.rpartition(":")
        for words in b"", b"PRI * HT", PREFACE:
            with self.subTest(words), socket.create_connection((host, int(port))) as stranger:
                stranger.sendall(words)
                stranger.settimeout(40)
                begin = time.monotonic()
                with contextlib.suppress(ConnectionResetError):
                    while stranger.recv(4096):
                        pass
                self.assertLess(time.monotonic() - begin, 20)


if __name__ == "__main__":
    unittest.main()
