"""The tutorials are true: what they tell to write is valid, and what they tell to run runs."""

import re
import subprocess

import pytest
import yaml
from helpers.checkout import ROOT
from helpers.config import DEFAULT

from vcperf.config import campaign_file, files, inherit
from vcperf.kinds import netperf
from vcperf.planning import planner
from vcperf.preparation import testbed_file
from vcperf.preparation.hosts import host_of

TUTORIALS = {page.stem: page.read_text() for page in (ROOT / "docs/tutorials").glob("*.md")}
EXAMPLE = "config/campaigns/two-placements.yaml"


def commands(name: str) -> list[str]:
    """The commands of a tutorial, in order, without their remarks."""
    blocks = re.findall(r"```sh\n(.*?)```", TUTORIALS[name], re.S)
    lines = (line.split(" #")[0].strip() for block in blocks for line in block.splitlines())
    return [line for line in lines if line]


def run(checkout, command: str) -> str:
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=checkout.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, command + "\n" + done.stdout + done.stderr
    return done.stdout


def test_the_first_picture_of_ones_own_takes_few_commands():
    told = commands("first")
    until = told.index("make figures CAMPAIGN=my.yaml")
    assert until + 1 + len(["git clone", "cd"]) <= 10


def test_the_example_measures_and_draws_its_two_placements_alone():
    own = files.read_yaml(ROOT / EXAMPLE)
    merged = campaign_file.checked(inherit.merged(DEFAULT, own))
    plan = planner.plan(merged, host_of("netns", (0, 1)))
    assert {cell.labels["pinning"] for cell in plan.cells} == {"apart", "together"}
    assert len(plan.blocks) == 30
    assert not any(cell.shared_cpus for cell in plan.cells), "two CPUs are enough"
    options = {"figures": merged.get("figures"), "kinds": ("netperf",), "baseline": None}
    (drawing,) = netperf.CARD.drawings(plan.cells, options)
    series = drawing.options["figure"]["series"]
    assert [curve["where"]["pinning"] for curve in series] == ["apart", "together"]


@pytest.mark.parametrize("page", ["README.md", "docs/tutorials/first.md"])
def test_what_pages_show_of_the_example_is_in_it(page):
    own = files.read_yaml(ROOT / EXAMPLE)
    shown = re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text(), re.S)
    assert shown
    for part in (part for part in shown if not part.startswith("# my-testbed.yaml")):
        for section, content in yaml.safe_load(part).items():
            assert own[section] == content or content.items() <= own[section].items()


def test_the_testbed_file_of_the_readme_is_valid_for_xen_and_for_kvm(tmp_path, monkeypatch):
    shown = re.findall(
        r"```yaml\n(# my-testbed.yaml.*?)```", (ROOT / "README.md").read_text(), re.S
    )
    (tmp_path / "my-testbed.yaml").write_text("".join(shown))
    monkeypatch.chdir(tmp_path)
    config = {"testbed_file": "my-testbed.yaml"}
    for testbed, node in (("xen", "node0"), ("libvirt", "node1")):
        content = files.read_yaml("my-testbed.yaml")
        domains = {key: {"vcpus": 1} for key in content["nodes"][node]["domains"]}
        nodes = {node: {"dom0": next(iter(domains)), "domains": domains}}
        site = testbed_file.read({**config, "testbed": testbed, "nodes": nodes})
        assert set(site.ends) == set(domains) and len(domains) > 1


@pytest.fixture
def own_campaign(checkout):
    """The example, with fewer and shorter blocks."""
    path = checkout.folder / EXAMPLE
    for file in (path, checkout.folder / "config/campaigns/quick.yaml"):
        content = files.read_yaml(file)
        content |= {"blocks": 1, "remeasure": 0, "quiet": {"wait_s": 0}}
        content["netperf"]["message_bytes"] = [1024]
        content["converge"] = {"minimum_blocks": 2, "maximum_blocks": 2, "budget_minutes": 1}
        file.write_text(yaml.safe_dump(content))
    return checkout


@pytest.mark.slow
@pytest.mark.xdist_group("measuring")
def test_the_first_tutorial_ends_with_a_picture(own_campaign):
    for command in commands("first"):
        told = run(own_campaign, command)
        if command.startswith("make plan"):
            assert "2 cells, 2 blocks: 0 done, 2 missing" in told
    assert (own_campaign.folder / "results/figures/tcp_stream_web-to-db.png").exists()
    summary = (own_campaign.folder / "results/tables/netperf_summary.csv").read_text()
    assert "apart" in summary and "together" in summary


def test_the_clusters_files_plan(tmp_path, monkeypatch):
    for name in ("my-testbed.yaml", "my-cluster.yaml"):
        (text,) = re.findall(rf"```yaml\n(# {name}.*?)```", TUTORIALS["xen"], re.S)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    merged = files.merge(DEFAULT, files.read_yaml("my-cluster.yaml"))
    checked = campaign_file.checked({**merged, "figures": str(ROOT / "config/figures.yaml")})
    host = host_of("xen", (), testbed_file.read(checked))
    plan = planner.plan(checked, host)
    assert len(plan.blocks) == 345
    assert plan.cells[0].spec["ends"]["c010"] == {"ssh": "root@c010", "address": "10.1.1.21"}


@pytest.mark.parametrize(
    ("name", "blocks", "said"),
    [
        ("my-cluster.yaml", 60, ("threads", {"emulator": [0], "iothreads": [0], "vhost": [0]})),
        ("queues.yaml", 40, ("guest_options", {"queues": 2})),
    ],
)
def test_the_campaigns_of_the_kvm_tutorial_plan(tmp_path, monkeypatch, name, blocks, said):
    for file in ("my-testbed.yaml", name):
        (text,) = re.findall(rf"```yaml\n(# {file}.*?)```", TUTORIALS["kvm"], re.S)
        (tmp_path / file).write_text(text)
    monkeypatch.chdir(tmp_path)
    merged = campaign_file.checked(inherit.merged(DEFAULT, files.read_yaml(name)))
    host = host_of("libvirt", (), testbed_file.read(merged))
    plan = planner.plan(merged, host)
    assert len(plan.blocks) == blocks
    key, value = said
    nodes = [cell.spec["nodes"]["kvm0"] for cell in plan.cells]
    assert value in [node.get(key, {}).get("web") for node in nodes]
    assert {node["guests"]["web"] for node in nodes} == {"web-server"}


def test_the_commands_of_the_other_tutorials_can_be_planned(checkout):
    """Xen hosts are not here; tests/workflow/test_ci_files.py runs the gate."""
    for name in ("my-testbed.yaml", "my-cluster.yaml"):
        (text,) = re.findall(rf"```yaml\n(# {name}.*?)```", TUTORIALS["xen"], re.S)
        (checkout.folder / name).write_text(text)
    told = commands("xen") + commands("ci") + commands("kvm")
    assert len(told) == 8
    for command in told:
        assert command.startswith("make ")
        run(checkout, command.replace("make ", "make -n ", 1))
    assert "345 blocks" in run(checkout, "make plan CAMPAIGN=my-cluster.yaml")
