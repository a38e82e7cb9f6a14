"""The service's files: what systemd and launchd themselves demand of them."""

import os
import plistlib
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy/systemd/squall-agent.service"
PLIST = ROOT / "deploy/launchd/squall.agent.plist"
MOST_EXPOSURE = 2.0

# launchd.plist(5): the keys that we use, and what their values are.
LAUNCHD_KEYS = {
    "Label": str, "ProgramArguments": list, "EnvironmentVariables": dict, "UserName": str,
    "Umask": int, "RunAtLoad": bool, "KeepAlive": bool, "ProcessType": str,
    "SoftResourceLimits": dict, "HardResourceLimits": dict, "StandardErrorPath": str,
}


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=False, timeout=60, **options)


def installed(manager):
    """The service's file as `squall agent install` would write it."""
    steps = run(squall.SQUALL, "agent", "install", "--dry-run", "--manager", manager).stdout
    name = {"systemd": "squall-agent.service", "launchd": "squall.agent.plist"}[manager]
    text = re.search(rf"^write \S*/{re.escape(name)} .*\n((?:    \|.*\n)*)", steps, re.MULTILINE)
    return re.sub(r"^    \| ?", "", text[1], flags=re.MULTILINE)


class Systemd(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="squall-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        # Its program and its manual page must be there.
        program = self.folder / "squall"
        program.symlink_to(squall.SQUALL)
        run(squall.SQUALL, "manual", "--all", self.folder / "man/man1")
        self.unit = self.folder / "squall-agent.service"
        self.unit.write_text(UNIT.read_text().replace("/usr/local/bin/squall", str(program)))

    def test_verify(self):
        def verify():
            return run("systemd-analyze", "verify", "--man=yes", self.unit,
                       env={**os.environ, "MANPATH": str(self.folder / "man")})
        result = verify()
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        # It does find what is wrong.
        self.unit.write_text(self.unit.read_text().replace(
            "[Service]", "[Service]\nProtectEverything=yes"))
        self.assertIn("ProtectEverything", verify().stderr)

    def test_exposure(self):
        def exposure():
            result = run("systemd-analyze", "security", "--offline=true",
                         f"--threshold={int(MOST_EXPOSURE * 10)}", self.unit)
            level = re.search(r"exposure level for \S+: ([\d.]+)", result.stdout)
            return float(level[1]), result.returncode
        level, exit_code = exposure()
        self.assertLessEqual(level, MOST_EXPOSURE)
        self.assertEqual(exit_code, 0)
        # And of one that is less careful.
        self.unit.write_text(self.unit.read_text().replace("CapabilityBoundingSet=\n", ""))
        level, exit_code = exposure()
        self.assertGreater(level, MOST_EXPOSURE)
        self.assertNotEqual(exit_code, 0)

    def test_install_writes_this_unit(self):
        self.assertEqual(installed("systemd"), UNIT.read_text())

    def test_what_agents_need_is_let_through(self):
        unit = UNIT.read_text()
        for line in ("Type=notify", "WatchdogSec=60", "MemoryDenyWriteExecute=no",
                     "DynamicUser=yes", "StateDirectory=squall", "LimitNOFILE=1048576",
                     "Restart=always"):
            self.assertRegex(unit, rf"(?m)^{line}$")


class Launchd(unittest.TestCase):
    def check(self, plist):
        """What launchd demands."""
        for key, value in plist.items():
            self.assertIn(key, LAUNCHD_KEYS)
            self.assertIsInstance(value, LAUNCHD_KEYS[key], key)
        self.assertRegex(plist["Label"], r"^[\w.-]+$")
        self.assertTrue(all(isinstance(word, str) for word in plist["ProgramArguments"]))
        for path in (plist["ProgramArguments"][0], plist["StandardErrorPath"]):
            self.assertTrue(path.startswith("/"), path)
        self.assertIn(plist["ProcessType"], {"Background", "Standard", "Adaptive", "Interactive"})

    def test_file(self):
        with open(PLIST, "rb") as file:
            plist = plistlib.load(file)
        self.check(plist)
        # launchd looks for a file of the label's name.
        self.assertEqual(PLIST.name, plist["Label"] + ".plist")
        # plutil -lint: the document type is there, and nothing behind the root element.
        text = PLIST.read_text()
        self.assertRegex(text,
                         r'\A<\?xml version="1.0" encoding="UTF-8"\?>\n<!DOCTYPE plist PUBLIC ')
        self.assertTrue(text.endswith("</plist>\n"))

    def test_its_arguments_are_those_of_systemd(self):
        with open(PLIST, "rb") as file:
            arguments = plistlib.load(file)["ProgramArguments"]
        self.assertIn(f"\nExecStart={' '.join(arguments)}\n", UNIT.read_text())

    def test_install_writes_this_file(self):
        self.assertEqual(installed("launchd"), PLIST.read_text())
        self.check(plistlib.loads(installed("launchd").encode()))

    def test_install_script(self):
        script = ROOT / "deploy/launchd/install.sh"
        self.assertEqual(run("sh", "-n", script).returncode, 0)
        result = run(script, "--dry-run", "--manager", "launchd", "--listen", "10.0.0.5:7400",
                     env={**os.environ, "SQUALL": str(squall.SQUALL)})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("launchctl bootstrap system /Library/LaunchDaemons/squall.agent.plist",
                      result.stdout)
        self.assertIn('listen: "10.0.0.5:7400"', result.stdout)


if __name__ == "__main__":
    unittest.main()
