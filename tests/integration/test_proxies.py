"""No variable of the environment chooses a proxy; --proxy does."""

import unittest

import context  # noqa: F401
from support import squall
from support.nginx import Nginx
from support.proxy import RecordingProxy
from support.recording_server import RecordingServer

VARIABLES = ["http_proxy", "https_proxy", "all_proxy", "grpc_proxy",
             "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]


class Proxies(squall.TestCase):
    def setUp(self):
        self.proxy = self.enterContext(RecordingProxy())
        self.server = self.enterContext(RecordingServer())

    def test_environment_changes_nothing(self):
        # An empty no_proxy: otherwise the loopback might be excepted, and the test could not fail.
        environment = {**dict.fromkeys(VARIABLES, self.proxy.url), "no_proxy": "", "NO_PROXY": ""}
        with Nginx("ssl") as nginx, squall.fleet(2, env=environment) as agents:
            for url in (self.server.url, nginx.url):
                for named in (agents, []):
                    with self.subTest(url=url, agents=len(named)):
                        result = squall.run("-n", "20", "-k", url, agents=named, env=environment)
                        self.check_complete(result, 20)
                        self.assertEqual(result.status_codes, {200: 20})
        self.assertEqual(self.proxy.connections, 0)

    def test_flag_uses_it(self):
        url = self.server.url + "/path?query=1"
        with squall.fleet(2) as agents:
            result = squall.run("-n", "20", "--proxy", self.proxy.url, url, agents=agents)
        self.check_complete(result, 20)
        self.assertEqual(self.proxy.asked, [f"GET {url}"] * 20)
        self.assertEqual([request.target for request in self.server.requests],
                         ["/path?query=1"] * 20)

    def test_flag_tunnels_tls(self):
        with Nginx("ssl") as nginx:
            result = squall.run("-n", "20", "-c", "2", "-k", "--proxy", self.proxy.url, nginx.url)
            self.check_complete(result, 20)
            self.assertEqual(len(nginx.finish()), 20)
            self.assertEqual(set(self.proxy.asked), {f"CONNECT {nginx.address}"})


if __name__ == "__main__":
    unittest.main()
