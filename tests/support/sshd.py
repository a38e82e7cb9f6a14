"""An OpenSSH server of a test's own, with accounts of its own, and an `ssh` that knows it.

    with Sshd(3) as sshd:
        squall.run(…, agents=sshd.accounts, env=sshd.env)

The server listens on a free port of 127.0.0.1 with its own configuration, host key and keys; the
accounts are made by useradd and gone afterwards. Needs root (see why_not()).
"""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

from support.nginx import free_port
from support.processes import Process, is_running, wait_until

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_SSHD = shutil.which("sshd", path=_PATH)


def why_not():
    """Why there can be no such server here; None if there can."""
    if os.geteuid() != 0:
        return "accounts for an ssh server can be made by root only"
    for program in ("sshd", "ssh", "ssh-keygen", "useradd", "userdel"):
        if not shutil.which(program, path=_PATH):
            return f"there is no {program} (deploy/install-deps.sh test)"
    return None


def skip_without():
    """For setUpModule()."""
    if reason := why_not():
        print(f"SKIPPED: {reason}", file=sys.stderr)  # for ctest, too
        raise unittest.SkipTest(reason)


def _run(*words):
    words = [str(word) for word in words]
    done = subprocess.run(words, text=True, capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL, env={**os.environ, "PATH": _PATH})
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: {done.returncode}: {done.stderr.strip()}")


@dataclass
class Account:
    """Of the server's machine, which is this one."""

    name: str
    home: Path
    port: int
    uid: int
    since: float  # when it was made: its number may have been another's before

    @property
    def address(self):
        return f"ssh:{self.name}@127.0.0.1:{self.port}"

    @property
    def cache(self):
        return self.home / ".cache/squall"

    def files(self):
        """What there is in its home."""
        return sorted(path.relative_to(self.home).as_posix() for path in self.home.rglob("*")
                      if not path.is_dir())

    def processes(self):
        """Whatever runs as it: (id, command line)."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                # The folder's owner is not always the process's: not if that was root's before.
                status = (folder / "status").read_text()
                if f"\nUid:\t{self.uid}\t" in status and is_running(int(folder.name)):
                    words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                    found.append((int(folder.name), words.decode(errors="replace").strip()))
        return found

    def agents(self):
        return [pid for pid, words in self.processes()
                if " agent --listen unix:" in words and not words.startswith("sh ")]

    def sessions(self):
        """The server's processes that carry its connections."""
        return [pid for pid, words in self.processes() if words.startswith("sshd:")]

    def sockets(self):
        """What it has left in /tmp."""
        found = []
        for path in Path("/tmp").glob("squall-*"):
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                if stat.st_uid == self.uid and stat.st_mtime >= self.since:
                    found.append(path)
        return found


class Sshd:
    """A server; a context manager. `options` are words of authorized_keys for the account of that
    number; `mounts` are options of a tmpfs that is its home, which only the server sees."""

    def __init__(self, accounts=1, options=None, mounts=None):
        self._count = accounts
        self._options = options or {}
        self._mounts = mounts or {}
        self._stack = contextlib.ExitStack()
        self.accounts = []

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _start(self):
        self.folder = Path(self._stack.enter_context(
            tempfile.TemporaryDirectory(prefix="squall-sshd-")))
        self.folder.chmod(0o755)
        for name in ("keys", "homes", "bin", "local"):
            (self.folder / name).mkdir(mode=0o755)
        self.port = free_port()
        for name in ("host", "user", "stranger"):
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name)
        for number in range(self._count):
            self._add_account(number)
        self._write_server()
        self._write_client()
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._stack.enter_context(self._process())
        wait_until(self._listens, 20, "the ssh server listens")

    def _add_account(self, number):
        name = f"squall-{os.getpid()}-{number}"
        home = self.folder / "homes" / name
        _run("useradd", "--no-log-init", "--create-home", "--home-dir", home, "--skel", "/nonexistent",
             "--shell", "/bin/sh", "--password", "*", name)
        self._stack.callback(self._remove_account, name)
        home.chmod(0o700)
        account = Account(name, home, self.port, home.stat().st_uid, time.time() - 1)
        self.accounts.append(account)
        self.allow(account, self._options.get(number, ""))

    def _remove_account(self, name):
        account = next((each for each in self.accounts if each.name == name), None)
        for pid, _ in account.processes() if account else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        subprocess.run(["userdel", "--force", name], capture_output=True, timeout=60, check=False,
                       env={**os.environ, "PATH": _PATH})

    def allow(self, account, options=""):
        """From now on the user's key is taken, with these options in front of it."""
        key = (self.folder / "user.pub").read_text()
        (self.folder / "keys" / account.name).write_text(f"{options} {key}".lstrip())

    def _write_server(self):
        (self.folder / "sshd_config").write_text(f"""
Port {self.port}
ListenAddress 127.0.0.1
HostKey {self.folder}/host
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile {self.folder}/keys/%u
MaxStartups 100
""")

    def _write_client(self):
        host = " ".join((self.folder / "host.pub").read_text().split()[:2])
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {host}\n")
        self.configure()
        ssh = self.folder / "bin/ssh"
        ssh.write_text(f"#!/bin/sh\nexec {shutil.which('ssh')} -F {self.folder}/ssh_config \"$@\"\n")
        ssh.chmod(0o755)

    def configure(self, key="user", known="known_hosts", more=""):
        """The user's configuration of ssh."""
        (self.folder / "ssh_config").write_text(f"""{more}
IdentityFile {self.folder}/{key}
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile {self.folder}/{known}
GlobalKnownHostsFile /dev/null
""")

    def _process(self):
        server = f"{_SSHD} -D -e -f {self.folder}/sshd_config"
        if not self._mounts:
            return Process("sh", "-c", f"exec {server}")
        mounts = "; ".join(
            f"mount -t tmpfs -o {options},uid={account.uid},mode=700 none {account.home}"
            for number, options in self._mounts.items() for account in [self.accounts[number]])
        return Process("unshare", "--mount", "sh", "-ec", f"{mounts}; exec {server}")

    def _listens(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    @property
    def env(self):
        """For whoever is to use this server: the `ssh` that knows it, and a folder for sockets."""
        return {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "TMPDIR": str(self.local)}

    @property
    def local(self):
        """Where whoever has that environment leaves its sockets."""
        return self.folder / "local"

    def leftovers(self):
        """What still runs, or lies about, of agents and of the ways to them."""
        found = [f"{account.name}: {words}" for account in self.accounts
                 for _, words in account.processes()]
        found += [str(path) for account in self.accounts for path in account.sockets()]
        found += [str(path) for path in self.local.iterdir()]
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if str(self.local) in words and is_running(int(folder.name)):
                    found.append(words)
        return found


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
