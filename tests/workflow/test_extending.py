"""docs/extending.md is true: its example is added to a copy of the project, and measures."""

import re

import pandas as pd
import pytest
import yaml
from helpers.checkout import ROOT, TINY

from vcperf.config import files

PAGE = (ROOT / "docs/extending.md").read_text()
KIND, SUMMARY = PAGE.split("### Summary, figure and claims")
SUMMARY = SUMMARY.partition("\n## A testbed")[0]
BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.M | re.S)
# What the page promises: files of a kind down to its table, and with summary, figure and claims.
MOST_FILES, MOST_FILES_IN_ALL = 7, 9
HEADS = {
    "scripts/vcperf/tables/columns.py": "COLUMNS: Mapping[str, Column] = {\n",
    "config/schemas/config.schema.yaml": "\nproperties:\n",
}


def add(checkout, sources):
    for path, text in sources:
        file = checkout.folder / path
        if head := HEADS.get(path):
            content = file.read_text()
            assert head in content
            file.write_text(content.replace(head, head + text, 1))
        else:
            file.write_text(text)


@pytest.mark.xdist_group("measuring")
def test_the_kind_of_the_page_measures_and_comes_with_table_figure_and_verdict(checkout):
    *sources, (campaign, asked) = BLOCK.findall(KIND)
    *others, (claims, claimed) = BLOCK.findall(SUMMARY)
    assert len(sources) <= MOST_FILES
    assert len({path for path, _ in [*sources, *others]}) <= MOST_FILES_IN_ALL

    add(checkout, sources)
    (checkout.folder / claims).write_text(claimed)
    own = {**yaml.safe_load(asked), "netperf": None, "claims": claims}
    content = files.merge(files.read_yaml(checkout.folder / TINY), own)
    (checkout.folder / campaign).write_text(
        yaml.safe_dump({k: v for k, v in content.items() if k != "claims"})
    )
    table = "results/tables/handshake.csv"
    done = checkout.snakemake(table, configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = pd.read_csv(checkout.folder / table)
    assert sorted(zip(rows["pinning"], rows["block"], strict=True)) == [
        (pinning, block) for pinning in ("config1", "config2") for block in (1, 2)
    ]
    assert rows["connect_us"].between(1, 1e6).all() and set(rows["status"]) <= {"ok", "disturbed"}

    add(checkout, others)
    (checkout.folder / campaign).write_text(yaml.safe_dump(content))
    records = checkout.read_records()
    done = checkout.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    assert checkout.read_records() == records, "summary, figure and claims measure nothing"
    assert (checkout.folder / "results/figures/handshake.svg").exists()
    verdicts = pd.read_csv(checkout.folder / "results/tables/claims.csv")
    assert list(verdicts["claim"]) == ["sharing"] and verdicts["verdict"].notna().all()
