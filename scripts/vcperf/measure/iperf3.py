"""One block of iperf3 between two domains of a testbed; its warm-up is part of the run."""

from __future__ import annotations

import sys

from vcperf.basics.text import reason
from vcperf.errors import VcperfError
from vcperf.measure.block import main, observed
from vcperf.tools import iperf3
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vcperf.testbeds.contract import Testbed

PORT = 5201  # iperf3's own
PATIENCE_S = 60  # more than the 30 s after which iperf3 gives up a UDP server that is silent
EARLY = 0.97  # of the time asked for: less is a run that was cut short
# iperf3's error where the TCP connection stands and no datagram comes back.
SILENT = "unable to read from stream socket"


def measure(testbed: Testbed, spec: dict[str, Any], content: dict[str, Any]) -> None:
    """Fill a record with one block.

    Args:
        testbed: up and pinned.
        spec: sender (where the client runs), receiver (the server), protocol, mode, streams,
            message_bytes, duration_s, warmup_s, and for UDP udp_mbps.
        content: the record; gets commands (each with its role), before and after.

    Raises VcperfError when iperf3 fails, measured something else than was asked, or runs on other
    CPUs.
    """
    client, server = spec["sender"], spec["receiver"]
    address, port = testbed.address(server), testbed.free_port(server, PORT)
    argv = iperf3.client_argv(
        address=address,
        port=port,
        protocol=spec["protocol"],
        mode=spec["mode"],
        streams=spec["streams"],
        message_bytes=spec["message_bytes"],
        duration_s=spec["duration_s"],
        warmup_s=spec["warmup_s"],
        udp_mbps=spec.get("udp_mbps", 0),
    )
    patience_s = spec["warmup_s"] + spec["duration_s"] + PATIENCE_S
    serving = testbed.serve(server, iperf3.server_argv(address=address, port=port), port)
    with serving as served:
        with observed(testbed, content):
            run = testbed.run(client, argv, patience_s)
        content["commands"].append({"role": "measure", **run})
        if run["status"] and not run["output"].strip():
            raise VcperfError(f"{_name(spec)}: iperf3: status {run['status']}: {reason(run)}")
    content["commands"].append({"role": "server", **served})
    check_answer(spec, run["output"], port)


def reach(testbed: Testbed, spec: dict[str, Any]) -> str:
    """One message of the same protocol, for `python -m vcperf doctor`.

    Returns what was tried. Raises VcperfError when the receiver cannot serve, or the sender cannot
    reach it.
    """
    from vcperf.measure.reach import reached  # not for blocks

    address, port = testbed.address(spec["receiver"]), testbed.free_port(spec["receiver"], PORT)
    argv = ["iperf3", "-c", address, "-p", str(port), "-n", "1000", "-l", "1000"]
    argv += ["-u"] if spec["protocol"] == "UDP" else []
    server = iperf3.server_argv(address=address, port=port)
    ports = " and ".join(dict.fromkeys(("TCP", spec["protocol"])))  # it talks by TCP first
    what = f"iperf3, {spec['protocol']}"
    return reached(testbed, spec, what, (server, port), argv, f"{ports} port {PORT}")


def check_answer(spec: dict[str, Any], output: str, port: int) -> None:
    """Hold the client's report against what was asked.

    Args:
        spec: the block's.
        output: the client's.
        port: of the server, for errors.

    Raises VcperfError when it cannot be trusted, or is about something else.
    """
    name = _name(spec)
    try:
        rows = iperf3.parse(output)
    except Untrusted as fault:
        why = ""
        if spec["protocol"] == "UDP" and (SILENT in str(fault) or "received" in str(fault)):
            why = f"; most likely a firewall drops UDP to or from port {port} of {spec['receiver']}"
        raise VcperfError(f"{name}: {fault}{why}") from None
    wanted = {"forward": ["forward"], "reverse": ["reverse"]}
    directions = wanted.get(spec["mode"], ["forward", "reverse"])
    if [row["direction"] for row in rows] != directions:
        found = ", ".join(row["direction"] for row in rows)
        raise VcperfError(f"{name}: iperf3 measured {found}, not {', '.join(directions)}")
    for row in rows:
        for key in ("protocol", "streams", "message_bytes"):
            if row[key] != spec[key]:
                raise VcperfError(f"{name}: iperf3 measured {key} {row[key]}, not {spec[key]}")
        for key in ("sent_mbps", "received_mbps", "threads"):
            if row[key] is None:
                raise VcperfError(f"{name}: the report of iperf3 lacks {key}")
        if row["elapsed_s"] < EARLY * spec["duration_s"]:
            raise VcperfError(f"{name}: ended after {row['elapsed_s']} s of {spec['duration_s']} s")


def _name(spec: dict[str, Any]) -> str:
    what = f"{spec['protocol']} {spec['mode']} {spec['sender']}->{spec['receiver']}"
    return f"iperf3 {what} {spec['streams']} x {spec['message_bytes']} bytes"


if __name__ == "__main__":
    sys.exit(main(measure))
