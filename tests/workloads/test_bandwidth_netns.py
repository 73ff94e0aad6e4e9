"""Estimates on the link of netns; all rates: validate_bandwidth.py --wire netns."""

import argparse
import shutil

import pytest
from helpers import netnsbed
from validation import validate_bandwidth as bed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("measuring"),
    pytest.mark.skipif(bool(netnsbed.missing()), reason=netnsbed.missing() or "there"),
    pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc"),
]


@pytest.fixture(scope="module")
def cross(tmp_path_factory):
    """The program of cross traffic."""
    return str(netnsbed.compile_cross(tmp_path_factory.mktemp("cross")))


def estimate(cross, method, rate, load=0.0, bucket=None):
    options = argparse.Namespace(method=method, bucket=bucket, keep=None)
    return bed.one_on_netns(cross, rate, load, options)


@pytest.mark.parametrize("load", [0, 0.3])
@pytest.mark.parametrize("method", ["pathrate", "pathload"])
def test_most_estimates_on_a_slow_link_are_near_the_truth(cross, method, load):
    """On a busy host one may be off, or inconclusive."""
    hits = [estimate(cross, method, rate, load)["hit"] for rate in (10, 23, 80)]
    assert hits.count("yes") >= 2


@pytest.mark.parametrize("method", ["pathrate", "pathload"])
def test_a_large_bucket_hides_no_rate(cross, method):
    told = [estimate(cross, method, 80, bucket=65536) for _ in range(2)]
    assert "yes" in {one["hit"] for one in told}
    assert any(60_000 < (one["bucket_bytes"] or 0) < 70_000 for one in told)


@pytest.mark.parametrize("method", ["pathrate", "pathload"])
def test_no_bound_on_a_fast_link_is_false(cross, method):
    told = estimate(cross, method, 1000)
    assert told["kind"] != "lower_bound" or told["low_mbps"] <= 1.05 * told["truth"]
