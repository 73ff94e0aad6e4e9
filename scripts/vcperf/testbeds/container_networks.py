"""How the containers of a node are connected: one class per `podman.network`.

- bridge: podman's bridge, which another node's may be joined to.
- macvlan: an interface each on a veth that leads nowhere.
- host: all in the network of the host, which is the block's; each has an address of loopback.
- slirp4netns: the dom0 is in the network of the host; each guest has a tap device of which
  slirp4netns, a process of the host, makes connections of the host's, and ports that rootlessport
  forwards from an address of the host's. That address is the guest's own as well, so each domain
  has one address, from wherever it is asked. These processes are on the dom0's CPUs, and their CPU
  time is the dom0's, as a Xen guest's backend is.
"""

from __future__ import annotations

import os

from vcperf.testbeds import processes, programs

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcperf.testbeds.container_holding import Account

NETWORK, SUBNET = "vcperf", "10.77.0.0/16"
CABLE = ["link add host0 type veth peer name far0", "link set host0 up", "link set far0 up"]
# A resolver takes no address of loopback where a host has none but such.
HOST_ADDRESS = "addr add 10.77.255.1/16 dev host0"
TUN = "/dev/net/tun"
# What kinds listen on: iperf3's port, those of netperf and the estimators, and a few from which the
# kernel chooses.
CHOSEN = (12900, 12963)
PORTS = ("5201", f"12865-{CHOSEN[1]}")


class Bridge:
    """A bridge of podman's."""

    driver = "bridge"
    joins_nodes = True
    shared = False
    """Whether all domains are in one network."""
    interface = "eth0"
    """By which ranks of MPI reach each other; empty where they cannot."""

    def __init__(self, domains: Iterable[str], dom0s: Iterable[str]) -> None:
        self.dom0s = set(dom0s)
        self.addresses = {
            domain: self._address(number // 250, number % 250 + 1)
            for number, domain in enumerate(domains)
        }

    def _address(self, high: int, low: int) -> str:
        return f"10.77.{high}.{low}"

    @staticmethod
    def host_fault() -> str:
        """Why this machine cannot have it and what to do, in one line; empty when it can."""
        return ""

    def host_lines(self) -> list[str]:
        """What `ip` sets up in the network of a node first."""
        return []

    def create_words(self, index: int) -> list[str]:
        """Options with which the engine makes the network of a node, whose gateway is no other's;
        empty when it is to make none."""
        options = [f"--subnet={SUBNET}", f"--gateway=10.77.255.{index + 1}"]
        return [f"--driver={self.driver}", *options]

    def run_words(self, domain: str) -> list[str]:
        """Options of `run`."""
        return [f"--network={NETWORK}", f"--ip={self.addresses[domain]}"]

    def backends(self) -> set[int]:
        """The processes of the host that carry the traffic."""
        return set()


class Macvlan(Bridge):
    """Interfaces on one of the host's."""

    driver = "macvlan"
    joins_nodes = False

    def host_lines(self) -> list[str]:
        """The interface that they are on."""
        return CABLE

    def create_words(self, index: int) -> list[str]:
        """See `Bridge.create_words`."""
        return [*super().create_words(index), "--opt=parent=host0"]


class Host(Bridge):
    """The network of the host."""

    joins_nodes = False
    shared = True
    interface = "lo"

    def _address(self, high: int, low: int) -> str:
        return f"127.0.0.{low}"

    def host_lines(self) -> list[str]:
        """An interface with an address."""
        return [*CABLE, HOST_ADDRESS]

    def create_words(self, index: int) -> list[str]:
        """Nothing is made."""
        return []

    def run_words(self, domain: str) -> list[str]:
        """Options of `run`."""
        return ["--network=host"]


class Slirp4netns(Host):
    """The network of the host for the dom0; connections of the host's for guests."""

    shared = False
    interface = ""

    @staticmethod
    def host_fault() -> str:
        """Its program is missing, or may make no tap devices."""
        absent = programs.missing({"slirp4netns": "slirp4netns"})
        if not absent and not os.access(TUN, os.R_OK | os.W_OK):
            return f"{TUN} may not be opened; let your user read and write it, or run as root"
        return absent

    def _address(self, high: int, low: int) -> str:
        """The one that slirp4netns gives a guest in a subnet of the guest's own."""
        return f"10.77.{low}.100"

    def host_lines(self) -> list[str]:
        """The addresses of all domains."""
        return [*CABLE, *(f"addr add {a}/32 dev host0" for a in self.addresses.values())]

    def run_words(self, domain: str) -> list[str]:
        """Options of `run`."""
        if domain in self.dom0s:
            return super().run_words(domain)
        address = self.addresses[domain]
        subnet = f"{address.rpartition('.')[0]}.0/24"
        low, high = CHOSEN
        words = [f"--network=slirp4netns:cidr={subnet}"]
        words += [f"--sysctl=net.ipv4.ip_local_port_range={low} {high}"]
        for ports in PORTS:
            words += [f"--publish={address}:{ports}:{ports}/{by}" for by in ("tcp", "udp")]
        return words

    def backends(self) -> set[int]:
        """slirp4netns of each guest, and rootlessport with its child."""
        pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
        return {pid for pid in pids if _name(pid).startswith(("slirp4netns", "rootlessport"))}


MODES = {"bridge": Bridge, "host": Host, "macvlan": Macvlan, "slirp4netns": Slirp4netns}


class WithBackends:
    """The account of a dom0: that of its container, and the backends of its guests.

    Args:
        account: of the container.
        backends: processes of the host.
    """

    def __init__(self, account: Account, backends: set[int]) -> None:
        self._account, self._backends = account, backends
        self.cpus, self.reaped = account.cpus, account.reaped

    def cpu_seconds(self) -> float:
        """CPU time, that of backends to the clock tick. Raises OSError when it has ended."""
        backends = sum(map(processes.all_threads_cpu_seconds, self._backends))
        return self._account.cpu_seconds() + backends

    def pids(self) -> set[int]:
        """The processes of both."""
        return self._account.pids() | self._backends


def hold(pids: Iterable[int], cpus: list[int]) -> None:
    """Hold processes, all their threads, to CPUs. Raises OSError."""
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), cpus)


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""
