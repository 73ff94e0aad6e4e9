"""What can be measured: one card per kind, each a module of this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from vcperf.kinds.card import Card


def _cards() -> list[Card]:
    """The cards of this folder, in the order in which campaigns have their cells."""
    others = ("card", "cpu_parts", "stand_in")
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name not in others]
    cards = [importlib.import_module(f"{__name__}.{name}").CARD for name in names]
    return sorted(cards, key=lambda card: (card.place, card.name))


CARDS: dict[str, Card] = {card.name: card for card in _cards()}
KIND_OF_TABLE = {table: card.name for card in CARDS.values() for table in card.tables}
# The columns that name a cell, each once, in the order in which kinds bring them.
LABELS = tuple(dict.fromkeys(label for card in CARDS.values() for label in card.labels))
# Those of them that earlier versions did not have: factors of which every cell has a usual value.
ADDED = tuple(label for label in LABELS if any(label in card.usual for card in CARDS.values()))
_OF_A_PATH = {"sender", "receiver", "message_bytes"}  # what some tables do not say of a cell
# Kinds of which the cells of two campaigns are compared.
COMPARED = {name: card for name, card in CARDS.items() if card.metric_of is not None}
CLAIMABLE = {claimed.name: claimed for card in CARDS.values() for claimed in card.claims}


def kind_of(labels: Mapping[str, Any]) -> str | None:
    """The kind, of those that are compared, whose labels a row of any table has; None without
    one. A label that the row does not tell of counts as there, an empty one does not."""
    for name, card in COMPARED.items():
        if all(labels.get(label, label) != "" for label in card.labels if label not in card.usual):
            return name
    return None


def named(card: Card, labels: Mapping[str, Any]) -> dict[str, Any]:
    """The labels of a cell, those empty that are as usual: so a cell has the same name in tables
    of versions that did not know them.

    >>> named(CARDS["netperf"], {"test": "TCP_RR", "streams": "1", "load": "TCP_STREAM"})
    {'test': 'TCP_RR', 'streams': '', 'load': 'TCP_STREAM'}
    """
    return {
        label: "" if label in card.usual and str(value) == card.usual[label] else value
        for label, value in labels.items()
    }


def told(labels: Mapping[str, Any]) -> dict[str, Any]:
    """The labels in a row of any table as reports say them: those empty that are as usual for its
    kind (`named`), others in the words of its card.

    >>> row = {"pinning": "p", "path": "a->b", "test": "TCP_RR", "load": "none", "streams": "4"}
    >>> told(row)["load"], told(row)["streams"]
    ('', '4 streams')
    >>> told({"pinning": "p", "path": "a->b", "stack": "mpich", "load": "none"})["load"]
    'none'
    """
    there = {name for name, value in labels.items() if isinstance(value, str) and value}
    for card in COMPARED.values():
        own = {label for label in card.labels if label not in card.usual} - _OF_A_PATH
        if card.usual and own <= there:
            return {
                label: card.words[label].format(value)
                if label in card.words and isinstance(value, str | int) and value != ""
                else value
                for label, value in named(card, labels).items()
            }
    return dict(labels)


def tools_of(cells: Iterable[Any]) -> dict[str, str]:
    """The programs that cells need in their domains: program -> the package that has it."""
    found: dict[str, str] = {}
    for cell in cells:
        card = CARDS[cell.kind]
        found |= {**card.tools, **card.tools_of(cell)}
    return found


def values_of(column: str) -> tuple[str, ...]:
    """The values that a column can have in any kind's tables; none where any text may be."""
    found = (card.values.get(column, ()) for card in CARDS.values())
    return tuple(dict.fromkeys(value for values in found for value in values))


def usual_of_claims(name: str) -> Mapping[str, str]:
    """What cells of a table that claims may be held against have as a rule (`Card.usual`).

    Args:
        name: as claims call the table.
    """
    cards = (card for card in CARDS.values() for claim in card.claims if claim.name == name)
    return next((card.usual for card in cards), {})


def metric_of_claims(name: str) -> Callable[[Mapping[str, Any]], str] | None:
    """What the cells of a table that claims may be held against are about: a row's labels -> the
    metric; None where several metrics are of equal rank.

    Args:
        name: a key of CLAIMABLE.
    """
    return next(card.metric_of for card in CARDS.values() if CLAIMABLE[name] in card.claims)
