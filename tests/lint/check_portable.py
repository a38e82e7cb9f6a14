#!/usr/bin/env python3
"""Holds that a squall of the preset portable uses nothing that only Linux has.

    check_portable.py PROGRAM

Looks at what it asks of libraries, and at the paths that it knows. Libraries below it may do as
they like: they are other ones on other systems. Prints what it finds and exits 1 if there is any.
"""

import pathlib
import re
import subprocess
import sys

SYMBOLS = re.compile(r"\b((epoll|timerfd|eventfd|signalfd|inotify)\w*|accept4|pipe2|prctl|syscall"
                     r"|getauxval|sched_(get|set)affinity|sendfile|getrandom)(@|$)")
PATHS = re.compile(rb"(?<=\0)/(proc|sys)/[a-z%{][a-z/{}%._-]*")


def main():
    program = pathlib.Path(sys.argv[1])
    listed = subprocess.run(["nm", "--dynamic", "--undefined-only", program], text=True,
                            capture_output=True, check=True).stdout
    found = [line.split()[-1] for line in listed.splitlines() if SYMBOLS.search(line.split()[-1])]
    found += sorted({match[0].decode() for match in PATHS.finditer(program.read_bytes())})
    if not listed:
        sys.exit(f"check_portable: {program} asks for nothing at all")
    for name in found:
        print(f"{program}: {name} is Linux's alone")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
