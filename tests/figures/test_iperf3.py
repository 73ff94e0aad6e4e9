"""The figure of iperf3: what was received by pinning, and of UDP what was sent."""

import re

import pandas as pd
from helpers.iperf3_blocks import cell, table

from vcperf.analysis import iperf3 as summary
from vcperf.figures import iperf3, style


def text_of(folder, *cells):
    plan = pd.DataFrame(columns=["kind", "stopping"])
    drawing = iperf3.draw(summary.tables({"iperf3": table(*cells), "plan": plan}, 2.5))
    style.save(drawing, [str(folder / f"x.{ending}") for ending in ("svg", "png")])
    text = re.sub(r"<[^>]+>", " ", (folder / "x.svg").read_text())
    return " ".join(text.split())  # long lines are broken


def test_tcp_has_one_point_per_place_and_nothing_hollow(tmp_path):
    drawn = text_of(tmp_path, cell([10.0, 11.0]), cell([5.0, 6.0], pinning="config2"))
    assert "config1" in drawn and "config2" in drawn and "forward, 1 stream" in drawn
    assert "hollow" not in drawn and "UDP" not in drawn and "2 blocks per cell" in drawn


def test_udp_has_what_was_sent_as_well(tmp_path):
    drawn = text_of(tmp_path, cell([10.0]), cell([5.0], protocol="UDP"))
    assert "hollow: sent" in drawn and "TCP" in drawn


def test_an_interval_far_wider_than_the_means_has_numbers_and_disturbed_blocks_are_counted(
    tmp_path,
):
    drawn = text_of(tmp_path, cell([1.0, 10.0]), cell([5.0], pinning="config2", status="disturbed"))
    assert " 63 " in drawn and " -52 " in drawn
    assert "1 of 2 points are unstable (disturbed)" in drawn


def test_streams_that_shared_a_thread_are_named(tmp_path):
    assert iperf3.ONE_THREAD in text_of(tmp_path, cell([10.0], streams="4", threads=1))
    assert iperf3.ONE_THREAD not in text_of(tmp_path, cell([10.0], streams="4", threads=4))
