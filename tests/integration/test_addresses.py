"""Where connections go and come from: names with several addresses, addresses to send from, sockets."""

import contextlib
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.recording_server import RecordingServer, RecordingUnixServer

# All of 127/8 is this machine's.
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
# Kept for documentation: no machine has it.
NOBODYS = "198.51.100.1"


class Addresses:
    """What holds for both transports, which say their names below."""

    transport = None

    def setUp(self):
        self.agents = self.enterContext(squall.fleet(3))

    @contextlib.contextmanager
    def servers(self, hosts=HOSTS):
        """One on each host, all with the same port."""
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(RecordingServer(hosts[0]))
            others = [stack.enter_context(RecordingServer(host, first.port)) for host in hosts[1:]]
            yield [first, *others]

    def run_over(self, port, requests, *arguments):
        return self.run_to(f"http://api.example:{port}/", "-n", requests, *arguments)

    def run_to(self, url, *arguments):
        # Servers count connections, and those of probes are none of requests.
        return squall.run(url, "--transport", self.transport, "--no-probe", *arguments,
                          agents=self.agents)

    def resolve(self, port, hosts=HOSTS):
        return "--resolve", f"api.example:{port}:{','.join(hosts)}"

    def test_connections_spread_evenly(self):
        with self.servers() as servers:
            port = servers[0].port
            result = self.run_over(port, 2000, "-c", 8, *self.resolve(port))
            self.check_complete(result, 2000)
            self.assertEqual(sorted(server.connections for server in servers), [2, 3, 3])
            self.assertEqual(
                {entry["address"]: (entry["connections"], entry["requests"])
                 for entry in result.report["addresses"]},
                {server.address: (server.connections, len(server.requests)) for server in servers})
            for server in servers:
                self.assertEqual({host for request in server.requests
                                  for host in request.values("Host")}, {f"api.example:{port}"})

    def test_without_keepalive_requests_spread_evenly(self):
        with self.servers() as servers:
            port = servers[0].port
            result = self.run_over(port, 90, "-c", 3, "--no-keepalive", *self.resolve(port))
            self.check_complete(result, 90)
            counts = [server.connections for server in servers]
            self.assertEqual(sum(counts), 90)
            self.assertLessEqual(max(counts) - min(counts), 3)  # one for each worker

    def test_an_address_that_refuses_is_passed_over(self):
        with self.servers((HOSTS[0], HOSTS[2])) as servers:
            port = servers[0].port
            result = self.run_over(port, 400, "-c", 9, *self.resolve(port))
            self.check_complete(result, 400)
            self.assertEqual(result.errors, {})
            self.assertEqual(sum(server.connections for server in servers), 9)
            self.assertTrue(all(server.connections >= 3 for server in servers))

    def test_an_address_that_refuses_alone(self):
        with self.servers() as servers:
            port = servers[0].port
        result = self.run_over(port, 20, "-c", 4, *self.resolve(port))
        self.check_exit(result, 3)
        self.check_consistent(result)
        self.assertEqual(result.errors, {"connection refused": 20})

    def test_a_name_without_addresses(self):
        result = self.run_to("http://no-such-host.invalid/", "-n", 20, "-c", 4)
        self.check_exit(result, 3)
        self.check_consistent(result)
        (error,) = result.report["errors"]
        self.assertEqual(error["count"], 20)
        self.assertIn("no-such-host.invalid", error["sample"])

    def test_a_name_of_the_system(self):
        with self.servers(HOSTS[:1]) as (server,):
            result = self.run_to(f"http://localhost:{server.port}/", "-n", 20, "-c", 4)
            self.check_complete(result, 20)

    def test_ipv6(self):
        with RecordingServer("::1") as server:
            result = self.run_to(f"http://[::1]:{server.port}/", "-n", 20, "-c", 4)
            self.check_complete(result, 20)
            self.assertEqual(server.connections, 4)
            self.assertEqual({host for request in server.requests
                              for host in request.values("Host")}, {f"[::1]:{server.port}"})

    def test_connect_to(self):
        with self.servers(HOSTS[:1]) as (server,):
            result = self.run_over(80, 20, "-c", 4,
                                   "--connect-to", f"api.example:80:127.0.0.1:{server.port}")
            self.check_complete(result, 20)
            self.assertEqual({host for request in server.requests
                              for host in request.values("Host")}, {"api.example"})

    def test_source_addresses(self):
        with self.servers() as servers:
            port = servers[0].port
            result = self.run_over(port, 400, "-c", 12, *self.resolve(port),
                                   "--source-address", "127.0.0.5,127.0.0.6")
            self.check_complete(result, 400)
            for server in servers:
                clients = {request.client for request in server.requests}
                self.assertEqual(Counter(host for host, _ in clients),
                                 {"127.0.0.5": 2, "127.0.0.6": 2})

    def test_source_addresses_that_are_nobodys(self):
        with self.servers(HOSTS[:1]) as (server,):
            for sources, reason in (
                    (NOBODYS, f"none of the source addresses is its own: {NOBODYS}"),
                    (f"127.0.0.5,{NOBODYS}", f"--source-address {NOBODYS}: no agent has this")):
                with self.subTest(sources):
                    result = self.run_to(server.url, "-n", 4, "--source-address", sources)
                    self.check_exit(result, 2)
                    self.assertIn(reason, result.stderr)
            self.assertEqual(server.connections, 0)

    def test_unix_socket(self):
        path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "app.sock"
        with RecordingUnixServer(path) as server:
            result = self.run_to("http://api.example/x", "-n", 20, "-c", 6,
                                 "--unix-socket", path)
            self.check_complete(result, 20)
            self.assertEqual(server.connections, 6)
            self.assertEqual({(request.target, *request.values("Host"))
                              for request in server.requests}, {("/x", "api.example")})


class Http1Addresses(Addresses, squall.TestCase):
    transport = "http1"


class CurlAddresses(Addresses, squall.TestCase):
    transport = "curl"


if __name__ == "__main__":
    unittest.main()
