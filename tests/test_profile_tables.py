"""The tables of profiles: what moved, events apart, names as they are, one bad profile."""

import io

import pandas as pd
import pytest

import summarise_profiles
from vcperf.analysis import profile_tables
from vcperf.tables import profile, profile_blocks
from vcperf.tools import perf

NOTED = {"hosts": {"h": {"clock_s": 0.0, "program_s": 0.0, "own_s": 0.0, "steal_s": 0.0}}}
LATER = {"hosts": {"h": {"clock_s": 1.0, "program_s": 0.0, "own_s": 0.0, "steal_s": 0.0}}}
HOST = {"host": "h", "kernel": "6.1", "platform": "here"}
PLANNED = {"record": "a record", "block": "1", "workload": "pingpong", "shared_cpus": "no"}
PINGPONG = {
    "testbed": "netns",
    "pinning": "config2",
    "path": "c000->c010",
    "workload": "pingpong",
    "test": "",
    "message_bytes": 16384,
    "stack": "mpich",
    "program": "pingpong",
    "load": "ep",
    "point": "A",
}


def content(received, samples=1000, **spec):
    """The record of a profile of a ping-pong."""
    row = f"cycles,c000,pingpong,[kernel.kallsyms],copy,{samples},100.0\n"
    found = {"event_asked": "cycles", "event": "cycles", "sample_ns": 1e6, "idle": 0, "lost": 0}
    return {
        "spec": {
            "testbed": "netns",
            "workload": "pingpong",
            "profiler": {"name": "perf"},
            **spec,
        },
        "profile": {**found, "rows": ",".join(perf.COLUMNS) + "\n" + row},
        "commands": [{"role": "measure", "start": 0.0, "output": ""}],
        "received_bytes": received,
        "disturbed": [],
        "before": NOTED,
        "after": LATER,
        "host": HOST,
    }


@pytest.mark.parametrize(
    ("spec", "moved"),
    [
        ({}, 3_000_000),
        ({"testbed": "native"}, 2_000_000),  # all domains have the one loopback
        ({"testbed": "native", "ends": {}}, 3_000_000),
    ],
)
def test_a_ping_pong_moves_what_its_ranks_received(spec, moved):
    """Warm-up and estimates are sampled, and the program does not tell how long they were."""
    record = content({"c000": 1_000_000, "c010": 2_000_000}, **spec)
    (row,) = profile_blocks.rows(PLANNED, record, 10)
    assert row["bytes_moved"] == moved


def test_two_sizes_of_the_same_cost_a_byte_cost_the_same(tmp_path):
    """Half of the messages of B are no repetitions, and of A a third."""
    rows, blocks = [], []
    for point, round_trips, size in (("A", 3817, 16384), ("B", 2409, 32768)):
        moved = round_trips * size
        record = content({"c000": moved, "c010": moved}, samples=round(moved / 1e5))
        planned = {**PLANNED, **PINGPONG, "point": point, "message_bytes": size}
        blocks += profile_blocks.rows(planned, record, 10)
        rows += profile.rows(planned, record, 10)
    tables = summarised(tmp_path, rows, blocks)
    cost = tables["cost"]
    whole = cost[(cost["domain"] == "all")].set_index("point")["ns_per_megabyte"]
    assert whole["A"] == pytest.approx(whole["B"], rel=0.01)
    amounts = tables["differences"].query("unit == 'ns_per_megabyte'")
    assert len(amounts) and not amounts["explains"].any()


@pytest.mark.parametrize(("samples", "too_few"), [(399, True), (400, False)])
def test_a_profile_of_too_few_samples_says_so(samples, too_few):
    (row,) = profile_blocks.rows(PLANNED, content({"c000": 1}, samples), 10)
    assert row["too_few"] is too_few


class Files(dict):
    __getattr__ = dict.__getitem__


def summarised(tmp_path, rows, blocks):
    """The tables that the script makes of profile.csv and profile_blocks.csv."""
    columns = {"samples": profile.COLUMNS, "blocks": profile_blocks.COLUMNS}
    paths = {name: tmp_path / f"{name}.csv" for name in columns}
    for name, found in (("samples", rows), ("blocks", blocks)):
        pd.DataFrame(found, columns=columns[name]).to_csv(paths[name], index=False)
    output = Files(
        {
            name: tmp_path / f"profile_{name}.csv"
            for name in ("applications", *profile_tables.TABLES)
        }
    )
    summarise_profiles.main(paths["samples"], paths["blocks"], output)
    return {
        name: pd.read_csv(path, keep_default_na=False, na_values=[""])
        for name, path in output.items()
    }


def block(**changes):
    found = {"event_asked": "cycles", "event": "cycles", "sample_ns": 1e6, "samples": 1000}
    known = {"status": "ok", "shared_cpus": "no", "platform": "here"}
    return {**PINGPONG, "block": 1, **found, "bytes_moved": 10**8, **known, **changes}


