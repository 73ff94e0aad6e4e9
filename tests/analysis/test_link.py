"""Cells that meet the link, on made-up tables and on the wire's own arithmetic."""

import numpy as np
import pandas as pd
import pytest
from helpers.blocks import cell, table

from vcperf.analysis import link

PAYLOAD = 1000 * 1448 / 1538  # Mbit/s of TCP with timestamps through 1000 Mbit/s of Ethernet
SHAPED = {"link": "shaped", "link_mbps": 1000.0}


def met(*cells, estimates=None):
    """meets_link of each cell, in their order; empty where it says neither."""
    marked = link.mark(table(*cells), estimates)
    return list(
        marked.drop_duplicates(["pinning", "path", "test", "message_bytes"])["meets_link"].fillna(
            ""
        )
    )


@pytest.mark.parametrize(
    ("share", "meets"), [(1.0, "yes"), (0.96, "yes"), (0.951, "yes"), (0.949, "no"), (0.3, "no")]
)
def test_a_cell_meets_the_link_from_95_percent_of_its_payload_on(share, meets):
    assert met(cell([share * PAYLOAD] * 3, **SHAPED)) == [meets]


def test_one_bad_block_does_not_hide_the_link():
    assert met(cell([PAYLOAD, 0.3 * PAYLOAD, PAYLOAD], **SHAPED)) == ["yes"]


def test_a_cell_without_a_link_or_without_a_known_rate_says_neither():
    within = cell([PAYLOAD] * 3, path="vc00->c000", link="none", link_mbps=np.nan)
    unknown = cell([PAYLOAD] * 3, link="unknown", link_mbps=np.nan)
    assert met(within, unknown) == ["", ""]


def test_a_rate_that_the_testbed_file_states_counts_as_one_that_is_shaped():
    assert met(cell([PAYLOAD] * 3, link="stated", link_mbps=1000.0)) == ["yes"]


def estimates(*rows):
    columns = ["testbed", "pinning", "path", "kind", "low_mbps", "high_mbps"]
    return pd.DataFrame([("netns", *row) for row in rows], columns=columns)


def test_a_capacity_that_was_estimated_stands_in_for_a_rate_that_nobody_states():
    found = estimates(
        ("config1", "vc00->c010", "capacity", 990.0, 1010.0),
        ("config2", "vc00->c010", "lower_bound", 990.0, np.nan),
    )
    unknown = {"link": "unknown", "link_mbps": np.nan}
    cells = [cell([PAYLOAD] * 3, pinning, **unknown) for pinning in ("config1", "config2")]
    assert met(*cells, estimates=found) == ["yes", ""]


def test_the_capacity_of_a_path_within_a_node_is_no_link():
    found = estimates(("config1", "vc00->c000", "capacity", 990.0, 1010.0))
    within = cell([PAYLOAD] * 3, path="vc00->c000", link="none", link_mbps=np.nan)
    assert met(within, estimates=found) == [""]


def test_transactions_meet_no_link():
    rows = cell([np.nan] * 3, test="TCP_RR", transactions_per_s=1000.0, **SHAPED)
    assert met(rows) == [""]


@pytest.mark.parametrize(
    ("size", "wire"),
    [(1472, 1538), (64, 64 + 28 + 38), (4, 84), (1473, 1538 + 84), (2952, 2 * 1538)],
)
def test_a_datagram_takes_its_headers_and_fragments_on_the_wire(size, wire):
    assert link.payload_share("UDP_STREAM", size) == pytest.approx(size / wire)


def test_a_table_that_does_not_know_links_is_marked_as_unknown():
    marked = link.mark(table(cell([PAYLOAD] * 3)))
    assert marked["meets_link"].isna().all() and marked["link_mbps"].isna().all()


def test_iperf3_meets_the_link_by_what_is_received():
    rows = table(cell([PAYLOAD] * 3, **SHAPED), cell([500.0] * 3, "config2", **SHAPED))
    rows = rows.rename(columns={"test": "protocol", "throughput_mbps": "received_mbps"})
    marked = link.mark(rows.assign(protocol="TCP", sent_mbps=2000.0))
    assert list(marked["meets_link"]) == ["yes"] * 3 + ["no"] * 3
