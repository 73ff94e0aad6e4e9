"""Cells of the MPI ping-pong: pinning, stack, program and load. IMB's other benchmarks are
measured as it is: `laid_out` has them too."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vcperf.basics.checkout import ROOT
from vcperf.config.files import KeyPath
from vcperf.errors import suggest
from vcperf.planning import site_files
from vcperf.planning.cell import Cell, Spec
from vcperf.planning.layout import Layout

# See vcperf.planning.matrix.netperf.
PROCEDURE = 1
# The versions of our programs in scripts/workloads/mpi, raised by hand in the same way, each to a
# text that it never was; the first are digests of files. What measure.ep_load makes of ep.c's
# output belongs to its version. tests/workloads/test_sources.py asks about them.
SOURCES = {"pingpong": "aa87ab0a6981", "ep": "6db3f68450bc"}
PINGPONG, IMB, OSU = "PingPong", "IMB-MPI1", "osu_latency"
OF_TWO = (PINGPONG, "PingPing")  # a cluster's first two domains play
OF_FLOATS = ("Reduce", "Reduce_scatter", "Allreduce")  # of 4 bytes each


def cells(layout: Layout) -> Iterator[Cell]:
    """The ping-pongs of the section `pingpong`. Raises VcperfError as `planner.plan`."""
    if PINGPONG in layout.config["pingpong"]["benchmarks"]:
        yield from laid_out(layout, PINGPONG)


def laid_out(layout: Layout, benchmark: str) -> Iterator[Cell]:
    """The cells of one benchmark of the section `pingpong`.

    Args:
        benchmark: a name out of vcperf.tools.imb.BENCHMARKS.

    Raises VcperfError as `planner.plan`.
    """
    section = layout.config["pingpong"]
    ranks = _cluster(layout, ("pingpong", "cluster"), section["cluster"])
    if len(ranks) < 2:
        fault = f"clusters.{section['cluster']} has 1 domain; a ping-pong needs two: add one there"
        layout.refuse(("pingpong", "cluster"), fault)
    if benchmark in OF_TWO:
        ranks = ranks[:2]
    for index, pinning in enumerate(section["pinnings"]):
        at: KeyPath = ("pingpong", "pinnings", index)
        if pinning not in layout.pinnings:
            layout.refuse(at, f"unknown pinning '{pinning}'" + suggest(pinning, layout.pinnings))
        for stack, name in itertools.product(section["stacks"], section["programs"]):
            program = _program(layout, name, _stack(layout, stack, ranks))
            if program is None or (benchmark != PINGPONG and name != IMB):
                continue
            for load in section["loads"]:
                yield _cell(layout, at, pinning, stack, program, load, ranks, benchmark)


def _program(layout: Layout, name: str, stack: dict[str, str]) -> dict[str, str] | None:
    """What of a program decides a result: its source, version or file. None where IMB-MPI1
    is not to be had, and the stack has ours."""
    if name == "pingpong":
        return {"name": name, "source": SOURCES[name]}
    if name == OSU:
        return _osu(layout)
    own = layout.config["pingpong"].get("imb")
    if own:
        return {"name": name, **_own(layout, own)}
    if stack["kind"] == "openmpi" or "host" in stack:
        if "pingpong" in layout.config["pingpong"]["programs"]:
            return None
        layout.refuse(
            ("pingpong", "programs"),
            "IMB-MPI1 as Intel builds it does not load on Open MPI, and is not brought to hosts"
            " reached by ssh; name a build of your own in pingpong.imb, have pingpong among the"
            " programs too, or leave the stack out",
        )
    return {"name": name, "version": locked_version("intel")}


def _osu(layout: Layout) -> dict[str, str]:
    """A site's own osu_latency. What is in the file is part of the key, its folder is not where
    the file can be read."""
    section = layout.config["pingpong"]
    if "osu" not in section:
        layout.refuse(
            ("pingpong", "programs"),
            f"no package has {OSU}: build the OSU micro-benchmarks with your stack, and name the"
            f" folder of {OSU} in pingpong.osu",
        )
    folder = section["osu"].rstrip("/")
    found = {"name": OSU, "folder": folder}
    if layout.host.site is not None:
        return found
    program = f"{folder}/{OSU}"
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        layout.refuse(("pingpong", "osu"), f"{program}: no program is there; name its folder")
    return found | site_files.content(program)


def _osu_sizes(layout: Layout) -> list[int]:
    """The sizes that osu_latency measures: from the least to the greatest asked for, doubling."""
    asked = layout.config["pingpong"]["message_bytes"]
    least = max(1, min(asked))
    found = [least << power for power in range((max(asked) // least).bit_length())]
    for index, size in enumerate(asked):
        if size not in found:
            layout.refuse(
                ("pingpong", "message_bytes", index),
                f"{OSU} does not measure {size} bytes: it begins with the least size, at least 1,"
                " and doubles it; leave this size out, or the program",
            )
    return found


def _cell(
    layout: Layout,
    at: KeyPath,
    pinning: str,
    stack: str,
    program: dict[str, str],
    load: str,
    ranks: list[str],
    benchmark: str,
) -> Cell:
    section = layout.config["pingpong"]
    used = list(ranks)
    options: dict[str, Any] = {}
    if load == "ep":
        loaded = _cluster(layout, ("pingpong", "load", "cluster"), section["load"]["cluster"])
        both = sorted(set(loaded).intersection(ranks))
        if both:
            fault = f"{both[0]} is in both clusters; name a cluster of other domains"
            layout.refuse(("pingpong", "load", "cluster"), fault)
        used += loaded
        own = section["load"].get("program")
        program_of_load = _own(layout, own) if own else {"source": SOURCES["ep"]}
        options["load"] = {"class": section["load"]["class"], "ranks": loaded, **program_of_load}
    placed, shared = layout.placed(at, pinning, used)
    compiled = "source" in program or "source" in options.get("load", {})
    spec: Spec = {
        "kind": "pingpong",
        "procedure": PROCEDURE,
        **placed,
        "stack": _stack(layout, stack, ranks) | (_flags(layout, stack) if compiled else {}),
        "program": program,
        "ranks": ranks,
        "message_bytes": sorted(section["message_bytes"]),
        "repetitions": section["repetitions"],
        "seconds": section["seconds"],
        **options,
    }
    labels = {"pinning": pinning, "stack": stack, "program": program["name"], "load": load}
    if program["name"] == OSU:
        spec["message_bytes"] = _osu_sizes(layout)
    if benchmark != PINGPONG:
        spec |= {"kind": "imb", "benchmark": benchmark}
        if benchmark == "Barrier":  # it sends no message of any size
            spec["message_bytes"] = []
        if benchmark in OF_FLOATS:  # IMB rounds up to whole ones
            sizes = spec["message_bytes"]
            spec["message_bytes"] = sorted({-(-size // 4) * 4 for size in sizes})
        title = f"{stack}_{benchmark}_{load}_{'-'.join(ranks)}"
        labels["benchmark"] = benchmark
        return Cell("imb", title, labels, section["blocks"], shared, spec)
    labels["path"] = f"{ranks[0]}->{ranks[1]}"
    title = f"{stack}_{program['name']}_{load}_{'-'.join(ranks)}"
    return Cell("pingpong", title, labels, section["blocks"], shared, spec)


def _stack(layout: Layout, name: str, ranks: list[str]) -> dict[str, str]:
    """What of a stack decides a result: its kind, and its version or its folder, with what is in
    that; or on which host the folder is looked at, when that is not this one."""
    stacks = layout.config["stacks"]
    if name not in stacks:
        layout.refuse(("pingpong", "stacks"), f"unknown stack '{name}'" + suggest(name, stacks))
    stack = stacks[name]
    folder = stack.get("folder")
    own = {"kind": stack["kind"], "folder": folder} if folder else None
    site = layout.host.site
    if site is not None:
        if own is None:
            layout.refuse(
                ("stacks", name),
                "name its folder on the hosts that are reached by ssh, which has bin/mpiexec and"
                " bin/mpicc: wheels are for this machine (or set pingpong to null)",
            )
        return {**own, "host": site.ends[ranks[0]]["ssh"]}
    if own is not None:
        return own | site_files.content(f"{folder}/bin/mpiexec", f"{folder}/lib/libmpi.so")
    return {"kind": stack["kind"], "version": locked_version(stack["kind"])}


def _flags(layout: Layout, stack: str) -> dict[str, str]:
    """The flags with which our programs are compiled, when they are not those of
    scripts/compile-mpi."""
    given = layout.config["stacks"][stack]
    return {"cflags": given["cflags"]} if "cflags" in given else {}


def locked_version(kind: str) -> str:
    """The version of a stack's wheel, as envs/mpi-KIND.txt has it: PACKAGE==VERSION first."""
    first = Path(ROOT, "envs", f"mpi-{kind}.txt").read_text(encoding="utf-8").splitlines()[0]
    return first.partition("==")[2].split()[0]


