"""What two looks at a host show."""

import pytest

from vcperf.records import observation


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ({}, {}, None),
        ({"core_throttles": {"0": 7}}, {"core_throttles": {"0": 7}}, False),
        ({"core_throttles": {"0": 7, "1": 1}}, {"core_throttles": {"0": 7, "1": 2}}, True),
        ({"package_throttles": {"0": 1}}, {"package_throttles": {"0": 2}}, True),
    ],
)
def test_throttling_is_a_count_that_rises(first, last, said):
    looks = [{"hosts": {"plain": {}, "h": look}} for look in (first, last)]
    assert observation.throttled(*looks) is said
