"""How many system calls a process makes, by the kernel's own tracepoint.

perf counts them without stopping the process, where strace would change what it does. Needs the
package linux-perf and the right to use tracepoints (root).
"""

import os
import select
import shutil
import signal
import time

from servers import Rate
from support.processes import Process

_EVENT = "raw_syscalls:sys_enter"
_PATIENCE = 10  # seconds


def missing():
    """Why system calls cannot be counted here; None if they can."""
    if shutil.which("perf") is None:
        return "perf is not installed"
    return None if os.geteuid() == 0 else "tracepoints are for root"


class _Perf(Process):
    """Counts from "enable" to "disable"."""

    def __init__(self, pid):
        super().__init__("perf", "stat", "-x,", "-e", _EVENT, "-p", pid, "-D", "-1")
        self._control, self._answers = self.folder / "control", self.folder / "answers"
        for fifo in (self._control, self._answers):
            os.mkfifo(fifo)
        self.command += ["--control", f"fifo:{self._control},{self._answers}"]

    def started(self):
        self._to = os.open(self._control, os.O_RDWR)
        self._from = os.open(self._answers, os.O_RDWR)

    def end(self):
        super().end()
        os.close(self._to)
        os.close(self._from)

    def command_and_wait(self, word):
        """True when perf has done it, False if it does not answer."""
        os.write(self._to, f"{word}\n".encode())
        answered = bool(select.select([self._from], [], [], _PATIENCE)[0])
        return answered and bool(os.read(self._from, 16))

    def result(self):
        """Ends it; the count, or None if it has none."""
        self.signal(signal.SIGINT)
        self.wait(_PATIENCE)
        for line in self.stderr.splitlines():
            fields = line.split(",")
            if len(fields) > 2 and fields[2] == _EVENT and fields[0].isdigit():
                return int(fields[0])
        return None


def during(pid, action):
    """System calls of a process while action() runs; None if they cannot be counted."""
    if missing():
        return None
    with _Perf(pid) as perf:
        if not perf.command_and_wait("enable"):
            return None
        action()
        perf.command_and_wait("disable")
        return perf.result()


def per_request(pid, seconds, requests):
    """System calls a request over some seconds; None if they cannot be counted. `requests` tells
    how many requests there have been."""
    if missing():
        return None
    with _Perf(pid) as perf:
        if not perf.command_and_wait("enable"):
            return None
        start, rate = time.monotonic(), Rate(requests)
        time.sleep(seconds)
        per_second = rate.per_second()
        perf.command_and_wait("disable")
        elapsed = time.monotonic() - start
        calls = perf.result()
    return calls / elapsed / per_second if calls is not None and per_second else None
