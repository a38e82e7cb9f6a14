"""Arrival rates: what was asked, what came, and how late; beside a bare timer on the same core."""

import json
import statistics
import subprocess
import time
from dataclasses import dataclass

import machine
from clients import squall_help
from report import table
from servers import PROGRAMS, NullTarget, Rate
from support.processes import Process
from support.squall import Agent, Run

_START_UP = 0.5  # seconds that a client has before it is looked at


@dataclass(frozen=True)
class Case:
    """Requests a second, and over how many connections by a client that divides them itself."""

    rate: float
    connections: int

    @property
    def name(self):
        return f"rate-{self.rate:g}"


CASES = [Case(10000, 50), Case(333.3, 1)]


def _h2load(case, seconds):
    """--rps is for each of its connections."""
    with NullTarget() as server, machine.on_client_core(Process(
            "h2load", "--h1", "-t", 1, "-c", case.connections, "-D", int(seconds) + 60,
            f"--rps={case.rate / case.connections:g}", server.url)) as client:
        time.sleep(_START_UP)
        rate, window = Rate(server.requests), machine.Window(client.pid, server.worker)
        time.sleep(seconds)
        per_second, use = rate.per_second(), window.close()
        return {"per_second": per_second, "cpu_us": use.cpu_share / per_second * 1e6}


def _squall(case, seconds):
    """A whole run: its own report says how late it was."""
    with NullTarget() as server, machine.on_client_core(Agent("bench", "--threads", "1")) as agent:
        with Run("-q", f"{case.rate:g}", "-z", f"{seconds:g}s", "--quiet", server.url,
                 agents=[agent]) as run:
            result = run.finish(seconds + 60)
        if result.report is None:
            return {"failed": result.stderr[-300:]}
        lag = _find(result.report, "schedule_lag") or {}
        return {"per_second": result.recorded / seconds,
                **{key: lag.get(key) for key in ("p50_ns", "p99_ns", "max_ns")}}


def _bare_timer(case, seconds):
    command = ["taskset", "-c", str(machine.CLIENT_CORE), PROGRAMS / "bare_timer", f"{case.rate:g}",
               f"{seconds:g}"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True,
                                     timeout=seconds + 60).stdout)
    return {"per_second": said["count"] / seconds, **said}


def _find(report, key):
    """The first value of a key, at whatever depth."""
    if isinstance(report, dict):
        if key in report:
            return report[key]
        return next((found for value in report.values() if (found := _find(value, key))), None)
    return None


def take_rounds(case, rounds, seconds, say):
    """A list of turns: who, and what it showed. They alternate."""
    clients = {"bare timer": _bare_timer, "h2load": _h2load}
    if "-q," in squall_help():
        clients["squall"] = _squall
    else:
        print("not measured: squall run has no -q yet")
    turns = []
    for number in range(rounds):
        for name in clients if number % 2 == 0 else reversed(clients):
            turns.append({"client": name, "round": number, **clients[name](case, seconds)})
            say(f"{case.name} round {number + 1} {name}: {turns[-1]}")
    return turns


def case_text(case, turns):
    rows = [["", "asked/s", "came/s", "CPU us", "lag p50 us", "lag p99 us", "lag max us", "turns"]]
    for name in dict.fromkeys(turn["client"] for turn in turns):
        mine = [turn for turn in turns if turn["client"] == name]

        def median(key, scale, mine=mine):
            values = [turn[key] for turn in mine if turn.get(key) is not None]
            return f"{statistics.median(values) * scale:,.1f}" if values else "-"

        rows.append([name, f"{case.rate:,.1f}", median("per_second", 1), median("cpu_us", 1),
                     *(median(key, 1e-3) for key in ("p50_ns", "p99_ns", "max_ns")),
                     str(len(mine))])
    return f"== {case.name}: medians of {len(turns)} turns, alternated\n{table(rows)}\n"
