"""The last lines of a run."""

import json

import pytest

from vcperf.report import ending

FOUND = {
    "measured": ["8 blocks on a host"],
    "verdicts": ["of 2 claims: 1 supported, 1 open", "first claim", "second claim"],
    "differences": ["largest difference", "a path"],
    "doubts": ["3 of 8 blocks are missing", "few blocks"],
    "advice": ["run the same command again", "`make converge`"],
}


def test_five_lines_say_what_was_found_where_it_is_and_what_to_do():
    assert ending.lines(FOUND, 2, report=True) == [
        "found: largest difference",
        "found: of 2 claims: 1 supported, 1 open",
        "see: results/figures/ (2 figures) and results/report.html",
        "doubtful: 3 of 8 blocks are missing; and 1 more, see results/report.html",
        "next: run the same command again",
    ]


@pytest.mark.parametrize(
    ("lacking", "lines"),
    [
        (("verdicts", "differences"), ["found: 8 blocks on a host", "see:", "doubtful:", "next:"]),
        (("doubts", "advice"), ["found: largest", "found: of 2", "see:"]),
    ],
)
def test_what_there_is_nothing_of_takes_no_line(lacking, lines):
    said = ending.lines({**FOUND, **{key: [] for key in lacking}}, 1, report=False)
    assert len(said) == len(lines)
    assert all(line.startswith(start) for line, start in zip(said, lines, strict=True))
    assert "report" not in said[-1] and "1 figures" not in " ".join(said)


@pytest.mark.parametrize("content", [None, "", "{}", '{"measured": ['])
def test_findings_that_cannot_be_read_are_no_error(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "results").mkdir()
        (tmp_path / ending.FINDINGS).write_text(content)
    assert ending.written(1, report=False) == ""


def test_findings_are_read_from_the_results_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / ending.FINDINGS).write_text(json.dumps(FOUND))
    assert ending.written(2, report=True).splitlines() == ending.lines(FOUND, 2, report=True)
