"""What keeps a part of a claim open, and the words of its verdict, on made-up tables."""

import numpy as np
import pandas as pd
import pytest
from helpers.blocks import cell, scattered, table
from helpers.claims import judged, part

from vcperf.analysis import claims, effects
from vcperf.config import claims_file

PAYLOAD = 1000 * 1448 / 1538
SHAPED = {"link": "shaped", "link_mbps": 1000.0}
LINK = "the link of 1000 Mbit/s"


def pair(one, other, metric="throughput_mbps", **columns):
    """Config2 and config1 of these throughputs, both behind a link."""
    cells = [(scattered(one), "config2"), (scattered(other, seed=2), "config1")]
    return table(*(cell(v, p, **{**SHAPED, **columns}) for v, p in cells))


def only(blocks, *parts, tables=None):
    (row,) = judged(blocks, *parts, tables=tables).to_dict("records")
    return row


def test_two_cells_that_meet_the_link_decide_nothing_and_the_reason_says_what_to_do():
    row = only(pair(PAYLOAD, 0.97 * PAYLOAD), part(expect="equal", margin_percent=10))
    said = f"both cells meet {LINK}; take a smaller size or link_mbps: null"
    assert (row["part_verdict"], row["missing"]) == ("open", said)
    stated = only(pair(PAYLOAD, PAYLOAD, link="stated"), part())
    assert stated["missing"] == f"both cells meet {LINK}; take a smaller size"


@pytest.mark.parametrize(
    ("one", "other", "expect", "margin", "verdict", "bound"),
    [
        # The second could be faster still: the first is at most so much of it.
        (0.5, 1, "lower", 25, "supported", "at most"),
        (0.5, 1, "higher", 0, "contradicted", "at most"),
        (0.5, 1, "equal", 10, "contradicted", "at most"),
        (0.9, 1, "lower", 25, "open", "at most"),  # without a link: contradicted
        (0.9, 1, "equal", 20, "open", "at most"),  # without a link: supported
        # The first could be faster still: it is at least so much of the second.
        (1, 0.5, "higher", 25, "supported", "at least"),
        (1, 0.5, "lower", 0, "contradicted", "at least"),
        (1, 0.9, "higher", 25, "open", "at least"),
    ],
)
def test_one_cell_that_meets_the_link_makes_the_effect_a_bound(
    one, other, expect, margin, verdict, bound
):
    asked = part(expect=expect, margin_percent=margin)
    row = only(pair(one * PAYLOAD, other * PAYLOAD), asked)
    assert (row["part_verdict"], row["bound"]) == (verdict, bound)
    assert pd.isna(row["low_percent"]) == (bound == "at most")
    assert pd.isna(row["high_percent"]) == (bound == "at least")
    assert (LINK in row["missing"]) == (verdict == "open")


@pytest.mark.parametrize("against", [500, {"pinning": "config1"}])
def test_the_cpu_time_of_a_cell_that_meets_the_link_is_the_links(against):
    blocks = pair(PAYLOAD, 0.5 * PAYLOAD, sender_domain_cpu_percent=80.0)
    blocks.loc[blocks["pinning"] == "config1", "sender_domain_cpu_percent"] = 20.0
    row = only(blocks, part(metric="sender_domain_cpu_percent", expect="higher", against=against))
    assert row["part_verdict"] == "open" and f"{LINK}, which sets its CPU time" in row["missing"]


@pytest.mark.parametrize("quantity", ["knee", "swing"])
def test_the_shape_of_a_curve_that_meets_the_link_is_the_links(quantity):
    rows = [
        cell(scattered(h * PAYLOAD), p, size=2**n, **SHAPED)
        for p in ("config1", "config2")
        for n, h in enumerate((0.1, 0.2, 0.4, 0.6, 0.7, 1, 1, 1, 1), start=6)
    ]
    asked = part(quantity=quantity, against=None if quantity == "swing" else {"pinning": "config1"})
    row = only(table(*rows), asked)
    assert row["part_verdict"] == "open" and f"a cell of the curve meets {LINK}" in row["missing"]


