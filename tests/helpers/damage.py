"""Real records (tests/data/records), and all that can become of a field."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from helpers.checkout import ROOT
from vcperf.records.key import nameless_key, spec_key
from vcperf.records.names import places

DATA = ROOT / "tests/data/records"
# Record -> the tables that are made from its kind.
TABLES = {
    "netperf": ("netperf",),
    "bandwidth": ("bandwidth",),
    "pingpong": ("pingpong", "imb", "ep"),
    "profile_netperf": ("profile", "profile_blocks", "profile_stacks", "profile_nodes"),
    "profile_pingpong": ("profile_blocks",),
}
OTHERS = (None, True, -1, 10**400, 1e300, 0.5, "", "x\x1b", "\ud800", [], [[]], {}, {"x": {}})
DELETED = object()
LONGEST = 3  # values of a list that are damaged


def sound(name: str) -> dict:
    """A record as it was measured; of a profile also as if its nodes had been emulated."""
    content = json.loads((DATA / f"{name}.json").read_text())
    if "profile" in content:
        counted = {"samples": 200, "idle": 60, "seconds": 2.0, "hypervisor": {"do_iret": 40}}
        content["profile"]["nodes"] = {"node0": {**counted, "domains": {"vc00": 80, "c000": 20}}}
    return content


def planned(content: dict, folder: Path) -> dict[str, str]:
    """The row of the plan of a record, whose file is in a folder."""
    spec = content["spec"]
    row = {"record": str(folder / f"cell_{spec_key(spec)}/1.json"), "block": "1"}
    named = {"key": nameless_key(spec), "places": " ".join(places(spec))}
    return {**row, **named, "shared_cpus": "no"}


def paths(value, at=()) -> Iterator[tuple]:
    """Every place in a JSON value; of long lists the first."""
    keys = value if isinstance(value, dict) else range(min(LONGEST, len(value)))
    for key in keys:
        yield (*at, key)
        if isinstance(value[key], dict | list):
            yield from paths(value[key], (*at, key))


def damaged(content: dict, choose: Random | None = None) -> Iterator[tuple[str, dict]]:
    """A record with one field missing, or another value in place of it; and what was done.

    Args:
        content: the record.
        choose: draws one damage per field; without, all are done.
    """
    for path in paths(content):
        *above, last = path
        changed = copy.deepcopy(content)
        place = changed
        for key in above:
            place = place[key]
        was = place.pop(last)
        others = [other for other in OTHERS if other != was or type(other) is not type(was)]
        for other in [DELETED, *others] if choose is None else [choose.choice([DELETED, *others])]:
            if other is DELETED:
                yield f"{path} deleted", changed
                continue
            if isinstance(place, list):
                place.insert(last, other)
            else:
                place[last] = other
            yield f"{path} is {other!r:.40}", changed
            del place[last]
