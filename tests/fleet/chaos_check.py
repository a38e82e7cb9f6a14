"""What must hold after a round of chaos, whatever happened in it: the claims of the run's report
against the target's own list of requests."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

# How late a request that was sent in time may be read, in seconds: two cores carry everything.
_SLACK = 0.3


class Line(NamedTuple):
    """Of the target's log."""

    seconds: float  # since the first request
    client: str
    path: str
    status: int


@dataclass
class Happening:
    """A fault as it was really applied."""

    fault: object
    begun: float           # seconds since the first request
    ended: float | None = None


@dataclass
class Seen:
    exit_code: int
    report: dict | None
    lines: list                    # of the target's log, in its order
    target_requests: int           # by its counts
    addresses: dict                # of agents' hosts, by name
    happenings: list = field(default_factory=list)

    @property
    def totals(self):
        return self.report["totals"]

    @property
    def responses(self):
        return sum(self.report["status_codes"].values())

    @property
    def no_response(self):
        """Requests recorded that may not have come to the target."""
        return self.totals["recorded"] - self.responses

    @property
    def extra(self):
        """How many requests more than recorded the target may have seen."""
        return self.totals["possibly_repeated"] + self.totals["resent"]


def _check_state(plan, seen):
    state = seen.report["run"]["state"]
    if plan.untouched and (seen.exit_code, state) != (0, "complete"):
        yield (f"exit code {seen.exit_code}, {state}, though {', '.join(plan.untouched)} "
               "was there all the time")
    if (seen.exit_code, state) not in ((0, "complete"), (3, "incomplete")):
        yield f"exit code {seen.exit_code} and {state} do not go together"


def _check_sums(plan, seen):
    totals = seen.totals
    if totals["recorded"] != totals["succeeded"] + totals["failed"]:
        yield "recorded is not succeeded + failed"
    for key in ("recorded", "succeeded", "failed"):
        if totals[key] != sum(agent[key] for agent in seen.report["agents"]):
            yield f"{key} is not the sum of the agents'"
    if seen.report["run"]["state"] != "complete":
        return
    closed = totals["recorded"] + totals["dropped"] + totals["unsent"]
    if totals["planned"] != closed:
        yield f"planned {totals['planned']}, but recorded + dropped + unsent is {closed}"
    if plan.requests and totals["recorded"] != plan.requests:
        yield f"recorded {totals['recorded']} of {plan.requests} asked"
    if not plan.requests and plan.open_loop and not plan.poisson:
        due = round(plan.rate * plan.length)
        if totals["planned"] != due:
            yield f"planned {totals['planned']}, but {due} fell due"


def _check_server(plan, seen):
    server = len(seen.lines)
    if server != seen.target_requests:
        yield f"the target counts {seen.target_requests} requests, but logs {server}"
    if seen.responses > server:
        yield f"{seen.responses} responses recorded, but the target was asked {server} times"
    if any(line.status != 200 for line in seen.lines):
        yield "the target did not answer 200"
    if seen.report["run"]["state"] == "complete" and server > seen.totals["recorded"] + seen.extra:
        yield (f"the target was asked {server} times, but {seen.totals['recorded']} are recorded, "
               f"{seen.totals['resent']} resent and {seen.extra - seen.totals['resent']} "
               "possibly repeated")
    if not plan.faults and seen.extra:
        yield f"{seen.extra} are said to be sent twice, though nothing went wrong"
    by_client = Counter(line.client for line in seen.lines)
    succeeded = Counter()  # one that was lost may have joined again
    for agent in seen.report["agents"]:
        succeeded[agent["name"]] += agent["succeeded"]
    for name, successes in succeeded.items():
        came = by_client[seen.addresses[name]]
        if successes > came:
            yield f"{name} succeeded {successes} times, but came {came} times"
    if strangers := set(by_client) - set(seen.addresses.values()):
        yield f"requests from strangers: {strangers}"


def _check_list(plan, seen):
    """No URL twice before all have come: each so often as there are whole passes, and none more
    than once more, but for those that were sent twice."""
    closed = plan.requests or (seen.totals["planned"] if plan.open_loop else 0)
    if not plan.entries or not closed or seen.report["run"]["state"] != "complete":
        return
    counts = Counter(line.path for line in seen.lines)
    paths = [f"/{i}" for i in range(plan.entries)]
    passes, rest = divmod(closed, plan.entries)
    missing = sum(max(0, passes - counts[path]) for path in paths)
    excused = seen.no_response + seen.totals["dropped"] + seen.totals["unsent"]
    if missing > excused:
        yield (f"in {passes} whole passes over {plan.entries} URLs {missing} requests are missing; "
               f"{excused} may not have come to the target")
    if plan.order == "sequential":
        most = {path: passes + (i < rest) for i, path in enumerate(paths)}
    else:
        most = {path: passes + (rest > 0) for path in paths}
    excess = sum(max(0, count - most.get(path, 0)) for path, count in counts.items())
    if excess > seen.extra:
        yield f"{excess} requests for URLs that had come already, but at most {seen.extra} told of"


def _check_silence(plan, seen):
    """Who has no lease sends nothing; nor do the dead."""
    for happening in seen.happenings:
        fault, end = happening.fault, happening.ended
        if fault.kind == "kill":
            silent_from, end = happening.begun + _SLACK, float("inf")
        elif fault.kind in ("cut-to", "cut-from"):
            silent_from = happening.begun + plan.lease + _SLACK
        else:
            continue
        # A slow or dead link, or a stop, may keep back what was sent in time.
        others = [other for other in seen.happenings
                  if other is not happening and other.fault.agent == fault.agent]
        if others:
            continue
        late = [line for line in seen.lines if line.client == seen.addresses[fault.agent]
                and silent_from < line.seconds < (float("inf") if end is None else end)]
        if late:
            yield (f"{len(late)} requests of {fault.agent} from {late[0].seconds:.2f} s on, after "
                   f"it should have fallen silent at {silent_from - _SLACK:.2f} s ({fault.kind})")


def breaches(plan, seen):
    """What does not hold, a sentence each."""
    if seen.report is None:
        return [f"no report; exit code {seen.exit_code}"]
    return [breach for check in (_check_state, _check_sums, _check_server, _check_list,
                                 _check_silence)
            for breach in check(plan, seen)]
