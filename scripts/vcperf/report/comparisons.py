"""What a campaign says of its claims, its baseline and its pinnings, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from vcperf.analysis import pinnings, verdicts
from vcperf.kinds import told
from vcperf.report import words
from vcperf.report.words import count, percent

Tables = Mapping[str, pd.DataFrame]
Row = Mapping[Any, Any] | pd.Series

# In the order in which a summary counts them.
ORDER = ("supported", "agrees here", "contradicted", "differs here", "open")
OF_SEVERAL = {"agrees here": "agree here", "differs here": "differ here"}
MOST_RANKED = 3  # differences of a path that are said


def about_claims(tables: Tables) -> Iterator[str]:
    """The verdicts: how many of each, then claim by claim."""
    claims = tables.get("claims")
    if claims is None or not len(claims):
        return
    whole = claims.drop_duplicates("claim")
    counts = whole["verdict"].value_counts()
    parts = [
        f"{counts[name]} {name if counts[name] == 1 else OF_SEVERAL.get(name, name)}"
        for name in ORDER
        if name in counts
    ]
    about = sorted(set(whole["about"].dropna()) - {""})
    here = f" (they are about {words.several(about)})" if about else ""
    yield f"of {count(len(whole), 'claim')}{here}: {', '.join(parts)}"
    for name, rows in claims.groupby("claim", sort=False):
        first = rows.iloc[0]
        yield f"{name} {first['verdict']}: {first['states']} ({_deciding(rows)})"


def _deciding(parts: pd.DataFrame) -> str:
    """The part of a claim that decided its verdict, with its numbers."""
    against = {verdicts.CONTRADICTED, verdicts.ELSEWHERE[verdicts.CONTRADICTED]}
    for wanted in (against, {verdicts.OPEN}):
        chosen = parts[parts["part_verdict"].isin(wanted)]
        if len(chosen):
            row = chosen.iloc[0]
            return f"{row['says']}: {effect(row)}" + (
                f"; {row['missing']}" if words.has(row["missing"]) else ""
            )
    return "; ".join(f"{row['says']}: {effect(row)}" for row in parts.to_dict("records"))


def effect(row: Row) -> str:
    """An effect with its interval, and the value of the study where there is one."""
    if not words.has(row["effect_percent"]):
        text = "not measured"
    else:
        bound = f"{row['bound']} " if words.has(row["bound"]) else ""
        ends = words.interval(*(_float(row[f"{end}_percent"]) for end in ("low", "high")))
        text = f"{bound}{percent(row['effect_percent'])} ({ends})"
    if words.has(row.get("thesis_percent")):
        text += f", thesis {percent(row['thesis_percent'])}"
    return text


def about_baseline(tables: Tables) -> Iterator[str]:
    """Each testbed against the baseline: in how many cells it gives less, and the extremes."""
    overhead = tables.get("overhead")
    if overhead is None or not len(overhead):
        return
    for (testbed, baseline), rows in overhead.groupby(["testbed", "baseline"], sort=False):
        less, more = rows[rows["ratio_high"] < 1], rows[rows["ratio_low"] > 1]
        rest = len(rows) - len(less) - len(more)
        line = f"{testbed} against {baseline}: less in {len(less)} of {count(len(rows), 'cell')}"
        line += _extreme(less, "idxmin") + f", more in {len(more)}" + _extreme(more, "idxmax")
        line += f", not distinguishable in {rest}" if rest else ""
        yield f"{line}; each by its own 95 % interval"


def _extreme(rows: pd.DataFrame, which: str) -> str:
    if not len(rows):
        return ""
    row = rows.loc[getattr(rows["ratio"], which)()]
    low, high = (100 * (row[f"ratio_{end}"] - 1) for end in ("low", "high"))
    most = percent(100 * (row["ratio"] - 1))
    return f" (most: {most}, {words.interval(low, high)}; {words.cell(row)})"


def about_pinnings(tables: Tables) -> Iterator[str]:
    """What differs most between pinnings: the largest difference, off the baseline where there is
    one, then path by path."""
    rows = tables.get("pinnings")
    if rows is None or not len(rows):
        return
    differing = rows[rows["verdict"] == pinnings.DIFFER]
    beside = differing[~differing["testbed"].isin(baselines(tables))]
    differing = beside if len(beside) else differing
    if not len(differing):
        yield (
            f"no pinning differs from another: {count(len(rows), 'comparison')},"
            " none distinguishable from chance"
        )
    else:
        sizes = differing["effect_percent"].map(pinnings.logarithm).abs()
        largest = differing.iloc[int(sizes.to_numpy().argmax())]
        yield f"largest difference between pinnings: {difference(largest)}, {place(largest)}"
    for _, of_path in rows.groupby(pinnings.PATH, sort=False, dropna=False):
        yield _of_path(of_path)


def baselines(tables: Tables) -> set[str]:
    """The testbeds that others are compared with."""
    overhead = tables.get("overhead")
    return set() if overhead is None else set(overhead["baseline"])


def _of_path(rows: pd.DataFrame) -> str:
    differ = rows[rows["verdict"] == pinnings.DIFFER]
    limited = int((rows["verdict"] == pinnings.LINK).sum())
    rest = len(rows) - len(differ) - limited
    ranked = [
        f"{difference(row)} at {words.size(row['message_bytes'])}"
        for row in differ.head(MOST_RANKED).to_dict("records")
    ]
    if len(differ) > MOST_RANKED:
        ranked.append(f"{len(differ) - MOST_RANKED} more")
    if rest:
        ranked.append(f"{rest} of {count(len(rows), 'comparison')} not distinguishable")
    if limited:
        ranked.append(f"{limited} limited by the link under both pinnings")
    return f"{path(rows.iloc[0])}: {'; '.join(ranked)}"


def path(row: Row) -> str:
    """What a comparison of pinnings is of, without its message size."""
    known = told({**row, "pinning": "any"})
    named = [known[name] for name in pinnings.PATH if name != "testbed" and words.has(known[name])]
    return f"{' '.join(map(str, named))} ({row['testbed']})"


def place(row: Row) -> str:
    """What a comparison of pinnings is of."""
    return f"{path(row)}, {words.size(row['message_bytes'])}"


def difference(row: Row) -> str:
    """The second pinning in terms of the first."""
    bound = f"{row['bound']} " if words.has(row["bound"]) else ""
    ends = words.interval(_float(row["low_percent"]), _float(row["high_percent"]))
    pair = f"{row['second']} against {row['first']}"
    return f"{pair} {bound}{percent(row['effect_percent'])} ({ends})"


def about_curves(tables: Tables) -> Iterator[str]:
    """Sizes at which a latency stands out of its curve."""
    found = tables.get("anomalies")
    if found is None:
        return
    for row in found[found["kind"] == "bump"].to_dict("records"):
        curve = f"{words.cell(row, without=['message_bytes', 'load'])}, load {row['load']}"
        ends = words.interval(row["low"], row["high"])
        height = percent(row["excess_percent"])
        yield (
            f"latency of {curve}: at {words.size(row['message_bytes'])} {height} ({ends})"
            " above its curve"
        )


def about_profiles(tables: Tables) -> Iterator[str]:
    """What makes profiles differ, by image."""
    rows = tables.get("profile_differences")
    if rows is None:
        return
    first = rows[(rows["by"] == "image") & (rows["unit"] != "percent") & (rows["rank"] == 1)]
    for row in first.to_dict("records"):
        what = words.cell(row, without=["point"])
        yield f"profiles, {row['second']} against {row['first']}, {what}: {row['verdict']}"


def _float(value: Any) -> float:
    return float(value) if words.has(value) else float("nan")
