"""What stands before a campaign: its configuration whole, its host, its figures."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vcperf import campaign, cell, claims, config, lock
from vcperf import site as sites
from vcperf.cell import Block, Plan
from vcperf.config import Config
from vcperf.errors import VcperfError
from vcperf.layout import Host
from vcperf.testbeds import held, probe

ROOT = Path(__file__).parents[2]
FIGURES_SCHEMA = ROOT / "config" / "schemas" / "figures.schema.yaml"

RECORD_BYTES = 16 * 1024  # a record, its log and Snakemake's note of it, on disk
TABLES_BYTES = 16 * 1024 * 1024  # tables, figures, Snakemake's own files


@dataclass(frozen=True)
class Campaign:
    """A campaign ready to run.

    Args:
        config: the configuration, checked, with nulls dropped.
        host: what measures it.
        plan: its cells and blocks.
        figures: name -> description of each figure.
        claims: name -> each claim to hold against the tables.
        digest: names the plan as the tables see it: labels, records, order.
    """

    config: Config
    host: Host
    plan: Plan
    figures: dict[str, Any]
    claims: dict[str, Any]
    digest: str


def prepare(raw: Config, sources: Sequence[str | Path]) -> Campaign:
    """Check a configuration and plan its campaign.

    Args:
        raw: the merged configuration.
        sources: the files it came from, lowest first.

    Puts into the environment what the measurements are started with: PYTHONPATH, and in
    VCPERF_CONTEXT how to reach the hosts and how hard to try for a quiet one (see
    `vcperf.measure.block.main`). Prints a line when testbed auto has to step down, and when
    profiles are to be taken that this host cannot take: the plan is without them then. Raises
    VcperfError.
    """
    # For the scripts that Snakemake starts; matplotlib would write into the home folder.
    os.environ["PYTHONPATH"] = str(ROOT / "scripts")
    os.environ.setdefault("MPLCONFIGDIR", str(ROOT / ".tools" / "matplotlib"))
    sources = [_short(source) for source in sources]
    clean = campaign.checked(raw, sources)
    places = sites.read(clean, sources)
    testbed, note = probe.resolve_testbed(clean["testbed"])
    if note:
        print(note, file=sys.stderr)
    host = Host(testbed, probe.usable_cpus(), places)
    plan = campaign.plan(clean, host, sources)
    fault = _profiler_fault(clean, plan)
    if fault:
        print(f"profile: {fault}; going on without profiles", file=sys.stderr)
        del clean["profile"]
        plan = campaign.plan(clean, host, sources)
    context = {key: clean[key] for key in ("disturbed_percent", "remeasure")}
    if places is not None:
        context |= places.context
    # Not a param of the measurements: it decides no result, and would rerun them.
    os.environ["VCPERF_CONTEXT"] = cell.canonical(context)
    judged = claims.read(clean["claims"], raw)
    drawn = read_figures(clean["figures"])
    return Campaign(clean, host, plan, drawn, judged, _digest(plan))


def read_figures(path: str) -> dict[str, Any]:
    """The figures that a file describes, by name, the file's defaults filled in.

    Raises VcperfError naming file, key and fault.
    """
    content = config.read_yaml(path)
    config.check(content, FIGURES_SCHEMA, [path])
    return {
        name: config.merge({"where": content.get("where", {})}, figure)
        for name, figure in content["figures"].items()
    }


def check_host(ready: Campaign, missing: Collection[Block]) -> None:
    """Make sure that the missing blocks can be measured, then take the host for it.

    Raises VcperfError when a tool or disk space is missing.
    """
    for folder, needed in (
        ("results", TABLES_BYTES + len(missing) * RECORD_BYTES),
        (".", len(missing) * RECORD_BYTES),
    ):
        if os.path.isdir(folder):
            free = shutil.disk_usage(folder).free
            if free < needed:
                raise VcperfError(
                    f"{folder}: no space left on device for this campaign: {free >> 10} KiB free,"
                    f" {needed >> 10} KiB needed; make room and run again"
                )
    if not missing:
        return
    site = ready.host.site
    probe.require_tools(ready.host.testbed, by_ssh=site is not None)
    if site is None or site.context["emulator_pid_files"]:
        lock.hold_host()
    if site is not None:
        held.hold((block.cell.spec for block in missing), site.context.get("ssh_config"))


def _profiler_fault(clean: Config, plan: Plan) -> str:
    """Why profiles that are missing cannot be taken; empty when they can, or none is."""
    specs = [
        block.cell.spec
        for block in plan.blocks
        if block.cell.kind == "profile" and not os.path.exists(block.record)
    ]
    if not specs or clean["partial"] or "ends" in specs[0]:
        return ""
    return probe.perf_fault(specs[0]["testbed"], specs[0]["profiler"])


def _short(path: str | Path) -> str:
    """A path as a user would write it: relative where it lies below this folder."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _digest(plan: Plan) -> str:
    text = cell.canonical(
        [
            [dict(b.cell.labels), b.cell.name, b.cell.shared_cpus, b.number, b.order]
            for b in plan.blocks
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()
