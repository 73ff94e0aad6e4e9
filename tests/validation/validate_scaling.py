"""Measures what campaigns of 100, 1,000 and 10,000 blocks cost, and draws docs/images/scaling.png.

PYTHONPATH=scripts:tests python tests/validation/validate_scaling.py [BLOCKS ...] [--keep FILE]

Records are made up (tests/helpers/made_up.py), one block is really measured. For each size prints
wall time, CPU time and the memory of the largest process of: `make plan`; planning, beside a bare
Snakefile with as many jobs; all tables, figures and the report from nothing; one block more, its
measurement included. A busy machine makes all wall times longer: look at the ratios, and at CPU
time. --keep writes the numbers as CSV.
"""

import argparse
import csv
import ctypes
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import matplotlib.pyplot as plt
from helpers import made_up
from helpers.checkout import ROOT

PICTURE = ROOT / "docs/images/scaling.png"
BARE = """
rule all:
    input: expand("out/{{number}}", number=range({jobs}))
rule one:
    output: "out/{{number}}"
    threads: workflow.cores
    shell: "touch {{output}}"
"""
PLAN, BARE_PLAN = "planning (snakemake -n)", "a bare Snakefile, as many jobs"
MAKE_PLAN, ALL, MORE = "make plan", "all from nothing", "one block more"
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, in the kernel's include/uapi/linux/prctl.h


@dataclass
class Cost:
    """What a command took.

    Args:
        blocks: of the campaign.
        what: was done.
        wall_s, cpu_s: of it and all that it started.
        peak_mb: the memory of the largest of these processes.
    """

    blocks: int
    what: str
    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("blocks", nargs="*", type=int, default=[100, 1000, 10_000])
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    # What a command leaves behind becomes ours, so that its CPU time is counted.
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    costs = []
    for blocks in options.blocks:
        for cost in costs_of(blocks):
            print(
                f"{cost.blocks:6} blocks  {cost.what:<32} wall {cost.wall_s:7.2f} s"
                f"  CPU {cost.cpu_s:7.2f} s  peak {cost.peak_mb:5.0f} MB",
                flush=True,
            )
            costs.append(cost)
    if options.keep:
        with options.keep.open("w", newline="") as handle:
            rows = csv.writer(handle, lineterminator="\n")
            rows.writerow(field.name for field in fields(Cost))
            rows.writerows(astuple(cost) for cost in costs)
    if len(options.blocks) > 1:
        draw(costs)


def costs_of(blocks: int) -> Iterator[Cost]:
    with tempfile.TemporaryDirectory() as folder:
        checkout = made_up.campaign(Path(folder), blocks)
        records = [path for path, _ in made_up.planned(checkout)]
        env = {**os.environ, "PYTHONPATH": f"{folder}/scripts"}
        snakemake = [sys.executable, "-m", "snakemake", "--quiet", "all", "--cores", "2"]
        campaign = [*snakemake, "figures", "report", "--configfile", made_up.CONFIG]

        def cost(what: str, argv: list[str], cwd: str = folder) -> Cost:
            return Cost(len(records), what, *taken(argv, cwd, env))

        yield cost(MAKE_PLAN, [sys.executable, "-m", "vcperf", "plan", made_up.CONFIG])
        with set_aside(Path(folder, "results/raw")):
            yield cost(PLAN, [*campaign, "--dry-run"])
        with tempfile.TemporaryDirectory() as bare:
            Path(bare, "Snakefile").write_text(BARE.format(jobs=len(records)))
            yield cost(BARE_PLAN, [*snakemake, "--dry-run"], bare)
        yield cost(ALL, campaign)
        Path(folder, records[-1]).unlink()
        yield cost(MORE, campaign)


@contextmanager
def set_aside(folder: Path) -> Iterator[None]:
    aside = folder.rename(folder.with_name("aside"))
    yield
    aside.rename(folder)


def taken(argv: list[str], cwd: str, env: dict[str, str]) -> tuple[float, float, float]:
    """Wall time and CPU time of a command, seconds, and the memory of its largest process, MB."""
    peaks: dict[int, int] = {}
    before, started = os.times(), time.monotonic()
    process = subprocess.Popen(argv, cwd=cwd, env=env, stdout=subprocess.DEVNULL)
    ended = threading.Event()
    watch = threading.Thread(target=watch_memory, args=(peaks, ended))
    watch.start()
    status = process.wait()
    wall_s = time.monotonic() - started
    while True:  # what it left behind
        try:
            os.wait()
        except ChildProcessError:
            break
    ended.set()
    watch.join()
    after = os.times()
    if status:
        sys.exit(f"{' '.join(argv)}: status {status}")
    cpu_s = after.children_user + after.children_system
    cpu_s -= before.children_user + before.children_system
    return wall_s, cpu_s, max(peaks.values(), default=0) / 1024


def watch_memory(peaks: dict[int, int], ended: threading.Event) -> None:
    """Note the VmHWM of all our descendants, in kB, again and again. (The ru_maxrss of a process
    begins with that of the one which started it.)"""
    while not ended.wait(0.1):
        parents = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            fields_of = read(f"/proc/{name}/stat").rpartition(")")[2].split()
            if fields_of:
                parents[int(name)] = int(fields_of[1])
        for pid in parents:
            above = pid
            while above in parents and above != os.getpid():
                above = parents[above]
            if above == os.getpid() != pid:
                status = read(f"/proc/{pid}/status").partition("VmHWM:")[2].split()
                peaks[pid] = max(peaks.get(pid, 0), int(status[0]) if status else 0)


def read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def draw(costs: list[Cost]) -> None:
    """Wall and CPU time over the number of blocks, each as a line; a slope of 1 is linear."""
    figure, (wall, cpu) = plt.subplots(1, 2, figsize=(9, 4), sharex=True, sharey=True)
    for what in dict.fromkeys(cost.what for cost in costs):
        own = [cost for cost in costs if cost.what == what]
        sizes = [cost.blocks for cost in own]
        style = "--" if what == BARE_PLAN else "-"
        wall.plot(sizes, [cost.wall_s for cost in own], style, marker="o", label=what)
        cpu.plot(sizes, [cost.cpu_s for cost in own], style, marker="o", label=what)
    for axes, title in ((wall, "wall time (s)"), (cpu, "CPU time (s)")):
        axes.set(xscale="log", yscale="log", title=title, xlabel="blocks of the campaign")
        axes.grid(visible=True, alpha=0.3)
    wall.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=110)


if __name__ == "__main__":
    main()
