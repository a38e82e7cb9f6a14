"""Which URLs are requested, by an nginx's own log."""

import tempfile
import unittest
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.nginx import Nginx
from support.processes import SCALE

ENTRIES = 200_000 // SCALE


class UrlLists(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.fleet = self.enterContext(squall.fleet(3))

    def write_list(self, lines):
        path = self.folder / "urls"
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def requested(self, lines, *arguments, requests, base="", agents=None):
        """Carries out a run over a list and returns the paths that nginx saw, in its order."""
        with Nginx() as nginx:
            urls = self.write_list(line.format(url=nginx.url) for line in lines)
            result = squall.run("--urls", urls, "-n", requests, "-u", nginx.url + base, *arguments,
                                agents=self.fleet if agents is None else agents)
            self.check_complete(result, requests)
            return [request.uri for request in nginx.finish().requests]

    def test_every_url_exactly_once(self):
        paths = [f"/item/{i}?page={i % 7}" for i in range(ENTRIES)]
        for order in ("sequential", "shuffled"):
            with self.subTest(order):
                seen = Counter(self.requested(paths, "--order", order, "-c", "64",
                                              requests=ENTRIES))
                self.assertEqual(sum(seen.values()), ENTRIES)
                # Not assertEqual, which would take an age to word its complaint.
                self.assertTrue(seen == Counter(paths),
                                f"{len(seen)} of {ENTRIES} URLs, {seen.most_common(1)}")

    def test_one_connection_follows_the_order(self):
        paths = [f"/{i}" for i in range(50)]
        one = {"requests": 100, "agents": self.fleet[:1]}
        self.assertEqual(self.requested(paths, "-c", "1", **one), paths * 2)

        shuffled = self.requested(paths, "-c", "1", "--order", "shuffled", "--seed", "7", **one)
        passes = shuffled[:50], shuffled[50:]
        for one_pass in passes:
            self.assertEqual(sorted(one_pass), sorted(paths))
            self.assertNotEqual(one_pass, paths)
        self.assertNotEqual(*passes)

    def test_seed_decides_whatever_the_fleet(self):
        paths = [f"/{i}" for i in range(2000)]
        requests = 3001  # ends within a pass: the seed decides which URLs come twice
        for order in ("sequential", "shuffled", "random"):
            with self.subTest(order):
                def multiset(seed, agents):
                    return Counter(self.requested(paths, "--order", order, "--seed", seed,
                                                  requests=requests, agents=agents))
                by_three = multiset(7, self.fleet)
                self.assertTrue(multiset(7, self.fleet[:1]) == by_three)
                self.assertEqual(multiset(8, self.fleet) == by_three, order == "sequential")

    def test_seed_of_the_report_repeats_the_run(self):
        urls = self.write_list(f"/{i}" for i in range(1000))
        seen = []
        seed = []
        for _ in range(2):
            with Nginx() as nginx:
                result = squall.run("--urls", urls, "-n", "700", "--order", "random", nginx.url,
                                    *seed, agents=self.fleet)
                seed = ["--seed", result.report["run"]["seed"]]
                seen.append(nginx.finish().count("uri"))
        self.assertEqual(*seen)

    def test_lines(self):
        lines = ["# a comment", "", "/joined", "   ", "{url}/absolute?x=1", "\t# another",
                 "/joined?y=2  ", "{url}"]
        expected = ["/base/joined", "/absolute?x=1", "/base/joined?y=2", "/"]
        for base in ("/base", "/base/"):
            with self.subTest(base):
                seen = self.requested(lines, "-c", "1", requests=4, base=base,
                                      agents=self.fleet[:1])
                self.assertEqual(seen, expected)


if __name__ == "__main__":
    unittest.main()
