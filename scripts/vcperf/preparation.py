"""What stands before a campaign: its configuration whole, its host, its figures."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vcperf import campaign, cell, claims, code, config, decided, lock
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
        hosts: what measures it, once a testbed.
        baseline: the testbed that the others are compared with; None when the plan has it
            not, or has no other.
        plan: its cells and blocks.
        figures: name -> description of each figure.
        claims: name -> each claim to hold against the tables.
        digest: names the plan as the tables see it: labels, records, order.
    """

    config: Config
    hosts: tuple[Host, ...]
    baseline: str | None
    plan: Plan
    figures: dict[str, Any]
    claims: dict[str, Any]
    digest: str

    def wanted(self) -> list[Block]:
        """The blocks that tables are made of, one a record: all, or with `partial` those
        that are there; with `only`, of other testbeds than that those that are there."""
        only, partial = self.config.get("only"), self.config["partial"]
        return [
            block
            for block in self.plan.by_record.values()
            if (not partial and only in (None, block.cell.spec["testbed"]))
            or os.path.exists(block.record)
        ]


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
    clean = decided.with_points(campaign.checked(raw, sources))
    wanted = clean.get("baseline", {}).get("testbed")
    testbeds, note = probe.resolve_testbeds(clean["testbed"], wanted)
    if note:
        print(note, file=sys.stderr)
    if clean.get("only", testbeds[0]) not in testbeds:
        raise VcperfError(
            f"{config.where(('only',), sources)}: {clean['only']} is no testbed of this campaign;"
            f" it has {', '.join(testbeds)}"
        )
    hosts = campaign.hosts(clean, testbeds, probe.usable_cpus(), sources)
    plan = campaign.plan(clean, hosts, sources, decided.read())
    fault = _profiler_fault(clean, plan)
    if fault:
        print(f"profile: {fault}; going on without profiles", file=sys.stderr)
        del clean["profile"]
        plan = campaign.plan(clean, hosts, sources, decided.read())
    planned = {cell.spec["testbed"] for cell in plan.cells}
    for testbed in testbeds:
        if testbed not in planned:
            print(
                f"baseline: selects no cell of this campaign: nothing is measured on {testbed}",
                file=sys.stderr,
            )
    baseline = wanted if wanted in planned and len(planned) > 1 else None
    context = {key: clean[key] for key in ("disturbed_percent", "remeasure", "quiet")}
    context["code"] = code.state(ROOT)
    for host in hosts:
        if host.site is not None:  # of one testbed file, so the same for all
            context |= host.site.context
    # Not a param of the measurements: it decides no result, and would rerun them.
    os.environ["VCPERF_CONTEXT"] = cell.canonical(context)
    subject = campaign.virtual(clean, testbeds)
    claims_file, figures_file = (
        str(config.named_file(clean, key, sources)) for key in ("claims", "figures")
    )
    judged = {
        name: {**claim, "parts": [_of(subject, part) for part in claim["parts"]]}
        for name, claim in claims.read(claims_file, raw).items()
    }
    drawn = {
        name: {**_of(subject, figure), "bands": [_of(subject, b) for b in figure.get("bands", ())]}
        for name, figure in read_figures(figures_file).items()
    }
    return Campaign(clean, tuple(hosts), baseline, plan, drawn, judged, _digest(plan))


def read_figures(path: str) -> dict[str, Any]:
    """The figures that a file describes, by name, the file's defaults filled in.

    Raises VcperfError naming file, key and fault.
    """
    content = config.read_yaml(path)
    config.check(content, FIGURES_SCHEMA, [path])
    return {
        name: _labelled(config.merge({"where": content.get("where", {})}, figure))
        for name, figure in content["figures"].items()
    }


def _labelled(figure: Config) -> Config:
    """A figure, its series and its bands, with what they select as tables have it."""
    parts: Config = {
        key: [_labelled(part) for part in figure[key]]
        for key in ("series", "bands")
        if key in figure
    }
    return {**figure, **parts, "where": claims.as_labels(figure["where"])}


def _of(testbed: str, selection: Mapping[str, Any]) -> Config:
    """A figure, a band or a part of a claim, about one testbed when it names none."""
    return {**selection, "where": {"testbed": testbed, **selection["where"]}}


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
    testbeds = {block.cell.spec["testbed"] for block in missing}
    hosts = [host for host in ready.hosts if host.testbed in testbeds]
    for host in hosts:
        probe.require_tools(host.testbed, by_ssh=host.site is not None)
    site = hosts[0].site  # of one testbed file or of none: the same for all
    if site is None or site.context["emulator_pid_files"]:
        lock.hold_host()
    if site is not None:
        if len(hosts) > 1:
            names = " and ".join(host.testbed for host in hosts)
            raise VcperfError(
                f"testbeds {names}: the same nodes cannot be both at once; measure one, with"
                f" --config only={hosts[0].testbed}, boot the nodes for the other, and measure"
                " that (docs/testbeds.md)"
            )
        held.hold((block.cell.spec for block in missing), site.context.get("ssh_config"))


def _profiler_fault(clean: Config, plan: Plan) -> str:
    """Why profiles that are missing cannot be taken; empty when they can, or none is."""
    specs = {
        block.cell.spec["testbed"]: block.cell.spec
        for block in plan.blocks
        if block.cell.kind == "profile" and not os.path.exists(block.record)
    }
    if clean["partial"]:
        return ""
    here = ((testbed, spec) for testbed, spec in specs.items() if "ends" not in spec)
    faults = (probe.perf_fault(testbed, spec["profiler"]) for testbed, spec in here)
    return next(filter(None, faults), "")


def _short(path: str | Path) -> str:
    """A path as a user would write it: relative where it lies below this folder."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _digest(plan: Plan) -> str:
    text = cell.canonical(
        [
            [dict(c.labels), c.name, c.shared_cpus, c.sequential, b.number, b.order]
            for b in plan.blocks
            for c in [b.cell]
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()
