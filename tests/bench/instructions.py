"""What requests cost an agent, by kind: instructions of its own, which valgrind counts, and system
calls. The machine's speed is not in them; how many answers an agent finds at a time is, which a busy
machine changes. Requests are those that a longer run has more than a shorter one, so that neither
start nor end is in them."""

import contextlib
import re
import shutil
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

import syscalls
from report import table
from servers import NullTarget
from support.squall import Agent, Run

NAME = "instructions"

_CONNECTIONS = 50
_SHORT, _LONG = 20_000, 120_000  # requests
_ROWS = 10_000  # of lists and feeders
_LONG_ROWS = 100_000  # more than an agent keeps as requests
_ROUNDS = 3  # at most: counts hardly differ
_TIMEOUT = 600  # seconds


@dataclass(frozen=True)
class Kind:
    """`words` makes the end of a run's command line, of a target's URL and a folder for files."""

    name: str
    words: object


def _file(path, text):
    path.write_text(text)
    return str(path)


def _list(rows):
    def words(url, folder):
        lines = "".join(f"{url}items/{row}\n" for row in range(rows))
        return ["--order", "shuffled", "--urls", _file(folder / "urls.txt", lines)]
    return words


def _template(url, _):
    return [url + "items/{{seq}}?k={{int 1 100000}}&h={{hex 16}}"]


def _feeder(url, folder):
    rows = "".join(f"{row},user{row}\n" for row in range(_ROWS))
    return ["--feed", _file(folder / "users.csv", f"id,name\n{rows}"), url + "items/{{col id}}"]


def _mix(url, folder):
    requests = "".join(f"  - {{name: {name}, url: '{url}{name}', weight: {weight}}}\n"
                       for name, weight in (("a", 5), ("b", 3), ("c", 2)))
    return [_file(folder / "plan.yaml", f"mix:\n{requests}")]


KINDS = [Kind("one URL", lambda url, _: [url + "items/12345"]),
         Kind("list of 10,000", _list(_ROWS)),
         Kind("list of 100,000", _list(_LONG_ROWS)),
         Kind("template", _template),
         Kind("feeder", _feeder),
         Kind("named requests", _mix)]


def missing():
    """Why instructions cannot be counted here; None if they can."""
    return None if shutil.which("valgrind") else "valgrind is not installed"


@contextlib.contextmanager
def _agent(*before):
    agent = Agent("bench", "--threads", "1")
    agent.command[:0] = before
    agent.command += ["--state", str(agent.folder / "state")]
    with agent:
        yield agent


def _send(agent, requests, words):
    with Run("-n", requests, "-c", _CONNECTIONS, "--quiet", *words, agents=[agent]) as run:
        result = run.finish(_TIMEOUT)
    if result.exit_code != 0 or result.recorded != requests:
        raise SystemExit(f"bench: squall run ended with {result.exit_code}: {result.stderr[-300:]}")


def _counted(requests, words, folder):
    """Instructions of an agent that sends so many, from its start to its end."""
    counts = folder / "callgrind.out"
    with _agent("valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}") as agent:
        # The list is read, and known, before.
        _send(agent, _CONNECTIONS, words)
        _send(agent, requests, words)
        agent.signal(15)
        agent.wait(_TIMEOUT)
    return int(re.search(r"^(?:summary|totals): (\d+)", counts.read_text(), re.MULTILINE)[1])


def _calls(words):
    """System calls a request; None if they cannot be counted."""
    with _agent() as agent:
        _send(agent, _CONNECTIONS, words)
        short, long = (syscalls.during(agent.pid, lambda n=n: _send(agent, n, words))
                       for n in (_SHORT, _LONG))
    return None if short is None or long is None else (long - short) / (_LONG - _SHORT)


def take_rounds(rounds, say):
    """A list of turns: a kind, and what its requests cost."""
    turns = []
    with NullTarget() as target, tempfile.TemporaryDirectory(prefix="squall-bench-") as name:
        folder = Path(name)
        for number in range(min(rounds, _ROUNDS)):
            for kind in KINDS:
                words = kind.words(target.url, folder)
                long, short = (_counted(n, words, folder) for n in (_LONG, _SHORT))
                instructions = (long - short) / (_LONG - _SHORT)
                turns.append({"kind": kind.name, "round": number, "instructions": instructions,
                              "calls": _calls(words)})
                say(f"{NAME} round {number + 1} {turns[-1]}")
    return turns


def case_text(turns):
    """Medians; ratios are those to one URL in the same round."""
    first = {turn["round"]: turn["instructions"] for turn in turns if turn["kind"] == KINDS[0].name}
    rows = [["", "instructions a request", "/ one URL", "calls a request"]]
    for kind in KINDS:
        mine = [turn for turn in turns if turn["kind"] == kind.name]
        calls = [turn["calls"] for turn in mine if turn["calls"] is not None]
        ratios = [turn["instructions"] / first[turn["round"]] for turn in mine]
        rows.append([kind.name,
                     f"{statistics.median(turn['instructions'] for turn in mine):,.0f}",
                     f"{statistics.median(ratios):.2f}",
                     f"{statistics.median(calls):.3f}" if calls else "-"])
    return f"== {NAME}: medians of {len(turns) // len(KINDS)} rounds\n{table(rows)}\n"
