"""What happens in a round of chaos: all of it follows from the seed and the round's number."""

import math
import random
from dataclasses import dataclass, field

# Seconds of undivided time.
_LENGTH = (8, 25)
_FAULT = (0.5, 20)
GRACE = 10
TIMEOUT = 10
# Of all agents together, each second: modest, for one machine carries them all.
_RATES = (300, 500, 1000, 2000, 3000)
_CONCURRENCY_AT_RATE = 400
_LINK_BITS = (256_000, 2_000_000)
_CLOCK_OFFSETS = (0, 0, 1_000, 86_400, 40_000_000)
_WALL_OFFSETS = (0, 0, 3600, 86400)  # later: what waits for a wall clock would wait too long
# Ways to go wrong, and "join", which is one to go right.
_KINDS = ("kill", "stop", "link", "slow", "cut-to", "cut-from", "join")
CONTROLLER_PORT = 7400


@dataclass(frozen=True)
class Fault:
    kind: str       # one of _KINDS; cut-to: nothing gets from the agent to the controller
    agent: str
    at: float       # seconds after the first request
    length: float   # 0: it does not end
    bits: int = 0   # of a slow link

    def __str__(self):
        lasts = f" for {self.length:.2f} s" if self.length else ""
        bits = f" ({self.bits // 1000} kbit)" if self.bits else ""
        return f"{self.kind} {self.agent}{bits} at {self.at:.2f} s{lasts}"


@dataclass
class Plan:
    seed: int
    number: int
    divide: float
    agents: list        # names of those that are there at the start
    dialled: bool       # by the controller; otherwise they join it
    clocks: dict        # by host: steady clock's offset, wall clock's
    delay_ms: int       # of the target's answers
    length: float       # about how long the run takes without faults, seconds
    rate: int           # requests a second, about or exactly
    open_loop: bool     # -q: at that rate
    poisson: bool
    requests: int       # -n; 0 with -z
    concurrency: int
    entries: int        # of the list; 0: one URL
    order: str = "sequential"
    faults: list = field(default_factory=list)

    @property
    def grace(self):
        return GRACE / self.divide

    @property
    def lease(self):
        return min(5, self.grace / 2)

    @property
    def timeout(self):
        return TIMEOUT / self.divide

    @property
    def late(self):
        """Agents that come later."""
        return [fault.agent for fault in self.faults if fault.kind == "join"]

    @property
    def untouched(self):
        """Agents that are there and well all the time."""
        return [name for name in self.agents if all(name != fault.agent for fault in self.faults)]

    @property
    def deadline(self):
        """Seconds from the start of the run after which it hangs."""
        return (self.length + self.grace + 2 * self.timeout + 25 / self.divide + 5 +
                sum(fault.length for fault in self.faults))

    def arguments(self, dry):
        """Of `squall run`, but for agents, list and URL."""
        words = ["--quiet", "--log-level", "info", "--seed", self.seed * 1_000_000 + self.number,
                 "-t", f"{self.timeout:g}s", "-c", self.concurrency]
        words += ["-n", self.requests] if self.requests else ["-z", f"{self.length:g}s"]
        if self.open_loop:
            words += ["-q", self.rate, "--arrivals", "poisson" if self.poisson else "constant"]
        if self.entries:
            words += ["--order", self.order]
        if not dry:
            words += ["--grace", f"{self.grace:g}s"]
        return words

    def __str__(self):
        words = [f"-n {self.requests}" if self.requests else f"-z {self.length:.2f}s",
                 f"-q {self.rate}" if self.open_loop else f"-c {self.concurrency}"]
        if self.open_loop and self.poisson:
            words.append("poisson")
        if self.entries:
            words.append(f"{self.entries} URLs {self.order}")
        words.append(f"{len(self.agents)} agents" + ("" if self.dialled else " that join"))
        return " ".join(words)


def _draw_faults(draw, plan):
    """1 to 3, none twice upon the same agent."""
    faults = {}
    for _ in range(draw.randint(1, 3)):
        kind = draw.choice(_KINDS)
        agent = f"late-{len(faults) + 1}" if kind == "join" else draw.choice(plan.agents)
        lasts = kind not in ("kill", "join")
        faults[agent, kind] = Fault(
            kind, agent, at=plan.length * draw.uniform(0, 0.95),
            length=draw.uniform(*_FAULT) / plan.divide if lasts else 0,
            bits=draw.randint(*_LINK_BITS) if kind == "slow" else 0)
    return sorted(faults.values(), key=lambda fault: fault.at)


def draw_plan(seed, number, divide, dry=False):
    draw = random.Random(f"{seed}/{number}")
    agents = [f"agent-{i + 1}" for i in range(draw.randint(3, 5))]
    rate = draw.choice(_RATES)
    open_loop = draw.random() < 0.5
    # Long enough for every agent to have two connections at that rate.
    delay_ms = max(draw.choice((2, 5, 10, 20)), math.ceil(2000 * len(agents) / rate))
    # A product with the rate that is a whole number, so that it can be checked.
    length = round(draw.uniform(*_LENGTH) / divide, 2)
    by_count = draw.random() < 0.6
    requests = int(rate * length) if by_count else 0
    # Several passes, or each URL at most once.
    passes = draw.choice((0, 0, 1, 1, 2.5, 4, 7.3))
    entries = int(rate * length * 2) if passes == 1 else int(rate * length / passes) if passes else 0
    plan = Plan(seed=seed, number=number, divide=divide, agents=agents,
                dialled=draw.random() < 0.8, delay_ms=delay_ms, length=length, rate=rate,
                open_loop=open_loop, poisson=open_loop and draw.random() < 0.4, requests=requests,
                concurrency=_CONCURRENCY_AT_RATE if open_loop else rate * delay_ms // 1000,
                entries=entries, order=draw.choice(("sequential", "shuffled")), clocks={})
    faults = _draw_faults(draw, plan)
    if dry:
        plan.dialled = True
    else:
        plan.faults = faults
    for name in ("controller", *agents, *plan.late):
        plan.clocks[name] = (draw.choice(_CLOCK_OFFSETS), draw.choice(_WALL_OFFSETS))
    return plan
