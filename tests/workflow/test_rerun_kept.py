"""What is planned over the records of a whole campaign: nothing after an edit of names or of code,
and all of MPI with other flags of the compiler. The records have their specs alone."""

import re

import pytest
import yaml
from helpers.checkout import planned_jobs
from helpers.renaming import renamed, write_records

from vcperf.config import files

CONFIG = "config/config.yaml"
NAMES = {
    **{"mpich": "wheel", "A": "small", "B": "large", "config2": "beside", "vc0": "first"},
    **{"node0": "z", "node1": "y", "vc00": "x", "vc10": "w", "c000": "v", "c011": "c010"},
    "c010": "c011",
}
SOURCES = ("mpi/pingpong.c", "mpi/ep.c", "bandwidth/pathload.py")


@pytest.fixture
def kept(checkout, prepare, monkeypatch):
    """A checkout that has a record of every block of the default campaign."""
    monkeypatch.chdir(checkout.folder)
    plan = prepare(files.merged([CONFIG]), [CONFIG]).plan
    write_records(plan, checkout.folder)
    checkout.plan = plan
    return checkout


def planned(checkout, change=None):
    (checkout.folder / "change.yaml").write_text(yaml.safe_dump(change or {}))
    return planned_jobs(checkout, "change.yaml")


def test_other_names_and_comments_measure_nothing(kept):
    for name in ("config", "claims", "figures"):
        file = kept.folder / f"config/{name}.yaml"
        file.write_text(yaml.safe_dump(renamed(files.read_yaml(file), NAMES), sort_keys=False))
    for source in SOURCES:
        file = kept.folder / "scripts/workloads" / source
        comment = "/* one */\n" if source.endswith(".c") else "# one\n"
        file.write_text(comment + file.read_text())
    records, _, output = planned(kept)
    assert records == set() and "Compiling" not in output
    assert "Parsing the records of pingpong" in output


def test_other_flags_of_the_compiler_measure_what_is_compiled_with_them(kept):
    change = {"stacks": {"mpich": {"cflags": "-O2 -march=native"}}}
    records, _, output = planned(kept, change)
    compiled = {b.record for b in kept.plan.blocks if b.cell.labels.get("stack") == "mpich"}
    where = {re.sub(r"_[0-9a-f]{12}/", "/", record) for record in compiled}
    assert {re.sub(r"_[0-9a-f]{12}/", "/", record) for record in records} == where
    assert not records & compiled
    assert sorted(re.findall(r"Compiling (\w+) with mpich-[\d.]+-\w{8}$", output, re.M)) == [
        "ep",
        "pingpong",
    ]
