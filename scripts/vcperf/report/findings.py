"""What a campaign found, in short sentences: the first page of the report, and the last lines of a
run. A pure function of the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from vcperf.report import comparisons, doubtful
from vcperf.report.measured import blocks, measured

TARGET = 2.5  # percent, the default's


@dataclass(frozen=True)
class Findings:
    """Sentences without a full stop, in plain text; names in them are as users and tools wrote
    them. The first of each list stands for all of it, or is the most important; a list is empty
    where there is nothing to say.

    Args:
        measured: what was measured where and when.
        verdicts: on claims, and of each testbed against the baseline.
        differences: what differs most between pinnings, path by path; latencies that stand out of
            their curve; what makes profiles differ.
        doubts: what is doubtful or missing, and why.
        advice: how to get tighter intervals.
    """

    measured: tuple[str, ...]
    verdicts: tuple[str, ...]
    differences: tuple[str, ...]
    doubts: tuple[str, ...]
    advice: tuple[str, ...]


def find(
    tables: Mapping[str, pd.DataFrame], target_percent: float = TARGET, note: str = ""
) -> Findings:
    """The findings of a campaign.

    Args:
        tables: name -> the tables of results/tables/ that there are, as
            `vcperf.tables.read.read_tables` returns them.
        target_percent: of the configuration; half the width of a converged interval.
        note: what figures say of all of the campaign; the first doubt, unless it is empty.
    """
    known = blocks(tables)
    return Findings(
        measured=tuple(measured(known)),
        verdicts=(*comparisons.about_claims(tables), *comparisons.about_baseline(tables)),
        differences=(
            *comparisons.about_pinnings(tables),
            *comparisons.about_curves(tables),
            *comparisons.about_profiles(tables),
        ),
        doubts=(*filter(None, [note]), *doubtful.doubts(tables, known)),
        advice=tuple(doubtful.advice(tables, known, target_percent)),
    )
