"""docs/faults.md says what the trials do, and each of its rows is a test."""

import re

import pytest
from helpers import trials
from helpers.checkout import ROOT

FILES = [*(ROOT / "tests/faults").glob("test_*.py"), *(ROOT / "tests/lab").glob("test_*.py")]
TESTS = "".join(file.read_text() for file in sorted(FILES))


def test_the_page_is_the_table_of_the_trials():
    assert (ROOT / "docs/faults.md").read_text() == trials.page(), trials.__doc__


@pytest.mark.parametrize("name", trials.TRIALS)
def test_every_row_is_a_test(name):
    called = re.findall(r"trials\.of\((.*?)\)\n", TESTS, re.S)
    assert any(f'"{name}"' in names for names in called)
