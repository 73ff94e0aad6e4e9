"""The tables of profiles: what moved, events apart, names as they are, one bad profile."""

import pandas as pd
import pytest
from helpers.profiles import PINGPONG, PLANNED, content

from vcperf.analysis import profile_tables
from vcperf.tables import profile, profile_blocks
from vcperf.tables.read import read_tables
from vcperf.tables.write import write_table


def test_two_sizes_of_the_same_cost_per_byte_cost_the_same(tmp_path):
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


def summarised(tmp_path, rows, blocks):
    """The tables that are made of profile.csv and profile_blocks.csv, written and read."""

    def through_files(tables):
        for name, table in tables.items():
            write_table(table, tmp_path / f"{name}.csv")
        return read_tables(tmp_path / f"{name}.csv" for name in tables)

    given = {"profile": (rows, profile), "profile_blocks": (blocks, profile_blocks)}
    tables = {
        name: pd.DataFrame(found, columns=module.COLUMNS) for name, (found, module) in given.items()
    }
    made = profile_tables.tables(through_files(tables))
    return {name.removeprefix("profile_"): t for name, t in through_files(made).items()}


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


def test_a_cell_with_a_block_of_unknown_bytes_has_samples_and_no_cost(tmp_path):
    size = {"message_bytes": 4096}
    rows = [sample(), sample(block=2), sample(**size)]
    blocks = [block(), block(block=2, bytes_moved=None), block(**size)]
    tables = summarised(tmp_path, rows, blocks)
    assert set(tables["images"]["message_bytes"]) == {4096, 16384}
    assert set(tables["cost"]["message_bytes"]) == {4096}


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
    assert (
        "netns config2 c000->c010 pingpong 32768 mpich pingpong ep B cycles: profile: the"
        in (said[0])
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
