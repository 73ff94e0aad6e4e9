"""Where domains are: nodes on CPUs, pinnings and paths of one configuration. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from vcperf.basics.cpulist import parse as parse_cpus
from vcperf.basics.cpulist import ranges as cpu_ranges
from vcperf.config import files
from vcperf.config.files import Config, KeyPath
from vcperf.errors import VcperfError, suggest
from vcperf.planning.cell import Spec

# In a spec, which is an argument of a command: of 128 KiB on Linux, at most.
MOST_CPUS = 15_000
VCPUS = "vcpus"  # in a pinning's entry that says more than that
GUEST = "guest"  # and what may be chosen of the guest


@dataclass(frozen=True)
class Site:
    """Nodes reached by ssh.

    Args:
        nodes: node -> what a spec says of it, so that it can be reached.
        ends: domain -> what a spec says of it when it is an end of the path.
        context: how to reach them, no part of any key: `ssh_config`,
            `emulator_pid_files`, `emulator_monitors`. See `vcperf.measure.block.main`.
        link_mbps: the rate of the link between two nodes in 10^6 bit/s, as the testbed file
            says it; no part of any spec.
        links: link -> the nodes behind it, which share it; no part of any spec.
    """

    nodes: Mapping[str, dict[str, Any]]
    ends: Mapping[str, dict[str, Any]]
    context: dict[str, Any]
    link_mbps: float | None = None
    links: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Host:
    """What planning must know of the machine that measures.

    Args:
        testbed: the testbed that the campaign runs on, `auto` resolved.
        cpus: the CPUs it may use, in the order in which nodes should take them.
        site: where the nodes are, when they are not on this machine.
        profilers: what can profile the testbed; none where nobody has written one.
        link: the section of the configuration that has the testbed's name -> what specs say of how
            several nodes are joined.
        side_by_side: whether blocks that share no node may be measured at the same time.
        options: the same section -> what specs of all blocks say of the testbed's options.
        threads: what a pinning may say of a guest beside its VCPUs.
        guest_options: what may be chosen of a guest beside where it runs.
        accounts: whether its records have the CPU time of hosts apart from that of guests.

    `vcperf.preparation.hosts.host_of` fills in what the testbed says.
    """

    testbed: str
    cpus: tuple[int, ...]
    site: Site | None = None
    profilers: tuple[str, ...] = ("perf",)
    link: Callable[[Mapping[str, Any]], Spec] = dict
    side_by_side: bool = False
    options: Callable[[Mapping[str, Any]], Spec] = lambda section: {}
    threads: tuple[str, ...] = ()
    guest_options: tuple[str, ...] = ()
    accounts: bool = False


@dataclass(frozen=True)
class NetworkPath:
    """A sender and a receiver under one pinning.

    Args:
        sender, receiver: domains.
        labels: the columns of the tables that name it.
        shared_cpus: whether its two nodes share CPUs of the host.
        spec: its part of a spec.
    """

    sender: str
    receiver: str
    labels: Mapping[str, str]
    shared_cpus: bool
    spec: Spec


class Layout:
    """One configuration resolved on a host; its methods name the key that is at fault.

    Args:
        config: what `vcperf.config.campaign_file.checked` returned.
        host: the machine that measures.
        sources: the files the configuration was merged from, for error messages.

    Raises VcperfError.
    """

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
        self.node_cpus = self._place_nodes()
        self.pinnings = {name: self._resolve(name) for name in config["pinnings"]}
        self.threads = {name: self._threads(name) for name in config["pinnings"]}
        self.guest_options = {name: self._guest_options(name) for name in config["pinnings"]}

    def refuse(self, key_path: KeyPath, fault: str) -> NoReturn:
        """Raise VcperfError that names the key and the file that it is from."""
        raise VcperfError(f"{files.where(key_path, self.sources)}: {fault}")

    def paths(self, section: str) -> Iterator[NetworkPath]:
        """The paths that `paths` of a section names, by pinning."""
        for pinning, texts in self.config[section]["paths"].items():
            if pinning not in self.pinnings:
                self.refuse(
                    (section, "paths", pinning),
                    f"unknown pinning '{pinning}'" + suggest(pinning, self.pinnings),
                )
            seen: dict[tuple[str, str], str] = {}
            for index, text in enumerate(texts):
                at: KeyPath = (section, "paths", pinning, index)
                ends = sender, receiver = self._ends(at, text)
                if ends in seen:
                    self.refuse(at, f"'{text}' is a duplicate of '{seen[ends]}'; leave one out")
                seen[ends] = text
                spec, shared = self.placed(at, pinning, (sender, receiver))
                labels = {"pinning": pinning, "path": f"{sender}->{receiver}"}
                labels |= {"sender": sender, "receiver": receiver}
                spec |= {"sender": sender, "receiver": receiver}
                yield NetworkPath(sender, receiver, labels, shared, spec)

    def placed(self, at: KeyPath, pinning: str, used: Sequence[str]) -> tuple[Spec, bool]:
        """What decides where some domains run and how they are joined.

        Args:
            at: the key that asks, for error messages.
            pinning: its name.
            used: the domains in which something runs.

        Returns that part of a spec (with all domains of their nodes, for an idle one must
        be somewhere too), and whether two of the nodes share CPUs of the host.
        """
        pinned = self.pinnings[pinning]
        nodes = sorted({self.node_of[domain] for domain in used})
        for node in nodes:
            if node not in pinned:
                self.refuse(at, f"pinning '{pinning}' lacks node '{node}'; add it")
        listed = sum(len(cpus) for n in nodes for vcpus in pinned[n].values() for cpus in vcpus)
        if listed > MOST_CPUS:
            self.refuse(
                at,
                f"pinning '{pinning}' lists {listed} CPUs for the VCPUs of {_listed(nodes)}, more"
                f" than the {MOST_CPUS} that one command can be given; pin to fewer",
            )
        spec: Spec = {
            "testbed": self.host.testbed,
            "nodes": {
                node: {"dom0": self.config["nodes"][node]["dom0"], "domains": pinned[node]}
                for node in nodes
            },
        }
        for node in nodes:
            if self.threads[pinning][node]:
                spec["nodes"][node]["threads"] = self.threads[pinning][node]
            if self.guest_options[pinning][node]:
                spec["nodes"][node]["guest_options"] = self.guest_options[pinning][node]
        site = self.host.site
        if site is not None:
            for node in nodes:
                spec["nodes"][node] |= site.nodes[node]
            spec["ends"] = {domain: site.ends[domain] for domain in used}
            return spec, False
        section = self.config.get(self.host.testbed, {})
        spec |= self.host.options(section)
        if len(nodes) > 1:
            spec |= self.host.link(section)
        cpus = [cpu for node in nodes for cpu in self.node_cpus[node]]
        return spec, len(set(cpus)) < len(cpus)

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
                    self.refuse(at, f"lacks domain '{domain}'; give it a CPU")
            resolved[node] = {
                domain: self._vcpus(at, node, domain, given[domain]) for domain in domains
            }
        return resolved

    def _vcpus(self, at: KeyPath, node: str, domain: str, given: Any) -> list[list[int]]:
        count = self.config["nodes"][node]["domains"][domain]["vcpus"]
        at = (*at, domain)
        if isinstance(given, dict):
            at, given = (*at, VCPUS), given[VCPUS]
        per_vcpu = given if isinstance(given, list) else [given] * count
        if len(per_vcpu) != count:
            has = f"{count} VCPU{'' if count == 1 else 's'}"
            fault = f"{len(per_vcpu)} entries, but the domain has {has}; give one entry for each"
            self.refuse(at, f"{fault}, or a single CPU or set for all")
        host_cpus = {text: self._host_cpus(at, node, text) for text in dict.fromkeys(per_vcpu)}
        return [host_cpus[text] for text in per_vcpu]

    def _host_cpus(self, at: KeyPath, node: str, text: int | str) -> list[int]:
        """CPUs of the host, of a list of CPUs of the node."""
        cpus = self.node_cpus[node]
        if not all(first <= last < len(cpus) for first, last in cpu_ranges(text)):
            self.refuse(
                at, f"CPU {text}, but {node} has CPUs 0-{len(cpus) - 1} (nodes.{node}.cpus)"
            )
        return sorted(cpus[number] for number in parse_cpus(text))

    def _threads(self, pinning: str) -> dict[str, dict[str, dict[str, list[int]]]]:
        """What a pinning says of other threads than VCPUs: node -> domain -> group -> CPUs of the
        host; nothing on a testbed without them."""
        found: dict[str, dict[str, dict[str, list[int]]]] = {}
        for node, given in self.config["pinnings"][pinning].items():
            found[node] = {}
            for domain, entry in given.items():
                named = set(entry) - {VCPUS, GUEST} if isinstance(entry, dict) else set()
                at: KeyPath = ("pinnings", pinning, node, domain)
                if named and domain == self.config["nodes"][node]["dom0"]:
                    group = sorted(named)[0]
                    self.refuse(
                        (*at, group), "only guests have such threads, and this is the node itself"
                    )
                cpus = {
                    group: self._host_cpus((*at, group), node, entry[group])
                    for group in self.host.threads
                    if group in named
                }
                if cpus:
                    found[node][domain] = cpus
        return found

    def _guest_options(self, pinning: str) -> dict[str, dict[str, dict[str, Any]]]:
        """What is chosen of guests: node -> domain -> option -> value, of the node's entry and,
        above it, the pinning's; nothing on a testbed without such options."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for node, given in self.config["pinnings"][pinning].items():
            found[node] = {}
            domains = self.config["nodes"][node]["domains"]
            for domain, entry in given.items():
                ways: list[tuple[KeyPath, Any]] = [
                    (("nodes", node, "domains", domain, GUEST), domains[domain]),
                    (("pinnings", pinning, node, domain, GUEST), entry),
                ]
                chosen: dict[str, Any] = {}
                for at, way in ways:
                    own = way.get(GUEST, {}) if isinstance(way, dict) else {}
                    if own and domain == self.config["nodes"][node]["dom0"]:
                        self.refuse(at, "this is the node itself, and no guest")
                    if own.get("queues", 1) > domains[domain]["vcpus"]:
                        self.refuse(
                            (*at, "queues"),
                            f"{own['queues']}, but the domain has {domains[domain]['vcpus']} VCPUs;"
                            " its kernel uses one for each of them at most",
                        )
                    chosen |= {name: own[name] for name in self.host.guest_options if name in own}
                if chosen:
                    found[node][domain] = chosen
        return found

    def _ends(self, at: KeyPath, path: str) -> tuple[str, str]:
        sender, receiver = (end.strip() for end in path.split("->"))
        for domain in (sender, receiver):
            if domain not in self.node_of:
                self.refuse(at, f"unknown domain '{domain}'" + suggest(domain, self.node_of))
        if sender == receiver:
            self.refuse(at, f"{path}: sender and receiver are one domain; name two")
        return sender, receiver


def _listed(several: Sequence[object]) -> str:
    return ", ".join(map(str, several))
