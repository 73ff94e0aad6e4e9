"""Reports with one damage each: refused, or read as far as the rest of the report decides.

`FUZZ=10000 pytest tests/tools/test_filter_fuzz.py` tries more of them.
"""

import io
import itertools
import json
import os
import time

import pytest
from helpers.checkout import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcperf.errors import LONGEST_LINE
from vcperf.tools import (
    ep,
    imb,
    iperf3,
    mpi4py_bench,
    oprofile,
    osu,
    pathload,
    pathrate,
    perf,
    perf_stacks,
    xl,
)
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data"
LONGEST_S = 5  # to read or refuse a report; milliseconds for most
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


KINDS = ("digit", "byte", "insert", "drop", "line", "again", "swap", "cut")
ONE_BYTE = ("digit", "byte", "insert", "drop")


@st.composite
def damaged(draw, reports, kinds=KINDS):
    """A report, and the same with one damage."""
    report = draw(st.sampled_from(reports))
    kind = draw(st.sampled_from(kinds))
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
        elif kind == "merge":
            lines[at] = lines[at].rstrip(b"\n")
        elif kind == "control":
            at_byte = draw(st.integers(0, len(lines[at]) - 1))
            new = draw(st.sampled_from([b"\0", b"\1", b"\t", b"\r", b"\x1b[31m", b"\xe2\x80\xae"]))
            lines[at] = lines[at][:at_byte] + new + lines[at][at_byte:]
        elif kind == "again":
            lines[at:at] = [lines[other]]
        else:
            del lines[at : draw(st.sampled_from([at + 1, len(lines)]))]
        data = bytearray(b"".join(lines))
    return report.decode(), data.decode(errors="replace"), kind


def rows_of(parse, text):
    """None for what is refused, as it must be: soon, in one short line."""
    # CPU time: the machine may have other work.
    started = time.process_time()
    try:
        return parse(text)
    except Untrusted as reason:
        assert str(reason).isprintable() and len(str(reason)) <= LONGEST_LINE
        return None
    finally:
        assert time.process_time() - started < LONGEST_S


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


@given(damaged(sound("iperf3")))
@many
def test_iperf3(pair):
    """One digit may change a count that nothing else depends on; rates follow from bytes."""
    whole, text, _ = pair
    found, expected = rows_of(iperf3.parse, text), iperf3.parse(whole)
    if found is None:
        return
    keys = ("direction", "protocol", "sent_mbps", "received_mbps")
    for row, before in zip(found, expected, strict=True):
        assert [row[key] is None for key in keys] == [before[key] is None for key in keys]
        assert (row["direction"], row["protocol"]) == (before["direction"], before["protocol"])
        for key in ("sent_mbps", "received_mbps"):
            if row[key] is not None and "sum_sent" in whole:
                # Bytes, seconds and rate agree: seconds alone may be those of a damaged report.
                assert row[key] == pytest.approx(before[key], rel=2e-4)


@given(damaged(sound("osu")))
@many
def test_osu(pair):
    """No line marks the end of a table, and no figure of a latency depends on another."""
    whole, text, _ = pair
    found, expected = rows_of(osu.parse, text), osu.parse(whole)
    if found is None:
        return
    for row in found:
        sizes = [one["message_bytes"] for one in found if one["benchmark"] == row["benchmark"]]
        assert len(set(sizes)) == len(sizes) or len(found) != len(expected)
        assert row["latency_us"] or row["bandwidth_mbytes_per_s"] is not None
        if row["t_min_us"] is not None:
            assert row["t_min_us"] <= row["latency_us"] <= row["t_max_us"]
    if len(found) == len(expected) and "Messages/s" in text and "several" not in whole:
        for row in found:
            moved = row["messages_per_s"] * row["message_bytes"] / 1e6
            assert row["bandwidth_mbytes_per_s"] == pytest.approx(moved, abs=0.02)
    sizes = [row["message_bytes"] for row in expected]
    if None not in sizes and len({row["benchmark"] for row in expected}) == 1:
        asked = rows_of(lambda text: osu.parse(text, sizes), text)
        assert asked is None or [row["message_bytes"] for row in asked] == sizes


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


MORE_KINDS = (*KINDS, "merge", "control")
PROFILES = [report for report in sound("perf") if b"[0" in report or b": \n\t" in report]


def counted(text):
    """All samples of a profile, those of idle CPUs too."""
    profile = perf.read(io.BytesIO(text))
    return profile.samples + sum(row["samples"] for row in profile.idle)


@given(damaged(PROFILES, MORE_KINDS))
@many
def test_perf(pair):
    whole, text, kind = (part.encode() if part not in MORE_KINDS else part for part in pair)
    found, expected = rows_of(counted, text), counted(whole)
    if found is None:
        assert rows_of(lambda text: perf_stacks.read(io.BytesIO(text)), text) is None
        return
    if kind in (*ONE_BYTE, "swap", "merge", "control", "line"):
        assert found == expected  # no damage takes a sample away, or makes one
    elif kind == "again":
        assert expected <= found <= expected + 1  # a delayed timer can do that
        assert found == expected or perf_twice_in_a_row(text)
    else:
        assert found < expected or text.count(b"\n") >= whole.count(b"\n") - 4
    profile, _ = perf_stacks.read(io.BytesIO(text))
    assert profile.rows == perf.read(io.BytesIO(text)).rows


def perf_twice_in_a_row(text):
    blocks = text.replace(b"\n\t", b"\t").splitlines()
    return any(a == b for a, b in itertools.pairwise(blocks))


@given(damaged(sound("oprofile"), MORE_KINDS))
@many
def test_oprofile(pair):
    whole, text, kind = pair
    found, expected = rows_of(oprofile.parse, text), oprofile.parse(whole)
    if found is None:
        return
    for row in found:
        assert 0 <= row["samples"] < 10**20
        assert row["percent"] is None or 0 <= row["percent"] <= 100.001
    if kind in (*ONE_BYTE, "control"):
        assert len(found) == len(expected)
    elif kind in ("line", "merge", "swap"):
        assert sorted(map(figures, found)) == sorted(map(figures, expected))
    else:
        assert {*map(figures, found)} <= {*map(figures, expected)}
    if kind != "digit" or len(expected) < 5:
        return
    for row, before in zip(found, expected, strict=True):
        if (before["percent"] or 0) >= 1 and row["percent"] == before["percent"]:
            # The other rows decide how many samples its percent is.
            assert row["samples"] == pytest.approx(before["samples"], rel=0.02, abs=1)


def figures(row):
    return row["samples"], row["percent"] or 0


@given(damaged(sound("xl", "vcpu-*.txt"), MORE_KINDS))
@many
def test_xl(pair):
    whole, text, kind = pair
    found, expected = rows_of(xl.parse, text), xl.parse(whole)
    if found is None:
        return
    if kind in (*ONE_BYTE, "control", "merge", "line"):
        assert len(found) == len(expected)
        differing = [
            (key, before[key])
            for row, before in zip(found, expected, strict=True)
            for key in row
            if row[key] != before[key]
        ]
        # One field at most, or one domain's name in all its rows' stead.
        assert len(differing) <= 2
    else:
        assert all(row in expected for row in found) and len(found) <= len(expected)
    numbers = {}
    for row in found:
        assert row["vcpu"] == numbers.get((row["domain"], row["id"]), -1) + 1
        numbers[row["domain"], row["id"]] = row["vcpu"]
        assert (row["cpu"] is None) == (row["state"] in (None, "--p"))
