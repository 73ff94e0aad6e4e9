"""Claims held against the tables: supported, contradicted or open, and by how much."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from vcperf import kinds
from vcperf.analysis import doubts, effects, link, verdicts
from vcperf.analysis.effects import Effect
from vcperf.analysis.intervals import LEVEL
from vcperf.analysis.sides import WHY, Lacking, Sides, factors, reason
from vcperf.analysis.stand_in import with_netperf

COLUMNS = [
    "claim",
    "states",
    "about",
    "verdict",
    "part",
    "says",
    "part_verdict",
    "effect_percent",
    "low_percent",
    "high_percent",
    "bound",
    "thesis_percent",
    "expect",
    "margin_percent",
    "cells",
    "platform",
    "blocks",
    "doubtful",
    "why",
    "missing",
]
TARGET = 2.5  # percent, the default's


def judge(
    claims: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], target_percent: float = TARGET
) -> pd.DataFrame:
    """One row per part of a claim.

    Args:
        claims: name -> claim, as `vcperf.config.claims_file.read` returns them.
        tables: name -> blocks, one row a block; also `bandwidth` and `anomalies`, what is known
            of links and of curves. A table that does not exist is left out.
        target_percent: see `vcperf.analysis.doubts.why`.

    Returns COLUMNS. The verdict of a claim is `contradicted` when one of its parts is,
    `supported` when all are, else `open`; where a claim is about another platform, `differs
    here` and `agrees here`. That all parts must hold needs no correction for their number
    (Berger, Technometrics 24, 1982, 295); that one of them does not hold needs one: of a claim of
    k parts, each is contradicted by an interval of 1 - 0.05 / k (Bonferroni). `missing` says
    why a part is open.
    """
    marked = {name: _marked(name, table, tables, target_percent) for name, table in tables.items()}
    rows = []
    for name, claim in claims.items():
        level = level_of(len(claim["parts"]))
        parts = [_row(part, marked, claim.get("about"), level) for part in claim["parts"]]
        verdict = verdicts.overall([part["part_verdict"] for part in parts])
        for number, part in enumerate(parts, start=1):
            rows.append(
                {
                    "claim": name,
                    "states": claim["states"],
                    "about": claim.get("about"),
                    "verdict": verdict,
                    "part": number,
                    **part,
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def level_of(parts: int) -> float:
    """The level of the interval that contradicts one of several parts (Bonferroni).

    >>> level_of(1), level_of(4)
    (0.95, 0.9875)
    """
    return 1 - (1 - LEVEL) / parts


def tables(
    found: Mapping[str, pd.DataFrame],
    claims: Mapping[str, Any],
    target_percent: float = TARGET,
    stand_in: bool = False,
) -> dict[str, pd.DataFrame]:
    """The verdicts on claims: see `judge`.

    Args:
        found: the tables that claims may be held against, and those beside them, those that
            there are.
        claims, target_percent: see `judge`.
        stand_in: whether what claims say of netperf is held against iperf3's blocks.
    """
    if stand_in:
        found = with_netperf(found)
    named = {
        name: found[claimed.table]
        for name, claimed in kinds.CLAIMABLE.items()
        if claimed.table in found
    }
    return {"claims": judge(claims, {**found, **named}, target_percent)}


def _marked(
    name: str, table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], target: float
) -> pd.DataFrame:
    """A table that claims may be held against, with whether its cells meet the link, and why
    they are doubtful."""
    if name not in kinds.CLAIMABLE:
        return table
    table = table.reset_index(drop=True)
    if "link" in table:
        table = link.mark(table, tables.get("bandwidth"))
    why = doubts.mark(table, factors(table), kinds.metric_of_claims(name), target)
    return table.assign(**{WHY: why})


def _row(
    part: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    about: str | None,
    level: float,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "says": part["says"],
        "thesis_percent": part.get("thesis_percent"),
        "expect": part["expect"],
        "margin_percent": part["margin_percent"],
    }
    try:
        if part["table"] not in tables:
            raise Lacking(f"the table {part['table']}")
        sides = Sides(part, tables[part["table"]])
        effect, bound = verdicts.bounded(sides.effect(), sides)
        stricter, _ = verdicts.bounded(sides.effect(level), sides)
    except Lacking as fault:
        return {**row, "part_verdict": verdicts.OPEN, "missing": f"lacks {fault}"}
    judged = effects.judge(effect, part["expect"], part["margin_percent"], stricter)
    missing = verdicts.why_open(sides, effect, part["expect"], tables)
    if missing:
        judged = verdicts.OPEN
    elif judged == verdicts.OPEN:
        alone = effects.judge(effect, part["expect"], part["margin_percent"])
        missing = _lacking_blocks(effect, alone)
        if bound and sides.quantity == "value":
            missing = verdicts.undecided_bound(sides)
    used, cells = sides.used, sides.blocks_of_cells()
    return {
        **row,
        "part_verdict": verdicts.worded(judged, about, used),
        **_numbers(effect, bound),
        "bound": bound,
        "cells": sides.cells(),
        "platform": sides.platform(),
        "blocks": min(len(blocks) for blocks in cells),
        "doubtful": int((used["status"] != "ok").sum()) if "status" in used else 0,
        "why": doubts.joined(filter(None, map(reason, cells))),
        "missing": missing,
    }


def _lacking_blocks(effect: Effect, alone: str) -> str:
    """Why an interval decides nothing.

    Args:
        alone: the verdict if the part were the only one of its claim.
    """
    if np.isnan(effect.percent):
        return "lacks values above 0"
    if np.isnan(effect.low) or np.isnan(effect.high):
        return "lacks a second block of every cell, or as many as a median needs"
    if alone == verdicts.CONTRADICTED:
        return "needs more blocks: contradicted as the only part, not as one of several"
    return "needs more blocks: the interval holds both"


def _numbers(effect: Effect, bound: str) -> dict[str, float | None]:
    """An effect in percent; the end of its interval that is not known is empty."""
    ends = {"effect": effect.percent, "low": effect.low, "high": effect.high}
    if bound == verdicts.AT_MOST:
        ends["low"] = math.inf
    return {
        f"{name}_percent": None if math.isinf(value) else round(value, 2)
        for name, value in ends.items()
    }
