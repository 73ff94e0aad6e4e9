"""Testbeds of containers: each domain one, held to its CPUs by `--cpuset-cpus`.

All runs in namespaces of the block (scripts/isolate makes them, as for network namespaces): the
kernel ends containers, monitors, bridges, firewall rules and mounts with the block. A node is a
network namespace with a bridge of the engine's; two nodes are joined by a veth between their
bridges, shaped by tbf. Commands enter a container by its runtime's `exec`. Without root, containers
have no control groups, and are held to their CPUs as `container_holding` says.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from vcperf.basics.checkout import LAUNCHERS
from vcperf.basics.text import last_line
from vcperf.errors import VcperfError
from vcperf.testbeds import (
    cgroups,
    child,
    container_engine,
    container_networks,
    network,
    shaping,
)
from vcperf.testbeds.cluster import Cluster
from vcperf.testbeds.container_engine import BRIDGE, SHARED, STATE
from vcperf.testbeds.container_holding import ByAffinity, ByGroups
from vcperf.testbeds.container_image import BOUND
from vcperf.testbeds.container_networks import MODES, NETWORK
from vcperf.testbeds.container_processes import ContainerProcesses
from vcperf.testbeds.local import LocalTestbed

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from vcperf.testbeds.container_engine import Engine
    from vcperf.tools.host_settings import Settings

GROUPS = "vcperf-"  # then the name of the testbed
LEFT_S = 60.0  # so old is what a killed block has left; containers start sooner
ANSWER = "answer-launch"  # starts what a launcher wants in other containers
ASK = "ask-launch"


class ContainerTestbed(LocalTestbed):
    """Domains as containers of an engine.

    Raises VcperfError when not inside new namespaces.
    """

    name = ""
    isolation = "namespaces"

    def __init__(self, spec: dict[str, Any], context: dict[str, Any]) -> None:
        super().__init__(spec, context)
        if os.getpid() != 1:
            raise VcperfError(
                f"testbed {self.name}: not in new namespaces; use scripts/isolate {self.name}"
            )
        # The kernel keeps signals without a handler from a namespace's first process.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        dom0s = (node["dom0"] for node in self.spec["nodes"].values())
        self.network = MODES[spec["network"]](self.cpus, dom0s)
        self.one_interface = self.network.shared
        self.addresses = self.network.addresses
        self.containers = ContainerProcesses(self.cpus)
        self.processes = self.containers
        self.helpers = self.processes.helpers
        self._group = f"{GROUPS}{self.name}-{os.stat('/proc/self/ns/pid').st_ino}"
        no_groups = spec.get("rootless", False)
        self.holding = ByAffinity() if no_groups else ByGroups(f"/{self._group}")
        self.engine = self.engine_of()
        self.nodes = {d: node for node, n in self.spec["nodes"].items() for d in n["domains"]}
        self.ids: dict[str, str] = {}
        self._image = ""
        self._jobs = 0
        self._namespaces: dict[str, subprocess.Popen[bytes]] = {}

    @classmethod
    def link(cls, section: Mapping[str, Any]) -> dict[str, Any]:
        """The rate of the link, and its bucket. Raises VcperfError where none joins nodes."""
        if not MODES[mode_of(section)].joins_nodes:
            raise VcperfError(
                f"{cls.name}.network: {mode_of(section)} does not join nodes;"
                " name paths within one, or use bridge"
            )
        return shaping.spec_of(section)

    @classmethod
    def settings(
        cls, specs: Sequence[Mapping[str, Any]], context: Mapping[str, Any]
    ) -> dict[str, Settings]:
        """This machine's, and those of each domain's network."""
        from vcperf.testbeds import settings  # its imports are not for blocks

        return settings.of_namespaces(cls.name, specs)

    def engine_of(self) -> Engine:
        """The engine that the spec asks for."""
        raise NotImplementedError

    # -- coming and going ---------------------------------------------------------

    def bring_up(self) -> None:
        """The nodes' networks, their containers side by side, and the link between nodes."""
        cgroups.sweep(GROUPS, LEFT_S)
        nodes = self.spec["nodes"]
        if len(nodes) > 1:
            self._namespaces = {node: self._network_namespace(node) for node in nodes}
        else:
            self._configure(next(iter(nodes)), "ip", ["link set lo up"])
        for node in nodes:
            self._configure(node, "ip", self.network.host_lines())
        self._image = self.engine.set_up(nodes, self._inside)
        more = self.engine.network_words(self.network.driver)
        making = {
            node: self._ask(node, ["network", "create", *words, *more, NETWORK])
            for index, node in enumerate(nodes)
            if (words := self.network.create_words(index))
        }
        for node, process in making.items():
            container_engine.done(process, f"node {node}: its network")
        started = [
            (domain, self._ask(node, self._run_words(domain)))
            for node, described in nodes.items()
            for domain in described["domains"]
        ]
        for domain, process in started:
            printed = container_engine.done(process, f"domain {domain}: its container")
            self.ids[domain] = printed.split()[-1]
            pid = self.engine.first_pid(self.nodes[domain], domain)
            with self._pinning(domain):
                self.holding.hold(pid, self.cpus[domain])
            spent = f"{SHARED}/*/used.{self.addresses[domain]}.*"
            self.containers.enter(domain, pid, self.holding.account(pid, spent))
        self._take_backends()
        self._join()

    def _take_backends(self) -> None:
        """What carries the traffic of a node's guests outside of them is the dom0's."""
        backends = self.network.backends()
        if backends:  # of a network that joins no nodes, so all are one node's
            dom0 = next(iter(self.spec["nodes"].values()))["dom0"]
            with self._pinning(dom0):
                container_networks.hold(backends, self.cpus[dom0])
            self.containers.add_backends(dom0, backends)

    @contextlib.contextmanager
    def _pinning(self, domain: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise VcperfError(
                f"domain {domain}: cannot be pinned to CPU {self.cpu_list(domain)}:"
                f" {error.strerror}"
            ) from None

    def __exit__(self, *_: object) -> None:
        """End everything in our PID namespace, so that the control groups are empty."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.wait()
        cgroups.sweep(self._group, 0)

    def _network_namespace(self, node: str) -> subprocess.Popen[bytes]:
        """A process in a network namespace that is the node's."""
        script = "ip link set lo up && echo ready && exec sleep infinity"
        process = child.start(["unshare", "--net", "sh", "-c", script])
        assert process.stdout is not None
        answer = process.stdout.readline().decode(errors="replace").strip()
        if answer != "ready":
            raise VcperfError(f"node {node}: has no network: {last_line(answer)}")
        return process

    def _inside(self, node: str, argv: list[str]) -> list[str]:
        """A command in the network namespace of a node."""
        if node not in self._namespaces:
            return argv
        return ["nsenter", f"--target={self._namespaces[node].pid}", "--net", *argv]

    def _ask(self, node: str, words: list[str]) -> subprocess.Popen[bytes]:
        """Start a command of the engine about a node's containers."""
        return child.start(self._inside(node, self.engine.argv(node, words)))

    def _run_words(self, domain: str) -> list[str]:
        """The command that starts the container of a domain: it waits."""
        words = ["run", "--detach", f"--name={domain}", f"--hostname={domain}", "--pull=never"]
        cpus = self.cpu_list(domain)
        words += [*self.engine.run_words(domain), "--security-opt=label=disable"]
        words += self.holding.run_words(cpus)
        words += [f"--volume={folder}:{folder}:ro" for folder in dict.fromkeys(BOUND)]
        words += [f"--volume={SHARED}:{SHARED}"]
        words += self.network.run_words(domain)
        return [*words, self._image, "sleep", "infinity"]

    def _join(self) -> None:
        """Join the bridges of two nodes, or those of more by a switch."""
        nodes = list(self._namespaces)
        if not nodes:
            return
        ends = {node: f"link0 netns {self._namespaces[node].pid}" for node in nodes}
        if len(nodes) == 2:
            # Of different numbers, as Linux takes them for one device otherwise.
            self._configure(
                nodes[0],
                "ip",
                [f"link add link0 index 1000 type veth peer name {ends[nodes[1]]}"],
            )
        else:
            lines = ["link add switch type bridge", "link set switch up"]
            for number, node in enumerate(nodes):
                port = f"port{number}"
                lines.append(
                    f"link add {port} index {1000 + number} type veth peer name {ends[node]}"
                )
                lines.append(f"link set {port} master switch up")
            self._configure("", "ip", lines)
            ports = [f"port{number}" for number in range(len(nodes))]
            self._configure("", "tc", shaping.lines(self.spec, ports))
        for node in nodes:
            self._configure(node, "ip", [f"link set link0 master {BRIDGE} up"])
            self._configure(node, "tc", shaping.lines(self.spec, ["link0"]))

    def _configure(self, node: str, program: str, lines: list[str]) -> None:
        """Feed lines to `ip` or `tc` in the network namespace of a node; empty: in our own."""
        if not lines:
            return
        import subprocess

        argv = self._inside(node, [program, "-batch", "-"])
        text = "\n".join([*lines, ""])
        ended = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise VcperfError(
                f"node {node}: {program} could not set up its network: {last_line(ended.stderr)}"
            )

    # -- pinning --------------------------------------------------------------------

    def pin(self) -> None:
        """Nothing: containers have started with their CPUs, and every block reads them back."""

    def own_seconds(self, alive: dict[str, set[int]], used: float) -> float:
        """Besides the containers all that is in our PID namespace: monitors and what entered."""
        return used + self.containers.besides(alive)

    # -- running --------------------------------------------------------------------

    def command(self, domain: str, argv: list[str]) -> list[str]:
        """The whole command line that runs argv in a domain."""
        return [*self.enter_argv(domain), *self.holding.prefix(self.cpu_list(domain)), *argv]

    def enter_argv(self, domain: str) -> list[str]:
        """By the container's runtime."""
        return self.engine.enter_argv(self.nodes[domain], self.ids[domain])

    def address(self, domain: str) -> str:
        """The container's address; on the host's network, one of loopback for each domain."""
        return self.addresses[domain]

    def is_listening(self, domain: str, port: int) -> bool:
        """Whether a TCP socket listens on a port, by `ss` in the container's network namespace."""
        argv = ["nsenter", f"--target={self.containers.first[domain]}", "--net"]
        argv += ["ss", "--no-header", "--listening", "--tcp", "--numeric", f"sport = :{port}"]
        status, found, errors = child.run(argv, container_engine.PATIENCE_S)
        if status != 0:
            raise VcperfError(f"domain {domain}: ss failed: {last_line(errors)}")
        return bool(found)

    def received_bytes(self, domain: str) -> int:
        """What a domain's network interfaces have received so far."""
        path = f"/proc/{self.containers.first[domain]}/net/dev"
        with open(path, encoding="ascii") as handle:
            return network.received_bytes(handle.read())

    def has(self, domain: str, program: str) -> bool:
        """Whether a container has a program."""
        return os.access(f"/proc/{self.containers.first[domain]}/root{program}", os.X_OK)

    @contextlib.contextmanager
    def cluster(self, domains: list[str], files: list[str]) -> Iterator[Cluster]:
        """The launcher runs in the first container; what it wants to start in others, a process
        beside the containers starts."""
        if not self.network.interface:
            raise VcperfError(
                f"cluster of {', '.join(domains)}: {self.name}.network {self.spec['network']}"
                " forwards some ports only, and ranks listen on any; use bridge"
            )
        import shutil

        self._jobs += 1
        folder = f"{SHARED}/{self._jobs}"
        os.mkdir(folder)
        copies = [shutil.copy(file, folder) for file in [*files, f"{LAUNCHERS}/{ASK}"]]
        os.mkfifo(f"{folder}/requests")
        known = "\n".join(
            " ".join([self.addresses[domain], *self.command(domain, [])]) for domain in domains
        )
        answering = child.start([f"{LAUNCHERS}/{ANSWER}", folder, known])
        try:
            hosts = [self.addresses[domain] for domain in domains]
            yield Cluster(hosts, self.network.interface, copies[-1], [], [], copies[:-1])
        finally:
            child.kill(answering)
            answering.wait()

    # -- what it says of itself --------------------------------------------------------

    def scratch(self) -> str:
        """A folder of the block."""
        return STATE

    def owners(self) -> tuple[dict[int, str], dict[int, str]]:
        """One network namespace per domain, unless the host's; and the processes of each."""
        if self.network.shared:
            return {}, self.processes.owners()
        first = self.containers.first.items()
        return {os.stat(f"/proc/{pid}/ns/net").st_ino: domain for domain, pid in first}, {}

    def facts(self) -> dict[str, Any]:
        """What the record says of this host, of the tools on it, and of the containers."""
        answer = child.run([self.engine.runtime, "--version"], container_engine.PATIENCE_S)[1]
        started_by = f"{self.engine.runtime} {container_engine.version(answer)}"
        words = f"network {self.spec['network']}{self.holding.words}"
        self.platform = f"{self.engine.version()} ({started_by}), {words}"
        return {**super().facts(), "image": self._image}


def mode_of(section: Mapping[str, Any]) -> str:
    """The network mode of a section of the configuration, or of a spec."""
    return str(section.get("network", "bridge"))
