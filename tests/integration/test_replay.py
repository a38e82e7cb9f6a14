"""An access log's own times: when a server saw its requests, beside what a bare loop does on this
machine meanwhile."""

import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.access_log import log_line
from support.arrival_server import ArrivalServers
from support.processes import SCALE

COUNT = max(1500 // SCALE, 200)
ROUNDS = 3  # a hiccup of the machine hits one of the two alone

# The machine's own timers, by the simplest loop there is: GET /0, /1, … at these times after its
# start, in seconds, over one connection.
BARE_LOOP = """
import socket, sys, time
address, port, *times = sys.argv[1:]
connection = socket.create_connection((address, int(port)))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
start = time.monotonic() + 0.5
for n, at in enumerate(times):
    while (left := start + float(at) - time.monotonic()) > 0:
        time.sleep(left)
    connection.sendall(f"GET /{n} HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n".encode())
    connection.recv(4096)
"""


def percentile(values, share):
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def gap_errors(arrivals, times):
    """How far each request was from where it should have been beside the first, in milliseconds."""
    seen = {int(path[1:]): at for path, at in arrivals}
    return [abs((seen[n] - seen[0]) / 1e6 - 1e3 * (times[n] - times[0])) for n in range(len(times))]


class Replay(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, text):
        path = self.folder / "access.log"
        path.write_text(text)
        return path

    def gaps(self, log, times, speed):
        """Of squall's requests and of a bare loop's: how far off they were at p99."""
        with ArrivalServers(2) as servers:
            port = servers.urls[1].rsplit(":", 1)[1]
            with subprocess.Popen([sys.executable, "-c", BARE_LOOP, "127.0.0.1", port,
                                   *map(str, times)]) as bare:
                result = squall.run("--urls", log, "--format", "combined", "--replay-speed",
                                    f"{speed}x", "-u", servers.urls[0], "-c", "50")
                self.assertEqual(bare.wait(60), 0)
            self.check_complete(result, COUNT)
            ours, noise = (percentile(gap_errors(seen, times), 0.99) for seen in servers.arrivals)
            lag = result.report["schedule_lag"]["p99_ns"] / 1e6
            print(f"replay at {speed}x, {COUNT} requests: gaps off by {ours:.3f} ms at p99, a "
                  f"bare loop's by {noise:.3f} ms; schedule lag {lag:.3f} ms", file=sys.stderr)
            return ours, noise

    def test_the_gaps_of_milliseconds_are_kept(self):
        """Within a millisecond at p99 of what a bare loop does."""
        random.seed(7)
        stamps = [0]
        while len(stamps) < COUNT:
            stamps.append(stamps[-1] + random.choice((0, 1, 2, 3, 5, 10)))
        lines = [(at, log_line(at, f"GET /{n} HTTP/1.1")) for n, at in enumerate(stamps)]
        # Those that took longer were written later.
        lines.sort(key=lambda line: line[0] + random.choice((0, 0, 0, 40)))
        log = self.write("".join(line for _, line in lines))
        for speed in (1, 2):
            with self.subTest(speed):
                times = [at / 1000 / speed for at in stamps]
                for left in reversed(range(ROUNDS)):
                    ours, noise = self.gaps(log, times, speed)
                    if ours < noise + 1:
                        break
                    self.assertGreater(left, 0, "never within a millisecond of the bare loop")

    def test_whole_seconds_are_spread_evenly(self):
        """And the report says so."""
        lines = [log_line(1000 * (n // 20), f"GET /{n} HTTP/1.1", False) for n in range(60)]
        log = self.write("".join(lines))
        with ArrivalServers(1) as servers:
            result = squall.run("--urls", log, "--format", "combined", "--replay-speed", "1x",
                                "-u", servers.urls[0])
            self.check_complete(result, 60)
            self.assertIn("its times are whole seconds", result.stdout)
            self.assertIn("its times are whole seconds", result.report["notes"][0])
            errors = gap_errors(servers.arrivals[0], [n / 20 for n in range(60)])
            self.assertLess(percentile(errors, 0.9), 20)


if __name__ == "__main__":
    unittest.main()
