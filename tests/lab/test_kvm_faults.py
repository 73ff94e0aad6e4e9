"""A real KVM host in trouble while a block runs: one line, that block missing, the others sound."""

import subprocess

import pytest
from helpers import trials
from helpers.checkout import Checkout
from helpers.kvm_lab import HOST, campaign, create, measured_guest, on, pins
from helpers.processes import PATIENCE_S, wait_until

pytestmark = pytest.mark.lab
# Long enough to be found running, and be in trouble, on a machine that is busy with other work.
BLOCK_S = 15
THREE = {"config1": ["vc00->c000", "vc00->c001"], "config2": ["vc00->c000"]}
ONE = {"config1": None, "config2": ["vc00->c000"]}
TABLE = "results/tables/netperf.csv"
KILL = "kill -9 $(cat /run/libvirtd.pid)"


def netperf(paths: dict) -> dict:
    return {"netperf": {"paths": paths, "duration_s": BLOCK_S}}


def started(checkout: Checkout, in_new_session, paths: dict, done: int):
    """A campaign in mid-block, when some blocks are done; and the guest that it measures. By
    default a block that fails is tried once more, and most of these then go well."""
    file = campaign(checkout, **netperf(paths))
    running = checkout.start(TABLE, "--retries", "0", configfile=file)
    in_new_session(running)
    guest = wait_until(
        lambda: len(checkout.records()) == done and measured_guest(running),
        f"a block after {done} others",
    )
    assert running.poll() is None
    return running, guest


def contents(checkout: Checkout) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in checkout.records().items()}


def faults(checkout: Checkout) -> list[str]:
    """What the campaign's last lines give as reasons, each once per missing block."""
    said = (checkout.folder / "campaign.log").read_text()
    assert "Traceback" not in said, said
    reasons = said.partition("blocks are missing\n")[2].partition("run the same command")[0]
    found = []
    for line in reasons.splitlines():
        count, _, reason = line.strip().partition(": ")
        found += [reason] * int(count)
    return found


def start_libvirtd() -> None:
    """Start it again, once the killed one has left its file, and wait for it."""
    wait_until(lambda: on(HOST, "libvirtd -d").returncode == 0, "a start of libvirtd")
    answers = "virsh -c qemu:///system version"
    wait_until(lambda: on(HOST, answers).returncode == 0, "libvirtd again")


def end(running: subprocess.Popen) -> int:
    return running.wait(timeout=3 * PATIENCE_S)


def check_rest(trial, checkout: Checkout, finished: dict[str, bytes], missing: int) -> None:
    """Each missing block has its line, what was finished is as it was; and the next run measures
    what is missing alone."""
    reasons = faults(checkout)
    assert len(reasons) == missing
    for reason in reasons:
        trial.check(reason)
    after = contents(checkout)
    assert after.items() >= finished.items() and len(after) == 3 - missing
    again = checkout.snakemake(TABLE, configfile="lab.yaml")
    assert again.returncode == 0, again.stdout + again.stderr
    now = contents(checkout)
    assert now.items() >= after.items() and len(now) == 3
    assert not list((checkout.folder / "results/pins").iterdir())


@trials.of("KVM pins")
def test_a_pin_that_is_moved(trial, kvm_host, checkout, in_new_session):
    before = pins()
    running, guest = started(checkout, in_new_session, THREE, done=1)
    finished = contents(checkout)
    other = 1 - int(pins()[guest, "vcpu", 0])
    assert on(HOST, f"virsh -q vcpupin {guest} 0 {other} --live").returncode == 0
    assert end(running) == 1
    assert pins() == before
    check_rest(trial, checkout, finished, missing=1)
    assert pins() == before


@trials.of("libvirtd")
def test_libvirtd_that_is_killed(trial, kvm_host, checkout, in_new_session):
    """It is started again when a block is missing; so the next may be, or not."""
    before = pins()
    running, _ = started(checkout, in_new_session, THREE, done=1)
    finished = contents(checkout)
    assert on(HOST, KILL).returncode == 0
    log = checkout.folder / "campaign.log"
    wait_until(lambda: "Error in rule measure" in log.read_text(), "a missing block")
    start_libvirtd()
    assert end(running) == 1
    assert pins() == before
    check_rest(trial, checkout, finished, missing=3 - len(checkout.records()))
    assert pins() == before


@trials.of("libvirtd again")
def test_libvirtd_that_is_killed_and_started_again_during_a_block(
    trial, kvm_host, checkout, in_new_session
):
    before = pins()
    running, _ = started(checkout, in_new_session, ONE, done=0)
    assert on(HOST, KILL).returncode == 0
    start_libvirtd()
    assert end(running) == 0
    assert not trial.sees and not faults(checkout)
    (record,) = checkout.read_records()
    assert record["before"]["pinning"] == record["after"]["pinning"]
    spent = [record[name]["domains"]["c000"]["cpu_s"] for name in ("before", "after")]
    assert spent[0] < spent[1] <= spent[0] + 4 * BLOCK_S
    assert pins() == before


@trials.of("KVM guest")
def test_a_guest_that_is_destroyed(trial, kvm_host, checkout, in_new_session):
    """The blocks after it are missing too, for all of them need its node as it was."""
    before = pins()
    running, guest = started(checkout, in_new_session, THREE, done=1)
    finished = contents(checkout)
    assert on(HOST, f"virsh -q destroy {guest}").returncode == 0
    assert end(running) == 1
    create(guest)
    check_rest(trial, checkout, finished, missing=2)
    now = pins()  # QEMU starts some of its threads late
    assert before.keys() & now.keys() >= {(guest, "vcpu", 0), (guest, "emulator", None)}
    assert {key: now[key] for key in before.keys() & now.keys()}.items() <= before.items()
