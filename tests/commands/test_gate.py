"""The gate for CI: exit statuses, files and false alarms."""

import json
import subprocess
from xml.etree import ElementTree

import pytest
from helpers.blocks import by_size
from helpers.checkout import ROOT
from helpers.results_folders import finished, planned

from vcperf.commands import gate


@pytest.fixture
def folders(tmp_path):
    """(name, means, blocks, noise) -> a results folder."""

    def make(name, means, count=8, noise=0.3):
        return finished(tmp_path / name, by_size(means, count, noise, seed=len(name)))

    return make


@pytest.mark.parametrize(
    ("means", "count", "noise", "status", "words"),
    [
        ([100, 100], 8, 0.3, 0, "2 not worse, of 2 cells (margin 5 %)"),
        ([100, 80], 8, 0.3, 1, "1 worse, 1 not worse"),
        ([100, 120], 8, 0.3, 0, "1 better, 1 not worse"),
        ([120, 80], 8, 0.3, 1, "1 worse, 1 better"),
        ([100, 100], 2, 5, 3, "2 with too few blocks to tell"),
        # What is better, or else within the margin, is not worse.
        ([100, 104.5], 8, 1, 0, "2 not worse"),
    ],
)
def test_the_exit_status_says_whether_b_is_worse(
    folders, capsys, means, count, noise, status, words
):
    a, b = folders("a", [100, 100], count, noise), folders("bb", means, count, noise)
    assert gate.main([a, b]) == status
    assert f"gate: {words}" in capsys.readouterr().out


def test_the_margin_decides_what_is_worse(folders):
    a, b = folders("a", [100]), folders("bb", [92])
    assert gate.main([a, b]) == 1
    assert gate.main([a, b, "--margin", "10"]) == 0


def test_calibration_makes_a_difference_between_campaigns_no_change(folders):
    a, b = folders("a", [100]), folders("bb", [92])
    others = [folders("c" * n, [mean]) for n, mean in ((3, 96), (4, 104), (5, 108), (6, 93))]
    assert gate.main([a, b, "--calibration", *others]) == 3


def test_three_files_say_the_same(folders, tmp_path, capsys):
    a, b = folders("a", [100, 100, 100, 100]), folders("bb", [100, 80, 120, 100])
    names = {kind: str(tmp_path / f"out.{kind}") for kind in ("junit", "markdown", "json")}
    arguments = [part for kind, path in names.items() for part in (f"--{kind}", path)]
    assert gate.main([a, b, *arguments]) == 1
    capsys.readouterr()
    suite = ElementTree.parse(names["junit"]).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "0")
    (failure,) = suite.iter("failure")
    assert failure.get("message").startswith("worse: 100 -> 80 Mbit/s, -20.0 %")
    table = (tmp_path / "out.markdown").read_text()
    assert table.startswith("**1 worse, 1 better, 2 not worse, of 4 cells")
    assert table.count("| worse |") == table.count("| better |") == 1
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["status"] == 1 and len(found["cells"]) == 4
    outcomes = [cell["outcome"] for cell in found["cells"]]
    assert sorted(outcomes[:2]) == ["better", "worse"] and outcomes[2:] == ["same", "same"]


def test_cells_with_other_specs_are_refused_unless_asked_for(tmp_path, capsys):
    a = planned(tmp_path / "a", by_size([100], 8, 0.3))
    b = planned(tmp_path / "b", by_size([100], 8, 0.3, 9), duration_s=2)
    assert gate.main([a, b]) == 2
    told = capsys.readouterr()
    assert "duration_s 1 -> 2" in told.err and len(told.err.splitlines()) == 1 and not told.out
    assert gate.main([a, b, "--specs-differ"]) == 0
    assert "specs differ: netns config1" in capsys.readouterr().out


def test_a_mistake_is_one_line_and_exit_status_2(folders, tmp_path, capsys):
    a = folders("a", [100], 3)
    for arguments in (
        [a],
        [a, str(tmp_path / "none")],
        [a, a, a],
        ["--aa", a],  # three rounds
        ["--aa", a, a],
        [a, a, "--calibration", a],
        [a, a, "--json", a],  # a folder
    ):
        assert gate.main(arguments) == 2, arguments
        assert len(capsys.readouterr().err.splitlines()) == 1
    for arguments in ([], [a, a, "--margin", "0"], [a, a, "--margin", "nan"]):
        with pytest.raises(SystemExit) as end:
            gate.main(arguments)
        assert end.value.code == 2
        capsys.readouterr()


def test_shared_blocks_are_said(tmp_path, capsys):
    blocks = by_size([100], 8, 0.3).assign(host="here")
    a, b = finished(tmp_path / "a", blocks), finished(tmp_path / "b", blocks)
    gate.main([a, b])
    assert "A and B share 8 of B's 8 blocks" in capsys.readouterr().out
    other = finished(tmp_path / "c", by_size([100], 8, 0.3, seed=9).assign(host="here"))
    gate.main([a, other])
    assert "A and B share" not in capsys.readouterr().out


def test_one_campaign_is_split_to_count_false_alarms(folders, capsys):
    assert gate.main(["--aa", folders("a", [100, 100], 12, 5), "--splits", "30"]) == 0
    text = capsys.readouterr().out
    assert "of 30 random splits of 12 rounds were called different: false alarms" in text
    assert "first half against second half: 0 of 2 cells called changed" in text


def test_make_gate_wants_folders():
    done = subprocess.run(
        ["make", "-s", "gate", "A=x"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and "give two results folders" in done.stderr
