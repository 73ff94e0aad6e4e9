"""docs/extending.md is true: its example is added to a copy of the project, and measures."""

import re

import pandas as pd
import pytest
import yaml
from helpers.checkout import ROOT, TINY

from vcperf.config import files

PAGE = (ROOT / "docs/extending.md").read_text()
EXAMPLE = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.M | re.S)
MOST_FILES = 7  # of a kind, down to its table


@pytest.mark.xdist_group("measuring")
def test_the_kind_of_the_page_measures_down_to_its_table(checkout):
    *sources, (campaign, asked) = EXAMPLE
    assert len(sources) <= MOST_FILES
    for path, text in sources:
        file = checkout.folder / path
        if not file.exists():
            file.write_text(text)
        elif path.endswith("columns.py"):
            head = "COLUMNS: Mapping[str, Column] = {\n"
            file.write_text(file.read_text().replace(head, head + text))
        else:
            head = "\nproperties:\n"
            file.write_text(file.read_text().replace(head, head + text, 1))
    content = files.merge(
        files.read_yaml(checkout.folder / TINY), {**yaml.safe_load(asked), "netperf": None}
    )
    (checkout.folder / campaign).write_text(yaml.safe_dump(content))
    table = "results/tables/handshake.csv"
    done = checkout.snakemake(table, configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = pd.read_csv(checkout.folder / table)
    assert sorted(zip(rows["pinning"], rows["block"], strict=True)) == [
        (pinning, block) for pinning in ("config1", "config2") for block in (1, 2)
    ]
    assert rows["connect_us"].between(1, 1e6).all() and set(rows["status"]) <= {"ok", "disturbed"}
