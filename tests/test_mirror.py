"""The tests of a module are found by its name: those of scripts/vcperf/ROOM/NAME.py are in
tests/ROOM/test_NAME.py, or in several tests/ROOM/test_NAME_WHAT.py."""

import re
from pathlib import Path

import pytest
from helpers.checkout import ROOT

PACKAGE, TESTS = ROOT / "scripts/vcperf", ROOT / "tests"
# Folders that mirror no room: campaigns from end to end, and what is not in the package.
OTHERS = {"workflow", "faults", "lab", "workloads"}
FILES = [
    file.relative_to(TESTS)
    for file in sorted(TESTS.glob("*/**/test_*.py"))
    if file.relative_to(TESTS).parts[0] not in OTHERS
]
IMPORT = re.compile(r"^\s*(?:from|import) (?:\w+\.)*(?:test_\w+|conftest)\b", re.M)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_of_tests_has_the_name_of_a_module(file: Path):
    room, name = PACKAGE / file.parent, file.stem.removeprefix("test_")
    modules = {module.stem for module in room.glob("*.py")} - {"__init__"}
    modules.add(room.name)  # what the room itself has
    assert any(f"{name}_".startswith(f"{module}_") for module in modules)


def test_no_file_of_tests_imports_another():
    """What several of them need is in tests/helpers/, and fixtures are in a conftest.py."""
    importing = [file for file in TESTS.rglob("*.py") if IMPORT.search(file.read_text())]
    assert not importing
