"""Blocks of requests and responses beside a stream on the same path."""

import pytest
from helpers import damage, local_block

from vcperf.records import record
from vcperf.tables import netperf
from vcperf.tools.netperf import key_values

LOAD = {"test": "TCP_STREAM", "message_bytes": 65536}
pytestmark = pytest.mark.skipif(
    bool(local_block.fault_of("netns")), reason=local_block.fault_of("netns")
)


def measured(tmp_path, programs=None, **changes):
    spec = local_block.spec_of("netns", test="TCP_RR", message_bytes=1, load=LOAD, **changes)
    done = local_block.run(spec, tmp_path / "1.json", programs)
    return done, tmp_path / "1.json"


def test_the_load_lasts_from_before_the_warm_up_until_after_the_measurement(tmp_path):
    done, path = measured(tmp_path, warmup_s=1, duration_s=3, percentiles=True)
    assert done.returncode == 0, done.stderr
    content = record.read(str(path))
    roles = {command["role"]: command for command in content["commands"]}
    assert list(roles) == ["warmup", "measure", "server", "load", "load server"]
    assert roles["load"]["start"] < roles["warmup"]["start"]
    assert roles["load"]["end"] > roles["measure"]["end"]
    (row,) = netperf.rows(damage.planned(content, tmp_path), content, 1000)
    told = key_values(roles["load"]["output"])
    rates = [float(v) for k, v in told.items() if k.startswith("NETPERF_INTERIM_RESULT")]
    assert min(rates) <= row["load_mbps"] <= max(rates)
    assert row["transactions_per_s"] > 0 and row["p99_us"] > 0
    assert "streams_variation_percent" not in row


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        ('exec REAL -l 1 "$@"', "its load ended too early"),
        ("echo it broke; exit 1", "its load ended too early: it broke"),
    ],
)
def test_a_load_that_ends_early_fails_the_block(tmp_path, instead, why):
    """As much as a second of it: the block is warmed up for one, and takes another one."""
    lame = local_block.standin(
        tmp_path / "programs",
        "netperf",
        f'case $* in *TCP_STREAM*) set -- $(echo "$*" | sed "s/-l [0-9]*//"); {instead} ;; esac',
        'exec REAL "$@"',
    )
    done, path = measured(tmp_path, lame, warmup_s=1)
    assert done.returncode == 1 and not path.exists()
    assert f"TCP_RR vc00->c010 1 bytes beside TCP_STREAM: {why}" in done.stderr
