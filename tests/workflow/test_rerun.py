"""What an edit reruns: exactly what it affects. Over a finished campaign, planned only."""

import contextlib
import fcntl
import re
import shutil
import subprocess

import pytest
import yaml
from helpers.checkout import TINY, Checkout, planned_jobs
from helpers.config import BANDWIDTH

from vcperf.config import campaign_file, files
from vcperf.planning import planner
from vcperf.preparation import hosts

NOTHING = []


def blocks_of(checkout: Checkout, configfile: str):
    """record -> (pinning, path, size, block), as the edited configuration plans them."""
    merged = files.merge(
        files.read_yaml(checkout.folder / "config/config.yaml"),
        files.read_yaml(checkout.folder / configfile),
    )
    (old,) = {r.split("/")[2] for r in checkout.records()}  # the testbed that was used
    cpus = tuple(sorted(read_cpus(checkout)))
    plan = planner.plan(campaign_file.checked(merged), hosts.host_of(old, cpus))
    return {
        b.record: (*map(b.cell.labels.get, ("pinning", "path", "message_bytes")), b.number)
        for b in plan.blocks
    }


def read_cpus(checkout: Checkout):
    return hosts.usable_cpus()


EDITS = {
    "nothing": ({}, lambda *_: False),
    "a pinning, on the second node": (
        {"pinnings": {"config1": {"node1": {"c011": 0}}}},
        lambda pinning, path, size, block: pinning == "config1" and path == "vc00->c010",
    ),
    "a pinning, on the first node": (
        {"pinnings": {"config1": {"node0": {"c001": 0}}}},
        lambda pinning, path, size, block: pinning == "config1",
    ),
    "a pinning, written another way": (
        {"pinnings": {"config1": {"node0": {"c000": [1, "1"]}}}},
        lambda *_: False,
    ),
    "a pinning that no path uses": (
        {"pinnings": {"config3": {"node0": {"c000": 1}}}},
        lambda *_: False,
    ),
    "a path": (
        {"netperf": {"paths": {"config1": ["vc00->c011", "c000->c001"]}}},
        lambda pinning, path, size, block: path == "vc00->c011",
    ),
    "a size added": (
        {"netperf": {"message_bytes": [1024, 4096, 16384]}},
        lambda pinning, path, size, block: size == 4096,
    ),
    "a size removed": ({"netperf": {"message_bytes": [1024]}}, lambda *_: False),
    "the duration": ({"netperf": {"duration_s": 2}}, lambda *_: True),
    "the warm-up": ({"netperf": {"warmup_s": 0.2}}, lambda *_: True),
    # These are told by the record's name:
    "a test added": ({"netperf": {"tests": ["TCP_STREAM", "UDP_RR"]}}, "UDP_RR"),
    "an estimate added": ({"bandwidth": BANDWIDTH}, "/bandwidth/"),
    "socket buffers": (
        {"netperf": {"socket_buffers": {"send_bytes": 16384, "receive_bytes": 87380}}},
        lambda *_: True,
    ),
    "a block more": ({"blocks": 3}, lambda pinning, path, size, block: block == 3),
    "a block less": ({"blocks": 1}, lambda *_: False),
    "the seed": ({"seed": 1}, lambda *_: False),
    "the target": ({"target_percent": 5}, lambda *_: False),
    "the noise limit": ({"disturbed_percent": 50}, lambda *_: False),
    "the rate of the link": (
        {"netns": {"link_mbps": 500}},
        lambda pinning, path, size, block: path == "vc00->c010",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_the_configuration_measures_what_it_affects(finished, edit):
    change, affected = EDITS[edit]
    edited = finished.overlay("edited.yaml", change)
    records, _, _ = planned_jobs(finished, edited)
    planned = blocks_of(finished, edited)
    if isinstance(affected, str):
        expected = {record for record in planned if affected in record}
        assert expected
    else:
        expected = {record for record, labels in planned.items() if affected(*labels)}
    if edit == "the rate of the link" and "/native/" in next(iter(planned)):
        expected = set()  # native has no link
    assert records == expected


def test_a_renamed_pinning_measures_nothing(finished):
    content = files.read_yaml(finished.folder / TINY)
    base = files.read_yaml(finished.folder / "config/config.yaml")
    content["pinnings"] = {"apart": base["pinnings"]["config1"], "config1": None}
    content["netperf"]["paths"]["apart"] = content["netperf"]["paths"]["config1"]
    content["netperf"]["paths"]["config1"] = None
    (finished.folder / "renamed.yaml").write_text(yaml.safe_dump(content))
    records, figures, output = planned_jobs(finished, "renamed.yaml")
    assert records == set()
    assert "Parsing the records" in output and figures == {"pair", "absent", "claims"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: dom0 to a guest of another node", "title: another title"),
        ("label: other CPU", "color: '#123456', label: other CPU"),
    ],
)
def test_an_edited_title_or_colour_draws_one_figure_again(finished, old, new):
    text = (finished.folder / "tests/config/figures.yaml").read_text()
    assert old in text
    (finished.folder / "figures2.yaml").write_text(text.replace(old, new))
    edited = finished.overlay("edited.yaml", {"figures": "figures2.yaml"})
    records, figures, _ = planned_jobs(finished, edited)
    assert (records, figures) == (set(), {"pair"})


def test_an_edited_claim_is_judged_again_and_nothing_else(finished):
    text = (finished.folder / "config/claims.yaml").read_text()
    assert "margin_percent: 25" in text
    edited_text = text.replace("margin_percent: 25", "margin_percent: 26", 1)
    (finished.folder / "claims2.yaml").write_text(edited_text)
    edited = finished.overlay("edited.yaml", {"claims": "claims2.yaml"})
    records, figures, output = planned_jobs(finished, edited)
    assert (records, figures) == (set(), {"claims"})
    assert "Making claims" in output and "Making netperf_summary" not in output
    assert "Parsing" not in output


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("scripts/vcperf/tools/netperf.py", {"pair", "absent", "claims"}),
        ("scripts/vcperf/records/observation.py", {"pair", "absent", "claims"}),
        ("scripts/vcperf/tables/plan.py", {"pair", "absent", "claims"}),
        ("scripts/vcperf/figures/curves.py", {"pair", "absent"}),
        ("scripts/vcperf/measure/netperf.py", set()),
        ("rules/measure.smk", set()),
    ],
)
def test_an_edit_of_the_code_measures_nothing(finished, module, expected):
    file = finished.folder / module
    kept = file.with_suffix(".kept")
    shutil.copy2(file, kept)
    try:
        file.write_text(file.read_text() + "\n# an edit\n")
        records, figures, _ = planned_jobs(finished, TINY)
        assert (records, figures) == (set(), expected)
    finally:
        shutil.move(kept, file)


