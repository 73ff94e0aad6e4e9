"""One block of the MPI ping-pong, or of another benchmark of IMB-MPI1, on one virtual cluster,
while EP may load another."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile

from vcperf.basics import digest
from vcperf.basics.results import on_disk
from vcperf.basics.text import printed
from vcperf.errors import VcperfError
from vcperf.measure import duration, ep_load
from vcperf.measure.block import check_pinning, main, observed
from vcperf.testbeds import child
from vcperf.tools import imb, mpi, mpi_stacks, pingpongs
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from vcperf.testbeds.background import Background
    from vcperf.testbeds.cluster import Cluster
    from vcperf.testbeds.contract import Testbed

    Sampled = Callable[[], contextlib.AbstractContextManager[None]]
    """The context in which the messages are sent, for profiles."""

START_S = 120.0  # for a launcher and its ranks; an emulated host takes its time
LOOK_S = 5.0  # so often a launcher that starts is asked for a failure
VERSION_S = 30.0  # for a launcher to say what it is
# Messages that do not cross the network are shared memory. Repetitions are counted as
# printed, without estimates and warm-up, so more crosses than this.
LEAST_SHARE = 0.95
# A message of few bytes is a packet at least, with headers of Ethernet, IP and TCP: what launchers
# send would be enough for its payload. Roots send several before they hear of the first, and
# packets may take several then, each with an envelope at least.
PACKET_BYTES, ENVELOPE_BYTES = 54, 16
OF_ROOTS = ("Bcast", "Reduce")
# What GCC and Clang write into the section .comment.
COMPILER = rb"GCC: \([ -~]+|[ -~]*clang version [ -~]+"


def measure(
    testbed: Testbed,
    spec: dict[str, Any],
    content: dict[str, Any],
    sampled: Sampled = contextlib.nullcontext,
) -> None:
    """Fill a record with one block.

    Args:
        testbed: up and pinned.
        spec: stack, program, ranks, message_bytes (none for Barrier), repetitions, seconds,
            and optionally benchmark (PingPong) and load (class, ranks, and file when it is a
            site's own).
        content: the record; gets commands (each with its role; the load's with its `steps`, see
            `vcperf.measure.ep_load.Load`), before, during, after, received_bytes (what each
            rank's domain received meanwhile), one_interface (whether it is one interface that
            received all of it), transport, mpiexec (its version), and programs (see `_programs`).
        sampled: the context in which the messages are sent, for profiles.

    Raises VcperfError when a program fails or is not there, when the load did not last from
    before the first message until after the last, when messages did not cross the network, or
    when a rank was on other CPUs.
    """
    content["mpiexec"] = _version(testbed, spec)
    content["programs"] = _programs(spec)
    if "load" in spec:
        with _load(testbed, spec) as load:
            load.run_alone()
            _ping_pong(testbed, spec, content, sampled, load)
            load.outlive()
        content["commands"].append({"role": "load", **load.running.record, "steps": load.steps})
    else:
        _ping_pong(testbed, spec, content, sampled)


def _version(testbed: Testbed, spec: dict[str, Any]) -> str:
    """What the launcher says that it is: a stack's folder may hold another than last time."""
    stack, domain = spec["stack"], spec["ranks"][0]
    _need(testbed, domain, mpi_stacks.mpiexec(stack))
    answer = testbed.run(domain, mpi_stacks.version_argv(stack), VERSION_S)
    return mpi_stacks.version(printed(answer))


def _programs(spec: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What of our programs no key holds: name -> `digest`, of the compiled program, and `compiler`,
    as that signs its work. A program that is not there fails its block later."""
    found = {}
    for program in map(on_disk, mpi_stacks.compiled(spec)):
        with contextlib.suppress(OSError), open(program, "rb") as handle:
            signed = re.search(COMPILER, handle.read())
            found[os.path.basename(program)] = {
                "digest": digest.short([digest.file_digest(program)]),
                "compiler": signed[0].decode() if signed else "",
            }
    return found


def _ping_pong(
    testbed: Testbed,
    spec: dict[str, Any],
    content: dict[str, Any],
    sampled: Sampled,
    load: ep_load.Load | None = None,
) -> None:
    ranks, sizes = spec["ranks"], spec["message_bytes"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lengths:
        lengths.write(imb.lengths(sizes) if sizes else "")
        lengths.flush()
        # A site's own program is there already.
        own = mpi_stacks.is_own(spec["program"])
        program = mpi_stacks.benchmark(spec["stack"], spec["program"])
        program = program if own else on_disk(program)
        with testbed.cluster(ranks, [lengths.name, *([] if own else [program])]) as cluster:
            lengths_there, *program_there = cluster.files
            there = program if own else program_there[0]
            command = pingpongs.argv(spec, there, lengths_there)
            argv = _launch(testbed, spec, cluster, ranks, command)
            received = {domain: -testbed.received_bytes(domain) for domain in ranks}
            patience = START_S + 20 * max(1, spec["seconds"]) * max(1, len(sizes))
            # By ssh the order to sample takes longer than messages may: it comes before them all.
            far = testbed.by_ssh
            with (
                observed(testbed, content),
                sampled() if far else contextlib.nullcontext(),
                testbed.background(ranks[0], argv) as run,
            ):
                _wait_for_start(spec, run)
                if load:
                    load.mark("began")
                content["during"] = testbed.observe()
                check_pinning(testbed, content["during"]["pinning"], "during")
                with contextlib.nullcontext() if far else sampled():
                    run.wait(patience, load.running if load else None)
                if load:
                    load.mark("ended")
            content["commands"].append({"role": "measure", **run.record})
    for domain in ranks:
        received[domain] += testbed.received_bytes(domain)
    content["received_bytes"] = received
    content["one_interface"] = testbed.one_interface
    _check(spec, run.record, received, testbed.by_ssh)
    content["transport"] = mpi_stacks.transport(spec["stack"]["kind"], printed(run.record))


def _name(spec: dict[str, Any]) -> str:
    return f"{pingpongs.benchmark(spec)} {'-'.join(spec['ranks'])} on {spec['stack']['kind']}"


def _wait_for_start(spec: dict[str, Any], run: Background) -> None:
    """Wait until the benchmark says that it measures.

    Raises VcperfError with the launcher's reason where it gives one: its last line is often
    advice, and MPICH's may wait for ever for ranks that were killed before they met.
    """
    deadline = child.now() + START_S
    while True:
        try:
            run.wait_for(pingpongs.begins(spec), LOOK_S)
            return
        except VcperfError:
            text = printed({**run.record, "output": run.so_far()})
            if mpi.failure(text):
                raise VcperfError(f"{_name(spec)}: {mpi.fault(text)}") from None
            if "status" in run.record or child.now() > deadline:
                raise


def _share_cpu(spec: dict[str, Any], ranks: list[str]) -> bool:
    cpus = []
    for node in spec["nodes"].values():
        for domain in set(ranks).intersection(node["domains"]):
            used = {cpu for vcpu in node["domains"][domain] for cpu in vcpu}
            # Nodes reached by ssh have CPUs of their own.
            cpus += [(node.get("ssh"), cpu) for cpu in used]
    return len(set(cpus)) < len(cpus)


def _launch(
    testbed: Testbed,
    spec: dict[str, Any],
    cluster: Cluster,
    ranks: list[str],
    command: list[str],
) -> list[str]:
    stack = spec["stack"]
    for needed in (command[0], mpi_stacks.mpiexec(stack)):
        _need(testbed, ranks[0], needed)
    argv = mpi_stacks.mpiexec_argv(
        stack["kind"],
        mpi_stacks.folder(stack),
        [*cluster.place, *command],
        hosts=cluster.hosts,
        interface=cluster.interface,
        agent=cluster.agent,
        share_cpu=_share_cpu(spec, ranks),
    )
    return [*cluster.launch, *argv]


def _need(testbed: Testbed, domain: str, program: str) -> None:
    if not testbed.has(domain, program):
        raise VcperfError(f"{domain}: {program}: not found; was the MPI stack set up?")


@contextlib.contextmanager
def _load(testbed: Testbed, spec: dict[str, Any]) -> Iterator[ep_load.Load]:
    """EP on its cluster, for as long as the context."""
    load = spec["load"]
    ours = [] if "file" in load else [on_disk(mpi_stacks.program(spec["stack"], "ep"))]
    with testbed.cluster(load["ranks"], ours) as cluster:
        (program,) = cluster.files if ours else [load["file"]]
        command = ep_load.command(load, program)
        launch = _launch(testbed, spec, cluster, load["ranks"], command)
        with testbed.background(load["ranks"][0], ep_load.repeated(load, launch)) as running:
            yield ep_load.Load(running, load)


def _check(
    spec: dict[str, Any], run: dict[str, Any], received: dict[str, int], by_ssh: bool
) -> None:
    """Raises VcperfError unless the table is whole, its messages crossed the network, and they
    can have done so in the time that the program ran."""
    name = _name(spec)
    if run["status"] != 0 or mpi.failure(printed(run)):
        raise VcperfError(f"{name}: status {run['status']}: {mpi.fault(printed(run))}")
    try:
        rows = pingpongs.rows(spec, run["output"])
    except Untrusted as fault:
        raise VcperfError(f"{name}: {fault}") from None
    for row in rows:
        if row["benchmark"] != (wanted := pingpongs.benchmark(spec)):
            raise VcperfError(f"{name}: measured {row['benchmark']}, not {wanted}")
    sizes = [row["message_bytes"] for row in rows if row["message_bytes"] is not None]
    if sizes != spec["message_bytes"]:
        asked = spec["message_bytes"]
        raise VcperfError(f"{name}: measured messages of {sizes} bytes, not {asked}")
    # A half of what the lines say of a ping-pong: their time is that of half a round trip.
    sent_s = sum(row["latency_us"] * row["repetitions"] for row in rows) / 1e6
    duration.check_least(name, run, sent_s, by_ssh)
    around = ENVELOPE_BYTES if pingpongs.benchmark(spec) in OF_ROOTS else PACKET_BYTES
    sent = sum(((row["message_bytes"] or 0) + around) * row["repetitions"] for row in rows)
    if "benchmark" in spec:  # a root receives what others do not; each hears of another
        sent *= len(received) - 1
        received = {"-".join(received): sum(received.values())}
    for domain, count in received.items():
        if count < LEAST_SHARE * sent:
            raise VcperfError(
                f"{name}: {domain} received {count} bytes over the network, of {sent} sent to"
                " it: the stack took another transport"
            )


if __name__ == "__main__":
    sys.exit(main(measure))
