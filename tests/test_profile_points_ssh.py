"""Points of the ping-pong under load, profiled on Xen hosts by ssh: real perf and MPI, xm a
stand-in, so that each host is its domains."""

import json

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from guests import guests  # noqa: F401 (a fixture)
from test_config import plan_of
from test_faults import wait_until
from test_mpi_ssh import change_of, hosts, left_behind, nodes_at  # noqa: F401 (hosts: a fixture)
from test_profile_campaign import needs_perf
from test_ssh import VCPUS

from vcperf import config, site
from vcperf.layout import Host

pytestmark = pytest.mark.xdist_group("measuring")

DEFAULT = config.read_yaml(ROOT / "config/config.yaml")
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
def test_points_under_load_are_profiled_and_compared(hosts, guests):  # noqa: F811
    vcpus = {key: {"affinity": affinity} for key, affinity in VCPUS.items()}
    (guests.folder / "xm.json").write_text(json.dumps({"vcpus": vcpus}))
    nodes = xen_at([guests.address(0), guests.address(1)])
    content = {"ssh_config": str(guests.ssh_config), "nodes": nodes}
    (hosts.folder / "testbed.yaml").write_text(yaml.safe_dump(content))
    overlay = hosts.overlay("points.yaml", campaign())
    done = hosts.snakemake("results/tables/profile_differences.csv", configfile=overlay)
    assert done.returncode == 0, done.stdout + done.stderr
    records = hosts.read_records()
    assert {record["spec"]["message_bytes"][0] for record in records} == set(POINTS.values())
    tables = hosts.folder / "results/tables"
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
    host = Host("xen", (0, 1), site.read(config.merge(DEFAULT, change)))
    cells = [cell for cell in plan_of(change, host, tmp_path).cells if cell.kind == "profile"]
    assert {cell.labels["point"] for cell in cells} == set(POINTS)
    for cell in cells:
        assert set(cell.spec["ends"]) == {"c000", "c010", "c001", "c011"}
        assert cell.spec["stack"]["host"] == "node0" and cell.spec["profiler"]["name"] == "perf"
