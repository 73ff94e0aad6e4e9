"""The parser of the OSU micro-benchmarks: names, sizes and tables that it does not read."""

import pytest
from helpers.checkout import ROOT

from vcperf.tools import osu
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/osu"
LATENCY = (DATA / "7.5-latency.txt").read_text()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("OSU MPI Latency Test v7.5", "osu_latency"),
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
