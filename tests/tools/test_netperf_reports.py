"""netperf's reports among lines of others, and reports that contradict themselves."""

import io
import sys

import pytest
from helpers.checkout import ROOT

from vcperf.tools import netperf
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/netperf"
SOUND = [file for file in sorted(DATA.glob("*.txt")) if file.with_suffix(".csv").exists()]
TEXTS = {file.stem: file.read_text() for file in SOUND}
ROWS = {name: netperf.parse(text) for name, text in TEXTS.items()}
ERRORS = {
    line
    for name in "message-too-long sample-refused unknown-test unresolvable".split()
    for line in (DATA / f"{name}.txt").read_text().splitlines()
    if not line.startswith("MIGRATED")
} | {
    "netperf: send_omni: connect_data_socket failed: Connection refused",
    "recv_response: partial response received: 0 bytes",
    "Sorry, UDP_STREAM tests must be timed.",
    "srun: error: node1: task 0: Killed",
    "=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES",
}
OTHERS = {
    "help": "[host1:20811] 1 more process has sent help message help-mpi-btl-base.txt / no-nics",
    "all help": '[host1:20811] Set MCA parameter "orte_base_help_aggregate" to 0 to see all help'
    " / error messages",
    "UCX": "[1795391420.410] [host1:20811:0] sock.c:344  UCX  WARN  unable to read somaxconn value",
    "OpenFabrics": "WARNING: There was an error initializing an OpenFabrics device.",
    "srun": "srun: job 4711 queued and waiting for resources",
    "ssh": "Warning: Permanently added '192.0.2.7' (ED25519) to the list of known hosts.",
    "bash's time": "\nreal\t0m3.214s\nuser\t0m0.012s\nsys\t0m0.402s",
    "time -p": "real 3.21\nuser 0.01\nsys 0.40",
    "tcsh's time": "0.012u 0.402s 0:03.21 12.7%\t0+0k 0+0io 0pf+0w",
    "a script's heading": "------------------------------------\n"
    "Testing with the following command line:\n"
    "./netperf -l 60 -H 192.0.2.7 -i 10,3 -I 99,5 -t TCP_STREAM -- -m 4096 -s 57344",
    "set -x": "+ netperf -P 0 -t TCP_STREAM -H 192.0.2.7",
    "a date": "Sat Nov 28 22:06:42 UTC 2026",
    "the environment": "SLURM_JOB_ID=4711\nSLURM_NTASKS=2\nPATH=/usr/bin",
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_launcher_may_write_above_and_below_a_report(other):
    written = f"{OTHERS[other]}\n"
    for name, text in TEXTS.items():
        assert netperf.parse(written + text + written) == ROWS[name]


@pytest.mark.parametrize("name", TEXTS)
def test_a_launcher_may_not_write_inside_a_report(name):
    text = TEXTS[name].rstrip("\n") + "\n"
    lines = text.splitlines(keepends=True)
    for at in range(1, len(lines)):
        text = "".join([*lines[:at], f"{OTHERS['srun']}\n", *lines[at:]])
        below = "".join(lines[at:]).lstrip()
        if below.startswith("MIGRATED") or name == "TCP_STREAM-sweep-p0":  # between two reports
            assert netperf.parse(text) == ROWS[name]
        else:
            with pytest.raises(Untrusted):
                netperf.parse(text)


@pytest.mark.parametrize("prefix", ["[0] ", "[1,0]<stdout>:", "0: "])
def test_a_launcher_may_number_the_lines(prefix):
    for name, text in TEXTS.items():
        numbered = "".join(prefix + line for line in text.splitlines(keepends=True))
        assert netperf.parse(numbered) == ROWS[name]


@pytest.mark.parametrize("error", sorted(ERRORS))
def test_an_error_is_refused_wherever_it_stands(error):
    for text in TEXTS.values():
        lines = text.splitlines(keepends=True)
        for at in {0, 1, len(lines) // 2, len(lines)}:
            with pytest.raises(Untrusted):
                netperf.parse("".join([*lines[:at], f"{error}\n", *lines[at:]]))


BANNER = "MIGRATED {} TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to 127.0.0.1 () port 0 AF_INET{}\n"
STREAM = BANNER.format("TCP STREAM", " : demo")
RR = BANNER.format("TCP REQUEST/RESPONSE", " : demo : first burst 0")
HEADER = "Socket CPU Util\nbytes 10^6bits/s % S\n"
DATAGRAMS = BANNER.format("UDP STREAM", "") + "bytes secs # 10^6bits/sec\n"
CONTRADICTIONS = {
    "1.5 CPUs": f"{STREAM}{HEADER}1 1 1024 1.00 2103.07 66.46 66.46 3.883 5.177\n",
    "1.5 remote CPUs": f"{STREAM}{HEADER}1 1 1024 1.00 2103.07 66.46 66.46 5.177 3.883\n",
    "a demand without utilisation": f"{STREAM}{HEADER}1 1 1 1.00 2103.07 66.46 -1.00 5.177 5.177\n",
    "Gbit/s read as Mbit/s": "131072 16384 1024 1.00 5.20 75.32 75.32 2.371 2.371\n",
    "kbit/s read as Mbit/s": "131072 16384 1024 1.00 5204260.00 75.32 75.32 2.371 2.371\n",
    "sent": f"{DATAGRAMS}212992 1024 1.00 109073 0 993.27\n212992 1.00 108636 889.69\n",
    "arrived": f"{DATAGRAMS}212992 1024 1.00 109073 0 893.27\n212992 1.00 108636 789.69\n",
    "two times": f"{DATAGRAMS}212992 1024 1.00 109073 0 893.27\n212992 1.01 108636 889.69\n",
    "its latency": f"{RR}THROUGHPUT=61.30\nTHROUGHPUT_UNITS=Trans/s\nMEAN_LATENCY=81.02\n",
    "its round trip": f"{RR}THROUGHPUT=61.30\nTHROUGHPUT_UNITS=Trans/s\nRT_LATENCY=81.020\n",
    "its transactions": f"{RR}THROUGHPUT=61.30\nTHROUGHPUT_UNITS=Trans/s\nTRANSACTION_RATE=61.4\n",
    "its direction": f"{STREAM}THROUGHPUT=61.30\nTHROUGHPUT_UNITS=10^6bits/s\nDIRECTION=Receive\n",
    "its bytes": "THROUGHPUT=61.30\nTHROUGHPUT_UNITS=10^6bits/s\nELAPSED_TIME=1.00\n"
    "REMOTE_BYTES_RECVD=5662500\n",
    "its CPUs": "THROUGHPUT=5057.01\nTHROUGHPUT_UNITS=10^6bits/s\nLOCAL_CPU_UTIL=74.00\n"
    "LOCAL_SD=2.397\nLOCAL_CPU_COUNT=4\n",
    "two units": "NETPERF_UNITS[0]=10^9bits/s\nTHROUGHPUT=9.36\nTHROUGHPUT_UNITS=10^6bits/s\n",
}


HISTOGRAM = """
Histogram of request/response times
UNIT_USEC     :    0:    0:    0:    0:    0:    0:    0:    0:    0:    0
TEN_USEC      :    0: 7651: 2103:  188:   40:   12:    3:    1:    0:    0
>100_SECS: 0
HIST_TOTAL:      9998
"""


@pytest.mark.parametrize("name", ["TCP_RR", "csv-rr-all", "verbose-rr-cpu", "verbose"])
def test_a_histogram_may_stand_below_a_result(name):
    assert netperf.parse(TEXTS[name] + HISTOGRAM) == ROWS[name]
    with pytest.raises(Untrusted, match="histogram"):
        netperf.parse(TEXTS[name] + HISTOGRAM.replace("HIST_TOTAL:      9998\n", ""))
    with pytest.raises(Untrusted):
        netperf.parse(HISTOGRAM + TEXTS[name])


DAMAGED = {
    # A report -> what is damaged in it.
    "a key": ("TCP_MAERTS-kv", "DIRECTION", "DIRECTXON"),
    "a key lost": ("sample-keyval", "RSR_SIZE_END=5006171\n", "LOCAL_CPU_UTI=74.00\n"),
    "an equals sign of the last key": ("netperf-kv-maerts", "REMOTE_CPU_UTIL=", "REMOTE_CPU_UTIL0"),
    "a column": ("csv-maerts-cpu", "Local CPU Util %", "Local CPU Utxl %"),
    "the unit of a header": ("TCP_STREAM-interim", "10^6bits/sec", "10^9bits/sec"),
    "the size above -v 2": ("verbose", "1024    1.00", "1224    1.00"),
    "the rate above -v 2": ("netperf-verbose2", "488.17", "498.17"),
    "the rate above bytes": ("verbose-maerts-cpu", "1382711296", "1482711296"),
    "the rate below a row": ("verbose-rr-cpu", "40401.566", "40411.566"),
    "calls times bytes": ("verbose", "248441", "258441"),
    "a demand of 2.5": ("UDP_STREAM-cpu", "904.7     72.60    13.148", "904.7     72.60    13.230"),
    "a row in the middle": ("TCP_STREAM-sweep-p0", "409.38", "4x9.38"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_report_is_refused(what):
    name, old, new = DAMAGED[what]
    assert TEXTS[name].count(old) == 1
    with pytest.raises(Untrusted):
        netperf.parse(TEXTS[name].replace(old, new))


def test_before_2_5_a_demand_is_of_the_datagrams_that_arrived():
    old = TEXTS["UDP_STREAM-cpu"].replace("MIGRATED UDP STREAM", "UDP UNIDIRECTIONAL SEND")
    old = old.replace("13.148", "13.230")
    assert netperf.parse(old) == ROWS["UDP_STREAM-cpu"]


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_a_report_that_contradicts_itself_is_refused(what):
    with pytest.raises(Untrusted):
        netperf.parse(CONTRADICTIONS[what])


def test_means_of_several_runs_need_not_agree_with_their_last():
    averaged = BANNER.format("TCP STREAM", " : +/-2.500% @ 99% conf.  : demo")
    assert netperf.parse(CONTRADICTIONS["1.5 CPUs"].replace(STREAM, averaged))
    keys = "THROUGHPUT=61.30\nTHROUGHPUT_UNITS=10^6bits/s\nREMOTE_RECV_THROUGHPUT=75.00\n"
    assert netperf.parse(f"{averaged}{keys}") and netperf.parse(f"{keys}CONFIDENCE_ITERATION=3\n")
    with pytest.raises(Untrusted):
        netperf.parse(f"{keys}CONFIDENCE_ITERATION=1\n")


UNITS = {
    "requests": ("REQUEST_SIZE=1\n", "transactions_per_s"),
    "a direction": ("DIRECTION=Send|Recv\n", "transactions_per_s"),
    "the same rate of transactions": ("TRANSACTION_RATE=61.301\n", "transactions_per_s"),
    "a round trip": ("RT_LATENCY=16313.214\n", "transactions_per_s"),
    "bytes of which it is 10^6 bit/s": (
        "ELAPSED_TIME=2.00\nREMOTE_BYTES_RECVD=15325000\n",
        "throughput_mbps",
    ),
    "interim results": ("NETPERF_UNITS[0]=10^6bits/s\n", "throughput_mbps"),
}


@pytest.mark.parametrize("decider", UNITS)
def test_another_key_decides_a_unit_that_is_not_printed(decider):
    keys, column = UNITS[decider]
    (row,) = netperf.parse(f"{keys}THROUGHPUT=61.30\n")
    assert row[column] == 61.3
    assert row["transactions_per_s"] is None or row["throughput_mbps"] is None


def test_bytes_decide_between_units_of_data():
    keys = "ELAPSED_TIME=2.00\nDIRECTION=Receive\nLOCAL_BYTES_RECVD=2340000000\n"
    (row,) = netperf.parse(f"{keys}THROUGHPUT=9.36\n")
    assert row["throughput_mbps"] == 9360.0


@pytest.mark.parametrize("keys", ["", "ELAPSED_TIME=1.00\n", "LOCAL_SEND_SIZE=1024\n", STREAM])
def test_a_rate_whose_unit_nothing_decides_is_refused(keys):
    with pytest.raises(Untrusted, match="THROUGHPUT_UNITS"):
        netperf.parse(f"{keys}THROUGHPUT=9.36\n")


def test_interim_results_have_the_unit_of_a_row_without_a_header():
    interim = "Interim result:    9.58 10^9bits/s over 0.748 seconds\n"
    (row,) = netperf.parse(f"{interim}131072  16384  16384    1.00        9.46\n")
    assert row["throughput_mbps"] == 9460.0
    with pytest.raises(Untrusted, match="gave no result"):
        netperf.parse(interim)


SIZES = "THROUGHPUT=9.36\nTHROUGHPUT_UNITS=10^6bits/s\nLOCAL_CPU_UTIL=1.00\nREMOTE_CPU_UTIL=2.00\n"


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        ("DIRECTION=Receive\nLOCAL_SEND_SIZE=512\n", None),
        ("REMOTE_SEND_SIZE=2048\nLOCAL_SEND_SIZE=0\n", 2048),
        ("LOCAL_RECV_SIZE=131072\n", None),
    ],
)
def test_the_remote_end_sends_when_keys_say_so(keys, size):
    (row,) = netperf.parse(SIZES + keys)
    assert (row["sender_cpu_percent"], row["receiver_cpu_percent"]) == (2.0, 1.0)
    assert row["message_bytes"] == size


REASONS = {
    "-f m of a request/response test": (
        f"{RR}bytes 10^6bits/sec\n1 1 1 1 1.00 0.99\n",
        "leave out",
    ),
    "-f u": (f"{RR}bytes Usec/sec\n1 1 1 1 1.00 8.93\n", "leave out netperf -f"),
    "-f b": (f"{STREAM}bytes 10^0bits/sec\n1 1 1 1.00 1435028444.37\n", "prints bytes per second"),
    "-v 0": (f"{STREAM}10540.65\n", "without size and time"),
    "-v 0 -c": (f"{STREAM} 1.705 S\n", "without size and time"),
    "-O": (f"{STREAM}Local  Remote Local Elapsed Throughput\n", "-O"),
    "-P 0 -o": ("4194304,1026899,16384,1.00,10950.02,10^6bits/s\n", "names of their columns"),
    "another test": ("SCTP STREAM TEST to host\n1 1 1 1.00 1.00\n", "'SCTP STREAM'"),
    "a banner lost": (
        "bytes  bytes   bytes    secs.    10^6bits/sec\n1 1 1 1.00 1.00\n",
        "name above",
    ),
    "nothing arrived": (
        f"{DATAGRAMS}212992 1024 1.00 109073 0 893.27\n212992 1.00 0 0.00\n",
        "nothing arrived",
    ),
    "values lost": (f"{STREAM}Throughput,Throughput Units\n", "values are missing"),
    "a value lost": (f"{STREAM}Throughput,Throughput Units\n1.00\n", "1 values for 2 names"),
    "a histogram cut": (
        f"{STREAM}bytes 10^6bits/s\n1 1 1 1.00 1.00\nHistogram of x\n",
        "histogram",
    ),
    "a warning cut": (f"{STREAM}!!! WARNING\n", "rest of a warning"),
}


@pytest.mark.parametrize("what", REASONS)
def test_a_refusal_names_its_cause(what):
    text, reason = REASONS[what]
    with pytest.raises(Untrusted, match=reason):
        netperf.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        f"131072 16384 1024 1.00 {'9' * 300}.00\n",
        f"THROUGHPUT={'9' * 300}.00\nTHROUGHPUT_UNITS=GBytes/s\n",
        f"Throughput,Throughput Units\n{'9' * 300}.00,GBytes/s\n",
        "131072 16384 1024 1.00 1e300\n",
        "x" * 4_000_000 + "\n",
        "1" * 4_000_000 + "\n",
        "1 " * 2_000_000 + "\n",
        "a\n" * 2_000_000,
        f"{STREAM}" + "Recv Send\n" * 400_000,
        "A=\n" * 1_000_000,
        "".join(f"THROUGHPU{n}=\n" for n in range(300_000)),
        "Throughput," + "Throughpux," * 300_000 + "\n",
        STREAM * 40_000,
        " TEST from" * 400_000 + "\n",
    ],
    ids=lambda text: f"{text[:20]!r}",
)
def test_no_text_is_too_large_to_be_refused(text):
    with pytest.raises(Untrusted) as refused:
        netperf.parse(text)
    assert len(str(refused.value)) <= 300


