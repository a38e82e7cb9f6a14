"""Processes of a test: every wait has a deadline, and nothing outlives the test that started it."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

# Divides the sizes of runs: more than 1 for builds with sanitizers, which are slow.
SCALE = int(os.environ.get("SQUALL_TEST_SCALE", "1"))

# Linux: a process ends with the test even if that is killed.
_SETPRIV = shutil.which("setpriv")
_LEASH = [_SETPRIV, "--pdeathsig", "KILL"] if _SETPRIV else []


def wait_until(condition, timeout, what, every=0.02):
    """The first true value of condition(), looked at often."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(every)
    return value


def children(pid):
    """The process ids of a process's children (Linux)."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in lists for child in path.read_text().split()]


def is_running(pid):
    """Whether there is such a process, other than one that only waits to be reaped (Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Process:
    """A child process in a group of its own; a context manager. It runs on the machine, or on a
    host of a network (network.py), there perhaps with clocks of its own: `offsets` are those of
    Host.command()."""

    def __init__(self, *command, env=None, host=None, **offsets):
        self.command = [str(word) for word in command]
        self.host = host
        self._offsets = offsets
        self._env = {**os.environ, **(env or {})}
        self._folder = tempfile.TemporaryDirectory(prefix="squall-test-")
        self.folder = Path(self._folder.name)
        self._popen = None

    def __enter__(self):
        command = self.host.command(self.command, **self._offsets) if self.host else self.command
        with open(self.folder / "stdout", "wb") as out, open(self.folder / "stderr", "wb") as err:
            self._popen = subprocess.Popen(
                [*_LEASH, *command],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self._env, process_group=0)
        try:
            self.started()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()
        self._folder.cleanup()

    def started(self):
        """Waits until the process can be used. For subclasses."""

    def end(self):
        """Ends the process, gently at first, and whatever is left of its group."""
        if self._popen.poll() is None:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)  # one that is stopped would not hear of it
            try:
                self._popen.wait(5)
            except subprocess.TimeoutExpired:
                pass
        self.signal(signal.SIGKILL)
        self._popen.wait()

    @property
    def pid(self):
        return self._popen.pid

    @property
    def program_pid(self):
        """The id of the program itself, where that is a child of what gave it other clocks."""
        if self._offsets.get("monotonic_offset"):
            return wait_until(lambda: children(self.pid), 5, f"{self.command} begins")[0]
        return self.pid

    @property
    def resident_bytes(self):
        """Linux."""
        return self._status_bytes("VmRSS")

    @property
    def peak_bytes(self):
        """The most it ever had resident (Linux)."""
        return self._status_bytes("VmHWM")

    def _status_bytes(self, name):
        status = Path(f"/proc/{self.program_pid}/status").read_text()
        return 1024 * int(re.search(rf"{name}:\s+(\d+) kB", status)[1])

    @property
    def exit_code(self):
        """None while it runs; -N if signal N ended it."""
        return self._popen.poll()

    @property
    def stdout(self):
        return (self.folder / "stdout").read_text(errors="replace")

    @property
    def stderr(self):
        return (self.folder / "stderr").read_text(errors="replace")

    def signal(self, number):
        """Sends a signal to the whole group, as a terminal does for Ctrl-C."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass

    def wait(self, timeout):
        """Waits for the end and returns the exit code."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.command} still runs after {timeout} s:\n"
                               f"{self.stdout[-2000:]}\n{self.stderr[-2000:]}") from None

    def expect(self, pattern, timeout=20):
        """The first match of a pattern on standard output; waits for it."""
        def look():
            ended = self.exit_code is not None
            found = re.search(pattern, self.stdout)
            if ended and not found:
                raise AssertionError(f"{self.command} ended with {self.exit_code} before it said "
                                     f"{pattern!r}:\n{self.stdout}\n{self.stderr}")
            return found
        return wait_until(look, timeout, f"{pattern!r} from {self.command}: {self.stderr}")
