"""The column `settings`, and what follows from a host's settings for the pins of a block.

The column holds ``PLACE=DIGEST`` for each place that a block used, separated by blanks
(`vcperf.records.host_settings`); it is empty for records of before there were settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from vcperf.basics import cpulist
from vcperf.basics.results import on_disk
from vcperf.records import host_settings
from vcperf.tools.host_settings import cpu_groups

Settings = Mapping[str, str | None]
"""Name -> value; None for what could not be read."""
Places = Mapping[str, Settings]
"""Place -> what it was set to."""

YES_NO = {True: "yes", False: "no", None: None}


def column(places: Mapping[str, str]) -> str | None:
    """The column's value.

    Args:
        places: place -> digest, as a record has them.
    """
    return " ".join(f"{place}={digest}" for place, digest in sorted(places.items())) or None


def places_of(value: object, folder: str | None = None) -> Places:
    """The settings that a value of the column names; none for an empty one.

    Args:
        value: of the column.
        folder: a results folder; None for this campaign's.

    Raises VcperfError for a file of settings that is damaged.
    """
    words = value.split() if isinstance(value, str) else []
    pairs = (word.partition("=") for word in words)
    return {place: _read(folder or on_disk("results"), name) for place, _, name in pairs}


def pins(spec: Mapping[str, Any], value: object) -> dict[str, str | None]:
    """`pins_of` for a block's column `settings`."""
    return pins_of(spec, places_of(value))


def pins_of(spec: Mapping[str, Any], places: Places) -> dict[str, str | None]:
    """What the pins of a block have in common below the CPUs.

    Args:
        spec: the block's.
        places: place -> settings.

    Returns `shared_cores`: whether two of the CPUs that its domains are pinned to are hardware
    threads of one core; and `numa_crossed`: whether these CPUs lie in several NUMA nodes of one
    machine. Each is yes, no, or None where a node does not show it.
    """
    if not places:
        return dict.fromkeys(("shared_cores", "numa_crossed"))
    nodes = spec["nodes"]
    # Nodes reached by ssh are machines; else all nodes are parts of this one.
    machines = [[name] for name in nodes] if "ends" in spec else [list(nodes)]
    found: dict[str, str | None] = {}
    for column, name, question in (
        ("shared_cores", "cpu.cores", _share),
        ("numa_crossed", "cpu.nodes", _cross),
    ):
        answers = []
        for machine in machines:
            groups = cpu_groups(places.get(machine[0], {}).get(name))
            cpus = {
                cpu
                for node in machine
                for vcpus in nodes[node]["domains"].values()
                for vcpu in vcpus
                for cpu in vcpu
            }
            sets = [cpus.intersection(cpulist.parse(group)) for group in groups]
            answers.append(question(sets) if cpus and set().union(*sets) == cpus else None)
        known = None if None in answers and True not in answers else True in answers
        found[column] = YES_NO[known]
    return found


def _share(cores: Iterable[set[int]]) -> bool:
    return any(len(core) > 1 for core in cores)


def _cross(nodes: Iterable[set[int]]) -> bool:
    return sum(map(bool, nodes)) > 1


@cache
def _read(folder: str, name: str) -> Settings:
    return host_settings.read(folder, name)
