"""Cells whose throughput is the link's: what they measure is the link, not the hosts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from vcperf.kinds import LABELS

REACHED = 0.95  # of what the link can carry of payload: there a cell meets the link
# Ethernet of MTU 1500: preamble, header, checksum and gap around each packet; RFC 894, RFC 1323.
AROUND, LEAST_PACKET = 8 + 14 + 4 + 12, 46
IP, UDP, TCP_WITH_TIMESTAMPS = 20, 8, 32
MTU = 1500
SHAPED, NO_LINK = "shaped", "none"  # of the column link, see vcperf.planning.planner.plan
COLUMNS = ("link_mbps", "meets_link")
# What names a cell, and what it is about, in the tables of either program.
CELL = ("testbed", "direction", *LABELS)
TEST = ("test", "protocol")
RATE = ("throughput_mbps", "received_mbps")


def payload_share(test: str, message_bytes: int) -> float:
    """The share of a link's rate that a test's payload can have, with an MTU of 1500.

    Args:
        test: netperf's name of it, or the protocol; TCP joins messages to full segments, UDP
            does not.
        message_bytes: of one send.

    >>> payload_share("TCP_STREAM", 120) == 1448 / 1538
    True
    >>> round(payload_share("UDP_STREAM", 1472), 4)
    0.9571
    """
    if not test.startswith("UDP"):
        return (MTU - IP - TCP_WITH_TIMESTAMPS) / (MTU + AROUND)
    fragment = MTU - IP
    last = (message_bytes + UDP - 1) % fragment + 1
    whole = math.ceil((message_bytes + UDP) / fragment) - 1
    wire = whole * (MTU + AROUND) + max(last + IP, LEAST_PACKET) + AROUND
    return message_bytes / wire


def mark(blocks: pd.DataFrame, estimates: pd.DataFrame | None = None) -> pd.DataFrame:
    """Blocks with the rate of their link, and whether their cell meets it.

    Args:
        blocks: results/tables/netperf.csv or iperf3.csv.
        estimates: results/tables/bandwidth.csv, where the campaign has it.

    Returns the blocks with COLUMNS: `link_mbps` as the plan has it, else the median capacity
    that was estimated on the cell's path (bounds and inconclusive estimates do not count);
    `meets_link` says `yes` when the mean or the median of the cell's throughput is REACHED of
    the payload that the link carries, `no` when it is not, and is empty where no rate is known.
    """
    if not len(blocks) or "link" not in blocks:
        return blocks.assign(link_mbps=np.nan, meets_link=None)
    rate = blocks["link_mbps"].astype(float)
    if estimates is not None:
        rate = rate.fillna(_estimated(blocks, estimates))
    marked = blocks.assign(link_mbps=rate)
    test, throughput = (next(name for name in names if name in marked) for names in (TEST, RATE))
    keys = [name for name in CELL if name in marked]
    cells = marked.groupby(keys, sort=False, dropna=False)[throughput]
    height = pd.DataFrame({how: cells.transform(how) for how in ("mean", "median")}).max(axis=1)
    share = [
        payload_share(str(name), int(size))
        for name, size in zip(marked[test], marked["message_bytes"], strict=True)
    ]
    met = np.where(height >= REACHED * rate * share, "yes", "no")
    known = rate.notna() & height.notna()
    return marked.assign(meets_link=pd.Series(met, index=marked.index).where(known, None))


def of_cell(marked: pd.DataFrame) -> dict[str, object]:
    """COLUMNS of one cell, from its blocks as `mark` returns them."""
    return {column: marked[column].iloc[0] if column in marked else None for column in COLUMNS}


def of_either(marked: pd.DataFrame) -> str | None:
    """Whether one of several cells meets its link: `yes`, or `no` when none of those whose link
    is known does; None where none is known.

    Args:
        marked: the blocks of all of them, as `mark` returns them.
    """
    known = set(marked.get("meets_link", ())) & {"yes", "no"}
    return max(known, default=None)


def _estimated(blocks: pd.DataFrame, estimates: pd.DataFrame) -> pd.Series:
    """The capacity of each block's path between two nodes; NaN where none was estimated."""
    keys = ["testbed", "pinning", "path"]
    sound = estimates[estimates["kind"] == "capacity"]
    capacity = sound.assign(capacity=sound[["low_mbps", "high_mbps"]].mean(axis=1))
    known = capacity.groupby(keys)["capacity"].median()
    found: pd.Series = blocks[keys].join(known, on=keys)["capacity"]
    return found.where(blocks["link"] != NO_LINK)
