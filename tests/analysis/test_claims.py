"""Claims judged on made-up tables."""

import numpy as np
import pandas as pd
import pytest
from helpers.blocks import cell, scattered, table
from helpers.checkout import ROOT
from helpers.claims import judged, part, read, two

from vcperf.analysis import claims
from vcperf.analysis.verdicts import overall


def test_a_supported_claim_says_what_it_used():
    (row,) = judged(two(400, 700), part(margin_percent=25, thesis_percent=-42.85)).to_dict(
        "records"
    )
    assert (row["verdict"], row["missing"]) == ("supported", "")
    assert row["effect_percent"] == pytest.approx(-42.86, abs=0.01)
    assert row["low_percent"] < -42.86 < row["high_percent"] < -40
    assert row["thesis_percent"] == -42.85 and row["blocks"] == 5 and row["doubtful"] == 0
    assert "config2 vc00->c010" in row["cells"] and "config1 vc00->c010" in row["cells"]
    assert row["platform"] == "Linux 6.1 in network namespaces (netns), the nodes share CPUs"


def test_all_parts_must_hold():
    blocks = two(400, 700)
    up, down, wide = part(expect="higher"), part(), part(expect="lower", margin_percent=42.9)
    assert set(judged(blocks, down, down)["verdict"]) == {"supported"}
    assert set(judged(blocks, down, wide)["verdict"]) == {"open"}
    found = judged(blocks, down, wide, up)
    assert set(found["verdict"]) == {"contradicted"}
    assert list(found["part_verdict"]) == ["supported", "open", "contradicted"]


@pytest.mark.parametrize(
    ("blocks", "given", "missing"),
    [
        (two(4, 7).query("pinning == 'config1'"), {}, "path vc00->c010, pinning config2"),
        (two(4, 7), {"table": "profile"}, "the table profile"),
        (two(4, 7), {"metric": "transactions_per_s"}, "transactions_per_s of"),
        (two(4, 7), {"message_bytes": 4096}, "message_bytes 4096"),
        (two(4, 7, count=1), {}, "a second block"),
        (two(7, 7.01), {}, "blocks: the interval holds both"),
        (two(4, 7), {"quantity": "excess", "against": None}, "a size to either side"),
        (
            table(cell([1, 2]), cell([3, 4], test="UDP_STREAM")),
            {"of": {}, "against": {}},
            "a choice of test: TCP_STREAM, UDP_STREAM",
        ),
    ],
)
def test_an_open_claim_says_what_it_lacks(blocks, given, missing):
    (row,) = judged(blocks, part(**given)).to_dict("records")
    assert row["verdict"] == "open" and missing in row["missing"]


def test_a_curve_is_judged_at_the_size_that_is_asked_for():
    heights = [("config2", 100, 90), ("config2", 900, 50), ("config1", 100, 100)]
    heights += [("config1", 900, 100), ("config1", 9000, 500)]  # one curve ends before
    blocks = table(*(cell(scattered(v), p, size=size) for p, size, v in heights))
    assert judged(blocks, part())["effect_percent"].item() == pytest.approx(-50, abs=0.1)
    small = judged(blocks, part(message_bytes=100))["effect_percent"].item()
    assert small == pytest.approx(-10, abs=0.1)


def test_a_claim_may_compare_with_a_number():
    blocks = table(cell([1] * 5, sender_domain_cpu_percent=98.0))
    asked = part(
        metric="sender_domain_cpu_percent",
        of={"pinning": "config1"},
        against=100,
        expect="equal",
        margin_percent=5,
    )
    found = judged(blocks, asked)
    assert found["verdict"].item() == "supported"
    assert found["effect_percent"].item() == pytest.approx(-2)


def test_two_metrics_of_a_cell_are_compared_block_by_block():
    level = np.array([10, 20, 40, 30, 15])
    rows = cell([1] * 5)
    for row, value in zip(rows, level, strict=True):
        row["sender_domain_cpu_percent"], row["receiver_domain_cpu_percent"] = value, 1.1 * value
    asked = part(
        metric="receiver_domain_cpu_percent",
        against_metric="sender_domain_cpu_percent",
        of={"pinning": "config1"},
        against=None,
        expect="higher",
    )
    assert judged(table(rows), asked)["verdict"].item() == "supported"


