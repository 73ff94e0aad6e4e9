"""From a configuration to the cells and blocks of a campaign. Pure: starts nothing.

A *spec* is one plain dict that holds exactly what decides a block's result, and no
label: so it keys the raw record, and an edit to the configuration asks for new
records just where a spec changed.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vcperf import config as configuration
from vcperf.config import Config, KeyPath, suggest
from vcperf.cpulist import parse as parse_cpus
from vcperf.errors import VcperfError
from vcperf.site import Site

SCHEMA = Path(__file__).parents[2] / "config" / "schemas" / "config.schema.yaml"

# Raised by hand when a change to vcperf.measure makes older records incomparable:
# it is part of every spec, so that all are measured anew.
NETPERF_PROCEDURE = 2

UDP_MAX_BYTES = 65507  # IPv4's 65535 less the IP and UDP headers

Spec = dict[str, Any]


@dataclass(frozen=True)
class Host:
    """What planning must know of the machine that measures.

    Args:
        testbed: the testbed that the campaign runs on, `auto` resolved.
        cpus: the CPUs it may use, in the order in which nodes should take them.
        site: where the nodes are, when they are not on this machine.
    """

    testbed: str
    cpus: tuple[int, ...]
    site: Site | None = None


@dataclass(frozen=True)
class Cell:
    """One point of the factor matrix.

    Args:
        pinning, sender, receiver, test, message_bytes: its factors.
        shared_cpus: whether the two nodes of its path share CPUs of the host.
        spec: what decides its results, the block's number apart.
    """

    pinning: str
    sender: str
    receiver: str
    test: str
    message_bytes: int
    shared_cpus: bool
    spec: Spec

    @property
    def path(self) -> str:
        """Sender and receiver, as the tables name them."""
        return f"{self.sender}->{self.receiver}"

    @cached_property
    def name(self) -> str:
        """The folder of the cell's records: readable, and unique to its spec."""
        return (
            f"{self.sender}-{self.receiver}_{self.test}_{self.message_bytes}_{spec_key(self.spec)}"
        )


@dataclass(frozen=True)
class Block:
    """One repetition of a cell.

    Args:
        cell: the cell.
        number: 1 to the number of blocks.
        order: its place in the campaign's shuffled order, from 0.
    """

    cell: Cell
    number: int
    order: int

    @cached_property
    def spec_json(self) -> str:
        """The block's spec as one line of JSON with sorted keys."""
        return canonical({**self.cell.spec, "block": self.number})


@dataclass(frozen=True)
class Plan:
    """A whole campaign.

    Args:
        cells: all cells, in the configuration's order.
        blocks: all blocks, in the configuration's order.
    """

    cells: tuple[Cell, ...]
    blocks: tuple[Block, ...]

    @cached_property
    def by_record(self) -> dict[tuple[str, str], Block]:
        """(cell name, block number as text) -> block. Cells with one spec share records."""
        table: dict[tuple[str, str], Block] = {}
        for block in self.blocks:
            table.setdefault((block.cell.name, str(block.number)), block)
        return table


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def spec_key(spec: Mapping[str, Any]) -> str:
    """12 hexadecimal digits that name a spec, its block number left aside."""
    cell = {key: value for key, value in spec.items() if key != "block"}
    return hashlib.sha256(canonical(cell).encode()).hexdigest()[:12]


def checked(raw: Config, sources: Sequence[str | Path] = ()) -> Config:
    """A configuration held against its schema, with entries set to null left out.

    Args:
        raw: the merged configuration, as read.
        sources: the files it was merged from, lowest first, for error messages.

    Raises VcperfError naming file, key and fault.
    """
    config = configuration.drop_nulls(raw)
    configuration.check(config, SCHEMA, sources)
    return dict(config)


def plan(config: Config, host: Host, sources: Sequence[str | Path] = ()) -> Plan:
    """Lay out the cells and blocks of a checked configuration on a host.

    Args:
        config: what `checked` returned.
        host: the machine that measures.
        sources: as for `checked`.

    Raises VcperfError naming file, key and fault: an unknown name, a CPU that is not
    there, a pinning that leaves a domain out.
    """
    return _Planner(config, host, sources).plan()


