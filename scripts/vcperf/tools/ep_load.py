"""EP as a load: what it has printed so far, in steps.

Reads scripts/workloads/mpi/ep.c with -repeat, a line a step::

     EP repeat started: class A processes 2 at 51509.639497
     EP repeat 1: start 51509.6 end 51510.0 pairs 33554432 Mop/s 156.40 UNFINISHED
     ...
     EP repeat 8: start 51512.6 end 51513.0 pairs 33554432 Mop/s 156.02 SUCCESSFUL
     EP repeat stopped: steps 8 at 51513.140511

(times have six decimals), and a site's own EP, run again and again: a step is a run, which ends
with its report.

A step becomes a row of COLUMNS: time_s in seconds by the program's own clock; mops, 10^6
operations a second of all processes together; verified is yes or no where a run of the class
ended, else None. Clocks are not compared: a guest's need not be ours. Who asks in time how many
steps have been printed (`printed_steps`) knows what ran when.
"""

from __future__ import annotations

import re

from vcperf.errors import quote
from vcperf.tools import ep
from vcperf.tools.filter import Row, Untrusted
from vcperf.tools.mpi import fault

COLUMNS = ("class", "processes", "time_s", "mops", "verified")

# Of the clock, as printed.
_RESOLUTION_S = 1e-6

_CLOCK = r"(\d{1,12}\.\d{6})"
_STARTED = rf"EP repeat started: class ([A-Z]) processes ([1-9]\d{{0,6}}) at {_CLOCK}"
_STEP = (
    rf"EP repeat ([1-9]\d{{0,8}}): start {_CLOCK} end {_CLOCK} pairs ([1-9]\d{{0,14}})"
    r" Mop/s (\d{1,12}\.\d{2}) (SUCCESSFUL|UNSUCCESSFUL|UNFINISHED)"
)
_STOPPED = rf"EP repeat stopped: steps (\d{{1,9}}) at {_CLOCK}"
_MARK = {"repeat": "Mop/s", "runs": "Verification"}


def mark(form: str) -> str:
    """A word that stands in the last line of each step, and nowhere else.

    Args:
        form: `repeat`, of ep.c, or `runs`, of a site's own.
    """
    return _MARK[form]


def printed_steps(text: str, form: str) -> int:
    """How many steps an output tells of, in whole lines.

    >>> printed_steps(" EP repeat 1: start 1.0 end 2.0 pairs 65536 Mop/s 0.13 UNF", "repeat")
    0
    """
    return len(_ends(text, form))


def parse(text: str, form: str, steps: int | None = None) -> list[Row]:
    """Rows of COLUMNS, one a step; none is an output of which no step ended.

    Args:
        text: what a launcher printed so far; lines of others between those of `ep -repeat`
            are left out.
        form: as for `mark`.
        steps: only so many, the first; what follows is not looked at. All where it is None.

    The line that tells the end may be missing: Open MPI's launcher, terminated, hands nothing
    on that comes after. If it is there it must count the steps above.

    Raises Untrusted when the load never started, a line is damaged, or steps are missing, in no
    order, or contradict their rate.
    """
    whole = text[: text.rfind("\n") + 1]
    if steps is not None:
        ends = _ends(text, form)
        if len(ends) < steps:
            raise Untrusted(f"{len(ends)} steps of EP are reported, expected {steps}")
        # A report ends with more lines, which say nothing of its result.
        whole = whole[: ends[steps - 1]] if steps else ""
    if form == "runs":
        return [{column: row[column] for column in COLUMNS} for row in ep.parse(whole)]
    if not steps and steps is not None:
        return []
    return _parse_repeat(
        "".join(
            f"{line}\n" for line in whole.split("\n")[:-1] if line.lstrip().startswith("EP repeat ")
        )
    )


def _ends(text: str, form: str) -> list[int]:
    """Where the lines that end steps end."""
    begin = r"EP repeat \d+:" if form == "repeat" else ""
    return [found.end() for found in re.finditer(rf"(?m)^ *{begin}.*{_MARK[form]}.*\n", text)]


def _parse_repeat(text: str) -> list[Row]:
    ep.refuse_cut_or_failed(text)
    rows: list[Row] = []
    started: re.Match[str] | None = None
    stopped = False
    before, pairs = 0.0, 0
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        words, where = line.strip(), f"line {number}: "
        if stopped:
            raise Untrusted(f"{where}something follows the end: {quote(words)}")
        if started is None:
            started = re.fullmatch(f"(?a){_STARTED}", words)
            if started is None:
                raise Untrusted(f"{where}expected 'EP repeat started', not {quote(words)}")
            if started[1] not in ep.LOG_PAIRS:
                raise Untrusted(f"{where}{started[1]} is no class of EP")
            before = float(started[3]) - _RESOLUTION_S
            continue
        step = re.fullmatch(f"(?a){_STEP}", words)
        end = re.fullmatch(f"(?a){_STOPPED}", words)
        if step:
            if int(step[1]) != len(rows) + 1:
                raise Untrusted(f"{where}expected step {len(rows) + 1}, not {step[1]}")
            pairs = _counted(started[1], pairs + int(step[4]), step[6], where)
            rows.append(_row(started, step, before, where))
            before = float(step[2])
        elif end:
            stopped = True
            if int(end[1]) != len(rows):
                raise Untrusted(f"{where}{end[1]} steps, of which {len(rows)} are reported")
        else:
            raise Untrusted(f"{where}not a line of ep -repeat: {quote(words)}")
    if started is None:
        raise Untrusted(f"the load never started: {fault(text)}")
    return rows


def _counted(size: str, pairs: int, verification: str, where: str) -> int:
    """How many pairs of a run are computed after a step: 0 where it ended the run."""
    ended = verification != "UNFINISHED"
    if pairs > 2 ** ep.LOG_PAIRS[size] or ended != (pairs == 2 ** ep.LOG_PAIRS[size]):
        raise Untrusted(f"{where}{verification} after {pairs} pairs of class {size}")
    return 0 if ended else pairs


def _row(started: re.Match[str], step: re.Match[str], before: float, where: str) -> Row:
    start_s, end_s, mops = float(step[2]), float(step[3]), float(step[5])
    # It lasts as long as for the process that left the barrier first, and starts when rank 0 did,
    # which may be later, where CPUs are shared much later: ends and starts do overlap.
    if not before < start_s < end_s:
        raise Untrusted(f"{where}it starts before the one above did, or ends before it starts")
    ep.agree(int(step[4]), end_s - start_s, mops, rounding_s=1e-6)
    return {
        "class": started[1],
        "processes": int(started[2]),
        "time_s": end_s - start_s,
        "mops": mops,
        "verified": ep.VERIFIED.get(step[6]),
    }
