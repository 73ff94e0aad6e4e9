"""A campaign ready to run: its configuration checked, its hosts known, its blocks planned."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vcperf import profilers, testbeds
from vcperf.basics import results
from vcperf.basics.checkout import ROOT, SCRIPTS
from vcperf.basics.context import SITES
from vcperf.basics.digest import canonical
from vcperf.config import campaign_file, claims_file, figures_file, files
from vcperf.config.files import Config
from vcperf.errors import VcperfError
from vcperf.kinds import stand_in
from vcperf.planning import choices, homes, planner, side_by_side
from vcperf.planning.cell import Block, Cell, Plan
from vcperf.planning.layout import Host
from vcperf.preparation import checkout_check, hosts, mesh_paths
from vcperf.preparation import stand_in as choose_tool
from vcperf.records import git_state


@dataclass(frozen=True)
class Campaign:
    """A campaign ready to run.

    Args:
        config: the configuration, checked, with nulls dropped.
        hosts: what measures it, once a testbed.
        baseline: the testbed that the others are compared with; None when the plan has it
            not, or has no other.
        plan: its cells and blocks.
        figures: name -> description of each figure; None for one per path.
        claims: name -> each claim to hold against the tables.
        note: what every figure of it says; empty for nothing.
        digest: names the plan as the tables see it: labels, records, order.
    """

    config: Config
    hosts: tuple[Host, ...]
    baseline: str | None
    plan: Plan
    figures: dict[str, Any] | None
    claims: dict[str, Any]
    digest: str
    note: str = ""

    def holds(self, cell: Cell) -> frozenset[str]:
        """What a block of a cell holds while it is measured, see `vcperf.planning.side_by_side`."""
        return self._held[cell.name]

    @cached_property
    def _held(self) -> dict[str, frozenset[str]]:
        if self.plan.mesh:  # a round takes all nodes
            return dict.fromkeys((c.name for c in self.plan.cells), side_by_side.ALL_CORES)
        apart = {host.testbed: host.site for host in self.hosts if host.side_by_side and host.site}
        return {
            cell.name: side_by_side.held(cell.spec["nodes"], site.links)
            if (site := apart.get(cell.spec["testbed"]))
            else side_by_side.ALL_CORES
            for cell in self.plan.cells
        }

    def unit(self, blocks: Sequence[Block], what: Any = None) -> side_by_side.Unit:
        """Blocks that are started at once, for `vcperf.planning.side_by_side`; `what`: as what."""
        first = min(blocks, key=lambda block: block.order)
        holds = frozenset[str]().union(*(self.holds(block.cell) for block in blocks))
        return side_by_side.Unit(first.turn, first.order, holds, what or first)

    @cached_property
    def elsewhere(self) -> frozenset[str]:
        """Testbeds whose blocks only wait on this machine."""
        return frozenset(host.testbed for host in self.hosts if host.side_by_side)

    @cached_property
    def resources(self) -> list[str]:
        """All that its blocks hold; nothing of which there is one, this machine."""
        return sorted(frozenset[str]().union(*self._held.values()) - side_by_side.ALL_CORES)

    def wanted(self) -> Sequence[Block]:
        """The blocks that tables are made of, one a record: all, or with `partial` those
        that are there; with `only`, of other testbeds than that those that are there.

        Of a mesh in rounds they are made one by one (`vcperf.planning.large_mesh`), and with
        `partial` none is listed.
        """
        if self.plan.mesh:
            return () if self.config["partial"] else self.plan.mesh
        only, partial = self.config.get("only"), self.config["partial"]
        return [
            block
            for block in self.plan.by_record.values()
            if (not partial and only in (None, block.cell.spec["testbed"])) or block.measured
        ]

    @cached_property
    def rounds_missing(self) -> list[int]:
        """The rounds of a mesh that lacked a record when this was asked first."""
        mesh = self.plan.mesh
        return [number for number in mesh.rounds if not mesh.is_done(number)] if mesh else []

    def lacking(self) -> tuple[int, Sequence[Block]]:
        """How many of the wanted blocks have no record; and such that use all nodes and need all
        that they do: all of them, but of a mesh in rounds those of some rounds."""
        mesh = self.plan.mesh
        if mesh is None or self.config["partial"]:
            blocks = [block for block in self.wanted() if not block.measured]
            return len(blocks), blocks
        missing = self.rounds_missing
        # One leaves a node out where their number is odd, and variants have rounds of their own.
        some = missing[: 2 * len(mesh.variants)]
        return len(missing) * 2 * mesh.width, [b for number in some for b in mesh.round(number)]


def prepare(raw: Config, sources: Sequence[str | Path]) -> Campaign:
    """Check a configuration and plan its campaign.

    Args:
        raw: the merged configuration.
        sources: the files it came from, lowest first.

    Puts into the environment what the measurements are started with: PYTHONPATH, where results
    are (`vcperf.basics.results`), and in VCPERF_CONTEXT how to reach the hosts and how hard to try
    for a quiet one (see `vcperf.measure.block.main`). Prints a line when testbed auto has to step
    down, when profiles are to be taken that this host cannot take: the plan is without them
    then, and when iperf3 is to measure in place of netperf: `raw` says so then, for those who plan
    by it again. Raises VcperfError.
    """
    checkout_check.check_folders()
    # For the scripts that Snakemake starts; matplotlib would write into the home folder.
    os.environ["PYTHONPATH"] = SCRIPTS
    os.environ.setdefault("MPLCONFIGDIR", f"{ROOT}/.tools/matplotlib")
    sources = [_short(source) for source in sources]
    whole = campaign_file.checked(raw, sources)
    results.place(whole.get(results.KEY))
    instead = choose_tool.chosen(whole)
    if instead:
        print(instead, file=sys.stderr)
        raw[stand_in.KEY] = stand_in.IPERF3
        whole = campaign_file.checked(raw, sources)
    clean = mesh_paths.with_paths(choices.with_points(whole), sources)
    names = _testbeds(clean, sources)
    machines = hosts.hosts_of(clean, names, hosts.usable_cpus(), sources)
    clean, plan = _planned(clean, machines, sources)
    _set_context(clean, machines)
    subject = planner.virtual(clean, names)
    return Campaign(
        config=clean,
        hosts=tuple(machines),
        baseline=_baseline(clean, names, plan),
        plan=plan,
        figures=_figures(clean, raw, subject, sources),
        claims=_claims(clean, raw, subject, sources),
        digest=_digest(plan),
        note=stand_in.NOTE if stand_in.used(clean) else "",
    )


def _figures(
    clean: Config, raw: Config, subject: str, sources: Sequence[str | Path]
) -> dict[str, Any] | None:
    """The figures of the file; None with `figures: null`."""
    if "figures" not in clean:
        return None
    path = str(files.named_file(clean, "figures", sources))
    return _about(subject, figures_file.read(path, raw, testbeds.NAMES), "bands")


def _claims(
    clean: Config, raw: Config, subject: str, sources: Sequence[str | Path]
) -> dict[str, Any]:
    """The claims to test; none with `claims: null`."""
    if "claims" not in clean:
        return {}
    path = str(files.named_file(clean, "claims", sources))
    return {
        name: {**claim, "parts": [_of(subject, part) for part in claim["parts"]]}
        for name, claim in claims_file.read(path, raw, testbeds.NAMES).items()
    }


def _testbeds(clean: Config, sources: Sequence[str | Path]) -> list[str]:
    """The campaign's testbeds, `auto` resolved on this host."""
    names, note = hosts.chosen_testbeds(clean, sources)
    if note:
        print(note, file=sys.stderr)
    if clean.get("only", names[0]) not in names:
        raise VcperfError(
            f"{files.where(('only',), sources)}: {clean['only']} is no testbed of this campaign;"
            f" it has {', '.join(names)}"
        )
    return names


