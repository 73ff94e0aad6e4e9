"""Nodes, domains and links of a plan."""

from helpers.plans import plan_of

from vcperf.preparation.hosts import host_of


def test_nodes_have_cpus_of_their_own_where_the_host_has_enough():
    crowded, roomy = (
        plan_of({}, host_of("netns", (0, 1))),
        plan_of({}, host_of("netns", (0, 1, 2, 3))),
    )
    across = [c for c in crowded.cells if c.labels["path"] == "vc00->c010"]
    assert all(cell.shared_cpus for cell in across)
    assert not any(c.shared_cpus for c in crowded.cells if c.labels["path"] == "c000->c001")
    assert not any(cell.shared_cpus for cell in roomy.cells)
    nodes = next(c for c in roomy.cells if c.labels["path"] == "vc00->c010").spec["nodes"]
    assert nodes["node1"]["domains"]["c010"] == [[3], [3]]


def test_only_netns_across_nodes_has_a_link():
    netns, native = plan_of({}), plan_of({}, host_of("native", (0, 1)))
    assert {c.labels["path"] for c in netns.cells if "link_mbps" in c.spec} == {
        "vc00->c010",
        "c000->c010",
        "c000->c011",
    }
    assert not any("link_mbps" in c.spec for c in native.cells)
