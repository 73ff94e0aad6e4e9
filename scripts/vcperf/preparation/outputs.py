"""What a campaign makes of its records: tables, summaries and figures, as its cards say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from vcperf import kinds
from vcperf.config.files import Config
from vcperf.errors import VcperfError
from vcperf.kinds import stand_in
from vcperf.kinds.card import Card, Drawing, Summary
from vcperf.planning import matchings
from vcperf.planning.cell import Block, Cell
from vcperf.preparation.campaign import Campaign

TABLES = "results/tables"


def table_path(name: str) -> str:
    """Where a table is, seen from the working directory."""
    return f"{TABLES}/{name}.csv"


class Outputs:
    """The outputs of one campaign.

    Args:
        campaign: it.
        own: its configuration without what its own results chose: points A and B of the
            ping-pong are those of the file.
    """

    def __init__(self, campaign: Campaign, own: Config) -> None:
        self.campaign = campaign
        mesh = campaign.plan.mesh
        self.options: dict[str, Any] = {
            "accounts": {host.testbed for host in campaign.hosts if host.accounts},
            "baseline": campaign.baseline,
            "claims": campaign.claims,
            "figures": campaign.figures,
            "kinds": campaign.plan.kinds,
            "meshes": matchings.labels_of(campaign.plan),
            "measured": set() if mesh else {block.cell.name for block in campaign.wanted()},
            "points": own.get("profile", {}).get("pingpong", {}).get("points", {}),
            "stand_in": stand_in.used(campaign.config),
            "target_percent": campaign.config["target_percent"],
        }

    def blocks_of(self, table: str) -> list[Block]:
        """The blocks whose records a table waits for."""
        kind = kinds.KIND_OF_TABLE[table]
        return [block for block in self.campaign.wanted() if block.cell.kind == kind]

    @cached_property
    def block_tables(self) -> tuple[str, ...]:
        """The tables that are parsed from records."""
        return tuple(
            table
            for card in self._cards()
            for table in card.tables_of(self._cells(card), card.tables)
        )

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """What is made of other tables: by the cards, then of several kinds. The verdicts on
        claims, where there are any, come last."""
        made = [summary for card in self._cards() for summary in card.summaries(self.options)]
        claimable = [claim for card in self._cards() for claim in card.claims]
        there = {*self.block_tables, *(table for summary in made for table in summary.outputs)}
        beside = [table for claim in claimable for table in claim.beside if table in there]
        judged = Summary(
            "claims",
            "analysis.claims:tables",
            (*(claim.table for claim in claimable), *beside),
            ("claims",),
            ("claims", "target_percent", "stand_in"),
        )
        return (*made, *self._pinnings(), *([judged] if self.options["claims"] else []))

    def _pinnings(self) -> Iterator[Summary]:
        """Pinning against pinning, where a kind that can be compared has several."""
        comparable = {*kinds.COMPARED, stand_in.compared(self.options["kinds"])}
        cards = [card for card in self._cards() if card.name in comparable]
        cells = [cell for card in cards for cell in self._cells(card)]
        if len({cell.labels["pinning"] for cell in cells}) > 1:
            beside = (table for card in cards for claim in card.claims for table in claim.beside)
            inputs = dict.fromkeys((*(card.tables[0] for card in cards), *beside))
            yield Summary(
                "pinnings",
                "analysis.pinnings:tables",
                tuple(name for name in inputs if name in self.block_tables),
                ("pinnings",),
                ("target_percent",),
            )

    @property
    def tables(self) -> tuple[str, ...]:
        """All tables, the plan first."""
        made = (table for summary in self.summaries for table in summary.outputs)
        return ("plan", *self.block_tables, *made)

    @cached_property
    def drawings(self) -> dict[str, Drawing]:
        """The figures, by name."""
        found = [
            drawing
            for card in self._cards()
            for drawing in card.drawings(self._cells(card), self.options)
        ]
        if self.options["claims"]:
            found.append(Drawing("claims", "figures.claims:draw", ("claims",)))
        drawings: dict[str, Drawing] = {}
        for drawing in found:
            if drawing.name in drawings:
                where = self.campaign.config.get("figures", "figures: null")
                raise VcperfError(
                    f"{where}: figures.{drawing.name}: this campaign has a figure of that name"
                    " already; choose another"
                )
            drawings[drawing.name] = drawing
        return drawings

    @property
    def plots(self) -> list[str]:
        """The files of all figures."""
        return [
            f"results/plots/{drawing.name}.{ending}"
            for drawing in self.drawings.values()
            for ending in drawing.endings
        ]

    def drawn(self, *endings: str) -> list[str]:
        """The names of the figures that are written with these endings."""
        return [name for name, drawing in self.drawings.items() if drawing.endings == endings]

    def options_of(self, summary: Summary) -> dict[str, Any]:
        """The options that a summary needs."""
        return {name: self.options[name] for name in summary.options}

    def _cards(self) -> Iterator[Card]:
        """The cards of what the campaign measures."""
        return (kinds.CARDS[kind] for kind in self.campaign.plan.kinds)

    def _cells(self, card: Card) -> list[Cell]:
        return [cell for cell in self.campaign.plan.cells if cell.kind == card.name]
