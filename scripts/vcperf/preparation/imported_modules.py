"""What of this package a program runs, by its source. Pure.

Snakemake does not see what a script imports. Rules have these files as inputs, so that an
edit of one makes again what it made.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from vcperf.basics import checkout, results

SCRIPTS = Path(checkout.SCRIPTS)


def modules(*files: str) -> list[str]:
    """The modules that some files import, those that they import, and so on.

    Args:
        files: scripts, and modules that a script imports by a name it is given; seen from
            scripts/, such as `make_table.py` and `vcperf/tables/ep.py`.

    Returns files of the package, seen from the working directory when that is the checkout,
    and no prefix stands in front of results:
    the given ones among them, but no script, which Snakemake itself looks at.
    """
    found: set[Path] = set()
    ahead = [SCRIPTS / file for file in files]
    while ahead:
        file = ahead.pop()
        if file not in found:
            found.add(file)
            ahead += _imported(file)
    inside = (file.relative_to(SCRIPTS) for file in found)
    # Snakemake would put the prefix of results in front of relative ones too.
    inside_here = os.path.samefile(SCRIPTS.parent, ".") and not results.on_disk("")
    start = "scripts" if inside_here else str(SCRIPTS)
    return sorted(f"{start}/{file}" for file in inside if len(file.parts) > 1)


@cache
def _imported(file: Path) -> tuple[Path, ...]:
    """The files of this package that a file imports anywhere in it."""
    text = file.read_text(encoding="utf-8")
    dotted = {name for node in _statements(ast.parse(text)) for name in _names(node)}
    found = [path for name in dotted for path in _files(name)]
    if "iter_modules(__path__)" in text:  # a package that imports all of its modules
        found += file.parent.glob("*.py")
    return tuple(found)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements in a node. Expressions hold none, and are most of a file."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield child
            yield from _statements(child)


def _names(node: ast.AST) -> Iterator[str]:
    """The modules that an import names, and what it takes of one, which may be a module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(dotted: str) -> Iterator[Path]:
    """What runs when `vcperf.a.b` is imported: the packages above it as well."""
    path = SCRIPTS
    for name in dotted.split(".") if dotted.startswith("vcperf.") else ():
        path /= name
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                yield file
