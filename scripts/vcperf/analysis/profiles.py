"""Profiles: where the samples are, what makes two of them differ, what a byte costs.

Rows are those of vcperf.tools.oprofile and vcperf.tools.perf. Intervals are of 95 %. Samples of a
random instant are Poisson counts, and given their total multinomial; where there are several
blocks, the intervals are as much wider as these differ by more than that
(`vcperf.analysis.sample_counts`).

- A difference of two shares or of two counts: each one's interval combined by the square
  root of squares (Newcombe, Statistics in Medicine 17, 1998, method 10; for rates Zou and
  Donner, Statistics in Medicine 27, 2008).
- Of many names, some differ by chance: what is said to explain a difference excludes zero
  at the level 1 - 0.05 / names (Bonferroni).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vcperf.analysis import sample_counts
from vcperf.analysis.sample_counts import (
    ALPHA,
    COUNTS_ALONE,
    Dispersion,
    Interval,
    count_interval,
    share_interval,
)
from vcperf.errors import VcperfError

Row = dict[str, Any]
Key = tuple[str | None, ...]

# Below it the interval of a share is as wide as the share itself.
FEW_SAMPLES = 20
MEGABYTE = 1e6


def counts(
    rows: Iterable[Mapping[str, Any]],
    by: Sequence[str] = ("image",),
    where: Mapping[str, str] | None = None,
) -> dict[Key, int]:
    """Samples by the columns named; an application's total row is counted through its images.

    Args:
        where: column -> value that a row must have; a report of several events needs its
            event here.

    Raises VcperfError when rows of several events would be added, or a column named is
    empty in all.
    """
    chosen = [
        row
        for row in rows
        if (row["image"] is not None or row["symbol"] is not None)
        and all(row[column] == value for column, value in (where or {}).items())
    ]
    events = {row["event"] for row in chosen}
    if len(events) > 1:
        names = ", ".join(sorted(map(str, events)))
        raise VcperfError(f"profile: samples of several events ({names}) cannot be added; name one")
    for column in by:
        if column != "domain" and chosen and all(row[column] is None for row in chosen):
            raise VcperfError(f"profile: the report lacks the {column}")
    sums: dict[Key, int] = defaultdict(int)
    for row in chosen:
        sums[tuple(row[column] for column in by)] += row["samples"]
    return dict(sums)


def by_block(
    rows: Iterable[Mapping[str, Any]],
    by: Sequence[str] = ("image",),
    where: Mapping[str, str] | None = None,
) -> list[dict[Key, int]]:
    """The counts of each block, by the column `block`; rows without one are a single block.

    Raises VcperfError as `counts`.
    """
    blocks: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        blocks[row.get("block")].append(row)
    return [counts(own, by, where) for own in blocks.values()]


def table(
    rows: Iterable[Mapping[str, Any]],
    by: Sequence[str] = ("image",),
    where: Mapping[str, str] | None = None,
) -> list[Row]:
    """Where the samples are, most first.

    By image; by image inside one application with where={"app": name}; by symbol with
    by=("image", "symbol").

    Returns rows of the columns of `by`, samples, percent (of the table's samples, rounded
    to 0.01 so that they add up to 100), percent_low, percent_high, blocks, dispersion (None for
    one block), and too_few: whether the samples are so few that the percentage tells little.
    """
    rows = list(rows)
    spread = sample_counts.of_shares(by_block(rows, by, where))
    sums = {key: samples for key, samples in counts(rows, by, where).items() if samples}
    total = sum(sums.values())
    ranked = sorted(sums.items(), key=lambda item: (-item[1], _order(item[0])))
    found = []
    for (key, samples), percent in zip(ranked, _add_up([n for _, n in ranked]), strict=True):
        low, high = share_interval(samples, total, spread.alpha(ALPHA), spread.factor(key))
        found.append(
            {
                **dict(zip(by, key, strict=True)),
                "samples": samples,
                "percent": percent,
                "percent_low": 100 * low,
                "percent_high": 100 * high,
                "blocks": spread.blocks,
                "dispersion": spread.factor(key) if spread.known else None,
                "too_few": samples < FEW_SAMPLES,
            }
        )
    return found


def difference(
    first: Mapping[Key, int],
    second: Mapping[Key, int],
    *,
    first_scale: float = 1.0,
    second_scale: float = 1.0,
    spreads: Mapping[str, tuple[Dispersion, Dispersion]] | None = None,
) -> Row:
    """What makes two profiles differ, in amounts and in shares.

    Args:
        first, second: from counts(), by the same columns.
        first_scale, second_scale: what a sample of each stands for, in any one unit
            (nanoseconds of CPU, nanoseconds a megabyte); 1 compares samples.
        spreads: `amounts` and `shares` -> the dispersion of each profile. Where one is not known,
            nothing explains anything. Without spreads the intervals are those of counts, which say
            nothing of how blocks differ.

    Returns a dictionary: `names` (how many were compared), `total` (a row of difference,
    low, high), `amounts` and `shares` (rows of name, first, second, difference, low, high,
    explains, of_total; largest difference first; shares in percent points), and `verdict`,
    a sentence for each. low and high are the 95 % interval of that name alone; explains
    says whether zero is excluded at the level adjusted for all names; of_total is the part
    of the total's difference, None for shares.

    Raises VcperfError when a profile is empty or a scale not above 0.
    """
    totals = sum(first.values()), sum(second.values())
    scales = first_scale, second_scale
    if not all(totals):
        raise VcperfError("profiles: one of the two has no samples; there is nothing to compare")
    if not all(scale > 0 and math.isfinite(scale) for scale in scales):
        raise VcperfError(f"profiles: scales {scales} must be above 0")
    names = sorted({*first, *second}, key=_order)
    adjusted = ALPHA / len(names)
    counted = {"amounts": (COUNTS_ALONE,) * 2, "shares": (COUNTS_ALONE,) * 2} | dict(spreads or {})
    whole = _amounts(totals, scales, ALPHA, counted["amounts"], None)
    amounts, shares = [], []
    for name in names:
        pair = first.get(name, 0), second.get(name, 0)
        row = _compare(name, _amounts, (pair, scales), adjusted, counted["amounts"])
        row["of_total"] = row["difference"] / whole[2] if whole[2] else None
        amounts.append(row)
        shares.append(_compare(name, _shares, (pair, totals), adjusted, counted["shares"]))
    chance = "sampling may"
    if spreads is not None:
        known = all(spread.known for pair in spreads.values() for spread in pair)
        chance = "blocks of one cell do" if known else ""
    for rows in (amounts, shares):
        for row in rows:
            row["explains"] = bool(row["explains"] and chance)
        rows.sort(key=lambda row: (-abs(row["difference"]), _order(row["name"])))
    return {
        "names": len(names),
        "total": dict(zip(("first", "second", "difference", "low", "high"), whole, strict=True)),
        "amounts": amounts,
        "shares": shares,
        "verdict": {"amounts": _verdict(amounts, chance), "shares": _verdict(shares, chance)},
    }


def cost(
    sums: Mapping[Key, int],
    *,
    sample_ns: float,
    bytes_moved: int,
    spread: Dispersion = COUNTS_ALONE,
) -> list[Row]:
    """CPU time that a megabyte costs, by name, dearest first; the last row is the total.

    Args:
        sums: from counts(), for example by ("domain", "image").
        sample_ns: CPU nanoseconds that a sample stands for.
        bytes_moved: while the profile was taken.
        spread: the dispersion of samples per byte; the total's name is None.

    Returns rows of name (None: the total), samples, ns_per_megabyte (10^6 bytes), low, high
    and too_few.

    Raises VcperfError when no bytes were moved or a sample stands for no time.
    """
    if bytes_moved <= 0 or not sample_ns > 0:
        raise VcperfError(
            f"cost per byte: {bytes_moved} bytes moved and {sample_ns} ns a sample must be above 0"
        )
    scale = sample_ns / (bytes_moved / MEGABYTE)
    ranked = sorted(sums.items(), key=lambda item: (-item[1], _order(item[0])))
    found = []
    for name, samples in [*ranked, (None, sum(sums.values()))]:
        low, high = count_interval(samples, spread.alpha(ALPHA), spread.factor(name))
        found.append(
            {
                "name": name,
                "samples": samples,
                "ns_per_megabyte": samples * scale,
                "low": low * scale,
                "high": high * scale,
                "too_few": samples < FEW_SAMPLES,
            }
        )
    return found


# -- intervals ------------------------------------------------------------------------


Difference = tuple[float, float, float, float, float]
"""First, second, second less first, and that one's interval."""


