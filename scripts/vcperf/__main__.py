"""python -m vcperf COMMAND: everything that is done to a campaign beside running it."""

from __future__ import annotations

import importlib
import sys

from vcperf.errors import VcperfError, quote, suggest

# command -> its module in vcperf.commands, and what it does, in one line.
COMMANDS = {
    "plan": ("plan", "print cells, blocks done and missing, and the time still needed"),
    "doctor": ("doctor", "try everything that a campaign will need, and say how to mend it"),
    "converge": ("converge", "add blocks to the cells whose verdict is open"),
    "points": ("points", "pick points A and B for the profiles from the curves measured"),
    "slurm": ("slurm", "submit the campaign as one job of Slurm, and follow it"),
    "slurm-job": ("slurm_job", "run the campaign in an allocation of Slurm; `slurm` submits it"),
    "jobs": ("jobs", "measure by jobs of a batch system, several blocks each"),
    "measure-blocks": ("measure_blocks", "measure a list of blocks on a node; `jobs` submits it"),
    "measure-round": ("measure_round", "measure a round of a mesh; the workflow starts it"),
    "report": ("report", "write one page with findings, figures, tables and provenance"),
    "compare": ("compare", "compare two finished results folders"),
    "gate": ("gate", "say whether one campaign is worse than another, for a CI job"),
    "crate": ("crate", "pack a finished campaign as an RO-Crate, for an archive"),
    "restore-pins": ("restore_pins", "put back pins that a killed campaign left on Xen hosts"),
    "check": ("check", "read configuration files, and say what is wrong with the first bad one"),
    "reference": ("reference", "write docs/reference/ again, from the code's own vocabulary"),
    "benchmark": ("benchmark_overhead", "the workflow's overhead per block, beside a shell loop"),
    "benchmark-confidence": ("benchmark_confidence", "our stopping rule beside netperf's own"),
    "benchmark-profiles": ("benchmark_profiles", "reading samples beside perf report"),
}


def main(argv: list[str]) -> int:
    """Run one command.

    Args:
        argv: the command's name and its own arguments.

    Returns its exit status; 2 for a command that does not exist.
    """
    if not argv or argv[0] in ("-h", "--help", "help"):
        print("usage: python -m vcperf COMMAND [ARGUMENT...]\n")
        for name, (_, summary) in COMMANDS.items():
            print(f"  {name:<22}{summary}")
        return 0
    name, *rest = argv
    if name not in COMMANDS:
        print(f"vcperf: unknown command {quote(name)}{suggest(name, COMMANDS)}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"vcperf.commands.{COMMANDS[name][0]}")
    try:
        return int(module.main(rest))
    except VcperfError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
