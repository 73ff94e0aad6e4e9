"""The report of a finished results folder."""

import pytest
from helpers.report_folders import blocks_of, tables_of, written

from vcperf import __main__


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path, tables_of(blocks_of(["a->b"], [1, 2], 5)))


def test_the_report_is_in_the_folder_and_its_first_lines_are_printed(folder, tmp_path, capsys):
    assert __main__.main(["report", folder]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0].startswith("20 blocks on ") and lines[-1] == f"the report is {folder}/report.html"
    )
    assert any(line.startswith("largest difference between pinnings: wide") for line in lines)
    assert (tmp_path / "report.html").stat().st_size > 100_000


def test_the_report_goes_where_one_says(folder, tmp_path):
    assert __main__.main(["report", folder, "--out", str(tmp_path / "mine.html")]) == 0
    assert (tmp_path / "mine.html").exists() and not (tmp_path / "report.html").exists()


def test_a_folder_without_results_is_one_line(tmp_path, capsys):
    assert __main__.main(["report", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "no tables there" in said
