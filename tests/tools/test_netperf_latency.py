"""How long single transactions took, as netperf prints it."""

import pytest
from helpers import local_block

from vcperf.records import record
from vcperf.tools import netperf_latency
from vcperf.tools.filter import Untrusted

# Of netperf 2.7.0, on a machine with other work.
REPORT = """\
MIGRATED TCP REQUEST/RESPONSE TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to 127.0.0.1 () port 0
MAX_LATENCY=172061
P50_LATENCY=14
P90_LATENCY=18
P99_LATENCY=2475
THROUGHPUT=11699.52
THROUGHPUT_UNITS=Trans/s
"""


def test_percentiles_and_the_maximum_are_microseconds():
    assert netperf_latency.parse(REPORT) == {
        "p50_us": 14.0,
        "p90_us": 18.0,
        "p99_us": 2475.0,
        "max_us": 172061.0,
    }


@pytest.mark.parametrize(
    ("line", "instead", "why"),
    [
        ("P99_LATENCY=2475\n", "", "P99_LATENCY is missing"),
        ("P99_LATENCY=2475", "P99_LATENCY=24x75", "is no number"),
        ("P99_LATENCY=2475", "P99_LATENCY=17", "P99_LATENCY='17', but the one before it is 18"),
        ("P90_LATENCY=18", "P90_LATENCY=nan", "P90_LATENCY='nan', but the one before it is 14"),
        ("MAX_LATENCY=172061", "MAX_LATENCY=inf", "MAX_LATENCY='inf', but"),
        ("P50_LATENCY=14", "P50_LATENCY=-14", "P50_LATENCY='-14', but"),
    ],
)
def test_what_contradicts_itself_is_refused(line, instead, why):
    with pytest.raises(Untrusted, match=why):
        netperf_latency.parse(REPORT.replace(line, instead))


def test_a_real_block_has_them(tmp_path):
    if local_block.fault_of("netns"):
        pytest.skip(local_block.fault_of("netns"))
    spec = local_block.spec_of("netns", test="TCP_RR", message_bytes=1, percentiles=True)
    done = local_block.run(spec, tmp_path / "1.json")
    assert done.returncode == 0, done.stderr
    (run,) = [
        c for c in record.read(str(tmp_path / "1.json"))["commands"] if c["role"] == "measure"
    ]
    found = netperf_latency.parse(run["output"])
    assert 1 < found["p50_us"] <= found["p90_us"] <= found["p99_us"] <= found["max_us"] < 2e6
