"""A comparison of two campaigns for other programs: JUnit, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from vcperf.errors import printable

FORMAT = 1
WORSE, BETTER, SAME, UNKNOWN = "worse", "better", "same", "too few blocks"


@dataclass(frozen=True)
class Outcome:
    """One cell of a comparison.

    Args:
        cell: its name in words.
        outcome: WORSE, BETTER, SAME or UNKNOWN.
        values: metric, mean_a, mean_b, unit, effect_percent, low_percent, high_percent,
            blocks_a, blocks_b; None where a number is not known.
    """

    cell: str
    outcome: str
    values: Mapping[str, Any]

    @property
    def says(self) -> str:
        """The numbers, in one line."""
        found = self.values
        line = f"{found['mean_a']:.5g} -> {found['mean_b']:.5g} {found['unit']}"
        line += f", {found['effect_percent']:+.1f} %"
        if found["low_percent"] is None:
            return f"{line} (no interval)"
        return (
            f"{line} (95 % interval {found['low_percent']:+.1f} to {found['high_percent']:+.1f} %)"
        )


def junit(outcomes: Sequence[Outcome], name: str) -> str:
    """A JUnit report: a cell that became worse is a failure, one that cannot be told is skipped."""
    counts = {o: sum(found.outcome == o for found in outcomes) for o in (WORSE, UNKNOWN)}
    totals = {"tests": len(outcomes), "failures": counts[WORSE], "skipped": counts[UNKNOWN]}
    attributes = {"name": printable(name), **{key: str(value) for key, value in totals.items()}}
    suite = ElementTree.Element("testsuite", {**attributes, "errors": "0"})
    for found in outcomes:
        named = {"classname": "vcperf.gate", "name": printable(found.cell)}
        case = ElementTree.SubElement(suite, "testcase", named)
        if found.outcome in (WORSE, UNKNOWN):
            tag = "failure" if found.outcome == WORSE else "skipped"
            ElementTree.SubElement(case, tag, {"message": f"{found.outcome}: {found.says}"})
        else:
            ElementTree.SubElement(case, "system-out").text = found.says
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def markdown(outcomes: Sequence[Outcome], summary: str, notes: Sequence[str]) -> str:
    """A table in Markdown below one line of summary; cells without a change are only counted."""
    changed = [found for found in outcomes if found.outcome != SAME]
    lines = [f"**{_escaped(summary)}**", ""]
    if changed:
        lines += ["| cell | A | B | effect | 95 % interval | |", "|---|---|---|---|---|---|"]
        lines += [_row(found) for found in changed] + [""]
    lines += [f"- {_escaped(note)}" for note in notes]
    return "\n".join(lines).rstrip() + "\n"


def _row(found: Outcome) -> str:
    values = found.values
    ends = "none"
    if values["low_percent"] is not None:
        ends = f"{values['low_percent']:+.1f} to {values['high_percent']:+.1f} %"
    columns = [
        _escaped(found.cell),
        f"{values['mean_a']:.5g} {values['unit']}",
        f"{values['mean_b']:.5g} {values['unit']}",
        f"{values['effect_percent']:+.1f} %",
        ends,
        found.outcome,
    ]
    return "| " + " | ".join(columns) + " |"


def _escaped(text: str) -> str:
    escaped = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "\\`*_[]|":
        escaped = escaped.replace(mark, "\\" + mark)
    return escaped


def as_json(outcomes: Sequence[Outcome], status: int, summary: str, notes: Sequence[str]) -> str:
    """Everything as JSON: format, status, summary, notes, and the cells."""
    content = {
        "format": FORMAT,
        "status": status,
        "summary": summary,
        "notes": list(notes),
        "cells": [
            {"cell": found.cell, "outcome": found.outcome, **found.values} for found in outcomes
        ],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"
