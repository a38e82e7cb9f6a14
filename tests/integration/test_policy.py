"""Whereto an agent may send: its owner's file against plans that try to get around it."""

import unittest

import context  # noqa: F401
from support import squall
from support.policy import ALLOWED, DENIED, PolicyTest, Redirector, may_mount
from support.processes import wait_until
from support.proxy import RecordingProxy
from support.recording_server import RecordingServer, RecordingUnixServer


class Targets(PolicyTest):
    def test_an_address_however_it_is_written(self):
        agent = self.agent(f"deny_targets:\n  - 10.0.0.0/8\n  - {DENIED}/31\n")
        rule = f"deny_targets {DENIED}/31 ({self.file}:3)"
        port = self.denied.port
        spellings = {
            "plain": DENIED,
            "IPv4 in IPv6": f"[::ffff:{DENIED}]",
            "IPv4 in IPv6, in hex": "[::ffff:7f00:2]",
            "decimal": "2130706434",
            "octal": "0177.0.0.2",
            "octal in one": "017700000002",
            "hex": "0x7f000002",
            "hex in parts": "0x7f.0.0.0x2",
            "short": "127.2",
            "dot at the end": f"{DENIED}.",
            "behind a user": f"{ALLOWED}@{DENIED}",
            "behind user and password": f"{ALLOWED}:80@{DENIED}",
        }
        runs = 0
        for transport in ("http1", "curl"):
            for name, host in spellings.items():
                with self.subTest(name, transport=transport):
                    self.check_refused(agent, rule, f"http://{host}:{port}/", "-n", 10,
                                       "--transport", transport)
                    runs += 1
        self.check_nothing_came()
        audits = self.audits(agent, runs)
        self.assertEqual({audit["outcome"] for audit in audits}, {"refused"})
        self.assertEqual({audit["requests"] for audit in audits}, {"0"})
        self.assertNotIn("@", "".join(audit["target"] for audit in audits))

    def test_what_is_not_denied_is_sent(self):
        agent = self.agent(f"deny_targets: [{DENIED}]\nmax_connections: 4\n")
        with RecordingServer(ALLOWED) as server:
            result = squall.run(f"http://ann:secret@{server.address}/", "-n", 100, "-c", 4,
                                "--no-probe", agents=[agent])
            self.check_complete(result, 100)
        (audit,) = self.audits(agent)
        self.assertEqual(audit["outcome"], "done")
        self.assertEqual(audit["requests"], "100")
        self.assertEqual(audit["target"], f'"{server.url}"')
        self.assertEqual(audit["addresses"], f'"{server.address}"')
        self.assertGreater(int(audit["bytes"]), 100 * 6)
        self.assertRegex(audit["began"], r"^\d{4}-\d\d-\d\dT")
        self.assertNotIn("secret", agent.stderr)

    def test_a_list_with_one_bad_url(self):
        agent = self.agent(f"deny_targets: [{DENIED}]\n")
        urls = self.folder / "urls.txt"
        with RecordingServer(ALLOWED) as server:
            urls.write_text(f"{server.url}/\n" * 50 + f"{self.denied.url}/x\n")
            self.check_refused(agent, f"does not send to {self.denied.address}: ",
                               "--urls", urls, "-n", 10)
            self.assertEqual(server.connections, 0)
        self.check_nothing_came()

    def test_whom_it_asks_for_counts(self):
        agent = self.agent(f"deny_targets: [{DENIED}]\n")
        with RecordingServer(ALLOWED) as server:
            self.check_refused(agent, f"does not send to {self.denied.address}: ", server.url,
                               "-n", 10, "--server-counts", f"{self.denied.url}/counts")
            self.assertEqual(server.connections, 0)
        self.check_nothing_came()

    def test_only_what_is_allowed(self):
        with RecordingServer(ALLOWED) as server:
            agent = self.agent(f"allow_targets:\n  - '*.test.internal'\n  - {ALLOWED}:{server.port}\n")
            self.check_complete(squall.run(server.url, "-n", 20, agents=[agent]), 20)
            self.check_refused(agent, f"{DENIED}:{self.denied.port}: not in allow_targets "
                                      f"({self.file}:1)", self.denied.url, "-n", 10)
            self.check_refused(agent, "127.0.0.1:1: not in allow_targets", "http://127.0.0.1:1/")

    def test_the_plan_cannot_say_what_an_allowed_name_means(self):
        agent = self.agent(f"allow_targets: ['*.test.internal', '{ALLOWED}']\n")
        port = self.denied.port
        url = f"http://api.test.internal:{port}/"
        for transport in ("http1", "curl"):
            for words in (("--resolve", f"api.test.internal:{port}:{DENIED}"),
                          ("--resolve", f"api.test.internal:{port}:{ALLOWED},{DENIED}"),
                          ("--connect-to", f"api.test.internal:{port}:{DENIED}:{port}"),
                          ("--connect-to", f"::{DENIED}:")):
                with self.subTest(words, transport=transport):
                    self.check_refused(agent, "not in allow_targets", url, "-n", 10,
                                       "--transport", transport, *words)
        self.check_nothing_came()

    def test_a_name_that_the_plan_resolves_to_a_denied_address(self):
        agent = self.agent(f"deny_targets:\n- {DENIED}\n")
        port = self.denied.port
        self.check_refused(
            agent, f"does not send to api.example:{port} ({DENIED}:{port}): deny_targets {DENIED} "
                   f"({self.file}:2)",
            f"http://api.example:{port}/", "--resolve", f"api.example:{port}:{DENIED}")
        self.check_nothing_came()

    def test_unix_sockets(self):
        path = self.folder / "app.sock"
        link = self.folder / "link.sock"
        link.symlink_to(path)
        with RecordingUnixServer(path) as server:
            agent = self.agent(f"allow_targets: ['*', 'unix:{self.folder}/other.sock']\n")
            for tried in (path, link, f"{self.folder}/../{self.folder.name}/app.sock"):
                self.check_refused(agent, f"unix:{path}: not in allow_targets", "http://api/",
                                   "--unix-socket", tried)
            self.assertEqual(server.connections, 0)

    def test_metadata_without_a_file(self):
        with squall.Agent("lon-2") as agent:
            for url in ("http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/",
                        "http://2852039166/", "http://metadata.google.internal/",
                        "http://Metadata.Google.Internal./", "http://100.100.100.200/"):
                with self.subTest(url):
                    self.check_refused(agent, "is a cloud's metadata", url)


