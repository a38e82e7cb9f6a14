"""A name server: answers what it is told, over UDP, and counts what it is asked."""

import socket
import struct
import threading
from collections import Counter

_A, _AAAA = 1, 28
_NAME_ERROR = 3


def _question(packet):
    """Its name, type, and the bytes of all of it (RFC 1035, 4.1.2)."""
    labels, at = [], 12
    while length := packet[at]:
        labels.append(packet[at + 1:at + 1 + length].decode("ascii").lower())
        at += 1 + length
    return ".".join(labels), struct.unpack_from("!H", packet, at + 1)[0], packet[12:at + 5]


class NameServer:
    """`names` are the addresses of each name, IPv4 and IPv6 mixed; others do not exist. It answers on
    port 53 of its host (of a network)."""

    def __init__(self, host, names):
        self.address = host.address
        self.asked = Counter()  # by name
        self._names = names
        self._ended = False
        self._socket = host.socket(socket.SOCK_DGRAM)
        self._socket.bind((self.address, 53))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended = True
        self._thread.join(5)
        self._socket.close()

    def _serve(self):
        self._socket.settimeout(0.1)
        while not self._ended:
            try:
                packet, client = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            self._socket.sendto(self._answer(packet), client)

    def _answer(self, packet):
        name, kind, question = _question(packet)
        self.asked[name] += 1
        family = {_A: socket.AF_INET, _AAAA: socket.AF_INET6}.get(kind)
        records = []
        for address in self._names.get(name, ()):
            if family == (socket.AF_INET6 if ":" in address else socket.AF_INET):
                data = socket.inet_pton(family, address)
                # The name is that of the question.
                records.append(struct.pack("!HHHIH", 0xC00C, kind, 1, 1, len(data)) + data)
        code = 0 if name in self._names else _NAME_ERROR
        return (packet[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(records), 0, 0) +
                question + b"".join(records))
