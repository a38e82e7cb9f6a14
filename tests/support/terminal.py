"""A shell at a terminal: what becomes of a line when somebody presses Tab."""

import os
import pty
import re
import select
import signal
import time


class Shell:
    """An interactive shell on a pseudo terminal, in a folder; a context manager."""

    def __init__(self, *command, folder, env):
        self._command = [str(word) for word in command]
        self._folder = folder
        self._env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "vt100",
                     "LANG": "C.UTF-8", **env}
        self._read = ""

    def __enter__(self):
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(self._folder)
            os.execvpe(self._command[0], self._command, self._env)
        return self

    def __exit__(self, *_):
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._terminal)

    def type(self, text):
        os.write(self._terminal, text.encode())

    def _look(self, seconds):
        """Takes what the shell writes within that time; false if that is nothing."""
        if not select.select([self._terminal], [], [], max(seconds, 0))[0]:
            return False
        try:
            self._read += os.read(self._terminal, 65536).decode(errors="replace")
        except OSError:
            raise AssertionError(f"the shell has ended:\n{self._read}") from None
        return True

    def expect(self, pattern, timeout=20):
        deadline = time.monotonic() + timeout
        while not (found := re.search(pattern, self._read)):
            if not self._look(deadline - time.monotonic()):
                raise TimeoutError(f"no {pattern!r} within {timeout} s:\n{self._read}")
        self._read = self._read[found.end():]
        return found

    def settle(self):
        """Waits until nothing more is written."""
        while self._look(0.5):
            pass

    def run(self, line):
        """Runs a line to its end."""
        # What is typed is echoed: it must not look like what is printed.
        self.type(f"{line}; printf '<%s>\\n' do''ne\n")
        self.expect(r"<done>")
        self.settle()

    def complete(self, line):
        """The words that the line is after a Tab at its end."""
        # Whatever the line is after the Tab, it is printed, and not run: ^A is the line's begin. What is
        # typed is echoed, and words that are printed are not quoted.
        self.type(f"{line}\t\x01printf '{{%s}}' \n")
        words = self.expect(r"((?:\{[^{}%]*\})+)")[1]
        self.type("printf '<%s>\\n' do''ne\n")
        self.expect(r"<done>")
        return re.findall(r"\{([^{}]*)\}", words)
