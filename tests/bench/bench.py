#!/usr/bin/env python3
"""Measures squall beside its peers on this machine: docs/benchmarks.md.

Linux with two cores that have nothing else to do. Builds nothing: make bench does that first.
"""

import argparse
import datetime
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fleet
import instructions
import machine
import rates
import report
import syscalls
import turns
from clients import CLIENTS, REFERENCE

_QUICK = {"pairs": 1, "rounds": 1, "seconds": 0.2, "cases": ["plain-50"]}
_FULL = {"pairs": 9, "rounds": 18, "seconds": 2.0,
         "cases": [*(case.name for case in [*turns.CASES, *rates.CASES, *fleet.CASES]),
                   instructions.NAME]}


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [client.name for client in CLIENTS]
    parser.add_argument("--quick", action="store_true",
                        help="does it work? One short pair of plain-50: no figures to trust")
    parser.add_argument("--cases", type=_list_of(_FULL["cases"]), metavar="LIST",
                        help=f"of {','.join(_FULL['cases'])} (default: all)")
    parser.add_argument("--clients", type=_list_of(names), metavar="LIST", default=names,
                        help=f"of {','.join(names)} (default: all); {REFERENCE} is always one")
    parser.add_argument("--pairs", type=int, help="valid pairs for each client (default: 9)")
    parser.add_argument("--rounds", type=int,
                        help="at most, as pairs that are not valid are repeated (default: 18)")
    parser.add_argument("--seconds", type=float, help="that a turn measures (default: 2)")
    parser.add_argument("--json", metavar="FILE", help="write all turns and summaries")
    options = parser.parse_args(arguments)
    for name, value in (_QUICK if options.quick else _FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    if options.pairs < 1 or options.rounds < options.pairs or options.seconds <= 0:
        parser.error("--pairs and --seconds must be more than 0, --rounds not less than --pairs")
    return options


def _list_of(known):
    def parse_list(text):
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {','.join(known)}")
        return names
    return parse_list


def say(text):
    print(text, file=sys.stderr, flush=True)


def main(arguments=None):
    options = parse(arguments)
    machine.prepare()
    started = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    about = machine.description()
    print(f"{started}, {about['cpu']}, {about['cores']} cores, Linux {about['kernel']}; "
          f"client on core {about['client_core']}, "
          f"target and controller on core {about['target_core']}; "
          f"{options.pairs} valid pairs wanted, {options.seconds:g} s each")
    skipped = [f"{client.name}: {client.missing()}" for client in CLIENTS if client.missing()]
    if syscalls.missing():
        skipped.append(f"system calls: {syscalls.missing()}")
    if instructions.missing():
        skipped.append(f"{instructions.NAME}: {instructions.missing()}")
    for line in skipped:
        print(f"not measured: {line}")
    clients = [client for client in CLIENTS if not client.missing()
               and (client.name in options.clients or client.name == REFERENCE)]
    if REFERENCE not in [client.name for client in clients]:
        raise SystemExit(f"bench: everything is held against {REFERENCE}, which is not there: "
                         "deploy/install-deps.sh bench")

    result = {"started_at": started, "machine": about, "pairs": options.pairs,
              "seconds": options.seconds, "skipped": skipped, "cases": [], "rates": [],
              "fleets": []}
    failed = False
    bases = {}  # by server, then by client: most memory with one connection
    print()
    for case in turns.CASES:
        if case.name in options.cases:
            able = [client for client in clients if (client.speaks_tls or not case.tls)
                    and (client.runs_scripts or not case.script)]
            taken = turns.take_rounds(case, able, options, say)
            summary = report.summarize(taken)
            if case.connections == 1:
                bases[case.server] = {name: client["medians"].get("peak_bytes")
                                   for name, client in summary.items()}
            print(report.case_text(case, taken, options.pairs, bases.get(case.server, {})),
                  flush=True)
            failed = failed or any(not turn.figures for turn in taken)
            result["cases"].append({"name": case.name, "summary": summary,
                                    "turns": [turn.as_json() for turn in taken]})
    for case in rates.CASES:
        if case.name in options.cases:
            taken = rates.take_rounds(case, options.pairs, options.seconds, say)
            print(rates.case_text(case, taken), flush=True)
            result["rates"].append({"name": case.name, "turns": taken})
    for case in fleet.CASES:
        if case.name in options.cases:
            turn = fleet.take_turn(case)
            print(fleet.case_text(case, turn), flush=True)
            failed = failed or bool(turn["against"])
            result["fleets"].append({"name": case.name, **turn})
    if instructions.NAME in options.cases and not instructions.missing():
        taken = instructions.take_rounds(options.pairs, say)
        print(instructions.case_text(taken), flush=True)
        result["instructions"] = taken
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
