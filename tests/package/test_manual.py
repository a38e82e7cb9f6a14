"""Manual pages: man reads them without a complaint, and all of the help is in them."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.processes import Process


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=False, timeout=60, **options)


def read(page):
    """A page as a reader sees it, and what man complains of."""
    result = run("man", "--warnings", "-E", "UTF-8", "-l", page,
                 env={**os.environ, "MANWIDTH": "200", "LC_ALL": "C.UTF-8"})
    return re.sub(r".\x08|\x1b\[[\d;]*m", "", result.stdout), result.stderr


class Manual(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="squall-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_every_page(self):
        self.assertEqual(run(squall.SQUALL, "manual", "--all", self.folder / "man1").returncode, 0)
        pages = sorted((self.folder / "man1").iterdir())
        names = {page.name for page in pages}
        self.assertLessEqual({"squall.1", "squall-run.1", "squall-agent.1",
                              "squall-agent-install.1", "squall-fleet-check.1",
                              "squall-target.1"}, names)
        for page in pages:
            with self.subTest(page.name):
                text, complaints = read(page)
                self.assertEqual(complaints, "")
                for title in ("NAME", "SYNOPSIS"):
                    self.assertIn(title, text)
                # As the help has it.
                usage = run(squall.SQUALL, *page.stem.split("-")[1:], "--help").stdout
                for flag in re.findall(r"^  (?:-\w,)?(--[\w-]+)", usage, re.MULTILINE):
                    self.assertIn(flag, text)
                for line in re.findall(r"^  squall .*$", usage, re.MULTILINE):
                    self.assertIn(line.strip(), text)
                # What it refers to is there.
                for other in re.findall(r"(squall[\w-]*)\(1\)", text):
                    self.assertIn(f"{other}.1", names)

    def test_one_page(self):
        with Process(squall.SQUALL, "manual", "fleet", "check") as process:
            self.assertEqual(process.wait(20), 0)
            self.assertIn("squall\\-fleet\\-check \\- Ask every agent", process.stdout)

    def test_what_a_user_can_get_wrong(self):
        for words, exit_code, said in [
            (["fleet", "chekc"], 2, "there is no command squall fleet chekc"),
            (["--all", "/dev/null/x"], 3, "/dev/null/x/squall.1: Not a directory"),
            (["run", "--all", "x"], 2, "--all"),
        ]:
            with self.subTest(words), Process(squall.SQUALL, "manual", *words) as process:
                self.assertEqual(process.wait(20), exit_code)
                self.assertEqual(process.stdout, "")
                self.assertIn(said, process.stderr)


if __name__ == "__main__":
    unittest.main()
