"""Campaigns of netperf of any size whose records were never measured: a real one, with the spec of
each block and another throughput. A stand-in for hours of measuring, for tables and all behind."""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import yaml

from helpers.checkout import ROOT, Checkout

CONFIG = "made-up.yaml"
REAL = ROOT / "tests/data/records/netperf.json"
PATHS = 17  # of the default campaign: 11, and 6 of the baseline
SIZES = {100: (2, 3), 1000: (6, 10), 10_000: (20, 30)}
"""Blocks -> message sizes, and blocks per cell: 102, 1,020 and 10,200 in all."""
NOISE = 0.02
SPACE_S = 1.2  # between the starts of two blocks
PLANNED = """
import json, sys
from vcperf.config import campaign_file
from vcperf.preparation import campaign
sources = campaign_file.sources_of(sys.argv[1])
ready = campaign.prepare(campaign_file.merged(sources), sources)
for block in sorted(ready.plan.by_record.values(), key=lambda block: block.order):
    print(json.dumps([block.record, json.loads(block.spec_json)]))
"""


def campaign(folder: Path, blocks: int) -> Checkout:
    """A checkout with all records of a campaign.

    Args:
        folder: empty.
        blocks: about how many; of SIZES.
    """
    checkout = Checkout(folder)
    count, repeated = SIZES[blocks]
    sizes = [round(64 * 1024 ** (n / max(1, count - 1))) for n in range(count)]
    config = {
        "blocks": repeated,
        "netperf": {"message_bytes": sizes},
        "baseline": {"message_bytes": sizes},
        "pingpong": None,
        "bandwidth": None,
        "profile": None,
    }
    (folder / CONFIG).write_text(yaml.safe_dump(config))
    chance = random.Random(blocks)
    real = REAL.read_text()
    for number, (path, spec) in enumerate(planned(checkout)):
        record = folder / path
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(changed(json.loads(real), spec, number, chance), indent=1))
    return checkout


def planned(checkout: Checkout) -> list[tuple[str, dict]]:
    """The record of each block and its spec, in the order of measuring."""
    done = subprocess.run(
        [sys.executable, "-c", PLANNED, CONFIG],
        cwd=checkout.folder,
        env={"PYTHONPATH": str(checkout.folder / "scripts"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [tuple(json.loads(line)) for line in done.stdout.splitlines() if line.startswith("[")]


def changed(content: dict, spec: dict, number: int, chance: random.Random) -> dict:
    """A record with another spec, throughput and time."""
    size = spec["message_bytes"]
    factor = chance.gauss(1, NOISE) * size / (size + 4096)
    for command in content["commands"]:
        command["start"] += number * SPACE_S
        command["end"] += number * SPACE_S
        text = re.sub(r"(?<=LOCAL_SEND_SIZE=)\d+", str(size), command["output"])
        command["output"] = re.sub(
            r"(?<=\nTHROUGHPUT=)[\d.]+", lambda found: f"{float(found[0]) * factor:.2f}", text
        )
    return {**content, "spec": spec}
