"""A campaign's configuration, checked whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vcperf.basics.checkout import CONFIG
from vcperf.config import files, inherit, nulls, schema
from vcperf.config.files import Config
from vcperf.errors import VcperfError, quote, suggest
from vcperf.kinds import stand_in

FOLDER = Path(CONFIG)
SCHEMA, DEFAULT = FOLDER / "schemas" / "config.schema.yaml", FOLDER / "config.yaml"


def sources_of(campaign: str | None) -> list[str]:
    """The files of a campaign, lowest first: the default, and one that lies over it, if any."""
    default = os.path.relpath(DEFAULT)
    return [default, campaign] if campaign else [default]


def merged(sources: Sequence[str | Path]) -> Config:
    """The configuration of a campaign's files, the default first (`vcperf.config.inherit`).

    Raises VcperfError naming file and fault.
    """
    lowest, *above = sources
    return inherit.merged(files.read_yaml(lowest), files.merged(above))


def checked(raw: Config, sources: Sequence[str | Path] = ()) -> Config:
    """A configuration held against its schema, as `vcperf.config.files.plain` gives it; rewritten
    where it says that another tool is in place of netperf (`vcperf.kinds.stand_in`).

    Args:
        raw: the merged configuration, as read.
        sources: the files it was merged from, lowest first; none for one that was checked
            before. They are looked at for what a merged one does not show: a duplicate key,
            a null that switches off nothing.

    Raises VcperfError naming file, key and fault.
    """
    for source in sources:
        files.read_yaml(source)
    schema.check(raw, SCHEMA, sources, nulls=True)
    if sources:
        nulls.check(raw, SCHEMA, sources)
    config: Config = files.plain(raw)
    _check_baseline(config, raw, sources)
    return stand_in.rewritten(config) if stand_in.used(config) else config


def _check_baseline(config: Config, raw: Config, sources: Sequence[str | Path]) -> None:
    """Refuse names in `baseline` that neither the configuration knows, with what it sets to
    null, nor the default: they would select nothing, without a word."""
    known = [raw, files.read_yaml(DEFAULT)]
    pinnings = {name for one in known for name in one.get("pinnings") or ()}
    nodes = [node for one in known for node in (one.get("nodes") or {}).values() if node]
    domains = {domain for node in nodes for domain in node.get("domains") or ()}
    baseline = config.get("baseline", {})
    named = [("pinnings", i, name) for i, name in enumerate(baseline.get("pinnings", ()))]
    for index, path in enumerate(baseline.get("paths", ())):
        named += [("paths", index, end.strip()) for end in path.split("->")]
    for key, index, name in named:
        what, names = ("pinning", pinnings) if key == "pinnings" else ("domain", domains)
        if name not in names:
            where = files.where(("baseline", key, index), sources)
            raise VcperfError(f"{where}: unknown {what} {quote(name)}{suggest(name, names)}")
