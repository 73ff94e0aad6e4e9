"""Guests that a campaign runs with other options: queues of their network interfaces, and who
serves these. libvirt cannot change them while a guest runs, so the guest is started again, with
the definition that it runs with and nothing else changed in it. What is defined in libvirt stays
as it is. The definition of before is in the journal of pins (`vcperf.testbeds.pins`)."""

from __future__ import annotations

import json
import time

from vcperf.basics.text import last_line
from vcperf.errors import VcperfError
from vcperf.testbeds import pins
from vcperf.tools import guest_definition, virsh
from vcperf.tools.filter import Untrusted
from vcperf.tools.qemu_threads import VHOST

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from vcperf.testbeds.libvirt_node import LibvirtNode, Look
    from vcperf.testbeds.pins import Row
    from vcperf.testbeds.ssh import Connections

OPTIONS = ("queues", "vhost")
DEFINITION = "definition"  # the `thread` of a row of the journal that is about a guest as a whole
STOP = "stop"  # in a block's context: node -> how its guests are stopped
STOP_S, BOOT_S = 60, 300
# How long a guest that was started may take until its VCPUs use less than IDLE of a CPU.
SETTLE_S, STEP_S, IDLE = 60.0, 2.0, 0.1
VHOST_ARGV = ["test", "-c", "/dev/vhost-net"]
# Stops the guest unless it is, and starts it from the definition on its input. `create` runs a
# guest that is defined in libvirt with another definition for this once.
_START = """
export LC_ALL=C; uri=$1 guest=$2 stop=$3 tries=$4
ask() { virsh -q -c "$uri" "$@"; }
runs() {
  case $(ask domstate --domain "$guest" 2>/dev/null) in '' | 'shut off' | crashed) return 1 ;; esac
}
file=$(mktemp) || exit 1
trap 'rm -f "$file"' EXIT
cat >"$file"
if runs; then
  ask "$stop" --domain "$guest" >/dev/null || exit 1
  while runs; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || {
      echo "it did not shut down within $4 s; stop: destroy in the testbed file cuts its power" >&2
      exit 1
    }
    sleep 1
  done
fi
ask create --file "$file" >/dev/null
"""
# How many queues each interface of a guest uses.
_QUEUES = """
for file in /sys/class/net/*/address; do
  read -r mac <"$file"; set -- "${file%/address}"/queues/rx-*; echo "$mac $#"
done
"""
QUEUES_ARGV = ["sh", "-c", _QUEUES]


def state_argv(uri: str, guest: str) -> list[str]:
    """The command line whose answer `definition_row` reads, beside that of the definition."""
    return ["env", "LC_ALL=C", *virsh.argv(uri, "domstate", "--domain", guest)]


def start_argv(row: Row) -> list[str]:
    """The command that starts a guest again, of a row of the journal; it reads the definition."""
    about = (row["uri"], row["guest"], row["stop"], str(STOP_S))
    return ["sh", "-c", _START, "vcperf", *about]


def definition_row(
    uri: str, guest: str, state: tuple[int, str], definition: tuple[int, str]
) -> Row:
    """What a guest runs with, as the journal has it; nothing (``affinity``) when it does not run.

    Raises VcperfError for a definition that cannot be read.
    """
    runs = not state[0] and state[1].strip() not in ("shut off", "crashed")
    row = {"uri": uri, "guest": guest, "pid": None, "thread": DEFINITION, "index": None}
    try:
        found = guest_definition.parse(definition[1]) if runs and not definition[0] else []
    except Untrusted as fault:
        raise VcperfError(f"guest {guest}: {fault}") from None
    return {**row, "affinity": json.dumps(found) if runs else ""}


def unlike(look: Look) -> dict[str, str]:
    """Guests that do not run as the spec wants: guest -> how, in words."""
    found = {}
    for domain, wanted in look.node.options.items():
        guest = look.node.node["guests"][domain]
        running = running_options(look, guest)
        differ = [name for name, value in wanted.items() if running[name] != value]
        if differ:
            has = ", ".join(f"{name}: {json.dumps(running[name])}" for name in differ)
            found[guest] = f"{has}, not {', '.join(json.dumps(wanted[n]) for n in differ)}"
    return found


def running_options(look: Look, guest: str) -> dict[str, Any]:
    """OPTIONS as a guest runs with them. Where libvirt chooses who serves its interfaces, threads
    of the kernel that do show it."""
    rows = look.interfaces[guest]
    if not rows:
        raise VcperfError(
            f"{look.node.where}: guest {guest} has no virtio interface on a bridge, whose queues or"
            " vhost could be chosen; leave its options out"
        )
    served = any(r["guest"] == guest and r.get("group") == VHOST for r in look.rows)
    vhost = {served if row["driver"] is None else row["driver"] == "vhost" for row in rows}
    queues = {row["queues"] for row in rows}
    return {
        "queues": queues.pop() if len(queues) == 1 else sorted(queues),
        "vhost": vhost.pop() if len(vhost) == 1 else None,
    }


