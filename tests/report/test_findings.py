"""What a campaign found, in sentences."""

import pandas as pd
import pytest
from helpers.blocks import cell, scattered, table
from helpers.claims import judged, part

from vcperf.analysis import overhead, pinnings, summary
from vcperf.report.findings import find
from vcperf.tables import plan

HOST = {"host": "h1", "kernel": "6.1", "tools": "netperf 1 bytes"}


def campaign(*cells, planned=None, **more):
    """The tables of a campaign of netperf, of cells of `helpers.blocks.cell`."""
    blocks = table(*cells)
    rows = blocks.reindex(columns=plan.COLUMNS).assign(kind="netperf", stopping="fixed")
    rows = pd.concat([rows, *[rows.head(1)] * ((planned or len(rows)) - len(rows))])
    return {
        "plan": rows,
        "netperf": blocks,
        "netperf_summary": summary.summarise(blocks, 2.5),
        "pinnings": pinnings.differences(blocks, 2.5),
        **more,
    }


def two(one=100, other=200, count=5, percent=1.0, **columns):
    return (
        cell(scattered(one, count, percent), "config1", **HOST, **columns),
        cell(scattered(other, count, percent, seed=2), "config2", **HOST, **columns),
    )


def test_what_was_measured_where_and_when():
    assert find(campaign(*two())).measured == (
        "10 blocks on Linux 6.1 in network namespaces (netns)",
        "netperf: 10 blocks in 2 cells; pinnings config1, config2; path vc00->c010",
        "host h1, kernel 6.1",
        "measured from 2026-01-01 00:01 to 2026-01-01 00:05 UTC",
    )


def test_the_largest_difference_stands_for_all_and_each_path_has_its_ranking():
    cells = (
        *two(100, 200),
        *two(100, 130, size=64),
        *two(100, 101, percent=5, size=1),
        *two(50, 10, path="vc00->c000"),
    )
    first, *paths = find(campaign(*cells)).differences
    assert first.startswith(
        "largest difference between pinnings: config2 against config1 -80 % (-8"
    )
    assert first.endswith(", vc00->c000 TCP_STREAM (netns), 1024 bytes")
    assert len(paths) == 2
    assert paths[0].startswith("vc00->c010 TCP_STREAM (netns): config2 against config1 +100 % (+9")
    assert " at 1024 bytes; config2 against config1 +30 % (+2" in paths[0]
    assert paths[0].endswith(" at 64 bytes; 1 of 3 comparisons not distinguishable")


def test_a_difference_on_the_baseline_is_not_the_one_that_stands_for_all():
    cells = (*two(100, 400, testbed="native"), *two(100, 130))
    rows = overhead.overhead(table(*cells))
    assert (
        find(campaign(*cells, overhead=rows))
        .differences[0]
        .endswith(", vc00->c010 TCP_STREAM (netns), 1024 bytes")
    )


def test_a_block_of_several_message_sizes_is_one_block():
    rows = [
        {
            **{"testbed": "netns", "pinning": "config2", "path": "c000->c010", "stack": "mpich"},
            **{"program": "pingpong", "load": "ep", "message_bytes": size, "block": block},
            **{"status": "ok", "platform": "here", "started": None, **HOST},
        }
        for size in (1, 64, 512)
        for block in (1, 2)
    ]
    assert find({"pingpong": table(rows)}).measured[:2] == (
        "2 blocks on here (netns)",
        "pingpong: 2 blocks in 1 cell; pinning config2; path c000->c010; MPI stack mpich",
    )


def test_pinnings_that_do_not_differ_are_said_so():
    first, path = find(campaign(*two(100, 101, percent=20))).differences
    assert first == (
        "no pinning differs from another: 1 comparison, none distinguishable from chance"
    )
    assert path.endswith(": 1 of 1 comparison not distinguishable")


def test_cells_that_meet_the_link_are_no_difference():
    cells = two(meets_link="yes", link="shaped", link_mbps=210.0)
    assert find(campaign(*cells)).differences[-1] == (
        "vc00->c010 TCP_STREAM (netns): 1 limited by the link under both pinnings"
    )


def test_verdicts_have_the_numbers_that_decided_them():
    claims = judged(
        table(*two(100, 50)), part(margin_percent=25, thesis_percent=-42.85), part(expect="higher")
    )
    counts, one = find(campaign(*two(), claims=claims)).verdicts
    assert counts == "of 1 claim: 1 contradicted"
    assert one.startswith("mine contradicted: a claim (same CPU against other: -50 % (-5")
    assert one.endswith("%))")


def test_several_verdicts_of_one_kind_are_counted_in_a_sentence():
    one = judged(table(*two(100, 50)), part(expect="higher")).assign(about="xen")
    one = one.assign(verdict="differs here")
    claims = pd.concat([one.assign(claim=name) for name in ("first", "second")])
    claims = pd.concat([claims, one.assign(claim="third", verdict="agrees here")])
    counts, *_ = find(campaign(*two(), claims=claims)).verdicts
    assert counts == "of 3 claims (they are about xen): 1 agrees here, 2 differ here"


