"""Prints a campaign's cells, its blocks done and missing, and the time still needed.

python -m vcperf plan [CAMPAIGN.yaml]
"""

import argparse
from collections import Counter

from vcperf.config import campaign_file
from vcperf.planning import matrix
from vcperf.planning.cell import Cell
from vcperf.preparation import campaign
from vcperf.preparation.campaign import Campaign

Row = tuple[str, str, str, str]  # testbed, kind, pinning, path


def main(argv: list[str]) -> int:
    """Print the plan of the default campaign, or of one laid over it. Raises VcperfError."""
    parser = argparse.ArgumentParser(prog="vcperf plan", description=__doc__.splitlines()[0])
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN.yaml")
    sources = campaign_file.sources_of(parser.parse_args(argv).campaign)
    print(report(campaign.prepare(campaign_file.merged(sources), sources)))
    return 0


def report(ready: Campaign) -> str:
    """The plan as text: one line per testbed, kind, pinning and path, then the sums."""
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
    for row in cells:
        testbed, kind, pinning, path = row
        heads = f"{testbed:<9}{kind:<13}{pinning:<16}{path:<24}"
        lines.append(f"{heads}{cells[row]:>7}{done[row]:>7}{missing[row]:>9}")
    lines.append("")
    lines.append(
        f"{len(ready.plan.cells)} cells, {len(ready.plan.blocks)} blocks:"
        f" {sum(done.values())} done, {sum(missing.values())} missing;"
        f" about {_duration(seconds)} of measuring to go"
    )
    return "\n".join(lines)


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
