"""Whether this machine's KVM runs a guest.

Its file alone does not say so: where it does not, a guest hangs. So one is started that has little
time to say a word.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import emulator
from common import CACHE, say

DEVICE = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
WORD = "lab-kvm-works"
BOUND_S = 10.0  # KVM needs 1 s
# The first process of the guest says the word and ends, so the kernel ends too (panic).
LINUX_OPTIONS = f"console=ttyS0 quiet panic=-1 rdinit=/bin/busybox -- echo {WORD}"


def works(images: Path) -> bool:
    """Whether a guest of the lab's kernel answers under KVM. It is tried once for each boot of this
    machine.

    Args:
        images: their folder.
    """
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return False
    found = CACHE / f"kvm-{images.name}-{BOOT_ID.read_text().strip()}"
    if not found.exists():
        answered = WORD in printed(images, "kvm", "host", BOUND_S)
        for old in CACHE.glob("kvm-*"):
            old.unlink()
        found.write_text(f"{int(answered)}\n")
        if not answered:
            say(f"{DEVICE} runs no guest; QEMU emulates the guests' CPUs")
    return found.read_text() == "1\n"


def printed(images: Path, accelerator: str, cpu: str, bound_s: float) -> str:
    """What a guest that says WORD has printed when it ends, or is ended.

    Args:
        images: their folder.
        accelerator, cpu: of QEMU.
        bound_s: how long it may run.
    """
    argv = [emulator.QEMU, "-no-user-config", "-nodefaults", "-no-reboot", "-display", "none"]
    argv += ["-accel", accelerator, "-cpu", cpu, "-m", "256", "-serial", "stdio"]
    argv += ["-kernel", str(images / "vmlinuz"), "-initrd", str(images / "initrd.cpio")]
    argv += ["-append", LINUX_OPTIONS]
    try:
        done = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", *argv],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=bound_s,
        )
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace")
    return done.stdout.decode(errors="replace")
