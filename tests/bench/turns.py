"""One turn: one client against a server of its own for some seconds; and rounds of turns."""

import dataclasses
import time
from dataclasses import dataclass, field
from pathlib import Path

import machine
import syscalls
from clients import REFERENCE
from servers import Nginx, NullTarget, Rate
from support.processes import wait_until

_SCRIPTS = Path(__file__).resolve().parent / "scripts"
_ALL_OPEN = 60  # seconds that a client has to open all its connections
_SETTLE = 0.5  # seconds between that and the window, at most as many as that has
_CALLS = 0.5  # seconds for which system calls are counted, likewise
# More for each connection: what is under way at either end of a window is counted on one side and
# not yet on the other.
_LONGER = 1 / 5000

# A turn counts only if it was the client's core that set the pace.
CLIENT_BUSY = 0.95
TARGET_BUSY = 0.95
OTHERS = 0.05


@dataclass(frozen=True)
class Case:
    """What is asked of every client."""

    server: str  # of SERVERS
    connections: int
    script: str = ""  # one of scripts/ that makes the requests; empty: they are all the same

    @property
    def name(self):
        name = f"{self.server}-{self.connections}"
        return f"lua-{self.script}-{self.connections}" if self.script else name

    @property
    def script_path(self):
        return _SCRIPTS / f"{self.script}.lua" if self.script else None

    @property
    def tls(self):
        return self.server != "plain"

    @property
    def client_can_be_busy(self):
        """With one request in flight, client and target wait for each other in turns."""
        return self.connections > 1


# By name: how each is made, and what it is called.
SERVERS = {"plain": (NullTarget, "null target"),
           "tls": (lambda: NullTarget(tls=True), "null target with TLS"),
           "nginx": (Nginx, "nginx with TLS")}

CASES = [Case(server, connections) for server, all_connections in
         (("plain", (1, 50, 1000, 10000)), ("tls", (1, 50, 1000, 10000)), ("nginx", (50,)))
         for connections in all_connections]
CASES += [Case("plain", 50, script) for script in ("request", "answers")]


@dataclass
class Turn:
    """What one turn showed. It is valid if nothing speaks against it."""

    client: str
    round: int
    against: list = field(default_factory=list)  # why it is not valid
    figures: dict = field(default_factory=dict)  # by name; see _figures
    use: machine.Use | None = None

    @property
    def valid(self):
        return not self.against

    def as_json(self):
        return {**dataclasses.asdict(self), "valid": self.valid}


def take_turn(case, client, number, seconds):
    turn = Turn(client.name, number)
    try:
        with SERVERS[case.server][0]() as server, \
                client.start(server.url, case.connections, case.script_path) as running:
            _measure(turn, case, server, running, seconds)
    except (TimeoutError, AssertionError, OSError) as error:
        turn.against.append(f"failed: {str(error)[-300:]}")
    return turn


def _measure(turn, case, server, running, seconds):
    def all_open():
        return running.trouble() or server.connections() >= case.connections

    wait_until(all_open, _ALL_OPEN, f"{case.connections} connections, of which the server has "
               f"{server.connections()}")
    time.sleep(min(_SETTLE, seconds))
    longer = case.connections * _LONGER
    rate, window = Rate(server.requests), machine.Window(running.pid, server.worker)
    time.sleep(seconds + longer)
    turn.use, per_second = window.close(), rate.per_second()
    connections = server.connections()
    peak = machine.peak_bytes(running.pid)
    calls = syscalls.per_request(running.pid, min(_CALLS, seconds) + longer, server.requests)
    if trouble := running.trouble() or (per_second == 0 and "no requests came"):
        turn.against.append(f"failed: {trouble}")
        return
    cpu = turn.use.cpu_share / per_second * 1e6
    turn.figures = {
        "cpu_us": cpu, "user_us": cpu * turn.use.user_share,
        "system_us": cpu * (1 - turn.use.user_share),
        "target_cpu_us": turn.use.target_cpu_share / per_second * 1e6,
        "syscalls": calls,
        "requests_per_second": per_second, "target_busy": turn.use.target_core_busy,
        "peak_bytes": peak, "idle_bytes": running.idle_bytes}
    turn.against = objections(case, turn.use, connections)


def objections(case, use, connections):
    """Why a turn in which cores and connections were used like this is not valid."""
    against = []
    if case.client_can_be_busy and use.client_core_busy < CLIENT_BUSY:
        against.append(f"client's core only {use.client_core_busy:.0%} busy")
    if use.client_core_others > OTHERS:
        against.append(f"something else took {use.client_core_others:.0%} of the client's core")
    if use.target_core_busy >= TARGET_BUSY:
        against.append(f"target's core {use.target_core_busy:.0%} busy")
    if connections != case.connections:
        against.append(f"{connections} connections open instead of {case.connections}")
    return against


def valid_pairs(turns, name, reference):
    """(turn, reference's turn) of the rounds in which both are valid."""
    references = {turn.round: turn for turn in turns if turn.client == reference and turn.valid}
    return [(turn, references[turn.round]) for turn in turns
            if turn.client == name and turn.valid and turn.round in references]


def take_rounds(case, clients, options, say):
    """Rounds of a turn of each client, until each has as many valid pairs with the reference as are
    wanted, or there have been as many rounds as are allowed."""
    turns = []
    for number in range(options.rounds):
        lacking = {client.name for client in clients
                   if len(valid_pairs(turns, client.name, REFERENCE)) < options.pairs}
        if not lacking:
            break
        for client in clients if number % 2 == 0 else reversed(clients):
            if client.name in lacking | {REFERENCE}:
                turn = take_turn(case, client, number, options.seconds)
                turns.append(turn)
                say(f"{case.name} round {number + 1} {client.name}: "
                    + (f"{turn.figures['cpu_us']:.2f} us a request" if turn.figures else "nothing")
                    + "".join(f"; {objection}" for objection in turn.against))
    return turns
