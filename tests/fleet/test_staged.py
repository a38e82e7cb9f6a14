"""Some staged bottlenecks: the verdict names what was staged. All of them: staged.py."""

import unittest

import context  # noqa: F401
import staged
from support import network


def setUpModule():
    network.skip_without()


class Verdict(unittest.TestCase):
    def test_names_what_was_staged(self):
        for stage in (staged.starved, staged.link, staged.ports, staged.files,
                      staged.eight_workers, staged.few_connections, staged.schedule,
                      staged.slow_path):
            with self.subTest(stage.__name__):
                # Whatever else the machine does may be the limit for once.
                found = next((played for played in (staged.play(stage, seed) for seed in (7, 8))
                              if played.right), None)
                self.assertIsNotNone(found)
                self.assertFalse(found.blames_the_server)


if __name__ == "__main__":
    unittest.main()
