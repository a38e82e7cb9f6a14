#!/usr/bin/env python3
"""Staged truths: bottlenecks that are made on purpose, and what squall's verdict says of them.

    python3 tests/fleet/staged.py [--rounds 5] [--seed 1] [--stages link,ports] [--json FILE]

Each stage draws its parameters, runs real processes on hosts of their own (network namespaces) and
compares verdict.limit and the agents named with what was staged. Prints a line for each run and the
confusion table; exit code 1 if less than 95 % are right, or the server was blamed for a client.
"""

import argparse
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import context  # noqa: F401
from support import network, squall
from support.network import Network
from support.processes import wait_until

LEAST_RIGHT = 0.95


@dataclass
class Staged:
    """What a stage was, and what is right to say of it."""

    parameters: str
    limits: tuple
    agent: str | None = None  # that is to be named
    report: dict = field(default_factory=dict)

    @property
    def limit(self):
        return self.report["verdict"]["limit"]

    @property
    def named(self):
        verdict = self.report["verdict"]
        return set(verdict["agents"]) | {outlier["agent"] for outlier in verdict["outliers"]}

    @property
    def right(self):
        agent_right = self.agent is None or self.named == {self.agent}
        return self.limit in self.limits and agent_right

    @property
    def blames_the_server(self):
        return self.agent is not None and self.limit == "server-limited"


class Stage:
    """Hosts for a controller, a target and some agents; a context manager."""

    def __init__(self, *agents):
        self._names = agents or ("agent",)
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        self.network = self._stack.enter_context(Network("controller", "target", *self._names))
        return self

    def __exit__(self, *_):
        self._stack.close()

    def enter(self, thing):
        return self._stack.enter_context(thing)

    def target(self, *arguments):
        return self.enter(squall.Target(*arguments, host=self.network["target"]))

    def agents(self, *arguments):
        return [self.enter(squall.Agent(name, *arguments, host=self.network[name]))
                for name in self._names]

    def start(self, target, agents, *arguments):
        return self.enter(squall.Run(target.url, "--quiet", *arguments, agents=agents,
                                     host=self.network["controller"]))

    def run(self, target, agents, *arguments):
        return self.finish(self.start(target, agents, *arguments))

    def list(self):
        """A list of URLs."""
        folder = self.enter(tempfile.TemporaryDirectory())
        path = Path(folder) / "urls.txt"
        path.write_text("/a\n/b\n/c\n")
        return path

    @staticmethod
    def finish(run):
        result = run.finish(60)
        if result.report is None:
            raise AssertionError(result.stdout + result.stderr)
        return result.report


@contextlib.contextmanager
def _busy(core, count):
    """Processes that use a core all the time."""
    spin = "import os\nos.sched_setaffinity(0, {%d})\nwhile True: pass" % core
    spinners = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(count)]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


@contextlib.contextmanager
def _stopped_for(pid, share, period):
    """A process that is stopped for a share of each period, as cpulimit does it."""
    over = threading.Event()

    def stop_and_go():
        while not over.is_set():
            os.kill(pid, signal.SIGSTOP)
            time.sleep(share * period)
            os.kill(pid, signal.SIGCONT)
            over.wait((1 - share) * period)
    thread = threading.Thread(target=stop_and_go)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def starved(draw):
    """A process that is as busy has the agent's only core, too."""
    spinners, connections = draw.randint(1, 3), draw.choice((16, 32, 64, 128))
    staged = Staged(f"{spinners} busy beside it, c={connections}", ("client-limited",), "agent")
    with Stage() as stage, _busy(1, spinners):
        target = stage.target()
        agents = stage.agents()
        os.sched_setaffinity(target.pid, {0})
        os.sched_setaffinity(agents[0].pid, {1})  # and the threads that it makes
        staged.report = stage.run(target, agents, "-z", "4s", "-c", connections)
    return staged


def stopped(draw):
    """The agent gets a part of the time, as by cpulimit."""
    share, connections = draw.uniform(0.4, 0.8), draw.choice((16, 32, 64))
    staged = Staged(f"stopped {share:.0%}, c={connections}", ("client-limited",), "agent")
    with Stage() as stage:
        target, agents = stage.target(), stage.agents()
        run = stage.start(target, agents, "-z", "4s", "-c", connections)
        time.sleep(0.3)
        with _stopped_for(agents[0].pid, share, 0.1):
            time.sleep(3.5)
        staged.report = stage.finish(run)
    return staged


def link(draw):
    """The agent's link is narrow."""
    bits = draw.choice((2, 5, 10, 20, 40)) * 1_000_000
    size = draw.choice((1_000, 5_000, 20_000, 100_000))
    connections = draw.choice((16, 32, 64))
    staged = Staged(f"{bits / 1e6:.0f} Mbit/s, {size} bytes, c={connections}", ("link-limited",),
                    "agent")
    with Stage() as stage:
        target, agents = stage.target("--body-bytes", size), stage.agents()
        stage.network["agent"].rate(bits)
        staged.report = stage.run(target, agents, "-z", "5s", "-c", connections)
    return staged


