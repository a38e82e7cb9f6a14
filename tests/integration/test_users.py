"""Users of a script log in, look at a list and at an item of it, on any number of agents."""

import json
import subprocess
import tempfile
import threading
import unittest
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.local_server import LocalServer, QuietHandler
from support.nginx import Nginx

_SHOP = """
function user(u)
   local r = http.post("/login", "name=" .. u.data.name, {name = "login"})
   local token = r:json("$.session.token")
   sleep(0.01)
   local as = {Authorization = "Bearer " .. token}
   r = http.get("/items", {name = "list", headers = as})
   check(#r:json("$.items") == 3, "three items")
   local id = r:match('"id": ?(\\\\d+)')
   r = http.get("/items/" .. id, {name = "item", headers = as})
   check(r.headers["X-Item"] == id, "the item that was asked for")
end
"""


class _Handler(QuietHandler):
    """A small shop: what it gives away is needed for what comes next."""

    def answer(self, status, value, **headers):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        name = body.removeprefix("name=")
        with self.server.lock:
            self.server.seen["login", name] += 1
            self.server.cookies.add(self.headers.get("Cookie"))
        self.answer(200, {"session": {"token": f"t-{name}"}}, Set_Cookie=f"name={name}; Path=/")

    def do_GET(self):
        token = self.headers.get("Authorization", "").removeprefix("Bearer t-")
        cookie = self.headers.get("Cookie")
        with self.server.lock:
            self.server.seen[self.path, token] += 1
        if not token or cookie != f"name={token}":
            self.answer(401, {"error": f"{token} is not {cookie}"})
        elif self.path == "/items":
            first = int(token.removeprefix("u"))
            self.answer(200, {"items": [{"id": first + i} for i in range(3)]})
        else:
            item = self.path.removeprefix("/items/")
            self.answer(200, {"id": int(item)}, X_Item=item)


class _Shop(LocalServer):
    def __init__(self):
        super().__init__(_Handler)
        self.lock = threading.Lock()
        self.seen = Counter()
        self.cookies = set()


# The same of nginx: it believes who shows the cookie and the token that it gave, and the list that
# it gives has one item, whose id is that of the request for it.
_NGINX = """
location = /login {
  add_header Set-Cookie "session=$request_id; Path=/; HttpOnly";
  return 200 '{"token": "$request_id"}';
}
location = /items {
  if ($http_authorization != "Bearer $cookie_session") { return 401; }
  if ($cookie_session = "") { return 401; }
  return 200 '{"items": [{"id": "$request_id"}]}';
}
location ~ ^/items/(?<item>[0-9a-f]+)$ {
  if ($http_authorization != "Bearer $cookie_session") { return 401; }
  add_header X-Item $item;
  return 200 '{"id": "$item"}';
}
"""


