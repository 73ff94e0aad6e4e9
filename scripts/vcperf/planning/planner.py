"""From a configuration to the cells and blocks of a campaign. Pure: starts nothing."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from vcperf import kinds
from vcperf.config import files
from vcperf.config.files import Config
from vcperf.errors import VcperfError
from vcperf.planning import large_mesh, matchings, matrix
from vcperf.planning.cell import SHAPED, STATED, UNKNOWN, Block, Cell, Plan
from vcperf.planning.layout import Host, Layout

# A day of measuring and more, which Snakemake takes minutes and a gigabyte to plan.
MOST_BLOCKS = 50_000


def plan(
    config: Config,
    host: Host | Sequence[Host],
    sources: Sequence[str | Path] = (),
    decided: Mapping[str, int] | None = None,
    settle: Callable[[Sequence[Cell]], Sequence[Cell]] = tuple,
) -> Plan:
    """Lay out the cells and blocks of a checked configuration on a host.

    Args:
        config: what `checked` returned.
        host: the machine that measures; once a testbed, when there are several.
        sources: as for `checked`.
        decided: cell name -> its number of blocks, where the stopping rule asked for at
            least the configuration's (`vcperf.planning.choices.read`).
        settle: gives each cell the folder of its records (`vcperf.planning.homes.settled`).

    A cell's `link` says how the rate of the link between its nodes is known: the testbed makes
    it (SHAPED), the testbed file says it (STATED), nothing does (UNKNOWN), or no link limits the
    cell (NO_LINK): it has one node, or this host's memory joins them. It is no part of the spec
    beyond what the testbed makes.

    A mesh in rounds is all of its plan; cells are then those of its first path, and keep their own
    folders. Raises VcperfError naming file, key and fault: an unknown name, a CPU that is not
    there, a pinning that leaves a domain out, more blocks than MOST_BLOCKS.
    """
    hosts = [host] if isinstance(host, Host) else host
    asked = [
        _with_link(cell, each)
        for each in hosts
        for cell in _cells(Layout(config, each, sources), hosts)
    ]
    if large_mesh.KEY in config.get("mesh", {}):
        mesh = large_mesh.of_layout(Layout(config, hosts[0], sources), asked)
        return Plan(tuple(asked), mesh, mesh)
    if sum(cell.blocks for cell in asked) > MOST_BLOCKS:
        fault = f"more than {MOST_BLOCKS} blocks in all; ask for fewer blocks, sizes or paths"
        raise VcperfError(f"{files.where(('blocks',), sources)}: {fault}")
    cells = tuple(_with_blocks(cell, (decided or {}).get(cell.name, 0)) for cell in settle(asked))
    _check_labels(cells)
    # Blocks are shuffled round by round (a randomised complete block design): each
    # round holds every cell once, so a drift of the host touches all cells alike.
    chance = random.Random(config["seed"])  # noqa: S311 - an order, no secret
    nets = matchings.meshes(cells)
    alone = sorted(set(range(len(cells))).difference(*(i for m in nets for i in m.values())))
    blocks: dict[tuple[int, int], Block] = {}
    turns = 0
    for number in range(1, max(cell.blocks for cell in cells) + 1):
        round_of_turns = [alone] if alone else []
        round_of_turns += [turn for mesh in nets for turn in matchings.turns(mesh, chance)]
        if nets:
            chance.shuffle(round_of_turns)
        for turn in round_of_turns:
            indices = [index for index in turn if number <= cells[index].blocks]
            if turn is alone:
                chance.shuffle(indices)
            for index in indices:
                blocks[index, number] = Block(cells[index], number, len(blocks), turns)
            turns += 1
    return Plan(cells, tuple(blocks[key] for key in sorted(blocks)))


def virtual(config: Config, testbeds: Sequence[str]) -> str:
    """The testbed that figures and claims are about: the first that is not the baseline."""
    baseline = config.get("baseline", {}).get("testbed")
    return next((testbed for testbed in testbeds if testbed != baseline), testbeds[0])


def _cells(layout: Layout, hosts: Sequence[Host]) -> list[Cell]:
    """The cells of one testbed: of the baseline, beside others, those that `baseline` selects."""
    baseline = layout.config.get("baseline", {})
    if len(hosts) > 1 and layout.host.testbed == baseline.get("testbed"):
        names = (kind for kind in kinds.CARDS if kind in baseline["measurements"])
        found = (cell for kind in names for cell in matrix.cells(kind, layout))
        return [cell for cell in islice(found, MOST_BLOCKS + 1) if _selected(cell, baseline)]
    found = (cell for kind in kinds.CARDS for cell in matrix.cells(kind, layout))
    cells = list(islice(found, MOST_BLOCKS + 1))
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


def _check_labels(cells: Sequence[Cell]) -> None:
    """Refuse two cells with the same labels: tables would take them for one."""
    seen = set()
    for cell in cells:
        named = (cell.spec["testbed"], cell.kind, *sorted(cell.labels.items()))
        if named in seen:
            name = " ".join(map(str, cell.labels.values()))
            raise VcperfError(f"{cell.kind}: two cells on {named[0]} are called {name}; rename one")
        seen.add(named)


def _with_link(cell: Cell, host: Host) -> Cell:
    """A cell with the rate of the link between its nodes, where the plan can know it."""
    made = cell.spec.get("link_mbps")
    if made is not None:
        return dataclasses.replace(cell, link=SHAPED, link_mbps=made)
    if host.site is None or len(cell.spec.get("nodes", ())) < 2:
        return cell
    stated = host.site.link_mbps
    return dataclasses.replace(cell, link=STATED if stated else UNKNOWN, link_mbps=stated)


def _with_blocks(cell: Cell, decided: int) -> Cell:
    """A cell with the blocks that the stopping rule decided on, unless more are asked for."""
    if decided < cell.blocks:
        return cell
    return dataclasses.replace(cell, blocks=decided, sequential=True)
