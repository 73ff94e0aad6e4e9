"""Who pays for traffic, as bars."""

import pytest
from helpers.blocks import cell, scattered, table

from vcperf.analysis import summary
from vcperf.figures import payers, style
from vcperf.kinds.cpu_parts import COST

# 8000 Mbit/s are 10^9 bytes in a second: percent of a CPU are hundredths of a second of it.
RATE = 8000.0
SENT = {"sender_domain_cpu_percent": 40.0, "sender_vhost_cpu_percent": 30.0}
SENT |= {"sender_emulator_cpu_percent": 5.0, "sender_iothreads_cpu_percent": 0.0}
RECEIVED = {name.replace("sender", "receiver"): value / 2 for name, value in SENT.items()}
BETWEEN_GUESTS = {**SENT, **RECEIVED, COST: 1.5}
# Of a host domain, whose time is the host's, there are no threads of QEMU.
FROM_HOST = {"sender_domain_cpu_percent": 70.0, **RECEIVED, COST: 1.0}
HOSTS = ["vc00", "vc10"]


def blocks(path, size, percent=1.0, **columns):
    rows = cell(scattered(RATE, 8, 0.0), path=path, size=size, testbed="libvirt", **columns)
    for row, value in zip(rows, scattered(columns[COST], 8, percent), strict=True):
        row[COST] = value
    return rows


@pytest.fixture
def summarised():
    rows = (
        blocks("c000->c010", 1024, **{**BETWEEN_GUESTS, COST: 9.0}),
        blocks("c000->c010", 65536, **BETWEEN_GUESTS),
        blocks("vc00->c000", 65536, pinning="config2", percent=20, **FROM_HOST),
        cell([1.0, 2.0], path="vc00->c010"),  # on a testbed that has no such account
    )
    return summary.summarise(table(*rows), 2.5)


def test_the_cost_is_divided_among_guests_their_threads_and_the_host(summarised):
    between, from_host = (
        payers.parts(row, HOSTS)
        for row in summarised[summarised["message_bytes"] == 65536].to_dict("records")
    )
    assert between == pytest.approx(
        {payers.SENDER: 0.4, payers.RECEIVER: 0.2, "QEMU's emulator": 0.075}
        | {"I/O threads": 0, "vhost": 0.45, payers.HOST: 0.375}
    )
    assert from_host == pytest.approx(
        {payers.SENDER: 0, payers.RECEIVER: 0.2, "QEMU's emulator": 0.025}
        | {"I/O threads": 0, "vhost": 0.15, payers.HOST: 0.625}
    )


def test_each_cell_is_a_bar_of_its_largest_size_with_an_interval(summarised, tmp_path):
    drawing = payers.draw({"netperf_summary": summarised}, HOSTS)
    (axes,) = drawing.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [
        "config1 c000->c010, TCP_STREAM, 65536 bytes",
        "config2 vc00->c000, TCP_STREAM, 65536 bytes",
    ]
    ends = {round(bar.get_y()): bar.get_x() + bar.get_width() for bar in axes.patches}
    assert sorted(ends.values()) == pytest.approx([1.0, 1.5])
    wide = max(line.get_xdata()[-1] for line in axes.lines if 0.99 < line.get_ydata()[0] < 1.01)
    assert wide > 1.05, "the interval of the second"
    style.save(drawing, [str(tmp_path / "payers.svg")])
    text = (tmp_path / "payers.svg").read_text()
    assert "vhost" in text and "I/O threads" not in text, "nobody of whom there is nothing"


def test_without_an_account_it_says_so():
    rows = summary.summarise(table(cell([1.0, 2.0])), 2.5)
    drawing = payers.draw({"netperf_summary": rows}, HOSTS)
    (axes,) = drawing.axes
    assert "No block" in axes.texts[0].get_text()