class _Planner:
    """Resolves one configuration; its methods name the key that is at fault."""

    def __init__(self, config: Config, host: Host, sources: Sequence[str | Path]) -> None:
        self.config = config
        self.host = host
        self.sources = sources
        self.node_of: dict[str, str] = {}
        for node, entry in config["nodes"].items():
            for domain in entry["domains"]:
                if domain in self.node_of:
                    self.refuse(
                        ("nodes", node, "domains", domain),
                        f"node {self.node_of[domain]} has a domain of that name already",
                    )
                self.node_of[domain] = node
            if entry["dom0"] not in entry["domains"]:
                self.refuse(
                    ("nodes", node, "dom0"),
                    f"'{entry['dom0']}' is not one of the node's domains"
                    + suggest(entry["dom0"], entry["domains"]),
                )

    def refuse(self, key_path: KeyPath, fault: str) -> None:
        raise VcperfError(f"{configuration.where(key_path, self.sources)}: {fault}")

    def plan(self) -> Plan:
        self.node_cpus = self._place_nodes()
        self.pinnings = {name: self._resolve(name) for name in self.config["pinnings"]}
        cells = tuple(self._cells())
        if not cells:
            self.refuse(("netperf", "paths"), "nothing to measure: no pinning has a path")
        # Blocks are shuffled round by round (a randomised complete block design): each
        # round holds every cell once, so a drift of the host touches all cells alike.
        chance = random.Random(self.config["seed"])
        blocks: dict[tuple[int, int], Block] = {}
        for number in range(1, self.config["blocks"] + 1):
            turn = list(range(len(cells)))
            chance.shuffle(turn)
            for index in turn:
                blocks[index, number] = Block(cells[index], number, len(blocks))
        return Plan(cells, tuple(blocks[key] for key in sorted(blocks)))

    def _place_nodes(self) -> dict[str, list[int]]:
        """Give each node its CPUs."""
        if self.host.site is None:
            return self._share_host()
        # Machines of their own: how many CPUs they have is read when they are measured.
        wanted = {node: entry["cpus"] for node, entry in self.config["nodes"].items()}
        return {n: list(range(w)) if isinstance(w, int) else list(w) for n, w in wanted.items()}

    def _share_host(self) -> dict[str, list[int]]:
        """Give each node CPUs of the host: its own as long as there are enough."""
        available = list(self.host.cpus)
        free = list(available)
        placed: dict[str, list[int]] = {}
        for node, entry in self.config["nodes"].items():
            wanted = entry["cpus"]
            if isinstance(wanted, list):
                for index, cpu in enumerate(wanted):
                    if cpu not in available:
                        self.refuse(("nodes", node, "cpus", index), self._no_cpu(cpu))
                placed[node] = list(wanted)
                free = [cpu for cpu in free if cpu not in wanted]
                continue
            if wanted > len(available):
                self.refuse(
                    ("nodes", node, "cpus"),
                    f"{wanted} CPUs, but this host has {len(available)} to use"
                    f" ({_listed(available)}); ask for fewer, and pin no VCPU above them",
                )
            taken = free[:wanted] if len(free) >= wanted else available[:wanted]
            free = [cpu for cpu in free if cpu not in taken]
            placed[node] = taken
        return placed

    def _no_cpu(self, cpu: int) -> str:
        return f"the host has no CPU {cpu} to use; it has {_listed(sorted(self.host.cpus))}"

    def _resolve(self, pinning: str) -> dict[str, dict[str, list[list[int]]]]:
        """A pinning as node -> domain -> the host CPUs of each VCPU."""
        nodes = self.config["nodes"]
        resolved: dict[str, dict[str, list[list[int]]]] = {}
        for node, given in self.config["pinnings"][pinning].items():
            at: KeyPath = ("pinnings", pinning, node)
            if node not in nodes:
                self.refuse(at, f"unknown node '{node}'" + suggest(node, nodes))
            domains = nodes[node]["domains"]
            for domain in given:
                if domain not in domains:
                    self.refuse(
                        (*at, domain),
                        f"node {node} has no domain '{domain}'" + suggest(domain, domains),
                    )
            for domain in domains:
                if domain not in given:
                    self.refuse(at, f"says nothing of domain '{domain}': give it a CPU")
            resolved[node] = {
                domain: self._vcpus(at, node, domain, given[domain]) for domain in domains
            }
        return resolved

    def _vcpus(self, at: KeyPath, node: str, domain: str, given: Any) -> list[list[int]]:
        count = self.config["nodes"][node]["domains"][domain]["vcpus"]
        per_vcpu = given if isinstance(given, list) else [given] * count
        if len(per_vcpu) != count:
            self.refuse((*at, domain), f"{len(per_vcpu)} entries, but the domain has {count} VCPUs")
        cpus = self.node_cpus[node]
        host_cpus: list[list[int]] = []
        for text in per_vcpu:
            numbers = parse_cpus(text)
            for number in numbers or [-1]:
                if not 0 <= number < len(cpus):
                    self.refuse(
                        (*at, domain),
                        f"CPU {text}, but {node} has CPUs 0-{len(cpus) - 1} (nodes.{node}.cpus)",
                    )
            host_cpus.append(sorted(cpus[number] for number in numbers))
        return host_cpus

    def _cells(self) -> Iterator[Cell]:
        netperf = self.config["netperf"]
        for pinning, paths in netperf["paths"].items():
            if pinning not in self.pinnings:
                self.refuse(
                    ("netperf", "paths", pinning),
                    f"unknown pinning '{pinning}'" + suggest(pinning, self.pinnings),
                )
            for index, path in enumerate(paths):
                at: KeyPath = ("netperf", "paths", pinning, index)
                sender, receiver = self._ends(at, path)
                for test in netperf["tests"]:
                    for size_index, size in enumerate(netperf["message_bytes"]):
                        if test.startswith("UDP") and size > UDP_MAX_BYTES:
                            self.refuse(
                                ("netperf", "message_bytes", size_index),
                                f"{size}: {test} sends at most {UDP_MAX_BYTES} bytes at once",
                            )
                        yield self._cell(at, pinning, sender, receiver, test, size)

    def _ends(self, at: KeyPath, path: str) -> tuple[str, str]:
        sender, receiver = (end.strip() for end in path.split("->"))
        for domain in (sender, receiver):
            if domain not in self.node_of:
                self.refuse(at, f"unknown domain '{domain}'" + suggest(domain, self.node_of))
        if sender == receiver:
            self.refuse(at, f"{path}: a path needs two domains")
        return sender, receiver

    def _cell(
        self, at: KeyPath, pinning: str, sender: str, receiver: str, test: str, size: int
    ) -> Cell:
        netperf = self.config["netperf"]
        pinned = self.pinnings[pinning]
        on_path = sorted({self.node_of[sender], self.node_of[receiver]})
        for node in on_path:
            if node not in pinned:
                self.refuse(at, f"pinning '{pinning}' says nothing of node '{node}'")
        spec: Spec = {
            "kind": "netperf",
            "procedure": NETPERF_PROCEDURE,
            "testbed": self.host.testbed,
            "nodes": {
                node: {"dom0": self.config["nodes"][node]["dom0"], "domains": pinned[node]}
                for node in on_path
            },
            "sender": sender,
            "receiver": receiver,
            "test": test,
            "message_bytes": size,
            "duration_s": netperf["duration_s"],
            "warmup_s": netperf["warmup_s"],
        }
        for option in ("socket_buffers", "congestion_control"):
            if option in netperf:
                spec[option] = netperf[option]
        site = self.host.site
        if site is not None:
            for node in on_path:
                spec["nodes"][node] |= site.nodes[node]
            spec["ends"] = {domain: site.ends[domain] for domain in (sender, receiver)}
        link = self.config.get("netns", {}).get("link_mbps")
        if self.host.testbed == "netns" and len(on_path) > 1 and link is not None:
            spec["link_mbps"] = link
        shared = (
            site is None
            and len(on_path) > 1
            and not set(self.node_cpus[on_path[0]]).isdisjoint(self.node_cpus[on_path[1]])
        )
        return Cell(pinning, sender, receiver, test, size, shared, spec)


def _listed(cpus: Sequence[int]) -> str:
    return ", ".join(map(str, cpus))
