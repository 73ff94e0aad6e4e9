"""What `python -m vcperf doctor` looks at. Nothing here changes anything."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vcperf import kinds
from vcperf.errors import VcperfError
from vcperf.planning.cell import Block
from vcperf.preparation.campaign import Campaign
from vcperf.preparation.host_check import needed_bytes
from vcperf.running import host_lock
from vcperf.tables.host_settings import pins_of
from vcperf.testbeds import class_of, find, processes, programs
from vcperf.testbeds.ssh import Connections
from vcperf.tools import mpi_stacks

OK, WARN, FAIL = "ok", "warn", "FAIL"
CLOCK_MONOTONIC_COARSE = 6  # its resolution is a tick; clock_getres(2) of Linux
LEAST_TICKS = 200  # per second; fewer are coarse for a block of a second
STEAL_S = 0.5  # for so long it is looked at; the kernel counts hundredths of a second
MOST_STOLEN = 5  # percent of one CPU
LATE_S = 2.0  # between clocks, beyond which the records of hosts cannot be laid side by side
# Setting of a host -> values that are well, and what to do about others.
WANTED = {
    "cpu.governor": (("performance",), "set it to performance: clocks that change are noise"),
    "cpu.turbo": (("off",), "switch it off: clocks depend on what the neighbours do"),
    "irq.irqbalance": (("not running",), "stop it: it moves interrupts during a block"),
}
# Settings of an interface that change what TCP costs; ends that differ cannot be compared.
OF_INTERFACES = ("mtu", "tso", "gso", "gro", "lro")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        what: it.
        found: in words.
        verdict: OK, WARN or FAIL, which keeps the campaign from being measured.
        mend: what to do; empty when all is well.
    """

    what: str
    found: str
    verdict: str = OK
    mend: str = ""


