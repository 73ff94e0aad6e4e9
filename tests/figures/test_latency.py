"""Latency curves."""

import pandas as pd

from vcperf.figures import latency as pictures
from vcperf.figures import style


def test_the_figure_marks_an_anomaly_and_its_points():
    sizes = [4096, 8192, 16384, 32768]
    curve = {"testbed": "netns", "pinning": "p", "stack": "s", "program": "x", "load": "none"}
    summary = pd.DataFrame(
        [
            {**curve, "message_bytes": size, "latency_us": 10.0 + size, "ci_low": 0.9 * size,
             "ci_high": 2.0 * size, "blocks": 3, "doubtful": 0, "why": "", "platform": "here",
             "shared_cpus": "no"}
            for size in sizes
        ]
    )  # fmt: skip
    found = pd.DataFrame(
        [
            {**curve, "message_bytes": size, "excess_percent": excess, "kind": "bump"}
            for size, excess in ((8192, 12.0), (16384, 31.0))
        ]
    )
    points = pd.DataFrame([{**curve, "a_bytes": 16384, "b_bytes": 32768, "source": "anomaly"}])
    drawing = pictures.load({"pingpong_summary": summary, "anomalies": found, "points": points})
    texts = [text.get_text() for text in drawing.axes[0].texts]
    # An arrow each, and in words the strongest.
    assert sorted(texts) == ["", "", "+31 %", "A", "B"]


def test_an_axis_of_less_than_a_decade_has_plain_numbers(tmp_path):
    """Its minor ticks have labels too, which matplotlib writes as formulas by itself."""
    curve = {"testbed": "netns", "pinning": "p", "stack": "s", "program": "x", "load": "none"}
    rest = {"ci_low": 90, "ci_high": 120, "blocks": 3, "doubtful": 0, "why": "", "platform": "here"}
    rows = [
        {**curve, **rest, "message_bytes": size, "latency_us": latency, "shared_cpus": "no"}
        for size, latency in ((1, 100.0), (1024, 110.0))
    ]
    none = pd.DataFrame(columns=[*curve, "a_bytes", "b_bytes", "source", "kind", "excess_percent"])
    tables = {"pingpong_summary": pd.DataFrame(rows), "anomalies": none, "points": none}
    style.save(pictures.load(tables), [str(tmp_path / "x.svg")])
    drawn = (tmp_path / "x.svg").read_text()
    assert ">200<" in drawn and "$" not in drawn


def test_intervals_that_leave_the_panel_have_arrows_and_numbers():
    curve = {"testbed": "netns", "pinning": "p", "stack": "s", "program": "x", "load": "none"}
    rest = {"ci_low": -90.0, "ci_high": 4000.0, "blocks": 3, "why": "", "platform": "here"}
    rows = [{**curve, **rest, "message_bytes": size, "latency_us": 100.0} for size in (1, 1024)]
    none = pd.DataFrame(columns=[*curve, "a_bytes", "b_bytes", "source", "kind", "excess_percent"])
    tables = {"pingpong_summary": pd.DataFrame(rows), "anomalies": none, "points": none}
    for drawing in (pictures.load(tables), pictures.stacks(tables)):
        texts = [text.get_text() for text in drawing.axes[0].texts]
        assert texts == ["-90", "4000"] * 2
        markers = [line.get_marker() for line in drawing.axes[0].lines]
        assert markers.count("v") == markers.count("^") == 2


def test_curves_of_several_testbeds_are_told_apart():
    curve = {"pinning": "p", "stack": "s", "program": "x", "load": "none"}
    rest = {"ci_low": 90, "ci_high": 120, "blocks": 3, "why": "", "platform": "here"}
    rows = [
        {**curve, **rest, "testbed": testbed, "message_bytes": size, "latency_us": 100.0}
        for testbed in ("netns", "podman")
        for size in (1, 1024)
    ]
    none = pd.DataFrame(
        columns=["testbed", *curve, "a_bytes", "b_bytes", "source", "kind", "excess_percent"]
    )
    tables = {"pingpong_summary": pd.DataFrame(rows), "anomalies": none, "points": none}
    legend = pictures.stacks(tables).axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["s, p, netns", "s, p, podman"]
    panels = [axes.get_legend().get_title().get_text() for axes in pictures.load(tables).axes]
    assert panels == ["s, p, netns", "s, p, podman"]
