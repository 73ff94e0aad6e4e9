"""Domains as groups of processes on this host, each group held to its CPUs.

A domain is there as its *anchor*: a process that does nothing but exist, inside the
domain and on its CPUs. Commands are started by us and enter the domain through a
prefix of util-linux tools, so that every argv in a record can be typed by hand.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

from vcperf.basics.text import last_line, reason
from vcperf.errors import VcperfError, quote
from vcperf.records.names import in_order
from vcperf.testbeds import child, network, processes, programs
from vcperf.testbeds.background import Background
from vcperf.testbeds.domain_processes import DomainProcesses

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, Self

    from vcperf.records.observation import Observation
    from vcperf.testbeds.cluster import Cluster
    from vcperf.testbeds.contract import CommandRecord, Pinning
    from vcperf.testbeds.namespaces import Anchor as Copy
    from vcperf.tools.host_settings import Settings

    Anchor = subprocess.Popen[bytes] | Copy

SERVER_START_S = 10.0
STOP_S = 5.0


class LocalTestbed:
    """Base of the testbeds that live on this machine. See `vcperf.testbeds.contract`.

    Args:
        spec: a block's spec; `nodes` says which domains there are and on which CPUs.
        context: see `vcperf.measure.block.main`; nothing of it matters here.
    """

    platform = ""
    """What the domains are, as figures say it."""
    tools: Mapping[str, str] = {
        "setpriv": "util-linux",
        "taskset": "util-linux",
        "timeout": "coreutils",
        "ss": "iproute2",
    }
    profilers: Mapping[str, str] = {"perf": "perf"}
    threads: Sequence[str] = ()
    guest_options: Sequence[str] = ()
    accounts = False
    by_ssh = False
    one_interface = False

    def __init__(self, spec: dict[str, Any], context: dict[str, Any]) -> None:
        # Addresses and interfaces are numbered, which no name is to decide.
        self.spec = {**spec, "nodes": in_order(spec)}
        self.cpus: dict[str, list[int]] = {
            domain: sorted({cpu for vcpu in vcpus for cpu in vcpu})
            for node in self.spec["nodes"].values()
            for domain, vcpus in node["domains"].items()
        }
        self.anchors: dict[str, Anchor] = {}
        self.serving = dict.fromkeys(self.cpus, 0)
        """How many servers each domain has."""
        self.processes = DomainProcesses(self.cpus, self.home)
        self.helpers = self.processes.helpers

    @staticmethod
    def options(section: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing: there is nothing to choose."""
        return {}

    @staticmethod
    def link(section: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing: no link joins the nodes."""
        return {}

    @staticmethod
    def locks_this_machine(context: Mapping[str, Any]) -> bool:
        """True: the domains use its CPUs."""
        return True

    @staticmethod
    def settings(
        specs: Sequence[Mapping[str, Any]], context: Mapping[str, Any]
    ) -> dict[str, Settings]:
        """This machine's; see `vcperf.testbeds.settings`."""
        from vcperf.testbeds import settings  # its imports are not for blocks

        return settings.of_processes(specs)

    # -- what each testbed replaces -------------------------------------------------

    @staticmethod
    def host_fault() -> str:
        """Why this machine cannot have the testbed: nothing stands against it."""
        return ""

    def anchor_argv(self, domain: str) -> list[str]:
        """A command that makes the domain, prints `ready` when it is there, and ends
        when its input does."""
        raise NotImplementedError

    def enter_argv(self, domain: str) -> list[str]:
        """A prefix that runs a command inside the domain (its CPUs aside)."""
        raise NotImplementedError

    def address(self, domain: str) -> str:
        """Where the domain answers."""
        raise NotImplementedError

    def cluster_of(self, domains: list[str]) -> Cluster:
        """See `cluster`; the files aside."""
        raise NotImplementedError

    def home(self, pid: int) -> str | None:
        """The domain in which an MPI launcher has put a process; empty when in none, None when
        the process is ending and no longer shows it."""
        raise NotImplementedError

    def scratch(self) -> str:
        """A folder for what MPI and profilers keep while they run; it goes with the testbed."""
        raise NotImplementedError

    # -- coming and going ---------------------------------------------------------

    def __enter__(self) -> Self:
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
        started = {}
        for domain in domains:
            started[domain] = child.start(self.anchor_argv(domain), stdin=subprocess.PIPE)
            self.add_anchor(domain, started[domain])
        for domain, anchor in started.items():
            assert anchor.stdout is not None
            answer = anchor.stdout.readline().decode(errors="replace").strip()
            if answer != "ready":
                raise VcperfError(f"domain {domain}: did not come up: {last_line(answer)}")

    def add_anchor(self, domain: str, anchor: Anchor) -> None:
        """Count a process that was started as a domain's anchor."""
        self.anchors[domain] = anchor
        self.processes.add(domain, anchor.pid)

    def __exit__(self, *_: object) -> None:
        for pids in self.processes.alive().values():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for anchor in self.anchors.values():
            anchor.wait()
        self.anchors.clear()

    # -- pinning --------------------------------------------------------------------

    def pin(self) -> None:
        """Hold everything in every domain to the domain's CPUs."""
        for domain, pids in self.processes.alive().items():
            cpus = self.cpus[domain]
            for pid in pids:
                try:
                    os.sched_setaffinity(pid, cpus)
                except OSError as error:
                    raise VcperfError(
                        f"domain {domain}: cannot be pinned to CPU {cpus}: {error.strerror}"
                    ) from None

    def wanted_pinning(self) -> Pinning:
        """The CPUs of each domain. Processes have no VCPUs: one entry per domain."""
        return {domain: [cpus] for domain, cpus in self.cpus.items()}

    def observe(self) -> Observation:
        """Pinning, CPU time and noise now. See `vcperf.records.observation`.

        Pinning is as `DomainProcesses.take_pinning` gives it. CPU time is that of every process
        that is or was in a domain: to the clock tick (0.01 s as a rule) for those that ended as
        a child of another, to the nanosecond for others where the kernel keeps it.
        """
        alive = self.processes.alive()
        # First what may take a kernel milliseconds to answer.
        state = processes.cpu_state(sorted({cpu for cpus in self.cpus.values() for cpu in cpus}))
        used = self.processes.cpu_seconds(alive)
        clock = time.monotonic()
        host = processes.host_cpu(self.own_seconds(alive, sum(used.values())))
        return {
            "pinning": self.processes.take_pinning(alive),
            "domains": {d: {"clock_s": clock, "cpu_s": seconds} for d, seconds in used.items()},
            "hosts": {os.uname().nodename: host | state},
        }

    def own_seconds(self, alive: dict[str, set[int]], used: float) -> float:
        """CPU time of all that is ours.

        Args:
            alive: the processes of each domain now.
            used: CPU seconds of all domains.
        """
        return used + sum(os.times()[:2]) + sum(map(processes.cpu_seconds, self.helpers))

    def others_run(self) -> bool:
        """Whether more than we are runnable on this host."""
        return processes.others_run()

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
        record, process = self._start(domain, argv)
        try:
            output, _ = child.read_to_end(process, timeout_s)
        except child.Unfinished as fault:
            child.kill(process)
            raise VcperfError(f"domain {domain}: {argv[0]} {fault}") from None
        self._reap(record, process, STOP_S)
        return {**record, "end": child.now(), "output": child.text(output)}

    @contextlib.contextmanager
    def background(self, domain: str, argv: list[str]) -> Iterator[Background]:
        """Run a command meanwhile; what still runs at the context's end gets SIGTERM."""
        record, process = self._start(domain, argv)
        running = Background(
            record,
            process,
            lambda timeout_s: self._reap(record, process, timeout_s),
            lambda: os.kill(process.pid, signal.SIGTERM),
            lambda: child.kill(process),
        )
        try:
            yield running
        finally:
            running.stop()

    @contextlib.contextmanager
    def serve(self, domain: str, argv: list[str], port: int) -> Iterator[CommandRecord]:
        """Keep a server running in a domain, from when it listens on `port`."""
        record, process = self._start(domain, argv)
        self.serving[domain] += 1
        listens = False
        try:
            listens = self._comes_to_listen(domain, process, port)
            if listens:
                yield record
        finally:
            self.serving[domain] -= 1
            # Not Popen.terminate(): that would reap it, and its CPU time with it.
            os.kill(process.pid, signal.SIGTERM)
            try:
                output, _ = child.read_to_end(process, STOP_S)
            except child.Unfinished as fault:  # it, or a child of it that has its output
                output = fault.printed
                child.kill(process)
            record["output"] = child.text(output)
            self._reap(record, process, STOP_S)
            record["end"] = child.now()
        if not listens:
            why = f"{argv[0]} does not listen on port {port}: {reason(record)}"
            raise VcperfError(f"domain {domain}: {why}")

    def _start(self, domain: str, argv: list[str]) -> tuple[CommandRecord, subprocess.Popen[bytes]]:
        """Start a command in a domain; its record so far, and the process."""
        full = self.command(domain, argv)
        record = {"domain": domain, "argv": full, "start": child.now()}
        process = child.start_with_errors_apart(full)
        self.processes.add_command(domain, process.pid)
        return record, process

    def _reap(
        self, record: CommandRecord, process: subprocess.Popen[bytes], timeout_s: float
    ) -> int:
        """Wait for the end of a command that has closed its output; its status and errors go
        into its record. Raises child.Unfinished past the timeout."""
        child.await_end(process, timeout_s)
        record["status"] = self.processes.reap(record["domain"], process)
        record["errors"] = child.take_errors(process)
        return int(record["status"])

    def _comes_to_listen(self, domain: str, process: subprocess.Popen[bytes], port: int) -> bool:
        """Wait until a server listens, or has ended."""
        deadline = child.now() + SERVER_START_S
        while not self.is_listening(domain, port):
            if child.has_ended(process) or child.now() > deadline:
                return False
            time.sleep(0.001)
        return True

    def is_listening(self, domain: str, port: int) -> bool:
        """Whether a TCP socket listens on a port (ss: reading /proc/net/tcp takes 10 ms)."""
        argv = ["ss", "--no-header", "--listening", "--tcp", "--numeric", f"sport = :{port}"]
        status, found, errors = child.run([*self.enter_argv(domain), *argv], SERVER_START_S)
        if status != 0:
            raise VcperfError(f"domain {domain}: ss failed: {quote(errors.strip())}")
        return bool(found)

    def free_port(self, domain: str, preferred: int) -> int:
        """A TCP port that nothing in the domain listens on, `preferred` if possible."""
        return next(p for p in range(preferred, 65536) if not self.is_listening(domain, p))

    # -- files and MPI: domains see this host's files ----------------------------------

    @contextlib.contextmanager
    def program(self, domain: str, folder: str) -> Iterator[str]:
        """A Python program in a domain: its folder here."""
        yield folder

    def has(self, domain: str, program: str) -> bool:
        """Whether a domain has a program."""
        return os.access(program, os.X_OK)

    @contextlib.contextmanager
    def cluster(self, domains: list[str], files: list[str]) -> Iterator[Cluster]:
        """How an MPI launcher in the first of the domains reaches them all."""
        self.processes.spread = True
        yield self.cluster_of(domains)._replace(files=[os.path.abspath(file) for file in files])

    # -- what it says of itself --------------------------------------------------------

    def received_bytes(self, domain: str) -> int:
        """What a domain's network interfaces have received so far."""
        path = f"/proc/{self.anchors[domain].pid}/net/dev"
        with open(path, encoding="ascii") as handle:
            return network.received_bytes(handle.read())

    def owners(self) -> tuple[dict[int, str], dict[int, str]]:
        """Processes that are a domain's; no network namespace is one's own."""
        return {}, self.processes.owners()

    def facts(self) -> dict[str, Any]:
        """What the record says of this host, and of the tools on it."""
        return {
            **processes.host_facts(),
            "platform": self.platform,
            "tools": programs.found("netperf", "netserver", "python3"),
        }
