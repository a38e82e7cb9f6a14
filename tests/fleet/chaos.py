"""Runs over fleets on which things go wrong at random, and what must hold for all of them.

    python3 tests/fleet/chaos.py --rounds 300 --divide 5 --seed 1

A round has a target, a controller and 3 to 5 agents on hosts of their own, some with other clocks,
and 1 to 3 faults (chaos_plan.py). Its claims are held against the target's own list of requests
(chaos_check.py). Everything that is drawn follows from seed and round: `--seed S --round K` repeats
one. All times are divided by --divide. Exit code 1 if anything did not hold."""

import argparse
import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from chaos_check import Happening, Line, Seen, breaches
from chaos_plan import CONTROLLER_PORT, draw_plan
from support import network, squall
from support.network import Network
from support.processes import wait_until

_SYNC = "/__sync"  # the path of a request by which the target's clock is read


def knows_faults():
    """Whether this squall can go on after a loss."""
    words = subprocess.run([squall.SQUALL, "run", "--help"], capture_output=True, text=True,
                           check=True, timeout=30).stdout
    return "--grace" in words


class Timeline:
    """When what was done. Thread-safe."""

    def __init__(self):
        self._zero = time.monotonic()
        self._events = []

    def begin(self):
        """Times count from now on."""
        self._zero = time.monotonic()

    @property
    def now(self):
        return time.monotonic() - self._zero

    def note(self, text):
        self._events.append((time.monotonic(), text))

    def __str__(self):
        return "\n".join(f"  {when - self._zero:8.3f} s  {text}" for when, text in self._events)


class Round:
    def __init__(self, plan, dry):
        self._plan = plan
        self._dry = dry
        self._timeline = Timeline()
        self._over = threading.Event()
        self._processes = {}
        self._happenings = []
        self._failures = []  # of the harness itself

    def run(self, folder):
        """Carries it out, with its files in a folder; returns what was seen and what does not
        hold."""
        plan = self._plan
        hosts = ["controller", "target", *plan.agents, *plan.late]
        with Network(*hosts) as self._network:
            self._addresses = {host.name: host.address for host in self._network.hosts}
            try:
                with contextlib.ExitStack() as self._stack:
                    seen, found = self._carry_out(folder)
            finally:
                (folder / "timeline").write_text(f"{self._timeline}\n")
        found += [f"still running at the end: {left}" for left in self._network.left_running]
        return seen, found + self._failures

    def _carry_out(self, folder):
        try:
            self._start(folder)
            scheduler = threading.Thread(target=self._apply_faults)
            scheduler.start()
            try:
                result = self._run.finish(self._plan.deadline)
                hangs = []
            except TimeoutError:
                result = None
                hangs = [f"hangs: no end within {self._plan.deadline:.1f} s"]
            self._timeline.note("the run ends")
            self._over.set()
            scheduler.join()
            stats = self._target.stats()
            seen = Seen(exit_code=result and result.exit_code, report=result and result.report,
                        lines=self._read_log(folder), target_requests=stats["requests"] - 1,
                        addresses=self._addresses, happenings=self._happenings)
            return seen, hangs or breaches(self._plan, seen)
        finally:
            self._over.set()
            self._end_processes(folder)

    def _end_processes(self, folder):
        for process in self._processes.values():
            process.signal(signal.SIGKILL)
        for name, process in self._processes.items():
            for path in process.folder.iterdir():
                shutil.copy(path, folder / f"{name}.{path.name}")

    def _clocks(self, name):
        steady, wall = self._plan.clocks[name]
        if network.why_no_clock_offset():
            steady = 0
        if network.WALL_CLOCK is None:
            wall = 0
        return {"host": self._network[name], "monotonic_offset": steady, "wall_offset": wall}

    def _enter(self, name, process):
        self._processes[name] = process  # first: its files tell why it does not start
        return self._stack.enter_context(process)

    @property
    def _controller(self):
        return f"{self._addresses['controller']}:{CONTROLLER_PORT}"

    def _start(self, folder):
        plan = self._plan
        self._target = self._enter("target", squall.Target(
            "--threads", "2", "--delay", f"{plan.delay_ms}ms", "--log", folder / "requests.log",
            host=self._network["target"]))
        dialled = [self._start_agent(name) for name in plan.agents] if plan.dialled else []
        words = []
        if not plan.dialled or plan.late:
            words += ["--listen", self._controller]
        if plan.late:
            words += ["--join-late"]
        if not plan.dialled:
            words += ["--expect", len(plan.agents), "--wait", "20s"]
        if plan.entries:
            urls = folder / "urls"
            urls.write_text("".join(f"/{i}\n" for i in range(plan.entries)))
            words += ["--urls", urls, "-u", self._target.url]
        else:
            words += [f"{self._target.url}/0"]
        self._run = self._enter("run", squall.Run(
            *plan.arguments(self._dry), *words, agents=dialled, **self._clocks("controller")))
        if not plan.dialled:
            for name in plan.agents:
                self._start_agent(name)

        def begun():
            return self._run.exit_code is not None or self._target.stats()["requests"]
        wait_until(begun, 30, "the run begins")
        self._timeline.begin()
        self._timeline.note("the first requests have come")
        self._read_target_clock()

    def _start_agent(self, name, join=False):
        join = self._controller if join or not self._plan.dialled else None
        return self._enter(name, squall.Agent(name, join=join, **self._clocks(name)))

    def _read_target_clock(self):
        """A request of ours in the target's log, for its times to be those of the timeline."""
        host = self._network["target"]
        with host.socket() as connection:
            address, port = self._target.url.removeprefix("http://").split(":")
            connection.connect((address, int(port)))
            connection.sendall(f"GET {_SYNC} HTTP/1.1\r\nHost: t\r\n\r\n".encode())
            self._synchronized = self._timeline.now
            connection.recv(1000)

    def _read_log(self, folder):
        """All lines but our own."""
        zero = None
        lines = []
        with open(folder / "requests.log", encoding="ascii") as log:
            for text in log:
                nanos, client, _, path, status = text.split()
                seconds = int(nanos) / 1e9
                if path == _SYNC:
                    zero = seconds - self._synchronized
                else:
                    lines.append(Line(seconds, client, path, int(status)))
        return [line._replace(seconds=line.seconds - zero) for line in lines]

    # What the scheduler's thread does. It lives until the run is over, and with it what it started.

    def _apply_faults(self):
        steps = []
        for fault in self._plan.faults:
            happening = Happening(fault, None)
            steps.append((fault.at, happening, True))
            if fault.length:
                steps.append((fault.at + fault.length, happening, False))
        for at, happening, begins in sorted(steps, key=lambda step: step[0]):
            if self._over.wait(max(0, at - self._timeline.now)):
                return
            try:
                self._step(happening, begins)
            except Exception as error:  # pylint: disable=broad-except
                self._failures.append(f"the harness failed: {happening.fault}: {error!r}")
        self._over.wait()

    def _step(self, happening, begins):
        """Silence is expected from when a fault has begun until before it ends."""
        fault = happening.fault
        if not begins:
            happening.ended = self._timeline.now
        self._timeline.note(f"{fault.kind} {fault.agent}: {'begins' if begins else 'ends'}")
        self._do(fault, begins)
        if begins:
            happening.begun = self._timeline.now
            self._happenings.append(happening)
        self._timeline.note("done")

    def _do(self, fault, begins):
        host, controller = self._network[fault.agent], self._network["controller"]
        between = self._network.cut if begins else self._network.heal
        if fault.kind == "join":
            self._start_agent(fault.agent, join=True)
        elif fault.kind == "kill":
            self._processes[fault.agent].signal(signal.SIGKILL)
        elif fault.kind == "stop":
            self._processes[fault.agent].signal(signal.SIGSTOP if begins else signal.SIGCONT)
        elif fault.kind == "link":
            (host.link_down if begins else host.link_up)()
        elif fault.kind == "slow":
            host.rate(fault.bits if begins else None)
        elif fault.kind == "cut-to":
            between(host, controller)
        elif fault.kind == "cut-from":
            between(controller, host)


