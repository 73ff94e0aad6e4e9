"""The token bucket of a link between two nodes of one machine."""

import pytest
from helpers.plans import plan_of

from vcperf.testbeds import shaping


@pytest.mark.parametrize(
    ("mbps", "bucket"), [(1, 3200), (200, 3200), (500, 8000), (999, 15984), (1000, 65536)]
)
def test_the_bucket_follows_the_rate(mbps, bucket):
    spec = shaping.spec_of({"link_mbps": mbps})
    assert shaping.lines(spec, ["link0", "port1"]) == [
        f"qdisc add dev {device} root tbf rate {mbps}000000bit burst {bucket} latency 20ms"
        for device in ("link0", "port1")
    ]


def test_a_link_without_a_rate_is_not_shaped():
    assert shaping.lines(shaping.spec_of({}), ["link0"]) == []


def test_specs_name_the_bucket_where_it_is_not_64_kb():
    """So records of fast links, which had that bucket at any rate, stay what they are."""
    for mbps, named in ((80, 3200), (500, 8000), (1000, None), (10000, None)):
        cells = plan_of({"netns": {"link_mbps": mbps}}).cells
        across = [c.spec for c in cells if c.labels["path"] == "c000->c010"]
        assert across and {s.get("link_bucket_bytes") for s in across} == {named}
        assert {s["link_mbps"] for s in across} == {mbps}
        within = [c.spec for c in cells if c.labels["path"] == "c000->c001"]
        assert within and not any("link_mbps" in s or "link_bucket_bytes" in s for s in within)
