"""One block of the MPI ping-pong, or of another benchmark of IMB-MPI1, on one virtual cluster,
while EP may load another."""

from __future__ import annotations

import contextlib
import sys
import tempfile

from vcperf.errors import VcperfError
from vcperf.measure.block import check_pinning, main, observed
from vcperf.tools import ep, imb, mpi, mpi_stacks
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from vcperf.testbeds import Background, Cluster, Testbed

    Sampled = Callable[[], contextlib.AbstractContextManager[None]]
    """The context in which the messages are sent, for profiles."""

START_S = 120.0  # for a launcher and its ranks; an emulated host takes its time
LOAD_S = 3600.0  # for the iterations of EP ahead: a large class takes its time
ALONE = 3  # iterations of EP before the ping-pong: its speed alone
# Messages that do not cross the network are shared memory. Repetitions are counted as
# printed, without estimates and warm-up, so more crosses than this.
LEAST_SHARE = 0.95


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
            and optionally benchmark (PingPong) and load (class, ranks).
        content: the record; gets commands (each with its role), before, during, after, and
            received_bytes: what each rank's domain received meanwhile.
        sampled: the context in which the messages are sent, for profiles.

    Raises VcperfError when a program fails or is not there, when the load did not last from
    before the first message until after the last, when messages did not cross the network, or
    when a rank was on other CPUs.
    """
    if "load" in spec:
        with _load(testbed, spec) as load:
            load.wait_for(f"EP repeat {ALONE}:", LOAD_S)
            _ping_pong(testbed, spec, content, sampled)
            # One more that began after the last message: the load outlived it.
            done = load.wait_for_more("EP repeat ", 2, LOAD_S)
        content["commands"].append({"role": "load", **load.record})
        _check_load(spec, done)
    else:
        _ping_pong(testbed, spec, content, sampled)


def _ping_pong(
    testbed: Testbed, spec: dict[str, Any], content: dict[str, Any], sampled: Sampled
) -> None:
    ranks, sizes, benchmark = spec["ranks"], spec["message_bytes"], _benchmark(spec)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lengths:
        lengths.write(imb.lengths(sizes) if sizes else "")
        lengths.flush()
        # A site's own program is there already.
        own = "file" in spec["program"]
        program = mpi_stacks.benchmark(spec["stack"], spec["program"])
        with testbed.cluster(ranks, [lengths.name, *([] if own else [program])]) as cluster:
            lengths_there, *program_there = cluster.files
            command = imb.argv(
                program if own else program_there[0],
                [benchmark],
                lengths_file=lengths_there if sizes else None,
                iterations=spec["repetitions"],
                # IMB gives a size up when it takes longer, ours repeats it less often.
                seconds=spec["seconds"] if "source" in spec["program"] else None,
                all_processes=len(ranks) if "benchmark" in spec else None,
            )
            argv = _launch(testbed, spec, cluster, ranks, command)
            received = {domain: -testbed.received_bytes(domain) for domain in ranks}
            patience = START_S + 20 * max(1, spec["seconds"]) * max(1, len(sizes))
            with observed(testbed, content), testbed.background(ranks[0], argv) as run:
                run.wait_for(f"# Benchmarking {benchmark}", START_S)
                content["during"] = testbed.observe()
                check_pinning(testbed, content["during"]["pinning"], "during")
                with sampled():
                    run.wait(patience)
            content["commands"].append({"role": "measure", **run.record})
    for domain in ranks:
        received[domain] += testbed.received_bytes(domain)
    content["received_bytes"] = received
    content["transport"] = mpi_stacks.transport(spec["stack"]["kind"], run.record["output"])
    _check(spec, run.record, received)


def _benchmark(spec: dict[str, Any]) -> str:
    chosen: str = spec.get("benchmark", "PingPong")
    return chosen


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
    for needed in (command[0], f"{mpi_stacks.folder(stack)}/bin/mpiexec"):
        if not testbed.has(ranks[0], needed):
            raise VcperfError(f"{ranks[0]}: {needed}: not found; was the MPI stack set up?")
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


@contextlib.contextmanager
def _load(testbed: Testbed, spec: dict[str, Any]) -> Iterator[Background]:
    """EP on its cluster, for as long as the context."""
    load, program = spec["load"], mpi_stacks.program(spec["stack"], "ep")
    with testbed.cluster(load["ranks"], [program]) as cluster:
        command = ep.argv(cluster.files[0], load["class"], repeat=True)
        argv = _launch(testbed, spec, cluster, load["ranks"], command)
        with testbed.background(load["ranks"][0], argv) as running:
            yield running


def _check(spec: dict[str, Any], run: dict[str, Any], received: dict[str, int]) -> None:
    """Raises VcperfError unless the table is whole and its messages crossed the network."""
    name = f"{_benchmark(spec)} {'-'.join(spec['ranks'])} on {spec['stack']['kind']}"
    if run["status"] != 0:
        raise VcperfError(f"{name}: status {run['status']}: {mpi.fault(run['output'])}")
    try:
        rows = imb.parse(run["output"])
    except Untrusted as fault:
        raise VcperfError(f"{name}: {fault}") from None
    for row in rows:
        if row["benchmark"] != _benchmark(spec):
            raise VcperfError(f"{name}: measured {row['benchmark']} instead")
    sizes = [row["message_bytes"] for row in rows if row["message_bytes"] is not None]
    if sizes != spec["message_bytes"]:
        raise VcperfError(f"{name}: measured lengths {sizes}, not {spec['message_bytes']}")
    # What Barrier sends has a byte at least.
    payload = sum((row["message_bytes"] or not sizes) * row["repetitions"] for row in rows)
    if "benchmark" in spec:  # a root receives what others do not
        received = {"-".join(received): sum(received.values())}
    for domain, count in received.items():
        if count < LEAST_SHARE * payload:
            raise VcperfError(
                f"{name}: {domain} received {count} bytes over the network, of {payload} sent to"
                " it: the stack took another transport"
            )


def _check_load(spec: dict[str, Any], printed: str) -> None:
    """Raises VcperfError when an iteration of the load is wrong, or it ended badly."""
    name = f"EP {spec['load']['class']} on {'-'.join(spec['load']['ranks'])}"
    try:
        rows = ep.parse_repeat(ep.repeat_lines(printed))
    except Untrusted as fault:
        raise VcperfError(f"{name}: {fault}") from None
    wrong = [row for row in rows if row["verified"] != "yes"]
    if wrong:
        raise VcperfError(f"{name}: iteration {wrong[0]['iteration']} failed its verification")


if __name__ == "__main__":
    sys.exit(main(measure))
