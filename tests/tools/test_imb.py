"""The parser of IMB-MPI1's output: properties that no output may break."""

import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.errors import VcperfError
from vcperf.tools import imb, mpi
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/imb"
OUTPUTS = sorted(DATA.glob("*.txt"))
SOUND = [file for file in OUTPUTS if file.with_suffix(".csv").exists()]
ONE_A_LAYOUT = [DATA / f"mpich-{name}.txt" for name in ("PingPong", "Exchange", "Bcast", "Barrier")]


def rows_of(text):
    return [tuple(row.values()) for row in imb.parse(text)]


def test_every_benchmark_ran_under_both_stacks():
    for stack in ("intel", "mpich"):
        for name in imb.BENCHMARKS:
            rows = imb.parse((DATA / f"{stack}-{name}.txt").read_text())
            assert {row["benchmark"] for row in rows} == {name}
            sizes = [row["message_bytes"] for row in rows]
            assert (None in sizes) == (name == "Barrier")


@pytest.mark.parametrize(("name", "messages"), [("Sendrecv", 2), ("Exchange", 4)])
def test_bandwidth_counts_what_a_process_sends_and_receives(name, messages):
    row = imb.parse((DATA / f"intel-{name}.txt").read_text())[-1]
    expected = messages * row["message_bytes"] / row["t_max_us"]
    assert row["bandwidth_mbytes_per_s"] == pytest.approx(expected, abs=1e-6)


def test_bandwidth_is_decimal_whatever_was_printed():
    text = (DATA / "3.0-PingPong.txt").read_text()
    last = imb.parse(text)[-1]
    assert last["bandwidth_mbytes_per_s"] == pytest.approx(4194304 / last["latency_us"], abs=1e-6)
    printed = float(text.split()[-1])
    assert printed * 1.048576 == pytest.approx(last["bandwidth_mbytes_per_s"], abs=0.01)


# -- what damage may do to any sound output --------------------------------------------


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_output_cut_anywhere_is_refused_or_whole(file):
    text = file.read_text()
    whole, accepted = rows_of(text), 0
    lines = [0, *(at for at, character in enumerate(text) if character == "\n")]
    for cut in sorted({at + extra for at in lines for extra in (0, 1, 12)} - {len(text)}):
        try:
            rows = rows_of(text[:cut])
        except Untrusted:
            continue
        accepted += 1
        assert rows == whole
    behind = text.partition("All processes entering MPI_Finalize")[2]
    assert accepted <= 3 + behind.count("\n")  # blank lines, and those of a launcher


@pytest.mark.parametrize("file", ONE_A_LAYOUT, ids=lambda file: file.stem)
@pytest.mark.parametrize(
    "foreign",
    [
        "=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES\n",
        "prterun noticed that process rank 1 exited on signal 9 (Killed).\n",
        "Abort(15) on node 0: Fatal error in internal_Recv\n",
    ],
)
def test_a_failure_anywhere_is_refused(file, foreign):
    lines = file.read_text().splitlines(keepends=True)
    for at in range(len(lines) + 1):
        with pytest.raises(Untrusted, match="the job failed"):
            imb.parse("".join([*lines[:at], foreign, *lines[at:]]))


@pytest.mark.parametrize("file", ONE_A_LAYOUT, ids=lambda file: file.stem)
def test_a_foreign_line_below_the_title_is_refused(file):
    lines = file.read_text().splitlines(keepends=True)
    title = next(at for at, line in enumerate(lines) if "MPI-1 part" in line)
    for at in range(title + 1, len(lines) + 1):
        with pytest.raises(Untrusted):
            imb.parse("".join([*lines[:at], "x 1 2.00 3.00\n", *lines[at:]]))


@pytest.mark.parametrize("file", ONE_A_LAYOUT, ids=lambda file: file.stem)
@pytest.mark.parametrize("garble", "#x:\x00\ufffd\u0663é-")
def test_a_character_that_is_none_of_its_own_changes_no_figure(file, garble):
    text = file.read_text()
    start = text.index("#bytes") if "#bytes" in text else text.index("#repetitions")
    whole = rows_of(text)
    for at in range(start, min(len(text), start + 400)):
        try:
            rows = rows_of(text[:at] + garble + text[at + 1 :])
        except Untrusted:
            continue
        assert rows == whole


