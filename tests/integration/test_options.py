"""Options as they arrive at the other end of the wire."""

import signal
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.nginx import Nginx, make_certificate
from support.processes import Process
from support.recording_server import RecordingServer


class Requests(squall.TestCase):
    def setUp(self):
        self.server = self.enterContext(RecordingServer())
        self.agents = self.enterContext(squall.fleet(1))

    def sent(self, *arguments):
        """The requests of a run of 3, which are alike."""
        del self.server.recorded[:]
        result = squall.run("-n", "3", self.server.url + "/p?q=1", *arguments, agents=self.agents)
        self.check_complete(result, 3)
        requests = self.server.requests
        self.assertEqual(len(requests), 3)
        for request in requests:
            self.assertEqual((request.method, request.target, request.headers, request.body),
                             (requests[0].method, requests[0].target, requests[0].headers,
                              requests[0].body))
        return requests[0]

    def test_plain(self):
        request = self.sent()
        self.assertEqual((request.method, request.target, request.body), ("GET", "/p?q=1", b""))
        self.assertEqual(sorted(name for name, _ in request.headers),
                         ["Accept", "Host", "User-Agent"])
        self.assertEqual(request.values("Host"), [self.server.address])
        self.assertIn("squall", request.values("User-Agent")[0])

    def test_method(self):
        for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
            with self.subTest(method):
                self.assertEqual(self.sent("-m", method).method, method)

    def test_headers(self):
        request = self.sent("-H", "X-One: 1", "-H", "X-Two: a", "-H", "X-Two: b",
                            "-H", "user-agent: me", "-H", "Host: elsewhere", "-H", "X-Empty:")
        self.assertEqual(request.values("X-One"), ["1"])
        self.assertEqual(request.values("X-Two"), ["a", "b"])
        self.assertEqual(request.values("X-Empty"), [""])
        self.assertEqual(request.values("User-Agent"), ["me"])
        self.assertEqual(request.values("Host"), ["elsewhere"])

    def test_body(self):
        request = self.sent("-d", "@not a file")
        self.assertEqual((request.method, request.body), ("POST", b"@not a file"))
        self.assertEqual(len(request.values("Content-Type")), 1)
        request = self.sent("-d", "{}", "-m", "PUT", "-H", "Content-Type: application/json")
        self.assertEqual((request.method, request.body), ("PUT", b"{}"))
        self.assertEqual(request.values("Content-Type"), ["application/json"])

    def test_body_from_a_file(self):
        body = bytes(range(256)) * 8192  # 2 MiB, zeros and line ends among them
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            request = self.sent("-D", file.name)
        self.assertTrue(request.body == body, f"{len(request.body)} bytes of {len(body)}")
        self.assertEqual(request.values("Expect"), [])
        self.assertEqual(request.values("Transfer-Encoding"), [])

    def test_empty_body(self):
        request = self.sent("-d", "")
        self.assertEqual((request.method, request.values("Content-Length")), ("POST", ["0"]))


