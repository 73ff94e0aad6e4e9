"""What a profile's block moved, and whether its samples suffice."""

import pytest
from helpers.profiles import HOST, PLANNED, content

from vcperf.tables import profile_blocks


@pytest.mark.parametrize(
    ("platform", "said", "moved"),
    [
        ("here", {"one_interface": False}, 3_000_000),
        ("here", {"one_interface": True}, 2_000_000),  # it has what both received
        # Records of before they said so:
        ("network namespaces on one host", {}, 3_000_000),
        ("plain processes on one host", {}, 2_000_000),
        ("plain processes on hosts reached by ssh", {}, 3_000_000),
    ],
)
def test_a_ping_pong_moves_what_its_ranks_received(platform, said, moved):
    """Warm-up and estimates are sampled, and the program does not tell how long they were."""
    record = content({"c000": 1_000_000, "c010": 2_000_000})
    record |= {"host": {**HOST, "platform": platform}, **said}
    (row,) = profile_blocks.rows(PLANNED, record, 10)
    assert row["bytes_moved"] == moved


@pytest.mark.parametrize(("samples", "too_few"), [(399, True), (400, False)])
def test_a_profile_of_too_few_samples_says_so(samples, too_few):
    (row,) = profile_blocks.rows(PLANNED, content({"c000": 1}, samples), 10)
    assert row["too_few"] is too_few
