"""What a campaign's tables rest on, from its plan and its records."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from vcperf import __version__
from vcperf.basics.checkout import ROOT
from vcperf.basics.digest import canonical
from vcperf.basics.results import on_disk
from vcperf.config.files import Config
from vcperf.kinds import LABELS
from vcperf.records import git_state, host_settings
from vcperf.tables.common import Content

FORMAT = 1


def provenance(
    config: Config,
    plan: pd.DataFrame,
    records: Mapping[str, Content],
    tables: Mapping[str, pd.DataFrame],
    made: Sequence[str] = (),
) -> dict[str, Any]:
    """What config/schemas/provenance.schema.yaml describes.

    Args:
        config: the merged configuration, checked.
        plan: results/tables/plan.csv.
        records: path -> each record that there is of the plan's, or what `needed` leaves of it.
        tables: kind -> a table that has each block of it, in a row or several.
        made: the names of all tables of the campaign.
    """
    commands = [command for content in records.values() for command in content["commands"]]
    return {
        "format": FORMAT,
        "testbeds": sorted(set(plan["testbed"])),
        "seed": config["seed"],
        "first_measured": _moment(min((c["start"] for c in commands), default=None)),
        "last_measured": _moment(max((c["end"] for c in commands), default=None)),
        "blocks": {
            kind: _blocks(plan[plan["kind"] == kind], records, table)
            for kind, table in tables.items()
        },
        "hosts": _distinct(content["host"] for content in records.values()),
        "settings": _settings(records.values()),
        "versions": _versions(records.values()),
        "code": _distinct(content.get("code") or {} for content in records.values()),
        "tables": list(made),
        "config": config,
        "made_with": {
            "vcperf": __version__,
            "code": git_state.state(ROOT),
            "python": platform.python_version(),
            "packages": packages(),
        },
    }


def needed(content: Content) -> dict[str, Any]:
    """What of a record `provenance` uses."""
    facts = ("host", "settings", "code", "vcperf")
    commands = content["commands"]
    span = {
        "start": min((c["start"] for c in commands), default=None),
        "end": max((c["end"] for c in commands), default=None),
    }
    return {
        **{name: content[name] for name in facts if name in content},
        "commands": [span] if commands else [],
    }


def packages() -> dict[str, str]:
    """Package -> version, of those of envs/requirements.in that are installed here."""
    versions = {}
    for line in (Path(ROOT) / "envs/requirements.in").read_text(encoding="utf-8").splitlines():
        name = line.split("#")[0].split(">")[0].strip()
        if name:
            try:
                versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
    return versions


def _versions(records: Iterable[Content]) -> dict[str, int]:
    """Version of vcperf that measured -> its records; of records that have it."""
    return dict(Counter(content["vcperf"] for content in records if "vcperf" in content))


def _blocks(
    plan: pd.DataFrame, records: Mapping[str, Content], table: pd.DataFrame
) -> dict[str, Any]:
    """How many blocks of a kind are planned, have no record, and have each status."""
    named = [c for c in ("testbed", *LABELS, "block") if c in table and plan[c].notna().any()]
    statuses = Counter(table.drop_duplicates(named)["status"])
    return {
        "planned": len(plan),
        "missing": int((~plan["record"].isin(records)).sum()),
        "status": {str(status): number for status, number in statuses.items()},
    }


def _settings(records: Iterable[Content]) -> list[dict[str, Any]]:
    """What the hosts were set to, once per digest, with the places that were so and how many
    records name it; of records that have it."""
    places: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    for content in records:
        its = content.get("settings", {})
        counts.update(set(its.values()))
        for place, digest in its.items():
            places.setdefault(digest, set()).add(place)
    return [
        {
            "digest": digest,
            "places": sorted(places[digest]),
            "records": number,
            "settings": host_settings.read(on_disk("results"), digest),
        }
        for digest, number in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _distinct(facts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Different facts, with `records`: how many records tell them; the most first."""
    counts: Counter[str] = Counter()
    by_text: dict[str, Mapping[str, Any]] = {}
    for fact in facts:
        text = canonical(fact)
        counts[text] += 1
        by_text[text] = fact
    return [{**by_text[text], "records": number} for text, number in counts.most_common()]


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds")
