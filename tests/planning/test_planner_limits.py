"""What Snakemake, a file system or a command could not take is refused when it is planned."""

import pytest
from helpers.plans import plan_of

from vcperf.errors import VcperfError
from vcperf.preparation.hosts import host_of

EIGHT = host_of("netns", tuple(range(8)))


def node(domains: int, vcpus: int) -> dict:
    """Changes for a node0 of eight CPUs with as many guests more."""
    names = [f"guest-{number}" for number in range(domains)]
    pins = {"node0": dict.fromkeys(names, "0-7")}
    return {
        "nodes": {"node0": {"cpus": 8, "domains": {name: {"vcpus": vcpus} for name in names}}},
        "pinnings": dict.fromkeys(("config1", "config2", "config3"), pins),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"blocks": 9999},
        {"netperf": {"message_bytes": list(range(1, 1001))}, "blocks": 5},
        {"profile": {"message_bytes": list(range(1, 1001)), "blocks": 50}},
    ],
)
def test_more_blocks_than_snakemake_can_plan_are_refused(change, tmp_path):
    with pytest.raises(VcperfError, match=r"campaign.yaml: blocks: more than 50000 blocks in"):
        plan_of({"blocks": 1, **change}, tmp=tmp_path)


def test_more_pinned_cpus_than_a_command_can_be_given_are_refused(tmp_path):
    with pytest.raises(VcperfError, match=r"config1.* lists \d+ CPUs for the VCPUs of node0"):
        plan_of(node(300, 1024), EIGHT, tmp=tmp_path)


def test_the_largest_spec_is_an_argument_that_linux_takes(tmp_path):
    plan = plan_of(node(29, 64), host_of("netns", tuple(range(8000, 8008))), tmp=tmp_path)
    assert 70_000 < max(len(block.spec_json) for block in plan.blocks) < 128 * 1024


def test_the_folder_of_a_large_clusters_records_has_a_name_that_file_systems_take(tmp_path):
    ranks = [f"guest-{number}" for number in range(64)]
    change = {
        **node(64, 1),
        "clusters": {"vc0": ranks},
        "pingpong": {
            "programs": ["IMB-MPI1"],
            "benchmarks": ["Bcast", "Reduce"],
            "stacks": ["mpich"],
        },
        "profile": None,
    }
    cells = [cell for cell in plan_of(change, EIGHT, tmp=tmp_path).cells if cell.kind == "imb"]
    assert len({cell.name for cell in cells}) == len(cells) == 4
    assert {len(cell.name) for cell in cells} == {255}
