"""Real Xen: one host of the lab, booted for these tests, and tiny campaigns on it."""

import re
import shlex
import subprocess
import sys

import pandas as pd
import pytest
import yaml
from helpers import labs
from helpers.checkout import ROOT, Checkout
from helpers.config import DEFAULT
from helpers.processes import descendants, gone, wait_until

from vcperf.config import files
from vcperf.tools import xl

pytestmark = pytest.mark.lab
RUN = ROOT / "lab/run"
SSH_CONFIG = RUN / "ssh_config"
HELD = """
import socket, sys
sys.path.insert(0, "/tmp/bandwidth.pyz")
from bandwidth import txtime, wire
receiver, sender = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
receiver.bind(("127.0.0.1", 0))
sender.connect(receiver.getsockname())
print(txtime.Kernel(sender).send(wire.packets(1, 1, 10, 200), 0.05)[1] or "held")
"""
ONE_NODE = {
    "testbed": "xen",
    "testbed_file": str(ROOT / "lab/testbed.yaml"),
    "bandwidth": None,
    "pingpong": None,
    "profile": None,
    "blocks": 1,
    "remeasure": 0,
    "disturbed_percent": 25,
    "figures": "config/figures.yaml",
    "nodes": {"node1": None},
    "pinnings": {f"config{n}": {"node1": None} for n in (1, 2, 3)},
    "netperf": {
        "paths": {"config1": ["vc00->c000"], "config2": ["c000->c001"], "config3": None},
        "message_bytes": [16384],
        "duration_s": 1,
        "warmup_s": 0,
    },
}


@pytest.fixture(scope="module")
def lab():
    """Xen in QEMU, tied to a process that a test kills at the end to see QEMU go."""
    with labs.running("run", "--nodes", "1") as process:
        yield process


def on(host: str, command: str) -> subprocess.CompletedProcess:
    return labs.run_on(SSH_CONFIG, host, command)


def pins() -> dict[tuple[str, int], str]:
    rows = xl.parse(on("lab-vc00", "xl vcpu-list").stdout)
    return {(row["domain"], row["vcpu"]): row["hard_affinity"] for row in rows}


def campaign(checkout: Checkout, **changes) -> str:
    content = files.merge(ONE_NODE, changes)
    (checkout.folder / "lab.yaml").write_text(yaml.safe_dump(content))
    return "lab.yaml"


def test_pins_change_and_are_read_back_on_real_xen(lab, checkout):
    before = pins()
    done = checkout.snakemake("results/figures/", configfile=campaign(checkout))
    assert done.returncode == 0, done.stdout + done.stderr
    records = {r["spec"]["receiver"]: r for r in checkout.read_records()}
    assert set(records) == {"c000", "c001"}
    for record in records.values():
        assert re.fullmatch(r"Xen 4\.\d+\S*, emulated by QEMU", record["host"]["platform"])
        assert record["before"]["pinning"] == record["after"]["pinning"]
        assert record["host"]["nodes"]["node0"]["info"]["xen_scheduler"] == "credit"
    assert records["c000"]["after"]["pinning"]["c000"] == [[1], [1]]
    assert records["c001"]["after"]["pinning"]["c000"] == [[0], [0]]
    sent = records["c001"]["after"]["domains"]["c000"]["cpu_s"]
    assert sent > records["c001"]["before"]["domains"]["c000"]["cpu_s"]
    assert pins() == before, "pins put back"
    svg = (checkout.folder / "results/figures/figure2.svg").read_text()
    assert "emulated by QEMU (xen)" in svg


def test_a_refused_pin_is_an_error(lab, checkout):
    """A CPU outside the domain's pool: Xen refuses it."""
    assert (
        on(
            "lab-vc00",
            "xl vcpu-pin Domain-0 all 0 && xl vcpu-pin c000 all 0 &&"
            " xl vcpu-pin c001 all 0 && xl cpupool-cpu-remove Pool-0 1",
        ).returncode
        == 0
    )
    try:
        done = checkout.snakemake("results/figures/", configfile=campaign(checkout))
        assert done.returncode == 1
        assert checkout.records() == {}
        assert re.search(
            r"node0 \(lab-vc00\): VCPU \d of c00\d cannot be pinned to CPU 1", done.stderr
        )
    finally:
        on(
            "lab-vc00",
            "xl cpupool-cpu-add Pool-0 1; xl vcpu-pin c000 all all;"
            " xl vcpu-pin c001 all all; xl vcpu-pin Domain-0 all all",
        )


