"""Reads the claims that a study makes, and checks them against what the tables can say."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vcperf import config
from vcperf.config import Config, KeyPath, suggest
from vcperf.errors import VcperfError

DEFAULT_CAMPAIGN = Path(__file__).parents[2] / "config" / "config.yaml"
SCHEMA = Path(__file__).parents[2] / "config" / "schemas" / "claims.schema.yaml"

NETPERF_METRICS = (
    "throughput_mbps transactions_per_s sender_cpu_percent receiver_cpu_percent"
    " sender_domain_cpu_percent receiver_domain_cpu_percent"
).split()
# table -> (columns that select, metrics)
TABLES = {
    "netperf": ("testbed pinning path sender receiver test".split(), NETPERF_METRICS),
    "pingpong": ("testbed pinning stack program load".split(), ["latency_us"]),
    "profile": (
        "testbed pinning path stack program point domain app image".split(),
        ["samples", "percent"],
    ),
}
DEFAULTS = {
    "table": "netperf",
    "quantity": "value",
    "message_bytes": "largest",
    "margin_percent": 0,
}
TESTBEDS = ("native", "netns", "xen")
TESTS = ("TCP_STREAM", "TCP_RR", "TCP_CRR", "UDP_STREAM", "UDP_RR")
PROGRAMS = ("pingpong", "IMB-MPI1")
LOADS = ("none", "ep")
# What campaigns start. A profile may hold any other program too, so only what looks like a
# slip in one of these is refused.
APPS = ("netperf", "netserver", "ep", "mpiexec", *PROGRAMS)


def read(path: str, campaign: Config) -> dict[str, Any]:
    """The claims of a file, by name, defaults filled in.

    Args:
        path: such as config/claims.yaml.
        campaign: the configuration as merged, with what it sets to null: so a claim on
            a pinning that this campaign leaves out is open, one on a pinning that no
            file knows a mistake.

    Raises VcperfError naming file, key and fault.
    """
    content = config.read_yaml(path)
    config.check(content, SCHEMA, [path])
    return _Reader(path, content, campaign).claims()


def as_labels(where: Mapping[str, Any]) -> dict[str, Any]:
    """A selection of rows, by columns, with its values as tables have them.

    >>> as_labels({"pinning": 1, "path": "vc00 -> c010", "image": ["vmlinux", "netbk"]})
    {'pinning': '1', 'path': 'vc00->c010', 'image': ['vmlinux', 'netbk']}
    """

    def label(column: str, value: Any) -> Any:
        if isinstance(value, list):
            return [label(column, one) for one in value]
        return "".join(str(value).split()) if column == "path" else str(value)

    return {column: label(column, value) for column, value in where.items()}


class _Reader:
    def __init__(self, path: str, content: Config, campaign: Config) -> None:
        self.path = path
        self.content = content
        # The default's names as well: a campaign of other nodes leaves the claims on them open.
        sources = [campaign, config.read_yaml(DEFAULT_CAMPAIGN)]

        def named(*keys: str) -> list[str]:
            return list(dict.fromkeys(n for source in sources for n in _names(source, *keys)))

        domains = [d for node in named("nodes") for d in named("nodes", node, "domains")]
        self.known: dict[str, list[str]] = {
            "testbed": list(TESTBEDS),
            "pinning": named("pinnings"),
            "sender": domains,
            "receiver": domains,
            "domain": domains,
            "test": list(TESTS),
            "stack": named("stacks"),
            "program": list(PROGRAMS),
            "load": list(LOADS),
            "point": named("profile", "pingpong", "points"),
        }

    def claims(self) -> dict[str, Any]:
        defaults = {k: v for k, v in self.content.items() if k not in ("claims", "where")}
        found = {}
        for name, claim in self.content["claims"].items():
            parts = []
            for index, given in enumerate(claim["parts"]):
                at: KeyPath = ("claims", name, "parts", index)
                part = {**DEFAULTS, **defaults, **given}
                self._check_part(at, part)
                part["where"] = as_labels({**self._general(part), **given.get("where", {})})
                for key in ("of", "against"):
                    if isinstance(part.get(key), Mapping):
                        part[key] = as_labels(part[key])
                self._check_difference(at, part)
                parts.append(part)
            found[name] = {"states": claim["states"], "parts": parts}
        return found

    def _general(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """The file's own `where`, which is of the columns of netperf's table."""
        where: Mapping[str, Any] = self.content.get("where", {})
        return where if part["table"] == "netperf" else {}

    def _refuse(self, at: KeyPath, fault: str) -> None:
        raise VcperfError(f"{config.where(at, [self.path])}: {fault}")

    def _check_part(self, at: KeyPath, part: Mapping[str, Any]) -> None:
        columns, metrics = TABLES[part["table"]]
        for key in ("metric", "against_metric"):
            metric = part.get(key)
            if metric is not None and metric not in metrics:
                self._refuse(
                    (*at, key),
                    f"the table {part['table']} has no metric '{metric}'{suggest(metric, metrics)}",
                )
        for key in ("where", "of", "against"):
            if isinstance(part.get(key), Mapping):
                for column, value in part[key].items():
                    self._check_column((*at, key, column), column, value, columns, part["table"])
        for column, value in self.content.get("where", {}).items():
            self._check_column(("where", column), column, value, TABLES["netperf"][0], "netperf")
        alone = part["quantity"] in ("swing", "excess")
        if alone and ("against" in part or "against_metric" in part):
            self._refuse((*at, "against"), f"{part['quantity']} is of one curve alone")
        if not alone and "against" not in part and "against_metric" not in part:
            self._refuse(at, "says not what to compare with: give 'against'")
        if "against_metric" in part and isinstance(part.get("against"), int | float):
            self._refuse((*at, "against_metric"), "'against' is a number, which has no metric")
        if part["quantity"] == "knee" and isinstance(part.get("against"), int | float):
            self._refuse((*at, "against"), "knee compares two curves: give columns")
        if part["expect"] == "equal" and part["margin_percent"] == 0:
            self._refuse((*at, "margin_percent"), "equal needs a margin above 0")

    def _check_difference(self, at: KeyPath, part: Mapping[str, Any]) -> None:
        """Refuse to compare rows with themselves, which are always equal."""
        against = part.get("against", {})
        if part["quantity"] in ("swing", "excess") or not isinstance(against, Mapping):
            return
        of = {**part["where"], **part["of"]}
        other_metric = part.get("against_metric", part["metric"])
        if {**of, **against} == of and other_metric == part["metric"]:
            key = "against" if "against" in part else "against_metric"
            self._refuse((*at, key), "changes nothing: that is what 'of' is already")

    def _check_column(
        self, at: KeyPath, column: str, value: Any, columns: list[str], table: str
    ) -> None:
        if column not in columns:
            fault = f"the table {table} has no column '{column}'"
            self._refuse(at, fault + suggest(column, columns))
        for one in value if isinstance(value, list) else [value]:
            if column == "path":
                ends = [end.strip() for end in str(one).split("->")]
                if len(ends) != 2:
                    self._refuse(at, f"{one!r} is not SENDER->RECEIVER")
                for end in ends:
                    self._check_value(at, "sender", end)
            else:
                self._check_value(at, column, str(one))

    def _check_value(self, at: KeyPath, column: str, value: str) -> None:
        known = self.known.get(column)
        if column == "app" and difflib.get_close_matches(value, APPS, cutoff=0.8):
            known = list(APPS)
        if known is not None and value not in known:
            what = "domain" if column in ("sender", "receiver") else column
            self._refuse(at, f"unknown {what} '{value}'{suggest(value, known)}")


def _names(source: Mapping[str, Any], *keys: str) -> list[str]:
    """The names below a key of a configuration, of which any part may be missing or null."""
    found: Any = source
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return [str(name) for name in found] if isinstance(found, Mapping) else []
