"""The tables of profiles: a cell's blocks pooled, and cell against cell. Where domains or blocks
counted different events, each event is a profile of its own.

Programs that run on the host beside the domains are left out of everything but
profile.csv: they are no part of the workload. What the kernel does in threads of its own,
and in interrupts while a CPU idles, is nobody's and stays in.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from vcperf.analysis import profiles, sample_counts
from vcperf.analysis.sample_counts import Dispersion
from vcperf.errors import VcperfError
from vcperf.tables.columns import PROFILE_CELL

Row = dict[str, Any]
Keep = Callable[[Row], bool]

CELL = list(PROFILE_CELL)
PROFILE = [*CELL, "event"]
KERNEL_APPS = ("swapper", "ksoftirqd", "kworker")  # see vcperf.tools.perf_stacks
ALL = "all"
MPI_LIBRARY = "MPI library"
# MPICH's and Intel's, Open MPI's, and what they send through; statically linked, the program's.
_MPI_LIBRARY = re.compile(
    r"lib(?:mpi|open-pal|open-rte|mca_|uc[mpst]\b|uct_|fabric|psm|[\w.-]+-fi\.so)|mca_"
)
MOST = 40  # names of a ranking
# What is compared -> what the two must not share; all else of a cell is the same.
COMPARED = {"pinning": ("pinning",), "point": ("point", "message_bytes")}
COST = ["ns_per_megabyte", "low", "high"]


class Cells:
    """Profiles by cell.

    Args:
        samples: results/tables/profile.csv.
        blocks: results/tables/profile_blocks.csv.
    """

    def __init__(self, samples: pd.DataFrame, blocks: pd.DataFrame) -> None:
        named = samples["domain"].notna() | samples["app"].isin(KERNEL_APPS)
        self.samples = samples[named]
        self.blocks = blocks

    def __iter__(self) -> Iterator[tuple[Row, Row, list[Row]]]:
        """(labels, {sample_ns, bytes_moved, moved}, rows) of each cell and event, its blocks
        together; moved: block -> bytes."""
        for key, blocks in self.blocks.groupby(CELL, dropna=False, sort=False):
            labels = dict(zip(CELL, key, strict=True))
            rows = select(self.samples, labels)
            if labels["workload"] == "pingpong":  # the load's own domains are not its subject
                rows = rows[rows["domain"].isin(str(labels["path"]).split("->"))]
            for event, counted in rows.groupby("event", dropna=False):
                own = blocks[blocks["block"].isin(counted["block"])]
                scale = {
                    "sample_ns": float(own["sample_ns"].mean()),
                    "bytes_moved": float(own["bytes_moved"].astype(float).sum(skipna=False)),
                    "moved": dict(zip(own["block"], own["bytes_moved"].astype(float), strict=True)),
                }
                records = counted.astype(object).where(counted.notna(), None).to_dict("records")
                yield (
                    {**labels, "event": event},
                    scale,
                    [{str(k): v for k, v in row.items()} for row in records],
                )


def select(table: pd.DataFrame, labels: Mapping[str, Any]) -> pd.DataFrame:
    """The rows with these labels; one that is missing matches what is missing."""
    same = pd.Series(True, index=table.index)
    for column, value in labels.items():
        same &= table[column].isna() if pd.isna(value) else table[column] == value
    chosen: pd.DataFrame = table[same]
    return chosen


def applications(samples: pd.DataFrame, blocks: pd.DataFrame) -> pd.DataFrame:
    """A row a block, domain, application and image, what claims are held against.

    An image's percent is of its application's samples in the domain; the row of image `all`
    is the application, in percent of the domain's samples.
    """
    keys = [*CELL, "block", "domain"]
    inside = samples[samples["domain"].notna()]
    sums = inside.groupby([*keys, "app", "image"], dropna=False, as_index=False)["samples"].sum()
    whole = sums.groupby([*keys, "app"], dropna=False)["samples"].transform("sum")
    sums["percent"] = 100 * sums["samples"] / whole
    apps = inside.groupby([*keys, "app"], dropna=False, as_index=False)["samples"].sum()
    apps["image"] = ALL
    total = apps.groupby(keys, dropna=False)["samples"].transform("sum")
    apps["percent"] = 100 * apps["samples"] / total
    found = pd.concat([apps, sums]).sort_values(
        [*keys, "app", "samples", "image"], ascending=[True] * (len(keys) + 1) + [False, True]
    )
    found["percent"] = found["percent"].round(4)
    known = ["status", "shared_cpus", "platform"]
    whole_rows = found.merge(blocks[[*CELL, "block", *known]], on=[*CELL, "block"])
    ordered: pd.DataFrame = whole_rows[[*keys, "app", "image", "samples", "percent", *known]]
    return ordered


def images(cells: Cells) -> pd.DataFrame:
    """Where the samples of a cell are, by image."""
    return _ranked(cells, ("image",))


def symbols(cells: Cells) -> pd.DataFrame:
    """Where they are, by application, image and symbol."""
    return _ranked(cells, ("app", "image", "symbol"))


def _ranked(cells: Cells, by: tuple[str, ...]) -> pd.DataFrame:
    found = []
    for labels, _, rows in cells:
        found += [{**labels, **row} for row in _told(labels, profiles.table, rows, by)]
    columns = [*PROFILE, *by, "samples", "percent", "percent_low", "percent_high"]
    columns += ["blocks", "dispersion", "too_few"]
    return pd.DataFrame(found, columns=columns).round(4)


def _told(labels: Row, make: Callable[..., list[Row]], *of: Any) -> list[Row]:
    """The rows of one profile; none, and a line that says why, when it does not tell them."""
    try:
        return make(*of)
    except VcperfError as fault:
        cell = " ".join(str(value) for value in labels.values() if not pd.isna(value))
        print(f"{cell}: {fault}; left out", file=sys.stderr)
        return []


def cost(cells: Cells) -> pd.DataFrame:
    """CPU nanoseconds that a megabyte of payload costs, by domain and image; the rows of
    image `all` are a domain's, that of domain `all` the cell's. Cells whose workload tells no
    bytes are left out."""
    found = []
    for labels, scale, rows in cells:
        if _tells_cost(scale):
            found += [{**labels, **row} for row in _told(labels, _cost, rows, scale)]
    columns = [*PROFILE, "domain", "image", "samples", *COST, "too_few"]
    return pd.DataFrame(found, columns=columns).round(1)


def _cost(rows: list[Row], scale: Row) -> list[Row]:
    found = []
    for by in (("domain", "image"), ("domain",)):
        for row in profiles.cost(
            profiles.counts(rows, by),
            sample_ns=scale["sample_ns"],
            bytes_moved=int(scale["bytes_moved"]),
            spread=_of_amounts(rows, by, scale),
        ):
            if row["name"] is not None or len(by) == 1:
                domain, image = ((*(row["name"] or (ALL,)), ALL))[:2]
                found.append({**row, "domain": domain, "image": image})
    return found


def _of_amounts(rows: list[Row], by: tuple[str, ...], scale: Row | None) -> Dispersion:
    """The dispersion of samples per byte moved, or per block without a scale."""
    blocks = profiles.by_block(rows, by)
    numbers = dict.fromkeys(row.get("block") for row in rows)
    moved = [1.0 if scale is None else scale["moved"].get(number, 0.0) for number in numbers]
    return sample_counts.of_amounts(blocks, moved)


def differences(cells: Cells) -> pd.DataFrame:
    """What makes two cells differ: pinning against pinning, and point against point.

    Ranked by image, by symbol, and by symbol within the program of a ping-pong and within the
    images of its MPI library; as an amount (`ns_per_megabyte`, or `samples` where no bytes are
    known) and as a share (`percent`). `verdict` says in words what explains the difference, or
    that nothing does.
    """
    found: list[Row] = []
    known = list(cells)
    for compared, apart in COMPARED.items():
        for first, second in _pairs(known, compared, apart):
            labels = {key: first[0][key] for key in PROFILE if key not in apart}
            named = {"first": first[0][compared], "second": second[0][compared]}
            for scope, by, keep in _rankings(first[0]):
                head = {**labels, "compared": compared, **named, "within": scope}
                ranked = _told(head, _difference, first, second, by, keep)
                found += [{**head, **row} for row in ranked]
    columns = [c for c in PROFILE if c != "point"] + "compared first second within".split()
    columns += "by unit rank image symbol first_value second_value difference low high".split()
    columns += "explains of_total names verdict".split()
    table = pd.DataFrame(found, columns=columns)
    digits = dict.fromkeys("first_value second_value difference low high of_total".split(), 4)
    return table.round(digits)


def _pairs(known: Sequence[Any], compared: str, apart: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """Cells that differ in what is compared alone; each against the first of its kind."""
    groups: dict[tuple[str, ...], list[Any]] = {}
    for cell in known:
        if not pd.isna(cell[0][compared]):
            key = tuple(str(cell[0][c]) for c in PROFILE if c not in apart)
            groups.setdefault(key, []).append(cell)
    for first, *others in groups.values():
        for other in others:
            yield first, other


def _rankings(labels: Row) -> Iterator[tuple[str, tuple[str, ...], Keep]]:
    """Within what, by what, and which rows that takes."""
    yield ALL, ("image",), lambda row: True
    yield ALL, ("image", "symbol"), lambda row: True
    if labels["workload"] == "pingpong":
        program = labels["program"]
        yield program, ("image", "symbol"), lambda row: row["app"] == program
        yield MPI_LIBRARY, ("image", "symbol"), lambda row: _of_mpi(row["image"], program)


def _of_mpi(image: str | None, program: str) -> bool:
    return image is not None and (image == program or bool(_MPI_LIBRARY.match(image)))


def _tells_cost(scale: Mapping[str, float]) -> bool:
    """Whether a sample stands for CPU time, and the workload told what it moved."""
    return scale["bytes_moved"] > 0 and scale["sample_ns"] > 0


def _difference(first: Any, second: Any, by: tuple[str, ...], keep: Keep) -> list[Row]:
    kept = [[row for row in cell[2] if keep(row)] for cell in (first, second)]
    pair = [profiles.counts(rows, by) for rows in kept]
    if not all(sum(sums.values()) for sums in pair):
        return []
    scales, unit, exposures = [1.0, 1.0], "samples", [None, None]
    if all(_tells_cost(cell[1]) for cell in (first, second)):
        moved = [cell[1]["bytes_moved"] / profiles.MEGABYTE for cell in (first, second)]
        scales = [
            cell[1]["sample_ns"] / mb for cell, mb in zip((first, second), moved, strict=True)
        ]
        unit, exposures = "ns_per_megabyte", [cell[1] for cell in (first, second)]
    shares = [sample_counts.of_shares(profiles.by_block(rows, by)) for rows in kept]
    amounts = [
        _of_amounts(rows, by, exposure) for rows, exposure in zip(kept, exposures, strict=True)
    ]
    found = profiles.difference(
        *pair,
        first_scale=scales[0],
        second_scale=scales[1],
        spreads={"amounts": (amounts[0], amounts[1]), "shares": (shares[0], shares[1])},
    )
    rows = []
    for kind, unit_of in (("amounts", unit), ("shares", "percent")):
        for rank, row in enumerate(found[kind][:MOST], start=1):
            named = dict(zip(by, row.pop("name"), strict=True))
            values = {"first_value": row.pop("first"), "second_value": row.pop("second")}
            judged = {"names": found["names"], "verdict": found["verdict"][kind]}
            rows.append(
                {"by": by[-1], "unit": unit_of, "rank": rank, **named, **values, **row, **judged}
            )
    return rows


TABLES: dict[str, Callable[[Cells], pd.DataFrame]] = {
    "images": images,
    "symbols": symbols,
    "cost": cost,
    "differences": differences,
}


def tables(found: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The summaries of profiles.

    Args:
        found: the tables profile and profile_blocks.
    """
    pair = found["profile"], found["profile_blocks"]
    cells = Cells(*pair)
    made = {f"profile_{name}": make(cells) for name, make in TABLES.items()}
    return {"profile_applications": applications(*pair), **made}
