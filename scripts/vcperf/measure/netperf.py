"""One block of netperf: warm up, then measure between two domains of a testbed."""

from __future__ import annotations

import contextlib
import math
import sys

from vcperf.basics.text import reason
from vcperf.errors import VcperfError
from vcperf.measure import duration, netperf_load
from vcperf.measure.block import main, observed
from vcperf.tools import (
    netperf,
    netperf_commands,
    netperf_course,
    netperf_cpu,
    netperf_latency,
    netperf_streams,
)
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from vcperf.testbeds.contract import Testbed

PORT = 12865  # netserver's own
PATIENCE_S = 30  # past its duration, a run counts as hung
WARMUP_TRIES = 6
EARLY = 0.97  # netperf ends with a sound line when it is interrupted: hold its time


def measure(
    testbed: Testbed,
    spec: dict[str, Any],
    content: dict[str, Any],
    sampled: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
) -> None:
    """Fill a record with one block.

    Args:
        testbed: up and pinned.
        spec: sender, receiver, test, message_bytes, duration_s, warmup_s, and
            optionally socket_buffers, congestion_control, percentiles (of latencies), streams
            (netperfs at the same time, 1 by default) and load (see `netperf_load.beside`).
        content: the record; gets commands (each with its role), before and after, and `notes`
            that say which of netperf's figures were left out, and why.
        sampled: the context in which what is measured runs, for profiles.

    Raises VcperfError when netperf fails, answers for something else than was asked, or runs on
    other CPUs; when streams did not run beside each other, or the load not all the time.
    """
    with netperf_load.beside(testbed, spec, content, _name(spec)) as load:
        # The begin of streams is their warm-up.
        for before, whole_s in _warm_ups(spec["warmup_s"] if _streams(spec) == 1 else 0):
            run = _served(testbed, spec, content, sampled, before, whole_s)
            if load:
                load.running.so_far()  # a full pipe would hold it up
            if run:
                break
        reports = _reports(spec, run)
        believed = [netperf_cpu.without_impossible(report) for report in reports]
        notes = [note for _, found in believed for note in found]
        if notes:
            content["notes"] = notes
        claimed_s = max(check_answer(spec, report) for report, _ in believed)
        duration.check(_name(spec), run, claimed_s, testbed.by_ssh)
        if _streams(spec) > 1 or load:
            common = _common(spec, [report for report, _ in believed])
            if load:
                load.outlive(common.begin, common.end)


def reach(testbed: Testbed, spec: dict[str, Any]) -> str:
    """One transaction of the same protocol, for `python -m vcperf doctor`.

    Returns what was tried. Raises VcperfError when the receiver cannot serve, or the sender cannot
    reach it.
    """
    from vcperf.measure.reach import reached  # not for blocks

    address, port = testbed.address(spec["receiver"]), testbed.free_port(spec["receiver"], PORT)
    protocol = spec["test"].partition("_")[0]
    argv = netperf_commands.client_argv(
        address=address,
        port=port,
        sender=testbed.address(spec["sender"]),
        test=f"{protocol}_RR",
        message_bytes=1,
        duration_s=-1,  # below 0: a number of transactions
    )
    server = netperf_commands.server_argv(address=address, port=port)
    ports = f"TCP from port {PORT} on" + (", and UDP" if protocol == "UDP" else "")
    return reached(testbed, spec, f"netperf, {protocol}", (server, port), argv, ports)


def _served(
    testbed: Testbed,
    spec: dict[str, Any],
    content: dict[str, Any],
    sampled: Callable[[], contextlib.AbstractContextManager[None]],
    before: list[str],
    whole_s: int,
) -> dict[str, Any]:
    """Warm up and measure with one netserver, as `measure`.

    Args:
        before, whole_s: one of `_warm_ups`.

    Returns the run that counts; empty when the warm-up was interrupted too early.
    """
    sender, receiver, commands = spec["sender"], spec["receiver"], content["commands"]
    address, count = testbed.address(receiver), _streams(spec)
    whole = count > 1 or "load" in spec  # whose begin and end are to be known

    def run(before: list[str], seconds: int) -> dict[str, Any]:
        argv = netperf_commands.client_argv(
            address=address,
            port=ports[0] if count == 1 else None,
            sender=testbed.address(sender),
            test=spec["test"],
            message_bytes=spec["message_bytes"],
            duration_s=seconds,
            socket_buffers=spec.get("socket_buffers"),
            congestion_control=spec.get("congestion_control"),
            keys=_keys(spec),
            interim_s=netperf_course.interval_s(seconds) if whole else None,
        )
        if count > 1:
            argv = netperf_streams.argv(ports, argv[1:])
        return testbed.run(sender, [*before, *argv], seconds + PATIENCE_S)

    measured: dict[str, Any] = {}
    warm = not whole_s
    ports: list[int] = []
    with contextlib.ExitStack() as serving:
        servers = []
        for _ in range(count):
            port = testbed.free_port(receiver, ports[-1] + 1 if ports else PORT)
            argv = netperf_commands.server_argv(address=address, port=port)
            servers.append(serving.enter_context(testbed.serve(receiver, argv, port)))
            ports.append(port)
        if whole_s:
            warm_up = run(before, whole_s)
            commands.append({"role": "warmup", **warm_up})
            warm = warm_up["status"] == 0
            if not before:
                _check_status(spec, warm_up)
        if warm:
            with observed(testbed, content), sampled():
                measured = run([], _seconds(spec))
                commands.append({"role": "measure", **measured})
                _check_status(spec, measured)
    commands += [{"role": "server", **server} for server in servers]
    return measured


