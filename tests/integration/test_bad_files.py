"""Templates, plans, lists, tables of a feeder and scripts that are wrong: each message says where, down
to the column, and what was meant where that is near; exit 2, nothing sent."""

import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.recording_server import RecordingServer

# Name, what stands in {url}, words of the message.
TEMPLATES = [
    ("unknown", "/{{sq}}", ["URL column {at}: {{sq}}", "did you mean seq?"]),
    ("not closed", "/{{seq", ["URL column {at}: {{seq", "}}"]),
    ("one value of two", "/{{int 1}}", ["URL column {at}: {{int 1}}", "{{int 1 100000}}"]),
    ("values swapped", "/{{int 5 1}}", ["URL column {at}: {{int 5 1}}", "smaller one first"]),
    ("letters for numbers", "/{{int a b}}", ["URL column {at}: {{int a b}}", "whole number"]),
    ("exponent of 0", "/{{zipf 0 10}}", ["URL column {at}: {{zipf 0 10}}", "at most 10"]),
    ("no keys", "/{{zipf 1.1}}", ["URL column {at}: {{zipf 1.1}}", "{{zipf 1.1 100000}}"]),
    ("no digits", "/{{hex 0}}", ["URL column {at}: {{hex 0}}", "at least 1"]),
    ("too many digits", "/{{hex 99999}}", ["URL column {at}: {{hex 99999}}", "at most"]),
    ("nothing to pick", "/{{pick}}", ["URL column {at}: {{pick}}", "{{pick a b c}}"]),
    ("form of a time", "/{{time rfc}}", ["URL column {at}: {{time rfc}}", "did you mean rfc3339?"]),
    ("no feeder", "/{{col id}}", ["URL column {at}: {{col id}}", "--feed"]),
    ("no variable", "/{{env SQUALL_NOT_THERE}}", ["URL column {at}", "environment"]),
    ("no file", "/{{file {folder}/nowhere}}", ["URL column {at}", "No such file"]),
    ("a value too many", "/{{uuid 4}}", ["URL column {at}: {{uuid 4}}", "write e.g. {{uuid}}"]),
    ("empty", "/{{}}", ["URL column {at}: {{}}", "{{seq}}"]),
]

# Name, text of the file (@ stands for the server's URL), arguments, words of the message.
PLANS = [(name, text, ["{file}"], words) for name, text, words in [
    ("unknown key", "url: @/\nreqests: 5\n", [":2:1: reqests", "did you mean requests?"]),
    ("words for a number", "url: @/\nrequests: many\n", [":2:11:", "many", "whole number"]),
    ("a list for a number", "url: @/\nrequests: [1]\n", [":2:11:", "requests", "one value"]),
    ("no YAML", "url: [\n", [":2:1:"]),
    ("a list", "- url\n", [":1:1:", "name: value"]),
    ("twice", "url: @/\nurl: @/\n", [":2:1: url", "twice"]),
    ("a duration without unit", "url: @/\nduration: 5\n", [":2:11:", "5s"]),
    ("no rate", "url: @/\nrate: fast\n", [":2:7:", "fast", "10000"]),
    ("neither true nor false", "url: @/\ninsecure: maybe\n", [":2:11:", "true or false"]),
    ("a placeholder", "url: @/{{sq}}\n", [":1:6:", "did you mean seq?"]),
    ("weight 0", "mix:\n  - {name: a, weight: 0, url: '@/'}\n", [":2:23:", "at least 1"]),
    ("unknown in a mix", "mix:\n  - {name: a, wieght: 2, url: '@/'}\n",
     [":2:15: wieght", "did you mean weight?"]),
    ("a name twice", "mix:\n  - {name: a, url: '@/'}\n  - {name: a, url: '@/'}\n",
     [":3:12:", "line 2"]),
    ("an alias of nothing", "url: *nowhere\n", [":1:6:", "quotes"]),
]]

