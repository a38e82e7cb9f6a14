"""From turns to figures: medians of pairs with their intervals, as a table and as JSON."""

import math
import statistics

from clients import BARE, REFERENCE
from turns import SERVERS, valid_pairs

_CONFIDENCE = 0.95


def median_interval(values):
    """Where the median of what the values are drawn from lies, with 95 % confidence at least,
    whatever its distribution: from the k-th smallest to the k-th largest, where k is the largest
    for which fewer than k of n fair coins fall on one side with a probability of at most 2.5 %.
    With nine values these are the second and the eighth (96.1 %). None for fewer than six."""
    n = len(values)
    below, k = 0.0, 0
    while k < n // 2:
        below += math.comb(n, k) / 2**n
        if 1 - 2 * below < _CONFIDENCE:
            break
        k += 1
    ordered = sorted(values)
    return (ordered[k - 1], ordered[n - k]) if k > 0 else None


def _ratio(pairs, figure):
    """The median of a figure's ratios over pairs, with its interval; None if there is no pair."""
    ratios = [turn.figures[figure] / other.figures[figure] for turn, other in pairs
              if turn.figures.get(figure) and other.figures.get(figure)]
    if not ratios:
        return None
    return {"median": statistics.median(ratios), "interval": median_interval(ratios),
            "smallest": min(ratios), "largest": max(ratios), "pairs": len(ratios)}


def summarize(turns):
    """By client: medians over its valid turns (over all, if none is valid) and ratios."""
    summary = {}
    for name in dict.fromkeys(turn.client for turn in turns):
        measured = [turn for turn in turns if turn.client == name and turn.figures]
        valid = [turn for turn in measured if turn.valid]
        medians = {}
        for figure in dict.fromkeys(key for turn in measured for key in turn.figures):
            values = [turn.figures[figure] for turn in valid or measured
                      if turn.figures.get(figure) is not None]
            medians[figure] = statistics.median(values) if values else None
        pairs = valid_pairs(turns, name, REFERENCE)
        summary[name] = {
            "valid_turns": len(valid), "turns": sum(turn.client == name for turn in turns),
            "medians": medians, "valid_pairs": len(pairs),
            "ratio_to_wrk": {figure: _ratio(pairs, figure) for figure in
                             ("cpu_us", "syscalls", "requests_per_second", "peak_bytes")},
            "cpu_ratio_to_bare": _ratio(valid_pairs(turns, name, BARE), "cpu_us"),
        }
    return summary


def _cell(value, form):
    return "-" if value is None else form.format(value)


def _ratio_cell(ratio):
    """0.78 [0.77, 0.80]; with too few pairs for an interval 0.78 (0.77 to 0.80), all there were."""
    if ratio is None:
        return "-"
    if ratio["interval"]:
        low, high = ratio["interval"]
        return f"{ratio['median']:.2f} [{low:.2f}, {high:.2f}]"
    return f"{ratio['median']:.2f} ({ratio['smallest']:.2f} to {ratio['largest']:.2f})"


def table(rows):
    """Rows of text as lines: the first column to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0])]
                  + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]).rstrip()
        for row in rows)


def _bytes_per_connection(case, medians, base):
    """Above what the client had without connections: an agent that is idle, or for others, which
    are never idle, with one connection (`base`, of that case)."""
    idle = medians.get("idle_bytes") or base
    if case.connections == 1 or idle is None or "peak_bytes" not in medians:
        return None
    return (medians["peak_bytes"] - idle) / case.connections


def case_text(case, turns, wanted, bases):
    """`bases`: most memory with one connection, by client, as far as it was measured."""
    summary = summarize(turns)
    figures = [["", "user us", "system us", "CPU us", "calls", "requests/s", "peak MB",
                "B/connection", "target us", "its core", "valid turns"]]
    ratios = [["ratio to wrk", "CPU", "calls", "requests/s", "peak memory", "valid pairs",
               "CPU to bare"]]
    for name, client in sorted(summary.items(), key=lambda item: item[0] != REFERENCE):
        medians, to_wrk = client["medians"], client["ratio_to_wrk"]
        figures.append([
            name if client["valid_turns"] else f"{name} (NOT VALID)",
            *(_cell(medians.get(key), "{:.2f}")
              for key in ("user_us", "system_us", "cpu_us", "syscalls")),
            _cell(medians.get("requests_per_second"), "{:,.0f}"),
            _cell(medians.get("peak_bytes", 0) / 1e6 or None, "{:.1f}"),
            _cell(_bytes_per_connection(case, medians, bases.get(name)), "{:,.0f}"),
            _cell(medians.get("target_cpu_us"), "{:.2f}"),
            _cell(medians.get("target_busy"), "{:.0%}"),
            f"{client['valid_turns']} of {client['turns']}"])
        if name != REFERENCE:
            ratios.append([
                name, *(_ratio_cell(to_wrk[key])
                        for key in ("cpu_us", "syscalls", "requests_per_second", "peak_bytes")),
                f"{client['valid_pairs']} of {wanted}", _ratio_cell(client["cpu_ratio_to_bare"])])
    lines = [f"== {case.name}: {SERVERS[case.server][1]}, "
             f"{case.connections:,} connection{'s' if case.connections > 1 else ''}",
             table(figures), "", table(ratios)]
    if not case.client_can_be_busy:
        lines.append("one request in flight: no core can be busy all the time, so that of the "
                     "client need not be; CPU includes going to sleep and waking up")
    return "\n".join(lines + _objection_lines(turns)) + "\n"


def _objection_lines(turns):
    invalid = [turn for turn in turns if not turn.valid]
    return [f"not valid: {turn.client}, round {turn.round + 1}: {'; '.join(turn.against)}"
            for turn in invalid]
