"""What a fleet costs its controller: a real run with simulated agents, which send no requests."""

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
_CONNECTIONS = 10  # of each agent
_PER_SECOND = 1000  # requests that each claims


@dataclass(frozen=True)
class Case:
    agents: int
    cpu: float  # of a core, at most
    megabytes: int  # resident, at most

    @property
    def name(self):
        return f"fleet-{self.agents}"


CASES = [Case(100, 0.05, 60), Case(1000, 0.15, 150), Case(5000, 0.60, 500)]


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


def take_turn(case):
    """One run: its figures, and what went wrong in it."""
    controller = f"127.0.0.1:{free_port()}"
    seconds = _SETTLE + _WINDOW + _REST
    with Run("--listen", controller, "--expect", case.agents, "--wait", f"{_JOIN}s",
             "-z", f"{seconds}s", "-c", _CONNECTIONS * case.agents, "--quiet",
             "http://127.0.0.1:9/") as run, \
            machine.on_client_core(_Agents(case.agents, controller)) as agents:
        agents.after(lambda figures: figures["snapshots"] > 0, _JOIN, "the start")
        time.sleep(_SETTLE)
        window, before = machine.Window(agents.pid, run.pid), agents.figures()
        time.sleep(_WINDOW)
        use, after = window.close(), agents.figures()
        resident = machine.resident_bytes(run.pid)
        peak = machine.peak_bytes(run.pid)
        result = run.finish(seconds + 60)
        agents.wait(60)
        last = agents.figures()
    elapsed = (after["ns"] - before["ns"]) / 1e9

    def per_second(key):
        return (after[key] - before[key]) / elapsed

    events = [event["kind"] for event in result.report["events"]] if result.report else []
    return {"agents": case.agents, "cpu_share": use.target_cpu_share, "resident_bytes": resident,
            "peak_bytes": peak, "snapshots_per_second": per_second("acknowledged"),
            "bytes_per_agent_second": per_second("snapshot_bytes") / case.agents,
            "acknowledged_p50_ms": last["acknowledged_p50_ms"],
            "acknowledged_p99_ms": last["acknowledged_p99_ms"],
            "simulation_cpu_share": use.cpu_share,
            "against": _objections(case, result, last, agents.exit_code, events)}


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
    rows = [["", "CPU of a core", "resident MB", "peak MB", "snapshots/s", "B/agent/s",
             "acknowledged p50 ms", "p99 ms"],
            [f"{case.agents} agents", f"{turn['cpu_share']:.1%}",
             f"{turn['resident_bytes'] / 1e6:.0f}", f"{turn['peak_bytes'] / 1e6:.0f}",
             f"{turn['snapshots_per_second']:,.0f}", f"{turn['bytes_per_agent_second']:,.0f}",
             f"{turn['acknowledged_p50_ms']:.2f}", f"{turn['acknowledged_p99_ms']:.2f}"],
            ["goal", f"{case.cpu:.0%}", f"{case.megabytes}"] + [""] * 5]
    lines = [f"== {case.name}: the controller of simulated agents, {_PER_SECOND} requests/s each",
             table(rows)]
    return "\n".join(lines + [f"failed: {each}" for each in turn["against"]]) + "\n"
