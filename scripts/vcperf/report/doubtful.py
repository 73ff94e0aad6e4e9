"""What of a campaign's results is doubtful and why, and how to get tighter intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from vcperf.analysis.intervals import FEWEST_TO_CORRELATE
from vcperf.report import words
from vcperf.report.measured import Blocks
from vcperf.report.words import count
from vcperf.tables import platforms

Tables = Mapping[str, pd.DataFrame]
NORMAL = 1.96  # the quantile that Student's comes down to
# Column of a block -> what is sentence of blocks that have `yes`.
OF_CPUS = {
    "shared_cpus": "nodes share CPUs: what one node does slows the other",
    "shared_cores": "pinned CPUs are hardware threads of shared cores",
    "numa_crossed": "pinned CPUs are in different NUMA nodes",
    "throttled": "the CPU was throttled",
}


def doubts(tables: Tables, found: list[Blocks]) -> Iterator[str]:
    """What is doubtful and why, the most important first."""
    yield from _missing(found)
    rows = [one.rows for one in found if len(one.rows)]
    if not rows:
        return
    all_rows = pd.concat(rows)
    yield from _statuses(all_rows)
    yield from _unstable(tables)
    yield from _origins(tables)
    yield from _of_hosts(all_rows)
    yield from _few(tables)
    yield from _few_samples(tables)


def _missing(found: list[Blocks]) -> Iterator[str]:
    lacking = [one for one in found if one.missing]
    if lacking:
        total = sum(one.missing for one in lacking)
        of = sum(one.planned for one in found)
        each = ", ".join(f"{one.missing} of {one.kind}" for one in lacking)
        which = f" ({each})" if len(found) > 1 else ""
        yield f"{total} of {count(of, 'block')} {'is' if total == 1 else 'are'} missing{which}"


def _statuses(rows: pd.DataFrame) -> Iterator[str]:
    counts = rows["status"].value_counts()
    for status, number in counts.items():
        if status == "disturbed":
            yield (
                f"{number} of {count(len(rows), 'block')} disturbed: other programs or the"
                " hypervisor took CPU time while they were measured"
            )
        elif status != "ok":
            yield f"{number} of {count(len(rows), 'block')} {status}"


def summaries(tables: Tables) -> dict[str, pd.DataFrame]:
    """What is summarised -> its table with one row per cell, which says why a cell is doubtful."""
    return {
        name.removesuffix("_summary"): table
        for name, table in tables.items()
        if {"why", "assumes", "blocks"} <= set(table)
    }


def _unstable(tables: Tables) -> Iterator[str]:
    for name, table in summaries(tables).items():
        reasons = table["why"].dropna()
        reasons = reasons[(reasons != "") & (reasons != "disturbed")]
        for reason, number in reasons.value_counts().items():
            first = table.loc[reasons[reasons == reason].index[0]]
            yield (
                f"{name}: {number} of {count(len(table), 'row')} unstable, {reason}"
                f" (such as {words.cell(first)})"
            )


def _origins(tables: Tables) -> Iterator[str]:
    overhead = tables.get("overhead")
    if overhead is not None:
        named = {n for names in overhead["settings_differ"].dropna() for n in names.split()}
        if named:
            yield f"settings of the baseline differ: {words.several(sorted(named))}"


def _of_hosts(rows: pd.DataFrame) -> Iterator[str]:
    emulated = sorted({str(p) for p in rows["platform"].dropna() if platforms.emulated(p)})
    if emulated:
        yield f"CPUs are emulated ({words.several(emulated)}): ratios mean little for real ones"
    for column, sentence in OF_CPUS.items():
        number = int((rows[column] == "yes").sum()) if column in rows else 0
        if number:
            yield f"{sentence} ({number} of {count(len(rows), 'block')})"


def _few(tables: Tables) -> Iterator[str]:
    for name, table in summaries(tables).items():
        few = table[table["blocks"] < FEWEST_TO_CORRELATE]
        single = int((table["blocks"] < 2).sum())
        if single:
            yield f"{name}: {single} of {count(len(table), 'row')} of one block: no interval"
        if len(few) > single:
            yield (
                f"{name}: intervals of {len(few) - single} of {count(len(table), 'row')} assume"
                " that blocks are independent, which fewer than"
                f" {FEWEST_TO_CORRELATE} cannot show"
            )


def _few_samples(tables: Tables) -> Iterator[str]:
    profiles = tables.get("profile_blocks")
    if profiles is not None and "too_few" in profiles and profiles["too_few"].any():
        number = int(profiles["too_few"].sum())
        of = count(len(profiles), "profile")
        yield f"{number} of {of} with too few samples for reliable shares"


def advice(tables: Tables, found: list[Blocks], target_percent: float) -> Iterator[str]:
    """How to get tighter intervals and fewer doubts."""
    if sum(one.missing for one in found):
        yield "run the same command again: it measures only the blocks that are missing"
    rows = [one.rows for one in found if len(one.rows)]
    disturbed = sum(int((one["status"] == "disturbed").sum()) for one in rows)
    if disturbed:
        yield (
            "stop other programs on the hosts and delete results/raw, then run again"
            if 2 * disturbed > sum(map(len, rows))
            else "stop other programs on the hosts before the next campaign"
        )
    wide, more = _wide(tables, target_percent)
    if wide:
        if "netperf_summary" in tables:
            yield (
                "`make converge` adds blocks until the interval of each cell of netperf is within"
                f" {target_percent:g} % of its mean; now {wide}"
            )
        if more:
            yield (
                f"`blocks: {more}` in the campaign file would bring about half of these cells to"
                f" {target_percent:g} %; blocks that are there are kept"
            )


def _wide(tables: Tables, target_percent: float) -> tuple[str, int]:
    """How many cells are wider than the target, in words; and how many blocks half of them need,
    0 when that is too many to advise. An interval shrinks with the square root of the number, and
    as Student's quantile comes down to the normal one."""
    needed, cells = [], 0
    for table in summaries(tables).values():
        if not {"mean", "ci_low", "ci_high", "label"} <= set(table):
            continue
        cells += len(table)
        wide = table[table["label"] != "converged"]
        half = (wide["ci_high"] - wide["ci_low"]) / 2 / wide["mean"].abs() * 100
        quantile = stdtrit(np.maximum(wide["blocks"].to_numpy(float) - 1, 1), 0.975)
        factor = (half / quantile * NORMAL / target_percent) ** 2
        needed += [
            max(blocks + 1, math.ceil(blocks * times)) if math.isfinite(times) else 10
            for blocks, times in zip(wide["blocks"], factor, strict=True)
        ]
    if not needed:
        return "", 0
    middle = sorted(needed)[len(needed) // 2]
    rounded = 5 * math.ceil(max(middle, 10) / 5)
    verb = "is" if len(needed) == 1 else "are"
    wide_now = f"{len(needed)} of {count(cells, 'cell')} {verb} not"
    return wide_now, rounded if rounded <= 100 else 0
