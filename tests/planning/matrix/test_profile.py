"""Profiles of a plan: what is refused, and which profiler samples."""

import pytest
from helpers.checkout import ROOT
from helpers.config import DEFAULT
from helpers.plans import plan_of

from vcperf.config import campaign_file
from vcperf.errors import VcperfError
from vcperf.planning import planner
from vcperf.preparation.hosts import hosts_of


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"paths": {"config9": ["vc00->c000"]}}, "profile.paths.config9: unknown pinning"),
        ({"event": "cycles; reboot"}, "profile.event: "),
        ({"test": "UDP_STREAM", "message_bytes": [70000]}, "profile.message_bytes[0]: 70000"),
        ({"pingpong": {"stacks": ["intel"]}}, "profile.pingpong: the section pingpong has no cell"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(change, said, tmp_path):
    with pytest.raises(VcperfError) as refused:
        plan_of({"profile": change}, tmp=tmp_path)
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_points_are_cells_of_the_ping_pong_at_one_size(tmp_path):
    cells = [c for c in plan_of({}, tmp=tmp_path).cells if c.kind == "profile"]
    points = {c.labels["point"]: c for c in cells if c.labels["workload"] == "pingpong"}
    assert set(points) == {"A", "B"}
    for cell in points.values():
        assert cell.spec["message_bytes"] == [cell.labels["message_bytes"]]
        assert cell.spec["load"]["class"] == "S" and cell.spec["kind"] == "profile"


def test_a_profiler_that_a_testbed_lacks_is_refused(tmp_path):
    refused = r"profile\.profiler: xenoprof does not profile testbed netns; take perf"
    with pytest.raises(VcperfError, match=refused):
        plan_of({"profile": {"profiler": "xenoprof"}}, tmp=tmp_path)


def test_nodes_are_sampled_from_outside_where_an_emulator_can_be_asked(tmp_path):

    def profilers(file, profiler="perf"):
        content = {**DEFAULT, "testbed": "xen", "testbed_file": str(file), "pingpong": None}
        content["profile"] = {**DEFAULT["profile"], "profiler": profiler}
        clean = campaign_file.checked(content)
        cells = planner.plan(clean, hosts_of(clean, ["xen"], (0, 1))).cells
        return {"hypervisor" in c.spec["profiler"] for c in cells if c.kind == "profile"}

    lab = ROOT / "lab/testbed.yaml"
    asked = ("emulator_monitor", "xen_symbols")
    lines = [line for line in lab.read_text().splitlines() if not line.strip().startswith(asked)]
    (tmp_path / "machines.yaml").write_text("\n".join(lines))
    assert profilers(lab) == {True}
    assert profilers(tmp_path / "machines.yaml") == {False}
    assert profilers(lab, "xenoprof") == {False}