class Restarts:
    """Starts guests again for a block.

    Args:
        ssh: open connections.
        context: of the block.
        host_of: guest -> its own ssh destination, of those in which something runs.
    """

    def __init__(
        self, ssh: Connections, context: Mapping[str, Any], host_of: Callable[[str], str | None]
    ) -> None:
        self.ssh, self.context, self._host_of = ssh, context, host_of

    def run(self, looks: Sequence[Look], look_again: Callable[[], dict[str, Look]]) -> bool:
        """Start again what does not run as the spec wants, and wait until it answers and has done
        what a system does when it starts.

        Args:
            looks: what each node is like.
            look_again: node -> what it is like then.

        Returns whether anything was. Raises VcperfError naming node and guest: a host without
        vhost, a guest that does not stop, start or answer.
        """
        wrong = [(look, guest) for look in looks for guest in unlike(look)]
        for node in {look.node.ssh: look.node for look, _ in wrong}.values():
            self._check_vhost(node)
        for look, guest in wrong:
            self._restart(look, guest)
        hosts = [host for _, guest in wrong if (host := self._host_of(guest))]
        await_hosts(self.ssh, hosts)
        if wrong:
            _settle({guest: look.node.name for look, guest in wrong}, look_again)
        return bool(wrong)

    def check_queues(self, looks: Sequence[Look]) -> None:
        """Hold the queues of the guests' own kernels against the spec. Raises VcperfError."""
        about: dict[str, tuple[str, int, list[str]]] = {}
        for look in looks:
            for domain, wanted in look.node.options.items():
                guest = look.node.node["guests"][domain]
                host = self._host_of(guest)
                if host and "queues" in wanted:
                    macs = [str(row["mac"]) for row in look.interfaces[guest]]
                    about[host] = domain, int(wanted["queues"]), macs
        for host, ((_, text),) in self.ssh.batch({h: [QUEUES_ARGV] for h in about}).items():
            domain, queues, macs = about[host]
            used = dict(line.split() for line in text.splitlines() if len(line.split()) == 2)
            for mac in (mac for mac in macs if used.get(mac) != str(queues)):
                raise VcperfError(
                    f"domain {domain}: {host}: its kernel uses {used.get(mac, 'none')} of the"
                    f" {queues} queues of the interface {mac}; does it have as many VCPUs?"
                    " `ethtool -l` there says more"
                )

    def _check_vhost(self, node: LibvirtNode) -> None:
        for domain in (domain for domain, its in node.options.items() if its.get("vhost")):
            ((status, _),) = self.ssh.batch({node.ssh: [VHOST_ARGV]})[node.ssh]
            if status:
                raise VcperfError(
                    f"domain {domain}: {node.where} cannot give it vhost, as it has no"
                    " /dev/vhost-net; load the module vhost_net there, or leave vhost: true out"
                )

    def _restart(self, look: Look, guest: str) -> None:
        node = look.node
        noted = [row for row in pins.noted(node.ssh, node.boot) if row["thread"] == DEFINITION]
        known = {row["guest"]: row for row in noted}
        row = known.get(guest) or self._noted(look, guest)
        options = node.options[node.domain_of[guest]]
        host = self._host_of(guest)
        if host:
            self.ssh.drop(host)  # the guest that it leads to goes
        try:
            text = guest_definition.changed(row["xml"], options)
            self.ssh.feed(node.ssh, start_argv(row), text.encode())
        except (Untrusted, VcperfError) as fault:
            raise VcperfError(
                f"{node.where}: guest {guest} cannot be started with other options: {fault}"
            ) from None

    def _noted(self, look: Look, guest: str) -> Row:
        """The definition of a guest, with the pins of before the campaign, once it is in the
        journal."""
        from vcperf.testbeds.libvirt_node import pin_argv

        node = look.node
        pids = {row["pid"] for row in look.rows if row["guest"] == guest}
        mine = [
            pin_argv(row, row["affinity"])
            for row in pins.noted(node.ssh, node.boot)
            if row["guest"] == guest and row["pid"] in pids
        ]
        asks = [state_argv(node.uri, guest), guest_definition.argv(node.uri, guest, secrets=True)]
        *_, state, definition = self.ssh.batch({node.ssh: [*mine, *asks]})[node.ssh]
        if state[0] or definition[0]:
            fault = last_line(definition[1] if definition[0] else state[1], "no answer")
            raise VcperfError(f"{node.where}: guest {guest}: virsh: {fault}")
        row = definition_row(node.uri, guest, state, definition)
        row |= {"xml": definition[1].strip(), "ssh": self._host_of(guest)}
        row["stop"] = self.context.get(STOP, {}).get(node.name, "shutdown")
        pins.remember(node.ssh, "virsh", self.context.get("ssh_config"), node.boot, [row])
        return row


def _settle(guests: Mapping[str, str], look_again: Callable[[], dict[str, Look]]) -> None:
    """Wait until guests, each on its node, are nearly idle; or for SETTLE_S, as a guest may have
    work of its own."""
    deadline = time.monotonic() + SETTLE_S
    used = None
    while time.monotonic() < deadline:
        found = look_again()
        now = {guest: found[node].used(guest) for guest, node in guests.items()}
        if used and all(
            seconds - used[guest][1] < IDLE * (clock - used[guest][0])
            for guest, (clock, seconds) in now.items()
        ):
            return
        used = now
        time.sleep(STEP_S)


def await_hosts(ssh: Connections, hosts: Sequence[str]) -> None:
    """Wait until guests that were started answer. Raises VcperfError naming one that does not."""
    deadline = time.monotonic() + BOOT_S
    faults = ssh.open(dict.fromkeys(hosts, False))
    while faults and time.monotonic() < deadline:
        time.sleep(0.5)
        faults = ssh.open(dict.fromkeys(faults, False))
    for fault in faults.values():
        raise VcperfError(f"{fault}; it was started again, and does not answer within {BOOT_S} s")
