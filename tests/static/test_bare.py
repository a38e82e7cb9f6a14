"""The static file where nothing else is: a folder with itself, resolv.conf and a CA bundle, as chroot."""

import os
import re
import subprocess
import unittest

import context  # noqa: F401
from support import network, squall, static_file
from support.name_server import NameServer
from support.network import Network
from support.nginx import Nginx
from support.static_file import AMD64, UNSTRIPPED, Bare

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
# Those of this machine's own environment would lead elsewhere.
NO_AUTHORITIES = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": ""}
TRANSPORTS = (("http1",), ("curl",), ("curl", "--http2"))


def setUpModule():
    static_file.skip_without(AMD64)
    network.skip_without()
    if os.geteuid() != 0:
        static_file.skip("chroot is for root")


class File(unittest.TestCase):
    def test_is_not_dynamic(self):
        told = subprocess.run(["ldd", AMD64], capture_output=True, text=True, timeout=30)
        self.assertRegex(told.stdout + told.stderr, "not a dynamic executable|statically linked")
        headers = subprocess.run(["readelf", "--program-headers", "--dynamic", AMD64],
                                 capture_output=True, text=True, check=True, timeout=30).stdout
        self.assertNotIn("INTERP", headers)
        self.assertNotIn("(NEEDED)", headers)

    def test_has_nothing_that_loads_plug_ins(self):
        if not UNSTRIPPED.exists():
            self.skipTest(f"there is no {UNSTRIPPED}")
        symbols = subprocess.run(["nm", UNSTRIPPED], capture_output=True, text=True, check=True,
                                 timeout=60).stdout
        self.assertIn(" T getaddrinfo", symbols)
        self.assertEqual(re.findall(r"__nss_(?:lookup|module|database)\w*", symbols), [])

    def test_is_small(self):
        self.assertLessEqual(AMD64.stat().st_size, 25_000_000)


