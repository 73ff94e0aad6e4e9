"""opcontrol: the command lines of one profile, as Xenoprof takes it over several domains.

Every domain that is sampled forgets its old samples; dom0 alone starts the daemon with the
event and the roles of the others; the active guests start, then dom0; after the workload
dom0 stops the hypervisor's sampling, every domain writes out and keeps what it has, and the
daemons end, dom0's last. The sequence is that of the Xenoprof user guide 1.0 (HP, 2005) and
of opcontrol(1) of OProfile 0.9 with Xenoprof's patch.
"""

from __future__ import annotations

import re

from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Step = tuple[int, list[str]]
    """A domain's numeric id, and the command to run in it."""
    Stage = list[Step]
    """What may run on several nodes at the same time, each at the same stage."""

DOM0 = 0
_EVENT = re.compile(r"[A-Z0-9_]+$", re.ASCII)
_SESSION = re.compile(r"[A-Za-z0-9][\w.-]*$", re.ASCII)


def event_option(event: str, count: int, unit_mask: int = 0, *, user: bool = True) -> str:
    """--event: a sample every `count` events, in the kernel and, if `user`, in programs.

    Raises VcperfError on a name or a number that opcontrol would not take.

    >>> event_option("GLOBAL_POWER_EVENTS", 1000000, 1)
    '--event=GLOBAL_POWER_EVENTS:1000000:1:1:1'
    """
    if not _EVENT.match(event):
        raise VcperfError(f"event {event!r}: expected a name as `ophelp` lists them")
    if count <= 0 or unit_mask < 0:
        raise VcperfError(
            f"event {event}: count {count} and unit mask {unit_mask} must be positive"
        )
    return f"--event={event}:{count}:{unit_mask}:1:{int(user)}"


def start_daemon_argv(
    *,
    event: str,
    xen: str | None = None,
    vmlinux: str | None = None,
    active: Sequence[int] = (),
    passive: Mapping[int, str] | None = None,
    by_application: bool = False,
) -> list[str]:
    """The command that makes dom0 ready: the event, the symbols and the others' roles.

    Args:
        event: from event_option.
        xen, vmlinux: the hypervisor's and dom0's kernels with symbols; None for no
            hypervisor, and for kernel samples without symbols.
        active: numeric ids of the guests that run OProfile themselves.
        passive: id -> kernel with symbols, of the guests that do not.
        by_application: whether samples of the kernel and of libraries are kept apart by the
            application that was running.

    Raises VcperfError when a domain has two roles, or a path cannot stand in a list.
    """
    passive = dict(passive or {})
    for domain in [*active, *passive]:
        if domain < 0 or [*active, *passive].count(domain) > 1:
            raise VcperfError(f"domain {domain}: expected one role, active or passive, and an id")
    if DOM0 in passive:
        raise VcperfError("domain 0 starts the profile: it is active")
    for path in (xen, vmlinux, *passive.values()):
        if path is not None and (not path.startswith("/") or "," in path):
            raise VcperfError(f"{path!r}: expected an absolute path without commas")
    argv = ["opcontrol", "--start-daemon", event]
    argv += [f"--xen={xen}"] if xen else []
    argv += [f"--vmlinux={vmlinux}" if vmlinux else "--no-vmlinux"]
    argv += ["--separate=kernel"] if by_application else []
    if active:
        argv.append("--active-domains=" + ",".join(map(str, active)))
    if passive:
        argv.append("--passive-domains=" + ",".join(map(str, passive)))
        argv.append("--passive-images=" + ",".join(passive.values()))
    return argv


def before(daemon: list[str], active: Sequence[int] = ()) -> list[Stage]:
    """What runs before the workload: stages, in order.

    Args:
        daemon: from start_daemon_argv.
        active: the active guests' ids, dom0 not among them.
    """
    return [
        _told("--reset", [DOM0, *active]),
        [(DOM0, daemon)],
        _told("--start", active),
        _told("--start", [DOM0]),
    ]


def stop(active: Sequence[int] = ()) -> list[Stage]:
    """What ends the sampling: stages, in order."""
    return [_told("--stop", [DOM0]), _told("--stop", active)]


def after(session: str, active: Sequence[int] = ()) -> list[Stage]:
    """What runs after stop(), stages in order: samples land in the session's name.

    Raises VcperfError on a name that is no plain file name.
    """
    if not _SESSION.match(session):
        raise VcperfError(f"session {session!r}: expected letters, digits and .-_")
    return [
        _told(what, domains)
        for what in ("--dump", f"--save={session}", "--shutdown")
        for domains in (active, [DOM0])
    ]


def _told(what: str, domains: Sequence[int]) -> Stage:
    return [(domain, ["opcontrol", what]) for domain in domains]


def report_argv(session: str, *, symbols: bool) -> list[str]:
    """opreport of a saved session, each domain's own: images by application, or symbols."""
    if not _SESSION.match(session):
        raise VcperfError(f"session {session!r}: expected letters, digits and .-_")
    return ["opreport", *(["--symbols"] if symbols else []), f"session:{session}"]
