"""A mesh of many nodes, measured in rounds. Pure.

The cells of a mesh are alike but for their two ends. So a mesh of a thousand nodes is kept as its
nodes and the rest of its cells, and a cell is made when somebody asks for it: with the spec that
`vcperf.planning.planner` gives it in a small mesh. A *round* is one matching (`matchings`) of one
message size, one of each pair's `blocks`, in both directions. It is one job, whose pairs are
measured side by side.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, overload

from vcperf import kinds
from vcperf.basics.digest import canonical, short
from vcperf.basics.results import on_disk
from vcperf.config.files import KeyPath
from vcperf.planning import matchings
from vcperf.planning.cell import Block, Cell
from vcperf.planning.layout import Layout

KEY = "in_rounds"
"""In the section `mesh` of a configuration: the nodes of a mesh that is measured in rounds. Its
paths are the first one alone (`vcperf.preparation.mesh_paths`)."""
MOST_BLOCKS = 1_000_000
FOLDER = "results/rounds"
_OF_PAIR = ("nodes", "ends", "sender", "receiver")


@dataclass(frozen=True)
class LargeMesh(Sequence[Block]):
    """All blocks of a mesh, in the order in which they are measured.

    Args:
        nodes: of each, `domain`, and what specs say of it (`node`: by its name) and of the domain
            as an end of a path (`end`).
        variants: of the cells of a path: `kind`, `title`, `labels` and `spec`, without what the
            path decides; `link` and `link_mbps` as of `Cell`; `of_path`: the labels of the path.
        repeated: how often each cell is measured.
        seed: decides the order.

    All of plain types, so that `content` is JSON.
    """

    nodes: list[dict[str, Any]]
    variants: list[dict[str, Any]]
    repeated: int
    seed: int

    @property
    def content(self) -> dict[str, Any]:
        """The arguments that make the same mesh."""
        return asdict(self)

    @cached_property
    def digest(self) -> str:
        """12 hexadecimal digits that name the mesh: its cells, and the order of its rounds."""
        return short([canonical(self.content).encode()])

    @property
    def file(self) -> str:
        """Where `content` is for jobs, seen as results are."""
        return f"{FOLDER}/{self.digest}/mesh.json"

    def done_file(self, number: int) -> str:
        """The file that a job writes when all of a round is measured."""
        return f"{FOLDER}/{self.digest}/{number}.done"

    @property
    def cells(self) -> int:
        """How many cells it has."""
        return len(self.variants) * len(self.nodes) * (len(self.nodes) - 1)

    @property
    def width(self) -> int:
        """How many pairs a round measures side by side at most."""
        return len(self.nodes) // 2

    @property
    def rounds(self) -> range:
        """The numbers of its rounds, in the order of measuring."""
        return range(len(self._rounds))

    @cached_property
    def _rounds(self) -> list[tuple[int, int, int]]:
        """Of each round: the number of its blocks, its variant, its matching."""
        count = len(self.nodes)
        found: list[tuple[int, int, int]] = []
        for number in range(1, self.repeated + 1):
            each = [
                (number, variant, matching)
                for variant in range(len(self.variants))
                for matching in range(count - 1 + count % 2)
            ]
            self._chance(number).shuffle(each)
            found += each
        return found

    def _chance(self, *of: int) -> random.Random:
        return random.Random(" ".join(map(str, (self.seed, *of))))  # noqa: S311 - no secret

    @cached_property
    def _rings(self) -> dict[tuple[int, int], list[int]]:
        """The order of the nodes from which matchings are made, drawn again for each number of
        blocks and variant."""
        rings: dict[tuple[int, int], list[int]] = {}
        for number, variant, _ in self._rounds:
            if (number, variant) not in rings:
                rings[number, variant] = list(range(len(self.nodes)))
                self._chance(number, variant).shuffle(rings[number, variant])
        return rings

    def round(self, index: int) -> list[Block]:
        """The blocks of a round: of each pair one direction, then of each the other."""
        number, variant, which = self._rounds[index]
        pairs = matchings.matching(self._rings[number, variant], which)
        chance = self._chance(number, variant, which)
        ends = [pair if chance.random() < 0.5 else pair[::-1] for pair in pairs]
        ends += [pair[::-1] for pair in ends]
        first = index * len(ends)
        return [
            Block(self.cell(variant, *pair), number, first + place, index)
            for place, pair in enumerate(ends)
        ]

    def cell(self, variant: int, sender: int, receiver: int) -> Cell:
        """A cell.

        Args:
            variant: which one of `variants`.
            sender, receiver: which ones of `nodes`.
        """
        common, one, other = self.variants[variant], self.nodes[sender], self.nodes[receiver]
        names = one["domain"], other["domain"]
        of_path = {"path": "->".join(names), "sender": names[0], "receiver": names[1]}
        spec = {
            **common["spec"],
            "nodes": {**one["node"], **other["node"]},
            "ends": {names[0]: one["end"], names[1]: other["end"]},
            "sender": names[0],
            "receiver": names[1],
        }
        labels = {**common["labels"], **{name: of_path[name] for name in common["of_path"]}}
        title = f"{names[0]}-{names[1]}{common['title']}"
        return Cell(
            *(common["kind"], title, labels, self.repeated, False, spec),
            link=common["link"],
            link_mbps=common["link_mbps"],
        )

    def missing(self, index: int) -> list[Block]:
        """The blocks of a round that have no record."""
        if self._nothing_is_measured:
            return self.round(index)
        return [block for block in self.round(index) if not block.measured]

    def is_done(self, index: int) -> bool:
        """Whether all blocks of a round have their records."""
        if self._nothing_is_measured:
            return False
        return all(block.measured for block in self.round(index))

    @cached_property
    def _nothing_is_measured(self) -> bool:
        """Whether no cell has a record: a million names need not be made to see that."""
        try:
            with os.scandir(on_disk(self.cell(0, 0, 1).folder)) as entries:
                return next(entries, None) is None
        except (FileNotFoundError, NotADirectoryError):
            return True

    def __len__(self) -> int:
        return self.repeated * self.cells

    def __iter__(self) -> Iterator[Block]:
        for index in self.rounds:
            yield from self.round(index)

    @overload
    def __getitem__(self, index: int) -> Block: ...
    @overload
    def __getitem__(self, index: slice) -> list[Block]: ...
    def __getitem__(self, index: int | slice) -> Block | list[Block]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        number, place = divmod(range(len(self))[index], 2 * self.width)
        return self.round(number)[place]


def of_layout(layout: Layout, cells: Sequence[Cell]) -> LargeMesh:
    """The mesh that a configuration has in rounds.

    Args:
        layout: of the configuration, of which `mesh` names the nodes (KEY).
        cells: of its first path.

    Raises VcperfError for a campaign that measures something else besides, a pinning that lacks a
    node, more blocks than MOST_BLOCKS.
    """
    first, names = cells[0], layout.config["mesh"][KEY]
    at: KeyPath = (kinds.CARDS[first.kind].section, "paths")
    others = {(c.spec["testbed"], c.kind, c.labels["pinning"], c.labels.get("path")) for c in cells}
    if len(others) > 1:
        layout.refuse(
            at,
            f"a mesh of {len(names)} nodes is measured in rounds, and a campaign by itself; ask for"
            " the other measurements in another campaign file, or set mesh.rounds: false",
        )
    variants = [_variant(cell) for cell in cells]
    nodes = [_node(layout, at, first.labels["pinning"], name) for name in names]
    mesh = LargeMesh(nodes, variants, first.blocks, layout.config["seed"])
    if len(mesh) > MOST_BLOCKS:
        layout.refuse(
            at,
            f"{len(mesh)} blocks in a mesh of {len(names)} nodes, more than {MOST_BLOCKS}; ask for"
            " fewer blocks or sizes, or make a mesh of each group of nodes (all-pairs-of)",
        )
    return mesh


def _node(layout: Layout, at: KeyPath, pinning: str, name: str) -> dict[str, Any]:
    domain = layout.config["nodes"][name]["dom0"]
    spec, _ = layout.placed(at, pinning, (domain,))
    return {"domain": domain, "node": spec["nodes"], "end": spec["ends"][domain]}


def _variant(cell: Cell) -> dict[str, Any]:
    """What of a cell its path does not decide."""
    spec, labels = cell.spec, cell.labels
    return {
        "kind": cell.kind,
        "title": cell.title.removeprefix(f"{spec['sender']}-{spec['receiver']}"),
        "labels": {key: v for key, v in labels.items() if key not in matchings.OF_PATH},
        "of_path": [key for key in labels if key in matchings.OF_PATH],
        "spec": {key: value for key, value in spec.items() if key not in _OF_PAIR},
        "link": cell.link,
        "link_mbps": cell.link_mbps,
    }
