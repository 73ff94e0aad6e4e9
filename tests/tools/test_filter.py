"""Every filter on the outputs that tests/data keeps for it: NAME.txt gives the rows of NAME.csv,
or is refused with the line of NAME.error. perf's are in test_tools_perf."""

import importlib
import io
import os
import subprocess
import sys

import pytest
from helpers.checkout import ROOT

from vcperf.tools import filter as tool_filter

# A tool -> where its outputs are, and which.
OUTPUTS = {
    "ep": ("ep", "*.txt"),
    "guest_definition": ("guest_definition", "*.txt"),
    "host_settings": ("host_settings", "*.txt"),
    "imb": ("imb", "*.txt"),
    "iperf3": ("iperf3", "*.txt"),
    "mpi4py_bench": ("mpi4py", "*.txt"),
    "netperf": ("netperf", "*.txt"),
    "oprofile": ("oprofile", "*.txt"),
    "osu": ("osu", "*.txt"),
    "qemu_threads": ("qemu_threads", "*.txt"),
    "virsh": ("virsh", "*.txt"),
    "virsh_version": ("virsh_version", "*.txt"),
    "xl": ("xl", "vcpu-*.txt"),
}
FILES = [
    pytest.param(tool, file, id=f"{tool}-{file.stem}")
    for tool, (folder, pattern) in OUTPUTS.items()
    for file in sorted((ROOT / "tests/data" / folder).glob(pattern))
    if not file.name.startswith("repeat-")  # ep_load's
]


def check(status, out, err, file):
    """Rows, or one line and none of them."""
    if file.with_suffix(".csv").exists():
        note = file.with_suffix(".note")
        wanted = note.read_text() if note.exists() else ""
        assert (status, out, err) == (0, file.with_suffix(".csv").read_text(), wanted)
    else:
        assert (status, out) == (1, "")
        assert err == file.with_suffix(".error").read_text() and err.count("\n") == 1


@pytest.mark.parametrize(("tool", "file"), FILES)
def test_a_filter_gives_the_expected_rows_or_the_expected_error(tool, file, monkeypatch, capsys):
    module = importlib.import_module(f"vcperf.tools.{tool}")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    status = tool_filter.main(module.parse, module.COLUMNS)
    check(status, *capsys.readouterr(), file)


@pytest.mark.parametrize("tool", OUTPUTS)
def test_the_filter_is_a_command(tool):
    folder, pattern = OUTPUTS[tool]
    file = next(
        file
        for file in sorted((ROOT / "tests/data" / folder).glob(pattern))
        if file.with_suffix(".csv").exists()
    )
    sound = file.with_suffix(".csv").read_text()
    for text, status, out in ((file.read_bytes(), 0, sound), (b"\x00\xff\n", 1, ""), (b"", 1, "")):
        done = subprocess.run(
            [sys.executable, "-m", f"vcperf.tools.{tool}"],
            input=text,
            env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stdout.decode()) == (status, out)
        assert done.stderr.count(b"\n") == status


@pytest.mark.parametrize("tool", [*OUTPUTS, "pathload", "pathrate", "perf"])
def test_a_filter_refuses_what_never_ends(tool):
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(
            [sys.executable, "-m", f"vcperf.tools.{tool}"],
            stdin=endless,
            env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("rejected: ") and done.stderr.count("\n") == 1
