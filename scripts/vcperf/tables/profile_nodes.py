"""results/tables/profile_nodes.csv: shares of an emulated node's CPU time, by domain and image.

Hypervisor, dom0 and guests side by side in one measure: percent of the time of all CPUs of
the node, idle time included. How much is whose comes from the samples of the emulator; the
images within a domain divide its share as perf in that domain counted them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from vcperf.tables import profile
from vcperf.tables.columns import PROFILE_CELL
from vcperf.tables.common import Content, Planned, field

ORDER = (*PROFILE_CELL, "block", "node", "domain", "image", "symbol")
COLUMNS = (*ORDER, "percent", "samples", "counted_by", "seconds")
XEN, IMAGE, IDLE = "xen", "xen-syms", "[idle]"
ALL = "all"


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The rows of one record; those of image `all` are a domain's. None without an emulator.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: of the blocks' table; nothing here.
    """
    inside: dict[str, Counter[str]] = {}
    for row in profile.rows(planned, content, disturbed_percent):
        inside.setdefault(row["domain"], Counter())[row["image"]] += row["samples"]
    found: list[dict[str, Any]] = []
    called = content.get("called", {})
    for node, counted in field(planned, content, "profile").get("nodes", {}).items():
        domains = {called.get(domain, domain): n for domain, n in counted["domains"].items()}
        known = {**planned, "node": called.get(node, node), "seconds": counted["seconds"]}
        found += [{**known, **row} for row in _of_node({**counted, "domains": domains}, inside)]
    return found


def _of_node(counted: dict[str, Any], inside: dict[str, Counter[str]]) -> list[dict[str, Any]]:
    functions: dict[str, int] = counted["hypervisor"]
    whole = {XEN: sum(functions.values()), **counted["domains"], IDLE: counted["idle"]}
    share = {domain: 100 * samples / counted["samples"] for domain, samples in whole.items()}
    found = [
        {"domain": domain, "image": ALL, "symbol": "", "samples": samples}
        | {"percent": share[domain], "counted_by": "emulator"}
        for domain, samples in whole.items()
    ]
    found += [
        {"domain": XEN, "image": IMAGE, "symbol": function, "samples": samples}
        | {"percent": 100 * samples / counted["samples"], "counted_by": "emulator"}
        for function, samples in functions.items()
    ]
    for domain in counted["domains"]:
        images = inside.get(domain, Counter())
        counted_inside = max(1, images.total())
        found += [
            {"domain": domain, "image": image, "symbol": "", "samples": samples}
            | {"percent": share[domain] * samples / counted_inside, "counted_by": "perf"}
            for image, samples in images.items()
        ]
    return [{**row, "percent": round(row["percent"], 4)} for row in found]