def uplink(draw):
    """The same, and bodies go up."""
    bits = draw.choice((2, 5, 10, 20)) * 1_000_000
    size, connections = draw.choice((5_000, 20_000, 50_000)), draw.choice((16, 32, 64))
    staged = Staged(f"{bits / 1e6:.0f} Mbit/s, {size} bytes up, c={connections}",
                    ("link-limited",), "agent")
    with Stage() as stage:
        target, agents = stage.target(), stage.agents()
        stage.network["agent"].rate(bits)
        staged.report = stage.run(target, agents, "-z", "5s", "-c", connections, "-d", "x" * size)
    return staged


def ports(draw):
    """Fewer local ports than connections; of a list, squall does not know that beforehand."""
    connections = draw.choice((32, 64, 128))
    count = round(connections * draw.uniform(0.2, 0.8))
    keep_alive = draw.choice(((), ("--no-keepalive",)))
    staged = Staged(f"{count} ports, c={connections} {' '.join(keep_alive)}", ("port-limited",),
                    "agent")
    with Stage() as stage:
        host = stage.network["agent"]
        host.run("sh", "-c",
                 f"echo 40000 {40000 + count - 1} > /proc/sys/net/ipv4/ip_local_port_range")
        target, agents = stage.target("--delay", "5ms"), stage.agents()
        run = squall.Run("-u", target.url, "--urls", stage.list(), "--quiet", "-z", "4s", "-c",
                         connections, *keep_alive, agents=agents, host=stage.network["controller"])
        staged.report = stage.finish(stage.enter(run))
    return staged


def files(draw):
    """The agent may open fewer files than it needs, from some time on."""
    connections = draw.choice((30, 60, 120))
    left = draw.randint(1, connections // 2)
    staged = Staged(f"{left} of {connections} connections", ("fd-limited",), "agent")
    with Stage() as stage:
        target, agents = stage.target("--delay", "5ms"), stage.agents()
        pid = agents[0].pid
        run = stage.start(target, agents, "-z", "5s", "-c", connections, "--no-keepalive")
        wait_until(lambda: target.stats()["requests"] > 0, 10, "requests")
        most = max(map(int, os.listdir(f"/proc/{pid}/fd"))) + 1
        limit = max(most - connections + left, 16)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, limit))
        staged.report = stage.finish(run)
    return staged


def files_at_a_rate(draw):
    """A slow server needs more connections at once than the agent may have files."""
    limit, rate = draw.randint(150, 250), draw.choice((1000, 2000))
    delay = draw.choice((400, 600))
    staged = Staged(f"{limit} files, {rate}/s, {delay} ms", ("fd-limited",), "agent")
    with Stage() as stage:
        target = stage.target("--delay", f"{delay}ms")
        host = stage.network["agent"]
        agent = squall.Agent("agent", host=host)
        agent.command = ["prlimit", f"--nofile={limit}:{limit}", "--", *agent.command]
        staged.report = stage.run(target, [stage.enter(agent)], "-z", "5s", "-q", rate)
    return staged


def slow_server(draw):
    """A server with few workers, each slow."""
    workers, delay = draw.randint(1, 4), draw.choice((5, 10, 20, 40))
    connections = draw.choice((32, 64, 128))
    staged = Staged(f"{workers} workers of {delay} ms, c={connections}", ("server-limited",))
    with Stage() as stage:
        target = stage.target("--workers", workers, "--delay", f"{delay}ms")
        staged.report = stage.run(target, stage.agents(), "-z", "5s", "-c", connections)
    return staged


