"""Several hosts on one machine: Linux network namespaces around a router, with links that can fail.

    with Network("controller", "agent", "target") as network:
        with squall.Target(host=network["target"]): …

Each host has one link, to the router, and an address of its own; host and router alone know that
link's subnet, so all between two hosts goes through the router. Needs root, or CAP_NET_ADMIN and
CAP_SYS_ADMIN (see why_not()). An ordinary user who may make user namespaces gets these by

    unshare --map-root-user --net --mount --pid --fork --mount-proc \\
        sh -c 'mount -t tmpfs none /run && python3 tests/fleet/test_network.py'
"""

import contextlib
import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import unittest
from functools import cache
from pathlib import Path

from support.processes import is_running, wait_until

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_FOLDER = Path("/run/netns")
# Names of namespaces begin so, and go on with who made them: process and its start.
_PREFIX = "squall-test"
# Shows a process another wall clock (wall_clock.cc); None in builds that have none.
WALL_CLOCK = next((path for path in (
    os.environ.get("SQUALL_WALL_CLOCK"),
    Path(__file__).resolve().parents[2] / "build/tests/fleet/libwall_clock.so")
    if path and Path(path).exists()), None)
_SMALLEST_BURST_BYTES = 16384  # several packets, or nothing passes
_QUEUE = "500ms"               # what waits longer at a slow link is dropped


class CommandFailed(AssertionError):
    pass


def _run(*words, text=None):
    words = [str(word) for word in words]
    done = subprocess.run(words, input=text, text=True, capture_output=True, timeout=60,
                          env={**os.environ, "PATH": _PATH})
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise CommandFailed(f"{' '.join(words)}: {lines[0]}")
    return done.stdout


def _ip(namespace, *commands):
    """Several commands of `ip` in one go."""
    _run("ip", "-netns", namespace, "-batch", "-", text="".join(f"{c}\n" for c in commands))


