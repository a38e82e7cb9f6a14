"""An agent as a service: what it tells the manager that started it, the journal, and supervisors;
and squall agent install, as far as that changes nothing."""

import os
import signal
import socket
import subprocess
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.manager import Manager
from support.processes import Process, wait_until

# Messages as gRPC frames them: HealthCheckRequest{} and HealthCheckResponse{status: SERVING}.
EMPTY = b"\0\0\0\0\0"
SERVING = b"\0\0\0\0\x02\x08\x01"


def ask_health(address, message=EMPTY, timeout=10):
    """What curl, which speaks HTTP/2 but knows nothing of gRPC, gets for an answer, and its
    trailers."""
    result = subprocess.run(
        ["curl", "--silent", "--http2-prior-knowledge", "--max-time", str(timeout),
         "--noproxy", "*", "--header", "content-type: application/grpc", "--header",
         "te: trailers", "--data-binary", "@-", "--dump-header", "/dev/stderr",
         f"http://{address}/grpc.health.v1.Health/Check"],
        input=message, capture_output=True, check=False)
    return result.stdout, result.stderr.decode()


class Notify(squall.TestCase):
    def test_a_life(self):
        with (Manager(watchdog_seconds=0.4) as manager, squall.Target("--delay", "20ms") as target,
              squall.Agent("lon-1", env=manager.env) as agent):
            free = f"free, listening on {agent.address}"
            self.assertEqual(manager.hear(), {"READY": "1", "STATUS": free})
            for _ in range(3):
                self.assertEqual(manager.hear(), {"WATCHDOG": "1", "STATUS": free})
            run = self.enterContext(squall.Run("-z", "2s", "-c", "2", target.url, agents=[agent]))
            busy = manager.hear_until(lambda said: "runs it since" in said["STATUS"])
            self.assertIn(socket.gethostname(), busy["STATUS"])
            self.check_exit(run.finish(), 0)
            manager.hear_until(lambda said: said["STATUS"] == free)
            agent.signal(signal.SIGTERM)
            stopping = manager.hear_until(lambda said: "WATCHDOG" not in said)
            self.assertEqual(stopping, {"STOPPING": "1", "STATUS": "stopping"})
            self.assertEqual(agent.wait(10), 0)

    def test_one_that_stands_still_is_silent(self):
        with Manager(watchdog_seconds=0.4) as manager, squall.Agent(env=manager.env) as agent:
            manager.hear_until(lambda said: "WATCHDOG" in said)
            agent.signal(signal.SIGSTOP)
            while manager.hear(timeout=0.1):
                pass
            self.assertIsNone(manager.hear(timeout=1))
            agent.signal(signal.SIGCONT)
            self.assertEqual(manager.hear()["WATCHDOG"], "1")

    def test_one_that_joins(self):
        with Manager() as manager, squall.Agent(join="127.0.0.1:1", env=manager.env):
            self.assertEqual(manager.hear(), {"READY": "1", "STATUS": "joining 127.0.0.1:1"})

    def test_nobody_says_ready_who_does_not_listen(self):
        with Manager() as manager, squall.Agent() as other:
            with Process(squall.SQUALL, "agent", "--listen", other.address,
                         env=manager.env) as agent:
                self.assertEqual(agent.wait(20), 3)
            self.assertIsNone(manager.hear(timeout=0.2))

    def test_the_agent_of_a_run_is_no_service(self):
        with Manager() as manager, squall.Target() as target:
            result = squall.run("-n", "10", target.url, env=manager.env)
            self.check_complete(result, 10)
            self.assertIsNone(manager.hear(timeout=0.2))


class Journal(squall.TestCase):
    def log_of(self, journal_stream):
        """What an agent writes to standard error; of that file the shell tells device and inode."""
        place = self.enterContext(Process("true"))
        log = place.folder / "log"
        script = f'exec 2>"$1"; export JOURNAL_STREAM={journal_stream}; shift; exec "$@"'
        agent = self.enterContext(Process(
            "sh", "-c", script, "sh", log, squall.SQUALL, "agent", "--listen", "127.0.0.1:0",
            "--health", "127.0.0.1:0"))
        agent.expect("listening on")
        return wait_until(log.read_text, 10, "a line in the log")

    def test_lines(self):
        self.assertRegex(self.log_of("$(stat -L -c %d:%i /proc/self/fd/2)"),
                         r"\A<6>level=info event=health_checks address=\S+\n\Z")
        self.assertRegex(self.log_of("1:2"),
                         r"\A\d{4}-\d\d-\d\dT\S+ level=info event=health_checks address=\S+\n\Z")