def test_a_campaign_killed_in_mid_block_leaves_no_netperf_and_its_pins_go_back(
    lab, checkout, in_new_session
):
    before = pins()
    long = campaign(checkout, netperf={"duration_s": 300})
    started = subprocess.Popen(
        checkout.argv("results/figures/", configfile=long),
        cwd=checkout.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    in_new_session(started)
    wait_until(lambda: busy("lab-c000") or busy("lab-vc00"), "netperf in a domain")
    below = descendants(started.pid)
    started.kill()
    wait_until(lambda: gone(below), "an end of all that the campaign had started here")
    for host in ("lab-vc00", "lab-c000", "lab-c001"):
        wait_until(lambda host=host: not busy(host), f"no netperf on {host}")
    assert pins() != before
    assert list((checkout.folder / "results/pins").iterdir())

    again = checkout.snakemake("results/figures/", configfile=campaign(checkout))
    assert again.returncode == 0, again.stdout + again.stderr
    assert pins() == before
    assert not list((checkout.folder / "results/pins").iterdir())


def busy(host: str) -> bool:
    """Whether netperf or netserver runs in a domain."""
    return on(host, "cat /proc/[0-9]*/comm | grep -q '^net[ps]er'").returncode == 0


def test_same_cpu_is_slower_than_another_for_large_messages(lab, checkout):
    """A sign, with a generous margin, and on a quiet host alone: not a measurement."""
    changes = {
        "blocks": 2,
        "disturbed_percent": 15,
        "remeasure": 3,
        "netperf": {
            "paths": {"config1": ["vc00->c000"], "config2": ["vc00->c000"]},
            "message_bytes": [65536],
            "duration_s": 2,
        },
    }
    done = checkout.snakemake("results/figures/", configfile=campaign(checkout, **changes))
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_csv(checkout.folder / "results/tables/netperf.csv").set_index("pinning")
    if (table["status"] != "ok").any():
        pytest.skip("others use this host's CPUs")
    rate = table["throughput_mbps"]
    assert rate["config2"].min() < 1.1 * rate["config1"].max()


def test_a_profile_has_samples_of_the_hypervisor_dom0_and_guest(lab, checkout):
    """config1: dom0 on CPU 0, the guest on CPU 1, so that neither idles long."""
    profile = DEFAULT["profile"]
    profile |= {"pingpong": None, "frequency_hz": 97, "duration_s": 2, "blocks": 1}
    profile["paths"] = {"config1": ["vc00->c000"], "config3": None}
    nothing = {"netperf": {"paths": {"config1": None, "config2": None}}}
    done = checkout.snakemake(
        "results/figures/", configfile=campaign(checkout, profile=profile, **nothing)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tables = checkout.folder / "results/tables"
    shares = pd.read_csv(tables / "profile_nodes.csv")
    whole = shares[shares["image"] == "all"].set_index("domain")
    assert whole["percent"].sum() == pytest.approx(100, abs=0.01)
    assert (whole.loc[["xen", "vc00", "c000"], "percent"] > 2).all(), whole
    assert whole.loc["xen", "samples"] > 10
    functions = shares[(shares["image"] == "xen-syms")]
    assert functions["samples"].sum() == whole.loc["xen", "samples"]
    assert (functions["symbol"] != "[unknown]").any()
    assert {"do_iret", "toggle_guest_mode", "do_softirq", "context_switch", "memcpy"} & set(
        functions["symbol"]
    )
    inside = pd.read_csv(tables / "profile.csv")
    for domain, app in (("vc00", "netperf"), ("c000", "netserver")):
        mine = inside[(inside["domain"] == domain) & (inside["app"] == app)]
        assert "vmlinux" in set(mine["image"])
        perf = shares[(shares["domain"] == domain) & (shares["counted_by"] == "perf")]
        assert perf["percent"].sum() == pytest.approx(whole.loc[domain, "percent"], abs=0.01)
    (block,) = pd.read_csv(tables / "profile_blocks.csv").to_dict("records")
    assert (block["event_asked"], block["event"]) == ("cycles", "cpu-clock")
    assert (checkout.folder / "results/figures/profile_nodes.svg").exists()


def test_mpi_runs_between_guests_on_real_xen(lab, checkout):
    """MPICH and Open MPI as Debian has them, our programs compiled in a guest."""
    section = {
        **DEFAULT["pingpong"],
        "pinnings": ["config1"],
        "loads": ["none"],
        "message_bytes": [1, 16384],
        "repetitions": 20,
        "seconds": 2,
        "blocks": 1,
    }
    change = {
        "netperf": {"paths": dict.fromkeys(ONE_NODE["pinnings"])},
        "clusters": {"vc0": ["c000", "c001"]},
        "stacks": {k: {"kind": k, "folder": f"/opt/{k}"} for k in ("mpich", "openmpi")},
        "pingpong": section,
    }
    done = checkout.snakemake("results/figures/", configfile=campaign(checkout, **change))
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_csv(checkout.folder / "results/tables/pingpong.csv")
    assert set(zip(table["stack"], table["message_bytes"], strict=True)) == {
        (stack, size) for stack in ("mpich", "openmpi") for size in (1, 16384)
    }
    assert table["platform"].str.fullmatch(r"Xen 4\.\d+\S*, emulated by QEMU").all()
    for record in checkout.read_records():
        assert min(record["received_bytes"].values()) > 16384
        assert record["before"]["pinning"] == record["after"]["pinning"]
    for guest in ("lab-c000", "lab-c001"):
        assert on(guest, "ls /tmp | grep vcperf; pgrep -l 'hydra|orted|pingpong'").stdout == ""


def test_an_offline_vcpu_is_an_error(lab, checkout):
    assert on("lab-vc00", "xl vcpu-set c000 1").returncode == 0
    wait_until(
        lambda: re.search(r"^c000 .* --p ", on("lab-vc00", "xl vcpu-list c000").stdout, re.M),
        "a VCPU offline",
    )
    try:
        done = checkout.snakemake("results/figures/", configfile=campaign(checkout))
        assert done.returncode == 1
        assert "domain c000: VCPU 1 is offline on node0 (lab-vc00)" in done.stderr
    finally:
        on("lab-vc00", "xl vcpu-set c000 2")
        # Where no udev does it, the guest has to be told to use what it was given.
        online = "/sys/devices/system/cpu/cpu1/online"
        wait_until(lambda: on("lab-c000", f"echo 1 >{online}").returncode == 0, "it back")


def test_departures_tell_whether_fq_holds_packets_back(lab, tmp_path):
    """On dom0's loopback, whose packets nothing holds back unless it is told to. They are 50 ms
    apart: an emulated CPU takes milliseconds to send one."""
    bundle = tmp_path / "bandwidth.pyz"
    argv = [sys.executable, "-m", "bandwidth", "bundle", str(bundle)]
    subprocess.run(argv, cwd=ROOT / "scripts/workloads", check=True)
    with bundle.open("rb") as packed:
        copy = ["ssh", "-F", str(SSH_CONFIG), "lab-vc00", "cat >/tmp/bandwidth.pyz"]
        subprocess.run(copy, stdin=packed, check=True, timeout=60)
    ask = f"python3 -c {shlex.quote(HELD)}"
    assert on("lab-vc00", ask).stdout == "pacing: a packet left early\n"
    with_fq = on("lab-vc00", f"PATH=$PATH:/usr/sbin; tc qdisc add dev lo root fq && {ask}")
    on("lab-vc00", "PATH=$PATH:/usr/sbin; tc qdisc del dev lo root")
    assert with_fq.stdout == "held\n", with_fq.stderr


def test_the_lab_dies_with_what_runs_it(lab):
    """The last of those that use it: it kills the lab, as hard as can be."""
    (pid_file,) = RUN.glob("node*/qemu.pid")
    emulator = int(pid_file.read_text())
    assert not gone([emulator])
    lab.kill()
    wait_until(lambda: gone([emulator]), "an end of QEMU")


def test_hosts_that_came_up_once_are_resumed():
    """From the state that the start for the tests above left, and as that was."""
    to = f"ssh -F {shlex.quote(str(SSH_CONFIG))}"
    ask = f"{to} lab-vc00 xl vcpu-list && echo -- && {to} lab-c001 uname -r"
    argv = [str(ROOT / "lab/lab"), "run", "--nodes", "1", "--", "sh", "-c", ask]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "up again: 1 Xen host" in done.stdout and "guests are up" not in done.stdout
    listed = done.stdout[done.stdout.index("Name ") :].splitlines(True)
    rows = xl.parse("".join(listed[: listed.index("--\n")]))
    assert {row["hard_affinity"] for row in rows if row["domain"] != "Domain-0"} == {"all"}
    assert not list(RUN.glob("node*/qemu.pid"))