class Users(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.shop = self.enterContext(_Shop())

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def rows(self, count):
        return self.write("users.csv", "name\n" + "".join(f"u{i}\n" for i in range(count)))

    def run_users(self, text, *arguments, **options):
        return squall.run("-s", self.write("shop.lua", text), *arguments, **options)

    def steps(self, result):
        return {step["name"]: step for step in result.report["steps"]}

    def test_a_flow_passes_on_what_it_was_given(self):
        agents = self.enterContext(squall.fleet(2))
        result = self.run_users(_SHOP, "--feed", self.rows(60), "-n", 60, "-c", 8, self.shop.url,
                                agents=agents)
        self.check_complete(result, 60)
        wanted = Counter()
        for i in range(60):
            for step in (("login", f"u{i}"), ("/items", f"u{i}"), (f"/items/{i}", f"u{i}")):
                wanted[step] = 1
        self.assertEqual(self.shop.seen, wanted, "each row once, each step as its user")
        self.assertEqual(self.shop.cookies, {None}, "a new user has no cookies")
        steps = self.steps(result)
        self.assertEqual(sorted(steps), ["item", "list", "login"])
        for name, step in steps.items():
            with self.subTest(step=name):
                self.assertEqual((step["recorded"], step["failed"]), (60, 0))
                self.assertEqual(step["latency"]["success"]["service"]["count"], 60)
        self.assertTrue(result.report["plan"]["users"])
        for word in ("By step", "login", "item", "Flows/s"):
            self.assertIn(word, result.stdout)
        think = result.report["latency"]["success"]["service"]
        spent = sum(step["latency"]["success"]["service"]["mean_ns"] for step in steps.values())
        self.assertLess(abs(think["mean_ns"] - spent), 0.5 * spent, "think time is left out")

    def test_a_flow_at_a_real_server(self):
        agents = self.enterContext(squall.fleet(2))
        for listen in ("", "ssl"):
            with self.subTest(listen), Nginx(listen, more=_NGINX, log="ids") as nginx:
                trust = ["--cacert", nginx.certificate] if listen else []
                self.check_nginx(nginx, 500, *trust, agents=agents)

    def check_nginx(self, nginx, count, *arguments, agents):
        result = self.run_users(
            """
            function user(u)
              local r = http.post("/login", "name=u" .. u.id, {name = "login"})
              local as = {Authorization = "Bearer " .. r:json("$.token")}
              sleep(0.005)
              r = http.get("/items", {name = "list", headers = as})
              local id = r:json("$.items[0].id")
              check(id == r:match('"id": "([0-9a-f]+)"'), "one value in both ways")
              r = http.get("/items/" .. id, {name = "item", headers = as})
              check(r.headers["x-item"] == id, "the item that was asked for")
            end
            """, "-n", count, "-c", 20, nginx.url, *arguments, agents=agents)
        nginx.quit()
        lines = [line.split("\t") for line in nginx.access_log.read_text().splitlines()]
        self.check_complete(result, count)
        self.assertEqual(result.errors, {})
        self.assertEqual({name: step["succeeded"] for name, step in self.steps(result).items()},
                         {"login": count, "list": count, "item": count})
        self.assertEqual(Counter((status, method, target.rpartition("/")[0])
                                 for _, status, method, target in lines),
                         {("200", "POST", ""): count, ("200", "GET", ""): count,
                          ("200", "GET", "/items"): count})
        # Each list's item has been asked for, once.
        self.assertEqual(sorted(target.rpartition("/")[2] for *_, target in lines
                                if target.startswith("/items/")),
                         sorted(request for request, *_, target in lines if target == "/items"))

    def test_the_same_flows_on_any_number_of_agents(self):
        seen = {}
        for count in (1, 2, 5):
            self.shop.seen.clear()
            with self.subTest(count), squall.fleet(count) as agents:
                result = self.run_users(_SHOP, "--feed", self.rows(30), "--feed-order", "random",
                                        "--seed", 7, "-n", 60, "-c", 10, self.shop.url,
                                        agents=agents)
                self.check_complete(result, 60)
                self.assertEqual(result.errors, {})
                seen[count] = Counter(self.shop.seen)
        self.assertEqual(sum(seen[1].values()), 180)
        self.assertLess(len(seen[1]), 90, "rows at random are not each once")
        self.assertEqual(seen[1], seen[2])
        self.assertEqual(seen[1], seen[5])

    def test_what_goes_wrong_is_counted(self):
        result = self.run_users(
            """
            function user(u)
              http.post("/login", "name=u" .. u.id)
              if u.id % 4 == 1 then local r = nil + 1 end
              check(u.id % 4 ~= 2, "not this one")
              local r = http.get("/items", u.id % 4 == 3 and {expect = 401} or nil)
              check(r.status == 401)
            end
            """, "-n", 40, "-c", 4, self.shop.url)
        self.check_exit(result, 0)
        self.assertEqual(result.recorded, 40)
        self.assertEqual(result.errors, {"script error": 10, "check failed": 10, "status 401": 10})
        samples = {error["kind"]: error["sample"] for error in result.report["errors"]}
        self.assertIn("shop.lua:4: attempt to perform arithmetic", samples["script error"])
        self.assertIn("shop.lua:5: not this one", samples["check failed"])
        steps = self.steps(result)
        self.assertEqual(steps["GET /items"]["failed"], 20)
        self.assertEqual(steps["GET /items"]["recorded"], 30)

    def test_users_begin_at_a_rate(self):
        result = self.run_users(_SHOP, "--feed", self.rows(50), "-q", 50, "-z", "1s",
                                self.shop.url)
        self.check_exit(result, 0)
        self.check_consistent(result)
        self.assertEqual(result.recorded, 50)
        self.assertEqual(self.steps(result)["login"]["recorded"], 50)

    def test_saved_results_have_steps(self):
        saved = self.folder / "saved"
        result = self.run_users(_SHOP, "--feed", self.rows(10), "-n", 10, "-c", 2, "--save", saved,
                                self.shop.url)
        self.check_complete(result, 10)
        path = self.folder / "again.json"
        subprocess.run([squall.SQUALL, "report", saved, "--json", path], check=True, timeout=60,
                       capture_output=True)
        again = json.loads(path.read_text())
        self.assertEqual(again["steps"], result.report["steps"])
        self.assertEqual(again["totals"], result.report["totals"])

    def test_what_is_wrong_is_said_before_anything_is_sent(self):
        user = "function user(u) http.get('/items') end"
        cases = [
            ("function user(u)\n\n  htpp.get('/') end", [], ["shop.lua:3", "htpp"]),
            ("function user(u) http.get('http://localhost:1/') end", [], ["shop.lua:1", "begins"]),
            (user + "\nfunction request() end", [], ["user() and request()"]),
            (user, ["-m", "PUT"], ["-m", "user()"]),
            (user, ["--tag"], ["-s and --tag exclude each other"]),
            ("", ["--feed", self.rows(3)], ["--feed", "user(u)"]),
        ]
        for text, arguments, words in cases:
            with self.subTest(text=text, arguments=arguments):
                result = self.run_users(text, *arguments, "-n", 1, self.shop.url)
                self.check_exit(result, 2)
                for word in words:
                    self.assertIn(word, " ".join(result.stderr.split()))
        self.assertEqual(self.shop.seen, Counter())


if __name__ == "__main__":
    unittest.main()
