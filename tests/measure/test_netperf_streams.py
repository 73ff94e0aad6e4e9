"""Blocks of several netperfs at the same time."""

import pytest
from helpers import damage, local_block

from vcperf.records import record
from vcperf.tables import netperf
from vcperf.tools import netperf_streams
from vcperf.tools.netperf import key_values

pytestmark = pytest.mark.skipif(
    bool(local_block.fault_of("netns")), reason=local_block.fault_of("netns")
)


def measured(tmp_path, programs=None, **changes):
    spec = local_block.spec_of("netns", duration_s=4, streams=2, **changes)
    done = local_block.run(spec, tmp_path / "1.json", programs)
    return done, tmp_path / "1.json"


def test_the_table_has_their_sum_and_how_they_differ(tmp_path):
    done, path = measured(tmp_path, warmup_s=0.1)  # of which no run of its own is needed
    assert done.returncode == 0, done.stderr
    content = record.read(str(path))
    commands = content["commands"]
    assert [c["role"] for c in commands] == ["measure", *["server"] * 2]
    (run,) = (c for c in commands if c["role"] == "measure")
    reports = netperf_streams.reports(run["output"])
    each = [float(key_values(text)["THROUGHPUT"]) for text in reports]
    (row,) = netperf.rows(damage.planned(content, tmp_path), content, 1000)
    assert row["throughput_mbps"] == pytest.approx(sum(each), rel=0.1)
    assert 95 <= row["overlap_percent"] <= 100
    assert 3.5 < row["elapsed_s"] < 4.5 and row["streams_variation_percent"] >= 0
    assert 0 < row["sender_cpu_percent"] <= 100
    # Of all their servers: one that forked would not have been counted.
    assert row["receiver_domain_cpu_percent"] > 1


def test_streams_that_do_not_run_beside_each_other_fail_the_block(tmp_path):
    late = local_block.standin(
        tmp_path / "programs",
        "netperf",
        'case $* in *"-p 12866 "*) sleep 1 ;; esac; exec REAL "$@"',
    )
    done, path = measured(tmp_path, late)
    assert done.returncode == 1 and not path.exists()
    (line,) = done.stderr.splitlines()
    assert line.startswith("2 x TCP_STREAM vc00->c010 16384 bytes: the 2 streams ran beside each")
    assert "expected at least 95 %; raise duration_s" in line


def test_one_stream_that_fails_fails_the_block(tmp_path):
    lame = local_block.standin(
        tmp_path / "programs",
        "netperf",
        'case $* in *"-p 12866 "*) echo "no such thing"; exit 3 ;; esac; exec REAL "$@"',
    )
    done, path = measured(tmp_path, lame)
    assert done.returncode == 1 and not path.exists()
    assert "not a line of a sound report: 'no such thing'" in done.stderr


def test_a_stream_without_a_report_fails_the_block(tmp_path):
    silent = local_block.standin(
        tmp_path / "programs",
        "netperf",
        'case $* in *"-p 12866 "*) echo it broke >&2; exit 3 ;; esac; exec REAL "$@"',
    )
    done, path = measured(tmp_path, silent)
    assert done.returncode == 1 and not path.exists()
    assert "1 of the streams gave a report: it broke" in done.stderr