def counts_of(report):
    """What the summary adds up."""
    kinds = [event["kind"] for event in report["events"]]
    return {**{kind: kinds.count(kind) for kind in ("lost", "resumed", "regranted", "joined")},
            "possibly_repeated": report["totals"]["possibly_repeated"]}


def play(plan, dry, folder, keep):
    """A round, with its line on standard output; returns whether all held, and its counts."""
    folder.mkdir()
    start = time.monotonic()
    try:
        seen, found = Round(plan, dry).run(folder)
    except (AssertionError, OSError, TimeoutError) as error:
        seen, found = None, [f"the harness failed: {error!r}"]
    counts = counts_of(seen.report) if seen and seen.report else {}
    recorded = seen.totals["recorded"] if counts else "nothing"
    print(f"round {plan.number:4}  {'BREACH' if found else 'ok':6} "
          f"{time.monotonic() - start:5.1f} s  {plan}; "
          f"{', '.join(map(str, plan.faults)) or 'no faults'}; recorded {recorded}, "
          f"target {len(seen.lines) if seen else '?'}, "
          f"{', '.join(f'{name} {count}' for name, count in counts.items())}", flush=True)
    if found:
        divide = f"--divide {plan.divide:g}" + (" --dry" if dry else "")
        print("\n".join(f"  * {breach}" for breach in found))
        print(f"  again: chaos.py --seed {plan.seed} --round {plan.number} {divide}\n"
              f"  {plan!r}\n  files: {folder}\n"
              f"{(folder / 'timeline').read_text() if (folder / 'timeline').exists() else ''}",
              flush=True)
    elif not keep:
        shutil.rmtree(folder)
    return not found, counts


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--divide", type=float, default=5, help="all times by so much")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--round", type=int, help="this one alone")
    parser.add_argument("--keep", action="store_true", help="the files of all rounds")
    parser.add_argument("--dry", action="store_true",
                        help="without faults: proves the harness, and needs no --grace of squall")
    flags = parser.parse_args(arguments)
    if reason := network.why_not():
        print(f"SKIPPED: {reason}", file=sys.stderr)
        return 0
    if not flags.dry and not knows_faults():
        print(f"{squall.SQUALL} knows no --grace: try --dry", file=sys.stderr)
        return 2

    folder = Path(tempfile.mkdtemp(prefix="squall-chaos-"))
    numbers = range(flags.rounds) if flags.round is None else [flags.round]
    sums, failed, done = Counter(), 0, 0
    with contextlib.suppress(KeyboardInterrupt):
        for number in numbers:
            plan = draw_plan(flags.seed, number, flags.divide, flags.dry)
            held, counts = play(plan, flags.dry, folder / f"round-{number}", flags.keep)
            failed += not held
            done += 1
            sums.update(counts)
    print(f"{done} rounds, {failed} breaches, "
          f"{', '.join(f'{name} {count}' for name, count in sums.items())}")
    if any(folder.iterdir()):
        print(f"files: {folder}")
    else:
        folder.rmdir()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
