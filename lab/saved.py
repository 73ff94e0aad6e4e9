"""Hosts that came up, kept as files: the next start resumes them within seconds.

QEMU writes a stopped machine's memory and devices to a file (docs/devel/migration of its
source), and begins from it. The keys are in that memory, so they are kept with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import emulator
from common import CACHE, LAB, RUN, LabError, run
from topology import Node

from vcperf.errors import quote

STATE = "state"  # of a node, in its folder
KEYS = ("key", "key.pub", "known_hosts")
KEPT_SETS = 2  # a host takes about 0.3 GB
WRITE_S = 180.0
RESUME_S = 60.0


def place(images: Path, wanted: str) -> Path:
    """Where the state of a lab is, or would be.

    Args:
        images: the folder of the images that it boots from.
        wanted: which hosts, and how.
    """
    digest = hashlib.sha256(f"{images.name}\n{wanted}\n".encode())
    digest.update(run([emulator.QEMU, "--version"], "asking QEMU for its version").encode())
    for path in sorted(LAB.glob("*.py")):
        digest.update(path.read_bytes())
    return CACHE / f"state-{digest.hexdigest()[:16]}"


def save(nodes: Sequence[Node], folder: Path) -> None:
    """Write the state of hosts that are up, and let them go on.

    Raises:
        LabError: QEMU refused or does not answer, or the disk is full; nothing half-written is
            left.
    """
    partial = folder.with_name(f"partial-{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    try:
        # All stand still while any is written: else they would differ in age.
        for n in nodes:
            emulator.monitor(n, "stop")
        for n in nodes:
            _write(n)
            for name in (STATE, "initrd.cpio"):
                target = partial / n.name / name
                target.parent.mkdir(exist_ok=True)
                if name == STATE:
                    shutil.move(RUN / n.name / name, target)
                else:
                    shutil.copy(RUN / n.name / name, target)
        for name in KEYS:
            shutil.copy(RUN / name, partial / name)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except OSError as error:
        raise LabError(f"keeping the state of the hosts: {error}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for n in nodes:
            (RUN / n.name / STATE).unlink(missing_ok=True)
            with contextlib.suppress(LabError):  # a dead one is found out soon
                emulator.monitor(n, "cont")
    sets = sorted(CACHE.glob("state-*"), key=lambda path: path.stat().st_mtime)
    for old in sets[:-KEPT_SETS]:
        shutil.rmtree(old)


def bring(nodes: Sequence[Node], folder: Path) -> None:
    """Put what is needed to resume where the emulators look for it."""
    os.utime(folder)
    for name in KEYS:
        shutil.copy(folder / name, RUN / name)
    for n in nodes:
        shutil.copy(folder / n.name / "initrd.cpio", RUN / n.name / "initrd.cpio")
        (RUN / n.name / STATE).symlink_to(folder / n.name / STATE)


def wait_until_resumed(n: Node) -> None:
    """Return when a host that began from its state runs.

    Raises:
        LabError: it does not; with the output of QEMU.
    """
    deadline = time.monotonic() + RESUME_S
    status = ""
    while "running" not in status:
        alive = n.name in emulator.running()
        if not alive or time.monotonic() > deadline:
            log = (RUN / n.name / "qemu.log").read_text(errors="replace")
            why = f"is still {status.strip()}" if alive else "its emulator ended"
            raise LabError(f"resuming {n.dom0}: {why}", log)
        time.sleep(0.1)
        try:
            status = emulator.monitor(n, "info status")
            if status.strip().endswith("paused"):  # loaded: it had been stopped to be written
                emulator.monitor(n, "cont")
        except LabError:
            status = "silent"


def _write(n: Node) -> None:
    """Make QEMU write a stopped machine to its folder."""
    emulator.monitor(n, "migrate_set_parameter max-bandwidth 10G")
    answer = emulator.monitor(n, f'migrate -d "exec:umask 077; cat > {STATE}"')
    deadline = time.monotonic() + WRITE_S
    while "Migration status: completed" not in answer:
        if "failed" in answer or "Error" in answer or time.monotonic() > deadline:
            log = (RUN / n.name / "qemu.log").read_text(errors="replace")
            raise LabError(f"keeping the state of {n.dom0}: {quote(answer)}", log)
        time.sleep(0.1)
        answer = emulator.monitor(n, "info migrate")