MISSED = {
    "netperf-24-confidence": "Throughput 7.3 %, Local CPU 1.2 %, Remote CPU 0.0 %",
    "keys-confidence-missed": "Throughput 56.268 %",
    "csv-confidence-missed": "Throughput 230.759 %",
}


@pytest.mark.parametrize("name", MISSED)
def test_a_missed_confidence_is_noted_beside_the_rows(name, monkeypatch, capsys):
    report = netperf.read(TEXTS[name])
    assert report.notes == [f"1 of 1 results missed the confidence asked for: {MISSED[name]}"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXTS[name].encode())))
    assert netperf.filter_main() == 0
    out, err = capsys.readouterr()
    assert out == (DATA / f"{name}.csv").read_text()
    assert err == f"note: {report.notes[0]}\n"


def test_the_banner_says_which_confidence_was_asked_for():
    names = "Throughput,Throughput Units,Throughput Confidence Width (%)"
    banner = BANNER.format("TCP STREAM", " : +/-2.500% @ 99% conf.")
    assert not netperf.read(f"{banner}{names}\n1192.43,10^6bits/s,4.999\n").notes
    assert netperf.read(f"{banner}{names}\n1192.43,10^6bits/s,7.383\n").notes


def test_a_cpu_figure_that_netperf_doubts_is_left_out():
    assert ROWS["doubtful-cpu"][0]["receiver_cpu_percent"] is None
    assert "remote CPU utilisation" in netperf.read(TEXTS["doubtful-cpu"]).notes[0]


@pytest.mark.parametrize("name", TEXTS)
def test_a_campaign_reads_reports_without_printing(name, capsys):
    netperf.parse(TEXTS[name])
    assert capsys.readouterr() == ("", "")
