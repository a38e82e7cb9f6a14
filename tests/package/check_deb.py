#!/usr/bin/env python3
"""A package in a Debian of its own: it is installed, used, upgraded, removed and purged.

    check_deb.py PACKAGE.deb        (as root; the bases are kept in build/packages)
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
import booted
from debian_root import Root, base, call, field
from sandbox import USER, Service
from support import squall
from support.manager import Manager
from support.processes import children, wait_until

CACHE = Path(__file__).resolve().parents[2] / "build/packages"
PACKAGE = Path(sys.argv[1] if len(sys.argv) > 1 else "").resolve()
UNIT = "/usr/lib/systemd/system/squall-agent.service"
CONFIG = "/etc/squall/agent.yaml"
SERVICE = "squall-agent.service"
WANTED = "/etc/systemd/system/multi-user.target.wants/squall-agent.service"
STATE = "/var/lib/private"  # systemd's own, for the states of all such services


def tree(pid):
    """A process and all below it."""
    return [pid, *(below for child in children(pid) for below in tree(child))]


def agent_below(pid):
    """The process id of the agent that the process has started, by whatever way."""
    return next(below for below in tree(pid)
                if Path(f"/proc/{below}/exe").readlink().name == "squall")


class Installed(squall.TestCase):
    """With the package in a Debian of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=CACHE, prefix="root-")
        self.addCleanup(folder.cleanup)
        self.root = Root.unpack(base(PACKAGE, CACHE), Path(folder.name))
        self.root.folder.chmod(0o755)
        self.before = self.root.snapshot()
        self.install(PACKAGE)

    def install(self, package, *options):
        self.root.path("/tmp/squall.deb").write_bytes(package.read_bytes())
        return self.root.run("dpkg", *options, "--install", "/tmp/squall.deb")

    def next_version(self, change=lambda folder: None):
        """The package as a later version, after change(folder) has been at its files."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(dir=CACHE)))
        call("dpkg-deb", "--raw-extract", PACKAGE, folder / "package")
        control = folder / "package/DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*$", "Version: 99.0", control.read_text()))
        change(folder / "package")
        call("dpkg-deb", "--root-owner-group", "--build", folder / "package", folder / "next.deb")
        return folder / "next.deb"

    def added(self):
        """What is there that was not; nothing else has changed."""
        after = self.root.snapshot()
        self.assertEqual({path: after.get(path) for path in self.before}, self.before)
        return after.keys() - self.before.keys()

    def use(self, agent):
        """A run, and a calibration, which writes to its state folder, by a controller that is in
        the same network alone."""
        there = ["nsenter", "--target", str(agent), "--net", str(squall.SQUALL)]
        with subprocess.Popen([*there, "target", "--listen", "127.0.0.1:8080"],
                              stdout=subprocess.PIPE, text=True) as target:
            try:
                target.stdout.readline()
                run = call(*there, "run", "--agents", "127.0.0.1:7400", "-n", "5000",
                           "http://127.0.0.1:8080/", timeout=120)
            finally:
                target.terminate()
        self.assertIn("5,000  of 5,000 planned", run.stdout)
        call(*there, "calibrate", "--agents", "127.0.0.1:7400", timeout=120)


class Package(Installed):
    def test_what_is_installed(self):
        files = {"/usr/bin/squall": 0o755, CONFIG: 0o644, UNIT: 0o644,
                 "/usr/share/man/man1/squall.1.gz": 0o644,
                 "/usr/share/man/man1/squall-run.1.gz": 0o644,
                 "/usr/share/man/man1/squall-agent.1.gz": 0o644,
                 "/usr/share/bash-completion/completions/squall": 0o644,
                 "/usr/share/zsh/vendor-completions/_squall": 0o644,
                 "/usr/share/fish/vendor_completions.d/squall.fish": 0o644,
                 "/usr/share/doc/squall/copyright": 0o644}
        for path, mode in files.items():
            look = self.root.path(path).lstat()
            self.assertEqual((look.st_mode & 0o7777, look.st_uid, look.st_gid), (mode, 0, 0), path)
        version = self.root.run("squall", "version").stdout
        self.assertIn(f"squall {field(PACKAGE, 'Version')} ", version)
        # Nobody becomes an agent by installing a program.
        self.assertNotIn(WANTED, self.added())
        text = self.root.path(UNIT).read_text()
        self.assertIn("\nExecStart=/usr/bin/squall agent --config /etc/squall/agent.yaml\n", text)
        verify = self.root.run("systemd-analyze", "verify", "--man=no", UNIT)
        self.assertEqual(verify.stderr, "")
        # `squall agent install` has nothing to write: it would find all where it is.
        steps = self.root.run("squall", "agent", "install", "--dry-run").stdout
        self.assertEqual(re.findall(r"^(?:write|copy) .*$", steps, re.MULTILINE), [])

    def test_the_service_as_its_unit_starts_it(self):
        with (Manager() as manager,
              Service(self.root, self.root.path(UNIT).read_text(), manager) as service):
            ready = manager.hear(timeout=30)
            self.assertIsNotNone(ready, service.stderr)
            self.assertEqual(ready, {"READY": "1", "STATUS": "free, listening on 127.0.0.1:7400"})
            agent = agent_below(service.pid)
            self.check_sandbox(agent)
            self.use(agent)
            self.assertEqual(manager.hear_until(lambda said: "WATCHDOG" in said)["WATCHDOG"], "1")
        state = self.root.path(f"{STATE}/squall")
        self.assertEqual({path.name for path in state.iterdir()}, {"ceiling.txt"})
        self.assertEqual(state.stat().st_uid, USER)

    def check_sandbox(self, agent):
        status = Path(f"/proc/{agent}/status").read_text()
        self.assertRegex(status, rf"(?m)^Uid:\s+{USER}\s+{USER}\s+{USER}\s+{USER}$")
        self.assertRegex(status, r"(?m)^NoNewPrivs:\s+1$")
        for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"):
            self.assertRegex(status, rf"(?m)^{name}:\s+0+$")
        # Of what is on a disk, it may write to one folder. (Devices are single files.)
        writable = set()
        for line in Path(f"/proc/{agent}/mounts").read_text().splitlines():
            _, place, kind, options, *_ = line.split()
            if "rw" in options.split(",") and kind not in {"proc", "tmpfs"}:
                writable.add(place)
        self.assertEqual({path for path in writable if not path.startswith("/dev/")},
                         {f"{STATE}/squall", "/run/notify"})

    def test_an_upgrade_keeps_what_the_owner_wrote(self):
        def with_another_config(folder):
            with open(folder / CONFIG.lstrip("/"), "a", encoding="utf-8") as file:
                file.write("# news\n")
        later = self.next_version(with_another_config)
        # Nobody has changed it: it is replaced.
        self.install(later)
        self.assertIn("# news", self.root.path(CONFIG).read_text())
        self.assertIn("99.0", self.root.run("dpkg-query", "-W", "squall").stdout)
        self.root.run("dpkg", "--purge", "squall")
        # Its owner has: it stays. Of one that is as it was before, dpkg does not even ask.
        for package in (self.next_version(), later):
            self.install(PACKAGE)
            own = self.root.path(CONFIG).read_text() + "name: lon-1\n"
            self.root.path(CONFIG).write_text(own)
            self.install(package, *(["--force-confold"] if package == later else []))
            self.assertEqual(self.root.path(CONFIG).read_text(), own)
            self.root.run("squall", "version")
            self.root.run("dpkg", "--purge", "squall")

    def use_all(self):
        """What the package, its owner and the service may leave."""
        for path, text in [("/etc/squall/agent.pem", "secret"),
                           ("/etc/systemd/system/squall-agent.service.d/tls.conf", "[Service]\n"),
                           (f"{STATE}/squall/ceiling.txt", "x")]:
            self.root.path(path).parent.mkdir(parents=True, exist_ok=True)
            self.root.path(path).write_text(text)
        self.root.path("/var/lib/squall").symlink_to("private/squall")
        self.root.run("systemctl", "enable", "squall-agent.service")
        self.assertIn(WANTED, self.added())

    def test_remove_and_purge(self):
        self.use_all()
        self.root.run("dpkg", "--remove", "squall")
        self.assertFalse(self.root.path("/usr/bin/squall").exists())
        self.assertFalse(self.root.path(UNIT).exists())
        self.assertTrue(self.root.path(CONFIG).exists(), "a removal keeps what is configured")
        self.assertIn(WANTED, self.added())
        # It can come back.
        self.install(PACKAGE)
        self.root.run("squall", "version")
        self.root.run("dpkg", "--remove", "squall")
        self.root.run("dpkg", "--purge", "squall")
        self.assertEqual(self.added() - {STATE}, set())
        self.assertEqual(self.root.run("dpkg-query", "-W", "squall", check=False).returncode, 1)

    def test_a_purge_in_one_step_leaves_what_is_not_its_own(self):
        self.use_all()
        self.root.path("/etc/squall/authority").mkdir()
        self.root.path("/etc/squall/authority/key.pem").write_text("the owner's")
        self.root.run("dpkg", "--purge", "squall")
        self.assertEqual(self.added() - {STATE},
                         {"/etc/squall", "/etc/squall/authority", "/etc/squall/authority/key.pem"})


class UnderSystemd(Installed):
    """The same where systemd itself starts it: with all that the unit asks of the kernel."""

    def setUp(self):
        if reason := booted.why_not():
            self.skipTest(reason)
        super().setUp()
        # Nobody waits here for a minute until an agent that hangs is started again.
        self.root.path("/etc/systemd/system/squall-agent.service.d").mkdir(parents=True)
        self.root.path("/etc/systemd/system/squall-agent.service.d/test.conf").write_text(
            "[Service]\nWatchdogSec=4\n")
        self.machine = self.enterContext(booted.Booted(self.root))

    def pid(self):
        """In there."""
        return self.machine.property(SERVICE, "MainPID")

    def test_a_life(self):
        self.assertEqual(self.machine.property(SERVICE, "ActiveState"), "inactive")
        self.machine.run("systemctl", "enable", "--now", SERVICE)
        status = self.machine.run("squall", "agent", "status").stdout
        self.assertIn("it says: free, listening on 127.0.0.1:7400\nit is started when", status)
        agent = agent_below(self.machine.init)
        self.assertRegex(Path(f"/proc/{agent}/status").read_text(), r"(?m)^Seccomp:\s+2$")
        self.use(agent)
        self.assertTrue(self.root.path(f"{STATE}/squall/ceiling.txt").exists())
        lines = [json.loads(line) for line in self.machine.run(
            "journalctl", "--unit", SERVICE, "--output", "json").stdout.splitlines()]
        done = next(line for line in lines if "event=calibrated" in line["MESSAGE"])
        self.assertEqual(done["PRIORITY"], "6")
        self.assertTrue(done["MESSAGE"].startswith("level=info event="), done["MESSAGE"])

        with self.subTest("one that hangs is started again"):
            os.kill(agent, signal.SIGSTOP)
            wait_until(lambda: self.machine.property(SERVICE, "NRestarts") == "1", 60, "a restart",
                       every=0.5)
            wait_until(lambda: self.machine.property(SERVICE, "ActiveState") == "active", 30, "it")

        with self.subTest("an upgrade starts it again"):
            before = self.pid()
            self.root.path("/root/next.deb").write_bytes(self.next_version().read_bytes())
            self.machine.run("dpkg", "--install", "/root/next.deb")
            self.assertEqual(self.machine.property(SERVICE, "ActiveState"), "active")
            self.assertNotEqual(self.pid(), before)

        with self.subTest("a purge stops it"):
            self.machine.run("dpkg", "--purge", "squall")
            self.assertEqual(self.machine.property(SERVICE, "ActiveState"), "inactive")
            for path in (WANTED, CONFIG, f"{STATE}/squall", "/var/lib/squall"):
                self.assertFalse(os.path.lexists(self.root.path(path)), path)

    def test_the_one_file_makes_itself_a_service(self):
        self.root.path("/root/squall").write_bytes(self.root.path("/usr/bin/squall").read_bytes())
        self.root.path("/root/squall").chmod(0o755)
        self.machine.run("dpkg", "--purge", "squall")
        self.assertIn("not installed", self.machine.run("/root/squall", "agent", "status",
                                                        check=False).stdout)
        for _ in range(2):  # the second time for a new version
            self.machine.run("/root/squall", "agent", "install")
            status = self.machine.run("/usr/local/bin/squall", "agent", "status").stdout
            self.assertIn("listening on 127.0.0.1:7400\nit is started when", status)
        self.machine.run("/root/squall", "agent", "uninstall", "--purge")
        for path in ("/etc/squall", "/usr/local/bin/squall", f"/etc/systemd/system/{SERVICE}",
                     f"{STATE}/squall", WANTED):
            self.assertFalse(os.path.lexists(self.root.path(path)), path)
        self.assertEqual(self.machine.property(SERVICE, "LoadState"), "not-found")

    def test_a_certificate_is_handed_to_its_user_alone(self):
        self.root.path("/root/lon-1.pem").write_text("certificate")
        # Whether the agent likes it is not asked here.
        self.machine.run("squall", "agent", "install", "--tls", "/root/lon-1.pem", check=False)
        look = self.root.path("/etc/squall/agent.pem").stat()
        self.assertEqual((look.st_mode & 0o7777, look.st_uid), (0o600, 0))
        self.assertIn("\nLoadCredential=agent.pem:/etc/squall/agent.pem\n",
                      self.machine.run("systemctl", "cat", SERVICE).stdout)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.argv.pop(1)
    CACHE.mkdir(parents=True, exist_ok=True)
    unittest.main(verbosity=2)
