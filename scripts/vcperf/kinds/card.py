"""The card of a kind of measurement: all that the rest must know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Options = Mapping[str, Any]
"""Facts of a campaign: see `vcperf.preparation.outputs.options_of`."""


@dataclass(frozen=True)
class Summary:
    """Tables that are made of other tables.

    Args:
        name: of the job that makes them.
        make: MODULE:FUNCTION below vcperf, called with the tables (name -> DataFrame) and
            the options; returns name -> DataFrame of each that it makes.
        inputs: the tables that it reads.
        outputs: the tables that it makes.
        options: those of the campaign's options that it needs.
    """

    name: str
    make: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """One figure.

    Args:
        name: its file below results/plots/, without ending.
        draw: MODULE:FUNCTION below vcperf, called with the tables and the options; returns
            the figure, or a text for each ending.
        inputs: the tables that it shows.
        options: what else it shows, as plain values.
        endings: the files that are written.
    """

    name: str
    draw: str
    inputs: tuple[str, ...]
    options: Options = field(default_factory=dict)
    endings: tuple[str, ...] = ("svg", "png")


@dataclass(frozen=True)
class Claimable:
    """A table that claims may be held against.

    Args:
        name: what claims call it.
        table: its file below results/tables/, without ending.
        selectors: the columns by which a claim chooses rows.
        metrics: the columns that a claim may be about.
        beside: tables that say more of its cells, read where the campaign makes them.
    """

    name: str
    table: str
    selectors: tuple[str, ...]
    metrics: tuple[str, ...]
    beside: tuple[str, ...] = ()


def _all(cells: Sequence[Any], names: tuple[str, ...]) -> tuple[str, ...]:
    return names


@dataclass(frozen=True)
class Card:
    """One kind of measurement.

    Args:
        name: names its modules in vcperf.planning.matrix, vcperf.measure and, as a rule,
            vcperf.tables.
        section: of the configuration, which asks for it.
        place: its cells come behind those of kinds with a lower one.
        tables: made of its records: modules of vcperf.tables. The first has each block's status.
        labels: the columns that name its cells in every table.
        metrics: the columns of its first table that may be drawn, summarised and compared.
        usual: label or metric that tables of earlier versions lack -> what they mean by that, and
            what a cell has that names nothing else; empty for a metric.
        words: label -> how reports say another value of it than the usual one, with {} for that.
        metric_of: a row's labels -> the metric that the cell is about; None where cells of two
            campaigns are not compared.
        values: column -> the values that it can have, where the program decides that.
        claims: tables that claims may be held against.
        tools: program -> the package that has it, for those that run in the domains. They are
            looked for where the domains are on this machine.
        tools_of: (a cell) -> the same for those that not every cell needs.
        reach: keys of a spec. Blocks that have these, and sender and receiver, in common need the
            same of a firewall; the kind's module of vcperf.measure then has `reach`. Empty where
            nobody has written one.
        tables_of: (the campaign's cells of this kind, tables) -> those tables that it can fill.
        summaries: (options) -> what is made of its tables.
        drawings: (the campaign's cells of this kind, options) -> its figures.
    """

    name: str
    section: str
    place: int
    tables: tuple[str, ...]
    labels: tuple[str, ...]
    metrics: tuple[str, ...] = ()
    usual: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    metric_of: Callable[[Mapping[str, Any]], str] | None = None
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    claims: tuple[Claimable, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    tools_of: Callable[[Any], Mapping[str, str]] = lambda cell: {}
    reach: tuple[str, ...] = ()
    tables_of: Callable[[Sequence[Any], tuple[str, ...]], tuple[str, ...]] = _all
    summaries: Callable[[Options], Iterable[Summary]] = lambda options: ()
    drawings: Callable[[Sequence[Any], Options], Iterable[Drawing]] = lambda cells, options: ()
