"""iperf3's blocks in the columns of netperf's, where iperf3 is in its place: so the figures, claims
and ratios that a campaign describes in netperf's words are made of them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from vcperf.analysis import link, overhead, summary
from vcperf.kinds import netperf
from vcperf.kinds.stand_in import CURVES, REPLACED, REPLACING, test_of


def as_netperf(blocks: pd.DataFrame) -> pd.DataFrame:
    """Blocks from the sender to the receiver, in netperf's columns.

    Args:
        blocks: results/tables/iperf3.csv.

    `throughput_mbps` is the rate that arrived. What iperf3 does not measure is empty: transactions,
    and the CPU use that netperf reports. That of the domains is read in the same way for both.
    """
    return all_streams(blocks[blocks["mode"] == "forward"])


def all_streams(blocks: pd.DataFrame) -> pd.DataFrame:
    """The same of blocks of all modes, whose tests are named apart (`stand_in.test_of`)."""
    streams = blocks[["protocol", "mode", "direction"]].itertuples(index=False)
    found = blocks.assign(
        test=[test_of(*stream) for stream in streams],
        throughput_mbps=blocks["received_mbps"],
        load="none",
    )
    absent = [metric for metric in netperf.METRICS if metric not in found]
    return found.assign(**dict.fromkeys(absent, float("nan")))


def curves(found: Mapping[str, pd.DataFrame], target_percent: float) -> dict[str, pd.DataFrame]:
    """Means and intervals for the figures that are described in netperf's words.

    Args:
        found: the table iperf3, and bandwidth where the campaign has it.
        target_percent: see `vcperf.analysis.summary.summarise`.

    Returns CURVES, with the columns of netperf_summary.
    """
    blocks = link.mark(as_netperf(found[REPLACING]), found.get("bandwidth"))
    return {CURVES: summary.summarise(blocks, target_percent)}


def ratios(
    found: Mapping[str, pd.DataFrame], baseline: str, target_percent: float
) -> dict[str, pd.DataFrame]:
    """The table of overheads: see `vcperf.analysis.overhead.tables`."""
    adapted = {**found, REPLACED: as_netperf(found[REPLACING])}
    return overhead.tables(adapted, baseline, target_percent)


def with_netperf(found: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables for claims, with one for those that are about netperf."""
    if REPLACING not in found:
        return dict(found)
    return {**found, REPLACED: as_netperf(found[REPLACING])}
