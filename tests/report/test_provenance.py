"""Provenance repeats what the records say."""

import copy
import importlib.metadata
import json

import pandas as pd
import pytest
from helpers.checkout import ROOT
from jsonschema import Draft202012Validator, ValidationError

from vcperf import __version__
from vcperf.config import files
from vcperf.report import provenance
from vcperf.tables.plan import COLUMNS
from vcperf.testbeds import processes

SCHEMA = files.read_yaml(ROOT / "config/schemas/provenance.schema.yaml")


def check(content):
    Draft202012Validator(SCHEMA).validate(content)


@pytest.fixture(scope="module")
def told(finished):
    return json.loads((finished.folder / "results/provenance.json").read_text())


def test_provenance_is_as_its_schema_says(told):
    Draft202012Validator.check_schema(SCHEMA)
    check(told)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p.pop("hosts"),
        lambda p: p.update(host="x"),
        lambda p: p["blocks"]["netperf"].update(missing=-1),
        lambda p: p.update(first_measured="yesterday"),
        lambda p: p["made_with"].update(code={"commit": "abc", "dirty": False}),
    ],
)
def test_the_schema_refuses_what_it_should(told, spoil):
    spoilt = copy.deepcopy(told)
    spoil(spoilt)
    with pytest.raises(ValidationError):
        check(spoilt)


def test_provenance_repeats_what_the_records_say(finished, told):
    records = finished.read_records()
    (host,) = told["hosts"]
    assert host.pop("records") == len(records) == 12
    assert all(record["host"] == host for record in records)
    assert host["tools"]["netperf"]["version"][0].isdigit()
    commands = [command for record in records for command in record["commands"]]
    for name, seconds in (
        ("first_measured", min(c["start"] for c in commands)),
        ("last_measured", max(c["end"] for c in commands)),
    ):
        assert pd.Timestamp(told[name]).timestamp() == pytest.approx(seconds, abs=0.001)
    assert told["blocks"]["netperf"]["planned"] == 12
    assert told["blocks"]["netperf"]["missing"] == 0
    assert sum(told["blocks"]["netperf"]["status"].values()) == 12
    assert told["seed"] == 2009 and told["config"]["blocks"] == 2
    assert told["config"]["target_percent"] == 2.5, "of the file below"
    assert told["made_with"]["packages"]["pandas"] == importlib.metadata.version("pandas")
    assert told["versions"] == {__version__: 12} and told["made_with"]["vcperf"] == __version__
    assert told["code"] == [{"records": 12}], "this copy of the project is no checkout"


def made_up(**facts):
    command = {"start": 1e9, "end": 1e9 + 1}
    return {"host": {"host": "elsewhere", "kernel": "2.6.18", **facts}, "commands": [command]}


def plan_of(*records):
    """A block of one cell a record."""
    rows = [
        {"testbed": "xen", "kind": "netperf", "path": "a->b", "block": number, "record": record}
        for number, record in enumerate(records, start=1)
    ]
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def test_hosts_are_those_that_measured_not_this_one():
    """Records of another host, drawn here."""
    commit = {"commit": "0" * 40, "dirty": True}
    records = {
        "a": {**made_up(cpu_model="Opteron"), "code": commit},
        "b": {**made_up(cpu_model="Opteron"), "code": commit},
        "c": made_up(cpu_model="Xeon"),
    }
    # As the ping-pong's, a row a block and size; sizes are no label of the plan's.
    table = pd.DataFrame(
        {
            "testbed": "xen",
            "path": "a->b",
            "block": [1, 2, 3, 1, 2, 3],
            "message_bytes": [1, 1, 1, 2, 2, 2],
            "status": ["ok", "ok", "disturbed"] * 2,
        }
    )
    told = provenance.provenance(
        {"seed": 1}, plan_of("a", "b", "c", "d"), records, {"netperf": table}
    )
    assert [(h["host"], h["cpu_model"], h["records"]) for h in told["hosts"]] == [
        ("elsewhere", "Opteron", 2),
        ("elsewhere", "Xeon", 1),
    ]
    assert told["code"] == [{**commit, "records": 2}, {"records": 1}]
    assert told["first_measured"] == "2001-09-09T01:46:40.000+00:00"
    assert told["blocks"] == {
        "netperf": {"planned": 4, "missing": 1, "status": {"ok": 2, "disturbed": 1}}
    }
    here = processes.host_facts()
    said = json.dumps({**told, "made_with": None})
    assert here["host"] not in said and here["kernel"] not in said


def test_where_nothing_was_measured_there_are_no_moments():
    told = provenance.provenance({"seed": 1}, plan_of("a"), {}, {})
    assert told["first_measured"] is told["last_measured"] is None and told["hosts"] == []


def test_another_configuration_writes_provenance_again_and_measures_nothing(finished):
    edited = finished.overlay("edited.yaml", {"remeasure": 1})
    done = finished.snakemake("-n", "results/figures/", configfile=edited)
    assert done.returncode == 0
    assert "Writing results/provenance.json" in done.stdout
    assert "rule measure" not in done.stdout and "Parsing" not in done.stdout
