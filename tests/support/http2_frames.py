"""HTTP/2 and gRPC by hand, so that every byte can be wrong (RFC 9113, RFC 7541, gRPC's
PROTOCOL-HTTP2)."""

import struct
import zlib

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
INITIAL_WINDOW_SIZE = 4  # a setting

SESSION = "/squall.v1.Agent/Session"
ATTACH = "/squall.v1.Controller/Attach"


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def header(name, value):
    """A literal that is not indexed; both shorter than 127 bytes."""
    return b"\0" + b"".join(bytes([len(text)]) + text for text in (name.encode(), value.encode()))


def call_headers(path=SESSION, **more):
    """Of a gRPC call; `more` with _ for -."""
    fields = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "agent",
              "te": "trailers", "content-type": "application/grpc",
              **{name.replace("_", "-"): value for name, value in more.items()}}
    return b"".join(header(name, value) for name, value in fields.items())


def settings(**values):
    """By number: settings(s4=0)."""
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", int(name[1:]), value)
                                            for name, value in values.items()))


def opened(stream=1, **more):
    """The beginning of a connection with one call."""
    return PREFACE + settings() + frame(HEADERS, END_HEADERS, stream, call_headers(**more))


def data(stream, payload, size=16384):
    """DATA frames."""
    return b"".join(frame(DATA, 0, stream, payload[at:at + size])
                    for at in range(0, len(payload), size))


def message(body, compressed=False, length=None):
    """A gRPC message; `length` is what it says of itself."""
    return struct.pack(">BI", compressed, len(body) if length is None else length) + body


def said(*bodies, stream=1):
    """What is said on a stream: messages of the protocol, each in frames of its own."""
    return b"".join(data(stream, message(body)) for body in bodies)


def bomb(size):
    """A gzip of so many zeros, in MiB: about a thousandth."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(size)) + packer.flush()


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """Of a protobuf message: bytes, text or a number."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value
