"""What the figures of profiles show."""

import pandas as pd

from vcperf.figures import profiles as figures

BLOCKS = pd.DataFrame(
    {
        "workload": ["netperf", "pingpong", "pingpong"],
        "platform": "here",
        "testbed": "netns",
        "shared_cpus": "no",
        "event": "cycles",
        "event_asked": "cycles",
        "samples": [10, 400, 399],
        "lost_samples": 0.0,
        "pinning": "config2",
        "stack": "mpich",
        "program": "pingpong",
        "load": "ep",
        "point": [None, "A", "B"],
        "message_bytes": [16384, 512, 1024],
    }
)


def test_costs_have_one_panel_per_pinning_and_the_sender_comes_first():
    rows = []
    for pinning, domain, ns in [
        ("config3", "c000", 9e3),
        ("config3", "vc00", 5e3),
        ("config3", None, 7e3),
        ("config1", "vc00", 2e3),
    ]:
        whole = {"testbed": "netns", "pinning": pinning, "path": "vc00->c000", "domain": domain}
        whole |= {"workload": "netperf", "test": "TCP_STREAM", "message_bytes": 16384.0}
        whole |= {"event": "cycles", "samples": 200}
        rows.append(whole | {"image": "all", "ns_per_megabyte": ns})
        rows.append(whole | {"image": "vmlinux", "ns_per_megabyte": ns})
    first, second = figures.images(
        {"profile_cost": pd.DataFrame(rows), "profile_blocks": BLOCKS}
    ).axes
    assert first.get_title(loc="left").startswith("config1, ")
    assert first.get_title(loc="left").endswith("bytes; too few samples (200)")
    assert second.get_title(loc="left").endswith("bytes")  # three domains of 200
    labels = [label.get_text() for label in second.get_yticklabels()]
    assert labels[:2] == ["vc00", "c000"] and labels[2].startswith("kernel threads")
    assert [bar.get_width() for bar in second.patches] == [5.0, 9.0, 7.0]  # us a megabyte


def test_images_of_no_weight_are_left_out_and_the_legend_has_the_sizes():
    common = {"testbed": "netns", "pinning": "config2", "stack": "mpich", "program": "pingpong"}
    common |= {"load": "ep", "first": "A", "second": "B", "compared": "point"}
    common |= {"unit": "ns_per_megabyte", "explains": True, "symbol": None, "event": "cycles"}
    values = {"vmlinux": (900e3, 800e3), "small": (9e3, 2e3), "libmpi": (100e3, 98e3)}
    rows = [
        {**common, "within": "all", "by": "image", "image": image}
        | {"first_value": first, "second_value": second}
        for image, (first, second) in values.items()
    ]
    left = figures.points(
        {"profile_differences": pd.DataFrame(rows), "profile_blocks": BLOCKS}
    ).axes[0]
    assert [label.get_text() for label in left.get_yticklabels()] == ["vmlinux", "libmpi"]
    told = [text.get_text() for text in left.get_legend().get_texts()]
    assert told == ["A, 512 bytes", "B, 1024 bytes"]
    title = left.get_title(loc="left")
    assert title == "mpich, config2: images; too few samples (399)"  # those of B


def test_profiles_without_a_cost_are_not_said_to_be_missing():
    """As of TCP_RR, which tells no bytes, or of an event that is no time."""
    cost = pd.DataFrame(columns="workload domain image testbed pinning path event".split())
    cost[["test", "message_bytes", "ns_per_megabyte"]] = None
    columns = "compared unit testbed pinning stack program load event first second".split()
    differences = pd.DataFrame(columns=columns)
    for blocks, said in ((BLOCKS, "gives no CPU time"), (BLOCKS[:0], "in this campaign")):
        for drawing in (
            figures.images({"profile_cost": cost, "profile_blocks": blocks}),
            figures.points({"profile_differences": differences, "profile_blocks": blocks}),
        ):
            assert said in drawing.axes[0].texts[0].get_text()


def test_each_event_has_its_own_panel():
    common = {"testbed": "netns", "pinning": "config1", "path": "vc00->c000", "domain": "vc00"}
    common |= {"workload": "netperf", "test": "TCP_STREAM", "message_bytes": 16384.0}
    common |= {"samples": 500}
    rows = [
        common | {"event": event, "image": image, "ns_per_megabyte": ns}
        for event, ns in (("cpu-clock", 3e3), ("cycles", 8e3))
        for image in ("all", "vmlinux")
    ]
    panels = figures.images({"profile_cost": pd.DataFrame(rows), "profile_blocks": BLOCKS}).axes
    titles = [axes.get_title(loc="left").rsplit(", ", 1)[1] for axes in panels]
    assert titles == ["cpu-clock", "cycles"]
    assert [[bar.get_width() for bar in axes.patches] for axes in panels] == [[3.0], [8.0]]


def test_a_node_of_few_samples_says_so():
    common = {"pinning": "config1", "path": "vc00->c000", "message_bytes": 16384, "image": "all"}
    rows = [
        common | {"node": node, "domain": domain, "samples": samples}
        for node, samples in (("node0", 200), ("node1", 199))
        for domain in ("xen", "vc00")
    ]
    (axes,) = figures.nodes({"profile_nodes": pd.DataFrame(rows), "profile_blocks": BLOCKS}).axes
    first, second = [label.get_text() for label in axes.get_yticklabels()]
    assert first.endswith(": node0") and second.endswith(": node1; too few samples (398)")
