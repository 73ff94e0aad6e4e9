"""The machine that measures: which testbeds it allows, and what planning must know of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from vcperf import testbeds
from vcperf.config import files
from vcperf.config.files import Config, KeyPath
from vcperf.errors import VcperfError, quote, suggest
from vcperf.planning.layout import Host, Site
from vcperf.preparation import testbed_file

AUTO = "auto"  # the first testbed that this machine allows, and the baseline


def chosen_testbeds(config: Config, sources: Sequence[str | Path] = ()) -> tuple[list[str], str]:
    """The testbeds of a campaign, `auto` resolved on this machine.

    Args:
        config: what `vcperf.config.campaign_file.checked` returned.
        sources: the files it was merged from, for error messages.

    Returns their names and, when `auto` had to step down, a line that says why. Raises
    VcperfError naming file and key for a testbed that does not exist, and for one that this
    machine cannot have.
    """
    wanted, baseline = config["testbed"], config.get("baseline", {}).get("testbed")
    one = isinstance(wanted, str)
    known = [*testbeds.NAMES, AUTO] if one else testbeds.NAMES
    for index, name in enumerate([wanted] if one else wanted):
        _check_name(("testbed",) if one else ("testbed", index), name, known, sources)
    if baseline is not None:
        _check_name(("baseline", "testbed"), baseline, testbeds.NAMES, sources)
    if wanted == AUTO:
        return _automatic(baseline)
    names = [wanted] if one else list(wanted)
    testbed_file.check_names(config, names, sources)
    _refuse_impossible([name for name in names if not testbed_file.key_of(config, name)])
    return names, ""


def _check_name(
    key_path: KeyPath, name: str, known: Iterable[str], sources: Sequence[str | Path]
) -> None:
    if name not in known:
        where = files.where(key_path, sources)
        raise VcperfError(f"{where}: unknown testbed {quote(name)}{suggest(name, known)}")


def _automatic(baseline: str | None) -> tuple[list[str], str]:
    """What `auto` stands for here. The last one needs nothing of a machine."""
    refused = []
    for name in testbeds.AUTOMATIC:
        fault = _host_fault(name)
        if not fault:
            break
        refused.append(f"testbed {name}: {fault}")
    if refused:
        return [name], f"{'; '.join(refused)}; measuring on testbed {name}"
    added = [baseline] if baseline in testbeds.LOCAL and baseline != name else []
    return [name, *added], ""


def _refuse_impossible(names: Iterable[str]) -> None:
    for name in names:
        fault = _host_fault(name) if name in testbeds.LOCAL else ""
        if fault:
            others = [one for one in testbeds.LOCAL if one != name and not _host_fault(one)]
            raise VcperfError(f"testbed {name}: {fault}, or use testbed: {' or '.join(others)}")


def _host_fault(name: str) -> str:
    fault: str = testbeds.find(name, by_ssh=False).host_fault()
    return fault


def hosts_of(
    config: Config,
    names: Sequence[str],
    cpus: tuple[int, ...],
    sources: Sequence[str | Path] = (),
) -> list[Host]:
    """The machine that measures, once per testbed.

    Args:
        config: what `vcperf.config.campaign_file.checked` returned.
        names: the testbeds of the campaign, `auto` resolved.
        cpus: the CPUs of this machine that may be used.
        sources: the files the configuration was merged from, for error messages.

    Raises VcperfError naming file, key and fault.
    """
    hosts = [
        host_of(name, cpus, testbed_file.read({**config, "testbed": name}, sources))
        for name in names
    ]
    _refuse_twins(hosts)
    return hosts


def _refuse_twins(hosts: Iterable[Host]) -> None:
    """Refuse one ssh destination that is two hosts: each testbed's file may name a configuration
    of ssh. Connections, locks and pins are kept by the destination's name."""
    seen: dict[str, tuple[str, str]] = {}
    for host in hosts:
        if host.site is None:
            continue
        config = host.site.context.get("ssh_config", "your own configuration")
        named = [*host.site.nodes.values(), *host.site.ends.values()]
        for destination in dict.fromkeys(str(one["ssh"]) for one in named):
            other, its = seen.setdefault(destination, (host.testbed, config))
            if its != config:
                raise VcperfError(
                    f"{destination}: testbed {other} reaches it by {its}, testbed {host.testbed} by"
                    f" {config}; give one of the two hosts another name there"
                )


def host_of(testbed: str, cpus: tuple[int, ...], site: Site | None = None) -> Host:
    """The machine that measures on one testbed, with what the testbed's class says.

    Args:
        testbed: its name.
        cpus: the CPUs of this machine that may be used.
        site: where the nodes are, when they are reached by ssh.
    """
    known = testbeds.find(testbed, by_ssh=site is not None)
    apart = site is not None and not known.locks_this_machine(site.context)
    guests = tuple(known.threads), tuple(known.guest_options), known.accounts
    profilers = tuple(known.profilers)
    return Host(testbed, cpus, site, profilers, known.link, apart, known.options, *guests)


def usable_cpus() -> tuple[int, ...]:
    """The CPUs that this process may use, one of each core before any core's second.

    Two hardware threads of one core are no two CPUs to a measurement.
    Format: /sys/devices/system/cpu/cpuN/topology/thread_siblings_list, the kernel's
    Documentation/admin-guide/cputopology.rst.
    """
    seen: dict[str, int] = {}
    ranked = []
    for cpu in sorted(os.sched_getaffinity(0)):
        file = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            core = file.read_text(encoding="ascii")
        except OSError:
            core = str(cpu)
        seen[core] = seen.get(core, -1) + 1
        ranked.append((seen[core], cpu))
    return tuple(cpu for _, cpu in sorted(ranked))
