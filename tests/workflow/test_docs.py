"""The documents tell the truth: their commands run, their links lead somewhere."""

import os
import re
import shlex
import subprocess

import pytest
import yaml
from helpers.checkout import ROOT
from helpers.config import DEFAULT

from vcperf import testbeds
from vcperf.config import campaign_file, figures_file, files
from vcperf.planning import planner
from vcperf.preparation import testbed_file
from vcperf.preparation.hosts import host_of

PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("*/README.md")])
PAGES += sorted((ROOT / "docs").glob("*.md"))


def commands():
    """Each line of each shell example, without its remark."""
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
            for line in block.splitlines():
                command = line.split(" #")[0].strip()
                if command:
                    yield command


COMMANDS = sorted(set(commands()))


def run(folder, argv, **options):
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, **options)


def test_the_documents_have_make_figures_and_make_test():
    assert {"make figures", "make test"} <= set(COMMANDS)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_every_make_command_of_the_documents_can_be_planned(command):
    """Planned only: the tests themselves, or CI, run what they stand for."""
    done = run(ROOT, ["make", "-n", *shlex.split(command)[1:]])
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        if line.startswith(".venv/bin/snakemake") and "--lint" not in line:
            exported = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}  # as make does
            planned = run(ROOT, [*shlex.split(line), "-n"], env=exported)
            assert planned.returncode == 0, planned.stdout + planned.stderr


def test_a_campaign_that_is_not_there_is_named():
    done = run(ROOT, ["make", "figures", "CAMPAIGN=none.yaml"])
    assert done.returncode != 0
    assert "CAMPAIGN=none.yaml: there is no such file" in done.stderr


PLANNED = [c for c in COMMANDS if c.startswith("snakemake ") and "--report" not in c]


@pytest.mark.parametrize("command", PLANNED)
def test_every_snakemake_command_of_the_documents_can_be_planned(command, checkout):
    """Planned only; test_campaign.py makes a report."""
    words = shlex.split(command)[1:]
    done = run(checkout.folder, [str(ROOT / ".venv/bin/snakemake"), "-n", *words])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rule measure" in done.stdout


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if not c.startswith(("make ", "snakemake "))]
)
def test_every_other_command_of_the_documents_runs(command):
    done = run(ROOT, ["sh", "-c", command])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("test,message_bytes,")


def test_make_help_names_every_target_of_the_readme():
    text = run(ROOT, ["make", "help"]).stdout
    for target in ("figures", "test", "plan", "converge", "compare", "lint", "benchmark"):
        assert re.search(rf"^{target}\s", text, re.MULTILINE)


def test_make_plan_counts_blocks():
    text = run(ROOT, [".venv/bin/python", "-m", "vcperf", "plan"], env={"PYTHONPATH": "scripts"})
    assert re.search(
        r"(50 cells, 222|44 cells, 192) blocks: \d+ done, \d+ missing; about ", text.stdout
    )


def test_the_examples_campaign_measures_and_draws_its_placements_alone(tmp_path):
    readme = (ROOT / "README.md").read_text()
    (example,) = re.findall(r"```yaml\n(# my.yaml.*?)```", readme, re.S)
    (drawn,) = re.findall(r"```yaml\n(# my-figures.yaml.*?)```", readme, re.S)
    merged = campaign_file.checked(files.merge(DEFAULT, yaml.safe_load(example)))
    plan = planner.plan(merged, host_of("netns", tuple(range(8))))
    assert {cell.labels["pinning"] for cell in plan.cells} == {"spread", "config3"}
    assert not any(cell.shared_cpus for cell in plan.cells)
    assert f"measures {len(plan.blocks)} blocks" in readme
    (tmp_path / merged["figures"]).write_text(drawn)
    path = tmp_path / merged["figures"]
    (figure,) = figures_file.read(str(path), merged, testbeds.NAMES).values()
    assert [series["where"]["pinning"] for series in figure["series"]] == ["spread", "config3"]


def test_the_examples_cluster_plans(tmp_path, monkeypatch):
    readme = (ROOT / "README.md").read_text()
    for name in ("my-testbed.yaml", "my-cluster.yaml"):
        (text,) = re.findall(rf"```yaml\n(# {name}.*?)```", readme, re.S)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    merged = files.merge(DEFAULT, files.read_yaml("my-cluster.yaml"))
    checked = campaign_file.checked({**merged, "figures": str(ROOT / "config/figures.yaml")})
    host = host_of("xen", (), testbed_file.read(checked))
    plan = planner.plan(checked, host)
    assert len(plan.blocks) == 345
    assert plan.cells[0].spec["ends"]["c010"] == {"ssh": "root@c010", "address": "10.1.1.21"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
