"""MPI on hosts reached by ssh that cannot log in to each other: real sshd, real stacks."""

import os
import signal
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from guests import NAMES, guests  # noqa: F401 (a fixture)
from test_config import plan_of
from test_faults import gone, wait_until
from test_mpi_campaign import ONLY, section
from test_mpi_faults import LONG, one_line

from vcperf import config, preparation, site
from vcperf.errors import VcperfError
from vcperf.layout import Host
from vcperf.testbeds import compile_there, remote_mpi
from vcperf.testbeds import hosts as native_hosts
from vcperf.tools import mpi_stacks

pytestmark = pytest.mark.xdist_group("measuring")

SIZES = [1, 1024, 65536]
STACKS = ("mpich", "openmpi")


def folder_of(kind: str) -> str:
    return str((ROOT / ".tools").resolve() / "mpi" / kind)


def nodes_at(addresses: list[str]) -> dict:
    """Plain hosts for a testbed file, a domain's address its host's."""
    found = {}
    for index, (name, address) in enumerate(zip(NAMES, addresses, strict=True)):
        domains = (f"vc{index}0", f"c0{index}0", f"c0{index}1")
        found[name] = {"ssh": name, "domains": {d: {"address": address} for d in domains}}
    return found


@pytest.fixture
def hosts(checkout, guests):  # noqa: F811
    """A checkout with a testbed file of both hosts, which see the stacks of this one."""
    for kind in STACKS:
        subprocess.run([str(ROOT / "envs/setup.sh"), "mpi", kind], check=True)
    nodes = nodes_at([guests.address(0), guests.address(1)])
    content = {"ssh_config": str(guests.ssh_config), "nodes": nodes}
    (checkout.folder / "testbed.yaml").write_text(yaml.safe_dump(content))
    return checkout


def change_of(stacks=("mpich",), **changes):
    folders = {kind: {"kind": kind, "folder": folder_of(kind)} for kind in STACKS}
    wanted = section(**{"stacks": list(stacks), "message_bytes": SIZES, **changes})
    return {
        **ONLY,
        "testbed": "native",
        "testbed_file": "testbed.yaml",
        "stacks": folders,
        # One machine stands for both hosts: the ranks of a cluster take a CPU each.
        "nodes": {"node0": {"cpus": [0, 1]}, "node1": {"cpus": [1, 0]}},
        "pingpong": wanted,
    }


@pytest.mark.slow
def test_two_stacks_with_and_without_load(hosts, guests):  # noqa: F811
    campaign = hosts.overlay("mpi.yaml", change_of(STACKS, loads=["none", "ep"]))
    done = hosts.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_csv(hosts.folder / "results/tables/pingpong.csv")
    assert len(table) == 2 * 2 * len(SIZES) and (table["latency_us"] > 0).all()
    assert table["transport"].str.contains("tcp").all()
    speeds = pd.read_csv(hosts.folder / "results/tables/ep.csv")
    assert set(speeds["phase"]) == {"alone", "pingpong"}
    alone = speeds[speeds["phase"] == "alone"]
    assert (alone["steps"] >= 2).all() and (alone["verified"] == "yes").all()
    for record in hosts.read_records():
        assert min(record["received_bytes"].values()) > sum(SIZES)
        assert record["before"]["pinning"] == record["after"]["pinning"]
        # What ranks take is ours, on both hosts and while they run.
        both = record["spec"].get("load", {}).get("ranks", []) + record["spec"]["ranks"]
        for domain in both:
            during, after = (record[when]["domains"][domain] for when in ("during", "after"))
            assert after["cpu_s"] > during["cpu_s"], domain
    wait_until(lambda: not left_behind(guests), "the end of all")
    again = hosts.snakemake("-n", "results/figures/", configfile="mpi.yaml")
    assert "Nothing to be done" in again.stdout + again.stderr


def left_behind(guests) -> list[str]:  # noqa: F811
    """Files of ours in the hosts' /tmp, and processes in them but the hosts themselves."""
    found = []
    spaces = {guests.within(index) for index in range(len(NAMES))}
    anchors = {anchor.pid for anchor in guests.anchors}
    for anchor in anchors:
        names = os.listdir(f"/proc/{anchor}/root/tmp")
        found += [name for name in names if name.startswith("vcperf.")]
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            if os.readlink(f"/proc/{pid}/ns/net") in spaces and pid not in anchors:
                found.append(Path(f"/proc/{pid}/comm").read_text().strip())
        except OSError:
            continue
    return found


@pytest.fixture
def block(hosts, monkeypatch):
    """The command line of a block by hand, its programs compiled there."""

    def make(**changes):
        monkeypatch.chdir(hosts.folder)
        # The hosts are this machine: its lock is theirs.
        monkeypatch.setenv("VCPERF_NODE_LOCKED", "1")
        sources = [
            ROOT / "config/config.yaml",
            hosts.overlay("mpi.yaml", change_of(**changes)),
        ]
        merged = config.merge(*map(config.read_yaml, sources))
        (only,) = preparation.prepare(merged, sources).plan.blocks
        stack = only.cell.spec["stack"]
        context = os.environ["VCPERF_CONTEXT"]
        for name in ("pingpong", "ep"):
            program = mpi_stacks.program(stack, name)
            os.makedirs(os.path.dirname(program), exist_ok=True)
            source = f"scripts/workloads/mpi/{name}.c"
            compile_there.compile_there(
                stack["host"], stack["folder"], source, program, yaml.safe_load(context)
            )
        module = ["python3", "-S", "-m", "vcperf.measure.pingpong"]
        return ["scripts/isolate", "native", *module, only.spec_json, "record.json", context]

    return make


