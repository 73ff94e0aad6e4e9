"""The last lines of a run: what was found, where it is, what is doubtful, what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

from vcperf.basics.results import on_disk

FINDINGS = "results/findings.json"
REPORT = "results/report.html"
FIGURES = "results/figures"
# Nothing here imports pandas, which would take a second of every run.


def written(figures: int, report: bool) -> str:
    """The lines of a campaign that is complete; empty when its findings cannot be read.

    Args:
        figures: how many it draws.
        report: whether it writes a report.
    """
    try:
        with open(on_disk(FINDINGS), encoding="utf-8") as handle:
            findings = json.load(handle)
        return "\n".join(lines(findings, figures, report))
    except (OSError, ValueError, KeyError):
        return ""


def lines(findings: Mapping[str, Sequence[str]], figures: int, report: bool) -> list[str]:
    """At most five lines.

    Args:
        findings: results/findings.json: the fields of `vcperf.report.findings.Findings`.
        figures, report: as for `written`.
    """
    found = [*findings["differences"][:1], *findings["verdicts"][:1]] or findings["measured"][:1]
    printed = [f"found: {sentence}" for sentence in found]
    page = f" and {on_disk(REPORT)}" if report else ""
    count = f"{figures} figure{'' if figures == 1 else 's'}"
    printed.append(f"see: {on_disk(FIGURES)}{os.sep} ({count}){page}")
    doubts = findings["doubts"]
    if doubts:
        rest = len(doubts) - 1
        more = f"; and {rest} more, see {on_disk(REPORT if report else FINDINGS)}" if rest else ""
        printed.append(f"doubtful: {doubts[0]}{more}")
    printed += [f"next: {sentence}" for sentence in findings["advice"][:1]]
    return printed
