"""What can be measured: one card per kind, each a module of this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from vcperf.kinds.card import Card


def _cards() -> list[Card]:
    """The cards of this folder, in the order in which campaigns have their cells."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name != "card"]
    cards = [importlib.import_module(f"{__name__}.{name}").CARD for name in names]
    return sorted(cards, key=lambda card: (card.place, card.name))


CARDS: dict[str, Card] = {card.name: card for card in _cards()}
KIND_OF_TABLE = {table: card.name for card in CARDS.values() for table in card.tables}
# The columns that name a cell, each once, in the order in which kinds bring them.
LABELS = tuple(dict.fromkeys(label for card in CARDS.values() for label in card.labels))
# Kinds of which the cells of two campaigns are compared.
COMPARED = {name: card for name, card in CARDS.items() if card.metric_of is not None}
CLAIMABLE = {claimed.name: claimed for card in CARDS.values() for claimed in card.claims}


def values_of(column: str) -> tuple[str, ...]:
    """The values that a column can have in any kind's tables; none where any text may be."""
    found = (card.values.get(column, ()) for card in CARDS.values())
    return tuple(dict.fromkeys(value for values in found for value in values))


def metric_of_claims(name: str) -> Callable[[Mapping[str, Any]], str] | None:
    """What the cells of a table that claims may be held against are about: a row's labels -> the
    metric; None where several metrics are of equal rank.

    Args:
        name: a key of CLAIMABLE.
    """
    return next(card.metric_of for card in CARDS.values() if CLAIMABLE[name] in card.claims)
