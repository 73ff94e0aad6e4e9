"""What a host is set to: the parser of what `vcperf.tools.host_probe` prints.

Formats, besides those of the files: ethtool(8), ip-link(8), and `xl info -n` of xl(1).
"""

from __future__ import annotations

import re
import sys

from vcperf.basics import cpulist
from vcperf.errors import quote
from vcperf.tools import filter as filters
from vcperf.tools.filter import Untrusted
from vcperf.tools.host_probe import HOST, LINKS, NET, TOOLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Settings = dict[str, str | None]
    """Name -> value; None for what could not be read."""

COLUMNS = ("name", "value")
MOST_BYTES = 8_000_000  # a host has some kilobytes
# What matters most: None rather than absent where it cannot be read.
_TCP = [f"sysctl.net.ipv4.tcp_{name}" for name in ("rmem", "wmem", "congestion_control")]
_EXPECTED = {
    HOST: (
        "cpu.governor cpu.turbo cpu.smt cpu.cores cpu.nodes clock.source irq.irqbalance"
        " sysctl.net.core.rmem_max sysctl.net.core.wmem_max sysctl.net.core.rmem_default"
        " sysctl.net.core.wmem_default sysctl.net.core.default_qdisc"
    ).split(),
    NET: _TCP,
    LINKS: _TCP,
    TOOLS: ["tool.netperf", "tool.netserver"],
}
_OF_AN_INTERFACE = "mtu qdisc tso gso gro lro".split()
# Random or counted from what memory was free at boot, a list of loaded modules, and a limit that
# ours do not come near.
_NO_SETTING = re.compile(
    r"sysctl\.net\.(core\.(netdev_rss_key|bpf_.*)"
    r"|ipv4\.(tcp_fastopen_key|tcp_mem|udp_mem|tcp_(available|allowed)_.*|tcp_max_orphans"
    r"|tcp_ehash_entries|udp_hash_entries))$"
)
_CPU = "/sys/devices/system/cpu/"
_FILES = {
    f"{_CPU}online": "cpu.online",
    f"{_CPU}isolated": "cpu.isolated",
    f"{_CPU}nohz_full": "cpu.nohz_full",
    f"{_CPU}smt/control": "cpu.smt",
    f"{_CPU}cpuidle/current_driver": "cpu.idle_driver",
    f"{_CPU}cpuidle/current_governor": "cpu.idle_governor",
    f"{_CPU}cpufreq/boost": "cpu.turbo",
    f"{_CPU}intel_pstate/no_turbo": "cpu.turbo",
    "/sys/devices/system/clocksource/clocksource0/current_clocksource": "clock.source",
    "/sys/kernel/mm/transparent_hugepage/enabled": "memory.transparent_hugepage",
    "/sys/hypervisor/type": "hypervisor",
}
_TURBO = {"boost": {"1": "on", "0": "off"}, "no_turbo": {"0": "on", "1": "off"}}
# Of every CPU, to one value, or the different ones where they differ.
_PER_CPU = re.compile(_CPU + r"cpu\d+/cpufreq/(?:scaling_)?(\w+)")
_NOW = {"cur_freq", "setspeed"}  # measured, not set
_SIBLINGS = re.compile(_CPU + r"cpu\d+/topology/thread_siblings_list")
_NODE = re.compile(r"/sys/devices/system/node/node\d+/cpulist")
_INTERFACE = re.compile(r"/sys/class/net/([^/]+)/(.+)")
_PLAIN = {"mtu", "tx_queue_len", "speed", "threaded", "gro_flush_timeout", "napi_defer_hard_irqs"}
# Virtual cables: their numbers change with every start of a guest, and nobody sets one of many.
_CABLE = re.compile(r"(vif|tap|veth|vnet)[0-9a-f][^/]*")
_SHORT = {
    "tcp-segmentation-offload": "tso",
    "generic-segmentation-offload": "gso",
    "generic-receive-offload": "gro",
    "large-receive-offload": "lro",
}
_LINK = re.compile(r"\d+: ([^:@ ]+)(?:@\S+)?: .*? mtu (\d+) (?:.*? )?qdisc (\S+)")
_XL_CPU = re.compile(r"\s*(\d+):\s+(\d+)\s+(\d+)\s+(\d+)\s*")  # cpu: core, socket, node


class _Found:
    """Values by name; of one name the different ones, in the order in which they come."""

    def __init__(self) -> None:
        self.values: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        """Add a value, with one blank between its words; an empty one is none."""
        value, known = " ".join(value.split()), self.values.setdefault(name, [])
        if value and value not in known:
            known.append(value)

    def count(self, name: str) -> None:
        """Count one more of something."""
        (number,) = self.values.setdefault(name, ["0"])
        self.values[name] = [str(int(number) + 1)]

    def expect(self, names: Iterable[str]) -> None:
        """Names that must be there, be it without a value."""
        for name in names:
            self.values.setdefault(name, [])

    def flat(self) -> Settings:
        """Name -> value, sorted by name; several values are joined."""
        return {name: " ".join(values) or None for name, values in sorted(self.values.items())}


