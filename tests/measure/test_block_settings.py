"""Which settings a record names."""

from vcperf.measure import block

KNOWN = {"node0": "a", "node0/c000": "b", "node0/c001": "c", "node1": "d", "node1/c000": "e"}


def test_a_record_names_the_places_that_its_block_used():
    spec = {"nodes": {"node0": {"domains": {"vc00": [[0]], "c000": [[0]]}}}}
    assert block.settings_of(spec, KNOWN) == {"node0": "a", "node0/c000": "b"}
    assert block.settings_of(spec, {}) == {}
