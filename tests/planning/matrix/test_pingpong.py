"""Ping-pongs of a plan: what is refused, and what keys them."""

import itertools

import pytest
import yaml
from helpers.config import DEFAULT, pingpong_section
from helpers.mpi_hosts import change_of, folder_of, nodes_at
from helpers.plans import plan_of

from vcperf.config import files
from vcperf.errors import VcperfError
from vcperf.planning import site_files
from vcperf.preparation import testbed_file
from vcperf.preparation.hosts import host_of
from vcperf.records.key import nameless_key


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pingpong": {"cluster": "vc2"}}, "pingpong.cluster: unknown cluster 'vc2'"),
        ({"pingpong": {"stacks": ["mpich2"]}}, "pingpong.stacks: unknown stack 'mpich2'"),
        ({"pingpong": {"pinnings": ["config9"]}}, "pingpong.pinnings[0]: unknown pinning"),
        (
            {"clusters": {"vc0": ["c000"]}},
            "pingpong.cluster: clusters.vc0 has 1 domain; a ping-pong needs two",
        ),
        ({"clusters": {"vc0": ["c000", "c099"]}}, "clusters.vc0[1]: unknown domain 'c099'"),
        (
            {"clusters": {"vc1": ["c000", "c011"]}},
            "c000 is in both clusters; name a cluster of other domains",
        ),
        ({"pingpong": {"programs": ["IMB-MPI1"]}}, "does not load on Open MPI"),
        ({"pingpong": {"programs": ["PingPongg"]}}, "pingpong.programs[0]: 'PingPongg' is not one"),
        (
            {"pingpong": {"benchmarks": ["Bcats"]}},
            "pingpong.benchmarks[0]: 'Bcats' is not one of PingPong, PingPing",
        ),
        (
            {"pingpong": {"benchmarks": ["PingPong", "Bcast"]}},
            "pingpong.benchmarks[1]: Bcast is a benchmark of IMB-MPI1 alone",
        ),
        (
            {
                "pingpong": {
                    "benchmarks": ["Bcast"],
                    "programs": ["pingpong", "IMB-MPI1"],
                    "stacks": ["openmpi"],
                }
            },
            "and a stack on which it runs",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(change, said, tmp_path):
    with pytest.raises(VcperfError) as refused:
        plan_of(change, tmp=tmp_path)
    assert said in str(refused.value) and "\n" not in str(refused.value)


OSU = {"programs": ["osu_latency"], "stacks": ["mpich"], "loads": ["none"]}


def with_osu(tmp_path, folder, **change):
    """The one spec of osu_latency in a folder."""
    site_files.content.cache_clear()
    change = {"pingpong": {**OSU, "osu": str(folder), **change}, "profile": None}
    plan = plan_of(change, tmp=tmp_path)
    (cell,) = [cell for cell in plan.cells if cell.kind == "pingpong"]
    return cell.spec


def program_in(folder, content="osu"):
    folder.mkdir(exist_ok=True)
    (folder / "osu_latency").write_text(content)
    (folder / "osu_latency").chmod(0o755)
    return folder


def test_what_osu_latency_cannot_do_is_refused_by_its_key(tmp_path):
    there = program_in(tmp_path / "osu")
    for change, said in [
        ({"osu": None}, "pingpong.programs: no package has osu_latency: build the OSU"),
        ({"osu": str(tmp_path)}, f"pingpong.osu: {tmp_path}/osu_latency: no program is there"),
        ({"message_bytes": [1, 3]}, "pingpong.message_bytes[1]: osu_latency does not measure 3"),
        ({"message_bytes": [0, 8]}, "pingpong.message_bytes[0]: osu_latency does not measure 0"),
        ({"benchmarks": ["Bcast"]}, "pingpong.benchmarks[0]: Bcast is a benchmark of IMB-MPI1"),
    ]:
        with pytest.raises(VcperfError) as refused:
            with_osu(tmp_path, there, **change)
        assert said in str(refused.value) and "\n" not in str(refused.value)


def test_osu_latency_measures_all_sizes_from_the_least_to_the_greatest(tmp_path):
    spec = with_osu(tmp_path, program_in(tmp_path / "osu"), message_bytes=[64, 4, 8])
    assert spec["message_bytes"] == [4, 8, 16, 32, 64]


def test_the_content_of_osu_latency_is_part_of_the_key_and_its_place_is_not(tmp_path):
    here = with_osu(tmp_path, program_in(tmp_path / "here"))
    there = with_osu(tmp_path, program_in(tmp_path / "there"))
    other = with_osu(tmp_path, program_in(tmp_path / "there", "another"))
    assert here["program"]["folder"] != there["program"]["folder"]
    assert nameless_key(here) == nameless_key(there) != nameless_key(other)


@pytest.fixture
def own(tmp_path):
    """The keys of a campaign on a site's own files, which the test may change."""
    (tmp_path / "mpi/bin").mkdir(parents=True)
    (tmp_path / "mpi/lib").mkdir()
    stack = {"kind": "mpich", "folder": str(tmp_path / "mpi")}
    wanted = {
        "stacks": ["own"],
        "programs": ["IMB-MPI1"],
        "imb": str(tmp_path / "IMB-MPI1"),
        "load": {"class": "S", "cluster": "vc1", "program": str(tmp_path / "ep.S.x")},
    }

    def keys():
        site_files.content.cache_clear()
        plan = plan_of(
            {"stacks": {"own": stack}, "pingpong": wanted, "profile": None}, tmp=tmp_path
        )
        return {cell.labels["load"]: cell.spec for cell in plan.cells if cell.kind == "pingpong"}

    return keys


def test_what_is_in_a_sites_files_is_part_of_the_key(own, tmp_path):
    files = ["mpi/bin/mpiexec", "mpi/lib/libmpi.so", "IMB-MPI1", "ep.S.x"]
    seen = [own()]
    assert "digest" not in str(seen)  # nothing is there yet: blocks will say so
    for file in files:
        (tmp_path / file).write_text("4.1")
        seen.append(own())
    assert own() == seen[-1]
    (tmp_path / "mpi/lib/libmpi.so").write_text("4.2")
    seen.append(own())
    for before, after in itertools.pairwise(seen):
        assert before["ep"] != after["ep"]
    # The load's own program is no matter where there is no load.
    assert seen[3]["none"] == seen[4]["none"] and "file" in seen[4]["ep"]["load"]


def planned(tmp_path, addresses=("10.0.0.1", "10.0.0.2"), **change):
    file = tmp_path / "testbed.yaml"
    file.write_text(yaml.safe_dump({"nodes": nodes_at(list(addresses))}))
    wanted = {"testbed": "native", "testbed_file": str(file)}
    found = testbed_file.read(files.merge(DEFAULT, wanted))
    own = change_of(loads=["none"]) | {"testbed_file": str(file)} | change
    return plan_of(
        {**own, "bandwidth": None, "profile": None}, host_of("native", (0, 1), found), tmp_path
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
            {"pingpong": {**pingpong_section(stacks=["mpich"]), "programs": ["IMB-MPI1"]}},
            "is not brought to hosts",
        ),
    ],
)
def test_what_cannot_be_on_hosts_is_refused_by_its_key(change, said, tmp_path):
    with pytest.raises(VcperfError) as refused:
        planned(tmp_path, **change)
    assert said in str(refused.value) and "\n" not in str(refused.value)
