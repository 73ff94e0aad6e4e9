"""Measures what is missing of a round of a mesh, pairs side by side; the workflow starts it.

python -m vcperf measure-round MESH.json ROUND [--at-once N]
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from vcperf.basics.context import of_testbed
from vcperf.commands import measure_blocks
from vcperf.errors import VcperfError
from vcperf.planning.cell import Block
from vcperf.planning.large_mesh import LargeMesh
from vcperf.planning.side_by_side import held
from vcperf.preparation import job_lists

TRIES = 2


def main(argv: list[str]) -> int:
    """Measure each block of a round that has no record. Returns 1 when one has none at the end.

    Raises VcperfError for a file that is no mesh, and for a round that it has not.
    """
    parser = argparse.ArgumentParser(
        prog="vcperf measure-round", description=__doc__.splitlines()[0]
    )
    parser.add_argument("mesh", metavar="MESH.json")
    parser.add_argument("round", type=int, metavar="ROUND")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="at most (1)")
    options = parser.parse_args(argv)
    try:
        mesh = LargeMesh(**json.loads(Path(options.mesh).read_text(encoding="utf-8")))
        missing = mesh.missing(options.round)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise VcperfError(
            f"{options.mesh}: no mesh with a round {options.round} ({error}); delete it and run"
            " again"
        ) from None
    failed = _measure(missing, max(1, options.at_once))
    for block in failed:
        print(measure_blocks.fault(job_lists.described(block)), file=sys.stderr)
    if failed:
        print(
            f"{len(failed)} of the {len(missing)} blocks that round {options.round} lacked failed",
            file=sys.stderr,
        )
    return int(bool(failed))


def _measure(blocks: Sequence[Block], width: int) -> list[Block]:
    """Measure blocks, a second time when that fails; never two at once that share a node or link.

    Args:
        blocks: in the order in which they are wanted.
        width: how many at once, at most.

    Returns those that failed.
    """
    context = json.loads(os.environ["VCPERF_CONTEXT"])
    holds = []
    for block in blocks:
        spec = block.cell.spec
        holds.append(held(spec["nodes"], of_testbed(context, spec["testbed"]).get("links", {})))
    tries = dict.fromkeys(range(len(blocks)), TRIES)
    waiting = list(tries)
    running: dict[int, tuple[int, subprocess.Popen[bytes]]] = {}
    busy: set[str] = set()
    failed = []
    while waiting or running:
        for index in list(waiting):
            if len(running) >= width:
                break
            if busy.isdisjoint(holds[index]):
                busy |= holds[index]
                waiting.remove(index)
                process = measure_blocks.start(job_lists.described(blocks[index]))
                running[process.pid] = index, process
        pid, status = os.wait()
        index, process = running.pop(pid)
        process.returncode = os.waitstatus_to_exitcode(status)
        busy -= holds[index]
        tries[index] -= 1
        if not blocks[index].measured and tries[index]:
            waiting.insert(0, index)
        elif not blocks[index].measured:
            failed.append(blocks[index])
    return failed