def sample(samples=500, **changes):
    found = {"event": "cycles", "domain": "c000", "app": "pingpong", "image": "vmlinux"}
    found |= {"symbol": "copy", "samples": samples, "percent": 10.0}
    return {**PINGPONG, "block": 1, **found, **changes}


def test_events_are_profiles_of_their_own(tmp_path, capsys):
    """dom0 has a PMU and the guest has none; and the second block had none at all."""
    rows = [
        sample(500, domain="c010"),
        sample(300, event="cpu-clock"),
        sample(700, block=2, event="cpu-clock"),
        sample(70, block=2, event="cpu-clock", domain="c010"),
    ]
    blocks = [block(event="cpu-clock+cycles"), block(block=2, event="cpu-clock")]
    tables = summarised(tmp_path, rows, blocks)
    assert capsys.readouterr().err == ""
    images = tables["images"].set_index("event")
    assert images["samples"].to_dict() == {"cpu-clock": 1070, "cycles": 500}
    assert images["percent"].to_list() == [100, 100]
    cost = tables["cost"].query("domain == 'all'").set_index("event")["ns_per_megabyte"]
    # A block that did not count an event moved no bytes of its cost.
    assert cost.to_dict() == {"cpu-clock": 1070e6 / 200, "cycles": 500e6 / 100}


def test_events_are_not_compared_with_each_other(tmp_path):
    points = [{"point": "A"}, {"point": "B", "message_bytes": 32768}]
    rows = [sample(event=event, **p) for p in points for event in ("cycles", "cpu-clock")]
    found = summarised(tmp_path, rows, [block(**p) for p in points])["differences"]
    assert set(found["event"]) == {"cycles", "cpu-clock"}
    assert not found["explains"].any() and (found["difference"] == 0).all()


def test_one_bad_profile_takes_no_other_away(tmp_path, capsys):
    """opreport leaves a column out that would be the same in every row."""
    bad = {"point": "B", "message_bytes": 32768}
    rows = [sample(), sample(app=None, image=None, **bad)]
    tables = summarised(tmp_path, rows, [block(), block(**bad)])
    said = capsys.readouterr().err.splitlines()
    assert "netns config2 c000->c010 pingpong 32768 mpich pingpong ep B cycles: profile: the" in (
        said[0].replace("32768.0", "32768")
    )
    assert all(line.endswith("; left out") for line in said)
    for name in ("images", "symbols", "cost"):
        assert set(tables[name]["point"]) == {"A"}


def test_a_function_may_be_called_nan(tmp_path):
    rows = [sample(app="null", image="None", symbol="nan"), sample(symbol=None, domain="c010")]
    tables = summarised(tmp_path, rows, [block()])
    names = set(tables["symbols"][["app", "image", "symbol"]].itertuples(index=False, name=None))
    assert ("null", "None", "nan") in names and len(names) == 2
    assert tables["symbols"]["symbol"].isna().sum() == 1
    assert "null" in set(tables["applications"]["app"])


def test_points_are_compared_inside_the_mpi_library(tmp_path):
    libraries = ("libmpi.so.12", "libopen-pal.so.80", "libucp.so.0", "libtcp-fi.so", "pingpong")
    others = ("vmlinux", "libc.so.6", "libucontext.so")
    points = [{"point": "A"}, {"point": "B", "message_bytes": 32768}]
    rows = [sample(image=image, **p) for p in points for image in (*libraries, *others)]
    found = summarised(tmp_path, rows, [block(**p) for p in points])["differences"]
    inside = found[found["within"] == profile_tables.MPI_LIBRARY]
    assert set(inside["image"]) == set(libraries) and set(inside["by"]) == {"symbol"}


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("xen-syms-2.6.18-92.1.13.el5", "xen-syms"),
        ("xen-syms-4.17-amd64", "xen-syms"),
        ("vmlinux-2.6.18-xen", "vmlinux"),
        ("[kernel.kallsyms]", "vmlinux"),
        ("[netbk]", "netbk"),
        ("netbk", "netbk"),
        ("domain2-kernel", "domain2-kernel"),
        ("libvmlinux-1.so", "libvmlinux-1.so"),
        ("xen-syms", "xen-syms"),
    ],
)
def test_images_have_one_name(image, name):
    assert profile.image_name(image) == name


def test_cores_of_two_kinds_count_one_event():
    text = "".join(
        f"cc 7/7 [00{cpu}] {cpu}.5: 100 cpu_{kind}/cycles/: ff f+0x1 ([kernel.kallsyms])\n"
        for cpu, kind in ((0, "core"), (1, "atom"), (2, "atom"))
    )
    (row,) = perf.read(io.BytesIO(text.encode())).rows
    assert (row["event"], row["samples"], row["percent"]) == ("cycles", 3, 100)


def test_samples_of_no_period_have_no_share():
    text = "cc 7/7 [000] 1.5: 0 cycles: ff f+0x1 ([kernel.kallsyms])\n"
    (row,) = perf.parse(text)
    assert (row["samples"], row["percent"]) == (1, 0)
