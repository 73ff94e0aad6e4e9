"""What every block has in common: its command line, the pinning held, the noise."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys

from vcperf import __version__
from vcperf.basics.context import of_testbed
from vcperf.errors import VcperfError
from vcperf.measure import quiet
from vcperf.records import observation, record
from vcperf.running import host_lock
from vcperf.testbeds import class_of, open_testbed

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from vcperf.testbeds.contract import Testbed

    Measure = Callable[[Testbed, dict[str, Any], dict[str, Any]], None]
    """(testbed, spec, the record to fill) -> nothing; raises VcperfError."""


def main(measure: Measure) -> int:
    """Measure the block whose spec is the first argument, write the record that the
    second names.

    The third, optional, is its context: JSON that says how to reach the hosts and how
    hard to try for a quiet one, none of which is part of the key:
    `sites` (testbed -> `ssh_config`, `emulator_pid_files` (node -> file), `emulator_monitors`
    (node -> the files `monitor` and `symbols`), `links` (link -> the nodes behind it), `stop`
    (node -> how its guests are stopped); a block has those of its testbed with the others, see
    `vcperf.basics.context`), `disturbed_percent`,
    `remeasure`, `code` (the commit of the measuring code, for the record),
    `settings` (testbed -> place -> digest of what it is set to, see
    `vcperf.records.host_settings`),
    `quiet` (`wait_s`, the seconds that a block waits at most for others to leave).

    Returns the exit status: 0, or 1 with one line on stderr and no record.
    """
    if len(sys.argv) not in {3, 4}:
        print(f"usage: {os.path.basename(sys.argv[0])} SPEC RECORD [CONTEXT]", file=sys.stderr)
        return 2
    try:
        spec = json.loads(sys.argv[1])
        whole = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
        context = of_testbed(whole, spec["testbed"])
        with host_lock.for_block(class_of(spec).locks_this_machine(context)):
            content = _measured(measure, spec, context)
        # Nothing interrupts it from here on: of a job that fails, Snakemake deletes the record.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        record.write(sys.argv[2], content)
    except VcperfError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _measured(measure: Measure, spec: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The record: of the first attempt that others left alone, else of the one that they
    disturbed least. The record keeps the attempts that it is not of, as `disturbed`."""
    limit = context.get("disturbed_percent", 100.0)
    patience_s = context.get("quiet", {}).get("wait_s", 0.0)
    attempts: list[tuple[float, dict[str, Any]]] = []
    with open_testbed(spec, context) as testbed:
        testbed.pin()
        host = testbed.facts()
        for again in range(context.get("remeasure", 0), -1, -1):
            waited_s = quiet.wait(testbed, limit, patience_s, known=bool(attempts))
            patience_s -= waited_s
            content: dict[str, Any] = {"waited_s": round(waited_s, 3), "commands": []}
            measure(testbed, spec, content)
            others = sum(observation.disturbance(content["before"], content["after"]))
            attempts.append((others, content))
            if others <= limit:
                break
            print(
                f"disturbed: others took {others:.0f} % of a CPU"
                + ("; measuring again" if again else ""),
                file=sys.stderr,
                flush=True,
            )
    attempts.sort(key=lambda attempt: attempt[0])
    best, *rest = [content for _, content in attempts]
    return {
        "spec": spec,
        "vcperf": __version__,
        "host": host,
        "settings": settings_of(spec, context.get("settings", {}).get(spec["testbed"], {})),
        "code": context.get("code"),
        **best,
        "disturbed": rest,
    }


def settings_of(spec: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
    """What the places that a block uses are set to.

    Args:
        spec: the block's.
        known: place -> digest, of the campaign on this testbed; a place is NODE or NODE/DOMAIN.
    """
    nodes = spec["nodes"]
    used = {*nodes, *(f"{name}/{d}" for name, node in nodes.items() for d in node["domains"])}
    return {place: digest for place, digest in known.items() if place in used}


@contextlib.contextmanager
def observed(testbed: Testbed, content: dict[str, Any]) -> Iterator[None]:
    """Look at the testbed before and after what is measured, and hold the pinning
    against the spec both times.

    Args:
        testbed: the testbed, up and pinned.
        content: the record; gets `before` and `after`, see `vcperf.records.observation`.

    Raises VcperfError naming the domain that is elsewhere.
    """
    content["before"] = testbed.observe()
    check_pinning(testbed, content["before"]["pinning"], "before")
    yield
    content["after"] = testbed.observe()
    check_pinning(testbed, content["after"]["pinning"], "after")


def check_pinning(testbed: Testbed, found: Any, when: str) -> None:
    """Hold what an observation says of the pinning against the spec.

    Raises VcperfError naming the domain that is elsewhere.
    """
    for domain, wanted in testbed.wanted_pinning().items():
        if found[domain] != wanted:
            raise VcperfError(
                f"domain {domain}: pinned to CPUs {wanted}, but {when} the measurement "
                f"it was on {found[domain]}; did something else move it?"
            )
