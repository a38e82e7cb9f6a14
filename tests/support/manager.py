"""A service manager as far as services talk to it: a socket as of sd_notify(3)."""

import socket
import tempfile
from pathlib import Path


class Manager:
    """A context manager; `env` is what it gives to its services."""

    def __init__(self, watchdog_seconds=None):
        self._watchdog = watchdog_seconds

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="squall-test-")
        self.path = Path(self._folder.name, "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        # Services have users of their own.
        self.path.chmod(0o777)
        self.path.parent.chmod(0o755)
        self.env = {"NOTIFY_SOCKET": str(self.path)}
        if self._watchdog:
            self.env["WATCHDOG_USEC"] = str(int(self._watchdog * 1e6))
        return self

    def __exit__(self, *_):
        self._socket.close()
        self._folder.cleanup()

    def hear(self, timeout=20):
        """The next message as a dictionary; None if nothing comes for so long."""
        self._socket.settimeout(timeout)
        try:
            text = self._socket.recv(4096).decode()
        except TimeoutError:
            return None
        return dict(line.split("=", 1) for line in text.splitlines())

    def hear_until(self, wanted, timeout=20, most=1000):
        """The first message for which wanted(message) is true."""
        for _ in range(most):
            message = self.hear(timeout)
            if message is None:
                raise TimeoutError("the service says nothing more")
            if wanted(message):
                return message
        raise AssertionError("it is never said")
