"""Which cells get more blocks, round by round, until each is settled. Pure.

A round is an ordinary run of the workflow; `vcperf.commands.converge` starts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from vcperf.analysis import doubts, intervals, summary
from vcperf.config import files
from vcperf.config.files import Config
from vcperf.errors import VcperfError
from vcperf.kinds import netperf, stand_in
from vcperf.planning.cell import Cell


@dataclass(frozen=True)
class Rule:
    """When a cell has enough blocks.

    Args:
        target_percent, minimum, maximum: see `vcperf.analysis.intervals.more_blocks`.
    """

    target_percent: float
    minimum: int
    maximum: int

    def lacking(self, values: Sequence[float] | intervals.Blocks) -> int:
        """How many more blocks per cell surely needs: up to the minimum, then one at a time.

        Args:
            values: one value per block so far, in the order of measuring.
        """
        if len(values) < self.minimum:
            return self.minimum - len(values)
        more = intervals.more_blocks(values, self.target_percent, self.minimum, self.maximum)
        return int(more)


def rule(config: Config, sources: Sequence[str]) -> Rule:
    """The rule of a checked configuration. Raises VcperfError naming file and key."""
    section = config["converge"]
    minimum, maximum = section["minimum_blocks"], section["maximum_blocks"]
    if minimum > maximum:
        raise VcperfError(
            f"{files.where(('converge', 'maximum_blocks'), sources)}: {maximum} is below"
            f" minimum_blocks, {minimum}; raise it or lower that"
        )
    return Rule(config["target_percent"], minimum, maximum)


def lacking(
    cells: Iterable[Cell], table: pd.DataFrame, stop: Rule, kind: str = stand_in.REPLACED
) -> dict[str, int]:
    """How many more blocks each cell surely needs: a cell of iperf3 as many as that of its
    directions which needs most.

    Args:
        cells: the plan's.
        table: results/tables/netperf.csv; of iperf3, as `vcperf.analysis.stand_in.all_streams`.
        stop: the rule.
        kind: the kind of the table's blocks, which alone get more.

    Returns cell name -> number, 0 for a cell that is settled. Cells that the table lacks,
    of a testbed that is not measured now, are left out, and those that the configuration
    gives the maximum of blocks anyhow.
    """
    series = {}
    names = [*summary.FACTORS, "message_bytes"]
    for key, group in table.groupby(names, sort=False):
        first = dict(zip(names, key, strict=True))
        metric = netperf.metric_of(first)
        series[summary.factors(first)] = doubts.in_order(group)[metric].to_numpy(float)
    return {
        cell.name: max(stop.lacking(series[stream]) for stream in _streams(cell))
        for cell in cells
        if cell.kind == kind
        and all(stream in series for stream in _streams(cell))
        and (cell.sequential or cell.blocks < stop.maximum)
    }


def next_round(
    needed: Mapping[str, int], block_s: Mapping[str, float], left_s: float
) -> dict[str, int]:
    """What the next round adds: all that is needed, or equally many a cell that fit.

    Args:
        needed: cell name -> blocks, as `lacking` says.
        block_s: cell name -> seconds that a block of it takes.
        left_s: the seconds that there are.

    Returns cell name -> blocks, of the cells that get any; empty when not one block of
    every open cell fits: cells that are treated alike can be compared.
    """
    for most in range(max(needed.values(), default=0), 0, -1):
        added = {name: min(count, most) for name, count in needed.items() if count}
        if sum(count * block_s[name] for name, count in added.items()) <= left_s:
            return added
    return {}


def _streams(cell: Cell) -> list[summary.Factors]:
    testbed = {"testbed": cell.spec["testbed"]}
    return [summary.factors({**labels, **testbed}) for labels in stand_in.streams_of(cell)]