def rows_at(lines):
    """Where an output has rows that begin with a size."""
    found, sized = [], False
    for at, line in enumerate(lines):
        sized = "#bytes" in line or (sized and not line.startswith("#"))
        if sized and line.split()[:1] and line.split()[0].isdigit():
            found.append(at)
    return found


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_a_size_that_is_there_twice_is_refused(file):
    lines = file.read_text().splitlines(keepends=True)
    for at in rows_at(lines):
        with pytest.raises(Untrusted, match="there twice"):
            imb.parse("".join([*lines[:at], lines[at], *lines[at:]]))


SWEEPS = [file for file in SOUND if "Maximum message length" in file.read_text()]


@pytest.mark.parametrize("file", SWEEPS, ids=lambda file: file.stem)
def test_a_size_that_is_missing_of_those_announced_is_refused(file):
    lines = file.read_text().splitlines(keepends=True)
    for at in rows_at(lines):
        with pytest.raises(Untrusted, match=r"lacks \d+ bytes|ends at \d+ of"):
            imb.parse("".join([*lines[:at], *lines[at + 1 :]]))


def sweep(name, sizes, options="", largest=64):
    text = "#    Intel(R) MPI Benchmarks 2021.11, MPI-1 part\n\n# Calling sequence was:\n\n"
    text += f"# IMB-MPI1 {options} {name}\n\n# Minimum message length in bytes:   0\n"
    text += f"# Maximum message length in bytes:   {largest}\n\n# List of Benchmarks to run:\n\n"
    text += f"# {name}\n\n{RULE}# Benchmarking {name}\n# #processes = 2\n{RULE}"
    text += f"{HEADERS['Bcast']}\n" + "".join(f"{size} 10 1.00 3.00 2.00\n" for size in sizes)
    return [row[2] for row in rows_of(f"{text}\n\n# All processes entering MPI_Finalize\n")]


@pytest.mark.parametrize(
    ("name", "sizes", "options"),
    [
        ("Bcast", [0, 1, 2, 4, 8, 16, 32, 64], ""),
        ("Reduce", [0, 4, 8, 16, 32, 64], ""),  # floats
        ("Bcast", [0, 8, 16, 32, 64], "-msglog 3:6"),
        ("Bcast", [1, 2, 4, 8, 16, 32, 64], "-zero_size off"),
    ],
)
def test_sizes_that_were_asked_for_otherwise_may_begin_elsewhere(name, sizes, options):
    assert sweep(name, sizes, options) == sizes
    for missing in sizes[2:]:
        with pytest.raises(Untrusted, match=r"lacks|ends at"):
            sweep(name, [size for size in sizes if size != missing], options)
    if not options:
        with pytest.raises(Untrusted, match="lacks 0 bytes"):
            sweep(name, sizes[1:])


def test_sizes_begin_with_one_byte_unless_asked_for_otherwise():
    with pytest.raises(Untrusted, match="lacks 1 bytes"):
        sweep("Bcast", [0, 2, 4, 8, 16, 32, 64])


def test_nothing_may_follow_the_end():
    text = (DATA / "mpich-PingPong.txt").read_text()
    for more in ("# x\n", text):
        with pytest.raises(Untrusted, match=r"follows the end|second output"):
            imb.parse(text + more)


def test_a_printed_bandwidth_that_contradicts_the_time_is_refused():
    text = (DATA / "mpich-sweep.txt").read_text()
    last = [line for line in text.splitlines() if line.strip()][-2]
    bytes_, repetitions, time_us, bandwidth = last.split()
    for factor in (10, 0.1, 1.2, 0.9):
        damaged = f"{bytes_} {repetitions} {float(time_us) * factor:.2f} {bandwidth}"
        with pytest.raises(Untrusted, match="contradict"):
            imb.parse(text.replace(last, damaged))


def test_blank_lines_at_the_end_and_carriage_returns_mean_nothing():
    text = (DATA / "intel-several.txt").read_text()
    assert rows_of(text.replace("\n", "\r\n") + "\n\n") == rows_of(text)


@given(st.text() | st.text("0123456789.# \n").map("#  MPI Benchmarks, MPI-1 part\n".__add__))
def test_any_text_is_read_or_refused_in_one_line(text):
    try:
        assert imb.parse(text)
    except Untrusted as reason:
        assert "\n" not in str(reason)
    assert mpi.fault(text) and "\n" not in mpi.fault(text)


# -- rows in the format of IMB read back -------------------------------------------------

