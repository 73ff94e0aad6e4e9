"""CPU figures of netperf that cannot be."""

import json

import pytest
from helpers.checkout import ROOT

from vcperf.tools import netperf, netperf_cpu
from vcperf.tools.filter import Untrusted

RECORD = json.loads((ROOT / "tests/data/records/netperf.json").read_text())
(SOUND,) = (c["output"] for c in RECORD["commands"] if c["role"] == "measure")


def with_cpu(key, printed):
    head, _, rest = SOUND.partition(f"{key}=")
    return f"{head}{key}={printed}\n{rest.partition(chr(10))[2]}"


@pytest.mark.parametrize("printed", ["499.93", "100.51", "-3.00"])
def test_a_figure_that_cannot_be_costs_its_own_column_alone(printed):
    damaged = with_cpu("REMOTE_CPU_UTIL", printed)
    with pytest.raises(Untrusted, match=r"not between 0 and 100|not a number with two decimals"):
        netperf.parse(damaged)
    believed, notes = netperf_cpu.without_impossible(damaged)
    (row,), (sound,) = netperf.parse(believed), netperf.parse(SOUND)
    assert row == {**sound, "receiver_cpu_percent": None}
    assert notes == [f"REMOTE_CPU_UTIL={printed} is not between 0 and 100 %: left out"]


@pytest.mark.parametrize("printed", ["0.00", "100.00", "100.50", "-1.00"])
def test_a_figure_that_can_be_stays(printed):
    output = with_cpu("LOCAL_CPU_UTIL", printed)
    assert netperf_cpu.without_impossible(output) == (output, [])


def test_other_damage_is_still_refused():
    believed, notes = netperf_cpu.without_impossible(with_cpu("LOCAL_CPU_UTIL", "49x.93"))
    assert not notes
    with pytest.raises(Untrusted):
        netperf.parse(believed)