def test_a_list_is_summed_block_by_block():
    profile = pd.DataFrame(
        [
            {"testbed": "xen", "image": image, "block": block, "percent": percent + block / 10}
            for block in (1, 2, 3)
            for image, percent in (("vmlinux", 50), ("netbk", 20), ("libc", 30))
        ]
    )
    asked = part(
        table="profile", metric="percent", where={}, of={"image": ["vmlinux", "netbk"]}, against=35
    )
    found = judged(two(4, 7), asked, tables={"profile": profile})
    assert found["effect_percent"].item() == pytest.approx(100 * (70.4 / 35 - 1), abs=0.01)


def test_a_list_in_against_alone_is_summed_as_well():
    both = table(cell([30, 31, 32], "config1"), cell([60, 62, 64], "config2"))
    asked = part(of={"pinning": "config1"}, against={"pinning": ["config1", "config2"]})
    effect = judged(both, asked)["effect_percent"].item()
    assert effect == pytest.approx(100 * (31 / 93 - 1), abs=0.01)


def test_a_sum_is_as_doubtful_as_its_worst_row_and_says_where_it_ran():
    both = table(cell([30, 31, 32], "config1"), cell([60, 62, 64], "config2"))
    both.loc[[4, 5], "status"] = "disturbed", "overran"
    asked = part(of={"pinning": ["config1", "config2"]}, against=80)
    (row,) = judged(both, asked).to_dict("records")
    assert row["doubtful"] == 2 and row["blocks"] == 3
    assert row["platform"] == "Linux 6.1 in network namespaces (netns)"


def profiled(shares, program="IMB-MPI1", samples=(1000, 9000)):
    """Rows of profile_applications.csv of a ping-pong, at A and B: its images in percent."""
    rows = []
    for point, size, counted in zip("AB", (16384, 32768), samples, strict=True):
        for image, percents in {"all": (90, 90), **shares}.items():
            for block, scatter in enumerate((0.99, 1, 1.01), start=1):
                labels = {"testbed": "xen", "pinning": "config2", "path": "c000->c010"}
                labels |= {"test": np.nan, "message_bytes": float(size), "stack": "mpich"}
                labels |= {"program": program, "load": "ep", "point": point, "block": block}
                labels |= {"domain": "c000", "app": program, "image": image, "status": "ok"}
                percent = percents["AB".index(point)] * scatter
                rows.append({**labels, "percent": percent, "samples": counted * scatter})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("profile", "verdicts"),
    [
        (profiled({"vmlinux": (60, 61), "IMB-MPI1": (30, 30)}), ["supported"] * 3),
        (
            profiled({"vmlinux": (60, 30), "IMB-MPI1": (30, 30)}),
            ["contradicted", "supported", "supported"],
        ),
        # IMB's samples are for IMB alone to tell; of ours a library does the work.
        (
            profiled({"vmlinux": (60, 61), "libmpi.so.12": (10, 30)}, "pingpong"),
            ["supported", "contradicted", "open"],
        ),
        (
            pd.concat(
                profiled({"vmlinux": (60, 61), p: (30, 30)}, p) for p in ("pingpong", "IMB-MPI1")
            ),
            ["supported"] * 3,
        ),
    ],
    ids=["as stated", "kernel differs", "ours", "both programs"],
)
def test_points_a_and_b_are_compared_each_at_its_own_size(profile, verdicts):
    found = read(ROOT / "config/claims.yaml")
    tables = {"profile": profile, "netperf": two(4, 7)}
    rows = claims.judge({"claim10": found["claim10"]}, tables)
    assert list(rows["part_verdict"]) == verdicts, list(rows["missing"])
    assert set(rows["verdict"]) == {overall(verdicts)}
