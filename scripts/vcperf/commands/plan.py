"""Prints a campaign's cells, its blocks done and missing, and the time still needed.

python -m vcperf plan [--cores N] [CAMPAIGN.yaml]
"""

import argparse
import math
import os
from collections import Counter

from vcperf.config import campaign_file
from vcperf.planning import matrix, side_by_side
from vcperf.planning.cell import Cell
from vcperf.planning.large_mesh import LargeMesh
from vcperf.planning.side_by_side import Unit
from vcperf.preparation import campaign
from vcperf.preparation.campaign import Campaign

Row = tuple[str, str, str, str]  # testbed, kind, pinning, path
MOST_PATHS = 60  # of one pinning, which are listed


def main(argv: list[str]) -> int:
    """Print the plan of the default campaign, or of one laid over it. Raises VcperfError."""
    parser = argparse.ArgumentParser(prog="vcperf plan", description=__doc__.splitlines()[0])
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN.yaml")
    parser.add_argument("--cores", type=_width, default=None, metavar="N", help="as for Snakemake")
    options = parser.parse_args(argv)
    sources = campaign_file.sources_of(options.campaign)
    ready = campaign.prepare(campaign_file.merged(sources), sources)
    print(report(ready, options.cores or len(os.sched_getaffinity(0))))
    return 0


def _width(text: str) -> int | None:
    """A number of cores; None for all of this machine's."""
    if text == "all":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number above 0, or all")
    return int(text)


def report(ready: Campaign, width: int = 1) -> str:
    """The plan as text: one line per testbed, kind, pinning and path, then the sums. Of a pinning
    with more than MOST_PATHS paths, one line.

    Args:
        ready: the campaign.
        width: how many blocks are measured at once at most, where they share no node.
    """
    if ready.plan.mesh:
        return _in_rounds(ready, ready.plan.mesh, width)
    cells: Counter[Row] = Counter()
    done: Counter[Row] = Counter()
    missing: Counter[Row] = Counter()
    seconds = 0.0
    for cell in ready.plan.cells:
        cells[_row(cell)] += 1
    counted = set()
    for block in ready.plan.blocks:
        row, path = _row(block.cell), block.record
        if block.measured:
            done[row] += 1
            continue
        missing[row] += 1
        if path not in counted:  # cells of one spec share their records
            counted.add(path)
            seconds += matrix.seconds(block)
    compared = f"; the baseline is {ready.baseline}" if ready.baseline else ""
    lines = [f"seed {ready.config['seed']}{compared}", ""]
    heads = f"{'testbed':<9}{'measurement':<13}{'pinning':<16}{'path':<24}"
    lines.append(f"{heads}{'cells':>7}{'done':>7}{'missing':>9}")
    paths = Counter(row[:3] for row in cells)
    shown: dict[Row, list[int]] = {}
    for row in cells:
        count = paths[row[:3]]
        name = (*row[:3], f"{count} paths") if count > MOST_PATHS else row
        sums = shown.setdefault(name, [0, 0, 0])
        for place, counted_in in enumerate((cells, done, missing)):
            sums[place] += counted_in[row]
    for (testbed, kind, pinning, path), sums in shown.items():
        heads = f"{testbed:<9}{kind:<13}{pinning:<16}{path:<24}"
        lines.append(f"{heads}{sums[0]:>7}{sums[1]:>7}{sums[2]:>9}")
    lines.append("")
    lines.append(
        f"{len(ready.plan.cells)} cells, {len(ready.plan.blocks)} blocks:"
        f" {sum(done.values())} done, {sum(missing.values())} missing;"
        f" about {_duration(seconds)} of measuring to go"
    )
    if ready.resources and seconds:
        lines.append(_side_by_side(ready, width))
    return "\n".join(lines)


def _in_rounds(ready: Campaign, mesh: LargeMesh, width: int | None) -> str:
    """The plan of a mesh in rounds: its sums."""
    rounds = len(ready.rounds_missing)
    missing = sum(len(mesh.missing(number)) for number in ready.rounds_missing)
    block_s = matrix.seconds(mesh[0])
    at_once = mesh.width if width is None else min(width, mesh.width)
    needed = rounds * 2 * block_s * math.ceil(mesh.width / at_once)
    more = f", with --cores {mesh.width}: {_duration(rounds * 2 * block_s)}"
    return (
        f"seed {mesh.seed}\n\n"
        f"a mesh of {len(mesh.nodes)} nodes: {mesh.cells} cells, {len(mesh)} blocks in"
        f" {len(mesh.rounds)} rounds:\n{len(mesh) - missing} done, {missing} missing,"
        f" in {rounds} rounds; with --cores {at_once}: about {_duration(needed)} of measuring to go"
        + more
        * (at_once < mesh.width)
    )


def _side_by_side(ready: Campaign, width: int) -> str:
    """How long it takes when blocks that share no node are measured at the same time."""
    missing = {b.record: b for b in ready.plan.blocks if not b.measured}.values()
    units = [ready.unit([block]) for block in missing]

    def took(unit: Unit) -> float:
        return matrix.seconds(unit.what)

    needed, widest = side_by_side.takes(units, took, width)
    line = f"side by side with --cores {width}: about {_duration(needed)}"
    if widest < width:
        return f"{line}; no more than {widest} of its blocks are apart at once"
    most, widest = side_by_side.takes(units, took, None)
    more = f"; with --cores {widest}: about {_duration(most)}" if widest > width else ""
    return line + more


def _row(cell: Cell) -> Row:
    path = cell.labels.get("path") or "-".join(cell.spec["ranks"])
    return cell.spec["testbed"], cell.kind, cell.labels["pinning"], path


def _duration(seconds: float) -> str:
    """
    >>> _duration(7300)
    '2 h 1 min'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
