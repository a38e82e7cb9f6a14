"""What the shells make of `squall completions`: real ones, at a terminal, with a Tab."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.terminal import Shell

# What is typed, and the words that are there after a Tab: each can be completed in one way alone.
CASES = {
    "a command": ("squall fl", ["squall", "fleet"]),
    "a command's command": ("squall fleet ch", ["squall", "fleet", "check"]),
    "a command of one with flags": ("squall agent unin", ["squall", "agent", "uninstall"]),
    "a flag": ("squall run --dura", ["squall", "run", "--duration"]),
    "a flag of the inner command": ("squall agent install --dry",
                                    ["squall", "agent", "install", "--dry-run"]),
    "not one of another command": ("squall target --dura", ["squall", "target", "--dura"]),
    "after a flag with a value": ("squall run -n 100 --conc",
                                  ["squall", "run", "-n", "100", "--concurrency"]),
    "a file": ("squall run --urls pa", ["squall", "run", "--urls", "paths of all.txt"]),
    "a folder": ("squall run --save mon", ["squall", "run", "--save", "monday"]),
    "no file where none belongs": ("squall run --rate pa", ["squall", "run", "--rate", "pa"]),
    "one of some words": ("squall completions z", ["squall", "completions", "zsh"]),
    "a value of some words": ("squall agent install --manager lau",
                              ["squall", "agent", "install", "--manager", "launchd"]),
}
FILES = ["paths of all.txt", "monday.txt"]


class Completions(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="squall-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        bin_folder = self.folder / ".bin"
        bin_folder.mkdir()
        (bin_folder / "squall").symlink_to(squall.SQUALL)
        (self.folder / "monday").mkdir()
        for name in FILES:
            (self.folder / name).touch()
        self.path = f"{bin_folder}:/usr/bin:/bin"

    def write(self, shell, name):
        script = subprocess.run([squall.SQUALL, "completions", shell], check=True,
                                capture_output=True, text=True).stdout
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        return path

    def check(self, shell):
        for case, (line, words) in CASES.items():
            with self.subTest(case):
                # zsh shows that a value may follow, and what is a folder.
                found = [word.rstrip("/=") for word in shell.complete(line)]
                self.assertEqual(found, words)

    def test_bash(self):
        script = self.write("bash", ".squall.bash")
        with Shell("bash", "--norc", "--noprofile", "-i", folder=self.folder,
                   env={"PATH": self.path}) as shell:
            shell.run(f"bind 'set bell-style none'; source {script}")
            self.check(shell)
            self.assertEqual(shell.complete("squall run --urls=pa"),
                             ["squall", "run", "--urls=paths of all.txt"])

    def test_zsh(self):
        script = self.write("zsh", ".functions/_squall")
        ways = {"found by name": f"fpath=({script.parent} $fpath); autoload -Uz compinit; "
                                 "compinit -D -u",
                "sourced": f"autoload -Uz compinit; compinit -D -u; source {script}"}
        for way, line in ways.items():
            with (self.subTest(way),
                  Shell("zsh", "-f", "-i", folder=self.folder, env={"PATH": self.path}) as shell):
                shell.run("unsetopt beep prompt_sp prompt_cr; unset zle_bracketed_paste")
                shell.run(line)
                self.check(shell)

    def test_fish(self):
        script = self.write("fish", "squall.fish")
        for case, (line, words) in CASES.items():
            with self.subTest(case):
                result = subprocess.run(
                    ["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"],
                    check=True, capture_output=True, text=True, cwd=self.folder,
                    env={"PATH": self.path, "HOME": str(self.folder), "LANG": "C.UTF-8"})
                found = [row.split("\t")[0].rstrip("/") for row in result.stdout.splitlines()]
                changes = words[-1] != line.split()[-1]
                self.assertEqual(found, [words[-1]] if changes else [], result.stderr)

    def test_every_shell_knows_every_flag(self):
        known = {shell: self.write(shell, f".all.{shell}").read_text()
                 for shell in ("bash", "zsh", "fish")}
        for command in ("run", "agent", "agent install", "target", "fleet check", "report",
                        "reconcile", "calibrate"):
            text = subprocess.run([squall.SQUALL, *command.split(), "--help"], check=True,
                                  capture_output=True, text=True).stdout
            flags = set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.MULTILINE))
            self.assertGreater(len(flags), 1, command)
            for flag in flags:
                self.assertIn(flag, known["bash"], command)
                self.assertIn(flag, known["zsh"], command)
                self.assertIn(f" -l {flag[2:]}", known["fish"], command)


if __name__ == "__main__":
    unittest.main()
