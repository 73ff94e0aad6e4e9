"""From a configuration to the cells and blocks of a campaign. Pure: starts nothing."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vcperf import config as configuration
from vcperf import kinds, site
from vcperf.cell import Block, Cell, Plan
from vcperf.config import Config, suggest
from vcperf.errors import VcperfError
from vcperf.layout import Host, Layout

FOLDER = Path(__file__).parents[2] / "config"
SCHEMA, DEFAULT = FOLDER / "schemas" / "config.schema.yaml", FOLDER / "config.yaml"


def checked(raw: Config, sources: Sequence[str | Path] = ()) -> Config:
    """A configuration held against its schema, as `vcperf.config.plain` gives it.

    Args:
        raw: the merged configuration, as read.
        sources: the files it was merged from, lowest first. They are looked at for what a
            merged one does not show, such as a key that is there twice.

    Raises VcperfError naming file, key and fault.
    """
    for source in sources:
        configuration.read_yaml(source)
    config: Config = configuration.plain(raw)
    configuration.check(config, SCHEMA, sources)
    _check_baseline(config, raw, sources)
    return config


def hosts(
    config: Config,
    testbeds: Sequence[str],
    cpus: tuple[int, ...],
    sources: Sequence[str | Path] = (),
) -> list[Host]:
    """The machine that measures, once a testbed.

    Args:
        config: what `checked` returned.
        testbeds: those of the campaign, `auto` resolved.
        cpus: the CPUs of this machine that may be used.
        sources: as for `checked`.

    Raises VcperfError naming file, key and fault.
    """
    return [
        Host(testbed, cpus, site.read({**config, "testbed": testbed}, sources))
        for testbed in testbeds
    ]


def plan(
    config: Config,
    host: Host | Sequence[Host],
    sources: Sequence[str | Path] = (),
    decided: Mapping[str, int] | None = None,
) -> Plan:
    """Lay out the cells and blocks of a checked configuration on a host.

    Args:
        config: what `checked` returned.
        host: the machine that measures; once a testbed, when there are several.
        sources: as for `checked`.
        decided: cell name -> its number of blocks, where the stopping rule asked for at
            least the configuration's (`vcperf.decided.read`).

    Raises VcperfError naming file, key and fault: an unknown name, a CPU that is not
    there, a pinning that leaves a domain out.
    """
    hosts = [host] if isinstance(host, Host) else host
    asked = (cell for each in hosts for cell in _cells(Layout(config, each, sources), hosts))
    cells = tuple(_with_blocks(cell, (decided or {}).get(cell.name, 0)) for cell in asked)
    _check_labels(cells)
    # Blocks are shuffled round by round (a randomised complete block design): each
    # round holds every cell once, so a drift of the host touches all cells alike.
    chance = random.Random(config["seed"])
    blocks: dict[tuple[int, int], Block] = {}
    for number in range(1, max(cell.blocks for cell in cells) + 1):
        turn = [index for index, cell in enumerate(cells) if number <= cell.blocks]
        chance.shuffle(turn)
        for index in turn:
            blocks[index, number] = Block(cells[index], number, len(blocks))
    return Plan(cells, tuple(blocks[key] for key in sorted(blocks)))


def virtual(config: Config, testbeds: Sequence[str]) -> str:
    """The testbed that figures and claims are about: the first that is not the baseline."""
    baseline = config.get("baseline", {}).get("testbed")
    return next((testbed for testbed in testbeds if testbed != baseline), testbeds[0])


def _cells(layout: Layout, hosts: Sequence[Host]) -> list[Cell]:
    """The cells of one testbed: of the baseline, beside others, those that `baseline` selects."""
    baseline = layout.config.get("baseline", {})
    if len(hosts) > 1 and layout.host.testbed == baseline.get("testbed"):
        names = (kind for kind in kinds.NAMES if kind in baseline["measurements"])
        found = (cell for kind in names for cell in kinds.cells(kind, layout))
        return [cell for cell in found if _selected(cell, baseline)]
    cells = [cell for kind in kinds.NAMES for cell in kinds.cells(kind, layout)]
    if not cells:
        at = ("netperf", "paths") if "netperf" in layout.config else ("netperf",)
        layout.refuse(at, "nothing to measure: no pinning has a path")
    return cells


def _selected(cell: Cell, baseline: Mapping[str, Any]) -> bool:
    """Whether the baseline has a cell. Labels that a kind does not have restrict nothing."""
    labels = {column: str(value).replace(" ", "") for column, value in cell.labels.items()}
    for key, column in (("pinnings", "pinning"), ("paths", "path"), ("message_bytes",) * 2):
        wanted = [str(value).replace(" ", "") for value in baseline.get(key, ())]
        if wanted and column in labels and labels[column] not in wanted:
            return False
    return True


def _check_baseline(config: Config, raw: Config, sources: Sequence[str | Path]) -> None:
    """Refuse names in `baseline` that neither the configuration knows, with what it sets to
    null, nor the default: they would select nothing, without a word."""
    known = [raw, configuration.read_yaml(DEFAULT)]
    pinnings = [name for one in known for name in one.get("pinnings") or ()]
    nodes = [node for one in known for node in (one.get("nodes") or {}).values() if node]
    domains = [domain for node in nodes for domain in node.get("domains") or ()]
    baseline = config.get("baseline", {})
    named = [("pinnings", i, name) for i, name in enumerate(baseline.get("pinnings", ()))]
    for index, path in enumerate(baseline.get("paths", ())):
        named += [("paths", index, end.strip()) for end in path.split("->")]
    for key, index, name in named:
        what, names = ("pinning", pinnings) if key == "pinnings" else ("domain", domains)
        if name not in names:
            where = configuration.where(("baseline", key, index), sources)
            raise VcperfError(f"{where}: unknown {what} '{name}'{suggest(name, set(names))}")


def _check_labels(cells: Sequence[Cell]) -> None:
    """Refuse two cells with the same labels: tables would take them for one."""
    seen = set()
    for cell in cells:
        named = (cell.spec["testbed"], cell.kind, *sorted(cell.labels.items()))
        if named in seen:
            said = " ".join(map(str, cell.labels.values()))
            raise VcperfError(f"{cell.kind}: two cells on {named[0]} are called {said}; rename one")
        seen.add(named)


def _with_blocks(cell: Cell, decided: int) -> Cell:
    """A cell with the blocks that the stopping rule decided on, unless more are asked for."""
    if decided < cell.blocks:
        return cell
    return dataclasses.replace(cell, blocks=decided, sequential=True)
