"""`make plan` on hosts reached by ssh: how long it takes, and a mesh in one line."""

import pytest
import yaml
from helpers import simulated
from helpers.plans import prepared

from vcperf.commands import plan


@pytest.fixture
def mesh(tmp_path, monkeypatch, prepare):
    monkeypatch.chdir(tmp_path)

    def ready(nodes, **more):
        simulated.write_cluster(tmp_path, nodes)
        content = simulated.mesh_campaign(testbed="native", **more)
        (tmp_path / "mesh.yaml").write_text(yaml.safe_dump(content))
        return prepared("mesh.yaml")

    return ready


def test_a_mesh_of_many_paths_is_one_line(mesh):
    (line,) = [line for line in plan.report(mesh(9), 4).splitlines() if "netperf" in line]
    assert line.split() == ["native", "netperf", "mesh", "72", "paths", "72", "0", "72"]


def test_few_paths_are_listed(mesh):
    lines = [line for line in plan.report(mesh(4), 4).splitlines() if "netperf" in line]
    assert len(lines) == 12 and lines[0].split()[3] == "d00->d01"


def test_the_time_is_that_of_the_width_and_more_cores_are_told_of(mesh):
    *_, last = plan.report(mesh(8, blocks=10), 2).splitlines()
    assert last == "side by side with --cores 2: about 6 min 32 s; with --cores 4: about 3 min 16 s"
    *_, last = plan.report(mesh(8, blocks=10), 40).splitlines()
    assert last == (
        "side by side with --cores 40: about 3 min 16 s; no more than 4 of its blocks are apart at"
        " once"
    )


@pytest.mark.parametrize(("given", "meant"), [("3", 3), ("all", None)])
def test_a_width_is_a_number_of_cores(given, meant):
    assert plan._width(given) == meant


@pytest.mark.parametrize("given", ["0", "-1", "many", ""])
def test_no_other_width_is_taken(given, capsys):
    with pytest.raises(SystemExit):
        plan.main(["--cores", given])
    assert "a whole number above 0, or all" in capsys.readouterr().err
