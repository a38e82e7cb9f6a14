"""The static files, as `make static` leaves them, in places where they have nothing else."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import squall

_ROOT = Path(__file__).resolve().parents[2]
AMD64 = Path(os.environ.get("SQUALL_AMD64", _ROOT / "dist/squall-linux-amd64"))
# Of amd64, as it was linked.
UNSTRIPPED = _ROOT / "build-static/squall"
ARM64 = Path(os.environ.get("SQUALL_ARM64", _ROOT / "dist/squall-linux-arm64"))


def skip(reason):
    """Skips the tests of a module, in its setUpModule()."""
    print(f"SKIPPED: {reason}", file=sys.stderr)  # for ctest, too
    raise unittest.SkipTest(reason)


def skip_without(file):
    if not file.exists():
        skip(f"there is no {file}: make static")


class Bare:
    """A folder that is all that a program sees, with the static file at its root; a context manager.
    It stands for the host (of a network) that it is on, wherever a process takes one. `files` are
    texts by their paths."""

    def __init__(self, host, files=None):
        self._host = host
        self._folder = tempfile.TemporaryDirectory(prefix="squall-bare-")
        self.root = Path(self._folder.name)
        self.address = host.address
        self._files = files or {}

    def __enter__(self):
        shutil.copy(AMD64, self.root / "squall")
        for path, text in self._files.items():
            file = self.root / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def command(self, words):
        """The same words of squall, here."""
        return self._host.command(["chroot", self.root, "/squall", *words[1:]])

    def socket(self, *arguments):
        return self._host.socket(*arguments)

    def run(self, *arguments, **options):
        """Runs `squall run` here to its end."""
        with _Run(self, *arguments, **options) as process:
            return process.finish(120)


class _Run(squall.Run):
    def __init__(self, bare, *arguments, **options):
        super().__init__(*arguments, "--json", "/result.json", json=False, host=bare, **options)
        self._json = bare.root / "result.json"
        self._json.unlink(missing_ok=True)


# How the kernel is told of a program for arm64: the first bytes of its file, and which of them count.
_BINFMT = (r":arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:"
           r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:")
_TELL = """
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc &&
printf '%s' "$1" > /proc/sys/fs/binfmt_misc/register && shift && exec "$@"
"""


class Emulated:
    """This machine, to a process that takes a host, but as a machine of another kind: the arm64 file
    under qemu. What the program starts is emulated too, as the kernel is told within a user namespace
    of its own (Linux 6.7 and later)."""

    address = "127.0.0.1"

    def command(self, words):
        rule = f"{_BINFMT}{shutil.which('qemu-aarch64')}:F"
        return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _TELL, "sh", rule,
                ARM64, *words[1:]]

    def socket(self, *arguments):
        return socket.socket(*arguments)

    def why_not(self):
        """Why it cannot be; None if it can."""
        tried = subprocess.run([*self.command(["squall", "version"])], capture_output=True,
                               text=True, timeout=60)
        return None if tried.returncode == 0 else tried.stderr.strip() or "no namespaces"


class EmulatedAlone(Emulated):
    """The same where the kernel cannot be told: the program can start no other."""

    def command(self, words):
        return ["qemu-aarch64", ARM64, *words[1:]]
