"""The names that figures and claims may select rows by: those of the configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from vcperf import kinds
from vcperf.basics.checkout import CONFIG
from vcperf.config import files
from vcperf.config.files import Config
from vcperf.errors import VcperfError, quote, suggest

DEFAULT_CAMPAIGN = Path(CONFIG) / "config.yaml"
DOMAINS = ("sender", "receiver", "domain")  # columns that name one


class Names:
    """What columns of tables can hold, where a configuration decides that.

    Args:
        campaign: the configuration as merged, with the entries set to null: what this campaign
            switches off may be named.
        testbeds: the names that there are.
        key, path: the key of a campaign that names the file in question, and that file. Other
            campaign files beside it, and the project's own, that name it too may have what
            this campaign lacks.
    """

    def __init__(self, campaign: Config, testbeds: Sequence[str], key: str, path: str) -> None:
        self.testbeds, self.key, self.path = testbeds, key, path
        # The default's names too: what is about them is empty in a campaign of other nodes.
        self.sources: list[Config] = [campaign, files.read_yaml(DEFAULT_CAMPAIGN)]

    def fault(self, column: str, value: str) -> str:
        """What is wrong with a value of a column, with what may be meant; empty when nothing."""
        if column == "path":
            ends = [end.strip() for end in value.split("->")]
            if len(ends) != 2:
                return f"{quote(value)} is not SENDER->RECEIVER"
            return next(filter(None, (self.fault("sender", end) for end in ends)), "")
        known = self._known(column, self.sources)
        if known is None or value in known:
            return ""
        if value in (self._known(column, self._others) or ()):
            return ""
        what = "domain" if column in DOMAINS else column
        return f"unknown {what} {quote(value)}{suggest(value, known)}"

    def _known(self, column: str, sources: Sequence[Config]) -> list[str] | None:
        """The values that a column can have by some configurations; None where any may be."""

        def named(*keys: str) -> list[str]:
            return list(dict.fromkeys(n for source in sources for n in names(source, *keys)))

        if column in DOMAINS:
            return [d for node in named("nodes") for d in named("nodes", node, "domains")]
        found = {
            "testbed": lambda: list(self.testbeds),
            "pinning": lambda: named("pinnings"),
            "stack": lambda: named("stacks"),
            "point": lambda: named("profile", "pingpong", "points"),
        }
        return found[column]() if column in found else list(kinds.values_of(column)) or None

    @cached_property
    def _others(self) -> list[Config]:
        """The other campaigns that include the file; read when a name is known nowhere else."""
        folders = {Path(self.path).absolute().parent, Path(CONFIG).absolute() / "campaigns"}
        found = []
        for file in sorted(file for folder in folders for file in folder.glob("*.yaml")):
            try:
                content = files.read_yaml(file)
            except VcperfError:  # no campaign of ours
                continue
            if self._includes(content):
                found.append(content)
        return found

    def _includes(self, content: Config) -> bool:
        named = content.get(self.key, self.sources[1].get(self.key))
        return isinstance(named, str) and os.path.basename(named) == os.path.basename(self.path)


def names(source: Mapping[str, Any], *keys: str) -> list[str]:
    """The names below a key of a configuration, of which any part may be missing or null."""
    found: Any = source
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return [str(name) for name in found] if isinstance(found, Mapping) else []


def as_labels(where: Mapping[str, Any]) -> dict[str, Any]:
    """A selection of rows, by columns, with its values as the tables write them.

    >>> as_labels({"pinning": 1, "path": "vc00 -> c010", "image": ["vmlinux", ["netbk"]]})
    {'pinning': '1', 'path': 'vc00->c010', 'image': ['vmlinux', ['netbk']]}
    """

    def label(column: str, value: Any) -> Any:
        if isinstance(value, list):
            return [label(column, one) for one in value]
        return "".join(str(value).split()) if column == "path" else str(value)

    return {column: label(column, value) for column, value in where.items()}
