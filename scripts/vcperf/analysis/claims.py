"""Claims held against the tables: supported, contradicted or open, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from vcperf import kinds
from vcperf.analysis import effects, shapes
from vcperf.analysis.effects import Effect

COLUMNS = [
    "claim",
    "states",
    "verdict",
    "part",
    "says",
    "part_verdict",
    "effect_percent",
    "low_percent",
    "high_percent",
    "thesis_percent",
    "expect",
    "margin_percent",
    "cells",
    "platform",
    "blocks",
    "doubtful",
    "missing",
]

SHARED = ", the nodes share CPUs"


class Lacking(Exception):
    """What a part cannot be judged for want of."""


def judge(claims: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per part of a claim.

    Args:
        claims: name -> claim, as `vcperf.config.claims_file.read` returns them.
        tables: name -> blocks, one row a block; a table that does not exist is left out.

    Returns COLUMNS. The verdict of a claim is `contradicted` when one of its parts is,
    `supported` when all are, else `open`: a conjunction needs no correction for the
    number of its parts (Berger, Technometrics 24, 1982, 295). `missing` says what an
    open part lacks.
    """
    rows = []
    for name, claim in claims.items():
        parts = [_row(part, tables) for part in claim["parts"]]
        verdict = overall([part["part_verdict"] for part in parts])
        for number, part in enumerate(parts, start=1):
            rows.append(
                {
                    "claim": name,
                    "states": claim["states"],
                    "verdict": verdict,
                    "part": number,
                    **part,
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def tables(found: Mapping[str, pd.DataFrame], claims: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """The verdicts on claims: see `judge`.

    Args:
        found: the tables that claims may be held against, those that there are.
        claims: see `judge`.
    """
    named = {
        name: found[claimed.table]
        for name, claimed in kinds.CLAIMABLE.items()
        if claimed.table in found
    }
    return {"claims": judge(claims, named)}


def overall(verdicts: Sequence[str]) -> str:
    """The verdict on a claim, all parts of which must hold.

    >>> overall(["supported", "open"])
    'open'
    """
    if "contradicted" in verdicts:
        return "contradicted"
    return "supported" if set(verdicts) == {"supported"} else "open"


def _row(part: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "says": part["says"],
        "thesis_percent": part.get("thesis_percent"),
        "expect": part["expect"],
        "margin_percent": part["margin_percent"],
    }
    try:
        if part["table"] not in tables:
            raise Lacking(f"the table {part['table']}")
        side = Sides(part, tables[part["table"]])
        effect = side.effect()
    except Lacking as fault:
        return {**row, "part_verdict": "open", "missing": str(fault)}
    verdict = effects.judge(effect, part["expect"], part["margin_percent"])
    missing = ""
    if np.isnan(effect.percent):
        missing = "values above 0"
    elif np.isnan(effect.low):
        missing = "a second block of every cell"
    elif verdict == "open":
        missing = "blocks: the interval holds both"
    return {
        **row,
        "part_verdict": verdict,
        "effect_percent": round(effect.percent, 2),
        "low_percent": round(effect.low, 2),
        "high_percent": round(effect.high, 2),
        "cells": side.cells(),
        "platform": side.platform(),
        "blocks": int(side.used.groupby(side.factors, dropna=False).size().min()),
        "doubtful": int((side.used["status"] != "ok").sum()) if "status" in side.used else 0,
        "missing": missing,
    }


class Sides:
    """The rows that a part compares, and how."""

    def __init__(self, part: Mapping[str, Any], table: pd.DataFrame) -> None:
        self.part = part
        self.metric: str = part["metric"]
        self.against_metric: str = part.get("against_metric", self.metric)
        self.constant = part["against"] if isinstance(part.get("against"), int | float) else None
        named = {**part["where"], **part["of"]}
        against = named
        if isinstance(part.get("against"), Mapping):
            against = {**named, **part["against"]}
        # A point is a size by another name: A and B are not to be compared at a common one.
        self.at_point = "point" in named
        # What a list sums over, on either side, is no factor any more.
        sides = [*named.items(), *against.items()]
        summed = {column for column, value in sides if isinstance(value, list)}
        self.factors = [c for c in factors(table) if c not in summed]
        self.one = self._select(table, self.metric, named)
        self.other = None
        self.used = self.one
        if self.constant is None and part["quantity"] not in ("swing", "excess"):
            self.other = self._select(table, self.against_metric, against)
            if not self._same_cells():
                self.used = pd.concat([self.one, self.other])

    def effect(self) -> Effect:
        """The part's effect. Raises Lacking."""
        quantity = self.part["quantity"]
        if quantity == "swing":
            return shapes.swing(shapes.by_size(self.one, self.metric))
        if quantity == "excess":
            return self._excess()
        if quantity == "knee":
            assert self.other is not None
            return shapes.later(
                shapes.by_size(self.one, self.metric),
                shapes.by_size(self.other, self.against_metric),
            )
        self._keep_one_size()
        values = self.one[self.metric].to_numpy(float)
        if self.other is None:
            return effects.contrast([(1, values)], constant=float(self.constant or 1))
        against = self.other[self.against_metric].to_numpy(float)
        compare = effects.paired_ratio if self._same_cells() else effects.ratio
        return compare(values, against)

    def cells(self) -> str:
        """Which cells were used, in words."""
        varying = [c for c in self.factors if c not in ("sender", "receiver", "shared_cpus")]
        rows = self.used[varying].drop_duplicates()
        if "message_bytes" in rows and rows["message_bytes"].nunique() > 1:
            rows = rows.drop(columns="message_bytes").drop_duplicates()
        return "; ".join(" ".join(str(v) for v in row if pd.notna(v)) for row in rows.to_numpy())

    def platform(self) -> str:
        """What the cells ran on, as figures say it."""
        if not {"platform", "testbed"} <= set(self.used):
            return ""
        named = self.used[["platform", "testbed"]].drop_duplicates().itertuples(index=False)
        text = ", ".join(f"{row.platform} ({row.testbed})" for row in named)
        shared = "shared_cpus" in self.used and (self.used["shared_cpus"] == "yes").any()
        return text + (SHARED if shared else "")

    def _select(self, table: pd.DataFrame, metric: str, named: Mapping[str, Any]) -> pd.DataFrame:
        chosen = table
        for column, value in named.items():
            wanted = value if isinstance(value, list) else [value]
            chosen = chosen[chosen[column].isin(wanted)]
        chosen = chosen[chosen[metric].notna()]
        if not len(chosen):
            raise Lacking(f"{metric} of " + ", ".join(f"{k} {_text(v)}" for k, v in named.items()))
        if len(self.factors) < len(factors(table)):
            how: dict[str, Any] = {metric: "sum", "status": _worst, "platform": "first"}
            known = {column: how[column] for column in how if column in chosen}
            blocks = chosen.groupby([*self.factors, "block"], dropna=False)
            chosen = blocks.agg(known).reset_index()
        for column in self.factors:
            found = list(chosen[column].unique())
            if column != "message_bytes" and len(found) > 1:
                raise Lacking(f"a choice of {column}: {', '.join(map(str, found))} fit")
        return chosen.sort_values("block")

    def _keep_one_size(self) -> None:
        """Of a curve, the size that the part names; `largest` is the largest of both."""
        if "message_bytes" not in self.factors or self.at_point:
            return
        sizes = set(self.one["message_bytes"])
        if self.other is not None:
            sizes &= set(self.other["message_bytes"])
        wanted = self.part["message_bytes"]
        if not sizes or (wanted != "largest" and wanted not in sizes):
            raise Lacking(f"message_bytes {wanted if wanted != 'largest' else 'that both have'}")
        size = max(sizes) if wanted == "largest" else wanted
        self.one = self.one[self.one["message_bytes"] == size]
        self.used = self.used[self.used["message_bytes"] == size]
        if self.other is not None:
            self.other = self.other[self.other["message_bytes"] == size]

    def _excess(self) -> Effect:
        curve = shapes.by_size(self.one, self.metric)
        size = self.part["message_bytes"]
        found = shapes.excess(curve, max(curve) if size == "largest" else size)
        if found is None:
            raise Lacking(f"message_bytes {size} and a size to either side of it")
        return found

    def _same_cells(self) -> bool:
        """Whether both sides are metrics of the same blocks."""
        assert self.other is not None
        keys = [*self.factors, "block"]
        return self.metric != self.against_metric and bool(
            self.one[keys].reset_index(drop=True).equals(self.other[keys].reset_index(drop=True))
        )


def factors(table: pd.DataFrame) -> list[str]:
    """The columns that name a cell."""
    known = (
        "testbed pinning path sender receiver test message_bytes shared_cpus"
        " stack program load point domain app image"
    )
    return [column for column in known.split() if column in table]


def _worst(statuses: pd.Series) -> str:
    """Of the rows of a block: `ok` when all are."""
    return next((str(status) for status in statuses if status != "ok"), "ok")


def _text(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)
