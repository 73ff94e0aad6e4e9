"""Why blocks are missing at the end of a campaign, in a few lines."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection

from vcperf.basics.results import on_disk
from vcperf.basics.text import last_line
from vcperf.planning.cell import Block

MOST = 3  # reasons that are printed; the logs have all


def report(blocks: Collection[Block], since: float) -> str:
    """How many blocks have no record, and why; empty when all have one.

    Args:
        blocks: those that the campaign wants.
        since: when it began; an older log is of another run.
    """
    missing, faults = 0, Counter[str]()
    for block in blocks:  # a large mesh makes them one by one
        if not block.measured:
            missing += 1
            faults[_fault(block, since)] += 1
    if not missing:
        return ""
    del faults[""]
    lines = [f"{missing} of {len(blocks)} blocks are missing"]
    lines += [f"  {count}: {fault}" for fault, count in faults.most_common(MOST)]
    if len(faults) > MOST:
        lines.append(f"  and others, see {on_disk('results/logs')}")
    lines.append("run the same command again to measure them, with PARTIAL=1 to draw without them")
    return "\n".join(lines)


def _fault(block: Block, since: float) -> str:
    spec, cell = block.cell.spec, block.cell
    log = on_disk(f"results/logs/{cell.kind}/{spec['testbed']}/{cell.name}/{block.number}.log")
    try:
        if os.path.getmtime(log) < since:
            return ""
        with open(log, encoding="utf-8", errors="replace") as handle:
            return last_line(handle.read(), "")
    except OSError:
        return ""