def _combined(values: Sequence[float], intervals: Sequence[Interval]) -> Difference:
    (first, second), ((low1, high1), (low2, high2)) = values, intervals
    change = second - first
    below = math.hypot(second - low2, high1 - first)
    above = math.hypot(high2 - second, first - low1)
    return first, second, change, change - below, change + above


Spreads = Sequence[Dispersion]


def _amounts(
    pair: Sequence[int], scales: Sequence[float], alpha: float, spreads: Spreads, name: Key | None
) -> Difference:
    ends = [
        count_interval(samples, spread.alpha(alpha), spread.factor(name))
        for samples, spread in zip(pair, spreads, strict=True)
    ]
    return _combined(
        [samples * scale for samples, scale in zip(pair, scales, strict=True)],
        [(low * scale, high * scale) for (low, high), scale in zip(ends, scales, strict=True)],
    )


def _shares(
    pair: Sequence[int], totals: Sequence[int], alpha: float, spreads: Spreads, name: Key | None
) -> Difference:
    both = list(zip(pair, totals, strict=True))
    ends = [
        share_interval(samples, total, spread.alpha(alpha), spread.factor(name))
        for (samples, total), spread in zip(both, spreads, strict=True)
    ]
    return _combined(
        [100 * samples / total for samples, total in both],
        [(100 * low, 100 * high) for low, high in ends],
    )


