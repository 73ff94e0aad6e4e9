"""Measures a list of blocks on a node, one after the other; `vcperf jobs` writes the list.

python -m vcperf measure-blocks LIST.json
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vcperf.basics import results
from vcperf.basics.checkout import ROOT
from vcperf.basics.context import of_testbed
from vcperf.basics.text import last_line
from vcperf.errors import VcperfError
from vcperf.preparation import host_settings
from vcperf.running import host_lock
from vcperf.testbeds import class_of, find

TRIES = 2


def main(argv: list[str]) -> int:
    """Measure each block of the list that has no record. Returns 1 when one has none at the end.

    Raises VcperfError.
    """
    parser = argparse.ArgumentParser(
        prog="vcperf measure-blocks", description=__doc__.splitlines()[0]
    )
    parser.add_argument("list", metavar="LIST.json")
    path = parser.parse_args(argv).list
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        blocks = content["blocks"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VcperfError(f"{path}: no list of blocks: {error}") from None
    # As Python does for SIGINT: what must be put back is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    os.environ["VCPERF_CONTEXT"] = content["context"]
    os.environ[results.PREFIX] = content["prefix"]
    missing = [block for block in blocks if not _measured(block)]
    _take(missing)
    failed = sum(not _measure(block) for block in missing)
    if failed:
        print(f"{failed} of {len(blocks)} blocks failed, see their logs", file=sys.stderr)
    return int(bool(failed))


def _take(blocks: list[dict[str, Any]]) -> None:
    """Lock the hosts for as long as this process lives, and note what they are set to."""
    specs = [json.loads(block["spec"]) for block in blocks]
    whole = json.loads(os.environ["VCPERF_CONTEXT"])
    contexts = {spec["testbed"]: of_testbed(whole, spec["testbed"]) for spec in specs}
    if any(class_of(spec).locks_this_machine(contexts[spec["testbed"]]) for spec in specs):
        host_lock.hold_host()
    silent: set[str] = set()
    for testbed, context in contexts.items():
        by_ssh = [spec for spec in specs if spec["testbed"] == testbed and "ends" in spec]
        if by_ssh:
            silent |= set(find(testbed, by_ssh=True).hold(by_ssh, context))
    host_settings.note(specs, silent)


def _measured(block: dict[str, Any]) -> bool:
    return os.path.exists(results.on_disk(block["record"]))


def _measure(block: dict[str, Any]) -> bool:
    """Measure one block, a second time when that fails. A job that an earlier call submitted may
    have measured it meanwhile."""
    for _ in range(TRIES):
        if _measured(block) or start(block).wait() == 0:
            return True
    print(fault(block), file=sys.stderr)
    return False


def start(block: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    """Start the measurement of a block; what it says goes to its log."""
    log = _log(block)
    log.parent.mkdir(parents=True, exist_ok=True)
    record = results.on_disk(block["record"])
    os.makedirs(os.path.dirname(record), exist_ok=True)
    argv = [f"{ROOT}/scripts/isolate", block["testbed"], "python3", "-S", "-m"]
    argv += [f"vcperf.measure.{block['kind']}", block["spec"], record, os.environ["VCPERF_CONTEXT"]]
    with log.open("w", encoding="utf-8") as errors:
        return subprocess.Popen(argv, stderr=errors)


def fault(block: Mapping[str, Any]) -> str:
    """Why a block failed, in one line."""
    return f"{_place(block)}: {last_line(_log(block).read_text(errors='replace'), 'failed')}"


def _place(block: Mapping[str, Any]) -> str:
    return f"{block['kind']}/{block['testbed']}/{block['cell']}/{block['number']}"


def _log(block: Mapping[str, Any]) -> Path:
    return Path(results.on_disk(f"results/logs/{_place(block)}.log"))
