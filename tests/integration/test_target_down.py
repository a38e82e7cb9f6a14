"""A target that is down: exit 3, the reason first."""

import unittest

import context  # noqa: F401
from support import squall
from support.nginx import closed_port

REQUESTS = 100


class TargetDown(squall.TestCase):
    def test_nobody_listens(self):
        url = f"http://127.0.0.1:{closed_port()}/"
        for agents in (0, 3):
            with self.subTest(agents=agents), squall.fleet(agents) as fleet:
                result = squall.run("-n", REQUESTS, url, agents=fleet)
                self.check_exit(result, 3)
                self.assertIn("refused", result.stdout.splitlines()[0])
                self.check_consistent(result)
                self.assertEqual(result.errors, {"connection refused": REQUESTS})


if __name__ == "__main__":
    unittest.main()