class Connections(squall.TestCase):
    def test_kept_alive_or_not(self):
        with RecordingServer() as server, squall.fleet(3) as agents:
            for flags, connections in ([], 12), (["--no-keepalive"], 600):
                with self.subTest(flags):
                    server.connections = 0
                    result = squall.run("-n", "600", "-c", "12", "--no-probe", server.url, *flags,
                                        agents=agents)
                    self.check_complete(result, 600)
                    self.assertEqual(server.connections, connections)
                    self.assertEqual(sum(agent["connections"] for agent in
                                         result.report["agents"]), connections)

    def test_http2(self):
        for listen, flags in ("http2", []), ("ssl http2", ["-k"]):
            for streams, connections in (1, 20), (10, 2):
                with self.subTest(listen=listen, streams=streams), Nginx(listen) as nginx:
                    # One worker: each has whole connections of its own.
                    agent = self.enterContext(squall.Agent("agent", "--threads", "1"))
                    result = squall.run("-n", "500", "-c", "20", "--http2", "--streams", streams,
                                        nginx.url, *flags, agents=[agent])
                    self.check_complete(result, 500)
                    log = nginx.finish()
                    self.assertEqual(log.count("protocol"), {"HTTP/2.0": 500})
                    self.assertEqual(len(log.count("connection")), connections)

    def test_resent(self):
        """nginx ends HTTP/2 connections while requests are on their way to it."""
        for method, resends in ("GET", True), ("POST", False):
            with self.subTest(method):
                with Nginx("ssl http2", requests_a_connection=50) as nginx:
                    result = squall.run("-n", "3000", "-c", "20", "-m", method, "-k", "--http2",
                                        "--streams", "10", nginx.url)
                    log = nginx.finish()
                self.check_complete(result, 3000)
                totals = result.report["totals"]
                self.assertEqual(totals["succeeded"], len(log))
                failed = sum(error["count"] for error in result.report["errors"]
                             if error["kind"] == "closed before response")
                self.assertEqual(totals["failed"], failed)
                self.assertEqual(totals["resent"] > 0, resends)
                self.assertEqual(failed == 0, resends)
                self.assertEqual("Resent" in result.stdout, resends)

    def test_http2_is_not_talked_down(self):
        for listen in "", "ssl":
            with self.subTest(listen), Nginx(listen) as nginx:
                result = squall.run("-n", "10", "--http2", "-k", nginx.url)
                self.check_exit(result, 3)
                self.assertEqual(sum(result.errors.values()), 10)

    def test_certificates(self):
        with Nginx("ssl") as nginx:
            for flags in ["-k"], ["--cacert", nginx.certificate]:
                with self.subTest(flags):
                    self.check_complete(squall.run("-n", "10", nginx.url, *flags), 10)
            with self.subTest("not verified"):
                result = squall.run("-n", "10", nginx.url)
                self.check_exit(result, 3)
                self.assertEqual(result.errors, {"TLS failed": 10})
                self.assertIn("TLS", result.stdout.splitlines()[0])
            self.assertEqual(len(nginx.finish()), 20)

    def test_client_certificates(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        mine, key, other_key = folder / "mine.pem", folder / "key.pem", folder / "other-key.pem"
        make_certificate(folder / "other.pem", other_key)
        make_certificate(mine, key)
        with Nginx("ssl", clients=mine) as nginx:
            ask = ["-n", "10", "--cacert", nginx.certificate, nginx.url]
            result = squall.run(*ask, "--cert", mine, "--key", key)
            self.check_complete(result, 10)
            self.assertEqual(result.report["plan"]["transport"]["client_certificate_bytes"],
                             mine.stat().st_size)
            self.assertEqual(squall.run(*ask).status_codes, {400: 10})
            mismatch = squall.run(*ask, "--cert", mine, "--key", other_key)
            self.check_exit(mismatch, 2)
            self.assertIn("--key: the key is not that of the certificate", mismatch.stderr)
            self.assertEqual(nginx.finish().count("status"), {"200": 10, "400": 10})

    def test_follow(self):
        with Nginx() as nginx:
            for flags, status in ([], 302), (["--follow"], 200):
                with self.subTest(flags):
                    result = squall.run("-n", "10", nginx.url + "/moved", *flags)
                    self.check_complete(result, 10)
                    self.assertEqual(result.status_codes, {status: 10})
            self.assertEqual(nginx.finish().count("uri"), {"/moved": 20, "/": 10})


class Fleet(squall.TestCase):
    def test_unix_sockets(self):
        with tempfile.TemporaryDirectory() as folder, squall.Target() as target:
            paths = [Path(folder) / name for name in ("a.sock", "b.sock")]
            agents = [self.enterContext(squall.Agent(path.stem, listen=f"unix:{path}"))
                      for path in paths]
            result = squall.run("-n", "1000", target.url, agents=agents)
            self.check_complete(result, 1000)
            self.assertEqual([agent["name"] for agent in result.report["agents"]], ["a", "b"])

    def test_unix_socket_has_one_owner(self):
        with tempfile.TemporaryDirectory() as folder, squall.Target() as target:
            address = f"unix:{folder}/agent.sock"
            with squall.Agent("first", listen=address) as first:
                with Process(squall.SQUALL, "agent", "--listen", address) as second:
                    self.assertEqual(second.wait(20), 3, second.stderr)
                    self.assertIn("another agent listens there", second.stderr)
                self.check_complete(squall.run("-n", "10", target.url, agents=[first]), 10)
                first.signal(signal.SIGKILL)
                first.wait(20)
            with squall.Agent("third", listen=address) as third:  # over the file that is left
                self.check_complete(squall.run("-n", "10", target.url, agents=[third]), 10)

    def test_its_own_agent_under_an_odd_folder(self):
        with squall.Target() as target, tempfile.TemporaryDirectory(prefix="p%41 ü") as folder:
            result = squall.run("-n", "10", target.url, env={"TMPDIR": folder})
            self.check_complete(result, 10)

    def test_agents_from_a_file(self):
        with (squall.fleet(2) as agents, squall.Target() as target,
              tempfile.NamedTemporaryFile("w") as file):
            file.write(f"# our machines\n\n{agents[0].address}\n  {agents[1].address}  # new\n")
            file.flush()
            result = squall.run("-n", "1000", target.url, "--agents", f"@{file.name}")
            self.check_complete(result, 1000)
            self.assertEqual([agent["address"] for agent in result.report["agents"]],
                             [agent.address for agent in agents])

    def test_duration(self):
        with squall.fleet(3) as agents, squall.Target("--delay", "10ms") as target:
            result = squall.run("-z", "3s", "-c", "30", target.url, agents=agents)
            self.check_complete(result, result.recorded)
            self.assertGreater(result.report["run"]["elapsed_ns"], 2.9e9)
            self.assertLess(result.report["run"]["elapsed_ns"], 3.2e9)
            self.assertEqual(result.recorded, target.stats()["requests"])

    def test_less_concurrency_than_agents(self):
        with squall.fleet(3) as agents, squall.Target("--delay", "10ms") as target:
            result = squall.run("-n", "100", "-c", "2", target.url, agents=agents)
            self.check_complete(result, 100)
            self.assertEqual(target.stats()["peak_in_flight"], 2)
            idle = [agent for agent in result.report["agents"] if agent["recorded"] == 0]
            self.assertEqual(len(idle), 1)
            self.assertIn("2 of 3 agents", result.stdout)

    def test_concurrency_is_split_by_cores_and_sums(self):
        for concurrency in (3, 10, 97):
            with (self.subTest(concurrency), squall.fleet(3) as agents,
                  squall.Target("--delay", "100ms") as target):
                result = squall.run("-n", concurrency * 10, "-c", concurrency, target.url,
                                    agents=agents)
                self.check_complete(result, concurrency * 10)
                self.assertEqual(target.stats()["peak_in_flight"], concurrency)

    def test_more_connections_than_files(self):
        """Refused before the start: in mid-run it would look like a fault of the server."""
        with (squall.Target() as target,
              Process("sh", "-c", f"ulimit -n 256; exec {squall.SQUALL} run {target.url} "
                                  "-n 3000 -c 1000") as process):
            self.assertEqual(process.wait(20), 2)
            self.assertIn("may open 256 files", process.stderr)
            self.assertEqual(target.stats()["connections"], 0)

    def test_more_concurrency_than_requests(self):
        for requests in (1, 5):
            with (self.subTest(requests), squall.fleet(3) as agents,
                  squall.Target("--delay", "50ms") as target):
                result = squall.run("-n", requests, "-c", "50", target.url, agents=agents)
                self.check_complete(result, requests)
                self.assertEqual(target.stats()["peak_in_flight"], requests)

    def test_default_concurrency(self):
        with squall.fleet(2) as agents, squall.Target("--delay", "50ms") as target:
            result = squall.run("-n", "100", target.url, agents=agents)
            self.check_complete(result, 100)
            expected = sum(agent["host"]["cores"] + 1 for agent in result.report["agents"])
            self.assertEqual(target.stats()["peak_in_flight"], expected)


if __name__ == "__main__":
    unittest.main()
