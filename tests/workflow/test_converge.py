"""A campaign to which blocks are added round by round: nothing is lost on the way."""

import os
import shutil
import signal
import subprocess

import pandas as pd
import pytest
from helpers.converge import ENDLESS, ENVIRONMENT, argv, counts_of, run
from helpers.processes import descendants, gone, measuring, wait_until


@pytest.mark.slow
def test_killed_in_a_round_the_command_goes_on_there(checkout, in_new_session):
    campaign_file = checkout.overlay("endless.yaml", ENDLESS)
    with (checkout.folder / "converge.log").open("w") as log:
        process = subprocess.Popen(
            argv(campaign_file),
            cwd=checkout.folder,
            env=ENVIRONMENT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    in_new_session(process)
    wait_until(lambda: max(counts_of(checkout), default=0) >= 3, "a second round")
    below = wait_until(lambda: measuring(process.pid), "a measurement in it")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: gone(below), "the end of all that it started")
    assert not descendants(process.pid)
    kept = {name: path.stat().st_mtime_ns for name, path in checkout.records().items()}
    counts = counts_of(checkout)
    assert sum(counts) > len(kept) >= 2, "killed in the midst of a round"

    done = run(checkout, campaign_file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 2 cells open, 0 blocks to add" in done.stdout
    assert counts_of(checkout) == [3, 3]
    after = {name: path.stat().st_mtime_ns for name, path in checkout.records().items()}
    assert len(after) == 6 and kept.items() <= after.items(), "measured again"
    table = pd.read_csv(checkout.folder / "results/tables/netperf_summary.csv")
    assert list(table["blocks"]) == [3, 3]
    assert (checkout.folder / "results/figures/pair.svg").exists()

    # An ordinary run keeps what was added, whatever the target.
    edited = checkout.overlay("edited.yaml", {**ENDLESS, "target_percent": 50})
    again = checkout.snakemake("-n", "results/figures/", configfile=edited)
    assert again.returncode == 0, again.stderr
    assert "Making netperf_summary" in again.stdout
    assert "rule measure" not in again.stdout and "Parsing" not in again.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("iperf3") is None, reason="iperf3 is not installed")
def test_blocks_are_added_to_iperf3_where_there_is_no_netperf(checkout):
    section = {"paths": {"config1": ["vc00->c000"], "config2": ["vc00->c000"]}}
    section |= {"protocols": ["TCP"], "modes": ["bidirectional"], "streams": [1]}
    section |= {"message_bytes": [16384], "duration_s": 1, "warmup_s": 0}
    limits = {"minimum_blocks": 2, "maximum_blocks": 2, "budget_minutes": 10}
    campaign = {**ENDLESS, "netperf": None, "iperf3": section, "converge": limits}
    done = run(checkout, checkout.overlay("iperf3.yaml", campaign))
    assert done.returncode == 0, done.stdout + done.stderr
    assert counts_of(checkout) == [2, 2]
    pairs = pd.read_csv(checkout.folder / "results/tables/pinnings.csv")
    both = {"TCP_STREAM bidirectional forward", "TCP_STREAM bidirectional reverse"}
    assert set(pairs["test"]) == both and set(pairs["blocks_a"]) == {2}
    plan = pd.read_csv(checkout.folder / "results/tables/plan.csv")
    assert set(plan["stopping"]) == {"sequential"}
