"""What `compare` and `gate` have in common: two results folders read and compared, as text."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from vcperf.analysis import compare, doubts, settings
from vcperf.analysis.changes import Between
from vcperf.commands import results_folder
from vcperf.errors import VcperfError, quote


@dataclass(frozen=True)
class Comparison:
    """Two campaigns, compared.

    Args:
        rows: of `vcperf.analysis.compare.compare`, sorted by effect.
        only_a, only_b: cells of one campaign alone, in words.
        specs: cell in words -> what of its spec differs.
        unknown: the folders that have no plan, so that specs are not known.
        differ: settings of hosts that differ.
        margin_percent: an effect below it is no change.
        between: what campaigns of one thing differ by, where it was measured.
    """

    rows: pd.DataFrame
    only_a: list[str]
    only_b: list[str]
    specs: dict[str, str]
    unknown: list[str]
    differ: list[settings.Difference]
    margin_percent: float
    between: Between | None

    @property
    def status(self) -> int:
        """0 no change beyond the margin, 1 a cell changed, 3 too few blocks to tell."""
        verdicts = set(self.rows["verdict"])
        return 1 if compare.CHANGED in verdicts else 3 if compare.FEW in verdicts else 0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of both commands."""
    parser.add_argument(
        "--margin",
        type=_percent,
        default=compare.LEAST_PERCENT,
        metavar="PERCENT",
        help="an effect below it is no change (default: %(default)s)",
    )
    parser.add_argument(
        "--calibration",
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="results folders of two or more campaigns of the same thing: what these differ by"
        " is no change",
    )


def _percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not (0 < value < math.inf):
        raise argparse.ArgumentTypeError("expected a percentage above 0")
    return value


def compared(
    a: str,
    b: str,
    calibration: Sequence[str] = (),
    margin_percent: float = compare.LEAST_PERCENT,
    testbeds: Sequence[str] | None = None,
) -> Comparison:
    """Compare two results folders. Raises VcperfError; arguments as of the commands."""
    first, second = results_folder.read(a), results_folder.read(b)
    if testbeds:
        both = " and ".join(testbeds)
        first = _of_testbed(first, a, testbeds[0], both)
        second = _of_testbed(second, b, testbeds[1], both)
    between = compare.yardstick(results_folder.read(folder) for folder in calibration)
    rows, only_a, only_b = compare.compare(first, second, between, margin_percent)
    if not len(rows):
        raise VcperfError(
            f"{a} and {b} have no cell in common: no testbed, pinning, path,"
            " message size, and test or MPI stack; compare campaigns of one configuration"
            + _hint_at_testbeds(first, second)
        )
    planned = results_folder.Specs(a), results_folder.Specs(b)
    specs = {}
    # Specs of two testbeds differ by that.
    for cell in () if testbeds else rows[compare.CELL].to_numpy():
        difference = results_folder.spec_difference(*planned, tuple(cell))
        if difference:
            specs[compare.words(list(cell))] = difference
    differ = settings.between(*compare.in_both(first, second), folders=(a, b))
    unknown = list(dict.fromkeys(found.folder for found in planned if not found.known))
    return Comparison(
        compare.by_effect(rows),
        only_a,
        only_b,
        specs,
        unknown,
        differ,
        margin_percent,
        between,
    )


def _of_testbed(table: pd.DataFrame, folder: str, testbed: str, both: str) -> pd.DataFrame:
    """The blocks of one testbed, under the name of both that are compared.

    Raises VcperfError when the folder has none of it.
    """
    known = list(table["testbed"].unique())
    if testbed not in known:
        raise VcperfError(
            f"{folder}: --testbeds: has no testbed {quote(testbed)}; it has {', '.join(known)}"
        )
    return table[table["testbed"] == testbed].assign(testbed=both)


def _hint_at_testbeds(first: pd.DataFrame, second: pd.DataFrame) -> str:
    """How to compare two campaigns that have one testbed each; empty for others."""
    names = [list(table["testbed"].unique()) for table in (first, second)]
    if names[0] == names[1] or any(len(known) != 1 for known in names):
        return ""
    return f", or their testbeds by --testbeds {names[0][0]} {names[1][0]}"


def report(found: Comparison) -> str:
    """A comparison as text: one line per cell, then sums, and what restricts them."""
    lines = [
        f"{'cell':<58}{'A':>10}{'B':>10} {'unit':<7}{'effect':>9}{'95 % interval':>22}  verdict"
    ]
    for row in found.rows.to_dict("records"):
        cell = compare.words([row[column] for column in compare.CELL])
        notes = [f"{row['doubtful']} disturbed"] if row["doubtful"] else []
        notes += [why for why in str(row["why"]).split("; ") if why.startswith(doubts.SEVERAL)]
        notes += ["specs differ"] if cell in found.specs else []
        ends = f"{row['low_percent']:+.1f} to {row['high_percent']:+.1f} %"
        if math.isnan(row["low_percent"]):
            ends = "none"
        verdict = f"{row['verdict']}, {row['direction']}" if row["direction"] else row["verdict"]
        lines.append(
            f"{cell:<58}{row['mean_a']:>10.5g}{row['mean_b']:>10.5g} {row['unit']:<7}"
            f"{row['effect_percent']:>+7.1f} %{ends:>22}  {', '.join([verdict, *notes])}"
        )
    return "\n".join([*lines, "", *_sums(found), *restrictions(found), *_assumptions(found)])


def _sums(found: Comparison) -> list[str]:
    counts = found.rows["verdict"].value_counts()
    counted = [
        f"{counts[v]} {v}" for v in (compare.CHANGED, compare.SAME, compare.FEW) if v in counts
    ]
    lines = [f"{len(found.rows)} cells: {', '.join(counted)} ({found.margin_percent:g} %)"]
    if compare.FEW in counts:
        lines.append("too few blocks: they show neither a change nor its absence")
    return lines


def restrictions(found: Comparison) -> list[str]:
    """What a reader of the verdicts must know: disturbed and shared blocks, cells of one campaign
    alone, specs and settings that differ."""
    lines = []
    if found.rows["doubtful"].any():
        lines.append("disturbed blocks, of A and B together, count as any other")
    shared = int(found.rows["shared_blocks"].sum())
    if shared:
        blocks = int(found.rows["blocks_b"].sum())
        lines.append(
            f"A and B share {shared} of B's {blocks} blocks: these cannot differ; compare campaigns"
            " that were measured separately"
        )
    lines += [f"specs differ: {cell}: {difference}" for cell, difference in found.specs.items()]
    lines += [f"specs not known: {folder} has no tables/plan.csv" for folder in found.unknown]
    lines += [f"only in A: {cell}" for cell in found.only_a]
    lines += [f"only in B: {cell}" for cell in found.only_b]
    return lines + [f"settings differ: {difference}" for difference in found.differ]


def _assumptions(found: Comparison) -> list[str]:
    """What the verdicts rest on."""
    low, high = found.rows["correlation"].min(), found.rows["correlation"].max()
    lines = [
        f"assumed: successive blocks of a cell are correlated by {low:.2f} to {high:.2f}"
        " (estimated over all cells, with a margin)"
    ]
    if found.between is None:
        return [
            *lines,
            "assumed: campaigns of one thing differ by no more than their blocks do; --calibration"
            " measures it",
        ]
    return [
        *lines,
        f"measured: campaigns of one thing differ by {found.between.percent:.2g} %"
        f" ({found.between.freedom:g} degrees of freedom)",
    ]
