"""Logs of histograms as another implementation reads them: HistogramLogProcessor of Debian's
libhdrhistogram-java."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_JAR = "/usr/share/java/hdrhistogram.jar"


@dataclass
class Total:
    """Of all lines with one tag. Values in the log's unit: the largest of their bucket."""

    count: int
    p50: int
    p90: int
    p99: int
    p99_9: int
    p99_99: int
    max: int


def _process(path, *arguments):
    command = ["java", "-cp", _JAR, "org.HdrHistogram.HistogramLogProcessor", "-i", str(path),
               "-outputValueUnitRatio", "1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0 or "Exception" in done.stderr:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def tags(path):
    """The tags of a log; None among them if there are lines without."""
    names = _process(path, "-listtags").splitlines()[1:]
    return [None if "NO TAG" in name else name for name in names]


def total(path, tag=None):
    """Everything with this tag, or without any."""
    with tempfile.TemporaryDirectory(prefix="squall-test-") as folder:
        out = Path(folder) / "out"
        _process(path, "-csv", "-o", str(out), *(["-tag", tag] if tag else []))
        last = out.read_text().splitlines()[-1].split(",")
    return Total(*(int(float(value)) for value in last[5:]))


def bucket_end(value):
    """The largest value that falls into the same bucket, with 3 significant digits."""
    width = 1 << max(value.bit_length() - 11, 0)
    return (value // width + 1) * width - 1
