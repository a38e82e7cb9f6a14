"""n asked is n recorded, by an nginx's own log."""

import os
import unittest

import context  # noqa: F401
from support import squall
from support.nginx import Nginx
from support.processes import SCALE

ROUNDS = int(os.environ.get("SQUALL_TEST_ROUNDS", "10"))
REQUESTS = 100_003 // SCALE
CONCURRENCY = 97


class ExactTotal(squall.TestCase):
    def setUp(self):
        self.agents = self.enterContext(squall.fleet(3))

    def test_every_round(self):
        for number in range(ROUNDS):
            with self.subTest(round=number), Nginx() as nginx:
                result = squall.run("-n", REQUESTS, "-c", CONCURRENCY, nginx.url + "/",
                                    agents=self.agents)
                self.check_complete(result, REQUESTS)
                self.assertEqual(len(nginx.finish()), REQUESTS)
                self.assertEqual(result.status_codes, {200: REQUESTS})
                for agent in result.report["agents"]:
                    self.assertGreater(agent["recorded"], 0, agent["name"])

    def test_statuses_are_those_of_the_log(self):
        with Nginx() as nginx:
            urls = nginx.folder / "urls"
            urls.write_text("/\n/moved\n/\n/missing\n/\n/broken\n/broken\n")
            result = squall.run("-n", REQUESTS, "-c", CONCURRENCY, "--urls", urls,
                                "--order", "random", nginx.url, agents=self.agents)
            self.check_complete(result, REQUESTS)
            log = nginx.finish().count("status")
        self.assertEqual(set(log), {"200", "302", "404", "500"})
        self.assertEqual(result.report["status_codes"], dict(log))
        self.assertEqual(result.errors, {"status 404": log["404"], "status 500": log["500"]})


if __name__ == "__main__":
    unittest.main()