# Edits of rule measure: what stands there, what stands there afterwards.
EVERYWHERE = [
    ('"{params.command} 2>', '"{params.command}  2>'),
    ("        command=command_of", "        other=1,\n        command=command_of"),
    ("programs=programs_of,", 'programs=programs_of,\n        more="Makefile",'),
    ('"results/logs/', '"results/logs/of/'),
    ('"../envs/vcperf.yaml"', '"../envs/other.yaml"'),
]
RULE_EDITS = {
    "a space more": EVERYWHERE[:1],
    "its command, params, input, log and environment": EVERYWHERE,
}


def edit_rule(checkout: Checkout, edits) -> None:
    file = checkout.folder / "rules/measure.smk"
    text = file.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    (checkout.folder / "envs/other.yaml").write_text("dependencies: []\n")


@pytest.fixture
def rules_put_back(finished):
    file = finished.folder / "rules/measure.smk"
    text = file.read_text()
    yield
    file.write_text(text)


@pytest.mark.parametrize("edit", RULE_EDITS)
@pytest.mark.usefixtures("rules_put_back")
def test_an_edit_of_rule_measure_measures_nothing_again(finished, edit):
    edit_rule(finished, RULE_EDITS[edit])
    assert "Nothing to be done" in planned_jobs(finished, TINY)[2]
    by_path = finished.snakemake("-n", *finished.records())
    assert "Nothing to be done" in by_path.stdout + by_path.stderr


