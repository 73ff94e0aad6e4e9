"""iperf3 held against netperf: what the choice of the tool does to the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from vcperf.analysis import doubts, effects, link, settings

CELL = ["testbed", "pinning", "path", "test", "message_bytes", "streams"]
COLUMNS = [
    *CELL,
    *("ratio", "ratio_low", "ratio_high", "iperf3_mbps", "netperf_mbps"),
    *("blocks", "netperf_blocks", "doubtful", "why", "meets_link"),
    *("platform", "shared_cpus", "settings_differ"),
]
SAME = {"TCP": "TCP_STREAM", "UDP": "UDP_STREAM"}  # iperf3's protocol -> netperf's test


def tables(found: Mapping[str, pd.DataFrame], target_percent: float) -> dict[str, pd.DataFrame]:
    """One row per cell that both tools have measured, with as many streams, from the client to the
    server.

    Args:
        found: the tables iperf3 and netperf, and bandwidth where the campaign has it.
        target_percent: see `vcperf.analysis.doubts.why`.

    Returns `tools`, with COLUMNS: the ratio of the mean rate that arrives by iperf3 to that by
    netperf, with its 95 % interval (`vcperf.analysis.effects.ratio`); both means; the blocks of
    each (`blocks` are iperf3's), and how many of all were `doubtful` (not ok); `why` one of both
    cells is; `meets_link` says `yes` where one of both meets the link, of which neither tool can
    tell more than its rate.
    """
    estimates = found.get("bandwidth")
    ours = link.mark(found["iperf3"], estimates)
    ours = ours[ours["mode"] == "forward"].assign(test=ours["protocol"].map(SAME))
    theirs = dict(iter(link.mark(found["netperf"], estimates).groupby(CELL, sort=False)))
    rows = [
        _row(dict(zip(CELL, cell, strict=True)), group, theirs[cell], target_percent)
        for cell, group in ours.groupby(CELL, sort=False)
        if cell in theirs
    ]
    return {"tools": pd.DataFrame(rows, columns=COLUMNS)}


def _row(
    cell: dict[str, Any], iperf3: pd.DataFrame, netperf: pd.DataFrame, target_percent: float
) -> dict[str, Any]:
    sides = doubts.in_order(iperf3), doubts.in_order(netperf)
    values = [
        side[metric].to_numpy(float)
        for side, metric in zip(sides, ("received_mbps", "throughput_mbps"), strict=True)
    ]
    reasons = [
        doubts.why(side, known, target_percent) for side, known in zip(sides, values, strict=True)
    ]
    samples = [doubts.sample(*pair) for pair in zip(values, reasons, strict=True)]
    effect = effects.ratio(samples[0], samples[1])
    both = pd.concat(sides)
    return cell | {
        "ratio": 1 + effect.percent / 100,
        "ratio_low": 1 + effect.low / 100,
        "ratio_high": 1 + effect.high / 100,
        "iperf3_mbps": values[0].mean(),
        "netperf_mbps": values[1].mean(),
        "blocks": len(values[0]),
        "netperf_blocks": len(values[1]),
        "doubtful": int((both["status"] != "ok").sum()),
        "why": doubts.joined(filter(None, reasons)),
        "meets_link": link.of_either(both),
        "platform": doubts.joined(both["platform"]),
        "shared_cpus": "yes" if (both["shared_cpus"] == "yes").any() else "no",
        "settings_differ": settings.names(settings.between(sides[1], sides[0])),
    }
