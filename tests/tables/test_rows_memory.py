"""What a table's records take of memory does not grow with their number."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import damage
from helpers.checkout import ROOT

CODE = """
import re, sys
sys.path[:0] = [{scripts!r}]
import make_table
modules = ({scripts!r} + "/vcperf/tables/netperf.py",)
make_table.main("netperf", "netperf", "plan.csv", [], 1e6, "netperf.csv", modules, 2, False)
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


def peak_mb(folder: Path, blocks: int) -> float:
    """The memory of a process that makes a table of as many blocks, MB."""
    content = damage.sound("netperf")
    planned = damage.planned(content, folder)
    file = Path(planned["record"])
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content))
    with (folder / "plan.csv").open("w", newline="") as handle:
        table = csv.DictWriter(handle, [*planned, "kind", "pinning"])
        table.writeheader()
        for number in range(blocks):
            table.writerow({**planned, "kind": "netperf", "pinning": f"p{number:06}"})
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(scripts=str(ROOT / "scripts"))],
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    with (folder / "netperf.csv").open(newline="") as handle:
        pinnings = [row["pinning"] for row in csv.DictReader(handle)]
    assert pinnings == [f"p{number:06}" for number in range(blocks)]
    return int(done.stdout) / 1024


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_blocks(tmp_path):
    few, many = (peak_mb(tmp_path, blocks) for blocks in (8_000, 20_000))
    assert few < 300
    assert many < few + 40
