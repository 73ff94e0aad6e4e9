"""Reads the figures that a file describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vcperf.basics.checkout import CONFIG
from vcperf.config import files, schema
from vcperf.config.files import Config, KeyPath
from vcperf.config.names import Names, as_labels
from vcperf.errors import VcperfError, quote, suggest
from vcperf.kinds import netperf

SCHEMA = Path(CONFIG) / "schemas" / "figures.schema.yaml"


def read(path: str, campaign: Config, testbeds: Sequence[str]) -> dict[str, Any]:
    """The figures that a file describes, by name, the file's defaults filled in.

    Args:
        path: such as config/figures.yaml.
        campaign: the configuration as merged, with the entries set to null: a figure says what
            this campaign lacks; a name that no campaign with this file has is a mistake.
        testbeds: the names that there are.

    Raises VcperfError naming file, key and fault.
    """
    content = files.read_yaml(path)
    schema.check(content, SCHEMA, [path])
    known = Names(campaign, testbeds, "figures", path)
    _check_names((), content, known, path)
    for name, figure in content["figures"].items():
        at: KeyPath = ("figures", name)
        for index, metric in enumerate(figure["metrics"]):
            if metric not in netperf.METRICS:
                fault = f"unknown metric {quote(metric)}{suggest(metric, netperf.METRICS)}"
                raise VcperfError(f"{files.where((*at, 'metrics', index), [path])}: {fault}")
        _check_names(at, figure, known, path)
        for key in ("series", "bands"):
            for index, part in enumerate(figure.get(key, ())):
                _check_names((*at, key, index), part, known, path)
    return {
        name: _labelled(files.merge({"where": content.get("where", {})}, figure))
        for name, figure in content["figures"].items()
    }


def _check_names(at: KeyPath, part: Mapping[str, Any], known: Names, path: str) -> None:
    """Refuse a `where` of the file, a figure or a part of one that names what nobody has."""
    for column, value in part.get("where", {}).items():
        fault = known.fault(column, str(value))
        if fault:
            raise VcperfError(f"{files.where((*at, 'where', column), [path])}: {fault}")


def _labelled(figure: Config) -> Config:
    """A figure, its series and its bands, with what they select as tables have it."""
    parts: Config = {
        key: [_labelled(part) for part in figure[key]]
        for key in ("series", "bands")
        if key in figure
    }
    return {**figure, **parts, "where": as_labels(figure["where"])}
