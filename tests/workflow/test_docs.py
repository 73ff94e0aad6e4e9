"""The documents tell the truth: their commands run, their links lead somewhere."""

import os
import re
import shlex
import subprocess

import pytest
from helpers.checkout import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("*/README.md")])
PAGES += sorted((ROOT / "docs").rglob("*.md"))


def commands():
    """Each line of each shell example, without its remark. test_tutorials.py has the tutorials'."""
    for page in PAGES:
        if page.parent.name == "tutorials":
            continue
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


def test_the_readme_fits_on_one_screen():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 80


def test_make_plan_counts_blocks():
    text = run(ROOT, [".venv/bin/python", "-m", "vcperf", "plan"], env={"PYTHONPATH": "scripts"})
    assert re.search(
        r"(50 cells, 222|44 cells, 192) blocks: \d+ done, \d+ missing; about ", text.stdout
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