RULE = "#---------------------------------------------------\n"
HEADERS = {
    "PingPong": "#bytes #repetitions      t[usec]   Mbytes/sec",
    "Exchange": "#bytes #repetitions  t_min[usec]  t_max[usec]  t_avg[usec]   Mbytes/sec",
    "Bcast": "#bytes #repetitions  t_min[usec]  t_max[usec]  t_avg[usec]",
    "Barrier": "#repetitions  t_min[usec]  t_max[usec]  t_avg[usec]",
}
hundredths = st.integers(1, 10**9).map(lambda number: number / 100)
times = st.lists(hundredths, min_size=3, max_size=3).map(sorted)


def as_imb_runs_it(table):
    """PingPong on two processes, Barrier without a size and so with one row."""
    name, processes, rows = table
    return name, 2 if name == "PingPong" else processes, rows[:1] if name == "Barrier" else rows


tables = st.lists(
    st.tuples(
        st.sampled_from(sorted(HEADERS)),
        st.integers(2, 512),
        st.lists(
            st.tuples(st.integers(0, 2**30), st.integers(1, 10**6), times),
            min_size=1,
            unique_by=lambda row: row[0],
        ),
    ).map(as_imb_runs_it),
    min_size=1,
    max_size=4,
    unique_by=lambda table: table[0],
)


@given(tables, st.sampled_from([1.0, 2**20 / 1e6]), st.integers(0, 3))
def test_rows_read_back(written, unit, debug_lines):
    text = "[0] MPI startup(): libfabric provider: tcp\n" * debug_lines
    text += f"{RULE}#    Intel (R) MPI Benchmarks 4.0, MPI-1 part\n{RULE}\n\n"
    text += "# List of Benchmarks to run:\n\n"
    text += "".join(f"# {name}\n" for name in sorted({table[0] for table in written}))
    expected = []
    for name, processes, rows in written:
        text += f"\n{RULE}# Benchmarking {name} \n# #processes = {processes} \n{RULE}"
        text += f"       {HEADERS[name]}\n"
        for size, repetitions, (least, mean, most) in rows:
            slowest = mean if name == "PingPong" else most
            factor = {"PingPong": 1, "Exchange": 4}.get(name)
            figures = [mean] if name == "PingPong" else [least, most, mean]
            if factor:
                figures.append(factor * size / slowest / unit)
            text += "" if name == "Barrier" else f"{size:13d} "
            text += f"{repetitions:13d} " + " ".join(f"{value:12.2f}" for value in figures) + "\n"
            expected.append(
                (
                    name,
                    processes,
                    None if name == "Barrier" else size,
                    repetitions,
                    mean,
                    None if name == "PingPong" else least,
                    None if name == "PingPong" else most,
                    round(factor * size / slowest, 6) if factor else None,
                )
            )
    assert rows_of(f"{text}\n\n# All processes entering MPI_Finalize\n\n") == expected


# -- command lines -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Pingpong", "PingPong"),
        ("PingPog", "PingPong"),
        ("alltoal", "Alltoall"),
        ("Reducescatter", "Reduce_scatter"),
    ],
)
def test_a_misspelt_benchmark_is_refused_with_a_suggestion(name, meant):
    with pytest.raises(VcperfError, match=f"did you mean {meant}\\?"):
        imb.argv("IMB-MPI1", ["PingPong", name])


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"benchmarks": []}, "no benchmark"),
        ({"benchmarks": ["zzz"]}, "expected one of PingPong"),
        ({"iterations": 0}, "-iter 0"),
        ({"iterations": True}, "-iter True"),
        ({"all_processes": 2.5}, "-npmin 2.5"),
        ({"seconds": 0}, "-time 0"),
        ({"seconds": float("nan")}, "-time nan"),
        ({"lengths_file": "-iter"}, "not the path"),
    ],
)
def test_what_imb_would_take_for_something_else_is_refused(options, fault):
    with pytest.raises(VcperfError, match=fault):
        imb.argv(**{"program": "IMB-MPI1", "benchmarks": ["PingPong"], **options})


def test_every_option_of_a_command_line():
    argv = imb.argv(
        "/opt/IMB-MPI1",
        ["Exchange", "Barrier"],
        lengths_file="a b.txt",
        iterations=20,
        seconds=0.5,
        all_processes=4,
    )
    assert argv == [
        "/opt/IMB-MPI1",
        *("-msglen", "a b.txt", "-iter", "20", "-npmin", "4", "-time", "0.5"),
        *("Exchange", "Barrier"),
    ]


@pytest.mark.parametrize("sizes", [[], [-1], [2**30 + 1], [1.5], [True]])
def test_a_length_that_is_none_is_refused(sizes):
    with pytest.raises(VcperfError, match="length"):
        imb.lengths(sizes)
