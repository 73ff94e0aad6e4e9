"""Reads the claims of a study, and checks them against what the tables hold."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vcperf import kinds
from vcperf.basics.checkout import CONFIG
from vcperf.config import files, schema
from vcperf.config.files import Config, KeyPath
from vcperf.config.names import Names, as_labels
from vcperf.errors import VcperfError, quote, suggest
from vcperf.kinds import profile
from vcperf.kinds.card import Claimable

SCHEMA = Path(CONFIG) / "schemas" / "claims.schema.yaml"

GENERAL = "netperf"  # the table of a claim that names none, and of the file's own `where`
DEFAULTS = {
    "table": GENERAL,
    "quantity": "value",
    "message_bytes": "largest",
    "margin_percent": 0,
}


def read(path: str, campaign: Config, testbeds: Sequence[str]) -> dict[str, Any]:
    """The claims of a file, by name, defaults filled in.

    Args:
        path: such as config/claims.yaml.
        campaign: the configuration as merged, with the entries set to null: a claim on a
            pinning that this campaign switches off is open; one on a pinning that no file
            knows is a mistake.
        testbeds: the names that there are.

    Raises VcperfError naming file, key and fault.
    """
    content = files.read_yaml(path)
    schema.check(content, SCHEMA, [path])
    return _Reader(path, content, campaign, testbeds).claims()


class _Reader:
    def __init__(
        self, path: str, content: Config, campaign: Config, testbeds: Sequence[str]
    ) -> None:
        self.path = path
        self.content = content
        self.names = Names(campaign, testbeds, "claims", path)
        self.testbeds = testbeds

    def claims(self) -> dict[str, Any]:
        no_part = ("claims", "where", "about")
        defaults = {k: v for k, v in self.content.items() if k not in no_part}
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
            about = self._about(name, claim)
            found[name] = {"states": claim["states"], "about": about, "parts": parts}
        return found

    def _about(self, name: str, claim: Config) -> str | None:
        """The testbed that a claim is about, which it says or the file; None for any."""
        of_file: str | None = self.content.get("about")
        about: str | None = claim.get("about", of_file)
        if about is not None and about not in self.testbeds:
            at: KeyPath = ("claims", name, "about") if "about" in claim else ("about",)
            self._refuse(at, f"unknown testbed {quote(about)}{suggest(about, self.testbeds)}")
        return about

    def _general(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """The file's own `where`, which is of the columns of netperf's table."""
        where: Mapping[str, Any] = self.content.get("where", {})
        return where if part["table"] == GENERAL else {}

    def _refuse(self, at: KeyPath, fault: str) -> None:
        raise VcperfError(f"{files.where(at, [self.path])}: {fault}")

    def _check_part(self, at: KeyPath, part: Mapping[str, Any]) -> None:
        table = part["table"]
        if table not in kinds.CLAIMABLE:
            self._refuse(
                (*at, "table"), f"unknown table {quote(table)}{suggest(table, kinds.CLAIMABLE)}"
            )
        claimed = kinds.CLAIMABLE[table]
        for key in ("metric", "against_metric"):
            metric = part.get(key)
            if metric is not None and metric not in claimed.metrics:
                self._refuse(
                    (*at, key),
                    f"the table {table} has no metric {quote(metric)}"
                    f"{suggest(metric, claimed.metrics)}",
                )
        for key in ("where", "of", "against"):
            if isinstance(part.get(key), Mapping):
                for column, value in part[key].items():
                    self._check_column((*at, key, column), column, value, claimed)
        for column, value in self.content.get("where", {}).items():
            self._check_column(("where", column), column, value, kinds.CLAIMABLE[GENERAL])
        alone = part["quantity"] in ("swing", "excess")
        if alone and ("against" in part or "against_metric" in part):
            key = "against" if "against" in part else "against_metric"
            fault = f"{part['quantity']} is about one curve; leave '{key}' out"
            self._refuse((*at, key), fault)
        if not alone and "against" not in part and "against_metric" not in part:
            self._refuse(at, "nothing to compare with; add 'against'")
        if "against_metric" in part and isinstance(part.get("against"), int | float):
            fault = "'against' is a number, so it has no metric; leave one of the two out"
            self._refuse((*at, "against_metric"), fault)
        if part["quantity"] == "knee" and isinstance(part.get("against"), int | float):
            fault = "knee compares two curves; give columns, as in {pinning: config1}"
            self._refuse((*at, "against"), fault)
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
            same = {"against": "selects the same rows as 'of'", "against_metric": "is 'metric'"}
            self._refuse((*at, key), f"'{key}' {same[key]}; compare with something else")

    def _check_column(self, at: KeyPath, column: str, value: Any, claimed: Claimable) -> None:
        if column not in claimed.selectors:
            fault = f"the table {claimed.name} has no column {quote(column)}"
            self._refuse(at, fault + suggest(column, claimed.selectors))
        for one in map(str, _texts(value)):
            # A profile may hold any program, so only what looks like a misspelt one of ours is
            # refused.
            own = column != "app" or difflib.get_close_matches(one, profile.APPS, cutoff=0.8)
            fault = self.names.fault(column, one) if own else ""
            if fault:
                self._refuse(at, fault)


def _texts(value: Any) -> Iterator[Any]:
    """The values of a condition: one, or those of a list and of the lists in it."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    else:
        yield value
