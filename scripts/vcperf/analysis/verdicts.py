"""Which verdict evidence can carry: why a part of a claim stays open, and in which words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from vcperf.analysis import doubts, link
from vcperf.analysis.effects import Effect
from vcperf.analysis.sides import Sides, reason
from vcperf.kinds import netperf
from vcperf.tables import columns, platforms

SUPPORTED, CONTRADICTED, OPEN = "supported", "contradicted", "open"
# Where a claim about one platform is held against another.
ELSEWHERE = {SUPPORTED: "agrees here", CONTRADICTED: "differs here", OPEN: OPEN}
FEWEST_SIZES = 8  # of a curve whose shape is judged
RATE = "Mbit/s"  # unit of what a link limits
TRANSACTIONS = netperf.METRICS[1]
SHARE, WHOLE = "percent", 100.0  # a metric that cannot exceed a limit, and the limit
AT_LEAST, AT_MOST = "at least", "at most"
Tables = Mapping[str, pd.DataFrame]


def overall(verdicts: Sequence[str]) -> str:
    """The verdict on a claim, all parts of which must hold.

    >>> overall(["supported", "open"]), overall(["supported", "agrees here"])
    ('open', 'agrees here')
    """
    for against in (CONTRADICTED, ELSEWHERE[CONTRADICTED]):
        if against in verdicts:
            return against
    if OPEN in verdicts:
        return OPEN
    return SUPPORTED if set(verdicts) == {SUPPORTED} else ELSEWHERE[SUPPORTED]


def bounded(effect: Effect, sides: Sides) -> tuple[Effect, str]:
    """An effect as the bound that it is where one cell meets the link, and which bound.

    The hosts of that cell could give as much or more, so the effect of the part's first side is
    at least, that against its second side at most what was measured.
    """
    if sides.quantity != "value" or not _rates(sides):
        return effect, AT_LEAST if math.isinf(effect.high) else ""
    met = [_meets(rows) for rows in sides.each]
    if met in ([True], [True, False]):
        return Effect(effect.percent, effect.low, math.inf), AT_LEAST
    if met == [False, True]:
        return Effect(effect.percent, -100.0, effect.high), AT_MOST
    return effect, ""


def why_open(sides: Sides, effect: Effect, expect: str, beside: Tables) -> str:
    """What keeps a part open whatever its interval is; empty when nothing does.

    Args:
        sides: the rows that it compares.
        effect: its effect.
        expect: see `vcperf.analysis.effects.judge`.
        beside: anomalies, where the campaign has that table.
    """
    found = (
        _of_origin(sides)
        or _of_disturbance(sides)
        or _of_link(sides)
        or _of_shape(sides, effect)
        or _of_step(sides, beside)
    )
    return found or _of_limit(sides, effect, expect)


def _of_origin(sides: Sides) -> str:
    several = [reason(blocks) for blocks in sides.blocks_of_cells()]
    found = next((one for one in several if one.startswith(doubts.SEVERAL)), "")
    return f"blocks of one cell are from {found}; measure it on one" if found else ""


def _of_disturbance(sides: Sides) -> str:
    if "status" not in sides.used:
        return ""
    if any((blocks["status"] != "ok").all() for blocks in sides.blocks_of_cells()):
        return "all blocks of a cell were disturbed"
    return ""


def _meets(rows: pd.DataFrame) -> bool:
    return "meets_link" in rows and bool((rows["meets_link"] == "yes").any())


def undecided_bound(sides: Sides) -> str:
    """Why an effect that is a bound does not decide a part: more blocks would not."""
    return f"one cell meets {_link(sides)}, so the effect is a bound, which decides nothing"


def _rates(sides: Sides) -> bool:
    """Whether rates are compared, which the link limits."""
    return {columns.of(name).unit for name in (sides.metric, sides.against_metric)} == {RATE}


def _link(sides: Sides) -> str:
    first = sides.used[sides.used["meets_link"] == "yes"].iloc[0]
    return f"the link of {first['link_mbps']:g} Mbit/s"


def _of_link(sides: Sides) -> str:
    met = [_meets(rows) for rows in sides.each]
    if not any(met) or sides.metric == TRANSACTIONS:
        return ""
    first = sides.used[sides.used["meets_link"] == "yes"].iloc[0]
    instead = " or link_mbps: null" if first["link"] == link.SHAPED else ""
    rate = _link(sides)
    if sides.quantity != "value":
        return f"a cell of the curve meets {rate}; take smaller sizes{instead}"
    advice = f"take a smaller size{instead}"
    if not _rates(sides):
        cpu = "cpu" in sides.metric
        decided = "CPU time" if cpu else columns.of(sides.metric).label or sides.metric
        return f"a cell meets {rate}, which sets its {decided}; {advice}"
    return f"both cells meet {rate}; {advice}" if met == [True, True] else ""


def _of_shape(sides: Sides, effect: Effect) -> str:
    if sides.quantity not in ("knee", "swing"):
        return ""
    fewest = min(rows["message_bytes"].nunique() for rows in sides.each)
    if fewest < FEWEST_SIZES:
        return f"a {sides.quantity} needs {FEWEST_SIZES} message sizes; the curve has {fewest}"
    if sides.quantity == "swing" and effect.percent >= 0:
        return "the curve falls nowhere, so it has no swing"
    return ""


def _of_step(sides: Sides, beside: Tables) -> str:
    """An excess beside a step of the curve is that of the step."""
    found = beside.get("anomalies")
    if sides.quantity != "excess" or found is None:
        return ""
    steps = found[found["kind"] == "step"]
    for column in ("testbed", "pinning", "stack", "program", "load"):
        if column in sides.one:
            steps = steps[steps[column] == sides.one[column].iloc[0]]
    sizes = sorted(set(sides.one["message_bytes"]))
    near = {size for size in sizes if size >= sides.size()}
    at = sorted(near)[:2]
    stepped = sorted(set(steps["message_bytes"]) & set(at))
    return f"anomalies.csv has a step at {stepped[0]} bytes, not a bump" if stepped else ""


def _of_limit(sides: Sides, effect: Effect, expect: str) -> str:
    """A share at its limit cannot show that it is equal to less than that."""
    if sides.constant is None or sides.metric != SHARE or expect != "equal":
        return ""
    most = 100 * (WHOLE / sides.constant - 1)
    return "a share of 100 % cannot be too high" if effect.low <= most <= effect.high else ""


def worded(verdict: str, about: str | None, used: pd.DataFrame) -> str:
    """A verdict in the words that its platform carries.

    Args:
        verdict: of `vcperf.analysis.effects.judge`.
        about: the testbed that the claim is about; None for whatever is measured.
        used: the rows that were compared.

    A claim about Xen is supported and contradicted by Xen alone, on CPUs of its own: not by
    other testbeds, nor by Xen that is emulated.
    """
    if about is None:
        return verdict
    there = "testbed" in used and bool((used["testbed"] == about).all())
    emulated = any(map(platforms.emulated, used.get("platform", ())))
    return verdict if there and not emulated else ELSEWHERE[verdict]
