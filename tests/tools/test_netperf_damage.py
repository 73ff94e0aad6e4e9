"""Damaged reports of netperf: refused, or read as before wherever another figure decides.

A report often says a figure once. Damage to one of its digits is then another sound report, and
no parser can see it: elapsed time and message size of a stream, the rate of a classic row
without CPU figures or of -k output without bytes and transactions, a CPU utilisation without
its service demand, a unit without the bytes moved, and all that is a mean of several runs (-i).
DECIDED says what is left.

More examples than a normal run has:
VCPERF_MUTATIONS=10000 pytest tests/tools/test_netperf_damage.py
"""

import os
import string

import pytest
from helpers.checkout import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from vcperf.tools import netperf
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/netperf"
SOUND = [file for file in sorted(DATA.glob("*.txt")) if file.with_suffix(".csv").exists()]
TEXTS = {file.stem: file.read_text() for file in SOUND}
ROWS = {name: netperf.parse(text) for name, text in TEXTS.items()}
EXAMPLES = int(os.environ.get("VCPERF_MUTATIONS", "300"))

RATES = ("throughput_mbps", "transactions_per_s")
# Reports -> a column -> by what share it may change and still agree with the other figures.
DECIDED = {
    # The rate stands there twice.
    (
        *("TCP_CRR-kv", "TCP_RR-kv", "UDP_RR-kv"),
        *("keys-stream-bytes", "keys-maerts-bytes", "keys-rr-latency", "keys-udp-bytes"),
        *("keys-rr-burst", "keys-omni-receive-udp", "csv-rr-all", "verbose-rr-cpu"),
        "netperf-kv-rr-no-time",
    ): dict.fromkeys(RATES, 1e-4),
    # A mean latency leaves out what is between two transactions.
    ("netperf-csv-crr",): {"transactions_per_s": 0.27},
    # Messages x size / time: the time has two decimals, and is mostly 1.00.
    (
        *("UDP_STREAM", "UDP_STREAM-cpu", "netperf-22-udp", "unit-mbyte-udp-cpu"),
        *("udp-stream-local-cpu", "udp-stream-remote-cpu"),
    ): {"throughput_mbps": 0.012, "message_bytes": 0.012, "elapsed_s": 0.012},
    # Without a banner it may be the mean of several runs.
    ("UDP_STREAM-p0",): {"throughput_mbps": 0.12, "message_bytes": 0.12, "elapsed_s": 0.12},
    # Bytes moved / time, and bytes per call of the sender.
    ("verbose", "netperf-verbose2"): {
        "throughput_mbps": 0.012,
        "elapsed_s": 0.012,
        "message_bytes": 0.12,
    },
    ("verbose-maerts-cpu",): {"throughput_mbps": 0.012, "elapsed_s": 0.012},
}
# Service demand x rate / utilisation is the number of processors: both ends had two.
PROCESSORS = 2
DEMANDS = {
    **dict.fromkeys(("TCP_CRR-cpu", "TCP_RR-cpu", "TCP_STREAM-cpu", "TCP_MAERTS-cpu"), 0.005),
    **dict.fromkeys(("UDP_RR-cpu", "TCP_STREAM-only-local-cpu", "unit-mbyte-cpu"), 0.005),
    **dict.fromkeys(("sample-classic-cpu", "sample-interrupted", "sample-keyval"), 0.005),
    **dict.fromkeys(("tcp-stream-keys-many", "tcp-stream-remote-cpu", "verbose"), 0.005),
    **dict.fromkeys(("keys-stream-bytes", "keys-maerts-bytes", "keys-rr-latency"), 0.005),
    **dict.fromkeys(("csv-stream-cpu", "csv-maerts-cpu", "verbose-maerts-cpu"), 0.005),
    **dict.fromkeys(("UDP_STREAM-cpu", "verbose-rr-cpu", "keys-omni-receive-udp"), 0.005),
    **dict.fromkeys(("TCP_CRR-p0", "TCP_MAERTS-p0", "TCP_RR-p0", "TCP_STREAM-p0"), 0.02),
    **dict.fromkeys(("UDP_RR-p0", "sample-classic-P0"), 0.02),
}


