#!/usr/bin/env python3
"""make bench: its programs count right, its statistics are what they say, and all of it runs."""

import context

import json
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

_BENCH = Path(context.__file__).resolve().parents[1] / "bench"
sys.path.insert(0, str(_BENCH))

from machine import Use
from report import case_text, median_interval
from servers import PROGRAMS, NullTarget
from support.nginx import free_port
from support.processes import Process, wait_until
from support.squall import Run
from turns import Case, Turn, objections, valid_pairs

_REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def _connect(target):
    port = int(target.url.rstrip("/").rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), 10)


def _run(program, *arguments):
    """A program's line of JSON."""
    command = [PROGRAMS / program, *map(str, arguments)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True,
                                     timeout=60).stdout)


class Programs(unittest.TestCase):
    def test_null_target_counts_requests_and_connections(self):
        with NullTarget() as target:
            connections = [_connect(target) for _ in range(3)]
            for _ in range(20):
                for connection in connections:
                    connection.sendall(_REQUEST)
                for connection in connections:
                    self.assertRegex(connection.recv(1000), rb"^HTTP/1.1 200 OK\r\n(?s:.*)ok$")
            self.assertEqual(target.requests(), 60)
            self.assertEqual(target.connections(), 3)
            for connection in connections:
                connection.close()
            wait_until(lambda: target.connections() == 0, 10, "no connection is open")

    def test_null_target_counts_requests_over_tls(self):
        context = ssl.create_default_context()
        with NullTarget(tls=True) as target:
            context.load_verify_locations(target.folder / "certificate.pem")
            with context.wrap_socket(_connect(target), server_hostname="127.0.0.1") as connection:
                for _ in range(20):
                    connection.sendall(_REQUEST)
                    self.assertRegex(connection.recv(1000), rb"^HTTP/1.1 200 OK\r\n(?s:.*)ok$")
                self.assertEqual(target.requests(), 20)

    def test_null_target_serves_nobody_who_sends_a_request_in_pieces(self):
        with NullTarget() as target, _connect(target) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(4):
                for piece in (_REQUEST[:9], _REQUEST[9:]):
                    connection.sendall(piece)
                    connection.recv(1000)  # an answer to half a request, as it cannot know better
            self.assertEqual(target.wait(10), 1)
            self.assertIn("4 requests came in 8 pieces", target.stderr)

    def test_bare_client_counts_as_the_target_does(self):
        connections = 20
        with NullTarget() as target:
            said = _run("bare_client", target.url.rstrip("/").rpartition(":")[2], connections, 0.3)
            # The others were still in flight, or are the first one, of which it learns the size.
            unseen = target.requests() - said["requests"]
        self.assertGreater(said["requests"], 0)
        self.assertGreaterEqual(unseen, 0)
        self.assertLessEqual(unseen, connections + 1)
        self.assertGreaterEqual(said["elapsed_ns"], 300_000_000)

    def test_bare_timer_fires_as_often_as_it_should(self):
        said = _run("bare_timer", 333.3, 0.5)
        self.assertEqual(said["count"], 166)
        self.assertLessEqual(said["p50_ns"], said["p99_ns"])
        self.assertLessEqual(said["p99_ns"], said["max_ns"])


