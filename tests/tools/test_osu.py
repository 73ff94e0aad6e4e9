"""The parser of the OSU micro-benchmarks: names, sizes and tables that it does not read."""

import pytest
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.tools import imb, osu
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/osu"
LATENCY = (DATA / "7.5-latency.txt").read_text()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("OSU MPI Latency Test v7.5", "osu_latency"),
        ("OSU MPI Latency Test Test v7.5", "osu_latency"),
        ("OSU MPI Bi-Directional Bandwidth Test v5.3", "osu_bibw"),
        ("OSU MPI Multi Latency Test", "osu_multi_lat"),
        ("OSU MPI Broadcast Latency Test v5.6.3", "osu_bcast"),
        ("OSU MPI All-to-All Personalized Exchange Latency Test v7.4", "osu_alltoall"),
        ("OSU MPI Reduce_scatter Latency Test v7.4", "osu_reduce_scatter"),
        ("OSU MPI-CUDA Latency Test v7.5", "MPI-CUDA Latency"),
        ("OSU MPI_Get_accumulate latency Test v5.3", "MPI_Get_accumulate latency"),
    ],
)
def test_a_benchmark_has_the_name_of_its_program_where_that_is_known(title, name):
    text = LATENCY.replace("OSU MPI Latency Test v7.5", title)
    assert {row["benchmark"] for row in osu.parse(text)} == {name}


def test_a_cut_between_two_lines_shows_in_the_sizes_asked_for():
    sizes = [row["message_bytes"] for row in osu.parse(LATENCY)]
    assert len(osu.parse(LATENCY, sizes)) == len(sizes)
    cut = "".join(LATENCY.splitlines(keepends=True)[:-1])
    assert osu.parse(cut)
    with pytest.raises(Untrusted, match="osu_latency: sizes"):
        osu.parse(cut, sizes)


def test_a_row_behind_another_line_is_refused():
    words = "hello from rank 1\n"
    *head, last = LATENCY.splitlines(keepends=True)
    with pytest.raises(Untrusted, match="a row outside a table: '1048576"):
        osu.parse("".join([*head, words, last]))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("Avg Latency(us)", "Median Latency(us)", "columns that are not read"),
        ("Avg Latency(us)", "Avg Latency(us)       Transmit Size", "columns that are not read"),
        ("23.51", "0.00", "a latency or a number of iterations of 0"),
        ("23.51", "23.5", "'23.5' is no figure of the column latency_us"),
        ("23.51", "-1.00", r"'-1\.00' is no figure of the column latency_us"),
        ("23.51", "nan", "'nan' is no figure of the column latency_us"),
    ],
)
def test_a_damaged_table_is_refused(old, new, fault):
    assert old in LATENCY
    with pytest.raises(Untrusted, match=fault):
        osu.parse(LATENCY.replace(old, new))


def test_rows_of_a_ping_pong_are_those_of_imb():
    sizes = [row["message_bytes"] for row in osu.parse(LATENCY)]
    rows = osu.pingpong_rows(LATENCY, sizes, 400)
    assert [row["message_bytes"] for row in rows] == sizes
    (row,) = [row for row in rows if row["message_bytes"] == 1024]
    assert tuple(row) == imb.COLUMNS and row["repetitions"] == 400
    assert row["latency_us"] == 23.51
    assert row["bandwidth_mbytes_per_s"] == pytest.approx(1024 / 23.51)


@pytest.mark.parametrize("file", ["5.6.3-bw", "7.5-put-latency", "several"])
def test_a_table_that_is_no_ping_pong_is_refused_as_one(file):
    text = (DATA / f"{file}.txt").read_text()
    sizes = list(dict.fromkeys(row["message_bytes"] for row in osu.parse(text)))
    with pytest.raises(Untrusted):
        osu.pingpong_rows(text, sizes, 100)


def test_a_size_alone_is_sent_as_often_as_by_imb():
    assert osu.latency_argv("x", [65536], 10**6)[1:] == ["-m", "65536:65536", "-i", "640"]
    assert osu.latency_argv("x", [2**28], 10**6)[-1] == "1"
    assert osu.latency_argv("x", [3, 6, 12], 400)[1:] == ["-m", "3:12", "-i", "400"]


@pytest.mark.parametrize("sizes", [[], [0, 1], [1, 4], [1, 2, 3], [2, 1]])
def test_sizes_that_do_not_double_are_refused(sizes):
    with pytest.raises(VcperfError, match="osu_latency does not measure the sizes"):
        osu.latency_argv("x", sizes, 400)
