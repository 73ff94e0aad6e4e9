"""Real containers: their pins read back, what disturbs them noticed, nothing of them left."""

import json
import re

import pytest
from helpers import local_block, podmanbed
from helpers.plans import plan_of
from helpers.podmanbed import needs_podman

from vcperf.preparation.hosts import host_of

pytestmark = [needs_podman, pytest.mark.xdist_group("measuring")]

WITHIN = {"paths": {"config1": ["vc00->c000"], "config2": None}, "message_bytes": [16384]}


def spec_of(**changes) -> dict:
    """The spec of a block within a node."""
    section = {"podman": changes.pop("podman", {}), "netperf": WITHIN}
    change = {"testbed": "podman", **local_block.ONE_CELL, **section}
    block = plan_of(change, host_of("podman", (0, 1))).blocks[0]
    return {**json.loads(block.spec_json), "duration_s": 1, "warmup_s": 0, **changes}


def measured(tmp_path, spec) -> dict:
    done = local_block.run(spec, tmp_path / "1.json")
    assert done.returncode == 0, done.stderr
    return json.loads((tmp_path / "1.json").read_text())


def refused(tmp_path, spec) -> str:
    """The one line of a block that fails."""
    done = local_block.run(spec, tmp_path / "1.json")
    assert done.returncode == 1 and not (tmp_path / "1.json").exists()
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr, done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize("network", ["bridge", "host", "macvlan"])
def test_netperf_runs_in_containers_on_the_cpus_of_its_domains(tmp_path, network):
    record = measured(tmp_path, spec_of(podman={"network": network}))
    host = record["host"]
    assert re.fullmatch(
        rf"podman [\d.]+ \((crun|runc) [\d.]+\), network {network}", host["platform"]
    )
    assert re.fullmatch(r"localhost/vcperf:[0-9a-f]{12}", host["image"])
    assert record["spec"]["network"] == network
    for when in ("before", "after"):
        assert record[when]["pinning"] == {"vc00": [[0]], "c000": [[1]], "c001": [[1]]}
    used = {
        domain: record["after"]["domains"][domain]["cpu_s"] - found["cpu_s"]
        for domain, found in record["before"]["domains"].items()
    }
    assert used["vc00"] > 0.05 and used["c000"] > 0.05 and used["c001"] < 0.05
    for command in record["commands"]:
        assert command["argv"][0] in {"crun", "runc"} and command["argv"][1] == "exec"
    assert not podmanbed.groups() and not podmanbed.mounts_of_ours()
