"""`inherit: false`: a campaign that measures what its own file names, and nothing of the default's.

The default still gives options, such as durations, and what a file refers to by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vcperf import kinds
from vcperf.config import files
from vcperf.config.files import Config

KEY = "inherit"
SECTIONS = tuple(dict.fromkeys(card.section for card in kinds.CARDS.values()))
# What a campaign is about, besides the sections of the kinds.
ABOUT = (*SECTIONS, "baseline", "claims", "figures")
CELLS = ("paths", "pinnings")  # inside a section: which cells it has


def merged(default: Config, above: Config) -> Config:
    """A campaign's own configuration laid over the default.

    Args:
        default: the default, or what is left of it.
        above: the configuration of the campaign's own files, nulls included.

    With `inherit: false` in `above`, the default first loses: what it measures, compares, draws and
    tests; the nodes and domains that `above` does not name, where it has nodes; the pinnings that
    `above` defines itself or does not name.
    """
    if above.get(KEY, True) is not False:
        return files.merge(default, above)
    return files.merge(_left_of(default, above), above)


def _left_of(default: Config, above: Config) -> Config:
    left = {key: value for key, value in default.items() if key not in ABOUT or key in above}
    for key in SECTIONS:
        own = above.get(key)
        if isinstance(own, Mapping) and isinstance(left.get(key), Mapping):
            left[key] = {
                inner: value
                for inner, value in left[key].items()
                if inner not in CELLS and (inner not in SECTIONS or inner in own)
            }
    named = set(_names(above))
    own = above.get("pinnings") or {}
    left["pinnings"] = {
        name: value
        for name, value in default.get("pinnings", {}).items()
        if name in named and name not in own
    }
    if isinstance(above.get("nodes"), Mapping):
        left["nodes"] = _nodes(default["nodes"], above["nodes"])
    return left


def _nodes(nodes: Config, own: Mapping[str, Any]) -> Config:
    """The nodes of the default that a file names; of their domains those that it names, where it
    names any."""
    left: Config = {}
    for name, node in nodes.items():
        given = own.get(name)
        if given is None:
            continue
        domains = given.get("domains") if isinstance(given, Mapping) else None
        if isinstance(domains, Mapping):
            kept = {name: one for name, one in node["domains"].items() if name in domains}
            left[name] = {**node, "domains": kept}
        else:
            left[name] = node
    return left


def _names(value: Any) -> Iterator[str]:
    """The texts of a configuration: keys, and entries of lists."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)
    else:
        yield str(value)
