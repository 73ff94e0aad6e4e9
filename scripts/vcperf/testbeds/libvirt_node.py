"""One KVM host, as virsh and the kernel's own list of QEMU's threads describe it."""

from __future__ import annotations

from vcperf.basics import cpulist
from vcperf.basics.text import last_line
from vcperf.errors import VcperfError, quote
from vcperf.tools import guest_definition, qemu_threads, virsh
from vcperf.tools.filter import Untrusted
from vcperf.tools.qemu_threads import EMULATOR, IOTHREAD, VCPU, VHOST

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from vcperf.testbeds.pins import Row

    Answers = Sequence[tuple[int, str]]

TASK = "task"  # a thread as the kernel knows it, by its number
PRESENT_ARGV = ["cat", "/sys/devices/system/cpu/present"]
# What a pinning may say of a guest beside its VCPUs -> the thread that it is about.
GROUPS = {"emulator": EMULATOR, "iothreads": IOTHREAD, "vhost": VHOST}
# How an error names threads of the kernel's list.
SPOKEN = {VCPU: "VCPU", EMULATOR: "emulator", IOTHREAD: "I/O thread", VHOST: "vhost"}


def listing_argvs(uri: str, guests: Sequence[str]) -> list[list[str]]:
    """The commands whose answers `listed` reads."""
    argvs = [PRESENT_ARGV, qemu_threads.argv(list(guests))]
    for guest in guests:
        argvs += [virsh.vcpupin_argv(uri, guest), virsh.emulatorpin_argv(uri, guest)]
        argvs += [virsh.iothreadinfo_argv(uri, guest)]
    return argvs


def listed(uri: str, guests: Sequence[str], answers: Answers) -> list[Row]:
    """The pins of guests that run, first those of virsh, then those of all threads of QEMU.

    Args:
        uri, guests: as `listing_argvs` was asked.
        answers: status and output of its commands.

    Each row has `uri`, `guest`, `pid` (of QEMU), `thread`, `index` and `affinity`. A thread is what
    virsh calls it (vcpu, emulator, iothread) or TASK, whose index is its number and which has
    `group`, `of` (the VCPU's number), `name` and `ticks` besides.

    Raises VcperfError when virsh does not answer for a guest that runs.
    """
    (_, present), (_, tasks), *pins = answers
    running = qemu_threads.parse(tasks)
    pid_of = {row["guest"]: row["pid"] for row in running}
    last = cpulist.ranges(present.strip())[-1][1]
    rows: list[Row] = []
    for number, guest in enumerate(guests):
        if guest not in pid_of:
            continue
        about = {"uri": uri, "guest": guest, "pid": pid_of[guest]}
        for status, text in pins[3 * number : 3 * number + 3]:
            if status:
                raise VcperfError(f"virsh: {last_line(text, f'status {status}')}")
            for row in virsh.parse(text):
                affinity = _clipped(row["affinity"], last)
                thread = {key: row[key] for key in ("thread", "index")}
                rows.append({**about, **thread, "affinity": affinity})
    for row in running:
        rows.append(
            {
                **{"uri": uri, "guest": row["guest"], "pid": row["pid"]},
                **{"thread": TASK, "index": row["tid"], "name": row["name"]},
                "affinity": _clipped(row["affinity"], last),
                **{"group": row["thread"], "of": row["index"], "ticks": row["ticks"]},
            }
        )
    return rows


def pin_argv(row: Row, cpus: str) -> list[str]:
    """The command that holds what a row of `listed` is of to CPUs."""
    uri, guest = row["uri"], row["guest"]
    if row["thread"] == VCPU:
        return virsh.vcpupin_argv(uri, guest, row["index"], cpus)
    if row["thread"] == EMULATOR:
        return virsh.emulatorpin_argv(uri, guest, cpus)
    if row["thread"] == IOTHREAD:
        return virsh.iothreadpin_argv(uri, guest, row["index"], cpus)
    return qemu_threads.pin_argv(row["index"], cpus)


def spoken(row: Row) -> str:
    """What a row of `listed` is of, for the user."""
    if row["thread"] == TASK:
        return f"QEMU's thread {quote(row['name'])} ({SPOKEN[row['group']]}) of {row['guest']}"
    index = "" if row["index"] is None else f" {row['index']}"
    return f"{SPOKEN[row['thread']]}{index} of {row['guest']}"


def _clipped(affinity: str, last: int) -> str:
    """Without the CPUs above the last that a host has: of a thread that nobody has pinned the
    kernel lists all that it could ever have."""
    parts = cpulist.ranges(affinity)
    return cpulist.written((a, min(b, last)) for a, b in parts if a <= last)


