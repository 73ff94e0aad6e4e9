"""A disk that fills: one line that names the file, and nothing finished is lost."""

import shutil
import subprocess

import pytest
from helpers import local_block, trials
from helpers.checkout import Checkout
from helpers.small_disk import can_mount, in_small_tmpfs

pytestmark = pytest.mark.xdist_group("measuring")


def records_of(checkout) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in checkout.records().items()}


@pytest.fixture
def folder(tmp_path):
    if not can_mount(tmp_path):
        pytest.skip("no mounts for this user")
    return tmp_path


@trials.of("disk at record")
def test_a_record_that_finds_no_room(trial, folder):
    there = folder / "results"
    there.mkdir()
    argv = local_block.argv_of(local_block.spec_of("native"), there / "1.json")
    listed = ["sh", "-c", '"$@"; status=$?; ls "$0"; exit $status', str(there), *argv]
    done = subprocess.run(
        in_small_tmpfs(there, "4k", listed),
        env=local_block.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    trial.check(done.stderr)
    assert done.returncode == 1 and done.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize(("place", "size"), [("tables", "8k"), ("plots", "16k")])
@trials.of("disk at table", "disk at figure")
def test_what_is_made_of_records_finds_no_room(trial, folder, finished, place, size):
    if (place == "plots") != ("figure" in trial.done):
        pytest.skip("the other one's place")
    shutil.copytree(finished.folder, folder / "copy", symlinks=True)
    checkout = Checkout(folder / "copy", made=True)
    results = checkout.folder / "results"
    shutil.rmtree(results / "figures")
    for file in (results / place).iterdir():
        file.unlink()
    before = records_of(checkout)
    # A file of its own: Snakemake would remove a folder that stays empty.
    held = ["sh", "-c", 'echo held >"$0" && exec "$@"', f"results/{place}/held"]
    done = subprocess.run(
        in_small_tmpfs(results / place, size, [*held, *checkout.argv("results/figures/")]),
        cwd=checkout.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    lines = [line for line in said.splitlines() if line.startswith(f"results/{place}/")]
    assert done.returncode == 1 and records_of(checkout) == before
    told = [line for line in lines if "cannot be written" in line]
    assert told and "Traceback" not in said
    for line in told:
        trial.check(line)
    again = checkout.snakemake("results/figures/")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "rule measure" not in again.stdout + again.stderr and records_of(checkout) == before
