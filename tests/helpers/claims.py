"""Claims on made-up tables of netperf."""

from helpers.blocks import cell, scattered, table
from helpers.config import DEFAULT
from vcperf import testbeds
from vcperf.analysis import claims
from vcperf.config import claims_file


def part(**given):
    base = {
        "says": "same CPU against other",
        "metric": "throughput_mbps",
        "where": {"path": "vc00->c010"},
        "of": {"pinning": "config2"},
        "against": {"pinning": "config1"},
        "expect": "lower",
    }
    merged = {**base, **given}
    return {key: value for key, value in merged.items() if value is not None}


def read(path, campaign=DEFAULT):
    """The claims of a file, checked for a campaign."""
    return claims_file.read(str(path), campaign, testbeds.NAMES)


def judged(blocks, *parts, tables=None):
    described = {
        "mine": {"states": "a claim", "parts": [{**claims_file.DEFAULTS, **p} for p in parts]}
    }
    return claims.judge(described, {"netperf": blocks, **(tables or {})})


def two(one, other, count=5, percent=1.0):
    """Config2 and config1, of these means."""
    return table(
        cell(scattered(one, count, percent), "config2", shared_cpus="yes"),
        cell(scattered(other, count, percent, seed=2), "config1"),
    )