class LibvirtNode:
    """A node of a spec.

    Args:
        name: the node's.
        node: what the spec says of it: `ssh`, `uri`, `domains` (domain -> CPUs of each VCPU),
            `guests` (domain -> its name in libvirt), and `threads` (domain -> group of GROUPS ->
            CPUs) when the pinning says so; `guest_options` (domain -> option -> value) when the
            campaign says with which ones guests run.
        versions: the row of `virsh_version.parse`.
        cpus: how many CPU numbers it has.
        boot: what `pins.BOOT_ARGV` printed there.
    """

    def __init__(
        self, name: str, node: dict[str, Any], versions: Row, cpus: int, boot: str
    ) -> None:
        self.node, self.ssh, self.versions, self.cpus = node, str(node["ssh"]), versions, cpus
        self.name, self.uri = name, str(node["uri"])
        self.where = f"{name} ({self.ssh})"
        self.boot = boot.strip()
        self.domain_of = {guest: domain for domain, guest in node["guests"].items()}
        self.guests = list(self.domain_of)
        self.options: dict[str, dict[str, Any]] = node.get("guest_options", {})
        self._chosen = [node["guests"][domain] for domain in self.options]

    def argvs(self) -> list[list[str]]:
        """The commands whose answers `read` reads."""
        clock = ["cat", "/proc/uptime"]
        definitions = [guest_definition.argv(self.uri, guest) for guest in self._chosen]
        listing = listing_argvs(self.uri, self.guests)
        return [clock, virsh.domstats_argv(self.uri), *definitions, *listing]

    def read(self, answers: Answers) -> Look:
        """What `argvs` printed, held against what the spec asks of the node.

        Raises VcperfError naming node and domain: a guest that does not run, other VCPUs than the
        spec's, a CPU that the node lacks; and when virsh does not answer.
        """
        (_, uptime), (status, stats), *others = answers
        definitions, listing = others[: len(self._chosen)], others[len(self._chosen) :]
        try:
            if status:
                raise VcperfError(f"virsh: {last_line(stats, f'status {status}')}")
            counts = virsh.parse_domstats(stats)
            for domain, vcpus in self.node["domains"].items():
                self._check_domain(domain, vcpus, counts)
            rows = listed(self.uri, self.guests, listing)
            interfaces = {
                guest: checked(guest_definition.parse, self.where, *answer)
                for guest, answer in zip(self._chosen, definitions, strict=True)
            }
        except Untrusted as fault:
            raise VcperfError(f"{self.where}: {fault}") from None
        except VcperfError as fault:
            text = str(fault)
            raise VcperfError(text if self.where in text else f"{self.where}: {text}") from None
        return Look(self, float(uptime.split()[0]), counts, rows, interfaces)

    def _check_domain(
        self, domain: str, vcpus: list[list[int]], counts: dict[str, dict[str, str]]
    ) -> None:
        for cpu in (cpu for cpus in vcpus for cpu in cpus if cpu >= self.cpus):
            raise VcperfError(
                f"domain {domain}: pinned to CPU {cpu}, but {self.where} has {self.cpus} CPUs"
            )
        guest = self.node["guests"].get(domain)
        if guest is None:  # the host domain
            return
        if guest not in counts:
            known = ", ".join(counts) or "none"
            raise VcperfError(
                f"domain {domain}: no guest {quote(guest)} runs on {self.where} now; these do:"
                f" {known}"
            )
        has = counts[guest].get("vcpu.current")
        if has != str(len(vcpus)):
            raise VcperfError(
                f"domain {domain}: has {has} VCPUs on {self.where},"
                f" the configuration says {len(vcpus)}"
            )

    def wanted(self, row: Row) -> list[int] | None:
        """The CPUs that the spec wants for what a row of `listed` is of; None when it says
        nothing. Threads that the pinning does not name are where the guest's VCPUs are."""
        domain = self.domain_of[row["guest"]]
        vcpus: list[list[int]] = self.node["domains"][domain]
        group, index = row["thread"], row["index"]
        if group == TASK:
            group, index = row["group"], row["of"]
        if group == VCPU:
            return sorted(vcpus[index]) if index < len(vcpus) else None
        everywhere = sorted({cpu for cpus in vcpus for cpu in cpus})
        given = self.node.get("threads", {}).get(domain, {})
        named = {thread: given.get(name) for name, thread in GROUPS.items()}
        return named[group] or everywhere

    def facts(self) -> dict[str, Any]:
        """Its part of a record's `nodes`."""
        return {"uri": self.uri, **self.versions}


