"""Domains as groups of processes on this host, each group held to its CPUs.

A domain is there as its *anchor*: a process that does nothing but exist, inside the
domain and on its CPUs. Commands are started by us and enter the domain through a
prefix of util-linux tools, so that every argv in a record can be typed by hand.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time

from vcperf.errors import VcperfError
from vcperf.testbeds import processes, programs
from vcperf.testbeds.background import Background
from vcperf.testbeds.said import last_line

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from vcperf.observation import Observation
    from vcperf.testbeds import Cluster, CommandRecord, Pinning

SCRIPTS = os.path.abspath(f"{os.path.dirname(__file__)}/../..")
SERVER_START_S = 10.0
STOP_S = 5.0


class LocalTestbed:
    """Base of the testbeds that live on one host.

    Args:
        spec: a block's spec; `nodes` says which domains there are and on which CPUs.
        context: see `vcperf.measure.block.main`; nothing of it matters here.
    """

    profilers: tuple[str, ...] = ("perf",)
    platform = ""
    """What the domains are, as figures say it."""

    def __init__(self, spec: dict[str, Any], context: dict[str, Any]) -> None:
        self.spec = spec
        self.cpus: dict[str, list[int]] = {
            domain: sorted({cpu for vcpu in vcpus for cpu in vcpu})
            for node in spec["nodes"].values()
            for domain, vcpus in node["domains"].items()
        }
        self.anchors: dict[str, subprocess.Popen[bytes]] = {}
        self.helpers: set[int] = set()
        """Processes of ours in no domain, alive at both observations: no disturbance."""
        self._live: dict[str, set[int]] = {domain: set() for domain in self.cpus}
        self._started: dict[int, str] = {}
        self._ended: dict[str, float] = dict.fromkeys(self.cpus, 0.0)
        self._spread = False  # whether a command of one domain starts others elsewhere
        self._homes: dict[int, str] = {}  # of the processes seen since
        self._command_pinning: dict[str, set[tuple[int, ...]]] = {d: set() for d in self.cpus}

    # -- what a testbed of its own kind replaces ----------------------------------

    def anchor_argv(self, domain: str) -> list[str]:
        """A command that makes the domain, prints one line when it is there, and ends
        when its input does."""
        raise NotImplementedError

    def enter_argv(self, domain: str) -> list[str]:
        """A prefix that runs a command inside the domain (its CPUs aside)."""
        raise NotImplementedError

    def address(self, domain: str) -> str:
        """Where the domain answers."""
        raise NotImplementedError

    # -- coming and going ---------------------------------------------------------

    def __enter__(self) -> LocalTestbed:
        try:
            self.bring_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def bring_up(self) -> None:
        """Make every domain."""
        self.start_anchors(self.cpus)

    def start_anchors(self, domains: Iterable[str]) -> None:
        """Make domains, side by side, and wait until each is there."""
        started = list(domains)
        for domain in started:
            self.anchors[domain] = _start(self.anchor_argv(domain), stdin=subprocess.PIPE)
            self._live[domain].add(self.anchors[domain].pid)
        for domain in started:
            stdout = self.anchors[domain].stdout
            assert stdout is not None
            said = stdout.readline().decode().strip()
            if said != "ready":
                raise VcperfError(f"domain {domain}: did not come up: {said or 'it said nothing'}")

    def __exit__(self, *_: object) -> None:
        for pids in self._processes().values():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for anchor in self.anchors.values():
            anchor.wait()
        self.anchors.clear()

    # -- pinning --------------------------------------------------------------------

    def pin(self) -> None:
        """Hold everything in every domain to the domain's CPUs."""
        for domain, pids in self._processes().items():
            cpus = self.cpus[domain]
            for pid in pids:
                try:
                    os.sched_setaffinity(pid, cpus)
                except OSError as error:
                    raise VcperfError(
                        f"domain {domain}: cannot be pinned to CPU {cpus}: {error.strerror}"
                    ) from None

    def wanted_pinning(self) -> Pinning:
        """The CPUs of each domain. Processes have no VCPUs: one entry a domain."""
        return {domain: [cpus] for domain, cpus in self.cpus.items()}

    def observe(self) -> Observation:
        """Pinning, CPU time and noise now. See `vcperf.observation`.

        Pinning is what the kernel allows each process in each domain, and what it
        allowed the commands that have ended since the last look; processes that differ
        give an entry each. CPU time is that of every process that is or was in a domain:
        to the clock tick (0.01 s as a rule) for those that ended as a child of another,
        to the nanosecond for others where the kernel keeps it.
        """
        alive = self._processes()
        # First what may take a kernel milliseconds to tell.
        state = processes.cpu_state(sorted({cpu for cpus in self.cpus.values() for cpu in cpus}))
        used = {d: self._ended[d] + sum(map(processes.cpu_seconds, alive[d])) for d in self.cpus}
        clock = time.monotonic()
        helpers = sum(map(processes.cpu_seconds, self.helpers))
        host = processes.host_cpu(sum(used.values()) + sum(os.times()[:2]) + helpers)
        return {
            "pinning": {domain: self._allowed(domain, alive[domain]) for domain in self.cpus},
            "domains": {d: {"clock_s": clock, "cpu_s": seconds} for d, seconds in used.items()},
            "hosts": {os.uname().nodename: host | state},
        }

    def others_run(self) -> bool:
        """Whether more than we are runnable on this host."""
        return processes.others_run()

    def _allowed(self, domain: str, pids: Iterable[int]) -> list[list[int]]:
        masks = self._command_pinning[domain]
        self._command_pinning[domain] = set()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                masks.add(processes.affinity(pid))
        return sorted(list(mask) for mask in masks)

    # -- running --------------------------------------------------------------------

    def command(self, domain: str, argv: list[str]) -> list[str]:
        """The whole command line that runs argv in a domain, on its CPUs."""
        return [*self.enter_argv(domain), "taskset", "--cpu-list", self.cpu_list(domain), *argv]

    def cpu_list(self, domain: str) -> str:
        """A domain's CPUs as taskset takes them."""
        return ",".join(map(str, self.cpus[domain]))

    def run(self, domain: str, argv: list[str], timeout_s: float) -> CommandRecord:
        """Run a command in a domain to its end.

        Raises VcperfError past the timeout; the command is killed then.
        """
        full = self.command(domain, argv)
        started = time.time()
        process = self.start(domain, full)
        output = _read_to_end(process, started + timeout_s)
        if output is None:
            raise VcperfError(f"domain {domain}: {argv[0]} did not end within {timeout_s:g} s")
        status = self.reap(domain, process)
        return {
            "domain": domain,
            "argv": full,
            "status": status,
            "start": started,
            "end": time.time(),
            "output": output,
        }

    @contextlib.contextmanager
    def background(self, domain: str, argv: list[str]) -> Iterator[Background]:
        """Run a command meanwhile; what still runs at the context's end gets SIGTERM."""
        full = self.command(domain, argv)
        record: CommandRecord = {"domain": domain, "argv": full, "start": time.time()}
        process = self.start(domain, full)
        running = Background(
            record,
            process,
            lambda: self.reap(domain, process),
            # Not Popen.terminate(): that would reap it, and its CPU time with it.
            lambda: os.kill(process.pid, signal.SIGTERM),
        )
        try:
            yield running
        finally:
            running.stop()

    @contextlib.contextmanager
    def serve(self, domain: str, argv: list[str], port: int) -> Iterator[CommandRecord]:
        """Keep a server running in a domain, from when it listens on `port`."""
        full = self.command(domain, argv)
        record: CommandRecord = {"domain": domain, "argv": full, "start": time.time()}
        process = self.start(domain, full)
        try:
            self._await_listening(domain, process, argv[0], port)
            yield record
        finally:
            # Not Popen.terminate(): that would reap it, and its CPU time with it.
            os.kill(process.pid, signal.SIGTERM)
            output = _read_to_end(process, time.time() + STOP_S)
            record["output"] = output if output is not None else ""
            record["status"] = self.reap(domain, process)
            record["end"] = time.time()

    @contextlib.contextmanager
    def program(self, domain: str, folder: str) -> Iterator[str]:
        """A Python program in a domain: domains see this host's files."""
        yield folder

    def free_port(self, domain: str, preferred: int) -> int:
        """A TCP port that nothing in the domain listens on, `preferred` if it may be."""
        return next(p for p in range(preferred, 65536) if not self.is_listening(domain, p))

    @contextlib.contextmanager
    def cluster(self, domains: list[str], files: list[str]) -> Iterator[Cluster]:
        """How an MPI launcher in the first of the domains reaches them all; they see the
        files of this host."""
        self._spread = True
        yield self._cluster(domains)._replace(files=[os.path.abspath(file) for file in files])

    def has(self, domain: str, program: str) -> bool:
        """Whether a domain has a program."""
        return os.access(program, os.X_OK)

    def _cluster(self, domains: list[str]) -> Cluster:
        raise NotImplementedError

    def scratch(self) -> str:
        """A folder for what MPI keeps while it runs; it goes with the testbed."""
        raise NotImplementedError

    def received_bytes(self, domain: str) -> int:
        """What a domain's network interfaces have received so far.

        Format: proc(5), /proc/net/dev: after the name the bytes received.
        """
        with open(f"/proc/{self.anchors[domain].pid}/net/dev", encoding="ascii") as handle:
            return sum(int(line.partition(":")[2].split()[0]) for line in handle if ":" in line)

    def _processes(self) -> dict[str, set[int]]:
        """The processes of each domain: what we started in it, and what that started there.

        An MPI launcher in one domain starts processes in others.
        """
        if not self._spread:
            return processes.families(self._live)
        placed: dict[str, set[int]] = {domain: set() for domain in self._live}
        for domain, pids in processes.families({**self._live, "": self._adopted()}).items():
            for pid in pids:
                home = self._home(pid)
                if home is None:  # it is ending, or has ended and nobody has asked
                    home = self._homes.get(pid)
                elif home := home or domain:
                    self._homes[pid] = home
                if home:
                    placed[home].add(pid)
        return placed

    def _adopted(self) -> set[int]:
        """Our children that we have not started: a launcher that ends before its agents
        leaves them, and the CPU time of the ranks below them, to us where we are the first
        process."""
        known = self.helpers.union(*self._live.values())
        return processes.children(os.getpid()) - known

    def _home(self, pid: int) -> str | None:
        """The domain in which a launcher has put a process; empty when in none, None when
        the process is ending and cannot be told any more."""
        raise NotImplementedError

    def owners(self) -> tuple[dict[int, str], dict[int, str]]:
        """Which network namespaces (inodes) and which processes are a domain's: those
        alive, and the commands that have ended. What they forked is theirs."""
        alive = {pid: domain for domain, pids in self._processes().items() for pid in pids}
        return {}, self._started | alive

    def _await_listening(
        self, domain: str, process: subprocess.Popen[bytes], name: str, port: int
    ) -> None:
        deadline = time.time() + SERVER_START_S
        while not self.is_listening(domain, port):
            ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is not None or time.time() > deadline:
                said = last_line(_read_to_end(process, time.time()) or "")
                raise VcperfError(f"domain {domain}: {name} does not listen on port {port}: {said}")
            time.sleep(0.001)

    def is_listening(self, domain: str, port: int) -> bool:
        """Whether a TCP socket listens on a port (ss: reading /proc/net/tcp takes 10 ms)."""
        argv = ["ss", "--no-header", "--listening", "--tcp", "--numeric", f"sport = :{port}"]
        found = subprocess.run([*self.enter_argv(domain), *argv], capture_output=True, check=False)
        if found.returncode != 0:
            raise VcperfError(f"domain {domain}: ss failed: {found.stderr.decode().strip()}")
        return bool(found.stdout)

    def start(self, domain: str, full: list[str]) -> subprocess.Popen[bytes]:
        """Start a whole command line that belongs to a domain."""
        process = _start(full)
        self._live[domain].add(process.pid)
        self._started[process.pid] = domain
        return process

    def reap(self, domain: str, process: subprocess.Popen[bytes]) -> int:
        """Wait for an ended command; keep its pinning and CPU time before they go."""
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        self._command_pinning[domain].add(processes.affinity(process.pid))
        _, wait_status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        self._ended[domain] += usage.ru_utime + usage.ru_stime
        self._live[domain].discard(process.pid)
        return process.returncode

    def facts(self) -> dict[str, Any]:
        """What the record says of this host, and of the tools on it."""
        return {
            **processes.host_facts(),
            "platform": self.platform,
            "tools": programs.found("netperf", "netserver", "python3"),
        }


def _start(argv: list[str], stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError:
        raise VcperfError(f"{argv[0]}: not found; `make setup` installs what is missing") from None


def _read_to_end(process: subprocess.Popen[bytes], deadline: float) -> str | None:
    """All that a process prints until it closes its output; None (and the process is
    killed) past the deadline."""
    assert process.stdout is not None
    chunks: list[bytes] = []
    poller = select.poll()
    poller.register(process.stdout, select.POLLIN | select.POLLHUP)
    while True:
        left_ms = max(0.0, deadline - time.time()) * 1000
        if not poller.poll(left_ms):
            process.kill()
            return None
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            return b"".join(chunks).decode("utf-8", errors="replace")
        chunks.append(chunk)
