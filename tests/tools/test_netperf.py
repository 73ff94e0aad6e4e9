"""The parser of netperf's output: properties that no output may break."""

import csv
import math
import os
import re
import subprocess
import sys

import pytest
from helpers.checkout import ROOT
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vcperf.tools import netperf, netperf_commands
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/netperf"
OUTPUTS = sorted(DATA.glob("*.txt"))
SOUND = [file for file in OUTPUTS if file.with_suffix(".csv").exists()]
HEADER = (
    "test,message_bytes,elapsed_s,throughput_mbps,transactions_per_s,"
    "sender_cpu_percent,receiver_cpu_percent"
)


def filtered(text: str):
    """(status, stdout, stderr) of the filter as users run it."""
    done = subprocess.run(
        [sys.executable, "-m", "vcperf.tools.netperf"],
        input=text.encode(),
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_the_filter_is_a_command():
    sound = (DATA / "TCP_STREAM-cpu.txt").read_text()
    assert filtered(sound) == (0, f"{HEADER}\nTCP_STREAM,1024,1.0,2103.07,,66.46,66.46\n", "")
    status, out, err = filtered("")
    assert (status, out, err) == (1, "", "rejected: no result in it\n")
    status, out, err = filtered("\x00\xff\n")
    assert (status, out) == (1, "") and err.count("\n") == 1


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_output_cut_anywhere_gives_no_other_number(file):
    """Cut off, an output is refused, or gives the results that it holds whole."""
    text = file.read_text()
    whole = netperf.parse(text)
    for cut in range(len(text)):
        try:
            rows = netperf.parse(text[:cut])
        except Untrusted:
            continue
        assert len(rows) <= len(whole)
        for row, sound in zip(rows, whole, strict=False):
            # KEY=VALUE output, cut between lines: its later keys are missing, not wrong.
            assert all(value in (None, sound[column]) for column, value in row.items())


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_a_line_that_is_no_ones_is_refused_anywhere(file):
    lines = file.read_text().splitlines(keepends=True)
    for at in range(len(lines) + 1):
        with pytest.raises(Untrusted):
            netperf.parse("".join([*lines[:at], "netperf: remote error 104\n", *lines[at:]]))


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_a_damaged_number_is_refused(file):
    text = file.read_text()
    rows = netperf.parse(text)
    figures = {
        f"{row[column]:.2f}"
        for row in rows
        for column in ("throughput_mbps", "transactions_per_s")
        if row[column] is not None
    }
    for figure in figures:
        for match in re.finditer(re.escape(figure), text):
            damaged = text[: match.start()] + "x" + text[match.start() + 1 :]
            if "INTERIM" in text[: match.start()].splitlines()[-1]:
                continue
            try:
                assert netperf.parse(damaged) == rows  # a figure that is not read
            except Untrusted:
                continue


sizes = st.integers(1, 10**7)
seconds = st.integers(1, 10**6).map(lambda n: n / 100)
rates = st.integers(1, 10**8).map(lambda n: n / 100)
percents = st.integers(0, 10000).map(lambda n: n / 100)
processors = st.integers(1, 256)
TCP = "MIGRATED TCP {} TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to 10.0.0.1 () port 0 AF_INET\n"


cpus = st.tuples(percents, percents, processors) | st.none()


def demands(cpu, rate):
    """The service demands that netperf prints with two utilisations.

    Args:
        cpu: both, in percent, and the number of processors.
        rate: transactions or 1024 bytes per second.
    """
    return tuple(f"{used * 1e4 * cpu[2] / rate:.3f}" for used in cpu[:2])


@given(sizes, seconds, rates, cpus, st.booleans())
def test_a_stream_reads_back(size, elapsed, rate, cpu, banner):
    line = f" 87380  16384  {size}    {elapsed:.2f}     {rate:.2f}   "
    head = ""
    if cpu:
        local, remote = demands(cpu, rate * 1e6 / 8 / 1024)
        line += f"{cpu[0]:.2f}    {cpu[1]:.2f}    {local}   {remote}  "
    if banner:
        units = "10^6bits/s % S % S Utilization" if cpu else "10^6bits/sec"
        head = f"{TCP.format('STREAM')}{units}\n\n"
    (row,) = netperf.parse(f"{head}{line}\n")
    assert row["test"] == ("TCP_STREAM" if banner else None)
    assert (row["message_bytes"], row["elapsed_s"]) == (size, elapsed)
    assert row["throughput_mbps"] == pytest.approx(rate)
    ends = (row["sender_cpu_percent"], row["receiver_cpu_percent"])
    assert ends == (cpu[:2] if cpu else (None, None))
    assert row.get("transactions_per_s") is None


@given(sizes, st.floats(1, 1e4), st.floats(1, 1e6), cpus, st.booleans())
def test_a_request_response_test_reads_back(size, elapsed, rate, cpu, banner):
    elapsed, rate = round(elapsed, 2), round(rate, 2)
    line = f"16384  131072 {size}  {size}  {elapsed:.2f}  {rate:.2f} "
    if cpu:
        local, remote = demands(cpu, rate)
        line += f"{cpu[0]:.2f}  {cpu[1]:.2f}  {local}  {remote} "
    head = TCP.format("REQUEST/RESPONSE") + ("CPU CPU\n" if cpu else "") if banner else ""
    text = f"{head}{line}\n16384  131072\n"
    (row,) = netperf.parse(text)
    assert (row["message_bytes"], row["elapsed_s"]) == (size, elapsed)
    assert row["transactions_per_s"] == rate and row.get("throughput_mbps") is None
    ends = (row["sender_cpu_percent"], row["receiver_cpu_percent"])
    assert ends == (cpu[:2] if cpu else (None, None))
    with pytest.raises(Untrusted, match="second line"):
        netperf.parse(f"{head}{line}\n")


@given(sizes, st.floats(1, 1e4), st.integers(1, 10**6), st.floats(0, 1), cpus)
def test_udp_is_told_by_what_arrived(size, elapsed, okay, share, cpu):
    elapsed, arrived = round(elapsed, 2), max(1, round(okay * share))
    rates = [messages * size * 8e-6 / elapsed for messages in (okay, arrived)]
    assume(min(rates) > 0.1)
    first = f"212992 {size} {elapsed:.2f} {okay} 0 {rates[0]:.2f}"
    second = f"212992 {elapsed:.2f} {arrived} {rates[1]:.2f}"
    if cpu:
        local, remote = demands(cpu, rates[0] * 1e6 / 8 / 1024)
        first, second = f"{first} {cpu[0]:.2f} {local}", f"{second} {cpu[1]:.2f} {remote}"
    (row,) = netperf.parse(f"{first}\n{second}\n")
    assert row["throughput_mbps"] == round(rates[1], 2)
    assert (row["message_bytes"], row["elapsed_s"]) == (size, elapsed)
    ends = (row["sender_cpu_percent"], row["receiver_cpu_percent"])
    assert ends == (cpu[:2] if cpu else (None, None))


@given(sizes, seconds, rates, percents, percents, st.randoms())
def test_keys_read_back_in_any_order(size, elapsed, rate, local, remote, chance):
    pairs = [
        f"THROUGHPUT={rate:.2f}",
        "THROUGHPUT_UNITS=10^6bits/s",
        f"ELAPSED_TIME={elapsed:.2f}",
        f"LOCAL_SEND_SIZE={size}",
        f"LOCAL_CPU_UTIL={local:.2f}",
        f"REMOTE_CPU_UTIL={remote:.2f}",
    ]
    chance.shuffle(pairs)
    (row,) = netperf.parse("\n".join([*pairs, ""]))
    assert row == {
        "test": None,
        "message_bytes": size,
        "elapsed_s": elapsed,
        "throughput_mbps": pytest.approx(rate),
        "transactions_per_s": None,
        "sender_cpu_percent": local,
        "receiver_cpu_percent": remote,
    }


@given(st.text())
@settings(max_examples=300)
def test_any_text_is_read_or_refused(text):
    try:
        rows = netperf.parse(text)
    except Untrusted as fault:
        assert "\n" not in str(fault)
    else:
        assert rows


@given(st.lists(st.sampled_from(["1", "0", "-1", "1.00", "1e400", "nan", "5204.26"]), max_size=12))
def test_numbers_alone_are_read_only_when_they_make_sense(words):
    text = " ".join(words) + "\n"
    assume(words)
    try:
        (row,) = netperf.parse(text)
    except Untrusted:
        return
    values = [value for value in row.values() if value is not None]
    assert all(math.isfinite(value) and value >= 0 for value in values)
    assert row["elapsed_s"] > 0 and row["message_bytes"] > 0


BANNER = "MIGRATED {} TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to 127.0.0.1 () port 0 AF_INET\n"
SOUND_ROW = "131072 16384 1024 1.00 5204.26\n"
SOUND_KEYS = "ELAPSED_TIME=1.00\nTHROUGHPUT=5204.26\nTHROUGHPUT_UNITS="
DAMAGED = {
    "without its first four fields": "5204.26 75.32 75.32 2.371 2.371\n",
    "without its size": "131072 16384 1.00 5204.26 75.32\n",
    "a size with a point": "131072 16384 1024.5 1.00 5204.26\n",
    "a size below 0": "131072 -16384 1024 1.00 5204.26\n",
    "a size without end": f"131072 16384 {'1' * 5000} 1.00 5204.26\n",
    "a rate cut off": "131072 16384 1024 1.00 5204\n",
    "a time without its point": "131072 16384 1024 100 5204.26\n",
    "the other socket with a point": "16384 131072 64 64 1.00 23507.62\n13.1072 -16384\n",
    "datagrams with a point": "212992 1024 1.00 617.22 0 505.50\n212992 1.00 42059 344.46\n",
    "some of them": "212992 1024 1.00 61722 0 505.50\n212992 1.00 42.1 344.46\n",
    "a server that died": f"!!! netserver died\n{SOUND_ROW}",
    "a connection that was lost": f"Interim result: connection reset by peer\n{SOUND_ROW}",
    "an interim result cut off": f"Interim result: 5032.45 10^6bits/s over 0.2\n{SOUND_ROW}",
    "a stream in transactions": f"{BANNER.format('TCP STREAM')}{SOUND_KEYS}Trans/s\n",
    "transactions in bits": f"{BANNER.format('TCP REQUEST/RESPONSE')}{SOUND_KEYS}10^6bits/s\n",
    "a key's size with a point": f"{SOUND_KEYS}10^6bits/s\nLOCAL_SEND_SIZE=1024.5\n",
    "a key's size without end": f"{SOUND_KEYS}10^6bits/s\nLOCAL_SEND_SIZE={'1' * 5000}\n",
    "a key's rate cut off": "ELAPSED_TIME=1.00\nTHROUGHPUT=5204\n",
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_report_is_refused(damage):
    with pytest.raises(Untrusted):
        netperf.parse(DAMAGED[damage])


@pytest.mark.parametrize(
    ("test", "reason"), [("UDP STREAM", "nothing arrived"), ("TCP STREAM", "not above 0")]
)
def test_a_stream_of_which_nothing_arrived_is_refused(test, reason):
    nothing = "ELAPSED_TIME=1.00\nTHROUGHPUT=0.00\nTHROUGHPUT_UNITS=10^6bits/s\n"
    with pytest.raises(Untrusted, match=reason):
        netperf.parse(BANNER.format(test) + nothing)


def test_in_a_maerts_test_the_local_end_receives():
    line = "87380 16384 1024 1.00 100.00 10.00 20.00 16.384 32.768\n"
    head = TCP.format("MAERTS") + "10^6bits/s CPU\n"
    (row,) = netperf.parse(head + line)
    assert (row["sender_cpu_percent"], row["receiver_cpu_percent"]) == (20.0, 10.0)


def test_a_row_without_the_cpu_that_its_header_announces_is_refused():
    text = (DATA / "TCP_STREAM-cpu.txt").read_text()
    cut = re.sub(r"(2103\.07).*", r"\1", text)
    assert cut != text
    with pytest.raises(Untrusted, match="not what its header announces"):
        netperf.parse(cut)


def test_a_second_set_of_keys_is_a_second_result():
    keys = "THROUGHPUT={}\nTHROUGHPUT_UNITS=10^6bits/s\nELAPSED_TIME=1.00\nLOCAL_SEND_SIZE={}\n"
    rows = netperf.parse(keys.format("10.00", 120) + keys.format("20.00", 1024))
    assert [(r["throughput_mbps"], r["message_bytes"]) for r in rows] == [(10, 120), (20, 1024)]


def test_keys_without_cpu_size_or_time_leave_them_out():
    units = "THROUGHPUT_UNITS=10^6bits/s\n"
    (row,) = netperf.parse(f"THROUGHPUT=10.00\n{units}")
    assert row == {**dict.fromkeys(netperf.COLUMNS), "throughput_mbps": 10.0}
    with pytest.raises(Untrusted, match="THROUGHPUT is missing"):
        netperf.parse(f"ELAPSED_TIME=1.00\n{units}")
    with pytest.raises(Untrusted, match="elapsed_s is missing"):
        netperf.parse(f"THROUGHPUT=10.00\n{units}", needed=("elapsed_s",))


def test_the_command_line_asks_for_what_the_spec_says():
    argv = netperf_commands.client_argv(
        address="10.77.0.4",
        port=12865,
        sender="10.77.0.1",
        test="TCP_STREAM",
        message_bytes=120,
        duration_s=10,
        socket_buffers={"send_bytes": 16384, "receive_bytes": 87380},
        congestion_control="cubic",
    )
    text = " ".join(argv)
    assert "-H 10.77.0.4 -p 12865 -t TCP_STREAM -l 10 -c -C -- -H 10.77.0.4 -m" in text
    assert "-L" not in argv
    assert "-m 120 -s 16384,87380 -S 16384,87380 -K cubic -k THROUGHPUT," in text
    udp = netperf_commands.client_argv(
        address="a",
        port=1,
        sender="b",
        test="UDP_RR",
        message_bytes=64,
        duration_s=1,
        congestion_control="bbr",
    )
    assert "-H a -L b" in " ".join(udp)
    assert "-r 64,64" in " ".join(udp) and "-m" not in udp and "-K" not in udp


def test_expected_rows_have_the_columns_promised():
    for file in SOUND:
        with file.with_suffix(".csv").open() as handle:
            assert ",".join(next(csv.reader(handle))) == HEADER
