"""A program as systemd would start it by a unit: its user, its view of the file system, its
environment. For machines that systemd does not run; what the kernel filters (system calls, address
families) is left to systemd.

SANDBOX is what is known here of units; other directives of this kind are complained of."""

import re

from support.processes import Process

# The directives that shape the user and the view of the file system, and what they must be.
SANDBOX = {
    "DynamicUser": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "ProtectProc": "invisible", "ProtectKernelTunables": "yes",
    "ProtectControlGroups": "yes", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "",
    "StateDirectory": "squall", "StateDirectoryMode": "0700", "UMask": "0077",
}
# Others that would.
OTHERS = re.compile(r"(ReadWrite|ReadOnly|Inaccessible|Exec|NoExec|Bind|BindReadOnly)Paths|"
                    r"TemporaryFileSystem|Root(Directory|Image)|User|Group|.*Directory(Mode)?")
USER = 61234  # one of those that systemd gives away (systemd.exec(5), DynamicUser=)

SCRIPT = r"""
set -e
root=$1 notify=$2; shift 2
ip link set lo up
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc -o hidepid=invisible proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid dev "$root/dev"
for device in null zero full random urandom; do
  touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"
done
for folder in tmp var/tmp; do mount -t tmpfs -o mode=1777,nosuid,nodev tmp "$root/$folder"; done
for folder in home root; do mount -t tmpfs -o mode=000,ro home "$root/$folder"; done
mount -t tmpfs -o mode=755 run "$root/run"
mkdir "$root/run/notify"; mount --bind "$notify" "$root/run/notify"
state=$root/var/lib/private/squall
mkdir -p "$state"; chmod 700 "$state"; chown -R USER:USER "$state"
ln -sfn private/squall "$root/var/lib/squall"
# What is private to others that do not last is not seen, nor that it is root's alone.
mount --bind "$state" "$root/mnt"
mount -t tmpfs -o mode=755 private "$root/var/lib/private"
mkdir "$state"; mount --move "$root/mnt" "$state"
mount -o remount,bind,ro "$root"
umask 0077
exec chroot "$root" setpriv --reuid USER --regid USER --clear-groups --no-new-privs \
  --bounding-set=-all --inh-caps=-all --ambient-caps=-all "$@"
""".replace("USER", str(USER))


def directives(unit):
    """Of [Service]: those that stand there last."""
    section = unit.split("[Service]")[1].split("\n[")[0]
    return dict(re.findall(r"^(\w+)=(.*)$", section, re.MULTILINE))


def check(unit):
    """Complains of a unit that asks for something else than is done here."""
    found = directives(unit)
    for name, value in SANDBOX.items():
        assert found.get(name) == value, f"{name}={found.get(name)}: not known here"
    for name in found.keys() - SANDBOX.keys():
        assert not OTHERS.fullmatch(name), f"{name}: not known here"


class Service(Process):
    """What the unit starts, in a network of its own that has loopback alone; a context manager.
    `manager` is one of support/manager.py."""

    def __init__(self, root, unit, manager):
        check(unit)
        environment = {"STATE_DIRECTORY": "/var/lib/private/squall", "PATH": "/usr/bin:/bin",
                       "NOTIFY_SOCKET": f"/run/notify/{manager.path.name}",
                       "WATCHDOG_USEC": "2000000", "LANG": "C.UTF-8"}
        super().__init__(
            "unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child",
            "sh", "-c", SCRIPT, "sh", root.folder, manager.path.parent,
            "/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items()),
            *directives(unit)["ExecStart"].split())
