"""The rows that a part of a claim compares, and their effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from vcperf import kinds
from vcperf.analysis import doubts, effects, shapes
from vcperf.analysis.effects import Effect, Sample
from vcperf.analysis.intervals import LEVEL

SHARED = ", the nodes share CPUs"
ALONE = ("swing", "excess")  # quantities of one curve
WHY = "why"  # of a block: why its cell is doubtful, see vcperf.analysis.doubts


class Lacking(Exception):
    """What a part cannot be judged for want of."""


class Sides:
    """The rows that a part compares, and how.

    Args:
        part: of a claim, as `vcperf.config.claims_file.read` returns it.
        table: blocks, with the column WHY.

    Raises Lacking when rows are missing, or several cells fit.
    """

    def __init__(self, part: Mapping[str, Any], table: pd.DataFrame) -> None:
        self.part = part
        self.quantity: str = part["quantity"]
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
        self.other: pd.DataFrame | None = None
        if self.constant is None and self.quantity not in ALONE:
            self.other = self._select(table, self.against_metric, against)
        if self.quantity == "value":
            self._keep_one_size()

    @property
    def each(self) -> list[pd.DataFrame]:
        """The rows of each side."""
        return [self.one] if self.other is None else [self.one, self.other]

    @property
    def used(self) -> pd.DataFrame:
        """The rows of both sides, each once."""
        if self.other is None or self._same_cells():
            return self.one
        return pd.concat([self.one, self.other])

    def effect(self, level: float = LEVEL) -> Effect:
        """The part's effect, with its interval at a level. Raises Lacking."""
        if self.quantity == "swing":
            return shapes.swing(self._curve(self.one, self.metric), level)
        if self.quantity == "excess":
            return self._excess(level)
        if self.other is None:
            sample = _sample(self.one, self.metric)
            return effects.contrast([(1, sample)], level, constant=float(self.constant or 1))
        if self.quantity == "knee":
            one = self._curve(self.one, self.metric)
            return shapes.later(one, self._curve(self.other, self.against_metric), level)
        sides = _sample(self.one, self.metric), _sample(self.other, self.against_metric)
        compare = effects.paired_ratio if self._same_cells() else effects.ratio
        return compare(*sides, level)

    def size(self) -> int:
        """The message size that an excess is about."""
        size = self.part["message_bytes"]
        return int(self.one["message_bytes"].max()) if size == "largest" else int(size)

    def cells(self) -> str:
        """Which cells were used, in words."""
        varying = [c for c in self.factors if c not in ("sender", "receiver", "shared_cpus")]
        rows = self._unusual(self.used[varying]).drop_duplicates()
        if "message_bytes" in rows and rows["message_bytes"].nunique() > 1:
            rows = rows.drop(columns="message_bytes").drop_duplicates()
        return "; ".join(" ".join(str(v) for v in row if pd.notna(v)) for row in rows.to_numpy())

    def _unusual(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows without what their kind has as a rule."""
        usual = kinds.usual_of_claims(self.part.get("table", ""))
        known = [column for column in usual if column in rows]
        return rows.assign(
            **{column: rows[column].where(rows[column] != usual[column]) for column in known}
        )

    def platform(self) -> str:
        """What the cells ran on, as figures say it."""
        if not {"platform", "testbed"} <= set(self.used):
            return ""
        named = self.used[["platform", "testbed"]].drop_duplicates().itertuples(index=False)
        text = ", ".join(f"{row.platform} ({row.testbed})" for row in named)
        shared = "shared_cpus" in self.used and (self.used["shared_cpus"] == "yes").any()
        return text + (SHARED if shared else "")

    def blocks_of_cells(self) -> list[pd.DataFrame]:
        """The blocks of each cell that is used."""
        return [blocks for _, blocks in self.used.groupby(self.factors, dropna=False, sort=False)]

    def _select(self, table: pd.DataFrame, metric: str, named: Mapping[str, Any]) -> pd.DataFrame:
        chosen = table
        for column, value in named.items():
            chosen = chosen[chosen[column].isin(flat(value))]
        chosen = chosen[chosen[metric].notna()]
        if not len(chosen):
            raise Lacking(f"{metric} of " + ", ".join(f"{k} {_text(v)}" for k, v in named.items()))
        for column, value in named.items():
            _check_parts(chosen, column, value)
        if len(self.factors) < len(factors(table)):
            chosen = _summed(chosen, [*self.factors, "block"], metric)
        for column in self.factors:
            found = list(chosen[column].unique())
            if column != "message_bytes" and len(found) > 1:
                raise Lacking(f"a choice of {column}: {', '.join(map(str, found))} fit")
        return doubts.in_order(chosen)

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
        if self.other is not None:
            self.other = self.other[self.other["message_bytes"] == size]

    def _curve(self, rows: pd.DataFrame, metric: str) -> shapes.Curve:
        cells = rows.groupby("message_bytes")
        return {int(str(size)): _sample(blocks, metric) for size, blocks in cells}

    def _excess(self, level: float) -> Effect:
        found = shapes.excess(self._curve(self.one, self.metric), self.size(), level)
        if found is None:
            size = self.part["message_bytes"]
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
        "testbed pinning path sender receiver test protocol mode direction streams message_bytes"
        " shared_cpus stack program load point domain app image"
    )
    return [column for column in dict.fromkeys((*known.split(), *kinds.ADDED)) if column in table]


def flat(value: Any) -> list[Any]:
    """The values that a condition lets through: one, or those of a list and of the lists in it.

    >>> flat(["vmlinux", ["netbk", "xen_netback"]])
    ['vmlinux', 'netbk', 'xen_netback']
    """
    return [one for part in value for one in flat(part)] if isinstance(value, list) else [value]


def _sample(blocks: pd.DataFrame, metric: str) -> Sample:
    return doubts.sample(blocks[metric].to_numpy(float), reason(blocks))


def reason(blocks: pd.DataFrame) -> str:
    """Why a cell is doubtful, by WHY of its blocks; empty where it is not."""
    return next((str(one) for one in blocks.get(WHY, ()) if one), "")


def _check_parts(chosen: pd.DataFrame, column: str, value: Any) -> None:
    """A sum needs all that it names; of a list within the list, one. Raises Lacking."""
    parts = value if isinstance(value, list) else []
    found = set(chosen[column])
    absent = [part for part in parts if not found & set(flat(part))]
    if absent:
        names = ", ".join("|".join(map(str, flat(part))) for part in absent)
        raise Lacking(f"{column} {names} of the sum")


def _summed(chosen: pd.DataFrame, keys: list[str], metric: str) -> pd.DataFrame:
    """Blocks of several rows as one row each: as doubtful as the worst of them."""
    how: dict[str, Any] = {
        **dict.fromkeys(("platform", "started", "link", "link_mbps"), "first"),
        metric: "sum",
        "status": lambda rows: next((one for one in rows if one != "ok"), "ok"),
        WHY: lambda rows: next((one for one in rows if one), ""),
        "meets_link": lambda rows: "yes" if (rows == "yes").any() else "no",
    }
    known = {column: how[column] for column in how if column in chosen}
    return chosen.groupby(keys, dropna=False).agg(known).reset_index()


def _text(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return "+".join("|".join(map(str, flat(part))) for part in value)