@pytest.mark.usefixtures("rules_put_back")
def test_rule_measure_with_a_newer_script_measures_nothing_again(finished):
    (finished.folder / "scripts/new.py").touch()
    file = finished.folder / "rules/measure.smk"
    rule = file.read_text().partition("    shell:")[0]
    file.write_text(rule + '    script:\n        "../scripts/new.py"\n')
    assert "Nothing to be done" in planned_jobs(finished, TINY)[2]


@contextlib.contextmanager
def without(checkout: Checkout, records):
    """Some records away, for as long as it lasts."""
    for record in records:
        (checkout.folder / record).rename(checkout.folder / f"{record}.kept")
    try:
        yield
    finally:
        for record in records:
            (checkout.folder / f"{record}.kept").rename(checkout.folder / record)


@pytest.mark.parametrize("chosen", [slice(1), slice(3, 8, 2), slice(None)])
def test_records_that_are_deleted_are_measured_again_with_what_follows(finished, chosen):
    gone = set(sorted(finished.records())[chosen])
    with without(finished, gone):
        records, figures, output = planned_jobs(finished, TINY)
        assert records == gone
        assert "Parsing the records of netperf" in output and "pair" in figures


def test_of_records_that_are_deleted_some_may_be_asked_for(finished):
    gone = set(sorted(finished.records())[3:8:2])
    with without(finished, gone):
        until = finished.snakemake("-n", "results/figures/", "--until", "measure").stdout
        assert until.count("output: results/raw") == len(gone) and "Parsing" not in until
        first = min(gone)
        by_path = finished.snakemake("-n", first).stdout
        assert re.findall(r"output: (results/raw/\S+)", by_path) == [first]


def test_a_deleted_record_of_a_deleted_table_is_measured_again(finished):
    """Though every figure is there and up to date."""
    gone = [min(finished.records())]
    with without(finished, [*gone, "results/tables/netperf.csv"]):
        assert planned_jobs(finished, TINY)[0] == set(gone)


def test_tables_follow_records_measured_again_and_not_those_touched(finished):
    path = next(iter(finished.records().values()))
    kept = path.with_suffix(".kept")
    shutil.copy2(path, kept)
    try:
        path.touch()
        assert "Nothing to be done" in planned_jobs(finished, TINY)[2]
        path.write_text(path.read_text() + "\n")
        records, figures, output = planned_jobs(finished, TINY)
        assert records == set() and "pair" in figures
        assert "Parsing the records of netperf" in output
    finally:
        shutil.move(kept, path)


LOOKS = {
    "dry run": ["-n", "results/figures/"],
    "dry run among other letters": ["-Fn", "results/figures/"],
    "lint": ["--lint"],
    "list": ["--list"],
    "summary": ["--summary", "results/figures/"],
    "report": ["results/figures/", "--report"],
}


@pytest.mark.parametrize("look", LOOKS)
def test_looking_at_a_campaign_waits_for_no_run(finished, tmp_path, look):
    args = [*LOOKS[look], *([str(tmp_path / "report.html")] if look == "report" else [])]
    with (finished.folder / "results/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            finished.argv(*args),
            cwd=finished.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    assert "Waiting" not in done.stderr


def test_lost_metadata_measures_nothing(finished):
    kept = finished.folder / ".snakemake-kept"
    (finished.folder / ".snakemake").rename(kept)
    try:
        records, _, _ = planned_jobs(finished, TINY)
        assert records == set()
    finally:
        shutil.rmtree(finished.folder / ".snakemake", ignore_errors=True)
        kept.rename(finished.folder / ".snakemake")


def test_how_long_to_wait_is_part_of_no_key(finished):
    edited = finished.overlay("edited.yaml", {"quiet": {"wait_s": 7}})
    done = finished.snakemake("-n", "results/figures/", configfile=edited)
    assert done.returncode == 0 and "rule measure" not in done.stdout + done.stderr
