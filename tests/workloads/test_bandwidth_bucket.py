"""Token buckets in the path: found, emptied, and never taken for the path's rate."""

import json

import pytest
from bandwidth import bucket, pathload, pathrate
from helpers.shaped import ShapedSession

from vcperf.tools import pathload as reader


@pytest.mark.parametrize("mbps", [10, 23, 80, 200, 1000])
@pytest.mark.parametrize("size", [16384, 65536, 262144])
def test_a_bucket_is_found_with_its_size_and_the_rate_beyond_it(mbps, size):
    found = bucket.find(ShapedSession(mbps, size), 1472)
    assert found.first_mbps == pytest.approx(mbps, rel=0.02)
    assert found.bucket_bytes == pytest.approx(size, rel=0.1)
    assert not found.inside
    # What passes while the bucket empties fills it again.
    assert found.lead * 1500 * (1 - mbps / 2000) >= 0.95 * size


@pytest.mark.parametrize("mbps", [5, 80, 900])
def test_two_frames_are_no_bucket(mbps):
    """The least that tbf keeps its rate with."""
    found = bucket.find(ShapedSession(mbps, 3200), 1472)
    assert found.bucket_bytes is None and found.first_mbps == pytest.approx(mbps, rel=0.02)


def test_a_slow_sender_is_no_bucket():
    found = bucket.find(ShapedSession(2000, 65536, sender_mbps=700), 1472)
    assert found.bucket_bytes is None and not found.limited


@pytest.mark.parametrize("nap", range(1, 9))
def test_a_sender_that_others_stop_once_is_no_bucket(nap):
    found = bucket.find(ShapedSession(2000, 3200, sender_mbps=700, naps=[nap]), 1472)
    assert found.bucket_bytes is None and not found.inside


def test_a_sender_that_others_stop_hides_no_bucket():
    found = bucket.find(ShapedSession(80, 65536, naps=[3]), 1472)
    assert found.bucket_bytes == pytest.approx(65536, rel=0.1)


@pytest.mark.parametrize("mbps", [10, 23, 80, 200])
@pytest.mark.parametrize("size", [3200, 16384, 65536])
def test_pathload_finds_the_rate_beyond_a_bucket(mbps, size):
    record = pathload.estimate(ShapedSession(mbps, size), pathload.Settings())
    assert record["kind"] == "range"
    assert record["low_mbps"] <= 1.02 * mbps and 0.98 * mbps <= record["high_mbps"]
    assert record["high_mbps"] - record["low_mbps"] < 0.3 * mbps


@pytest.mark.parametrize("mbps", [5, 10, 23, 80, 200])
@pytest.mark.parametrize("size", [3200, 16384, 65536])
def test_pathrate_finds_the_rate_beyond_a_bucket(mbps, size):
    record = pathrate.estimate(ShapedSession(mbps, size), pathrate.Settings())
    assert record["kind"] == "capacity"
    assert record["mbps"] == pytest.approx(mbps, rel=0.03)


def test_a_sender_hardly_faster_than_the_link_gives_no_false_bound():
    """The bucket passes some hundred packets at the sender's rate before it is empty."""
    for method in (pathload, pathrate):
        record = method.estimate(ShapedSession(1000, 65536, 1200), method.Settings())
        assert record["low_mbps"] <= 1030, record["kind"]


@pytest.mark.parametrize("method", [pathload, pathrate])
def test_a_bucket_that_no_train_leaves_gives_no_rate(method):
    session = ShapedSession(20, 4_200_000, sender_mbps=1500)
    record = method.estimate(session, method.Settings())
    assert record["kind"] == "within_bucket"
    assert record["low_mbps"] is None and record["high_mbps"] is None
    assert record["bucket_bytes"] > 1_000_000


def test_a_bucket_that_takes_too_long_to_empty_for_each_stream_gives_no_range():
    """The rate beyond it is still known."""
    record = pathload.estimate(ShapedSession(23, 524288), pathload.Settings())
    assert record["kind"] == "within_bucket" and record["fleets"] == []
    assert record["train_mbps"] == pytest.approx(23, rel=0.02)
    assert reader.parse(json.dumps(record))[0]["bucket_bytes"] > 500_000
