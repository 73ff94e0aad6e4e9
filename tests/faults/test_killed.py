"""Programs killed at any moment of a block: one line, nothing left, and the next run goes well."""

import pytest
from helpers import local_block, trials
from helpers.killing import check_all
from helpers.perf import needs_perf
from helpers.ssh_site import block_argv


@pytest.mark.parametrize("testbed", ["netns", "native"])
@trials.of("measuring", "netserver", "netperf")
def test_a_program_of_netperf(trial, tmp_path, testbed):
    if local_block.fault_of(testbed):
        pytest.skip(local_block.fault_of(testbed))
    name = next(key for key, one in trials.TRIALS.items() if one is trial)
    file = tmp_path / "1.json"
    argv = local_block.argv_of(local_block.spec_of(testbed), file)
    wanted = "" if name == "measuring" else name
    check_all(trial, argv, tmp_path, file, wanted, env=local_block.environment())


@pytest.mark.slow
@pytest.mark.parametrize("testbed", ["auto", "native"])
@trials.of("rank", "ep")
def test_a_rank_of_an_mpi_job(trial, mpi_block, checkout, testbed):
    argv = mpi_block(
        testbed, stacks=["mpich"], loads=["ep"], message_bytes=[1, 1024], repetitions=1000
    )
    wanted = "pingpong" if "EP" not in trial.done else "ep"
    file = checkout.folder / "record.json"
    check_all(trial, argv, checkout.folder, file, wanted, env=local_block.environment())


@needs_perf
@trials.of("perf")
def test_perf(trial, tmp_path):
    file = tmp_path / "1.json"
    spec = local_block.spec_of("netns", kind="profile", workload="netperf")
    spec["profiler"] = {"name": "perf", "event": "cpu-clock", "frequency_hz": 997}
    argv = [
        word.replace("measure.netperf", "measure.profile")
        for word in local_block.argv_of(spec, file)
    ]
    check_all(trial, argv, tmp_path, file, "perf", env=local_block.environment())


@pytest.mark.slow
@pytest.mark.xdist_group("measuring")
@pytest.mark.parametrize("testbed", ["native", "xen"])
@trials.of("ssh")
def test_a_connection_by_ssh(trial, site_without_lock, sshd, monkeypatch, testbed):
    folder = site_without_lock.folder
    argv = block_argv(site_without_lock, monkeypatch, testbed, netperf={"duration_s": 1})
    by_ssh = {"env": local_block.environment(), "there": sshd.process.pid, "latest_s": 5}
    check_all(trial, argv, folder, folder / "record.json", "ssh", **by_ssh)