def _compare(
    name: Key, measure: Any, figures: tuple[Any, Any], adjusted: float, spreads: Spreads
) -> Row:
    first, second, change, low, high = measure(*figures, ALPHA, spreads, name)
    _, _, _, lowest, highest = measure(*figures, adjusted, spreads, name)
    return {
        "name": name,
        "first": first,
        "second": second,
        "difference": change,
        "low": low,
        "high": high,
        "explains": lowest > 0 or highest < 0,
        "of_total": None,
    }


def _verdict(rows: Sequence[Row], chance: str) -> str:
    if not chance:
        return "not known: one block does not show by how much blocks differ; profile two or more"
    found = [row for row in rows if row["explains"]]
    if not found:
        return (
            f"nothing explains it: of {len(rows)} names compared, none differs by more than "
            f"{chance}"
        )
    names = ", ".join(" ".join(part or "-" for part in row["name"]) for row in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"{names}{more}: {len(found)} of {len(rows)} names differ by more than {chance}"


def _add_up(samples: Sequence[int]) -> list[float]:
    """Percentages to 0.01 that add up to 100: the largest remainders are rounded up."""
    total = sum(samples)
    exact = [10_000 * each / total for each in samples]
    floors = [10_000 * each // total for each in samples]
    order = sorted(range(len(samples)), key=lambda at: (floors[at] - exact[at], at))
    for at in order[: 10_000 - sum(floors) if samples else 0]:
        floors[at] += 1
    return [each / 100 for each in floors]


def _order(key: Key) -> tuple[str, ...]:
    return tuple(part or "" for part in key)
