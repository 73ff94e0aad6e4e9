"""The vocabulary of columns covers every table, and no more."""

import importlib

import pandas as pd
import pytest

from vcperf import kinds
from vcperf.analysis import (
    anomaly,
    claims,
    compare,
    iperf3,
    latency,
    overhead,
    pinnings,
    profile_tables,
    summary,
    throughput_tools,
)
from vcperf.errors import VcperfError
from vcperf.tables import columns, plan, profile, profile_blocks

OF_BLOCKS = {
    name: list(importlib.import_module(f"vcperf.tables.{name}").COLUMNS)
    for name in kinds.KIND_OF_TABLE
}
NO_PROFILES = {
    "profile": pd.DataFrame(columns=profile.COLUMNS),
    "profile_blocks": pd.DataFrame(columns=profile_blocks.COLUMNS),
}
TABLES = {
    **OF_BLOCKS,
    "plan": list(plan.COLUMNS),
    "netperf_summary": summary.COLUMNS,
    "overhead": overhead.COLUMNS,
    "iperf3_summary": iperf3.COLUMNS,
    "iperf3_curves": summary.COLUMNS,
    "tools": throughput_tools.COLUMNS,
    "pingpong_summary": latency.LATENCY,
    "pingpong_programs": latency.PROGRAMS,
    "ep_summary": latency.SLOWDOWN,
    "anomalies": anomaly.COLUMNS,
    "points": anomaly.POINTS,
    **{name: list(table) for name, table in profile_tables.tables(NO_PROFILES).items()},
    "claims": claims.COLUMNS,
    "changes": compare.COLUMNS,
    "pinnings": pinnings.COLUMNS,
}


def test_every_table_that_a_card_names_is_looked_at():
    options = {"baseline": "native", "kinds": ("netperf", "bandwidth"), "stand_in": True}
    made = {
        table
        for card in kinds.CARDS.values()
        for made in card.summaries(options)
        for table in made.outputs
    }
    assert made | set(kinds.KIND_OF_TABLE) | {"plan", "claims", "changes", "pinnings"} == set(
        TABLES
    )


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_known_columns_each_once(table):
    assert len(set(TABLES[table])) == len(TABLES[table])
    for name in TABLES[table]:
        columns.of(name)


def test_no_column_is_described_that_no_table_has():
    assert set(columns.COLUMNS) == {name for names in TABLES.values() for name in names}


def test_an_unknown_column_is_an_error_in_one_line():
    with pytest.raises(VcperfError, match=r"^column 'troughput_mbps': unknown; describe it in"):
        columns.of("troughput_mbps")


@pytest.mark.parametrize("card", kinds.CARDS.values(), ids=lambda card: card.name)
def test_metrics_are_numbers_with_a_label_and_names_are_text(card):
    """Claims, figures and comparisons may take the metrics of a card, and draw them."""
    assert set(card.metrics) <= set(TABLES[card.tables[0]])
    named = {*card.labels, *(column for claim in card.claims for column in claim.selectors)}
    assert {columns.of(name).type for name in named - {"message_bytes"}} == {columns.TEXT}
    for claim in card.claims:
        assert {*claim.selectors, *claim.metrics} <= set(TABLES[claim.table])
    for metric in (*card.metrics, *(m for claim in card.claims for m in claim.metrics)):
        column = columns.of(metric)
        assert column.type in (columns.NUMBER, columns.WHOLE) and column.label


@pytest.mark.parametrize("table", OF_BLOCKS)
def test_a_table_is_sorted_by_its_own_columns(table):
    assert set(importlib.import_module(f"vcperf.tables.{table}").ORDER) <= set(TABLES[table])