@unittest.skipUnless(may_mount(), "no mount namespaces here")
class Names(PolicyTest):
    def test_a_name_that_means_a_denied_address(self):
        hosts = self.hosts(f"{DENIED} api.test.internal")
        agent = self.agent("allow_targets: ['*.test.internal']\n"
                           f"deny_targets:\n- {DENIED}/32\n", hosts)
        port = self.denied.port
        for transport in ("http1", "curl"):
            self.check_refused(
                agent, f"api.test.internal:{port} ({DENIED}:{port}): deny_targets {DENIED}/32 "
                       f"({self.file}:3)",
                f"http://api.test.internal:{port}/", "-n", 10, "--transport", transport)
        self.check_nothing_came()

    def test_one_of_its_addresses_is_enough(self):
        hosts = self.hosts(f"{ALLOWED} api.test.internal", f"{DENIED} api.test.internal")
        agent = self.agent(f"deny_targets: [{DENIED}]\n", hosts)
        with RecordingServer(ALLOWED, self.denied.port) as server:
            self.check_refused(agent, f"({self.denied.address}): deny_targets",
                               f"http://api.test.internal:{server.port}/")
            self.assertEqual(server.connections, 0)

    # A name that was harmless when the plan was checked means the denied address later.
    def test_rebinding(self):
        hosts = self.hosts(f"{ALLOWED} api.test.internal")
        agent = self.agent(f"deny_targets: [{DENIED}]\n", hosts)
        for transport in ("http1", "curl"):
            self.hosts(f"{ALLOWED} api.test.internal")
            with self.subTest(transport), RecordingServer(ALLOWED, self.denied.port) as server:
                with squall.Run(f"http://api.test.internal:{server.port}/", "-z", "5s", "-q", 50,
                                "-c", 4, "--dns-refresh", "1s", "--no-probe",
                                "--transport", transport, agents=[agent]) as run:
                    wait_until(lambda: len(server.requests) > 20, 20, "requests")
                    self.hosts(f"{DENIED} api.test.internal")
                    result = run.finish()
                self.check_exit(result, 0)
                self.check_consistent(result)
                self.assertGreater(result.errors.get("denied by policy", 0), 50)
                (error,) = result.report["errors"]
                self.assertIn(f"({self.denied.address}): deny_targets {DENIED} ({self.file}:1)",
                              error["sample"])
        self.check_nothing_came()


