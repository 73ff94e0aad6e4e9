"""A tiny campaign from nothing to figures, with the real netperf."""

import itertools
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
import yaml
from helpers import terminal
from helpers.checkout import SECRET, TINY, Checkout

from vcperf.config import files

CONTRACT = (
    "testbed pinning path sender receiver test message_bytes block throughput_mbps"
    " sender_cpu_percent receiver_cpu_percent elapsed_s started status"
).split()


@pytest.fixture(scope="module")
def blocks(finished):
    return pd.read_csv(finished.folder / "results/tables/netperf.csv")


def test_the_table_has_one_row_per_block_and_the_columns_promised(blocks):
    assert set(CONTRACT) <= set(blocks.columns)
    key = ["pinning", "path", "message_bytes", "block"]
    assert len(blocks) == 12 and not blocks.duplicated(key).any()
    assert (blocks["throughput_mbps"] > 0).all()
    assert blocks["elapsed_s"].between(0.97, 2).all()
    assert set(blocks["status"]) <= {"ok", "disturbed", "overran"}


def test_both_ends_use_cpu_and_no_more_than_their_cpus(blocks):
    for column in ("sender_domain_cpu_percent", "receiver_domain_cpu_percent"):
        # A domain of one CPU in a window of about a second, read to the clock tick.
        assert blocks[column].between(0.5, 105).all(), blocks[column]


def test_the_summary_has_one_row_per_cell_with_an_interval_around_the_mean(finished, blocks):
    summary = pd.read_csv(finished.folder / "results/tables/netperf_summary.csv")
    assert len(summary) == 6
    assert (summary["blocks"] == 2).all()
    assert (summary["ci_low"] <= summary["mean"]).all()
    assert (summary["mean"] <= summary["ci_high"]).all()
    cell = summary.iloc[0]
    same = (
        blocks[["pinning", "path", "message_bytes"]] == cell[["pinning", "path", "message_bytes"]]
    )
    assert cell["mean"] == pytest.approx(blocks[same.all(axis=1)]["throughput_mbps"].mean())


def test_pinning_is_read_back_before_and_after_as_asked(finished):
    for record in finished.read_records():
        spec = record["spec"]
        wanted = {
            domain: [sorted({cpu for vcpu in vcpus for cpu in vcpu})]
            for node in spec["nodes"].values()
            for domain, vcpus in node["domains"].items()
        }
        assert record["before"]["pinning"] == wanted
        assert record["after"]["pinning"] == wanted


def test_a_record_keeps_every_command_word_for_word(finished):
    for record in finished.read_records():
        # An interrupted start is warmed up again: the last one counts.
        roles = {command["role"]: command for command in record["commands"]}
        assert set(roles) == {"warmup", "measure", "server"}
        assert "THROUGHPUT=" in roles["measure"]["output"]
        assert roles["warmup"]["end"] <= roles["measure"]["start"]
        assert record["host"]["tools"]["netperf"]["path"].endswith("/netperf")


def test_no_environment_is_kept_in_results(finished):
    kept = [file for file in (finished.folder / "results").rglob("*") if file.is_file()]
    assert len(kept) > 20, "records, tables, figures and logs"
    for file in kept:
        assert SECRET.encode() not in file.read_bytes(), file


def test_with_many_cores_no_two_measurements_overlap(finished):
    windows = []
    for record in finished.read_records():
        starts = [command["start"] for command in record["commands"]]
        ends = [command["end"] for command in record["commands"]]
        windows.append((min(starts), max(ends)))
    windows.sort()
    for (_, end), (start, _) in itertools.pairwise(windows):
        assert end <= start


def test_blocks_are_measured_in_the_planned_shuffled_order(finished, blocks):
    plan = pd.read_csv(finished.folder / "results/tables/plan.csv")
    key = ["pinning", "path", "message_bytes", "block"]
    measured = blocks.sort_values("started")[key].to_numpy().tolist()
    assert measured == plan.sort_values("order")[key].to_numpy().tolist()
    # Every round holds each cell once.
    assert [row[3] for row in measured] == [1] * 6 + [2] * 6


def test_figures_are_gathered_and_say_what_they_lack(finished):
    figures = finished.folder / "results/figures"
    assert {p.name for p in figures.iterdir() if p.name[0] != "."} == {
        "pair.svg",
        "pair.png",
        "absent.svg",
        "absent.png",
        "claims.svg",
        "claims.png",
    }
    pair = (figures / "pair.svg").read_text()
    assert "netns" in pair or "native" in pair
    assert "Not in this campaign" not in pair
    absent = (figures / "absent.svg").read_text()
    assert "Not in this campaign" in absent and "c001-&gt;c011" in absent


def test_a_report_shows_the_figures(finished, tmp_path):
    made = finished.snakemake("--report", str(tmp_path / "report.html"))
    assert made.returncode == 0, made.stderr
    assert "results/figures/pair.png" in (tmp_path / "report.html").read_text()