def _cluster(layout: Layout, at: KeyPath, name: str) -> list[str]:
    """The domains of a virtual cluster."""
    clusters = layout.config["clusters"]
    if name not in clusters:
        layout.refuse(at, f"unknown cluster '{name}'" + suggest(name, clusters))
    for index, domain in enumerate(clusters[name]):
        if domain not in layout.node_of:
            layout.refuse(
                ("clusters", name, index),
                f"unknown domain '{domain}'" + suggest(domain, layout.node_of),
            )
    if layout.host.site is not None:
        _apart(layout, name, {d: layout.host.site.ends[d]["address"] for d in clusters[name]})
    return list(clusters[name])


def _apart(layout: Layout, name: str, addresses: dict[str, str]) -> None:
    """Refuse a cluster of which two domains are one host: it would need no network."""
    first: dict[str, str] = {}
    for index, (domain, address) in enumerate(addresses.items()):
        if address in first:
            layout.refuse(
                ("clusters", name, index),
                f"{domain} has the address {address}, as {first[address]} has; the domains of"
                " a cluster are different hosts",
            )
        first[address] = domain


def _own(layout: Layout, file: str) -> dict[str, str]:
    """A site's own program; a file of this host by its content too."""
    return {"file": file, **(site_files.content(file) if layout.host.site is None else {})}


def seconds(spec: Spec) -> float:
    """About how long a block takes, with EP of class S."""
    return (
        1 + 1.5 * float(spec["seconds"]) * len(spec["message_bytes"]) + (6 if "load" in spec else 0)
    )
