"""The command that compares two results folders."""

import subprocess
import sys

import pandas as pd
import pytest
from helpers.blocks import by_size, scattered
from helpers.checkout import ROOT
from helpers.results_folders import finished, planned

from vcperf.analysis import compare
from vcperf.commands import compare as command
from vcperf.records import host_settings


def latencies(mean, seed=0):
    """A ping-pong of two sizes."""
    rows = [
        {"testbed": "netns", "pinning": "config2", "path": "c000->c010", "stack": "mpich"}
        | {"program": "pingpong", "load": load, "message_bytes": size, "status": "ok"}
        | {"block": block, "latency_us": value}
        for load in ("none", "ep")
        for size in (1, 1024)
        for block, value in enumerate(scattered(mean, 8, seed=seed + size), start=1)
    ]
    return pd.DataFrame(rows)


def run(*argv):
    return subprocess.run(
        [sys.executable, "-m", "vcperf", "compare", *map(str, argv)],
        cwd=ROOT,
        env={"PYTHONPATH": "scripts", "MPLCONFIGDIR": str(ROOT / ".tools/matplotlib")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_exit_status_says_whether_a_cell_changed(tmp_path, capsys):
    a = finished(tmp_path / "a", by_size([100, 100, 100], 8))
    b = finished(tmp_path / "b", by_size([100, 80], 8, seed=50))
    assert command.main([a, a]) == 0
    assert "3 cells: 3 no change beyond the margin (5 %)" in capsys.readouterr().out
    done = run(a, b, "--out", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    assert "2 cells: 1 changed, 1 no change beyond the margin" in done.stdout
    assert "only in A: netns config1 vc00->c010 TCP_STREAM 3" in done.stdout
    written = pd.read_csv(tmp_path / "out/changes.csv")
    assert list(written.columns) == compare.COLUMNS and len(written) == 2
    assert "changed: 1" in (tmp_path / "out/changes.svg").read_text()
    assert (tmp_path / "out/changes.png").stat().st_size > 1000


def test_too_few_blocks_are_said(tmp_path, capsys):
    a = finished(tmp_path / "a", by_size([100], 3))
    b = finished(tmp_path / "b", by_size([50], 3, seed=50))
    assert command.main([a, b]) == 3
    text = capsys.readouterr().out
    assert "1 too few blocks to tell" in text and "neither a change nor its absence" in text


def test_the_ping_pong_is_compared_too_alone_or_beside_netperf(tmp_path, capsys):
    a = finished(tmp_path / "a", latencies(20), "pingpong")
    b = finished(tmp_path / "b", latencies(30, seed=50), "pingpong")
    assert command.main([a, b, "--out", str(tmp_path / "out")]) == 1
    text = capsys.readouterr().out
    assert "4 cells: 4 changed" in text
    assert "netns config2 c000->c010 mpich pingpong ep 1024 " in text and "nan" not in text
    assert set(pd.read_csv(tmp_path / "out/changes.csv")["metric"]) == {"latency_us"}
    finished(tmp_path / "a", by_size([100], 8))
    finished(tmp_path / "b", by_size([100], 8, seed=50))
    assert command.main([a, b]) == 1
    assert "5 cells: 4 changed, 1 no change beyond the margin" in capsys.readouterr().out


def test_disturbed_blocks_count_and_are_mentioned(tmp_path, capsys):
    blocks = by_size([100, 100], 8)
    a = finished(tmp_path / "a", blocks)
    blocks.loc[[0, 1], "status"] = "disturbed"
    b = finished(tmp_path / "b", blocks)
    assert command.main([a, b, "--out", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert text.count(", 2 disturbed") == 1 and "count as any other" in text
    assert list(pd.read_csv(tmp_path / "out/changes.csv")["doubtful"]) == [2, 0]
    assert "hollow: unstable (disturbed)" in (tmp_path / "out/changes.svg").read_text()
    command.main([a, a])
    assert "disturbed blocks" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["netperf", "pingpong"])
@pytest.mark.parametrize("column", ["message_bytes", "metric"])
def test_a_damaged_number_is_no_change(tmp_path, capsys, name, column):
    blocks = by_size([100], 3) if name == "netperf" else latencies(20)
    metric = {"netperf": "throughput_mbps", "pingpong": "latency_us"}[name]
    a = finished(tmp_path / "a", blocks, name)
    damaged = blocks.astype({metric: object, "message_bytes": object})
    column = metric if column == "metric" else column
    damaged.loc[1, column] = "1O0"
    b = finished(tmp_path / "b", damaged, name)
    assert command.main([a, b]) == 2
    told = capsys.readouterr()
    assert f"b/tables/{name}.csv: {column}: '1O0' is not a" in told.err
    assert len(told.err.splitlines()) == 1 and not told.out


def test_a_mistake_is_one_line_and_exit_status_2(tmp_path, capsys):
    a = finished(tmp_path / "a", by_size([100], 3))
    other = finished(tmp_path / "c", by_size([100], 3).assign(pinning="elsewhere"))
    (tmp_path / "d/tables").mkdir(parents=True)
    (tmp_path / "d/tables/netperf.csv").write_text("block\n1\n")
    (tmp_path / "e/tables").mkdir(parents=True)
    (tmp_path / "e/tables/netperf.csv").write_text("")
    for second, words in [
        (tmp_path / "none", "there; give the results folder"),
        (other, "no cell in common"),
        (tmp_path / "d", "has no column"),
        (tmp_path / "e", "e/tables/netperf.csv: "),
    ]:
        assert command.main([a, str(second)]) == 2
        told = capsys.readouterr()
        assert words in told.err and len(told.err.splitlines()) == 1 and not told.out
    assert command.main([a, a, "--out", a + "/tables/netperf.csv"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert run(a).returncode == 2


def test_make_compare_wants_two_folders():
    done = subprocess.run(
        ["make", "-s", "compare", "A=x"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and "give two results folders" in done.stderr


SETTINGS = {
    "net.eth0.tso": "on",
    "net.eth0.mtu": "1500",
    "cpu.governor": "performance",
    "sysctl.net.ipv4.tcp_congestion_control": "cubic",
    "net.eth0.lro": None,
}


def set_to(folder, blocks, **places):
    """A finished campaign on places of these settings, which its blocks name."""
    digests = {place: host_settings.write(str(folder), its) for place, its in places.items()}
    named = " ".join(f"{place}={digest}" for place, digest in digests.items())
    return finished(folder, blocks.assign(settings=named))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("net.eth0.tso", "off"),
        ("net.eth0.mtu", "9000"),
        ("cpu.governor", "powersave"),
        ("sysctl.net.ipv4.tcp_congestion_control", "bbr"),
    ],
)
def test_the_one_setting_that_differs_is_named(name, value, tmp_path, capsys):
    blocks = by_size([100, 100], 8)
    a = set_to(tmp_path / "a", blocks, node0=SETTINGS, node1=SETTINGS)
    b = set_to(tmp_path / "b", blocks, node0=SETTINGS, node1={**SETTINGS, name: value})
    assert command.main([a, b, "--out", str(tmp_path / "out")]) == 0
    told = [x for x in capsys.readouterr().out.splitlines() if x.startswith("settings differ")]
    assert told == [f"settings differ: {name} {SETTINGS[name]} -> {value} (node1)"]
    assert f"Settings differ: {name}" in (tmp_path / "out/changes.svg").read_text()
    command.main([a, a])
    assert "settings differ" not in capsys.readouterr().out


def test_a_setting_that_one_campaign_could_not_read_is_said_so(tmp_path, capsys):
    a = set_to(tmp_path / "a", by_size([100], 8), node0=SETTINGS)
    b = set_to(tmp_path / "b", by_size([100], 8), node0={**SETTINGS, "net.eth0.lro": "off"})
    command.main([a, b])
    assert "settings differ: net.eth0.lro not known -> off (node0)" in capsys.readouterr().out


def test_settings_of_cells_that_are_not_compared_do_not_count(tmp_path, capsys):
    both, alone = by_size([100], 8), by_size([100, 100], 8).query("message_bytes == 2")
    a = set_to(tmp_path / "a", both, node0=SETTINGS)
    other = host_settings.write(str(tmp_path / "b"), {**SETTINGS, "net.eth0.tso": "off"})
    same = host_settings.write(str(tmp_path / "b"), SETTINGS)
    blocks = [both.assign(settings=f"node0={same}"), alone.assign(settings=f"node0={other}")]
    b = finished(tmp_path / "b", pd.concat(blocks))
    command.main([a, b])
    assert "settings differ" not in capsys.readouterr().out


def test_tables_of_before_there_were_settings_are_still_compared(tmp_path, capsys):
    a = set_to(tmp_path / "a", by_size([100], 8), node0=SETTINGS)
    b = finished(tmp_path / "b", by_size([100], 8))
    table = pd.read_csv(tmp_path / "b/tables/netperf.csv")
    later = ["settings", "shared_cores", "numa_crossed"]
    table.drop(columns=later).to_csv(tmp_path / "b/tables/netperf.csv", index=False)
    assert command.main([a, b]) == 0
    assert "settings differ" not in capsys.readouterr().out


def test_units_paths_and_what_is_assumed_are_printed(tmp_path, capsys):
    a = finished(tmp_path / "a", by_size([100, 100], 8))
    b = finished(tmp_path / "b", by_size([100, 80], 8, seed=50))
    out = str(tmp_path / "out")
    command.main([a, b, "--out", out])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[4] == "2" and "Mbit/s" in lines[1] and "changed, worse" in lines[1]
    assert lines[-1] == f"written: {out}/changes.csv, {out}/changes.svg, {out}/changes.png"
    assert any(line.startswith("assumed: successive blocks") for line in lines)
    assert any(line.startswith("assumed: campaigns of one thing") for line in lines)


def test_cells_whose_specs_differ_are_named(tmp_path, capsys):
    a = planned(tmp_path / "a", by_size([100], 8))
    b = planned(tmp_path / "b", by_size([100], 8, seed=50), duration_s=2)
    assert command.main([a, b]) == 0
    text = capsys.readouterr().out
    assert "specs differ: netns config1 vc00->c010 TCP_STREAM 1: duration_s 1 -> 2" in text
    assert text.splitlines()[1].endswith("specs differ")
    command.main([a, a])
    assert "specs" not in capsys.readouterr().out


def test_two_testbeds_are_compared_on_request(tmp_path, capsys):
    xen = by_size([100, 100], 8).assign(testbed="xen")
    kvm = by_size([100, 60], 8, seed=50).assign(testbed="libvirt")
    a, b = finished(tmp_path / "a", xen), finished(tmp_path / "b", kvm)
    assert command.main([a, b]) == 2
    assert capsys.readouterr().err.endswith("or their testbeds by --testbeds xen libvirt\n")
    assert command.main([a, b, "--testbeds", "xen", "libvirt"]) == 1
    text = capsys.readouterr().out
    assert "xen and libvirt config1" in text and "2 cells: 1 changed, 1 no change" in text
    both = finished(tmp_path / "both", pd.concat([xen, kvm]))
    assert command.main([both, both, "--testbeds", "xen", "libvirt"]) == 1
    assert "2 cells: 1 changed, 1 no change" in capsys.readouterr().out
    assert command.main([a, b, "--testbeds", "xen", "kvm"]) == 2
    assert "b: --testbeds: has no testbed 'kvm'; it has libvirt" in capsys.readouterr().err
