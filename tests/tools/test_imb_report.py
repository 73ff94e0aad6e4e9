"""IMB's reports of other versions, and what in a report decides about the rest."""

import re

import pytest
from helpers.checkout import ROOT

from vcperf.tools import imb
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/imb"
RULE = "#---------------------------------------------------\n"
END = "\n\n# All processes entering MPI_Finalize\n"
MEBIBYTE = 1.048576


def report(*tables, title="Intel(R) MPI Benchmarks 2021.11", announced=None, end=END, maximum=None):
    names = [name for name, *_ in tables] if announced is None else announced
    text = f"{RULE}#    {title}, MPI-1 part    \n{RULE}"
    if maximum is not None:
        text += f"# Maximum message length in bytes:   {maximum}\n"
    text += "\n# List of Benchmarks to run:\n\n" + "".join(f"# {name}\n" for name in names)
    return text + "".join(table(*each) for each in tables) + end


def table(name, processes, rows, more=""):
    header = {"PingPong": "t[usec]   Mbytes/sec", "PingPing": "t[usec]   Mbytes/sec"}.get(
        name, "t_min[usec]  t_max[usec]  t_avg[usec]"
    )
    if name == "Uniband":
        header = "Mbytes/sec      Msg/sec"
    return (
        f"\n{RULE}# Benchmarking {name} \n# #processes = {processes}{more} \n{RULE}"
        f"       #bytes #repetitions  {header}\n" + "".join(f"  {row}\n" for row in rows)
    )


FEW = ("0 1000 31.02 0.00", "1 1000 31.41 0.03", "2 1000 31.42 0.06")
TIMES = ("0 10 1.00 3.00 2.00", "1 10 1.00 3.00 2.00")
OLD = [
    "Intel (R) MPI Benchmark Suite V3.1",
    "Intel (R) MPI Benchmark Suite V2.3",
    "PALLAS MPI Benchmark Suite V2.2",
]


@pytest.mark.parametrize("title", OLD)
def test_a_version_that_prints_no_end_is_whole_once_its_table_is(title):
    text = report(("PingPong", 2, FEW), title=title, end="", maximum=2)
    assert [row["message_bytes"] for row in imb.parse(text)] == [0, 1, 2]
    assert imb.parse(f"{text}srun: bye\n") == imb.parse(f"{text}\nreal 3.2\n") == imb.parse(text)


@pytest.mark.parametrize("title", OLD)
@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"maximum": None}, "this version prints no end, and no maximum length is announced"),
        ({"maximum": 4}, "the table of PingPong ends at 2 of 4 bytes"),
        ({"maximum": 2, "announced": ["PingPong", "Bcast"]}, "Bcast was announced and has no"),
    ],
)
def test_a_version_that_prints_no_end_is_refused_for_what_it_lacks(title, options, fault):
    with pytest.raises(Untrusted, match=fault):
        imb.parse(report(("PingPong", 2, FEW), title=title, end="", **options))


@pytest.mark.parametrize("title", OLD)
def test_a_benchmark_on_several_numbers_of_processes_needs_an_end(title):
    text = report(("Bcast", 2, TIMES), title=title, end="", maximum=1)
    with pytest.raises(Untrusted, match="this version prints no end: Bcast may lack a table"):
        imb.parse(text)
    assert len(imb.parse(text + END)) == len(TIMES)


@pytest.mark.parametrize(
    ("title", "refused"),
    [
        ("Intel(R) MPI Benchmarks 2021.11", MEBIBYTE),
        ("Intel(R) MPI Benchmarks 2018 Update 1", MEBIBYTE),
        ("Intel (R) MPI Benchmark Suite V3.2.4", 1.0),
        ("Intel (R) MPI Benchmarks 4.1", None),
        ("Intel(R) MPI Benchmarks 2017", None),
    ],
)
def test_a_megabyte_is_that_of_the_version(title, refused):
    for unit in (1.0, MEBIBYTE):
        rows = [f"{size} 10 {size / 100:.2f} {100 / unit:.2f}" for size in (4096, 65536)]
        text = report(("PingPong", 2, rows), title=title)
        if unit == refused:
            with pytest.raises(Untrusted, match="Mbytes/sec contradict"):
                imb.parse(text)
        else:
            assert [row["bandwidth_mbytes_per_s"] for row in imb.parse(text)] == [100.0, 100.0]


def test_a_megabyte_is_the_same_in_all_rows():
    rows = ["4096 10 40.96 100.00", "65536 10 655.36 95.37"]
    with pytest.raises(Untrusted, match=r"95\.37 Mbytes/sec contradict"):
        imb.parse(report(("PingPong", 2, rows), title="Intel (R) MPI Benchmarks 4.1"))


