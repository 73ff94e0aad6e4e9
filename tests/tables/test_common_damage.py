"""Damaged records end in a table, or in one line that names the record."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from helpers import damage
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.tables import common
from vcperf.tables.in_order import in_order
from vcperf.tables.read import typed

# What is said of a record, and the most memory that it took, in MB. (Not by getrusage: its figure
# begins with that of the process which started this one.)
READ = """
import re, sys
from vcperf.errors import VcperfError
from vcperf.records import record
try:
    record.read(sys.argv[1])
except VcperfError as error:
    print(error)
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) // 1024)
"""


def make_tables(name: str, planned: dict) -> int:
    """The rows of all tables of a record, as scripts/make_table.py makes them; their number."""
    content, count = common.read(planned), 0
    for table in damage.TABLES[name]:
        module = importlib.import_module(f"vcperf.tables.{table}")
        rows = module.rows(planned, content, 10.0)
        count += len(rows)
        if rows:
            columns = list(module.COLUMNS)
            (part,) = in_order(rows, module.ORDER, len(rows))
            typed(pd.DataFrame(part).reindex(columns=columns)).to_csv().encode()
    return count


def damage_all(name: str, folder: Path, choose: Random | None) -> None:
    content = damage.sound(name)
    planned = damage.planned(content, folder)
    file = Path(planned["record"])
    file.parent.mkdir()
    file.write_text(json.dumps(content))
    assert make_tables(name, planned) > 0
    refused = 0
    for what, changed in damage.damaged(content, choose):
        file.write_text(json.dumps(changed))
        try:
            make_tables(name, planned)
        except VcperfError as fault:
            refused += 1
            assert str(fault).startswith(f"{file}: "), what
        except Exception as fault:
            pytest.fail(f"{what}: {fault!r}")
    assert refused > 50


@pytest.mark.parametrize("name", damage.TABLES)
def test_a_field_damaged_at_random_is_told_with_its_record(tmp_path, name):
    damage_all(name, tmp_path, Random(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", damage.TABLES)
def test_any_damage_of_any_field_is_told_with_its_record(tmp_path, name):
    damage_all(name, tmp_path, None)


def edited(change) -> dict:
    content = damage.sound("profile_netperf")
    change(content)
    return content


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda r: r["before"].pop("hosts"), "before.hosts is missing"),
        (lambda r: r["host"].update(kernel=None), "host.kernel is not printable text"),
        (lambda r: r.update(after=r["before"]), "clock_s is not later than before"),
        (lambda r: r["commands"][0].update(end=0), "commands[0] ends before it starts"),
        (lambda r: r["commands"][-1].update(output=7), "output is not text"),
        (lambda r: r["before"]["domains"].pop("vc00"), "different domains"),
        (lambda r: r["profile"]["rows"][1].pop(), "rows[1] has 6 values, not 7"),
        (lambda r: r.update(settings={"node0": "../../x"}), "settings.node0 is not a digest"),
        (lambda r: r.update(waited_s=True), "waited_s is not a number"),
    ],
)
def test_what_is_wrong_with_a_record_is_said(tmp_path, change, fault):
    content = edited(change)
    planned = damage.planned(content, tmp_path)
    Path(planned["record"]).parent.mkdir()
    Path(planned["record"]).write_text(json.dumps(content))
    with pytest.raises(VcperfError) as found:
        common.read(planned)
    assert str(found.value).startswith(f"{planned['record']}: a damaged record: ")
    assert fault in str(found.value) and str(found.value).endswith("; delete it and run again")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (lambda: '{"format": 2, "commands": "' + "x" * 200_000_000 + '"}', "larger than 11 MB"),
        (lambda: "[" * 100_000 + "]" * 100_000, "nested too deeply"),
        (lambda: "[" + "[[]]," * 2_199_990 + "[]]", "not a record of format 2"),
        (lambda: '{"format": 2, "spec": NaN}', "'NaN' is no number"),
        (lambda: '{"format": 2, "spec": 1' + "0" * 5000 + "}", "Exceeds the limit"),
        (lambda: "\ud800", "codec can't"),
    ],
    ids=["output of 200 MB", "nested", "small lists", "NaN", "long number", "no text"],
)
def test_a_record_of_any_size_is_refused_in_little_memory(tmp_path, text, fault):
    file = tmp_path / "1.json"
    file.write_text(text(), errors="surrogatepass")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(file)],
        env={"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    said, memory_mb = done.stdout.splitlines()
    assert said.startswith(f"{file}: ") and fault in said
    assert int(memory_mb) < 450
