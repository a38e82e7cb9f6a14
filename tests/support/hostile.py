"""Whoever comes to an agent's control port and means no good. Each attack is a function of an open
socket and a random generator; Attackers makes them again and again, beside each other."""

import contextlib
import random
import socket
import threading
import time

from support import http2_frames as h2

TLS_HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(64)  # how TLS begins, and no more

# Messages of the control protocol, by the numbers of control.proto.
PROTOCOL_VERSION = 5
BOMB = h2.message(h2.bomb(256), compressed=True)


def hello(check=False, version=PROTOCOL_VERSION, who="eve", run="20260101T000000Z-0000"):
    body = h2.field(1, version) + h2.field(3, who) + h2.field(4, run) + h2.field(5, int(check))
    return h2.field(1, body)


def ping(reply_bytes=0):
    return h2.field(8, h2.field(1, 1) + h2.field(3, reply_bytes))


PREPARE, DATA, GRANT, START, ACK, STOP, RESIZE, DISMISS = (
    h2.field(number, body) for number, body in (
        (2, h2.field(1, "run")), (3, h2.field(1, "http://a/\n")), (4, h2.field(3, 0)),
        (5, h2.field(1, 1)), (6, h2.field(1, 1)), (7, h2.field(1, 0)), (9, h2.field(1, 1)),
        (10, h2.field(1, "eve says so"))))
SNAPSHOT = h2.field(3, h2.field(1, 1) + h2.field(2, 0))  # an agent's word, said to an agent


def silence(_agent, _draw):
    """Half open: it says nothing."""


def half_closed(agent, _draw):
    agent.shutdown(socket.SHUT_WR)


def noise(agent, draw):
    agent.sendall(draw.randbytes(draw.randrange(1, 4000)))


def noise_behind_preface(agent, draw):
    agent.sendall(h2.PREFACE + draw.randbytes(2000))


def noise_in_frames(agent, draw):
    agent.sendall(h2.opened() + b"".join(
        h2.frame(draw.randrange(12), draw.randrange(256), draw.randrange(4),
                 draw.randbytes(draw.randrange(40))) for _ in range(20)))


def noise_in_messages(agent, draw):
    agent.sendall(h2.opened() + h2.said(*(draw.randbytes(draw.randrange(60)) for _ in range(5))))


def slow(agent, draw):
    """A byte now and then, of a beginning that is right."""
    for byte in h2.opened()[:draw.randrange(10, 120)]:
        agent.sendall(bytes([byte]))
        time.sleep(0.02)


def slow_tls(agent, _draw):
    for byte in TLS_HELLO[:30]:
        agent.sendall(bytes([byte]))
        time.sleep(0.02)


def silent_stream(agent, _draw):
    """A call is open, and nothing is said."""
    agent.sendall(h2.opened())


def deaf_stream(agent, _draw):
    """It cannot be told anything, and asks for much."""
    agent.sendall(h2.PREFACE + h2.settings(s4=0)
                  + h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.call_headers())
                  + h2.said(hello(check=True), *[ping(16 << 20)] * 50))


def answered(agent):
    """Who says much at once is not heard at all."""
    agent.sendall(h2.PREFACE + h2.settings())
    agent.recv(1)


def settings_flood(agent, _draw):
    answered(agent)
    agent.sendall(h2.settings(s4=65535) * 2000)


def ping_flood(agent, _draw):
    answered(agent)
    agent.sendall(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.call_headers())
                  + h2.frame(h2.PING, payload=bytes(8)) * 2000)


def flood_at_once(agent, _draw):
    agent.sendall(h2.opened() + h2.frame(h2.PING, payload=bytes(8)) * 2000)


def rapid_reset(agent, _draw):
    """Calls that are taken back at once."""
    headers = h2.call_headers()
    answered(agent)
    agent.sendall(b"".join(
        h2.frame(h2.HEADERS, h2.END_HEADERS, stream, headers)
        + h2.frame(h2.RST_STREAM, stream=stream, payload=b"\0\0\0\x08")
        for stream in range(1, 1001, 2)))


def endless_headers(agent, _draw):
    more = h2.frame(h2.CONTINUATION, 0, 1, h2.header("x", "y" * 120) * 100)
    answered(agent)
    agent.sendall(h2.frame(h2.HEADERS, 0, 1, h2.call_headers()) + more * 200)


def many_streams(agent, _draw):
    answered(agent)
    agent.sendall(b"".join(
        h2.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.call_headers())
        for stream in range(1, 200, 2)))


def huge_length(agent, draw):
    """A message that says to be larger than any may be, or as large as one may be, and does not
    come."""
    length = draw.choice((0xFFFFFFFF, 33 << 20, 31 << 20))
    agent.sendall(h2.opened() + h2.data(1, h2.message(bytes(4096), length=length)))


def other_calls(agent, draw):
    paths = ("/", "/squall.v1.Controller/Attach", "/" + "x" * 99)
    agent.sendall(h2.opened(path=draw.choice(paths)))


def gzip_bomb(agent, _draw):
    agent.sendall(h2.opened(grpc_encoding="gzip") + h2.data(1, BOMB))


def disorder(agent, draw):
    """Words of the protocol, each by itself right, in any order."""
    words = [hello(), hello(check=True), hello(version=99), PREPARE, DATA, GRANT, START, ACK, STOP,
             RESIZE, DISMISS, SNAPSHOT, ping(), ping(100), b""]
    agent.sendall(h2.opened() + h2.said(*draw.choices(words, k=6)))


def busy_look(agent, _draw):
    agent.sendall(h2.opened() + h2.said(hello()))


def many_words(agent, _draw):
    agent.sendall(h2.opened() + h2.said(hello(check=True), *[ping()] * 5000))


ATTACKS = [silence, half_closed, noise, noise_behind_preface, noise_in_frames, noise_in_messages,
           slow, slow_tls, silent_stream, deaf_stream, settings_flood, ping_flood, flood_at_once,
           rapid_reset, endless_headers, many_streams, huge_length, other_calls, gzip_bomb,
           disorder, busy_look, many_words]


def replay(words):
    """An attack: somebody's recorded words, once more."""
    def replayed(agent, _draw):
        agent.sendall(words)
    return replayed


class Attackers:
    """A thread for each of `attacks`, at the agents' addresses in turns; a context manager. Each
    holds its last `held` connections open."""

    def __init__(self, addresses, attacks=ATTACKS, pause=0.05, held=20, seed=6):
        self._addresses = [(host, int(port)) for host, _, port in
                           (address.rpartition(":") for address in addresses)]
        self._pause, self._held = pause, held
        self._ending = threading.Event()
        self.made = {attack.__name__: 0 for attack in attacks}
        self._threads = [
            threading.Thread(target=self._go_on, args=(attack, random.Random(seed + i)), daemon=True)
            for i, attack in enumerate(attacks)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        for thread in self._threads:
            thread.join(30)

    def _go_on(self, attack, draw):
        held = []
        while not self._ending.is_set():
            with contextlib.suppress(OSError):
                agent = socket.create_connection(draw.choice(self._addresses), timeout=2)
                held.append(agent)
                self.made[attack.__name__] += 1
                attack(agent, draw)
            if len(held) > self._held:
                held.pop(0).close()
            self._ending.wait(self._pause)
        for agent in held:
            agent.close()
