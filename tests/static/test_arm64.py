"""The arm64 file under qemu: runs over agents of their own and over named ones."""

import shutil
import unittest

import context  # noqa: F401
from support import squall, static_file
from support.static_file import ARM64, Emulated, EmulatedAlone


def setUpModule():
    static_file.skip_without(ARM64)
    if shutil.which("qemu-aarch64") is None:
        static_file.skip("there is no qemu-aarch64: deploy/install-deps.sh arm64")


class Arm64(squall.TestCase):
    def check_runs(self, machine, agents):
        target = self.enterContext(squall.Target(host=machine))
        for transport in ("http1", "curl"):
            with self.subTest(transport=transport):
                target.clear()
                result = squall.run(target.url, "-n", 500, "-c", 4, "--transport", transport,
                                    agents=agents, host=machine)
                self.check_complete(result, 500)
                self.assertEqual(result.status_codes, {200: 500})
                self.assertEqual(target.stats()["requests"], 500)

    def test_runs_over_agents(self):
        machine = EmulatedAlone()
        self.check_runs(machine, [self.enterContext(squall.Agent(name, host=machine))
                                  for name in ("one", "two")])

    def test_runs_by_itself(self):
        machine = Emulated()
        if reason := machine.why_not():
            self.skipTest(f"programs for arm64 cannot start others here: {reason}")
        self.check_runs(machine, [])

    def test_is_small(self):
        self.assertLessEqual(ARM64.stat().st_size, 25_000_000)


if __name__ == "__main__":
    unittest.main()