def read(text: str) -> Settings:
    """The settings in what PROGRAM printed.

    Args:
        text: its output, whole.

    Returns name -> value, such as ``net.eth0.tso``: ``on``. Values are as the kernel or the tool
    prints them; several that differ, as of queues or CPUs, are joined by a blank. `cpu.cores` and
    `cpu.nodes` are CPU lists, one per core of several hardware threads or one, and per NUMA node.
    Virtual cables share one name: ``net.vif*.mtu``.

    Raises Untrusted when the text is not whole, or has a line that PROGRAM cannot have printed.
    """
    found = _Found()
    sections = list(_sections(text))
    if not sections or sections[0][0].split()[:1] != ["asked"] or sections[-1] != ("end", []):
        raise Untrusted("settings: not whole: begins with no '== asked', or ends with no '== end'")
    asked = sections[0][0].split()[1:]
    interfaces: set[str] = set()
    for what, lines in sections[1:-1]:
        words = what.split()
        if words == ["files"]:
            _files(lines, found, interfaces)
        elif words == ["ip", "-o", "link", "show", "up"]:
            _links(lines, found, interfaces, all_of_them=LINKS in asked)
        elif words[:1] == ["ethtool"] and len(words) == 3:
            _ethtool(words[1], _interface(words[2]), lines, found)
        elif words == ["xl", "info", "-n"]:
            _xen_topology(lines, found)
        elif len(words) == 2 and words[0] in ("netperf", "netserver") and words[1] == "-V":
            found.add(f"tool.{words[0]}", (lines or [""])[0].rpartition(" ")[2])
        else:
            raise Untrusted(f"settings: unknown section {quote(what)}")
    for part in asked:
        if part not in _EXPECTED:
            raise Untrusted(f"settings: unknown part {quote(part)}")
        found.expect(_EXPECTED[part])
    for interface in interfaces:
        found.expect(f"net.{interface}.{name}" for name in _OF_AN_INTERFACE)
    return found.flat()


def cpu_groups(value: str | None) -> list[str]:
    """The CPU lists of `cpu.cores` or `cpu.nodes`; none where the value is not known."""
    return value.split() if value else []


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each section's head and lines. Raises Untrusted for a line above the first."""
    head = ""
    lines: list[str] = []
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("== "):
            if head:
                yield head, lines
            head, lines = line[3:], []
        elif not head:
            raise Untrusted(f"settings: {quote(line)} is above the first line '== ...'")
        else:
            lines.append(line)
    yield head, lines


def _files(lines: list[str], found: _Found, interfaces: set[str]) -> None:
    """What files hold: ``PATH:LINE``. Notes the interfaces among them."""
    cores, nodes = set(), set()
    for line in lines:
        path, colon, value = line.partition(":")
        if not colon or not path.startswith("/"):
            raise Untrusted(f"settings: {quote(line)} is no line PATH:VALUE")
        if match := _INTERFACE.fullmatch(path):
            interfaces.add(_interface(match[1]))
            _of_an_interface(f"net.{_interface(match[1])}", match[2], value, found)
        elif _SIBLINGS.fullmatch(path):
            cores.add(_cpu_list(value))
        elif _NODE.fullmatch(path):
            if value:  # a node of memory alone has no CPU
                nodes.add(_cpu_list(value))
        else:
            _of_the_host(path, value, found)
    for name, groups in (("cores", cores), ("nodes", nodes)):
        # A domain's CPUs under Xen are VCPUs; xl knows the host's.
        if groups and "hypervisor" not in found.values:
            found.add(f"cpu.{name}", " ".join(sorted(groups, key=cpulist.parse)))
    if cores and "irq.irqbalance" not in found.values:
        found.add("irq.irqbalance", "not running")


def _of_the_host(path: str, value: str, found: _Found) -> None:
    """One file that is no interface's, nor of the CPUs' topology."""
    tail = path.rpartition("/")[2]
    if path.startswith("/proc/sys/"):
        name = "sysctl." + path.removeprefix("/proc/sys/").replace("/", ".")
        if not _NO_SETTING.match(name):
            found.add(name, value)
    elif path.startswith("/proc/") and tail == "comm":
        found.add("irq.irqbalance", "running")
    elif path.startswith(f"{_CPU}vulnerabilities/"):
        found.add(f"mitigation.{tail}", value)
    elif path in _FILES:
        found.add(_FILES[path], _TURBO.get(tail, {}).get(value, value))
    elif match := _PER_CPU.fullmatch(path):
        if match[1] not in _NOW:
            found.add(f"cpu.{match[1]}", value)
    else:
        raise Untrusted(f"settings: unknown file {quote(path)}")


