"""The lab as a whole: up, down, status."""

from __future__ import annotations

import json
import os
import shutil
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cpio
import emulator
import images
import saved
import ssh
from common import FILES, RUN, LabError, need, say, step
from topology import Guest, Node, alias, node

from vcperf.basics.files import write_whole

COMMANDS = {emulator.QEMU: "qemu-system-x86", "ssh": "openssh-client"}
COMMANDS.update({"ssh-keygen": "openssh-client", "setpriv": "util-linux"})
BOOT_S = 300.0
GUESTS_S = 300.0
CHECK_S = 120.0


class Wanted(NamedTuple):
    """Which lab."""

    nodes: int = 2
    native: bool = False
    xen_options: str = ""

    def topology(self) -> list[Node]:
        return [node(number) for number in range(self.nodes)]


def up(wanted: Wanted, tied: bool = False, fresh: bool = False) -> None:
    """Bring the lab up, and return when every domain answers.

    Hosts with Xen are resumed from where an earlier start left its state, if one did.

    Args:
        wanted: which lab.
        tied: the emulators end with this process.
        fresh: boot, even so.

    Raises:
        LabError: a step failed; nothing is left running.
    """
    if not tied and present() == wanted and _answers(wanted):
        say(f"already up: {_described(wanted)}")
        return
    if down(quietly=True):
        say("took down what was there")
    need(COMMANDS)
    folder = images.ensure()
    state = saved.place(folder, repr(wanted))
    try:
        if not (state.is_dir() and not fresh and _resumed(wanted, folder, tied, state)):
            with step(f"up: {_described(wanted)}"):
                _boot(wanted, folder, tied)
            if not wanted.native:  # that boots soon enough
                _keep(wanted, state)
    except BaseException:
        down(quietly=True, keep_logs=True)
        raise


def _resumed(wanted: Wanted, folder: Path, tied: bool, state: Path) -> bool:
    """Resume the hosts; False, and nothing is left, when that failed."""
    try:
        with step(f"up again: {_described(wanted)}"):
            _resume(wanted, folder, tied, state)
    except LabError as error:
        say(f"{error}; booting instead")
        down(quietly=True)
        shutil.rmtree(state, ignore_errors=True)
        return False
    return True


def _keep(wanted: Wanted, state: Path) -> None:
    """Keep the state for the next start; without it there is just that one boot more."""
    try:
        with step("kept the state of the hosts"):
            saved.save(wanted.topology(), state)
    except LabError as error:
        say(f"{error}; the next start boots again")


def down(quietly: bool = False, keep_logs: bool = False) -> bool:
    """Stop everything and remove run-time files.

    Returns:
        whether something ran.
    """
    stopped = emulator.stop_all()
    for path in RUN.glob("*") if RUN.is_dir() else ():
        if path.is_dir() and not keep_logs:
            shutil.rmtree(path)
        elif path.is_dir():
            for name in ("qemu.pid", "initrd.cpio", saved.STATE):
                (path / name).unlink(missing_ok=True)
        else:
            path.unlink()
    if not quietly:
        say(f"down: stopped {' and '.join(stopped)}" if stopped else "down: nothing ran")
    return bool(stopped)


def status() -> list[str]:
    """One line per node that runs, or one line that none does."""
    lab = present()
    alive = emulator.running()
    lines = []
    for name, pid in sorted(alive.items()):
        n = node(int(name[-1]))
        kind = "starting or broken" if lab is None else "native" if lab.native else "Xen"
        domains = n.domains if lab and not lab.native else (n.dom0,)
        lines.append(f"{name}: {kind}, emulator {pid}, {' '.join(alias(d) for d in domains)}")
    return lines or ["no host runs"]


