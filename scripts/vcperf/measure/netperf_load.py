"""A stream of netperf on a path, as the load beside what another netperf measures there."""

from __future__ import annotations

import contextlib
import math

from vcperf.errors import VcperfError
from vcperf.tools import netperf_commands, netperf_course
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vcperf.testbeds.background import Background
    from vcperf.testbeds.contract import Testbed

PORT = 13865  # far from those of what is measured
BEGIN_S = 60.0  # for its first interim result
STEP_S = 30.0  # for another one
REST_S = 600  # longer than all else around a measurement takes; it is ended before
WARM_UPS = 64  # times the seconds of a warm-up are more than all tries of it take


class Load:
    """The load under way.

    Args:
        running: its netperf.
        name: of what it loads, for errors.
    """

    def __init__(self, running: Background, name: str) -> None:
        self.running, self.name = running, name

    def begin(self) -> None:
        """Wait until data flows. Raises VcperfError when it ends before."""
        self._wait(lambda: self.running.wait_for(f"{netperf_course.MARK}0]", BEGIN_S))

    def outlive(self, begin: float, end: float) -> float:
        """Wait until it has told of a moment after what is measured.

        Args:
            begin, end: of what is measured, by the clock of the same domain.

        Returns its mean rate meanwhile, in 10^6 bit/s. Raises VcperfError when it did not run all
        the time, or moved nothing.
        """
        text = self.running.so_far()
        try:
            while netperf_course.read(text).end < end:
                text = self._wait(
                    lambda: self.running.wait_for_more(netperf_course.MARK, 1, STEP_S)
                )
            rate = netperf_course.read(text).rate(begin, end)
        except Untrusted as fault:
            raise VcperfError(f"{self.name}: its load {fault}") from None
        if not rate > 0:
            raise VcperfError(f"{self.name}: its load moved nothing meanwhile")
        return rate

    def _wait(self, wait: Any) -> str:
        try:
            printed: str = wait()
        except VcperfError as fault:
            if "status" not in self.running.record:
                raise VcperfError(f"{self.name}: its load: {fault}") from None
            said = self.running.last_line()
            raise VcperfError(f"{self.name}: its load ended too early: {said}") from None
        return printed


@contextlib.contextmanager
def beside(
    testbed: Testbed, spec: dict[str, Any], content: dict[str, Any], name: str
) -> Iterator[Load | None]:
    """The load of a spec from before its warm-up until after its measurement; None without one.

    Args:
        testbed: up and pinned.
        spec: sender, receiver, warmup_s, duration_s, and load (test, message_bytes).
        content: the record; gets the commands `load` and `load server`.
        name: of what is measured, for errors.

    Raises VcperfError when it does not begin.
    """
    if "load" not in spec:
        yield None
        return
    sender, receiver, load = spec["sender"], spec["receiver"], spec["load"]
    address, port = testbed.address(receiver), testbed.free_port(receiver, PORT)
    argv = netperf_commands.client_argv(
        address=address,
        port=port,
        sender=testbed.address(sender),
        test=load["test"],
        message_bytes=load["message_bytes"],
        duration_s=math.ceil(WARM_UPS * spec["warmup_s"]) + spec["duration_s"] + REST_S,
        socket_buffers=spec.get("socket_buffers"),
        congestion_control=spec.get("congestion_control"),
        interim_s=netperf_course.interval_s(spec["warmup_s"] + spec["duration_s"]),
    )
    serving = testbed.serve(
        receiver, netperf_commands.server_argv(address=address, port=port), port
    )
    with serving as server, testbed.background(sender, argv) as running:
        under_way = Load(running, name)
        under_way.begin()
        yield under_way
    content["commands"] += [{"role": "load", **running.record}, {"role": "load server", **server}]
