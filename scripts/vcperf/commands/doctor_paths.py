"""What `python -m vcperf doctor` tries between domains on hosts: whether they reach each other."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from vcperf import kinds
from vcperf.commands.doctor_checks import FAIL, Check
from vcperf.errors import VcperfError
from vcperf.planning.cell import Block
from vcperf.testbeds import class_of
from vcperf.testbeds.ssh import Connections


def of_paths(
    missing: Collection[Block], context: Mapping[str, Any], silent: Collection[str]
) -> Iterator[Check]:
    """One short talk per path and protocol: programs missing in a domain, and firewalls.

    Args:
        missing: blocks to be measured.
        context: see `vcperf.measure.block.main`.
        silent: ssh destinations that do not answer.
    """
    talks: dict[tuple[str, ...], dict[str, Any]] = {}
    for block in missing:
        spec = block.cell.spec
        keys = kinds.CARDS[spec["kind"]].reach
        ends = spec.get("ends", {}).values()
        if keys and ends and not any(end["ssh"] in silent for end in ends):
            path = (spec["testbed"], spec["sender"], spec["receiver"])
            talks.setdefault((*path, spec["kind"], *(str(spec[key]) for key in keys)), spec)
    connections = Connections(context.get("ssh_config"))
    try:
        # Kept for all of them. A host that has fallen silent meanwhile fails its own paths.
        connections.open({e["ssh"]: False for s in talks.values() for e in s["ends"].values()})
        for spec in talks.values():
            yield _talk(spec, context)
    finally:
        connections.close()


def _talk(spec: dict[str, Any], context: Mapping[str, Any]) -> Check:
    what = f"{spec['sender']} to {spec['receiver']}"
    measure = importlib.import_module(f"vcperf.measure.{spec['kind']}")
    try:
        with class_of(spec)(spec, context).connected() as testbed:
            done = measure.reach(testbed, spec)
    except VcperfError as fault:
        return Check(what, str(fault), FAIL, "docs/testbeds.md says what hosts and guests need")
    return Check(what, done)
