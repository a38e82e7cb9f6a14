#!/usr/bin/env python3
"""Holds the shape of the sources: who may include whom, and how long a file may be.

    check_includes.py [ROOT]

Prints a line for each breach (file:line: what is wrong) and exits 1 if there is any.
"""

import fnmatch
import pathlib
import re
import sys

# The direction of includes: proto <- common <- {agent, controller, target}. "squall" is where the
# generated code of proto/squall/v1 lives.
MAY_INCLUDE = {
    "common": {"squall", "common"},
    "agent": {"squall", "common", "agent"},
    "controller": {"squall", "common", "controller"},
    "target": {"squall", "common", "target"},
    "tests": {"squall", "common", "agent", "controller", "target", "tests"},
}
# The one file that knows all parts.
MAIN = "controller/main.cc"
PARTS = {"squall", "common", "agent", "controller", "target"}

# Libraries that only their adapters may see: a pattern of headers, and of files.
ADAPTERS = [
    (
        re.compile(r"linux/|sys/(auxv|epoll|eventfd|prctl|signalfd|syscall|timerfd)\.h$"),
        ["*_linux.cc", "agent/socket_calls.h", "agent/socket_poll.h", "tests/*"],
    ),
    (re.compile(r"ares\.h$"), ["common/ares_*"]),
    (re.compile(r"curl/"), ["agent/curl_*"]),
    (re.compile(r"(lua|lualib|lauxlib|luajit)\.h(pp)?$"), ["common/script*"]),
    (re.compile(r"re2/"), ["common/body_pattern.cc"]),
    (
        re.compile(r"zlib\.h$"),
        [
            "common/packed_message.cc",
            "controller/gzip.cc",
            "controller/hdr_log.cc",
            "controller/result_proto.cc",
            "controller/unpack_gzip.cc",
            "tests/*",
        ],
    ),
    (re.compile(r"zstd\.h$"), ["common/zstd_*", "controller/unpack_zstd.cc"]),
    (re.compile(r"yaml-cpp/"), ["common/yaml_settings.cc"]),
    (
        re.compile(r"openssl/"),
        [
            "agent/tls_*",
            "common/digest.cc",
            "common/x509_*",
            "controller/certs_x509.*",
            "tests/bench/null_tls.*",
            "tests/support/*",
        ],
    ),
    (
        re.compile(r"grpc(pp)?/|.*\.grpc\.pb\.h$"),
        [
            "common/grpc_*",
            "agent/control_*",
            "controller/fleet_*",
            "tests/support/*",
            "tests/bench/*",
            MAIN,
        ],
    ),
]

# What is not the same on all systems is in files with a twin (CMakeLists.txt), and in these headers.
TWINS = re.compile(r"\b(__linux__|SQUALL_PORTABLE)\b")
MAY_ASK_FOR_LINUX = [
    "agent/pacing_timer.h",
    "agent/socket_calls.h",
    "agent/socket_poll.h",
    "common/clock.h",
    "common/event_loop.h",
    "common/quiet_socket.h",
    "tests/*",
]

MAX_LINES = 400
SUFFIXES = {".h", ".cc", ".proto", ".py", ".sh"}
FOLDERS = ["proto", *MAY_INCLUDE, "deploy"]
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def check_include(name, quote, header):
    """What is wrong with file `name` including `header`, or None."""
    for pattern, files in ADAPTERS:
        if pattern.match(header) and not any(fnmatch.fnmatch(name, file) for file in files):
            return f"{header} may be included only by {', '.join(files)}"
    folder = name.split("/")[0]
    other = header.split("/")[0]
    if quote == '"' and "/" not in header:
        return f'"{header}": write the path from the root of the project'
    if other in PARTS | {"tests"}:
        allowed = PARTS if name == MAIN else MAY_INCLUDE[folder]
        if other not in allowed:
            return f"{folder}/ may not include {header}"
    return None


def check_twins(name, line):
    """What is wrong with asking there for the system, or None."""
    match = TWINS.search(line)
    if not match or any(fnmatch.fnmatch(name, file) for file in MAY_ASK_FOR_LINUX):
        return None
    return f"{match[0]}: put it into a file NAME_linux.cc with a twin NAME_portable.cc"


def check_file(root, path):
    """Yields (line number, what is wrong)."""
    name = path.relative_to(root).as_posix()
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > MAX_LINES:
        yield len(lines), f"{len(lines)} lines, more than {MAX_LINES}"
    if path.suffix == ".h" and "#pragma once" not in lines:
        yield 1, "a header without #pragma once"
    if path.suffix in {".h", ".cc"}:
        own = path.relative_to(root).with_suffix(".h").as_posix()
        first = path.suffix == ".cc" and path.with_suffix(".h").exists()
        for number, line in enumerate(lines, start=1):
            if match := INCLUDE.match(line):
                if first and match[2] != own:
                    yield number, f"include {own} first: so it is known to need nothing before it"
                first = False
                if problem := check_include(name, *match.groups()):
                    yield number, problem
            elif line.lstrip().startswith("#") and (problem := check_twins(name, line)):
                yield number, problem


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    if len(sys.argv) == 1:
        root = root.parents[2]
    files = [
        path
        for folder in FOLDERS
        for path in sorted((root / folder).rglob("*"))
        if path.suffix in SUFFIXES
    ]
    problems = 0
    for path in files:
        for number, problem in check_file(root, path):
            print(f"{path.relative_to(root)}:{number}: {problem}")
            problems += 1
    if not files:
        sys.exit(f"check_includes: no sources under {root}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
