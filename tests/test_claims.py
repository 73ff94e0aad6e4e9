"""Claims held against made-up tables."""

import numpy as np
import pandas as pd
import pytest
from blocks import cell, scattered, table
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf import claims as reader
from vcperf import config
from vcperf.analysis import claims, effects, shapes
from vcperf.analysis.effects import Effect
from vcperf.figures import claims as figure
from vcperf.figures import curves

CAMPAIGN = config.read_yaml(ROOT / "config/config.yaml")
BLOCKS = st.lists(st.floats(1, 1e4), min_size=2, max_size=8)


def part(**given):
    base = {
        "says": "same CPU against other",
        "metric": "throughput_mbps",
        "where": {"path": "vc00->c010"},
        "of": {"pinning": "config2"},
        "against": {"pinning": "config1"},
        "expect": "lower",
    }
    merged = {**base, **given}
    return {key: value for key, value in merged.items() if value is not None}


def judged(blocks, *parts, tables=None):
    described = {"mine": {"states": "a claim", "parts": [{**reader.DEFAULTS, **p} for p in parts]}}
    return claims.judge(described, {"netperf": blocks, **(tables or {})})


def two(one, other, count=5, percent=1.0):
    """Config2 and config1, of these means."""
    return table(
        cell(scattered(one, count, percent), "config2", shared_cpus="yes"),
        cell(scattered(other, count, percent, seed=2), "config1"),
    )


# --- effects ---


def test_ratio_agrees_with_fiellers_interval():
    one, other = np.array(scattered(50, 8, 3)), np.array(scattered(100, 8, 3, seed=2))
    found = effects.ratio(one, other)
    # Fieller (1954), with the degrees of freedom that Welch gives, near 14.
    t = 2.1448
    a, b = one.var(ddof=1) / 8, other.var(ddof=1) / 8
    x, y = one.mean(), other.mean()
    g = t**2 * b / y**2
    middle, half = x / y, t / y * np.sqrt(a * (1 - g) + x**2 / y**2 * b)
    assert found.percent == pytest.approx(-50)
    assert found.low == pytest.approx(100 * ((middle - half) / (1 - g) - 1), abs=0.1)
    assert found.high == pytest.approx(100 * ((middle + half) / (1 - g) - 1), abs=0.1)


@pytest.mark.parametrize(("one", "other", "percent"), [(3, 3, 5), (10, 3, 2), (5, 5, 15)])
def test_ratios_interval_covers(one, other, percent):
    chance = np.random.default_rng(1)
    hits = 0
    for _ in range(1000):
        a, b = chance.normal(80, 0.8 * percent, one), chance.normal(100, percent, other)
        found = effects.ratio(a, b)
        hits += found.low <= -20 <= found.high
    assert hits / 1000 > 0.935


@given(BLOCKS, BLOCKS)
def test_a_ratio_turned_round_is_its_inverse(one, other):
    there, back = effects.ratio(one, other), effects.ratio(other, one)
    assert (1 + there.percent / 100) * (1 + back.percent / 100) == pytest.approx(1)
    assert (1 + there.low / 100) * (1 + back.high / 100) == pytest.approx(1, rel=1e-6)
    assert there.low <= there.percent <= there.high


@given(BLOCKS, BLOCKS, st.floats(0.01, 100))
def test_a_ratio_does_not_depend_on_the_unit(one, other, factor):
    scaled = effects.ratio([v * factor for v in one], [v * factor for v in other])
    assert scaled.percent == pytest.approx(effects.ratio(one, other).percent, abs=1e-6)


def test_what_moves_both_metrics_of_a_block_does_not_blur_their_ratio():
    common = np.array([1, 2, 1, 3, 1.5])
    one, other = 12 * common * [1, 1.01, 0.99, 1, 1], 10 * common
    paired, apart = effects.paired_ratio(one, other), effects.ratio(one, other)
    assert paired.percent == pytest.approx(20, abs=0.5)
    assert paired.high - paired.low < (apart.high - apart.low) / 20