LISTS = [(name, text, ["-u", "{url}", "--urls", "{file}", *more], words)
         for name, text, more, words in [
    ("another scheme", "/a\nhtp://x/\n", [], [":2:1: htp://x/", "http://"]),
    ("no scheme", "/a\n\n # b\n x.test\n", [], [":4:2: x.test", "did you mean http://x.test?"]),
    ("a control character", "/a\n/b\x01\n", [], [":2:1:", "%01"]),
    ("a placeholder", "/{{seq}}\n/b/{{sq}}\n", [], [":2:4: {{sq}}", "did you mean seq?"]),
    ("no method", "GET /a\nGE(T /b\n", [], [":2:1: GE(T", "GET"]),
    ("a method that is missing", "GET /a\n/b\n", [], [":2:1: /b", "did you mean GET /b?"]),
    ("more behind the URL", "GET /a\nGET /b HTTP/1.1\n", [], [":2:8: HTTP/1.1", "leave it out"]),
    ("no JSON", '{"url":"/"}\n{"url":}\n', [], [":2:8:"]),
    ("unknown key", '{"url":"/","methd":"GET"}\n', [], [":1:12: methd", "did you mean method?"]),
    ("a number for a text", '{"url":5}\n', [], [":1:2: url"]),
    ("no base64", '{"url":"/","body":"%%%"}\n', [], [":1:12: body", "base64"]),
    ("no access log", "nonsense\n", ["--format", "combined"], [":1:1:", "[time]"]),
]]

TABLES = [(name, text, ["--feed", "{file}", "{url}/{{col id}}"], words) for name, text, words in [
    ("a value too few", "id,name\n1\n", [":2:1:", "2 columns"]),
    ("a value too many", "id,name\n1,a,b\n", [":2:5:", "(2)"]),
    ("a name twice", "id,id\n1,2\n", [":1:4: id"]),
    ("a quote without end", 'id\n"1\n', [":2:1:", "never closed"]),
    ("more behind a quote", 'id\n"1"x\n', [":2:4:", "comma"]),
    ("no rows", "id\n", ["no rows"]),
    ("nothing", "", ["empty"]),
    ("no name", "id,,x\n1,2,3\n", [":1:4:", "without a name"]),
    ("another name", "ids\n1\n", ["{{col id}}", "did you mean ids?"]),
]]

SCRIPTS = [(name, text, ["-s", "{file}", "{url}"], words) for name, text, words in [
    ("no Lua", "request = functon() end\n", [":1:", "near 'end'"]),
    ("a function that is not there", "function request()\n  return wrk.fromat()\nend\n",
     [":2:", "did you mean wrk.format?"]),
    ("arithmetic with nothing", "\nx = nil + 1\n", [":2:", "arithmetic"]),
    ("no request", "function request() return 5 end\n", ["request()", "line 1, column 1"]),
    ("half a request", "function request() return 'GET / HTTP/1.1\\r\\n' end\n",
     ["request()", "empty line"]),
    ("no end", "\nwhile true do end\n", [":2:", "loop without end"]),
    ("too much memory", "t = {}\nwhile true do t[#t + 1] = string.rep('x', 1e6 + #t) end\n",
     ["256 MiB"]),
    ("a file", "\nio.open('x')\n", [":2:", "io.open", "-D FILE"]),
    ("a module", "require 'socket'\n", [":1:", "require"]),
    ("an error of its own", "function init(args) error('no way') end\n", [":1: no way"]),
    ("bytecode", "\x1bLJ\x02", ["chunk"]),
]]


class BadFiles(squall.TestCase):
    def setUp(self):
        self.server = self.enterContext(RecordingServer())
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def check_refused(self, arguments, words):
        result = squall.run(*arguments, json=False, timeout=60)
        self.check_told(result, words)
        self.assertEqual(self.server.connections, 0)

    def test_templates(self):
        column = str(len(self.server.url) + 2)
        for name, text, words in TEMPLATES:
            with self.subTest(name):
                url = self.server.url + text.replace("{folder}", str(self.folder))
                self.check_refused([url], [word.replace("{at}", column) for word in words])

    def check_files(self, cases):
        for i, (name, text, arguments, words) in enumerate(cases):
            with self.subTest(name):
                file = self.folder / f"{i}.yaml"
                file.write_text(text.replace("@", self.server.url), newline="")
                self.check_refused(
                    [argument.replace("{file}", str(file)).replace("{url}", self.server.url)
                     for argument in arguments],
                    [f"{file}{word}" if word.startswith(":") else word for word in words])

    def test_plans(self):
        self.check_files(PLANS)

    def test_lists(self):
        self.check_files(LISTS)

    def test_tables(self):
        self.check_files(TABLES)

    def test_scripts(self):
        # Whatever is wrong with a script, its file is named.
        self.check_files([(name, text, arguments, words if words[0].startswith(":") else [":", *words])
                          for name, text, arguments, words in SCRIPTS])


if __name__ == "__main__":
    unittest.main()