def curve(*means, **columns):
    return table(*(cell(scattered(m, seed=n), "config2", size=2**n, **columns)
                   for n, m in enumerate(means)))  # fmt: skip


@pytest.mark.parametrize(
    ("means", "verdict", "missing"),
    [
        ((10, 20, 40, 80, 100, 60, 60, 60), "supported", ""),
        ((10, 20, 40, 80, 100, 60, 60), "open", "a swing needs 8 message sizes; the curve has 7"),
        ((10, 20, 30, 40, 50, 60, 70, 80), "open", "the curve falls nowhere, so it has no swing"),
        ((10, 20, 40, 80, 100, 97, 97, 97), "contradicted", ""),
    ],
)
def test_a_swing_is_a_fall_and_needs_eight_sizes(means, verdict, missing):
    row = only(curve(*means), part(quantity="swing", against=None, margin_percent=10))
    assert (row["part_verdict"], row["missing"]) == (verdict, missing)


def test_a_knee_on_seven_sizes_is_open():
    blocks = pd.concat(
        [curve(*range(10, 80, 10)), curve(*range(10, 80, 10)).assign(pinning="config1")]
    )
    row = only(blocks, part(quantity="knee", expect="higher"))
    assert row["missing"] == "a knee needs 8 message sizes; the curve has 7"


def pingpong(*latencies):
    labels = {"testbed": "netns", "pinning": "p", "stack": "mpich", "program": "x", "load": "ep"}
    return pd.DataFrame(
        [
            {**labels, "message_bytes": 2**n, "block": b, "latency_us": latency * f, "status": "ok"}
            for n, latency in enumerate(latencies)
            for b, f in enumerate((0.99, 1.0, 1.01, 1.0), start=1)
        ]
    )


@pytest.mark.parametrize(
    ("step", "kind", "verdict"),
    [(8, "step", "open"), (16, "step", "open"), (8, "bump", "supported"), (2, "step", "supported")],
)
def test_an_excess_at_a_step_of_the_curve_is_that_of_the_step(step, kind, verdict):
    found = pd.DataFrame([{"testbed": "netns", "pinning": "p", "stack": "mpich", "program": "x",
                           "load": "ep", "message_bytes": step, "kind": kind}])  # fmt: skip
    asked = part(table="pingpong", metric="latency_us", quantity="excess", message_bytes=8,
                 where={}, of={"stack": "mpich"}, against=None, expect="higher")  # fmt: skip
    beside = {"pingpong": pingpong(1, 2, 4, 16, 16, 32), "anomalies": found}
    row = only(table(cell([1.0])), asked, tables=beside)
    assert row["part_verdict"] == verdict
    assert (f"a step at {step} bytes, not a bump" in row["missing"]) == (verdict == "open")


def shares(**images):
    return pd.DataFrame(
        [
            {"testbed": "xen", "app": "netperf", "image": image, "block": block, "percent": percent}
            for image, percents in images.items()
            for block, percent in enumerate(percents, start=1)
        ]
    )


def share(profile, **given):
    asked = {"table": "profile", "metric": "percent", "where": {}, "against": 80, **given}
    return only(
        table(cell([1.0])), part(**{"expect": "higher", **asked}), tables={"profile": profile}
    )


def test_a_sum_of_images_needs_them_all_and_of_alternatives_one():
    parts = ["vmlinux", "xen", ["netbk", "netback"]]
    three = {"vmlinux": (40, 41, 42), "xen": (30, 30, 30), "netback": (20, 21, 20)}
    whole = share(shares(**three), of={"image": parts})
    assert (whole["part_verdict"], whole["missing"]) == ("supported", "")
    one = share(shares(vmlinux=(98, 99, 100)), of={"image": parts})
    assert (one["part_verdict"], one["missing"]) == (
        "open",
        "lacks image xen, netbk|netback of the sum",
    )


@pytest.mark.parametrize(
    ("percents", "verdict", "missing"),
    [
        ((99.9, 100, 100), "open", "a share of 100 % cannot be too high"),
        ((95.9, 96, 96.1), "supported", ""),
        ((70, 71, 72), "contradicted", ""),
    ],
)
def test_a_share_at_its_limit_cannot_show_that_it_is_equal_to_less(percents, verdict, missing):
    found = share(
        shares(vmlinux=percents), of={"image": "vmlinux"}, against=95.7, expect="equal",
        margin_percent=5,
    )  # fmt: skip
    assert (found["part_verdict"], found["missing"]) == (verdict, missing)


