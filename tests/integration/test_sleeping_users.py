"""What an agent holds for users that sleep, while others are active.

SQUALL_TEST_SLEEPERS says how many do, where 100,000 are too many for the machine."""

import os
import tempfile
import time
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.processes import wait_until

SLEEPERS = int(os.environ.get("SQUALL_TEST_SLEEPERS", "100000"))
ACTIVE = SLEEPERS // 50
MOST_BYTES = 8_000

# A sleeper keeps what it got; whoever is active goes on until the time is over.
_SCRIPT = """
local sleepers = %d
function user(u)
  local r = http.get("/login", {name = "login"})
  local token = r.status .. "-" .. u.id
  if u.id < sleepers then sleep(3600) end
  while true do
    sleep(0.5)
    http.get("/items?token=" .. token, {name = "item"})
  end
end
"""


class SleepingUsers(squall.TestCase):
    def test_memory(self):
        with (tempfile.TemporaryDirectory() as folder, squall.Target() as target,
              squall.fleet(1) as agents):
            script = Path(folder) / "sleep.lua"
            script.write_text(_SCRIPT % SLEEPERS)
            # So the agent has once been through all that a run needs.
            warm_up = squall.run("-s", script, "-z", "1s", "-c", 10, "--drain", "0s", target.url,
                                 agents=agents)
            self.check_exit(warm_up, 0)
            target.clear()
            before = agents[0].resident_bytes
            with squall.Run("-s", script, "-z", "600s", "-c", SLEEPERS + ACTIVE, "--drain", "0s",
                            target.url, agents=agents) as run:
                wait_until(lambda: target.stats()["requests"] >= SLEEPERS + 3 * ACTIVE, 120,
                           "all have begun, and the active go on")
                time.sleep(2)
                requests = target.stats()["requests"]
                time.sleep(2)
                rate = (target.stats()["requests"] - requests) / 2
                held = agents[0].resident_bytes - before
                run.signal(2)
                result = run.finish(timeout=120)
        each = held / SLEEPERS
        self.check_exit(result, 130)
        item = next(step for step in result.report["steps"] if step["name"] == "item")
        p99 = item["latency"]["success"]["service"]["p99_ns"] / 1e6
        print(f"{SLEEPERS} asleep and {ACTIVE} active: {each:.0f} bytes for each that sleeps, the "
              f"active ones' share in it; {rate:.0f} requests/s, p99 {p99:.1f} ms", flush=True)
        self.check_consistent(result)
        self.assertEqual(result.recorded, SLEEPERS + ACTIVE)
        self.assertEqual(result.errors, {"cut off": SLEEPERS + ACTIVE})
        self.assertGreater(rate, ACTIVE)  # each twice a second
        self.assertLessEqual(each, MOST_BYTES)


if __name__ == "__main__":
    unittest.main()
