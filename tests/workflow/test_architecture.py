"""The rooms of the package import what docs/architecture.md allows, and nothing else."""

import ast
import re
from pathlib import Path

import pytest
from helpers.checkout import ROOT

PACKAGE = ROOT / "scripts/vcperf"
PAGE = (ROOT / "docs/architecture.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|$", PAGE, re.M)
ALLOWED = {room: {name.strip() for name in names.split(",")} for room, names in ROWS}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(dotted: str) -> str:
    """The room of a module such as ``vcperf.tools.netperf``; empty for the package itself."""
    return [*dotted.split("."), ""][1]


def imported_rooms(file: Path) -> set[str]:
    """The rooms that a file imports from, be it for types alone."""
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "vcperf":
            rooms |= {room_of(f"{node.module}.{alias.name}") for alias in node.names}
        elif isinstance(node, ast.Import):
            rooms |= {room_of(a.name) for a in node.names if a.name.split(".")[0] == "vcperf"}
    return rooms - {"", "__version__"}  # the package's own, of no room


def test_every_room_is_on_the_page():
    there = {file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in FILES}
    assert there - {"__init__", "__main__"} == set(ALLOWED)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_room_imports_only_what_the_page_allows(file):
    room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room in ("__init__", "__main__") or ALLOWED[room] == {"all"}:
        return
    assert imported_rooms(file) - {room} <= ALLOWED[room]


def test_arrows_make_no_circle():
    arrows = {room: names - {"", "all"} for room, names in ALLOWED.items()}
    while arrows:
        free = {room for room, names in arrows.items() if not names & set(arrows)}
        assert free, f"a circle among {', '.join(sorted(arrows))}"
        arrows = {room: names for room, names in arrows.items() if room not in free}


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:\w+/)*\w+\.(?:py|smk|yaml))\b", PAGE)))
)
def test_files_that_the_page_names_exist(path):
    assert any((folder / path).exists() for folder in (ROOT, PACKAGE))
