"""The parsers of EP's output: properties that no output may break."""

import re

import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.errors import VcperfError
from vcperf.tools import ep, ep_load
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/ep"
OUTPUTS = [file for file in sorted(DATA.glob("*.txt")) if not file.name.startswith("repeat-")]
SOUND = [file for file in OUTPUTS if file.with_suffix(".csv").exists()]
REPEATS = sorted(DATA.glob("repeat-*.txt"))


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_output_cut_anywhere_is_refused_or_gives_the_same_rows(file):
    text = file.read_text()
    whole = ep.parse(text)
    for cut in range(0, len(text), 3):
        try:
            rows = ep.parse(text[:cut])
        except Untrusted:
            continue
        assert rows == whole[: len(rows)] and text[cut - 1] == "\n"


NEEDED = "No. Gaussian|Sums|Class|Time in|Total (?:proc|thr)|Mop/s total|Verification|  [0-9] "


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_a_line_that_is_missing_or_there_twice_is_noticed(file):
    lines = file.read_text().splitlines(keepends=True)
    for at, line in enumerate(lines):
        if re.match(f" ?(?:{NEEDED})", line):
            for damaged in (lines[:at] + lines[at + 1 :], [*lines[:at], line, *lines[at:]]):
                with pytest.raises(Untrusted):
                    ep.parse("".join(damaged))


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
@pytest.mark.parametrize("garble", "#\x00\u0663")
def test_a_character_that_is_none_of_its_own_changes_no_figure(file, garble):
    text = file.read_text()
    whole = ep.parse(text)
    for at in range(text.index("EP Benchmark Results"), text.index("Operation type"), 2):
        try:
            rows = ep.parse(text[:at] + garble + text[at + 1 :])
        except Untrusted:
            continue
        assert rows == whole


CLASSES = {"S": 24, "W": 25, "A": 28, "B": 30}


@given(
    st.sampled_from(sorted(CLASSES)),
    st.integers(1, 4096),
    st.integers(1, 10**7).map(lambda number: number / 100),
    st.lists(st.integers(0, 10**9), min_size=10, max_size=10),
    st.sampled_from(["SUCCESSFUL", "UNSUCCESSFUL", "NOT PERFORMED"]),
    st.sampled_from("DE"),
)
def test_a_report_reads_back(size, processes, time_s, counts, verification, exponent):
    log_pairs = CLASSES[size]
    mops = round(2.0 ** (log_pairs + 1) / time_s / 1e6, 2)
    sums = [f"{value:25.15E}".replace("E", exponent) for value in ep._SUMS[size]]
    report = f"EP Benchmark Results:\n\nCPU Time ={time_s:10.4f}\nN = 2^{log_pairs:5d}\n"
    report += f"No. Gaussian Pairs ={sum(counts):14d}.\nSums = {sums[0]}{sums[1]}\nCounts:\n"
    report += "".join(f"{at:3d}{count:14d}.\n" for at, count in enumerate(counts))
    report += f"\n\n EP Benchmark Completed.\n Class           = {size:>24}\n"
    report += f" Time in seconds = {time_s:24.2f}\n Total processes = {processes:24d}\n"
    report += f" Mop/s total     = {mops:24.2f}\n Mop/s/process   = {mops / processes:24.2f}\n"
    report += f" Verification    = {verification:>24}\n"
    verified = {"SUCCESSFUL": "yes", "UNSUCCESSFUL": "no", "NOT PERFORMED": "not performed"}
    sx, sy = ep._SUMS[size]
    expected = (size, processes, sum(counts), sx, sy, time_s, mops, verified[verification])
    assert ep.parse(report) == [dict(zip(ep.COLUMNS, expected, strict=True))]


@given(st.text() | st.text("0123456789.= \n").map("EP Benchmark Results:\nN = 2^24\n".__add__))
def test_any_text_is_read_or_refused_in_one_line(text):
    for parse in (ep.parse, lambda text: ep_load.parse(text, "repeat")):
        with pytest.raises(Untrusted) as reason:
            parse(text)
        assert "\n" not in str(reason.value)


# -- EP as a load --------------------------------------------------------------------------


@pytest.mark.parametrize("file", REPEATS, ids=lambda file: file.stem)
def test_steps_are_read_one_a_line(file):
    text = file.read_text()
    rows = ep_load.parse(text, "repeat")
    assert len(rows) == text.count("Mop/s") == ep_load.printed_steps(text, "repeat")
    assert {row["verified"] for row in rows} <= {"yes", None}
    assert {row["processes"] for row in rows} == {2}
    for row in rows:
        assert row["time_s"] > 0 and row["mops"] > 0


