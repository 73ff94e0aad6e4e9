"""A list of blocks, measured on this machine as on a node of a batch system."""

import json
import os
import subprocess
import sys

import pytest
from helpers.checkout import TINY
from helpers.plans import prepared

from vcperf.preparation import job_lists


@pytest.fixture
def blocks(checkout, monkeypatch):
    """The first two blocks of the tiny campaign, as a list in the checkout."""
    monkeypatch.chdir(checkout.folder)
    wanted = prepared(TINY).plan.blocks[:2]
    lists = job_lists.lists(wanted, 20, ["here"], os.environ["VCPERF_CONTEXT"])
    (content,) = lists.values()
    return {"prefix": "", **content}


def measure(checkout, content) -> subprocess.CompletedProcess:
    (checkout.folder / "list.json").write_text(json.dumps(content))
    return subprocess.run(
        [sys.executable, "-m", "vcperf", "measure-blocks", "list.json"],
        cwd=checkout.folder,
        env={**os.environ, "PYTHONPATH": "scripts"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.xdist_group("measuring")
def test_a_block_that_fails_is_named_and_keeps_no_other_from_being_measured(checkout, blocks):
    first, second = blocks["blocks"]
    spec = json.loads(first["spec"])
    first["spec"] = json.dumps({**spec, "receiver": "nobody"})
    done = measure(checkout, blocks)
    assert done.returncode == 1 and "1 of 2 blocks failed" in done.stderr, done.stderr
    assert f"{first['cell']}/{first['number']}" in done.stderr and "nobody" in done.stderr
    assert list(checkout.records()) == [second["record"]]


def test_blocks_with_a_record_are_not_measured_again(checkout, blocks):
    for block in blocks["blocks"]:
        path = checkout.folder / block["record"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    done = measure(checkout, blocks)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.read_text() for path in checkout.records().values()} == {"{}"}


def test_a_file_that_is_no_list_is_refused_in_one_line(checkout):
    done = measure(checkout, [])
    assert done.returncode == 1 and done.stderr.startswith("list.json: no list of blocks")
    assert done.stderr.count("\n") == 1
