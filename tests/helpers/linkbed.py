"""Two network namespaces joined by a link of known rate and known cross traffic.

The link is tests/link.c, a queue between two tun devices, or else a plain veth.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SENDER, RECEIVER = "10.99.0.1", "10.99.0.2"
USER = () if os.geteuid() == 0 else ("--user", "--map-root-user")


def compile_link(folder: Path) -> Path:
    """Compile the link program into `folder`; needs gcc."""
    program = folder / "link"
    source = Path(__file__).with_name("link.c")
    subprocess.run(["gcc", "-O2", "-Wall", "-o", program, source, "-lm"], check=True)
    return program


def missing() -> str:
    """Why no link can be made on this host, or ''."""
    for tool in ("gcc", "ip", "unshare", "nsenter"):
        if not shutil.which(tool):
            return f"no {tool}"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "/dev/net/tun cannot be opened"
    tried = subprocess.run(["unshare", *USER, "--net", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "network namespaces are refused"


def _pinned(which: int) -> list[str]:
    """Sender and link both spin: on one CPU each would stop the other."""
    cpus = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cpus[which])] if len(cpus) > 1 else []


class Link:
    """A context: inside it both namespaces are there and up.

    Args:
        rate_mbps: of the link, in IP bits; None: an unshaped veth.
        load: the share of the rate that cross traffic takes, 0 to 1.
        sizes: of cross traffic's packets, bytes, or "mix".
        queue_ms: the longest wait in the queue.
        drop, swap: the shares of UDP packets that are lost, that are overtaken by one.
        access_mbps: rate of an idle link before this one; 0: none.
    """

    def __init__(
        self,
        rate_mbps: float | None,
        load: float = 0,
        *,
        sizes: str = "mix",
        queue_ms: float = 100,
        drop: float = 0,
        swap: float = 0,
        access_mbps: float = 0,
    ):
        self.settings = [
            str(x) for x in (rate_mbps, load, sizes, queue_ms, drop, swap, access_mbps)
        ]
        self.rate_mbps = rate_mbps
        self.available_mbps = None if rate_mbps is None else rate_mbps * (1 - load)
        self.processes: list[subprocess.Popen] = []
        self.late_us = ""

    def __enter__(self) -> Link:
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _build(self) -> None:
        hold = ["sh", "-c", "ip link set lo up && echo ready && exec cat"]
        sender = self._start(["unshare", *USER, "--net", *hold])
        self._into = {"sender": self._enter(sender)}
        inner = ["nsenter", "-t", str(sender), "--user", "--preserve-credentials"] if USER else []
        receiver = self._start([*inner, "unshare", "--net", *hold])
        self._into["receiver"] = self._enter(receiver)
        if self.rate_mbps is None:
            peer = ["peer", "name", "link0", "netns", str(receiver)]
            self.run("sender", ["ip", "link", "add", "link0", "type", "veth", *peer])
        else:
            self._folder = tempfile.TemporaryDirectory()
            program = compile_link(Path(self._folder.name))
            self._start(
                [*inner, *_pinned(-1), str(program), str(sender), str(receiver), *self.settings]
            )
        for side, own, other in (("sender", SENDER, RECEIVER), ("receiver", RECEIVER, SENDER)):
            self.run(side, ["ip", "addr", "add", own, "peer", other, "dev", "link0"])
            self.run(side, ["ip", "link", "set", "link0", "up", "mtu", "1500"])

    def _enter(self, pid: int) -> list[str]:
        user = ["--user", "--preserve-credentials"] if USER else []
        return ["nsenter", "-t", str(pid), *user, "--net"]

    def _start(self, argv: list[str]) -> int:
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{argv[0]}: did not start")
        return process.pid

    def into(self, side: str) -> list[str]:
        """What to put before a command line that shall run on a side."""
        return [*self._into[side], *(_pinned(0) if side == "sender" else ())]

    def run(self, side: str, argv: list[str], **kwargs) -> subprocess.CompletedProcess:
        """Run a command on a side to its end; raises if it fails."""
        return subprocess.run([*self.into(side), *argv], check=True, **kwargs)

    def popen(self, side: str, argv: list[str], **kwargs) -> subprocess.Popen:
        """Start a command on a side; the caller ends it."""
        return subprocess.Popen([*self.into(side), *argv], text=True, **kwargs)

    def __exit__(self, *_) -> None:
        for process in reversed(self.processes):
            process.stdin.close()
            left = process.stdout.read()
            process.stdout.close()
            process.wait()
            self.late_us = left.strip() or self.late_us
        if hasattr(self, "_folder"):
            self._folder.cleanup()
