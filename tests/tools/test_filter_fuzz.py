"""Reports with one damage each: refused, or read as far as the rest of the report decides.

`FUZZ=10000 pytest tests/tools/test_filter_fuzz.py` tries more of them.
"""

import json
import os

import pytest
from helpers.checkout import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcperf.tools import ep, imb, mpi4py_bench, pathload, pathrate
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data"
many = settings(
    max_examples=int(os.environ.get("FUZZ", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def sound(folder, pattern="*.txt"):
    files = sorted((DATA / folder).glob(pattern))
    return [file.read_bytes() for file in files if file.with_suffix(".csv").exists()]


FOREIGN = [
    b"real\t0m3.2s\n",
    b"[host1:20811] 1 more process has sent help message help-mpi-btl-base.txt / btl:no-nics\n",
    b"srun: job 4711 queued and waiting for resources\n",
    b"\n",
    b"  1024 1000 24.77 41.35\n",
]


@st.composite
def damaged(draw, reports):
    """A report, and the same with one damage."""
    report = draw(st.sampled_from(reports))
    kind = draw(
        st.sampled_from(["digit", "byte", "insert", "drop", "line", "again", "swap", "cut"])
    )
    data = bytearray(report)
    if kind == "digit":
        at = draw(st.sampled_from([at for at, byte in enumerate(data) if chr(byte).isdigit()]))
        data[at] = draw(st.sampled_from(b"0123456789"))
    elif kind in ("byte", "insert", "drop"):
        at = draw(st.integers(0, len(data) - 1))
        new = [] if kind == "drop" else [draw(st.integers(0, 255))]
        data[at : at + (kind != "insert")] = new
    else:
        lines = bytes(data).splitlines(keepends=True)
        at, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        if kind == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == "line":
            lines[at:at] = [draw(st.sampled_from(FOREIGN))]
        elif kind == "again":
            lines[at:at] = [lines[other]]
        else:
            del lines[at : draw(st.sampled_from([at + 1, len(lines)]))]
        data = bytearray(b"".join(lines))
    return report.decode(), data.decode(errors="replace"), kind


def rows_of(parse, text):
    """None for what is refused, as it must be: in one short line."""
    try:
        return parse(text)
    except Untrusted as reason:
        assert str(reason).isprintable() and len(str(reason)) <= 300
        return None


@given(damaged(sound("imb")))
@many
def test_imb(pair):
    whole, text, _ = pair
    found, expected = rows_of(imb.parse, text), imb.parse(whole)
    if found is None:
        return
    announced = "Maximum message length" in whole and "Maximum message length" in text
    if announced or "several" in whole:
        keys = ("benchmark", "message_bytes")
        assert [[row[key] for key in keys] for row in found] == [
            [row[key] for key in keys] for row in expected
        ]
    for row in found:
        assert row["repetitions"] >= 1
        if row["benchmark"] in ("PingPong", "PingPing"):
            assert row["processes"] == 2
        if row["t_min_us"] is not None:
            assert row["t_min_us"] - 0.02 <= row["latency_us"] <= row["t_max_us"] + 0.02
    if len(found) != len(expected):
        return
    for row, before in zip(found, expected, strict=True):
        rate, time_us = before["bandwidth_mbytes_per_s"], before["t_max_us"] or before["latency_us"]
        if rate and rate > 1 and row["message_bytes"] == before["message_bytes"]:
            # The rate printed decides the time, as far as both are rounded.
            other = row["t_max_us"] or row["latency_us"]
            assert abs(other / time_us - 1) <= 0.03 / rate + 0.03 / time_us


@given(damaged(sound("ep")))
@many
def test_ep(pair):
    whole, text, _ = pair
    found, expected = rows_of(ep.parse, text), ep.parse(whole)
    if found is None:
        return
    assert 1 <= len(found) <= len(expected)
    for row, before in zip(found, expected, strict=False):
        for key in ("pairs", "verified", *(["class"] if before["verified"] == "yes" else [])):
            assert row[key] == before[key]
        assert row["time_s"] == before["time_s"]
        assert row["mops"] == pytest.approx(before["mops"], rel=0.01, abs=0.02)
        if "/process" in whole or "/thread" in whole:
            assert row["processes"] == before["processes"]
        if row["verified"] == "yes":
            assert row["sx"] == pytest.approx(before["sx"], rel=3e-8)
            assert row["sy"] == pytest.approx(before["sy"], rel=3e-8)


@given(damaged(sound("mpi4py")))
@many
def test_mpi4py(pair):
    whole, text, _ = pair
    expected = mpi4py_bench.parse(whole)
    sizes = [row["message_bytes"] for row in expected]
    found = rows_of(lambda text: mpi4py_bench.parse(text, sizes), text)
    if found is None:
        return
    for row, before in zip(found, expected, strict=True):
        rate = row["bandwidth_mbytes_per_s"]
        if before["bandwidth_mbytes_per_s"] > 1:
            assert rate == pytest.approx(before["bandwidth_mbytes_per_s"], abs=0.011, rel=1e-5)
    whole_or_part = rows_of(mpi4py_bench.parse, text)
    assert whole_or_part == found


LOAD = {"method": "pathload", "kind": "range", "low_mbps": 38.1, "high_mbps": 41.5}
LOAD |= {"grey_low_mbps": 39.0, "grey_high_mbps": 40.0, "fleets": [{"rate_mbps": 38.1}]}
LOAD |= {"elapsed_s": 9.5, "bytes_sent": 4750000, "probing_mbps": 4.0}
RATE = {"method": "pathrate", "kind": "capacity", "mbps": 97.5, "low_mbps": 97.0}
RATE |= {"high_mbps": 98.0, "elapsed_s": 3.25, "bytes_sent": 1625000, "probing_mbps": 4.0}
LOADS = [
    json.dumps(LOAD).encode() + b"\n",
    b"  Available bandwidth range : 38.12 - 41.50 (Mbps)\nMeasurement duration : 9.87 sec \n",
]
RATES = [json.dumps(RATE).encode() + b"\n", b"Final capacity estimate : 97 Mbps to 98 Mbps\n"]


@given(damaged(LOADS))
@many
def test_pathload(pair):
    whole, text, kind = pair
    for row in rows_of(pathload.parse, text) or []:
        assert row["kind"] in pathload.KINDS and row["method"] == "pathload"
        if row["kind"] == "range":
            assert 0 <= row["low_mbps"] <= row["high_mbps"] < 1e9
        if whole.startswith("{") and kind == "digit":
            assert row["elapsed_s"] == pytest.approx(9.5, abs=0.01)


@given(damaged(RATES))
@many
def test_pathrate(pair):
    whole, text, kind = pair
    for row in rows_of(pathrate.parse, text) or []:
        assert row["kind"] in pathrate.KINDS and row["method"] == "pathrate"
        assert row["high_mbps"] is None or 0 < row["low_mbps"] <= row["high_mbps"] < 1e12
        if whole.startswith("{") and kind == "digit":
            found = (row["low_mbps"], row["high_mbps"], row["elapsed_s"])
            assert found == pytest.approx((97.0, 98.0, 3.25), abs=0.01)
