"""One block of netperf: warm up, then measure between two domains of a testbed."""

from __future__ import annotations

import contextlib
import math
import sys

from vcperf.basics.text import reason
from vcperf.errors import VcperfError
from vcperf.measure import duration
from vcperf.measure.block import main, observed
from vcperf.tools import netperf, netperf_commands, netperf_cpu, netperf_latency
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from vcperf.testbeds.contract import Testbed

PORT = 12865  # netserver's own
PATIENCE_S = 30  # past its duration, a run counts as hung
REACH_S = 5
TIMED_OUT = 124  # timeout(1)
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
            optionally socket_buffers, congestion_control and percentiles (of latencies).
        content: the record; gets commands (each with its role), before and after, and `notes`
            that say which of netperf's figures were left out, and why.
        sampled: the context in which what is measured runs, for profiles.

    Raises VcperfError when netperf fails, answers for something else than was asked,
    or runs on other CPUs.
    """
    for before, whole_s in _warm_ups(spec["warmup_s"]):
        run = _served(testbed, spec, content, sampled, before, whole_s)
        if run:
            break
    believed, notes = netperf_cpu.without_impossible(run["output"])
    if notes:
        content["notes"] = notes
    claimed_s = check_answer(spec, believed)
    duration.check(_name(spec), run, claimed_s, testbed.by_ssh)


def reach(testbed: Testbed, spec: dict[str, Any]) -> str:
    """One transaction of the same protocol, for `python -m vcperf doctor`.

    Returns what was tried. Raises VcperfError when the receiver cannot serve, or the sender cannot
    reach it.
    """
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
    with testbed.serve(spec["receiver"], server, port):
        run = testbed.run(spec["sender"], ["timeout", str(REACH_S), *argv], PATIENCE_S)
    if run["status"]:
        silent = f"no answer within {REACH_S} s; "
        ports = f"open TCP from port {PORT} on" + (", and UDP" if protocol == "UDP" else "")
        why = silent if run["status"] == TIMED_OUT else f"{reason(run)}; "
        raise VcperfError(f"netperf, {protocol}: {why}{ports}")
    return f"netperf, {protocol}: reached on port {port}"


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
    address, port = testbed.address(receiver), testbed.free_port(receiver, PORT)

    def run(before: list[str], seconds: int) -> dict[str, Any]:
        argv = netperf_commands.client_argv(
            address=address,
            port=port,
            sender=testbed.address(sender),
            test=spec["test"],
            message_bytes=spec["message_bytes"],
            duration_s=seconds,
            socket_buffers=spec.get("socket_buffers"),
            congestion_control=spec.get("congestion_control"),
            keys=_keys(spec),
        )
        return testbed.run(sender, [*before, *argv], seconds + PATIENCE_S)

    measured: dict[str, Any] = {}
    warm = not whole_s
    argv = netperf_commands.server_argv(address=address, port=port)
    with testbed.serve(receiver, argv, port) as server:
        if whole_s:
            warm_up = run(before, whole_s)
            commands.append({"role": "warmup", **warm_up})
            warm = warm_up["status"] == 0
            if not before:
                _check_status(spec, warm_up)
        if warm:
            with observed(testbed, content), sampled():
                measured = run([], spec["duration_s"])
                commands.append({"role": "measure", **measured})
                _check_status(spec, measured)
    commands.append({"role": "server", **server})
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
    if rows[0]["elapsed_s"] < EARLY * spec["duration_s"]:
        raise VcperfError(f"{name}: ended after {rows[0]['elapsed_s']} s of {spec['duration_s']} s")
    wanted, used = spec.get("congestion_control"), keys["LOCAL_CONG_CONTROL"]
    if wanted and used and used != wanted:
        raise VcperfError(f"{name}: the kernel used congestion control {used}, not {wanted}")
    elapsed_s: float = rows[0]["elapsed_s"]
    return elapsed_s


def _keys(spec: dict[str, Any]) -> tuple[str, ...]:
    """What netperf is asked for."""
    return (*netperf_commands.KEYS, *(netperf_latency.KEYS if "percentiles" in spec else ()))


def _check_status(spec: dict[str, Any], run: dict[str, Any]) -> None:
    if run["status"] != 0:
        # Its banner comes last where it waited in a buffer, and is no reason.
        lines = [line for line in run["output"].splitlines() if " TEST from " not in line]
        fault = reason({**run, "output": "\n".join(lines)})
        raise VcperfError(f"{_name(spec)}: netperf ended with status {run['status']}: {fault}")


def _name(spec: dict[str, Any]) -> str:
    return f"{spec['test']} {spec['sender']}->{spec['receiver']} {spec['message_bytes']} bytes"


if __name__ == "__main__":
    sys.exit(main(measure))