class Fleet(squall.TestCase):
    """A controller, two agents and a server, each on a host of its own."""

    def setUp(self):
        self.network = self.enterContext(Network("controller", "one", "two", "server"))
        self.server = self.network["server"]
        self.names = self.enterContext(NameServer(self.server, {
            "one.example": [self.network["one"].address],
            "two.example": [self.network["two"].address],
            "web.example": [self.server.address],
        }))
        # Silence would be waited for as long as is usual otherwise.
        self.files = {"/etc/resolv.conf": f"nameserver {self.names.address}\n"
                                          "options timeout:1 attempts:2\n"}

    def bare(self, host, **more):
        return self.enterContext(Bare(self.network[host], {**self.files, **more}))

    def start_agents(self):
        return [self.enterContext(squall.Agent(name, host=self.bare(name), env=NO_AUTHORITIES))
                for name in ("one", "two")]

    def start_target(self):
        return self.enterContext(squall.Target(host=self.bare("server")))

    def test_by_address(self):
        target, agents = self.start_target(), self.start_agents()
        result = self.bare("controller").run(target.url, "-n", 2000, "-c", 8, agents=agents)
        self.check_complete(result, 2000)
        self.assertEqual(result.status_codes, {200: 2000})
        self.assertEqual(target.stats()["requests"], 2000)
        self.assertEqual(sum(self.names.asked.values()), 0)

    def test_a_script_and_its_errors(self):
        target, agents = self.start_target(), self.start_agents()
        script = """
            function request(n)
              if n % 10 == 3 then error("no three") end
              assert(not pcall(error, "caught"))
              return wrk.format(nil, "/" .. n)
            end"""
        result = self.bare("controller", **{"/a.lua": script}).run(
            "-s", "/a.lua", target.url, "-n", 1000, "-c", 8, agents=agents)
        self.check_exit(result, 0)
        self.assertEqual(result.errors, {"script error": 100})
        self.assertEqual(target.stats()["requests"], 900)

    def test_by_name(self):
        target, agents = self.start_target(), self.start_agents()
        named = ",".join(f"{agent.name}.example:{agent.address.rpartition(':')[2]}"
                         for agent in agents)
        url = f"http://web.example:{target.url.rpartition(':')[2]}"
        controller = self.bare("controller")
        for transport in TRANSPORTS[:2]:
            with self.subTest(transport=transport):
                target.clear()
                self.names.asked.clear()
                result = controller.run("--agents", named, "-n", 2000, "-c", 8, "--transport",
                                        *transport, url)
                self.check_complete(result, 2000)
                self.assertEqual(target.stats()["requests"], 2000)
                self.assertEqual({name for name, count in self.names.asked.items() if count},
                                 {"one.example", "two.example", "web.example"})

    def test_listening_by_name(self):
        with squall.Agent("one", listen="one.example:0", host=self.bare("one")) as agent:
            self.assertRegex(agent.address, r"^one\.example:[1-9]")
            result = self.bare("controller").run(
                "--agents", agent.address, "-n", 10, self.start_target().url)
            self.check_complete(result, 10)

    def test_names_that_are_not(self):
        agents, controller = self.start_agents(), self.bare("controller")
        result = controller.run("--agents", "three.example:7400", "-n", 10, "http://web.example/")
        self.check_exit(result, 2)
        self.assertIn("its name has no address", result.stderr)
        result = controller.run("-n", 10, "http://three.example/", agents=agents)
        self.check_exit(result, 3)
        self.assertEqual(result.errors, {"name not resolved": 10}, result.stdout)

    def over_tls(self, path):
        """A run over TLS with each transport, each agent having the server's authority at `path`."""
        nginx = self.enterContext(Nginx("ssl http2", host=self.server, names=["web.example"]))
        self.files[path] = nginx.certificate.read_text()
        agents, controller = self.start_agents(), self.bare("controller")
        for transport in TRANSPORTS:
            for host in ("web.example", self.server.address):
                with self.subTest(transport=transport, host=host):
                    result = controller.run(f"https://{host}:{nginx.port}/", "-n", 400, "-c", 8,
                                            "--transport", *transport, agents=agents)
                    self.check_complete(result, 400)
                    self.assertEqual(result.status_codes, {200: 400})
        self.assertEqual(len(nginx.finish()), 400 * 2 * len(TRANSPORTS))

    def test_over_tls(self):
        self.over_tls(BUNDLE)

    def test_over_tls_as_on_fedora(self):
        self.over_tls("/etc/pki/tls/certs/ca-bundle.crt")

    def test_a_strange_authority(self):
        other = self.enterContext(Nginx("ssl", host=self.server))
        nginx = self.enterContext(Nginx("ssl", host=self.server))
        self.files[BUNDLE] = other.certificate.read_text()
        agents, controller = self.start_agents(), self.bare("controller")
        for transport in TRANSPORTS[:2]:
            with self.subTest(transport=transport):
                result = controller.run(nginx.url, "-n", 10, "--transport", *transport,
                                        agents=agents)
                self.check_exit(result, 3)
                self.assertEqual(result.errors, {"TLS failed": 10}, result.stdout)

    def test_no_authority_at_all(self):
        agents, controller = self.start_agents(), self.bare("controller")
        for transport in TRANSPORTS:
            with self.subTest(transport=transport):
                result = controller.run("https://web.example/", "-n", 10, "--transport",
                                        *transport, agents=agents)
                self.check_exit(result, 2)
                self.assertIn("no certificate authorities on this machine", result.stderr)
                self.assertIn("--cacert", result.stderr)

    def test_an_agent_of_its_own(self):
        target = self.start_target()
        controller = self.bare("server")
        result = controller.run(target.url, "-n", 100)
        self.check_exit(result, 2)
        self.assertIn("set TMPDIR", result.stderr)
        result = controller.run(target.url, "-n", 100, env={"TMPDIR": "/"})
        self.check_complete(result, 100)


if __name__ == "__main__":
    unittest.main()
