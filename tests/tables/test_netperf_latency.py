"""The latencies of a block's transactions, where it was asked for them."""

import pytest
from helpers import damage

from vcperf.errors import VcperfError
from vcperf.kinds.netperf import LATENCIES
from vcperf.tables import netperf
from vcperf.tools.netperf_latency import KEYS

PRINTED = "P50_LATENCY=14\nP90_LATENCY=18\nP99_LATENCY=2475\nMAX_LATENCY=172061\n"


def row(tmp_path, more="", **changes):
    record = damage.sound("netperf")
    record["spec"].update(changes)
    (run,) = (c for c in record["commands"] if c["role"] == "measure")
    run["output"] += more
    (made,) = netperf.rows(damage.planned(record, tmp_path), record, 10)
    return made


def test_they_are_in_the_table(tmp_path):
    made = row(tmp_path, PRINTED, percentiles=True)
    assert [made[column] for column in LATENCIES] == [14, 18, 2475, 172061]


def test_a_block_that_was_not_asked_for_them_has_none(tmp_path):
    assert not set(LATENCIES) & set(row(tmp_path))
    assert tuple(KEYS.values()) == LATENCIES


def test_a_block_that_lacks_one_is_refused_with_its_record(tmp_path):
    with pytest.raises(VcperfError, match=r"1\.json: P99_LATENCY is missing"):
        row(tmp_path, PRINTED.replace("P99_LATENCY=2475\n", ""), percentiles=True)
