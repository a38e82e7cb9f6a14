"""--agents ssh:…: a fleet with nothing installed before and nothing left after, however it ends."""

import json
import os
import shutil
import signal
import time
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall, sshd
from support.nginx import closed_port
from support.processes import Process, wait_until

ENDLESS = ("-n", "100000000")
GONE_SECONDS = 15


def setUpModule():
    sshd.skip_without()


class Ssh(squall.TestCase):
    def server(self, *arguments, **options):
        return self.enterContext(sshd.Sshd(*arguments, **options))

    def started(self, server, target, *arguments):
        """A run that has requests in flight."""
        run = self.enterContext(squall.Run(*ENDLESS, "-c", "12", *arguments, target.url,
                                           agents=server.accounts, env=server.env))
        try:
            wait_until(lambda: target.stats()["requests"] > 100, 60, "requests")
        except TimeoutError as error:
            raise AssertionError(run.stderr) from error
        return run

    def check_nothing_left(self, server):
        try:
            wait_until(lambda: not server.leftovers(), GONE_SECONDS, "nothing is left", every=0.1)
        except TimeoutError:
            self.fail(f"left: {server.leftovers()}")
        for account in server.accounts:
            self.assertEqual([path for path in account.files()
                              if not path.startswith(".cache/squall/squall-")], [])

    def agents_of(self, account):
        return wait_until(account.agents, 10, "an agent runs")


class Fleet(Ssh):
    def test_nothing_before_and_nothing_after(self):
        server = self.server(3)
        for account in server.accounts:
            self.assertEqual(account.files(), [])
        with squall.Target() as target:
            result = squall.run("-n", 3000, "-c", 12, target.url, agents=server.accounts,
                                env=server.env)
            self.check_complete(result, 3000)
            self.assertEqual(target.stats()["requests"], 3000)
            self.assertIn("3 agents started by ssh", result.stderr)
            self.assertEqual([agent["address"] for agent in result.report["agents"]],
                             [account.address for account in server.accounts])
            self.check_nothing_left(server)
            name = f"squall-{sshd.sha256(squall.SQUALL)}"
            for account in server.accounts:
                self.assertEqual(account.files(), [f".cache/squall/{name}"])
                file = account.cache / name
                self.assertEqual(sshd.sha256(file), name.removeprefix("squall-"))
                self.assertEqual(file.stat().st_mode & 0o777, 0o700)
                self.assertEqual(account.cache.stat().st_mode & 0o777, 0o700)
            # The second time it is there already.
            before = [(account.cache / name).stat() for account in server.accounts]
            shares = [f"{account.address}*{weight}"
                      for account, weight in zip(server.accounts, (1, 1, 2))]
            result = squall.run("-n", 1000, "-c", 8, "--agents", ",".join(shares), target.url,
                                env=server.env)
            self.check_complete(result, 1000)
            self.assertEqual([agent["concurrency"] for agent in result.report["agents"]],
                             [2, 2, 4])
            after = [(account.cache / name).stat() for account in server.accounts]
            self.assertEqual([stat.st_ino for stat in before], [stat.st_ino for stat in after])
        self.check_nothing_left(server)

    def test_all_is_gone_when_the_command_is_over(self):
        server = self.server(1)
        for _ in range(8):
            with Process(squall.SQUALL, "fleet", "check", "--agents", server.accounts[0].address,
                         env=server.env) as check:
                self.assertEqual(check.wait(60), 0, check.stderr)
                # Sessions of the server are its own matter.
                self.assertEqual([words for words in server.leftovers() if "sshd:" not in words],
                                 [])

    def test_check_and_calibrate(self):
        server = self.server(2, options={1: "command=\"true\""})
        good, bad = server.accounts
        with Process(squall.SQUALL, "fleet", "check", "--json", "-", "--agents",
                     f"{good.address},{bad.address}", env=server.env) as check:
            self.assertEqual(check.wait(60), 3, check.stderr)
            found = json.loads(check.stdout)["agents"]
        self.assertEqual([agent["state"] for agent in found], ["ok", "unreachable"])
        self.assertIn("does not run what it is asked to", found[1]["detail"])
        self.assertGreater(found[0]["to_agent_bytes_per_second"], 1e5)
        self.check_nothing_left(server)
        with Process(squall.SQUALL, "calibrate", "-z", "200ms", "--json", "-", "--agents",
                     good.address, env=server.env) as calibrate:
            self.assertEqual(calibrate.wait(60), 0, calibrate.stderr)
            ceiling = json.loads(calibrate.stdout)["agents"][0]["ceiling"]
        self.assertGreater(ceiling["requests_per_second"], 0)
        # It is kept in the one folder that stays, and known to the next run.
        self.assertIn(".cache/squall/ceiling.txt", good.files())
        with Process(squall.SQUALL, "fleet", "check", "--json", "-", "--agents", good.address,
                     env=server.env) as check:
            self.assertEqual(check.wait(60), 0, check.stderr)
            host = json.loads(check.stdout)["agents"][0]["host"]
        self.assertEqual(host["ceiling"]["requests_per_second"], ceiling["requests_per_second"])

    def test_a_sibling_for_another_processor(self):
        """The file for the machine that answers is the one that is copied."""
        server = self.server(1)
        account = server.accounts[0]
        machine = os.uname().machine
        other = "aarch64" if machine == "x86_64" else "x86_64"
        names = {"x86_64": "squall-linux-amd64", "aarch64": "squall-linux-arm64"}
        self.fake_uname(server, account, f"Linux {other}")
        dist = server.folder / "dist"
        dist.mkdir()
        own = dist / "squall"
        shutil.copy(squall.SQUALL, own)
        with squall.Target() as target:
            command = ("run", "-n", 10, "--agents", account.address, target.url)
            with Process(own, *command, env=server.env) as run:
                self.assertEqual(run.wait(60), 2, run.stderr)
                for words in (f"Linux {other}", f"Linux {machine}", str(dist / names[other])):
                    self.assertIn(words, run.stderr)
            self.assertEqual(account.files(), [])
            sibling = dist / names[other]
            sibling.write_bytes(own.read_bytes() + b"\n")  # runs as well, and is another file
            with Process(own, *command, env=server.env) as run:
                self.assertEqual(run.wait(60), 0, run.stderr)
        self.assertEqual(account.files(), [f".cache/squall/squall-{sshd.sha256(sibling)}"])
        self.check_nothing_left(server)

    def fake_uname(self, server, account, words):
        programs = server.folder / "fake"
        programs.mkdir()
        (programs / "uname").write_text(f"#!/bin/sh\necho {words}\n")
        (programs / "uname").chmod(0o755)
        server.allow(account,
                     f'command="PATH={programs}:$PATH; eval \\"$SSH_ORIGINAL_COMMAND\\""')


