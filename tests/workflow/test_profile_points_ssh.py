"""Points of the ping-pong under load, profiled on Xen hosts by ssh: real perf and MPI, xm a
stand-in, so that each host is its domains."""

import json

import pandas as pd
import pytest
import yaml
from helpers.config import DEFAULT
from helpers.mpi_hosts import change_of, left_behind, nodes_at
from helpers.perf import needs_perf
from helpers.plans import plan_of
from helpers.processes import wait_until
from helpers.ssh_site import VCPUS

from vcperf.config import files
from vcperf.preparation import testbed_file
from vcperf.preparation.hosts import host_of

pytestmark = pytest.mark.xdist_group("measuring")

# Names in Xen, as the stand-in has them on either node.
NAMES = {"c000": "c000", "c001": "c001", "c010": "c000", "c011": "c001"}
POINTS = {"A": 1024, "B": 65536}


def xen_at(addresses: list[str]) -> dict:
    nodes = nodes_at(addresses)
    for node in nodes.values():
        node["toolstack"] = "xm"
        for domain, entry in node["domains"].items():
            entry["ssh"] = node["ssh"]
            if domain in NAMES:
                entry["xen"] = NAMES[domain]
    return nodes


def campaign() -> dict:
    change = change_of(programs=["pingpong"], loads=["ep"])
    wanted = {"stacks": ["mpich"], "load": "ep", "points": POINTS, "repetitions": 500}
    profile = {"duration_s": 1, "blocks": 1, "pingpong": wanted}
    profile["paths"] = dict.fromkeys(DEFAULT["profile"]["paths"])
    del change["nodes"]
    return {**change, "testbed": "xen", "profile": {**DEFAULT["profile"], **profile}}


@needs_perf
@pytest.mark.slow
def test_points_under_load_are_profiled_and_compared(mpi_hosts, guests):
    vcpus = {key: {"affinity": affinity} for key, affinity in VCPUS.items()}
    (guests.folder / "xm.json").write_text(json.dumps({"vcpus": vcpus}))
    nodes = xen_at([guests.address(0), guests.address(1)])
    content = {"ssh_config": str(guests.ssh_config), "nodes": nodes}
    (mpi_hosts.folder / "testbed.yaml").write_text(yaml.safe_dump(content))
    overlay = mpi_hosts.overlay("points.yaml", campaign())
    done = mpi_hosts.snakemake("results/tables/profile_differences.csv", configfile=overlay)
    assert done.returncode == 0, done.stdout + done.stderr
    records = mpi_hosts.read_records()
    assert {record["spec"]["message_bytes"][0] for record in records} == set(POINTS.values())
    tables = mpi_hosts.folder / "results/tables"
    rows = pd.read_csv(tables / "profile.csv")
    assert set(rows["domain"]) == {"vc00", "c000", "c001", "vc10", "c010", "c011"}
    blocks = pd.read_csv(tables / "profile_blocks.csv").set_index("point")
    for record in records:
        (point,) = [p for p, size in POINTS.items() if [size] == record["spec"]["message_bytes"]]
        assert blocks.loc[point, "bytes_moved"] == sum(record["received_bytes"].values())
    found = pd.read_csv(tables / "profile_differences.csv")
    assert {"all", "pingpong"} <= set(found[found["compared"] == "point"]["within"])
    wait_until(lambda: not left_behind(guests), "the end of all")


def test_points_are_cells_on_xen_hosts(tmp_path):
    file = tmp_path / "testbed.yaml"
    file.write_text(yaml.safe_dump({"nodes": xen_at(["10.0.0.1", "10.0.0.2"])}))
    change = {**campaign(), "testbed_file": str(file), "bandwidth": None}
    host = host_of("xen", (0, 1), testbed_file.read(files.merge(DEFAULT, change)))
    cells = [cell for cell in plan_of(change, host, tmp_path).cells if cell.kind == "profile"]
    assert {cell.labels["point"] for cell in cells} == set(POINTS)
    for cell in cells:
        assert set(cell.spec["ends"]) == {"c000", "c010", "c001", "c011"}
        assert cell.spec["stack"]["host"] == "node0" and cell.spec["profiler"]["name"] == "perf"
