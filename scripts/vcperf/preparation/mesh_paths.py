"""`paths: all-pairs`: the paths between the nodes of a testbed file, each node with each other.

A mesh is between the nodes' own systems. Its pinning is called `mesh`. A node that the campaign
does not describe has one domain, the first of the testbed file's entry, on the node's first CPUs.
A mesh of many nodes has its first path only: it is laid out by `vcperf.planning.large_mesh`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, permutations
from pathlib import Path
from typing import Any

from vcperf import kinds
from vcperf.config import files
from vcperf.config.files import Config
from vcperf.errors import VcperfError, suggest
from vcperf.planning import large_mesh
from vcperf.preparation import testbed_file

MOST_BY_BLOCKS = 100  # nodes of a mesh of which each block is a job, unless a campaign says more
ALL, OF_GROUPS = "all-pairs", "all-pairs-of"
PINNING = "mesh"


def with_paths(config: Config, sources: Sequence[str | Path]) -> Config:
    """A checked configuration with the nodes, the pinning and the paths of its meshes.

    Args:
        config: what `vcperf.config.campaign_file.checked` returned.
        sources: the files it was merged from, for error messages.

    Raises VcperfError naming file, key and fault.
    """
    sections = {card.section for card in kinds.CARDS.values()}
    asked = {s: config[s]["paths"] for s in sections if "paths" in config.get(s, {})}
    meshes = {s: paths for s, paths in asked.items() if paths == ALL or OF_GROUPS in paths}
    if not meshes:
        return config
    (first, *_) = meshes
    key_paths = testbed_file.key_paths(config)
    if len(key_paths) != 1:
        raise VcperfError(
            f"{files.where((first, 'paths'), sources)}: all pairs are those of one testbed file's"
            f" nodes, not of {len(key_paths)}; name one by testbed_file (docs/tutorials/mesh.md)"
        )
    path, content = testbed_file.content(config, key_paths[0], sources)
    pinned = {node for pinning in config["pinnings"].values() for node in pinning}
    # Without those of the default that nothing is left of.
    described = {n: c for n, c in config["nodes"].items() if n in content["nodes"] or n in pinned}
    config = {**config, "nodes": described, "pinnings": dict(config["pinnings"])}
    members: dict[str, None] = {}
    for section, paths in meshes.items():
        at = f"{files.where((section, 'paths'), sources)}"
        nodes = list(_nodes(content, paths, at, path))
        if len(nodes) < 2:
            raise VcperfError(f"{at}: a mesh has at least 2 nodes, not {len(nodes)}")
        _describe(config, content, nodes)
        members |= dict.fromkeys(nodes)
        ends = [config["nodes"][node]["dom0"] for node in nodes]
        in_rounds = config.get("mesh", {}).get("rounds", len(nodes) > MOST_BY_BLOCKS)
        if in_rounds:
            config["mesh"] = {**config.get("mesh", {}), large_mesh.KEY: nodes}
        both = islice(permutations(ends, 2), 1 if in_rounds else None)
        pairs = [f"{sender}->{receiver}" for sender, receiver in both]
        own = (
            {} if paths == ALL else {name: one for name, one in paths.items() if name != OF_GROUPS}
        )
        config[section] = {**config[section], "paths": {**own, PINNING: pairs}}
    config["pinnings"].setdefault(PINNING, {node: _pins(config, node) for node in members})
    return config


def _nodes(content: Config, paths: Any, at: str, path: Path) -> Iterator[str]:
    """The nodes of a mesh, each once."""
    if paths == ALL:
        yield from content["nodes"]
        return
    groups = content.get("groups", {})
    seen = set()
    for group in paths[OF_GROUPS]:
        if group not in groups:
            hint = suggest(group, groups) or f"; {path} has no groups" * (not groups)
            raise VcperfError(f"{at}.{OF_GROUPS}: unknown group '{group}'{hint}")
        for node in groups[group]:
            if node not in seen:
                seen.add(node)
                yield node


def _describe(config: Config, content: Config, nodes: Sequence[str]) -> None:
    """Give the configuration the nodes that it does not describe itself."""
    for node in nodes:
        if node not in config["nodes"]:
            domain = next(iter(content["nodes"][node]["domains"]))
            cpus = config.get("mesh", {}).get("cpus", 1)
            own = {"cpus": cpus, "dom0": domain, "domains": {domain: {"vcpus": 1}}}
            config["nodes"][node] = own


def _pins(config: Config, node: str) -> Mapping[str, Any]:
    """All domains of a node on all of its CPUs."""
    entry = config["nodes"][node]
    count = entry["cpus"] if isinstance(entry["cpus"], int) else len(entry["cpus"])
    cpus = f"0-{count - 1}" if count > 1 else 0
    return dict.fromkeys(entry["domains"], cpus)
