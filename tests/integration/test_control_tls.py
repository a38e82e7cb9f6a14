"""Who may command an agent: the whole table of certificates, on both sides, whoever dials.

In each case but the good ones not one request is sent, and whoever runs the command, or reads the
agent's log, is told what is wrong.
"""

import json
import re
import shutil
import socket
import ssl
import tempfile
import time
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.certs import Authority, TlsServer
from support.processes import Process, wait_until
from support.relay import Relay

PAST = ("20200101000000Z", "20200201000000Z")
FUTURE = ("20980101000000Z", "20990101000000Z")
NUMBER = 200


class ControlTls(squall.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory(prefix="squall-test-")
        cls.addClassCleanup(cls._folder.cleanup)
        cls.folder = Path(cls._folder.name)
        cls.own = own = Authority(cls.folder / "own")
        cls.other = Authority(cls.folder / "other")
        cls.bundle = own.agent("lon-1")
        cls.view = own.controller("looker", "view")
        cls.expired = own.dated("late", "run", *PAST)
        cls.future = own.dated("early", "run", *FUTURE)
        cls.expired_agent = own.dated("late-agent", "agent", *PAST)
        cls.revoked = own.controller("thief")
        cls.revoked_agent = own.agent("stolen")
        own("revoke", "thief", "stolen")

    def setUp(self):
        self.target = self.enterContext(squall.Target())

    def agent(self, *arguments, name=None, **options):
        return self.enterContext(squall.Agent(name, *arguments, **options))

    def secure_agent(self, bundle=None, **options):
        return self.agent("--tls", bundle or self.bundle, "--revoked", self.own.revoked, **options)

    def run_against(self, agent, *arguments):
        return squall.run("-n", NUMBER, *arguments, self.target.url, agents=[agent], timeout=60)

    def check_refused(self, result, *words):
        self.check_exit(result, 2)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertEqual(self.target.stats()["requests"], 0)

    def check_logged(self, agent, *words):
        """On one line, with where it came from. Between quotes there are no others in a log."""
        words = [word.replace('"', "'") for word in words]

        def look():
            return any(all(word in line for word in words) and "peer=127.0.0.1:" in line
                       for line in agent.stderr.splitlines())
        wait_until(look, 10, f"{words} in {agent.stderr}")

    def test_good(self):
        agent = self.secure_agent()
        for bundle in (self.own.admin, self.own.controller("ann")):
            result = self.run_against(agent, "--tls", bundle, "--revoked", self.own.revoked)
            self.check_complete(result, NUMBER)
            self.assertEqual([found["name"] for found in result.report["agents"]], ["lon-1"])
            self.assertEqual(result.report["notes"], [])
        self.assertRegex(agent.stderr, r'controller="admin \[\S+@\S+ \(process \d+\)\]"')
        self.assertRegex(agent.stderr, r'controller="ann \[')

    def test_the_environment_names_the_bundle(self):
        agent = self.secure_agent()
        result = self.run_with_environment(agent, self.own.admin)
        self.check_complete(result, NUMBER)

    def run_with_environment(self, agent, bundle):
        with squall.Run("-n", NUMBER, self.target.url, agents=[agent],
                        env={"SQUALL_TLS": str(bundle)}) as run:
            return run.finish(60)

    def test_the_local_agent_needs_none(self):
        with squall.Run("-n", NUMBER, self.target.url, env={"SQUALL_TLS": "/nowhere"}) as run:
            self.check_complete(run.finish(60), NUMBER)

    def test_controllers_that_an_agent_does_not_obey(self):
        agent = self.secure_agent()
        cases = {
            "wrong authority": (self.other.admin, "not of an authority that is trusted here"),
            "expired": (self.expired, 'the certificate "late" expired on 2020-02-01'),
            "not yet valid": (self.future, 'the certificate "early" is not valid before 2098'),
            "revoked": (self.revoked, 'the certificate "thief" is revoked'),
            "agent's": (self.own.agent("posing"), 'the certificate "posing" is an agent\'s'),
        }
        for name, (bundle, words) in cases.items():
            with self.subTest(name):
                result = self.run_against(agent, "--tls", bundle)
                if name == "wrong authority":  # neither believes the other; it is told first
                    self.check_refused(result, agent.address, words)
                    continue
                self.check_refused(result, agent.address, "refuses this controller", words)
                self.check_logged(agent, "event=refused", words)
        # The agent's own word on an authority that it does not know, where the other end believes.
        mixed = self.folder / "mixed.pem"
        mixed.write_text(self.other.admin.read_text() +
                         (self.own.folder / "authority.pem").read_text())
        result = self.run_against(agent, "--tls", mixed)
        self.check_refused(result, "refuses this controller", "not of an authority")
        self.check_logged(agent, "event=refused", "not of an authority")

    def test_no_certificate(self):
        agent = self.secure_agent()
        result = self.run_against(agent)
        self.check_refused(result, "refuses this controller", "TLS is spoken here alone",
                           "squall certs controller")
        self.check_logged(agent, "event=refused", "TLS is spoken here alone")
        # Somebody else's client, which has TLS and shows nothing: no stream of its is served.
        answer = self.grpc_call_without_certificate(agent.address)
        self.assertIn(b"no certificate was shown", answer)
        self.check_logged(agent, "event=refused", "no certificate was shown")

    @staticmethod
    def grpc_call_without_certificate(address):
        """The bytes that Agent.Session answers, by HTTP/2 of our own: one HEADERS frame."""
        host, port = address.split(":")
        context_ = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context_.check_hostname = False
        context_.verify_mode = ssl.CERT_NONE
        context_.set_alpn_protocols(["h2"])

        def literal(name, value):  # without indexing, new name, no Huffman (RFC 7541, 6.2.2)
            return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
        headers = b"".join(literal(*pair) for pair in (
            (b":method", b"POST"), (b":scheme", b"https"),
            (b":path", b"/squall.v1.Agent/Session"), (b":authority", b"a"),
            (b"content-type", b"application/grpc"), (b"te", b"trailers")))

        def frame(kind, flags, stream, body):
            return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") \
                + body
        with socket.create_connection((host, int(port)), timeout=10) as plain, \
                context_.wrap_socket(plain) as stream:
            stream.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"")
                           + frame(1, 4, 1, headers))
            answer = b""
            while b"grpc-message" not in answer and (piece := stream.recv(4096)):
                answer += piece
            return answer

    def test_agents_that_a_controller_does_not_believe(self):
        cases = {
            "wrong authority": (self.other.agent("lon-1"), "not of an authority that is trusted"),
            "expired": (self.expired_agent, 'the certificate "late-agent" expired on 2020-02-01'),
            "revoked": (self.revoked_agent, 'the certificate "stolen" is revoked'),
        }
        for name, (bundle, words) in cases.items():
            with self.subTest(name):
                agent = self.agent("--tls", bundle)
                result = self.run_against(agent, "--tls", self.own.admin, "--revoked",
                                          self.own.revoked)
                self.check_refused(result, agent.address, "cannot be trusted", words)

    def test_plain_agent(self):
        agent = self.agent(name="plain")
        result = self.run_against(agent, "--tls", self.own.admin)
        self.check_refused(result, agent.address, "does not speak TLS", "squall certs agent")
        self.check_logged(agent, "event=refused", "it speaks TLS")
        self.check_complete(self.run_against(agent), NUMBER)

    def test_a_controllers_bundle_makes_no_agent(self):
        with Process(squall.SQUALL, "agent", "--listen", "127.0.0.1:0", "--tls",
                     self.own.admin) as process:
            self.assertEqual(process.wait(20), 2)
            self.assertIn("is a controller's", process.stderr)
        # One that claims to be an agent all the same: what counts is the certificate.
        with TlsServer(self.own.admin) as server:
            result = self.run_against(server, "--tls", self.own.admin)
            self.check_refused(result, "cannot be trusted",
                               'the certificate "admin" is a controller\'s')

    def test_a_viewer_may_look_alone(self):
        agent = self.secure_agent()
        result = self.run_against(agent, "--tls", self.view)
        self.check_refused(result, 'the certificate "looker" of role view allows a look alone')
        wait_until(lambda: 'event=denied name="looker"' in agent.stderr, 10, agent.stderr)
        with Process(squall.SQUALL, "fleet", "check", "--agents", agent.address, "--tls", self.view,
                     "--json", "-") as check:
            self.assertEqual(check.wait(60), 0, check.stderr)
            report = json.loads(check.stdout)
        found = report["agents"][0]
        self.assertEqual((found["name"], found["state"]), ("lon-1", "ok"))
        self.assertIsNone(found["to_agent_bytes_per_second"])
        self.assertIn("role view", " ".join(report["warnings"]))
        with Process(squall.SQUALL, "calibrate", "--agents", agent.address, "-z", "200ms", "--tls",
                     self.view) as calibrate:
            self.assertEqual(calibrate.wait(60), 2)
            self.assertIn("allows a look alone", calibrate.stderr)

    def test_fleet_check_and_calibrate(self):
        agent = self.secure_agent()
        with Process(squall.SQUALL, "fleet", "check", "--agents", agent.address, "--tls",
                     self.own.admin) as check:
            self.assertEqual(check.wait(60), 0, check.stderr)
            self.assertIn("MB/s", check.stdout)
        with Process(squall.SQUALL, "fleet", "check", "--agents", agent.address) as check:
            self.assertEqual(check.wait(60), 3)
            self.assertIn("TLS is spoken here alone", " ".join(check.stdout.split()))
        with Process(squall.SQUALL, "calibrate", "--agents", agent.address, "-z", "200ms", "--tls",
                     self.own.admin) as calibrate:
            self.assertEqual(calibrate.wait(60), 0, calibrate.stderr)

    def test_the_busy_answer_names_the_certificate(self):
        agent = self.secure_agent()
        with squall.Run("-z", "30s", "-c", "1", self.target.url, "--tls", self.own.admin,
                        agents=[agent]):
            wait_until(lambda: self.target.stats()["requests"] > 0, 20, "the run begins")
            with Process(squall.SQUALL, "fleet", "check", "--agents", agent.address, "--tls",
                         self.view) as check:
                self.assertEqual(check.wait(60), 3)
                self.assertRegex(" ".join(check.stdout.split()), r"admin \[\S+@\S+ \(process")

    def joined_run(self, *arguments):
        run = self.enterContext(squall.Run("--listen", "127.0.0.1:0", "-n", NUMBER, *arguments,
                                           self.target.url))
        found = wait_until(lambda: squall.LISTENING.search(run.stderr), 10, "it listens")
        return run, found[1]

    def test_joining(self):
        run, address = self.joined_run("--tls", self.own.admin, "--revoked", self.own.revoked)
        plain = self.agent(name="plain", join=address)
        other = self.agent("--tls", self.other.agent("paris"), join=address)
        stolen = self.agent("--tls", self.revoked_agent, join=address)
        wait_until(lambda: "refuses this agent: TLS is spoken here alone" in plain.stderr, 20,
                   "it is told")
        wait_until(lambda: "cannot be trusted: the certificate" in other.stderr, 20, "it finds out")
        wait_until(lambda: 'the certificate "stolen" is revoked' in stolen.stderr, 20, "it is told")
        wait_until(lambda: "event=refused" in run.stderr and "is revoked" in run.stderr, 20,
                   "and so is the controller's user")
        self.assertEqual(self.target.stats()["requests"], 0)
        self.secure_agent(join=address)
        result = run.finish(60)
        self.check_complete(result, NUMBER)
        self.assertEqual([found["name"] for found in result.report["agents"]], ["lon-1"])

    def test_joining_controllers_that_are_not_obeyed(self):
        cases = {
            "plain": ((), "does not speak TLS"),
            "revoked": (("--tls", self.revoked), 'the certificate "thief" is revoked'),
            "an agent's": (("--tls", self.own.agent("playing")), "is an agent's, not a"),
            "view": (("--tls", self.view), "allows a look alone"),
        }
        for name, (flags, words) in cases.items():
            with self.subTest(name):
                run, address = self.joined_run("--wait", "4s", *flags)
                agent = self.secure_agent(join=address)
                self.check_refused(run.finish(60))
                self.assertIn(words, agent.stderr)
                if name == "view":
                    self.assertIn("does not join: the certificate", run.stderr)

    def test_a_broken_stream_is_resumed(self):
        agent = self.secure_agent()
        through = self.enterContext(Relay(agent.address))
        with squall.Run("-z", "4s", "-c", "2", self.target.url, "--tls", self.own.admin,
                        agents=[through]) as run:
            wait_until(lambda: self.target.stats()["requests"] > 0, 20, "the run begins")
            time.sleep(0.5)
            through.cut()
            result = run.finish(60)
        self.check_exit(result, 0)
        self.check_consistent(result)
        self.assertIn("resumed", [event["kind"] for event in result.report["events"]])
        self.assertIn("event=resumed", agent.stderr)

    def test_rotation_and_revocation_without_a_restart(self):
        bundle, revoked = self.folder / "turning.pem", self.folder / "turning-list.pem"
        own = Authority(self.folder / "turning")
        shutil.copy(own.agent("turning"), bundle)
        shutil.copy(own.revoked, revoked)
        agent = self.agent("--tls", bundle, "--revoked", revoked)
        ann = own.controller("ann")
        self.check_complete(self.run_against(agent, "--tls", ann), NUMBER)
        own("revoke", "ann")
        shutil.copy(own.revoked, revoked)
        time.sleep(1.1)
        result = self.run_against(agent, "--tls", ann)
        self.check_exit(result, 2)
        self.assertIn('the certificate "ann" is revoked', result.stderr)
        # The authority that follows: first everybody trusts both, then all get new bundles.
        following = Authority(self.folder / "following")
        with open(bundle, "a", encoding="ascii") as file:
            file.write((following.folder / "authority.pem").read_text())
        with open(revoked, "a", encoding="ascii") as file:
            file.write(following.revoked.read_text())
        new_admin = self.folder / "new-admin.pem"
        new_admin.write_text(following.admin.read_text()
                             + (own.folder / "authority.pem").read_text())
        time.sleep(1.1)
        for admin in (own.admin, new_admin):
            self.check_complete(self.run_against(agent, "--tls", admin), NUMBER)
        shutil.copy(following.agent("turning"), bundle)
        shutil.copy(following.revoked, revoked)
        time.sleep(1.1)
        self.check_complete(self.run_against(agent, "--tls", following.admin), NUMBER)
        result = self.run_against(agent, "--tls", own.admin)
        self.check_exit(result, 2)
        # What cannot be read changes nothing.
        bundle.write_text("-----BEGIN CERTIFICATE-----\n")
        time.sleep(1.1)
        self.check_complete(self.run_against(agent, "--tls", following.admin), NUMBER)
        self.assertIn("event=certificates_kept", agent.stderr)

    def test_off_loopback(self):
        for flags, words in (
                (["agent", "--listen", "0.0.0.0:0"], "--listen 0.0.0.0:0: whoever reaches"),
                (["agent", "--join", "192.0.2.1:7500"], "--join 192.0.2.1:7500: whoever answers"),
                (["run", "--listen", "0.0.0.0:0", self.target.url], "anybody who reaches")):
            with self.subTest(flags), Process(squall.SQUALL, *flags) as process:
                self.assertEqual(process.wait(20), 2)
                self.assertIn(words, process.stderr)
                self.assertIn("--tls", process.stderr)
        self.agent("--tls", self.bundle, listen="0.0.0.0:0")

    def test_who_obeys_anybody_says_so(self):
        agent = self.agent("--insecure", name="open", listen="0.0.0.0:0")
        self.assertIn("event=insecure", agent.stderr)
        agent.address = agent.address.replace("0.0.0.0", "127.0.0.1")
        result = self.run_against(agent)
        self.check_complete(result, NUMBER)
        note = "an agent obeys anybody who reaches it (squall agent --insecure): open"
        self.assertEqual(result.report["notes"], [note])
        self.assertIn(note, " ".join(result.stdout.split()))
        with Process(squall.SQUALL, "fleet", "check", "--agents", agent.address) as check:
            self.assertEqual(check.wait(60), 0, check.stderr)
            self.assertIn("obey anybody", " ".join(check.stdout.split()))

    def test_certs_command(self):
        own = Authority(self.folder / "command")
        self.assertRegex(own("agent", "a-1", "a-2"), r"agents/a-1\.pem\n.*agents/a-2\.pem\n")
        own("controller", "boss", "--role", "run")
        own("revoke", "a-2")
        listed = re.sub(r"\d{4}-\d\d-\d\d", "DATE", own("list"))
        self.assertEqual([line.split() for line in listed.splitlines()],
                         [["name", "role", "expires", "state"], ["a-1", "agent", "DATE", "valid"],
                          ["a-2", "agent", "DATE", "revoked"], ["admin", "run", "DATE", "valid"],
                          ["boss", "run", "DATE", "valid"]])
        for arguments, words in ((["agent", own.folder, "a-1"], "--renew"),
                                 (["init", own.folder], "something is there already"),
                                 (["agent", self.folder / "nowhere", "x"], "squall certs init"),
                                 (["agent", own.folder, "../x"], "a name is made of"),
                                 (["controller", own.folder, "x"], "--role"),
                                 (["controller", own.folder, "x", "--role", "agent"], "--role"),
                                 (["revoke", own.folder, "nobody"], "no certificate")):
            with self.subTest(arguments), Process(squall.SQUALL, "certs", *arguments) as process:
                self.assertEqual(process.wait(20), 2)
                self.assertIn(words, process.stderr)
        # Others can read what it makes.
        with Process("openssl", "verify", "-crl_check", "-CRLfile", own.revoked, "-CAfile",
                     own.folder / "authority.pem", own.folder / "agents/a-1.pem",
                     own.folder / "agents/a-2.pem") as verify:
            verify.wait(20)
            self.assertIn("a-1.pem: OK", verify.stdout)
            self.assertIn("certificate revoked", verify.stderr)


if __name__ == "__main__":
    unittest.main()