class Health(squall.TestCase):
    def agent(self):
        agent = self.enterContext(squall.Agent("agent", "--health", "127.0.0.1:0"))
        wait_until(lambda: "health_checks" in agent.stderr, 10, "the port of health checks")
        return agent, agent.stderr.split("event=health_checks address=")[1].split()[0]

    def test_answers(self):
        _, health = self.agent()
        body, _ = ask_health(health)
        self.assertEqual(body, SERVING)
        for service, status in ((b"squall.v1.Agent", 0), (b"squall.v1.Nobody", 5)):
            message = bytes([10, len(service)]) + service
            frame = b"\0" + len(message).to_bytes(4, "big") + message
            body, headers = ask_health(health, frame)
            self.assertEqual(body, b"" if status else SERVING)
            self.assertIn(f"grpc-status: {status}", headers)

    def test_a_busy_agent_answers(self):
        agent, health = self.agent()
        with (squall.Target() as target,
              squall.Run("-z", "3s", "-c", "200", target.url, agents=[agent]) as run):
            wait_until(lambda: target.stats()["requests"] > 1000, 20, "a run begins")
            answers = [ask_health(health, timeout=2)[0] for _ in range(20)]
            self.assertEqual(answers, [SERVING] * 20)
            self.check_exit(run.finish(), 0)

    def test_nothing_else_is_served_there(self):
        agent, health = self.agent()
        with squall.Target() as target:
            result = squall.run("-n", "10", "--agents", health, target.url)
            self.assertEqual(result.exit_code, 2, result.stderr)
            self.assertEqual(target.stats()["requests"], 0)
        # And the other port answers no such question.
        body, _ = ask_health(agent.address, timeout=2)
        self.assertEqual(body, b"")

    def test_addresses_that_cannot_be(self):
        with squall.Agent() as other:
            for address, exit_code, words in [("nonsense:x", 2, "--health"),
                                              (other.address, 3, other.address)]:
                with (self.subTest(address),
                      Process(squall.SQUALL, "agent", "--listen", "127.0.0.1:0", "--health",
                              address) as agent):
                    self.assertEqual(agent.wait(20), exit_code, agent.stderr)
                    self.assertIn(words, agent.stderr)


class Install(squall.TestCase):
    def service(self, *words, **options):
        process = self.enterContext(Process(squall.SQUALL, "agent", *words, **options))
        process.wait(20)
        return process

    def test_a_dry_run_says_all_and_does_nothing(self):
        paths = ("/etc/squall", "/usr/local/bin/squall",
                 "/etc/systemd/system/squall-agent.service")
        before = [os.path.lexists(path) for path in paths]
        process = self.service("install", "--dry-run", "--manager", "systemd", "--listen",
                               "10.0.0.5:7400", "--insecure")
        self.assertEqual(process.exit_code, 0, process.stderr)
        for words in (f"copy {squall.SQUALL} to /usr/local/bin/squall",
                      "write /etc/squall/agent.yaml", '    | listen: "10.0.0.5:7400"\n',
                      "    | insecure: true\n",
                      "write /etc/systemd/system/squall-agent.service",
                      "    | ExecStart=/usr/local/bin/squall agent --config "
                      "/etc/squall/agent.yaml\n",
                      "run systemctl restart squall-agent.service"):
            self.assertIn(words, process.stdout)
        self.assertEqual([os.path.lexists(path) for path in paths], before)

    def test_a_dry_uninstall(self):
        process = self.service("uninstall", "--dry-run")
        self.assertEqual(process.exit_code, 0, process.stderr)
        self.assertIn("run systemctl disable --now squall-agent.service", process.stdout)

    def test_where_it_cannot_be_done(self):
        booted = Path("/run/systemd/system").exists()
        if booted and os.geteuid() == 0:
            self.skipTest("here it could be done")
        for command in ("install", "uninstall"):
            process = self.service(command)
            self.assertEqual(process.exit_code, 3)
            self.assertIn("only root may" if booted else "no /run/systemd/system", process.stderr)
            self.assertEqual(process.stdout, "")

    def test_status_where_there_is_none(self):
        # A systemctl that knows no such unit.
        place = self.enterContext(Process("true"))
        systemctl = place.folder / "systemctl"
        systemctl.write_text("#!/bin/sh\necho LoadState=not-found\n")
        systemctl.chmod(0o755)
        for path, words in ((f"{place.folder}:/usr/bin:/bin", "is not installed"),
                            ("/nonexistent", "systemctl: No such file")):
            process = self.service("status", env={"PATH": path})
            self.assertEqual(process.exit_code, 3)
            self.assertIn(words, process.stdout + process.stderr)

    def test_what_a_user_can_get_wrong(self):
        for words, said in [
            (["install", "--listen", "nonsense:x"], "--listen"),
            (["install", "--tls", "/nonexistent.pem"], "/nonexistent.pem"),
            (["install", "--manager", "upstart", "--dry-run"], "upstart"),
            (["--listen", "10.0.0.5", "install"], "--listen"),
            (["install", "--lisen", "10.0.0.5"], "did you mean --listen?"),
            (["install", "status"], "status"),
            (["unistall"], "did you mean squall agent uninstall?"),
        ]:
            with self.subTest(words):
                process = self.service(*words)
                self.assertEqual(process.exit_code, 2, process.stdout)
                self.assertIn(said, process.stderr)
                self.assertEqual(process.stdout, "")


if __name__ == "__main__":
    unittest.main()