def _started_at(pid):
    """What tells a process from later ones with its id."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


def _running(namespace):
    return [pid for pid in map(int, _run("ip", "netns", "pids", namespace).split())
            if is_running(pid)]


def _remove(namespace):
    """Removes a namespace and ends what runs there; returns what that was."""
    ended = {}
    with contextlib.suppress(CommandFailed):  # somebody else may be at it too
        while pids := _running(namespace):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                    ended[pid] = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
                    os.kill(pid, signal.SIGKILL)
            wait_until(lambda pids=pids: not any(map(is_running, pids)), 10, "processes end")
        _run("ip", "netns", "delete", namespace)
    return [f"{pid}: {words}" for pid, words in ended.items()]


def remove_stale():
    """Removes what runs that were killed have left."""
    for path in _FOLDER.glob(f"{_PREFIX}.*"):
        pid, start = path.name.split(".")[1:3]
        if _started_at(pid) != start:
            _remove(path.name)


@cache
def why_not():
    """Why there can be no networks here, in a line; None if there can be."""
    if not Path("/proc/self/ns/net").exists():
        return "network namespaces are a thing of Linux"
    for program, package in (("ip", "iproute2"), ("tc", "iproute2"), ("nsenter", "util-linux"),
                             ("unshare", "util-linux"), ("setpriv", "util-linux")):
        if shutil.which(program, path=_PATH) is None:
            return f"network namespaces need {program} (package {package})"
    try:
        with Network("one", "other") as network:
            network.cut(network["one"], network["other"])
            network["one"].rate(1_000_000)
    except CommandFailed as error:
        return f"network namespaces are not permitted here: {error}"
    return None


@cache
def why_no_clock_offset():
    """The same of clocks that differ between hosts."""
    try:
        _run("unshare", "--time", "--monotonic", "1", "--boottime", "1", "--fork", "true")
    except CommandFailed as error:
        return f"time namespaces are not permitted here: {error}"
    return None


def skip_without():
    """Skips the tests of a module, in its setUpModule(), where there can be no networks."""
    if reason := why_not():
        print(f"SKIPPED: {reason}", file=sys.stderr)  # for ctest, too
        raise unittest.SkipTest(reason)


class Host:
    """A namespace with one link. Made by its Network."""

    def __init__(self, network, name, number):
        self._network = network
        self._rated = False
        self.name = name
        self.namespace = network.namespace_of(name)
        self.address = f"10.77.{number}.2"
        self.router_link = f"host{number}"  # the router's end of the link
        self.router_address = f"10.77.{number}.1"

    def command(self, words, *, monotonic_offset=0, wall_offset=0):
        """The words that run these words here. The process is the one that is started, but with a
        monotonic offset, where it is a child of that (Process.program_pid). Offsets in whole
        seconds: of all steady clocks, and of the wall clock, for which there must be a
        faketime_library()."""
        words = [str(word) for word in words]
        if wall_offset:
            words = ["env", f"LD_PRELOAD={WALL_CLOCK}", f"SQUALL_WALL_OFFSET={wall_offset}", *words]
        if monotonic_offset:
            words = ["unshare", "--time", "--monotonic", str(monotonic_offset),
                     "--boottime", str(monotonic_offset), "--fork", "--kill-child", "--", *words]
        return ["nsenter", f"--net={_FOLDER / self.namespace}", "--", *words]

    def run(self, *words, **offsets):
        """Runs a command here to its end and returns what it printed."""
        return _run(*self.command(words, **offsets))

    def socket(self, kind=socket.SOCK_STREAM, family=socket.AF_INET, protocol=0):
        """A socket here, of this process."""
        made = []

        def make():  # on a thread of its own: the namespace is one of threads
            libc = ctypes.CDLL(None, use_errno=True)
            with open(_FOLDER / self.namespace, "rb") as namespace:
                if libc.setns(namespace.fileno(), 0) == 0:
                    made.append(socket.socket(family, kind, protocol))
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if not made:
            raise CommandFailed(f"cannot enter {self.namespace}")
        return made[0]

    def link_down(self):
        """As if the cable were pulled out."""
        _ip(self._network.router, f"link set {self.router_link} down")

    def link_up(self):
        _ip(self._network.router, f"link set {self.router_link} up")

    def rate(self, bits, burst_bytes=_SMALLEST_BURST_BYTES):
        """Lets so many bits a second through the link, each way; None: as many as it can."""
        for namespace, link in ((self.namespace, "eth0"), (self._network.router, self.router_link)):
            qdisc = ["tc", "-netns", namespace, "qdisc"]
            if bits is not None:
                _run(*qdisc, "replace", "dev", link, "root", "tbf", "rate", f"{int(bits)}bit",
                     "burst", max(burst_bytes, _SMALLEST_BURST_BYTES), "latency", _QUEUE)
            elif self._rated:
                _run(*qdisc, "delete", "dev", link, "root")
        self._rated = bits is not None


class Network:
    """Hosts with these names; a context manager. When it ends, so does everything in it."""

    _numbers = itertools.count(1)

    def __init__(self, *names):
        pid = os.getpid()
        self._prefix = f"{_PREFIX}.{pid}.{_started_at(pid)}.{next(self._numbers)}"
        self._cuts = set()
        self.router = self.namespace_of("-router")
        self.hosts = [Host(self, name, number) for number, name in enumerate(names, 1)]
        # What was still running in it when it ended.
        self.left_running = []

    def __getitem__(self, name):
        return next(host for host in self.hosts if host.name == name)

    def namespace_of(self, name):
        return f"{self._prefix}.{name}"

    def __enter__(self):
        remove_stale()
        try:
            self._make()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_):
        self._remove()

    def _make(self):
        _run("ip", "netns", "add", self.router)
        _ip(self.router, "link set lo up")
        _run("nsenter", f"--net={_FOLDER / self.router}",
             "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        for host in self.hosts:
            _run("ip", "netns", "add", host.namespace)
            _ip(self.router,
                f"link add {host.router_link} type veth peer name eth0 netns {host.namespace}",
                f"address add {host.router_address}/30 dev {host.router_link}",
                f"link set {host.router_link} up")
            _ip(host.namespace,
                "link set lo up",
                f"address add {host.address}/30 dev eth0",
                "link set eth0 up",
                f"route add default via {host.router_address}")

    def _remove(self):
        for namespace in [*(host.namespace for host in self.hosts), self.router]:
            if (_FOLDER / namespace).exists():
                # What was told to end may take a moment for it.
                with contextlib.suppress(TimeoutError):
                    wait_until(lambda name=namespace: not _running(name), 1, "all have ended")
                self.left_running += _remove(namespace)

    def cut(self, sender, receiver):
        """Drops all that one host sends to another; what the other sends to it still arrives."""
        if (sender, receiver) not in self._cuts:
            _ip(self.router, f"rule add from {sender.address} to {receiver.address} blackhole")
            self._cuts.add((sender, receiver))

    def heal(self, sender, receiver):
        """Ends a cut."""
        if (sender, receiver) in self._cuts:
            _ip(self.router, f"rule delete from {sender.address} to {receiver.address} blackhole")
            self._cuts.remove((sender, receiver))