def ranks_in(guests, name: str, count: int) -> list[int]:  # noqa: F811
    """The processes of a name in the hosts, once there are so many."""
    spaces = {guests.within(index) for index in range(len(NAMES))}
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            if Path(f"/proc/{pid}/comm").read_text().strip() != name:
                continue
            if os.readlink(f"/proc/{pid}/ns/net") in spaces:
                found.append(pid)
        except OSError:
            continue
    return found if len(found) >= count else []


@pytest.mark.slow
@pytest.mark.parametrize(("stack", "rank"), [("mpich", 0), ("mpich", 1), ("openmpi", 1)])
def test_a_rank_that_dies_is_one_line_and_leaves_nothing(
    block,
    hosts,
    guests,  # noqa: F811
    in_new_session,
    stack,
    rank,
):
    """Rank 0 is the launcher's child, rank 1 on another host."""
    argv = block(stacks=[stack], loads=["ep"], **LONG)
    with (hosts.folder / "said").open("w") as said:
        run = subprocess.Popen(argv, stderr=said, stdout=said, start_new_session=True)
    in_new_session(run)
    ranks = wait_until(lambda: ranks_in(guests, "pingpong", 2), "two ranks running")
    there = guests.within(rank)
    os.kill(next(p for p in ranks if os.readlink(f"/proc/{p}/ns/net") == there), signal.SIGKILL)
    run.wait(60)
    said = (hosts.folder / "said").read_text().splitlines()
    # Other tests may be measuring on this machine.
    said = [line for line in said if not line.startswith("Waiting: another campaign")]
    assert stack in one_line(run, "\n".join(said))
    assert not (hosts.folder / "record.json").exists()
    wait_until(lambda: not left_behind(guests), "the end of all")


@pytest.mark.slow
@pytest.mark.parametrize("stack", STACKS)
def test_a_killed_block_leaves_nothing(block, guests, in_new_session, stack):  # noqa: F811
    run = subprocess.Popen(block(stacks=[stack], loads=["ep"], **LONG), start_new_session=True)
    in_new_session(run)
    wait_until(lambda: ranks_in(guests, "pingpong", 2), "both jobs running")
    assert len(ranks_in(guests, "ep", 2)) == 2
    run.kill()
    run.wait()
    wait_until(lambda: gone({run.pid: None}) and not left_behind(guests), "the end of all")


def test_a_stack_that_a_host_does_not_have_is_one_line(hosts, tmp_path):
    said = VcperfError
    context = yaml.safe_load((hosts.folder / "testbed.yaml").read_text())
    source = str(ROOT / "scripts/workloads/mpi/ep.c")
    with pytest.raises(said, match=r"^node1: /nowhere/bin/mpicc: not found there$"):
        compile_there.compile_there("node1", "/nowhere", source, str(tmp_path / "ep"), context)
    assert not list(tmp_path.glob("ep*"))


def planned(tmp_path, addresses=("10.0.0.1", "10.0.0.2"), **change):
    file = tmp_path / "testbed.yaml"
    file.write_text(yaml.safe_dump({"nodes": nodes_at(list(addresses))}))
    wanted = {"testbed": "native", "testbed_file": str(file)}
    found = site.read(config.merge(config.read_yaml(ROOT / "config/config.yaml"), wanted))
    own = change_of(loads=["none"]) | {"testbed_file": str(file)} | change
    return plan_of(
        {**own, "bandwidth": None, "profile": None}, Host("native", (0, 1), found), tmp_path
    )


def test_a_stack_of_hosts_is_keyed_by_where_it_is(tmp_path):
    (cell,) = [cell for cell in planned(tmp_path).cells if cell.kind == "pingpong"]
    assert cell.spec["stack"] == {"kind": "mpich", "folder": folder_of("mpich"), "host": "node0"}
    assert set(cell.spec["ends"]) == set(cell.spec["ranks"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stacks": {"mpich": {"kind": "mpich"}}}, "stacks.mpich: name its folder on the hosts"),
        (
            {"clusters": {"vc0": ["c000", "c001"]}},
            "c001 has the address 10.0.0.1, as c000 has; the domains of a cluster are different",
        ),
        (
            {"pingpong": {**section(stacks=["mpich"]), "programs": ["IMB-MPI1"]}},
            "is not brought to hosts",
        ),
    ],
)
def test_what_cannot_be_on_hosts_is_refused_by_its_key(change, said, tmp_path):
    with pytest.raises(VcperfError) as refused:
        planned(tmp_path, **change)
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_the_interface_that_has_an_address():
    assert remote_mpi.interface_of("2: eth0    inet 10.9.0.11/24 scope global eth0") == "eth0"
    assert remote_mpi.interface_of("") == ""


def test_processes_are_their_commands_by_parent_and_by_session():
    def stat(pid, parent, session, ticks):
        return f"{pid} (a ) b) S {parent} {pid} {session} 0 -1 0 0 0 0 0 {ticks} 1 0 0 20"

    lines = [
        stat(10, 1, 10, 1),
        stat(11, 10, 11, 2),  # a session of its own
        stat(12, 11, 11, 4),
        stat(13, 1, 10, 8),  # its parent has gone
        stat(20, 1, 20, 16),
        stat(30, 1, 30, 32),  # another's
    ]
    ticks, commands = native_hosts._ticks("\n".join(lines), {10, 20})
    assert ticks == {10: 1 + 2 + 4 + 8 + 4, 20: 17}
    assert set(commands) == {10, 11, 12, 13, 20}
    allowed = "/proc/12/status:Cpus_allowed_list:\t3\n/proc/30/status:Cpus_allowed_list:\t1\n"
    assert native_hosts._masks(allowed, commands) == {10: ["Cpus_allowed_list:\t3"]}
