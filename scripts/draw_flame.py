"""Snakemake script: the call stacks of a cell's profiles, folded and as a flame graph."""

import sys
from collections import Counter
from pathlib import Path

from vcperf import record
from vcperf.errors import VcperfError
from vcperf.figures import flame


def main(name: str, paths: list[str], svg: str, folded: str) -> None:
    """Add up the stacks of the blocks, write them and draw them."""
    records = [record.read(path) for path in paths]
    stacks: Counter[str] = Counter()
    left_out = 0
    for content in records:
        left_out += content["profile"]["folded_left_out"]
        for line in content["profile"]["folded"].splitlines():
            stack, _, samples = line.rpartition(" ")
            stacks[stack] += int(samples)
    lines = [f"{stack} {samples}" for stack, samples in sorted(stacks.items())]
    event, asked = (
        ", ".join(sorted({content["profile"][key] for content in records}))
        for key in ("event", "event_asked")
    )
    said = event if event == asked else f"{event} in place of {asked}"
    said += f"; {records[0]['host']['platform']} ({records[0]['spec']['testbed']})"
    said += f"; {len(records)} blocks"
    said += f"; {left_out} samples of rare stacks left out" if left_out else ""
    Path(folded).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    Path(svg).write_text(flame.draw(lines, name, said), encoding="utf-8")


if __name__ == "__main__":
    try:
        main(
            snakemake.wildcards.profile,
            snakemake.input.records,
            snakemake.output.svg,
            snakemake.output.folded,
        )
    except VcperfError as error:
        sys.exit(str(error))
