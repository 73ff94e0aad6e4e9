"""One block of an estimate: available bandwidth (pathload) or capacity (pathrate) of a path."""

from __future__ import annotations

import importlib
import sys

from vcperf.basics.checkout import SCRIPTS
from vcperf.basics.text import reason
from vcperf.errors import VcperfError
from vcperf.measure import duration
from vcperf.measure.block import main, observed
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any

    from vcperf.testbeds.contract import Testbed

PORT = 12866
PATIENCE_S = 15  # past its duration, an estimate counts as hung
# A site's own programs know no limit of time; they take minutes on a slow path.
REAL_PATIENCE_S = 600
PROGRAM = f"{SCRIPTS}/workloads/bandwidth"


def measure(testbed: Testbed, spec: dict[str, Any], content: dict[str, Any]) -> None:
    """Fill a record with one estimate.

    Args:
        testbed: up and pinned.
        spec: sender, receiver, method, duration_s, and optionally programs (sender and
            receiver: files of the real pathload or pathrate, there).
        content: the record; gets commands (each with its role), before and after.

    Raises VcperfError when the tool fails, or prints no estimate.
    """
    if "programs" in spec:
        _measure_real(testbed, spec, content)
        return
    tool = importlib.import_module(f"vcperf.tools.{spec['method']}")
    sender, receiver = spec["sender"], spec["receiver"]
    address = testbed.address(receiver)
    port = testbed.free_port(receiver, PORT)
    with (
        testbed.program(receiver, PROGRAM) as there,
        testbed.program(sender, PROGRAM) as here,
        testbed.serve(
            receiver, tool.server_argv(program=there, address=address, port=port), port
        ) as server,
        observed(testbed, content),
    ):
        argv = tool.client_argv(
            program=here, address=address, port=port, duration_s=spec["duration_s"]
        )
        run = testbed.run(sender, argv, spec["duration_s"] + PATIENCE_S)
        content["commands"].append({"role": "measure", **run})
        _check(testbed, spec, run)
    content["commands"].append({"role": "server", **server})


def _measure_real(testbed: Testbed, spec: dict[str, Any], content: dict[str, Any]) -> None:
    """The real tools: there the sender serves, and the receiver asks and prints."""
    tool = importlib.import_module(f"vcperf.tools.{spec['method']}")
    sender, receiver, programs = spec["sender"], spec["receiver"], spec["programs"]
    serve = tool.real_sender_argv(program=programs["sender"])
    with (
        testbed.serve(sender, serve, tool.REAL_PORT) as server,
        observed(testbed, content),
    ):
        argv = tool.real_receiver_argv(
            program=programs["receiver"], address=testbed.address(sender)
        )
        run = testbed.run(receiver, argv, REAL_PATIENCE_S)
        content["commands"].append({"role": "measure", **run})
        _check(testbed, spec, run)
    content["commands"].append({"role": "server", **server})


def _check(testbed: Testbed, spec: dict[str, Any], run: dict[str, Any]) -> None:
    """Raises VcperfError unless the run ended well, with an estimate, in the time that it says."""
    name = f"{spec['method']} {spec['sender']}->{spec['receiver']}"
    if run["status"] != 0:
        raise VcperfError(f"{name}: ended with status {run['status']}: {reason(run)}")
    try:
        (row,) = importlib.import_module(f"vcperf.tools.{spec['method']}").parse(run["output"])
    except Untrusted as fault:
        raise VcperfError(f"{name}: {fault}") from None
    if row["elapsed_s"] is not None and "programs" not in spec:
        duration.check(name, run, row["elapsed_s"], testbed.by_ssh)


if __name__ == "__main__":
    sys.exit(main(measure))
