"""Whether one domain reaches another, for `python -m vcperf doctor`: one message of a tool."""

from __future__ import annotations

from vcperf.basics.text import reason
from vcperf.errors import VcperfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vcperf.testbeds.contract import Testbed

LONGEST_S = 5
PATIENCE_S = 30  # for the connection by ssh
TIMED_OUT = 124  # timeout(1)


def reached(
    testbed: Testbed,
    spec: dict[str, Any],
    what: str,
    server: tuple[list[str], int],
    client: list[str],
    ports: str,
) -> str:
    """Serve in the receiver, and exchange one message with the sender.

    Args:
        testbed: connected.
        spec: sender and receiver.
        what: the tool and the protocol.
        server: its command line, and the TCP port on which it listens.
        client: the command line of one message.
        ports: what a firewall must let pass, for the error.

    Returns what was tried. Raises VcperfError when the receiver cannot serve, or the sender cannot
    reach it.
    """
    argv, port = server
    with testbed.serve(spec["receiver"], argv, port):
        run = testbed.run(spec["sender"], ["timeout", str(LONGEST_S), *client], PATIENCE_S)
    if run["status"]:
        silent = run["status"] == TIMED_OUT
        why = f"no answer within {LONGEST_S} s" if silent else reason(run)
        raise VcperfError(f"{what}: {why}; open {ports}")
    return f"{what}: reached on port {port}"
