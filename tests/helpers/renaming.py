"""Configurations with other names, and records as a campaign leaves them."""

import json
import re
from pathlib import Path

from helpers.results_folders import whole
from vcperf.records import record


def renamed(value, names: dict[str, str]):
    """A configuration in which some names are others: as keys, values, and ends of paths. The
    kind of a stack is no name."""
    if isinstance(value, dict):
        return {
            renamed(key, names): inner if key == "kind" else renamed(inner, names)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [renamed(inner, names) for inner in value]
    if isinstance(value, str):
        return re.sub(r"[\w.]+", lambda word: names.get(word[0], word[0]), value)
    return value


def write_records(plan, folder: Path) -> None:
    """What planning looks at in the records of a whole campaign.

    Args:
        plan: of the campaign.
        folder: the one that has results/.
    """
    for block in plan.blocks:
        path = folder / block.record
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"format": record.FORMAT, **whole(json.loads(block.spec_json))}
        path.write_text(json.dumps(content))