def test_cells_all_of_whose_blocks_were_disturbed_decide_nothing():
    blocks = table(cell(scattered(400), "config2", status="disturbed"), cell(scattered(700)))
    row = only(blocks, part())
    assert (row["part_verdict"], row["missing"]) == ("open", "all blocks of a cell were disturbed")
    blocks.loc[0, "status"] = "ok"
    row = only(blocks, part())
    assert (row["part_verdict"], row["doubtful"], row["why"]) == ("supported", 4, "disturbed")


@pytest.mark.parametrize(
    ("column", "several"), [("host", "hosts"), ("kernel", "kernels"), ("tools", "tools")]
)
def test_cells_of_several_origins_decide_nothing(column, several):
    blocks = table(cell(scattered(400), "config2"), cell(scattered(700)))
    blocks[column] = "one"
    assert only(blocks, part())["part_verdict"] == "supported"
    blocks.loc[0, column] = "other"
    row = only(blocks, part())
    assert (row["part_verdict"], row["why"]) == ("open", f"several {several}")
    assert row["missing"] == f"blocks of one cell are from several {several}; measure it on one"


@pytest.mark.parametrize(
    ("testbed", "platform", "words"),
    [
        ("xen", "Xen 3.0.3", ("supported", "contradicted")),
        ("xen", "Xen 4.17.7, emulated by QEMU", ("agrees here", "differs here")),
        ("netns", "network namespaces on one host", ("agrees here", "differs here")),
        ("native", "plain processes on one host", ("agrees here", "differs here")),
    ],
)
def test_only_the_platform_that_a_claim_is_about_carries_strong_words(testbed, platform, words):
    where = {"testbed": testbed, "platform": platform}
    blocks = table(cell(scattered(400), "config2", **where), cell(scattered(700), **where))
    parts = [{**claims_file.DEFAULTS, **part(expect=expect)} for expect in ("lower", "higher")]
    for asked, word in zip(parts, words, strict=True):
        for about, said in ("xen", word), (None, ("supported", "contradicted")[words.index(word)]):
            claim = {"mine": {"states": "x", "about": about, "parts": [asked]}}
            found = claims.judge(claim, {"netperf": blocks})
            assert found["part_verdict"].item() == found["verdict"].item() == said
            assert found["about"].item() == about


def test_a_doubtful_cell_is_judged_by_its_median():
    spoilt = [*scattered(400, 11), 4000.0]
    blocks = table(cell(spoilt, "config2", status="ok"), cell(scattered(700, 12)))
    blocks.loc[11, "status"] = "disturbed"
    row = only(blocks, part(margin_percent=25))
    assert row["effect_percent"] == pytest.approx(-43, abs=1) and row["part_verdict"] == "supported"


@pytest.mark.parametrize("parts", [1, 4])
def test_contradictions_do_not_add_up_over_the_parts_of_a_claim(parts):
    """A claim on the border of truth is contradicted in 2.5 % of campaigns, however many parts."""
    chance = np.random.default_rng(parts)
    level = claims.level_of(parts)
    found = []
    for _ in range(400):
        sides = [chance.normal(100, 5, (2, 5)) for _ in range(parts)]
        judged = [
            effects.judge(effects.ratio(*pair), "lower", 0, effects.ratio(*pair, level))
            for pair in sides
        ]
        found.append("contradicted" in judged)
    assert np.mean(found) < 0.045


def test_what_contradicts_a_part_alone_may_not_contradict_it_among_others():
    blocks = table(cell(scattered(104.5, 5, 2), "config2"), cell(scattered(100, 5, 2, seed=2)))
    alone = judged(blocks, part())
    assert list(alone["verdict"]) == ["contradicted"]
    among = judged(blocks, part(), part(), part())
    assert set(among["verdict"]) == {"open"}
    assert set(among["missing"]) == {
        "needs more blocks: contradicted as the only part, not as one of several"
    }
