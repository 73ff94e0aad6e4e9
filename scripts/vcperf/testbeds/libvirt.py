"""Testbed `libvirt`: nodes are KVM hosts reached by ssh and driven by virsh. The host itself is in
the part of dom0; its processes are held to their CPUs as on testbed native. The pinning of guests
is read back from virsh and from the kernel."""

from __future__ import annotations

from vcperf.basics import cpulist
from vcperf.basics.text import last_line
from vcperf.errors import VcperfError
from vcperf.records.platform import EMULATED
from vcperf.testbeds import libvirt_guests, pins
from vcperf.testbeds.libvirt_node import (
    GROUPS,
    PRESENT_ARGV,
    TASK,
    LibvirtNode,
    Look,
    checked,
    pin_argv,
    spoken,
)
from vcperf.testbeds.native_by_ssh import HostsTestbed
from vcperf.testbeds.ssh import destination
from vcperf.tools import virsh, virsh_version

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from vcperf.records.observation import Observation
    from vcperf.testbeds import contract
    from vcperf.testbeds.contract import Pinning
    from vcperf.testbeds.remote_sessions import Session

# A thread of QEMU may begin while others are pinned, where the one was that began it.
TRIES = 3
HEAD = ["uname", "-nrm"]


class LibvirtTestbed(HostsTestbed):
    """Guests of KVM hosts reached by ssh, and these hosts.

    Each node of the spec has `uri`, of the connection of virsh, and `guests`: domain -> its name
    in libvirt; `threads` when the pinning names other threads than VCPUs; `guest_options` when
    the campaign chooses options of guests.
    """

    name = "libvirt"
    isolation = "none"
    threads: Sequence[str] = tuple(GROUPS)
    guest_options: Sequence[str] = libvirt_guests.OPTIONS
    accounts = True
    profilers: Mapping[str, str] = {"perf": "perf_hosts"}

    def __init__(self, spec: dict[str, Any], context: dict[str, Any]) -> None:
        super().__init__(spec, context)
        for node in self.nodes.values():
            for guest in node["guests"]:
                del self.cpus[guest], self._ended[guest], self._masks[guest]
        self._pinned = False

    @staticmethod
    def place(
        node: dict[str, Any], dom0: str, domains: Iterable[str]
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """A guest's name in libvirt, and its ssh destination, are its own where the testbed file
        gives no other; the host domain is the node. Two domains that are one guest are refused."""
        guests: dict[str, str] = {}
        ends = {}
        for domain in domains:
            entry = node["domains"][domain]
            ssh = entry.get("ssh", destination(node) if domain == dom0 else domain)
            ends[domain] = {"ssh": ssh, "address": entry["address"]}
            if domain == dom0:
                continue
            guest = entry.get("guest", domain)
            for other in (other for other, its in guests.items() if its == guest):
                raise VcperfError(f"{domain}.guest: {guest} is {other}'s already")
            guests[domain] = guest
        uri = node.get("uri", virsh.URI)
        return {"ssh": destination(node), "uri": uri, "guests": guests}, ends

    def host(self, domain: str) -> str:
        """The node of a host domain; a guest's own ssh destination."""
        if domain in self.cpus:
            return super().host(domain)
        return str(self.spec["ends"][domain]["ssh"])

    def enter_argv(self, domain: str) -> list[str]:
        """Hold what follows to the CPUs of the host domain; nothing in a guest."""
        return super().enter_argv(domain) if domain in self.cpus else []

    # -- coming and going ---------------------------------------------------------------

    def bring_up(self) -> None:
        """Ask the nodes what they are and the guests' threads where they may run; start guests
        again that do not run with the options of the spec."""
        super().bring_up()
        questions: dict[str, list[list[str]]] = {
            node["ssh"]: [virsh_version.argv(node["uri"]), PRESENT_ARGV, pins.BOOT_ARGV]
            for node in self.nodes.values()
        }
        answers = self.ssh.ask_once(questions)
        self.kvm: dict[str, LibvirtNode] = {}
        for name, node in self.nodes.items():
            version, (_, present), (_, boot) = answers[node["ssh"]]
            where = f"{name} ({node['ssh']})"
            (versions,) = checked(virsh_version.parse, where, *version)
            cpus = cpulist.ranges(present.strip())[-1][1] + 1
            self.kvm[name] = LibvirtNode(name, node, versions, cpus, boot)
        self._found = self._look()
        self._choose()
        guests = {self.host(d) for d in self.spec["ends"] if d not in self.cpus}
        answers = self.ssh.ask_once({host: [HEAD] for host in guests})
        self._kernels = {host: answers[host][0][1].split()[1] for host in guests}
        self._kernels |= {host: head[1] for host, head in self._heads.items()}

    def _choose(self) -> None:
        """Have guests run with the options of the spec. Raises VcperfError when one does not."""
        if not any(node.options for node in self.kvm.values()):
            return
        reached = {
            node.node["guests"][domain]: self.host(domain)
            for node in self.kvm.values()
            for domain in node.node["guests"]
            if domain in self.spec["ends"]
        }
        restarts = libvirt_guests.Restarts(self.ssh, self.context, reached.get)
        if restarts.run(list(self._found.values()), self._look):
            self._found = self._look()
            self._check_options(self._found)
        restarts.check_queues(list(self._found.values()))

    def _check_options(self, looks: Mapping[str, Look]) -> None:
        for look in looks.values():
            for guest, how in libvirt_guests.unlike(look).items():
                raise VcperfError(f"{look.node.where}: guest {guest} runs with {how}")

    def __exit__(self, *_: object) -> None:
        try:
            pins.put_back_after_block(self.ssh, self.nodes.values())
        finally:
            super().__exit__()

    def _look(self) -> dict[str, Look]:
        """What each node is like now."""
        answers = self.ssh.batch({node.ssh: node.argvs() for node in self.kvm.values()})
        return {name: node.read(answers[node.ssh]) for name, node in self.kvm.items()}

    # -- pinning ------------------------------------------------------------------------

    def pin(self) -> None:
        """Pin every thread that is not where the spec wants it: by virsh what virsh pins, and
        then those of the kernel's list, for virsh leaves some of QEMU's threads where they are.

        Raises VcperfError when a thread is elsewhere all the same, whatever the status says.
        """
        for _ in range(TRIES):
            moves = self._moves()
            if not moves:
                break
            answers = self.ssh.batch(moves)
            self._found = self._look()
        else:
            for name, look in self._found.items():
                node = self.kvm[name]
                for row, cpus in look.misplaced():
                    faults = [last_line(text, "") for s, text in answers.get(node.ssh, ()) if s]
                    raise VcperfError(
                        f"{node.where}: {spoken(row)} cannot be pinned to CPU {cpus}, it stays on"
                        f" {row['affinity']}" + (f" ({faults[0]})" if faults else "")
                    )
        self._pinned = True

    def _moves(self) -> dict[str, list[list[str]]]:
        """What pins all that is not where the spec wants it, by node; where that was is noted."""
        moves = {}
        for name, node in self.kvm.items():
            wrong = self._found[name].misplaced()
            if wrong:
                about = {row["guest"] for row, _ in wrong}
                rows = [row for row in self._found[name].rows if row["guest"] in about]
                pins.remember(node.ssh, "virsh", self.context.get("ssh_config"), node.boot, rows)
                moves[node.ssh] = [pin_argv(row, cpus) for row, cpus in wrong]
        return moves

    def wanted_pinning(self) -> Pinning:
        """The CPUs of each host domain, which has no VCPUs, and of each VCPU of a guest."""
        pinning = super().wanted_pinning()
        for node in self.nodes.values():
            for domain in node["guests"]:
                pinning[domain] = [sorted(cpus) for cpus in node["domains"][domain]]
        return pinning

    # -- observing ----------------------------------------------------------------------

    def _observe(self, sessions: list[Session]) -> Observation:
        """As of hosts, and of the guests besides. `pinning` of a guest is the kernel's; `threads`
        has where its other threads are.

        Raises VcperfError for a thread that has been moved since it was pinned, those of VCPUs
        aside, which the pinning shows; and for a guest that does not run with the spec's options.
        """
        ours = [session for session in sessions if session.record["domain"] in self.cpus]
        observation: dict[str, Any] = {**super()._observe(ours), "threads": {}}
        looks = self._look()
        self._check_options(looks)
        for name, look in looks.items():
            node = self.kvm[name]
            for domain in node.options:
                running = libvirt_guests.running_options(look, node.node["guests"][domain])
                observation.setdefault("guest_options", {})[domain] = running
            tick = self._tick[node.ssh]
            host = observation["hosts"][node.ssh]
            taken_s = sum(look.taken_s(guest, tick) for guest in node.guests)
            busy_s = host["program_s"] + host["interrupt_s"]
            observation["domains"][node.node["dom0"]]["host_s"] = busy_s - taken_s
            for domain, guest in node.node["guests"].items():
                observation["pinning"][domain] = look.pinning(domain)
                observation["threads"][domain] = look.threads(domain)
                observation["domains"][domain] = look.account(domain, tick)
                if domain in self.spec["ends"]:
                    host["own_s"] += look.taken_s(guest, tick)
            if self._pinned:
                self._check_threads(look)
        return observation

    def _check_threads(self, look: Look) -> None:
        moved = look.misplaced()
        vcpus = [row for row, _ in moved if row["thread"] == TASK and row["group"] == "vcpu"]
        if vcpus:  # the pinning shows them, with their domain
            return
        for row, cpus in moved:
            raise VcperfError(
                f"{look.node.where}: {spoken(row)} was pinned to CPU {cpus} and is on"
                f" {row['affinity']} now; did something else move it?"
            )

    def ended(self, session: Session) -> None:
        """Keep the CPU time and pinning of a command on a host as it ends; a guest's are read
        from virsh."""
        if session.record["domain"] in self.cpus:
            super().ended(session)

    def facts(self) -> dict[str, Any]:
        """Host names, kernels and versions; kernels of both ends."""
        found = super().facts()
        for name, node in self.kvm.items():
            found["nodes"][name] |= node.facts()
        versions = sorted({str(n.versions["hypervisor"]) for n in self.kvm.values()})
        emulated = any(look.emulated() for look in self._found.values())
        platform = ", ".join([*versions, EMULATED] if emulated else ["KVM", *versions])
        kernels = {d: self._kernels[self.host(d)] for d in self.spec["ends"]}
        return {**found, "platform": platform, "domain_kernels": kernels}

    # -- profiling ----------------------------------------------------------------------

    def host_of(self, domain: str) -> str:
        """Where a host domain, or a guest in which something runs, is reached."""
        return self.host(domain)

    def guest_processes(self, name: str) -> dict[int, str]:
        """Processes of QEMU and threads that work for guests, by their number -> the domain."""
        node, rows = self.kvm[name], self._found[name].rows
        tasks = [row for row in rows if row["thread"] == TASK]
        return {
            number: node.domain_of[row["guest"]]
            for row in tasks
            for number in (row["pid"], row["index"])
        }


if TYPE_CHECKING:  # mypy holds the class to the contract
    _class: type[contract.SshClass] = LibvirtTestbed
    _opened: type[contract.Testbed] = LibvirtTestbed
    _sampled: type[contract.SampledHosts] = LibvirtTestbed
