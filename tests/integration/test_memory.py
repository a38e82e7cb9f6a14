"""However long a run is, neither agent nor controller needs more memory for it."""

import tempfile
import time
import unittest

import context  # noqa: F401
from support import squall

# What histograms take for values that were not seen before, and the allocator's slack.
SLACK = 2 << 20


class Memory(squall.TestCase):
    def check_flat(self, *flags):
        with squall.Target() as target, squall.fleet(1) as agents:
            with squall.Run("-z", "9s", *flags, "-u", target.url, agents=agents) as run:
                time.sleep(3)
                before = [process.resident_bytes for process in (agents[0], run)]
                time.sleep(5)
                after = [process.resident_bytes for process in (agents[0], run)]
                result = run.finish()
        self.check_exit(result, 0)
        self.check_consistent(result)
        self.assertGreater(result.recorded, 10_000)
        for name, early, late in zip(("agent", "controller"), before, after, strict=True):
            with self.subTest(name):
                self.assertLess(late - early, SLACK)

    def test_one_url(self):
        self.check_flat("-c", 50)

    def test_a_list_and_a_rate(self):
        with tempfile.NamedTemporaryFile("w") as urls:
            urls.writelines(f"/item/{i}\n" for i in range(10_000))
            urls.flush()
            self.check_flat("--urls", urls.name, "-q", 5000, "--arrivals", "poisson")


if __name__ == "__main__":
    unittest.main()
