"""Says whether campaign B is worse than campaign A, for a CI job.

python -m vcperf gate A B [--margin PERCENT] [--calibration FOLDER FOLDER...]
                          [--specs-differ] [--junit FILE] [--markdown FILE] [--json FILE]
python -m vcperf gate --aa A [--splits N] [--margin PERCENT]

A and B are results folders. Exit status: 0 no cell is worse by more than the margin, 1 one is, 2 a
mistake in the call or a folder that cannot be compared, 3 none is known to be worse, but some cells
have too few blocks to tell. --aa splits one campaign at random into halves and prints how often
these are called different: this machine's rate of false alarms.
"""

import argparse
import math
import sys
from collections.abc import Mapping
from typing import Any

from vcperf.analysis import compare
from vcperf.analysis.false_alarms import false_alarms
from vcperf.basics.files import write_whole
from vcperf.commands import comparison, results_folder
from vcperf.commands.comparison import Comparison
from vcperf.errors import VcperfError
from vcperf.report import changes
from vcperf.report.changes import Outcome

SPLITS = 200
NUMBERS = ("mean_a", "mean_b", "effect_percent", "low_percent", "high_percent")


def main(argv: list[str]) -> int:
    """Compare, print, write. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="vcperf gate", description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="A B", help="results folders")
    parser.add_argument("--aa", action="store_true", help="split one campaign at random instead")
    parser.add_argument(
        "--splits", type=int, default=SPLITS, help="how often --aa splits (default: %(default)s)"
    )
    parser.add_argument(
        "--specs-differ", action="store_true", help="compare cells whose specs differ all the same"
    )
    for name, what in (("junit", "JUnit report"), ("markdown", "table"), ("json", "everything")):
        parser.add_argument(f"--{name}", metavar="FILE", help=f"where to write a {what}")
    comparison.add_options(parser)
    options = parser.parse_args(argv)
    try:
        return aa(options) if options.aa else gate(options)
    except VcperfError as error:
        print(error, file=sys.stderr)
        return 2


def gate(options: argparse.Namespace) -> int:
    """Compare two folders. Returns the exit status; raises VcperfError."""
    if len(options.folders) != 2:
        raise VcperfError("gate: give two results folders, A and B; or --aa and one")
    a, b = options.folders
    found = comparison.compared(a, b, options.calibration, options.margin)
    if found.specs and not options.specs_differ:
        cell, difference = next(iter(found.specs.items()))
        raise VcperfError(
            f"{len(found.specs)} cells have another spec in B, such as {cell}: {difference};"
            " measure both with one configuration, or give --specs-differ"
        )
    cells = outcomes(found)
    status = status_of(cells)
    summary = summarise(cells, options.margin)
    print(comparison.report(found))
    print(f"gate: {summary}")
    _write(options.junit, changes.junit(cells, f"{a} against {b}"))
    _write(options.markdown, changes.markdown(cells, summary, comparison.restrictions(found)))
    _write(options.json, changes.as_json(cells, status, summary, comparison.restrictions(found)))
    return status


def outcomes(found: Comparison) -> list[Outcome]:
    """The cells of a comparison, for `vcperf.report.changes`."""
    rows = []
    for row in found.rows.to_dict("records"):
        outcome = {compare.SAME: changes.SAME, compare.FEW: changes.UNKNOWN}.get(
            row["verdict"], row["direction"]
        )
        if outcome == changes.UNKNOWN and _harmless(row, found.margin_percent):
            outcome = changes.SAME
        values = {name: _number(float(row[name])) for name in NUMBERS}
        values |= {name: row[name] for name in ("metric", "unit")}
        values |= {name: int(row[name]) for name in ("blocks_a", "blocks_b", "doubtful")}
        cell = compare.words([row[column] for column in compare.CELL])
        rows.append(Outcome(cell, outcome, values))
    return rows


def _harmless(row: Mapping[Any, Any], margin_percent: float) -> bool:
    """Whether a cell may have become better by more than the margin, but not worse."""
    worst = compare.worst_percent(row)
    return not math.isnan(worst) and worst > -margin_percent


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def status_of(cells: list[Outcome]) -> int:
    """0 nothing worse, 1 something is, 3 too few blocks to tell."""
    found = {outcome.outcome for outcome in cells}
    return 1 if changes.WORSE in found else 3 if changes.UNKNOWN in found else 0


def summarise(cells: list[Outcome], margin_percent: float) -> str:
    """The outcome in one line."""
    counts = {o: sum(found.outcome == o for found in cells) for o in {t.outcome for t in cells}}
    words = {
        changes.WORSE: "worse",
        changes.BETTER: "better",
        changes.UNKNOWN: "with too few blocks to tell",
        changes.SAME: "not worse",
    }
    parts = [f"{counts[o]} {text}" for o, text in words.items() if o in counts]
    return f"{', '.join(parts)}, of {len(cells)} cells (margin {margin_percent:g} %)"


def _write(path: str | None, text: str) -> None:
    if path is not None:
        with write_whole(path) as handle:
            handle.write(text)


def aa(options: argparse.Namespace) -> int:
    """Split one campaign at random. Returns 0; raises VcperfError."""
    if len(options.folders) != 1:
        raise VcperfError("gate --aa: give one results folder")
    if options.splits < 1:
        raise VcperfError("gate --splits: expected 1 or more")
    campaign = compare.cells(results_folder.read(options.folders[0]))
    found = false_alarms(campaign, options.splits, options.margin)
    low, high = (100 * end for end in found.interval)
    print(
        f"{found.alarms} of {found.splits} random splits of {found.rounds} rounds were called"
        f" different: false alarms {100 * found.alarms / found.splits:.1f} %"
        f" (95 % interval {low:.1f} to {high:.1f} %)\n"
        f"first half against second half: {found.halves} of {found.cells} cells called changed\n"
        "what campaigns differ by as wholes, one campaign does not show: measure two or more of the"
        " same thing, and give them to --calibration"
    )
    return 0
