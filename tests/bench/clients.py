"""The clients that are measured: squall's agent and its peers, each on the client's core."""

import contextlib
import shutil
import subprocess
from dataclasses import dataclass

import machine
from servers import PROGRAMS
from support.processes import Process
from support.squall import SQUALL, Agent, Run

# They are ended when they have been measured, long before this.
_SECONDS = 600


@dataclass
class Running:
    """A client under way."""

    pid: int  # of the process that is measured
    processes: list  # none of which may end
    idle_bytes: int | None = None  # most memory that it had before it had anything to do

    def trouble(self):
        """What went wrong; None if all is well."""
        for process in self.processes:
            if process.exit_code is not None:
                said = (process.stderr.strip() or process.stdout.strip())[-300:]
                return f"{process.command[-1]} ended with {process.exit_code}: {said}"
        return None


class Peer:
    """A program that is the client as a whole. `arguments` makes its command line, to which `-s`
    adds a script where it runs any."""

    def __init__(self, name, program, arguments, speaks_tls=True, runs_scripts=False):
        self.name = name
        self.speaks_tls = speaks_tls
        self.runs_scripts = runs_scripts
        self._program = program
        self._arguments = arguments

    def missing(self):
        return None if shutil.which(self._program) else f"{self._program} is not there"

    @contextlib.contextmanager
    def start(self, url, connections, script=None):
        command = [self._program, *_script(script), *self._arguments(url, connections)]
        with machine.on_client_core(Process(*command)) as process:
            yield Running(process.pid, [process])


class Squall:
    """An agent with one thread. Its controller has next to nothing to do: it runs on the target's
    core."""

    def __init__(self, transport):
        self.name = f"squall-{transport}"
        self.speaks_tls = True
        self.runs_scripts = transport == "http1"
        self._transport = transport

    def _flags(self):
        """The flags that choose the transport. A squall without them has curl alone."""
        if "--transport" in squall_help():
            return ["--transport", self._transport]
        return [] if self._transport == "curl" else None

    def missing(self):
        return "squall run has no --transport yet" if self._flags() is None else None

    @contextlib.contextmanager
    def start(self, url, connections, script=None):
        with machine.on_client_core(Agent("bench", "--threads", "1")) as agent:
            idle = machine.peak_bytes(agent.pid)
            with Run("-z", f"{_SECONDS}s", "-c", connections, "--quiet", "--insecure",
                     *self._flags(), *_script(script), url, agents=[agent], json=False) as run:
                yield Running(agent.pid, [agent, run], idle)
                run.signal(9)


def _script(path):
    return ["-s", str(path)] if path else []


def squall_help():
    return subprocess.run([SQUALL, "run", "--help"], capture_output=True, text=True, check=True,
                          timeout=20).stdout


def _port(url):
    return url.rstrip("/").rpartition(":")[2]


REFERENCE = "wrk"
BARE = "bare"

# In the order of a round, which every second one reverses: what is compared most is near wrk.
CLIENTS = [
    Peer("ab", "ab", lambda url, connections: [
        "-k", "-q", "-c", connections, "-t", _SECONDS, "-n", 50_000_000, url]),
    Peer("h2load", "h2load", lambda url, connections: [
        "--h1", "-t", 1, "-c", connections, "-D", _SECONDS, url]),
    Peer(BARE, PROGRAMS / "bare_client", lambda url, connections: [
        _port(url), connections, _SECONDS], speaks_tls=False),
    Squall("http1"),
    Peer(REFERENCE, "wrk", lambda url, connections: [
        "-t", 1, "-c", connections, "-d", f"{_SECONDS}s", url], runs_scripts=True),
    Squall("curl"),
]
