"""Adds blocks to cells of netperf, or else iperf3, whose verdict is open, until all are settled.

python -m vcperf converge [--cores N] [CAMPAIGN.yaml]

Each round is a run of Snakemake, and results/blocks.json says how many blocks each cell
has come to: killed at any moment, the same command goes on where this one was.
"""

import argparse
import subprocess
import sys
import time

from vcperf import kinds
from vcperf.analysis.stand_in import all_streams
from vcperf.basics.results import on_disk
from vcperf.commands import rounds
from vcperf.config import campaign_file, files
from vcperf.errors import VcperfError
from vcperf.kinds import stand_in
from vcperf.planning import choices, matrix
from vcperf.preparation import campaign
from vcperf.preparation.outputs import table_path
from vcperf.tables.read import read_table

ROUND_S = 5.0  # what Snakemake's start and the table take a round


def main(argv: list[str]) -> int:
    """Measure round after round, then draw. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="vcperf converge", description=__doc__.splitlines()[0])
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN.yaml")
    parser.add_argument("--cores", default="1", metavar="N", help="for Snakemake (1)")
    options = parser.parse_args(argv)
    run_rounds(options)
    return 0


def run_rounds(options: argparse.Namespace) -> None:
    """Measure the campaign, add blocks until nothing is open or the time is up, draw."""
    ends = time.monotonic()
    sources = campaign_file.sources_of(options.campaign)
    merged = campaign_file.merged(sources)
    ready = campaign.prepare(merged, sources)
    if ready.config["partial"]:
        raise VcperfError(f"{files.where(('partial',), sources)}: true measures nothing; set false")
    kind = stand_in.compared(ready.plan.kinds)
    if kind not in ready.plan.kinds:
        raise VcperfError(
            f"{files.where(('netperf',), sources)}: no cells, and none of iperf3; converge adds"
            " blocks to these alone"
        )
    if ready.plan.mesh:
        raise VcperfError(
            f"{files.where(('netperf', 'paths'), sources)}: a mesh in rounds has as many blocks as"
            " `blocks` says; set mesh.rounds: false, or leave converge out"
        )
    measured = table_path(kinds.CARDS[kind].tables[0])
    stop = rounds.rule(ready.config, sources)
    budget = ready.config["converge"]["budget_minutes"]
    ends += 60 * budget
    block_s = {block.cell.name: matrix.seconds(block) for block in ready.plan.blocks}
    # What the campaign asks for, and what a round that was killed had asked for.
    snakemake(options, [table_path(kinds.CARDS[kind].tables[0]) for kind in ready.plan.kinds])
    number, pace = 0, 1.0
    while True:
        table = read_table(on_disk(measured))
        if kind == stand_in.REPLACING:
            table = all_streams(table)
        ready = campaign.prepare(merged, sources)
        needed = rounds.lacking(ready.plan.cells, table, stop, kind)
        left_s = ends - time.monotonic()
        added = rounds.next_round(needed, block_s, left_s / pace - ROUND_S)
        have = {cell.name: cell.blocks for cell in ready.plan.cells if cell.name in needed}
        counts = {
            name: count + added.get(name, 0)
            for name, count in have.items()
            if name in added or not needed[name]  # what nobody decided on stays open
        }
        if counts.items() - choices.read().items():
            choices.write({**choices.read(), **counts})
        number += 1
        cells_open = sum(map(bool, needed.values()))
        print(
            f"round {number}: {cells_open} of {len(needed)} cells open,"
            f" {sum(added.values())} blocks to add;"
            f" {max(0.0, left_s) / 60:.1f} min left of {budget:g}",
            flush=True,
        )
        if not added:
            break
        expected_s = ROUND_S + sum(n * block_s[name] for name, n in added.items())
        started = time.monotonic()
        snakemake(options, [measured])
        pace = max(1.0, (time.monotonic() - started) / expected_s)
    if cells_open:
        print("no time for a further round; run again to go on, with a new budget")
    snakemake(options, ["results/figures/", "results/report.html"])


def snakemake(options: argparse.Namespace, targets: list[str]) -> None:
    """Run the workflow up to some targets; it ends when this process does.

    Raises VcperfError when a job failed.
    """
    argv = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "snakemake"]
    argv += ["--cores", options.cores, "--quiet", "rules", "progress", "--"]
    argv += map(on_disk, targets)
    if options.campaign:
        at = argv.index("--")
        argv[at:at] = ["--configfile", options.campaign]
    status = subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode
    if status:
        raise VcperfError(f"Snakemake ended with status {status}, see above; run again to go on")