@pytest.mark.parametrize(
    ("effect", "expect", "margin", "verdict"),
    [
        (Effect(-40, -45, -35), "lower", 0, "supported"),
        (Effect(-40, -45, -35), "lower", 30, "supported"),
        (Effect(-40, -45, -35), "lower", 40, "open"),
        (Effect(-40, -45, -35), "lower", 50, "contradicted"),
        (Effect(-5, -11, 1), "lower", 0, "open"),
        (Effect(5, 1, 9), "lower", 0, "contradicted"),
        (Effect(5, 1, 9), "higher", 0, "supported"),
        (Effect(5, -1, 11), "higher", 0, "open"),
        (Effect(5, 1, 9), "higher", 20, "contradicted"),
        (Effect(1, -3, 5), "equal", 10, "supported"),
        (Effect(1, -13, 15), "equal", 10, "open"),  # no difference shown is not equality
        (Effect(8, 4, 12), "equal", 10, "open"),
        (Effect(20, 12, 28), "equal", 10, "contradicted"),
        (Effect(-20, -28, -12), "equal", 10, "contradicted"),
        (Effect(-40, np.nan, np.nan), "lower", 0, "open"),
    ],
)
def test_judge(effect, expect, margin, verdict):
    assert effects.judge(effect, expect, margin) == verdict


# --- claims ---


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


def test_against_a_number():
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
                labels = {"testbed": "netns", "pinning": "config2", "path": "c000->c010"}
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
    found = reader.read(str(ROOT / "config/claims.yaml"), CAMPAIGN)
    tables = {"profile": profile, "netperf": two(4, 7)}
    rows = claims.judge({"claim10": found["claim10"]}, tables)
    assert list(rows["part_verdict"]) == verdicts, list(rows["missing"])
    assert set(rows["verdict"]) == {claims.overall(verdicts)}


def curve(*means, percent=1.0):
    return {
        2**index: np.array(scattered(mean, 5, percent, seed=index))
        for index, mean in enumerate(means)
    }


def test_a_peak_reached_later_is_told():
    found = shapes.later(curve(10, 50, 80, 100, 99), curve(50, 95, 100, 99, 100))
    assert (found.percent, found.low, found.high) == (300, 300, 300)
    unsure = shapes.later(curve(50, 90, 100, percent=4), curve(50, 90, 100, percent=4))
    assert unsure.low < 0 < unsure.high


def test_a_fall_is_told_from_noise():
    assert shapes.swing(curve(50, 100, 60, 90)).percent == pytest.approx(-40, abs=0.1)
    assert shapes.swing(curve(50, 100, 60, 90)).high < -30
    assert shapes.swing(curve(10, 20, 30)).low > 0
    falls = 0
    chance = np.random.default_rng(1)
    for _ in range(300):
        flat = {2**index: chance.normal(100, 5, 3) for index in range(5)}
        falls += shapes.swing(flat).high < 0
    assert falls / 300 < 0.06


def test_a_bump_is_held_against_the_line_between_its_neighbours():
    line = {size: np.array([size**0.5 * f for f in (0.99, 1, 1.01)]) for size in (8, 64, 256)}
    assert shapes.excess(line, 64).percent == pytest.approx(0, abs=1e-6)
    bump = {**line, 64: 2 * line[64]}
    found = shapes.excess(bump, 64)
    assert found.percent == pytest.approx(100) and 80 < found.low < 100 < found.high
    assert shapes.excess(line, 8) is None and shapes.excess(line, 32) is None


def test_the_figure_says_verdict_effect_thesis_and_what_is_lacking(tmp_path):
    lacking = part(where={"path": "c000->c010"}, says="lacking")
    made = judged(two(400, 700), part(thesis_percent=-42.85), lacking)
    made.to_csv(tmp_path / "claims.csv", index=False)
    drawing = figure.draw(pd.read_csv(tmp_path / "claims.csv"))
    curves.save(drawing, str(tmp_path / "c.svg"), str(tmp_path / "c.png"))
    text = (tmp_path / "c.svg").read_text()
    for words in ("mine: a claim", "supported: -42.9 % (thesis -42.9 %)", ">open<", "netns"):
        assert words in text, words
    assert "lacks throughput_mbps of path c000-" in text


def test_the_figure_of_claims_that_are_all_open(tmp_path):
    judged(two(4, 7), part(table="profile")).to_csv(tmp_path / "claims.csv", index=False)
    axes = figure.draw(pd.read_csv(tmp_path / "claims.csv")).axes[0]
    assert axes.get_title(loc="right") == "nothing measured"
