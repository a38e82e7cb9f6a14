"""What a fleet costs its controller: a real run with simulated agents, which send no requests, and
beside it a controller that does nothing but acknowledge (bare_controller)."""

import json
import time
from dataclasses import dataclass

import machine
from report import table
from servers import PROGRAMS
from support.nginx import free_port
from support.processes import Process, wait_until
from support.squall import Run

_JOIN = 120  # seconds that all agents have to join and to start
_SETTLE = 8  # seconds from the first snapshot to the window, when rates are known and grants even
_WINDOW = 17  # seconds
_REST = 5  # seconds of the run behind the window
_SECONDS = _SETTLE + _WINDOW + _REST
_CONNECTIONS = 10  # of each agent
_PER_SECOND = 1000  # requests that each claims


@dataclass(frozen=True)
class Case:
    agents: int
    cpu: float  # of a core, at most
    megabytes: int  # resident, at most
    bare_cpu: float | None = None  # what gRPC alone takes on the machine that `cpu` is of

    @property
    def name(self):
        return f"fleet-{self.agents}"


CASES = [Case(100, 0.05, 60), Case(1000, 0.15, 150, 0.054), Case(5000, 0.60, 500, 0.25)]


class _Agents(Process):
    """sim_agents, and the figures that it writes down each second."""

    def __init__(self, count, controller):
        super().__init__(PROGRAMS / "sim_agents", "--join", controller, "--count", count,
                         "--per-second", _PER_SECOND)

    def figures(self):
        lines = self.stdout.splitlines()
        return json.loads(lines[-1]) if lines else None

    def after(self, condition, timeout, what):
        """The first figures for which a condition holds."""
        def look():
            if self.exit_code is not None:
                raise AssertionError(f"sim_agents ended with {self.exit_code}: {self.stderr}")
            figures = self.figures()
            return figures if figures and condition(figures) else None
        return wait_until(look, timeout, what)


class _Bare(Process):
    """bare_controller: gRPC and the protocol's messages, and nothing else."""

    def __init__(self, case, controller):
        super().__init__(PROGRAMS / "bare_controller", "--listen", controller,
                         "--expect", case.agents, "--seconds", _SECONDS)


def _measure(run, agents):
    """What a controller takes in the middle of its run."""
    agents.after(lambda figures: figures["snapshots"] > 0, _JOIN, "the start")
    time.sleep(_SETTLE)
    window, before = machine.Window(agents.pid, run.pid), agents.figures()
    time.sleep(_WINDOW)
    use, after = window.close(), agents.figures()
    elapsed = (after["ns"] - before["ns"]) / 1e9

    def per_second(key):
        return (after[key] - before[key]) / elapsed

    return {"cpu_share": use.target_cpu_share, "simulation_cpu_share": use.cpu_share,
            "resident_bytes": machine.resident_bytes(run.pid),
            "peak_bytes": machine.peak_bytes(run.pid),
            "snapshots_per_second": per_second("acknowledged"),
            "bytes_per_agent_second": per_second("snapshot_bytes") / before["agents"]}


def _bare_turn(case):
    controller = f"127.0.0.1:{free_port()}"
    with _Bare(case, controller) as run, \
            machine.on_client_core(_Agents(case.agents, controller)) as agents:
        figures = _measure(run, agents)
        agents.wait(_SECONDS + 60)
        exit_code = run.wait(60)
    against = [] if exit_code == agents.exit_code == 0 else [
        f"bare_controller ended with {exit_code}, its agents with {agents.exit_code}"]
    return figures, against


def take_turn(case):
    """One run of either: their figures, and what went wrong in them."""
    bare, against = _bare_turn(case)
    controller = f"127.0.0.1:{free_port()}"
    with Run("--listen", controller, "--expect", case.agents, "--wait", f"{_JOIN}s",
             "-z", f"{_SECONDS}s", "-c", _CONNECTIONS * case.agents, "--quiet",
             "http://127.0.0.1:9/") as run, \
            machine.on_client_core(_Agents(case.agents, controller)) as agents:
        figures = _measure(run, agents)
        result = run.finish(_SECONDS + 60)
        agents.wait(60)
        last = agents.figures()
    events = [event["kind"] for event in result.report["events"]] if result.report else []
    return {"agents": case.agents, **figures, "bare": bare,
            "acknowledged_p50_ms": last["acknowledged_p50_ms"],
            "acknowledged_p99_ms": last["acknowledged_p99_ms"],
            "against": against + _objections(case, result, last, agents.exit_code, events)}


def _objections(case, result, last, agents_exit, events):
    against = []
    if result.exit_code != 0:
        against.append(f"squall run ended with {result.exit_code}: {result.stderr[-200:]}")
    if agents_exit != 0:
        against.append(f"sim_agents ended with {agents_exit}: {last['broken']} streams broke")
    if result.report and result.recorded != last["claimed"]:
        against.append(f"{result.recorded} recorded of {last['claimed']} that agents claimed")
    if events:
        against.append(f"{len(events)} events: {', '.join(sorted(set(events)))}")
    return against


def case_text(case, turn):
    bare = turn["bare"]
    rows = [["", "CPU of a core", "resident MB", "peak MB", "snapshots/s", "B/agent/s",
             "acknowledged p50 ms", "p99 ms"],
            [f"{case.agents} agents", *_of(turn), f"{turn['acknowledged_p50_ms']:.2f}",
             f"{turn['acknowledged_p99_ms']:.2f}"],
            ["gRPC alone", *_of(bare), "", ""],
            ["ratio", f"{turn['cpu_share'] / bare['cpu_share']:.2f}",
             f"{turn['resident_bytes'] / bare['resident_bytes']:.2f}"] + [""] * 5,
            ["goal", f"{case.cpu:.0%}", f"{case.megabytes}"] + [""] * 5]
    lines = [f"== {case.name}: the controller of simulated agents, {_PER_SECOND} requests/s each",
             table(rows)]
    if case.bare_cpu:
        lines.append(f"the goal is of a machine where gRPC alone takes {case.bare_cpu:.1%}: "
                     f"a ratio of {case.cpu / case.bare_cpu:.2f}")
    return "\n".join(lines + [f"failed: {each}" for each in turn["against"]]) + "\n"


def _of(figures):
    return [f"{figures['cpu_share']:.1%}", f"{figures['resident_bytes'] / 1e6:.0f}",
            f"{figures['peak_bytes'] / 1e6:.0f}", f"{figures['snapshots_per_second']:,.0f}",
            f"{figures['bytes_per_agent_second']:,.0f}"]
