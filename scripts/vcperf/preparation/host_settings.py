"""Asks the hosts what they are set to, once before a campaign measures, for its records."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from vcperf.basics.context import of_testbed
from vcperf.basics.digest import canonical
from vcperf.basics.results import on_disk
from vcperf.errors import VcperfError
from vcperf.records import host_settings
from vcperf.testbeds import class_of


def note(specs: Iterable[Mapping[str, Any]], silent: Collection[str] = ()) -> None:
    """Keep the settings of every place of some blocks, and let the blocks know their digests.

    Args:
        specs: the specs of blocks that are to be measured.
        silent: ssh destinations that do not answer; blocks that need one are left out.

    Adds `settings` to VCPERF_CONTEXT: testbed -> place -> digest, see
    `vcperf.records.host_settings`. Says so in a line where a testbed's cannot be had: its records
    are without. Raises VcperfError when the disk refuses.
    """
    context = json.loads(os.environ["VCPERF_CONTEXT"])
    by_testbed: dict[str, list[dict[str, Any]]] = {}
    for spec in specs:
        used = [*spec["nodes"].values(), *spec.get("ends", {}).values()]
        if not any(one.get("ssh") in silent for one in used):
            by_testbed.setdefault(spec["testbed"], []).append(dict(spec))
    found = {}
    for testbed, its in by_testbed.items():
        try:
            places = class_of(its[0]).settings(its, of_testbed(context, testbed))
        except VcperfError as fault:
            print(f"testbed {testbed}: {fault}; records will lack settings", file=sys.stderr)
            continue
        found[testbed] = {
            place: host_settings.write(on_disk("results"), settings)
            for place, settings in places.items()
        }
    os.environ["VCPERF_CONTEXT"] = canonical({**context, "settings": found})
