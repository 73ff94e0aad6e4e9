"""JSON that is no report of iperf3, or contradicts itself, is refused in one line."""

import json
import os
import subprocess
import sys

import pytest
from helpers.checkout import ROOT

from vcperf.tools import iperf3
from vcperf.tools.filter import Untrusted

TEXT = (ROOT / "tests/data/iperf3/3.12-tcp-4.txt").read_text()


def changed(path, value):
    document = json.loads(TEXT)
    *way, last = path
    part = document
    for key in way:
        part = part[key]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (["start", "test_start"], None, "'test_start' is missing"),
        (["start", "test_start", "protocol"], "SCTP", "protocol 'SCTP': expected TCP or UDP"),
        (["start", "test_start", "num_streams"], 5, "4 results of 5 streams"),
        (["start", "connecting_to"], None, "neither a client's report nor a server's"),
        (["intervals"], None, "'intervals' is missing"),
        (["end", "sum_received"], None, "'sum_received' is missing"),
        (["end", "sum_sent", "retransmits"], 75, "76 retransmits of streams, 75 in all"),
        (["end", "sum_sent", "bytes"], -1, "bytes: expected a number, not"),
        (["end", "sum_sent", "seconds"], True, "seconds: expected a number, not 'True'"),
        (["end", "sum_sent", "seconds"], 2.0, "sum_sent: bytes, seconds and bits_per_second"),
        (["end", "sum_sent", "bytes"], 1.5, "bytes: expected a whole number"),
        (["end", "cpu_utilization_percent", "host_user"], 50, "host_total 7.09121 is not the sum"),
        (["end", "streams"], [1, 2, 3, 4], "0 of 4 streams"),
    ],
)
def test_a_report_with_one_wrong_value_is_refused(path, value, fault):
    with pytest.raises(Untrusted, match=fault):
        iperf3.parse(changed(path, value))


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        '{"a": 1, "a": 2}',
        '{"start": NaN}',
        "[" * 100_000,
        '{"start": ' + "9" * 5000 + "}",
        '{"error": {"deep": ["\\u0000"]}}',
    ],
    ids=["list", "null", "two values", "not a number", "deep", "long number", "error"],
)
def test_json_that_is_no_report_is_refused_in_one_line(text):
    with pytest.raises(Untrusted) as found:
        iperf3.parse(text)
    assert str(found.value).isprintable() and len(str(found.value)) < 300


def test_no_json_takes_much_memory(tmp_path):
    """Many small lists take most: some 33 bytes for each of the text."""
    report = tmp_path / "report"
    report.write_text('{"start": [' + "[[]]," * (iperf3.MOST_BYTES // 5 - 10) + "[]]}")
    # Not ru_maxrss, which a process inherits from whoever started it.
    code = (
        "import re, runpy\n"
        "try: runpy.run_module('vcperf.tools.iperf3', run_name='__main__')\n"
        "finally: print(re.search('VmHWM: *(.*) kB', open('/proc/self/status').read())[1])\n"
    )
    with report.open() as text:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdin=text,
            env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1 and done.stderr.startswith("rejected: "), done.stderr
    assert int(done.stdout) < 500_000  # kB