class Statistics(unittest.TestCase):
    def test_median_interval_is_that_of_order_statistics(self):
        # How many values, and which of them bound the interval, as tables of the sign test have it.
        for count, expected in ((5, None), (6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (11, (2, 10)),
                                (12, (3, 10)), (20, (6, 15)), (25, (8, 18))):
            with self.subTest(count=count):
                self.assertEqual(median_interval(list(range(count, 0, -1))), expected)


    def test_a_turn_is_valid_only_if_the_client_set_the_pace(self):
        good = {"cpu_share": 0.97, "user_share": 0.1, "client_core_busy": 0.98,
                "client_core_others": 0.01, "target_cpu_share": 0.8, "target_core_busy": 0.85,
                "steal": 0.0}
        for name, connections, open_connections, change, expected in (
                ("good", 50, 50, {}, None),
                ("client idle", 50, 50, {"client_core_busy": 0.94}, "client's core only 94% busy"),
                ("one connection", 1, 1, {"client_core_busy": 0.5}, None),
                ("not alone", 50, 50, {"client_core_others": 0.06}, "something else took 6%"),
                ("target busy", 50, 50, {"target_core_busy": 0.95}, "target's core 95% busy"),
                ("target busy, one connection", 1, 1, {"target_core_busy": 0.95}, "target's core"),
                ("not all open", 50, 49, {}, "49 connections open instead of 50")):
            with self.subTest(name):
                against = objections(Case("plain", connections), Use(**{**good, **change}),
                                     open_connections)
                self.assertEqual(len(against), 0 if expected is None else 1, against)
                self.assertIn(expected or "", "".join(against))

    def test_ratios_are_of_valid_turns_of_the_same_round(self):
        turns = []
        for number in range(9):
            # The machine gets slower from round to round; the ratios do not change but for noise.
            reference = 8.0 + number
            for client, cpu in (("wrk", reference), ("bare", reference / 2),
                                ("ab", reference * (0.75 + 0.01 * (number % 3)))):
                turns.append(Turn(client, number, figures={
                    "cpu_us": cpu, "user_us": 1.0, "system_us": cpu - 1.0, "syscalls": None,
                    "requests_per_second": 1e6 / cpu, "target_cpu_us": 4.0, "target_busy": 0.5,
                    "peak_bytes": 5_000_000, "idle_bytes": None}))
        turns[2].against.append("target's core 99% busy")  # ab, round 1
        text = case_text(Case("plain", 50), turns, 9, {"ab": 4_000_000})
        self.assertEqual(len(valid_pairs(turns, "ab", "wrk")), 8)
        # Eight ratios, 0.75 twice and 0.76 and 0.77 three times each: the interval is all of them.
        self.assertRegex(text, r"(?m)^ab +0\.76 \[0\.75, 0\.77\] +- +1\.3\d \[.*8 of 9 +1\.52 \[")
        self.assertRegex(text, r"(?m)^bare +0\.50 \[0\.50, 0\.50\] .* 9 of 9 ")
        self.assertRegex(text, r"(?m)^ab +1\.00 .* 5\.0 +20,000 +4\.00 +50% +8 of 9$")
        self.assertIn("not valid: ab, round 1: target's core 99% busy", text)


class Fleet(unittest.TestCase):
    def test_what_simulated_agents_claim_is_what_a_run_records(self):
        for arguments in (["-z", "2s"], ["-n", "20000"], ["-q", "5000", "-z", "2s"],
                          ["-q", "333.3", "-n", "700", "--arrivals", "poisson"]):
            with self.subTest(arguments=arguments):
                controller = f"127.0.0.1:{free_port()}"
                with Run("--listen", controller, "--expect", 20, "-c", 40, "--quiet", *arguments,
                         "http://127.0.0.1:9/") as run, \
                        Process(PROGRAMS / "sim_agents", "--join", controller,
                                "--count", 20) as agents:
                    result = run.finish(60)
                    self.assertEqual(agents.wait(20), 0, agents.stderr)
                    self.assertEqual(result.exit_code, 0, result.stderr)
                    figures = json.loads(agents.stdout.splitlines()[-1])
                    self.assertEqual(result.recorded, figures["claimed"])
                    self.assertEqual(result.report["events"], [])


class Bench(unittest.TestCase):
    def test_a_quick_one_measures_every_client(self):
        with tempfile.TemporaryDirectory() as folder:
            result_file = Path(folder) / "bench.json"
            done = subprocess.run([sys.executable, _BENCH / "bench.py", "--quick",
                                   "--json", result_file],
                                  capture_output=True, text=True, timeout=280)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            result = json.loads(result_file.read_text())
        case = result["cases"][0]
        self.assertEqual(case["name"], "plain-50")
        for name in ("wrk", "bare", "squall-curl"):
            with self.subTest(client=name):
                medians = case["summary"][name]["medians"]
                self.assertGreater(medians["cpu_us"], 0)
                self.assertGreater(medians["requests_per_second"], 0)
                self.assertGreater(medians["peak_bytes"], 0)
                self.assertIn(f"\n{name} ", done.stdout)
        # Whatever was not valid is said so, in words.
        for turn in case["turns"]:
            for objection in turn["against"]:
                self.assertIn(objection, done.stdout)


if __name__ == "__main__":
    unittest.main()
