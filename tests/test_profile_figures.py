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
        "samples": 10,
        "lost_samples": 0.0,
        "point": [None, "A", "B"],
        "message_bytes": [16384, 512, 1024],
    }
)


def test_costs_are_drawn_a_panel_a_pinning_with_the_sender_first():
    rows = []
    for pinning, domain, ns in [
        ("config3", "c000", 9e3),
        ("config3", "vc00", 5e3),
        ("config3", None, 7e3),
        ("config1", "vc00", 2e3),
    ]:
        whole = {"testbed": "netns", "pinning": pinning, "path": "vc00->c000", "domain": domain}
        whole |= {"workload": "netperf", "test": "TCP_STREAM", "message_bytes": 16384.0}
        rows.append(whole | {"image": "all", "ns_per_megabyte": ns})
        rows.append(whole | {"image": "vmlinux", "ns_per_megabyte": ns})
    first, second = figures.images({"cost": pd.DataFrame(rows), "blocks": BLOCKS}).axes
    assert first.get_title(loc="left").startswith("config1, ")
    labels = [label.get_text() for label in second.get_yticklabels()]
    assert labels[:2] == ["vc00", "c000"] and labels[2].startswith("kernel threads")
    assert [bar.get_width() for bar in second.patches] == [5.0, 9.0, 7.0]  # us a megabyte


def test_points_leave_out_images_of_no_weight_and_tell_sizes():
    common = {"testbed": "netns", "pinning": "config2", "stack": "mpich", "program": "pingpong"}
    common |= {"load": "ep", "first": "A", "second": "B", "compared": "point"}
    common |= {"unit": "ns_per_megabyte", "explains": True, "symbol": None}
    values = {"vmlinux": (900e3, 800e3), "small": (9e3, 2e3), "libmpi": (100e3, 98e3)}
    rows = [
        {**common, "within": "all", "by": "image", "image": image}
        | {"first_value": first, "second_value": second}
        for image, (first, second) in values.items()
    ]
    left = figures.points({"differences": pd.DataFrame(rows), "blocks": BLOCKS}).axes[0]
    assert [label.get_text() for label in left.get_yticklabels()] == ["vmlinux", "libmpi"]
    told = [text.get_text() for text in left.get_legend().get_texts()]
    assert told == ["A, 512 bytes", "B, 1024 bytes"]