def _cpu_list(value: str) -> str:
    if not cpulist.printed_ranges(value):
        raise Untrusted(f"settings: {quote(value)} is no list of CPUs")
    return value


def _interface(name: str) -> str:
    """The name by which an interface's settings go."""
    match = _CABLE.fullmatch(name)
    return f"{match[1]}*" if match else name


def _of_an_interface(prefix: str, file: str, value: str, found: _Found) -> None:
    """One file below /sys/class/net/INTERFACE, or one of its interrupts."""
    folder, _, tail = file.rpartition("/")
    if file in _PLAIN:
        found.add(f"{prefix}.{file}", value)
    elif file == "device/numa_node":
        found.add(f"{prefix}.numa_node", value)
    elif file == "device/uevent":
        if value.startswith("DRIVER="):
            found.add(f"{prefix}.driver", value.removeprefix("DRIVER="))
    elif folder == "irq":
        found.add(f"{prefix}.irq_cpus", value)
    elif folder == "queues":
        if not prefix.endswith("*"):  # of many cables it would be their number
            found.count(f"{prefix}.queues_{tail.partition('-')[0]}")
    elif folder.startswith("queues/") and tail in ("rps_cpus", "xps_cpus"):
        found.add(f"{prefix}.{tail}", value)
    else:
        raise Untrusted(f"settings: unknown file {quote(f'{prefix}/{file}')}")


def _links(lines: list[str], found: _Found, interfaces: set[str], all_of_them: bool) -> None:
    """What ip printed of each interface of interest; notes them all where all are."""
    for line in lines:
        match = _LINK.match(line)
        if not match:
            raise Untrusted(f"settings: {quote(line)} is no line of ip -o link")
        name = _interface(match[1])
        if all_of_them:
            interfaces.add(name)
        if name in interfaces:
            found.add(f"net.{name}.mtu", match[2])
            found.add(f"net.{name}.qdisc", match[3])


def _ethtool(option: str, interface: str, lines: list[str], found: _Found) -> None:
    """What ethtool printed for -k, -c, -g or -l; nothing where the driver has no such thing."""
    groups = {"-k": "", "-c": "coalesce.", "-g": "ring.", "-l": "channels."}
    if option not in groups:
        raise Untrusted(f"settings: unknown section {quote(f'ethtool {option} {interface}')}")
    if option in ("-g", "-l"):  # first the most that is possible
        current = [n for n, line in enumerate(lines) if line.startswith("Current ")]
        lines = lines[current[0] + 1 :] if current else []
    for line in lines:
        if line[:1].isspace():  # of a feature that the line above names as a whole
            continue
        name, _, value = line.partition(":")
        words = value.split()  # behind the value [fixed] or [requested on] may stand
        name = name.lower().replace(" ", "-")
        prefix = f"net.{interface}.{groups[option]}"
        if name == "adaptive-rx" and words[1:2] == ["TX:"]:  # the one line that has two values
            pairs = [(name, words[0]), ("adaptive-tx", words[-1])]
        else:
            pairs = [(_SHORT.get(name, name), words[0])] if words else []
        for short, word in pairs:
            if word != "n/a":
                found.add(f"{prefix}{short}", word)


def _xen_topology(lines: list[str], found: _Found) -> None:
    """Cores and nodes of the host's CPUs, in place of those of dom0's VCPUs."""
    cores: dict[tuple[str, str], list[int]] = {}
    nodes: dict[str, list[int]] = {}
    heads = [number for number, line in enumerate(lines) if line[:1].isalpha()]
    first = next((n for n in heads if lines[n].startswith("cpu_topology")), len(lines))
    last = next((n for n in heads if n > first + 1), len(lines))  # numa_info has such rows, too
    for line in lines[first:last]:
        if match := _XL_CPU.fullmatch(line):
            cpu, core, socket, node = match.groups()
            cores.setdefault((socket, core), []).append(int(cpu))
            nodes.setdefault(node, []).append(int(cpu))
    for name, groups in (("cores", cores.values()), ("nodes", nodes.values())):
        lists = [cpulist.written((cpu, cpu) for cpu in sorted(cpus)) for cpus in groups]
        found.values[f"cpu.{name}"] = [" ".join(sorted(lists, key=cpulist.parse))]


def parse(text: str) -> list[filters.Row]:
    """The settings as rows of COLUMNS. Raises Untrusted as `read`."""
    return [{"name": name, "value": value} for name, value in read(text).items()]


if __name__ == "__main__":
    sys.exit(filters.main(parse, COLUMNS, MOST_BYTES))
