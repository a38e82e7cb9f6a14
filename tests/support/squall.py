"""squall itself: runs, agents and targets, and the checks that hold for every result."""

import contextlib
import http.client
import json
import os
import re
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

from support.processes import Process

_ROOT = Path(__file__).resolve().parents[2]


def _built(variable, *places):
    """A program of the build: from the environment, as ctest gives it, or where builds put it."""
    if path := os.environ.get(variable):
        return path
    candidates = [_ROOT / build / place for build in ("build", "build-dev") for place in places]
    return next((path for path in candidates if path.exists()), candidates[0])


SQUALL = _built("SQUALL", "squall")
FAKE_AGENT = _built("SQUALL_FAKE_AGENT", "tests/integration/fake_agent")


def _any_port(host):
    return f"{host.address if host else '127.0.0.1'}:0"


# What a run with --listen says on standard error.
LISTENING = re.compile(r"listening on (\S+)")


# What answers with a status of a success fail by.
CHECKS = {f"{what} not as expected" for what in ("header", "size", "body", "JSON")} | {
    "script error in response()"}


@dataclass
class Result:
    """What a finished `squall run` left behind."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    report: dict | None  # the JSON result; None if it wrote none

    @property
    def recorded(self):
        return self.report["totals"]["recorded"]

    @property
    def status_codes(self):
        return {int(status): count for status, count in self.report["status_codes"].items()}

    @property
    def errors(self):
        return {error["kind"]: error["count"] for error in self.report["errors"]}


class Run(Process):
    """A `squall run` under way."""

    def __init__(self, *arguments, agents=(), json=True, **options):
        super().__init__(SQUALL, "run", **options)
        self._json = self.folder / "result.json"
        if agents:
            self.command += ["--agents", ",".join(agent.address for agent in agents)]
        if self.host and "--listen" in arguments and "--tls" not in arguments:
            self.command.append("--insecure-fleet")  # a network of the test's own
        if json:
            self.command += ["--json", str(self._json)]
        self.command += map(str, arguments)

    def started(self):
        self._start = time.monotonic()

    def finish(self, timeout=300):
        exit_code = self.wait(timeout)
        report = json.loads(self._json.read_text()) if self._json.exists() else None
        return Result(exit_code, self.stdout, self.stderr, time.monotonic() - self._start, report)


def run(*arguments, timeout=300, **options):
    """Runs `squall run` to its end."""
    with Run(*arguments, **options) as process:
        return process.finish(timeout)


class Agent(Process):
    """A `squall agent` that listens, unless it is to join a controller (host:port)."""

    def __init__(self, name="agent", *arguments, listen=None, join=None, host=None, **options):
        where = ("--join", join) if join else ("--listen", listen or _any_port(host))
        named = ("--name", name) if name else ()
        super().__init__(SQUALL, "agent", *where, *named, *arguments, host=host, **options)
        if host and "--tls" not in arguments:
            self.command.append("--insecure")  # a network of the test's own
        self.name = name
        self._joins = join is not None

    def started(self):
        if not self._joins:
            self.address = self.expect(r"listening on (\S+)")[1]


@contextlib.contextmanager
def fleet(count, **options):
    """Agents agent-1, agent-2, …"""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Agent(f"agent-{i + 1}", **options)) for i in range(count)]


class FakeAgent(Process):
    """An agent that misbehaves (fake_agent.cc)."""

    def __init__(self, mode):
        super().__init__(FAKE_AGENT, "--mode", mode)

    def started(self):
        self.address = self.expect(r"listening on (\S+)")[1]


class Target(Process):
    """A `squall target`."""

    def __init__(self, *arguments, host=None, **options):
        super().__init__(SQUALL, "target", "--listen", _any_port(host), *arguments, host=host,
                         **options)

    def started(self):
        self.url = self.expect(r"listening on (http://\S+)")[1]

    def _request(self, method):
        address = self.url.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=10)
        if self.host:
            connection.sock = self.host.socket()
            connection.sock.settimeout(10)
            connection.sock.connect((connection.host, connection.port))
        with contextlib.closing(connection):
            connection.request(method, "/__stats")
            response = connection.getresponse()
            return response.status, response.read()

    def stats(self):
        """Its own counts: requests, peak_in_flight, connections, clients. What it has counted is
        then in the file of its --log."""
        return json.loads(self._request("GET")[1])

    def clear(self):
        status, body = self._request("DELETE")
        if status >= 300:
            raise AssertionError(f"DELETE /__stats: {status} {body!r}")


class TestCase(unittest.TestCase):
    """With the checks that hold for every result."""

    maxDiff = 4000

    def check_exit(self, result, exit_code):
        self.assertEqual(result.exit_code, exit_code,
                         f"\n--- stdout\n{result.stdout}\n--- stderr\n{result.stderr}")

    def check_told(self, result, words):
        """Refused: exit 2, a message with these words and nothing else."""
        self.check_exit(result, 2)
        self.assertRegex(result.stderr, r"(?m)^squall: ")
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertLess(len(result.stderr.splitlines()), 6, result.stderr)

    def check_consistent(self, result):
        """Every figure of a report that follows from others does so."""
        self.assertIsNotNone(result.report, result.stderr)
        report, totals = result.report, result.report["totals"]
        self.assertEqual(totals["recorded"], totals["succeeded"] + totals["failed"])
        for key in ("recorded", "succeeded", "failed"):
            self.assertEqual(totals[key], sum(agent[key] for agent in report["agents"]), key)
        for key, count in (("success", "succeeded"), ("failure", "failed")):
            self.assertEqual(report["latency"][key]["service"]["count"], totals[count], key)
        statuses, errors = result.status_codes, result.errors
        # Whole responses that are failures.
        answered = sum(count for kind, count in errors.items()
                       if kind.startswith("status ") or kind in CHECKS)
        self.assertEqual(totals["succeeded"], sum(statuses.values()) - answered)
        self.assertEqual(totals["failed"], sum(errors.values()))
        if report["requests"] is None:
            self.check_statuses(statuses, errors, report["plan"]["checks"])
        else:
            self.check_requests(report)

    def check_statuses(self, statuses, errors, checks):
        expected = (checks and checks["statuses"]) or [[200, 399]]
        for status, count in statuses.items():
            success = any(first <= status <= last for first, last in expected)
            self.assertEqual(errors.get(f"status {status}", 0), 0 if success else count)

    def check_requests(self, report):
        """Named requests sum to the totals."""
        requests, mix = report["requests"], report["plan"]["mix"]
        self.assertEqual([(request["name"], request["weight"]) for request in requests],
                         [(plan["name"], plan["weight"]) for plan in mix])
        for key in ("recorded", "succeeded", "failed", "bytes_received", "bytes_sent",
                    "connections", "resent"):
            self.assertEqual(report["totals"][key], sum(request[key] for request in requests), key)
        for request, plan in zip(requests, mix):
            for key, count in (("success", "succeeded"), ("failure", "failed")):
                self.assertEqual(request["latency"][key]["service"]["count"], request[count], key)
            self.check_statuses(
                {int(status): count for status, count in request["status_codes"].items()},
                {error["kind"]: error["count"] for error in request["errors"]}, plan["checks"])

    def check_complete(self, result, requests):
        """As many as were asked, all of them recorded."""
        self.check_exit(result, 0)
        self.check_consistent(result)
        self.assertEqual(result.report["run"]["state"], "complete")
        self.assertEqual(result.report["totals"]["planned"], requests)
        self.assertEqual(result.recorded, requests)
