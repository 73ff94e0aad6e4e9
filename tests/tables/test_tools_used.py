"""Which programs measured a block."""

from vcperf.tables import tools_used


def test_a_program_is_the_same_wherever_it_lies_and_whenever_it_was_copied():
    here = {"tools": {"netperf": {"path": "/a/netperf", "bytes": 10, "changed": 1, "version": "2"}}}
    there = {"tools": {"netperf": {"path": "/b/netperf", "bytes": 10, "changed": 2}}}
    other = {"tools": {"netperf": {"path": "/a/netperf", "bytes": 11, "changed": 1}}}
    assert tools_used.column(here, {}) == tools_used.column(there, {}) == "netperf 10 bytes"
    assert tools_used.column(other, {}) != tools_used.column(here, {})


def test_hosts_reached_by_ssh_have_versions_by_place():
    places = {"node1": {"tool.netperf": "2.7.0", "tool.netserver": None}, "node0": {"x": "y"}}
    assert tools_used.column({"host": "a+b"}, places) == "netperf 2.7.0 (node1)"
    assert tools_used.column({"host": "a+b"}, {}) is None
