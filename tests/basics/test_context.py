"""What a block of one testbed needs to know to reach its hosts."""

from vcperf.basics import context

WHOLE = {"remeasure": 2, "sites": {"xen": {"ssh_config": "of xen"}, "libvirt": {"links": {}}}}


def test_a_block_has_what_is_common_and_its_own_testbeds_part():
    assert context.of_testbed(WHOLE, "xen") == {"remeasure": 2, "ssh_config": "of xen"}
    assert context.of_testbed(WHOLE, "libvirt") == {"remeasure": 2, "links": {}}
    assert context.of_testbed(WHOLE, "netns") == {"remeasure": 2}
    assert context.of_testbed({}, "netns") == {}