class Redirects(PolicyTest):
    def check(self, agent, location, reason, *arguments):
        with self.subTest(location), Redirector(location) as server:
            result = squall.run(server.url, "--follow", "-n", 20, "-c", 2, *arguments,
                                agents=[agent])
            self.check_consistent(result)
            self.assertEqual(result.errors, {"denied by policy": 20})
            self.assertIn(reason, result.report["errors"][0]["sample"])

    def test_to_a_denied_address(self):
        agent = self.agent(f"deny_targets:\n- {DENIED}\n- bad.example\n")
        port = self.denied.port
        for host in (DENIED, f"[::ffff:{DENIED}]", "2130706434", "0177.0.0.2",
                     f"{ALLOWED}@{DENIED}", "0x7f.2"):
            self.check(agent, f"http://{host}:{port}/x", f"deny_targets {DENIED} ({self.file}:2)")
        self.check(agent, f"http://other.example:{port}/", f"deny_targets {DENIED}",
                   "--resolve", f"other.example:{port}:{DENIED}")
        self.check(agent, f"http://other.example:{port}/", f"deny_targets {DENIED}",
                   "--connect-to", f"other.example:{port}:{DENIED}:{port}")
        self.check_nothing_came()

    def test_to_a_denied_name_at_an_allowed_address(self):
        agent = self.agent("deny_targets: [bad.example]\n")
        with RecordingServer(ALLOWED) as server:
            for host in ("bad.example", "BAD.example", "bad.example."):
                self.check(agent, f"http://{host}:{server.port}/", "deny_targets bad.example",
                           "--resolve", f"{host.lower()}:{server.port}:{ALLOWED}")
            self.assertEqual(server.requests, [])

    def test_to_what_is_not_allowed(self):
        agent = self.agent(f"allow_targets: [{ALLOWED}]\n")
        self.check(agent, self.denied.url, "not in allow_targets")
        self.check_nothing_came()

    def test_within_what_is_allowed(self):
        agent = self.agent(f"allow_targets: [{ALLOWED}]\n")
        with RecordingServer(ALLOWED) as server, Redirector(server.url) as first:
            result = squall.run(first.url, "--follow", "-n", 20, agents=[agent])
            self.check_complete(result, 20)
            self.assertEqual(result.errors, {})
            self.assertEqual(len(server.requests), 20)


class Proxies(PolicyTest):
    def setUp(self):
        super().setUp()
        self.proxy = self.enterContext(RecordingProxy())

    def test_the_proxy_is_a_target_itself(self):
        agent = self.agent(f"deny_targets: [{ALLOWED}]\n")
        self.check_refused(agent, f"does not send to {self.proxy.url.removeprefix('http://')}",
                           "http://api.example/", "--proxy", self.proxy.url)
        self.assertEqual(self.proxy.connections, 0)

    def test_what_is_behind_it(self):
        agent = self.agent(f"deny_targets: [{DENIED}]\n")
        for url, reason in ((self.denied.url, f"deny_targets {DENIED}"),
                            (f"http://2130706434:{self.denied.port}/", f"deny_targets {DENIED}"),
                            ("http://api.example/", "behind a proxy its address cannot be held")):
            with self.subTest(url):
                self.check_refused(agent, reason, url, "--proxy", self.proxy.url)
        self.assertEqual(self.proxy.connections, 0)
        self.check_nothing_came()

    def test_redirected_behind_it(self):
        agent = self.agent(f"deny_targets: [{DENIED}]\n")
        with Redirector(self.denied.url) as server:
            result = squall.run(server.url, "--follow", "--proxy", self.proxy.url, "-n", 10,
                                agents=[agent])
        self.assertEqual(result.errors, {"denied by policy": 10})
        self.assertNotIn(self.denied.address, " ".join(self.proxy.asked))
        self.check_nothing_came()

    def test_allowed_by_name(self):
        with RecordingServer(ALLOWED) as server:
            agent = self.agent(f"allow_targets: ['{ALLOWED}', localhost]\ndeny_targets: [{DENIED}]\n")
            result = squall.run(f"http://localhost:{server.port}/", "--proxy", self.proxy.url,
                                "-n", 10, agents=[agent])
            self.check_complete(result, 10)
        self.assertEqual(len(self.proxy.asked), 10)


if __name__ == "__main__":
    unittest.main()
