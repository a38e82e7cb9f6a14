"""A Debian of its own whose services run: systemd itself starts there, in a container
(systemd-nspawn)."""

import shutil
import unittest

from debian_root import call
from support.processes import Process, children, wait_until

NSPAWN = "systemd-nspawn"


def why_not():
    """Why there can be none here, as far as that is known before; None if there can be."""
    return None if shutil.which(NSPAWN) else f"{NSPAWN} is missing (package systemd-container)"


class Booted(Process):
    """A context manager; it has loopback alone."""

    def __init__(self, root):
        super().__init__(NSPAWN, "--directory", root.folder, "--boot", "--register=no",
                         "--keep-unit", "--private-network", "--resolv-conf=off",
                         "--timezone=off", "--console=pipe")

    def started(self):
        def is_up():
            if self.exit_code is not None:
                raise unittest.SkipTest(f"no container here: {self.stdout} {self.stderr}")
            return children(self.pid) and self.run(
                "systemctl", "is-system-running", check=False).stdout.strip() in (
                    "running", "degraded")
        wait_until(is_up, 60, "the container's systemd is up", every=0.5)

    @property
    def init(self):
        """The process id of its systemd, as it is seen from outside."""
        return children(self.pid)[0]

    def run(self, *words, **options):
        """Runs a program as root in there."""
        return call("nsenter", "--target", self.init, "--mount", "--pid", "--net", "--uts",
                    "--ipc", "--cgroup", *words, **options)

    def property(self, unit, name):
        return self.run("systemctl", "show", unit, f"--property={name}", "--value").stdout.strip()