@pytest.mark.parametrize("file", REPEATS, ids=lambda file: file.stem)
def test_steps_cut_anywhere_are_fewer(file):
    """So is what has been read of a program under way; the line under way is no step yet."""
    text = file.read_text()
    whole = ep_load.parse(text, "repeat")
    for cut in range(len(text)):
        steps = ep_load.printed_steps(text[:cut], "repeat")
        if "\n" not in text[:cut]:
            continue
        assert ep_load.parse(text[:cut], "repeat") == whole[:steps]
        assert ep_load.parse(text, "repeat", steps) == whole[:steps]


STARTED = " EP repeat started: class S processes 2 at 1000.000000\n"
FIRST = " EP repeat 1: start 1000.000000 end 1001.000000 pairs 16777216 Mop/s 33.55 SUCCESSFUL\n"
SECOND = " EP repeat 2: start 1001.000000 end 1003.000000 pairs 16777216 Mop/s 16.78 UNSUCCESSFUL\n"
HALF = " EP repeat 1: start 1000.000000 end 1001.000000 pairs 8388608 Mop/s 16.78 UNFINISHED\n"
OTHER_HALF = (
    " EP repeat 2: start 1001.000000 end 1002.000000 pairs 8388608 Mop/s 16.78 SUCCESSFUL\n"
)
STOPPED = " EP repeat stopped: steps 2 at 1003.500000\n"


def verified(text):
    return [row["verified"] for row in ep_load.parse(text, "repeat")]


def test_a_load_that_ended_in_its_first_step_gives_no_row():
    assert verified(STARTED) == []
    assert verified(STARTED + FIRST + SECOND + STOPPED) == ["yes", "no"]


def test_a_run_in_two_steps_is_verified_at_its_end():
    assert verified(STARTED + HALF + OTHER_HALF + STOPPED) == [None, "yes"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "never started"),
        (FIRST, "expected 'EP repeat started'"),
        (STARTED + SECOND, "expected step 1, not 2"),
        (STARTED + FIRST + FIRST.replace(" 1:", " 2:"), "before the one above did"),
        (STARTED + FIRST.replace("33.55", "66.00"), "contradict"),
        (STARTED + FIRST.replace("1000.000000 end", "999.000000 end"), "before the one above"),
        (STARTED + FIRST + STOPPED, "2 steps, of which 1 are reported"),
        (STARTED + FIRST + SECOND + STOPPED + FIRST, "something follows the end"),
        (STARTED + FIRST + FIRST.replace(" 1:", " x:"), "not a line of ep -repeat"),
        (STARTED.replace("class S", "class X") + FIRST, "X is no class"),
        (STARTED + FIRST.replace("SUCCESSFUL", "UNFINISHED"), "UNFINISHED after 16777216 pairs"),
        (STARTED + HALF.replace("UNFINISHED", "SUCCESSFUL"), "SUCCESSFUL after 8388608 pairs"),
        (STARTED + HALF + FIRST.replace(" 1:", " 2:"), "SUCCESSFUL after 25165824 pairs"),
    ],
)
def test_steps_that_cannot_be_are_refused(text, fault):
    with pytest.raises(Untrusted, match=fault):
        ep_load.parse(text, "repeat")


def test_a_rank_that_leaves_the_barrier_late_makes_steps_overlap():
    """On two hosts whose CPUs others share; the step lasts as for the rank that left it first."""
    late = SECOND.replace("1001.000000 end 1003.000000", "1000.400000 end 1002.400000")
    assert verified(STARTED + FIRST + late + STOPPED) == ["yes", "no"]


def test_lines_of_others_between_steps_mean_nothing():
    text = f"libfabric provider: tcp\n{STARTED}[0] hello\n{FIRST}mpiexec: bye\n{SECOND}"
    assert verified(text) == ["yes", "no"]


def test_what_follows_the_steps_that_were_checked_is_not_looked_at():
    text = STARTED + FIRST + SECOND + " EP repeat 3: st\n EP repe"
    assert len(ep_load.parse(text, "repeat", 2)) == 2
    with pytest.raises(Untrusted, match="not a line of ep -repeat"):
        ep_load.parse(text, "repeat")
    with pytest.raises(Untrusted, match="2 steps of EP are reported, expected 3"):
        ep_load.parse(text, "repeat", 3)


def test_runs_of_a_program_that_ends_are_steps_too():
    text = (DATA / "two-runs.txt").read_text()
    whole = [row["mops"] for row in ep.parse(text)]
    assert ep_load.printed_steps(text, "runs") == 2
    assert [row["mops"] for row in ep_load.parse(text, "runs", 2)] == whole
    second = text.index("EP Benchmark Results", text.index("Verification"))
    assert ep_load.printed_steps(text[: second + 99], "runs") == 1
    (row,) = ep_load.parse(text[: second + 99], "runs", 1)
    assert row["mops"] == whole[0] and set(row) == set(ep_load.COLUMNS)


# -- command lines -------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["E", "s", "", "-repeat"])
def test_a_class_that_it_has_not_is_refused(size):
    with pytest.raises(VcperfError, match="is no class of EP: expected one of S, W, A"):
        ep.argv("ep", size)
