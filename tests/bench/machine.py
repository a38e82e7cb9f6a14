"""What this machine tells of its cores, its processes and their memory (Linux, /proc)."""

import os
import platform
import resource
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")

_CORES = sorted(os.sched_getaffinity(0))
# The server, and whatever else a run needs (the controller, this program), has the first core,
# where most interrupts go too; the client has the last one for itself.
TARGET_CORE, CLIENT_CORE = _CORES[0], _CORES[-1]


def prepare():
    """Pins this process, and so what it starts, to the target's core; lets all open many files."""
    if TARGET_CORE == CLIENT_CORE:
        raise SystemExit("bench: needs two cores: one for the target and one for the client")
    os.sched_setaffinity(0, {TARGET_CORE})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def on_client_core(process):
    """The same process, not started yet, on the client's core."""
    process.command = ["taskset", "-c", str(CLIENT_CORE), *process.command]
    return process


def description():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {"cpu": model[0] if model else platform.machine(), "cores": len(_CORES),
            "kernel": platform.release(), "target_core": TARGET_CORE, "client_core": CLIENT_CORE}


def _idle_and_steal(core):
    """Seconds since boot that a core did nothing, and that its host gave to others."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *times = line.split()
        if name == f"cpu{core}":
            idle, wait, steal = (int(times[field]) / _TICKS for field in (3, 4, 7))
            return idle + wait, steal
    raise LookupError(f"no core {core} in /proc/stat")


def _cpu_seconds(pid):
    """What all threads of a process have run, to the nanosecond (the part that soft interrupts did
    on their behalf, as in a send over the loopback, is in it)."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def _user_and_system_ticks(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]), int(fields[12])


def _status_bytes(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0


def peak_bytes(pid):
    """Most memory that a process ever had resident."""
    return _status_bytes(pid, "VmHWM")


def resident_bytes(pid):
    """Memory that a process has resident now."""
    return _status_bytes(pid, "VmRSS")


@dataclass
class Use:
    """What a client and the cores did in a window of time. Shares are of the window."""

    cpu_share: float  # of the client's process
    user_share: float  # of cpu_share; by ticks, so only as fine as they are
    client_core_busy: float
    client_core_others: float  # busy with something else than the client
    target_cpu_share: float  # of the server's process
    target_core_busy: float
    steal: float  # the larger of both cores'


class Window:
    """Opens when it is made; close() says what was used since."""

    def __init__(self, client, server):
        """Of these two processes."""
        self._client, self._server = client, server
        self._start = self._look()

    def _look(self):
        return (time.monotonic(), _cpu_seconds(self._client), _cpu_seconds(self._server),
                _user_and_system_ticks(self._client),
                _idle_and_steal(CLIENT_CORE), _idle_and_steal(TARGET_CORE))

    def close(self):
        start, cpu, server, ticks, client, target = self._start
        end, cpu_end, server_end, ticks_end, client_end, target_end = self._look()
        seconds = end - start
        user, system = (after - before for before, after in zip(ticks, ticks_end))
        steal = [(after[1] - before[1]) / seconds
                 for before, after in ((client, client_end), (target, target_end))]
        idle = [(after[0] - before[0]) / seconds
                for before, after in ((client, client_end), (target, target_end))]
        busy = [max(0.0, min(1.0, 1 - i - s)) for i, s in zip(idle, steal)]
        share = (cpu_end - cpu) / seconds
        return Use(cpu_share=share, user_share=user / max(1, user + system),
                   client_core_busy=busy[0], client_core_others=max(0.0, busy[0] - share),
                   target_cpu_share=(server_end - server) / seconds,
                   target_core_busy=busy[1], steal=max(steal))
