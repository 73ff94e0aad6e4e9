"""Tables, differences and costs of profiles: known intervals, coverage, real reports."""

import csv
import io
import random

import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.analysis import profiles
from vcperf.errors import VcperfError
from vcperf.tools import oprofile, perf

NAMES = [(name,) for name in "abcdefghij"]
COUNTS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 10**6), min_size=1)


def row(image, samples, **others):
    empty = dict.fromkeys(("domain", "app", "symbol", "percent"))
    return {"event": "cycles", **empty, "image": image, "samples": samples, **others}


def thesis(profile, app):
    with (ROOT / "config/reference/thesis-profiles.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["profile"] == profile]
    return {(r["image"],): int(float(r["samples"])) for r in rows if r["app"] == app}


@given(COUNTS)
def test_percents_add_up_to_100(sums):
    table = profiles.table([row(name, samples) for (name,), samples in sums.items()])
    if not any(sums.values()):
        assert table == []
        return
    assert round(sum(each["percent"] for each in table), 6) == 100
    for each in table:
        exact = 100 * each["samples"] / sum(sums.values())
        assert abs(each["percent"] - exact) <= 0.0101
        assert each["percent_low"] <= exact + 1e-9 and exact - 1e-9 <= each["percent_high"]
    assert [each["samples"] for each in table] == sorted(filter(None, sums.values()), reverse=True)


def test_the_tables_of_a_real_profile_add_up():
    stream = io.BytesIO((ROOT / "tests/data/perf/netperf.txt").read_bytes())
    rows = perf.read(stream).rows
    images = profiles.table(rows)
    assert images[0]["image"] == "[kernel.kallsyms]"
    inside = profiles.table(rows, where={"app": "netserver"})
    assert sum(each["samples"] for each in inside) < sum(each["samples"] for each in images)
    assert round(sum(each["percent"] for each in inside), 6) == 100
    symbols = profiles.table(rows, by=("image", "symbol"))
    assert sum(each["samples"] for each in symbols) == sum(each["samples"] for each in images)
    assert symbols[-1]["too_few"] and not images[0]["too_few"]


def test_an_application_is_counted_by_its_images_alone():
    text = (ROOT / "tests/data/oprofile/applications.txt").read_text()
    sums = profiles.counts(oprofile.parse(text), by=("app", "image"))
    assert sums == {
        ("netperf", "vmlinux"): 4968415,
        ("netperf", "xen-syms-2.6.18-92.1.13.el5"): 3048907,
        ("bash", "bash"): 74,
    }


def test_samples_of_two_events_are_not_added():
    rows = [row("a", 1), row("a", 2, event="misses")]
    with pytest.raises(VcperfError, match="several events"):
        profiles.table(rows)
    assert profiles.counts(rows, where={"event": "misses"}) == {("a",): 2}
    with pytest.raises(VcperfError, match="lacks the app"):
        profiles.table(rows[:1], by=("app",))


@pytest.mark.parametrize(
    ("samples", "low", "high"),
    [(0, 0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (100, 81.364, 121.627)],
)
def test_the_interval_of_a_count_is_garwoods(samples, low, high):
    assert profiles.count_interval(samples) == pytest.approx((low, high), abs=1e-3)


@pytest.mark.parametrize(
    ("samples", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_share_is_wilsons(samples, total, low, high):
    """Against table I of Newcombe, Statistics in Medicine 17:857 (1998), method 3."""
    assert profiles.share_interval(samples, total) == pytest.approx((low, high), abs=1e-4)


def test_the_difference_of_shares_is_newcombes():
    """Against table II of Newcombe, Statistics in Medicine 17:873 (1998), method 10:
    56/70 less 48/80."""
    found = profiles.difference({("a",): 48, ("b",): 32}, {("a",): 56, ("b",): 14})
    share = next(each for each in found["shares"] if each["name"] == ("a",))
    assert (share["low"], share["high"]) == pytest.approx((5.24, 33.39), abs=0.01)


@given(COUNTS, COUNTS, st.floats(0.01, 100))
def test_differences_add_up_and_change_sign_when_turned_round(first, second, scale):
    if not sum(first.values()) or not sum(second.values()):
        with pytest.raises(VcperfError, match="no samples"):
            profiles.difference(first, second)
        return
    found = profiles.difference(first, second, second_scale=scale)
    back = profiles.difference(second, first, first_scale=scale)
    whole = found["total"]["difference"]
    tolerance = 1e-6 * (1 + found["total"]["first"] + found["total"]["second"])
    assert sum(each["difference"] for each in found["amounts"]) == pytest.approx(
        whole, abs=tolerance
    )
    assert sum(each["difference"] for each in found["shares"]) == pytest.approx(0, abs=1e-6)
    turned = {each["name"]: each for each in back["amounts"]}
    for each in found["amounts"]:
        assert each["low"] <= each["difference"] <= each["high"]
        other = turned[each["name"]]
        assert (other["low"], other["high"]) == pytest.approx((-each["high"], -each["low"]))
        assert other["explains"] == each["explains"]
        if each["explains"]:
            assert each["low"] > 0 or each["high"] < 0


def test_a_profile_does_not_differ_from_itself():
    sums = {("a",): 100, ("b",): 5}
    found = profiles.difference(sums, sums)
    for what in ("amounts", "shares"):
        assert found["verdict"][what].startswith("nothing explains it: of 2 names")
        assert not any(each["explains"] for each in found[what])


def test_of_many_names_chance_explains_few():
    """Profiles of one distribution: of 200 pairs with 10 names each, at most some 5 % may
    name anything; without the adjustment it would be some 40 %."""
    draw = random.Random(3)
    weights = [50, 20, 10, 5, 5, 4, 3, 1, 1, 1]
    named = plain = 0
    for _ in range(200):
        pair = [dict.fromkeys(NAMES, 0) for _ in range(2)]
        for sums in pair:
            for name in draw.choices(NAMES, weights, k=2000):
                sums[name] += 1
        shares = profiles.difference(*pair)["shares"]
        named += any(each["explains"] for each in shares)
        plain += any(each["low"] > 0 or each["high"] < 0 for each in shares)
    assert named <= 20 < plain


def test_the_published_ping_pong_differs_in_amount_far_more_than_in_share():
    first, second = thesis("pingpong-a", "IMB-MPI1"), thesis("pingpong-b", "IMB-MPI1")
    found = profiles.difference(first, second)
    assert found["amounts"][0]["name"] == ("vmlinux",)
    assert found["amounts"][0]["of_total"] == pytest.approx(0.569, abs=1e-3)
    largest = found["shares"][0]
    assert largest["name"] == ("xen-syms",) and largest["explains"]
    assert "6 of 6 names" in found["verdict"]["shares"]


def test_a_megabyte_costs_its_samples_in_nanoseconds():
    sums = {("vc00", "vmlinux"): 400, ("c000", "netfront"): 5}
    rows = profiles.cost(sums, sample_ns=1e6, bytes_moved=10**9)
    assert [(each["name"], each["ns_per_megabyte"], each["too_few"]) for each in rows] == [
        (("vc00", "vmlinux"), 400_000, False),
        (("c000", "netfront"), 5_000, True),
        (None, 405_000, False),
    ]
    assert (rows[1]["low"], rows[1]["high"]) == pytest.approx((1623.5, 11668.3), abs=0.1)
    for wrong in ({"bytes_moved": 0, "sample_ns": 1}, {"bytes_moved": 1, "sample_ns": 0}):
        with pytest.raises(VcperfError, match="above 0"):
            profiles.cost(sums, **wrong)


def test_scales_must_mean_something():
    for scale in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(VcperfError, match="scales"):
            profiles.difference({("a",): 1}, {("a",): 1}, first_scale=scale)
