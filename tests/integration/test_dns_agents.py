"""--agents dns:///…: every address behind a name is an agent."""

import json
import os
import unittest

import context  # noqa: F401
from support import squall
from support.nginx import free_port
from support.processes import Process


class DnsAgents(squall.TestCase):
    """The system's own hosts file is the name server."""

    @unittest.skipIf(os.geteuid() != 0, "only root can mount a hosts file of its own")
    def test_every_address_behind_a_name(self):
        hosts = self.enterContext(squall.Target()).folder / "hosts"
        port = free_port()
        agents = [self.enterContext(squall.Agent(f"agent-{i}", listen=f"127.0.0.{i}:{port}"))
                  for i in (3, 1, 2)]
        hosts.write_text("".join(f"127.0.0.{i} squall-agents\n" for i in (3, 1, 2)) +
                         "::1 squall-agents\n127.0.0.1 localhost\n")
        self.assertEqual(len(agents), 3)
        within = ["unshare", "--mount", "sh", "-ec",
                  f"mount --bind {hosts} /etc/hosts; exec \"$@\"", "sh"]
        name = f"dns:///squall-agents:{port}"
        with (squall.Target() as target,
              Process(*within, squall.SQUALL, "run", "-n", "300", "-c", "8", "--json", "-",
                      "--agents", f"{name}*2", target.url) as run):
            self.assertEqual(run.wait(60), 0, run.stderr)
            report = json.loads(run.stdout)
        self.assertEqual([agent["address"] for agent in report["agents"]],
                         [f"127.0.0.{i}:{port}" for i in (1, 2, 3)])
        self.assertEqual(report["totals"]["recorded"], 300)
        with Process(*within, squall.SQUALL, "fleet", "check", "--agents", name) as check:
            self.assertEqual(check.wait(60), 0, check.stderr)
            self.assertIn("All 3 agents can be used.", check.stdout)
        with Process(*within, squall.SQUALL, "calibrate", "-z", "100ms", "--agents",
                     name) as calibrate:
            self.assertEqual(calibrate.wait(60), 0, calibrate.stderr)

    def test_nobody_behind_a_name(self):
        for command in (("run", "-n", "1", "http://127.0.0.1:1/"), ("fleet", "check"),
                        ("calibrate",)):
            with (self.subTest(command),
                  Process(squall.SQUALL, *command, "--agents", "dns:///nobody.invalid") as process):
                self.assertEqual(process.wait(60), 2, process.stdout)
                self.assertIn("--agents dns:///nobody.invalid: there is no agent, as "
                              "nobody.invalid has no address", process.stderr)


if __name__ == "__main__":
    unittest.main()
