"""A Debian of its own, in a folder: what a package does to a machine is seen there. Needs root.

The base (debootstrap's, with what the package depends on) is made once and kept as an archive. It
comes from the mirror that this machine uses itself."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

# Beside the package's own dependencies: who starts the service.
EXTRA = ["systemd"]
# What package managers themselves write.
NOT_OURS = re.compile(r"/(var/(lib/dpkg|lib/apt|cache|log)|tmp|proc|sys|dev|run)(/|$)")


def call(*words, timeout=600, check=True, **options):
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, check=False,
                          stdin=subprocess.DEVNULL, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}\n"
                             f"{done.stderr}")
    return done


def _codename():
    return re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(),
                     re.MULTILINE)[1]


def _mirror():
    """Where this machine's own packages come from."""
    lines = call("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)",
                 "Created-By: Packages").stdout.splitlines()
    return next(uri for uri, release in map(str.split, lines) if release == _codename())


def _apt_options():
    """How this machine asks its mirror."""
    dump = call("apt-config", "dump").stdout.splitlines()
    return [line for line in dump if re.match(r"Acquire::(Check|Retries|https?::)", line)]


def field(package, name):
    """A field of a package file; empty if it has none."""
    return call("dpkg-deb", "--field", package, name).stdout.strip()


def _dependencies(package):
    text = field(package, "Depends")
    return sorted({re.match(r"[\w.+-]+", part.strip())[0] for part in text.split(",") if part})


def _make_base(folder, packages):
    call("debootstrap", "--variant=minbase", _codename(), folder, _mirror(), timeout=1200)
    (folder / "etc/apt/apt.conf.d/99machine").write_text("\n".join(_apt_options()) + "\n")
    shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
    root = Root(folder)
    root.run("apt-get", "-qq", "update")
    root.run("apt-get", "-qq", "-y", "--no-install-recommends", "install", *packages, timeout=1200)
    root.run("apt-get", "clean")


def base(package, cache):
    """The archive of a base that has all that the package depends on."""
    packages = _dependencies(package) + EXTRA
    key = hashlib.sha256(" ".join([_codename(), *packages]).encode()).hexdigest()[:16]
    archive = cache / f"base-{key}.tar"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _make_base(Path(folder), packages)
            call("tar", "--numeric-owner", "-C", folder, "-cf", f"{archive}.new", ".")
        os.rename(f"{archive}.new", archive)
    return archive


class Root:
    def __init__(self, folder):
        self.folder = folder

    @classmethod
    def unpack(cls, archive, folder):
        call("tar", "--numeric-owner", "-C", folder, "-xf", archive)
        return cls(folder)

    def path(self, name):
        return self.folder / name.lstrip("/")

    def run(self, *words, **options):
        """Runs a program as root in there, with processes of its own; nothing is left mounted."""
        script = ('mount -t proc proc "$0/proc" && root=$0 && '
                  'exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin '
                  'DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"')
        return call("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script,
                    self.folder, *words, **options)

    def snapshot(self):
        """What there is, but for what package managers keep: path to mode, owner, size."""
        found = {}
        for parent, folders, files in os.walk(self.folder):
            for name in folders + files:
                path = Path(parent, name)
                inside = "/" + str(path.relative_to(self.folder))
                if NOT_OURS.match(inside):
                    continue
                look = path.lstat()
                size = look.st_size if stat.S_ISREG(look.st_mode) else 0
                found[inside] = (oct(look.st_mode), look.st_uid, look.st_gid, size)
        return found