class Look:
    """What a node was like at one moment.

    Args:
        node: which.
        clock_s: its clock.
        counts: what domstats printed, see `virsh.parse_domstats`.
        rows: of `listed`.
        interfaces: guest -> rows of `guest_definition.parse`, of those whose options are chosen.
    """

    def __init__(
        self,
        node: LibvirtNode,
        clock_s: float,
        counts: dict[str, dict[str, str]],
        rows: list[Row],
        interfaces: dict[str, list[Row]],
    ) -> None:
        self.node, self.clock_s, self.counts, self.rows = node, clock_s, counts, rows
        self.interfaces = interfaces

    def misplaced(self) -> list[tuple[Row, str]]:
        """What is not where the spec wants it, by virsh or by the kernel; and where that is."""
        found = []
        for row in self.rows:
            wanted = self.node.wanted(row)
            if wanted is not None and cpulist.parse(row["affinity"]) != wanted:
                found.append((row, cpulist.written((cpu, cpu) for cpu in wanted)))
        return found

    def pinning(self, domain: str) -> list[list[int]]:
        """The CPUs on which the kernel lets each VCPU of a guest run.

        Raises VcperfError when it has no thread for one.
        """
        guest = self.node.node["guests"][domain]
        found = {r["of"]: cpulist.parse(r["affinity"]) for r in self._tasks(guest, VCPU)}
        vcpus = range(len(self.node.node["domains"][domain]))
        for vcpu in (vcpu for vcpu in vcpus if vcpu not in found):
            raise VcperfError(
                f"domain {domain}: {self.node.where}: no thread of QEMU is named after VCPU {vcpu};"
                " vcperf finds VCPUs by the names that libvirt has QEMU give its threads"
            )
        return [found[vcpu] for vcpu in vcpus]

    def account(self, domain: str, ticks_per_s: int) -> dict[str, Any]:
        """A guest's part of an observation: CPU time of its VCPUs (`cpu_s`), by libvirt's own
        account; of QEMU's other threads and vhost's by the kernel's, to the clock tick; and how
        long VCPUs were ready and did not run (`delay_s`), where libvirt says it."""
        guest = self.node.node["guests"][domain]
        counts = self.counts[guest]
        entry = {"clock_s": self.clock_s, "cpu_s": _seconds(counts, "time")}
        for name, group in GROUPS.items():
            ticks = sum(row["ticks"] for row in self._tasks(guest, group))
            entry[f"{name}_s"] = ticks / ticks_per_s
        if any(key.startswith("vcpu.") and key.endswith(".delay") for key in counts):
            entry["delay_s"] = _seconds(counts, "delay")
        return entry

    def used(self, guest: str) -> tuple[float, float]:
        """The node's clock, and the CPU time of a guest's VCPUs, in seconds."""
        return self.clock_s, _seconds(self.counts[guest], "time")

    def taken_s(self, guest: str, ticks_per_s: int) -> float:
        """CPU time of all threads that work for a guest."""
        ticks = [int(row["ticks"]) for row in self.rows if row["guest"] == guest and "ticks" in row]
        return sum(ticks) / ticks_per_s

    def threads(self, domain: str) -> dict[str, str]:
        """Where a guest's threads are, VCPUs aside: group -> CPUs, several sets apart by blanks."""
        guest = self.node.node["guests"][domain]
        found = {
            name: " ".join(sorted({row["affinity"] for row in self._tasks(guest, group)}))
            for name, group in GROUPS.items()
        }
        return {name: cpus for name, cpus in found.items() if cpus}

    def emulated(self) -> bool:
        """Whether QEMU emulates the CPUs of a guest."""
        tasks = [row for row in self.rows if row["thread"] == TASK]
        return qemu_threads.emulated([{**row, "thread": row["group"]} for row in tasks])

    def _tasks(self, guest: str, group: str) -> Iterator[Row]:
        return (r for r in self.rows if r["guest"] == guest and r.get("group") == group)


def _seconds(counts: dict[str, str], what: str) -> float:
    """The sum of vcpu.N.WHAT, which are nanoseconds."""
    found = (v for key, v in counts.items() if key.startswith("vcpu.") and key.endswith(f".{what}"))
    return sum(map(int, found)) / 1e9


def checked(parse: Callable[[str], Any], where: str, status: int, text: str) -> Any:
    """What a command of virsh printed, parsed. Raises VcperfError naming the node."""
    if status:
        raise VcperfError(f"{where}: virsh: {last_line(text, f'status {status}')}")
    try:
        return parse(text)
    except Untrusted as fault:
        raise VcperfError(f"{where}: {fault}") from None
