"""QEMU: its command line, its start, its monitor, its end.

Every file is named relative to the node's folder, which is QEMU's working folder: a
socket's path has at most 107 bytes, and blanks and commas mean something to QEMU.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from common import RUN, LabError
from topology import Node

from vcperf.tools import qmp
from vcperf.tools.filter import Untrusted

# rdrand: else a kernel may wait half a minute for randomness. "max" kills dom0 early.
CPU = "qemu64,+rdrand"
QEMU = "qemu-system-x86_64"
MEMORY_MB = 1536
XEN_OPTIONS = (
    "console=com1 com1=115200,8n1 dom0_mem=512M,max:512M dom0_max_vcpus=1 noreboot edd=off "
    "bootscrub=off sched=credit spec-ctrl=no vga=none"
)
LINUX_OPTIONS = "quiet mitigations=off cryptomgr.notests net.ifnames=0 lab.disk=vda"
STOP_S = 10.0
# What ties an emulator to its starter, and becomes the emulator a moment later.
TIE = "setpriv"
FORWARD = re.compile(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)")


def argv(
    node: Node, native: bool, xen_options: str = "", tied: bool = False, resumed: bool = False
) -> list[str]:
    """The command that emulates a node.

    Args:
        node: which.
        native: boot the kernel without Xen.
        xen_options: more words for Xen's command line.
        tied: the emulator ends with the process that starts it.
        resumed: begin from the file `state` in the node's folder.
    """
    role = "native" if native else "dom0"
    linux = f"{LINUX_OPTIONS} lab.role={role} lab.name={node.dom0} lab.address={node.address}"
    if native:
        boot = ["-kernel", "vmlinuz", "-append", f"console=ttyS0 {linux}", "-initrd", "initrd.cpio"]
    else:
        modules = f"vmlinux console=hvc0 {linux},initrd.cpio"
        boot = ["-kernel", "xen", "-append", f"{XEN_OPTIONS} {xen_options}".strip()]
        boot += ["-initrd", modules]
    other = 1 - node.number
    command = [
        *(QEMU, "-name", node.name, "-no-user-config", "-no-reboot"),
        *("-accel", "tcg,thread=multi,tb-size=256", "-cpu", CPU, "-smp", "2"),
        *("-m", str(MEMORY_MB), "-display", "none", "-vga", "none"),
        *("-serial", "file:serial.log"),
        *("-monitor", "unix:monitor.sock,server=on,wait=off"),
        *("-qmp", "unix:qmp.sock,server=on,wait=off"),
        *boot,
    ]
    for disk in ("root", "guests") if not native else ("root",):
        command += ["-drive", f"file=root.img,format=raw,if=none,id={disk},readonly=on"]
        command += ["-device", f"virtio-blk-pci,drive={disk},romfile="]
    link = f"local.type=unix,local.path=../link{node.number}.sock"
    link += f",remote.type=unix,remote.path=../link{other}.sock"
    command += [
        *("-netdev", "user,id=outside,restrict=on,hostfwd=tcp:127.0.0.1:0-:22"),
        *("-device", "virtio-net-pci,netdev=outside,romfile="),
        *("-netdev", f"dgram,id=link,{link}"),
        *("-device", f"virtio-net-pci,netdev=link,mac=52:54:00:00:99:0{node.number},romfile="),
    ]
    if resumed:
        command += ["-incoming", "exec:cat state"]
    return [TIE, "--pdeathsig", "KILL", *command] if tied else command


def start(
    node: Node, native: bool, xen_options: str = "", tied: bool = False, resumed: bool = False
) -> None:
    """Start a node's emulator in its folder, which has the images."""
    folder = RUN / node.name
    (RUN / f"link{node.number}.sock").unlink(missing_ok=True)
    with (folder / "qemu.log").open("wb") as log:
        process = subprocess.Popen(
            argv(node, native, xen_options, tied, resumed),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (folder / "qemu.pid").write_text(f"{process.pid}\n")


def running() -> dict[str, int]:
    """Emulators of this lab that live: PID by the node's name.

    They are known by their working folder: a file with a number may be old or missing.
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            folder = os.readlink(entry / "cwd").replace(" (deleted)", "")
            name = (entry / "comm").read_text().strip()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        ours = name == TIE or name.startswith("qemu-system")
        if ours and Path(folder).parent == RUN and state != "Z":
            found[Path(folder).name] = int(entry.name)
    return found


def stop_all() -> list[str]:
    """End every emulator of this lab.

    Returns:
        the nodes that ran.
    """
    first = running()
    deadline = time.monotonic() + STOP_S
    while left := running():
        late = time.monotonic() > deadline
        for pid in left.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.1)
    return sorted(first)


def monitor(node: Node, command: str) -> str:
    """What QEMU's monitor answers to a command (human monitor, through QMP).

    Raises:
        LabError: it does not answer, or refuses.
    """
    try:
        with contextlib.closing(qmp.Monitor(str(RUN / node.name / "qmp.sock"))) as opened:
            (answer,) = opened.ask([command])
    except (OSError, ValueError, Untrusted) as fault:  # ValueError: its answer is cut
        raise LabError(f"{node.name}: its emulator does not answer: {fault}") from None
    return answer


def ssh_port(node: Node, timeout_s: float = 20.0) -> int:
    """Where the node's ssh is on 127.0.0.1: QEMU chose a free port by itself.

    Raises:
        LabError: QEMU does not say.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            match = FORWARD.search(monitor(node, "info usernet"))
            if match and int(match[1]):
                return int(match[1])
        except LabError:
            pass
        if node.name not in running() or time.monotonic() > deadline:
            log = (RUN / node.name / "qemu.log").read_text(errors="replace")
            raise LabError(f"starting the emulator of {node.name} failed", log)
        time.sleep(0.1)
