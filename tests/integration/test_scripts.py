"""Scripts make the requests, as wrk's do, on any number of agents."""

import re
import shutil
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.local_server import LocalServer, QuietHandler
from support.processes import Process
from support.recording_server import RecordingServer


# Where Debian's package of wrk has its scripts/.
_EXAMPLES = Path("/usr/share/doc/wrk/examples/scripts")


class _Handler(QuietHandler):
    """Gives a token, and has what is asked for with it."""

    def do_GET(self):
        self.server.seen[self.path, self.headers.get("X-Token")] += 1
        self.send_response(200 if self.path == "/login" or self.headers.get("X-Token") else 401)
        self.send_header("Content-Length", "2")
        if self.path == "/login":
            self.send_header("X-Token", "s3cret")
        self.end_headers()
        self.wfile.write(b"ok")


class _Server(LocalServer):
    def __init__(self):
        super().__init__(_Handler)
        self.seen = Counter()


class Scripts(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.server = self.enterContext(RecordingServer())

    def script(self, text):
        path = self.folder / "test.lua"
        path.write_text(text)
        return path

    def run_script(self, text, *arguments, **options):
        return squall.run("-s", self.script(text), *arguments, **options)

    def test_post(self):
        result = self.run_script(
            'wrk.method = "POST" wrk.body = "a=b" wrk.headers["X-Kind"] = "test"',
            "-n", 20, "-c", 2, self.server.url + "/form")
        self.check_complete(result, 20)
        for request in self.server.requests:
            self.assertEqual((request.method, request.target, request.body),
                             ("POST", "/form", b"a=b"))
            self.assertEqual(sorted(request.headers),
                             [("Content-Length", "3"), ("Host", self.server.address),
                              ("X-Kind", "test")])
        self.assertEqual(result.report["plan"]["script"]["arguments"], 0)
        self.assertIn("by script", result.stdout)

    def test_each_number_once_in_a_fleet(self):
        agents = self.enterContext(squall.fleet(3))
        result = self.run_script("function request(n) return wrk.format(nil, '/' .. n) end",
                                 "-n", 300, "-c", 6, self.server.url, agents=agents)
        self.check_complete(result, 300)
        self.assertEqual(sorted(request.target for request in self.server.requests),
                         sorted(f"/{n}" for n in range(300)))

    def test_a_token_from_an_answer(self):
        with _Server() as server:
            result = self.run_script(
                """
                local token
                local path = "/login"
                request = function() return wrk.format("GET", path) end
                response = function(status, headers, body)
                  if not token and status == 200 and body == "ok" then
                    token, path = headers["X-Token"], "/things"
                    wrk.headers["X-Token"] = token
                  end
                end
                """, "-n", 50, "-c", 1, server.url)
            self.check_complete(result, 50)
            self.assertEqual(server.seen, {("/login", None): 1, ("/things", "s3cret"): 49})

    def test_pipelining(self):
        result = self.run_script(
            """
            local all
            function init() all = wrk.format(nil, "/1") .. wrk.format("HEAD", "/2") ..
                                  wrk.format(nil, "/3") end
            function request() return all end
            """, "-n", 20, "-c", 2, self.server.url)
        self.check_complete(result, 20)
        self.assertEqual(Counter(request.target for request in self.server.requests),
                         {"/1": 20, "/2": 20, "/3": 20})
        self.assertEqual(len({request.client for request in self.server.requests}), 2)

    def test_variables_of_workers(self):
        agents = self.enterContext(squall.fleet(2))
        result = self.run_script(
            """
            local counter, threads = 1, {}
            function setup(thread)
              thread:set("id", counter)
              threads[#threads + 1] = thread
              counter = counter + 1
            end
            function init() requests, responses = 0, 0 end
            function request() requests = requests + 1 return wrk.request() end
            function response() responses = responses + 1 end
            function done(summary, latency)
              for _, thread in ipairs(threads) do
                print(string.format("worker %d: %d, %d", thread:get("id"),
                                    thread:get("requests"), thread:get("responses")))
              end
              print("answered", summary.requests, latency:percentile(50) <= latency.max)
            end
            """, "-n", 100, "-c", 4, self.server.url, agents=agents)
        self.check_complete(result, 100)
        lines = re.findall(r"worker (\d+): (\d+), (\d+)", result.stdout)
        self.assertEqual(sum(int(requests) for _, requests, _ in lines), 100)
        self.assertTrue(all(requests == responses for _, requests, responses in lines))
        self.assertIn("answered\t100\ttrue\n", result.stdout)

    def test_delay(self):
        result = self.run_script("function delay() return 100 end", "-z", "1s", "-c", 2,
                                 self.server.url)
        self.check_exit(result, 0)
        self.assertEqual(result.errors, {})
        self.assertTrue(4 <= result.recorded <= 20, result.recorded)
        longest = result.report["latency"]["success"]["service"]["max_ns"]
        self.assertLess(longest, 100_000_000)

    def test_stop(self):
        result = self.run_script(
            """
            local counter = 0
            function response()
              counter = counter + 1
              if counter == 10 then wrk.thread:stop() end
            end
            """, "-n", 100_000, "-c", 1, self.server.url)
        self.check_exit(result, 3)
        self.check_consistent(result)
        self.assertEqual(result.recorded, 10)
        self.assertIn("the script has ended the run", " ".join(result.stdout.split()))

    def test_errors_in_the_run_are_counted(self):
        result = self.run_script(
            """
            function request(n)
              if n % 4 == 1 then error("no such thing") end
              if n % 4 == 2 then return "GET" end
              return wrk.format(nil, "/" .. n)
            end
            function response(status, headers, body) if seen then body = nil .. "x" end
              seen = true end
            """, "-n", 40, "-c", 1, self.server.url)
        self.check_exit(result, 0)
        self.check_consistent(result)
        self.assertEqual(result.errors,
                         {"script error": 20, "script error in response()": 19})
        samples = {error["kind"]: error["sample"] for error in result.report["errors"]}
        self.assertIn("test.lua:3: no such thing", samples["script error"])
        self.assertIn("test.lua:7: attempt to concatenate",
                      samples["script error in response()"])
        self.assertEqual(len(self.server.requests), 20)

    def test_a_loop_without_end_ends(self):
        result = self.run_script("function request(n) if n > 0 then while true do end end "
                                 "return wrk.format() end", "-n", 4, "-c", 1, self.server.url)
        self.check_exit(result, 0)
        self.assertEqual(result.errors, {"script error": 3})

    def test_what_is_wrong_is_said_before_anything_is_sent(self):
        cases = [
            ("function request(", ["test.lua:1", "near"]),
            ("\n\nfunction request() return wrk.fromat() end", ["test.lua:3", "wrk.format"]),
            ("function request() return 'x' end", ["no request of HTTP/1.1"]),
            ("os.execute('touch " + str(self.folder / "touched") + "')", ["os.execute"]),
        ]
        for text, words in cases:
            with self.subTest(text=text):
                result = self.run_script(text, "-n", 1, self.server.url)
                self.check_exit(result, 2)
                for word in words:
                    self.assertIn(word, result.stderr)
        self.assertEqual(self.server.requests, [])
        self.assertFalse((self.folder / "touched").exists())

    @unittest.skipUnless(shutil.which("wrk"), "needs wrk")
    def test_the_same_requests_as_wrk(self):
        scripts = {
            "counter": """
                counter = 0
                request = function()
                  wrk.headers["X-Counter"] = counter
                  counter = counter + 1
                  return wrk.format(nil, "/" .. counter)
                end""",
            "form": """
                wrk.method = "POST"
                wrk.body = "foo=bar&baz=quux"
                wrk.headers["Content-Type"] = "application/x-www-form-urlencoded" """,
            "headers": """
                init = function(args) for i = 1, #args do wrk.headers["X-" .. i] = args[i] end end
                request = function() return wrk.format("PUT", "/p", {A = 1, Host = "b"}, "x")
                end""",
        }
        for name, text in scripts.items():
            with self.subTest(script=name), RecordingServer() as server:
                script = self.script(text)
                wanted = self.of_wrk(server, script)
                result = squall.run("-s", script, "-n", 20, "-c", 1, "-H", "X-Of: test",
                                    server.url + "/of", "--", "one")
                self.check_complete(result, 20)
                seen = self.by_target(server)
                both = wanted.keys() & seen.keys()
                self.assertGreaterEqual(len(both), 10 if name == "counter" else 1)
                self.assertEqual({target: seen[target] for target in both},
                                 {target: wanted[target] for target in both})

    @unittest.skipUnless(shutil.which("wrk"), "needs wrk")
    @unittest.skipUnless(_EXAMPLES.is_dir(), f"needs {_EXAMPLES}")
    def test_wrks_own_scripts(self):
        # What each says on standard output, if anything.
        says = {
            "report.lua": r"\n-+\n50%,\d+\n90%,\d+\n99%,\d+\n99.999%,\d+\n$",
            "setup.lua": r"\nthread 1 made 120 requests and got 120 responses\n$",
        }
        seen_targets = {}
        for script in sorted(_EXAMPLES.glob("*.lua")):
            with self.subTest(script=script.name), RecordingServer() as server:
                server.answer_headers["X-Token"] = "s3cret"
                wanted = self.of_wrk(server, script)
                result = squall.run("-s", script, "-n", 120, "-c", 1, "-H", "X-Of: test",
                                    server.url + "/of", "--", "one")
                stops = script.name == "stop.lua"
                self.check_exit(result, 3 if stops else 0)
                self.check_consistent(result)
                self.assertEqual(result.errors, {})
                self.assertEqual(result.recorded, 100 if stops else 120)
                seen = seen_targets[script.name] = self.by_target(server)
                if script.name == "counter.lua":  # one is faster than the other
                    wanted = {target: of for target, of in wanted.items() if target in seen}
                    self.assertGreaterEqual(len(wanted), 20)
                    seen = {target: of for target, of in seen.items() if target in wanted}
                self.assertEqual(seen, wanted)
                if pattern := says.get(script.name):
                    self.assertRegex(result.stdout, pattern)
        self.assertEqual({"addr.lua", "auth.lua", "counter.lua", "delay.lua", "pipeline.lua",
                          "post.lua", "report.lua", "setup.lua", "stop.lua"},
                         seen_targets.keys())
        self.assertEqual(seen_targets["auth.lua"].keys(), {"/authenticate", "/resource"})
        self.assertEqual(seen_targets["pipeline.lua"].keys(), {"/?foo", "/?bar", "/?baz"})

    def of_wrk(self, server, script):
        """What wrk sends by a script, by target."""
        with Process("wrk", "-t", "1", "-c", "1", "-d", "1s", "-s", str(script),
                     "-H", "X-Of: test", server.url + "/of", "--", "one") as wrk:
            self.assertEqual(wrk.wait(30), 0, wrk.stderr)
        wanted = self.by_target(server)
        self.assertTrue(wanted)
        server.recorded.clear()
        return wanted

    @staticmethod
    def by_target(server):
        return {request.target: (request.method, sorted(request.headers), request.body)
                for request in server.requests}

    def test_named_requests_are_refused(self):
        self.script("")
        plan = self.folder / "plan.yaml"
        plan.write_text(f"url: {self.server.url}\nscript: test.lua\nrequests: 5\n"
                        "mix:\n  - {name: a}\n  - {name: b, method: PUT}\n")
        result = squall.run(plan)
        self.check_exit(result, 2)
        self.assertIn("a mix exclude each other", result.stderr)
        self.assertEqual(self.server.requests, [])

    def test_a_plan_file(self):
        self.script("function request() return wrk.format(nil, path) end "
                    "function init(args) path = args[1] end")
        plan = self.folder / "plan.yaml"
        plan.write_text(f"url: {self.server.url}\nscript: test.lua\nscript_arg: [/one]\n"
                        "requests: 5\n")
        result = squall.run(plan)
        self.check_complete(result, 5)
        self.assertEqual({request.target for request in self.server.requests}, {"/one"})


if __name__ == "__main__":
    unittest.main()
