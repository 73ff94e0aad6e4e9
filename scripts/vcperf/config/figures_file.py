"""Reads the figures that a file describes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vcperf.basics.checkout import CONFIG
from vcperf.config import files, schema
from vcperf.config.claims_file import as_labels
from vcperf.config.files import Config
from vcperf.errors import VcperfError, quote, suggest
from vcperf.kinds import netperf

SCHEMA = Path(CONFIG) / "schemas" / "figures.schema.yaml"


def read(path: str) -> dict[str, Any]:
    """The figures that a file describes, by name, the file's defaults filled in.

    Raises VcperfError naming file, key and fault.
    """
    content = files.read_yaml(path)
    schema.check(content, SCHEMA, [path])
    for name, figure in content["figures"].items():
        for index, metric in enumerate(figure["metrics"]):
            if metric not in netperf.METRICS:
                at = files.where(("figures", name, "metrics", index), [path])
                raise VcperfError(
                    f"{at}: unknown metric {quote(metric)}{suggest(metric, netperf.METRICS)}"
                )
    return {
        name: _labelled(files.merge({"where": content.get("where", {})}, figure))
        for name, figure in content["figures"].items()
    }


def _labelled(figure: Config) -> Config:
    """A figure, its series and its bands, with what they select as tables have it."""
    parts: Config = {
        key: [_labelled(part) for part in figure[key]]
        for key in ("series", "bands")
        if key in figure
    }
    return {**figure, **parts, "where": as_labels(figure["where"])}