def present() -> Wanted | None:
    """The lab that was brought up and whose emulators all live."""
    try:
        lab = Wanted(**json.loads((RUN / "lab.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    alive = emulator.running()
    return lab if set(alive) == {n.name for n in lab.topology()} else None


def _note(lab: Wanted) -> None:
    """Write down which lab is up, for `present`."""
    with write_whole(str(RUN / "lab.json")) as handle:
        handle.write(json.dumps(lab._asdict()) + "\n")


def _described(lab: Wanted) -> str:
    hosts = f"{lab.nodes} {'native' if lab.native else 'Xen'} host{'s' * (lab.nodes > 1)}"
    return hosts if lab.native else f"{hosts}, each with dom0 and two guests"


def _domains(lab: Wanted) -> list[str]:
    return [d for n in lab.topology() for d in (n.domains if not lab.native else (n.dom0,))]


def _answers(lab: Wanted) -> bool:
    try:
        _each(_domains(lab), lambda d: ssh.remote(d, "true", "asking", 30))
    except LabError:
        return False
    return True


def _each(things: list, work: Callable) -> None:
    """Do the work for all at once; the first error counts."""
    with ThreadPoolExecutor(max_workers=len(things)) as pool:
        list(pool.map(work, things))


def _boot(lab: Wanted, folder: Path, tied: bool) -> None:
    nodes = lab.topology()
    RUN.mkdir(exist_ok=True)
    with step("made keys"):
        public = _make_keys(nodes, lab, folder)
    (RUN / "known_hosts").write_text(ssh.known_hosts(public))
    _start(lab, tied, resumed=False)
    with step(f"{' and '.join(n.dom0 for n in nodes)} answer"):
        _each(nodes, _wait_for_dom0)
    if not lab.native:
        with step("guests are up"):
            _each(nodes, _start_guests)
    with step("checked the domains"):
        addresses = [n.address for n in nodes]
        if not lab.native:
            addresses += [g.address for n in nodes for g in n.guests]
        command = f"/lab/check-tools {' '.join(addresses)}"
        _each(_domains(lab), lambda d: ssh.remote(d, command, "checking the tools", CHECK_S))
    _note(lab)


def _resume(lab: Wanted, folder: Path, tied: bool, state: Path) -> None:
    nodes = lab.topology()
    RUN.mkdir(exist_ok=True)
    for n in nodes:
        _lay_out(n, folder)
    saved.bring(nodes, state)
    _start(lab, tied, resumed=True)
    for n in nodes:
        saved.wait_until_resumed(n)
    _each(_domains(lab), lambda d: ssh.remote(d, "true", "asking", CHECK_S))
    _note(lab)


def _start(lab: Wanted, tied: bool, resumed: bool) -> None:
    """Start the emulators, and write how ssh gets to them."""
    nodes = lab.topology()
    # From this thread only: the emulators may be tied to the thread that starts them.
    for n in nodes:
        emulator.start(n, lab.native, lab.xen_options, tied, resumed)
    ways = {n.dom0: ssh.at_port(emulator.ssh_port(n)) for n in nodes}
    (RUN / "ssh_config").write_text(ssh.config(RUN, nodes, ways, lab.native))


def _lay_out(n: Node, folder: Path) -> None:
    """A node's folder, with links to the images."""
    place = RUN / n.name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in ("xen", "xen-syms.map", "vmlinux", "vmlinuz", "root.img"):
        (place / name).symlink_to(os.path.relpath(folder / name, place))


def _make_keys(nodes: list[Node], lab: Wanted, folder: Path) -> dict[str, str]:
    """The user's key, each domain's host key, and what each dom0 gets along with its
    first root file system.

    Returns:
        public host key by domain.
    """
    ssh.make_key(RUN / "key")
    public: dict[str, str] = {}

    def own(domain: str) -> dict[str, tuple[int, bytes]]:
        public[domain], files = ssh.own_files(RUN, domain)
        return {name: (stat.S_IFREG | 0o600, content) for name, content in files.items()}

    for n in nodes:
        entries = own(n.dom0)
        for g in () if lab.native else n.guests:
            at = f"own/guests/{g.name}"
            entries[f"{at}.cpio"] = (stat.S_IFREG | 0o600, cpio.archive(own(g.name)))
            entries[f"{at}.cfg"] = (stat.S_IFREG | 0o644, guest_config(g).encode())
        _lay_out(n, folder)
        initrd = (folder / "initrd.cpio").read_bytes() + cpio.archive(entries)
        target = RUN / n.name / "initrd.cpio"
        target.touch(mode=0o600)
        target.write_bytes(initrd)
    return public


def guest_config(guest: Guest) -> str:
    """A guest's configuration for xl."""
    return (FILES / "guest.cfg").read_text().format(**guest._asdict())


def _wait_for_dom0(n: Node) -> None:
    deadline = time.monotonic() + BOOT_S
    while True:
        try:
            ssh.remote(n.dom0, "true", "asking", 60)
            return
        except LabError as error:
            serial = (RUN / n.name / "serial.log").read_text(errors="replace")
            if n.name not in emulator.running():
                qemu = (RUN / n.name / "qemu.log").read_text(errors="replace")
                raise LabError(f"booting {n.dom0}: its emulator ended", serial + qemu) from None
            if "lab: FAILED" in serial:
                raise LabError(f"booting {n.dom0} failed", serial) from None
            if time.monotonic() > deadline:
                raise LabError(
                    f"booting {n.dom0}: no ssh within {BOOT_S:.0f} s ({error})", serial
                ) from None
        time.sleep(0.5)


def _start_guests(n: Node) -> None:
    names = [g.name for g in n.guests]
    command = f"/lab/start-guests {GUESTS_S:.0f} {' '.join(names)}"
    try:
        ssh.remote(n.dom0, command, "starting guests", GUESTS_S + 60)
    except LabError as error:
        serial = (RUN / n.name / "serial.log").read_text(errors="replace")
        last = serial.splitlines()[-5:]
        raise LabError(str(error), "\n".join([*last, error.log])) from None
    listed = ssh.remote(n.dom0, "xl vcpu-list", "xl vcpu-list", 60)
    for name in names:
        if name not in listed.split():
            raise LabError(f"xl vcpu-list on {n.dom0} does not show {name}", listed)