def test_every_report_named_here_is_there():
    named = {name for names in DECIDED for name in names} | set(DEMANDS)
    assert named <= set(TEXTS)


@pytest.mark.parametrize("name", DEMANDS)
def test_the_reports_of_two_processors_are_of_two(name):
    """What DEMANDS rests on: another utilisation of half as much would be of four."""
    for row in ROWS[name]:
        assert_whole(name, row, row)


def assert_whole(name, row, sound):
    """A rate and a utilisation that the report's own service demands allow."""
    for rate in RATES:
        for used in ("sender_cpu_percent", "receiver_cpu_percent"):
            if row[rate] and row[used] and sound[used]:
                processors = PROCESSORS * row[rate] / sound[rate] * sound[used] / row[used]
                off = abs(processors - round(processors)) / processors
                assert round(processors) >= 1 and off <= DEMANDS[name], (row, sound)


def assert_decided(name, rows):
    """Rows of a damaged report that differ from the sound ones only where nothing decides."""
    assert len(rows) == len(ROWS[name])
    shares = next((shares for names, shares in DECIDED.items() if name in names), {})
    for row, sound in zip(rows, ROWS[name], strict=True):
        assert row["test"] in (None, sound["test"])
        for column, value in row.items():
            if column == "test" or value is None:
                continue
            if sound[column] is None:  # -1.00, say, without its sign
                assert column.endswith("cpu_percent") and name not in DEMANDS
            else:
                assert abs(value / (sound[column] or 1) - 1) <= shares.get(column, float("inf"))
        if name in DEMANDS:
            assert_whole(name, row, sound)


def read(text):
    """Rows, or None when the text is refused."""
    try:
        return netperf.parse(text)
    except Untrusted as fault:
        assert str(fault).isprintable() and len(str(fault)) <= 300
        return None


names = st.sampled_from(sorted(TEXTS))
bytes_ = st.sampled_from(string.printable + "\x00\x1c\x85\u2028é٣�")


@settings(max_examples=EXAMPLES, deadline=None)
@given(names, st.data())
def test_a_digit_damaged_makes_no_number_that_another_contradicts(name, data):
    text = TEXTS[name]
    at = data.draw(st.sampled_from([at for at, char in enumerate(text) if char.isdigit()]))
    other = data.draw(st.sampled_from(string.digits.replace(text[at], "")))
    rows = read(text[:at] + other + text[at + 1 :])
    if rows is not None:
        assert_decided(name, rows)


@settings(max_examples=EXAMPLES, deadline=None)
@given(names, st.data(), bytes_, st.sampled_from(["changed", "lost", "too much"]))
def test_a_byte_damaged_makes_no_number_that_another_contradicts(name, data, other, how):
    text = TEXTS[name]
    at = data.draw(st.integers(0, len(text) - 1))
    rest = text[at:] if how == "too much" else text[at + 1 :]
    rows = read(text[:at] + ("" if how == "lost" else other) + rest)
    if rows is not None:
        assert_decided(name, rows)


@settings(max_examples=EXAMPLES, deadline=None)
@given(names, st.data(), st.sampled_from(["lost", "twice", "moved"]))
def test_a_line_damaged_makes_no_new_number(name, data, how):
    """It may take one away, which nothing else says, or bring one again."""
    lines = TEXTS[name].splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    line = lines.pop(at)
    if how == "twice":
        lines[at:at] = [line, line]
    elif how == "moved":
        lines.insert(data.draw(st.integers(0, len(lines))), line)
    for row in read("".join(lines)) or []:
        assert any(
            all(known(value, sound[column]) for column, value in row.items())
            for sound in ROWS[name]
        ), row


def known(value, sound):
    """Whether a value is the sound one; a rate may be there with more decimals."""
    if isinstance(value, float) and sound is not None:
        return value == pytest.approx(sound, rel=1e-5)
    return value in (None, sound)