def test_a_rate_of_messages_must_agree_with_that_of_bytes():
    rows = ["1024 100 102.40 100000", "65536 100 655.36 10000"]
    found = imb.parse(report(("Uniband", 2, rows)))
    assert [row["bandwidth_mbytes_per_s"] for row in found] == [102.4, 655.36]
    old = [f"1024 100 {102.4 / MEBIBYTE:.2f} 100000", f"65536 100 {655.36 / MEBIBYTE:.2f} 10000"]
    found = imb.parse(report(("Uniband", 2, old), title="Intel(R) MPI Benchmarks 2017"))
    expected = pytest.approx([102.4, 655.36], abs=0.01)
    assert [row["bandwidth_mbytes_per_s"] for row in found] == expected
    with pytest.raises(Untrusted, match="Mbytes/sec contradict 10001 Msg/sec"):
        imb.parse(report(("Uniband", 2, [rows[0], "65536 100 655.36 10001"])))


@pytest.mark.parametrize("name", ["PingPong", "PingPing"])
@pytest.mark.parametrize("processes", [1, 3, 4])
def test_a_message_between_two_is_refused_on_another_number(name, processes):
    with pytest.raises(Untrusted, match=f"{name} on {processes} processes: expected 2"):
        imb.parse(report((name, processes, FEW)))


def test_a_table_that_is_there_twice_is_one():
    once = ("PingPong", 2, FEW)
    assert imb.parse(report(once, once, announced=["PingPong"])) == imb.parse(report(once))
    other = ("PingPong", 2, [*FEW[:-1], "2 1000 31.43 0.06"])
    with pytest.raises(Untrusted, match="two tables of PingPong on 2 processes that differ"):
        imb.parse(report(once, other, announced=["PingPong"]))


def test_a_table_without_sizes_has_one_row():
    text = (DATA / "mpich-Barrier.txt").read_text()
    row = next(line for line in text.splitlines(keepends=True) if line.lstrip()[:2] == "20")
    with pytest.raises(Untrusted, match="a second row in the table of Barrier"):
        imb.parse(text.replace(row, row + row))


def test_a_benchmark_that_was_announced_twice_has_two_tables():
    once = ("PingPong", 2, FEW)
    other = ("PingPong", 2, [*FEW[:-1], "2 1000 31.43 0.06"])
    assert len(imb.parse(report(once, other))) == 2 * len(FEW)
    with pytest.raises(Untrusted, match="announced 2 times, and has 1 tables on 2 processes"):
        imb.parse(report(once, announced=["PingPong", "PingPong"]))


def test_tables_of_a_benchmark_have_the_same_sizes():
    tables = [("Bcast", 2, TIMES), ("Bcast", 4, TIMES[:1])]
    with pytest.raises(Untrusted, match="two tables of Bcast have different sizes"):
        imb.parse(report(*tables, announced=["Bcast"]))


def test_those_who_run_and_those_who_wait_are_all():
    text = (DATA / "3.2-several.txt").read_text()
    assert imb.parse(text)
    for damaged in (
        text.replace("( 2 additional", "( 3 additional", 1),
        text.replace("#processes = 4", "#processes = 8"),
    ):
        with pytest.raises(Untrusted, match="processes were started, with those that waited"):
            imb.parse(damaged)


def test_a_rank_order_lists_each_process_once():
    order = "; rank order (rowwise): \n#     0    2\n# \n#     1    3\n# \n"
    tables = [("Bcast", 4, TIMES, order)]
    assert {row["processes"] for row in imb.parse(report(*tables))} == {4}
    for damaged in (order.replace("3", "2"), order.replace("    3", ""), order.replace("0", "0 4")):
        with pytest.raises(Untrusted, match=r"a rank order of \d ranks, expected 4"):
            imb.parse(report(("Bcast", 4, TIMES, damaged)))


def test_items_of_several_bytes_begin_with_one_of_them():
    text = report(("PingPong", 2, ["0 1 1.00 0.00", "8 1 1.00 8.00", "16 1 1.00 16.00"]))
    text = text.replace("\n# List", "# Maximum message length in bytes: 16\n{}\n# List")
    assert len(imb.parse(text.format("# MPI_Datatype                   :   MPI_DOUBLE "))) == 3
    with pytest.raises(Untrusted, match="lacks 1 bytes"):
        imb.parse(text.format("# MPI_Datatype                   :   MPI_BYTE "))


@pytest.mark.parametrize(
    "line",
    [
        "# Benchmarking PingPong",
        "  #bytes #repetitions      t[usec]   Mbytes/sec",
        "# All processes entering MPI_Finalize",
        "  64 10 2.00 32.00",
        "x 64 2.00 32.00",
    ],
)
def test_what_a_report_says_does_not_stand_outside_of_it(line):
    text = report(("PingPong", 2, FEW))
    for damaged, fault in (
        (f"{line}\n{text}", "line 1: it stands before the title"),
        (f"{text}{line}\n", "something follows the end"),
    ):
        with pytest.raises(Untrusted, match=fault):
            imb.parse(damaged)


def test_a_table_of_a_hundred_thousand_rows_is_refused():
    rows = [f"{size} 1 1.00 {size:.2f}" for size in range(100_001)]
    with pytest.raises(Untrusted, match="more than 100000 rows"):
        imb.parse(report(("PingPong", 2, rows)))


def test_reports_of_gpus_are_reports():
    text = (DATA / "mpich-PingPong.txt").read_text()
    assert imb.parse(re.sub("MPI-1 part", "MPI-1 part (GPU)", text)) == imb.parse(text)