class Ends(Ssh):
    def test_ctrl_c(self):
        server = self.server(2)
        with squall.Target("--delay", "20ms") as target:
            run = self.started(server, target)
            run.signal(signal.SIGINT)
            result = run.finish(30)
            self.check_exit(result, 130)
            self.check_consistent(result)
            self.assertEqual(result.recorded, target.stats()["requests"])
        self.check_nothing_left(server)

    def test_ctrl_c_while_agents_are_started(self):
        server = self.server(1, options={0: "command=\"sleep 60\""})
        with squall.Run("-n", 10, "http://127.0.0.1:1/", agents=server.accounts,
                        env=server.env) as run:
            wait_until(server.accounts[0].processes, 20, "the server was reached")
            run.signal(signal.SIGINT)
            result = run.finish(10)
            self.check_exit(result, 130)
            self.assertIn("interrupted", result.stderr)

    def test_killed_controller(self):
        server = self.server(2)
        with squall.Target("--delay", "20ms") as target:
            run = self.started(server, target)
            os.kill(run.pid, signal.SIGKILL)
            run.wait(5)
            self.check_nothing_left(server)

    def lost(self, break_it, seconds=60):
        """A run over three whose first agent is lost in its midst: exact all the same."""
        server = self.server(3)
        with squall.Target("--delay", "5ms") as target:
            run = self.enterContext(squall.Run(
                "-z", "10s", "-c", "12", "--grace", "2s", target.url, agents=server.accounts,
                env=server.env))
            wait_until(lambda: target.stats()["requests"] > 100, 60, "requests")
            break_it(server.accounts[0])
            result = run.finish(seconds)
            self.check_exit(result, 0)
            self.check_consistent(result)
            lost = [event for event in result.report["events"] if event["kind"] == "lost"]
            self.assertEqual(len(lost), 1, result.report["events"])
            self.assertGreaterEqual(target.stats()["requests"], result.recorded)
        return server

    def test_the_server_kills_a_session(self):
        def kill(account):
            for pid in account.sessions():
                os.kill(pid, signal.SIGKILL)
        self.check_nothing_left(self.lost(kill))

    def test_an_agent_is_killed(self):
        def kill(account):
            for pid in self.agents_of(account):
                os.kill(pid, signal.SIGKILL)
        self.check_nothing_left(self.lost(kill))

    def test_ssh_is_killed(self):
        def kill(account):
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    words = (folder / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if account.name.encode() in words and words[0].endswith(b"ssh"):
                    os.kill(int(folder.name), signal.SIGKILL)
        self.check_nothing_left(self.lost(kill))

    def test_a_link_that_carries_nothing_any_more(self):
        """Neither end hears of it: the server's side is stopped. The controller's ssh gives up
        after some 20 s, the agent after 30 s of silence."""
        server = self.server(1)
        account = server.accounts[0]
        with squall.Target("--delay", "20ms") as target:
            run = self.started(server, target, "--grace", "1s")
            agents = self.agents_of(account)
            stopped = account.sessions()
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            begin = time.monotonic()
            self.assertEqual(run.wait(30), 3)
            wait_until(lambda: not account.agents(), 60, f"agents {agents} give up")
            self.assertGreater(time.monotonic() - begin, 20)
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        self.check_nothing_left(server)


class Errors(Ssh):
    def check_refused(self, server, address, *words):
        with Process(squall.SQUALL, "run", "-n", "10", "--agents", address,
                     "http://127.0.0.1:1/", env=server.env) as run:
            self.assertEqual(run.wait(40), 2, run.stderr)
            line = run.stderr.splitlines()[-1]
            for word in (f"squall: agent {address}: ", *words):
                self.assertIn(word, line)
        wait_until(lambda: not list(server.local.iterdir()), 5, "no sockets are left")

    def test_the_way_there(self):
        server = self.server(1)
        account = server.accounts[0]
        self.check_refused(server, "ssh:ann@nobody.invalid", "no such host", "nobody.invalid")
        self.check_refused(server, f"ssh:ann@127.0.0.1:{closed_port()}", "connection refused")
        self.check_refused(server, f"ssh:nobody-here@127.0.0.1:{account.port}",
                           "permission denied")
        server.configure(key="stranger")
        self.check_refused(server, account.address, "permission denied", "BatchMode")
        server.configure(known="nothing")
        self.check_refused(server, account.address, "its host key is not known", "ssh -p")
        other = " ".join((server.folder / "stranger.pub").read_text().split()[:2])
        (server.folder / "others").write_text(f"[127.0.0.1]:{account.port} {other}\n")
        server.configure(known="others")
        self.check_refused(server, account.address, "is not the one that ssh knows")
        server.configure(more="ControlMaster auto\nControlPath /nonexistent/%C\n"
                              "RemoteCommand true\nRequestTTY yes\n")
        with squall.Target() as target:
            result = squall.run("-n", 10, target.url, agents=[account], env=server.env)
            self.check_complete(result, 10)
        (server.folder / "bin/ssh").unlink()
        env = {"PATH": f"{server.folder}/bin", "TMPDIR": str(server.local)}
        for name in ("rm",):
            os.symlink(shutil.which(name), server.folder / "bin" / name)
        with Process(squall.SQUALL, "run", "-n", "10", "--agents", account.address,
                     "http://127.0.0.1:1/", env=env) as run:
            self.assertEqual(run.wait(40), 2, run.stderr)
            self.assertIn("no program `ssh` on this machine", run.stderr)

    def test_the_machine_there(self):
        try:
            server = self.server(
                5, mounts={2: "size=1m", 3: "size=1g,noexec"},
                options={0: "command=\"echo Sorry.; exit 1\"", 1: "restrict"})
        except AssertionError as error:
            if "mount" in str(error):
                self.skipTest(str(error))
            raise
        says_no, forwards_not, full, noexec, readonly = server.accounts
        self.check_refused(server, says_no.address, "does not run what it is asked to", "Sorry.")
        self.check_refused(server, forwards_not.address, "forwards no sockets",
                           "AllowStreamLocalForwarding")
        self.check_refused(server, full.address, "no space there", "MB")
        self.check_refused(server, noexec.address, "noexec")
        (readonly.home / ".cache").write_text("a file")
        self.check_refused(server, readonly.address, "cannot be made there")
        self.assertEqual([words for words in server.leftovers() if "sshd:" not in words], [])


if __name__ == "__main__":
    unittest.main()
