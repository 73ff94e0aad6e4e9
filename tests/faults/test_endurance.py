"""Thousands of blocks in a row, and a campaign that is killed again and again.

VCPERF_BLOCKS and VCPERF_KILLS say how many; netperf's shortest block takes more than a second.
"""

import csv
import os
import statistics
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from helpers.checkout import Checkout
from helpers.processes import descendants, gone, host_is_free, wait_until

pytestmark = [pytest.mark.endurance, pytest.mark.xdist_group("measuring")]

BLOCKS = int(os.environ.get("VCPERF_BLOCKS", "2000"))
KILLS = int(os.environ.get("VCPERF_KILLS", "20"))
PER_KILL = 4  # blocks: more than a run measures until it is killed
LATEST_S = 5.0  # after a start, which is while it plans, or after a block
WHILE_MEASURING = 0.7  # the share of kills after a block
PATIENCE_S = 3600  # others may hold the host
CELLS = 20
GROWTH_KB = 20 * 2**10  # of memory: Snakemake keeps a line on each job


def campaign(checkout: Checkout, blocks: int) -> str:
    """The configuration of so many blocks, as short as one can be."""
    cells = min(CELLS, blocks)
    sizes = [64 * (n + 1) for n in range(cells)]
    paths = {"config1": ["vc00->c010"], "config2": None}
    netperf = {"paths": paths, "message_bytes": sizes, "duration_s": 1, "warmup_s": 0}
    return checkout.overlay("long.yaml", {"blocks": blocks // cells, "netperf": netperf})


def mounted(*folders: Path) -> list[str]:
    """What is mounted below folders; others may mount elsewhere in so long a time."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return [line for line in mounts if any(str(folder) in line for folder in folders)]


class Sample(NamedTuple):
    """What a campaign uses while it measures a block.

    Attributes:
        memory_kb: of Snakemake's process, as are files and threads.
        files: open ones.
        namespaces: those in which its processes are.
        temporary: files in the temporary folder.
    """

    memory_kb: int
    files: int
    threads: int
    namespaces: int
    temporary: int


def sample_of(pid: int, temporary: Path) -> Sample:
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    namespaces = set()
    for below in descendants(pid):
        for kind in ("net", "mnt", "pid"):
            try:
                namespaces.add(os.readlink(f"/proc/{below}/ns/{kind}"))
            except OSError:  # it has ended meanwhile
                continue
    return Sample(
        int(status["VmRSS"].split()[0]),
        len(os.listdir(f"/proc/{pid}/fd")),
        int(status["Threads"]),
        len(namespaces),
        len(list(temporary.rglob("*"))),
    )


def test_what_a_campaign_uses_does_not_grow_with_its_blocks(
    checkout, in_new_session, tmp_path_factory
):
    temporary = tmp_path_factory.mktemp("temporary")
    file = campaign(checkout, BLOCKS)
    running = checkout.start(
        "results/tables/netperf.csv", configfile=file, env={"TMPDIR": str(temporary)}
    )
    in_new_session(running)
    log = checkout.folder / "campaign.log"
    raw, samples = checkout.folder / "results/raw", []
    while running.poll() is None:
        done = sum(1 for _ in raw.rglob("*.json")) if raw.exists() else 0
        if 0 < done < BLOCKS:
            try:
                samples.append((done, sample_of(running.pid, temporary)))
            except (OSError, KeyError):  # it has ended meanwhile
                break
        time.sleep(0.3)
    assert running.wait() == 0, log.read_text()[-3000:]
    assert len(checkout.records()) == BLOCKS
    assert not mounted(checkout.folder, temporary) and not list(temporary.iterdir())

    def part(first: float, last: float) -> list[Sample]:
        return [found for done, found in samples if first * BLOCKS <= done < last * BLOCKS]

    second, fourth = part(0.25, 0.5), part(0.75, 1)
    for name, allowed in {
        "memory_kb": GROWTH_KB,
        "files": 2,
        "threads": 2,
        "namespaces": 2,
        "temporary": 2,
    }.items():
        was, now = (
            statistics.median(getattr(s, name) for s in found) for found in (second, fourth)
        )
        print(f"{name}: {was:g} in the second quarter, {now:g} in the last")
        assert now <= was + allowed, name


def cells_of(checkout: Checkout) -> list[tuple[str, ...]]:
    """Of each row of the table, what was measured."""
    with (checkout.folder / "results/tables/netperf.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    keys = ("testbed", "pinning", "path", "test", "message_bytes", "block")
    return sorted(tuple(row[key] for key in keys) for row in rows)


def test_a_campaign_killed_again_and_again_ends_as_one_that_was_not(
    checkout, in_new_session, tmp_path_factory
):
    blocks = PER_KILL * KILLS
    undisturbed = Checkout(tmp_path_factory.mktemp("undisturbed"))
    file, choose = campaign(checkout, blocks), Random("endurance")
    temporary = tmp_path_factory.mktemp("temporary")
    kept: dict[str, bytes] = {}
    for _ in range(KILLS):
        running = checkout.start(
            "results/figures/", configfile=file, env={"TMPDIR": str(temporary)}
        )
        in_new_session(running)
        below = {}
        if choose.random() < WHILE_MEASURING:
            wait_until(lambda had=kept: len(checkout.records()) > len(had), "a block", PATIENCE_S)
        until = time.monotonic() + choose.uniform(0, LATEST_S)
        while time.monotonic() < until and running.poll() is None:
            below |= descendants(running.pid)
            time.sleep(0.05)
        below |= descendants(running.pid)
        running.kill()
        running.wait()
        wait_until(lambda pids=below: gone(pids), "an end of all that the campaign had started")
        wait_until(host_is_free, "the host's lock free", PATIENCE_S)
        found = {name: path.read_bytes() for name, path in checkout.records().items()}
        assert {name: found.get(name) for name in kept} == kept, "finished records stay"
        kept = found
        assert not mounted(checkout.folder, temporary) and not list(temporary.iterdir())
    assert kept
    print(f"{len(kept)} of {blocks} blocks after {KILLS} kills")
    for one in (checkout, undisturbed):
        done = one.snakemake("results/figures/", configfile=campaign(one, blocks))
        assert done.returncode == 0, done.stdout + done.stderr
    assert {name: checkout.records()[name].read_bytes() for name in kept} == kept
    assert set(checkout.records()) == set(undisturbed.records())
    assert cells_of(checkout) == cells_of(undisturbed)
    assert len(checkout.records()) == blocks
