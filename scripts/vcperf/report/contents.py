"""What a report shows of a results folder: its tables, figures and provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from vcperf.errors import VcperfError, quote
from vcperf.kinds import stand_in
from vcperf.report.findings import TARGET
from vcperf.tables.read import read_table

FLAME = "flame_"  # begins the names of flame graphs


@dataclass(frozen=True)
class Contents:
    """What a report shows.

    Args:
        tables: name -> table, the plan first.
        figures: name -> SVG, flame graphs last.
        provenance: of results/provenance.json; None where there is none.
    """

    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] | None = None

    @property
    def note(self) -> str:
        """What figures say of all of the campaign; empty for nothing."""
        config = (self.provenance or {}).get("config", {})
        return stand_in.NOTE if stand_in.used(config) else ""

    @property
    def target_percent(self) -> float:
        """Half the width of a converged interval, of the campaign's configuration."""
        config = (self.provenance or {}).get("config", {})
        return float(config.get("target_percent", TARGET))


def read(folder: str) -> Contents:
    """The contents of a results folder, those of its last campaign.

    Args:
        folder: as `make figures` left it.

    Tables that the provenance does not name are of an earlier campaign, and left out. Raises
    VcperfError when the folder has no tables, or a file in it is damaged.
    """
    base = Path(folder)
    provenance = _provenance(base / "provenance.json")
    paths = {path.stem: path for path in sorted((base / "tables").glob("*.csv"))}
    named = (provenance or {}).get("tables") or list(paths)
    tables = {name: read_table(paths[name]) for name in named if name in paths}
    if not tables:
        raise VcperfError(
            f"{base / 'tables'}: no tables there; run `make figures`, or give the results folder of"
            " a finished campaign"
        )
    found = sorted((base / "figures").glob("*.svg"), key=_place)
    figures = {path.stem: path.read_text(encoding="utf-8", errors="replace") for path in found}
    return Contents(tables, figures, provenance)


def _place(path: Path) -> tuple[bool, bool, str]:
    """Flame graphs last; of the others, the verdicts on claims first."""
    return path.stem.startswith(FLAME), path.stem != "claims", path.stem


def _provenance(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as fault:
        raise VcperfError(
            f"{path}: cannot be read: {quote(fault)}; delete it and run `make figures` again"
        ) from None
    if not isinstance(content, dict):
        raise VcperfError(f"{path}: not a JSON object; delete it and run `make figures` again")
    return content
