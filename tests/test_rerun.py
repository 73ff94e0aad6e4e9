"""What an edit reruns: exactly what it affects. Over a finished campaign, planned only."""

import re
import shutil

import pytest
import yaml
from conftest import TINY, Checkout

from vcperf import campaign, config
from vcperf.layout import Host

NOTHING = []


def blocks_of(checkout: Checkout, configfile: str):
    """record -> (pinning, path, size, block), as the edited configuration plans them."""
    merged = config.merge(
        config.read_yaml(checkout.folder / "config/config.yaml"),
        config.read_yaml(checkout.folder / configfile),
    )
    (old,) = {r.split("/")[2] for r in checkout.records()}  # the testbed that was used
    cpus = tuple(sorted(read_cpus(checkout)))
    plan = campaign.plan(campaign.checked(merged), Host(old, cpus))
    return {
        b.record: (*map(b.cell.labels.get, ("pinning", "path", "message_bytes")), b.number)
        for b in plan.blocks
    }


def read_cpus(checkout: Checkout):
    from vcperf.testbeds import probe

    return probe.usable_cpus()


def planned_jobs(checkout: Checkout, configfile: str):
    """(records to measure, figures to draw, other rules) of a dry run."""
    done = checkout.snakemake("-n", "results/figures/", configfile=configfile)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    records = set(re.findall(r"output: (results/raw/\S+\.json)", output))
    figures = set(re.findall(r"Drawing (\w+)", output))
    return records, figures, output


BANDWIDTH = {
    "paths": {"config1": ["vc00->c010"]},
    "methods": ["pathload"],
    "blocks": 2,
    "duration_s": {"pathload": 2, "pathrate": 2},
}
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


def test_a_pinning_renamed_is_a_label(finished):
    content = config.read_yaml(finished.folder / TINY)
    base = config.read_yaml(finished.folder / "config/config.yaml")
    content["pinnings"] = {"apart": base["pinnings"]["config1"], "config1": None}
    content["netperf"]["paths"]["apart"] = content["netperf"]["paths"]["config1"]
    content["netperf"]["paths"]["config1"] = None
    (finished.folder / "renamed.yaml").write_text(yaml.safe_dump(content))
    records, figures, output = planned_jobs(finished, "renamed.yaml")
    assert records == set()
    assert "Parsing the records" in output and figures == {"pair", "absent"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: dom0 to a guest of another node", "title: another title"),
        ("label: other CPU", "color: '#123456', label: other CPU"),
    ],
)
def test_a_title_or_a_colour_draws_one_figure_anew(finished, old, new):
    text = (finished.folder / "tests/config/figures.yaml").read_text()
    assert old in text
    (finished.folder / "figures2.yaml").write_text(text.replace(old, new))
    edited = finished.overlay("edited.yaml", {"figures": "figures2.yaml"})
    records, figures, _ = planned_jobs(finished, edited)
    assert (records, figures) == (set(), {"pair"})


def test_a_claim_edited_is_judged_anew_and_nothing_else(finished):
    text = (finished.folder / "config/claims.yaml").read_text()
    assert "margin_percent: 25" in text
    edited_text = text.replace("margin_percent: 25", "margin_percent: 26", 1)
    (finished.folder / "claims2.yaml").write_text(edited_text)
    edited = finished.overlay("edited.yaml", {"claims": "claims2.yaml"})
    records, figures, output = planned_jobs(finished, edited)
    assert (records, figures) == (set(), set())
    assert "Holding the claims" in output and "Showing the verdicts" in output
    assert "Summarising" not in output and "Parsing" not in output


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("scripts/vcperf/tools/netperf.py", {"pair", "absent"}),
        ("scripts/vcperf/observation.py", {"pair", "absent"}),
        ("scripts/vcperf/tables/plan.py", {"pair", "absent"}),
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


def test_lost_metadata_measures_nothing(finished):
    kept = finished.folder / ".snakemake-kept"
    (finished.folder / ".snakemake").rename(kept)
    try:
        records, _, _ = planned_jobs(finished, TINY)
        assert records == set()
    finally:
        shutil.rmtree(finished.folder / ".snakemake", ignore_errors=True)
        kept.rename(finished.folder / ".snakemake")
