"""What is measured: cells, their blocks, and the specs that key their records.

A *spec* is one plain dict that holds exactly what decides a block's result, and the names of
nodes and domains, but no other label: so it keys the raw record, and an edit to the configuration
asks for new records just where a spec changed. Where names alone changed, `vcperf.planning.homes`
finds the records that there are.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from vcperf.basics.digest import DIGITS, canonical
from vcperf.basics.results import on_disk
from vcperf.records.key import spec_key

if TYPE_CHECKING:
    from vcperf.planning.large_mesh import LargeMesh

Spec = dict[str, Any]
# How the rate of the link between the nodes of a cell is known; see `vcperf.planning.planner.plan`.
NO_LINK, SHAPED, STATED, UNKNOWN = "none", "shaped", "stated", "unknown"
LONGEST_TITLE = 255 - 1 - DIGITS  # a file's name has at most 255 bytes


@dataclass(frozen=True)
class Cell:
    """One point of a kind's factor matrix.

    Args:
        kind: which measurement: a module of vcperf.measure, and one of vcperf.kinds.
        title: what is measured, for the folder of its records.
        labels: column -> value: its factors, as the tables name them.
        blocks: how often it is measured.
        shared_cpus: whether its nodes share CPUs of the host.
        spec: what decides its results, the block's number apart.
    """

    kind: str
    title: str
    labels: Mapping[str, Any]
    blocks: int
    shared_cpus: bool
    spec: Spec
    sequential: bool = False
    """Whether a look at its results decided its number of blocks (vcperf.commands.rounds)."""
    link: str = NO_LINK
    """Who says the rate of the link between its nodes: see `planner.plan`."""
    link_mbps: float | None = None
    """That rate, in 10^6 bit/s."""
    home: str = ""
    """The folder that has its records under other names (vcperf.planning.homes)."""

    @cached_property
    def name(self) -> str:
        """The folder of the cell's records: readable, unique to its spec, and no longer than
        the name of a file may be. Titles list all domains of a cluster."""
        return self.home or f"{self.title[:LONGEST_TITLE]}_{spec_key(self.spec)}"

    @property
    def folder(self) -> str:
        """Where the folders of all cells of its testbed and kind are."""
        return f"results/raw/{self.spec['testbed']}/{self.kind}"


@dataclass(frozen=True)
class Block:
    """One repetition of a cell.

    Args:
        cell: the cell.
        number: 1 to the number of blocks.
        order: its place in the campaign's shuffled order, from 0.
        turn: which blocks it belongs with; see `vcperf.planning.side_by_side`.
    """

    cell: Cell
    number: int
    order: int
    turn: int = 0

    @cached_property
    def spec_json(self) -> str:
        """The block's spec as one line of JSON with sorted keys."""
        return canonical({**self.cell.spec, "block": self.number})

    @property
    def measured(self) -> bool:
        """Whether its record exists: such a block is finished."""
        return os.path.exists(on_disk(self.record))

    @property
    def record(self) -> str:
        """Where its raw record is, as rules and tables name it."""
        cell = self.cell
        return f"{cell.folder}/{cell.name}/{self.number}.json"


@dataclass(frozen=True)
class Plan:
    """A whole campaign.

    Args:
        cells: all cells, in the configuration's order; of a mesh in rounds, those of one path.
        blocks: all blocks, in the configuration's order; of a mesh in rounds, in that of measuring.
        mesh: the mesh in rounds that it is.
    """

    cells: tuple[Cell, ...]
    blocks: Sequence[Block]
    mesh: LargeMesh | None = None

    @cached_property
    def by_record(self) -> dict[tuple[str, str], Block]:
        """(cell name, block number as text) -> block. Cells with one spec share records."""
        table: dict[tuple[str, str], Block] = {}
        for block in self.blocks:
            table.setdefault((block.cell.name, str(block.number)), block)
        return table

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """What the campaign measures, in the configuration's order."""
        return tuple(dict.fromkeys(cell.kind for cell in self.cells))