def _planned(
    clean: Config, machines: Sequence[Host], sources: Sequence[str | Path]
) -> tuple[Config, Plan]:
    """The plan, and its configuration: without profiles where this host cannot take them."""
    plan = planner.plan(clean, machines, sources, choices.read(), homes.settled)
    fault = _profiler_fault(clean, plan)
    if not fault:
        return clean, plan
    print(f"profile: {fault}; going on without profiles", file=sys.stderr)
    clean = {key: section for key, section in clean.items() if key != "profile"}
    return clean, planner.plan(clean, machines, sources, choices.read(), homes.settled)


def _baseline(clean: Config, names: Sequence[str], plan: Plan) -> str | None:
    """The testbed that the others are compared with; None when the plan lacks it or the others."""
    planned = {cell.spec["testbed"] for cell in plan.cells}
    for testbed in names:
        if testbed not in planned:
            print(
                f"baseline: selects no cell of this campaign: nothing is measured on {testbed}",
                file=sys.stderr,
            )
    wanted: str | None = clean.get("baseline", {}).get("testbed")
    return wanted if wanted in planned and len(planned) > 1 else None


def _set_context(clean: Config, machines: Sequence[Host]) -> None:
    """Put what every block needs to know, and no record's key holds, into the environment."""
    context = {key: clean[key] for key in ("disturbed_percent", "remeasure", "quiet")}
    context["code"] = git_state.state(ROOT)
    context[SITES] = {host.testbed: host.site.context for host in machines if host.site}
    os.environ["VCPERF_CONTEXT"] = canonical(context)


def _about(subject: str, described: Mapping[str, Config], inner: str) -> dict[str, Any]:
    """Figures, and the parts below a key of each, about one testbed when they name none."""
    return {
        name: {**_of(subject, one), inner: [_of(subject, part) for part in one.get(inner, ())]}
        for name, one in described.items()
    }


def _of(testbed: str, selection: Mapping[str, Any]) -> Config:
    """A figure, a band or a part of a claim, about one testbed when it names none."""
    return {**selection, "where": {"testbed": testbed, **selection["where"]}}


def _profiler_fault(clean: Config, plan: Plan) -> str:
    """Why profiles that are missing cannot be taken; empty when they can, or none is."""
    if clean["partial"]:
        return ""
    profiled = plan.blocks if "profile" in plan.kinds else ()
    specs = {
        block.cell.spec["testbed"]: block.cell.spec
        for block in profiled
        if block.cell.kind == "profile" and not block.measured
    }
    faults = (profilers.fault(testbeds.class_of(s), s["profiler"]) for s in specs.values())
    return next(filter(None, faults), "")


def _short(path: str | Path) -> str:
    """A path as a user would write it: relative where it lies below this folder."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _digest(plan: Plan) -> str:
    if plan.mesh:
        return plan.mesh.digest
    text = canonical(
        [
            [
                dict(c.labels),
                c.name,
                c.shared_cpus,
                c.sequential,
                c.link,
                c.link_mbps,
                b.number,
                b.order,
            ]
            for b in plan.blocks
            for c in [b.cell]
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()
