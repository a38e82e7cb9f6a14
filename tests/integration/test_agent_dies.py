"""An agent that dies in mid-run: exit 3, and what was recorded is reported."""

import signal
import time
import unittest

import context  # noqa: F401
from support import squall


class AgentDies(squall.TestCase):
    def setUp(self):
        self.target = self.enterContext(squall.Target("--delay", "20ms"))

    def lose_first_of(self, agents):
        """A run that never ends by itself, and loses its first agent after 3 s."""
        with squall.Run("-n", "100000000", "-c", "30", self.target.url, agents=agents) as run:
            time.sleep(3)
            self.assertIsNone(run.exit_code, run.stderr)
            agents[0].signal(signal.SIGKILL)
            result = run.finish(timeout=20)
        self.check_exit(result, 3)
        self.check_consistent(result)
        self.assertEqual(result.report["run"]["state"], "incomplete")
        self.assertIn("incomplete", result.stdout.lower())
        self.assertIn(agents[0].name, result.stdout)
        self.assertGreater(result.recorded, 0)
        self.assertLessEqual(result.recorded, self.target.stats()["requests"])
        return result

    def test_one_of_three(self):
        with squall.fleet(3) as agents:
            result = self.lose_first_of(agents)
            for agent in result.report["agents"]:
                self.assertGreater(agent["recorded"], 0, agent["name"])
            survivors = agents[1:]  # are free again
            self.check_complete(squall.run("-n", "100", self.target.url, agents=survivors), 100)

    def test_the_only_one(self):
        with squall.fleet(1) as agents:
            self.lose_first_of(agents)


if __name__ == "__main__":
    unittest.main()