def _warm_ups(seconds: float) -> Iterator[tuple[list[str], int]]:
    """How to run the same traffic for a while that does not count: what stands in front of
    netperf's command line, and its duration, whole seconds; one try after another.

    netperf knows whole seconds only. Between them it is interrupted, which it takes in good
    order; but not while it still connects, then it gets twice the time, and at last as many whole
    seconds as it takes. The next try needs another netserver: one that was left while it waited
    for a connection of data ends some seconds later, and resets whoever has come meanwhile.
    """
    for number in range(WARMUP_TRIES):
        limit = seconds * 2**number
        last = number == WARMUP_TRIES - 1 or limit == math.ceil(limit)
        stop = ["timeout", "--preserve-status", "--signal=INT", f"{limit:g}"]
        yield [] if last else stop, math.ceil(limit)
        if last:
            return


def check_answer(spec: dict[str, Any], output: str) -> float:
    """Hold netperf's answer against what was asked.

    Returns how many seconds it says that it measured.

    Raises VcperfError when a key is missing, the size or the congestion control is
    another, or the run ended early.
    """
    name = _name(spec)
    try:
        rows = netperf.parse(output)
        if "percentiles" in spec:
            netperf_latency.parse(output)
    except Untrusted as fault:
        why = ""
        if spec["test"].startswith("UDP") and "nothing arrived" in str(fault):
            why = f"; most likely a firewall drops UDP to {spec['receiver']} (docs/testbeds.md)"
        raise VcperfError(f"{name}: {fault}{why}") from None
    keys = netperf.key_values(output)
    missing = [key for key in _keys(spec) if key not in keys]
    if len(rows) != 1 or missing:
        lacks = f"lacks {', '.join(missing)}; is netperf 2.7 or newer?"
        said = lacks if missing else f"has {len(rows)} results, not 1"
        raise VcperfError(f"{name}: the report {said}")
    if rows[0]["message_bytes"] != spec["message_bytes"]:
        sent, asked = rows[0]["message_bytes"], spec["message_bytes"]
        raise VcperfError(f"{name}: netperf sent messages of {sent} bytes, not {asked}")
    if rows[0]["elapsed_s"] < EARLY * _seconds(spec):
        raise VcperfError(f"{name}: ended after {rows[0]['elapsed_s']} s of {_seconds(spec)} s")
    wanted, used = spec.get("congestion_control"), keys["LOCAL_CONG_CONTROL"]
    if wanted and used and used != wanted:
        raise VcperfError(f"{name}: the kernel used congestion control {used}, not {wanted}")
    elapsed_s: float = rows[0]["elapsed_s"]
    return elapsed_s


def _keys(spec: dict[str, Any]) -> tuple[str, ...]:
    """What netperf is asked for."""
    return (*netperf_commands.KEYS, *(netperf_latency.KEYS if "percentiles" in spec else ()))


def _streams(spec: dict[str, Any]) -> int:
    count: int = spec.get("streams", 1)
    return count


def _seconds(spec: dict[str, Any]) -> int:
    """How long netperf is to measure."""
    duration_s: int = spec["duration_s"]
    if _streams(spec) == 1:
        return duration_s
    return netperf_streams.seconds(duration_s, spec["warmup_s"])


def _reports(spec: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """The reports of a run, one per stream. Raises VcperfError when one is missing."""
    if _streams(spec) == 1:
        return [run["output"]]
    found = netperf_streams.reports(run["output"])
    if len(found) != _streams(spec):
        why = reason({**run, "output": ""})
        raise VcperfError(f"{_name(spec)}: {len(found)} of the streams gave a report: {why}")
    return found


def _common(spec: dict[str, Any], reports: Sequence[str]) -> netperf_streams.Common:
    """When all streams ran. Raises VcperfError when that is not nearly all the time."""
    try:
        return netperf_streams.common(reports, spec["warmup_s"] if _streams(spec) > 1 else 0.0)
    except Untrusted as fault:
        raise VcperfError(f"{_name(spec)}: {fault}") from None


def _check_status(spec: dict[str, Any], run: dict[str, Any]) -> None:
    if run["status"] != 0:
        # Its banner comes last where it waited in a buffer, and is no reason.
        lines = [line for line in run["output"].splitlines() if " TEST from " not in line]
        fault = reason({**run, "output": "\n".join(lines)})
        raise VcperfError(f"{_name(spec)}: netperf ended with status {run['status']}: {fault}")


def _name(spec: dict[str, Any]) -> str:
    streams = f"{_streams(spec)} x " if _streams(spec) > 1 else ""
    load = f" beside {spec['load']['test']}" if "load" in spec else ""
    path = f"{spec['sender']}->{spec['receiver']}"
    return f"{streams}{spec['test']} {path} {spec['message_bytes']} bytes{load}"


if __name__ == "__main__":
    sys.exit(main(measure))
