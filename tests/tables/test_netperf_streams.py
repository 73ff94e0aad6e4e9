"""The row of a block of several streams, and of one beside a load."""

import pytest
from helpers import damage

from vcperf.errors import VcperfError
from vcperf.tables import netperf
from vcperf.tools.netperf_streams import reports

BEGIN = 1796033638.0


def interim(rates, unit, begin=BEGIN):
    """Interim results, each of a second."""
    return "".join(
        f"NETPERF_INTERIM_RESULT[{i}]={rate}\nNETPERF_UNITS[{i}]={unit}\n"
        f"NETPERF_INTERVAL[{i}]=1.000\nNETPERF_ENDING[{i}]={begin + i + 1:.3f}\n"
        for i, rate in enumerate(rates)
    )


def report(begin=0.0, rate=100.0, cpu=50.0, unit="10^6bits/s"):
    """What a stream of ten seconds prints."""
    return (
        f"{interim([rate] * 10, unit, BEGIN + begin)}THROUGHPUT={rate:.2f}\n"
        f"THROUGHPUT_UNITS={unit}\nELAPSED_TIME=10.00\nLOCAL_CPU_UTIL={cpu:.2f}\n"
        "REMOTE_CPU_UTIL=-1.00\n"
    )


def row(tmp_path, output, beside="", **changes):
    """The row of a record with this output."""
    record = damage.sound("netperf")
    record["spec"].update({"duration_s": 10, "warmup_s": 0.3, **changes})
    (run,) = (c for c in record["commands"] if c["role"] == "measure")
    run["output"] = output
    if beside:
        record["commands"].append({**run, "role": "load", "output": beside})
    (made,) = netperf.rows(damage.planned(record, tmp_path), record, 10)
    return made


def together(*texts):
    return "".join(
        f"{port} {line}"
        for port, text in enumerate(texts, start=12865)
        for line in text.splitlines(keepends=True)
    )


def test_rates_are_summed_and_figures_of_the_whole_system_are_not(tmp_path):
    output = together(report(), report(begin=0.2, rate=50, cpu=60), report(rate=60, cpu=110))
    made = row(tmp_path, output, streams=3)
    assert len(reports(output)) == 3
    assert made["throughput_mbps"] == pytest.approx(210) and made["transactions_per_s"] is None
    assert made["sender_cpu_percent"] == 55 and made["receiver_cpu_percent"] is None
    assert made["elapsed_s"] == pytest.approx(9.5) and made["overlap_percent"] == 98
    assert made["streams_variation_percent"] == pytest.approx(37.8, abs=0.01)


def test_requests_are_summed_too(tmp_path):
    output = together(report(unit="Trans/s"), report(unit="Trans/s"))
    made = row(tmp_path, output, test="TCP_RR", streams=2)
    assert made["transactions_per_s"] == pytest.approx(200) and made["throughput_mbps"] is None


def test_the_rate_of_a_load_is_that_of_the_time_of_what_it_loads(tmp_path):
    load = interim([1000, *[400] * 10, 1000], "10^6bits/s", BEGIN - 1)
    one = {"test": "TCP_RR", "load": {"test": "TCP_STREAM", "message_bytes": 65536}}
    made = row(tmp_path, report(unit="Trans/s"), load, **one)
    assert made["load_mbps"] == 400 and made["transactions_per_s"] == 100
    assert made["elapsed_s"] == 10 and "streams_variation_percent" not in made


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (together(report()), "it has 1 reports of 2 streams"),
        (together(report(), report(begin=2)), r"only 80\.0 % of their time"),
        (together(report(), "THROUGHPUT=1.00\n"), "delete it and run again"),
    ],
)
def test_a_record_that_cannot_be_trusted_is_refused(tmp_path, output, why):
    with pytest.raises(VcperfError, match=rf"1\.json: .*{why}"):
        row(tmp_path, output, streams=2)


def test_a_load_that_ended_early_is_refused(tmp_path):
    load = interim([400] * 5, "10^6bits/s", BEGIN - 1)
    with pytest.raises(VcperfError, match=r"1\.json: ran from .*; delete it"):
        row(tmp_path, report(unit="Trans/s"), load, test="TCP_RR", load={"test": "TCP_STREAM"})