def of_this_machine(missing: int) -> Iterator[Check]:
    """Disk, lock, quiet, what a hypervisor takes, and the clock tick.

    Args:
        missing: how many blocks are to be measured.
    """
    folder = "results" if os.path.isdir("results") else "."
    free, needed = shutil.disk_usage(folder).free, needed_bytes(missing)
    found = f"{free >> 20} MiB free, {needed >> 20} MiB needed"
    yield Check("disk", found) if free >= needed else Check("disk", found, FAIL, "make room")
    handle = os.open("/", os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield Check("lock of this host", "free")
    except BlockingIOError:
        holder = host_lock.holder(handle)
        yield Check(
            "lock of this host", f"{holder} measures", WARN, "the campaign will wait for it"
        )
    finally:
        os.close(handle)
    load, cpus = os.getloadavg()[0], len(os.sched_getaffinity(0))
    found = f"load {load:.2f} on {cpus} CPUs"
    busy = processes.others_run() and load > 0.5
    mend = "other programs run: results will be marked as disturbed"
    yield Check("quiet", found, WARN, mend) if busy else Check("quiet", found)
    yield _steal(_stolen_s)
    yield _tick(1 / time.clock_getres(CLOCK_MONOTONIC_COARSE))


def _stolen_s() -> float:
    """CPU seconds since boot that a hypervisor below took. Format: proc(5), /proc/stat."""
    with open("/proc/stat", encoding="ascii") as handle:
        return processes.stat_cpu(handle.readline(), os.sysconf("SC_CLK_TCK"))["steal_s"]


def _tick(per_s: float) -> Check:
    """How often the kernel's clock ticks, by which it counts some of the CPU time."""
    found = f"{per_s:.0f} per second"
    if per_s < LEAST_TICKS:
        return Check(
            "clock tick", found, WARN, "take longer blocks, or a kernel with CONFIG_HZ=250"
        )
    return Check("clock tick", found)


def _steal(stolen_s: Callable[[], float]) -> Check:
    """How much of a CPU a hypervisor below takes from this machine, within a moment."""
    before = stolen_s()
    time.sleep(STEAL_S)
    percent = 100 * (stolen_s() - before) / STEAL_S
    found = f"a hypervisor takes {percent:.0f} % of one CPU"
    if percent > MOST_STOLEN:
        return Check("steal", found, WARN, "measure when its other guests are idle")
    return Check("steal", found)


def of_programs(ready: Campaign, missing: Collection[Block]) -> Iterator[Check]:
    """The programs of testbeds and kinds on this machine."""
    yield Check("python", f"{sys.version.split()[0]} in {sys.prefix}")
    wanted: dict[str, str] = {}
    for host in ready.hosts:
        wanted |= find(host.testbed, by_ssh=host.site is not None).tools
    # Elsewhere the hosts of the domains need them.
    wanted |= kinds.tools_of(block.cell for block in missing if "ends" not in block.cell.spec)
    for name, package in sorted(wanted.items()):
        path = shutil.which(name, path=programs.search_path())
        if path is None:
            yield Check(name, "not found", FAIL, f"install {package}")
        else:
            known = programs.found(name).get(name, {})
            version = f", version {known['version']}" if "version" in known else ""
            yield Check(name, f"{path}{version}")


def of_stacks(missing: Collection[Block]) -> Iterator[Check]:
    """The MPI stacks on this machine, and the compiler of the MPI programs."""
    stacks = [block.cell.spec["stack"] for block in missing if "stack" in block.cell.spec]
    ours = {mpi_stacks.folder(stack): stack for stack in stacks if "host" not in stack}
    for folder, stack in sorted(ours.items()):
        what = f"MPI {stack['kind']}"
        if os.access(f"{folder}/bin/mpicc", os.X_OK):
            yield Check(what, folder)
        elif "version" in stack:
            yield Check(what, f"{stack['version']}, which the campaign will fetch from PyPI")
        else:
            mend = "correct the `folder` of this stack"
            yield Check(what, f"{folder}/bin/mpicc: not found", FAIL, mend)
    compiler = os.environ.get("CC", "gcc")
    if ours and shutil.which(compiler) is None:
        yield Check(
            "compiler", f"{compiler}: not found", FAIL, "install gcc (Debian: libc6-dev too)"
        )
    elif ours:
        yield Check("compiler", str(shutil.which(compiler)))


def of_profiles(ready: Campaign, missing: Collection[Block]) -> Iterator[Check]:
    """Whether this machine can take the profiles that the configuration asks for."""
    if "profile" in ready.config and "profile" not in ready.plan.kinds:
        mend = "the line above says why; `profile: null` does without"
        yield Check("profiles", "this machine cannot take them", WARN, mend)
    events = {
        f"{spec['profiler']['name']}, event {spec['profiler'].get('event', 'of the site')}"
        for spec in (block.cell.spec for block in missing)
        if "profiler" in spec
    }
    for found in sorted(events):
        yield Check("profiles", found)


def of_hosts(missing: Collection[Block], ssh_config: str | None) -> tuple[set[str], list[Check]]:
    """Whether each host that is reached by ssh answers, and what its clock says.

    Returns the ssh destinations that do not answer, and the checks.
    """
    hosts: dict[str, bool] = {}
    for block in missing:
        spec = block.cell.spec
        for one in [*spec["nodes"].values(), *spec.get("ends", {}).values()]:
            if "ssh" in one:
                hosts[one["ssh"]] = False
    if not hosts:
        return set(), []
    connections = Connections(ssh_config)
    try:
        faults = connections.open(hosts)
        checks = [
            Check(f"host {host}", fault.removeprefix(f"{host}: "), FAIL, f"try `ssh {host} true`")
            for host, fault in faults.items()
        ]
        for host in [host for host in hosts if host not in faults]:
            checks.append(_clock(connections, host))
    finally:
        connections.close()
    return set(faults), checks


def _clock(connections: Connections, host: str) -> Check:
    begin = time.time()
    (answer,) = connections.batch({host: [["date", "+%s"]]})[host]
    took, what = time.time() - begin, f"host {host}"
    if answer[0] or not answer[1].strip().isdigit():
        return Check(what, "answers, but not with its time", WARN, "is there no `date` on it?")
    late = abs(int(answer[1]) + 0.5 - (begin + took / 2))
    found = f"answers within {took:.2f} s, its clock is within {max(1, round(late))} s of ours"
    if late > LATE_S + took:
        return Check(what, found, WARN, "synchronise its clock (chrony, ntpd)")
    return Check(what, found)


def of_guests(missing: Collection[Block]) -> Iterator[Check]:
    """Guests that the campaign may start again, as it chooses options of them."""
    chosen: dict[str, set[str]] = {}
    for block in missing:
        for name, node in block.cell.spec["nodes"].items():
            for domain, options in node.get("guest_options", {}).items():
                chosen.setdefault(f"{domain} on {name}", set()).update(options)
    for guest, options in chosen.items():
        how = f"started again where it runs with other {' or '.join(sorted(options))}"
        yield Check("guest", f"{guest} is {how}, and as it was at the end")


def of_settings(
    missing: Collection[Block], context: Mapping[str, Any], silent: Collection[str]
) -> list[Check]:
    """What hosts are set to, as far as it makes results worse.

    Args:
        missing: blocks to be measured.
        context: see `vcperf.measure.block.main`.
        silent: ssh destinations that do not answer.
    """
    by_testbed: dict[str, list[dict[str, Any]]] = {}
    for block in missing:
        spec = block.cell.spec
        used = [*spec["nodes"].values(), *spec.get("ends", {}).values()]
        if not any(one.get("ssh") in silent for one in used):
            by_testbed.setdefault(spec["testbed"], []).append(spec)
    checks = []
    for testbed, specs in by_testbed.items():
        try:
            places = class_of(specs[0]).settings(specs, context)
        except VcperfError as fault:
            checks.append(Check(f"testbed {testbed}", str(fault), FAIL, "see the line's cause"))
            continue
        checks.append(Check(f"testbed {testbed}", f"up: {', '.join(sorted(places))}"))
        checks += [*_of_places(places), *_between(places), *_of_pins(testbed, specs, places)]
    return checks


def _of_places(places: Mapping[str, Mapping[str, str | None]]) -> Iterator[Check]:
    """Settings that are not as WANTED, one check per setting and value."""
    for name, (well, mend) in WANTED.items():
        others: dict[str, list[str]] = {}
        for place, settings in sorted(places.items()):
            value = settings.get(name)
            if value is not None and value not in well:
                others.setdefault(value, []).append(place)
        for value, where in others.items():
            yield Check(name, f"{value} on {', '.join(where)}", WARN, mend)


def _between(places: Mapping[str, Mapping[str, str | None]]) -> Iterator[Check]:
    """Settings of interfaces of one name that differ between places of one sort."""
    for sort in ("node", "domain"):
        some = {p: s for p, s in places.items() if ("/" in p) == (sort == "domain")}
        names = {n for s in some.values() for n in s if n.startswith("net.")}
        for name in sorted(n for n in names if n.rpartition(".")[2] in OF_INTERFACES):
            values = {s[name] for s in some.values() if s.get(name) is not None}
            if len(values) > 1:
                found = f"{' and '.join(sorted(map(str, values)))} on different {sort}s"
                yield Check(name, found, WARN, "make them equal, or results mix both")


def _of_pins(
    testbed: str, specs: Sequence[dict[str, Any]], places: Mapping[str, Mapping[str, str | None]]
) -> Iterator[Check]:
    """Whether pins share physical cores or cross NUMA nodes."""
    found = [pins_of(spec, places) for spec in specs]
    words = {
        "shared_cores": "two CPUs of some pinnings are one physical core",
        "numa_crossed": "the CPUs of some pinnings lie in several NUMA nodes",
    }
    for column, text in words.items():
        if any(one[column] == "yes" for one in found):
            mend = "choose other CPUs, unless this is what you want to measure"
            yield Check(f"pins on {testbed}", text, WARN, mend)
