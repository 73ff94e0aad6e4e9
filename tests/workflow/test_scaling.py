"""Campaigns of many blocks: what is made of records is the same, whatever was kept before."""

import shutil
from pathlib import Path

import pytest
from helpers import made_up

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("measuring")]
PARTIAL = ("--config", "partial=True")


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "results/tables").glob("*.csv")}


def make(checkout, *options: str) -> dict[str, bytes]:
    done = checkout.snakemake("figures", *options, configfile=made_up.CONFIG)
    assert done.returncode == 0, done.stderr
    return tables(checkout.folder)


def test_a_block_more_gives_what_all_give_from_nothing(tmp_path):
    checkout = made_up.campaign(tmp_path, 100)
    record = next(checkout.folder.glob("results/raw/*/*/*/*.json"))
    aside = record.rename(tmp_path / "aside.json")
    without = make(checkout, *PARTIAL)
    aside.rename(record)
    more = make(checkout, *PARTIAL)
    assert more["netperf.csv"] != without["netperf.csv"]
    assert more["netperf.csv"].count(b"\n") == 103
    for name in ("kept", "tables", "figures", "plots"):
        shutil.rmtree(tmp_path / "results" / name)
    assert make(checkout, *PARTIAL) == more
