"""Settings of hosts that differ between what is compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from vcperf.tables import host_settings
from vcperf.tables.host_settings import Places

PINS = ("shared_cores", "numa_crossed")  # what a cell's figure says of its pins, besides CPUs


@dataclass(frozen=True)
class Difference:
    """A setting that differs.

    Args:
        name: of the setting.
        first, second: its different values on either side; None where it is not known.
        places: nodes, or NODE/DOMAIN, where it is so.
    """

    name: str
    first: str | None
    second: str | None
    places: tuple[str, ...]

    def __str__(self) -> str:
        one, other = ("not known" if v is None else v for v in (self.first, self.second))
        return f"{self.name} {one} -> {other} ({', '.join(self.places)})"


def differences(first: Places, second: Places) -> list[Difference]:
    """What differs on the places that both have, by name; what neither knows is no difference.

    Args:
        first, second: place -> settings.
    """
    where: dict[tuple[str, str | None, str | None], list[str]] = {}
    for place in sorted(set(first) & set(second)):
        one, other = first[place], second[place]
        if one and other:
            for name in sorted(set(one) | set(other)):
                values = one.get(name), other.get(name)
                if values[0] != values[1]:
                    where.setdefault((name, *values), []).append(place)
    found = [Difference(*key, tuple(places)) for key, places in where.items()]
    return sorted(found, key=lambda d: (d.name, d.places))


def used(values: Iterable[object], folder: str | None = None) -> Places:
    """What the blocks of some rows were measured with.

    Args:
        values: the column `settings`.
        folder: the results folder of the rows; None for this campaign's.

    Returns place -> settings; values that changed between blocks are joined by ``|``.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for value in dict.fromkeys(v for v in values if isinstance(v, str)):
        for place, settings in host_settings.places_of(value, folder).items():
            its = found.setdefault(place, {})
            for name, one in settings.items():
                its.setdefault(name, set())
                if one is not None:
                    its[name].add(one)
    return {
        place: {name: " | ".join(sorted(values)) or None for name, values in its.items()}
        for place, its in found.items()
    }


def between(
    a: pd.DataFrame, b: pd.DataFrame, folders: tuple[str | None, str | None] = (None, None)
) -> list[Difference]:
    """`differences` between the blocks of two tables, see `used`.

    Args:
        a, b: tables with the column `settings`; what lacks it has no settings.
        folders: the results folder of each.
    """
    sides = [
        used(table.get("settings", ()), folder)
        for table, folder in zip((a, b), folders, strict=True)
    ]
    return differences(*sides)


def of_pins(blocks: pd.DataFrame) -> dict[str, str | None]:
    """PINS of a cell: yes if one of its blocks says so, no if all that know do, else None."""
    found: dict[str, str | None] = {}
    for column in PINS:
        known = set(blocks.get(column, ()))
        found[column] = "yes" if "yes" in known else "no" if "no" in known else None
    return found


def names(found: Iterable[Difference]) -> str:
    """The names of differences where both values are known, separated by blanks."""
    known = [d.name for d in found if d.first is not None and d.second is not None]
    return " ".join(dict.fromkeys(known))