def eight_workers(draw):
    """A server with 8 workers under c = 64."""
    delay = draw.choice((5, 10, 20, 40))
    jitter = draw.choice((0, delay // 2, delay))
    staged = Staged(f"8 workers of {delay} to {delay + jitter} ms, c=64", ("server-limited",))
    with Stage() as stage:
        target = stage.target("--workers", 8, "--delay", f"{delay}ms", "--jitter", f"{jitter}ms")
        staged.report = stage.run(target, stage.agents(), "-z", "5s", "-c", 64)
    return staged


def overloaded_server(draw):
    """A rate beyond what a server can do."""
    workers, delay = draw.randint(2, 8), draw.choice((10, 20))
    rate = round(workers * 1000 / delay * draw.uniform(1.3, 3))
    staged = Staged(f"{workers} workers of {delay} ms, {rate}/s", ("server-limited",))
    with Stage() as stage:
        target = stage.target("--workers", workers, "--delay", f"{delay}ms")
        staged.report = stage.run(target, stage.agents(), "-z", "6s", "-q", rate)
    return staged


def few_connections(draw):
    """Too small a -c: the server could do more at once."""
    delay, connections = draw.choice((2, 5, 20, 50)), draw.randint(1, 8)
    jitter = draw.choice((0, delay))
    staged = Staged(f"{delay} to {delay + jitter} ms, c={connections}", ("not limited",))
    with Stage() as stage:
        target = stage.target("--delay", f"{delay}ms", "--jitter", f"{jitter}ms")
        staged.report = stage.run(target, stage.agents(), "-z", "4s", "-c", connections)
    return staged


def schedule(draw):
    """Too small a -c for the rate."""
    delay, connections = draw.choice((10, 20, 50)), draw.randint(4, 32)
    rate = round(connections * 1000 / delay * draw.uniform(1.3, 3))
    staged = Staged(f"{delay} ms, c={connections}, {rate}/s", ("schedule-limited",))
    with Stage() as stage:
        target = stage.target("--delay", f"{delay}ms")
        staged.report = stage.run(target, stage.agents(), "-z", "5s", "-c", connections, "-q", rate)
    return staged


def kept_up(draw):
    """A rate that all can do."""
    delay, rate = draw.choice((2, 10, 50)), draw.choice((50, 200, 1000))
    staged = Staged(f"{delay} ms, {rate}/s", ("not limited",))
    with Stage() as stage:
        target = stage.target("--delay", f"{delay}ms", "--jitter", f"{delay}ms")
        staged.report = stage.run(target, stage.agents(), "-z", "6s", "-q", rate)
    return staged


def slow_path(draw):
    """One of five agents has a slow way to the server."""
    names = ("a", "b", "c", "d", "e")
    slow = draw.choice(names)
    bits, size = draw.choice((1, 2, 4)) * 1_000_000, draw.choice((2_000, 5_000, 10_000))
    staged = Staged(f"{slow}: {bits / 1e6:.0f} Mbit/s, {size} bytes",
                    ("link-limited", "not limited", "mixed"), slow)
    with Stage(*names) as stage:
        target = stage.target("--body-bytes", size, "--delay", "10ms")
        agents = stage.agents()
        stage.network[slow].rate(bits)
        staged.report = stage.run(target, agents, "-z", "5s", "-c", 40)
    return staged


STAGES = (starved, stopped, link, uplink, ports, files, files_at_a_rate, slow_server,
          eight_workers, overloaded_server, few_connections, schedule, kept_up, slow_path)


def play(stage, seed):
    return stage(random.Random(f"{stage.__name__} {seed}"))


def _table(all_staged):
    limits = sorted({staged.limit for _, staged in all_staged})
    width = max(len(stage.__name__) for stage, _ in all_staged) + 2
    print("\n" + " " * width + "  ".join(limits) + "  right")
    for stage in dict.fromkeys(stage for stage, _ in all_staged):
        of_stage = [staged for each, staged in all_staged if each is stage]
        counts = Counter(staged.limit for staged in of_stage)
        cells = "  ".join(f"{counts[limit] or '':>{len(limit)}}" for limit in limits)
        right = sum(staged.right for staged in of_stage)
        print(f"{stage.__name__:{width}}{cells}  {right}/{len(of_stage)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stages", default="")
    parser.add_argument("--json", help="every result goes there, a line each")
    options = parser.parse_args()
    if reason := network.why_not():
        sys.exit(reason)
    chosen = [stage for stage in STAGES
              if not options.stages or stage.__name__ in options.stages.split(",")]
    all_staged = []
    for number in range(options.rounds):
        for stage in chosen:
            staged = play(stage, options.seed * 1000 + number)
            all_staged.append((stage, staged))
            verdict = staged.report["verdict"]
            print(f"{'ok   ' if staged.right else 'WRONG'} {stage.__name__}: {staged.parameters}"
                  f" -> {verdict['limit']}: {verdict['summary']}"
                  + "".join(f"\n        {outlier}" for outlier in verdict["outliers"])
                  + ("" if staged.right else "".join(
                      f"\n        {entry['agent']}: {entry['text']}"
                      for entry in verdict["evidence"])), flush=True)
            if options.json:
                with open(options.json, "a", encoding="utf-8") as file:
                    file.write(json.dumps({"stage": stage.__name__, "seed": number,
                                           "parameters": staged.parameters,
                                           "right": staged.right, "report": staged.report}) + "\n")
    _table(all_staged)
    right = sum(staged.right for _, staged in all_staged)
    blamed = sum(staged.blames_the_server for _, staged in all_staged)
    print(f"\n{right} of {len(all_staged)} right; the server blamed for a client: {blamed}")
    sys.exit(right < LEAST_RIGHT * len(all_staged) or blamed > 0)


if __name__ == "__main__":
    main()