def test_an_open_claim_says_what_it_lacks():
    claims = judged(table(*two(100, 50)), part(of={"pinning": "config9"}))
    tables = campaign(*two(), claims=claims)
    assert "not measured; lacks throughput_mbps of " in find(tables).verdicts[1]


def test_a_baseline_is_said_with_its_extremes():
    rows = overhead.overhead(
        table(
            *(cell(scattered(100), size=s, testbed="native", **HOST) for s in (1, 2, 3)),
            *(cell(scattered(v), size=s, **HOST) for s, v in ((1, 40), (2, 100), (3, 300))),
        )
    )
    (line,) = find(campaign(*two(), overhead=rows)).verdicts
    assert line.startswith("netns against native: less in 1 of 3 cells (most: -60 %, -6")
    assert "config1 vc00->c010 TCP_STREAM, 1 byte), more in 1 (most: +200 %" in line
    assert line.endswith("not distinguishable in 1; each by its own 95 % interval")


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (campaign(*two(), planned=12), "2 of 12 blocks are missing"),
        (campaign(*two(status="disturbed")), "10 of 10 blocks disturbed: other programs or the"),
        (campaign(*two(status="overran")), "10 of 10 blocks overran"),
        (campaign(*two(shared_cpus="yes")), "nodes share CPUs: what one node does slows the other"),
        (campaign(*two(throttled="yes")), "the CPU was throttled (10 of 10 blocks)"),
        (campaign(*two(platform="Xen, emulated by QEMU")), "CPUs are emulated (Xen, emulated by"),
        (campaign(cell([1.0, 1.0, 2.0, 2.0] * 2, **HOST)), "netperf: 1 of 1 row unstable"),
        (campaign(*two(count=1)), "netperf: 2 of 2 rows of one block: no interval"),
        (campaign(*two()), "netperf: intervals of 2 of 2 rows assume that blocks are independent"),
        (
            campaign(*two(), overhead=pd.DataFrame({"settings_differ": ["net.mtu a"], **{
                name: [1.0] for name in ("ratio", "ratio_low", "ratio_high")},
                "testbed": ["netns"], "baseline": ["native"]})),
            "settings of the baseline differ: a, net.mtu",
        ),
    ],
    ids="missing disturbed overran shared throttled emulated unstable one few settings".split(),
)  # fmt: skip
def test_what_is_doubtful_is_said(tables, said):
    assert any(line.startswith(said) for line in find(tables).doubts), find(tables).doubts


def test_a_sound_campaign_leaves_no_doubt_and_needs_no_advice():
    tables = campaign(*two(count=10, percent=0.5))
    assert find(tables).doubts == () and find(tables).advice == ()


def test_advice_says_how_many_blocks_make_intervals_tight():
    converge, more = find(campaign(*two(count=8, percent=8))).advice
    assert converge.endswith("within 2.5 % of its mean; now 2 of 2 cells are not")
    assert more.startswith("`blocks: ") and int(more.split("`")[1].split()[1]) in range(40, 90)


def test_missing_and_disturbed_blocks_come_first():
    tables = campaign(*two(status="disturbed"), planned=12)
    assert find(tables).doubts[0] == "2 of 12 blocks are missing"
    assert find(tables).advice[:2] == (
        "run the same command again: it measures only the blocks that are missing",
        "stop other programs on the hosts and delete results/raw, then run again",
    )


def test_an_anomaly_and_a_difference_of_profiles_are_said():
    anomalies = pd.DataFrame(
        [{"testbed": "netns", "pinning": "config1", "stack": "mpich", "program": "pingpong",
          "load": "ep", "message_bytes": 16384, "excess_percent": 45.0, "low": 21.0, "high": 73.0,
          "kind": "bump"}]
    )  # fmt: skip
    differences = pd.DataFrame(
        [{"by": "image", "unit": "samples", "rank": 1, "first": "config1", "second": "config2",
          "path": "vc00->c000", "verdict": "vmlinux: 1 of 9 names differ by more than chance"}]
    )  # fmt: skip
    found = find({"anomalies": anomalies, "profile_differences": differences}).differences
    assert found == (
        "latency of config1 mpich pingpong, load ep: at 16384 bytes +45 % (+21 % to +73 %)"
        " above its curve",
        "profiles, config2 against config1, vc00->c000: vmlinux: 1 of 9 names differ by more than"
        " chance",
    )


def test_no_tables_are_no_findings():
    assert find({}).measured == ("nothing was measured of 0 blocks",)
    assert find({}).doubts == find({}).advice == find({}).differences == find({}).verdicts == ()
