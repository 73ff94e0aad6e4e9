"""Records are whole or refused."""

import os
import subprocess

import pytest
from helpers import damage
from helpers.checkout import ROOT
from helpers.small_disk import can_mount, in_small_tmpfs

from vcperf.errors import VcperfError
from vcperf.records import record


def test_a_disk_that_fills_leaves_no_half_record(tmp_path):
    if not can_mount(tmp_path):
        pytest.skip("no mounts for this user")
    code = (
        "import os, sys\n"
        "from vcperf.records import record\n"
        "from vcperf.errors import VcperfError\n"
        "try:\n"
        "    record.write(sys.argv[1], {'x': 'y' * 100_000})\n"
        "except VcperfError as error:\n"
        "    print(error, os.listdir(os.path.dirname(sys.argv[1])))\n"
    )
    python = str(ROOT / ".venv/bin/python")
    done = subprocess.run(
        in_small_tmpfs(tmp_path, "16k", [python, "-c", code, str(tmp_path / "1.json")]),
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "No space left on device" in done.stdout and done.stdout.strip().endswith("[]")


def test_half_a_record_is_refused(tmp_path):
    file = tmp_path / "1.json"
    content = damage.sound("netperf")
    record.write(str(file), content)
    assert record.read(str(file)) == content
    whole = file.read_text()
    for cut in range(0, len(whole) - 2, 11):
        file.write_text(whole[:cut])
        with pytest.raises(VcperfError, match="delete it and run again"):
            record.read(str(file))


def test_a_record_that_could_not_be_read_again_is_not_written(tmp_path):
    file = tmp_path / "1.json"
    with pytest.raises(VcperfError, match=r"a record of 13\.0 MB, above the limit of 11 MB"):
        record.write(str(file), {"output": "x" * 13_000_000})
    assert list(tmp_path.iterdir()) == []