def test_claims_are_judged_on_what_was_measured(finished):
    rows = pd.read_csv(finished.folder / "results/tables/claims.csv")
    assert rows["claim"].nunique() == 10
    first = rows.iloc[0]  # two blocks of dom0 to a guest of another node, both pinnings
    assert first["blocks"] == 2 and first["low_percent"] < first["effect_percent"]
    assert "TCP_STREAM 16384" in first["cells"]
    later = rows[rows["claim"] == "claim3"]
    assert set(later["verdict"]) == {"open"} and "config3" in later["missing"].iloc[0]


def test_nothing_is_left_to_do(finished):
    again = finished.snakemake("-n", "results/figures/")
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.slow
def test_a_campaign_may_have_a_folder_of_its_own(checkout):
    mine = checkout.overlay("mine.yaml", {"results_in": "runs/mine", "claims": None})
    done = checkout.snakemake("figures", "report", configfile=mine)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "see: runs/mine/results/figures/" in done.stderr
    made = checkout.folder / "runs/mine/results"
    assert len(list(made.rglob("raw/**/*.json"))) == 12 and (made / "report.html").exists()
    drawn = sorted(path.stem for path in (made / "figures").glob("*.svg"))
    assert drawn == ["absent", "pair"]
    elsewhere = [path for path in (checkout.folder / "results").rglob("*") if path.is_file()]
    assert {path.name for path in elsewhere} <= {"README.md"}
    again = checkout.snakemake("-n", "figures", configfile=mine)
    assert "Nothing to be done" in again.stdout
    plan = subprocess.run(
        [sys.executable, "-m", "vcperf", "plan", mine],
        cwd=checkout.folder,
        env={**os.environ, "PYTHONPATH": "scripts"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "12 blocks: 12 done, 0 missing" in plan.stdout, plan.stderr


def test_planning_touches_nothing(checkout):
    before = sorted(str(p) for p in checkout.folder.rglob("*") if ".snakemake" not in p.parts)
    planned = checkout.snakemake("-n", "results/figures/")
    assert planned.returncode == 0, planned.stderr
    after = sorted(str(p) for p in checkout.folder.rglob("*") if ".snakemake" not in p.parts)
    assert [p for p in after if "__pycache__" not in p] == [
        p for p in before if "__pycache__" not in p
    ]


def test_records_and_tables_have_the_state_of_cpus_and_the_wait(finished):
    import pandas as pd

    for record in finished.read_records():
        (first,), (last,) = (record[look]["hosts"].values() for look in ("before", "after"))
        assert record["waited_s"] == 0.0
        for look in (first, last):
            assert look["load"] >= 0 and look["steal_s"] >= 0
            known = os.path.exists("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq")
            assert ("cpu_khz" in look) == known
    table = pd.read_csv(finished.folder / "results/tables/netperf.csv")
    assert (table["waited_s"] == 0).all() and "throttled" in table


def test_a_campaign_that_has_nothing_left_to_do_says_again_what_it_found(finished):
    said = finished.snakemake("results/figures/")
    assert said.returncode == 0, said.stderr
    last = said.stderr.splitlines()[-5:]
    assert last[0].startswith(("found: largest difference", "found: no pinning differs"))
    assert last[1].startswith("found: of 10 claims")
    assert last[2] == "see: results/figures/ (3 figures)"
    assert last[3].startswith("doubtful: ") and last[4].startswith("next: ")
    only = finished.snakemake("results/tables/netperf.csv")
    assert "found:" not in only.stderr and "found:" not in finished.snakemake("-n").stderr


@pytest.mark.slow
def test_the_next_campaign_in_a_folder_fits_a_screen_and_stands_alone(finished, tmp_path):
    """The claims of the one before are gone; one block is measured."""
    copied = Checkout(shutil.copytree(finished.folder, tmp_path / "copy", symlinks=True), made=True)
    content = files.read_yaml(copied.folder / TINY) | {"inherit": False}
    for section in ("figures", "bandwidth", "baseline", "pingpong", "profile"):
        del content[section]
    del content["netperf"]["paths"]["config3"]
    (copied.folder / "own.yaml").write_text(yaml.safe_dump(content))
    next(iter(copied.records().values())).unlink()
    status, screen = terminal.run(["make", "figures", "CAMPAIGN=own.yaml"], copied.folder)
    shown = "\n".join(screen)
    assert status == 0, shown
    assert len(screen) < 24, shown  # and the next prompt
    assert "Traceback" not in shown
    assert "1 of 1 blocks measured" in shown and "see: results/figures/ (2 figures)" in shown
    made = {
        path.name for path in (copied.folder / "results").rglob("*.*") if path.parts[-2] != "raw"
    }
    assert "tcp_stream_vc00-to-c010.png" in made and "netperf_summary.csv" in made
    assert not {"claims.csv", "claims.parquet", "claims.png", "pair.svg", "absent.png"} & made
    assert "removed tables and figures of an earlier campaign (absent, claims, pair)" in shown
