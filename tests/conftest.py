"""Checkouts to break, hosts reached by ssh, and one finished tiny campaign to look at."""

import fcntl
import os
import shutil
import signal
import subprocess
from functools import partial

import pytest
import yaml
from helpers import local_block
from helpers.checkout import ROOT, Checkout, measured
from helpers.emulator import QEMU
from helpers.guests import Guests
from helpers.mpi_blocks import pingpong_argv
from helpers.mpi_hosts import STACKS, nodes_at
from helpers.processes import wait_until
from helpers.ssh_site import ODD, tell_xm, write_testbed
from helpers.sshd import SSHD, Sshd
from hypothesis import HealthCheck, settings

from vcperf.preparation import campaign

# How long an example takes is the host's matter: others may use it too.
settings.register_profile("vcperf", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vcperf")


def pytest_configure():
    """Signals that tests send must reach what they start, also where the tests themselves run
    with these ignored, as under nohup or in a shell's background: that is inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items):
    """Campaigns wait for their turn on their host: those on this one share a worker, and
    those on the host reached by ssh; they come first, as they take longest."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(autouse=True)
def environment_put_back():
    """What a test, or what it prepares, sets in the environment is not for the next test: with
    a PYTHONPATH that stays, the next test's copy of the project would run this one's code."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def podman():
    """Containers; skipped where they cannot be had."""
    fault = local_block.fault_of("podman")
    if fault:
        pytest.skip(f"podman: {fault}")


@pytest.fixture(scope="session")
def docker():
    """Containers of Docker; skipped where they cannot be had."""
    fault = local_block.fault_of("docker")
    if fault:
        pytest.skip(f"docker: {fault}")


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A tiny campaign measured, parsed and drawn, with more cores than it may use.

    Tests may plan in it, and must leave it as it is. Each worker has a copy of its own.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return measured(tmp_path_factory.mktemp("finished"))
    shared = tmp_path_factory.getbasetemp().parent / "finished"
    own = tmp_path_factory.mktemp("own") / "finished"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "results/figures").exists():
            shutil.rmtree(shared, ignore_errors=True)
            shared.mkdir()
            measured(shared)
        shutil.copytree(shared, own, symlinks=True)
    return Checkout(own, made=True)


@pytest.fixture
def prepare(monkeypatch):
    """`vcperf.preparation.campaign.prepare`; what it puts into the environment goes again."""
    for name in ("VCPERF_CONTEXT", "PYTHONPATH", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, "")
    return campaign.prepare


@pytest.fixture
def in_new_session():
    """Kill what a test started and did not end."""
    started = []
    yield started.append
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        process.wait()


@pytest.fixture(scope="session")
def sshd(tmp_path_factory):
    """Start an sshd; skip where there is none (see envs/setup.sh)."""
    if not SSHD.exists():
        pytest.skip("no sshd: `make setup-dev` fetches it on Debian")
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def guests(tmp_path_factory):
    """Two hosts; skipped where they cannot be had."""
    if not SSHD.exists():
        pytest.skip("no sshd: `make setup-dev` fetches it on Debian")
    if os.getuid() != 0:
        pytest.skip("only root gives hosts a network and a /tmp of their own")
    made = Guests(tmp_path_factory.mktemp("guests"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def site(checkout, sshd):
    """A checkout with a testbed file whose two nodes are this machine, by two names, and a
    stand-in for xm in its first state."""
    write_testbed(checkout, sshd)
    tell_xm(sshd)
    return checkout


@pytest.fixture
def site_without_lock(checkout, sshd, tmp_path_factory):
    """The same, by one name, at which nobody waits for this machine's lock: for blocks whose
    results are of no interest."""
    commands = local_block.standin(tmp_path_factory.mktemp("bin"), "flock", "exit 0")
    sshd.put_a_door(f"PATH={commands}:$PATH")
    write_testbed(checkout, sshd, **ODD)
    tell_xm(sshd)
    return checkout


@pytest.fixture
def mpi_block(checkout, monkeypatch):
    """Makes the command line of a block of a ping-pong; see `helpers.mpi_blocks`."""
    return partial(pingpong_argv, checkout, monkeypatch)


@pytest.fixture
def mpi_hosts(checkout, guests):
    """A checkout with a testbed file of both hosts, which see the MPI stacks of this one."""
    for kind in STACKS:
        subprocess.run([str(ROOT / "envs/setup.sh"), "mpi", kind], check=True)
    nodes = nodes_at([guests.address(0), guests.address(1)])
    content = {"ssh_config": str(guests.ssh_config), "nodes": nodes}
    (checkout.folder / "testbed.yaml").write_text(yaml.safe_dump(content))
    return checkout


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    """A QEMU of two processors, not started yet; its monitor."""
    if not QEMU:
        pytest.skip("no QEMU here; envs/setup.sh lab installs it")
    folder = tmp_path_factory.mktemp("emulator")
    argv = [QEMU, "-accel", "tcg", "-smp", "2", "-m", "16", "-display", "none", "-S"]
    argv += ["-no-user-config", "-nodefaults", "-qmp", "unix:qmp.sock,server=on,wait=off"]
    with subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL) as process:
        wait_until((folder / "qmp.sock").exists, "QEMU's monitor")
        yield folder / "qmp.sock"
        process.kill()
